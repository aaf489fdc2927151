"""The leaf hashes of many cells at once, in the lanes of one vector register: Intel's libipsec-mb, where it is.

Rule: lanes make a receiver faster and decide nothing. A cell that they do not find good is hashed again by hashlib
before it is refused (`checking`), and places for hashes are empty before each use, so that no hash of before can pass
for one of now. They are used only in the version whose layout stands here, once they gave the right hashes of known
cells, and only where the processor has no instructions for SHA-256, which serve better (docs/adr/0034-lanes.md).
"""

from __future__ import annotations

import ctypes
import functools
import threading
import weakref
from collections.abc import Callable
from typing import Any, ClassVar, Final

from collector.cells import CELL
from sync.receiver.checking import leaf_hashes

Hashing = Callable[[memoryview], list[bytes]]
"""Gives the leaf hashes of whole cells that follow each other."""
LIBRARY: Final = "libIPSec_MB.so.1"
VERSION: Final = b"1.3.0"
LEAST: Final = 4
"""Cells from which lanes are faster than hashlib: one alone takes as long as sixteen."""
BATCH: Final = 32
"""Cells of one call: twice the lanes there are at most."""
_HASH: Final = 32
_STRIDE: Final = CELL + 64
_SHA_NI: Final = 1 << 0
_AVX2: Final = 4
_NO_CIPHER, _ENCRYPT, _SHA_256, _HASH_FIRST, _COMPLETED = 3, 1, 15, 2, 3
_FEATURES, _ARCHITECTURE, _NEXT, _SUBMIT, _FLUSH = 8, 56, 952, 968, 976
"""Bytes of the manager: what the processor can, which code is used, and three functions."""


class _Job(ctypes.Structure):
    """One message to hash, as the library's header has it (IMB_JOB): 200 bytes."""

    _fields_: ClassVar = [
        ("_keys", ctypes.c_uint64 * 3),
        ("source", ctypes.c_void_p),
        ("_cipher", ctypes.c_uint64 * 3),
        ("start", ctypes.c_uint64),
        ("length", ctypes.c_uint64),
        ("_iv", ctypes.c_uint64 * 2),
        ("tag", ctypes.c_void_p),
        ("tag_length", ctypes.c_uint64),
        ("_special", ctypes.c_uint64 * 3),
        ("status", ctypes.c_int),
        ("cipher", ctypes.c_int),
        ("direction", ctypes.c_int),
        ("algorithm", ctypes.c_int),
        ("order", ctypes.c_int),
        ("_rest", ctypes.c_int * 13),
    ]


_Jobs = ctypes.c_void_p * BATCH
_BURST: Final = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)


def _job(source: int, tag: int) -> _Job:
    """The hash of one leaf, from one place to another."""
    job = _Job(source=source, start=0, length=CELL + 1, tag=tag, tag_length=_HASH)
    job.cipher, job.direction, job.algorithm, job.order = _NO_CIPHER, _ENCRYPT, _SHA_256, _HASH_FIRST
    return job


class _Unsound(Exception):
    """The library did something else than it should."""


