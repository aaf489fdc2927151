"""The desk's databases under attack, old copies put back, and what strangers send."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from collector.cells import CELL
from collector.slots import RecipientPublic
from sync.desk import importer
from sync.desk.archive import FOLDER
from sync.desk.desk import Desk
from tests.helpers import faults
from tests.helpers.expect import refused
from tests.helpers.mission import DAY, PASSPHRASE, SetClock
from tests.sync.desk.conftest import Home
from tests.sync.desk.devices import Device, attach
from tests.sync.desk.travel import Bundle, codes_of, consistent, receipts_of, stored, take

DATABASES = ("vault/vault.db", "archive/process.db", "archive/identity.db", "archive/narrative.db")


def filled(home: Home, one: Device) -> Path:
    take(home.desk, Bundle([one.entry(), one.entry(attached=[attach(b"x")])]))
    home.desk.close()
    return home.path


def opening(home: Path) -> None:
    with Desk.open(home, PASSPHRASE, clock=SetClock()) as desk:
        for archive in desk.archives.values():
            archive.db.check()
        desk.vault.db.check()
        desk.search("marker")
        for hit in desk.recent():
            desk.record(hit.record)


@pytest.mark.parametrize("name", DATABASES)
def test_attack_47_pages_flipped_files_cut(home: Home, one: Device, name: str) -> None:
    path = filled(home, one) / name
    whole = path.read_bytes()
    for damaged in (
        whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:],
        whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:],
        whole[: len(whole) // 2],
        whole[:100],
        b"",
    ):
        path.write_bytes(damaged)
        with refused("E_DB_CORRUPT"):
            opening(home.path)
    path.write_bytes(whole)
    opening(home.path)


def test_attack_47_a_database_of_another_key(home: Home, one: Device) -> None:
    path = filled(home, one)
    for first, second in (("archive/process.db", "archive/identity.db"), ("vault/vault.db", "archive/narrative.db")):
        kept = (path / first).read_bytes()
        shutil.copyfile(path / second, path / first)
        with refused("E_DB_CORRUPT"):
            opening(path)
        (path / first).write_bytes(kept)
    header = path / "archive/identity.hdr"
    kept = header.read_bytes()
    shutil.copyfile(path / "archive/process.hdr", header)
    with refused("E_UNLOCK"):
        opening(path)
    header.write_bytes(kept[:100])
    with refused("E_UNLOCK", "E_FORMAT", "E_HDR_LOST"):
        opening(path)
    header.write_bytes(kept)
    opening(path)


def test_attack_47_a_stale_log_beside_a_newer_database(home: Home, one: Device) -> None:
    archive = home.path / "archive/narrative.db"
    take(home.desk, Bundle([one.entry()]))
    stale = archive.with_name("narrative.db-wal").read_bytes()
    assert stale
    take(home.desk, Bundle([one.entry()]))
    home.desk.close()
    archive.with_name("narrative.db-wal").write_bytes(stale)
    assert faults.outcome(lambda: opening(home.path)) in ("done", "E_DB_CORRUPT")


def test_a_desk_that_cannot_be_opened_gives_its_home_free(home: Home, one: Device) -> None:
    path = filled(home, one)
    archive = path / "archive/narrative.db"
    kept = archive.read_bytes()
    archive.write_bytes(b"")
    for _ in range(2):
        with refused("E_DB_CORRUPT"):
            Desk.open(path, PASSPHRASE)
    archive.write_bytes(kept)
    opening(path)


def test_attack_55_databases_of_a_newer_program(home: Home) -> None:
    home.desk.archives[1].db.execute("INSERT INTO migration VALUES ('archive/9999_later.sql')")
    home.desk.close()
    with refused("E_DB_NEWER"):
        opening(home.path)


# ---- old copies put back ----


def test_an_old_vault_beside_a_newer_archive_destroys_nothing(home: Home, one: Device, tmp_path: Path) -> None:
    first, second = Bundle([one.entry()]), Bundle([one.entry(attached=[attach(b"x" * 100)])])
    take(home.desk, first)
    home.desk.close()
    shutil.copytree(home.path / "vault", tmp_path / "old")
    desk = home.reopened()
    take(desk, second)
    desk.close()
    before = stored(desk)
    shutil.rmtree(home.path / "vault")
    shutil.copytree(tmp_path / "old", home.path / "vault")
    for _ in range(2):
        desk = home.reopened()
        assert "E_ARCHIVE_AHEAD" in {warning.code for warning in desk.vault.warnings}
        assert stored(desk) == before
        assert [len(archive.numbers()) for archive in desk.archives.values()] == [2, 2, 2]
    assert codes_of(take(desk, second)) == ["imported"]
    assert len(desk.search("marker")) == 2
    desk = home.reopened()
    assert "E_ARCHIVE_AHEAD" not in {warning.code for warning in desk.vault.warnings}
    assert len(desk.search("marker")) == 2
    consistent(desk)


def test_an_old_archive_beside_a_newer_vault_is_said_and_healed(home: Home, one: Device, tmp_path: Path) -> None:
    bundle = Bundle([one.entry()])
    home.desk.close()
    for name in ("narrative.db", "identity.db"):
        shutil.copyfile(home.path / FOLDER / name, tmp_path / name)
    desk = home.reopened()
    take(desk, bundle)
    desk.close()
    for name in ("narrative.db", "identity.db"):
        shutil.copyfile(tmp_path / name, home.path / FOLDER / name)
    for _ in range(2):
        desk = home.reopened()
        assert "E_ARCHIVE_BEHIND" in {warning.code for warning in desk.vault.warnings}
    assert codes_of(take(desk, bundle)) == ["imported"]
    assert desk.count() == {"imported": 1, "quarantined": 0}
    desk = home.reopened()
    assert desk.vault.warnings == ()
    consistent(desk)


def test_an_entry_whose_cells_are_gone_is_not_answered_for_again_before_it_is_whole(home: Home, one: Device) -> None:
    bundle = Bundle([one.entry()])
    take(home.desk, bundle)
    (name,) = stored(home.desk)["store"]
    (home.path / FOLDER / "store" / name).unlink()
    assert codes_of(take(home.desk, bundle)) == ["imported"]
    assert len(stored(home.desk)["store"]) == 1


# ---- strangers ----


def test_attack_63_strangers_fill_a_small_room_and_get_no_receipt(
    desk: Desk, one: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "STRANGERS_QUOTA", 10 * CELL)
    sent = [Bundle([bytes([n]) * (3 * CELL)]) for n in range(8)]
    honest = Bundle([one.entry()])
    events = desk.vault.log.size()
    report = take(desk, *sent, honest)
    assert report.imported == 1
    assert desk.count()["quarantined"] == 3
    assert [item["code"] for item in report.refused] == ["E_STRANGERS_FULL"] * 5
    assert len(stored(desk)["strangers"]) == 3
    assert desk.vault.log.size() == events + 3 + 1
    assert desk.vault.db.query("SELECT count(*) FROM bundle") == [(4,)]
    assert all(receipts_of(desk, bundle.bid) == {} for bundle in sent)
    take(desk, *sent)
    assert desk.count()["quarantined"] == 3
    consistent(desk)


def test_attack_63_old_strangers_make_room(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "STRANGERS_QUOTA", 7 * CELL)
    take(home.desk, Bundle([b"a" * (3 * CELL)]), Bundle([b"b" * (3 * CELL)]))
    (old, _) = sorted(stored(home.desk)["strangers"])
    home.clock.now += 91 * DAY
    report = take(home.desk, Bundle([b"c" * (3 * CELL)]))
    assert report.refused == []
    assert home.desk.count()["quarantined"] == 1
    assert old not in stored(home.desk)["strangers"]
    consistent(home.reopened())
    assert home.desk.vault.warnings == ()


def test_a_quarantined_entry_that_comes_again_and_again_is_kept_once(desk: Desk, one: Device) -> None:
    entry = one.entry(core={"pack": (9, bytes(32))})
    for _ in range(3):
        take(desk, Bundle([entry]))
    assert len(stored(desk)["quarantine"]) == 1
    assert desk.count() == {"imported": 0, "quarantined": 1}
    consistent(desk)


def test_strangers_on_a_stick_beside_an_honest_bundle(home: Home, one: Device, tmp_path: Path) -> None:
    intake = RecipientPublic(one.body.intake[0].pkN, one.body.intake[0].pkX)
    stick = tmp_path / "stick"
    for n in range(3):
        Bundle([bytes([n]) * CELL]).write(stick, intake)
    Bundle([one.entry()]).write(stick, intake)
    (stick / "notes.txt").write_text("nothing of ours")
    report = home.desk.import_folders([stick])
    assert (report.imported, report.quarantined, report.bundles) == (1, 3, 4)
    consistent(home.desk)
