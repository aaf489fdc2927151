"""From volumes back to the payload, in one reading (docs/spec/protocol.md §9.3, §12 steps 2 to 5).

Rule: each cell is compared with its signed leaf in the moment of use, so nothing is read twice and nothing can change
in between; any k good cells of a row give the row back; all rows are encoded again and must lead to the signed root, so
that a bundle has one content whichever of its volumes are there. What a bundle claims is weighed before a byte of it is
decoded.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from collector import crypto, merkle, slots
from collector.cells import CELL, CHUNK, LAST, MORE, nonce, stream_keys
from collector.crypto import Cipher, Secret
from collector.files import mapped_os_errors
from collector.slots import RecipientKeys
from schemas.problems import Problem
from sync import coverage
from sync.coverage import Gap, Place
from sync.erasure import Block, Code
from sync.volume import Header, Lead, Readable, lead_length, read_lead, rebuilt, split_leaves

WORKERS: Final = 2
_RUN: Final = 8
_ZEROS: Final = bytes(1 << 20)


def label(bid: bytes) -> str:
    """How a bundle is called among people: four groups of its fingerprint. Never a security decision (§3.5)."""
    return " ".join(crypto.fingerprint(bid).split(" ")[:4])


@dataclass(slots=True)
class Copy:
    """One file that holds a volume, with its proven leaf list."""

    file: Readable
    lead: Lead
    bad_cells: int = 0

    @property
    def damaged(self) -> bool:
        """Whether anything in it was not as it was written, as far as it was read."""
        return bool(self.bad_cells or self.lead.damaged_copies)


class VolumeSet:
    """The volumes of one bundle that are at hand; a volume may be there more than once."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.copies: dict[Place, list[Copy]] = {}
        self.useless = 0

    def add(self, file: Readable, lead: Lead | None = None) -> None:
        """Takes in one file by its lead.

        Raises E_VOL_* of its header, and E_VOL_MIX when it does not belong to this bundle or contradicts another copy.
        """
        lead = lead or read_lead(file)
        held = self.copies.get(lead.header.place, [])
        if not lead.header.same_bundle(self.header) or any(copy.lead.header != lead.header for copy in held):
            raise Problem("E_VOL_MIX")
        self.copies.setdefault(lead.header.place, []).append(Copy(file, lead))

    def prove(self) -> None:
        """Computes leaf lists anew where both are damaged; a file whose cells nothing proves any more is not used."""
        for place, held in list(self.copies.items()):
            proven = []
            for copy in held:
                try:
                    copy.lead = rebuilt(copy.file, copy.lead)
                    proven.append(copy)
                except Problem:
                    self.useless += 1
            self.copies[place] = proven
            if not proven:
                del self.copies[place]

    def check_budget(self, quota: int) -> None:
        """Weighs what the bundle claims against what is there, before anything is decoded.

        Raises E_VOL_MISSING when some stripe cannot be complete, E_QUOTA when it would need more than `quota` bytes.
        """
        present = {place: coverage.full(self.header.cells) for place in self.copies}
        missing = coverage.gaps(self.header, present)
        if missing:
            raise missing_problem(self.header, missing)
        if self.header.total * CHUNK > quota:
            raise Problem("E_QUOTA", needed=-(-self.header.total * CHUNK >> 20), free=quota >> 20)

    @property
    def lost(self) -> int:
        """How many volumes of the bundle are not there at all."""
        return self.header.stripes * self.header.n - len(self.copies)

    @property
    def damaged(self) -> int:
        """How many of the files that are there are damaged, as far as they were read."""
        return self.useless + sum(copy.damaged for held in self.copies.values() for copy in held)


def missing_problem(header: Header, found: list[Gap]) -> Problem:
    """E_VOL_MISSING that names the bundle and what it lacks."""
    return Problem("E_VOL_MISSING", bundle=label(header.bid), missing=coverage.told(found))


def transport_key(header: Header, keys: Sequence[RecipientKeys]) -> Secret:
    """The key of the outer cells, for whom it was sealed to.

    Raises E_NOT_FOR_US, E_SLOT_FORMAT, E_SLOT_CONTEXT, E_PAD, E_KEY_COMMIT.
    """
    shares = slots.open_slots(header.slots, keys, oid=header.bid, kcs=[header.kc], kind=slots.KIND_BUNDLE)
    transport = slots.combine(shares, [header.kc], header.bid).get(0)
    if transport is None:
        raise Problem("E_NOT_FOR_US")
    with transport, crypto.expand(transport, "transport") as stream:
        key, _ = stream_keys(stream, header.bid)
    return key


@dataclass(frozen=True, slots=True)
class _Rows:
    """What some rows of a stripe gave: for each volume the leaves of its cells, or which rows lack good cells."""

    stripe: int
    leaves: list[bytes]
    good: dict[int, int]
    complete: bool


@dataclass(slots=True)
class _Block:
    """The cells of one volume for some rows: as one block when all are good, else cell by cell."""

    whole: bytes | None
    cells: dict[int, bytes] = field(default_factory=dict)
    leaves: bytes = b""


