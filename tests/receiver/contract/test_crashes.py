"""A receiver that is killed between any two steps: nothing acknowledged is lost, and nothing is stored twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from sync.receiver.fsck import fsck
from tests.conftest import REPO
from tests.helpers.faults import killed_at
from tests.receiver.contract.backends import Place
from tests.receiver.contract.given import NOW, OFFICE, R1, volume_bytes
from tests.receiver.contract.story import CLAIMS, RETN, VOLUMES, again, live, noting


def killed(place: Place, number: int, log: Path) -> bool:
    """Lives in another process that is killed at one checkpoint; False when it got through."""
    if place.forks:
        return killed_at(number, lambda: asyncio.run(live(place, noting(log))))
    words = [str(place.folder), place.store_url or "", place.index_url or "", str(log), str(number)]
    command = [sys.executable, "-m", "tests.receiver.contract.story", *words]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode != 0


async def holds(place: Place, lines: list[str]) -> None:
    """Everything that was acknowledged is so."""
    async with place.opened() as (index, store):
        if "accepted" in lines:
            assert len(await index.offices()) == 1
        if "returned" in lines:
            assert await index.get_return(RETN) == b"receipts"
        for name, data in VOLUMES.items():
            said = [line.split()[1] for line in lines if line.split()[0] == name]
            if not said or (name == "a" and "letting a go" in lines):
                continue
            found = await index.find(name)
            assert found is not None
            if said[-1] == "complete":
                assert found.complete
                assert await volume_bytes(store, CLAIMS[name].place) == data
                continue
            offset = int(said[-1])
            assert found.offset >= offset
            if not found.complete:
                assert await store.read(found, 0, offset) == data[:offset]


async def mended(place: Place) -> None:
    """A repair leaves nothing to find."""
    async with place.opened() as (index, store):
        first = await fsck(index, store, NOW, repair=lambda claim: R1)
        assert first.sound
        assert {finding.kind for finding in first.findings} <= {"volume-unrecorded", "volume-missing", "upload-stray"}
        assert (await fsck(index, store, NOW, deep=True)).findings == ()


async def finished_whole(place: Place) -> None:
    """Every volume is there once, byte for byte, and nothing else."""
    async with place.opened() as (index, store):
        rows = await index.volumes(OFFICE.root, 0, 10)
        assert sorted(row.bid for row in rows) == sorted(claim.place.bid for claim in CLAIMS.values())
        for name, claim in CLAIMS.items():
            assert await volume_bytes(store, claim.place) == VOLUMES[name]
        assert await index.unfinished() == []
        ids, places = await store.left_over()
        for name in ids:  # bytes of what is complete already are left for a sweep
            found = await index.find(name)
            assert found is not None
            assert found.complete
            await store.discard(name)
        assert len(places) == 2
        assert (await fsck(index, store, NOW, deep=True)).findings == ()


def test_a_receiver_killed_at_every_step_loses_nothing_it_acknowledged(place: Place, tmp_path: Path) -> None:
    number, through = 0, False
    while not through:
        home = place.another(place.folder / str(number))
        log = tmp_path / f"{number}.log"
        log.touch()
        through = not killed(home, number, log)
        asyncio.run(holds(home, log.read_text().splitlines()))
        if number % 2:
            asyncio.run(mended(home))
        asyncio.run(again(home))
        asyncio.run(finished_whole(home))
        # Where a process has to be started each time, and its lease to end, some of the steps must do.
        number += 1 if place.forks else 13
    if place.forks:
        assert number > 30
