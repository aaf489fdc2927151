"""How long a recording lasts, where its head or its end says so: WAV, FLAC, Ogg, MP4 and QuickTime.

The rule: only fields are read, in a bounded number of steps, and nothing is decoded. What would have to be counted
through (MP3, AAC) is named without a duration.
Sources: RIFF/WAVE (Microsoft 1991); RFC 9639 §8.2 (FLAC); RFC 3533 §6 (Ogg); RFC 7845 §4 (Opus); ISO/IEC 14496-12 §8.2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

Read = Callable[[int, int], bytes]
STEPS = 256
LONGEST = 400 * 3600
"""Seconds; what claims to last longer says nothing."""
_TAIL = 65_536


@dataclass(frozen=True, slots=True)
class Recording:
    """Format, and seconds as the file claims them (None: not found out)."""

    format: str
    seconds: float | None


def recording(read: Read, length: int) -> Recording | None:
    """What recording this is; None when it is none of those known here. Raises struct.error where one breaks off."""
    start = read(0, 64)
    found: Recording | None = None
    if start[:4] == b"RIFF" and start[8:12] == b"WAVE":
        found = Recording("WAV", _wave(read, length))
    elif start[:4] == b"fLaC":
        found = Recording("FLAC", _flac(start))
    elif start[:4] == b"OggS":
        found = _ogg(read, length)
    elif start[4:8] == b"ftyp":
        name = "QuickTime" if start[8:12] == b"qt  " else "M4A" if start[8:11] == b"M4A" else "MP4"
        found = Recording(name, _film(read, length))
    elif start[:3] == b"ID3" or (start[:1] == b"\xff" and start[1:2] in (b"\xfb", b"\xf3", b"\xf2")):
        found = Recording("MP3", None)
    if found is not None and found.seconds is not None and not 0 <= found.seconds <= LONGEST:
        return Recording(found.format, None)
    return found


def _wave(read: Read, length: int) -> float | None:
    at, rate = 12, 0
    for _step in range(STEPS):
        chunk = read(at, 8)
        if len(chunk) < 8:
            return None
        kind, size = struct.unpack("<4sI", chunk)
        if kind == b"fmt ":
            rate = struct.unpack_from("<I", read(at + 8, 12), 8)[0]
        elif kind == b"data":
            # A recorder that was cut off leaves no size, or all ones.
            return min(size or length, length - at - 8) / rate if rate else None
        at += 8 + size + size % 2
    return None


def _flac(start: bytes) -> float | None:
    if start[4] & 0x7F:
        return None
    packed = int.from_bytes(start[18:26], "big")
    rate, samples = packed >> 44, packed & ((1 << 36) - 1)
    return samples / rate if rate and samples else None


def _ogg(read: Read, length: int) -> Recording:
    start = read(0, 512)
    first = start[27 + start[26] :]
    name, rate, skip = "Ogg", 0, 0
    if first.startswith(b"OpusHead"):
        name, rate, skip = "Opus", 48_000, struct.unpack_from("<H", first, 10)[0]
    elif first.startswith(b"\x01vorbis"):
        name, rate = "Vorbis", struct.unpack_from("<I", first, 12)[0]
    tail = read(max(0, length - _TAIL), _TAIL)
    at = tail.rfind(b"OggS")
    if not rate or at < 0 or len(tail) < at + 14:
        return Recording(name, None)
    samples = struct.unpack_from("<q", tail, at + 6)[0] - skip
    return Recording(name, samples / rate if samples >= 0 else None)


def _film(read: Read, length: int) -> float | None:
    moov = _box(read, 0, length, b"moov")
    header = None if moov is None else _box(read, *moov, b"mvhd")
    if header is None:
        return None
    data = read(header[0], 32)
    scale, duration = struct.unpack_from(">IQ", data, 20) if data[0] == 1 else struct.unpack_from(">II", data, 12)
    return duration / scale if scale else None


def _box(read: Read, at: int, end: int, wanted: bytes) -> tuple[int, int] | None:
    """Where the content of a box begins and ends."""
    for _step in range(STEPS):
        head = read(at, 16)
        if at + 8 > end or len(head) < 8:
            return None
        size, kind = struct.unpack_from(">I4s", head)
        inner = at + 8
        if size == 1:
            size, inner = struct.unpack_from(">Q", head, 8)[0], at + 16
        elif size == 0:
            size = end - at
        if size < inner - at:
            return None
        if kind == wanted:
            return inner, min(at + size, end)
        at += size
    return None
