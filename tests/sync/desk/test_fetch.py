"""Fetching from a receiver that lies, breaks off, and gives what nobody asked for."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import crypto
from collector.cells import CELL
from schemas.records.network import ListedVolume, VolumePage
from schemas.structure import encode
from sync.desk import arrivals, download
from sync.desk.arrivals import FOLDER
from sync.desk.desk import Desk
from sync.desk.fetch_report import FetchReport
from sync.volume import LENGTHS, lead_length
from tests.helpers import faults
from tests.helpers.expect import refused
from tests.helpers.mission import PASSPHRASE, SetClock
from tests.network.tls import answer
from tests.sync.desk.conftest import Home
from tests.sync.desk.devices import Device
from tests.sync.desk.lying import Lying, lying
from tests.sync.desk.travel import Bundle
from tests.sync.volumes import Made, flipped, make_bundle

SMALLEST = min(LENGTHS)
FIRST_CELL = lead_length(16)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Lying]:
    with lying(tmp_path) as found:
        yield found


@pytest.fixture
def desk(home: Home, receiver: Lying) -> Desk:
    """A desk whose mission names the receiver."""
    home.desk.receiver_add(receiver.card)
    return home.desk


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits after a cut; how long it would have been stands here."""
    waited: list[float] = []
    monkeypatch.setattr("sync.desk.fetch._pause", waited.append)
    return waited


def bundle_for(desk: Desk, device: Device, entries: int = 1, *, k: int = 1, n: int = 1, stripes: int = 1) -> Made:
    """A bundle with entries of a device, as volumes in memory."""
    device.enrol(desk)
    data, _ = Bundle([device.entry() for _ in range(entries)]).payload()
    return make_bundle(data, k, n, intake=device.intake()[0], stripes=stripes)


def here(desk: Desk) -> list[str]:
    """What lies in the folder."""
    return sorted(path.name for path in (desk.vault.home / FOLDER).iterdir())


def codes(report: FetchReport) -> list[object]:
    """What was wrong: with the run, the receiver, and each volume."""
    (part,) = report.receivers
    whole = [problem.code for problem in (report.problem, part.problem) if problem is not None]
    return [*whole, *(item["code"] for item in part.refused)]


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
        other.r1 = b"o" * 32
        desk.receiver_add(other.card)
        for each in (receiver, other):
            each.add(*made.files.values())
        report = desk.fetch()
        assert [(part.fetched, part.known) for part in report.receivers] == [(1, 0), (0, 1)]
        assert desk.import_arrived().removed == 1
        assert [part.acknowledged for part in desk.send_receipts().receivers] == [1, 1]


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


def test_bundles_for_somebody_else_are_removed_once(desk: Desk, receiver: Lying, one: Device) -> None:
    receiver.add(*make_bundle(b"x" * 100, 1, 1).files.values(), *bundle_for(desk, one).files.values())
    desk.fetch()
    report = desk.import_arrived()
    assert [item["code"] for item in report.refused] == ["E_NOT_FOR_US"]
    assert (report.imported, here(desk)) == (1, [])
    assert desk.fetch().fetched == 0
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


def test_somebody_else_behind_the_address_gets_no_bearer(desk: Desk, receiver: Lying, tmp_path: Path) -> None:
    with lying(tmp_path) as other:
        report = desk.fetch(url=f"https://127.0.0.1:{other.port}")
        assert codes(report) == ["E_PIN"]
        assert other.requests == []


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


# ---- a receiver that lies ----


def test_a_damaged_cell_is_asked_for_three_times_from_its_start(desk: Desk, receiver: Lying, one: Device) -> None:
    made = bundle_for(desk, one)
    (data,) = made.files.values()
    spoilt = flipped(data, FIRST_CELL + 5 * CELL + 7)
    receiver.add(spoilt)
    report = desk.fetch()
    assert (codes(report), report.receivers[0].again, here(desk)) == (["E_FETCH_FALSE"], 2, [])
    start = FIRST_CELL + 5 * CELL
    assert receiver.ranges == [0, start, start]
    receiver.files = dict.fromkeys(receiver.files, data)
    assert desk.fetch().ok
    assert desk.import_arrived().imported == 1


