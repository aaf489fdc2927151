"""Reading back from the medium itself, past the memory of the system where that is possible.

Rule: a comparison is with what lies on the stick. What the system still holds in memory is dropped first, and the
file is read without that memory (O_DIRECT) where the file system can do so. Whether that memory was really empty is
looked at and said (`from_medium`); what the stick's own electronics remember cannot be passed by from here.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from collector import merkle
from collector.cells import CELL
from sync.volume import HEADER, Readable, lead_length, read_cells, split_leaves, write_lead

_MIB: Final = 1 << 20
_READ: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class ReadBack:
    """A file read from the medium itself, past the memory of the system where that is possible."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, _READ)
        status = os.fstat(self._fd)
        self.length = status.st_size
        self._buffer = mmap.mmap(-1, _MIB)
        self._drop()
        self.from_medium = _nothing_kept(self._fd, self.length)
        """Whether the system held nothing of the file in memory when reading began."""
        self._direct = self._reopen(path)

    def _drop(self) -> None:
        """Asks the system to forget what it keeps of the file in memory; all of it was synced before."""
        if hasattr(os, "posix_fadvise"):
            with contextlib.suppress(OSError):
                os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def _reopen(self, path: Path) -> int:
        flag = getattr(os, "O_DIRECT", 0)
        if not flag:
            return -1
        try:
            return os.open(path, _READ | flag)
        except OSError:
            return -1

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`. Raises OSError."""
        parts: list[bytes] = []
        while length:
            step = min(length, _MIB)
            got = self._step(offset, step)
            parts.append(self._buffer[:got])
            if not got:
                break
            offset, length = offset + got, length - got
        return b"".join(parts)

    def _step(self, offset: int, length: int) -> int:
        view = memoryview(self._buffer)[:length]
        try:
            if self._direct >= 0 and not offset % 4096 and not length % 4096:
                try:
                    return os.preadv(self._direct, [view], offset)
                except OSError as error:
                    if error.errno != errno.EINVAL:
                        raise
                    os.close(self._direct)
                    self._direct = -1
            return os.preadv(self._fd, [view], offset)
        finally:
            view.release()

    def close(self) -> None:
        """Close the file."""
        for fd in (self._fd, self._direct):
            if fd >= 0:
                os.close(fd)
        self._buffer.close()


def _nothing_kept(fd: int, length: int) -> bool:
    """Whether no page of a file is in the system's memory (mincore). False where that cannot be asked."""
    if not length:
        return True
    try:
        ask = ctypes.CDLL(None, use_errno=True).mincore
        with mmap.mmap(fd, length, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE) as pages:
            kept = ctypes.create_string_buffer(-(-length // mmap.PAGESIZE))
            first = ctypes.c_char.from_buffer(pages)
            failed = ask(ctypes.c_void_p(ctypes.addressof(first)), ctypes.c_size_t(length), kept)
            del first
            return not failed and not any(byte & 1 for byte in kept.raw)
    except (AttributeError, OSError, ValueError):
        return False


def sync_file_system(folder: Path) -> None:
    """Everything that waits to be written to the file system of a folder is written when this returns.

    Raises OSError.
    """
    try:
        sync = ctypes.CDLL(None, use_errno=True).syncfs
    except (AttributeError, OSError):
        os.sync()
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        if sync(fd):
            raise OSError(ctypes.get_errno(), "syncfs")
    finally:
        os.close(fd)


@contextlib.contextmanager
def read_back(path: Path) -> Iterator[ReadBack]:
    """The file, to be read from the medium."""
    source = ReadBack(path)
    try:
        yield source
    finally:
        source.close()


def compared(source: Readable, header: bytes, shard_root: bytes) -> str | None:
    """SHA-256 (hex) of a volume that is exactly what was meant; None when any byte of it is not."""
    cells = int.from_bytes(header[48:52], "big")
    size = lead_length(cells)
    lead = source.read(0, size)
    leaves = split_leaves(lead[HEADER : HEADER + 32 * cells])
    if lead != write_lead(header, leaves) or merkle.root(leaves) != shard_root:
        return None
    if source.length != 2 * size + cells * CELL or source.read(source.length - size, size) != lead:
        return None
    digest = hashlib.sha256(lead)
    for row, cell in read_cells(source, cells):
        if merkle.leaf(cell) != leaves[row]:
            return None
        digest.update(cell)
    digest.update(lead)
    return digest.hexdigest()


def digest_of(source: Readable) -> str:
    """SHA-256 (hex) of a whole file."""
    digest = hashlib.sha256()
    for offset in range(0, source.length, _MIB):
        digest.update(source.read(offset, min(_MIB, source.length - offset)))
    return digest.hexdigest()
