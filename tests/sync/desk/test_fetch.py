"""Fetching, importing, answering: what goes well, over lines that are cut and disks that are full."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from sync.course import Gate
from sync.desk import download
from sync.desk.arrivals import FOLDER
from sync.desk.desk import Desk
from sync.volume import lead_length
from tests.helpers import faults
from tests.helpers.mission import PASSPHRASE, SetClock
from tests.network.tls import answer
from tests.sync.desk.conftest import Home
from tests.sync.desk.devices import Device
from tests.sync.desk.lying import SMALLEST, Lying, bundle_for, codes, here, lying
from tests.sync.desk.travel import Bundle
from tests.sync.volumes import flipped, make_bundle

FIRST_CELL = lead_length(16)


@pytest.fixture
def desk(linked: Desk) -> Desk:
    """A desk whose mission names the receiver."""
    return linked


# ---- what goes well ----


def test_fetched_imported_answered_acknowledged(desk: Desk, receiver: Lying, one: Device) -> None:
    made = bundle_for(desk, one, 3, k=2, n=3)
    receiver.add(*made.files.values())
    report = desk.fetch()
    assert (report.ok, report.fetched, report.receivers[0].listed) == (True, 3, 3)
    assert len(here(desk)) == 3
    assert desk.network()["fetched"] == {
        "here": 3, "here_bytes": 3 * SMALLEST, "listed": 0, "to_acknowledge": 0,
    }  # fmt: skip
    imported = desk.import_arrived()
    assert (imported.imported, imported.removed, here(desk)) == (3, 3, [])
    status = desk.network()
    assert (status["receipts_waiting"], status["fetched"]["to_acknowledge"]) == (1, 3)  # type: ignore[index]
    sent = desk.send_receipts()
    assert sent.ok
    assert (sent.receivers[0].files, sent.receivers[0].receipts, sent.receivers[0].acknowledged) == (1, 3, 3)
    assert sorted(receiver.acknowledged) == sorted((made.bid, *place) for place in made.files)
    assert [box[:8] for box in receiver.boxes.values()] == [b"SVIDRET1"]
    again, nothing = desk.send_receipts().receivers[0], desk.fetch()
    assert (again.files, again.unchanged, again.acknowledged, nothing.fetched) == (0, 1, 0, 0)
    assert desk.network()["receipts_waiting"] == 0


def test_a_box_goes_again_only_when_an_answer_changed(desk: Desk, receiver: Lying, one: Device) -> None:
    receiver.add(*bundle_for(desk, one).files.values())
    desk.fetch()
    desk.import_arrived()
    desk.send_receipts()
    (retn, before) = next(iter(receiver.boxes.items()))
    receiver.add(*make_bundle(Bundle([one.entry(leaf=1)]).payload()[0], 1, 1, intake=one.intake()[0]).files.values())
    desk.fetch()
    desk.import_arrived()  # a second entry under one number: both are in doubt now
    assert desk.network()["receipts_waiting"] == 2
    assert desk.send_receipts().receivers[0].files == 2
    assert receiver.boxes[retn] != before


def test_a_receiver_that_lost_its_index_gets_the_boxes_again(desk: Desk, receiver: Lying, one: Device) -> None:
    files = bundle_for(desk, one).files.values()
    receiver.add(*files)
    desk.fetch()
    desk.import_arrived()
    desk.send_receipts()
    boxes = dict(receiver.boxes)
    receiver.boxes.clear()
    receiver.acknowledged.clear()
    receiver.add(*files)
    assert desk.fetch().fetched == 0
    sent = desk.send_receipts().receivers[0]
    assert (sent.files, sent.unchanged, len(receiver.acknowledged)) == (1, 0, 1)
    assert receiver.boxes.keys() == boxes.keys()
    receiver.boxes.clear()
    desk.fetch(again=True)
    assert desk.send_receipts().receivers[0].files == 1


def test_the_list_goes_on_where_it_ended(desk: Desk, receiver: Lying, one: Device) -> None:
    receiver.page = 2
    first = [bundle_for(desk, one) for _ in range(3)]
    for made in first:
        receiver.add(*made.files.values())
    assert desk.fetch().fetched == 3
    receiver.requests.clear()
    receiver.add(*bundle_for(desk, one).files.values())
    assert desk.fetch().fetched == 1
    assert receiver.requests[0][0].startswith("GET /v1/bundles?after=3 ")
    assert desk.import_arrived().imported == 4


def test_a_bundle_that_a_stick_brought_is_not_fetched(desk: Desk, receiver: Lying, one: Device, tmp_path: Path) -> None:
    made = bundle_for(desk, one)
    stick = tmp_path / "stick"
    stick.mkdir()
    for index, data in enumerate(made.files.values()):
        (stick / f"{'a' * 16}-0-{index}.vol").write_bytes(data)
    assert desk.import_folders([stick]).imported == 1
    receiver.add(*made.files.values())
    report = desk.fetch()
    assert (report.fetched, report.receivers[0].known, here(desk)) == (0, 1, [])
    assert desk.send_receipts().receivers[0].acknowledged == 1
    assert desk.fetch(again=True).fetched == 1
    assert desk.import_arrived().duplicates == 1


def test_a_bundle_of_two_receivers_is_fetched_once(desk: Desk, receiver: Lying, one: Device, tmp_path: Path) -> None:
    made = bundle_for(desk, one)
    with lying(tmp_path) as other:
        other.seed = b"o" * 32
        desk.receiver_add(other.card)
        for each in (receiver, other):
            each.add(*made.files.values())
        report = desk.fetch()
        assert [(part.fetched, part.known) for part in report.receivers] == [(1, 0), (0, 1)]
        assert receiver.bearer != other.bearer  # each of them is shown its own
        assert desk.import_arrived().removed == 1
        assert [part.acknowledged for part in desk.send_receipts().receivers] == [1, 1]


def test_no_more_is_fetched_than_an_import_takes(
    desk: Desk, receiver: Lying, one: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        receiver.add(*bundle_for(desk, one).files.values())
    monkeypatch.setattr("sync.desk.arrivals.MOST", 2)
    monkeypatch.setattr("sync.desk.fetch._LOOK", 1)
    receiver.page = 1
    report = desk.fetch()
    assert (report.fetched, report.more, desk.fetch().more) == (2, True, True)
    assert desk.import_arrived().imported == 2
    report = desk.fetch()
    assert (report.fetched, report.more, desk.import_arrived().imported) == (1, False, 1)


def test_only_what_is_imported_whole_is_removed_and_acknowledged(desk: Desk, receiver: Lying, one: Device) -> None:
    one.enrol(desk)
    late = Device()
    late.pack, late.pack_hash = one.pack, one.pack_hash
    payload = Bundle([one.entry(), late.entry(core={"cert": late.request})]).payload()[0]
    receiver.add(*make_bundle(payload, 1, 1, intake=one.intake()[0]).files.values())
    whole = bundle_for(desk, one, k=2, n=2, stripes=1)
    receiver.add(whole.files[0, 0])
    assert desk.fetch().fetched == 2
    report = desk.import_arrived()
    assert (report.imported, report.quarantined, report.removed) == (1, 1, 0)
    assert [item["code"] for item in report.refused] == ["E_VOL_MISSING"]
    assert (len(here(desk)), desk.send_receipts().receivers[0].acknowledged) == (2, 0)
    desk.enrol(late.request)
    receiver.add(whole.files[0, 1])
    desk.fetch()
    report = desk.import_arrived()
    assert (report.imported, report.duplicates, report.removed, here(desk)) == (2, 1, 3, [])


def test_bundles_for_somebody_else_cost_a_header_once(desk: Desk, receiver: Lying, one: Device) -> None:
    receiver.add(*make_bundle(b"x" * 100, 1, 1).files.values(), *bundle_for(desk, one).files.values())
    report = desk.fetch()
    assert (report.ok, report.fetched, report.receivers[0].foreign) == (True, 1, 1)
    assert report.receivers[0].bytes == SMALLEST
    assert desk.import_arrived().imported == 1
    receiver.ranges.clear()
    assert (desk.fetch().receivers[0].foreign, receiver.ranges, here(desk)) == (0, [], [])
    assert desk.send_receipts().receivers[0].acknowledged == 1


# ---- the line ----


def test_what_came_before_a_cut_is_not_asked_for_again(
    desk: Desk, receiver: Lying, one: Device, quick: list[float]
) -> None:
    made = bundle_for(desk, one)
    receiver.add(*made.files.values())
    receiver.cuts = [5, 9000, 200_000, 70_000, 100]
    report = desk.fetch()
    assert (report.ok, report.fetched, report.receivers[0].cuts) == (True, 1, 5)
    assert receiver.ranges == [0, 0, 8192, 207_872, 277_504, 277_504]  # less than a piece is lost by a cut
    assert report.receivers[0].bytes == SMALLEST
    assert len(quick) == 5
    assert desk.import_arrived().imported == 1


def test_a_dead_line_is_left_and_the_next_run_goes_on(desk: Desk, receiver: Lying, one: Device) -> None:
    receiver.add(*bundle_for(desk, one).files.values())
    receiver.cuts = [300_000, *[2000] * download.CUTS, *[10] * 20]
    report = desk.fetch()
    assert (codes(report), report.fetched, report.receivers[0].waiting) == (["E_NET_CUT"], 0, 1)
    receiver.cuts.clear()
    receiver.ranges.clear()
    assert desk.fetch().ok
    assert receiver.ranges == [300_000 // 16_384 * 16_384 + 1024 * download.CUTS]


def test_a_desk_that_the_receiver_does_not_know_is_told_what_to_do(desk: Desk, receiver: Lying) -> None:
    receiver.before = lambda *_: answer(401, Svidok_Code="E_TOKEN_UNKNOWN")
    assert codes(desk.fetch()) == ["E_DESK_UNKNOWN"]


def test_attack_42_somebody_else_behind_the_address_gets_no_bearer(desk: Desk, receiver: Lying, tmp_path: Path) -> None:
    with lying(tmp_path) as other:
        report = desk.fetch(url=f"https://127.0.0.1:{other.port}")
        assert codes(report) == ["E_PIN"]
        assert other.requests == []


def test_stopping_ends_a_run_at_once_and_loses_nothing(desk: Desk, receiver: Lying, one: Device) -> None:
    made = bundle_for(desk, one)
    receiver.add(*made.files.values(), *bundle_for(desk, one).files.values())
    gate = Gate()

    def step(done: int, total: int) -> None:
        assert total == 2 * SMALLEST
        if done > 400_000:
            gate.stop()

    report = desk.fetch(progress=step, gate=gate)
    assert (report.stopped, report.ok, codes(report), report.fetched) == (True, False, [], 0)
    came = 25 * 16_384  # the first piece that ends beyond 400,000 bytes, whatever else was on its way
    assert report.receivers[0].bytes == came
    assert desk.fetch(gate=gate).stopped
    assert desk.send_receipts(gate=gate).receivers[0].files == 0
    receiver.ranges.clear()
    assert desk.fetch(gate=Gate()).fetched == 2
    assert receiver.ranges == [came, 0]


# ---- killed, full, broken ----


def test_killed_at_every_checkpoint_the_next_run_goes_on(home: Home, receiver: Lying, one: Device) -> None:
    home.desk.receiver_add(receiver.card)
    receiver.add(*bundle_for(home.desk, one, k=1, n=2).files.values())
    home.desk.close()

    def run() -> None:
        with Desk.open(home.path, PASSPHRASE, clock=SetClock()) as desk:
            assert desk.fetch().ok

    place, cut, reached = 0, True, 0
    while cut:
        cut = faults.killed_at(place, run)
        with Desk.open(home.path, PASSPHRASE, clock=SetClock()) as desk:
            assert all(name.endswith((".vol", ".part")) for name in here(desk)) if reached else True
            volumes = [path for path in (desk.vault.home / FOLDER).glob("*.vol")] if reached else []
            assert {path.stat().st_size for path in volumes} <= {SMALLEST}
            reached = desk.network()["fetched"]["here"]  # type: ignore[index]
        place += 7
    assert place > 30
    assert home.reopened().import_arrived().imported == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=["full", "fault"])
def test_attack_25_every_write_of_fetching_fails_once(desk: Desk, receiver: Lying, one: Device, number: int) -> None:
    receiver.add(*bundle_for(desk, one).files.values())
    at = 0
    while True:
        at += 5
        with faults.failing(at, number) as disk:
            report = desk.fetch(again=True)
        if not disk.failed:
            break
        assert codes(report) in ([], ["E_DISK_FULL"], ["E_MEDIA_IO"])
        for path in (desk.vault.home / FOLDER).glob("*.vol"):
            assert path.stat().st_size == SMALLEST
    assert at > 20
    assert desk.fetch().ok
    assert desk.import_arrived().imported == 1


def test_attack_25_a_nearly_full_disk_takes_nothing(desk: Desk, receiver: Lying, one: Device) -> None:
    receiver.add(*bundle_for(desk, one).files.values())
    with faults.nearly_full(download.FREE_LEFT + SMALLEST - 1):
        report = desk.fetch()
    assert (codes(report), report.receivers[0].waiting, here(desk)) == (["E_DISK_SPACE"], 1, [])
    assert desk.fetch().fetched == 1


def test_a_part_that_the_disk_spoilt_is_fetched_anew(desk: Desk, receiver: Lying, one: Device) -> None:
    made = bundle_for(desk, one)
    receiver.add(*made.files.values())
    receiver.cuts = [500_000, *[0] * 30]
    desk.fetch()
    (part,) = (desk.vault.home / FOLDER).glob("*.part")
    part.write_bytes(flipped(part.read_bytes(), FIRST_CELL + 10))
    receiver.cuts.clear()
    report = desk.fetch()
    assert (report.ok, report.receivers[0].again) == (True, 1)
    part.write_bytes(b"left over from something else")
    desk.fetch()
    assert not part.exists()


def test_a_volume_that_vanished_from_the_folder_is_fetched_again(desk: Desk, receiver: Lying, one: Device) -> None:
    receiver.add(*bundle_for(desk, one).files.values())
    desk.fetch()
    next((desk.vault.home / FOLDER).iterdir()).unlink()
    assert desk.fetch().fetched == 1
