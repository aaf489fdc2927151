"""Making a bundle: outer seal, parity, and volumes dealt over the sticks (docs/spec/protocol.md §9).

Rule: a bundle is made once, under keys that are drawn for it and die with it; it is never continued. Cells are sealed,
hashed and dealt run by run, so that memory does not grow with the bundle; headers come last, because each of them
commits to all volumes. Whether the bundle exists is decided by what was read back, not by what was sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from collector import crypto, merkle, slots
from collector.cells import CELL, CHUNK, LAST, MORE, nonce, stream_keys
from collector.crypto import Cipher, Secret
from collector.slots import RecipientPublic
from schemas.problems import Problem
from sync.erasure import Code
from sync.medium import Place, Stick
from sync.payload import Layout, Payload
from sync.volume import SLOTS, Header, file_length, split_leaves, volume_name, write_header

Progress = Callable[[str, int, int], None]
"""What is being done ("write" or "check"), bytes done, bytes in all."""

WORKERS: Final = 2
_RUN: Final = 8


class BundleKeys:
    """Everything secret of one bundle: its signing key and the key of its outer seal. Wipe it after use.

    Raises E_TOO_MANY_SLOTS beyond 4 intake recipients, E_NO_RECIPIENT for none, E_RECIPIENT_KEY.
    """

    def __init__(self, intake: Sequence[RecipientPublic]) -> None:
        if not intake:
            raise Problem("E_NO_RECIPIENT", compartment="intake")
        with Secret.random() as seed:
            self.public, self.signing = crypto.sign_keypair(seed)
        self.bid = crypto.tagged("bundle", self.public)[:16]
        with Secret.random() as transport:
            self.kc = slots.commitment(transport, self.bid, 0)
            sealed = [
                slots.seal_slot(to, oid=self.bid, comp=0, kc=self.kc, share=transport, kind=slots.KIND_BUNDLE)
                for to in intake
            ]
            self.slots = tuple(slots.arranged(sealed, SLOTS))
            with crypto.expand(transport, "transport") as stream:
                self.cell_key, _ = stream_keys(stream, self.bid)

    def wipe(self) -> None:
        """Forget the secrets."""
        self.signing.wipe()
        self.cell_key.wipe()


@dataclass(frozen=True, slots=True)
class _Run:
    """Some rows of one stripe: for each volume its cells, and their leaves, one after another."""

    stripe: int
    first_row: int
    shards: list[bytearray | bytes]
    leaves: list[bytes]


def _seal_run(payload: Payload, layout: Layout, code: Code, key: Secret, stripe: int, first: int) -> _Run:
    """Reads the chunks of some rows, seals them, computes their parity and all leaves."""
    rows = min(_RUN, layout.cells - first)
    cipher = Cipher(key)
    chunks = bytearray(rows * CHUNK)
    source = memoryview(chunks)
    data: list[bytearray | bytes] = []
    for volume in range(layout.k):
        cell = (stripe * layout.k + volume) * layout.cells + first
        payload.read_into(cell * CHUNK, source)
        out = bytearray(rows * CELL)
        target = memoryview(out)
        for row in range(rows):
            final = LAST if cell + row == layout.total - 1 else MORE
            cipher.seal_into(
                nonce(cell + row, final),
                source[row * CHUNK : (row + 1) * CHUNK],
                target[row * CELL : (row + 1) * CELL],
            )
        data.append(out)
    shards = [*data, *code.parity(data)]
    return _Run(stripe, first, shards, [_leaves(shard) for shard in shards])


def _leaves(cells: bytes | bytearray) -> bytes:
    view = memoryview(cells)
    return b"".join(merkle.leaf(view[at : at + CELL]) for at in range(0, len(cells), CELL))


def _runs(payload: Payload, layout: Layout, key: Secret, pool: ThreadPoolExecutor) -> Iterator[_Run]:
    """All runs of a bundle in order; a few are made ahead by the pool."""
    code = Code(layout.k, layout.n)
    waiting: deque[Future[_Run]] = deque()
    for stripe in range(layout.stripes):
        for first in range(0, layout.cells, _RUN):
            waiting.append(pool.submit(_seal_run, payload, layout, code, key, stripe, first))
            if len(waiting) > WORKERS:
                yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@dataclass(frozen=True, slots=True)
class Written:
    """A bundle after its volumes were read back. Place = (stripe, index)."""

    bid: bytes
    bundle_root: bytes
    layout: Layout
    shard_roots: dict[Place, bytes]
    whole: frozenset[Place]

    @property
    def missing(self) -> str:
        """What still lacks before the bundle can be read, in words; empty when it can."""
        lacks = []
        for stripe in range(self.layout.stripes):
            have = sum((stripe, index) in self.whole for index in range(self.layout.n))
            if have < self.layout.k:
                lacks.append(f"stripe {stripe} has {have} of {self.layout.k} volumes")
        return "; ".join(lacks[:5]) + (f"; and {len(lacks) - 5} more" if len(lacks) > 5 else "")


class Writer:
    """Writes one bundle over some sticks: volume i of every stripe goes to stick i mod number of sticks."""

    def __init__(
        self,
        payload: Payload,
        layout: Layout,
        keys: BundleKeys,
        sticks: Sequence[Stick],
        *,
        progress: Progress | None = None,
        name_of: Callable[[bytes, int, int], str] = volume_name,
        checked: Callable[[Stick], None] | None = None,
    ) -> None:
        """`checked` is called for each stick when everything on it was read back."""
        self._payload, self._layout, self._keys = payload, layout, keys
        self._sticks = list(sticks)
        self._progress = progress or (lambda _phase, _done, _total: None)
        self._checked = checked or (lambda _stick: None)
        self._names = {
            (stripe, index): name_of(keys.bid, stripe, index)
            for stripe in range(layout.stripes)
            for index in range(layout.n)
        }
        self._roots: dict[Place, bytes] = {}
        self._root = b""

    def write(self) -> Written:
        """Makes, writes and reads back the bundle. What failed stands in each stick's `problem` and `bad`.

        Raises E_OUTBOX_LOST and E_MEDIA_IO for the source; then nothing with a volume's name is left.
        """
        done = False
        # One thread for each stick: a slow one does not hold up the others by more than a run.
        with ThreadPoolExecutor(WORKERS) as sealers, ThreadPoolExecutor(max(1, len(self._sticks))) as writers:
            try:
                done = self._write_cells(sealers, writers)
                if done:
                    self._root = merkle.root([self._roots[place] for place in sorted(self._roots)])
                    list(writers.map(self._complete, self._sticks))
            except BaseException:
                done = False
                raise
            finally:
                if not done:
                    writers.shutdown(cancel_futures=True)  # nobody writes to what is taken away
                    for stick in self._sticks:
                        stick.abandon()
        if done:
            try:
                self._verify()
            except BaseException:
                for stick in self._sticks:
                    stick.forsake(self._names[place] for place in self._places(stick))
                raise
        whole = frozenset(place for stick in self._sticks for place in stick.whole if place in self._roots)
        return Written(self._keys.bid, self._root, self._layout, self._roots, whole)

    def _stick(self, index: int) -> Stick:
        return self._sticks[index % len(self._sticks)]

    def _places(self, stick: Stick) -> list[Place]:
        return [place for place in self._names if self._stick(place[1]) is stick]

    def _write_cells(self, sealers: ThreadPoolExecutor, writers: ThreadPoolExecutor) -> bool:
        """Seals and writes all cells; False when every stick has failed on the way."""
        layout = self._layout
        leaves: list[list[bytes]] = []
        written: list[Future[None]] = []
        for number, run in enumerate(_runs(self._payload, layout, self._keys.cell_key, sealers)):
            _wait(written)
            if all(stick.problem for stick in self._sticks):
                return False
            if run.first_row == 0:
                leaves = [[] for _ in range(layout.n)]
            for known, new in zip(leaves, run.leaves, strict=True):
                known.append(new)
            lists = [b"".join(known) for known in leaves] if run.first_row + _RUN >= layout.cells else None
            if lists is not None:
                for index, list_ in enumerate(lists):
                    self._roots[run.stripe, index] = merkle.root(split_leaves(list_))
            written = [writers.submit(self._write_run, stick, run, lists) for stick in self._sticks]
            self._progress("write", min((number + 1) * _RUN * layout.k, layout.total) * CHUNK, layout.total * CHUNK)
        _wait(written)
        return True

    def _write_run(self, stick: Stick, run: _Run, lists: list[bytes] | None) -> None:
        """The share of one stick of one run."""
        for index, cells in enumerate(run.shards):
            if self._stick(index) is not stick:
                continue
            place = (run.stripe, index)
            if run.first_row == 0:
                stick.begin(place, self._names[place], self._layout.cells)
            stick.append(place, cells)
            if lists is not None:
                stick.end_cells(place, lists[index])

    def _header(self, place: Place) -> bytes:
        keys, layout = self._keys, self._layout
        header = Header(
            keys.public,
            layout.k,
            layout.n,
            place[1],
            place[0],
            layout.stripes,
            layout.cells,
            self._roots[place],
            self._root,
            keys.kc,
            keys.slots,
        )
        return write_header(header, keys.signing)

    def _complete(self, stick: Stick) -> None:
        for place in self._places(stick):
            stick.complete(place, self._header(place))
        stick.sync_folder()

    def _verify(self) -> None:
        """Reads everything back: the only thing that makes a volume count."""
        size = file_length(self._layout.cells)
        with ThreadPoolExecutor(max(WORKERS, len(self._sticks))) as pool:
            checks = [
                (stick, [pool.submit(self._verify_one, stick, place) for place in self._places(stick)])
                for stick in self._sticks
            ]
            done, total = 0, sum(len(each) for _, each in checks) * size
            try:
                for stick, each in checks:
                    for check in each:
                        check.result()
                        done += size
                        self._progress("check", done, total)
                    self._checked(stick)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _verify_one(self, stick: Stick, place: Place) -> None:
        stick.verify(place, self._names[place], self._header(place), self._roots[place])


def _wait(futures: Sequence[Future[None]]) -> None:
    for future in futures:
        future.result()