@pytest.mark.parametrize("place", [3, 60, 8000, FIRST_CELL - 1, FIRST_CELL, SMALLEST - FIRST_CELL, SMALLEST - 1])
def test_one_bit_anywhere_is_noticed(desk: Desk, receiver: Lying, place: int) -> None:
    (data,) = make_bundle(b"x", 1, 1).files.values()
    receiver.add(flipped(data, place), like=data)
    assert codes(desk.fetch()) == ["E_FETCH_FALSE"]
    assert here(desk) == []


def test_another_volume_than_the_list_names(desk: Desk, receiver: Lying, one: Device) -> None:
    made = bundle_for(desk, one, k=1, n=2)
    foreign = make_bundle(b"x", 1, 1)
    receiver.add(made.files[0, 1], like=made.files[0, 0])
    receiver.add(foreign.files[0, 0], like=made.files[0, 1])
    report = desk.fetch()
    assert (codes(report), here(desk)) == (["E_FETCH_FALSE"] * 2, [])
    assert report.receivers[0].bytes < 12 * 65_536


@pytest.mark.parametrize("length", [0, 1, 8191, SMALLEST - 1, SMALLEST + 1, 3 * SMALLEST])
def test_wrong_lengths(desk: Desk, receiver: Lying, length: int) -> None:
    (data,) = make_bundle(b"x", 1, 1).files.values()
    receiver.add((data * 3)[:length], like=data)
    assert set(codes(desk.fetch())) <= {"E_FETCH_FALSE", "E_NET_ANSWER", "E_NET_CUT"}
    assert not list((desk.vault.home / FOLDER).glob("*.vol"))


def test_parts_that_nobody_asked_for(desk: Desk, receiver: Lying, one: Device) -> None:
    (data,) = bundle_for(desk, one).files.values()
    receiver.add(data)
    receiver.cuts = [100_000, *[0] * 30]
    desk.fetch()
    receiver.cuts.clear()
    for wrong in ("bytes 0-99999/1073152", "bytes 100001-1073151/1073152", "x", ""):
        receiver.before = lambda _, line, headers, wrong=wrong: (
            answer(206, data[100_000:], Content_Range=wrong) if "range" in headers else None
        )
        assert codes(desk.fetch()) in (["E_FETCH_FALSE"], [])
    receiver.before = lambda _, line, headers: answer(416) if "range" in headers else None
    assert set(codes(desk.fetch())) <= {"E_NET_ANSWER"}
    receiver.before = None
    assert desk.fetch().ok


def test_many_bad_volumes_and_the_receiver_is_left_alone(desk: Desk, receiver: Lying, one: Device) -> None:
    (good,) = bundle_for(desk, one).files.values()
    for _ in range(12):
        (data,) = make_bundle(b"x", 1, 1).files.values()
        receiver.add(b"\0" * SMALLEST, like=data)
    receiver.add(good)
    report = desk.fetch()
    assert codes(report) == ["E_FETCH_FALSE"] * 9
    assert len(receiver.ranges) == 3 * 8
    assert report.receivers[0].bytes == 0
    assert desk.fetch().receivers[0].fetched == 1  # what never failed comes first
    assert desk.import_arrived().imported == 1


def test_volumes_that_are_gone_are_forgotten_in_the_end(desk: Desk, receiver: Lying, one: Device) -> None:
    (data,) = bundle_for(desk, one).files.values()
    receiver.add(data)
    receiver.files.clear()
    for _ in range(arrivals.GIVEN_UP):
        assert codes(desk.fetch()) == ["E_FETCH_GONE"]
    assert desk.fetch().ok
    receiver.files[receiver.volumes[0].bid, 0, 0] = data
    assert desk.fetch(again=True).fetched == 1


