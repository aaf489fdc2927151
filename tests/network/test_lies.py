"""A receiver that lies, and strangers in its place: the device keeps everything, and sends again."""

from __future__ import annotations

import base64
import dataclasses
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collector import crypto
from collector.crypto import Secret
from collector.field import Field
from schemas.records.mission import ReceiverCard
from sync import course, network, receipts
from sync.sending import Sender
from sync.volume import HEADER
from tests.helpers.interviews import files_below, sealed_entry
from tests.network.devices import bundles, device, send, states, waiting_files
from tests.network.scripted import Scripted, receipt
from tests.network.tls import Server, answer, answering, card_for, identity, refused, server_context

TOKENS = [bytes([n]) * 32 for n in range(1, 5)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(course, "LONGEST_WAIT", 0.05)


@pytest.fixture
def liar(tmp_path: Path) -> Iterator[Scripted]:
    with Scripted(tmp_path) as running:
        yield running


def field_for(tmp_path: Path, *cards: ReceiverCard) -> Field:
    field = device(tmp_path / "home", cards, TOKENS)
    sealed_entry(field)
    return field


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_attack_37_a_receiver_that_stores_nothing_makes_nothing_go(tmp_path: Path, liar: Scripted) -> None:
    with field_for(tmp_path, liar.card) as field:
        outbox = files_below(field.vault.folder / "outbox")
        assert send(field).ok
        assert states(field) == ["stored"]
        report = receipts.purge(field)
        assert [kept.reason for kept in report.kept] == ["no-receipt"]
        assert files_below(field.vault.folder / "outbox") == outbox
        assert field.status()["stored"][0]["seconds"] == 0
        assert send(field).bundles == []
        assert send(field, again=True).ok
        assert len(liar.uploads) == 2
        assert bundles(field) == ["done", "done"]


_OTHER = crypto.sign_keypair(Secret(bytes(32)))[1]


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (lambda lead: encoded(receipt(lead, key=_OTHER)), "not signed by its key"),
        (lambda lead: encoded(receipt(lead, bid=bytes(16))), "another volume"),
        (lambda lead: encoded(receipt(lead, s=7)), "another volume"),
        (lambda lead: encoded(receipt(lead, i=7)), "another volume"),
        (lambda lead: encoded(receipt(lead, shard=bytes(32))), "other content"),
        (lambda lead: encoded(receipt(lead, broot=bytes(32))), "other content"),
        (lambda lead: encoded(receipt(lead)[:-1]), "cannot be read"),
        (lambda lead: "?", "cannot be read"),
        (lambda lead: "", "cannot be read"),
    ],
)
def test_attack_37_a_false_receipt_is_no_receipt(
    tmp_path: Path, liar: Scripted, says: Callable[[bytes], str], why: str
) -> None:
    liar.says = says
    with field_for(tmp_path, liar.card) as field:
        report = send(field)
        assert [problem.code for _, problem in report.left] == ["E_R1_FALSE"]
        assert report.problem is not None
        assert why in report.problem.what
        assert states(field) == ["sealed"]
        assert bundles(field) == ["ready"]
        assert len(waiting_files(field)) == 1


def test_attack_37_the_next_receiver_is_asked_when_the_first_lies(tmp_path: Path, liar: Scripted) -> None:
    (tmp_path / "second").mkdir()
    liar.says = lambda lead: "?"
    with Scripted(tmp_path / "second") as second, field_for(tmp_path, liar.card, second.card) as field:
        assert send(field).ok
        assert states(field) == ["stored"]
        assert len(second.uploads) == 1


REFUSALS = [
    (413, "E_TOKEN_QUOTA"),
    (422, "E_VOL_MIX"),
    (422, "E_VOL_SIG"),
    (460, "E_UPLOAD_CELL"),
    (400, "E_HTTP_REQUEST"),
]


def refusing(status: int, code: str) -> Callable[[str, dict[str, str], bytes], bytes | None]:
    """Every upload gets this answer."""
    return lambda request, headers, body: answer(
        status, Svidok_Code=code, Upload_Offset="0", Location=f"{network.UPLOADS}/x"
    )


@pytest.mark.parametrize(("status", "code"), REFUSALS)
def test_attack_37_the_next_receiver_is_asked_when_the_first_refuses(
    tmp_path: Path, liar: Scripted, status: int, code: str
) -> None:
    (tmp_path / "second").mkdir()
    liar.instead = refusing(status, code)
    with Scripted(tmp_path / "second") as second, field_for(tmp_path, liar.card, second.card) as field:
        assert send(field).ok
        assert states(field) == ["stored"]
        assert bundles(field) == ["done"]
        assert (len(second.uploads), len(liar.uploads)) == (1, 0)


