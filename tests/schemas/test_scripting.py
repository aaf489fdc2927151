"""Scripts of forms: steps that answer and expect, and failures that name the step."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.forms import load
from schemas.problems import Problem
from schemas.scripting import Failure, ScriptClock, find, path_text, report, run_script
from schemas.session import Session
from schemas.xform import parse_form
from tests.helpers.xforms import from_markdown, noon, refused, session_of

FORM = """
    | survey | | | | | | | |
    | | type | name | label::English (en) | label::Ukrainian (uk) | relevant | required | constraint | calculation |
    | | begin_group | g | Group | Група | | | | |
    | | integer | age | Age | Вік | | yes | . > 0 | |
    | | select_one yn | ok | Fine, ${age}? | Гаразд? | ${age} > 17 | | | |
    | | end_group | | | | | | | |
    | | begin_repeat | r | R | R | | | | |
    | | text | name | N | N | | | | |
    | | select_multiple yn | many | M | M | | | | |
    | | end_repeat | | | | | | | |
    | | calculate | sum | | | | | | count(${r}) + ${age} |
    | choices | | | |
    | | list_name | name | label::English (en) | label::Ukrainian (uk) |
    | | yn | yes | Yes | Так |
    | | yn | no | No | Ні |
"""


def run(*steps: object) -> list[Failure]:
    return run_script(session_of(FORM), list(steps))


def test_a_script_that_goes_as_written():
    assert (
        run(
            {"expect": "g/age", "valid": False, "required": True, "relevant": True, "value": None},
            {"expect": "/data/g/ok", "relevant": False},
            {"set": "age", "value": 20},
            {"expect": "ok", "relevant": True, "label": "Fine, 20?", "choices": ["yes", "no"], "readonly": False},
            {"set": "/g/ok", "value": "yes", "note": "words for people"},
            {"language": "uk"},
            {
                "expect": "g/ok",
                "choices": [{"value": "yes", "label": "Так"}, {"value": "no", "label": "Ні"}],
                "value": "yes",
            },
            {"set": "r/name", "value": "first"},
            {"add": "r"},
            {"set": "r[2]/name", "value": "second"},
            {"set": "r[2]/many", "value": "no yes"},
            {"expect": "r[2]/many", "value": ["no", "yes"]},
            {"expect": "r", "count": 2},
            {"expect": "sum", "value": 22},
            {"remove": "r", "at": 1},
            {"expect": "r[1]/name", "value": "second"},
            {"set": "age", "value": -1},
            {"expect": "age", "valid": False},
            {"expect": "g", "valid": False},
            {"set": "age", "value": {"missing": "declined"}},
            {"expect": "age", "value": {"missing": "declined"}, "valid": True},
            {"set": "ok", "value": "maybe", "problem": "E_ANSWER_CHOICE"},
            {"set": "sum", "value": 1, "problem": "E_ANSWER_READONLY"},
            {"finish": True},
            {"expect": "meta/instanceID", "relevant": True},
        )
        == []
    )


def test_failures_name_the_step_and_what_was_found():
    found = run(
        {"set": "age", "value": "twelve"},
        {"set": "age", "value": "12"},
        {"expect": "age", "value": 13, "valid": True},
        {"expect": "nowhere", "value": 1},
        {"remove": "r", "at": 9},
        {"set": "age", "value": 5, "problem": "E_ANSWER_TYPE"},
    )
    assert [each.as_dict() for each in found] == [
        {"step": 1, "path": "age", "what": "problem", "wanted": None, "found": "E_ANSWER_TYPE"},
        {"step": 3, "path": "age", "what": "value", "wanted": 13, "found": 12},
        {"step": 4, "path": "nowhere", "what": "problem", "wanted": None, "found": "E_ANSWER_PATH"},
        {"step": 5, "path": "r", "what": "problem", "wanted": None, "found": "E_ANSWER_PATH"},
        {"step": 6, "path": "age", "what": "problem", "wanted": "E_ANSWER_TYPE", "found": None},
    ]


@pytest.mark.parametrize(
    "step",
    [
        5, {}, {"set": "age"}, {"set": "age", "value": 1, "add": "r"}, {"remove": "r"}, {"remove": "r", "at": True},
        {"expect": "age"}, {"expect": "age", "colour": "red"}, {"set": ["age"], "value": 1}, {"jump": "r"},
    ],
)  # fmt: skip
def test_steps_that_are_none_are_refused(step):
    with pytest.raises(Problem) as caught:
        run({"set": "age", "value": 1}, step)
    assert caught.value.code == "E_INSTANCE_STEP"
    assert caught.value.facts["step"] == 2


def test_a_run_is_told_in_json():
    session = session_of(FORM)
    assert run_script(session, [{"set": "age", "value": 20}, {"set": "r[1]/name", "value": "x"}]) == []
    told = json.loads(json.dumps(report(session)))
    assert told["instance"] == {"g": {"age": 20}, "r": [{"name": "x"}], "sum": "21"}
    assert told["nodes"]["/r[1]/name"]["value"] == "x"
    assert told["nodes"]["/g/age"]["required"] is True
    assert told["calculated"] == {"/sum": "21"}
    assert told["valid"] is True
    assert path_text(session, find(session, "r[1]/many")[0]) == "/r[1]/many"


DATED = """
    | survey | | | | | |
    | | type | name | label | calculation | constraint |
    | | today | began | | | |
    | | calculate | at | | format-date-time(now(), '%Y-%m-%d %H:%M') | |
    | | date | day | Day | | . <= today() |
