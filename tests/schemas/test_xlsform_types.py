"""What else an XLSForm can say, sheet by sheet: each loads, is filled to the end, and is written and read back."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent

import pytest

from schemas.form_check import Report, check_form
from schemas.instance import load_submission, write_submission
from schemas.session import Session
from schemas.xform_model import Form
from tests.helpers.xforms import noon
from tests.schemas.filling import fill_to_the_end


@dataclass(frozen=True)
class Sample:
    """A sheet, tables beside it, the types that come out of it, and a word in each of its warnings."""

    sheet: str
    types: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


CHOICES = """
    | choices |
    | | list_name | name | label |
    | | l | a | A |
    | | l | b | B |
"""
SAMPLES = {
    "select_one_external": Sample(
        """
    | survey |
    | | type | name | label | choice_filter |
    | | select_one l | state | State | |
    | | select_one_external cities | city | City | state = ${state} |
    | external_choices |
    | | list_name | name | label | state |
    | | cities | h | Houston & more | a |
    | | cities | s | Seattle | b |
    | | towns | t | Elsewhere | b |
    """
        + CHOICES,
        {"state": "select_one", "city": "select_one"},
    ),
    "selects from files": Sample(
        """
    | survey |
    | | type | name | label | parameters | choice_filter |
    | | select_multiple_from_file a.csv | m | M | value=id label=title | |
    | | select_one_from_file a.csv | o | O | value=id,label=title | kind = 'x' |
    | | csv-external | b | | | |
    | | xml-external | c | | | |
    """,
        {"m": "select_multiple", "o": "select_one"},
        files={"a.csv": b"id,title,kind\n1,One,x\n2,Two,y\n", "b.csv": b"name,label\nq,Q\n", "c.xml": b"<root/>"},
    ),
    "a loop": Sample(
        """
    | survey |
    | | type | name | label |
    | | begin loop over l | lo | Loop |
    | | integer | count | How many %(label)s |
    | | end loop | | |
    """
        + CHOICES,
        {"lo/a/count": "integer", "lo/b/count": "integer"},
    ),
    "what the device knows": Sample(
        """
    | survey |
    | | type | name | label |
    | | imei | imei | |
    | | deviceid | dev | |
    | | phonenumber | ph | |
    | | username | un | |
    | | email | em | |
    | | start-geopoint | bg | |
    | | start | st | |
    | | today | td | |
    | | text | t | T |
    """,
        {"imei": "calculate", "st": "calculate", "bg": "calculate"},
        ("imei:", "dev:", "ph:", "un:", "em:", "setgeopoint"),
    ),
    "triggers": Sample(
        """
    | survey |
    | | type | name | label | trigger | calculation |
    | | text | t | T | | |
    | | background-geopoint | bg | | ${t} | |
    | | dateTime | at | At | ${t} | now() |
    | | calculate | twice | | ${t} | concat(${t}, ${t}) |
    """,
        {"bg": "calculate", "at": "dateTime", "twice": "calculate"},
        ("setgeopoint",),
    ),
    "tables and lists of questions": Sample(
        """
    | survey |
    | | type | name | label | appearance |
    | | begin group | tl | Table | table-list |
    | | select_one l | a | A | |
    | | select_one l | b | B | |
    | | end group | | | |
    | | begin group | fl | Field | field-list |
    | | select_multiple l | c | C | label |
    | | select_multiple l | d | D | list-nolabel |
    | | end group | | | |
    """
        + CHOICES,
        {"tl/a": "select_one", "fl/d": "select_multiple"},
    ),
    "a map of buildings": Sample(
        """
    | survey |
    | | type | name | label |
    | | osm tags | o | O |
    | osm |
    | | list_name | name | label |
    | | tags | building | Building |
    """,
        {"o": "file"},
    ),
    "parameters and appearances": Sample(
        """
    | survey |
    | | type | name | label | parameters | appearance |
    | | geopoint | g | G | capture-accuracy=10 warning-accuracy=20 | placement-map |
    | | geotrace | t | T | incremental=true | |
    | | geoshape | h | H | | |
    | | image | im | I | max-pixels=640 | annotate |
    | | audio | au | A | quality=voice-only | |
    | | range | ra | R | start=0.5 end=3 step=0.5 | picker |
    | | decimal | m | M | | thousands-sep |
    | | text | url | U | rows=3 | multiline |
    | | date | my | MY | | month-year |
    """,
        {"g": "geopoint", "t": "geotrace", "h": "geoshape", "im": "file", "ra": "decimal", "my": "date"},
    ),
    "defaults": Sample(
        """
    | survey |
    | | type | name | label | default |
    | | text | t | T | ${last-saved#t} |
    | | integer | i | I | 1 + 2 |
    | | date | d | D | today() |
    | | select_one l | s | S | b |
    | | rank l | k | K | |
    """
        + CHOICES,
        {"i": "integer", "k": "rank"},
        ("__last-saved",),
    ),
    "counted entries": Sample(
        """
    | survey |
    | | type | name | label | relevant | required | read_only | default | constraint | repeat_count |
    | | select_multiple l or_other | s | S | | yes | | | | |
    | | integer | n | N | | | | 2 | . < 5 | |
    | | begin repeat | r | R | | | | | | ${n} |
    | | text | x | X ${n} | selected(${s}, 'a') | | | | | |
    | | end repeat | | | | | | | | |
    | | text | ro | RO | | | yes | fixed | | |
    """
        + CHOICES,
        {"s_other": "text", "r/x": "text", "ro": "text"},
    ),
    "entities": Sample(
        """
    | survey |
    | | type | name | label | save_to |
    | | text | t | T | kind |
    | | geopoint | g | G | geometry |
    | entities |
    | | dataset | label |
    | | trees | ${t} |
    """,
        {"t": "text", "meta/entity/label": "calculate"},
        ("entities of trees",),
    ),
    "entities without a name": Sample(
        """
    | survey |
    | | type | name | label |
    | | text | t | T |
    | entities |
    | | dataset | label |
    | | trees | oak |
    """,
        {"t": "text", "meta/entity/label": "calculate"},
        ("names oak, which the form does not have", "entities of trees"),
    ),
}


def checked(sample: Sample) -> Report:
    return check_form(dedent(sample.sheet).encode(), ".md", sample.files)


def form_of(sample: Sample) -> Form:
    found = checked(sample)
    assert [each.message for each in found.problems] == []
    assert found.form is not None
    return found.form


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_a_sheet_is_read_and_filled_and_comes_back(sample):
    form = form_of(sample)
    session = Session(form, clock=noon)
    assert fill_to_the_end(session, random.Random(1).randrange) == set()
    assert session.validity() == []
    session.finish()
    written = write_submission(session)
    again = Session(form, clock=noon)
    load_submission(again, written)
    assert write_submission(again) == written


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_types_and_warnings_are_those_of_the_sheet(sample):
    found = checked(sample)
    form = form_of(sample)
    types = {"/".join(question.path): question.type for question in form.questions.values()}
    assert sample.types.items() <= types.items()
    said = [each.message for each in found.warnings if not each.message.startswith("[row")]
    assert len(said) == len(sample.warnings)
    assert all(word in message for word, message in zip(sample.warnings, said, strict=True))


def test_a_list_of_another_sheet_is_filtered_and_a_list_of_a_file_too():
    form = form_of(SAMPLES["select_one_external"])
    session = Session(form, clock=noon)
    session.set(("state",), "a")
    assert [(each.value, each.label) for each in session.node(("city",)).choices] == [("h", "Houston & more")]
    xml = checked(SAMPLES["select_one_external"]).xml or b""
    start, end = xml.index(b'<instance id="cities">'), xml.index(b"</model>")
    table = b"list_name,name,label,state\ncities,k,Kyiv,a\ntowns,t,Town,a\n"
    beside = check_form(xml[:start] + xml[end:], ".xml", {"itemsets.csv": table}).form
    assert beside is not None
    assert beside.tables == ("itemsets.csv",)
    session = Session(beside, clock=noon)
    session.set(("state",), "a")
    assert [each.value for each in session.node(("city",)).choices] == ["k"]
    missing = check_form(xml[:start] + xml[end:], ".xml")
    assert any("itemsets.csv" in each.message for each in missing.warnings)


def test_nothing_of_the_device_is_filled_in():
    session = Session(form_of(SAMPLES["what the device knows"]), clock=noon)
    session.set(("t",), "x")
    session.finish()
    filled = {path[-1] for path, value, _ in session.answers() if value}
    assert not filled & {"imei", "dev", "ph", "un", "em", "bg"}
    assert {"st", "td", "t"} <= filled
