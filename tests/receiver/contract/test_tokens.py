"""Which token may do what: lists, binding, quota, offices."""

from __future__ import annotations

import asyncio

from sync.receiver.ports import UNCLAIMED, Office
from tests.helpers.expect import refused
from tests.receiver.contract.backends import Place
from tests.receiver.contract.given import (
    LATER,
    LENGTH,
    NOW,
    OFFICE,
    OTHER,
    accepted,
    append,
    claim,
    finished,
    token,
)


async def test_a_list_adds_and_a_later_one_cancels(place: Place) -> None:
    async with place.opened() as (index, _):
        assert await accepted(index, range(1, 5), issued=NOW) == (4, 0)
        assert await accepted(index, range(3, 8), issued=NOW + 1) == (3, 2)
        assert await accepted(index, range(3, 8), issued=NOW + 1) == (0, 0)
        assert (await index.counts()).tokens == 5
        with refused("E_TOKEN_UNKNOWN"):
            await index.create("a", token(1), LENGTH, claim(), NOW)
        assert await index.offices() == [OFFICE]


async def test_an_older_list_changes_nothing(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index, range(1, 5), issued=NOW)
        assert await accepted(index, [9], issued=NOW - 1) == (0, 0)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        with refused("E_TOKEN_UNKNOWN"):
            await index.create("b", token(9), LENGTH, claim(2), NOW)


async def test_an_empty_list_cancels_all(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index, range(1, 5))
        assert await accepted(index, [], issued=NOW + 1) == (0, 4)
        assert (await index.counts()).tokens == 0


async def test_a_cancelled_token_keeps_its_bundle_when_it_comes_back(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index, [1])
        upload = await index.create("a", token(1), LENGTH, claim(), NOW)
        await accepted(index, [], issued=NOW + 1)
        with refused("E_TOKEN_UNKNOWN"):
            await index.authorised(token(1), upload, NOW)
        assert not await index.bound(token(1), claim().place.bid)
        await accepted(index, [1], issued=NOW + 2)
        await index.authorised(token(1), upload, NOW)
        with refused("E_TOKEN_USED"):
            await index.create("b", token(1), LENGTH, claim(2), NOW)


async def test_attack_40_a_token_that_nobody_listed_is_unknown(place: Place) -> None:
    async with place.opened() as (index, _):
        with refused("E_TOKEN_UNKNOWN"):
            await index.create("a", token(1), LENGTH, None, NOW)
        assert await index.find("a") is None


async def test_attack_40_an_expired_token_is_refused(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index, [1], expires=NOW + 10)
        upload = await index.create("a", token(1), LENGTH, claim(), NOW)
        for wanted in (claim(), None):
            with refused("E_TOKEN_EXPIRED"):
                await index.create("b", token(1), LENGTH, wanted, NOW + 10)
        with refused("E_TOKEN_EXPIRED"):
            await index.authorised(token(1), upload, NOW + 10)


async def test_attack_40_the_first_use_binds_a_token_to_its_bundle(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(1), NOW)
        await index.create("b", token(1), LENGTH, claim(1, index=1), NOW)
        with refused("E_TOKEN_USED"):
            await index.create("c", token(1), LENGTH, claim(2), NOW)
        assert await index.bound(token(1), claim(1).place.bid)
        assert not await index.bound(token(1), claim(2).place.bid)
        assert not await index.bound(token(2), claim(1).place.bid)
        assert (await index.counts()).tokens == 7


async def test_two_at_once_bind_a_token_to_one_bundle(place: Place) -> None:
    async with place.opened() as (first, _), place.opened() as (second, _):
        await accepted(first)
        tries = [
            worker.create(f"{number}", token(1), LENGTH, claim(number), NOW)
            for number, worker in enumerate([first, second] * 4)
        ]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        codes = [getattr(outcome, "code", "made") for outcome in outcomes]
        assert sorted(codes) == ["E_TOKEN_USED"] * 7 + ["made"]


async def test_what_is_refused_binds_nothing(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index, quota=LENGTH - 1)
        with refused("E_TOKEN_QUOTA"):
            await index.create("a", token(1), LENGTH, claim(1), NOW)
        assert not await index.bound(token(1), claim(1).place.bid)
        await index.create("b", token(1), LENGTH - 1, claim(2), NOW)


