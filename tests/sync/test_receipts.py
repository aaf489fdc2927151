"""Receipts and the purge: only the office's word about exactly this entry lets anything go."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from collector import crypto, envelope, packs, signed
from collector.crypto import Secret
from collector.field import Field
from collector.slots import RecipientKeys, RecipientPublic
from schemas.records.mission import Policy
from schemas.records.receipt import DeskReceipt, ReturnContent
from schemas.structure import encode
from sync import outbox, receipts
from sync.receipts import Kept
from tests.helpers.expect import flipped, refused
from tests.helpers.faults import checkpoints, killed_at
from tests.helpers.interviews import files_below, sealed_entry, some_file
from tests.helpers.mission import DAY, NOW, PASSPHRASE, Office, SetClock, enrolled_field, new_field
from tests.sync.sticks import folders

ALL = (0, 1, 2)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def field(tmp_path: Path, office: Office) -> Iterator[Field]:
    opened = enrolled_field(tmp_path / "home", office)
    yield opened
    opened.close()


@pytest.fixture
def exported(tmp_path: Path, field: Field) -> bytes:
    """The id of one entry that is on a stick."""
    eid = sealed_entry(field, photo=some_file(tmp_path))
    outbox.export(field, folders(tmp_path, 1), k=1, n=1)
    return eid


def state_of(field: Field, eid: bytes) -> str:
    row = field.vault.db.one("SELECT state FROM entry WHERE eid = ?", (eid,))
    assert row is not None
    return str(row[0])


def receipt_for(
    field: Field, office: Office, eid: bytes, *, keys: Sequence[Secret] | None = None, **changes: object
) -> bytes:
    """A signed receipt for an entry; every field may be changed."""
    row = field.vault.db.one("SELECT core_hash FROM entry WHERE eid = ?", (eid,))
    core = bytes(row[0]) if row is not None else bytes(32)
    fields: dict[str, object] = {
        "eid": eid,
        "core": core,
        "status": "imported",
        "opened": ALL,
        "code": "",
        "at": NOW,
        "log": (1, bytes(32)),
    }
    body = encode(DeskReceipt(**{**fields, **changes}))  # type: ignore[arg-type]
    return signed.sign_object("r2", body, office.receipt_keys if keys is None else keys)


def device_of(field: Field) -> RecipientPublic:
    asked = packs.read_request(field.request()[0])
    return RecipientPublic(asked.pkN, asked.pkX)


def return_file(
    field: Field, folder: Path, *items: bytes, device: RecipientPublic | None = None, retn: bytes | None = None
) -> Path:
    """A return file for the newest bundle of the machine."""
    if retn is None:
        row = field.vault.db.one("SELECT retn FROM bundle ORDER BY rowid DESC LIMIT 1")
        assert row is not None
        retn = bytes(row[0])
    folder.mkdir(exist_ok=True)
    path = folder / (base64.b32encode(retn).decode().rstrip("=").lower() + ".ret")
    content = encode(ReturnContent(r2=items), envelope.LIMITS)
    path.write_bytes(envelope.seal(envelope.RETURN_MAGIC, content, [device or device_of(field)]))
    return path


def test_a_receipt_comes_back_and_the_entry_may_go(
    tmp_path: Path, field: Field, office: Office, exported: bytes
) -> None:
    back = tmp_path / "back"
    return_file(field, back, receipt_for(field, office, exported))
    report = receipts.apply(field, back)
    assert report.ok
    assert [(item.status, item.new) for item in report.taken] == [("imported", True)]
    assert state_of(field, exported) == "imported"
    assert json.loads(json.dumps(report.as_dict()))["ok"] is True
    purged = receipts.purge(field)
    assert purged.purged == [report.taken[0].code]
    assert purged.kept == []
    assert state_of(field, exported) == "purged"
    folder = field.vault.folder
    assert files_below(folder / "outbox") == files_below(folder / "spool") == {}
    assert [event.act for event in field.vault.log.events()][-2:] == ["r2", "purge"]
    assert receipts.purge(field).as_dict() == {"purged": [], "kept": []}


def test_attack_36_the_same_receipt_again_changes_nothing(
    tmp_path: Path, field: Field, office: Office, exported: bytes
) -> None:
    back = tmp_path / "back"
    return_file(field, back, receipt_for(field, office, exported))
    receipts.apply(field, back)
    events = field.vault.log.head()
    again = receipts.apply(field, [back, back])
    assert [item.new for item in again.taken] == [False, False]
    assert again.ok
    assert field.vault.log.head() == events
    receipts.purge(field)
    receipts.apply(field, back)
    assert state_of(field, exported) == "purged"


def test_attack_39_receipt_for_another_core(tmp_path: Path, field: Field, office: Office, exported: bytes) -> None:
    return_file(field, tmp_path / "back", receipt_for(field, office, exported, core=b"\x01" * 32))
    report = receipts.apply(field, tmp_path / "back")
    assert [item.problem.code for item in report.taken if item.problem] == ["E_RECEIPT_CORE"]
    assert state_of(field, exported) == "exported"
    assert receipts.purge(field).purged == []


def test_attack_39_receipt_by_another_key(tmp_path: Path, field: Field, office: Office, exported: bytes) -> None:
    other = crypto.sign_keypair(Secret.random())[1]
    good = receipt_for(field, office, exported)
    for number, forged in enumerate(
        (
            receipt_for(field, office, exported, keys=[other]),
            receipt_for(field, office, exported, keys=office.mission_keys),
            receipt_for(field, office, exported, keys=[]),
            flipped(good, 30),
        )
    ):
        folder = tmp_path / f"back{number}"
        return_file(field, folder, forged)
        report = receipts.apply(field, folder)
        assert not report.ok
        assert next(item.problem.code for item in report.taken if item.problem) in ("E_RECEIPT_SIG", "E_SCHEMA")
    assert state_of(field, exported) == "exported"
    assert receipts.purge(field).purged == []


def test_attack_7_a_manifest_signature_is_no_receipt(
    tmp_path: Path, field: Field, office: Office, exported: bytes
) -> None:
    row = field.vault.db.one("SELECT core_hash FROM entry WHERE eid = ?", (exported,))
    assert row is not None
    body = encode(
        DeskReceipt(
            eid=exported, core=bytes(row[0]), status="imported", opened=ALL, code="", at=NOW, log=(1, bytes(32))
        )
    )
    for kind in ("pack", "cert", "manifest", "r1", "cust"):
        return_file(field, tmp_path / kind, signed.sign_object(kind, body, office.receipt_keys))
        report = receipts.apply(field, tmp_path / kind)
        assert [item.problem.code for item in report.taken if item.problem] == ["E_RECEIPT_SIG"]
    assert state_of(field, exported) == "exported"


@pytest.mark.parametrize("status", ["refused", "quarantined"])
def test_attack_39_refused_and_quarantined_are_no_purge(
    tmp_path: Path, field: Field, office: Office, exported: bytes, status: str
) -> None:
    return_file(field, tmp_path / "back", receipt_for(field, office, exported, status=status, code="E_CERT"))
    report = receipts.apply(field, tmp_path / "back")
    assert [(item.status, item.desk_code) for item in report.taken] == [(status, "E_CERT")]
    assert state_of(field, exported) == "needs-human"
    assert [item.reason for item in receipts.purge(field).kept] == ["needs-human"]
    # It travels again, and a later word of the office settles it.
    assert len(outbox.export(field, folders(tmp_path, 1), k=1, n=1).exported) == 1
    assert state_of(field, exported) == "needs-human"
    return_file(field, tmp_path / "later", receipt_for(field, office, exported))
    receipts.apply(field, tmp_path / "later")
    assert state_of(field, exported) == "imported"
    # And is not taken back by an older one that comes late.
    return_file(field, tmp_path / "late", receipt_for(field, office, exported, status=status, at=NOW - 5))
    receipts.apply(field, tmp_path / "late")
    assert state_of(field, exported) == "imported"


def test_not_every_compartment_opened_keeps_the_entry(
    tmp_path: Path, field: Field, office: Office, exported: bytes
) -> None:
    return_file(field, tmp_path / "back", receipt_for(field, office, exported, opened=(0, 2)))
    receipts.apply(field, tmp_path / "back")
    assert state_of(field, exported) == "imported"
    assert [item.reason for item in receipts.purge(field).kept] == ["not-all-opened"]
    return_file(field, tmp_path / "later", receipt_for(field, office, exported, at=NOW + 1))
    receipts.apply(field, tmp_path / "later")
    assert len(receipts.purge(field).purged) == 1


def test_entries_without_a_receipt_stay(tmp_path: Path, field: Field, office: Office, exported: bytes) -> None:
    other = sealed_entry(field)
    return_file(field, tmp_path / "back", receipt_for(field, office, exported))
    receipts.apply(field, tmp_path / "back")
    report = receipts.purge(field)
    assert len(report.purged) == 1
    assert [item.reason for item in report.kept] == ["no-receipt"]
    assert state_of(field, other) == "sealed"
    assert len(files_below(field.vault.folder / "outbox")) == 1


def test_the_mission_may_ask_for_days(tmp_path: Path, office: Office) -> None:
    with new_field(tmp_path / "home") as field:
        request, _ = field.request()
        field.accept_pack(office.pack_for(request, policy=Policy(keep_days=7)), office.fingerprint)
        eid = sealed_entry(field)
        outbox.export(field, folders(tmp_path, 1), k=1, n=1)
        return_file(field, tmp_path / "back", receipt_for(field, office, eid))
        clock = SetClock(NOW)
        receipts.apply(field, tmp_path / "back", clock=clock)
        clock.now += 2 * DAY
        report = receipts.purge(field, clock=clock)
        assert [(item.reason, item.days) for item in report.kept] == [("keep-days", 5)]
        assert isinstance(report.kept[0], Kept)
        clock.now += 5 * DAY
        assert len(receipts.purge(field, clock=clock).purged) == 1


def test_a_receipt_for_nobody_does_not_stop_the_others(
    tmp_path: Path, field: Field, office: Office, exported: bytes
) -> None:
    items = [receipt_for(field, office, b"?" * 16), b"\x80", receipt_for(field, office, exported)]
    return_file(field, tmp_path / "back", *items)
    report = receipts.apply(field, tmp_path / "back")
    codes = [item.problem.code if item.problem else "" for item in report.taken]
    assert codes == ["E_RECEIPT_UNKNOWN", "E_SCHEMA", ""]
    assert state_of(field, exported) == "imported"


def test_files_of_other_devices_are_left_to_them(tmp_path: Path, field: Field, office: Office, exported: bytes) -> None:
    return_file(field, tmp_path / "back", receipt_for(field, office, exported), retn=b"?" * 16)
    report = receipts.apply(field, tmp_path / "back")
    assert (report.taken, report.foreign) == ([], 1)
    assert state_of(field, exported) == "exported"


def test_attack_32_a_return_file_sealed_to_another_device(
    tmp_path: Path, field: Field, office: Office, exported: bytes
) -> None:
    stranger = RecipientKeys.from_seed(Secret.random()).public
    return_file(field, tmp_path / "back", receipt_for(field, office, exported), device=stranger)
    report = receipts.apply(field, tmp_path / "back")
    assert [item.problem.code for item in report.taken if item.problem] == ["E_NOT_FOR_US"]


def test_damaged_return_files_are_refused_one_by_one(
    tmp_path: Path, field: Field, office: Office, exported: bytes
) -> None:
    path = return_file(field, tmp_path / "back", receipt_for(field, office, exported))
    whole = path.read_bytes()
    for data in (b"", whole[:100], whole[:-1], flipped(whole, 20), flipped(whole, len(whole) - 1), whole + b"x"):
        path.write_bytes(data)
        assert not receipts.apply(field, tmp_path / "back").ok
        assert state_of(field, exported) == "exported"
    path.write_bytes(whole)
    assert receipts.apply(field, tmp_path / "back").ok


def test_a_mission_pack_is_no_return_file(tmp_path: Path, field: Field, office: Office, exported: bytes) -> None:
    path = return_file(field, tmp_path / "back", receipt_for(field, office, exported))
    path.write_bytes(office.pack_for(field.request()[0]))
    report = receipts.apply(field, tmp_path / "back")
    assert [item.problem.code for item in report.taken if item.problem] == ["E_FORMAT"]


def test_before_enrolment_there_are_no_receipts(tmp_path: Path) -> None:
    with new_field(tmp_path / "home") as field:
        with refused("E_NOT_ENROLLED"):
            receipts.apply(field, tmp_path)
        with refused("E_NOT_ENROLLED"):
            receipts.purge(field)


def test_staged_volumes_go_with_their_entries(tmp_path: Path, field: Field, office: Office) -> None:
    eid = sealed_entry(field)
    outbox.stage(field)
    return_file(field, tmp_path / "back", receipt_for(field, office, eid))
    receipts.apply(field, tmp_path / "back")
    receipts.purge(field)
    assert files_below(field.vault.folder / "bundles") == {}


def test_attack_25_killed_at_every_step_of_a_purge(tmp_path: Path, office: Office) -> None:
    """Whatever moment: an entry is either kept with its files, or purged; and the next purge finishes the rest."""

    def purge(home: Path) -> None:
        with Field.open(home, PASSPHRASE, clock=SetClock()) as field:
            receipts.purge(field)

    with enrolled_field(tmp_path / "ready", office) as field:
        eid = sealed_entry(field, photo=some_file(tmp_path))
        outbox.export(field, folders(tmp_path, 1), k=1, n=1)
        return_file(field, tmp_path / "back", receipt_for(field, office, eid))
        receipts.apply(field, tmp_path / "back")
    shutil.copytree(tmp_path / "ready", tmp_path / "count")
    names = checkpoints(lambda: purge(tmp_path / "count"))
    first = names.index("purge: decided")
    for place in range(first, len(names)):
        home = tmp_path / f"home{place}"
        shutil.copytree(tmp_path / "ready", home)
        assert killed_at(place, lambda home=home: purge(home))  # type: ignore[misc]
        with Field.open(home, PASSPHRASE, clock=SetClock()) as field:
            assert state_of(field, eid) == "purged"
            assert not [notice.code for notice in field.notices if notice.code == "E_OUTBOX_LOST"]
            receipts.purge(field)
            assert files_below(field.vault.folder / "outbox") == {}
            assert files_below(field.vault.folder / "spool") == {}
