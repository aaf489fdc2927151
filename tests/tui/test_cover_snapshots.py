"""What hiding, the first F12 and the sets of colours look like, in both sizes and languages."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import begin, consent, shell_of
from tests.tui.pictures import both_sizes, every_language, picture_of, still
from tests.tui.test_cover import hidden, standing
from tests.tui.test_shell import Clock
from tui import locale
from tui.screens.shell import Shell
from tui.theme import CONTRAST, LIGHT, MONO, PLAIN

__all__ = ["standing"]
pytestmark = pytest.mark.usefixtures("plain_pictures")


def speaking(home: Any, language: str) -> Shell:
    """A shell whose clock stands, so that the first F12 waits for ever."""
    locale.set_language(language)
    return shell_of(home, Clock())


async def behind_the_clock(pilot: Pilot[Any]) -> None:
    await begin(pilot)
    await hidden(pilot)


async def asked(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    screen.go(("a_setting", "interview_mode"))
    await pilot.press("f12")


async def answered(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    screen.go(("b_safety", "risk_level"))
    await pilot.press("down")


async def help_text(pilot: Pilot[Any]) -> None:
    await begin(pilot)
    await pilot.press("f1")
    for _ in range(3):
        await pilot.press("pagedown")


@every_language
@both_sizes
@picture_of([behind_the_clock, asked])
def test_cover(snap_compare: Any, home: Any, step: Any, size: tuple[int, int], language: str) -> None:
    assert snap_compare(speaking(home, language), terminal_size=size, run_before=still(step))


@every_language
@both_sizes
@pytest.mark.parametrize("name", [LIGHT.name, CONTRAST.name, PLAIN.name, MONO.name])
def test_colours(snap_compare: Any, home: Any, name: str, size: tuple[int, int], language: str) -> None:
    shell = speaking(home, language)
    shell.theme = name
    assert snap_compare(shell, terminal_size=size, run_before=still(answered))


@every_language
@both_sizes
@picture_of([answered, help_text])
def test_console(
    snap_compare: Any, home: Any, monkeypatch: pytest.MonkeyPatch, step: Any, size: tuple[int, int], language: str
) -> None:
    monkeypatch.setenv("TERM", "linux")
    shell = speaking(home, language)
    shell.theme = PLAIN.name
    assert snap_compare(shell, terminal_size=size, run_before=still(step))
