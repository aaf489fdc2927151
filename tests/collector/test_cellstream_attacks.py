"""Streams of cells that were cut, swapped, lied about or damaged: both readers refuse them with the same codes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector import cells, cellstream, crypto
from collector.cellstream import CELL, CHUNK, StreamInfo, open_bytes, seal_bytes
from schemas.problems import Problem
from tests.helpers.expect import flipped, patched, refused
from tests.helpers.salamander import salamander
from tests.helpers.streams import SID, SK, both_refuse, content, merkle_root, stored


@pytest.fixture(scope="module")
def five() -> tuple[bytes, StreamInfo]:
    return seal_bytes(SK, SID, content(4 * CHUNK + 100))


def test_attack_02_salamander_in_one_cell() -> None:
    """Both keys pass the raw cipher; only the commitment tells which is the key."""
    first, second = b"\x01" * 32, b"\x02" * 32
    (key_a, commit), (key_b, _) = (cells.stream_keys(sk, SID) for sk in (first, second))
    alice, bob = b"the witness is Alice of A".ljust(48, b"\0"), b"the witness is Bob of B".ljust(48, b"\0")
    cell = salamander(bytes(key_a), bytes(key_b), cells.nonce(0, 1), alice, bob, CHUNK)
    under_a = crypto.aead_open(key_a, cells.nonce(0, 1), cell)
    under_b = crypto.aead_open(key_b, cells.nonce(0, 1), cell)
    assert under_a is not None
    assert under_b is not None
    assert (under_a[:48], under_b[48:96]) == (alice, bob)
    info = StreamInfo(SID, CHUNK, 1, commit, merkle_root(cell))
    assert open_bytes(first, cell, info).startswith(alice)
    both_refuse(cell, info, "E_KEY_COMMIT", sk=second)


def test_attack_05_stream_of_another_protocol_version(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as later:
        later.setattr(crypto, "P", b"svidok/2/")
        sealed, info = seal_bytes(SK, SID, b"data")
    both_refuse(sealed, info, "E_KEY_COMMIT")


@pytest.mark.parametrize("kept", [0, 1, CELL - 1, CELL, 4 * CELL, 4 * CELL + 1, 5 * CELL - 1])
def test_attack_16_truncated(five: tuple[bytes, StreamInfo], kept: int) -> None:
    sealed, info = five
    both_refuse(sealed[:kept], info, "E_STREAM_LEN")
    # With the number and the length cut to fit, the cell that is now last was not sealed as a last one.
    if kept and not kept % CELL:
        fewer = kept // CELL
        cut = StreamInfo(SID, fewer * CHUNK, fewer, info.commit, merkle_root(sealed[:kept]))
        both_refuse(sealed[:kept], cut, "E_CELL_AUTH")


def test_attack_16_extra_cell(five: tuple[bytes, StreamInfo]) -> None:
    sealed, info = five
    longer = sealed + sealed[-CELL:]
    with refused("E_STREAM_LEN"):
        open_bytes(SK, longer, info)
    for length in (5 * CHUNK + 1, 6 * CHUNK, 5 * CHUNK):
        more = StreamInfo(SID, length, 6, info.commit, merkle_root(longer))
        both_refuse(longer, more, "E_CELL_AUTH")


@pytest.mark.parametrize("order", [(1, 0, 2, 3, 4), (0, 1, 2, 4, 3), (0, 0, 2, 3, 4), (0, 1, 2, 3, 3)])
def test_attack_17_cells_in_another_order(five: tuple[bytes, StreamInfo], order: tuple[int, ...]) -> None:
    sealed, info = five
    moved = b"".join(sealed[i * CELL : (i + 1) * CELL] for i in order)
    both_refuse(moved, info, "E_CELL_AUTH")
    with stored(moved) as source:
        assert cellstream.root_of_file(source.fileno(), 0, 5) != info.root


def test_attack_17_cell_of_another_stream(five: tuple[bytes, StreamInfo]) -> None:
    sealed, info = five
    for other_sk, other_sid, ctx in ((b"\x09" * 32, SID, b""), (SK, b"\x09" * 16, b""), (SK, SID, b"head")):
        other, _ = seal_bytes(other_sk, other_sid, content(4 * CHUNK + 100), ctx)
        both_refuse(patched(sealed, 2 * CELL, other[2 * CELL : 3 * CELL]), info, "E_CELL_AUTH")


def test_attack_17_same_place_of_an_older_stream_under_the_same_keys(five: tuple[bytes, StreamInfo]) -> None:
    """What the seal alone would let through, had a writer broken its rule, the root refuses."""
    sealed, info = five
    older, _ = seal_bytes(SK, SID, bytes(4 * CHUNK + 100))
    both_refuse(patched(sealed, CELL, older[CELL : 2 * CELL]), info, "E_STREAM_ROOT")


@pytest.mark.parametrize("length", [0, 1, 4 * CHUNK, 5 * CHUNK + 1, 6 * CHUNK, 1 << 42, (1 << 42) + 1, -1])
def test_attack_18_length_that_does_not_fit_the_cells(five: tuple[bytes, StreamInfo], length: int) -> None:
    sealed, info = five
    # 4·CHUNK with five cells is the shape of a stream that was cut off: there the final byte tells.
    codes = ("E_CELL_AUTH",) if length == 4 * CHUNK else ("E_STREAM_LEN",)
    both_refuse(sealed, StreamInfo(SID, length, 5, info.commit, info.root), *codes)


def test_attack_18_length_lie_inside_the_last_cell(five: tuple[bytes, StreamInfo]) -> None:
    sealed, info = five
    both_refuse(sealed, StreamInfo(SID, info.length - 1, 5, info.commit, info.root), "E_PAD")
    # Longer only shows zeros: the length stands in signed metadata, and the content's hash beside it.
    assert open_bytes(SK, sealed, StreamInfo(SID, info.length + 1, 5, info.commit, info.root))[-1] == 0


@pytest.mark.parametrize("at", [0, CHUNK, CELL - 1, 2 * CELL + 17, 5 * CELL - 1])
def test_any_flipped_bit_is_named_by_its_cell(five: tuple[bytes, StreamInfo], at: int) -> None:
    sealed, info = five
    with pytest.raises(Problem) as caught:
        open_bytes(SK, flipped(sealed, at, 5), info)
    assert (caught.value.code, caught.value.facts["cell"]) == ("E_CELL_AUTH", at // CELL)
    both_refuse(flipped(sealed, at, 5), info, "E_CELL_AUTH")


def test_wrong_root_and_wrong_commitment(five: tuple[bytes, StreamInfo]) -> None:
    sealed, info = five
    both_refuse(sealed, StreamInfo(SID, info.length, 5, info.commit, bytes(32)), "E_STREAM_ROOT")
    both_refuse(sealed, StreamInfo(SID, info.length, 5, bytes(32), info.root), "E_KEY_COMMIT")
    assert open_bytes(SK, sealed, StreamInfo(SID, info.length, 5, None, None)) == content(info.length)


def test_secret_id_and_context_have_fixed_sizes() -> None:
    for sk, sid, ctx in ((SK[:31], SID, b""), (SK, SID[:15], b""), (SK, SID, bytes(256))):
        with pytest.raises(ValueError, match="a stream has"):
            seal_bytes(sk, sid, b"", ctx)
    with refused("E_STREAM_LEN"):
        cellstream.root_of_cells(bytes(CELL - 1))


@given(data=st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_random_damage_never_passes(five: tuple[bytes, StreamInfo], data: st.DataObject) -> None:
    sealed, info = five
    damaged = bytearray(sealed)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    if bytes(damaged) != sealed:
        both_refuse(bytes(damaged), info, "E_CELL_AUTH")
