"""How things are measured here: side by side in one run, in turns, by medians.

A machine that does other work at the same time slows both sides of a pair alike; what is compared is never taken from
another run.
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

Work = Callable[[], object]


def seconds(work: Work) -> float:
    """Wall time of one call."""
    gc.collect()
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def in_turns(
    works: Sequence[Work], repeats: int, *, before: Work = os.sync, after: Work = lambda: None
) -> list[list[float]]:
    """The times of each work, done in turns (A B A B …), the order changed each time round.

    `before` runs before each one and `after` behind it, neither timed; unless told otherwise what earlier work left to
    be written is written first.
    """
    times: list[list[float]] = [[] for _ in works]
    for turn in range(repeats):
        places = list(range(len(works)))
        for place in places if turn % 2 == 0 else reversed(places):
            before()
            times[place].append(seconds(works[place]))
            after()
    return times


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def ratio_of(ours: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios of neighbouring runs."""
    return statistics.median(our / other for our, other in zip(ours, others, strict=True))


def percentile95(values: Sequence[float]) -> float:
    """What 95 of 100 stay below."""
    return statistics.quantiles(values, n=20)[18]


def peak_mebibytes() -> float:
    """The most memory that this process ever had resident.

    Linux hands what the parent had on to `ru_maxrss` of a child, so the figure of the process's own memory is taken
    where the system gives one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def say(text: str) -> None:
    """A line about what is being done, away from the table."""
    print(f"  … {text}", file=sys.stderr, flush=True)
