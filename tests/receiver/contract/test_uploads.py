"""Bytes on their way in: what is durable, what is cut off, who may write."""

from __future__ import annotations

import asyncio

from sync.receiver.ports import KEEP, Lease
from tests.helpers.expect import refused
from tests.receiver.contract.backends import Place
from tests.receiver.contract.given import (
    LENGTH,
    NOW,
    R1,
    accepted,
    append,
    claim,
    content,
    finished,
    published,
    token,
    volume_bytes,
)

MIB = 1 << 20


async def test_what_was_flushed_is_there_in_the_next_process(place: Place) -> None:
    data = content()
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        async with index.writing("a") as lease:
            assert (await append(index, store, lease, data[:1000])).offset == 1000
            assert lease.upload.offset == 1000
    async with place.opened() as (index, store):
        found = await index.find("a")
        assert found is not None
        assert (found.offset, found.length, found.claim, found.token) == (1000, LENGTH, claim(), token(1))
        assert await store.read(found, 0, 1000) == data[:1000]
        assert await store.read(found, 400, 100) == data[400:500]
        async with index.writing("a") as lease:
            await append(index, store, lease, data[1000:])
            assert await store.read(lease.upload, 0, LENGTH) == data


async def test_bytes_without_a_flush_do_not_count_and_are_cut_off(place: Place) -> None:
    data = content()
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        async with index.writing("a") as lease:
            await append(index, store, lease, data[:500])
            async with store.writer(lease.upload) as writer:
                await writer.write(b"!" * 700)
            async with store.writer(lease.upload) as writer:
                await writer.write(data[500:600])
                assert await writer.flush() == 600
                assert await writer.flush() == 600
                await index.advance(lease, 600, NOW)
            assert await store.read(lease.upload, 0, 600) == data[:600]


async def test_bytes_that_were_flushed_and_never_acknowledged_are_written_anew(place: Place) -> None:
    data = content()
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        async with index.writing("a") as lease, store.writer(lease.upload) as writer:
            await writer.write(b"!" * 900)
            await writer.flush()
        async with index.writing("a") as lease:
            assert lease.upload.offset == 0
            await append(index, store, lease, data)
            await store.publish(lease.upload)
            assert await volume_bytes(store, claim().place) == data


async def test_pieces_of_any_size_add_up(place: Place) -> None:
    length = 3 * MIB + 17
    data = content(length)
    async with place.opened() as (index, store):
        await accepted(index, quota=8 * MIB)
        await index.create("a", token(1), length, claim(), NOW)
        async with index.writing("a") as lease:
            async with store.writer(lease.upload) as writer:
                at = 0
                for number, size in enumerate([1, 65_536, 3, 1_000_000, 0, 2 * MIB, 1 << 40]):
                    piece = data[at : at + size]
                    await writer.write([piece, bytearray(piece), memoryview(piece)][number % 3])
                    at += len(piece)
                    if number % 2:
                        assert await writer.flush() == at
                await index.advance(lease, await writer.flush(), NOW)
            await store.publish(lease.upload)
        assert await volume_bytes(store, claim().place) == data
        assert await volume_bytes(store, claim().place, MIB - 1, MIB + 2) == data[MIB - 1 : 2 * MIB + 1]
        assert await volume_bytes(store, claim().place, length - 1, 100) == data[-1:]
        assert await volume_bytes(store, claim().place, length, 100) == b""


