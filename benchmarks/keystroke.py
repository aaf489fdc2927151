"""How long one keystroke takes in the free account, from the key event to the bytes for the terminal.

Run: `python benchmarks/keystroke.py [characters]`. Headless, 80x24. The text stands once as many paragraphs and once
as ONE paragraph; keys are typed at the start, in the middle and at the end. Beside it Textual's own TextArea as the
yardstick. The time contains Textual's wait for its next frame (up to 1/60 s).
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.widget import Widget
from textual.widgets import TextArea

from tui.widgets.account import Account

WORDS = "Того ранку прийшли двоє у формі й сказали, що треба їхати на комісію, бо так наказано всім. "
KEYS = 60


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


async def _type(app: _Bench, milliseconds: list[float]) -> None:
    for number in range(KEYS):
        _Driver.written.clear()
        begun = time.perf_counter()
        app.post_message(events.Key("а", "а") if number % 6 else events.Key("space", " "))
        await asyncio.wait_for(_Driver.written.wait(), 10)
        milliseconds.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(0.02)


async def measure(editor: Widget, places: tuple[object, ...]) -> list[float]:
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
            await _type(app, milliseconds)
    return milliseconds


def main() -> None:
    """Print p50 and p95 of both editors for both shapes."""
    characters = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    print(f"{characters} characters, {3 * KEYS} keys each; milliseconds from key to terminal")
    for shape, paragraphs in (("many paragraphs", True), ("one paragraph", False)):
        text = text_of(characters, paragraphs)
        lines = text.split("\n")
        middle = (len(lines) // 2, len(lines[len(lines) // 2]) // 2)
        places = ((0, 0), middle, (len(lines) - 1, len(lines[-1])))
        p95: list[float] = []
        for name, editor in (("account", Account(text)), ("TextArea", TextArea(text))):
            taken = asyncio.run(measure(editor, places))
            cuts = statistics.quantiles(taken, n=20)
            p95.append(cuts[18])
            print(f"{shape:16} {name:9} p50 {cuts[9]:7.1f}  p95 {cuts[18]:7.1f}")
        print(f"{shape:16} TextArea takes {p95[1] / p95[0]:.1f} times the p95 of account")


if __name__ == "__main__":
    main()
