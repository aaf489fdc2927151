"""How fast and how long: a limit of bandwidth that several connections share, and the times that a link waits.

Rule: whoever waits here can be woken. A limit never holds back a stop.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds: until a connection stands, between two signs of life while it sends or reads, until an answer begins.

    An answer may take long where the receiver has to store a large volume first; that the line is dead meanwhile is
    found out by TCP itself after `idle`.
    """

    connect: float = 45.0
    idle: float = 90.0
    answer: float = 300.0


class Limit:
    """A token bucket: `rate` bytes in a second over all connections that share it. None lets everything through."""

    def __init__(self, rate: int | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rate = rate
        self._free_at = clock()

    @property
    def rate(self) -> int | None:
        """Bytes in a second, or None."""
        return self._rate

    @rate.setter
    def rate(self, rate: int | None) -> None:
        with self._lock:
            self._rate = rate
            self._free_at = self._clock()

    def take(self, count: int, stopped: threading.Event) -> bool:
        """Waits until `count` bytes may go; False as soon as `stopped` is set."""
        return not stopped.wait(self._wait(count)) if self._rate else not stopped.is_set()

    def _wait(self, count: int) -> float:
        """Books the bytes and says how long to wait. A pause earns at most a quarter of a second's worth."""
        with self._lock:
            if not self._rate:
                return 0.0
            now = self._clock()
            begin = max(self._free_at, now - 0.25)
            self._free_at = begin + count / self._rate
            return max(0.0, begin - now)
