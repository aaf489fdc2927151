"""Quick hide: a clock in the place of everything, and the vault closed behind it.

The rule: nothing here says what program this is. The passphrase is typed without an echo; the right one brings back the
same question, a wrong one changes nothing. A fault that is not the passphrase's shows the ordinary first screen, or a
person could never come back.
"""

from __future__ import annotations

from datetime import datetime

from textual import events
from textual.app import ComposeResult
from textual.containers import Center, Middle
from textual.widgets import Digits

from schemas.problems import Problem
from tui.screens.base import Held
from tui.screens.profiles import Opened

TICK_SECONDS = 1.0
LONGEST = 1024


def now() -> datetime:
    """The time that the clock shows."""
    return datetime.now().astimezone()


class HideScreen(Held[None]):
    """The clock. `typed` is what was typed while the vault was still closing."""

    DEFAULT_CSS = "HideScreen Digits { width: auto; color: $foreground; }"

    def __init__(self, typed: str = "") -> None:
        super().__init__()
        self.typed = typed
        self._busy = False

    def compose(self) -> ComposeResult:
        with Middle(), Center():
            yield Digits(f"{now():%H:%M}", id="clock")

    def on_mount(self) -> None:
        """Go on with the time."""
        self.set_interval(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        clock, time = self.query_one(Digits), f"{now():%H:%M}"
        if clock.value != time:
            clock.update(time)

    def on_key(self, event: events.Key) -> None:
        """Nothing that is typed shows."""
        event.stop()
        event.prevent_default()
        if event.key == "enter":
            self._open()
        elif event.key == "backspace":
            self.typed = self.typed[:-1]
        elif event.key in ("escape", "ctrl+u"):
            self.typed = ""
        elif event.is_printable and event.character is not None:
            self.typed = (self.typed + event.character)[:LONGEST]

    def on_paste(self, event: events.Paste) -> None:
        """As typed."""
        event.stop()
        self.typed = (self.typed + event.text.partition("\n")[0])[:LONGEST]

    def _open(self) -> None:
        passphrase, self.typed = self.typed, ""
        if passphrase and not self._busy and self.shell.opened is None:
            self._busy = True
            home, profile, opening = self.shell.home, self.shell.profile, self.shell.opening
            self.work(
                lambda: opening(lambda: profile.open(home, passphrase), lambda: self.is_attached),
                self._opened,
                failed=self._refused,
                lost=lambda opened: opened.close(),
            )

    def _opened(self, opened: Opened) -> None:
        self.shell.unlocked(opened)

    def _refused(self, problem: Problem) -> None:
        self._busy = False
        if problem.code != "E_UNLOCK":
            from tui.screens.unlock import UnlockScreen

            first = UnlockScreen()
            first.problem = problem
            self.shell.switch_screen(first)
