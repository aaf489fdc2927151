"""One volume of 256 MiB over loopback TLS 1.3, durable, beside `curl -T` of the same file to nginx.

Ours is the client of the field (`sync.upload`, `sync.link`) to a real `svidok receiver serve`: the receiver verifies
signature, leaf list and every cell, makes each offset durable that it tells, and answers with its signed receipt.
Beside it nginx takes the same file by WebDAV, and the file that it stored is synced after.
"""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks import site, volumes, webdav, world
from benchmarks.machine import sha256_rate
from benchmarks.measure import in_turns, median, ratio_of, say
from benchmarks.table import Row, missing
from benchmarks.volumes import Content
from sync.link import Link
from sync.receiver import lanes
from sync.upload import Upload

GOAL = 1.5


def rows(*, quick: bool = False, full: bool = False) -> list[Row]:
    """The upload, in turns with curl and nginx; and once more where cells are hashed one by one."""
    del full
    cells, repeats = (256, 2) if quick else (4096, 5)
    work = f"upload of {cells // 16} MiB over TLS, durable"
    if what := webdav.lacking():
        return [missing(work, f"≤ {GOAL:g}", what)]
    say(f"{work}, beside curl and nginx: {repeats} times each")
    with world.temporary("upload") as folder:
        mine, curl, used, nginx = measured(folder, cells, repeats)
        found = [_row(work, cells, mine, curl, used, nginx, GOAL)]
    if lanes.found() is None:
        return found
    with world.temporary("upload") as folder:
        (folder / "without").mkdir()
        (folder / "without" / lanes.LIBRARY).touch()
        plain = measured(folder, cells, repeats, LD_LIBRARY_PATH=str(folder / "without"))
    return [*found, _row(f"{work}, without libipsec-mb", cells, *plain, None)]


def _row(
    work: str, cells: int, mine: list[float], curl: list[float], used: float, nginx: float, goal: float | None
) -> Row:
    size = cells / 16
    by = "libipsec-mb" if goal is not None and lanes.found() else "hashlib"
    note = (
        f"{size / median(mine):.0f} MiB/s beside {size / median(curl):.0f} MiB/s; processor time of the receiver"
        f" {used:.2f} s, of nginx {nginx:.2f} s. The receiver hashes every cell (here by {by}; by hashlib that alone"
        f" takes {size / sha256_rate():.2f} s of a thread), and writes nothing that was not proven"
    )
    ratio = ratio_of(mine, curl)
    beside = f"{median(curl):.2f} s (curl -T to nginx, fsync)"
    reached = None if goal is None else ratio <= goal
    wanted = "–" if goal is None else f"≤ {goal:g}"
    return Row(work, f"{median(mine):.2f} s", beside, f"{ratio:.2f}", wanted, reached, note)


def measured(
    folder: Path, cells: int, repeats: int, **environment: str
) -> tuple[list[float], list[float], float, float]:
    """Seconds of each upload, ours and theirs; processor time of one upload at each server."""
    content, path = Content.random(cells), folder / "volume"
    mine = site.founded(folder, repeats)
    tokens = iter(mine.tokens)
    # Each turn another volume in the same file: a receiver would not take the same one again.
    volume = volumes.write(path, content)
    with (
        site.serving(mine, environment=environment) as receiver,
        webdav.serving(folder / "nginx") as (address, files, nginx),
        Link(mine.card) as link,
    ):

        def ours() -> None:
            Upload(link, volume, next(tokens), mine.card.r1_key).run()

        def theirs() -> None:
            webdav.put(address, path, folder / "nginx" / "site.pem")
            fd = os.open(files / path.name, os.O_RDONLY)
            os.fsync(fd)
            os.close(fd)

        def before() -> None:
            nonlocal volume
            volume = volumes.write(path, content)
            (files / path.name).unlink(missing_ok=True)
            os.sync()

        begun = [site.cpu_seconds(pid) for pid in (receiver, nginx)]
        one, other = in_turns([ours, theirs], repeats, before=before)
        used = [(site.cpu_seconds(pid) - was) / repeats for pid, was in zip((receiver, nginx), begun, strict=True)]
    return one, other, used[0], used[1]
