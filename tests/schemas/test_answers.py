"""Filling a session from plain data: nested, flat, with entries, reserved answers and files; and back again."""

from __future__ import annotations

import json

import pytest

from schemas.answers import fill, to_nested
from schemas.problems import Problem
from schemas.session import Session
from tests.helpers.xforms import from_markdown, noon

TABLE = """
| survey |
| | type         | name     | label    | calculation  | bind::svidok:reserved | bind::svidok:code | bind::svidok:start |
| | begin_group  | a        | A        |              |                       |                   |                    |
| | text         | words    | Words    |              |                       |                   |                    |
| | begin_group  | inner    | Inner    |              |                       |                   |                    |
| | integer      | age      | Age      |              |                       |                   |                    |
| | decimal      | weight   | Weight   |              |                       |                   |                    |
| | end_group    |          |          |              |                       |                   |                    |
| | select_one l | one      | One      |              | no                    |                   |                    |
| | end_group    |          |          |              |                       |                   |                    |
| | select_multiple l | many | Many    |              |                       |                   |                    |
| | file         | photo    | Photo    |              |                       |                   |                    |
| | begin_repeat | ev       | Event    |              |                       | E                 | 0                  |
| | text         | what     | What     |              |                       |                   |                    |
| | begin_group  | deep     | Deep     |              |                       |                   |                    |
| | text         | words    | Words    |              |                       |                   |                    |
| | text         | where    | Where    |              |                       |                   |                    |
| | end_group    |          |          |              |                       |                   |                    |
| | begin_repeat | part     | Part     |              |                       |                   | 0                  |
| | text         | note     | Note     |              |                       |                   |                    |
| | end_repeat   |          |          |              |                       |                   |                    |
| | end_repeat   |          |          |              |                       |                   |                    |
| | calculate    | n        |          | count(${ev}) |                       |                   |                    |
| choices |
| | list_name | name | label |
| | l         | x    | X     |
| | l         | y    | Y     |
| settings |
| | form_id | namespaces                 |
| | answers | svidok="urn:svidok:form:1" |
"""
SID = bytes(range(16))


@pytest.fixture(scope="module")
def form():
    return from_markdown(TABLE)


@pytest.fixture
def session(form) -> Session:
    return Session(form, clock=noon)


NESTED = {
    "a": {"words": "Hello", "inner": {"age": 40, "weight": "70.5"}, "one": "x"},
    "many": ["y", "x"],
    "ev": [
        {"what": "first", "deep": {"words": "w", "where": "here"}, "part": [{"note": "n1"}, {"note": "n2"}]},
        {"what": {"missing": "unknown"}},
    ],
}


def test_nested_data_is_filled_and_given_back(session, form):
    fill(session, NESTED)
    first = dict(NESTED["ev"][0])
    assert to_nested(session) == {
        **NESTED,
        "ev": [{"_code": "E1", **first}, {"_code": "E2", "what": {"missing": "unknown"}}],
        "n": "2",
    }
    again = Session(form, clock=noon)
    fill(again, json.loads(json.dumps(to_nested(session))))
    assert to_nested(again) == to_nested(session)
    assert again.walk() == session.walk()


def test_codes_of_entries_come_back(session, form):
    fill(session, {"ev": [{"what": "one"}, {"what": "two"}, {"what": "three"}]})
    session.remove((("ev", 2),))
    again = Session(form, clock=noon)
    fill(again, to_nested(session))
    assert list(again.codes()) == ["E1", "E3"]
    assert again.value((("ev", 3), "what")) == "three"


def test_flat_data_with_unique_names(session):
    fill(session, {"age": 41, "one": "y", "many": ("x",), "ev": [{"where": "there"}]})
    assert session.value(("a", "inner", "age")) == 41
    assert session.value(("a", "one")) == "y"
    assert session.value((("ev", 1), "deep", "where")) == "there"


def test_values_are_taken_in_their_types(session):
    fill(session, {"weight": 70.25, "age": 3, "many": []})
    assert session.value(("a", "inner", "weight")) == "70.25"
    fill(session, {"weight": 70, "words": None})
    assert session.value(("a", "inner", "weight")) == "70"
    assert session.value(("a", "words")) is None


def test_what_is_readonly_is_passed_over():
    form = from_markdown("""
        | survey |
        | | type | name  | label | default | readonly |
        | | text | fixed | Fixed | start   | yes      |
        | | text | q     | Q     |         |          |
    """)
    session = Session(form, clock=noon)
    fill(session, {"fixed": "other", "q": "x"})
    assert to_nested(session) == {"fixed": "start", "q": "x"}


