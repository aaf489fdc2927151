"""Pausing and stopping a long work between two of its steps.

Rule: a pause holds the work where it is; a stop ends it, and whoever does the work leaves nothing half-done behind.
"""

from __future__ import annotations

import threading


class Halted(Exception):
    """Somebody stopped the work."""


class Halt:
    """Whether a work may go on. Those who press the keys call `pause`, `resume`, `stop`; the work calls `wait`."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()
        self.stopped = False

    @property
    def paused(self) -> bool:
        """Whether it waits for `resume`."""
        return not self._open.is_set() and not self.stopped

    def pause(self) -> None:
        """Nothing goes on until `resume`."""
        self._open.clear()

    def resume(self) -> None:
        """Go on."""
        self._open.set()

    def stop(self) -> None:
        """End at the next step; a pause ends with it."""
        self.stopped = True
        self._open.set()

    def wait(self) -> None:
        """Returns when the work may go on. Raises Halted when it was stopped."""
        self._open.wait()
        if self.stopped:
            raise Halted
