"""Every way in which store and index can disagree is found, and mended where bytes allow it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from sync.receiver import ports
from sync.receiver.checking import claim_of
from sync.receiver.fsck import FsckReport, fsck
from sync.receiver.ports import Claim, Index, Store, Upload
from sync.volume import read_header
from tests.receiver.contract.backends import Place
from tests.receiver.contract.given import LATER, NOW, OFFICE, OTHER, R1, accepted, append, token, volume_bytes
from tests.receiver.volumes import make_volume

DATA = make_volume(1)
CLAIM = claim_of(read_header(DATA[:8192]))
LENGTH = len(DATA)
GARBAGE = DATA[:-1] + bytes([DATA[-1] ^ 1])


@asynccontextmanager
async def receiver(place: Place) -> AsyncIterator[tuple[Index, Store]]:
    """With one upload begun, for the volume `DATA`."""
    async with place.opened() as (index, store):
        await accepted(index, quota=8 << 20)
        await index.create("a", token(1), LENGTH, CLAIM, NOW)
        yield index, store


async def put(store: Store, data: bytes, upload_id: str = "a", claim: Claim | None = CLAIM) -> Upload:
    """Bytes in the store of which the index hears nothing."""
    upload = Upload(upload_id, len(data), 0, claim, token(1), LATER)
    async with store.writer(upload) as writer:
        await writer.write(data)
        await writer.flush()
    return Upload(upload_id, len(data), len(data), claim, token(1), LATER)


async def complete(index: Index, store: Store, data: bytes = DATA, *, recorded: bool = True) -> None:
    """The upload is published, and recorded unless a crash came before that."""
    async with index.writing("a") as lease:
        await append(index, store, lease, data)
        await store.publish(lease.upload)
        if recorded:
            await index.complete(lease, R1, NOW)
    if recorded:
        await store.discard("a")


async def replaced(store: Store, data: bytes) -> None:
    """Somebody has put other bytes in the volume's place."""
    await store.remove(CLAIM.place)
    await store.publish(await put(store, data, "other"))
    await store.discard("other")


def _beside(place: ports.Place) -> ports.Place:
    return replace(place, index=place.index + 1)


def kinds(report: FsckReport) -> list[tuple[str, bool]]:
    return [(finding.kind, finding.mended) for finding in report.findings]


async def found(index: Index, store: Store, kind: str, *, deep: bool = False, mends: bool = True) -> None:
    """It is found and left alone; then found and mended; then gone."""
    for _ in range(2):
        looked = await fsck(index, store, NOW, deep=deep)
        assert kinds(looked) == [(kind, False)]
        assert not looked.sound
    repaired = await fsck(index, store, NOW, repair=lambda claim: R1, deep=deep)
    assert kinds(repaired) == [(kind, mends)]
    assert repaired.sound is mends
    after = await fsck(index, store, NOW, deep=True)
    assert kinds(after) == ([] if mends else [(kind, False)])


async def test_what_is_as_it_should_be_is_not_mended(place: Place) -> None:
    async with receiver(place) as (index, store):
        assert (await fsck(index, store, NOW)).findings == ()
        await complete(index, store)
        await index.create("b", token(2), LENGTH, None, NOW)
        async with index.writing("b") as lease:
            await append(index, store, lease, DATA[:1000])
        seen: list[tuple[int, int]] = []
        report = await fsck(
            index,
            store,
            NOW,
            repair=lambda claim: R1,
            deep=True,
            progress=lambda done, total: seen.append((done, total)),
        )
        assert (report.findings, report.volumes, report.uploads, report.sound) == ((), 1, 1, True)
        assert seen == [(1, 1)]
        assert await volume_bytes(store, CLAIM.place) == DATA


async def test_an_upload_with_fewer_bytes_than_were_acknowledged_goes_back(place: Place) -> None:
    async with receiver(place) as (index, store):
        async with index.writing("a") as lease:
            await append(index, store, lease, DATA[:9000])
            await index.advance(lease, 20_000, NOW)
        await found(index, store, "upload-short")
        upload = await index.find("a")
        assert upload is not None
        assert upload.offset <= 9000
        async with index.writing("a") as lease:
            await append(index, store, lease, DATA[lease.upload.offset :])
            await store.publish(lease.upload)
            await index.complete(lease, R1, NOW)
        await store.discard("a")
        assert (await fsck(index, store, NOW, deep=True)).findings == ()


async def test_bytes_of_no_upload_go(place: Place) -> None:
    async with receiver(place) as (index, store):
        await put(store, DATA[:5000], "stray", None)
        await found(index, store, "upload-stray")
        assert (await store.left_over())[0] == []


async def test_a_volume_that_was_never_recorded_is_completed(place: Place) -> None:
    async with receiver(place) as (index, store):
        await complete(index, store, recorded=False)
        await found(index, store, "volume-unrecorded")
        upload = await index.find("a")
        assert upload is not None
        assert upload.r1 == R1
        assert [row.bid for row in await index.volumes(OFFICE.root, 0, 10)] == [CLAIM.place.bid]
        assert await volume_bytes(store, CLAIM.place) == DATA


async def test_a_damaged_volume_that_was_never_recorded_begins_anew(place: Place) -> None:
    async with receiver(place) as (index, store):
        await complete(index, store, GARBAGE, recorded=False)
        await found(index, store, "volume-spoiled")
        upload = await index.find("a")
        assert upload is not None
        assert (upload.offset, upload.complete) == (0, False)
        assert not await store.published(CLAIM.place)
        await complete(index, store)


