"""The line on which runs of cells are worked: lanes of buffers, workers, and reading and writing at a place.

Rules kept here: the number of lanes bounds the memory; results are taken in the order of the runs; leaving the
pipeline, by success, error or cancellation, ends every thread and overwrites the plaintext.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import mmap
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

from collector import merkle
from collector.cells import CELL, CHUNK
from collector.crypto import Cipher, Secret
from collector.files import mapped_os_errors, problem_of, write_out_early
from schemas.problems import Problem

if sys.platform != "win32":
    import fcntl

RUN: Final = 16
"""Cells in one task: about a mebibyte."""

Progress = Callable[[int], None]
"""Called in the caller's thread with the bytes that are done; what it raises cancels the work."""


class Readable(Protocol):
    """A binary file object that reads into a buffer, front to back."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fills the front of the buffer and says how much; 0 at the end."""


class Lane:
    """The buffers of one run, and a cipher that no other thread uses at the same time."""

    __slots__ = ("cells", "chunks", "cipher", "plain", "plain_view", "sealed", "sealed_view")

    def __init__(self, key: Secret | None) -> None:
        self.plain = bytearray(RUN * CHUNK)
        # Anonymous memory begins on a page, which writing past the page cache demands.
        self.sealed = mmap.mmap(-1, RUN * CELL)
        self.plain_view, self.sealed_view = memoryview(self.plain), memoryview(self.sealed)
        self.chunks = [self.plain_view[i * CHUNK : (i + 1) * CHUNK] for i in range(RUN)]
        self.cells = [self.sealed_view[i * CELL : (i + 1) * CELL] for i in range(RUN)]
        self.cipher = Cipher(key) if key is not None else None

    def ready(self) -> Cipher:
        """The cipher; a lane without key only hashes, and asking it for one is a mistake of the program."""
        if self.cipher is None:
            raise ValueError("this lane has no key")
        return self.cipher

    def wipe(self) -> None:
        """Overwrite the plaintext."""
        self.plain_view[:] = bytes(len(self.plain))


@dataclass(slots=True)
class _Pending:
    lane: Lane
    leaves: Future[list[bytes]]
    hashed: Future[None] | None
    content: int


class Pipeline:
    """A bounded line of runs between the caller, the workers and the hashing thread; results are taken in order."""

    def __init__(self, key: Secret | None, workers: int | None, cells: int | None, progress: Progress | None) -> None:
        count = workers or min(5, 1 + (os.cpu_count() or 1))
        runs = None if cells is None else -(-cells // RUN)
        lanes = count + 3 if runs is None else min(count + 3, runs + 1)
        self._pool = ThreadPoolExecutor(count, "cells")
        self._hasher = ThreadPoolExecutor(1, "content")
        self._free = [Lane(key) for _ in range(lanes)]
        self._lanes = list(self._free)
        self._pending: deque[_Pending] = deque()
        self._progress = progress
        self._done = self._runs = 0
        self.tree = merkle.Accumulator()
        self.digest = hashlib.sha256()

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_: object) -> None:
        """End every thread, whatever happened, and overwrite the plaintext."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._hasher.shutdown(wait=True, cancel_futures=True)
        for lane in self._lanes:
            lane.wipe()

    def lane(self) -> Lane:
        """A free lane; waits for the oldest run when there is none."""
        while not self._free:
            self._take()
        return self._free.pop()

    def submit(self, lane: Lane, job: Callable[[], list[bytes]], content: int, *, hash_first: bool | None) -> None:
        """Hand on a run. Its content is hashed at once, or after the job (False), or not at all (None)."""
        leaves = self._pool.submit(job)
        hashed = None
        if hash_first is not None:
            after = None if hash_first else leaves
            hashed = self._hasher.submit(self._hash, lane.plain_view[:content], after)
        self._pending.append(_Pending(lane, leaves, hashed, content))

    def finish(self) -> None:
        """Wait for every run that was handed on."""
        while self._pending:
            self._take()

    def _hash(self, view: memoryview, after: Future[list[bytes]] | None) -> None:
        if after is not None:
            after.result()
        self.digest.update(view)

    def _take(self) -> None:
        """Take the result of the oldest run; raises what its job raised."""
        run = self._pending.popleft()
        for leaf in run.leaves.result():
            self.tree.add(leaf)
        if run.hashed is not None:
            run.hashed.result()
        self._free.append(run.lane)
        self._done += run.content
        self._runs += 1
        if self._progress is not None:
            self._progress(self._done)


# ---- reading and writing at a place --------------------------------------------------------------------------------


def reader(source: int | Readable) -> Callable[[memoryview], int]:
    """Something that fills a buffer from the source's present place and says how far; 0 at the end."""
    if not isinstance(source, int):
        return lambda view: source.readinto(view) or 0
    fd = source
    if hasattr(os, "readv"):
        return lambda view: os.readv(fd, [view])

    def read(view: memoryview) -> int:
        data = os.read(fd, len(view))
        view[: len(data)] = data
        return len(data)

    return read


