"""Tables beside a form (CSV, XML, GeoJSON), the last interview, and entities: read, and nothing is done."""

from __future__ import annotations

import pytest

from schemas.session import Session
from schemas.xform import parse_form
from schemas.xlsform import to_xform
from tests.helpers.xforms import from_markdown, noon, refused, xform

CSV = 'name,label,oblast\nUA65,Херсон,south\nUA23,"Запоріжжя, місто",south\nUA46,Львів,west\n'
SELECT = """
    | survey | | | | |
    | | type | name | label | choice_filter |
    | | text | o | O | |
    | | select_one_from_file towns.{kind} | t | T | {filter} |
    | | calculate | p | | |
"""


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_choices_from_a_csv_file(delimiter):
    table = CSV.replace(",", delimiter).replace(f"Запоріжжя{delimiter}", "Запоріжжя,")
    made = to_xform(
        SELECT.format(kind="csv", filter="oblast = ${o}").replace("    | | calculate | p | | |\n", "").encode(), ".md"
    )
    form = parse_form(made.xml, {"towns.csv": table.encode()})
    session = Session(form, clock=noon)
    assert session.node(("t",)).choices == ()
    session.set(("o",), "south")
    assert [each.label for each in session.node(("t",)).choices] == ["Херсон", "Запоріжжя, місто"]
    assert refused(session.set, ("t",), "UA99") == "E_ANSWER_CHOICE"


def test_pulldata_looks_into_a_csv_file():
    made = """<instance id="towns" src="jr://file-csv/towns.csv"/>"""
    parts = xform("<a/><q/>", """<bind nodeset="/data/q" calculate="pulldata('towns', 'label', 'name', /data/a)"/>""",
                  '<input ref="/data/a"/>', model=made)  # fmt: skip
    session = Session(parse_form(parts, {"towns.csv": CSV.encode()}), clock=noon)
    session.set(("a",), "UA46")
    assert session.value(("q",)) == "Львів"
    session.set(("a",), "UA00")
    assert session.value(("q",)) is None
    assert "another file" in parse_form(parts).warnings[0]


def test_choices_from_xml_and_geojson_files():
    xml = b"<root><item><name>a</name><label>A</label></item></root>"
    made = """<instance id="t" src="jr://file/t.xml"/>"""
    body = """<select1 ref="/data/a"><itemset nodeset="instance('t')/root/item"><value ref="name"/><label ref="label"/>
        </itemset></select1>"""
    session = Session(parse_form(xform("<a/>", "", body, model=made), {"t.xml": xml}), clock=noon)
    assert [each.label for each in session.node(("a",)).choices] == ["A"]
    places = """{"type":"FeatureCollection","features":[{"type":"Feature","id":"fs1","properties":{"name":"P","n":1},
        "geometry":{"type":"Point","coordinates":[2.3522,48.8566]}},{"type":"Feature","properties":{"name":"S"},
        "geometry":{"type":"Polygon","coordinates":[[[0,0],[0,1],[1,1],[0,0]]]}}]}"""
    binds = """<bind nodeset="/data/a" calculate="instance('g')/root/item[id = 'fs1']/geometry"/>
        <bind nodeset="/data/b" calculate="instance('g')/root/item[name = 'S']/geometry"/>"""
    found = parse_form(
        xform("<a/><b/>", binds, model='<instance id="g" src="jr://file/g.geojson"/>'), {"g.geojson": places.encode()}
    )
    session = Session(found, clock=noon)
    assert session.value(("a",)) == "48.8566 2.3522 0 0"
    assert session.value(("b",)) == "0 0 0 0;1 0 0 0;1 1 0 0;0 0 0 0"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.csv", b"a,a\n1,2\n"), ("t.csv", b"\xff\xfe"), ("t.csv", b'a,b\n"open,1\n'), ("t.csv", b"1st,b\n"),
        ("t.csv", b""),
        ("t.xml", b"<root>"), ("t.xml", b"<!DOCTYPE x><root/>"), ("t.geojson", b"[]"), ("t.geojson", b"{"),
        ("t.geojson", b'{"type":"FeatureCollection","features":[{}]}'),
        ("t.geojson", b'{"type":"FeatureCollection","features":[{"properties":{},"geometry":{"type":"Point",'
                      b'"coordinates":["x"]}}]}'),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_read_are_refused(name, data):
    made = xform("<a/>", model=f'<instance id="t" src="jr://file/{name}"/>')
    assert refused(lambda: parse_form(made, {name: data})) == "E_FORM_FILE"


def test_the_last_interview_is_empty_unless_it_is_given():
    made = xform(
        "<a/>", "<bind nodeset='/data/a' calculate=\"instance('__last-saved')/data/a\"/>",
        model='<instance id="__last-saved" src="jr://instance/last-saved"/>',
    )  # fmt: skip
    assert Session(parse_form(made), clock=noon).value(("a",)) is None
    form = parse_form(made, last_saved=b'<data id="test"><a>before</a></data>')
    assert Session(form, clock=noon).value(("a",)) == "before"


# --- entities


def test_entities_are_kept_and_nothing_is_done():
    form = from_markdown("""
        | survey | | | | |
        | | type | name | label | save_to |
        | | text | a | A | full_name |
        | entities | | | |
        | | list_name | label | |
        | | people | ${a} | |
    """)
    (entity,) = form.entities
    assert (entity.dataset, entity.saved) == ("people", {f"{form.root.ref}/a": "full_name"})
    assert any("people" in each for each in form.warnings)
    Session(form, clock=noon).set(("a",), "x")
