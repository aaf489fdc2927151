"""The volume file, and the check of one that needs no key (docs/spec/protocol.md §9.2, §9.4).

Rule: a volume certifies itself. Its header is signed by the bundle's own key, the header commits to the leaf list, and
the leaf list to every cell; so whoever carries or stores it can tell each good cell from each bad one without any
secret. Header and leaf list stand at both ends, and either copy serves when the other is damaged. Order of belief:
length → magic → ranges → signature → leaf list → cell; nothing is believed before the step that proves it.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Protocol

from collector import crypto, merkle
from collector.cells import CELL, SLOT
from schemas.problems import Problem

MAGIC: Final = b"SVIDVOL1"
NAME: Final = re.compile(r"[a-z2-7]{16}-(?:0|[1-9][0-9]{0,2})-[0-7]\.vol", re.ASCII | re.IGNORECASE)
"""How a volume is called; some file systems change the case of letters."""
HEADER: Final = 8192
SLOTS: Final = 4
MAX_SHARES: Final = 8
MAX_STRIPES: Final = 256
CLASSES: Final = (16, 256, 4096)
"""Cells in a volume, by class: 1, 16 or 256 MiB."""

_HASH: Final = 32
_SIGNED: Final = HEADER - 64
_FIXED: Final = struct.Struct(">8s32s4B2H2I32s32s32s")
_SLOTS_END: Final = _FIXED.size + SLOTS * SLOT
_RUN: Final = 16


def lead_length(cells: int) -> int:
    """Bytes of header and leaf list, as they stand at both ends."""
    return HEADER + -(-_HASH * cells // 4096) * 4096


def file_length(cells: int) -> int:
    """Bytes of a volume with that many cells: one of three lengths in all."""
    return 2 * lead_length(cells) + cells * CELL


LENGTHS: Final = {file_length(cells): cells for cells in CLASSES}
"""Cells by length of file: the only lengths that a volume can have."""


def volume_name(bid: bytes, stripe: int, index: int) -> str:
    """The file name of a volume; it says no more than its header does."""
    return f"{base64.b32encode(bid[:10]).decode().lower()}-{stripe}-{index}.vol"


@dataclass(frozen=True)
class Header:
    """What the bundle key signs in each volume. `index` is the place in its stripe (0…n−1); keys and hashes: 32 B."""

    bundle_pk: bytes
    k: int
    n: int
    index: int
    stripe: int
    stripes: int
    cells: int
    shard_root: bytes
    bundle_root: bytes
    kc: bytes
    slots: tuple[bytes, ...]

    @cached_property
    def bid(self) -> bytes:
        """The bundle's id: a hash of its key, so that nobody else can make a file of this bundle."""
        return crypto.tagged("bundle", self.bundle_pk)[:16]

    @property
    def place(self) -> tuple[int, int]:
        """Stripe and index."""
        return self.stripe, self.index

    @property
    def total(self) -> int:
        """Cells of the whole bundle without parity."""
        return self.stripes * self.k * self.cells

    @cached_property
    def shared(self) -> bytes:
        """A hash of everything that the volumes of one bundle have in common."""
        numbers = struct.pack(">2BHI", self.k, self.n, self.stripes, self.cells)
        return crypto.sha256(self.bundle_pk, numbers, self.bundle_root, self.kc, *self.slots)

    def same_bundle(self, other: Header) -> bool:
        """Whether two headers agree in all that the volumes of one bundle share."""
        return self.shared == other.shared


def write_header(header: Header, bundle_key: crypto.BytesLike) -> bytes:
    """The 8192 bytes of a header, signed with the secret half of the bundle key (64 bytes)."""
    fixed = _FIXED.pack(
        MAGIC,
        header.bundle_pk,
        header.k,
        header.n,
        header.index,
        CLASSES.index(header.cells),
        header.stripe,
        header.stripes,
        header.cells,
        0,
        header.shard_root,
        header.bundle_root,
        header.kc,
    )
    body = (fixed + b"".join(header.slots)).ljust(_SIGNED, b"\0")
    return body + crypto.sign(bundle_key, "volume", body)


