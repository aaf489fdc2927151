"""A volume checked as it streams in, from its first byte to its last (docs/spec/protocol.md §9.4, §10.3).

Rule: nothing is believed before the step that proves it, and no byte counts as good that a later one could still
disprove, except those of the cell (or lead) that is not whole yet. Pure: bytes go in, a verdict comes out.

    front lead    gathered; its header proven at 8,192 bytes, its leaf list when it is whole
    cells         each against its leaf hash, as soon as it is whole
    tail lead     byte for byte as the front lead
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Final, NamedTuple

from collector import merkle
from collector.cells import CELL
from collector.crypto import BytesLike
from schemas.problems import Problem
from sync.receiver.ports import Claim, Place
from sync.volume import HEADER, LENGTHS, Header, lead_length, proven_lead, read_header

_HASH: Final = 32
_LEAF: Final = b"\0"
Leaf = Callable[[], bytes]
"""Gives a leaf hash, once it is computed."""


class Needed(NamedTuple):
    """What has to be read again before a check can go on in the middle: bytes of the front lead from 0, and the bytes
    from `start` of the cell that was not whole.
    """

    lead: int
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a volume begin: cells, tail lead, end. Raises E_VOL_SIZE for another length than the three."""

    length: int
    cells: int
    first: int
    tail: int

    @classmethod
    def of(cls, length: int) -> Layout:
        """The layout of a volume with that many bytes."""
        cells = LENGTHS.get(length)
        if cells is None:
            raise Problem("E_VOL_SIZE")
        lead = lead_length(cells)
        return cls(length, cells, lead, length - lead)

    def needed(self, offset: int) -> Needed:
        """What a check that goes on at `offset` has to see again."""
        if not self.first < offset < self.tail:
            return Needed(min(offset, self.first), offset, 0)
        part = (offset - self.first) % CELL
        return Needed(self.first, offset - part, part)


def leaf_hashes(cells: memoryview) -> list[bytes]:
    """The leaf hashes of whole cells that follow each other."""
    hashes = []
    for at in range(0, len(cells), CELL):
        leaf = sha256(_LEAF)
        leaf.update(cells[at : at + CELL])
        hashes.append(leaf.digest())
    return hashes


def claim_of(header: Header) -> Claim:
    """What a proven header says of its volume."""
    place = Place(header.bid, header.stripe, header.index)
    return Claim(place, header.shard_root, header.shared, header.bundle_root)


class VolumeChecker:
    """Checks one volume of `length` bytes as they come. `offset` is where the next byte belongs.

    After any problem of `feed` the checker stands at the end of what is still good: at the start of the bad cell
    (E_UPLOAD_CELL), or at 0 for a lead that does not hold.
    """

    def __init__(self, length: int) -> None:
        self.layout = Layout.of(length)
        self.offset = 0
        self.header: Header | None = None
        self._lead = bytearray()
        self._proven = False
        self._cell = sha256(_LEAF)

    @classmethod
    def resumed(cls, length: int, offset: int, lead: BytesLike, part: BytesLike) -> VolumeChecker:
        """A checker that goes on at `offset`, from the bytes that `Layout.needed` asked for. Raises as `feed`."""
        checker = cls(length)
        needed = checker.layout.needed(offset)
        if len(lead) != needed.lead or len(part) != needed.length:
            raise Problem("E_MEDIA_IO")
        checker.feed(lead)
        checker._cell.update(part)
        checker.offset = offset
        return checker

    @property
    def proven(self) -> bool:
        """Whether header and leaf list are in and hold."""
        return self._proven

    @property
    def whole(self) -> bool:
        """Whether every byte is in and good."""
        return self.offset == self.layout.length

    @property
    def claim(self) -> Claim:
        """What the header says. Only when `proven`."""
        if self.header is None:
            raise ValueError("no header was proven yet")
        return claim_of(self.header)

    def whole_cells(self, data: BytesLike) -> tuple[int, memoryview]:
        """Of the next bytes, those that are whole cells, and the row of the first of them."""
        start = max(self.offset, self.layout.first)
        row = -((self.layout.first - start) // CELL)
        at = self.layout.first + row * CELL - self.offset
        end = min(len(data), self.layout.tail - self.offset)
        return row, memoryview(data)[at : at + max(0, end - at) // CELL * CELL]

    def feed(self, data: BytesLike, beside: Mapping[int, Leaf] = MappingProxyType({})) -> None:
        """Takes the next bytes. `beside`: rows of which somebody else computes the leaf hash.

        Raises E_UPLOAD_LENGTH (nothing is taken), E_UPLOAD_CELL; for a lead that does not hold E_VOL_MAGIC,
        E_VOL_FORMAT, E_VOL_SIG, E_PAD, E_VOL_LEAVES.
        """
        view = memoryview(data)
        if len(view) > self.layout.length - self.offset:
            raise Problem("E_UPLOAD_LENGTH")
        at = 0
        while at < len(view):
            rest = view[at:]
            if self.offset < self.layout.first:
                at += self._feed_lead(rest)
            elif self.offset < self.layout.tail:
                at += self._feed_cell(rest, beside)
            else:
                at += self._feed_tail(rest)

    def _feed_lead(self, view: memoryview) -> int:
        """Gathers the front lead; proves the header as soon as it is there, and the whole at its end."""
        taken = view[: self.layout.first - self.offset]
        before = self.offset
        self._lead += taken
        self.offset += len(taken)
        try:
            if before < HEADER <= self.offset:
                header = read_header(bytes(self._lead[:HEADER]))
                if header.cells != self.layout.cells:
                    raise Problem("E_VOL_FORMAT")
            elif before < 8 <= self.offset:
                self._look_at_magic()
            if self.offset == self.layout.first:
                self.header, _ = proven_lead(bytes(self._lead), self.layout.cells)
                self._proven = True
        except Problem:
            self.offset = 0
            self._lead.clear()
            raise
        return len(taken)

    def _look_at_magic(self) -> None:
        if self._lead[:8] != b"SVIDVOL1":
            raise Problem("E_VOL_MAGIC")

    def _feed_cell(self, view: memoryview, beside: Mapping[int, Leaf]) -> int:
        """Hashes up to the end of the present cell, and compares it there."""
        row, part = divmod(self.offset - self.layout.first, CELL)
        taken = view[: CELL - part]
        leaf = beside.get(row) if len(taken) == CELL else None
        if leaf is None:
            self._cell.update(taken)
        self.offset += len(taken)
        if part + len(taken) == CELL:
            digest = self._cell.digest() if leaf is None else leaf()
            self._cell = sha256(_LEAF)
            at = HEADER + _HASH * row
            signed = self._lead[at : at + _HASH]
            # Whoever hashes beside may only say that a cell is good.
            if digest != signed and (leaf is None or merkle.leaf(taken) != signed):
                self.offset = self.layout.first + row * CELL
                raise Problem("E_UPLOAD_CELL")
        return len(taken)

    def _feed_tail(self, view: memoryview) -> int:
        """The tail lead must be the front lead once more."""
        at = self.offset - self.layout.tail
        if memoryview(self._lead)[at : at + len(view)] != view:
            self.offset = self.layout.tail
            raise Problem("E_UPLOAD_CELL")
        self.offset += len(view)
        return len(view)
