"""Reed–Solomon: published vector, field laws, every loss that the code must bear, and one more."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.erasure import Code, inverse, multiply
from tests.conftest import shared_path

CODES = st.integers(1, 8).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n)))


def test_published_vector() -> None:
    vector = json.loads(shared_path("design", "vectors", "vectors.json").read_text())["rs"]
    code = Code(vector["k"], vector["n"])
    assert [list(row) for row in code.parity_rows] == vector["rows"]
    parity = code.parity([bytes.fromhex(block) for block in vector["data"]])
    assert [block.hex() for block in parity] == vector["parity"]


def test_every_element_has_its_inverse() -> None:
    assert all(multiply(a, inverse(a)) == 1 for a in range(1, 256))
    with pytest.raises(ZeroDivisionError):
        inverse(0)


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_field_laws(a: int, b: int, c: int) -> None:
    assert multiply(a, b) == multiply(b, a)
    assert multiply(a, b ^ c) == multiply(a, b) ^ multiply(a, c)
    assert multiply(multiply(a, b), c) == multiply(a, multiply(b, c))


@pytest.mark.parametrize(("k", "n"), [(k, n) for n in range(1, 9) for k in range(1, n + 1)])
def test_any_k_blocks_give_the_data_back(k: int, n: int) -> None:
    data = [bytes((37 * i + 11 * j + 5) % 256 for j in range(9)) for i in range(k)]
    code = Code(k, n)
    blocks = dict(enumerate([*data, *code.parity(data)]))
    for kept in itertools.combinations(range(n), k):
        assert code.restore({place: blocks[place] for place in kept}) == data


@given(CODES, st.data())
def test_restored_blocks_have_the_same_parity(size: tuple[int, int], draw: st.DataObject) -> None:
    code = Code(*size)
    length = draw.draw(st.integers(1, 40))
    data = [draw.draw(st.binary(min_size=length, max_size=length)) for _ in range(code.k)]
    blocks = dict(enumerate([*data, *code.parity(data)]))
    kept = draw.draw(st.sets(st.integers(0, code.n - 1), min_size=code.k))
    restored = code.restore({place: bytearray(blocks[place]) for place in kept})
    assert [bytes(block) for block in restored] == data
    assert code.parity(restored) == [blocks[place] for place in range(code.k, code.n)]


def test_one_block_too_few_is_refused() -> None:
    code = Code(3, 5)
    data = [b"a", b"b", b"c"]
    parity = code.parity(data)
    with pytest.raises(ValueError, match="too few"):
        code.restore({0: data[0], 4: parity[1]})
    with pytest.raises(ValueError, match="one length"):
        code.parity([b"a", b"bb", b"c"])


@pytest.mark.parametrize(("k", "n"), [(0, 1), (2, 1), (1, 9), (-1, 3)])
def test_impossible_codes_are_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="no code"):
        Code(k, n)
