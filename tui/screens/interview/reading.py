"""A key pressed twice answers once.

The rule: what has only just come onto the screen is answered by no key: it was meant for what stood there before.
"""

from __future__ import annotations

import time

READING_SECONDS = 0.4
"""Nobody reads a question and answers it sooner."""


class Repeats:
    """A key that is pressed twice at once, or held down, is one press: it does nothing where it has only just led."""

    def __init__(self) -> None:
        self._since = 0.0
        self._place: object = None

    def led(self, place: object) -> None:
        """A key has led here now."""
        self._since, self._place = time.monotonic(), place

    def at(self, place: object) -> bool:
        """Whether a key that is pressed here was meant for the place before."""
        now = time.monotonic()
        if place is None or place != self._place or now - self._since >= READING_SECONDS / 2:
            return False
        self._since = now
        return True


class Reading:
    """Since when something can be read."""

    def __init__(self) -> None:
        self._since: float | None = None

    def begin(self) -> None:
        """It is drawn now."""
        self._since = time.monotonic()

    @property
    def unread(self) -> bool:
        """Whether nobody can have read it yet."""
        return self._since is not None and time.monotonic() - self._since < READING_SECONDS
