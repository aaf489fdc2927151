"""Import of what an enrolled device sends: states, receipts, duplicates, contradictions."""

from __future__ import annotations

import dataclasses

import pytest

from collector import crypto
from collector.cells import CELL, CHUNK
from sync.desk import importer
from sync.desk.desk import Desk
from sync.desk.importer import BATCH, BATCH_BYTES, _batches
from sync.desk.intake import DecodedFile
from tests.helpers.expect import flipped
from tests.sync.desk.conftest import Home, Office
from tests.sync.desk.devices import STORY_TEXT, Device, answers, attach, flip_cell, with_times
from tests.sync.desk.travel import Bundle, codes_of, consistent, receipts_of, stored, take


def test_an_entry_is_imported_with_every_answer_and_its_attachment(desk: Desk, one: Device) -> None:
    photo = attach(b"\xff\xd8\xff" + bytes(200_000))
    entry = one.entry(attached=[photo])
    bundle = Bundle([entry])
    report = take(desk, bundle)
    assert (report.imported, report.attachments, report.attachment_bytes) == (1, 1, 200_003)
    record = desk.record(entry.code)
    assert record["answers"]["account"]["story"] == STORY_TEXT  # type: ignore[index]
    assert receipts_of(desk, bundle.bid) == {entry.eid: ("imported", "")}
    consistent(desk)


def test_attack_36_the_same_bundle_and_the_same_entry_in_another_bundle(desk: Desk, one: Device) -> None:
    entry = one.entry(attached=[attach(b"x" * 70_000)])
    first, again, other = Bundle([entry]), Bundle([entry]), Bundle([entry, one.entry()])
    again.bid = first.bid
    assert take(desk, first).imported == 1
    before = stored(desk)
    assert codes_of(take(desk, again)) == ["duplicate"]
    assert stored(desk) == before
    assert codes_of(take(desk, other)) == ["duplicate", "imported"]
    assert receipts_of(desk, other.bid)[entry.eid] == ("imported", "")
    third = Bundle([entry, entry])
    assert codes_of(take(desk, third)) == ["duplicate", "duplicate"]
    assert receipts_of(desk, third.bid) == {entry.eid: ("imported", "")}
    assert desk.count() == {"imported": 2, "quarantined": 0}
    consistent(desk)


def test_the_same_entry_twice_in_one_bundle(desk: Desk, one: Device) -> None:
    entry = one.entry()
    assert codes_of(take(desk, Bundle([entry, entry]))) == ["imported", "duplicate"]
    consistent(desk)