def read_header(data: bytes) -> Header:
    """The header in the first 8192 bytes of `data`, when its ranges and its signature hold.

    Raises E_VOL_MAGIC, E_VOL_FORMAT (ranges, or something in the gap), E_VOL_SIG.
    """
    if data[:8] != MAGIC:
        raise Problem("E_VOL_MAGIC")
    if len(data) < HEADER:
        raise Problem("E_VOL_FORMAT")
    fields = _FIXED.unpack_from(data)
    _, bundle_pk, k, n, index, size_class, stripe, stripes, cells, flags, shard_root, bundle_root, kc = fields
    in_range = 1 <= k <= n <= MAX_SHARES and index < n and stripe < stripes <= MAX_STRIPES
    if not in_range or size_class >= len(CLASSES) or CLASSES[size_class] != cells or flags:
        raise Problem("E_VOL_FORMAT")
    if any(data[_SLOTS_END:_SIGNED]):
        raise Problem("E_VOL_FORMAT")
    try:
        crypto.verify(bundle_pk, "volume", data[:_SIGNED], data[_SIGNED:HEADER])
    except Problem:
        raise Problem("E_VOL_SIG") from None
    slots = tuple(data[at : at + SLOT] for at in range(_FIXED.size, _SLOTS_END, SLOT))
    return Header(bundle_pk, k, n, index, stripe, stripes, cells, shard_root, bundle_root, kc, slots)


def write_lead(header: bytes, leaves: Sequence[bytes]) -> bytes:
    """Header and leaf list as they stand at both ends."""
    return (header + b"".join(leaves)).ljust(lead_length(len(leaves)), b"\0")


class Readable(Protocol):
    """Where the bytes of a volume come from."""

    @property
    def length(self) -> int:
        """Bytes in all."""

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer where the file ends or the medium does not give them."""


class InMemory:
    """A volume in memory, as a `Readable`."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def length(self) -> int:
        """Bytes in all."""
        return len(self._data)

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from `offset`."""
        return self._data[offset : offset + length]


@dataclass(frozen=True, slots=True)
class Lead:
    """What the two ends of a volume gave: a proven header, a proven leaf list or none, how many copies are damaged."""

    header: Header
    leaves: bytes | None
    damaged_copies: int
    fault: Problem | None

    def leaf(self, row: int) -> bytes:
        """The leaf hash of one row. Only with a leaf list."""
        return (self.leaves or b"")[_HASH * row : _HASH * (row + 1)]


def read_only_header(file: Readable) -> Header:
    """The header of a volume from whichever end holds; the cheapest look at a file that a stranger made.

    Raises E_VOL_SIZE, E_VOL_MAGIC, E_VOL_FORMAT, E_VOL_SIG, and E_VOL_MIX when both are good and differ.
    """
    cells = _cells_of(file)
    copies = [file.read(offset, HEADER) for offset in (0, file.length - lead_length(cells))]
    return _agreed_header(cells, copies)[0]


def read_lead(file: Readable) -> Lead:
    """Reads both ends and nothing else: length, magic, ranges, signature, leaf list. Raises as `read_only_header`."""
    cells = _cells_of(file)
    size = lead_length(cells)
    copies = [file.read(offset, size) for offset in (0, file.length - size)]
    header, faults = _agreed_header(cells, copies)
    lists: list[bytes | Problem] = []
    for copy in copies:
        # A list is proven by the header that holds, at whichever end that stands.
        alike = lists and copy == copies[0]
        lists.append(lists[0] if alike else _leaves_or_fault(copy, header))
    for place, found in enumerate(lists):
        if isinstance(found, Problem):
            faults.setdefault(place, found)
    leaves = next((found for found in lists if isinstance(found, bytes)), None)
    return Lead(header, leaves, len(faults), next(iter(faults.values()), None))


def _cells_of(file: Readable) -> int:
    """How many cells a file of this length has. Raises E_VOL_SIZE, E_VOL_MAGIC."""
    cells = LENGTHS.get(file.length)
    if cells is None:
        raise Problem("E_VOL_SIZE" if file.read(0, 8) == MAGIC else "E_VOL_MAGIC")
    return cells


def proven_lead(copy: bytes, cells: int) -> tuple[Header, bytes]:
    """Header and leaf list of one end by itself, for whoever has only that end so far; `copy` is the lead whole.

    Raises E_VOL_MAGIC, E_VOL_FORMAT, E_VOL_SIG, E_PAD, E_VOL_LEAVES.
    """
    header = _header_for(cells, copy)
    return header, _read_leaves(copy, header)


def _agreed_header(cells: int, copies: Sequence[bytes]) -> tuple[Header, dict[int, Problem]]:
    """The header that both ends, or one of them, give; and what is wrong with the other."""
    faults: dict[int, Problem] = {}
    headers: list[Header] = []
    for place, copy in enumerate(copies):
        try:
            if headers and copy[:HEADER] == copies[0][:HEADER]:
                continue
            headers.append(_header_for(cells, copy))
        except Problem as problem:
            faults[place] = problem
    if not headers:
        raise faults[0]
    if headers[0] != headers[-1]:
        raise Problem("E_VOL_MIX")
    return headers[0], faults


def _leaves_or_fault(copy: bytes, header: Header) -> bytes | Problem:
    try:
        return _read_leaves(copy, header)
    except Problem as problem:
        return problem


def _header_for(cells: int, copy: bytes) -> Header:
    """The header of one copy, which must be of the class that the file's length has."""
    header = read_header(copy)
    if header.cells != cells:
        raise Problem("E_VOL_FORMAT")
    return header


