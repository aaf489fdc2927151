"""Decisions about what stands in quarantine: each is kept with its reason, and nothing that may be evidence goes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from collector import crypto
from sync.desk.desk import Desk
from tests.helpers.expect import refused
from tests.sync.desk.conftest import Home, Office
from tests.sync.desk.devices import Device, Sealed, attach
from tests.sync.desk.travel import Bundle, codes_of, consistent, receipts_of, stored, take

WHY = "The documenter handed the computer over on this day; the office spoke with her."


def revoke(desk: Desk, device: Device, last: int) -> None:
    desk.vault.db.execute("UPDATE device SET last_ok = ? WHERE serial = ?", (last, device.certificate.serial))


def standing(desk: Desk, device: Device, **bent: object) -> tuple[Sealed, Bundle, str]:
    """An entry above a revocation's last good number, its bundle, and the number of its item."""
    entry = device.entry(leaf=8, **bent)  # type: ignore[arg-type]
    revoke(desk, device, 7)
    bundle = Bundle([entry])
    assert codes_of(take(desk, bundle)) == ["E_DEVICE_REVOKED"]
    (item,) = desk.quarantine()
    return entry, bundle, str(item["number"])


def acts(desk: Desk, which: str) -> list[object]:
    events = desk.decisions.show(which)["custody"]
    assert isinstance(events, list)
    return [event["act"] for event in events]


def test_an_item_says_what_can_be_done_with_it(desk: Desk, one: Device, office: Office) -> None:
    standing(desk, one)
    take(desk, Bundle([office.uncertified.entry(leaf=1)]))
    stranger, revoked = desk.quarantine()
    assert revoked["can"] == ["retry", "release", "reject", "export"]
    assert stranger["can"] == ["retry", "reject", "export"]
    assert stranger["decision"] is None


def test_what_a_later_enrolment_explains_is_imported_when_it_is_tried_again(desk: Desk, office: Office) -> None:
    device = office.uncertified
    entry = device.entry(leaf=1, attached=[attach(b"a picture")])
    take(desk, Bundle([entry]))
    number = str(desk.quarantine()[0]["number"])
    assert desk.decisions.retry(number)["code"] == "E_CERT"
    assert acts(desk, number)[-1] == "retry"
    desk.enrol(device.request)
    assert desk.decisions.retry(number)["state"] == "imported"
    assert desk.count() == {"imported": 1, "quarantined": 0}
    assert desk.record(entry.code)["attachments"]
    assert stored(desk)["strangers"] == []
    assert len(stored(desk)["store"]) == 1
    consistent(desk)


def test_trying_again_in_vain_changes_nothing(home: Home, one: Device) -> None:
    _entry, bundle, number = standing(home.desk, one)
    before, told = stored(home.desk), receipts_of(home.desk, bundle.bid)
    assert home.desk.decisions.retry(number)["code"] == "E_DEVICE_REVOKED"
    assert stored(home.desk) == before
    assert receipts_of(home.desk, bundle.bid) == told
    assert [str(item["number"]) for item in home.desk.quarantine()] == [number]
    consistent(home.reopened())


def test_a_revoked_device_s_entry_is_accepted_with_a_reason_and_answered_for(desk: Desk, one: Device) -> None:
    entry, bundle, number = standing(desk, one)
    assert desk.decisions.release(number, f"  {WHY}\n")["state"] == "imported"
    assert receipts_of(desk, bundle.bid) == {entry.eid: ("imported", "")}
    events = desk.record(entry.code)["custody"]
    assert isinstance(events, list)
    assert [event["act"] for event in events][:3] == ["quarantine", "accept", "import"]
    assert events[1]["reason"] == crypto.sha256(WHY.encode()).hex()
    other = one.entry(leaf=9)
    assert codes_of(take(desk, Bundle([other]))) == ["E_DEVICE_REVOKED"]
    consistent(desk)


@pytest.mark.parametrize("code", ["E_CERT", "E_PACK_UNKNOWN", "E_STREAM_ROOT"])
def test_attack_35_no_decision_takes_the_place_of_a_proof(desk: Desk, one: Device, office: Office, code: str) -> None:
    entries = {
        "E_CERT": lambda: office.uncertified.entry(leaf=1),
        "E_PACK_UNKNOWN": lambda: one.entry(core={"pack": (9, bytes(32))}),
        "E_STREAM_ROOT": lambda: one.entry(attached=[attach(b"lost on the way")]),
    }
    assert codes_of(take(desk, Bundle([entries[code]()], drop_streams=True))) == [code]
    number = str(desk.quarantine()[0]["number"])
    with refused("E_ITEM_RULE"):
        desk.decisions.release(number, WHY)
    assert "accept" not in acts(desk, number)
    assert desk.count()["imported"] == 0


