"""A key pressed twice answers once.

The rule: what has only just come onto the screen is answered by no key: it was meant for what stood there before.
"""

from __future__ import annotations

import time
from collections.abc import Callable

READING_SECONDS = 0.4
"""Nobody reads a question and answers it sooner."""


FIRST_REPEAT_SECONDS = 0.75
"""A key that is held down is repeated after this time at the latest (0.25 s to 0.66 s on the systems in use)."""
NEXT_REPEAT_SECONDS = 0.2
"""From then on it comes at least this often."""


class Repeats:
    """A key that is pressed twice at once, or held down, is one press: it does nothing where it has only just led."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._led_at = self._came_at = 0.0
        self._place: object = None

    def led(self, place: object) -> None:
        """A key has led here now."""
        self._led_at = self._came_at = self._clock()
        self._place = place

    def at(self, place: object) -> bool:
        """Whether a key that is pressed here was meant for the place before."""
        now = self._clock()
        held = now - self._led_at < FIRST_REPEAT_SECONDS or now - self._came_at < NEXT_REPEAT_SECONDS
        if place is None or place != self._place or not held:
            return False
        self._came_at = now
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
