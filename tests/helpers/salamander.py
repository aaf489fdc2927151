"""Invisible salamanders: one ciphertext and tag that ChaCha20-Poly1305 accepts under two keys.

Poly1305 reads the ciphertext as numbers c1 … cq, each with 2^128 added, and gives

    tag = ((c1·r^q + c2·r^(q−1) + … + cq·r) mod 2^130−5  +  s)  mod 2^128

where r and s come from the key and the nonce. The last number holds the lengths. Everything is linear in the c's, so
with two keys, all numbers but two chosen freely and the tag chosen too, the two left over are the solution of two
linear equations; each fits into a block with probability one quarter, so a few dozen tags are enough.
"""

from __future__ import annotations

import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

PRIME = (1 << 130) - 5
TOP = 1 << 128
CLAMP = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF


def _keystream(key: bytes, nonce: bytes, block: int, size: int) -> bytes:
    chacha = Cipher(algorithms.ChaCha20(key, struct.pack("<I", block) + nonce), mode=None)
    return chacha.encryptor().update(bytes(size))


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


class _Side:
    """What one key makes of a ciphertext: r, s, and the part of the polynomial that is already decided."""

    def __init__(self, key: bytes, nonce: bytes) -> None:
        first = _keystream(key, nonce, 0, 32)
        self.r = int.from_bytes(first[:16], "little") & CLAMP
        self.s = int.from_bytes(first[16:], "little")
        self.key, self.nonce = key, nonce

    def fixed(self, start: bytes, size: int) -> int:
        """The polynomial with zero in the two free places (and without their 2^128)."""
        value = 0
        for at in range(0, len(start), 16):
            value = (value + int.from_bytes(start[at : at + 16], "little") + TOP) * self.r % PRIME
        lengths = int.from_bytes(struct.pack("<QQ", 0, size), "little") + TOP
        return (value * pow(self.r, 2, PRIME) + lengths) * self.r % PRIME

    def sums_for(self, tag: int) -> list[int]:
        """The values of the polynomial that give this tag."""
        low = (tag - self.s) % TOP
        return [low + lift * TOP for lift in range(4) if low + lift * TOP < PRIME]


def salamander(key_a: bytes, key_b: bytes, nonce: bytes, text_a: bytes, text_b: bytes, size: int) -> bytes:
    """A ciphertext of `size` bytes (a multiple of 16) and its tag, authentic under both keys.

    Under `key_a` it begins with `text_a`; under `key_b` it has `text_b` behind as many bytes. Both texts are of one
    length, a multiple of 16.
    """
    part = len(text_a)
    start = _xor(text_a, _keystream(key_a, nonce, 1, part))
    start += _xor(text_b, _keystream(key_b, nonce, 1, 2 * part)[part:])
    start += os.urandom(size - 32 - len(start))
    a, b = _Side(key_a, nonce), _Side(key_b, nonce)
    fixed_a, fixed_b = a.fixed(start, size), b.fixed(start, size)
    # The free blocks stand before the lengths: the first is multiplied by r^3, the second by r^2.
    a3, a2, b3, b2 = (pow(side.r, power, PRIME) for side in (a, b) for power in (3, 2))
    inverse = pow(a3 * b2 - a2 * b3, -1, PRIME)
    while True:
        tag = int.from_bytes(os.urandom(16), "little")
        for want_a in a.sums_for(tag):
            for want_b in b.sums_for(tag):
                left_a, left_b = want_a - fixed_a, want_b - fixed_b
                x = (left_a * b2 - left_b * a2) * inverse % PRIME - TOP
                y = (left_b * a3 - left_a * b3) * inverse % PRIME - TOP
                if 0 <= x < TOP and 0 <= y < TOP:
                    return start + b"".join(n.to_bytes(16, "little") for n in (x, y, tag))
