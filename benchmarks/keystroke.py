"""How long one keystroke takes in the free account, and how long one answer in the shipped form takes to be durable.

A keystroke lasts from the key event to the bytes for the terminal. Headless, 80x24, 50,000 characters: once as many
paragraphs and once as ONE; keys are typed at the start, in the middle and at the end. Beside it Textual's own TextArea
as the yardstick. The time contains Textual's wait for its next frame (up to 1/60 s). An answer is `Interview.answer`:
the form works out what follows from it, and rows are on the disk, encrypted, when it returns.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from itertools import islice
from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.widget import Widget
from textual.widgets import TextArea

from benchmarks import world
from benchmarks.measure import median, percentile95, say
from benchmarks.table import Row, bounded
from collector import filling
from collector.field import Field
from collector.interview import Interview
from schemas.session_types import Path, Value
from tui.demo_interviews import BASE_COUNT, interviews
from tui.widgets.account import Account

WORDS = "Того ранку прийшли двоє у формі й сказали, що треба їхати на комісію, бо так наказано всім. "
KEYS = 60
COMPARED = 10
"""Keys at each place: in ours, and in the TextArea, which takes seconds for some."""
CHARACTERS = 50_000
GOAL_MS = 30.0


class _Driver(HeadlessDriver):
    """Tells when bytes for the terminal are written."""

    written: ClassVar[asyncio.Event]

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        if len(data) > 20:
            self.written.set()


class _Bench(App[None]):
    def __init__(self, editor: Widget) -> None:
        super().__init__(driver_class=_Driver)
        self.editor = editor

    def compose(self) -> ComposeResult:
        yield self.editor


def text_of(characters: int, paragraphs: bool) -> str:
    """Invented testimony of that many characters; paragraphs of about 500 characters, or one."""
    unit = WORDS * 5 + "\n" if paragraphs else WORDS
    return (unit * (characters // len(unit) + 1))[:characters]


async def _type(app: _Bench, keys: int, milliseconds: list[float]) -> None:
    for number in range(keys):
        _Driver.written.clear()
        begun = time.perf_counter()
        app.post_message(events.Key("а", "а") if number % 6 else events.Key("space", " "))
        await asyncio.wait_for(_Driver.written.wait(), 10)
        milliseconds.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(0.02)


async def measure(editor: Widget, places: tuple[object, ...], keys: int) -> list[float]:
    """Milliseconds of each keystroke, typed at all the places."""
    _Driver.written = asyncio.Event()
    milliseconds: list[float] = []
    app = _Bench(editor)
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        editor.focus()
        await pilot.pause(0.3)
        for place in places:
            if isinstance(editor, Account):
                editor.move(place)  # type: ignore[arg-type]  # the caller's places fit the caller's editor
            else:
                editor.move_cursor(place)  # type: ignore[attr-defined]  # a TextArea
            await pilot.pause(0.1)
            await _type(app, keys, milliseconds)
    return milliseconds


def rows(*, quick: bool = False, full: bool = False) -> list[Row]:
    """Both shapes of the account, and answers."""
    del full
    found = []
    for shape, paragraphs in (("many paragraphs", True), ("one paragraph", False)):
        say(f"keystrokes in {CHARACTERS} characters as {shape}")
        text = text_of(CHARACTERS, paragraphs)
        lines = text.split("\n")
        middle = (len(lines) // 2, len(lines[len(lines) // 2]) // 2)
        places = ((0, 0), middle, (len(lines) - 1, len(lines[-1])))
        ours = asyncio.run(measure(Account(text), places, KEYS))
        other = asyncio.run(measure(TextArea(text), places, COMPARED))
        found.append(
            bounded(
                f"a keystroke in {CHARACTERS} characters as {shape}, p95",
                percentile95(ours),
                GOAL_MS,
                "ms",
                other=f"{percentile95(other):.1f} ms (Textual's TextArea)",
                note=f"median {median(ours):.1f} ms of {len(ours)} keys; TextArea {median(other):.1f} ms",
            )
        )
    say("answers in the shipped form")
    taken = _answers(100 if quick else 600)
    note = f"median {median(taken):.1f} ms, longest {max(taken):.0f} ms of {len(taken)} answers"
    return [
        *found,
        bounded("an answer in the shipped form, durable, p95", percentile95(taken), GOAL_MS, "ms", note=note),
    ]


def _answers(count: int) -> list[float]:
    """Milliseconds of each of some `count` answers, when invented interviews are taken question by question."""
    taken: list[float] = []
    with world.temporary("answers") as folder:
        home = world.found(folder)[0]
        with Field.open(home, world.PASSPHRASE) as field:
            for told in islice(interviews(count + BASE_COUNT), BASE_COUNT, None):
                filled = field.open_interview(filling.begin_filled(field, told.answers, folder=home))
                values = [(path, value) for path, value, _ in filled.session.answers() if value is not None]
                _retell(field.new_interview(), values, taken)
                if len(taken) >= count:
                    break
    return taken


def _retell(interview: Interview, values: Sequence[tuple[Path, Value]], taken: list[float]) -> None:
    """Give these answers anew, one by one as a person does; what the form fills in by itself is left to it."""
    for path, value in values:
        for place, step in enumerate(path):
            if isinstance(step, tuple):
                repeat = (*path[:place], step[0])
                while interview.session.node(repeat).count < step[1]:
                    interview.add_entry(repeat)
        if interview.session.node(path).readonly:
            continue
        begun = time.perf_counter()
        interview.answer(path, value)
        taken.append((time.perf_counter() - begun) * 1000)
