"""Padmé keeps sizes coarse and never small."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.padme import padme
from tests.conftest import shared_path


def test_vectors_of_the_protocol() -> None:
    vectors = json.loads(shared_path("design", "vectors", "vectors.json").read_text())["padme"]
    assert len(vectors) >= 10
    assert [[x, padme(x)] for x, _ in vectors] == vectors


@given(st.integers(1, 2**48))
def test_never_smaller_never_much_larger_and_a_fixed_point(x: int) -> None:
    rounded = padme(x)
    assert x <= rounded <= x * 1.12 + 1
    assert padme(rounded) == rounded


@given(st.integers(1, 2**40), st.integers(0, 2**20))
def test_keeps_the_order(x: int, more: int) -> None:
    assert padme(x) <= padme(x + more)


@pytest.mark.parametrize("x", [0, -1])
def test_undefined_below_one(x: int) -> None:
    with pytest.raises(ValueError):
        padme(x)
