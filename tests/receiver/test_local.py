"""What is peculiar to one host: the disk is full or fails, files are private, several programs look at once."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import sqlite3
import stat
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.problems import Problem
from sync.receiver.boxes import BoxRoom
from sync.receiver.local import open_local
from sync.receiver.ports import Index, Store
from tests.helpers.expect import refused
from tests.helpers.faults import SMALL_DISKS, at_checkpoints, failing, in_child, outcome, small_disk, with_file_limit
from tests.receiver.contract.given import LENGTH, NOW, OFFICE, R1, accepted, append, claim, content, token, volume_bytes

MIB = 1 << 20


def within(folder: Path, work: Callable[[Index, Store], Awaitable[Any]]) -> Any:
    """Runs with index and store of a folder open."""

    async def run() -> Any:
        index, store = await open_local(folder)
        try:
            return await work(index, store)
        finally:
            await index.close()
            await store.close()

    return asyncio.run(run())


async def begun(index: Index, length: int = LENGTH) -> None:
    await accepted(index, quota=64 * MIB)
    await index.create("a", token(1), length, claim(), NOW)


async def sent(index: Index, store: Store) -> None:
    """From where it stands to its end."""
    async with index.writing("a") as lease:
        upload = lease.upload
        await append(index, store, lease, content(upload.length)[upload.offset :])
        await store.publish(lease.upload)
        await index.complete(lease, R1, NOW)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB."""
    if not SMALL_DISKS:
        pytest.skip("this user may not mount a small disk; test_no_file_may_grow_further covers the same")
    with small_disk(tmp_path / "small", 4) as folder:
        yield folder


def test_attack_25_a_full_disk_keeps_what_was_acknowledged(small: Path) -> None:
    length = 8 * MIB
    data = content(length)

    async def fill(index: Index, store: Store) -> None:
        await begun(index, length)
        async with index.writing("a") as lease:
            await append(index, store, lease, data[:MIB])
            with refused("E_RECEIVER_FULL"):
                await append(index, store, lease, data[MIB:])
            assert lease.upload.offset == MIB
        # What did not count gave its room back, and others may use it.
        assert (small / "uploads" / "a").stat().st_size == MIB
        found = await index.find("a")
        assert found is not None
        assert await store.read(found, 0, length) == data[:MIB]
        await index.create("b", token(2), LENGTH, claim(2), NOW)
        async with index.writing("b") as lease:
            await append(index, store, lease, content())

    within(small, fill)


def test_attack_25_a_full_disk_still_takes_receipts_and_acknowledgements(small: Path) -> None:
    async def fill(index: Index, store: Store) -> None:
        await begun(index, MIB)
        await sent(index, store)
        await index.create("b", token(2), 8 * MIB, claim(2), NOW)
        async with index.writing("b") as lease:
            with refused("E_RECEIVER_FULL"):
                for at in range(0, 8 * MIB, 65_536):
                    await append(index, store, lease, content(8 * MIB)[at : at + 65_536])
        assert lease.upload.offset > MIB
        office = (await index.offices())[0].root
        for number in range(8):
            await index.put_return(bytes([number]) * 16, content(8192), office, NOW)
        assert await index.acknowledge(claim().place, office, NOW)
        assert len(await index.droppable(NOW + 1)) == 1

    within(small, fill)


