"""What a receiver clears away by itself, and what it never touches."""

from __future__ import annotations

import itertools

import pytest

from schemas.records.network import ListedVolume
from sync.receiver import ports, upkeep
from sync.receiver.fsck import fsck
from sync.receiver.ports import KEEP, Upload
from sync.receiver.upkeep import sweep
from tests.receiver.contract.backends import Place
from tests.receiver.contract.given import (
    LATER,
    LENGTH,
    NOW,
    OFFICE,
    OTHER,
    R1,
    accepted,
    append,
    at,
    claim,
    content,
    finished,
    published,
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
        await published(index, store, "a", claim())
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


async def test_a_volume_that_arrives_for_another_office_after_the_list_was_made_stays(place: Place) -> None:
    """The list of what may go is older than the going: what another office has been told meanwhile must hold."""
    async with place.opened() as (index, store):
        await accepted(index, [1])
        await accepted(index, [11], office=OTHER)
        await finished(index, store, "a", claim())
        await index.acknowledge(claim().place, OFFICE.root, NOW)
        later = NOW + KEEP + 1
        listed = index.droppable

        async def between(before: int) -> list[ListedVolume]:
            found = await listed(before)
            assert len(found) == 1
            assert (await index.create("b", token(11), LENGTH, claim(), later)).complete
            return found

        index.droppable = between  # type: ignore[method-assign]  # somebody comes between two steps
        assert await sweep(at(index, store, later)) == 0
        assert await volume_bytes(store, claim().place) == content()
        assert len(await index.volumes(OTHER.root, 0, 9)) == 1


async def test_a_volume_that_is_sent_again_while_it_goes_begins_anew_and_stays(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await finished(index, store, "a", claim())
        await index.acknowledge(claim().place, OFFICE.root, NOW)
        later = NOW + KEEP + 1
        assert not await index.release(claim().place, NOW, later)
        assert await index.release(claim().place, NOW + 1, later)
        assert not await index.release(claim().place, NOW + 1, later)
        again = await index.create("b", token(1), LENGTH, claim(), later)
        assert (again.id, again.offset, again.complete, again.r1) == ("a", 0, False, None)
        assert await index.volumes(OFFICE.root, 0, 9) == []
        async with index.writing("a") as lease:
            async with store.writer(lease.upload) as writer:
                await writer.write(content()[:100])
                await index.advance(lease, await writer.flush(), later)
            assert await sweep(at(index, store, later)) == 0
            async with store.writer(lease.upload) as writer:
                await writer.write(content()[100:])
                await index.advance(lease, await writer.flush(), later)
            await store.publish(lease.upload)
            await index.complete(lease, R1, later)
        await sweep(at(index, store, later))
        assert await volume_bytes(store, claim().place) == content()
        assert len(await index.volumes(OFFICE.root, 0, 9)) == 1


async def test_a_crash_while_a_volume_goes_is_finished_in_the_next_round(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index, quota=LENGTH)
        await finished(index, store, "a", claim())
        await index.acknowledge(claim().place, OFFICE.root, NOW)
        later = NOW + KEEP + 1
        assert await index.release(claim().place, NOW + 1, later)
        assert await sweep(at(index, store, later)) == 1
        assert await store.left_over() == ([], [])
        assert await index.unfinished() == []
        assert (await finished(index, store, "b", claim())).complete


async def test_what_expires_loses_its_durable_bytes_before_the_store_does(place: Place) -> None:
    """A worker that is stopped for long in between must not remove what another one has completed meanwhile."""
    async with place.opened() as (index, store):
        await accepted(index)
        await published(index, store, "a", claim())
        removed = store.remove

        async def looked(place: ports.Place) -> None:
            upload = await index.find("a")
            assert upload is not None
            assert (upload.offset, upload.expires) == (0, NOW + KEEP)
            await removed(place)

        store.remove = looked  # type: ignore[method-assign]  # what the index says at that moment
        assert await sweep(at(index, store, NOW + KEEP)) == 1
        assert await store.left_over() == ([], [])


async def test_bytes_of_an_upload_that_another_one_has_replaced_go(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("first", token(1), LENGTH, claim(), NOW)
        await index.create("second", token(1), LENGTH, None, NOW)
        for name in ("first", "second"):
            async with index.writing(name) as lease:
                await append(index, store, lease, content()[:100])
        assert (await index.identify("second", claim(), NOW)).id == "second"
        assert await store.uploads() == ["first", "second"]
        assert await sweep(at(index, store, NOW)) == 1
        assert await store.uploads() == ["second"]
        upload = await index.find("second")
        assert upload is not None
        assert await store.read(upload, 0, 100) == content()[:100]


async def test_a_round_looks_at_uploads_and_not_at_every_volume(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await finished(index, store, "a", claim())

        async def everything() -> tuple[list[str], list[ports.Place]]:
            raise AssertionError("that lists the whole store")

        store.left_over = everything  # type: ignore[method-assign]  # only fsck may
        assert await sweep(at(index, store, NOW)) == 0


async def test_a_worker_that_was_stopped_before_it_removes_a_volume_leaves_it_to_the_next_round(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await published(index, store, "a", claim())
        seconds = itertools.count(0, upkeep.SURE_S + 1)
        with monkeypatch.context() as patch:
            patch.setattr(upkeep, "_clock", lambda: next(seconds))
            assert await sweep(at(index, store, NOW + KEEP)) == 0
        assert await store.published(claim().place)
        assert await sweep(at(index, store, NOW + KEEP)) == 1
        assert await store.left_over() == ([], [])
