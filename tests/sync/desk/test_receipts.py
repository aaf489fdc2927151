"""Return files: who can open them, what they say, and that nobody can hold back anybody's receipts."""

from __future__ import annotations

import random
from pathlib import Path

from collector import envelope, packs, signed
from collector.slots import RecipientKeys
from schemas.records.receipt import DeskReceipt, ReturnContent
from schemas.structure import decode
from sync.desk import keys, receipts
from sync.desk.desk import Desk
from sync.listing import RETURN_NAME
from tests.helpers.expect import refused
from tests.sync.desk.conftest import Home, Office
from tests.sync.desk.devices import Device
from tests.sync.desk.travel import Bundle, take


def opened(desk: Desk, data: bytes, *holders: RecipientKeys) -> list[DeskReceipt]:
    """The receipts of a return file, every signature checked."""
    content = decode(ReturnContent, envelope.open(envelope.RETURN_MAGIC, data, list(holders)).content, envelope.LIMITS)
    root = keys.office(desk.vault).root
    role = root.roles.receipt
    return [
        decode(DeskReceipt, signed.open_object("r2", item, packs.trusted(root, role), role.threshold))
        for item in content.r2
    ]


def written(desk: Desk, folder: Path) -> dict[str, bytes]:
    """Name and bytes of every return file."""
    desk.receipts(folder / "returns")
    return {path.name: path.read_bytes() for path in (folder / "returns").iterdir()}


def test_one_file_for_each_bundle_that_only_its_device_opens(
    desk: Desk, one: Device, two: Device, tmp_path: Path
) -> None:
    first, second = one.entry(), two.entry()
    bundles = [Bundle([first, one.entry(core={"pack": (9, bytes(32))})]), Bundle([second])]
    take(desk, *bundles)
    files = written(desk, tmp_path)
    assert set(files) == {receipts.file_name(bundle.retn) for bundle in bundles}
    assert all(RETURN_NAME.fullmatch(name) for name in files)
    mine = files[receipts.file_name(bundles[0].retn)]
    found = {item.eid: item for item in opened(desk, mine, one.returns)}
    assert (found[first.eid].status, found[first.eid].opened, found[first.eid].core) == (
        "imported",
        (0, 1, 2),
        first.core_hash,
    )
    assert sorted((item.status, item.code) for item in found.values()) == [
        ("imported", ""),
        ("quarantined", "E_PACK_UNKNOWN"),
    ]
    with refused("E_NOT_FOR_US"):
        opened(desk, mine, two.returns)
    assert not any(part in data for data in files.values() for part in (first.eid, second.eid, one.certificate.serial))


def test_written_again_they_say_the_same(desk: Desk, one: Device, tmp_path: Path) -> None:
    bundle = Bundle([one.entry()])
    take(desk, bundle)
    (name,) = written(desk, tmp_path)
    again = written(desk, tmp_path)
    assert opened(desk, again[name], one.returns)[0].status == "imported"
    assert list(again) == [name]


def test_attack_36_a_replay_is_answered_in_its_own_box(desk: Desk, one: Device, tmp_path: Path) -> None:
    entry = one.entry()
    first, second = Bundle([entry]), Bundle([entry])
    take(desk, first, second)
    files = written(desk, tmp_path)
    for bundle in (first, second):
        (receipt,) = opened(desk, files[receipts.file_name(bundle.retn)], one.returns)
        assert (receipt.eid, receipt.status) == (entry.eid, "imported")


def test_attack_39_a_receipt_is_renewed_when_the_answer_changes(home: Home, one: Device, tmp_path: Path) -> None:
    desk, entry = home.desk, one.entry(leaf=3)
    bundle = Bundle([entry])
    take(desk, bundle)
    name = receipts.file_name(bundle.retn)
    assert opened(desk, written(desk, tmp_path)[name], one.returns)[0].status == "imported"
    take(desk, Bundle([one.entry(leaf=3)]))
    (receipt,) = opened(desk, written(desk, tmp_path)[name], one.returns)
    assert (receipt.status, receipt.code, receipt.opened) == ("quarantined", "E_EQUIVOCATION", ())


def test_a_box_belongs_to_the_device_that_named_it_first(desk: Desk, one: Device, two: Device, tmp_path: Path) -> None:
    honest = one.entry()
    first = Bundle([honest])
    take(desk, first)
    usurper = Bundle([two.entry(), two.entry()], retn=first.retn)
    other = Bundle([two.entry()])
    take(desk, usurper, other)
    files = written(desk, tmp_path)
    assert len(files) == 2
    (receipt,) = opened(desk, files[receipts.file_name(first.retn)], one.returns)
    assert receipt.eid == honest.eid
    assert len(opened(desk, files[receipts.file_name(other.retn)], two.returns)) == 1


def test_a_device_that_names_one_box_twice_finds_everything_in_it(desk: Desk, one: Device, tmp_path: Path) -> None:
    entries = [one.entry(), one.entry(), one.entry()]
    first = Bundle(entries[:2])
    take(desk, first, Bundle(entries[1:], retn=first.retn))
    (data,) = written(desk, tmp_path).values()
    assert {item.eid for item in opened(desk, data, one.returns)} == {entry.eid for entry in entries}


def test_a_home_with_two_trees_opens_its_box_with_either_key(
    desk: Desk, one: Device, two: Device, tmp_path: Path
) -> None:
    entries = [one.entry(), two.entry()]
    take(desk, Bundle(entries))
    (data,) = written(desk, tmp_path).values()
    for device in (one, two):
        assert {item.eid for item in opened(desk, data, device.returns)} == {entry.eid for entry in entries}


def test_no_receipt_for_strangers(desk: Desk, office: Office, one: Device, tmp_path: Path) -> None:
    pretender = office.stranger.entry(recipients=lambda found: [r for r in one.body.recips if r.comp == found[0].comp])
    take(desk, Bundle([pretender]), Bundle([random.randbytes(65536)]))
    assert written(desk, tmp_path) == {}
