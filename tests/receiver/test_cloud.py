"""A receiver over PostgreSQL and an object store: what the contract cannot ask of one that lives in one process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from collector import crypto
from schemas.problems import Problem
from sync.receiver import cloud as backend
from sync.receiver.checking import claim_of
from sync.receiver.cloud_index import CloudIndex
from sync.receiver.cloud_store import CloudStore, Piece, replayed
from sync.receiver.ports import Claim, Office, Upload
from sync.volume import HEADER, read_header
from tests.receiver.cloud_kit import Cloud
from tests.receiver.volumes import make_volume

pytestmark = pytest.mark.xdist_group("cloud")
NOW = 1_800_000_000
TOKEN = crypto.sha256(b"token")
OFFICE = Office(crypto.sha256(b"root"), crypto.sha256(b"desk"))
R1 = b"a receipt"


@asynccontextmanager
async def backends(cloud: Cloud, count: int = 1) -> AsyncIterator[list[tuple[CloudIndex, CloudStore]]]:
    """As many workers over one new, empty store and index."""
    urls = cloud.urls()
    workers = [await backend.open(*urls) for _ in range(count)]
    try:
        await workers[0][0].accept(OFFICE, [TOKEN], 1 << 40, NOW + 1000, NOW)
        yield workers
    finally:
        for index, store in workers:
            await index.close()
            await store.close()


def in_a_loop(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(work())


def claim_in(volume: bytes) -> Claim:
    return claim_of(read_header(volume[:HEADER]))


async def sent(index: CloudIndex, store: CloudStore, upload_id: str, data: bytes, *, step: int = 1 << 20) -> Upload:
    """Sends the rest of a volume as the receiver does, without checking it."""
    async with index.writing(upload_id) as lease:
        async with store.writer(lease.upload) as writer:
            for first in range(lease.upload.offset, len(data), step):
                await writer.write(data[first : first + step])
            await index.advance(lease, await writer.flush(), NOW)
        await store.publish(lease.upload)
        done = await index.complete(lease, R1, NOW)
    await store.discard(upload_id)
    return done


async def stored(store: CloudStore, claim: Claim, length: int) -> bytes:
    return b"".join([piece async for piece in store.volume(claim.place, 0, length)])


def test_a_volume_goes_in_and_comes_out_and_leaves_no_piece(cloud):
    volume = make_volume(1, 256)
    claim = claim_in(volume)

    async def work():
        async with backends(cloud) as [(index, store)]:
            upload = await index.create("u1", TOKEN, len(volume), claim, NOW)
            assert upload.offset == 0
            done = await sent(index, store, "u1", volume)
            assert done.complete
            assert await stored(store, claim, len(volume)) == volume
            assert b"".join([part async for part in store.volume(claim.place, 5000, 70_000)]) == volume[5000:75_000]
            assert await store.left_over() == ([], [claim.place])
            assert len(await index.volumes(OFFICE.root, 0, 10)) == 1

    in_a_loop(work)


def test_an_upload_goes_on_with_another_worker_at_the_durable_byte(cloud):
    volume = make_volume(2)
    claim = claim_in(volume)

    async def work():
        async with backends(cloud, 2) as [(index, store), (index2, store2)]:
            await index.create("u", TOKEN, len(volume), claim, NOW)
            async with index.writing("u") as lease, store.writer(lease.upload) as writer:
                await writer.write(volume[:300_001])
                await index.advance(lease, await writer.flush(), NOW)
                await writer.write(b"what nobody acknowledged" * 100)
                await writer.flush()
            found = await index2.find("u")
            assert found is not None
            assert found.offset == 300_001
            assert await store2.read(found, 300_000, 50) == volume[300_000:300_001]
            await sent(index2, store2, "u", volume)
            assert await stored(store, claim, len(volume)) == volume

    in_a_loop(work)


def test_the_holder_is_asked_by_another_worker_and_the_other_goes_on(cloud):
    volume = make_volume(3)

    async def work():
        async with backends(cloud, 2) as [(index, store), (index2, store2)]:
            await index.create("u", TOKEN, len(volume), claim_in(volume), NOW)

            async def first():
                async with index.writing("u") as lease, store.writer(lease.upload) as writer:
                    await writer.write(volume[:1000])
                    begun.set()
                    await lease.wait_lost()
                    await index.advance(lease, await writer.flush(), NOW)

            begun = asyncio.Event()
            task = asyncio.create_task(first())
            await begun.wait()
            async with index2.writing("u") as lease:
                assert lease.upload.offset == 1000
            await task
            await sent(index2, store2, "u", volume)
            assert await stored(store, claim_in(volume), len(volume)) == volume

    in_a_loop(work)


def test_who_does_not_let_go_keeps_the_others_out_for_their_patience_only(cloud):
    volume = make_volume(3)

    async def work():
        async with backends(cloud, 2) as [(index, _), (index2, _)]:
            await index.create("u", TOKEN, len(volume), claim_in(volume), NOW)
            async with index.writing("u") as lease:
                with pytest.raises(Problem, match="E_UPLOAD_BUSY"):
                    async with index2.writing("u", patience=0.3):
                        pass
                await asyncio.wait_for(lease.wait_lost(), 5)
            with pytest.raises(Problem, match="E_UPLOAD_UNKNOWN"):
                async with index2.writing("nobody"):
                    pass

    in_a_loop(work)


def test_a_worker_that_lost_its_turn_changes_nothing_whatever_it_still_writes(cloud):
    volume = make_volume(4)
    claim = claim_in(volume)

    async def work():
        async with backends(cloud, 2) as [(index, store), (index2, store2)]:
            await index.create("u", TOKEN, len(volume), claim, NOW)
            async with index.writing("u") as lease, store.writer(lease.upload) as writer:
                await writer.write(volume[:100_000])
                await index.advance(lease, await writer.flush(), NOW)
                # Frozen for so long that its turn has ended by the database's clock.
                await index2._run("UPDATE svidok.leases SET ends = clock_timestamp()")
                async with index2.writing("u") as taken, store2.writer(taken.upload) as writer2:
                    assert taken.upload.offset == 100_000
                    await writer2.write(volume[100_000:500_000])
                    await index2.advance(taken, await writer2.flush(), NOW)
                    await writer.write(b"\xff" * 900_000)
                    late = await writer.flush()
                    with pytest.raises(Problem, match="E_UPLOAD_BUSY"):
                        await index.advance(lease, late, NOW)
                    with pytest.raises(Problem, match="E_UPLOAD_BUSY"):
                        await index.complete(lease, R1, NOW)
                    assert await store2.read(taken.upload, 99_990, 400_010) == volume[99_990:500_000]
                await sent(index2, store2, "u", volume)
            assert await stored(store, claim, len(volume)) == volume
            ids, places = await store.left_over()
            assert (ids, places) == ([], [claim.place])

    in_a_loop(work)


def test_going_back_to_an_offset_cuts_off_what_lay_beyond(cloud):
    volume = make_volume(5)
    claim = claim_in(volume)

    async def work():
        async with backends(cloud) as [(index, store)]:
            await index.create("u", TOKEN, len(volume), claim, NOW)
            async with index.writing("u") as lease, store.writer(lease.upload) as writer:
                await writer.write(volume[:70_000] + b"bad" * 5000)
                await index.advance(lease, await writer.flush(), NOW)
                await writer.cut(70_000)
                await index.advance(lease, 70_000, NOW)
                await writer.write(volume[70_000:80_000])
                await index.advance(lease, await writer.flush(), NOW)
                assert await store.read(lease.upload, 0, 1 << 20) == volume[:80_000]
            await sent(index, store, "u", volume)
            assert await stored(store, claim, len(volume)) == volume

    in_a_loop(work)


def test_crumbs_of_a_slow_line_are_joined(cloud):
    volume = make_volume(6)
    claim = claim_in(volume)

    async def work():
        async with backends(cloud) as [(index, store)]:
            await index.create("u", TOKEN, len(volume), claim, NOW)
            for first in range(0, 80 * 1000, 1000):
                async with index.writing("u") as lease, store.writer(lease.upload) as writer:
                    await writer.write(volume[first : first + 1000])
                    upload = await index.advance(lease, await writer.flush(), NOW)
            assert len(await store.pieces("u")) < 50
            assert await store.read(upload, 0, 80_000) == volume[:80_000]
            await sent(index, store, "u", volume)
            assert await stored(store, claim, len(volume)) == volume

    in_a_loop(work)


def test_publishing_again_changes_nothing_and_another_volume_in_its_place_is_replaced(cloud):
    volume, other = make_volume(7), make_volume(7, fill=1)
    claim = claim_in(volume)

    async def work():
        async with backends(cloud) as [(index, store)]:
            for number, data in enumerate((other, volume)):
                # The first one is forgotten between the store and the index, as a crash and its expiry would.
                await index.create(f"u{number}", TOKEN, len(data), claim_in(data), NOW)
                async with index.writing(f"u{number}") as lease, store.writer(lease.upload) as writer:
                    await writer.write(data)
                    await index.advance(lease, await writer.flush(), NOW)
                    await store.publish(lease.upload)
                    await store.publish(lease.upload)
                await index.remove(f"u{number}")
            assert await stored(store, claim, len(volume)) == volume

    in_a_loop(work)


def test_many_workers_make_one_upload_of_one_volume_and_one_arrival(cloud):
    volume = make_volume(8)
    claim = claim_in(volume)

    async def work():
        async with backends(cloud, 3) as workers:
            made = await asyncio.gather(
                *(
                    index.create(f"u{number}-{turn}", TOKEN, len(volume), claim, NOW)
                    for number, (index, _) in enumerate(workers)
                    for turn in range(4)
                )
            )
            ids = {upload.id for upload in made}
            assert len(ids) == 1
            await asyncio.gather(
                *(sent(index, store, *ids, volume) for index, store in workers), return_exceptions=True
            )
            index, store = workers[0]
            assert len(await index.volumes(OFFICE.root, 0, 10)) == 1
            assert await stored(store, claim, len(volume)) == volume

    in_a_loop(work)


def test_tokens_bytes_are_counted_once_whoever_counts(cloud):
    async def work():
        async with backends(cloud, 2) as workers:
            index = workers[0][0]
            await index.accept(OFFICE, [TOKEN], 3 * (1 << 20), NOW + 1000, NOW + 1)
            tries = [workers[number % 2][0].create(f"u{number}", TOKEN, 1 << 20, None, NOW) for number in range(6)]
            done = await asyncio.gather(*tries, return_exceptions=True)
            assert sorted(type(item).__name__ for item in done) == ["Problem"] * 3 + ["Upload"] * 3

    in_a_loop(work)


def test_arrivals_are_never_seen_out_of_order(cloud):
    volumes = [make_volume(20, index=index, n=8) for index in range(8)]

    async def work():
        async with backends(cloud, 2) as workers:
            for number, volume in enumerate(volumes):
                await workers[0][0].create(f"u{number}", TOKEN, len(volume), claim_in(volume), NOW)
            seen: list[int] = []

            async def look():
                while len(seen) < len(volumes):
                    page = await workers[1][0].volumes(OFFICE.root, seen[-1] if seen else 0, 2)
                    seen.extend(item.at for item in page)

            looking = asyncio.create_task(look())
            await asyncio.gather(
                *(sent(*workers[number % 2], f"u{number}", volume) for number, volume in enumerate(volumes))
            )
            await asyncio.wait_for(looking, 10)
            assert seen == list(range(seen[0], seen[0] + 8))

    in_a_loop(work)


def test_workers_that_start_together_make_the_tables_once(cloud):
    async def work():
        urls = cloud.urls()
        workers = await asyncio.gather(*(backend.open(*urls) for _ in range(4)))
        assert await workers[3][0].counts() == await workers[0][0].counts()
        for index, _ in workers:
            await index.close()

    in_a_loop(work)


def test_a_store_or_an_index_that_is_not_there_is_named_without_its_address(cloud, caplog):
    store_url, index_url = cloud.urls()

    async def fails(*urls: str) -> Problem:
        with pytest.raises(Problem) as caught:
            await backend.open(*urls)
        return caught.value

    async def work():
        no_bucket = await fails("s3://no-such-bucket/x", index_url)
        assert no_bucket.facts["where"] == "object store, no such bucket"
        away = await fails(store_url, "postgresql://somebody:a-password@/t?host=/nowhere")
        assert away.code == "E_RECEIVER_BACKEND"
        assert "password" not in str(away.as_dict())
        for urls in (("http://x/y", index_url), (store_url, "sqlite:///x"), ("s3://key:secret@b/x", index_url)):
            assert (await fails(*urls)).code == "E_STORE_URL"

    with caplog.at_level(logging.DEBUG):
        in_a_loop(work)
    assert "a-password" not in caplog.text
    assert "somebody" not in caplog.text


def test_plain_http_is_for_this_host_only(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store.example")
    with pytest.raises(Problem, match="E_STORE_URL"):
        backend.open_store("s3://bucket/x")


def test_pieces_are_a_journal():
    def spans(*pieces: tuple[int, int, int, int]) -> list[tuple[int, int, int]]:
        named = [Piece(*piece, f"{piece}") for piece in pieces]
        return [(span.start, span.end, span.piece.turn) for span in replayed(named)]

    assert spans((1, 1, 0, 10), (1, 2, 10, 20)) == [(0, 10, 1), (10, 20, 1)]
    assert spans((1, 1, 0, 10), (2, 1, 5, 7)) == [(0, 5, 1), (5, 7, 2)]
    assert spans((2, 1, 10, 30), (1, 1, 0, 10), (1, 2, 10, 99)) == [(0, 10, 1), (10, 30, 2)]
    assert spans((1, 1, 0, 10), (1, 2, 20, 30)) == [(0, 10, 1)]
    assert spans((1, 1, 5, 10)) == []


def test_a_lost_piece_is_a_fault_and_never_a_shorter_volume(cloud):
    volume = make_volume(9, 256)
    claim = claim_in(volume)

    async def work():
        async with backends(cloud) as [(index, store)]:
            await index.create("u", TOKEN, len(volume), claim, NOW)
            async with index.writing("u") as lease:
                async with store.writer(lease.upload) as writer:
                    await writer.write(volume)
                    upload = await index.advance(lease, await writer.flush(), NOW)
                await store.delete([(await store.pieces("u"))[1].name])
                for failing in (store.publish(upload), store.read(upload, 0, len(volume))):
                    with pytest.raises(Problem, match="E_RECEIVER_FAULT"):
                        await failing
            assert not await store.published(claim.place)
            assert await store.read(replace(upload, offset=5), 0, 9) == volume[:5]

    in_a_loop(work)
