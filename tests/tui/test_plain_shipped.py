"""The shipped form in plain prompts, from the draft to the seal, on a real terminal; and terminals without screens."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from collector import consent, filling
from collector.field import Field
from collector.interview import Interview
from schemas.forms import load
from schemas.session_types import Path as Place
from tests.conftest import REPO
from tests.helpers.mission import Office
from tests.helpers.opening import open_sealed
from tests.receiver_kit import SVIDOK
from tests.tui.conftest import reopened
from tests.tui.plain_kit import Prompts
from tui import locale
from tui.demo_interviews import interviews
from tui.plain.words import command

AGREED = ("c_consent", "consent_interview")
AGE, FROM, SIGNS = ("e_person", "age_band"), ("f_status", "res_from"), ("f_status", "control_signs")
OTHERS = ("h_event", ("ev", 1), "ev_others_count")
CORRECTIONS, CLOSING = ("u_closing", "corrections"), ("u_closing", "consent_reconfirm")
UNLIKE = {"record_code", "instanceID"}
"""Another one in every interview."""


def begun(field: Field) -> Interview:
    """A draft in which some answers are still to be given."""
    (demo,) = list(interviews(4))[3:]
    draft = field.open_interview(filling.begin_filled(field, demo.answers, folder=Path()))
    for path in (AGE, FROM, SIGNS, OTHERS, CORRECTIONS, CLOSING):
        draft.clear(path)
    return draft


def number(draft: Interview, path: Place, value: str) -> str:
    """Which option an answer is."""
    return str([choice.value for choice in draft.session.node(path).choices].index(value) + 1)


def sealed(home: Path) -> dict[Place, tuple[object, ...]]:
    """The answers of the one sealed entry, as the office reads them."""
    with reopened(home) as field:
        (row,) = [each for each in field.interviews() if each.entry is not None]
        keys = list(Office(seed=b"tui").recipient_keys().values())
        opened = open_sealed(field, bytes.fromhex(str(row.entry)), keys)
    return {
        item[0]: tuple(item[1:3])
        for document in opened.documents.values()
        for item in document.answers
        if item[0][-1] not in UNLIKE
    }


def test_the_shipped_form_comes_to_the_same_record(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(home, other)
    with reopened(home) as field:
        draft = begun(field)
        age, no, yes = number(draft, AGE, "a28_30"), number(draft, AGREED, "no"), number(draft, AGREED, "yes")
        signs = [choice.value for choice in draft.session.node(SIGNS).choices]
        uses = len(consent.given(draft.session))
        draft.close()

    prompts = Prompts(home, draft.code)
    assert "saved" in prompts.say("/find age_band", age)
    assert "1996" in prompts.say("/find res_from", "1996~")
    prompts.say("/find control_signs", "1 3", "/find ev_others_count", "many", "12")
    prompts.say("/find corrections", "They never came back.", "", "Нікого.", ".")
    stopped = prompts.say("/find consent_interview", no)
    assert "Type 1 to correct the answer, or /withdraw to erase everything." in stopped
    assert "/withdraw to erase everything" in prompts.say("/quit"), "what may not be kept is not left behind"
    assert "/withdraw to erase everything" not in prompts.say("1", yes)
    review = prompts.say("/review")
    assert re.findall(r"sealed: (\d+)\. |answer is enough\): (\d+)\. ", review) == [("1", "")], review
    assert "2. " not in review.partition("sealed: 1.")[2]
    assert f"1 of {uses}" in prompts.say("/seal")
    prompts.say(*["1"] * uses, "1")
    assert "Nothing is missing" in prompts.say("/seal")
    assert "Write this record code on the card" in prompts.last("1")
    assert prompts.process.returncode == 0

    with reopened(other) as field:
        draft = begun(field)
        draft.answer(AGE, "a28_30")
        draft.answer(FROM, "1996~")
        draft.answer(SIGNS, (signs[0], signs[2]))
        draft.answer(OTHERS, 12)
        draft.answer(CORRECTIONS, "They never came back.\n\nНікого.")
        draft.answer(AGREED, "no")
        draft.answer(AGREED, "yes")
        for node in consent.given(draft.session):
            draft.answer(node.path, node.value)
        draft.answer(CLOSING, draft.session.node(CLOSING).choices[0].value)
        draft.close()
        field.seal(draft.code)
    assert sealed(home) == sealed(other)


@pytest.mark.parametrize("typed", [(), ("field", "interview"), ("field", "practice"), ("form", "preview", "FORM")])
def test_a_poor_terminal_gets_no_screens_and_is_told_of_the_prompts(home: Path, typed: tuple[str, ...]) -> None:
    form = home.parent / "form.xml"
    form.write_bytes(load("testimony_conscription"))
    words = [str(form) if word == "FORM" else word for word in typed]
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "dumb", "LANG": "C.UTF-8", "SVIDOK_HOME": str(home)}
    try:
        done = subprocess.run(
            [*SVIDOK, *words], stdin=slave, stdout=slave, stderr=subprocess.PIPE, env=environment, timeout=60,
        )  # fmt: skip
    finally:
        os.close(slave)
        os.close(master)
    assert done.returncode == 1
    assert b"svidok field interview --plain" in done.stderr
    assert b"[E_TERMINAL_PLAIN]" in done.stderr


@pytest.mark.parametrize("language", ["en", "uk", "ru"])
def test_the_guide_names_commands_that_are_there(language: str) -> None:
    guide = REPO / "docs/guides" / ("documenter.md" if language == "en" else f"documenter.{language}.md")
    locale.set_language(language)
    named = re.findall(r"`(/[^`]+)`", guide.read_text("utf-8"))
    assert len(named) >= 9
    assert [each for each in named if command(each) is None] == []
