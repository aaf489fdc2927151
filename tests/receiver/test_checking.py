"""The check of a volume while it streams in: any cutting, any place to go on, and every single wrong bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import crypto
from collector.cells import CELL
from schemas.problems import Problem
from sync.receiver.checking import Layout, VolumeChecker, claim_of, leaf_hashes
from sync.volume import HEADER, lead_length, read_header
from tests.helpers.expect import flipped, refused
from tests.receiver.volumes import make_volume
from tests.sync.volumes import make_bundle

VOLUME = make_volume(1)
LENGTH = len(VOLUME)
LEAD = lead_length(16)
TAIL = LENGTH - LEAD
OF_THE_LEAD = {"E_VOL_MAGIC", "E_VOL_FORMAT", "E_VOL_SIG", "E_VOL_LEAVES", "E_PAD"}
offsets = st.one_of(
    st.integers(0, LENGTH),
    st.sampled_from([0, 1, 7, 8, HEADER - 1, HEADER, LEAD - 1, LEAD, LEAD + 1, LEAD + CELL, TAIL - 1, TAIL, LENGTH]),
    st.builds(lambda row, by: LEAD + row * CELL + by, st.integers(0, 15), st.sampled_from([-1, 0, 1])),
)
cuts = st.lists(offsets, max_size=12).map(lambda found: sorted({0, LENGTH, *found}))


def pieces(data: bytes, at: Sequence[int]) -> Iterator[bytes]:
    return (data[start:end] for start, end in pairwise(at))


def resumed(data: bytes, offset: int) -> VolumeChecker:
    needed = Layout.of(len(data)).needed(offset)
    return VolumeChecker.resumed(
        len(data), offset, data[: needed.lead], data[needed.start : needed.start + needed.length]
    )


def verdict(data: bytes, at: Sequence[int]) -> tuple[str | None, int]:
    """The code of the first refusal or None, and where the checker then stands."""
    checker = VolumeChecker(len(data))
    try:
        for piece in pieces(data, at):
            checker.feed(piece)
    except Problem as problem:
        return problem.code, checker.offset
    assert checker.whole
    return None, checker.offset


def expected_stop(at: int) -> int:
    """Where a check stops when the byte at `at` is wrong."""
    if at < LEAD:
        return 0
    return TAIL if at >= TAIL else at - (at - LEAD) % CELL


@settings(max_examples=60, deadline=None)
@given(cuts)
def test_a_good_volume_is_good_however_it_is_cut(at: list[int]) -> None:
    assert verdict(VOLUME, at) == (None, LENGTH)


@settings(max_examples=40, deadline=None)
@given(cuts, st.one_of(st.none(), st.tuples(st.integers(0, LENGTH - 1), st.integers(0, 7))))
def test_cells_that_are_hashed_beside_get_the_same_verdict(at: list[int], bad: tuple[int, int] | None) -> None:
    data = VOLUME if bad is None else flipped(VOLUME, *bad)
    checker, found, lent = VolumeChecker(LENGTH), None, 0
    for piece in pieces(data, at):
        row, cells = checker.whole_cells(piece)
        beside = {row + place: partial(bytes, leaf) for place, leaf in enumerate(leaf_hashes(cells))}
        lent += len(beside)
        try:
            checker.feed(piece, beside)
        except Problem as problem:
            found = problem.code
            break
    assert (found, checker.offset) == verdict(data, at)
    assert lent == 16 or len(at) > 2 or bad is not None


@settings(max_examples=60, deadline=None)
@given(offsets, cuts)
def test_a_check_goes_on_at_any_byte(start: int, at: list[int]) -> None:
    checker = resumed(VOLUME, start)
    assert checker.offset == start
    for piece in pieces(VOLUME, sorted({start, *(cut for cut in at if cut > start)})):
        checker.feed(piece)
    assert checker.whole
    assert checker.claim == claim_of(read_header(VOLUME))


@settings(max_examples=150, deadline=None)
@given(offsets.filter(lambda at: at < LENGTH), st.integers(0, 7), cuts)
def test_any_wrong_bit_is_found_and_stops_at_the_start_of_what_it_spoils(at: int, bit: int, where: list[int]) -> None:
    code, stopped = verdict(flipped(VOLUME, at, bit), where)
    assert code in OF_THE_LEAD if at < LEAD else code == "E_UPLOAD_CELL"
    assert stopped == expected_stop(at)


@settings(max_examples=80, deadline=None)
@given(st.integers(LEAD, LENGTH - 1), st.integers(0, 7), st.data())
def test_a_wrong_bit_after_going_on_is_found_too(at: int, bit: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(LEAD, at))
    checker = resumed(VOLUME, start)
    with refused("E_UPLOAD_CELL"):
        checker.feed(flipped(VOLUME, at, bit)[start:])
    stop = expected_stop(at)
    # What was stored before counts as it is: only a cell can be cut back behind the place where the check went on.
    assert checker.offset == stop
    checker.feed(VOLUME[stop:])
    assert checker.whole


@settings(max_examples=40, deadline=None)
@given(st.integers(LEAD + 1, TAIL - 1).filter(lambda at: (at - LEAD) % CELL), st.integers(0, 7))
def test_a_wrong_bit_in_the_stored_part_of_a_cell_is_found_when_the_cell_is_whole(start: int, bit: int) -> None:
    needed = Layout.of(LENGTH).needed(start)
    stored = flipped(VOLUME[needed.start : start], needed.length // 2, bit)
    checker = VolumeChecker.resumed(LENGTH, start, VOLUME[:LEAD], stored)
    with refused("E_UPLOAD_CELL"):
        checker.feed(VOLUME[start:])
    assert checker.offset == needed.start


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=3 * HEADER), st.booleans())
def test_noise_is_never_a_volume(noise: bytes, with_magic: bool) -> None:
    checker = VolumeChecker(LENGTH)
    data = b"SVIDVOL1" + noise if with_magic else noise
    try:
        checker.feed(data)
    except Problem as problem:
        assert problem.code in OF_THE_LEAD  # noqa: PT017 -- what is not refused is only not enough yet
        assert checker.offset == 0
    else:
        assert len(data) < HEADER
    assert not checker.proven


@settings(max_examples=60, deadline=None)
@given(st.integers(40, 55) | st.integers(0, HEADER - 65), st.binary(min_size=1, max_size=8))
def test_a_header_that_its_maker_signed_is_held_to_its_ranges(at: int, patch: bytes) -> None:
    made = make_bundle(b"what was said", 1, 1)
    honest = made.files[0, 0]
    body = (honest[:at] + patch + honest[at + len(patch) :])[: HEADER - 64]
    hostile = body + crypto.sign(made.secret, "volume", body) + honest[HEADER:]
    checker = VolumeChecker(len(hostile))
    try:
        checker.feed(hostile[:LEAD])
    except Problem as problem:
        assert problem.code in OF_THE_LEAD  # noqa: PT017 -- some patches make another header that is in range
        return
    found = checker.header
    assert found is not None
    assert 1 <= found.k <= found.n <= 8
    assert found.index < found.n
    assert found.stripe < found.stripes <= 256
    assert found.cells == 16


def test_a_header_of_another_class_is_refused() -> None:
    larger = make_volume(2, cells=256)
    checker = VolumeChecker(LENGTH)
    with refused("E_VOL_FORMAT"):
        checker.feed(larger[:HEADER])


def test_more_than_the_volume_is_refused_and_nothing_of_it_taken() -> None:
    checker = VolumeChecker(LENGTH)
    checker.feed(VOLUME[:-1])
    with refused("E_UPLOAD_LENGTH"):
        checker.feed(VOLUME[-1:] + b"\0")
    assert checker.offset == LENGTH - 1
    checker.feed(VOLUME[-1:])
    assert checker.whole


@pytest.mark.parametrize("length", [0, 1, LENGTH - 1, LENGTH + 1, 1 << 40])
def test_only_three_lengths_are_volumes(length: int) -> None:
    with refused("E_VOL_SIZE"):
        VolumeChecker(length)