async def test_quota_counts_whole_lengths_before_a_byte_is_there(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index, quota=2 * LENGTH)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        await index.create("b", token(1), LENGTH, None, NOW)
        with refused("E_TOKEN_QUOTA"):
            await index.create("c", token(1), 1, claim(index=1), NOW)
        assert await index.find("c") is None
        await index.remove("b")
        await index.remove("b")
        await index.create("c", token(1), LENGTH, claim(index=1), NOW)
        assert await store.left_over() == ([], [])


async def test_two_at_once_share_one_quota(place: Place) -> None:
    async with place.opened() as (first, _), place.opened() as (second, _):
        await accepted(first, quota=3 * LENGTH)
        tries = [
            worker.create(f"{number}", token(1), LENGTH, claim(index=number), NOW)
            for number, worker in enumerate([first, second] * 4)
        ]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        codes = [getattr(outcome, "code", "made") for outcome in outcomes]
        assert sorted(codes) == ["E_TOKEN_QUOTA"] * 5 + ["made"] * 3


async def test_a_later_list_may_widen_the_quota(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index, quota=LENGTH)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        with refused("E_TOKEN_QUOTA"):
            await index.create("b", token(1), LENGTH, claim(index=1), NOW)
        await accepted(index, quota=2 * LENGTH, issued=NOW + 1)
        await index.create("b", token(1), LENGTH, claim(index=1), NOW)


async def test_few_uploads_of_a_token_may_wait_for_their_header(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index)
        for number in range(UNCLAIMED):
            await index.create(f"{number}", token(1), LENGTH, None, NOW)
        with refused("E_TOKEN_QUOTA"):
            await index.create("more", token(1), LENGTH, None, NOW)
        await index.create("other", token(2), LENGTH, None, NOW)
        await index.identify("0", claim(), NOW)
        await index.create("more", token(1), LENGTH, None, NOW)


async def test_a_token_is_for_its_own_uploads_and_its_bundle(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index)
        mine = await index.create("a", token(1), LENGTH, claim(), NOW)
        unclaimed = await index.create("b", token(1), LENGTH, None, NOW)
        await index.authorised(token(1), mine, NOW)
        await index.authorised(token(1), unclaimed, NOW)
        for upload in (mine, unclaimed):
            with refused("E_TOKEN_UNKNOWN"):
                await index.authorised(token(2), upload, NOW)
        # A second token that was bound to the same bundle serves for it too.
        assert (await index.create("c", token(2), LENGTH, claim(), NOW)).id == "a"
        await index.authorised(token(2), mine, NOW)
        with refused("E_TOKEN_UNKNOWN"):
            await index.authorised(token(2), unclaimed, NOW)


async def test_the_same_volume_again_gives_the_same_upload(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index, quota=LENGTH)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        async with index.writing("a") as lease:
            await append(index, store, lease, b"x" * 100)
        again = await index.create("b", token(1), LENGTH, claim(), NOW)
        assert (again.id, again.offset) == ("a", 100)
        assert await index.find("b") is None
        assert len(await index.unfinished()) == 1


