"""Several workers on one listening socket: started, watched, started again, stopped together.

Rule: a worker that dies is replaced, one that dies at once again and again is not; a stop reaches all of them and waits
for what they still have to make durable.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from time import monotonic
from types import FrameType
from typing import Any, Final

from schemas.problems import Problem

LOG: Final = logging.getLogger("svidok.receiver")
YOUNG: Final = 10.0
"""A worker that ends sooner than these seconds counts as one that cannot start."""
TRIES: Final = 5


def supervise(work: Callable[..., None], args: tuple[Any, ...], workers: int, patience: float) -> None:
    """Runs `work(*args)` in that many processes until SIGTERM or SIGINT. Raises E_RECEIVER_FAULT when they die at once,
    again and again.
    """
    context = multiprocessing.get_context("spawn")
    stop = threading.Event()
    failures = 0

    def begin() -> tuple[SpawnProcess, float]:
        process = context.Process(target=work, args=args, daemon=False)
        process.start()
        return process, monotonic()

    with _signals(stop):
        running = [begin() for _ in range(workers)]
        try:
            while not stop.is_set():
                wait([process.sentinel for process, _ in running], timeout=0.5)
                for place, (process, born) in enumerate(running):
                    if process.is_alive() or stop.is_set():
                        continue
                    failures = failures + 1 if monotonic() - born < YOUNG else 0
                    LOG.error("E_RECEIVER_FAULT worker %s", process.pid)
                    if failures >= TRIES:
                        raise Problem("E_RECEIVER_FAULT", where="workers")
                    running[place] = begin()
        finally:
            _end([process for process, _ in running], patience)


def _end(processes: list[SpawnProcess], patience: float) -> None:
    """Asks all to stop, waits for them together, and ends those that do not."""
    for process in processes:
        if process.is_alive():
            process.terminate()
    until = monotonic() + patience + 5
    for process in processes:
        process.join(max(0.1, until - monotonic()))
        if process.is_alive():
            process.kill()
            process.join()


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set `stop`."""

    def asked(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, asked) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
