"""200 uploads at once, 20 of them a byte a second: the receiver's memory beside its idle self, and the others' pace.

The senders are plain HTTP over TLS in one process beside the receiver (`benchmarks.load`); volumes of 1 MiB, each
verified, made durable and answered with its receipt. Memory is what the receiver and its children have resident. The
pace of the 180 honest senders is compared, in turns, with the same 180 without the slow ones.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import site, world
from benchmarks.load import Counted, run
from benchmarks.measure import median, say
from benchmarks.site import Site, resident_mebibytes
from benchmarks.table import Row, bounded
from benchmarks.volumes import Content

HONEST, SLOW = 180, 20
MEMORY_GOAL = 150.0
PACE_GOAL = 0.7


def rows(*, quick: bool = False, full: bool = False) -> list[Row]:
    """Memory, and pace."""
    del full
    each, turns = (1, 1) if quick else (1, 3)
    say(f"{HONEST} senders with {each} MiB each, with and without {SLOW} slow ones: {turns} times")
    with world.temporary("flood") as folder:
        crowd = Crowd(folder, each, turns)
        with site.serving(crowd.site) as pid:
            idle = resident_mebibytes(pid)
            crowd.all_turns(pid)
    pace = median(crowd.beside) / median(crowd.alone)
    beside = f"{median(crowd.alone):.1f} MiB/s (without them)"
    lost = f"; {crowd.failed} uploads failed" if crowd.failed else ""
    return [
        bounded(
            f"receiver's memory, {HONEST + SLOW} uploads at once, {SLOW} of them slow",
            crowd.peak - idle,
            MEMORY_GOAL,
            "MiB",
            other=f"{idle:.1f} MiB (idle)",
            note=f"at most {crowd.peak:.1f} MiB in all{lost}",
        ),
        Row(
            f"pace of {HONEST} uploads beside {SLOW} slow ones",
            f"{median(crowd.beside):.1f} MiB/s",
            beside,
            f"{pace:.2f}",
            f"≥ {PACE_GOAL:g}",
            pace >= PACE_GOAL and not crowd.failed,
            f"senders and receiver share this machine's processors{lost}",
        ),
    ]


class Crowd:
    """The senders, turn after turn, and what was seen."""

    def __init__(self, folder: Path, each: int, turns: int) -> None:
        self._each, self._turns = each, turns
        per_turn = 2 * HONEST * each + SLOW
        self.site: Site = site.founded(folder, per_turn * turns)
        self._content = Content.random(16)
        self._used = 0
        self.alone: list[float] = []
        self.beside: list[float] = []
        self.peak = 0.0
        self.failed = 0

    def all_turns(self, pid: int) -> None:
        """With and without the slow ones, the order changed each time round."""
        for turn in range(self._turns):
            for slow in ((SLOW, 0), (0, SLOW))[turn % 2]:
                with self._watched(pid):
                    found = self._once(slow)
                (self.beside if slow else self.alone).append(found.arrived / found.seconds / (1 << 20))
                self.failed += found.failed

    def _once(self, slow: int) -> Counted:
        needed = HONEST * self._each + slow
        tokens = self.site.tokens[self._used : self._used + needed]
        self._used += needed
        return asyncio.run(run(self.site, self._content, tokens, HONEST, self._each, slow))

    @contextmanager
    def _watched(self, pid: int) -> Iterator[None]:
        """Meanwhile the receiver's memory is looked at ten times a second."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.1):
                self.peak = max(self.peak, resident_mebibytes(pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
