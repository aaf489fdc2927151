"""Small words that every test of a refusal needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from schemas.problems import Problem


@contextmanager
def refused(*codes: str) -> Iterator[None]:
    """The block must end in a Problem with one of these codes."""
    with pytest.raises(Problem) as caught:
        yield
    assert caught.value.code in codes, f"{caught.value.code} instead of {' or '.join(codes)}"


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    """The same bytes with one bit changed."""
    out = bytearray(data)
    out[at] ^= 1 << bit
    return bytes(out)


def patched(data: bytes, at: int, part: bytes) -> bytes:
    """The same bytes with `part` written over them at `at`."""
    return data[:at] + part + data[at + len(part) :]