async def test_a_buffer_may_be_used_again_at_once(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        buffer = bytearray(1000)
        async with index.writing("a") as lease, store.writer(lease.upload) as writer:
            for fill in (b"a", b"b", b"c"):
                buffer[:] = fill * 1000
                await writer.write(memoryview(buffer))
            await index.advance(lease, await writer.flush(), NOW)
            assert await store.read(lease.upload, 0, LENGTH) == b"a" * 1000 + b"b" * 1000 + b"c" * 1000


async def test_a_cut_goes_back_and_what_follows_is_written_there(place: Place) -> None:
    data = content()
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        async with index.writing("a") as lease:
            await append(index, store, lease, data[:1000] + b"!" * 500)
            async with store.writer(lease.upload) as writer:
                await writer.write(b"?" * 200)
                assert (await index.advance(lease, 1000, NOW)).offset == 1000
                await writer.cut(1000)
                await writer.write(data[1000:1300])
                await writer.cut(1200)
                await index.advance(lease, 1200, NOW)
                await writer.write(data[1200:])
                assert await writer.flush() == LENGTH
            await index.advance(lease, LENGTH, NOW)
            assert await store.read(lease.upload, 0, LENGTH) == data
    async with place.opened() as (index, store):
        found = await index.find("a")
        assert found is not None
        assert await store.read(found, 0, LENGTH) == data


async def test_a_cut_within_what_was_never_flushed_makes_the_rest_durable(place: Place) -> None:
    data = content()
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        async with index.writing("a") as lease:
            async with store.writer(lease.upload) as writer:
                await writer.write(data[:800])
                await writer.write(b"!" * 800)
                await writer.cut(800)
            await index.advance(lease, 800, NOW)
            await append(index, store, lease, data[800:])
            assert await store.read(lease.upload, 0, LENGTH) == data


async def test_an_upload_never_grows_beyond_its_length(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        async with index.writing("a") as lease:
            with refused("E_UPLOAD_LENGTH"):
                await append(index, store, lease, b"x" * (LENGTH + 1))
            with refused("E_UPLOAD_LENGTH"):
                await index.advance(lease, LENGTH + 1, NOW)
            assert lease.upload.offset == 0


async def test_a_volume_is_complete_when_the_index_says_so(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        async with index.writing("a") as lease:
            await append(index, store, lease, content())
            assert not await store.published(claim().place)
            await store.publish(lease.upload)
            assert await store.published(claim().place)
            assert await index.bundle(claim().place.bid) == []
            assert (await index.counts()).volumes == 0
            done = await index.complete(lease, R1, NOW)
            assert (done.complete, done.r1, done.offset) == (True, R1, LENGTH)
            assert await index.complete(lease, b"another", NOW) == done
        await store.discard("a")
        assert await index.find("a") == done
        assert [(row.s, row.i, row.r1) for row in await index.bundle(claim().place.bid)] == [(0, 0, R1)]
        assert await store.left_over() == ([], [claim().place])
        assert await index.unfinished() == []


async def test_publishing_again_changes_nothing(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await published(index, store, "a", claim())
    # A crash came between store and index; everything before may be asked once more.
    async with place.opened() as (index, store):
        async with index.writing("a") as lease:
            assert lease.upload.offset == LENGTH
            assert await store.read(lease.upload, 0, LENGTH) == content()
            async with store.writer(lease.upload) as writer:
                assert await writer.flush() == LENGTH
            await store.publish(lease.upload)
            await store.publish(lease.upload)
            await index.complete(lease, R1, NOW)
        await store.discard("a")
        assert await volume_bytes(store, claim().place) == content()


async def test_what_is_not_whole_is_not_published(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        async with index.writing("a") as lease:
            await append(index, store, lease, content()[:-1])
            with refused("E_RECEIVER_FAULT"):
                await store.publish(lease.upload)
        assert not await store.published(claim().place)
        with refused("E_UPLOAD_UNKNOWN"):
            await volume_bytes(store, claim().place)


async def test_a_removed_upload_leaves_nothing(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        async with index.writing("a") as lease:
            await append(index, store, lease, b"x" * 100)
            await index.remove("a")
            await store.discard("a")
            await store.discard("a")
            with refused("E_UPLOAD_UNKNOWN"):
                await index.advance(lease, 200, NOW)
        assert await index.find("a") is None
        assert await store.left_over() == ([], [])
        with refused("E_UPLOAD_UNKNOWN"):
            async with index.writing("a"):
                pass


async def test_a_complete_volume_is_not_removed_like_an_upload(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await finished(index, store, "a", claim())
        await index.remove("a")
        assert (await index.find("a")) is not None
        async with index.writing("a") as lease:
            assert lease.upload.complete


async def test_unfinished_uploads_expire_after_their_last_byte(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        made = await index.create("a", token(1), LENGTH, claim(), NOW)
        assert made.expires == NOW + KEEP
        await finished(index, store, "b", claim(2), token_number=2)
        assert await index.expired(NOW + KEEP - 1) == []
        assert [upload.id for upload in await index.expired(NOW + KEEP)] == ["a"]
        async with index.writing("a") as lease:
            await index.advance(lease, 0, NOW + 100)
        assert await index.expired(NOW + KEEP) == []


async def test_names_that_nobody_gave_are_unknown(place: Place) -> None:
    async with place.opened() as (index, _):
        for name in ("none", "../a", "a/b", "", "x" * 300, "\0"):
            assert await index.find(name) is None
            with refused("E_UPLOAD_UNKNOWN"):
                async with index.writing(name):
                    pass
            await index.remove(name)


# ---- leases ----


async def test_one_writes_at_a_time_and_whoever_comes_later_is_let_in(place: Place) -> None:
    async with place.opened_twice() as (first, second, store):
        await accepted(first)
        await first.create("a", token(1), LENGTH, claim(), NOW)
        for other in (first, second):
            entered = asyncio.Event()

            async def come(worker=other, entered=entered) -> int:
                async with worker.writing("a") as later:
                    entered.set()
                    return later.upload.offset

            async with first.writing("a") as lease:
                before = lease.upload.offset
                assert not lease.lost()
                task = asyncio.create_task(come())
                await asyncio.wait_for(lease.wait_lost(), 10)
                assert lease.lost()
                assert not entered.is_set()
                await append(first, store, lease, b"x" * 10)
            assert await asyncio.wait_for(task, 10) == before + 10


async def test_a_holder_that_does_not_let_go_is_busy(place: Place) -> None:
    async with place.opened_twice() as (first, second, _):
        await accepted(first)
        await first.create("a", token(1), LENGTH, claim(), NOW)
        async with first.writing("a") as lease:
            for other in (first, second):
                with refused("E_UPLOAD_BUSY"):
                    async with other.writing("a", patience=0.05):
                        pass
            assert lease.lost()
            assert (await first.advance(lease, 0, NOW)).offset == 0
        async with second.writing("a", patience=5) as lease:
            assert not lease.lost()


async def test_a_lease_that_has_ended_gives_no_right(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        kept: list[Lease] = []
        async with index.writing("a") as lease:
            kept.append(lease)
        with refused("E_UPLOAD_BUSY"):
            await index.advance(kept[0], 10, NOW)
        with refused("E_UPLOAD_BUSY"):
            await index.complete(kept[0], R1, NOW)


async def test_a_lease_ends_with_whatever_ends_its_holder(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        inside = asyncio.Event()

        async def hold() -> None:
            async with index.writing("a"):
                inside.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(hold())
        await inside.wait()
        waiting = asyncio.create_task(index.writing("a").__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        task.cancel()
        await asyncio.gather(task, waiting, return_exceptions=True)
        async with index.writing("a", patience=5) as lease:
            assert not lease.lost()


async def test_uploads_do_not_wait_for_each_other(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index)
        for number in range(4):
            await index.create(f"{number}", token(1), LENGTH, claim(index=number), NOW)
        async with index.writing("0"), index.writing("1"), index.writing("2"), index.writing("3") as lease:
            assert not lease.lost()


async def test_many_who_want_the_same_upload_all_get_their_turn(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)

        async def come() -> None:
            async with index.writing("a", patience=30) as lease:
                await append(index, store, lease, b"x" * 100)

        await asyncio.gather(*(come() for _ in range(12)))
        found = await index.find("a")
        assert found is not None
        assert found.offset == 1200
