"""How a payload is laid out: stripes, classes, which files travel together."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.cells import CELL, CHUNK
from sync.payload import (
    MAX_ENTRIES,
    Item,
    Payload,
    group_layout,
    largest_payload,
    layout_for,
    next_bundle,
)
from sync.volume import LENGTHS, file_length
from tests.conftest import shared_path
from tests.sync.sticks import (
    RETN,
)


def test_padme_of_stripes_is_the_published_one() -> None:
    table = dict(json.loads(shared_path("design", "vectors", "vectors.json").read_text())["padme"])
    for needed in (1, 2, 3, 5, 9, 17, 33, 100):
        layout = layout_for(needed * 16 * CHUNK, 1, 1)
        assert layout is not None
        if layout.cells == 16:
            assert layout.stripes == table[needed]


@pytest.mark.parametrize("k", [1, 3, 8])
def test_classes_change_where_the_specification_says(k: int) -> None:
    for cells, smaller in ((256, 16), (4096, 256)):
        edge = 8 * k * cells
        below, at = layout_for((edge - 1) * CHUNK, k, 8), layout_for(edge * CHUNK - CHUNK + 1, k, 8)
        assert below is not None
        assert at is not None
        assert below.cells == smaller
        assert at.cells == cells
        assert at.stripes == 8
    assert layout_for(largest_payload(k), k, 8) is not None
    assert layout_for(largest_payload(k) + 1, k, 8) is None


@given(st.integers(0, 40 << 30), st.integers(1, 8))
def test_a_layout_holds_its_payload(length: int, k: int) -> None:
    layout = layout_for(length, k, 8)
    assert layout is not None
    assert layout.total * CHUNK >= length
    assert layout.stripes <= 256
    assert file_length(layout.cells) in LENGTHS


def test_the_length_of_an_index_is_never_underrated(tmp_path: Path) -> None:
    path = tmp_path / "cells"
    path.write_bytes(b"")
    for count in (1, 15, 16, 65, 66, 4000):
        items = tuple(Item(1, os.urandom(16), (1 << 41) + n, os.urandom(32), path) for n in range(count))
        length = Payload([items], RETN).length - sum(item.size for item in items)
        size = sum(item.size for item in items)
        layout = layout_for(size, 8, 8)
        bound = group_layout([items], 8, 8) if count <= 4096 else None
        assert length % 4096 == 0
        if layout is not None and bound is not None:
            assert bound.total * CHUNK >= length + size


def test_groups_travel_whole_and_the_rest_in_later_bundles(tmp_path: Path) -> None:
    small = [(Item(0, bytes([n]) * 16, CELL, bytes(32), tmp_path),) for n in range(3)]
    large = (Item(0, b"L" * 16, 500 * CELL, bytes(32), tmp_path), Item(1, b"A" * 16, 500 * CELL, bytes(32), tmp_path))
    chosen, rest = next_bundle([small[0], large, *small[1:]], 1, 1, lambda layout: layout.total < 600)
    assert chosen == small
    assert rest == [large]
    chosen, rest = next_bundle([large], 1, 1, lambda layout: True)
    assert (chosen, rest) == ([large], [])
    many = [(Item(0, n.to_bytes(16, "big"), CELL, bytes(32), tmp_path),) for n in range(MAX_ENTRIES + 2)]
    chosen, rest = next_bundle(many, 1, 1, lambda layout: True)
    assert (len(chosen), len(rest)) == (MAX_ENTRIES, 2)