async def test_a_whole_volume_that_the_index_has_lost_arrives_again(place: Place) -> None:
    async with receiver(place) as (index, store):
        await complete(index, store)
        before = (await index.volumes(OFFICE.root, 0, 10))[0]
        await index.drop(CLAIM.place)
        await found(index, store, "volume-stray")
        (row,) = await index.volumes(OFFICE.root, before.at, 10)
        assert (row.bid, row.bytes_, row.shard) == (CLAIM.place.bid, LENGTH, CLAIM.shard)
        assert [item.r1 for item in await index.bundle(CLAIM.place.bid)] == [R1]
        assert await volume_bytes(store, CLAIM.place) == DATA
        # Its device may send it once more, and hears that it is here.
        assert (await index.create("again", token(1), LENGTH, CLAIM, NOW)).complete


async def test_a_volume_of_nobody_waits_for_an_office(place: Place) -> None:
    async with place.opened() as (index, store):
        await store.publish(await put(store, DATA))
        await store.discard("a")
        await found(index, store, "volume-stray", mends=False)
        await accepted(index)
        await accepted(index, [11], office=OTHER)
        await found(index, store, "volume-stray")
        for office in (OFFICE, OTHER):
            assert [row.bid for row in await index.volumes(office.root, 0, 10)] == [CLAIM.place.bid]


async def test_a_volume_that_does_not_fit_into_its_bundle_is_named_and_kept(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index, quota=8 << 20)
        await index.create("b", token(1), LENGTH, replace(CLAIM, place=_beside(CLAIM.place), shared=b"!" * 32), NOW)
        await store.publish(await put(store, DATA))
        await store.discard("a")
        await found(index, store, "volume-stray", mends=False)
        assert await volume_bytes(store, CLAIM.place) == DATA


@pytest.mark.parametrize("data", [GARBAGE, DATA[:5000]], ids=["damaged", "short"])
async def test_a_damaged_volume_that_the_index_does_not_know_goes(place: Place, data: bytes) -> None:
    async with place.opened() as (index, store):
        await store.publish(await put(store, data))
        await store.discard("a")
        await found(index, store, "volume-stray")
        assert not await store.published(CLAIM.place)


async def test_a_volume_in_the_place_of_another_goes(place: Place) -> None:
    async with place.opened() as (index, store):
        wrong = make_volume(2)
        await store.publish(await put(store, wrong))
        await store.discard("a")
        await found(index, store, "volume-stray")


async def test_attack_37_a_volume_that_is_gone_may_be_sent_again(place: Place) -> None:
    async with receiver(place) as (index, store):
        await complete(index, store)
        await store.remove(CLAIM.place)
        await found(index, store, "volume-missing")
        assert await index.bundle(CLAIM.place.bid) == []
        assert (await index.create("a", token(1), LENGTH, CLAIM, NOW)).offset == 0
        await complete(index, store)


async def test_a_volume_that_was_shortened_is_told_and_may_be_sent_again(place: Place) -> None:
    async with receiver(place) as (index, store):
        await complete(index, store)
        await replaced(store, DATA[:-100])
        await found(index, store, "volume-length")
        assert not await store.published(CLAIM.place)
        assert (await index.create("a", token(1), LENGTH, CLAIM, NOW)).offset == 0
        await complete(index, store)


async def test_only_a_deep_look_finds_a_damaged_volume(place: Place) -> None:
    async with receiver(place) as (index, store):
        await complete(index, store)
        await replaced(store, GARBAGE)
        assert (await fsck(index, store, NOW, repair=lambda claim: R1)).findings == ()
        await found(index, store, "volume-damaged", deep=True)
        assert (await index.create("a", token(1), LENGTH, CLAIM, NOW)).offset == 0
        await complete(index, store)


async def test_a_volume_that_was_never_recorded_and_lost_its_end_begins_anew(place: Place) -> None:
    async with receiver(place) as (index, store):
        await complete(index, store, recorded=False)
        await replaced(store, DATA[:-5000])
        await found(index, store, "volume-spoiled")
        upload = await index.find("a")
        assert upload is not None
        assert (upload.offset, upload.complete) == (0, False)
        assert await store.left_over() == ([], [])
        await complete(index, store)
        assert await volume_bytes(store, CLAIM.place) == DATA


@pytest.mark.parametrize("data", [DATA[:-5000], GARBAGE], ids=["short", "damaged"])
@pytest.mark.parametrize("imported", [False, True])
async def test_a_damaged_volume_that_has_a_receipt_is_told_and_is_no_upload_afterwards(
    place: Place, data: bytes, imported: bool
) -> None:
    async with receiver(place) as (index, store):
        await complete(index, store)
        if imported:
            await index.acknowledge(CLAIM.place, OFFICE.root, NOW)
        await replaced(store, data)
        for repair in (None, lambda claim: R1):
            report = await fsck(index, store, NOW, repair=repair, deep=True)
            assert [finding.kind for finding in report.findings] in (["volume-length"], ["volume-damaged"])
            told = "nothing is lost" if imported else "its device has a receipt and must be told to send again"
            assert told in report.findings[0].why
        assert await index.unfinished() == []
        assert await index.find("a") is None


async def test_an_index_that_was_put_back_finds_the_whole_volume_and_not_a_shorter_upload(place: Place) -> None:
    """A copy of the index knows less than the store: what was acknowledged since must not be sent or lost again."""
    async with receiver(place) as (index, store):
        await store.publish(await put(store, DATA, "earlier"))
        await store.discard("earlier")
        async with index.writing("a") as lease:
            await append(index, store, lease, DATA[:9000])
        await found(index, store, "volume-unrecorded")
        upload = await index.find("a")
        assert upload is not None
        assert upload.complete
        assert await volume_bytes(store, CLAIM.place) == DATA
        assert (await store.left_over())[0] == []