def damage(field: Field) -> None:
    """The disk spoils the volume that waits."""
    path = field.vault.path("bundles", waiting_files(field)[0])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("codes", "spoilt", "left"),
    [
        (("E_VOL_SIG", "E_UPLOAD_CELL"), True, 0),
        (("E_VOL_SIG", "E_UPLOAD_CELL"), False, 1),
        (("E_UPLOAD_CELL", "E_VOL_MIX"), True, 1),
    ],
)
def test_a_bundle_is_made_anew_when_every_receiver_finds_it_damaged_and_it_is(
    tmp_path: Path, liar: Scripted, codes: tuple[str, str], spoilt: bool, left: int
) -> None:
    (tmp_path / "second").mkdir()
    status = {code: number for number, code in REFUSALS}
    with Scripted(tmp_path / "second") as second, field_for(tmp_path, liar.card, second.card) as field:
        for receiver, code in zip((liar, second), codes, strict=True):
            receiver.instead = refusing(status[code], code)
        send(field, lasts=0.0)
        if spoilt:
            damage(field)
        assert [problem.code for _, problem in send(field).left] == [codes[1]]
        assert (len(waiting_files(field)), states(field)) == (left, ["sealed"])
        second.instead = lambda request, headers, body: None
        assert send(field).ok


def test_beginnings_that_nobody_heard_of_do_not_stand_in_the_way(tmp_path: Path, liar: Scripted) -> None:
    """A receiver lets few uploads wait without their lead; when answers were lost, the next one brings it along."""
    lost = iter(range(1))

    def instead(request: str, headers: dict[str, str], body: bytes) -> bytes | None:
        if request.startswith("POST") and next(lost, None) is not None:
            return b"\0"
        return answer(413, Svidok_Code="E_TOKEN_QUOTA") if request.startswith("POST") and not body else None

    liar.instead = instead
    with field_for(tmp_path, liar.card) as field:
        assert send(field).ok
        assert liar.asked[:4] == ["POST", "POST", "POST", "PATCH"]


@pytest.mark.parametrize("rx", [0, 2**40])
def test_a_receiver_with_a_wrong_clock_changes_nothing_here(tmp_path: Path, liar: Scripted, rx: int) -> None:
    liar.says = lambda lead: encoded(receipt(lead, rx=rx))
    with field_for(tmp_path, liar.card) as field:
        floor = field.vault.db.meta("time-floor")
        assert send(field).ok
        assert field.vault.db.meta("time-floor") == floor


def test_a_receiver_that_forgets_gets_it_anew(tmp_path: Path, liar: Scripted) -> None:
    forgotten: list[int] = []

    def instead(request: str, headers: dict[str, str], body: bytes) -> bytes | None:
        if request.startswith("PATCH") and not forgotten:
            forgotten.append(1)
            liar.uploads.clear()
        return None

    liar.instead = instead
    with field_for(tmp_path, liar.card) as field:
        assert send(field).ok
        assert liar.asked.count("POST") == 2


def test_a_cell_that_is_refused_goes_again_and_then_the_bundle_is_made_anew(tmp_path: Path, liar: Scripted) -> None:
    refusals = iter(range(1))

    def instead(request: str, headers: dict[str, str], body: bytes) -> bytes | None:
        if request.startswith("PATCH") and next(refusals, None) is not None:
            return answer(460, Svidok_Code="E_UPLOAD_CELL", Upload_Offset=headers["upload-offset"])
        return None

    liar.instead = instead
    with field_for(tmp_path, liar.card) as field:
        assert send(field).ok
        sealed_entry(field)
        for state in ("ready", "abandoned"):
            refusals = iter(range(3))
            report = send(field)
            assert [problem.code for _, problem in report.left] == ["E_UPLOAD_CELL"]
            assert bundles(field) == ["done", state]
            if state == "ready":
                damage(field)
        assert waiting_files(field) == []
        assert send(field).ok
        assert bundles(field) == ["done", "abandoned", "done"]


@pytest.mark.parametrize(
    ("status", "code", "shown"),
    [
        (503, "E_RECEIVER_BUSY", "E_RECEIVER_BUSY"),
        (507, "E_RECEIVER_FULL", "E_RECEIVER_FULL"),
        (423, "E_UPLOAD_BUSY", "E_UPLOAD_BUSY"),
        (409, "E_UPLOAD_OFFSET", "E_UPLOAD_OFFSET"),
        (404, "E_UPLOAD_UNKNOWN", "E_UPLOAD_OFFSET"),
        (204, "", "E_NET_ANSWER"),
        (200, "", "E_NET_ANSWER"),
        (500, "E_NONSENSE", "E_NET_ANSWER"),
        (412, "E_HTTP_TUS", "E_HTTP_TUS"),
    ],
)
def test_what_never_changes_ends_the_run_with_its_reason(
    tmp_path: Path, liar: Scripted, status: int, code: str, shown: str
) -> None:
    def instead(request: str, headers: dict[str, str], body: bytes) -> bytes | None:
        return answer(status, Svidok_Code=code) if request.startswith("PATCH") else None

    liar.instead = instead
    with field_for(tmp_path, liar.card) as field:
        report = send(field, patience=0.2)
        assert report.problem is not None
        assert report.problem.code == shown
        assert states(field) == ["sealed"]
        assert bundles(field) == ["ready"]
        liar.instead = lambda request, headers, body: None
        assert send(field).ok


