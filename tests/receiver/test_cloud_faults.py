"""What real parts do when they fail: an object store that answers 500, late or not at all, PostgreSQL that is started
again in the middle, workers that are killed between the two. Nothing acknowledged is lost, nothing is stored twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from collector import crypto
from collector.crypto import Secret
from schemas.problems import Problem
from sync.receiver import cloud as backend
from sync.receiver import cloud_pool
from sync.receiver.bounds import Bounds
from sync.receiver.cloud_index import CloudIndex
from sync.receiver.cloud_store import CloudStore
from sync.receiver.core import Receiver
from sync.receiver.fsck import fsck
from tests.conftest import REPO
from tests.receiver.chaos import Device, started_again, swept
from tests.receiver.cloud_kit import ENDPOINT, Cloud
from tests.receiver.faulty_s3 import Faulty, faulty
from tests.receiver.test_cloud import NOW, OFFICE, R1, TOKEN, claim_in, in_a_loop, sent, stored
from tests.receiver.volumes import make_volume

pytestmark = pytest.mark.xdist_group("cloud")
KILLED = """
import asyncio, os, signal, sys
from collector import files
from tests.receiver.test_cloud import claim_in, sent, NOW, TOKEN
from tests.receiver.volumes import make_volume
from sync.receiver import cloud

store_url, index_url, where = sys.argv[1:]

def act(name):
    if name == where:
        os.kill(os.getpid(), signal.SIGKILL)

async def work():
    index, store = await cloud.open(store_url, index_url)
    volume = make_volume(40)
    await index.create("u", TOKEN, len(volume), claim_in(volume), NOW)
    files.checkpoint = act
    await sent(index, store, "u", volume, step=300_000)