def test_attack_25_a_full_disk_makes_no_half_upload(small: Path) -> None:
    async def fill(index: Index, store: Store) -> None:
        await begun(index)
        free = await store.free()
        (small / "ballast").write_bytes(b"x" * ((free or 0) - 4096))
        codes = set()
        for number in range(400):
            try:
                await index.create(f"u{number}", token(2), 10, claim(2, stripe=number % 256, index=number // 256), NOW)
            except Problem as problem:
                codes.add(problem.code)
        assert codes == {"E_RECEIVER_FULL"}
        (small / "ballast").unlink()
        await sent(index, store)
        assert await volume_bytes(store, claim().place) == content()

    within(small, fill)
    assert within(small, lambda index, _: index.counts()).volumes == 1


def test_attack_25_no_file_may_grow_further(tmp_path: Path) -> None:
    length = 4 * MIB

    async def grow(index: Index, store: Store) -> None:
        await begun(index, length)
        async with index.writing("a") as lease:
            await append(index, store, lease, content(length)[:MIB])
            with refused("E_RECEIVER_FULL"):
                await append(index, store, lease, content(length)[MIB:])

    assert in_child(with_file_limit(2 * MIB, lambda: within(tmp_path, grow))) == 0

    async def go_on(index: Index, store: Store) -> None:
        found = await index.find("a")
        assert found is not None
        assert found.offset == MIB
        await sent(index, store)
        assert await volume_bytes(store, claim().place) == content(length)

    within(tmp_path, go_on)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_attack_25_a_fault_at_every_write_loses_nothing_acknowledged(tmp_path: Path, number: int) -> None:
    """One call after another fails; after each, the upload goes on from what was acknowledged."""
    expected = "E_RECEIVER_FULL" if number == errno.ENOSPC else "E_RECEIVER_FAULT"
    at, failed = 0, True
    while failed:
        at += 1
        folder = tmp_path / str(at)
        folder.mkdir()
        within(folder, lambda index, _: begun(index))
        with failing(at, number) as faults:
            assert outcome(lambda: within(folder, sent)) in ("done", expected)  # noqa: B023  called at once
        failed = bool(faults.failed)

        async def go_on(index: Index, store: Store) -> None:
            found = await index.find("a")
            assert found is not None
            if not found.complete:
                assert await store.read(found, 0, found.offset) == content()[: found.offset]
                await sent(index, store)
            assert await volume_bytes(store, claim().place) == content()
            assert await store.left_over() == ([], [claim().place])

        within(folder, go_on)
    assert at > 4


def test_bytes_after_a_lost_block_never_count(tmp_path: Path) -> None:
    """A block that could not be written must not be followed by one that could, with a hole between them."""
    length = 16 * MIB

    async def lose(index: Index, store: Store) -> None:
        await begun(index, length)
        async with index.writing("a") as lease, store.writer(lease.upload) as writer:
            with failing(1, errno.EIO), refused("E_RECEIVER_FAULT"):
                await writer.write(content(MIB))
                await writer.flush()
            for _ in range(2):
                with refused("E_RECEIVER_FAULT"):
                    await writer.write(content(2 * MIB))
                    await writer.flush()

    within(tmp_path, lose)
    assert (tmp_path / "uploads" / "a").stat().st_size == 0


def test_fewer_bytes_than_were_acknowledged_are_a_fault(tmp_path: Path) -> None:
    async def lose(index: Index, store: Store) -> None:
        await begun(index)
        async with index.writing("a") as lease:
            await append(index, store, lease, content()[:1000])
            os.truncate(tmp_path / "uploads" / "a", 999)
            with refused("E_RECEIVER_FAULT"):
                await append(index, store, lease, b"x")

    within(tmp_path, lose)


def test_files_are_private(tmp_path: Path) -> None:
    async def work(index: Index, store: Store) -> None:
        await begun(index)
        await sent(index, store)

    within(tmp_path, work)
    for path in tmp_path.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    async def work(index: Index, store: Store) -> None:
        (tmp_path / "volumes" / "ab").mkdir()
        for name in ("uploads/.hidden", "uploads/a.b", "volumes/readme", "volumes/ab/x.vol"):
            (tmp_path / name).write_text("mine")
        assert await store.left_over() == ([], [])

    within(tmp_path, work)


def test_a_link_in_place_of_an_upload_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"x" * LENGTH)
    folder = tmp_path / "receiver"
    folder.mkdir()

    async def work(index: Index, store: Store) -> None:
        await begun(index)
        (folder / "uploads" / "a").symlink_to(secret)
        async with index.writing("a") as lease:
            with refused("E_RECEIVER_FAULT"):
                await append(index, store, lease, content())

    within(folder, work)
    assert secret.read_bytes() == b"x" * LENGTH


def test_an_index_that_is_none_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "index.db").write_bytes(b"this is no database" * 1000)
    with refused("E_RECEIVER_INDEX"):
        within(tmp_path, lambda index, _: index.counts())


def test_an_index_of_a_later_version_is_not_touched(tmp_path: Path) -> None:
    import sqlite3

    within(tmp_path, lambda index, _: index.counts())
    with sqlite3.connect(tmp_path / "index.db") as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    with refused("E_RECEIVER_INDEX"):
        within(tmp_path, lambda index, _: index.counts())


