"""What a sealed file is, without opening it with anything: the first lines of a text, the size of a picture, how long
a recording lasts.

The rule: it reads the sealed copy, in memory, at most `BUDGET` cells of it, and never more than it needs. Nothing is
decoded but a few numbers of known formats; a file that lies or is broken is of no known kind. What is said of places
and cameras inside a picture (EXIF) is whether it is there, since it is sealed with it.
"""

from __future__ import annotations

import os
import struct
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from collector import files, media
from collector.cellfiles import read_cell
from collector.cells import CHUNK
from collector.media import Attachment
from collector.preview_pictures import picture
from collector.preview_recordings import recording
from collector.vault import Vault
from schemas.problems import Problem

Kind: TypeAlias = Literal["text", "picture", "recording", "other"]
Read: TypeAlias = Callable[[int, int], bytes]
"""Gives up to so many bytes from an offset; fewer at the end of the file and when the budget is used up."""

BUDGET = 48
"""Cells (of 64 KiB) that one look may decrypt: 3 MiB."""
TEXT_BYTES = 8192
LINES, COLUMNS = 6, 200


@dataclass(frozen=True, slots=True)
class Preview:
    """What can be said of a file. `format` is a name such as JPEG, empty for a text and for what is not known.

    `width` and `height` in pixels as the file claims them; `exif` and `gps`: whether the data of the camera, and a
    place in it, are inside (None: not found out); `seconds` of a recording; `lines` of a text, safe to be shown.
    """

    kind: Kind
    format: str = ""
    width: int = 0
    height: int = 0
    exif: bool | None = None
    gps: bool | None = None
    seconds: float | None = None
    lines: tuple[str, ...] = ()


def look(vault: Vault, attachment: Attachment) -> Preview:
    """Looks at an attachment of a draft. Raises E_ATTACH_LOST, E_KEY_LOST, E_CELL_AUTH, E_MEDIA_IO."""
    try:
        with files.mapped_os_errors():
            fd = os.open(media.spool_path(vault, attachment.sid), os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except Problem as problem:
        raise Problem("E_ATTACH_LOST", count=1) if problem.code == "E_MEDIA_IO" else problem from None
    try:
        with media.stream_key(vault, attachment.sid) as key:
            kept: dict[int, bytes] = {}

            def cell(index: int) -> bytes:
                if index not in kept:
                    if len(kept) >= BUDGET:
                        return b""
                    kept[index] = read_cell(key, attachment.info, fd, index)
                return kept[index]

            return describe(reader(cell, attachment.length), attachment.length)
    finally:
        os.close(fd)


def reader(cell: Callable[[int], bytes], length: int) -> Read:
    """Reads a stream by its cells; `cell` gives the content of one, or nothing when there is no more to be had."""

    def read(offset: int, size: int) -> bytes:
        found = bytearray()
        while 0 <= offset < length and len(found) < size:
            index, within = divmod(offset, CHUNK)
            part = cell(index)[within : within + size - len(found)]
            if not part:
                break
            found += part
            offset += len(part)
        return bytes(found)

    return read


def describe(read: Read, length: int) -> Preview:
    """What a file of `length` bytes is. Raises nothing, whatever its bytes are."""
    try:
        seen = picture(read, length)
        if seen is not None:
            return Preview("picture", seen.format, seen.width, seen.height, seen.exif, seen.gps)
        heard = recording(read, length)
        if heard is not None:
            return Preview("recording", heard.format, seconds=heard.seconds)
    except (struct.error, IndexError, ValueError, OverflowError):
        return Preview("other")
    lines = text_lines(read(0, TEXT_BYTES), whole=length <= TEXT_BYTES)
    return Preview("other") if lines is None else Preview("text", lines=lines)


def text_lines(data: bytes, *, whole: bool) -> tuple[str, ...] | None:
    """The first lines of a text in UTF-8 or UTF-16, without anything that could steer a terminal; None for no text."""
    text = _text(data, whole=whole)
    if text is None:
        return None
    shown = [_harmless(line)[:COLUMNS].rstrip() for line in text.splitlines()]
    while shown and not shown[0]:
        shown.pop(0)
    return tuple(shown[:LINES])


def _text(data: bytes, *, whole: bool) -> str | None:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data[: len(data) // 2 * 2].decode("utf-16", "replace")
    data = data.removeprefix(b"\xef\xbb\xbf")
    for cut in range(1 if whole else 4):  # the last sign may be cut in the middle
        try:
            text = data[: len(data) - cut].decode()
        except UnicodeDecodeError:
            continue
        strange = sum(unicodedata.category(sign) == "Cc" and sign not in "\t\n\r\f\x1b" for sign in text)
        return None if strange else text
    return None


def _harmless(line: str) -> str:
    """The line with blanks for tabs; other signs that are not seen, but steer, become a visible dot."""
    return "".join(" " if sign == "\t" else "·" if _steers(sign) else sign for sign in line)


def _steers(sign: str) -> bool:
    category = unicodedata.category(sign)
    return category[0] == "C" or category in ("Zl", "Zp")
