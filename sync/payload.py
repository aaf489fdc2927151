"""What travels inside a bundle: an index, then the files one after another, then zeros (docs/spec/protocol.md §9.1).

Rule: an entry and its attachments are one group and travel together; a group is never cut over two bundles. The payload
is never built: it is read at any offset from the files where they lie, so that memory stays constant.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final

from collector.cells import CELL, CHUNK
from collector.files import mapped_os_errors
from collector.padme import padme
from schemas.problems import Problem
from schemas.records.bundle import ENTRY_FILE, BundleIndex
from schemas.structure import decode, encode
from sync.volume import CLASSES, MAX_STRIPES, file_length

ALIGN: Final = 4096
MAX_ENTRIES: Final = 4096
MAX_FILES: Final = 8192
MIB: Final = 1 << 20

_INDEX_FIXED: Final = 64
_INDEX_ITEM: Final = 63
_MAX_INDEX: Final = (1 << 20) + 4
_ZEROS: Final = bytes(MIB)
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


@dataclass(frozen=True, slots=True)
class Item:
    """One file of the payload: kind, name (eid or sid, 16 bytes), length, H(file) or stream root, where it lies."""

    kind: int
    name: bytes
    size: int
    digest: bytes
    path: Path


Group = tuple[Item, ...]
"""A sealed entry, then its attachments."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a payload is cut: `stripes` of n volumes, k of which hold data, each of `cells` cells."""

    k: int
    n: int
    cells: int
    stripes: int

    @property
    def total(self) -> int:
        """Outer cells without parity."""
        return self.stripes * self.k * self.cells

    @property
    def size_class(self) -> int:
        """0, 1 or 2."""
        return CLASSES.index(self.cells)

    def bytes_for(self, folders: int) -> list[int]:
        """Bytes that each of so many folders gets, when volume i goes to folder i mod folders."""
        per_volume = self.stripes * file_length(self.cells)
        return [per_volume * len(range(folder, self.n, folders)) for folder in range(folders)]


