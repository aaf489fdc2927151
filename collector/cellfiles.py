"""Cell streams in files: constant memory, all cores, one pass (docs/spec/protocol.md §5).

The calling thread reads runs of cells and hands them on; workers encrypt or decrypt, hash and write them at their
place; one thread hashes the plaintext in order. Rules kept here: every index is encrypted once, from one buffer; at
most a few runs are in memory; an error anywhere, or an exception out of `progress`, ends all threads before it leaves.
What was written to the target is not to be believed until the call has returned.
"""

from __future__ import annotations

from dataclasses import dataclass

from collector import merkle
from collector.cellpipe import (
    RUN,
    Lane,
    Pipeline,
    Progress,
    Readable,
    Target,
    limited,
    read_at,
    reader,
    write_at,
)
from collector.cells import (
    CELL,
    CHUNK,
    LAST,
    MAX_LENGTH,
    MORE,
    StreamInfo,
    cells_for,
    check_padding,
    content_of,
    final_bytes,
    nonce,
    open_cell,
    opening_keys,
    stream_keys,
)
from collector.crypto import BytesLike, Cipher
from collector.files import write_out_early
from schemas.problems import Problem


@dataclass(frozen=True, slots=True)
class Sealed:
    """What sealing a file gave: what vouches for the stream, and SHA-256 of its content."""

    info: StreamInfo
    sha256: bytes


def seal_file(
    sk: BytesLike,
    sid: bytes,
    source: int | Readable,
    target_fd: int,
    *,
    length: int | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
    target_offset: int = 0,
) -> Sealed:
    """Seal `source` (a descriptor or a file object, read front to back) into `target_fd` from `target_offset`.

    `sk` must be fresh: an interrupted call is repeated with a new one. With `length` exactly so many bytes are taken,
    and E_STREAM_LEN is raised when there are fewer. Not durable when it returns: writing to the medium has begun, and
    the caller syncs. Raises also E_DISK_FULL, E_MEDIA_IO, E_NO_ACCESS; then the target is to be thrown away.
    """
    read = limited(reader(source), MAX_LENGTH if length is None else length)
    key, commit = stream_keys(sk, sid)
    count = None if length is None else cells_for(length)
    with key, Target(target_fd, target_offset, length) as target, Pipeline(key, workers, count, progress) as pipe:
        total = index = 0
        lane: Lane | None = pipe.lane()
        got = read(lane.plain_view) if lane else 0
        while lane is not None:
            # Only a look at what follows tells whether this run holds the last cell.
            following = pipe.lane() if got == len(lane.plain_view) else None
            ahead = read(following.plain_view) if following else 0
            pipe.submit(lane, _SealRun(lane, index, got, ahead == 0, target), got, hash_first=True)
            total, index = total + got, index + cells_for(got)
            lane, got = (following, ahead) if ahead else (None, 0)
        if length is not None and total != length:
            raise Problem("E_STREAM_LEN", where="source")
        pipe.finish()
        info = StreamInfo(sid, total, index, commit, pipe.tree.root())
        return Sealed(info, pipe.digest.digest())


def open_file(
    sk: BytesLike,
    info: StreamInfo,
    source_fd: int,
    target_fd: int | None,
    *,
    progress: Progress | None = None,
    workers: int | None = None,
    offset: int = 0,
    target_offset: int = 0,
) -> bytes:
    """Open and check a stream that lies in `source_fd` from `offset`; returns SHA-256 of its content.

    With `target_fd` None it is only verified. Without a root in `info` no cell is hashed: each is vouched for by its
    tag alone, and the whole by what the caller compares the result with. Raises, in the order of the checks:
    E_KEY_COMMIT, E_STREAM_LEN, E_CELL_AUTH, E_PAD, E_STREAM_ROOT; E_DISK_FULL, E_MEDIA_IO, E_NO_ACCESS. The root comes
    last: use what was written only after the call has returned.
    """
    key = opening_keys(sk, info)
    with key:
        finals = final_bytes(info)
        with Pipeline(key, workers, info.cells, progress) as pipe:
            for first in range(0, info.cells, RUN):
                count = min(RUN, info.cells - first)
                content = sum(content_of(info, first + j) for j in range(count))
                lane = pipe.lane()
                job = _OpenRun(lane, info, finals, first, count, content, source_fd, offset, target_fd, target_offset)
                pipe.submit(lane, job, content, hash_first=False)
            pipe.finish()
            if info.root is not None and pipe.tree.root() != info.root:
                raise Problem("E_STREAM_ROOT")
            return pipe.digest.digest()


