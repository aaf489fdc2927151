"""Receipts by the network: believed for the office's signature and for nothing else."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import crypto, envelope
from collector.crypto import Secret
from collector.field import Field
from schemas.records.receipt import ReturnContent
from schemas.structure import encode
from sync import fetching, network, outbox, receipts
from sync.fetching import fetch
from sync.link import Link
from sync.settings import SendSettings
from tests.helpers.expect import flipped
from tests.helpers.interviews import sealed_entry
from tests.helpers.mission import Office
from tests.network.devices import QUICK, device, send, states
from tests.network.scripted import Scripted
from tests.network.tls import answer, refused
from tests.receiver_kit import Receiver, running_receiver
from tests.sync.sticks import folders
from tests.sync.test_receipts import device_of, receipt_for


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with running_receiver(tmp_path_factory.mktemp("receiver")) as running:
        running.give(1)
        yield running


@pytest.fixture
def office() -> Office:
    return Office()


def box(field: Field, *signed_receipts: bytes) -> bytes:
    """A return file for this device."""
    content = encode(ReturnContent(r2=signed_receipts), envelope.LIMITS)
    return envelope.seal(envelope.RETURN_MAGIC, content, [device_of(field)])


def name_of(field: Field) -> bytes:
    row = field.vault.db.one("SELECT retn FROM bundle ORDER BY rowid DESC")
    assert row is not None
    return bytes(row[0])


def put(receiver: Receiver, retn: bytes, data: bytes) -> None:
    """Puts a return file into its box, as the desk does."""
    with Link(receiver.card, timeout=QUICK) as link:
        headers = {"Authorization": network.bearer(receiver.desk_bearer), "Content-Type": network.VOLUME_BODY}
        link.request("PUT", f"{network.RETURNS}/{retn.hex()}", headers=headers, body=data).expect(200, 201, 204)


def test_receipts_come_back_and_let_the_entry_go(tmp_path: Path, receiver: Receiver, office: Office) -> None:
    with device(tmp_path / "home", [receiver.card], receiver.give(2), office=office) as field:
        eid = sealed_entry(field)
        assert send(field).ok
        nothing = fetch(field, times=QUICK)
        assert (nothing.ok, nothing.taken) == (True, [])
        put(receiver, name_of(field), box(field, receipt_for(field, office, eid)))
        report = fetch(field, times=QUICK)
        assert report.ok
        assert [(item.status, item.new) for item in report.taken] == [("imported", True)]
        assert states(field) == ["imported"]
        assert len(receipts.purge(field).purged) == 1
        assert fetch(field, times=QUICK).taken == []


def test_receipts_for_what_went_by_stick_come_too(tmp_path: Path, receiver: Receiver, office: Office) -> None:
    with device(tmp_path / "home", [receiver.card], [], office=office) as field:
        eid = sealed_entry(field)
        outbox.export(field, folders(tmp_path, 1), k=1, n=1)
        put(receiver, name_of(field), box(field, receipt_for(field, office, eid)))
        assert fetch(field, times=QUICK).ok
        assert states(field) == ["imported"]


def test_attack_39_what_the_office_did_not_sign_changes_nothing(
    tmp_path: Path, receiver: Receiver, office: Office
) -> None:
    wrong = crypto.sign_keypair(Secret(bytes(32)))[1]
    with device(tmp_path / "home", [receiver.card], receiver.give(1), office=office) as field:
        eid = sealed_entry(field)
        assert send(field).ok
        good = receipt_for(field, office, eid)
        for content, code in (
            ([receipt_for(field, office, eid, keys=[wrong])], "E_RECEIPT_SIG"),
            ([receipt_for(field, office, eid, keys=office.mission_keys)], "E_RECEIPT_SIG"),
            ([receipt_for(field, office, bytes(16))], "E_RECEIPT_UNKNOWN"),
            ([receipt_for(field, office, eid, core=bytes(32))], "E_RECEIPT_CORE"),
        ):
            put(receiver, name_of(field), box(field, *content))
            report = fetch(field, times=QUICK)
            assert not report.ok
            assert [item.problem.code for item in report.taken if item.problem] == [code]
            assert states(field) == ["stored"]
            assert receipts.purge(field).purged == []
        put(receiver, name_of(field), box(field, receipt_for(field, office, eid, status="refused", code="E_X")))
        assert fetch(field, times=QUICK).ok
        assert states(field) == ["needs-human"]
        assert receipts.purge(field).purged == []
        put(receiver, name_of(field), box(field, good))
        assert fetch(field, times=QUICK).ok
        assert states(field) == ["imported"]


@pytest.mark.parametrize(
    ("status", "change", "codes"),
    [
        (200, lambda data: flipped(data, len(data) - 9), ["E_PACK_AUTH"]),
        (200, lambda data: b"SVIDVOL1" + data[8:], ["E_FORMAT"]),
        (200, lambda data: b"<html>log in</html>", ["E_FORMAT"]),
        (200, lambda data: b"", ["E_FORMAT"]),
        (200, lambda data: bytes((4 << 20) + 1), []),
        (500, lambda data: data, []),
        (302, lambda data: data, []),
    ],
)
def test_attack_39_a_box_with_something_else_in_it(tmp_path: Path, office: Office, status, change, codes) -> None:
    with Scripted(tmp_path) as liar, device(tmp_path / "home", [liar.card], [bytes(32)], office=office) as field:
        eid = sealed_entry(field)
        assert send(field).ok
        data = change(box(field, receipt_for(field, office, eid)))
        liar.instead = lambda request, headers, body: answer(status, data)
        report = fetch(field, times=QUICK)
        assert not report.ok
        assert [item.problem.code for item in report.taken if item.problem] == codes
        assert (report.problem is None) == bool(codes)
        assert states(field) == ["stored"]
        liar.instead = lambda request, headers, body: answer(200, box(field, receipt_for(field, office, eid)))
        assert fetch(field, times=QUICK).ok
        assert states(field) == ["imported"]


def test_the_name_of_a_box_is_all_that_a_receiver_is_told(tmp_path: Path) -> None:
    asked: list[tuple[str, dict[str, str]]] = []

    def instead(request: str, headers: dict[str, str], body: bytes) -> bytes | None:
        if not request.startswith("GET"):
            return None
        asked.append((request, headers))
        return answer(404)

    with Scripted(tmp_path, instead=instead) as there, device(tmp_path / "home", [there.card], [bytes(32)]) as field:
        sealed_entry(field)
        assert send(field).ok
        assert fetch(field, times=QUICK).ok
        ((request, headers),) = asked
        assert request == f"GET {network.RETURNS}/{name_of(field).hex()}"
        assert set(headers) == {"host"}


def test_who_may_not_or_cannot_ask_is_told_why(tmp_path: Path, receiver: Receiver) -> None:
    with device(tmp_path / "none", [], []) as field:
        refused("E_RECEIVER_NONE", fetching.fetch, field)
    with device(tmp_path / "home", [receiver.card], receiver.give(1)) as field:
        sealed_entry(field)
        assert send(field).ok
        refused("E_SEND_NEVER", fetch, field, settings=SendSettings(policy="never"))
        report = fetch(field, settings=SendSettings(proxy="socks5h://127.0.0.1:1"), times=QUICK)
        assert report.problem is not None
        assert report.problem.code == "E_NET_PROXY"


def test_a_box_is_named_as_on_a_stick() -> None:
    retn = bytes(range(16))
    name = receipts.box_name(retn)
    assert base64.b32decode(name.removesuffix(".ret").upper() + "======") == retn