def layout_for(length: int, k: int, n: int) -> Layout | None:
    """The layout of a payload of `length` bytes (docs/spec/protocol.md §9.2); None when it takes several bundles."""
    needed = max(1, -(-length // CHUNK))
    large, middle, small = CLASSES[2], CLASSES[1], CLASSES[0]
    cells = large if needed >= 8 * k * large else middle if needed >= 8 * k * middle else small
    stripes = padme(-(-needed // (k * cells)))
    return Layout(k, n, cells, stripes) if stripes <= MAX_STRIPES else None


def largest_payload(k: int) -> int:
    """Bytes that one bundle can hold, index and all."""
    return MAX_STRIPES * k * CLASSES[-1] * CHUNK


def _padded(length: int) -> int:
    return -(-length // ALIGN) * ALIGN


def _length_bound(items: int, content: int) -> int:
    """Bytes of a payload, never too few: the index is taken at its longest."""
    return _padded(_INDEX_FIXED + _INDEX_ITEM * items) + content


def group_layout(groups: Sequence[Group], k: int, n: int) -> Layout | None:
    """The layout of a bundle that holds these groups; None when they need several."""
    items = [item for group in groups for item in group]
    if len(items) > MAX_FILES or sum(item.kind == ENTRY_FILE for item in items) > MAX_ENTRIES:
        return None
    return layout_for(_length_bound(len(items), sum(item.size for item in items)), k, n)


def next_bundle(
    groups: Iterable[Group], k: int, n: int, fits: Callable[[Layout], bool]
) -> tuple[list[Group], list[Group]]:
    """What goes into the next bundle, in the order given, and what stays for later ones.

    A group that does not fit any more is passed over for the smaller ones behind it. `fits` says whether there is room
    for a bundle of that layout.
    """
    chosen: list[Group] = []
    rest: list[Group] = []
    items = content = entries = 0
    for group in groups:
        more = sum(item.size for item in group)
        new_entries = sum(item.kind == ENTRY_FILE for item in group)
        small = entries + new_entries <= MAX_ENTRIES and items + len(group) <= MAX_FILES
        layout = layout_for(_length_bound(items + len(group), content + more), k, n) if small else None
        if layout is None or not fits(layout):
            rest.append(group)
            continue
        chosen.append(group)
        items, content, entries = items + len(group), content + more, entries + new_entries
    return chosen, rest


class Payload:
    """The bytes of one bundle, readable at any offset; thread-safe."""

    def __init__(self, groups: Sequence[Group], retn: bytes) -> None:
        items = [item for group in groups for item in group]
        index = BundleIndex(files=tuple((i.kind, i.name, i.size, i.digest) for i in items), retn=retn)
        body = encode(index)
        block = len(body).to_bytes(4, "big") + body
        self._index = block.ljust(_padded(len(block)), b"\0")
        self._paths = [item.path for item in items]
        self._starts = list(accumulate((item.size for item in items), initial=len(self._index)))
        self.length = self._starts[-1]

    def read_into(self, offset: int, view: memoryview) -> None:
        """Fills `view` with the bytes from `offset`; zeros after the end.

        Raises E_OUTBOX_LOST when a file is gone or shorter than it was, E_MEDIA_IO when the disk does not give it.
        """
        done = min(max(len(self._index) - offset, 0), len(view))
        view[:done] = self._index[offset : offset + done]
        while done < len(view):
            position = offset + done
            if position >= self.length:
                view[done:] = bytes(len(view) - done)
                return
            place = bisect_right(self._starts, position) - 1
            end = min(len(view), done + self._starts[place + 1] - position)
            self._read_file(place, position - self._starts[place], view[done:end])
            done = end

    def _read_file(self, place: int, offset: int, view: memoryview) -> None:
        path, got = self._paths[place], 0
        with mapped_os_errors():
            try:
                fd = os.open(path, _FLAGS)
            except FileNotFoundError:
                raise Problem("E_OUTBOX_LOST", entry=path.name) from None
            try:
                while got < len(view):
                    step = os.preadv(fd, [view[got:]], offset + got)
                    if not step:
                        raise Problem("E_OUTBOX_LOST", entry=path.name)
                    got += step
            finally:
                os.close(fd)


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A file of the index: kind, name (16 bytes), bytes, H(file) or root of the stream, place in the payload."""

    kind: int
    name: bytes
    size: int
    digest: bytes
    offset: int


def read_index(payload: int, length: int) -> tuple[BundleIndex, list[PlacedFile]]:
    """The index of a decoded payload of `length` bytes, checked against it; `payload` is its descriptor.

    The hash of every sealed entry is compared here; the root of a stream is compared by whoever opens it, with the
    signed one, so that nothing is read twice. Raises E_INDEX, whose fact says where.
    """
    with mapped_os_errors():
        index, offset = _index_block(payload, length)
        placed: list[PlacedFile] = []
        for kind, name, size, digest in index.files:
            if size % CELL or not size:
                raise Problem("E_INDEX", where="a file that is not made of cells")
            if offset + size > length:
                raise Problem("E_INDEX", where="more bytes than the payload has")
            placed.append(PlacedFile(kind, name, size, digest, offset))
            offset += size
        if len({file.name for file in placed}) != len(placed):
            raise Problem("E_INDEX", where="one name twice")
        entries = [file for file in placed if file.kind == ENTRY_FILE]
        if not 1 <= len(entries) <= MAX_ENTRIES:
            raise Problem("E_INDEX", where="number of entries")
        for file in entries:
            if _hash_of(payload, file.offset, file.size) != file.digest:
                raise Problem("E_INDEX", where="an entry that is another than was listed")
        _check_zero(payload, offset, length)
    return index, placed


def _index_block(payload: int, length: int) -> tuple[BundleIndex, int]:
    """The index and where the first file begins."""
    size = 4 + int.from_bytes(os.pread(payload, 4, 0), "big")
    end = -(-size // ALIGN) * ALIGN
    if size > _MAX_INDEX or end > length:
        raise Problem("E_INDEX", where="its length")
    block = os.pread(payload, end, 0)
    if len(block) != end or any(block[size:]):
        raise Problem("E_INDEX", where="its padding")
    try:
        return decode(BundleIndex, block[4:size]), end
    except Problem as problem:
        raise Problem("E_INDEX", where=problem.code) from None


def _hash_of(payload: int, offset: int, length: int) -> bytes:
    digest = hashlib.sha256()
    end = offset + length
    while offset < end:
        block = os.pread(payload, min(len(_ZEROS), end - offset), offset)
        if not block:
            break
        digest.update(block)
        offset += len(block)
    return digest.digest()


def _check_zero(payload: int, offset: int, length: int) -> None:
    while offset < length:
        block = os.pread(payload, min(len(_ZEROS), length - offset), offset)
        if not block or block != _ZEROS[: len(block)]:
            raise Problem("E_INDEX", where="something after the last file")
        offset += len(block)
