"""A sign that something is going on: four steps a second, drawn only while it is shown."""

from __future__ import annotations

from textual.timer import Timer
from textual.widget import Widget

STEPS = ("·  ", "·· ", "···", " ··", "  ·", "   ")
SECONDS = 0.25


class Spinner(Widget):
    """Three dots that walk. `run(True)` shows it, `run(False)` hides it."""

    DEFAULT_CSS = "Spinner { height: 1; width: 4; color: $primary; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._step = 0
        self._timer: Timer | None = None
        self.display = False

    def run(self, on: bool) -> None:
        """Show and walk, or hide and stop."""
        self.display = on
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_interval(SECONDS, self._walk) if on else None

    def _walk(self) -> None:
        self._step = (self._step + 1) % len(STEPS)
        self.refresh()

    def render(self) -> str:
        """The dots."""
        return STEPS[self._step]
