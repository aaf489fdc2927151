"""Which question is the witness's free account: in the shipped form, and in forms that others made."""

from __future__ import annotations

from importlib import resources

import pytest

from schemas.session import Session
from schemas.xform import parse_form
from tests.helpers.xforms import noon, session_of
from tui.screens.interview.view import InterviewView

HEAD = """
| survey |
|        | type       | name   | label   | appearance | relevant |
"""
SHORT = "|        | text       | short  | Short   |            |          |\n"
OPENS = """|        | begin group | told  | Told    |            |          |
|        | text       | words  | Words   | multiline  |          |
|        | text       | more   | More    | multiline  |          |
|        | end group  |        |         |            |          |
"""
WITHIN = """|        | begin group | part  | Part    |            |          |
|        | text       | name   | Name    |            |          |
|        | text       | notes  | Notes   | multiline  |          |
|        | end group  |        |         |            |          |
"""
REPEATED = """|        | begin repeat | kids | Kids    |            |          |
|        | text       | words  | Words   | multiline  |          |
|        | end repeat |        |         |            |          |
"""


def test_in_the_shipped_form_it_is_the_account_of_the_section_with_the_open_prompt() -> None:
    xml = resources.files("schemas.forms").joinpath("forced-conscription.xml").read_bytes()
    session = Session(parse_form(xml), clock=noon)
    view = InterviewView(session)
    assert view.free_account() is None, "not before consent"
    for section, name, value in (
        ("b_safety", "proceed_decision", "proceed_full"),
        ("c_consent", "consent_interview", "yes"),
        ("c_consent", "consent_withdrawal_explained", "yes"),
        ("b_safety", "privacy_ok", "yes"),
        ("b_safety", "age_gate", "adult"),
        ("b_safety", "capacity_ok", "yes"),
        ("b_safety", "risk_level", "low"),
        ("b_safety", "selfincrim_status", "explained_proceed"),
    ):
        view.apply(session.set((section, name), value))
    assert view.free_account() == ("d_account", "narrative_text")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (SHORT + OPENS, ("told", "words")),
        (WITHIN + OPENS, ("told", "words")),
        (WITHIN, None),
        (REPEATED, None),
        (SHORT, None),
    ],
)
def test_in_another_form_it_is_the_first_long_text_that_opens_a_section(
    rows: str, expected: tuple[str, ...] | None
) -> None:
    assert InterviewView(session_of(HEAD + rows)).free_account() == expected
