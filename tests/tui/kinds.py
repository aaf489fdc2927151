"""A form with every type of question, in a home that the office has enrolled, for tests of the ways to answer."""

from __future__ import annotations

from pathlib import Path

from collector.packs import FormSource
from schemas.xform import parse_form
from tests.helpers import mission
from tests.helpers.mission import Office

OBLASTS = ("Вінницька", "Волинська", "Дніпропетровська", "Донецька", "Житомирська", "Закарпатська", "Запорізька",
           "Івано-Франківська", "Київська", "Кіровоградська", "Луганська", "Львівська", "Харківська")  # fmt: skip
_KINDS = {
    "place": 'type="string"',
    "parts": 'type="odk:rank"',
    "pain": 'type="int"',
    "age": 'type="int"',
    "sum": 'type="decimal"',
    "day": 'type="date"',
    "when": 'type="string"',
    "clock": 'type="time"',
    "moment": 'type="dateTime"',
    "sure": 'type="boolean"',
    "told": 'type="string"',
    "code": 'type="barcode"',
    "point": 'type="geopoint"',
    "way": 'type="geotrace"',
    "field": 'type="geoshape"',
    "silent": 'type="string" svidok:mode="code"',
    "aloud": 'type="string" svidok:mode="read"',
    "staff": 'type="string" svidok:mode="staff"',
    "several": 'type="string"',
    "paper": 'type="binary" svidok:compartment="identity"',
}
"""Each question and the rest of its bind."""


def _item(value: str, label: str) -> str:
    return f"<item><label>{label}</label><value>{value}</value></item>"


_YES = _item("yes", "Yes") + _item("no", "No") + _item("both", "Both of these")


def kinds_form() -> bytes:
    """The form as an XForm."""
    binds = "\n".join(f'<bind nodeset="/data/{name}" {rest}/>' for name, rest in _KINDS.items())
    names = "".join(f"<{name}/>" for name in _KINDS)
    places = "".join(_item(f"p{number}", label) for number, label in enumerate(OBLASTS))
    letters = "".join(_item(letter, f"Part {letter}") for letter in "abc")
    special = {
        "place": f'<select1 ref="/data/place"><label>Where was it?</label>{places}</select1>',
        "parts": f'<odk:rank ref="/data/parts"><label>What came first?</label>{letters}</odk:rank>',
        "when": '<input ref="/data/when" appearance="edtf"><label>When was it?</label></input>',
        "pain": '<range ref="/data/pain" start="0" end="10" step="2"><label>How strong?</label></range>',
        "told": '<trigger ref="/data/told"><label>It was explained.</label></trigger>',
        "silent": f'<select1 ref="/data/silent"><label>Was force used?</label>{_YES}</select1>',
        "aloud": f'<select1 ref="/data/aloud"><label>May we keep it?</label>{_YES}</select1>',
        "several": f'<select ref="/data/several"><label>Which of them?</label>{places}</select>',
        "paper": '<upload ref="/data/paper" mediatype="application/*"><label>A paper</label></upload>',
    }
    body = "\n".join(
        special.get(name, f'<input ref="/data/{name}"><label>The {name}</label></input>') for name in _KINDS
    )
    return f"""<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa" xmlns:odk="http://www.opendatakit.org/xforms"
 xmlns:svidok="urn:svidok:form:1">
<h:head><h:title>Kinds</h:title><model><instance><data id="kinds" version="1">{names}</data></instance>
{binds}</model></h:head><h:body>{body}</h:body></h:html>""".encode()


def enrolled_with_kinds(home: Path) -> Path:
    """A home whose mission has this form."""
    xml = kinds_form()
    form = parse_form(xml)
    office = Office(forms=[FormSource(form.id, form.version, xml)], seed=b"kinds")
    field = mission.new_field(home)
    request, _fingerprint = field.request()
    field.accept_pack(office.pack_for(request), office.fingerprint)
    field.close()
    return home