asyncio.run(work())
"""


@contextlib.asynccontextmanager
async def opened(urls: tuple[str, str]) -> AsyncIterator[tuple[CloudIndex, CloudStore]]:
    index, store = await backend.open(*urls)
    try:
        yield index, store
    finally:
        await index.close()
        await store.close()


@pytest.fixture
def faults(cloud: Cloud, monkeypatch: pytest.MonkeyPatch):
    """A proxy between the receiver and the object store."""
    with faulty(ENDPOINT) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        yield proxy


def every(number: int, fate: str, *methods: str):
    """Every so manieth request of these methods meets that fate."""
    count = 0

    def decide(method: str, path: str) -> str:
        nonlocal count
        count += method in methods
        return fate if method in methods and count % number == 0 else "pass"

    return decide


@pytest.mark.parametrize(
    ("fate", "methods"),
    [
        ("refuse", ("PUT", "GET", "POST", "HEAD")),
        ("forget", ("PUT", "POST")),
        ("slow", ("PUT",)),
    ],
)
def test_an_object_store_that_fails_now_and_then_costs_time_and_nothing_else(cloud, faults: Faulty, fate, methods):
    volume = make_volume(30, 256)
    claim = claim_in(volume)

    async def work():
        async with opened(cloud.urls()) as (index, store):
            await index.accept(OFFICE, [TOKEN], 1 << 40, NOW + 1000, NOW)
            await index.create("u", TOKEN, len(volume), claim, NOW)
            faults.decide = every(2, fate, *methods)
            done = await sent(index, store, "u", volume)
            assert done.complete
            assert any(seen[2] == fate for seen in faults.seen)
            assert await stored(store, claim, len(volume)) == volume
            assert await store.left_over() == ([], [claim.place])
            assert len(await index.volumes(OFFICE.root, 0, 9)) == 1

    in_a_loop(work)


def test_an_object_store_that_stays_away_is_named_and_what_was_acknowledged_stays(cloud, faults: Faulty, monkeypatch):
    monkeypatch.setitem(backend._RETRY, "max_retries", 1)
    volume = make_volume(31)
    claim = claim_in(volume)

    async def work():
        async with opened(cloud.urls()) as (index, store):
            await index.accept(OFFICE, [TOKEN], 1 << 40, NOW + 1000, NOW)
            await index.create("u", TOKEN, len(volume), claim, NOW)
            async with index.writing("u") as lease:
                async with store.writer(lease.upload) as writer:
                    await writer.write(volume[:500_000])
                    await index.advance(lease, await writer.flush(), NOW)
                faults.decide = lambda method, path: "refuse"
                async with store.writer(lease.upload) as writer:
                    await writer.write(volume[500_000:600_000])
                    for _ in range(2):
                        with pytest.raises(Problem, match="E_RECEIVER_BACKEND") as caught:
                            await writer.flush()
                        assert str(caught.value.facts["where"]).startswith("object store, put, ")
                    await writer.write(volume[600_000:700_000])
                    with pytest.raises(Problem, match="E_RECEIVER_BACKEND"):
                        await writer.flush()
            faults.decide = lambda method, path: "pass"
            found = await index.find("u")
            assert found is not None
            assert found.offset == 500_000
            await sent(index, store, "u", volume)
            assert await stored(store, claim, len(volume)) == volume

    in_a_loop(work)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_postgresql_started_again_in_the_middle_loses_nothing(cloud: Cloud, mode):
    volumes = [make_volume(50, index=number, n=4) for number in range(4)]

    async def work():
        async with opened(cloud.urls()) as (index, store):
            await index.accept(OFFICE, [TOKEN], 1 << 40, NOW + 1000, NOW)
            acknowledged: dict[str, int] = {}
            begun = asyncio.Event()

            async def send(number: int, volume: bytes) -> None:
                name = f"u{number}"
                await index.create(name, TOKEN, len(volume), claim_in(volume), NOW)
                for first in range(0, len(volume), 200_000):
                    async with index.writing(name, patience=30) as lease:
                        assert lease.upload.offset == first
                        async with store.writer(lease.upload) as writer:
                            await writer.write(volume[first : first + 200_000])
                            done = await index.advance(lease, await writer.flush(), NOW)
                            acknowledged[name] = done.offset
                        begun.set()
                await sent(index, store, name, volume)

            tasks = [asyncio.create_task(send(number, volume)) for number, volume in enumerate(volumes)]
            await begun.wait()
            await asyncio.to_thread(cloud.postgres.stop, mode)
            before = dict(acknowledged)
            await asyncio.to_thread(cloud.postgres.start)
            for name, offset in before.items():
                found = await index.find(name)
                assert found is not None
                assert found.offset >= offset
            await asyncio.gather(*tasks)
            for volume in volumes:
                assert await stored(store, claim_in(volume), len(volume)) == volume
            assert len(await index.volumes(OFFICE.root, 0, 9)) == 4

    in_a_loop(work)


@pytest.mark.parametrize("where", ["upload: durable", "volume: published", "index: before", "index: after"])
def test_a_worker_killed_between_store_and_index_is_mended_and_the_volume_goes_on(cloud: Cloud, where):
    urls = cloud.urls()
    volume = make_volume(40)
    claim = claim_in(volume)

    async def before():
        async with opened(urls) as (index, _):
            await index.accept(OFFICE, [TOKEN], 1 << 40, NOW + 1000, NOW)

    in_a_loop(before)
    command = [sys.executable, "-c", KILLED, *urls, where]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr

    async def after():
        async with opened(urls) as (index, store):
            report = await fsck(index, store, NOW, repair=lambda claim: R1)
            assert report.sound
            kinds = {finding.kind for finding in report.findings}
            assert kinds == ({"volume-unrecorded"} if where == "volume: published" else set())
            upload = await index.create("another", TOKEN, len(volume), claim, NOW)
            assert upload.id == "u"
            if not upload.complete:
                await sent(index, store, "u", volume)
            assert (await fsck(index, store, NOW, deep=True)).findings == ()
            assert await stored(store, claim, len(volume)) == volume
            assert await store.left_over() == ([], [claim.place])
            assert len(await index.volumes(OFFICE.root, 0, 9)) == 1

    in_a_loop(after)


def test_health_asks_the_object_store_and_not_for_every_stranger(cloud: Cloud, faults: Faulty, monkeypatch):
    monkeypatch.setitem(backend._RETRY, "max_retries", 0)

    async def work():
        async with opened(cloud.urls()) as (_, store):
            faults.decide = lambda method, path: "refuse"
            with pytest.raises(Problem, match="E_RECEIVER_BACKEND"):
                await store.answers()
            faults.decide = lambda method, path: "pass"
            await store.answers()
            before = len(faults.seen)
            await asyncio.gather(*(store.answers() for _ in range(50)))
            assert len(faults.seen) == before

    in_a_loop(work)


def test_an_index_that_was_closed_is_not_waited_for(cloud: Cloud):
    async def work():
        async with opened(cloud.urls()) as (index, _):
            # After an outage the next question connects, whatever pauses the pool has come to meanwhile.
            assert index._connections._pool.reconnect_timeout < cloud_pool._CONNECT_S
        with pytest.raises(Problem, match="E_RECEIVER_BACKEND"):
            await asyncio.wait_for(index.offices(), 10)

    in_a_loop(work)


def test_crumbs_that_cannot_be_deleted_keep_no_upload_from_going_on(cloud: Cloud, faults: Faulty, monkeypatch):
    monkeypatch.setitem(backend._RETRY, "max_retries", 0)
    volume = make_volume(32)
    claim = claim_in(volume)

    async def work():
        async with opened(cloud.urls()) as (index, store):
            await index.accept(OFFICE, [TOKEN], 1 << 40, NOW + 1000, NOW)
            await index.create("u", TOKEN, len(volume), claim, NOW)
            faults.decide = lambda method, path: "refuse" if method in ("DELETE", "POST") else "pass"
            for first in range(0, 40 * 1000, 1000):
                async with index.writing("u") as lease, store.writer(lease.upload) as writer:
                    await writer.write(volume[first : first + 1000])
                    upload = await index.advance(lease, await writer.flush(), NOW)
            assert any(seen[2] == "refuse" for seen in faults.seen)
            assert await store.read(upload, 0, 40_000) == volume[:40_000]
            faults.decide = lambda method, path: "pass"
            await sent(index, store, "u", volume)
            assert await stored(store, claim, len(volume)) == volume
            assert await store.left_over() == ([], [claim.place])

    in_a_loop(work)


CHAOS = 12
"""Seconds; long enough for every fault to meet every step."""


def test_attack_41_many_requests_of_many_workers_under_faults_keep_what_was_acknowledged(cloud: Cloud, faults: Faulty):
    """Workers, devices that cut and come again, sweeps, an object store that fails, PostgreSQL that starts again."""
    number = random.SystemRandom().randrange(1 << 32)
    chance = random.Random(number)

    def fate(method: str, path: str) -> str:
        drawn = chance.random()
        return "refuse" if drawn < 0.1 else "forget" if drawn < 0.15 and method in ("PUT", "POST") else "pass"

    async def work():
        urls = cloud.urls()
        volumes = [make_volume(200 + place) for place in range(5)]
        tokens = [crypto.sha256(b"chaos", bytes([place])) for place in range(10)]
        async with contextlib.AsyncExitStack() as stack:
            workers = []
            for _ in range(3):
                index, store = await stack.enter_async_context(opened(urls))
                bounds = Bounds(flush_seconds=0.2, flush_bytes=200_000)
                workers.append(Receiver(index, store, Secret(b"s" * 32), bounds, lambda: NOW))
            await workers[0].index.accept(OFFICE, tokens, 1 << 40, NOW + 1000, NOW)
            faults.decide = fate
            end = asyncio.get_running_loop().time() + CHAOS
            devices = [
                Device(workers, tokens[2 * place + turn], volume, chance).until(end)
                for place, volume in enumerate(volumes)
                for turn in range(2)
            ]
            sweeping = asyncio.create_task(swept(workers, chance))
            again = asyncio.create_task(started_again(cloud, chance))
            done = await asyncio.gather(*devices)
            await again
            sweeping.cancel()
            await asyncio.wait([sweeping])
            faults.decide = lambda method, path: "pass"
        async with opened(urls) as (index, store):
            for volume in (volume for volume in done if volume is not None):
                assert await stored(store, claim_in(volume), len(volume)) == volume, number
            listed = await index.volumes(OFFICE.root, 0, 100)
            assert len({(row.bid, row.s, row.i) for row in listed}) == len(listed), number
            report = await fsck(index, store, NOW, deep=True)
            kinds = {finding.kind for finding in report.findings}
            assert kinds <= {"volume-unrecorded", "upload-stray"}, (number, report.findings)
            assert any(volume is not None for volume in done), number

    in_a_loop(work)
