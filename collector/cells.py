"""One cell of a cell stream: its key, its nonce, its place (docs/spec/protocol.md §5).

A stream of L bytes is cut into chunks of 65,520 bytes; each becomes one cell of 65,536 bytes under the stream's own
key, with its index and a final byte as nonce. Rule: an index of a stream never encrypts two different chunks; the
writers built on this module keep it by encrypting each index once, and by a final byte of its own (02) for the cell
that closes a stream whose writer was cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from collector import crypto
from collector.crypto import BytesLike, Cipher, Secret
from schemas.problems import Problem

CELL: Final = 65_536
CHUNK: Final = CELL - crypto.TAG
MAX_LENGTH: Final = 1 << 42
MORE: Final = 0
LAST: Final = 1
CUT_OFF: Final = 2
"""Final byte of the empty cell that closes a stream after a crash."""
SLOT: Final = 1280
"""Bytes of a slot (§6.3): known here to whoever skips slots without being able to open one."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What vouches for a stream: id 16, length in bytes, number of cells, key commitment 32, Merkle root 32.

    `commit` or `root` is None where the protocol puts something else in its place (a kc, a hash of the content).
    """

    sid: bytes
    length: int
    cells: int
    commit: bytes | None
    root: bytes | None


def cells_for(length: int) -> int:
    """How many cells a stream of `length` bytes has: at least one."""
    return max(1, -(-length // CHUNK))


def stream_keys(sk: BytesLike, sid: bytes, ctx: bytes = b"") -> tuple[Secret, bytes]:
    """(key of the stream, commitment to it), 32 bytes each, from its 32-byte secret."""
    if len(sk) != 32 or len(sid) != 16 or len(ctx) > 255:
        raise ValueError("a stream has a secret of 32 bytes, an id of 16 and a context of at most 255")
    with crypto.expand(sk, b"cell\0" + sid + bytes([len(ctx)]) + ctx, 64) as both:
        return Secret(both[:32]), bytes(both[32:])


def nonce(index: int, final: int) -> bytes:
    """The 12-byte nonce of a cell."""
    return index.to_bytes(11, "big") + bytes([final])


def opening_keys(sk: BytesLike, info: StreamInfo, ctx: bytes = b"") -> Secret:
    """The key of a stream, once it was compared with the commitment. Raises E_KEY_COMMIT."""
    key, commit = stream_keys(sk, info.sid, ctx)
    if info.commit is not None and not crypto.same(commit, info.commit):
        key.wipe()
        raise Problem("E_KEY_COMMIT")
    return key


def final_bytes(info: StreamInfo) -> tuple[int, ...]:
    """The final bytes that the last cell of this stream may carry. Raises E_STREAM_LEN when no stream has this shape.

    Only a stream that was cut off has a cell more than its length needs; an empty one may be of either kind.
    """
    if not 0 <= info.length <= MAX_LENGTH:
        raise Problem("E_STREAM_LEN", where="length")
    whole, rest = divmod(info.length, CHUNK)
    marks = []
    if info.cells == cells_for(info.length):
        marks.append(LAST)
    if not rest and info.cells == whole + 1:
        marks.append(CUT_OFF)
    if not marks:
        raise Problem("E_STREAM_LEN", where="cells")
    return tuple(marks)


def open_cell(cipher: Cipher, index: int, finals: tuple[int, ...], cell: BytesLike, out: BytesLike) -> None:
    """Decrypt one cell to `out` (CHUNK bytes) under one of the permitted final bytes. Raises E_CELL_AUTH."""
    for final in finals:
        if cipher.open_into(nonce(index, final), cell, out):
            return
    raise Problem("E_CELL_AUTH", cell=index)


def content_of(info: StreamInfo, index: int) -> int:
    """How many bytes of the stream's content cell `index` holds; what follows in its chunk is padding."""
    return min(CHUNK, max(0, info.length - index * CHUNK))


def check_padding(chunk: BytesLike, content: int) -> None:
    """Raises E_PAD unless everything behind the content is zero."""
    if not all_zero(memoryview(chunk)[content:]):
        raise Problem("E_PAD")


def all_zero(data: BytesLike) -> bool:
    """Whether there is nothing but zeros: in microseconds for a cell; looking at each byte takes a millisecond."""
    return bytes(data) == bytes(len(data))
