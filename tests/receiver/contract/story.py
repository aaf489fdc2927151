"""One receiver's life in one process, which a test ends at any checkpoint: what it has acknowledged is written down.

Run as a program (for back ends that do not survive a fork): FOLDER STORE INDEX LOG CHECKPOINT.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from collector import files
from sync.receiver.checking import claim_of
from sync.receiver.ports import Index, Store, Upload
from sync.volume import read_header
from tests.receiver.contract.backends import Place
from tests.receiver.contract.given import NOW, OFFICE, R1, accepted, token
from tests.receiver.volumes import make_volume

QUOTA = 16 << 20
VOLUMES = {name: make_volume(number) for number, name in enumerate(("a", "b"), 1)}
CLAIMS = {name: claim_of(read_header(data[:8192])) for name, data in VOLUMES.items()}
TOKENS = {"a": 1, "b": 2}
RETN = b"r" * 16
Note = Callable[[str], None]


def noting(path: Path) -> Note:
    """Appends a line to a file; what a process wrote survives its SIGKILL."""

    def note(line: str) -> None:
        with path.open("a") as log:
            log.write(line + "\n")

    return note


async def live(place: Place, note: Note) -> None:
    """Two volumes, one of them with a bad part that is cut off; receipts; the first one acknowledged and dropped."""
    async with place.opened() as (index, store):
        await accepted(index, quota=QUOTA)
        note("accepted")
        for name in VOLUMES:
            await send(index, store, name, note)
        await index.put_return(RETN, b"receipts", OFFICE.root, NOW)
        note("returned")
        note("letting a go")
        await index.acknowledge(CLAIMS["a"].place, OFFICE.root, NOW)
        await store.remove(CLAIMS["a"].place)
        await index.drop(CLAIMS["a"].place)


async def send(index: Index, store: Store, name: str, note: Note = lambda line: None) -> Upload:
    """Sends a volume from where it stands to its end, as a receiver does."""
    data = VOLUMES[name]
    upload = await index.create(name, token(TOKENS[name]), len(data), CLAIMS[name], NOW)
    note(f"{name} {upload.offset}")
    if upload.complete:
        return upload
    async with index.writing(upload.id) as lease:
        for end in (8192, 500_000, len(data)):
            at = lease.upload.offset
            if at >= end:
                continue
            bad = name == "b" and end == 500_000
            async with store.writer(lease.upload) as writer:
                await writer.write(b"!" * (end - at) if bad else data[at:end])
                if bad:
                    await index.advance(lease, await writer.flush(), NOW)
                    await index.advance(lease, at, NOW)
                    await writer.cut(at)
                    await writer.write(data[at:end])
                await index.advance(lease, await writer.flush(), NOW)
            if not bad:
                note(f"{name} {lease.upload.offset}")
        await store.publish(lease.upload)
        done = await index.complete(lease, R1, NOW)
        note(f"{name} complete")
    await store.discard(done.id)
    return done


async def again(place: Place) -> None:
    """What a device does after a crash: it sends on. The bad part may have stayed, so that one is cut off first."""
    async with place.opened() as (index, store):
        await accepted(index, quota=QUOTA)
        for row in await index.droppable(NOW + 1):
            await store.remove(CLAIMS["a"].place)
            await index.drop(CLAIMS["a"].place)
            assert row.bid == CLAIMS["a"].place.bid
        for name, data in VOLUMES.items():
            upload = await index.create(name, token(TOKENS[name]), len(data), CLAIMS[name], NOW)
            if name == "b" and not upload.complete and upload.offset == 500_000:
                async with index.writing(upload.id) as lease:
                    if await store.read(lease.upload, 499_999, 1) == b"!":
                        async with store.writer(lease.upload) as writer:
                            await index.advance(lease, 8192, NOW)
                            await writer.cut(8192)
            await send(index, store, name)


def main() -> None:
    """As a process of its own."""
    folder, store, index, log, number = sys.argv[1:]
    left = int(number)

    def act(_name: str) -> None:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    files.checkpoint = act  # type: ignore[assignment]  # replaced on purpose
    place = Place(Path(folder), store or None, index or None)
    asyncio.run(live(place, noting(Path(log))))


if __name__ == "__main__":
    main()
