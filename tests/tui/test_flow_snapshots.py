"""What going by letters and the list of marks look like; and that no word is cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from collector import marks
from tests.tui.conftest import begin, consent, shell_of
from tests.tui.pictures import Step, both_sizes, every_language, picture_of, still
from tui import locale

TOLD = "Того ранку прийшли двоє у формі. Нас відвели до школи. Назви школи я не знаю. Потім нас повезли."
LETTERS = {"en": "told", "uk": "розпов", "ru": "расск"}


async def sections(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    screen.go(("a_setting", "interview_mode"))
    await pilot.press("space", "f3")


async def letters(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    await pilot.press("f3")
    await pilot.pause()
    pilot.app.screen.query_one("#jump", Input).value = LETTERS[locale.current_language()]


async def later(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    screen.changed(screen.interview.answer(("d_account", "narrative_text"), TOLD))
    marks.make(screen.interview, ("d_account", "narrative_text"), TOLD, TOLD.index(" Назви"))
    marks.make(screen.interview, ("a_setting", "documenter_code"))
    screen.go(("d_account", "narrative_text"))
    await pilot.press("ctrl+k")


async def nothing_marked(pilot: Pilot[Any]) -> None:
    await begin(pilot)
    await pilot.press("ctrl+k")


@every_language
@both_sizes
@picture_of([sections, letters, later, nothing_marked])
@pytest.mark.usefixtures("plain_pictures")
def test_screen(home: Path, snap_compare: Any, step: Step, language: str, size: tuple[int, int]) -> None:
    locale.set_language(language)
    assert snap_compare(shell_of(home), terminal_size=size, run_before=still(step))