class _Manager:
    """The library's state for one thread, and room for a batch of cells with the byte that makes leaves of them."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._at = library.alloc_mb_mgr(0)
        if not self._at:
            raise _Unsound
        weakref.finalize(self, library.free_mb_mgr, self._at)
        library.init_mb_mgr_auto(self._at, None)
        self._next, self._submit, self._flush = (_BURST(self._number(at)) for at in (_NEXT, _SUBMIT, _FLUSH))
        # Room is made of zeros, and only what follows each first one is ever written: 0x00 ‖ cell (docs/spec §3.2).
        self._room = memoryview(bytearray(BATCH * _STRIDE))
        self._hashes = (ctypes.c_uint8 * (_HASH * BATCH))()
        source = ctypes.addressof(ctypes.c_char.from_buffer(self._room))
        hashes = ctypes.addressof(self._hashes)
        self._wanted = [_job(source + row * _STRIDE, hashes + row * _HASH) for row in range(BATCH)]
        self._jobs: Any = _Jobs()

    def _number(self, at: int) -> int:
        return ctypes.c_uint64.from_address(self._at + at).value

    @property
    def worthwhile(self) -> bool:
        """Whether there are eight lanes or more, and no instructions that hash one message faster."""
        return ctypes.c_uint32.from_address(self._at + _ARCHITECTURE).value >= _AVX2 and not (
            self._number(_FEATURES) & _SHA_NI
        )

    def leaf_hashes(self, cells: memoryview) -> list[bytes]:
        """The leaf hashes of up to `BATCH` cells. Raises _Unsound; the manager must not be used after that."""
        count = len(cells) // CELL
        ctypes.memset(self._hashes, 0, len(self._hashes))
        if self._next(self._at, count, self._jobs) != count:
            raise _Unsound
        for row in range(count):
            start = row * _STRIDE + 1
            self._room[start : start + CELL] = cells[row * CELL : (row + 1) * CELL]
            ctypes.memmove(self._jobs[row], ctypes.addressof(self._wanted[row]), ctypes.sizeof(_Job))
        # The entry that checks allows 65,534 bytes, three fewer than a leaf has; lanes count blocks, 1,025 of them.
        done = self._submit(self._at, count, self._jobs)
        self._look_at(done)
        while done < count:
            more = self._flush(self._at, count - done, self._jobs)
            self._look_at(more)
            if not more:
                raise _Unsound
            done += more
        raw = bytes(self._hashes)
        return [raw[at : at + _HASH] for at in range(0, count * _HASH, _HASH)]

    def _look_at(self, done: int) -> None:
        """Raises _Unsound when one of the jobs that were given back is not completed."""
        if any(_Job.from_address(at).status != _COMPLETED for at in self._jobs[:done]):
            raise _Unsound


class Lanes:
    """The library, for all threads of a process. What it cannot do, hashlib does."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._own = threading.local()
        self.sound = True
        """Whether it has done all it should; it is not asked again after it did not."""

    @classmethod
    def load(cls) -> Lanes | None:
        """The library, when it is here in the known version and gives right hashes of known cells."""
        try:
            library = ctypes.CDLL(LIBRARY)
            library.imb_get_version_str.restype = ctypes.c_char_p
            library.alloc_mb_mgr.argtypes, library.alloc_mb_mgr.restype = [ctypes.c_uint64], ctypes.c_void_p
            library.init_mb_mgr_auto.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
            library.free_mb_mgr.argtypes = [ctypes.c_void_p]
            if library.imb_get_version_str() != VERSION:
                return None
        except (OSError, AttributeError):
            return None
        lanes = cls(library)
        known = memoryview(b"".join(bytes([row]) * CELL for row in range(BATCH)))
        right = lanes.leaf_hashes(known) == leaf_hashes(known)
        return lanes if right and lanes.sound else None

    @property
    def worthwhile(self) -> bool:
        """Whether this processor hashes faster with it than without."""
        return self._manager().worthwhile

    def _manager(self) -> _Manager:
        manager: _Manager | None = getattr(self._own, "manager", None)
        if manager is None:
            manager = self._own.manager = _Manager(self._library)
        return manager

    def leaf_hashes(self, cells: memoryview) -> list[bytes]:
        """The leaf hashes of whole cells that follow each other."""
        hashes: list[bytes] = []
        for at in range(0, len(cells), BATCH * CELL):
            hashes += self._batch(cells[at : at + BATCH * CELL])
        return hashes

    def _batch(self, cells: memoryview) -> list[bytes]:
        if not self.sound or len(cells) < LEAST * CELL:
            return leaf_hashes(cells)
        try:
            return self._manager().leaf_hashes(cells)
        except _Unsound:
            self.sound = False
            return leaf_hashes(cells)


@functools.cache
def found() -> Lanes | None:
    """The library, when this machine has it and gains by it."""
    lanes = Lanes.load()
    return lanes if lanes is not None and lanes.worthwhile else None