async def test_a_whole_volume_again_gives_the_whole_one(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        done = await finished(index, store, "a", claim())
        again = await index.create("b", token(2), LENGTH, claim(), NOW)
        assert again == done
        assert again.complete
        assert again.offset == LENGTH


async def test_another_shard_in_the_same_place_is_refused(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        with refused("E_VOL_MIX"):
            await index.create("b", token(1), LENGTH, claim(shard=b"!"), NOW)
        await finished(index, store, "c", claim(2), token_number=2)
        with refused("E_VOL_MIX"):
            await index.create("d", token(2), LENGTH, claim(2, shard=b"!"), NOW)


async def test_another_head_in_the_same_bundle_is_refused(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        with refused("E_VOL_MIX"):
            await index.create("b", token(1), LENGTH, claim(index=1, shared=b"!"), NOW)
        await index.create("c", token(1), LENGTH, None, NOW)
        with refused("E_VOL_MIX"):
            await index.identify("c", claim(index=1, shared=b"!"), NOW)


async def test_two_at_once_make_one_upload_for_a_place(place: Place) -> None:
    async with place.opened() as (first, _), place.opened() as (second, _):
        await accepted(first, quota=LENGTH)
        tries = [
            worker.create(f"{number}", token(1), LENGTH, claim(), NOW)
            for number, worker in enumerate([first, second] * 4)
        ]
        made = await asyncio.gather(*tries)
        assert len({upload.id for upload in made}) == 1
        assert len(await first.unfinished()) == 1


async def test_an_upload_gets_its_place_when_its_header_is_in(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index)
        made = await index.create("a", token(1), LENGTH, None, NOW)
        assert made.claim is None
        assert (await index.identify("a", claim(), NOW)).claim == claim()
        assert (await index.identify("a", claim(), NOW)).claim == claim()
        assert await index.bound(token(1), claim().place.bid)
        with refused("E_TOKEN_USED"):
            await index.create("b", token(1), LENGTH, claim(2), NOW)
        with refused("E_UPLOAD_UNKNOWN"):
            await index.identify("none", claim(), NOW)


async def test_an_unclaimed_upload_of_a_used_token_is_refused_at_its_header(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index)
        await index.create("a", token(1), LENGTH, None, NOW)
        await index.create("b", token(1), LENGTH, claim(2), NOW)
        with refused("E_TOKEN_USED"):
            await index.identify("a", claim(1), NOW)


async def test_a_header_that_comes_second_takes_the_place_of_an_unfinished_upload(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index, quota=2 * LENGTH)
        await index.create("old", token(1), LENGTH, claim(), NOW)
        await index.create("new", token(1), LENGTH, None, NOW)
        assert (await index.identify("new", claim(), NOW)).id == "new"
        assert await index.find("old") is None
        # What the one before had taken of the quota is back.
        await index.create("more", token(1), LENGTH, claim(index=1), NOW)


async def test_a_header_of_a_whole_volume_gives_that_volume(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index, quota=2 * LENGTH)
        done = await finished(index, store, "old", claim())
        await index.create("new", token(1), LENGTH, None, NOW)
        assert await index.identify("new", claim(), NOW) == done
        assert await index.find("new") is None
        await index.create("more", token(1), LENGTH, claim(index=1), NOW)


async def test_offices_do_not_see_or_cancel_each_other(place: Place) -> None:
    async with place.opened() as (index, store):
        await accepted(index, range(1, 4))
        await accepted(index, range(11, 14), office=OTHER)
        assert {office.root for office in await index.offices()} == {OFFICE.root, OTHER.root}
        assert await index.desk(OFFICE.desk) == OFFICE.root
        assert await index.desk(OTHER.desk) == OTHER.root
        assert await index.desk(token(1)) is None
        await finished(index, store, "a", claim(1), token_number=1)
        await finished(index, store, "b", claim(2), token_number=11)
        assert [row.bid for row in await index.volumes(OFFICE.root, 0, 10)] == [claim(1).place.bid]
        assert [row.bid for row in await index.volumes(OTHER.root, 0, 10)] == [claim(2).place.bid]
        assert await index.volume(claim(2).place, OFFICE.root) is None
        assert not await index.acknowledge(claim(2).place, OFFICE.root, NOW)
        await accepted(index, [], issued=NOW + 1)
        await index.create("c", token(12), LENGTH, claim(3), NOW)


async def test_an_office_cannot_take_over_tokens_or_bearer_of_another(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index, range(1, 4))
        assert await accepted(index, range(1, 6), office=OTHER) == (2, 0)
        assert await accepted(index, [], office=OTHER, issued=NOW + 1) == (0, 2)
        await index.create("a", token(1), LENGTH, claim(), NOW)
        thief = Office(OTHER.root, OFFICE.desk)
        with refused("E_TOKEN_LIST"):
            await accepted(index, [7], office=thief, issued=NOW + 2, expires=LATER)
        assert await index.desk(OFFICE.desk) == OFFICE.root


async def test_a_new_bearer_replaces_the_old_one(place: Place) -> None:
    async with place.opened() as (index, _):
        await accepted(index)
        await accepted(index, office=Office(OFFICE.root, token(99)), issued=NOW + 1)
        assert await index.desk(token(99)) == OFFICE.root
        assert await index.desk(OFFICE.desk) is None