def test_the_operator_may_ask_while_it_serves(tmp_path: Path) -> None:
    async def work(index: Index, store: Store) -> None:
        await begun(index)
        other, other_store = await open_local(tmp_path)
        try:
            assert (await other.counts()).unfinished == 1
            await accepted(other, range(20, 30), issued=NOW + 1, quota=64 * MIB)
        finally:
            await other.close()
            await other_store.close()
        await index.create("b", token(25), LENGTH, claim(2), NOW)

    within(tmp_path, work)


def test_a_volume_that_is_being_read_is_read_to_its_end(tmp_path: Path) -> None:
    async def work(index: Index, store: Store) -> None:
        length = 3 * MIB
        await begun(index, length)
        await sent(index, store)
        pieces = []
        async for piece in store.volume(claim().place, 0, length):
            if not pieces:
                await store.remove(claim().place)
            pieces.append(piece)
        assert b"".join(pieces) == content(length)

    within(tmp_path, work)


def test_whoever_is_cancelled_leaves_nothing_running(tmp_path: Path) -> None:
    """A request ends at any moment; what its threads still did to the file is over before the next one writes."""
    length = 3 * MIB
    data = content(length)

    async def write(index: Index, store: Store) -> None:
        async with index.writing("a") as lease, store.writer(lease.upload) as writer:
            # Wrong bytes, which must never show through.
            await writer.write(b"!" * (length - lease.upload.offset))
            await writer.flush()

    async def work(index: Index, store: Store) -> None:
        await begun(index, length)
        for turns in range(60):
            task = asyncio.create_task(write(index, store))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            async with index.writing("a") as lease:
                start = lease.upload.offset
                await append(index, store, lease, data[start : start + 50_000])
                assert await store.read(lease.upload, start, 50_000) == data[start : start + 50_000]
            await asyncio.gather(task, return_exceptions=True)
        await sent(index, store)
        assert await volume_bytes(store, claim().place) == data

    within(tmp_path, work)


def test_a_cancelled_write_is_over_when_its_block_has_ended(tmp_path: Path) -> None:
    length = 8 * MIB

    async def work(index: Index, store: Store) -> None:
        await begun(index, length)
        entered, go_on = threading.Event(), threading.Event()

        def slow(name: str) -> None:
            if name == "upload: thread":
                entered.set()
                go_on.wait(30)

        async def write() -> None:
            async with index.writing("a") as lease, store.writer(lease.upload) as writer:
                await writer.write(content(MIB))
                await writer.flush()

        with at_checkpoints(slow):
            task = asyncio.create_task(write())
            await asyncio.to_thread(entered.wait, 30)
            for _ in range(3):
                task.cancel()
                await asyncio.sleep(0)
            with refused("E_UPLOAD_BUSY"):
                async with index.writing("a", patience=0.05):
                    pass
            go_on.set()
            await asyncio.gather(task, return_exceptions=True)
        async with index.writing("a", patience=5) as lease:
            assert lease.upload.offset == 0
        assert (tmp_path / "uploads" / "a").stat().st_size == 0

    within(tmp_path, work)


def test_an_index_of_the_first_version_counts_the_boxes_that_it_has(tmp_path: Path) -> None:
    async def fill(index: Index, _store: Store) -> None:
        await accepted(index)
        for number in range(3):
            await index.put_return(bytes([number]) * 16, b"x" * 100, OFFICE.root, NOW)

    async def look(index: Index, _store: Store) -> None:
        room = BoxRoom(boxes=4, size=400)
        with refused("E_RETURN_QUOTA"):
            await index.put_return(b"a" * 16, b"x" * 101, OFFICE.root, NOW, room)
        await index.put_return(b"a" * 16, b"x" * 100, OFFICE.root, NOW, room)
        with refused("E_RETURN_QUOTA"):
            await index.put_return(b"b" * 16, b"", OFFICE.root, NOW, room)

    within(tmp_path, fill)
    with contextlib.closing(sqlite3.connect(tmp_path / "index.db")) as found:
        found.executescript(
            "DROP TRIGGER box_made; DROP TRIGGER box_filled; DROP TRIGGER box_gone; DROP TABLE box_totals;"
            " DROP INDEX returns_by_time; PRAGMA user_version = 1;"
        )
    within(tmp_path, look)
