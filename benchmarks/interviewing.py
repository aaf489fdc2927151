"""The interview screen on the largest form: opening it, going from section to section, typing; and hours of work.

The form is the WHO verbal autopsy questionnaire, its compiled form already in the vault. Headless, 120x40, through the
whole program: times run from a key event to the bytes for the terminal, Textual's wait for its next frame (up to
1/60 s) included. The hours are those of a scripted interview on the shipped form: as much typing, going about,
answering and taking back as three hours have, without the pauses between; what counts is how much more memory the
process holds at the end than after the first quarter.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.widgets import Input

from benchmarks import forms_side, world
from benchmarks.measure import median, percentile95, say
from benchmarks.table import Row, bounded, missing
from collector.field import Field
from schemas.session import Session
from schemas.session_types import Path as NodePath
from schemas.xform_model import Question
from schemas.xlsform import to_xform
from sync.desk import mission
from tui.app import spare_imports
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interviews import InterviewsScreen
from tui.screens.shell import Shell

REPO = Path(__file__).resolve().parent.parent
SIZE = (120, 40)
OPEN_MS, SWITCH_MS, KEY_MS, GROWTH_MIB = 700.0, 100.0, 30.0, 8.0
WORDS = "того ранку прийшли двоє у формі і сказали що треба їхати на комісію "
QUARTERS = 12
"""The three hours, in quarters of an hour."""
LETTERS = 32_000 // QUARTERS
"""In a quarter of an hour, when three hours have 5,000 words."""
SEED = 4
"""Of a draft of the large form in which every question that is asked has an answer."""
ACCOUNT = ("d_account", "narrative_text")


class _Driver(HeadlessDriver):
    """Tells when bytes for the terminal are written."""

    written: ClassVar[asyncio.Event]

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        if len(data) > 20:
            self.written.set()


def rows(*, quick: bool = False, full: bool = False) -> list[Row]:
    """Opening, switching, typing; then the hours."""
    del full
    with world.temporary("interviewing") as folder:
        return [*_large(folder, quick=quick), asyncio.run(_hours(folder / "long", 1 if quick else QUARTERS))]


def _large(folder: Path, *, quick: bool) -> list[Row]:
    shared = Path(os.environ.get("SVIDOK_SHARED", REPO.parent / "shared"))
    sheet = shared / "forms" / "whova_form.xlsx"
    if not sheet.exists():
        what = f"forms/whova_form.xlsx does not lie in {shared} (SVIDOK_SHARED names the folder)"
        return [missing("WHO VA's interview on the screen", "≤ 700 ms", what)]
    form = mission.checked(to_xform(sheet, sheet.suffix).xml)
    (home,) = world.found(folder / "large", forms=[form])
    with Field.open(home, world.PASSPHRASE) as field:
        interview = field.new_interview()
        interview.answer_all(_tell)
        interview.close()
    times = [asyncio.run(_visit(home, quick=quick)) for _ in range(3 if quick else 6)]
    opened = [each[0] for each in times[1:]]
    switches = [ms for each in times[1:] for ms in each[1]]
    keys = [ms for each in times[1:] for ms in each[2]]
    return [
        bounded("opening WHO VA's interview from the vault's cache", median(opened), OPEN_MS, "ms"),
        bounded("from section to section of WHO VA, p95", percentile95(switches), SWITCH_MS, "ms",
                note=f"median {median(switches):.1f} ms of {len(switches)}"),
        bounded("a keystroke in WHO VA's largest section, p95", percentile95(keys), KEY_MS, "ms",
                note=f"median {median(keys):.1f} ms of {len(keys)}"),
    ]  # fmt: skip


def _tell(session: Session) -> None:
    forms_side.answer_all(session, SEED)


# --- the program


async def _unlocked(pilot: Pilot[None], shell: Shell) -> None:
    await _until(pilot, lambda: bool(shell.screen.query("#passphrase")))
    shell.screen.query_one("#passphrase", Input).value = world.PASSPHRASE
    await pilot.press("enter")
    await _until(pilot, lambda: isinstance(shell.screen, InterviewsScreen))
    await pilot.pause(0.3)


async def _until(pilot: Pilot[None], reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not reached():
        if time.monotonic() > end:
            raise TimeoutError("the screen never came")
        await pilot.pause(0.002)


def _shell(home: Path) -> Shell:
    gc.collect()  # what earlier rounds left is not the program's
    spare_imports()
    _Driver.written = asyncio.Event()
    shell = Shell(home, "field", clock=lambda: 0.0)  # nobody is idle here: keys come without a terminal
    shell.driver_class = _Driver
    return shell


async def _timed(begin: Callable[[], object], reached: Callable[[], bool] = lambda: True) -> float:
    """Milliseconds from something done until the screen is so and its bytes are written."""
    begun = time.perf_counter()
    _Driver.written.clear()
    begin()
    while True:
        await asyncio.wait_for(_Driver.written.wait(), 30)
        if reached():
            return (time.perf_counter() - begun) * 1000
        _Driver.written.clear()


def _key(shell: Shell, key: str, character: str | None = None) -> Callable[[], object]:
    return lambda: shell.post_message(events.Key(key, character))


async def _visit(home: Path, *, quick: bool) -> tuple[float, list[float], list[float]]:
    """Milliseconds of opening, of each change of section, of each keystroke."""
    shell = _shell(home)
    switches: list[float] = []
    keys: list[float] = []
    async with shell.run_test(headless=False, size=SIZE) as pilot:
        await _unlocked(pilot, shell)
        opened = await _timed(_key(shell, "enter"), partial(_open, shell))
        screen = shell.screen
        if not isinstance(screen, InterviewScreen):
            raise TypeError("no interview is open")
        await pilot.pause(0.3)
        sections = [node.path for node in screen.view.sections() if screen.view.stops(node.path, None)]
        for section in (*sections, *reversed(sections)):
            switches.append(await _timed(partial(_go, screen, section)))
            await pilot.pause(0.03)
        largest = max(sections, key=lambda section: len(screen.view.stops(section, None)))
        lines = [stop for stop in screen.view.stops(largest, None) if _typed(screen, stop)][:3]
        for stop in lines:
            screen.go(stop)
            await pilot.pause(0.1)
            for number in range(4 if quick else 20):
                keys.append(await _timed(_key(shell, "1", "1")))
                if number % 4 == 3:
                    keys.extend([await _timed(_key(shell, "backspace")) for _ in range(4)])
                await pilot.pause(0.02)
    return opened, switches, keys


def _open(shell: Shell) -> bool:
    return isinstance(shell.screen, InterviewScreen) and shell.screen.card.node is not None


def _go(screen: InterviewScreen, section: NodePath) -> None:
    screen.go(screen.view.first_stop(section))


def _typed(screen: InterviewScreen, stop: NodePath) -> bool:
    node = screen.view.nodes.get(stop)
    asked = node.definition if node is not None else None
    return isinstance(asked, Question) and asked.type in ("text", "integer", "decimal")


# --- the hours


def _resident() -> float:
    """MiB that the process holds now."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