def line_of(at: int, **changes: object) -> ListedVolume:
    """One line of a list about nothing."""
    fields = {"at": at, "bid": crypto.random_bytes(16), "s": 0, "i": 0, "bytes_": SMALLEST, "shard": bytes(32)}
    return ListedVolume(**{**fields, **changes})  # type: ignore[arg-type]  # a test's own mixture


def test_lists_that_make_no_sense_change_nothing(desk: Desk, receiver: Lying) -> None:
    pages = [
        VolumePage(volumes=(line_of(1),), next=0),
        VolumePage(volumes=(line_of(5), line_of(5)), next=5),
        VolumePage(volumes=(line_of(5), line_of(4)), next=5),
        VolumePage(volumes=(line_of(0),), next=0),
        VolumePage(volumes=(line_of(1),), next=2**42),
        VolumePage(volumes=(line_of(1, bytes_=SMALLEST + 1),), next=1),
        VolumePage(volumes=(line_of(1, bytes_=2**40),), next=1),
    ]
    bodies = [encode(page) for page in pages] + [b"", b"<html>", b"\xff" * 1000, encode(pages[0])[:-1]]
    for body in bodies:
        receiver.before = lambda *_, body=body: answer(200, body)
        assert codes(desk.fetch()) == ["E_FETCH_LIST"]
    receiver.before = lambda *_: answer(200, bytes(3 << 20))
    assert codes(desk.fetch()) == ["E_NET_ANSWER"]
    assert desk.vault.db.query("SELECT count(*) FROM fetched") == [(0,)]
    assert desk.vault.db.query("SELECT count(*) FROM fetch_place") == [(0,)]


def test_a_list_without_end_is_bounded(desk: Desk, receiver: Lying, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST", 3000)
    counter = iter(range(10**9))

    def endless(_: Lying, line: bytes, __: dict[str, str]) -> bytes:
        if b"?after=" not in line:
            return answer(404)
        start = int(line.split(b"=")[1].split(b" ")[0])
        next(counter)
        found = tuple(line_of(start + number + 1) for number in range(1000))
        return answer(200, encode(VolumePage(volumes=found, next=start + 1000)))

    receiver.before = endless
    report = desk.fetch()
    assert report.more
    assert next(counter) == 3
    assert (len(report.receivers[0].refused), report.receivers[0].waiting) == (8, 3000)


def test_attack_38_a_receiver_withholds_one_volume_of_three(
    desk: Desk, receiver: Lying, one: Device, tmp_path: Path
) -> None:
    """Any k of n do, whatever way they come: here two of three, then one by stick and one by network."""
    withheld = bundle_for(desk, one, k=2, n=3)
    receiver.add(withheld.files[0, 0], withheld.files[0, 2])
    desk.fetch()
    assert desk.import_arrived().imported == 1

    two_ways = bundle_for(desk, one, k=2, n=3)
    receiver.add(two_ways.files[0, 1])
    desk.fetch()
    report = desk.import_arrived()
    assert ([item["code"] for item in report.refused], len(here(desk))) == (["E_VOL_MISSING"], 1)
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / here(desk)[0].replace("-0-1.vol", "-0-2.vol")).write_bytes(two_ways.files[0, 2])
    report = desk.import_arrived([stick])
    assert (report.imported, report.removed, here(desk)) == (1, 1, [])
    assert desk.send_receipts().receivers[0].acknowledged == 3


def test_attack_63_a_fetched_bundle_that_claims_more_than_came(desk: Desk, receiver: Lying, one: Device) -> None:
    one.enrol(desk)
    made = make_bundle(bytes(100), 1, 1, intake=one.intake()[0], stripes=3)
    receiver.add(made.files[0, 0])
    desk.fetch()
    report = desk.import_arrived()
    assert [item["code"] for item in report.refused] == ["E_VOL_MISSING"]
    assert not list((desk.vault.home / "archive" / "work").iterdir())
    with refused("E_RECORD_UNKNOWN"):
        desk.record("AAAAAAAAAAAA")
