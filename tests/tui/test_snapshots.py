"""What the screens of the field look like, in every language, at 80x24 and at 120x40; and that no word is cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.conftest import begin, consent, shell_of, type_text, unlock, until
from tests.tui.pictures import Step, both_sizes, every_language, picture_of, still
from tests.tui.test_flows import broken_off
from tui import locale
from tui.screens.interview.files import FileList


async def locked(pilot: Pilot[Any]) -> None:
    await pilot.pause()


async def interviews(pilot: Pilot[Any]) -> None:
    await broken_off(pilot)
    await pilot.press("f3", "escape", "f3", "escape")
    await pilot.pause()


async def setting(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    screen.go(("a_setting", "interview_mode"))


async def read_aloud(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    screen.go(("c_consent", "consent_share_icc"))


async def account(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    text = "Того ранку прийшли двоє у формі й сказали, що треба їхати на комісію. " * 12
    screen.changed(screen.interview.answer(("d_account", "narrative_text"), text + "\n\nПотім нас повезли."))
    screen.go(("d_account", "narrative_text"))
    await pilot.press("ctrl+home", "shift+down")


async def event(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    screen.go(("h_event", "ev"))
    await pilot.press("enter", "down", "space", "tab", "f6", "f9")
    screen.go(("h_event", ("ev", 2), "ev_coercion"))
    await pilot.press("space", "down", "space")


async def date(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    screen.go(("f_status", "res_from"))
    screen.query_one("#line", Input).value = "2023-13"
    screen.commit()


async def attachment(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    screen.go(("d_account", "narrative_audio"))
    await until(pilot, lambda: bool(screen.query_one(FileList).lines))


async def removing(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    screen.go(("q_perp", "pp"))
    await pilot.press("enter", "space", "ctrl+r")


async def review(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    await pilot.press("f5")


async def gate(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    screen.go(("b_safety", "vulnerability_flags"))
    screen.changed(screen.interview.answer(("b_safety", "vulnerability_flags"), ("acute_distress",)))


async def gate_wipe(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    screen.go(("c_consent", "consent_store"))
    screen.changed(screen.interview.answer(("c_consent", "consent_store"), "no"))
    await pilot.pause()
    await pilot.press("escape", "escape")


async def gate_line(pilot: Pilot[Any]) -> None:
    await gate(pilot)
    await pilot.pause()
    await pilot.press("escape")


async def names(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    told = "Тоді прийшов Іван Петренко і сказав, що треба йти. Потім Івана забрали, і він дзвонив з 067 123 45 67."
    screen.changed(screen.interview.answer(("d_account", "narrative_text"), told))
    screen.changed(screen.interview.answer(("t_identity", "id_mode"), "full"))
    screen.changed(screen.interview.answer(("t_identity", "id_full_name"), "Петренко Іван"))
    screen.changed(screen.interview.answer(("t_identity", "id_phone"), "+380 67 123 45 67"))
    await pilot.press("f5")
    await pilot.pause()
    await pilot.press("down")


async def refused(pilot: Pilot[Any]) -> None:
    await gate_line(pilot)
    await pilot.press("f5")


async def sure(pilot: Pilot[Any]) -> None:
    screen = await begin(pilot)
    consent(screen)
    screen.changed(screen.interview.answer(("f_status", "res_from"), "2021-05"))
    screen.go(("f_status", "res_to"))
    await type_text(pilot, "2023-10~")


async def transfer(pilot: Pilot[Any]) -> None:
    await broken_off(pilot)
    await pilot.press("f6")


async def receipts(pilot: Pilot[Any]) -> None:
    await broken_off(pilot)
    await pilot.press("f7")


async def mission(pilot: Pilot[Any]) -> None:
    await unlock(pilot)
    await pilot.press("f9")


async def help_text(pilot: Pilot[Any]) -> None:
    await begin(pilot)
    await pilot.press("f1")


async def problem(pilot: Pilot[Any]) -> None:
    from schemas.problems import Problem

    await pilot.pause()
    pilot.app.problem(Problem("E_DISK_SPACE", needed=700, free=3))  # type: ignore[attr-defined]


async def commands(pilot: Pilot[Any]) -> None:
    await unlock(pilot)
    await pilot.press("ctrl+p")


STEPS: list[Step] = [
    locked, interviews, setting, read_aloud, account, event, date, attachment, removing, review, gate, gate_wipe,
    gate_line, names, refused, sure, transfer, receipts,
    mission, help_text, problem, commands,
]  # fmt: skip


pytestmark = pytest.mark.usefixtures("plain_pictures")


@every_language
@both_sizes
@picture_of(STEPS)
def test_screen(snap_compare: Any, home: Path, step: Step, size: tuple[int, int], language: str) -> None:
    locale.set_language(language)
    assert snap_compare(shell_of(home), terminal_size=size, run_before=still(step))


@picture_of([locked, setting, account])
def test_screen_of_forty_columns(snap_compare: Any, home: Path, step: Step) -> None:
    assert snap_compare(shell_of(home), terminal_size=(40, 10), run_before=still(step, whole=False))
