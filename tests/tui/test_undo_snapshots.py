"""What entries as a table, the codes of persons and the question before removing look like; no word is cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import begin, consent, shell_of
from tests.tui.pictures import Step, both_sizes, every_language, picture_of, still
from tui import locale
from tui.screens.interview.screen import InterviewScreen

PEOPLE = ("q_perp", "pp")
SAID = (("person", "Іван Вигаданий, «Сокіл»"), ("body", "Вигадана комісія"), ("person", "сержант без імені"))


async def people(pilot: Pilot[Any]) -> InterviewScreen:
    """Three persons involved."""
    screen = await begin(pilot)
    consent(screen)
    for kind, name in SAID:
        entry, changes = screen.interview.add_entry(PEOPLE)
        screen.changed(changes, reload=True)
        screen.changed(screen.interview.answer((*entry, "pp_kind"), kind))
        screen.changed(screen.interview.answer((*entry, "pp_name"), name), reload=True)
    return screen


async def table(pilot: Pilot[Any]) -> None:
    screen = await people(pilot)
    screen.go(PEOPLE)


async def removing(pilot: Pilot[Any]) -> None:
    screen = await people(pilot)
    screen.go((*PEOPLE[:-1], ("pp", 2)))
    await pilot.press("ctrl+r")


async def brought_back(pilot: Pilot[Any]) -> None:
    screen = await people(pilot)
    screen.remove_entry((*PEOPLE[:-1], ("pp", 2)))
    screen.app.clear_notifications()
    await pilot.press("ctrl+z")


async def codes(pilot: Pilot[Any]) -> None:
    screen = await people(pilot)
    event, changes = screen.interview.add_entry(("h_event", "ev"))
    screen.changed(changes, reload=True)
    screen.changed(screen.interview.answer((*event, "ev_perp_refs"), "P2"))
    screen.go((*event, "ev_perp_refs"))
    await pilot.press("down")


@every_language
@both_sizes
@picture_of([table, removing, brought_back, codes])
@pytest.mark.usefixtures("plain_pictures")
def test_screen(home: Path, snap_compare: Any, step: Step, language: str, size: tuple[int, int]) -> None:
    locale.set_language(language)
    assert snap_compare(shell_of(home), terminal_size=size, run_before=still(step))