def root_of_file(
    fd: int, offset: int, cells: int, *, progress: Progress | None = None, workers: int | None = None
) -> bytes:
    """The Merkle root over `cells` cells of `fd` from `offset`, without any key. Raises E_STREAM_LEN, E_MEDIA_IO."""
    with Pipeline(None, workers, cells, progress) as pipe:
        for first in range(0, cells, RUN):
            lane = pipe.lane()
            count = min(RUN, cells - first)
            pipe.submit(lane, _HashRun(lane, first, count, fd, offset), count * CELL, hash_first=None)
        pipe.finish()
        return pipe.tree.root()


def read_cell(sk: BytesLike, info: StreamInfo, fd: int, i: int, *, offset: int = 0) -> bytes:
    """The content of cell `i` alone: random access. Raises E_KEY_COMMIT, E_STREAM_LEN, E_CELL_AUTH, E_PAD."""
    if not 0 <= i < info.cells:
        raise Problem("E_STREAM_LEN", where="cell")
    key = opening_keys(sk, info)
    with key:
        finals = final_bytes(info) if i == info.cells - 1 else (MORE,)
        cell, out = bytearray(CELL), bytearray(CHUNK)
        read_at(fd, memoryview(cell), offset + i * CELL)
        open_cell(Cipher(key), i, finals, cell, out)
    content = content_of(info, i)
    check_padding(out, content)
    return bytes(out[:content])


# ---- the work on one run -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _SealRun:
    lane: Lane
    first: int
    got: int
    last: bool
    target: Target

    def __call__(self) -> list[bytes]:
        """Encrypt, hash and write one run; returns the leaves."""
        lane, cipher = self.lane, self.lane.ready()
        count = cells_for(self.got)
        lane.plain_view[self.got : count * CHUNK] = bytes(count * CHUNK - self.got)
        leaves = []
        for j in range(count):
            final = LAST if self.last and j == count - 1 else MORE
            cipher.seal_into(nonce(self.first + j, final), lane.chunks[j], lane.cells[j])
            leaves.append(merkle.leaf(lane.cells[j]))
        self.target.write(lane.sealed_view[: count * CELL], self.first * CELL)
        return leaves


@dataclass(frozen=True, slots=True)
class _OpenRun:
    lane: Lane
    info: StreamInfo
    finals: tuple[int, ...]
    first: int
    count: int
    content: int
    source_fd: int
    offset: int
    target_fd: int | None
    target_offset: int

    def __call__(self) -> list[bytes]:
        """Read, hash, decrypt and write one run; returns the leaves."""
        lane, cipher = self.lane, self.lane.ready()
        read_at(self.source_fd, lane.sealed_view[: self.count * CELL], self.offset + self.first * CELL)
        leaves = []
        for j in range(self.count):
            index = self.first + j
            finals = self.finals if index == self.info.cells - 1 else (MORE,)
            open_cell(cipher, index, finals, lane.cells[j], lane.chunks[j])
            check_padding(lane.chunks[j], content_of(self.info, index))
            if self.info.root is not None:
                leaves.append(merkle.leaf(lane.cells[j]))
        if self.target_fd is not None:
            place = self.target_offset + self.first * CHUNK
            write_at(self.target_fd, lane.plain_view[: self.content], place)
            write_out_early(self.target_fd, place, self.content)
        return leaves


@dataclass(frozen=True, slots=True)
class _HashRun:
    lane: Lane
    first: int
    count: int
    fd: int
    offset: int

    def __call__(self) -> list[bytes]:
        """Read and hash one run; returns the leaves."""
        read_at(self.fd, self.lane.sealed_view[: self.count * CELL], self.offset + self.first * CELL)
        return [merkle.leaf(cell) for cell in self.lane.cells[: self.count]]
