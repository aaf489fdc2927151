"""Fetching from a receiver that lies: damaged bytes, other volumes, lists without sense or end, volumes withheld."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from collector import crypto, merkle
from collector.cells import CELL
from schemas.records.network import ListedVolume, VolumePage
from schemas.structure import encode
from sync.desk import arrivals
from sync.desk.arrivals import FOLDER
from sync.desk.desk import Desk
from sync.volume import lead_length
from tests.network.tls import answer
from tests.sync.desk.devices import Device
from tests.sync.desk.lying import SMALLEST, Lying, bundle_for, codes, here
from tests.sync.volumes import assemble, flipped, make_bundle

FIRST_CELL = lead_length(16)


@pytest.fixture
def desk(linked: Desk) -> Desk:
    """A desk whose mission names the receiver."""
    return linked


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
def test_one_bit_anywhere_is_noticed(desk: Desk, receiver: Lying, one: Device, place: int) -> None:
    (data,) = bundle_for(desk, one).files.values()
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
def test_wrong_lengths(desk: Desk, receiver: Lying, one: Device, length: int) -> None:
    (data,) = bundle_for(desk, one).files.values()
    receiver.add((data * 3)[:length], like=data)
    assert codes(desk.fetch()) == ["E_FETCH_FALSE"]
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


def test_bundles_for_somebody_else_one_after_another(
    desk: Desk, receiver: Lying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.desk.fetch.FOREIGN_IN_A_ROW", 5)
    for _ in range(8):
        receiver.add(*make_bundle(b"x", 1, 1).files.values())
    report = desk.fetch()
    assert (codes(report), report.receivers[0].foreign, report.receivers[0].bytes) == (["E_FETCH_FALSE"], 5, 0)
    report = desk.fetch()
    assert (codes(report), report.receivers[0].foreign, here(desk)) == ([], 3, [])


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


def test_a_list_that_says_the_same_for_ever(desk: Desk, receiver: Lying, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.desk.fetch.PAGES", 20)
    said = line_of(1)

    def endless(_: Lying, line: bytes, __: dict[str, str]) -> bytes:
        if b"?after=" not in line:
            return answer(404)
        at = int(line.split(b"=")[1].split(b" ")[0]) + 1
        return answer(200, encode(VolumePage(volumes=(dataclasses.replace(said, at=at),), next=at)))

    receiver.before = endless
    report = desk.fetch()
    assert (report.more, report.receivers[0].waiting, len(receiver.requests)) == (True, 1, 21)


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


def test_attack_63_a_fetched_bundle_of_1_mib_that_claims_256_stripes(desk: Desk, receiver: Lying, one: Device) -> None:
    """It is fetched, since its volume is whole; what it claims is weighed before anything of it is decoded."""
    made = bundle_for(desk, one)
    data = made.files[0, 0]
    cells = [data[FIRST_CELL + row * CELL : FIRST_CELL + (row + 1) * CELL] for row in range(16)]
    claim = dataclasses.replace(made.headers[0, 0], k=8, n=8, stripes=256)
    receiver.add(assemble(claim, made.secret, [merkle.leaf(cell) for cell in cells], cells))
    receiver.add(*bundle_for(desk, one).files.values())
    report = desk.fetch()
    assert (report.ok, report.fetched, report.receivers[0].bytes) == (True, 2, 2 * SMALLEST)
    imported = desk.import_arrived()
    assert ([item["code"] for item in imported.refused], imported.imported) == (["E_VOL_MISSING"], 1)
    assert not list((desk.vault.home / "archive" / "work").iterdir())
    assert (len(here(desk)), desk.send_receipts().receivers[0].acknowledged) == (1, 1)
