"""What the desk sees: order of arrival, acknowledgement, return boxes, counts."""

from __future__ import annotations

import asyncio

from schemas.problems import Problem
from sync.receiver.boxes import BOX_KEEP, BoxRoom
from sync.receiver.ports import Counts
from sync.receiver.upkeep import sweep
from tests.helpers.expect import refused
from tests.receiver.contract.backends import Place
from tests.receiver.contract.given import LENGTH, NOW, OFFICE, OTHER, accepted, append, at, claim, finished, token

RETN = b"r" * 16


async def test_volumes_are_listed_in_the_order_of_their_arrival(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        wanted = [claim(3), claim(1), claim(2), claim(1, index=2), claim(1, index=1)]
        for number, one in enumerate(wanted):
            await finished(index, store, f"u{number}", one, token_number=wanted.index(one) + 1)
        rows = await index.volumes(OFFICE.root, 0, 100)
        assert [(row.bid, row.s, row.i, row.shard) for row in rows] == [
            (one.place.bid, one.place.stripe, one.place.index, one.shard) for one in wanted
        ]
        assert [row.bytes_ for row in rows] == [LENGTH] * 5
        ats = [row.at for row in rows]
        assert ats == sorted(set(ats))
        assert ats[0] > 0
        assert await index.volumes(OFFICE.root, ats[1], 2) == rows[2:4]
        assert await index.volumes(OFFICE.root, ats[-1], 100) == []
        assert await index.volume(wanted[2].place, OFFICE.root) == rows[2]
        assert await index.volume(claim(9).place, OFFICE.root) is None
        assert sorted(await index.every_volume(), key=lambda row: row.at) == rows


async def test_a_place_in_the_list_is_never_given_twice(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await finished(index, store, "a", claim(1))
        first = (await index.volumes(OFFICE.root, 0, 10))[0].at
        await index.acknowledge(claim(1).place, OFFICE.root, NOW)
        await index.drop(claim(1).place)
        assert await index.volumes(OFFICE.root, 0, 10) == []
        await finished(index, store, "b", claim(2), token_number=2)
        assert (await index.volumes(OFFICE.root, 0, 10))[0].at > first


async def test_unfinished_uploads_are_in_no_list(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        async with index.writing("a") as lease:
            await append(index, store, lease, b"x" * LENGTH)
        assert await index.volumes(OFFICE.root, 0, 10) == []
        assert await index.volume(claim().place, OFFICE.root) is None
        assert await index.every_volume() == []
        assert await index.bundle(claim().place.bid) == []
        assert not await index.acknowledge(claim().place, OFFICE.root, NOW)


async def test_only_what_was_acknowledged_long_enough_may_be_dropped(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        for number in (1, 2, 3):
            await finished(index, store, f"u{number}", claim(number), token_number=number)
        assert await index.acknowledge(claim(1).place, OFFICE.root, NOW)
        assert await index.acknowledge(claim(1).place, OFFICE.root, NOW + 1000)
        assert await index.acknowledge(claim(2).place, OFFICE.root, NOW + 50)
        assert not await index.acknowledge(claim(9).place, OFFICE.root, NOW)
        assert [row.bid for row in await index.droppable(NOW)] == []
        assert [row.bid for row in await index.droppable(NOW + 1)] == [claim(1).place.bid]
        assert len(await index.droppable(NOW + 10_000)) == 2
        await index.drop(claim(1).place)
        await store.remove(claim(1).place)
        await store.remove(claim(1).place)
        assert await index.bundle(claim(1).place.bid) == []
        assert not await store.published(claim(1).place)
        await index.drop(claim(9).place)
        assert len(await index.every_volume()) == 2


async def test_a_dropped_volume_may_be_sent_again(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index, quota=LENGTH)
        await finished(index, store, "a", claim())
        await index.drop(claim().place)
        await store.remove(claim().place)
        assert (await finished(index, store, "b", claim())).complete


async def test_a_volume_that_another_office_stored_first_arrives_for_both(place: Place) -> None:
    """A stranger with a token of his own must not be able to hide a volume from the office that it is for."""
    async with place.opened() as (index, store):
        await accepted(index, [1])
        await accepted(index, [11, 12], office=OTHER)
        await finished(index, store, "before", claim(5), token_number=11)
        await finished(index, store, "theirs", claim(1), token_number=12)
        assert await index.volumes(OFFICE.root, 0, 10) == []
        again = await index.create("mine", token(1), LENGTH, claim(1), NOW)
        assert again.id == "theirs"
        mine = await index.volumes(OFFICE.root, 0, 10)
        theirs = await index.volumes(OTHER.root, 0, 10)
        assert [row.bid for row in mine] == [claim(1).place.bid]
        assert mine[0].at > max(row.at for row in theirs)
        assert len(await index.every_volume()) == 2
        # It stays until both have it.
        assert await index.acknowledge(claim(1).place, OTHER.root, NOW)
        assert await index.droppable(NOW + 1) == []
        assert await index.acknowledge(claim(1).place, OFFICE.root, NOW)
        assert [row.bid for row in await index.droppable(NOW + 1)] == [claim(1).place.bid]


async def test_a_volume_that_two_offices_send_together_arrives_for_both(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index, [1])
        await accepted(index, [11], office=OTHER)
        await index.create("theirs", token(11), LENGTH, claim(), NOW)
        assert (await finished(index, store, "mine", claim())).id == "theirs"
        for office in (OFFICE, OTHER):
            assert [row.bid for row in await index.volumes(office.root, 0, 10)] == [claim().place.bid]


async def test_a_return_box_holds_the_latest_and_belongs_to_whom_filled_it_first(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index)
        await accepted(index, [11], office=OTHER)
        assert await index.get_return(RETN) is None
        await index.put_return(RETN, b"one", OFFICE.root, NOW)
        await index.put_return(RETN, b"two" * 500_000, OFFICE.root, NOW + 1)
        with refused("E_TOKEN_UNKNOWN"):
            await index.put_return(RETN, b"false", OTHER.root, NOW + 2)
        await index.put_return(b"s" * 16, b"theirs", OTHER.root, NOW)
    async with place.opened() as (index, _):
        assert await index.get_return(RETN) == b"two" * 500_000
        assert await index.get_return(b"s" * 16) == b"theirs"
        assert (await index.counts()).returns == 2


async def test_counts(place: Place) -> None:
    async with place.opened() as (index, store):
        assert await index.counts() == Counts(0, 0, 0, 0, None, 0, 0)
        await accepted(index)
        await finished(index, store, "a", claim(1), now=NOW + 5)
        await finished(index, store, "b", claim(2), token_number=2, now=NOW + 7)
        await index.create("c", token(3), LENGTH, claim(3), NOW)
        async with index.writing("c") as lease:
            await append(index, store, lease, b"x" * 100)
        await index.put_return(RETN, b"r", OFFICE.root, NOW)
        assert await index.counts() == Counts(2, 2 * LENGTH, 1, 100, NOW + 5, 1, 5)
        await index.acknowledge(claim(1).place, OFFICE.root, NOW + 8)
        assert (await index.counts()).oldest == NOW + 7
        await index.acknowledge(claim(2).place, OFFICE.root, NOW + 8)
        assert (await index.counts()).oldest is None
        free = await store.free()
        assert free is None or free > 0


async def test_a_wide_list_of_tokens(place: Place) -> None:
    async with place.opened() as (index, _):
        tokens = sorted(number.to_bytes(32, "big") for number in range(65_536))
        assert await index.accept(OFFICE, tokens, LENGTH, NOW + 10, NOW) == (65_536, 0)
        assert await index.accept(OFFICE, tokens[:-1], LENGTH, NOW + 10, NOW + 1) == (0, 1)
        assert (await index.counts()).tokens == 65_535


async def test_attack_25_the_boxes_of_one_office_have_a_bound_and_those_of_another_their_own(place: Place) -> None:
    room = BoxRoom(boxes=2, size=1000)
    async with place.opened() as (index, _):
        await accepted(index)
        await accepted(index, [11], office=OTHER)
        await index.put_return(b"a" * 16, b"x" * 600, OFFICE.root, NOW, room)
        for refusing in (index.require_return(b"b" * 16, 401, OFFICE.root, room),
                         index.put_return(b"b" * 16, b"x" * 401, OFFICE.root, NOW, room)):  # fmt: skip
            with refused("E_RETURN_QUOTA"):
                await refusing
        assert await index.get_return(b"b" * 16) is None
        await index.require_return(b"b" * 16, 400, OFFICE.root, room)
        await index.put_return(b"b" * 16, b"x" * 400, OFFICE.root, NOW, room)
        with refused("E_RETURN_QUOTA"):
            await index.put_return(b"c" * 16, b"", OFFICE.root, NOW, room)
        with refused("E_RETURN_QUOTA"):
            await index.put_return(b"a" * 16, b"x" * 601, OFFICE.root, NOW, room)
        assert await index.get_return(b"a" * 16) == b"x" * 600
        # What is there may change, and what shrinks makes room.
        await index.put_return(b"a" * 16, b"y" * 600, OFFICE.root, NOW, room)
        await index.put_return(b"a" * 16, b"y" * 500, OFFICE.root, NOW, room)
        await index.put_return(b"b" * 16, b"y" * 500, OFFICE.root, NOW, room)
        await index.put_return(b"d" * 16, b"x" * 1000, OTHER.root, NOW, room)
        with refused("E_TOKEN_UNKNOWN"):
            await index.require_return(b"a" * 16, 1, OTHER.root, room)
        assert (await index.counts()).returns == 3


async def test_a_box_that_nobody_fills_again_goes_and_makes_room(place: Place) -> None:
    room = BoxRoom(boxes=2)
    async with place.opened() as (index, store):
        await accepted(index)
        await index.put_return(b"a" * 16, b"old", OFFICE.root, NOW, room)
        await index.put_return(b"b" * 16, b"old", OFFICE.root, NOW, room)
        await index.put_return(b"b" * 16, b"new", OFFICE.root, NOW + 1, room)
        assert await sweep(at(index, store, NOW + BOX_KEEP)) == 0
        assert await sweep(at(index, store, NOW + BOX_KEEP + 1)) == 1
        assert [await index.get_return(name * 16) for name in (b"a", b"b")] == [None, b"new"]
        await index.put_return(b"c" * 16, b"more", OFFICE.root, NOW, room)
        with refused("E_RETURN_QUOTA"):
            await index.put_return(b"a" * 16, b"again", OFFICE.root, NOW, room)


async def test_boxes_filled_together_stay_within_the_bound(place: Place) -> None:
    room = BoxRoom(boxes=3)
    async with place.opened_twice() as (index, other, _):
        await accepted(index)
        tries = [
            (index, other)[number % 2].put_return(bytes([number]) * 16, b"x", OFFICE.root, NOW, room)
            for number in range(8)
        ]
        done = await asyncio.gather(*tries, return_exceptions=True)
        assert [item.code for item in done if isinstance(item, Problem)] == ["E_RETURN_QUOTA"] * 5
        assert (await index.counts()).returns == 3
