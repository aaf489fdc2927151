"""The volume file: its codec, and what the check without keys says about every kind of damage."""

from __future__ import annotations

import dataclasses
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import crypto
from collector.cells import CELL
from collector.crypto import Secret
from schemas.problems import Problem
from sync.volume import CLASSES, HEADER, LENGTHS, Header, InMemory, check, lead_length, read_header, write_header
from tests.sync.volumes import CELLS, Made, assemble, flipped, make_bundle

LEAD = lead_length(CELLS)
PUBLIC, SECRET = crypto.sign_keypair(Secret(b"\x05" * 32))
HASH = st.binary(min_size=32, max_size=32)


@pytest.fixture(scope="module")
def made() -> Made:
    return make_bundle(b"what was said" * 5000, 2, 3)


@pytest.fixture(scope="module")
def volume(made: Made) -> bytes:
    return made.files[0, 1]


def code_of(data: bytes) -> str:
    with pytest.raises(Problem) as caught:
        check(InMemory(data))
    return caught.value.code


def resigned(data: bytes, offset: int, patch: bytes) -> bytes:
    """The volume with both headers patched and signed again by its own key: what a hostile maker can do."""
    header = bytearray(data[:HEADER])
    header[8:40] = PUBLIC
    header[offset : offset + len(patch)] = patch
    header[-64:] = crypto.sign(SECRET, "volume", bytes(header[:-64]))
    lead = bytes(header) + data[HEADER:LEAD]
    return lead + data[LEAD:-LEAD] + lead


def test_lengths_are_three() -> None:
    assert sorted(LENGTHS) == [1_073_152, 16_809_984, 268_713_984]
    assert tuple(LENGTHS[length] for length in sorted(LENGTHS)) == CLASSES


@given(
    st.integers(1, 8).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n), st.integers(0, n - 1))),
    st.integers(1, 256).flatmap(lambda stripes: st.tuples(st.integers(0, stripes - 1), st.just(stripes))),
    st.sampled_from(CLASSES),
    HASH,
    HASH,
    HASH,
    st.lists(st.integers(0, 255), min_size=4, max_size=4),
)
@settings(max_examples=30)
def test_header_is_read_as_it_was_written(
    shape: tuple[int, int, int],
    place: tuple[int, int],
    cells: int,
    shard: bytes,
    root: bytes,
    kc: bytes,
    fill: list[int],
) -> None:
    header = Header(PUBLIC, *shape, *place, cells, shard, root, kc, tuple(bytes([byte]) * 1280 for byte in fill))
    data = write_header(header, SECRET)
    assert len(data) == HEADER
    assert read_header(data) == header
    assert write_header(read_header(data), SECRET) == data


@given(st.integers(0, HEADER - 1), st.integers(1, 255))
@settings(max_examples=200)
def test_no_byte_of_a_header_can_change(offset: int, change: int) -> None:
    header = Header(PUBLIC, 2, 3, 1, 0, 1, 16, bytes(32), bytes(32), bytes(32), (b"s" * 1280,) * 4)
    data = bytearray(write_header(header, SECRET))
    data[offset] ^= change
    with pytest.raises(Problem, match=r"E_VOL_(MAGIC|FORMAT|SIG)"):
        read_header(bytes(data))


@given(st.binary(max_size=200))
def test_nothing_but_a_coded_refusal_leaves_the_parser(data: bytes) -> None:
    for attempt in (data, b"SVIDVOL1" + data, (b"SVIDVOL1" + data).ljust(HEADER, b"\0")):
        with pytest.raises(Problem, match=r"E_VOL_(MAGIC|FORMAT|SIG)"):
            read_header(attempt)


def test_whole_volume(volume: bytes, made: Made) -> None:
    done: list[int] = []
    verdict = check(InMemory(volume), done.append)
    assert verdict.whole
    assert verdict.header == made.headers[0, 1]
    assert verdict.header.bid == made.bid
    assert sum(done) == CELLS * CELL


def test_damaged_cells_are_named(volume: bytes) -> None:
    verdict = check(InMemory(flipped(volume, LEAD + 5, LEAD + 7 * CELL, LEAD + 8 * CELL - 1)))
    assert verdict.bad_rows == (0, 7)
    assert not verdict.whole


def test_attack_16_cut_or_grown_file_is_refused(volume: bytes) -> None:
    for length in (0, 1, 8, HEADER, LEAD, len(volume) - CELL, len(volume) - 1):
        assert code_of(volume[:length]) == ("E_VOL_SIZE" if length >= 8 else "E_VOL_MAGIC")
    assert code_of(volume + b"x") == "E_VOL_SIZE"
    assert code_of(volume[:LEAD] + volume[LEAD + CELL : -LEAD] + volume[-LEAD:]) == "E_VOL_SIZE"