def test_the_same_entry_and_its_contradiction_in_later_batches(
    desk: Desk, one: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch is verified before the one in front of it is filed; what is decided is decided in order all the same."""
    monkeypatch.setattr(importer, "BATCH", 1)
    entry, twin, other = one.entry(leaf=5), one.entry(leaf=5), one.entry(leaf=6)
    sent = Bundle([entry, entry, other, entry, twin, entry, other])
    expected = ["imported", "duplicate", "imported", "duplicate", "E_EQUIVOCATION", "E_EQUIVOCATION", "duplicate"]
    assert codes_of(take(desk, sent)) == expected
    assert desk.count() == {"imported": 1, "quarantined": 2}
    answered = receipts_of(desk, sent.bid)
    assert answered.pop(other.eid) == ("imported", "")
    assert set(answered.values()) == {("quarantined", "E_EQUIVOCATION")}
    consistent(desk)


def test_attack_34_two_entries_with_one_number(desk: Desk, one: Device) -> None:
    first, second = one.entry(leaf=5), one.entry(leaf=5)
    bundle = Bundle([first])
    assert codes_of(take(desk, bundle)) == ["imported"]
    assert codes_of(take(desk, Bundle([second]))) == ["E_EQUIVOCATION"]
    assert desk.count() == {"imported": 0, "quarantined": 2}
    assert receipts_of(desk, bundle.bid) == {first.eid: ("quarantined", "E_EQUIVOCATION")}
    events = desk.vault.log.size()
    assert codes_of(take(desk, Bundle([second, first]))) == ["E_EQUIVOCATION"] * 2
    assert desk.vault.log.size() == events
    assert desk.count() == {"imported": 0, "quarantined": 2}
    consistent(desk)


def test_attack_34_two_entries_with_one_number_in_one_bundle(desk: Desk, one: Device) -> None:
    first, second = one.entry(leaf=5), one.entry(leaf=5)
    bundle = Bundle([first, second, one.entry(leaf=6)])
    assert codes_of(take(desk, bundle)) == ["E_EQUIVOCATION", "E_EQUIVOCATION", "imported"]
    answered = receipts_of(desk, bundle.bid)
    assert answered[first.eid] == answered[second.eid] == ("quarantined", "E_EQUIVOCATION")
    assert [len(archive.numbers()) for archive in desk.archives.values()] == [1, 1, 1]
    consistent(desk)


def test_attack_34_a_bad_entry_with_the_number_of_a_good_one(desk: Desk, one: Device) -> None:
    bad = one.entry(leaf=5, core={"pack": (7, bytes(32))})
    assert codes_of(take(desk, Bundle([bad, one.entry(leaf=5)]))) == ["E_EQUIVOCATION"] * 2
    assert [archive.numbers() for archive in desk.archives.values()] == [[], [], []]


def test_attack_60_another_devices_entry_id(desk: Desk, one: Device, two: Device) -> None:
    honest = one.entry()
    usurper = two.entry(eid=honest.eid)
    assert codes_of(take(desk, Bundle([usurper]))) == ["imported"]
    bundle = Bundle([honest])
    assert codes_of(take(desk, bundle)) == ["E_EQUIVOCATION"]
    listed = desk.quarantine()
    assert {item["record"] for item in listed} == {honest.code, usurper.code}
    assert all(item["kept"] for item in listed)
    assert receipts_of(desk, bundle.bid) == {honest.eid: ("quarantined", "E_EQUIVOCATION")}


def test_attack_60_without_a_signature_nobody_is_in_the_way(desk: Desk, one: Device, office: Office) -> None:
    honest = one.entry()
    pretender = office.stranger.entry(eid=honest.eid, recipients=to(one))
    assert codes_of(take(desk, Bundle([pretender]))) == ["E_CERT"]
    assert codes_of(take(desk, Bundle([honest]))) == ["imported"]


def to(device: Device):  # type: ignore[no-untyped-def]
    return lambda found: [r for r in device.body.recips if r.comp == found[0].comp]


def test_attack_35_a_revoked_device(desk: Desk, one: Device) -> None:
    before, after = one.entry(leaf=7), one.entry(leaf=8)
    desk.vault.db.execute("UPDATE device SET last_ok = 7 WHERE serial = ?", (one.certificate.serial,))
    bundle = Bundle([before, after])
    assert codes_of(take(desk, bundle)) == ["imported", "E_DEVICE_REVOKED"]
    assert receipts_of(desk, bundle.bid)[after.eid] == ("quarantined", "E_DEVICE_REVOKED")
    (item,) = desk.quarantine()
    assert (item["record"], item["sequence"]) == (after.code, 8)


def test_what_stood_in_quarantine_is_imported_when_its_cause_is_gone(desk: Desk, one: Device) -> None:
    entry = one.entry(leaf=8)
    desk.vault.db.execute("UPDATE device SET last_ok = 7 WHERE serial = ?", (one.certificate.serial,))
    bundle = Bundle([entry])
    assert codes_of(take(desk, bundle)) == ["E_DEVICE_REVOKED"]
    desk.vault.db.execute("UPDATE device SET last_ok = NULL")
    assert codes_of(take(desk, bundle)) == ["imported"]
    assert desk.count() == {"imported": 1, "quarantined": 0}
    assert receipts_of(desk, bundle.bid) == {entry.eid: ("imported", "")}
    consistent(desk)


def test_an_uncertified_device_waits_in_quarantine_until_it_is_enrolled(desk: Desk, office: Office) -> None:
    device = office.uncertified
    entry = device.entry(leaf=1)
    bundle = Bundle([entry])
    assert codes_of(take(desk, bundle)) == ["E_CERT"]
    assert receipts_of(desk, bundle.bid) == {}
    desk.enrol(device.request)
    assert codes_of(take(desk, bundle)) == ["imported"]
    assert desk.count() == {"imported": 1, "quarantined": 0}
    assert receipts_of(desk, bundle.bid) == {entry.eid: ("imported", "")}
    consistent(desk)


def test_attack_44_clocks_of_1970_and_2100(desk: Desk, one: Device) -> None:
    early, late, right = (
        one.entry(core=with_times(one, dev=0)),
        one.entry(core=with_times(one, dev=4_102_444_800)),
        one.entry(),
    )
    report = take(desk, Bundle([early, late, right]))
    assert [item["flags"] for item in report.items] == [["E_CLOCK"], ["E_CLOCK"], []]
    assert desk.record(early.code)["flags"] == ["E_CLOCK"]


def test_a_floor_outside_the_certificate(desk: Desk, one: Device) -> None:
    certificate = one.certificate
    for floor in (certificate.nb - 1, certificate.na + 1):
        assert codes_of(take(desk, Bundle([one.entry(core=with_times(one, floor=floor))]))) == ["E_CERT"]


def test_a_custody_log_that_does_not_continue_is_flagged_in_either_order(home: Home, one: Device) -> None:
    roots = [crypto.sha256(bytes([n])) for n in range(3)]
    first = one.entry(core={"log": (1, roots[0], ())})
    follower = one.entry(core={"log": (1, roots[1], ())})
    report = take(home.desk, Bundle([first, follower]))
    assert [item["flags"] for item in report.items] == [[], ["E_LOG_FORK"]]
    second = one.entry(core={"log": (1, roots[0], ())})
    late = one.entry(core={"log": (1, roots[2], ())})
    take(home.desk, Bundle([late]))
    assert home.desk.record(late.code)["flags"] == []
    take(home.desk, Bundle([second]))
    assert home.desk.record(late.code)["flags"] == ["E_LOG_FORK"]


def test_a_record_code_of_another_device_hides_nothing(desk: Desk, one: Device, two: Device) -> None:
    honest = one.entry()
    take(desk, Bundle([honest]))
    usurper = two.entry(answers(honest.code, story="something else"), code=honest.code)
    report = take(desk, Bundle([usurper]))
    assert report.items[0]["flags"] == ["E_CODE_TWICE"]
    record = desk.record(honest.code)
    assert record["eid"] == honest.eid.hex()
    assert record["same_code"] == [{"eid": usurper.eid.hex(), "device": two.certificate.serial.hex()}]
    assert desk.record(usurper.eid.hex())["answers"]["account"]["story"] == "something else"  # type: ignore[index]


def test_attack_61_an_unreadable_cell_in_the_middle_of_an_attachment(desk: Desk, one: Device) -> None:
    good = attach(bytes([5]) * (5 * CHUNK))
    entry = one.entry(attached=[good])
    damaged = dataclasses.replace(entry, streams=(flip_cell(good, 2),))
    bundle = Bundle([damaged])
    assert codes_of(take(desk, bundle)) == ["E_CELL_AUTH"]
    assert receipts_of(desk, bundle.bid) == {entry.eid: ("quarantined", "E_CELL_AUTH")}
    assert codes_of(take(desk, Bundle([entry]))) == ["imported"]
    assert receipts_of(desk, bundle.bid) == {entry.eid: ("imported", "")}
    assert codes_of(take(desk, bundle)) == ["duplicate"]
    consistent(desk)


def test_attack_16_attachment_cells_lost_or_exchanged(desk: Desk, one: Device) -> None:
    first, second = attach(bytes([1]) * (3 * CHUNK)), attach(bytes([2]) * (3 * CHUNK))
    entry = one.entry(attached=[first, second])
    shorter = dataclasses.replace(first, cells=first.cells[:-CELL])
    swapped = (dataclasses.replace(first, cells=second.cells), dataclasses.replace(second, cells=first.cells))
    for streams in ((shorter, second), swapped, (second,), ()):
        report = take(desk, Bundle([dataclasses.replace(entry, streams=streams)]))
        assert codes_of(report)[0] in ("E_STREAM_ROOT", "E_CELL_AUTH")
    assert desk.count() == {"imported": 0, "quarantined": 1}


def test_a_stream_that_no_entry_names_is_reported(desk: Desk, one: Device) -> None:
    report = take(desk, Bundle([one.entry()], extra=[attach(b"lost")]))
    assert report.imported == 1
    assert [item["code"] for item in report.refused] == ["E_INDEX"]
    unread = take(desk, Bundle([bytes(2 * CELL)], extra=[attach(b"lost")]))
    assert unread.refused == []


def test_a_damaged_copy_of_an_imported_entry_changes_nothing(desk: Desk, one: Device) -> None:
    entry = one.entry()
    take(desk, Bundle([entry]))
    damaged = Bundle([dataclasses.replace(entry, data=flipped(entry.data, len(entry.data) - 5))])
    assert codes_of(take(desk, damaged)) == ["duplicate"]
    assert receipts_of(desk, damaged.bid) == {entry.eid: ("imported", "")}


def test_a_batch_is_bounded_by_what_it_holds(one: Device) -> None:
    sizes = [CELL] * 130 + [9 << 20] * 3 + [40 << 20, CELL]
    items = [DecodedFile(0, bytes(16), size, bytes(32), 0) for size in sizes]
    batches = list(_batches(items))
    assert [item for batch in batches for item in batch] == items
    assert all(len(batch) <= BATCH for batch in batches)
    assert all(len(batch) == 1 or sum(item.size for item in batch) <= BATCH_BYTES for batch in batches)
