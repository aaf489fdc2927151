"""The one primitive for bulk data: streams of 64 KiB cells (docs/spec/protocol.md §5).

This module holds streams in memory, and gives the names of those in files (`collector.cellfiles`) and of live
recordings (`collector.recording`). Rule for every reader: the commitment first, then the shape, then the cells, then
the padding, then the root; the data counts as read only when the call returns.
"""

from __future__ import annotations

from collector import merkle
from collector.cellfiles import Sealed, open_file, read_cell, root_of_file, seal_file
from collector.cells import (
    CELL,
    CHUNK,
    LAST,
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
from collector.recording import LiveWriter, recover
from schemas.problems import Problem

__all__ = [
    "CELL",
    "CHUNK",
    "LiveWriter",
    "Sealed",
    "StreamInfo",
    "cells_for",
    "open_bytes",
    "open_file",
    "read_cell",
    "recover",
    "root_of_cells",
    "root_of_file",
    "seal_bytes",
    "seal_file",
    "stream_keys",
]


def seal_bytes(sk: BytesLike, sid: bytes, data: BytesLike, ctx: bytes = b"") -> tuple[bytes, StreamInfo]:
    """The cells of `data`, one after another, and what vouches for them. `sk` seals one stream and no other."""
    key, commit = stream_keys(sk, sid, ctx)
    count = cells_for(len(data))
    out = bytearray(count * CELL)
    source, target = memoryview(data), memoryview(out)
    with key:
        cipher = Cipher(key)
        for i in range(count):
            chunk = source[i * CHUNK : (i + 1) * CHUNK]
            if len(chunk) < CHUNK:
                chunk = memoryview(bytes(chunk).ljust(CHUNK, b"\0"))
            cipher.seal_into(nonce(i, LAST if i == count - 1 else MORE), chunk, target[i * CELL : (i + 1) * CELL])
    return bytes(out), StreamInfo(sid, len(data), count, commit, root_of_cells(out))


def open_bytes(sk: BytesLike, cells: BytesLike, info: StreamInfo, ctx: bytes = b"") -> bytes:
    """The content of a stream. Raises E_KEY_COMMIT, E_STREAM_LEN, E_CELL_AUTH, E_PAD, E_STREAM_ROOT."""
    key = opening_keys(sk, info, ctx)
    with key:
        finals = final_bytes(info)
        if len(cells) != info.cells * CELL:
            raise Problem("E_STREAM_LEN", where="data")
        out = bytearray(info.cells * CHUNK)
        source, target, cipher = memoryview(cells), memoryview(out), Cipher(key)
        for i in range(info.cells):
            chunk = target[i * CHUNK : (i + 1) * CHUNK]
            open_cell(cipher, i, finals if i == info.cells - 1 else (MORE,), source[i * CELL : (i + 1) * CELL], chunk)
            check_padding(chunk, content_of(info, i))
    if info.root is not None and root_of_cells(cells) != info.root:
        raise Problem("E_STREAM_ROOT")
    return bytes(target[: info.length])


def root_of_cells(cells: BytesLike) -> bytes:
    """The Merkle root over cells that lie in memory one after another. Raises E_STREAM_LEN for a broken last cell."""
    if len(cells) % CELL:
        raise Problem("E_STREAM_LEN", where="data")
    view = memoryview(cells)
    return merkle.root([merkle.leaf(view[at : at + CELL]) for at in range(0, len(cells), CELL)])
