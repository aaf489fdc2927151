"""Pictures of consent, of reading back, of the review's pages, of the card's code and of a correction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import begin, consent, shell_of
from tests.tui.pictures import Step, both_sizes, every_language, picture_of, still
from tui import locale
from tui.screens.seal_card import SealCard

pytestmark = pytest.mark.usefixtures("plain_pictures")
C = "c_consent"
TOLD = (
    "Слюсар прийшов уранці, коли ми снідали. Він сказав, що треба перевірити кран.\n"
    "За ним зайшли двоє в цивільному. Вони спитали про брата. Мати відповіла, що він на роботі.\n"
    "Один з них поклав на стіл папір. Я не встигла його прочитати."
)


async def use(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    screen.changed(screen.interview.answer((C, "consent_stats"), "yes"))
    screen.changed(screen.interview.answer((C, "consent_stats"), "no"))
    screen.go((C, "consent_stats"))


async def use_open(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    screen.go((C, "consent_share_icc"))


async def again(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    screen.go(("u_closing", "consent_reconfirm"))
    await pilot.pause()
    await pilot.press("1", "down")


async def reading(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    screen.changed(screen.interview.answer(("d_account", "narrative_text"), TOLD))
    await pilot.press("ctrl+o", "space", "space")


async def read(pilot: Pilot[Any]) -> None:
    await reading(pilot)
    await pilot.press("end", "space")


async def consent_page(pilot: Pilot[Any]) -> None:
    await use(pilot)
    await pilot.press("f5", "right")


async def contents_page(pilot: Pilot[Any]) -> None:
    await use(pilot)
    await pilot.press("f5", "left")


async def card(pilot: Pilot[Any]) -> None:
    await begin(pilot)
    pilot.app.push_screen(SealCard("7F3QH2MWKX4T"))


async def correcting(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    screen.interview.put_aside("corrects", (), ["supersedes", bytes(16), "7F3QH2MWKX4T"])
    await pilot.press("escape")
    await pilot.pause()
    await pilot.press("enter")


STEPS: list[Step] = [use, use_open, again, reading, read, consent_page, contents_page, card, correcting]


@every_language
@both_sizes
@picture_of(STEPS)
def test_screen(snap_compare: Any, home: Path, step: Any, size: tuple[int, int], language: str) -> None:
    locale.set_language(language)
    assert snap_compare(shell_of(home), terminal_size=size, run_before=still(step))
