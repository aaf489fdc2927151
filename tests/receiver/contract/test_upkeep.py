"""What a receiver clears away by itself, and what it never touches."""

from __future__ import annotations

from sync.receiver.fsck import fsck
from sync.receiver.ports import KEEP, Upload
from sync.receiver.upkeep import sweep
from tests.receiver.contract.backends import Place
from tests.receiver.contract.given import (
    LATER,
    LENGTH,
    NOW,
    OFFICE,
    R1,
    accepted,
    append,
    at,
    claim,
    content,
    finished,
    token,
    volume_bytes,
)


async def test_an_upload_that_nobody_goes_on_with_is_forgotten(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index, quota=2 * LENGTH)
        for number, one in enumerate((claim(), None)):
            await index.create(f"u{number}", token(1), LENGTH, one, NOW)
            async with index.writing(f"u{number}") as lease:
                await append(index, store, lease, b"x" * 100)
        assert await sweep(at(index, store, NOW + KEEP - 1)) == 0
        assert await sweep(at(index, store, NOW + KEEP)) == 2
        assert await index.unfinished() == []
        assert await store.left_over() == ([], [])
        # Its quota is back, and the same volume may begin anew.
        assert (await finished(index, store, "again", claim())).complete


async def test_an_upload_that_is_being_written_is_spared(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        async with index.writing("a") as lease:
            assert await sweep(at(index, store, NOW + KEEP)) == 0
            await append(index, store, lease, content())
            await store.publish(lease.upload)
            await index.complete(lease, R1, NOW)
        await sweep(at(index, store, NOW + 10 * KEEP))
        assert await volume_bytes(store, claim().place) == content()


async def test_a_volume_stays_until_the_desk_has_had_it_for_two_weeks(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await finished(index, store, "a", claim(1))
        await finished(index, store, "b", claim(2), token_number=2)
        assert await sweep(at(index, store, NOW + 1000 * KEEP)) == 0
        await index.acknowledge(claim(1).place, OFFICE.root, NOW)
        assert await sweep(at(index, store, NOW + KEEP)) == 0
        assert await sweep(at(index, store, NOW + KEEP + 1)) == 1
        assert not await store.published(claim(1).place)
        assert await index.find("a") is None
        assert await volume_bytes(store, claim(2).place) == content()
        assert (await fsck(index, store, NOW)).findings == ()


async def test_what_a_crash_left_of_letting_go_is_finished(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await finished(index, store, "a", claim())
        await index.acknowledge(claim().place, OFFICE.root, NOW)
        await store.remove(claim().place)
        assert await sweep(at(index, store, NOW + KEEP + 1)) == 1
        assert await index.every_volume() == []


async def test_a_published_volume_that_was_never_recorded_goes_with_its_upload(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        async with index.writing("a") as lease:
            await append(index, store, lease, content())
            await store.publish(lease.upload)
        assert await sweep(at(index, store, NOW + KEEP)) == 1
        assert await store.left_over() == ([], [])


async def test_bytes_of_forgotten_uploads_go(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        stray = Upload("stray", LENGTH, 0, None, token(1), LATER)
        async with store.writer(stray) as writer:
            await writer.write(b"x" * 100)
            await writer.flush()
        assert await sweep(at(index, store, NOW)) == 1
        assert await store.left_over() == ([], [])
