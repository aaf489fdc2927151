"""Padmé: how far a size is rounded up, so that it says little (docs/spec/protocol.md §9.2).

The leading bits of a number of cells stay, the rest become zero after rounding up: at most 12 percent are added, and
only about log2(log2(x)) bits of the size show (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", 2019).
"""

from __future__ import annotations


def padme(x: int) -> int:
    """`x` (from 1) rounded up to a multiple of 2^(E−s), with E = ⌊log2 x⌋ and s = ⌊log2 E⌋ + 1; padme(1) = 1.

    Raises ValueError below 1: that is a mistake of the program.
    """
    if x < 1:
        raise ValueError("padme is defined from 1")
    if x == 1:
        return 1
    exponent = x.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return -(-x // step) * step
