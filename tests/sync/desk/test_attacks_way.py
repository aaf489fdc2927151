"""The network way with a receiver that lies or a stranger in its place: field and desk are real, and agree at last."""

from __future__ import annotations

import base64
import dataclasses
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from collector import crypto, envelope, signed
from collector.crypto import Secret
from collector.field import Field
from collector.slots import RecipientPublic
from schemas.records.common import SignedObject
from schemas.records.receipt import DeskReceipt, ReturnContent
from schemas.structure import decode, encode
from sync import cards, fetching, receipts
from sync.desk import keys
from sync.desk.desk import Desk
from tests.helpers.interviews import sealed_entry
from tests.helpers.mission import NOW, PASSPHRASE, SMALL, SetClock
from tests.network.devices import QUICK, send, states
from tests.network.scripted import Scripted, receipt
from tests.network.tls import R1_SECRET, Server, answer, answering, identity, server_context
from tests.sync.desk.conftest import Home
from tests.sync.desk.devices import Device
from tests.sync.desk.lying import Lying, bundle_for, codes


@dataclass
class Way:
    """A desk, a field machine that it has enrolled, and a receiver of which either sees its own side."""

    desk: Desk
    field: Field
    front: Scripted
    back: Lying

    def store(self) -> None:
        """What the receiver was sent is listed for the desk from now on."""
        known = list(self.back.files.values())
        for length, data in self.front.uploads.values():
            if len(data) == length and bytes(data) not in known:
                self.back.add(bytes(data))

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.back.port}"

    def at_desk(self) -> int:
        """Fetch, import, send the receipts; how many entries are new."""
        assert self.desk.fetch(url=self.url).ok
        imported = self.desk.import_arrived().imported
        assert self.desk.send_receipts(url=self.url).ok
        return imported

    def back_home(self, box: Callable[[bytes], bytes | None] | None = None) -> list[object]:
        """The field asks for its boxes; `box` gives what lies under a name. What was wrong with each, or its status."""
        given = box or self.back.boxes.get

        def instead(request: str, headers: dict[str, str], body: bytes) -> bytes | None:
            data = given(bytes.fromhex(request.rpartition("/")[2])) if request.startswith("GET") else None
            return None if data is None else answer(200, data)

        self.front.instead = instead
        report = fetching.fetch(self.field, times=QUICK)
        return [item.problem.code if item.problem else item.status for item in report.taken]

    def purged(self) -> int:
        return len(receipts.purge(self.field).purged)


@pytest.fixture
def way(home: Home, tmp_path: Path) -> Iterator[Way]:
    desk = home.desk
    with Scripted(tmp_path) as front:
        back = Lying(front.identity)
        desk.receiver_add(cards.write_card(front.card, R1_SECRET))
        clock = SetClock(NOW + 3600)
        with (
            Server(back.serve, server_context(back.shown)) as server,
            Field.create(tmp_path / "field", PASSPHRASE, params=SMALL, leaves=16, clock=clock) as field,
        ):
            back.port = server.port
            request, fingerprint = field.request()
            field.accept_pack(desk.enrol(request, fingerprint).pack, desk.fingerprint)
            yield Way(desk, field, front, back)


def test_attack_37_a_receiver_that_signs_r1_and_stores_nothing(way: Way) -> None:
    sealed_entry(way.field)
    assert send(way.field).ok
    assert states(way.field) == ["stored"]
    assert way.at_desk() == 0
    assert (way.back.boxes, way.back.acknowledged, way.back_home(), way.purged()) == ({}, [], [], 0)
    assert way.desk.network()["receipts_waiting"] == 0
    assert send(way.field, again=True).ok
    way.store()
    assert way.at_desk() == 1  # one entry, however many bundles brought it
    assert set(way.back_home()) == {"imported"}
    assert (states(way.field), way.purged()) == (["imported"], 1)


_OTHER = crypto.sign_keypair(Secret(bytes(32)))[1]


@pytest.mark.parametrize(
    "says",
    [
        lambda lead: receipt(lead, bid=bytes(16)),
        lambda lead: receipt(lead, s=1),
        lambda lead: receipt(lead, shard=bytes(32)),
        lambda lead: receipt(lead, key=_OTHER),
    ],
    ids=["bundle", "place", "content", "key"],
)
def test_attack_37_r1_for_another_volume_or_by_another_key(way: Way, says: Callable[[bytes], bytes]) -> None:
    """It is no word that anything is stored; what is stored all the same is imported, and R2 alone settles it."""
    way.front.says = lambda lead: base64.b64encode(says(lead)).decode()
    sealed_entry(way.field)
    assert [problem.code for _, problem in send(way.field).left] == ["E_R1_FALSE"]
    assert (states(way.field), way.purged()) == (["sealed"], 0)
    way.store()
    assert way.at_desk() == 1
    assert way.back_home() == ["imported"]
    assert (states(way.field), way.purged()) == (["imported"], 1)


@pytest.mark.parametrize("rx", [0, 2**40])
def test_attack_44_a_receiver_whose_clock_is_wrong(way: Way, rx: int) -> None:
    """Nothing is derived from its clock, neither in the field nor at the desk."""
    way.front.says = lambda lead: base64.b64encode(receipt(lead, rx=rx)).decode()
    date = "Thu, 01 Jan 1970 00:00:00 GMT" if rx == 0 else "Fri, 31 Dec 2100 23:59:59 GMT"
    floor = way.field.vault.db.meta("time-floor")
    sealed_entry(way.field)
    assert send(way.field).ok
    assert way.field.vault.db.meta("time-floor") == floor
    way.store()
    way.back.date = date
    assert way.at_desk() == 1
    assert way.desk.vault.db.query("SELECT at FROM receipt") == [(int(way.desk.clock()),)]
    assert way.back_home() == ["imported"]
    assert way.purged() == 1