def _read_leaves(copy: bytes, header: Header) -> bytes:
    """The leaf list of one copy. Raises E_PAD (something in the gap), E_VOL_LEAVES (not the list that was signed)."""
    end = HEADER + _HASH * header.cells
    leaves = copy[HEADER:end]
    if any(copy[end:]):
        raise Problem("E_PAD")
    if len(leaves) != _HASH * header.cells or merkle.root(split_leaves(leaves)) != header.shard_root:
        raise Problem("E_VOL_LEAVES")
    return leaves


def split_leaves(leaves: bytes) -> list[bytes]:
    """The hashes of a leaf list, one by one."""
    return [leaves[at : at + _HASH] for at in range(0, len(leaves), _HASH)]


def rebuilt(file: Readable, lead: Lead) -> Lead:
    """The lead with a leaf list: its own, or one computed from the cells when both copies are damaged.

    Raises the first copy's fault (E_VOL_LEAVES, E_PAD, …) when the cells do not lead to the signed root either.
    """
    if lead.leaves is not None:
        return lead
    leaves = [merkle.leaf(cell) for _, cell in read_cells(file, lead.header.cells)]
    if merkle.root(leaves) != lead.header.shard_root:
        raise lead.fault or Problem("E_VOL_LEAVES")
    return replace(lead, leaves=b"".join(leaves))


def read_cells(
    file: Readable, cells: int, start: int = 0, end: int | None = None
) -> Iterator[tuple[int, bytes | memoryview]]:
    """Rows `start` to `end` and their cells, read in runs of 1 MiB; a cell that the medium does not give is short."""
    base = lead_length(cells)
    for first in range(start, cells if end is None else end, _RUN):
        last = min(first + _RUN, cells if end is None else end)
        run = file.read(base + first * CELL, (last - first) * CELL)
        view = memoryview(run)
        for row in range(first, last):
            cell = view[(row - first) * CELL : (row - first + 1) * CELL]
            # One bad sector spoils a whole run for the system, not for us: its cells are asked for one by one.
            yield row, cell if len(cell) == CELL else file.read(base + row * CELL, CELL)


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict on one volume: its header, the rows whose cells are bad, how many of its two leads are damaged."""

    header: Header
    bad_rows: tuple[int, ...]
    damaged_copies: int

    @property
    def whole(self) -> bool:
        """Whether every byte that matters is as it was written."""
        return not self.bad_rows and not self.damaged_copies


def check(file: Readable, progress: Callable[[int], None] | None = None) -> Checked:
    """Checks one volume whole, without any key, in constant memory. `progress` gets bytes done since its last call.

    Raises E_VOL_SIZE, E_VOL_MAGIC, E_VOL_FORMAT, E_VOL_SIG, E_VOL_MIX; E_VOL_LEAVES or E_PAD when no leaf list serves.
    """
    lead = rebuilt(file, read_lead(file))
    bad = []
    for row, cell in read_cells(file, lead.header.cells):
        if merkle.leaf(cell) != lead.leaf(row):
            bad.append(row)
        if progress is not None:
            progress(CELL)
    return Checked(lead.header, tuple(bad), lead.damaged_copies)