def test_files_are_taken_over_by_the_caller(session):
    seen = []

    def attach(file, path):
        seen.append((file, path))
        return SID

    fill(session, {"photo": {"file": "pictures/one.jpg"}}, attach)
    assert seen == [("pictures/one.jpg", ("photo",))]
    assert session.value(("photo",)) == SID
    assert to_nested(session)["photo"] == {"attachment": SID.hex()}
    fill(session, {"photo": None})
    assert session.value(("photo",)) is None
    fill(session, {"photo": {"attachment": SID.hex()}})
    assert session.value(("photo",)) == SID


def test_calculations_in_the_data_are_passed_over(session):
    fill(session, {"n": "77"})
    assert session.value(("n",)) == "0"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"nothing": 1}, "E_ANSWER_PATH"),
        ({"a": {"nothing": 1}}, "E_ANSWER_PATH"),
        ({"what": "x"}, "E_ANSWER_PATH"),
        ({5: "x"}, "E_ANSWER_PATH"),
        ({"a": "x"}, "E_ANSWER_TYPE"),
        ({"ev": {"what": "x"}}, "E_ANSWER_TYPE"),
        ({"ev": ["x"]}, "E_ANSWER_TYPE"),
        ({"ev": [{"_code": "P1"}]}, "E_ANSWER_TYPE"),
        ({"ev": [{"_code": 1}]}, "E_ANSWER_TYPE"),
        ({"ev": [{"_code": "E0"}]}, "E_ANSWER_PATH"),
        ({"ev": [{"_code": "E2"}, {"_code": "E2"}]}, "E_ANSWER_PATH"),
        ({"words": 5}, "E_ANSWER_TYPE"),
        ({"age": "5"}, "E_ANSWER_TYPE"),
        ({"age": 5.0}, "E_ANSWER_TYPE"),
        ({"age": True}, "E_ANSWER_TYPE"),
        ({"weight": float("nan")}, "E_ANSWER_TYPE"),
        ({"words": {"missing": "lost"}}, "E_ANSWER_TYPE"),
        ({"words": {"missing": "unknown", "more": 1}}, "E_ANSWER_TYPE"),
        ({"words": {"file": "x"}}, "E_ANSWER_TYPE"),
        ({"one": {"missing": "unknown"}}, "E_ANSWER_RESERVED"),
        ({"one": "z"}, "E_ANSWER_CHOICE"),
        ({"many": ["x", "z"]}, "E_ANSWER_CHOICE"),
        ({"many": "x"}, "E_ANSWER_TYPE"),
        ({"photo": {"file": "x"}}, "E_ANSWER_TYPE"),
        ({"photo": {"attachment": "zz"}}, "E_ANSWER_TYPE"),
        ({"photo": {"attachment": "00"}}, "E_ANSWER_TYPE"),
        ({"photo": {"attachment": 5}}, "E_ANSWER_TYPE"),
        ({"words": object()}, "E_ANSWER_TYPE"),
    ],
)
def test_what_does_not_fit_is_refused(session, data, code):
    with pytest.raises(Problem) as caught:
        fill(session, data)
    assert caught.value.code == code


def test_a_repeat_that_the_form_counts_is_filled_entry_by_entry():
    form = from_markdown("""
        | survey |
        | | type         | name | label | repeat_count |
        | | integer      | n    | N     |              |
        | | begin_repeat | r    | R     | ${n}         |
        | | text         | q    | Q     |              |
        | | end_repeat   |      |       |              |
    """)
    session = Session(form, clock=noon)
    fill(session, {"n": 2, "r": [{"q": "a"}, {"q": "b"}]})
    assert to_nested(session)["r"] == [{"q": "a"}, {"q": "b"}]


USUAL = """
| survey |
| | type         | name  | label | default |
| | begin_repeat | ev    | Event |         |
| | text         | what  | What  | none    |
| | integer      | n     | N     |         |
| | begin_repeat | part  | Part  |         |
| | text         | note  | Note  |         |
| | end_repeat   |       |       |         |
| | end_repeat   |       |       |         |
"""


def test_the_entry_with_which_a_form_begins_is_the_first_of_the_data():
    session = Session(from_markdown(USUAL), clock=noon)
    entries = [{"n": 1, "part": [{"note": "a"}, {"note": "b"}]}, {"what": "w", "part": [{"note": "c"}]}]
    fill(session, {"ev": entries})
    wanted = {"ev": [{"what": "none"} | entries[0], entries[1]]}
    assert to_nested(session) == wanted
    again = Session(from_markdown(USUAL), clock=noon)
    fill(again, wanted)
    assert to_nested(again) == wanted


def test_an_entry_that_was_answered_is_left_as_it_is():
    session = Session(from_markdown(USUAL), clock=noon)
    session.set((("ev", 1), "n"), 7)
    fill(session, {"ev": [{"n": 8}]})
    assert [each["n"] for each in to_nested(session)["ev"]] == [7, 8]
    fill(session, {"ev": [{"n": 9}]})
    assert [each["n"] for each in to_nested(session)["ev"]] == [7, 8, 9]
