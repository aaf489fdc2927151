"""How long F12 twice takes: twenty drafts of the shipped form sealed, the ring turned, the vault closed.

The drafts are invented interviews like those of the demonstration, without files. The home is opened anew each time,
as after a lock, so no draft is in memory yet: the worst case. Beside it stand the same drafts sealed one by one.
"""

from __future__ import annotations

import shutil
import time
from itertools import islice
from pathlib import Path

from benchmarks import world
from benchmarks.measure import median, say, seconds
from benchmarks.table import Row, bounded
from collector import filling
from collector.field import Field
from collector.panic import seal_and_lock
from tui.demo_interviews import BASE_COUNT, interviews

DRAFTS = 20
GOAL = 2.0


def rows(*, quick: bool = False, full: bool = False) -> list[Row]:
    """Twenty drafts."""
    del full
    turns = 1 if quick else 5
    with world.temporary("panic") as folder:
        home = world.found(folder)[0]
        world.apart(drafts, home, DRAFTS)
        say(f"panic seal of {DRAFTS} drafts: {turns} times")
        together = [world.apart(panicked, home, folder / f"panic-{turn}") for turn in range(turns)]
        alone = world.apart(one_by_one, home, folder / "alone")
    whole, busy = median([wall for wall, _ in together]), median([cpu for _, cpu in together])
    note = (
        f"of it {busy:.2f} s of one processor; the slowest of {turns} took {max(together)[0]:.2f} s;"
        f" one after another they take {alone:.1f} s"
    )
    return [bounded(f"F12 twice: {DRAFTS} drafts sealed and the vault locked", whole, GOAL, "s", note=note)]


def drafts(home: Path, count: int) -> None:
    """Fill in that many interviews and leave them open."""
    with Field.open(home, world.PASSPHRASE) as field:
        for told in islice(interviews(BASE_COUNT + count), BASE_COUNT, None):
            filling.begin_filled(field, told.answers, folder=home)


def panicked(template: Path, home: Path) -> tuple[float, float]:
    """Seconds of a panic in a copy of the home, and how many of them this process worked."""
    shutil.copytree(template, home)
    field = Field.open(home, world.PASSPHRASE)
    worked = time.process_time()
    whole = seconds(lambda: _all(field))
    return whole, time.process_time() - worked


def _all(field: Field) -> None:
    done = seal_and_lock(field)
    if len(done.sealed) != DRAFTS:
        raise RuntimeError(str(done.left))


def one_by_one(template: Path, home: Path) -> float:
    """Seconds of the ordinary sealing of each draft, in a copy of the home."""
    shutil.copytree(template, home)
    with Field.open(home, world.PASSPHRASE) as field:
        codes = [row.code for row in field.interviews()]
        return seconds(lambda: [field.seal(code, "broken off") for code in codes])
