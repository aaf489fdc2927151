"""Reed–Solomon over GF(2^8): any k of n blocks give the other blocks back.

Rule: the code is systematic (the first k blocks are the data themselves) and Cauchy (every k rows are invertible), so
that a row of cells survives whichever n−k of them are lost. Multiplication of a whole block by a constant is one
`bytes.translate`; addition is one XOR of two large integers (docs/spec/protocol.md §9.3; Plank and Xu, "Optimizing
Cauchy Reed-Solomon Codes", 2006, for why Cauchy matrices are always invertible).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, TypeAlias

Block: TypeAlias = bytes | bytearray

POLYNOMIAL: Final = 0x11D
MAX_BLOCKS: Final = 8


def _powers() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Powers of the generator 2, twice over, and their logarithms."""
    power, log = [0] * 510, [0] * 256
    value = 1
    for exponent in range(255):
        power[exponent] = power[exponent + 255] = value
        log[value] = exponent
        value <<= 1
        if value & 0x100:
            value ^= POLYNOMIAL
    return tuple(power), tuple(log)


_POWER, _LOG = _powers()


def multiply(a: int, b: int) -> int:
    """The product of two elements of the field."""
    return _POWER[_LOG[a] + _LOG[b]] if a and b else 0


def inverse(a: int) -> int:
    """The element whose product with `a` is 1. ZeroDivisionError for 0."""
    if not a:
        raise ZeroDivisionError("0 has no inverse")
    return _POWER[255 - _LOG[a]]


@cache
def _table(factor: int) -> bytes:
    """The translation table that multiplies every byte of a block by `factor`."""
    return bytes(multiply(factor, value) for value in range(256))


def _combined(factors: Sequence[int], blocks: Sequence[Block]) -> bytes:
    """The sum of the blocks, each multiplied by its factor."""
    total = 0
    for factor, block in zip(factors, blocks, strict=True):
        if factor:
            scaled = block if factor == 1 else block.translate(_table(factor))
            total ^= int.from_bytes(scaled, "little")
    return total.to_bytes(len(blocks[0]), "little")


class Code:
    """One code: `k` data blocks and `n - k` parity blocks, all of one length in bytes.

    Raises ValueError unless 1 ≤ k ≤ n ≤ 8: what a file claims is checked before (E_VOL_FORMAT).
    """

    __slots__ = ("_rows", "k", "n")

    def __init__(self, k: int, n: int) -> None:
        if not 1 <= k <= n <= MAX_BLOCKS:
            raise ValueError(f"no code of {k} of {n}")
        self.k, self.n = k, n
        self._rows = tuple(tuple(inverse((k + i) ^ j) for j in range(k)) for i in range(n - k))

    @property
    def parity_rows(self) -> tuple[tuple[int, ...], ...]:
        """Coefficient of data block j in parity block i: the inverse of (k + i) XOR j."""
        return self._rows

    def parity(self, data: Sequence[Block]) -> list[bytes]:
        """The n−k parity blocks of k data blocks."""
        self._check(data)
        return [_combined(row, data) for row in self._rows]

    def restore(self, have: Mapping[int, Block]) -> list[Block]:
        """The k data blocks from any k of the n, given by their place (0…n−1). What is there is handed back as it is.

        Raises ValueError when fewer than k are given.
        """
        chosen = sorted(have)[: self.k]
        if len(chosen) < self.k or not 0 <= chosen[0] <= chosen[-1] < self.n:
            raise ValueError("too few blocks")
        blocks = [have[place] for place in chosen]
        self._check(blocks)
        lost = [place for place in range(self.k) if place not in have]
        if not lost:
            return blocks
        rows = _inverted(self.k, self.n, tuple(chosen))
        return [have[place] if place in have else _combined(rows[place], blocks) for place in range(self.k)]

    def _check(self, blocks: Sequence[Block]) -> None:
        if len(blocks) != self.k or len({len(block) for block in blocks}) != 1:
            raise ValueError("the blocks must be k, and of one length")


@cache
def _inverted(k: int, n: int, chosen: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """For each data block its coefficients over the chosen blocks, found by elimination (Gauss and Jordan)."""
    unit = [[int(i == j) for j in range(k)] for i in range(k)]
    parity = Code(k, n).parity_rows
    rows = [
        [*(unit[place] if place < k else parity[place - k]), *unit[position]] for position, place in enumerate(chosen)
    ]
    for column in range(k):
        pivot = next(row for row in range(column, k) if rows[row][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = inverse(rows[column][column])
        rows[column] = [multiply(scale, value) for value in rows[column]]
        for row in range(k):
            factor = rows[row][column]
            if row != column and factor:
                rows[row] = [a ^ multiply(factor, b) for a, b in zip(rows[row], rows[column], strict=True)]
    return tuple(tuple(row[k:]) for row in rows)
