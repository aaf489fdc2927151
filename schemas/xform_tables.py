"""Tables beside a form: CSV, XML and GeoJSON files as the trees that expressions look into.

Shapes are those of the ODK XForms specification ("Secondary Instances"): `root/item/column` for CSV and GeoJSON, the
document itself for XML. A file is data of an organisation and may be wrong: everything about it is bounded and refused
with E_FORM_FILE, which names the file.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as ET

from schemas.problems import Problem
from schemas.xform_xml import local, read
from schemas.xpath.code import Leaf

MAX_BYTES = 64 * 1024 * 1024
MAX_ROWS = 500_000
LAST_SAVED = "jr://instance/last-saved"
_COLUMN = re.compile(r"[^\W\d][\w.\-]*")
_DELIMITERS = (",", ";", "\t")
_GEOMETRIES = ("Point", "LineString", "Polygon")


def leaf_of(element: ET.Element) -> Leaf:
    """An element of a table with all that is in it."""
    attributes = {local_name(name): value for name, value in element.attrib.items()}
    return Leaf(local(element), (element.text or "").strip(), [leaf_of(each) for each in element], attributes)


def local_name(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def file_name(source: str) -> str:
    """The name of the file in `jr://file-csv/cities.csv`."""
    return source.rpartition("/")[2]


def read_table(name: str, data: bytes) -> Leaf:
    """The root of the table in a file; its kind is that of its name. Raises E_FORM_FILE."""
    if len(data) > MAX_BYTES:
        raise Problem("E_FORM_FILE", file=name, detail="more than 64 MiB")
    kind = name.lower().rpartition(".")[2]
    if kind == "csv":
        return _from_csv(name, _text(name, data))
    if kind in ("geojson", "json"):
        return _from_geojson(name, _text(name, data))
    try:
        return leaf_of(read(data))
    except Problem as problem:
        raise Problem("E_FORM_FILE", file=name, detail=str(problem.facts.get("detail", "no XML"))) from None


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem("E_FORM_FILE", file=name, detail="not UTF-8") from None


def _from_csv(name: str, text: str) -> Leaf:
    header = text.partition("\n")[0]
    delimiter = next((each for each in _DELIMITERS if each in header), ",")
    items: list[Leaf] = []
    try:
        rows = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
        columns = [each.strip() for each in next(rows, [])]
        _check_columns(name, columns)
        for row in rows:
            if any(each.strip() for each in row):
                padded = row + [""] * (len(columns) - len(row))
                items.append(_item(zip(columns, padded, strict=False)))
            if len(items) > MAX_ROWS:
                raise Problem("E_FORM_FILE", file=name, detail="more than 500,000 rows")
    except csv.Error as error:
        raise Problem("E_FORM_FILE", file=name, detail=f"no CSV: {error}") from None
    return Leaf("root", "", items)


def _check_columns(name: str, columns: list[str]) -> None:
    if len(set(columns)) != len(columns):
        raise Problem("E_FORM_FILE", file=name, detail="two columns have the same name")
    wrong = next((each for each in columns if not _COLUMN.fullmatch(each)), None)
    if wrong is not None or not columns:
        raise Problem("E_FORM_FILE", file=name, detail=f"a column is called {wrong or 'nothing'!r}")


def _item(pairs: Iterable[tuple[str, str]]) -> Leaf:
    return Leaf("item", "", [Leaf(column, str(value), ()) for column, value in pairs])


def _from_geojson(name: str, text: str) -> Leaf:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Problem("E_FORM_FILE", file=name, detail="no JSON") from None
    features = found.get("features") if isinstance(found, dict) and found.get("type") == "FeatureCollection" else None
    if not isinstance(features, list) or len(features) > MAX_ROWS:
        raise Problem("E_FORM_FILE", file=name, detail="no FeatureCollection")
    return Leaf("root", "", [_feature(name, each) for each in features])


def _feature(name: str, feature: object) -> Leaf:
    whole: dict[str, Any] = feature if isinstance(feature, dict) else {}
    properties, geometry = whole.get("properties"), whole.get("geometry")
    if not isinstance(properties, dict) or not isinstance(geometry, dict) or geometry.get("type") not in _GEOMETRIES:
        raise Problem("E_FORM_FILE", file=name, detail="a feature that is no point, line or polygon with properties")
    columns = {key: _scalar(value) for key, value in properties.items() if value is not None}
    if whole.get("id") is not None:
        columns["id"] = _scalar(whole["id"])
    columns["geometry"] = _geometry(name, geometry)
    return _item(columns.items())


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else ""


def _geometry(name: str, geometry: dict[str, Any]) -> str:
    """ODK's text of a geometry: GeoJSON has longitude first, ODK latitude."""
    points = geometry.get("coordinates")
    try:
        if geometry["type"] == "Point":
            points = [points]
        elif geometry["type"] == "Polygon":
            points = points[0]  # type: ignore[index]  # what is no list raises TypeError below
        return ";".join(f"{_number(each[1])} {_number(each[0])} 0 0" for each in points)  # type: ignore[union-attr]
    except (TypeError, IndexError, KeyError, ValueError):
        raise Problem("E_FORM_FILE", file=name, detail="a geometry without coordinates") from None


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError
    return repr(value)
