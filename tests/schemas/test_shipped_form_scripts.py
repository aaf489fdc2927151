"""The tests beside the shipped form: scripts that anybody who changes the form can run and read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.forms import load
from schemas.scripting import run_script
from schemas.session import Session
from schemas.xform import Form, parse_form

SCRIPTS = sorted((Path(__file__).parents[2] / "schemas" / "forms" / "tests").glob("*.json"))


@pytest.fixture(scope="module")
def form() -> Form:
    return parse_form(load("testimony_conscription"))


def test_there_are_scripts():
    assert len(SCRIPTS) >= 10


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_form_does_what_its_script_expects(form, script):
    session = Session(form, clock=lambda: datetime(2026, 5, 14, tzinfo=UTC))
    steps = json.loads(script.read_text("utf-8"))
    assert sum("expect" in step for step in steps) >= 4
    assert [failure.as_dict() for failure in run_script(session, steps)] == []