def test_an_accepted_entry_must_hold_in_everything_else(desk: Desk, one: Device) -> None:
    _entry, _bundle, number = standing(desk, one, core={"pack": (9, bytes(32))})
    assert desk.decisions.release(number, WHY)["code"] == "E_PACK_UNKNOWN"
    assert desk.count() == {"imported": 0, "quarantined": 1}


def test_what_is_rejected_stays_sealed_and_is_not_imported_when_its_cause_is_gone(desk: Desk, one: Device) -> None:
    entry, bundle, number = standing(desk, one)
    told = desk.decisions.reject(number, WHY)
    assert told["decision"] == {"what": "rejected", "reason": WHY, "at": int(desk.clock())}
    kept = stored(desk)["quarantine"]
    revoke(desk, one, 9)
    assert codes_of(take(desk, bundle)) == ["E_REJECTED"]
    assert stored(desk)["quarantine"] == kept
    assert len(kept) == 1
    assert receipts_of(desk, bundle.bid) == {entry.eid: ("quarantined", "E_REJECTED")}
    assert desk.decisions.retry(number)["state"] == "imported"
    consistent(desk)


def test_a_rejection_follows_an_entry_that_a_device_answers_for_later(desk: Desk, office: Office) -> None:
    device = office.uncertified
    bundle = Bundle([device.entry(leaf=1)])
    take(desk, bundle)
    desk.decisions.reject(str(desk.quarantine()[0]["number"]), WHY)
    desk.enrol(device.request)
    assert codes_of(take(desk, bundle)) == ["E_REJECTED"]
    (item,) = desk.quarantine()
    assert item["decision"] is not None
    assert desk.decisions.retry(str(item["number"]))["state"] == "imported"
    consistent(desk)


@pytest.mark.parametrize("reason", ["", "  ", "ok", "x" * 501])
def test_a_decision_needs_a_reason(desk: Desk, one: Device, reason: str) -> None:
    _entry, _bundle, number = standing(desk, one)
    for decide in (desk.decisions.release, desk.decisions.reject):
        with refused("E_ITEM_REASON"):
            decide(number, reason)
    assert desk.quarantine()[0]["decision"] is None


def test_an_item_is_written_out_as_it_came(desk: Desk, one: Device, tmp_path: Path) -> None:
    entry, _bundle, number = standing(desk, one)
    told = desk.decisions.export(number, tmp_path / "out")
    assert (tmp_path / "out/entry.sealed").read_bytes() == entry.data
    said = json.loads((tmp_path / "out/item.json").read_text("utf-8"))
    assert (said["sha256"], said["code"]) == (crypto.sha256(entry.data).hex(), "E_DEVICE_REVOKED")
    assert told["sha256"] == said["sha256"]
    assert acts(desk, number)[-1] == "hand-on"
    with refused("E_ATTACHMENT_EXISTS"):
        desk.decisions.export(number, tmp_path / "out")


def test_items_are_named_by_number_or_entry_id(desk: Desk, one: Device, two: Device) -> None:
    entry, _bundle, number = standing(desk, one)
    assert desk.decisions.show(entry.eid.hex()[:8])["number"] == int(number)
    take(desk, Bundle([two.entry(eid=entry.eid)]))
    with refused("E_ITEM_WHICH"):
        desk.decisions.show(entry.eid.hex())
    for unknown in ("", "999", "ffffffff", entry.eid.hex()[:7], "' OR 1"):
        with refused("E_ITEM_UNKNOWN"):
            desk.decisions.show(unknown)


def test_cells_that_are_gone_are_told(desk: Desk, one: Device) -> None:
    _entry, _bundle, number = standing(desk, one)
    for name in stored(desk)["quarantine"]:
        (desk.vault.home / "archive/quarantine" / name).unlink()
    with refused("E_ITEM_CELLS"):
        desk.decisions.retry(number)
    with refused("E_ITEM_CELLS"):
        desk.decisions.release(number, WHY)
    assert desk.quarantine()[0]["decision"] is None