class Decoder:
    """Decodes one bundle to a file. `target` is a descriptor open for writing."""

    def __init__(self, volumes: VolumeSet, key: Secret, target: int) -> None:
        self._volumes, self._key, self._target = volumes, key, target
        self._header = volumes.header
        self._code = Code(self._header.k, self._header.n)
        self._incomplete = False

    def run(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Decodes, repairs, checks. The file then has all bytes of the payload, zeros included.

        Raises E_VOL_MISSING (with what is missing), E_CELL_AUTH, E_VOL_ROOT, E_DISK_FULL, E_MEDIA_IO.
        """
        header = self._header
        self._volumes.prove()
        roots: list[bytes] = []
        leaves: list[list[bytes]] = []
        good: dict[Place, int] = {}
        complete = True
        for number, rows in enumerate(self._runs()):
            first = number * _RUN % header.cells
            for index, bits in rows.good.items():
                good[rows.stripe, index] = good.get((rows.stripe, index), 0) | bits << first
            complete = complete and rows.complete
            if complete:
                leaves = [[] for _ in range(header.n)] if first == 0 else leaves
                for known, new in zip(leaves, rows.leaves, strict=True):
                    known.append(new)
                if first + _RUN >= header.cells:
                    roots.extend(merkle.root(split_leaves(b"".join(known))) for known in leaves)
            if progress is not None:
                progress(min((number + 1) * _RUN * header.k, header.total) * CHUNK, header.total * CHUNK)
        if not complete:
            raise missing_problem(header, coverage.gaps(header, good))
        if merkle.root(roots) != header.bundle_root:
            raise Problem("E_VOL_ROOT")
        with mapped_os_errors():
            os.ftruncate(self._target, header.total * CHUNK)

    def _runs(self) -> Iterator[_Rows]:
        """All rows in order; a few runs are decoded ahead."""
        waiting: deque[Future[_Rows]] = deque()
        with ThreadPoolExecutor(WORKERS) as pool:
            try:
                for stripe in range(self._header.stripes):
                    for first in range(0, self._header.cells, _RUN):
                        waiting.append(pool.submit(self._rows, stripe, first))
                        if len(waiting) > WORKERS:
                            yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _rows(self, stripe: int, first: int) -> _Rows:
        """Reads, repairs, opens and writes the rows of one run."""
        count = min(_RUN, self._header.cells - first)
        blocks = {
            index: self._read(copies, first, count)
            for index in range(self._header.n)
            if (copies := self._volumes.copies.get((stripe, index)))
        }
        good = {
            index: coverage.full(count) if block.whole is not None else sum(1 << row for row in block.cells)
            for index, block in blocks.items()
        }
        data = None if self._incomplete else self._repaired(blocks, count)
        if data is None:
            # From here on the rest is only read, to say in one go everything that is missing.
            self._incomplete = True
            return _Rows(stripe, [], good, False)
        encoded: list[Block] = [*data, *self._code.parity(data)]
        leaves = [_leaves_of(cells, blocks.get(index)) for index, cells in enumerate(encoded)]
        for index, cells in enumerate(data):
            self._open(cells, (stripe * self._header.k + index) * self._header.cells + first)
        return _Rows(stripe, leaves, good, True)

    def _read(self, copies: Sequence[Copy], first: int, count: int) -> _Block:
        """The good cells of one volume in some rows, from whichever copy has them."""
        base = lead_length(self._header.cells) + first * CELL
        rescued: dict[int, bytes] = {}
        for copy in copies:
            leaves = (copy.lead.leaves or b"")[32 * first : 32 * (first + count)]
            data = copy.file.read(base, count * CELL)
            view = memoryview(data)
            cells = [view[row * CELL : (row + 1) * CELL] for row in range(count)]
            good = [row for row, cell in enumerate(cells) if merkle.leaf(cell) == leaves[32 * row : 32 * row + 32]]
            if len(good) == count:
                return _Block(data, {}, leaves)
            if len(data) < count * CELL:
                # One bad sector spoils a whole run for the system, not for us: the rest is asked for cell by cell.
                cells = [memoryview(copy.file.read(base + row * CELL, CELL)) for row in range(count)]
                good = [row for row, cell in enumerate(cells) if merkle.leaf(cell) == leaves[32 * row : 32 * row + 32]]
            copy.bad_cells += count - len(good)
            for row in good:
                rescued.setdefault(row, bytes(cells[row]))
        return _Block(None, rescued)

    def _repaired(self, blocks: Mapping[int, _Block], count: int) -> list[Block] | None:
        """The k data blocks of some rows; None when a row has fewer than k good cells."""
        whole: dict[int, Block] = {index: block.whole for index, block in blocks.items() if block.whole is not None}
        if len(whole) >= self._header.k:
            return self._code.restore(whole)
        out = [bytearray() for _ in range(self._header.k)]
        for row in range(count):
            cells: dict[int, Block] = {index: cells[row * CELL : (row + 1) * CELL] for index, cells in whole.items()}
            cells.update({index: block.cells[row] for index, block in blocks.items() if row in block.cells})
            if len(cells) < self._header.k:
                return None
            for target, cell in zip(out, self._code.restore(cells), strict=True):
                target += cell
        return list(out)

    def _open(self, cells: Block, first: int) -> None:
        """Decrypts the cells from outer index `first` and writes them to their place; zeros stay a hole."""
        count = len(cells) // CELL
        source = memoryview(cells)
        out = bytearray(count * CHUNK)
        target = memoryview(out)
        cipher = Cipher(self._key)
        for row in range(count):
            final = LAST if first + row == self._header.total - 1 else MORE
            chunk = target[row * CHUNK : (row + 1) * CHUNK]
            if not cipher.open_into(nonce(first + row, final), source[row * CELL : (row + 1) * CELL], chunk):
                raise Problem("E_CELL_AUTH", cell=first + row)
        if target == memoryview(_ZEROS)[: len(out)]:
            return
        with mapped_os_errors():
            done = 0
            while done < len(out):
                done += os.pwrite(self._target, target[done:], first * CHUNK + done)


def _leaves_of(cells: Block, read: _Block | None) -> bytes:
    """The leaves of cells as they were encoded again; those of a volume that was read and is the same are known."""
    if read is not None and read.whole == cells:
        return read.leaves
    view = memoryview(cells)
    return b"".join(merkle.leaf(view[at : at + CELL]) for at in range(0, len(cells), CELL))
