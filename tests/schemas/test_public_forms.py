"""Public forms are filled to the end in every language; a form with every type of question is, too."""

from __future__ import annotations

import random
from functools import cache

import pytest

from schemas.form_cache import load_form, save_form
from schemas.instance import load_submission, write_submission
from schemas.scripting import report
from schemas.session import Session
from schemas.xform import Form, parse_form
from schemas.xlsform import to_xform
from tests.conftest import shared_path
from tests.helpers.xforms import from_markdown, noon
from tests.schemas.filling import fill_to_the_end

NAMES = ("whova_form.xlsx", "all-question-types.xlsx")
CITIES = b"""{"type":"FeatureCollection","features":[{"type":"Feature","id":"1","properties":{"title":"Odesa"},
"geometry":{"type":"Point","coordinates":[30.73,46.48]}}]}"""

EVERY_TYPE = """
    | survey | | | | | | | |
    | | type | name | label | hint | default | parameters | calculation |
    | | start | start | | | | | |
    | | end | end | | | | | |
    | | today | today | | | | | |
    | | deviceid | deviceid | | | | | |
    | | phonenumber | phone | | | | | |
    | | username | username | | | | | |
    | | email | email | | | | | |
    | | audit | audit | | | | | |
    | | start-geopoint | where | | | | | |
    | | text | t | Text | H | d | | |
    | | string | st | Text | | | | |
    | | integer | i | Integer | | 3 | | |
    | | decimal | d | Decimal | | | | |
    | | range | ra | Range | | | start=1 end=10 step=2 | |
    | | date | da | Date | | 2026-01-01 | | |
    | | time | ti | Time | | | | |
    | | dateTime | dt | Moment | | now() | | |
    | | geopoint | gp | Point | | | | |
    | | geotrace | gt | Trace | | | | |
    | | geoshape | gs | Shape | | | | |
    | | image | im | Image | | | | |
    | | audio | au | Audio | | | | |
    | | video | vi | Video | | | | |
    | | file | fi | File | | | | |
    | | background-audio | ba | | | | | |
    | | barcode | bc | Barcode | | | | |
    | | acknowledge | ack | Acknowledge | | | | |
    | | hidden | hid | | | | | |
    | | note | no | Note ${t} | | | | |
    | | calculate | ca | | | | | ${i} + ${d} |
    | | select_one l | s1 | One | | x | | |
    | | select_multiple l | sm | Several | | | | |
    | | select_one l or_other | so | Other | | | | |
    | | rank l | rk | Rank | | | randomize=true, seed=42 | |
    | | select_one_from_file places.csv | sf | File | | | | |
    | | begin group | g | Group | | | | |
    | | begin repeat | r | Repeat | | | | |
    | | text | q | Q | | | | |
    | | begin repeat | rr | Inner | | | | |
    | | select_one ${q} | sq | From entries | | | | |
    | | end repeat | | | | | | |
    | | end repeat | | | | | | |
    | | end group | | | | | | |
    | choices | | | |
    | | list_name | name | label |
    | | l | x | X |
    | | l | y | Y |
    | | l | z | Z |
"""


@cache
def public(name: str) -> tuple[bytes, Form]:
    xml = to_xform(shared_path("forms", name)).xml
    return xml, parse_form(xml, {"cities.geojson": CITIES})


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_a_public_form_is_filled_to_the_end_in_every_language(name, seed):
    xml, form = public(name)
    cached = load_form(xml, save_form(xml, {"cities.geojson": CITIES}), {"cities.geojson": CITIES})
    for language in form.languages or ("",):
        session = Session(cached, clock=noon, language=language or None)
        assert session.language == language
        stuck = fill_to_the_end(session, random.Random(seed).randrange)
        assert stuck == set()
        open_ones = [each for each in session.validity() if each.kind in ("block", "constraint", "type")]
        assert open_ones == []
        assert [each for each in session.validity() if each.code == "required"] == []
        assert report(session)["valid"] is True
        session.finish()
        again = Session(form, clock=noon, language=language or None)
        load_submission(again, write_submission(session))
        assert write_submission(again) == write_submission(session)
        copy = Session(form, clock=noon, language=language or None)
        copy.restore(session.entries(), session.answers())
        assert again.walk() == copy.walk()


def test_a_form_with_every_type_of_question_is_filled_and_submitted():
    from textwrap import dedent

    made = to_xform(dedent(EVERY_TYPE).encode(), ".md")
    form = parse_form(made.xml, {"places.csv": b"name,label\na,A\nb,B\n"})
    session = Session(form, clock=noon)
    assert session.value(("i",)) == 3
    assert session.value(("where",)) is None
    for name in ("deviceid", "phone", "username", "email"):
        assert session.value((name,)) is None
    session.add(("g", "r"))
    assert fill_to_the_end(session, random.Random(3).randrange) == set()
    assert session.validity() == []
    types = {node.definition.type for node in session.walk() if node.kind in ("question", "note")}
    assert {"text", "integer", "decimal", "date", "time", "dateTime", "geopoint", "geotrace", "geoshape", "file",
            "barcode", "acknowledge", "note", "select_one", "select_multiple", "rank"} <= types  # fmt: skip
    session.finish()
    again = Session(form, clock=noon)
    load_submission(again, write_submission(session))
    assert write_submission(again) == write_submission(session)


def test_choices_from_entries_are_the_answers_in_them():
    session = Session(from_markdown("""
        | survey | | | |
        | | type | name | label |
        | | begin repeat | r | R |
        | | text | who | Who |
        | | end repeat | | |
        | | select_one ${who} | s | S |
    """), clock=noon)  # fmt: skip
    session.set((("r", 1), "who"), "Ada")
    session.set((*session.add(("r",))[0], "who"), "Eva")
    assert [each.value for each in session.node(("s",)).choices] == ["Ada", "Eva"]
    session.set(("s",), "Eva")
    session.remove((("r", 2),))
    assert [each.code for each in session.validity()] == ["choice"]