# ---- receipts ----


def stored_at_desk(way: Way, entries: int = 1) -> list[bytes]:
    """Entries that the desk has imported, and whose boxes lie at the receiver."""
    found = []
    for _ in range(entries):
        found.append(sealed_entry(way.field))
        assert send(way.field).ok
    way.store()
    assert way.at_desk() == entries
    return found


def sealed_box(way: Way, *receipts_: bytes) -> bytes:
    """A box for this device, as the office or whoever has its public keys could seal it."""
    (row,) = way.desk.vault.db.query("SELECT pk_n, pk_x FROM device ORDER BY enrolled DESC, rowid DESC LIMIT 1")
    content = encode(ReturnContent(r2=receipts_), envelope.LIMITS)
    return envelope.seal(envelope.RETURN_MAGIC, content, [RecipientPublic(bytes(row[0]), bytes(row[1]))])


def test_attack_39_a_receiver_that_gives_the_box_of_another_entry(way: Way) -> None:
    """R2 names its entry, so that a box under another's name speaks for its own entry and for no other."""
    first, second = stored_at_desk(way, 2)
    ((name_one, box_one), (name_two, _)) = way.back.boxes.items()
    assert name_one != name_two
    assert way.back_home(lambda name: box_one) == ["imported", "imported"]
    rows: dict[bytes, str] = dict(way.field.vault.db.query("SELECT eid, state FROM entry"))
    assert sorted(rows.values()) == ["imported", "stored"]
    assert (way.purged(), set(rows)) == (1, {first, second})
    assert "imported" in way.back_home()
    assert way.purged() == 1


def test_attack_39_r2_by_a_wrong_key_for_another_core_and_refused(way: Way) -> None:
    (eid,) = stored_at_desk(way)
    ((true,),) = way.desk.vault.db.query("SELECT signed FROM receipt")
    body = decode(SignedObject, bytes(true)).body
    plain = decode(DeskReceipt, body)
    assert plain.eid == eid
    with keys.signing_key(way.desk.vault, keys.MISSION) as mission_key:
        forged = [
            (signed.sign_object("r2", body, [_OTHER]), "E_RECEIPT_SIG"),
            (signed.sign_object("r2", body, [mission_key]), "E_RECEIPT_SIG"),
            (signed.sign_object("r2", body, []), "E_RECEIPT_SIG"),
        ]
    with keys.signing_key(way.desk.vault, keys.RECEIPT) as key:
        for changes, code in (
            ({"core": bytes(32)}, "E_RECEIPT_CORE"),
            ({"eid": bytes(16)}, "E_RECEIPT_UNKNOWN"),
        ):
            forged.append((signed.sign_object("r2", changed(plain, **changes), [key]), code))
        refusal = signed.sign_object("r2", changed(plain, status="refused", code="E_CERT", opened=()), [key])
    for made, code in forged:
        false = sealed_box(way, made)
        assert way.back_home({name: false for name in way.back.boxes}.get) == [code]
        assert (states(way.field), way.purged()) == (["stored"], 0)
    assert way.back_home(lambda name: sealed_box(way, refusal)) == ["refused"]
    assert (states(way.field), way.purged()) == (["needs-human"], 0)
    way.back_home()


def changed(plain: DeskReceipt, **changes: Any) -> bytes:
    return encode(dataclasses.replace(plain, **changes))


# ---- strangers in the receiver's place, at the desk ----


def portal(held: socket.socket) -> None:
    """Answers whatever comes with a page."""
    assert b"Bearer" not in held.recv(65_536)
    held.sendall(answer(200, b"<html>log in</html>"))


@pytest.mark.parametrize("kind", ["another", "expired", "early", "tls12", "plain", "redirect"])
def test_attack_42_a_stranger_gets_neither_bearer_nor_boxes(
    home: Home, tmp_path: Path, quick: list[float], kind: str
) -> None:
    days = {"expired": (-30, -1), "early": (1, 30)}.get(kind, (-1, 365))
    pinned = identity(tmp_path, days=days)
    shown = identity(tmp_path) if kind == "another" else pinned
    seen: list[tuple[bytes, bytes]] = []
    elsewhere: list[tuple[bytes, bytes]] = []
    with Server(answering(answer(200), seen=elsewhere)) as plain:
        says = answer(307, Location=f"http://127.0.0.1:{plain.port}/v1/bundles") if kind == "redirect" else answer(200)
        context = None if kind == "plain" else server_context(shown, only_old=kind == "tls12")
        serve = answering(says, seen=seen) if kind != "plain" else portal
        with Server(serve, context) as server:
            honest = Lying(pinned)
            honest.port = server.port
            home.desk.receiver_add(honest.card)
            expected = {"plain": "E_NET_PORTAL", "redirect": "E_NET_REDIRECT"}.get(kind, "E_PIN")
            assert codes(home.desk.fetch()) == [expected]
    assert elsewhere == []
    assert len(seen) == (1 if kind == "redirect" else 0)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 30\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        b"SIP/2.0 200 OK\r\n\r\n",
    ],
    ids=["large", "many", "two lengths", "two framings", "another protocol"],
)
def test_attack_43_answers_with_hostile_heads_bring_nothing_in(
    linked: Desk, receiver: Lying, one: Device, head: bytes
) -> None:
    receiver.add(*bundle_for(linked, one).files.values())
    receiver.before = lambda *_: head
    (code, *_) = codes(linked.fetch())
    assert code in ("E_NET_ANSWER", "E_NET_CUT", "E_FETCH_LIST")
    assert linked.vault.db.query("SELECT count(*) FROM fetched") == [(0,)]
    receiver.before = None
    assert linked.fetch().fetched == 1