def test_attack_17_moved_and_doubled_cells_are_found(volume: bytes, made: Made) -> None:
    cell = [volume[LEAD + row * CELL : LEAD + (row + 1) * CELL] for row in range(CELLS)]
    swapped = volume[:LEAD] + b"".join([cell[1], cell[0], *cell[2:]]) + volume[-LEAD:]
    assert check(InMemory(swapped)).bad_rows == (0, 1)
    doubled = volume[:LEAD] + b"".join([cell[0], cell[0], *cell[2:]]) + volume[-LEAD:]
    assert check(InMemory(doubled)).bad_rows == (1,)
    foreign = made.files[0, 0][LEAD:-LEAD]
    assert check(InMemory(volume[:LEAD] + foreign + volume[-LEAD:])).bad_rows == tuple(range(CELLS))


def test_attack_19_leads_of_two_volumes_are_not_mixed(volume: bytes, made: Made) -> None:
    assert code_of(volume[:-LEAD] + made.files[0, 2][-LEAD:]) == "E_VOL_MIX"
    assert code_of(volume[:-LEAD] + make_bundle(b"x", 2, 3).files[0, 1][-LEAD:]) == "E_VOL_MIX"


def test_attack_20_header_edited_at_both_ends(volume: bytes) -> None:
    for offset in (8, 44, 60, 100, 130, 200, 5000, HEADER - 1):
        code = code_of(flipped(volume, offset, len(volume) - LEAD + offset))
        assert code in ("E_VOL_SIG", "E_VOL_FORMAT")


@pytest.mark.parametrize(
    ("offset", "patch"),
    [
        (40, bytes([0])),  # k = 0
        (40, bytes([4])),  # k > n
        (41, bytes([9])),  # n > 8
        (42, bytes([3])),  # i = n
        (43, bytes([1])),  # class of another length
        (43, bytes([7])),  # no such class
        (44, struct.pack(">HH", 1, 1)),  # s = S
        (44, struct.pack(">HH", 0, 0)),  # S = 0
        (46, struct.pack(">H", 257)),  # S > 256
        (48, struct.pack(">I", 1 << 31)),  # cells claimed: 2^31
        (48, struct.pack(">I", 4096)),
        (52, struct.pack(">I", 1)),  # flags
        (5272, b"x"),  # gap
        (8127, b"x"),
    ],
)
def test_attack_20_signed_header_that_cannot_be(volume: bytes, offset: int, patch: bytes) -> None:
    assert code_of(resigned(volume, offset, patch)) == "E_VOL_FORMAT"


def test_attack_20_large_class_in_a_small_file(volume: bytes) -> None:
    claim = resigned(volume, 43, bytes([2]) + volume[44:48] + struct.pack(">I", 4096))
    assert code_of(claim) == "E_VOL_FORMAT"


def test_one_damaged_lead_is_served_by_the_other(volume: bytes) -> None:
    for offset in (0, 50, HEADER - 3, HEADER + 3, HEADER + 32 * CELLS + 9):
        for damaged in (flipped(volume, offset), flipped(volume, len(volume) - LEAD + offset)):
            verdict = check(InMemory(damaged))
            assert verdict.bad_rows == ()
            assert verdict.damaged_copies == 1
            assert not verdict.whole


def test_attack_65_leaf_lists_damaged_cells_whole(volume: bytes) -> None:
    end = len(volume) - LEAD
    verdict = check(InMemory(flipped(volume, HEADER + 3, end + HEADER + 70)))
    assert (verdict.bad_rows, verdict.damaged_copies) == ((), 2)
    # The gap behind the list counts as the list does.
    gap = HEADER + 32 * CELLS + 1
    assert check(InMemory(flipped(volume, gap, end + gap))).bad_rows == ()
    # With a damaged cell besides, nothing proves the cells any more.
    assert code_of(flipped(volume, HEADER + 3, end + HEADER + 70, LEAD + 5)) == "E_VOL_LEAVES"
    assert code_of(flipped(volume, gap, end + gap, LEAD + 5)) == "E_PAD"


def test_attack_65_header_here_and_leaf_list_there(volume: bytes) -> None:
    """One copy's header and the other copy's leaf list are damaged: the first list is proven by the second header."""
    end = len(volume) - LEAD
    verdict = check(InMemory(flipped(volume, 9, end + HEADER + 70)))
    assert (verdict.bad_rows, verdict.damaged_copies) == ((), 2)
    assert check(InMemory(flipped(volume, 9, end + HEADER + 70, LEAD + 5))).bad_rows == (0,)


def test_a_shard_root_that_no_leaf_list_fits(volume: bytes, made: Made) -> None:
    header = dataclasses.replace(made.headers[0, 1], shard_root=bytes(32))
    cells = [volume[LEAD + row * CELL : LEAD + (row + 1) * CELL] for row in range(CELLS)]
    leaves = [crypto.sha256(b"\0", cell) for cell in cells]
    assert code_of(assemble(header, made.secret, leaves, cells)) == "E_VOL_LEAVES"
