"""Draws a sheet of paper lying on a table, as a grey PNG picture of 1200 by 1600 points, from lines of text.

PNG (RFC 2083) with filter 0 and stored deflate blocks (RFC 1950, RFC 1951): 1.8 MiB, as a photograph has, and the same
bytes everywhere. Every picture bears the words that it is invented.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator, Sequence
from math import isqrt

__all__ = ["HEIGHT", "WIDTH", "photograph"]

WIDTH, HEIGHT = 1200, 1600
_MARGIN = 90
_INVENTED = "DEMO - ВЫДУМАНО - INVENTED"
_STORED = 65_535  # the longest stored block

# Each glyph is seven rows of five points; a row is a byte, its lowest five bits the points from left to right.
_GLYPHS = {
    " ": "00000000000000", "-": "0000001F000000", ".": "00000000000606", ":": "00060600060600",
    "0": "0E11131519110E", "1": "040C040404040E", "2": "0E11010204081F", "3": "1F02040201110E",
    "№": "121A16121A1212", "А": "0E11111F111111", "Б": "1F10101E11111E", "В": "1E11111E11111E",
    "Д": "060A0A0A0A1F11", "Е": "1F10101E10101F", "З": "0E11010601110E", "И": "11111315191111",
    "Й": "15111315191111", "К": "11121418141211", "Л": "07090909090911", "М": "111B1515111111",
    "Н": "1111111F111111", "О": "0E11111111110E", "П": "1F111111111111", "Р": "1E11111E101010",
    "С": "0E11101010110E", "Т": "1F040404040404", "У": "1111110F01110E", "Ы": "1111111D15151D",
    "Ь": "1010101E11111E", "Я": "0F11110F050911", "D": "1E11111111111E", "E": "1F10101E10101F",
    "I": "0E04040404040E", "M": "111B1515111111", "N": "11191513111111", "O": "0E11111111110E",
    "T": "1F040404040404", "V": "11111111110A04",
}  # fmt: skip

Spans = dict[int, list[tuple[int, int]]]


def photograph(lines: Sequence[str], *, stamp: bool) -> Iterator[bytes]:
    """The blocks of a PNG file that shows `lines`, the first as a title; with a round stamp or without."""
    ink: Spans = {}
    for number, line in enumerate(lines):
        _write(ink, line, x=150, y=260 + 150 * number, scale=11 if number == 0 else 7)
    _write(ink, _INVENTED, x=150, y=1420, scale=5)
    if stamp:
        _ring(ink, x=850, y=1130, outer=170, inner=155)
        _write(ink, "DEMO 000", x=745, y=1110, scale=5)
    yield b"\x89PNG\r\n\x1a\n"
    yield _chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0))
    yield _chunk(b"tEXt", b"Comment\0Invented for demonstration; drawn by a program")
    yield _chunk(b"IDAT", _stored(b"".join(_rows(ink, random.Random("svidok demo " + lines[0])))))
    yield _chunk(b"IEND", b"")


def _rows(ink: Spans, dice: random.Random) -> Iterator[bytes]:
    table, paper, pen = (bytes(base + n % 16 for n in range(256)) for base in (70, 205, 35))
    for y in range(HEIGHT):
        grain = dice.randbytes(WIDTH)
        row = bytearray(grain.translate(table))
        if _MARGIN <= y < HEIGHT - _MARGIN:
            row[_MARGIN : WIDTH - _MARGIN] = grain[_MARGIN : WIDTH - _MARGIN].translate(paper)
        for start, end in ink.get(y, ()):
            row[start:end] = grain[start:end].translate(pen)
        yield b"\0" + row


def _write(ink: Spans, text: str, *, x: int, y: int, scale: int) -> None:
    for place, letter in enumerate(text):
        for row, points in enumerate(bytes.fromhex(_GLYPHS[letter])):
            for column in (c for c in range(5) if points >> (4 - c) & 1):
                left = x + (place * 6 + column) * scale
                for line in range(y + row * scale, y + (row + 1) * scale):
                    ink.setdefault(line, []).append((left, left + scale))


def _ring(ink: Spans, *, x: int, y: int, outer: int, inner: int) -> None:
    for dy in range(-outer, outer + 1):
        wide = isqrt(outer * outer - dy * dy)
        hole = isqrt(inner * inner - dy * dy) if abs(dy) <= inner else 0
        ink.setdefault(y + dy, []).extend([(x - wide, x - hole), (x + hole, x + wide)])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _stored(data: bytes) -> bytes:
    """A zlib stream that only stores: header, blocks of at most 65535 bytes, Adler-32."""
    parts = [b"\x78\x01"]
    for start in range(0, len(data), _STORED):
        block = data[start : start + _STORED]
        last = start + _STORED >= len(data)
        parts.append(struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF) + block)
    return b"".join([*parts, struct.pack(">I", zlib.adler32(data))])