def limited(read: Callable[[memoryview], int], limit: int) -> Callable[[memoryview], int]:
    """Fills the whole buffer where the source has enough, and never takes more than `limit` bytes in all."""
    left = limit

    def fill(view: memoryview) -> int:
        nonlocal left
        want, done = min(len(view), left), 0
        with mapped_os_errors():
            while done < want:
                got = read(view[done:want])
                if got == 0:
                    break
                done += got
        left -= done
        return done

    return fill


_SEEK_LOCK: Final = threading.Lock()


@contextlib.contextmanager
def _placed(fd: int, offset: int) -> Iterator[None]:
    """For systems without pread and pwrite: one thread at a time moves the descriptor's place."""
    with _SEEK_LOCK:
        os.lseek(fd, offset, os.SEEK_SET)
        yield


def read_at(fd: int, view: memoryview, offset: int) -> None:
    """Fill the view from a place of the file. Raises E_STREAM_LEN when the file ends before, E_MEDIA_IO."""
    done = 0
    with mapped_os_errors():
        while done < len(view):
            if hasattr(os, "preadv"):
                got = os.preadv(fd, [view[done:]], offset + done)
            else:
                with _placed(fd, offset + done):
                    data = os.read(fd, len(view) - done)
                view[done : done + len(data)] = data
                got = len(data)
            if got == 0:
                raise Problem("E_STREAM_LEN", where="file")
            done += got


class Target:
    """Where sealed runs are written: a descriptor, from an offset on.

    A large stream goes past the page cache where the system can do that: it costs less processor time, leaves little
    for the last fsync, and does not push other programs' pages out. Where it cannot, the system is asked to begin
    writing each run at once.
    """

    _ALIGNED: Final = 4096
    _DIRECT: Final[int] = getattr(os, "O_DIRECT", 0)

    def __init__(self, fd: int, offset: int, length: int | None) -> None:
        self._fd, self._offset = fd, offset
        self._large = length is None or length >= 16 * RUN * CELL
        self._flags: int | None = None

    def __enter__(self) -> Target:
        if self._DIRECT and self._large and self._offset % self._ALIGNED == 0:
            before = fcntl.fcntl(self._fd, fcntl.F_GETFL)
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._fd, fcntl.F_SETFL, before | self._DIRECT)
                self._flags = before
        return self

    def __exit__(self, *_: object) -> None:
        self._buffered()

    def write(self, view: memoryview, at: int) -> None:
        """Write whole cells at a place of the stream. Raises E_DISK_FULL, E_MEDIA_IO, E_NO_ACCESS."""
        place = self._offset + at
        try:
            write_at(self._fd, view, place, raw=self._flags is not None)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise problem_of(error) from None
            # The file system took the flag and refuses the write: everything from here on in the ordinary way.
            self._buffered()
            write_at(self._fd, view, place)
        if self._large and self._flags is None:
            write_out_early(self._fd, place, len(view))

    def _buffered(self) -> None:
        if self._flags is not None:
            fcntl.fcntl(self._fd, fcntl.F_SETFL, self._flags)
            # Only now: a worker that still believes in the flag writes correctly without it, but not the reverse.
            self._flags = None


def write_at(fd: int, view: memoryview, offset: int, *, raw: bool = False) -> None:
    """Write all of the view to a place of the file. Raises E_DISK_FULL, E_MEDIA_IO, E_NO_ACCESS; OSError when `raw`."""
    done = 0
    with contextlib.nullcontext() if raw else mapped_os_errors():
        while done < len(view):
            if hasattr(os, "pwrite"):
                done += os.pwrite(fd, view[done:], offset + done)
            else:
                with _placed(fd, offset + done):
                    done += os.write(fd, view[done:])
