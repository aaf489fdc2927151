"""Scripts of forms: steps that answer and expect, and failures that name the step."""

from __future__ import annotations

import json

import pytest

from schemas.problems import Problem
from schemas.scripting import Failure, find, path_text, report, run_script
from tests.helpers.xforms import session_of

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
