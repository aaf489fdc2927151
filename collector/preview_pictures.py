"""The numbers that stand at the head of a picture: format, width and height, and whether camera data are inside.

The rule: only headers are read, by offsets that are checked against the file's length, in a bounded number of steps.
No pixel is decoded. A field that is not there is no picture, never an error.
Sources: PNG (W3C 2003) §5, §11.2.2; JPEG (ITU-T T.81) annex B; EXIF 2.32 §4.5 to §4.6; GIF89a; WebP (RFC 9649) §2;
BMP (BITMAPFILEHEADER, BITMAPINFOHEADER); TIFF 6.0 §2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

Read = Callable[[int, int], bytes]
STEPS = 4096
"""Chunks or segments that are looked at before a file is left alone."""
_GPS, _EXIF_IFD, _WIDTH, _HEIGHT = 0x8825, 0x8769, 0x0100, 0x0101
_ENTRIES = 512
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class Picture:
    """Format, pixels as claimed, whether EXIF and a place in it are there (None: not found out)."""

    format: str
    width: int
    height: int
    exif: bool | None
    gps: bool | None


def picture(read: Read, length: int) -> Picture | None:
    """What picture this is; None when it is none of those known here, or its head is broken.

    Raises struct.error or IndexError where the file ends in the middle of a field.
    """
    start = read(0, 32)
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(read, length)
    if start.startswith(b"\xff\xd8\xff"):
        return _jpeg(read, length)
    if start[:6] in (b"GIF87a", b"GIF89a"):
        width, height = struct.unpack_from("<HH", start, 6)
        return _checked("GIF", width, height, False, False)
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return _webp(read, length)
    if start[:2] == b"BM" and struct.unpack_from("<I", start, 14)[0] in (40, 108, 124):
        width, height = struct.unpack_from("<ii", start, 18)
        return _checked("BMP", width, abs(height), False, False)
    if start[:4] in (b"II*\0", b"MM\0*"):
        tags = _tags(read, 0, length)
        return _checked("TIFF", tags.get(_WIDTH, 0), tags.get(_HEIGHT, 0), _EXIF_IFD in tags, _GPS in tags)
    return None


def _checked(name: str, width: int, height: int, exif: bool | None, gps: bool | None) -> Picture | None:
    return Picture(name, width, height, exif, gps) if 0 < width < 1 << 31 and 0 < height < 1 << 31 else None


def _png(read: Read, length: int) -> Picture | None:
    head = read(8, 25)
    if head[4:8] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", head, 8)
    at = 8
    for _step in range(STEPS):
        chunk = read(at, 8)
        if len(chunk) < 8:
            # Either the end of a file that was cut, or of what may be read of a long one.
            return _checked("PNG", width, height, None, None)
        size, kind = struct.unpack(">I4s", chunk)
        if kind == b"eXIf":
            return _checked("PNG", width, height, True, _has_place(read, at + 8, size))
        at += 12 + size
        if kind == b"IEND" or at >= length:
            return _checked("PNG", width, height, False, False)
    return _checked("PNG", width, height, None, None)


def _jpeg(read: Read, length: int) -> Picture | None:
    at, exif, gps = 2, False, False
    for _step in range(STEPS):
        mark = read(at, 4)
        if len(mark) < 4 or mark[0] != 0xFF:
            return None
        kind, size = mark[1], struct.unpack_from(">H", mark, 2)[0]
        if kind == 0xFF:
            at += 1
            continue
        if kind in (0xD8, 0x01) or 0xD0 <= kind <= 0xD7:
            at += 2
            continue
        if kind in (0xD9, 0xDA) or size < 2 or at + 2 + size > length:
            return None
        if kind == 0xE1 and read(at + 4, 6) == b"Exif\0\0":
            exif, gps = True, gps or bool(_has_place(read, at + 10, size - 8))
        if kind in _FRAMES:
            height, width = struct.unpack_from(">HH", read(at + 5, 4))
            return _checked("JPEG", width, height, exif, gps)
        at += 2 + size
    return None


def _webp(read: Read, length: int) -> Picture | None:
    start = read(12, 30)
    kind = start[:4]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", start, 14)
        return _checked("WebP", width & 0x3FFF, height & 0x3FFF, False, False)
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", start, 9)[0]
        return _checked("WebP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, False, False)
    if kind != b"VP8X":
        return None
    width = int.from_bytes(start[12:15], "little") + 1
    height = int.from_bytes(start[15:18], "little") + 1
    exif = bool(start[8] & 0x08)
    return _checked("WebP", width, height, exif, _webp_place(read, length) if exif else False)


def _webp_place(read: Read, length: int) -> bool | None:
    at = 12
    for _step in range(STEPS):
        chunk = read(at, 8)
        if len(chunk) < 8:
            return None
        kind, size = struct.unpack("<4sI", chunk)
        if kind == b"EXIF":
            skip = 6 if read(at + 8, 6) == b"Exif\0\0" else 0
            return _has_place(read, at + 8 + skip, size - skip)
        at += 8 + size + size % 2
        if at >= length:
            return None
    return None


def _has_place(read: Read, start: int, size: int) -> bool | None:
    """Whether the EXIF at `start` points to data of a place; None when it cannot be read."""
    try:
        tags = _tags(read, start, size)
    except (struct.error, IndexError):
        return None
    return _GPS in tags if tags else None


def _tags(read: Read, start: int, size: int) -> dict[int, int]:
    """The entries of the first directory of a TIFF that begins at `start`: tag to its value, where that is one number.

    Empty when it is no TIFF or its directory lies outside.
    """
    head = read(start, 8)
    order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
    if not order:
        return {}
    first = struct.unpack_from(order + "I", head, 4)[0]
    if not 8 <= first <= size - 2:
        return {}
    count = struct.unpack(order + "H", read(start + first, 2))[0]
    data = read(start + first + 2, min(count, _ENTRIES) * 12)
    tags: dict[int, int] = {}
    for at in range(0, len(data) - 11, 12):
        tag, kind = struct.unpack_from(order + "HH", data, at)
        tags[tag] = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, at + 8)[0]
    return tags
