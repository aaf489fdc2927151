"""Everything from one back end to another: what arrives, what stays, what goes on after an end in the middle."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from collector import crypto
from schemas.problems import Problem
from sync.receiver.copy import Fault, Side, as_dict, copy
from sync.receiver.local import open_local
from sync.receiver.local_store import LocalStore
from sync.receiver.ports import Index, Office, Place, Store, Upload
from tests.receiver.contract.backends import BACKENDS, local
from tests.receiver.contract.backends import Place as Kind
from tests.receiver.test_cloud import NOW, OFFICE, TOKEN, claim_in, sent, stored
from tests.receiver.volumes import make_volume

pytestmark = pytest.mark.xdist_group("cloud")
SECOND = Office(crypto.sha256(b"second root"), crypto.sha256(b"second desk"))
OTHER = crypto.sha256(b"second token")
VOLUMES = [make_volume(60), make_volume(61), make_volume(62)]
RETN = crypto.sha256(b"box")[:16]


async def filled(index: Index, store: Store) -> None:
    """Three volumes of two offices, one of them acknowledged, a return box, one upload that is not done."""
    await index.accept(OFFICE, [TOKEN, crypto.sha256(b"t1"), crypto.sha256(b"t2")], 1 << 40, NOW + 1000, NOW)
    await index.accept(SECOND, [OTHER], 1 << 40, NOW + 1000, NOW)
    tokens = [TOKEN, crypto.sha256(b"t1"), OTHER]
    for number, (volume, token) in enumerate(zip(VOLUMES, tokens, strict=True)):
        await index.create(f"u{number}", token, len(volume), claim_in(volume), NOW)
        await sent(index, store, f"u{number}", volume)
    await index.acknowledge(claim_in(VOLUMES[0]).place, OFFICE.root, NOW + 5)
    await index.put_return(RETN, b"receipts", OFFICE.root, NOW)
    await index.create("unfinished", crypto.sha256(b"t2"), len(VOLUMES[0]), None, NOW)


async def everything(index: Index) -> list[object]:
    """All that moves."""
    moving = index.moving()
    return [
        sorted(await moving.offices(), key=lambda office: office.root),
        await moving.tokens(b"", 100),
        await moving.volumes(0, 100),
        await moving.boxes(b"", 100),
        await index.volumes(OFFICE.root, 0, 100),
        await index.volumes(SECOND.root, 0, 100),
        await index.droppable(NOW + 10),
    ]


@pytest.fixture(params=BACKENDS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    """Where it goes."""
    (tmp_path / "to").mkdir()
    return request.param(request, tmp_path / "to")


@pytest.fixture
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    """Where it comes from."""
    (tmp_path / "from").mkdir()
    return local(request, tmp_path / "from")


def test_everything_arrives_and_nothing_leaves(source: Kind, target: Kind):
    async def work() -> None:
        async with source.opened() as (index, store), target.opened() as (index2, store2):
            await filled(index, store)
            before = await everything(index)
            steps: list[tuple[int, int]] = []
            report = await copy(Side(index, store), Side(index2, store2), lambda *step: steps.append(step))
            assert report.whole
            assert (report.offices, report.tokens, report.volumes, report.already, report.boxes) == (2, 4, 3, 0, 1)
            assert report.left == ["unfinished"]
            assert steps == [(1, 3), (2, 3), (3, 3)]
            assert await everything(index2) == before == await everything(index)
            for volume in VOLUMES:
                assert await stored(store2, claim_in(volume), len(volume)) == volume
            assert (await store2.left_over())[0] == []
            again = await copy(Side(index, store), Side(index2, store2))
            assert (again.volumes, again.already) == (3, 3)
            assert await everything(index2) == before
            # And it goes on there: a new volume comes after all others, and a token's bytes are counted.
            volume = make_volume(63)
            await index2.create("new", crypto.sha256(b"t2"), len(volume), claim_in(volume), NOW)
            await sent(index2, store2, "new", volume)
            newest = (await index2.volumes(OFFICE.root, 0, 9))[-1]
            assert newest.bid == claim_in(volume).place.bid
            assert newest.at > max(row.at for row in await index2.volumes(SECOND.root, 0, 9))

    asyncio.run(work())


def test_back_again_is_the_same(source: Kind, target: Kind, tmp_path: Path):
    async def work() -> None:
        async with source.opened() as (index, store), target.opened() as (index2, store2):
            await filled(index, store)
            await copy(Side(index, store), Side(index2, store2))
            (tmp_path / "third").mkdir()
            index3, store3 = await open_local(tmp_path / "third")
            await copy(Side(index2, store2), Side(index3, store3))
            assert await everything(index3) == await everything(index)
            await index3.close()
            await store3.close()

    asyncio.run(work())


class Ending(LocalStore):
    """A store that ends after its first volume."""

    given = 0

    async def volume(self, place: Place, offset: int, length: int):
        self.given += 1
        if self.given > 1:
            raise Problem("E_RECEIVER_BACKEND", where="test")
        async for piece in super().volume(place, offset, length):
            yield piece


def test_a_copy_that_ended_in_the_middle_goes_on(source: Kind, target: Kind):
    async def work() -> None:
        async with source.opened() as (index, store), target.opened() as (index2, store2):
            await filled(index, store)
            ending = Ending(source.folder)
            with pytest.raises(Problem, match="E_RECEIVER_BACKEND"):
                await copy(Side(index, ending), Side(index2, store2))
            await ending.close()
            report = await copy(Side(index, store), Side(index2, store2))
            assert (report.volumes, report.already, report.whole) == (3, 1, True)
            assert await everything(index2) == await everything(index)

    asyncio.run(work())


def test_a_volume_that_does_not_prove_itself_does_not_count_and_is_named(source: Kind, target: Kind):
    async def work() -> None:
        async with source.opened() as (index, store), target.opened() as (index2, store2):
            await filled(index, store)
            assert isinstance(store, LocalStore)
            place = claim_in(VOLUMES[1]).place
            path = store.volume_path(place)
            path.write_bytes(VOLUMES[1][:300_000] + b"!" + VOLUMES[1][300_001:])
            report = await copy(Side(index, store), Side(index2, store2))
            assert report.faults == [Fault(f"{place.bid.hex()}-0-0", "E_UPLOAD_CELL")]
            assert not report.whole
            assert not as_dict(report)["whole"]
            assert not await store2.published(place)
            assert await index2.bundle(place.bid) == []
            assert (await store2.left_over())[0] == []
            path.unlink()
            again = await copy(Side(index, store), Side(index2, store2))
            assert [fault.code for fault in again.faults] == ["E_UPLOAD_UNKNOWN"]
            path.write_bytes(VOLUMES[1])
            assert (await copy(Side(index, store), Side(index2, store2))).whole
            assert await everything(index2) == await everything(index)

    asyncio.run(work())


def test_what_had_arrived_at_the_target_before_keeps_its_place_in_the_order(source: Kind, target: Kind):
    async def work() -> None:
        async with source.opened() as (index, store), target.opened() as (index2, store2):
            await filled(index, store)
            early = make_volume(64)
            await index2.accept(OFFICE, [crypto.sha256(b"early")], 1 << 40, NOW + 1000, NOW)
            await index2.create("early", crypto.sha256(b"early"), len(early), claim_in(early), NOW)
            await sent(index2, store2, "early", early)
            assert (await copy(Side(index, store), Side(index2, store2))).whole
            rows = await index2.volumes(OFFICE.root, 0, 9)
            assert rows[0].bid == claim_in(early).place.bid
            assert {row.bid for row in rows[1:]} == {claim_in(volume).place.bid for volume in VOLUMES[:2]}

    asyncio.run(work())


def test_bytes_at_the_target_that_are_not_the_volume_give_way(source: Kind, target: Kind):
    """What stands in a place by its name and length alone proves nothing."""
    volume, other = VOLUMES[0], VOLUMES[1]
    claim = claim_in(volume)

    async def work() -> None:
        async with source.opened() as (index, store), target.opened() as (index2, store2):
            await filled(index, store)
            false = Upload("false", len(other), 0, claim, TOKEN, NOW)
            async with store2.writer(false) as writer:
                await writer.write(other)
                await writer.flush()
            await store2.publish(replace(false, offset=len(other)))
            await store2.discard("false")
            report = await copy(Side(index, store), Side(index2, store2))
            assert (report.whole, report.already) == (True, 0)
            assert await stored(store2, claim, len(volume)) == volume

    asyncio.run(work())
