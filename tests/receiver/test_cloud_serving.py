"""`svidok receiver serve --workers 2` over a real object store and PostgreSQL, by HTTP: whole uploads, two senders of
one volume, a worker killed in the middle.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.records.network import VolumePage
from schemas.structure import decode
from sync import network
from sync.volume import lead_length
from tests.receiver.cloud_kit import Cloud
from tests.receiver.volumes import make_volume
from tests.receiver_kit import Receiver, running_receiver, svidok

pytestmark = pytest.mark.xdist_group("cloud")
LEAD = lead_length(16)
BUSY = (409, 423, 460, 500, 503)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    """A tus client that is no friend of ours: a new connection for each request, so that any worker may get it."""

    def __init__(self, receiver: Receiver, bearer: bytes) -> None:
        self._receiver, self._bearer = receiver, bearer
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.check_hostname = False
        self._context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        self._context.load_verify_locations(cadata=receiver.card.certs[0])

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Tus-Resumable": network.TUS, "Authorization": network.bearer(self._bearer), **named}
        connection = http.client.HTTPSConnection("127.0.0.1", self._receiver.port, timeout=40, context=self._context)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def patiently(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """As `ask`, again while a worker is gone or somebody else is writing."""
        for _ in range(30):
            try:
                answer = self.ask(method, path, body, **headers)
            except (OSError, http.client.HTTPException):
                continue
            if answer.status not in (423, 500, 503):
                return answer
        raise AssertionError("the receiver does not come back")


def send(client: Client, volume: bytes, acknowledged: threading.Event | None = None, step: int = 200_000) -> Answer:
    """Sends a volume whole; whatever was acknowledged once must stay so."""
    made = client.patiently(
        "POST", network.UPLOADS, volume[:LEAD], Upload_Length=str(len(volume)), Content_Type=network.OFFSET_BODY
    )
    # 409: somebody else's first bytes were faster than ours; the place is the same.
    assert made.status in (201, 409), made
    where, known = made.headers["location"], int(made.headers["upload-offset"])
    for _ in range(200):
        head = client.patiently("HEAD", where)
        assert head.status == 200, head
        offset = int(head.headers["upload-offset"])
        assert offset >= known, "what was acknowledged is gone"
        if "svidok-r1" in head.headers:
            return head
        known = offset
        piece = volume[offset : offset + step]
        try:
            answer = client.ask("PATCH", where, piece, Upload_Offset=str(offset), Content_Type=network.OFFSET_BODY)
        except (OSError, http.client.HTTPException):
            continue
        assert answer.status == 204 or answer.status in BUSY, answer
        if answer.status == 204:
            known = int(answer.headers["upload-offset"])
            if acknowledged is not None:
                acknowledged.set()
    raise AssertionError("it never became whole")


@pytest.fixture
def receiver(cloud: Cloud, tmp_path: Path) -> Iterator[Receiver]:
    store_url, index_url = cloud.urls()
    with running_receiver(tmp_path, "--store", store_url, "--index", index_url, "--workers", 2) as running:
        yield running


def workers_of(receiver: Receiver) -> list[int]:
    """The processes that serve."""
    pids = Path(f"/proc/{receiver.pid}/task/{receiver.pid}/children").read_text().split()
    return [int(pid) for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def stored_there(receiver: Receiver) -> dict[bytes, bytes]:
    """What the desk gets: every volume once."""
    desk = Client(receiver, receiver.desk_bearer)
    page = decode(VolumePage, desk.patiently("GET", f"{network.BUNDLES}?after=0").body)
    found: dict[bytes, bytes] = {}
    for item in page.volumes:
        assert item.shard not in found, "stored twice"
        answer = desk.patiently("GET", f"{network.BUNDLES}/{item.bid.hex()}/{item.s}-{item.i}")
        assert answer.status == 200
        found[item.shard] = answer.body
    return found


def test_two_workers_take_volumes_and_one_that_is_killed_loses_nothing(receiver: Receiver):
    volumes = [make_volume(70 + number) for number in range(5)]
    tokens = receiver.give(len(volumes))
    begun = threading.Event()
    with ThreadPoolExecutor(len(volumes)) as pool:
        sending = [
            pool.submit(send, Client(receiver, token), volume, begun)
            for token, volume in zip(tokens, volumes, strict=True)
        ]
        assert begun.wait(60)
        first, second = workers_of(receiver)
        os.kill(random.choice((first, second)), signal.SIGKILL)
        receipts = [task.result(240).headers["svidok-r1"] for task in sending]
    assert len(set(receipts)) == len(volumes)
    assert sorted(stored_there(receiver).values()) == sorted(volumes)
    assert receiver.stop() == 0
    assert "Traceback" not in receiver.log


def test_two_senders_of_one_volume_store_it_once(receiver: Receiver):
    volume = make_volume(80)
    [token] = receiver.give(1)
    with ThreadPoolExecutor(3) as pool:
        sending = [
            pool.submit(send, Client(receiver, token), volume, None, step) for step in (90_000, 250_000, 1 << 20)
        ]
        receipts = {task.result(240).headers["svidok-r1"] for task in sending}
    assert len(receipts) == 1
    assert list(stored_there(receiver).values()) == [volume]


def test_a_receiver_on_one_host_moves_and_goes_on(cloud: Cloud, tmp_path: Path):
    volume, another = make_volume(90), make_volume(91)
    store_url, index_url = cloud.urls()
    with running_receiver(tmp_path) as alone:
        first, second = alone.give(2)
        receipt = send(Client(alone, first), volume).headers["svidok-r1"]
        before = stored_there(alone)
        assert alone.stop() == 0
        moved = svidok(
            "receiver", "copy", "--home", alone.home, "--to-store", store_url, "--to-index", index_url, "--json"
        )
        assert json.loads(moved.stdout)["volumes"] == 1
        alone.serve_with("--store", store_url, "--index", index_url, "--workers", 2)
        assert stored_there(alone) == before
        assert send(Client(alone, first), volume).headers["svidok-r1"] == receipt
        send(Client(alone, second), another)
        assert sorted(stored_there(alone).values()) == sorted((volume, another))
        status = svidok(
            "receiver", "status", "--home", alone.home, "--store", store_url, "--index", index_url, "--json"
        )
        assert json.loads(status.stdout)["volumes"] == 2
