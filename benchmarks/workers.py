"""Two workers of a receiver over an object store and PostgreSQL beside one: pace, and that nothing is lost.

The store is a one-node Ceph and the index a PostgreSQL of their own, both on this machine and started for this run
(`tests.receiver.cloud_kit`); clients, workers, Ceph and PostgreSQL share its processors. Eight senders bring volumes of
16 MiB. Afterwards the office's list must name every volume, and `svidok receiver fsck --deep` reads
each from the store and verifies it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import site, volumes, world
from benchmarks.measure import median, say, seconds
from benchmarks.table import Row, missing
from benchmarks.volumes import Content
from schemas.records.network import VolumePage
from schemas.structure import decode
from sync import network
from sync.link import Link
from sync.upload import Upload, Volume
from tests.conftest import REPO
from tests.receiver import cloud_kit

SENDERS = 8
_WORK = "two workers over S3 and PostgreSQL"


def rows(*, quick: bool = False, full: bool = False) -> list[Row]:
    """Pace of two beside one, in turns."""
    del full
    if what := lacking():
        return [missing(_WORK, "none lost", what)]
    count, turns = (8, 1) if quick else (16, 2)
    say(f"{count} volumes of 16 MiB to one worker and to two, over S3 and PostgreSQL: {turns} times")
    paces: dict[int, list[float]] = {1: [], 2: []}
    kept = 0
    with world.temporary("workers") as folder, cloud_kit.started() as cloud:
        content = Content.random(256)
        for turn in range(turns):
            for workers in (1, 2) if turn % 2 == 0 else (2, 1):
                place = folder / f"{turn}-{workers}"
                place.mkdir()
                pace, found = _one(place, content, count, workers, cloud.urls())
                paces[workers].append(pace)
                kept += found
                shutil.rmtree(place)
    lost = 2 * turns * count - kept
    one, two = median(paces[1]), median(paces[2])
    note = f"{kept} of {2 * turns * count} volumes acknowledged, listed and verified in the store"
    beside = f"{one:.0f} MiB/s (one worker)"
    return [Row(_WORK, f"{two:.0f} MiB/s", beside, f"{two / one:.2f}", "none lost", lost == 0, note)]


def lacking() -> str:
    """What this machine does not have for it, as a sentence; empty when it has everything."""
    programs = [name for name in ("ceph-mon", "ceph-osd", "radosgw", "psql") if shutil.which(name) is None]
    if programs:
        return f"{', '.join(programs)} not on this machine (tools/system-packages brings them on Debian as root)"
    if not Path(os.environ.get("SVIDOK_SHARED", REPO.parent / "shared"), "tools", "ceph-s3.sh").exists():
        return "the tool that starts a Ceph is not beside the project (tools/ceph-s3.sh in SVIDOK_SHARED)"
    return ""


def _one(folder: Path, content: Content, count: int, workers: int, urls: tuple[str, str]) -> tuple[float, int]:
    """MiB/s of so many volumes to so many workers, and how many of them are there afterwards."""
    backend = ("--store", urls[0], "--index", urls[1])
    mine = site.founded(folder, count, backend=backend)
    made = [volumes.write(folder / f"volume-{place}", content) for place in range(count)]

    def bring(volume: Volume, token: bytes) -> None:
        with Link(mine.card) as link:
            Upload(link, volume, token, mine.card.r1_key).run()

    def everything() -> None:
        with ThreadPoolExecutor(SENDERS) as senders:
            list(senders.map(bring, made, mine.tokens))

    with site.serving(mine, "--workers", str(workers), *backend):
        took = seconds(everything)
        listed = _listed(mine)
    command = [*site.SVIDOK, "receiver", "fsck", "--deep", "--json", "--home", str(mine.home), *backend]
    checked = subprocess.run(command, capture_output=True, text=True)
    sound = checked.returncode == 0 and bool(json.loads(checked.stdout))
    there = {(volume.bid, volume.stripe, volume.index) for volume in made} & listed
    return sum(volume.length for volume in made) / took / (1 << 20), len(there) if sound else 0


def _listed(mine: site.Site) -> set[tuple[bytes, int, int]]:
    """Places of the volumes that the receiver lists for the office."""
    with Link(mine.card) as link:
        headers = {"Authorization": network.bearer(mine.bearer)}
        answer = link.request("GET", f"{network.BUNDLES}?after=0", headers=headers).expect(200)
    return {(item.bid, item.s, item.i) for item in decode(VolumePage, answer.body).volumes}