async def _hours(folder: Path, quarters: int) -> Row:
    (home,) = world.found(folder)
    world.draft(home)
    shell = _shell(home)
    held: list[float] = []
    async with shell.run_test(headless=False, size=(80, 24)) as pilot:
        await _unlocked(pilot, shell)
        await pilot.press("enter")
        await _until(pilot, lambda: isinstance(shell.screen, InterviewScreen))
        screen = shell.screen
        if not isinstance(screen, InterviewScreen):
            raise TypeError("no interview is open")
        letters = cycle(WORDS)
        for quarter in range(quarters):
            say(f"quarter of an hour {quarter + 1} of {quarters}")
            await _quarter(pilot, screen, letters)
            held.append(_resident())
    grown = held[-1] - held[len(held) // 4]
    note = f"{held[0]:.0f} MiB after the first quarter of an hour, {held[-1]:.0f} MiB after the last of {quarters}"
    return bounded("more memory at the end of a scripted interview of three hours", grown, GROWTH_MIB, "MiB", note=note)


async def _quarter(pilot: Pilot[None], screen: InterviewScreen, letters: cycle[str]) -> None:
    """Typing in the account with a look elsewhere now and then; answers taken back; hiding once."""
    sections = [node.path for node in screen.view.sections() if screen.view.stops(node.path, None)]
    for turn in range(8):
        screen.go(ACCOUNT)
        await pilot.press("ctrl+end")
        for _ in range(LETTERS // 8):
            letter = next(letters)
            screen.app.post_message(events.Key("space" if letter == " " else letter, letter))
            if letter == " ":
                await pilot.pause()
        await pilot.pause(0.02)
        for section in sections:
            screen.go(screen.view.first_stop(section))
            await pilot.pause()
            if turn % 4 == 0 and screen.check_action("reserve", ("unknown",)):
                await pilot.press("f6", "ctrl+z")
    await pilot.press("f1")
    await pilot.press("escape")
