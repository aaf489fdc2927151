"""What is sent again when the line breaks 200 times at random bytes of 64 MiB (four volumes of 16 MiB).

The client of the field goes on after each cut, to a real `svidok receiver serve`, through a proxy that breaks the
connection for both sides and counts what comes from the client. Nothing is subtracted from what it counted but the
volumes themselves: bytes that were lost and sent again, TLS handshakes, the heads of all requests, TLS records.
"""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

from benchmarks import site, volumes, world
from benchmarks.cutting import Cutter, cutting
from benchmarks.measure import say
from benchmarks.table import Row
from benchmarks.volumes import Content
from schemas.problems import Problem
from sync.link import Link
from sync.upload import Line, Upload

GOAL = 0.02
_GOES_ON = frozenset(("E_NET_CUT", "E_NET_SLOW", "E_NET_UNREACHABLE", "E_UPLOAD_BUSY"))


def rows(*, quick: bool = False, full: bool = False) -> list[Row]:
    """One row: what crossed the line beyond the volumes."""
    del full
    cells, count, cuts = (16, 4, 12) if quick else (256, 4, 200)
    size = cells * count // 16
    say(f"{size} MiB through a line that breaks {cuts} times")
    with world.temporary("cuts") as folder:
        cutter, volume_bytes = measured(folder, cells, count, cuts)
    more = cutter.sent - volume_bytes
    note = (
        f"{cutter.cuts} cuts, {cutter.connections} connections; in it are bytes sent again, all TLS handshakes, the"
        " heads of all requests and 22 bytes for each TLS record (of 4 KiB after a cut)."
        f" {cutter.answered / 1024:.0f} KiB came back."
    )
    ours = f"{more / 1024:.0f} KiB more"
    other = f"{volume_bytes / 1024:.0f} KiB (the volumes)"
    share = more / volume_bytes
    work = f"sent again or beside, {size} MiB cut {cutter.cuts} times"
    if cutter.cuts < cuts:
        return [Row(work, ours, other, f"{share:.2%}", f"≤ {GOAL:.0%}", None, f"only {note}")]
    return [Row(work, ours, other, f"{share:.2%}", f"≤ {GOAL:.0%}", share <= GOAL, note)]


def measured(folder: Path, cells: int, count: int, cuts: int) -> tuple[Cutter, int]:
    """The proxy with its counts, the bytes of the volumes."""
    content = Content.random(cells)
    made = [volumes.write(folder / f"volume-{place}", content) for place in range(count)]
    total = sum(volume.length for volume in made)
    where = random.Random(20_261_122).sample(range(1, total), cuts)
    mine = site.founded(folder, count)
    host, _, port = mine.listen.rpartition(":")
    with site.serving(mine), cutting((host, int(port)), where) as cutter:
        card = dataclasses.replace(mine.card, url=f"https://127.0.0.1:{cutter.port}")
        line = Line()
        for volume, token in zip(made, mine.tokens, strict=True):
            with Link(card) as link:
                brought(Upload(link, volume, token, mine.card.r1_key, line=line))
    return cutter, total


def brought(upload: Upload) -> None:
    """To its receipt, however often the line breaks. Other problems are raised."""
    while True:
        try:
            upload.run()
            return
        except Problem as problem:
            if problem.code not in _GOES_ON:
                raise
