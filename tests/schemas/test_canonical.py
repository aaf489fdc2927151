"""Canonical msgpack: one spelling for each value, and hostile bytes cost nothing (attacks 26 and 27)."""

from __future__ import annotations

import math
import struct
import tracemalloc

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import DOCUMENT, WIRE, Limits, dump, load
from schemas.problems import Problem

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.text(), st.binary(max_size=300))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=40), inner, max_size=20),
    max_leaves=60,
)


def code_of(data: bytes, limits: Limits = WIRE) -> str:
    with pytest.raises(Problem) as caught:
        load(data, limits)
    return caught.value.code


def attempt(data: bytes) -> tuple[str, object]:
    try:
        return "", load(data)
    except Problem as problem:
        return problem.code, None


def nested_list(levels: int) -> bytes:
    return b"\x91" * levels + b"\xc0"


@given(VALUES)
def test_what_was_written_is_read_again_and_has_one_spelling(value: object) -> None:
    data = dump(value)
    assert load(data) == value
    assert dump(load(data)) == data


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_with_a_code_or_are_canonical(data: bytes) -> None:
    code, value = attempt(data)
    assert code.startswith("E_CMP_") or dump(value) == data


@given(st.dictionaries(st.text(), st.integers(0, 9), min_size=2, max_size=8), st.randoms())
def test_attack_27_a_map_in_another_order_is_refused(value: dict[str, int], random) -> None:
    keys = list(value)
    random.shuffle(keys)
    other = msgpack.packb({key: value[key] for key in keys})
    if other != dump(value):
        assert code_of(other) == "E_CMP_NONCANON"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x82\xa1a\x01\xa1a\x02", "E_CMP_DUPKEY"),
        (b"\x82\xa1b\x01\xa1a\x02", "E_CMP_NONCANON"),
        (b"\xcd\x00\x01", "E_CMP_NONCANON"),
        (b"\xd9\x01a", "E_CMP_NONCANON"),
        (b"\xc5\x00\x01a", "E_CMP_NONCANON"),
        (b"\xdc\x00\x01\xc0", "E_CMP_NONCANON"),
        (b"\xd0\x05", "E_CMP_NONCANON"),
        (b"\xcb" + struct.pack(">d", math.nan), "E_CMP_TYPE"),
        (b"\xca" + struct.pack(">f", 1.0), "E_CMP_TYPE"),
        (b"\xd4\x05\x00", "E_CMP_TYPE"),
        (b"\xc7\x00\x01", "E_CMP_TYPE"),
        (b"\xc1", "E_CMP_TYPE"),
        (b"\x01\x02", "E_CMP_TRAILING"),
        (b"\xa1\xff", "E_CMP_DECODE"),
        (b"\xa3\xed\xa0\x80", "E_CMP_DECODE"),
        (b"\x81\x01\x02", "E_CMP_DECODE"),
        (b"\x81\xc4\x01a\x02", "E_CMP_TYPE"),
        (b"", "E_CMP_TRUNC"),
        (b"\xa5abc", "E_CMP_TRUNC"),
        (b"\xce\x00\x00", "E_CMP_TRUNC"),
        (b"\xc6\xff\xff\xff\xff", "E_CMP_TRUNC"),
        (b"\xdd\xff\xff\xff\xff", "E_CMP_COUNT"),
        (b"\xdf\xff\xff\xff\xff", "E_CMP_COUNT"),
        (b"\x8f", "E_CMP_COUNT"),
    ],
)
def test_attack_27_other_spellings_are_refused(data: bytes, code: str) -> None:
    assert code_of(data) == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (nested_list(100_000), "E_CMP_DEPTH"),
        (b"\xdd" + struct.pack(">I", 900_000) + b"\x80" * 900_000, "E_CMP_ITEMS"),
        ((b"\xdd" + struct.pack(">I", 90_000)) * 11 + b"\xc0" * 90_000, "E_CMP_ITEMS"),
        (bytes(WIRE.size + 1), "E_CMP_SIZE"),
        (b"\xc6" + struct.pack(">I", 2**31) + bytes(100), "E_CMP_TRUNC"),
    ],
    ids=["depth", "empty maps", "nested counts", "size", "long bin"],
)
def test_attack_26_bombs_are_refused_before_objects_are_built(data: bytes, code: str) -> None:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        found = code_of(data)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert found == code
    assert peak < 2_000_000


def test_depth_counts_a_scalar_as_a_level() -> None:
    assert load(nested_list(11)) is not None
    assert code_of(nested_list(12)) == "E_CMP_DEPTH"
    with pytest.raises(Problem, match="E_CMP_DEPTH"):
        dump(load(nested_list(11)) and [load(nested_list(11))])


def test_documents_may_be_larger_than_wire_blocks() -> None:
    data = dump("я" * 1_000_000, DOCUMENT)
    assert load(data, DOCUMENT) == "я" * 1_000_000
    assert code_of(data) == "E_CMP_SIZE"
    with pytest.raises(Problem, match="E_CMP_SIZE"):
        dump("я" * 1_000_000)


@pytest.mark.parametrize(
    "value", [1.5, {1: 2}, {b"a": 1}, 2**64, -(2**63) - 1, {1, 2}, "\ud800", {"\ud800": 1}, object()]
)
def test_values_that_the_format_does_not_have_are_not_written(value: object) -> None:
    with pytest.raises(Problem, match="E_CMP_TYPE"):
        dump(value)