@pytest.mark.parametrize("location", ["", "nowhere", "https://elsewhere.test", "/v1/up/\x7f"])
def test_a_location_that_is_none_is_refused(tmp_path: Path, liar: Scripted, location: str) -> None:
    liar.instead = lambda request, headers, body: answer(201, Location=location, Upload_Offset="0")
    with field_for(tmp_path, liar.card) as field:
        report = send(field, patience=0.1)
        assert report.problem is not None
        assert report.problem.code == "E_NET_ANSWER"


def test_a_location_elsewhere_leads_nowhere_else(tmp_path: Path, liar: Scripted) -> None:
    strangers: list[tuple[bytes, bytes]] = []
    with Server(answering(answer(204), seen=strangers)) as stranger, field_for(tmp_path, liar.card) as field:

        def instead(request: str, headers: dict[str, str], body: bytes) -> bytes | None:
            if not request.startswith("POST"):
                return None
            liar.uploads["/v1/up/0"] = (int(headers["upload-length"]), bytearray(body))
            where = f"http://127.0.0.1:{stranger.port}/v1/up/0"
            return answer(201, Location=where, Upload_Offset=str(len(body)))

        liar.instead = instead
        assert send(field).ok
    assert not strangers


def test_attack_42_nothing_goes_to_a_stranger(tmp_path: Path, liar: Scripted) -> None:
    (tmp_path / "true").mkdir()
    true = identity(tmp_path / "true")
    with field_for(tmp_path, card_for(liar.port, true)) as field:
        report = send(field)
        assert [problem.code for _, problem in report.left] == ["E_PIN"]
        assert not liar.asked
        assert states(field) == ["sealed"]
        row = field.vault.db.one("SELECT state FROM bundle_volume")
        assert row == ("uploading",)


def test_attack_42_a_portal_gets_nothing_and_is_named(tmp_path: Path) -> None:
    seen: list[bytes] = []

    def portal_page(held: socket.socket) -> None:
        seen.append(held.recv(65536))
        held.sendall(answer(302, Location="http://login.hotel.test/"))

    true = identity(tmp_path)
    with Server(portal_page) as portal, field_for(tmp_path, card_for(portal.port, true)) as field:
        report = send(field)
        assert report.problem is not None
        assert report.problem.code == "E_NET_PORTAL"
    assert not any(b"Bearer" in data or b"SVIDVOL" in data for data in seen)


def test_attack_42_a_receiver_that_redirects_to_plain_http(tmp_path: Path) -> None:
    true = identity(tmp_path)
    plain: list[tuple[bytes, bytes]] = []
    with Server(answering(answer(200), seen=plain)) as other:
        away = answer(307, Location=f"http://127.0.0.1:{other.port}/v1/up")
        with (
            Server(answering(away), server_context(true)) as server,
            field_for(tmp_path, card_for(server.port, true)) as field,
        ):
            report = send(field)
            assert report.problem is not None
            assert report.problem.code == "E_NET_REDIRECT"
    assert not plain


def test_nothing_is_sent_without_a_receiver_or_against_the_policy(tmp_path: Path, liar: Scripted) -> None:
    from sync.settings import SendSettings

    with device(tmp_path / "none", [], TOKENS) as field:
        refused("E_RECEIVER_NONE", Sender(field).run)
    with field_for(tmp_path, liar.card) as field:
        refused("E_SEND_NEVER", Sender(field, settings=SendSettings(policy="never")).run)
        refused("E_PROXY_URL", Sender(field, settings=SendSettings(proxy="ftp://x")).run)
    assert not liar.asked


def test_what_the_office_has_imported_by_another_way_is_not_sent(tmp_path: Path, liar: Scripted) -> None:
    broken = dataclasses.replace(liar.card, url="https://127.0.0.1:1")
    with field_for(tmp_path, broken) as field:
        assert not send(field, patience=0.1).ok
        assert bundles(field) == ["ready"]
        field.vault.db.execute("UPDATE entry SET state = 'imported'")
        assert send(field).ok
        assert bundles(field) == ["abandoned"]
        assert waiting_files(field) == []


def test_the_bytes_that_arrive_are_a_volume(tmp_path: Path, liar: Scripted) -> None:
    from sync.volume import check

    class Held:
        def __init__(self, data: bytes) -> None:
            self._data, self.length = data, len(data)

        def read(self, offset: int, length: int) -> bytes:
            return self._data[offset : offset + length]

    with field_for(tmp_path, liar.card) as field:
        assert send(field).ok
    ((length, data),) = liar.uploads.values()
    assert len(data) == length
    assert len(data[:HEADER]) == HEADER
    assert check(Held(bytes(data))).whole
