"""Imports that are cut off: nothing half-made stays, and the next import gives exactly one record each."""

from __future__ import annotations

import errno
import os
import resource
import shutil
from pathlib import Path

import pytest

from collector.cells import CHUNK
from collector.slots import RecipientPublic
from schemas.problems import Problem
from sync.desk.archive import FOLDER
from sync.desk.desk import Desk
from tests.helpers import faults
from tests.helpers.expect import refused
from tests.helpers.mission import PASSPHRASE, SetClock
from tests.sync.desk.conftest import Home, Office
from tests.sync.desk.devices import Device, attach
from tests.sync.desk.travel import Bundle, codes_of, consistent, receipts_of, take, take_decoded

CODES = ("done", "", "E_DISK_FULL", "E_MEDIA_IO")


def bundles(one: Device) -> tuple[Bundle, Bundle]:
    """One to import, one that stays in quarantine beside it."""
    good = one.entry(attached=[attach(b"a" * (2 * CHUNK))])
    return Bundle([good]), Bundle([one.entry(core={"pack": (9, bytes(32))})])


def whole(desk: Desk, *sent: Bundle) -> None:
    """Everything is there once, whatever happened before."""
    take(desk, *sent)
    assert desk.count() == {"imported": 1, "quarantined": 1}
    assert len(desk.search("marker")) == 1
    for bundle in sent:
        assert len(receipts_of(desk, bundle.bid)) == len(bundle.entries)
    consistent(desk)


def test_a_process_killed_at_every_checkpoint_of_an_import(office: Office, one: Device, tmp_path: Path) -> None:
    sent = bundles(one)
    place, cut = 0, True
    while cut:
        home = tmp_path / f"home-{place}"
        shutil.copytree(office.home, home)

        def run(home: Path = home) -> None:
            with Desk.open(home, PASSPHRASE, clock=SetClock()) as desk:
                take(desk, *sent)

        cut = faults.killed_at(place, run)
        with Desk.open(home, PASSPHRASE, clock=SetClock()) as desk:
            consistent(desk)
            assert desk.count()["imported"] in (0, 1)
            whole(desk, *sent)
        shutil.rmtree(home)
        place += 1
    assert place > 20


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=["full", "fault"])
def test_attack_25_every_write_of_an_import_fails_once(home: Home, one: Device, number: int) -> None:
    sent = bundles(one)
    at = 0
    while True:
        at += 1
        with faults.failing(at, number) as disk:
            code = faults.outcome(lambda: take(home.desk, *sent))
        if not disk.failed:
            break
        assert code in ("E_DISK_FULL", "E_MEDIA_IO", "done")
        assert home.desk.count()["imported"] in (0, 1)
    assert at > 5
    whole(home.desk, *sent)
    whole(home.reopened(), *sent)


def test_attack_25_a_full_disk_in_the_middle_of_the_databases(office: Office, one: Device, tmp_path: Path) -> None:
    """No file may grow beyond a limit: SQLite's own writes fail, too, at another place for each limit."""
    sent = bundles(one)
    outcomes = set()
    for limit in range(20_000, 420_000, 40_000):
        home = tmp_path / f"home-{limit}"
        shutil.copytree(office.home, home)

        def run(home: Path = home, limit: int = limit) -> None:
            with Desk.open(home, PASSPHRASE, clock=SetClock()) as desk:
                decoded = [bundle.decoded(home / FOLDER / "work") for bundle in sent]
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                code = faults.outcome(lambda: take_decoded(desk, decoded))
            os._exit(CODES.index(code))

        outcomes.add(CODES[faults.in_child(run)])
        with Desk.open(home, PASSPHRASE, clock=SetClock()) as desk:
            consistent(desk)
            whole(desk, *sent)
        shutil.rmtree(home)
    assert "done" in outcomes
    assert len(outcomes) > 1


def test_a_vault_that_cannot_commit_leaves_the_desk_usable(home: Home, one: Device) -> None:
    """The archives have committed, the vault has not; in the same process everything is put back."""
    sent = bundles(one)

    def fail(name: str) -> None:
        if name == "import: archives written":
            raise Problem("E_DISK_FULL", error="ENOSPC")

    with faults.at_checkpoints(fail), refused("E_DISK_FULL"):
        take(home.desk, *sent)
    consistent(home.desk)
    assert home.desk.search("marker") == []
    other = Bundle([one.entry()])
    assert codes_of(take(home.desk, other)) == ["imported"]
    take(home.desk, *sent)
    assert home.desk.count() == {"imported": 2, "quarantined": 1}
    consistent(home.desk)
    consistent(home.reopened())


def test_a_shard_of_words_whose_making_was_undone_is_made_again(home: Home, one: Device) -> None:
    def fail(name: str) -> None:
        if name == "before commit" and home.desk.archives[2].db.in_transaction:
            raise Problem("E_DISK_FULL", error="ENOSPC")

    entry = Bundle([one.entry()])
    with faults.at_checkpoints(fail), refused("E_DISK_FULL"):
        take(home.desk, entry)
    assert codes_of(take(home.desk, entry)) == ["imported"]
    assert len(home.desk.search("marker")) == 1
    consistent(home.desk)


def test_a_desk_whose_disk_does_not_read_blames_no_entry(
    home: Home, one: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> bytes:
        raise OSError(errno.EIO, "made by the test")

    bundle = Bundle([one.entry()])
    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", failing)
        with refused("E_MEDIA_IO"):
            take(home.desk, bundle)
    assert home.desk.count() == {"imported": 0, "quarantined": 0}
    assert receipts_of(home.desk, bundle.bid) == {}
    assert codes_of(take(home.desk, bundle)) == ["imported"]


def test_whoever_stops_an_import_stops_it_between_batches(home: Home, one: Device, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(_done: int, _total: int) -> None:
        raise Stop

    intake = one.body.intake[0]
    folder = Bundle([one.entry(), one.entry(core={"pack": (9, bytes(32))})]).write(
        tmp_path / "stick", RecipientPublic(intake.pkN, intake.pkX)
    )
    with pytest.raises(Stop):
        home.desk.import_folders([folder], progress=stop)
    consistent(home.desk)
    assert home.desk.count() == {"imported": 1, "quarantined": 1}
    report = home.desk.import_folders([folder])
    assert codes_of(report) == ["duplicate", "E_PACK_UNKNOWN"]
    assert all(item["kept"] for item in home.desk.quarantine())
    consistent(home.reopened())