"""


def dated(*steps: object) -> list[Failure]:
    clock = ScriptClock(noon, steps)
    return run_script(Session(from_markdown(DATED), clock=clock), list(steps), clock=clock)


def test_a_script_that_says_what_time_it_is_does_not_depend_on_today():
    assert (
        dated(
            {"clock": "2024-02-29T09:05"},
            {"expect": "began", "value": "2024-02-29"},
            {"expect": "at", "value": "2024-02-29 09:05"},
            {"set": "day", "value": "2024-03-01"},
            {"expect": "day", "valid": False},
            {"clock": "2024-03-01"},
            {"set": "day", "value": "2024-02-29"},
            {"set": "day", "value": "2024-03-01"},
            {"expect": "day", "valid": True},
            {"expect": "began", "value": "2024-02-29"},
        )
        == []
    )
    assert [each.found for each in dated({"expect": "began", "value": "2024-02-29"})] == ["2026-03-01"]


@pytest.mark.parametrize("moment", ["today", "", 3, None, "2024-02-30", "99999-01-01T00:00"])
def test_a_time_that_is_none_is_refused(moment):
    for steps in ([{"clock": moment}], [{"set": "day", "value": None}, {"clock": moment}]):
        assert refused(dated, *steps) == "E_INSTANCE_STEP"


def test_the_time_can_be_said_only_where_the_session_has_a_clock_for_it():
    assert refused(run, {"clock": "2024-02-29"}) == "E_INSTANCE_STEP"


def test_open_gates_are_expected_and_reported():
    session = Session(parse_form(load("testimony_conscription")), clock=noon)
    steps = [{"gates": []}, {"set": "age_gate", "value": "minor"}, {"gates": ["G2"]}, {"gates": ["G3"]}]
    assert [each.as_dict() for each in run_script(session, steps)] == [
        {"step": 4, "path": "/", "what": "gates", "wanted": ["G3"], "found": ["G2"]}
    ]
    assert [(each["gate"], each["effect"]) for each in report(session)["gates"]] == [("G2", "stop")]
    for wrong in ({"gates": "G2"}, {"gates": [1]}, {"gates": None}):
        assert refused(run_script, session, [wrong]) == "E_INSTANCE_STEP"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["yes", "2026-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["missing", "file", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
PATHS = st.sampled_from(
    ["age", "g/ok", "r", "r[1]/name", "r[1]/many", "sum", "/data", "r[0]", "", "//", "g", "r[9]/name"]
)
KEYS = [
    "set",
    "add",
    "remove",
    "language",
    "finish",
    "clock",
    "gates",
    "expect",
    "value",
    "at",
    "valid",
    "problem",
    "note",
    "label",
    "choices",
    "count",
    "other",
]
STEPS = st.dictionaries(
    st.sampled_from(KEYS),
    PATHS | VALUES, max_size=4,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS | VALUES, max_size=6))
def test_no_script_raises_anything_but_a_coded_problem(steps):
    with suppress(Problem):
        json.dumps([each.as_dict() for each in run(*steps)])
