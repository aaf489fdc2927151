"""A form that looks into tables of every kind: select from CSV, XML and GeoJSON, pulldata(), search()."""

from __future__ import annotations

from collections.abc import Mapping

from collector.packs import FormSource
from schemas.xform import parse_form
from schemas.xlsform import to_xform

SHEET = b"""
| survey |
| | type                                | name    | label | calculation | appearance |
| | select_one_from_file towns.csv      | town    | Town? | | |
| | select_one_from_file offices.xml    | office  | Office? | | |
| | select_one_from_file places.geojson | place   | Place? | | |
| | calculate                           | region  | | pulldata('towns', 'region', 'name', ${town}) | |
| | select_one found                    | nearby  | Nearby? | | search('towns', 'matches', 'region', ${region}) |
| choices |
| | list_name | name | label |
| | found     | name | label |
| settings |
| | form_id | version |
| | tables  | 1       |
"""
TABLES: Mapping[str, bytes] = {
    "towns.csv": "name,label,region\no,Одеса,south\nm,Миколаїв,south\nk,Київ,north\n".encode(),
    "offices.xml": b"<root><item><name>a</name><label>Office A</label></item></root>",
    "places.geojson": b'{"type":"FeatureCollection","features":[{"type":"Feature","id":"p1","properties":{"title":'
    b'"Square"},"geometry":{"type":"Point","coordinates":[30.7,46.4]}}]}',
}


def form_with_tables(tables: Mapping[str, bytes] = TABLES) -> FormSource:
    """The form for a pack, with its tables."""
    xml = to_xform(SHEET, ".md").xml
    form = parse_form(xml, tables)
    return FormSource(form.id, form.version, xml, tuple((name, tables[name]) for name in sorted(form.tables)))
