"""A cell stream that grows while it is recorded (docs/spec/protocol.md §5).

Rule: only full cells are written while the recording goes on, each index with one chunk; the tail stays in memory and
becomes the last cell. After a crash the stream ends with an empty cell whose final byte, 02, no writer ever uses for
content: so no nonce meets a second text, whatever was or was not on the medium.
"""

from __future__ import annotations

import os

from collector import merkle
from collector.cellpipe import read_at, write_at
from collector.cells import CELL, CHUNK, CUT_OFF, LAST, MORE, StreamInfo, nonce, stream_keys
from collector.crypto import BytesLike, Cipher, Secret
from collector.files import mapped_os_errors, sync
from schemas.problems import Problem


class LiveWriter:
    """Seals what is appended to `fd`, which must be empty; `sk` must be fresh. At most 64 KiB wait in memory.

    After an error the same chunk still waits for the same index: `append` (of nothing, too) or `close` tries it again.
    """

    def __init__(self, sk: BytesLike, sid: bytes, fd: int) -> None:
        self._key, self._commit = stream_keys(sk, sid)
        self._cipher = Cipher(self._key)
        self._sid, self._fd = sid, fd
        self._waiting = bytearray()
        self._tree = merkle.Accumulator()
        self._closing = False
        self._info: StreamInfo | None = None

    @property
    def length(self) -> int:
        """Bytes taken so far."""
        return self._info.length if self._info else self._tree.size * CHUNK + len(self._waiting)

    def append(self, data: BytesLike) -> None:
        """Take more of the recording; after an error what was taken is kept. Raises E_DISK_FULL, E_MEDIA_IO."""
        if self._closing:
            raise ValueError("the recording was closed")
        self._waiting += data
        # One full chunk is held back: it may turn out to be the last.
        while len(self._waiting) > CHUNK:
            self._write(MORE)
            del self._waiting[:CHUNK]

    def flush(self) -> None:
        """Make what was written so far durable. Raises E_MEDIA_IO."""
        with mapped_os_errors():
            sync(self._fd)

    def close(self) -> StreamInfo:
        """Write the last cell, make everything durable, say what vouches for the stream. Raises as `append`."""
        self._closing = True
        if self._info is None:
            length = self.length
            self._write(LAST)
            self._info = StreamInfo(self._sid, length, self._tree.size, self._commit, self._tree.root())
            self._waiting[:] = bytes(len(self._waiting))
            self._key.wipe()
        self.flush()
        return self._info

    def _write(self, final: int) -> None:
        index = self._tree.size
        cell = _sealed(self._cipher, index, final, self._waiting[:CHUNK])
        write_at(self._fd, memoryview(cell), index * CELL)
        self._tree.add(merkle.leaf(cell))


def recover(sk: BytesLike, sid: bytes, fd: int) -> StreamInfo:
    """Close the stream of a writer that was cut off, and make it durable.

    Counts the leading cells that open (the file's size says nothing), cuts off what follows, and writes the closing
    cell. Recording goes on in a new stream. Repeating it gives the same stream. Raises E_MEDIA_IO, E_DISK_FULL.
    """
    key, commit = stream_keys(sk, sid)
    tree = merkle.Accumulator()
    cell, chunk = bytearray(CELL), Secret(CHUNK)
    with key, chunk:
        cipher = Cipher(key)
        while _has_cell(fd, cell, tree.size) and cipher.open_into(nonce(tree.size, MORE), cell, chunk):
            tree.add(merkle.leaf(cell))
        whole = tree.size
        closing = _sealed(cipher, whole, CUT_OFF, b"")
    write_at(fd, memoryview(closing), whole * CELL)
    with mapped_os_errors():
        # The end is cut only now: at every moment before, the same recovery is still possible.
        os.ftruncate(fd, (whole + 1) * CELL)
        sync(fd)
    tree.add(merkle.leaf(closing))
    return StreamInfo(sid, whole * CHUNK, whole + 1, commit, tree.root())


def _sealed(cipher: Cipher, index: int, final: int, chunk: BytesLike) -> bytearray:
    cell = bytearray(CELL)
    cipher.seal_into(nonce(index, final), bytes(chunk).ljust(CHUNK, b"\0"), cell)
    return cell


def _has_cell(fd: int, cell: bytearray, index: int) -> bool:
    """Read one cell; False where the file ends before it does."""
    try:
        read_at(fd, memoryview(cell), index * CELL)
    except Problem as problem:
        if problem.code != "E_STREAM_LEN":
            raise
        return False
    return True
