"""Attachments are born sealed: no byte of a recording or a photograph stands in the vault in the clear, at no moment.

`take` reads the person's file once and writes cells; `Recorder` writes cells while it is recorded. Each stream has its
own key. A call that fails leaves nothing; what a crash leaves is removed or closed by `sweep` (docs/spec/protocol.md
§5, §6.5, §13). What the vault knows of attachments is in `collector.attachments`, whose names are given here too.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from collector import cellstream, crypto, files, mediatypes
from collector.attachments import (
    Attachment,
    adopt,
    both_keys,
    cells_whole,
    close,
    drop,
    drop_draft,
    erase_spooled,
    find,
    forget,
    insert,
    listed,
    remove_adopted,
    spool_path,
    stream_key,
)
from collector.cells import CELL, CHUNK, cells_for
from collector.crypto import Secret
from collector.custody import Clock
from collector.ring import Rewrap
from collector.vault import Vault
from schemas.problems import Problem

__all__ = [
    "LIMIT_CELLS",
    "Attachment",
    "Recorder",
    "Rewrap",
    "Swept",
    "adopt",
    "cells_whole",
    "drop",
    "drop_draft",
    "erase_spooled",
    "find",
    "forget",
    "listed",
    "remove_adopted",
    "spool_path",
    "stream_key",
    "sweep",
    "take",
]

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all; what it raises cancels the work."""

_BUNDLE_BYTES: Final = 256 * 4096 * CHUNK
_BESIDE_ATTACHMENTS: Final = 16 << 20
LIMIT_CELLS: Final = (_BUNDLE_BYTES - _BESIDE_ATTACHMENTS) // CELL
"""Cells of all attachments of one interview: what a bundle of 256 stripes holds when one volume of n suffices (§9.2),
less 16 MiB for the entry's head and documents and for the bundle's index."""


# ---- taking a file ----


def take(
    vault: Vault,
    draft: int,
    source: Path,
    *,
    question: str | None = None,
    name: str | None = None,
    progress: Progress | None = None,
    clock: Clock = time.time,
) -> Attachment:
    """Seals a file of the person into the vault, in one pass and constant memory; it is durable when this returns.

    1. an ordinary file, not empty, 2. it fits the interview and the disk, 3. seal and sync, 4. it did not change
    meanwhile, 5. one row. Raises E_ATTACH_KIND, E_ATTACH_EMPTY, E_ATTACH_UNREADABLE, E_ATTACH_TOO_LARGE,
    E_ATTACH_CHANGED, E_DISK_SPACE, E_DISK_FULL, E_MEDIA_IO, E_READ_ONLY; then nothing of it is in the vault.
    """
    if vault.read_only:
        raise Problem("E_READ_ONLY")
    with _opened(source) as (fd, before), Secret.random(64) as keys:
        length = before.st_size
        _require_fits(vault, draft, length)
        sid, spool = crypto.random_bytes(16), files.random_name()
        path = vault.path("spool", spool)
        files.require_space(path.parent, (cells_for(length) + 16) * CELL)
        try:
            sealed = _seal(keys[:32], sid, fd, path, length, progress)
            if _stamp(os.fstat(fd)) != _stamp(before):
                raise Problem("E_ATTACH_CHANGED")
            kept = files.kept_name(source.name if name is None else name)
            attachment = Attachment(
                sid=sid,
                length=length,
                cells=sealed.info.cells,
                commit=sealed.info.commit or b"",
                root=sealed.info.root or b"",
                sha256=sealed.sha256,
                name=kept,
                mime=mediatypes.guess(kept),
                question=question,
                spool=spool,
                state="closed",
                captured=max(0, int(clock())),
            )
            insert(vault, draft, attachment, keys)
        except BaseException:
            with contextlib.suppress(Problem):
                files.remove(path)
            raise
    return attachment


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[tuple[int, os.stat_result]]:
    """The descriptor and state of an ordinary file; nothing else is opened, so that no pipe or device is touched."""
    try:
        _require_ordinary(os.stat(source))
        fd = os.open(source, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError) as error:
        raise _unreadable(error) from None
    try:
        state = os.fstat(fd)
        _require_ordinary(state)
        if state.st_size == 0:
            raise Problem("E_ATTACH_EMPTY")
        yield fd, state
    finally:
        os.close(fd)


def _require_ordinary(state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise Problem("E_ATTACH_KIND")


def _unreadable(error: OSError | ValueError) -> Problem:
    number = error.errno if isinstance(error, OSError) else None
    return Problem("E_ATTACH_UNREADABLE", error=os.strerror(number) if number else "?")


def _stamp(state: os.stat_result) -> tuple[int, ...]:
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _require_fits(vault: Vault, draft: int, length: int) -> None:
    room = _room(vault, draft)
    if cells_for(length) > room:
        raise Problem("E_ATTACH_TOO_LARGE", size=files.mebibytes(length), limit=room * CHUNK >> 20)


def _room(vault: Vault, draft: int) -> int:
    """Cells that still fit into the interview."""
    row = vault.db.one("SELECT coalesce(sum(cells), 0) FROM attachment WHERE draft = ?", (draft,))
    return max(0, LIMIT_CELLS - (int(row[0]) if row else 0))


class _Source:
    """The person's file, read front to back; its errors are told apart from those of the vault's disk."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def readinto(self, buffer: memoryview, /) -> int:
        """Fills the front of the buffer. Raises E_ATTACH_UNREADABLE."""
        try:
            return os.readv(self._fd, [buffer])
        except OSError as error:
            raise _unreadable(error) from None


def _seal(
    key: bytes | bytearray, sid: bytes, fd: int, path: Path, length: int, progress: Progress | None
) -> cellstream.Sealed:
    def told(done: int) -> None:
        if progress is not None:
            progress(done, length)

    target = _spool_file(path)
    with files.mapped_os_errors():
        try:
            sealed = cellstream.seal_file(key, sid, _Source(fd), target, length=length, progress=told)
            files.checkpoint("media: sealed")
            files.sync(target)
        except Problem as problem:
            if problem.code == "E_STREAM_LEN":
                raise Problem("E_ATTACH_CHANGED") from None
            raise
        finally:
            os.close(target)
    files.fsync_dir(path.parent)
    files.checkpoint("media: durable")
    return sealed


def _spool_file(path: Path) -> int:
    """A new, empty file for cells."""
    with files.mapped_os_errors():
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    files.checkpoint("media: file made")
    return fd


# ---- recording ----


class Recorder:
    """A recording that is sealed while it lasts: at most 64 KiB of it are only in memory."""

    def __init__(self, vault: Vault, draft: int, attachment: Attachment, keys: Secret, fd: int) -> None:
        self._vault = vault
        self._room = _room(vault, draft) * CHUNK
        self._attachment = attachment
        self._keys = keys
        self._fd: int | None = fd
        self._writer = cellstream.LiveWriter(keys[:32], attachment.sid, fd)
        self._digest = hashlib.sha256()

    @classmethod
    def start(
        cls,
        vault: Vault,
        draft: int,
        *,
        name: str,
        question: str | None = None,
        continues: bytes | None = None,
        clock: Clock = time.time,
    ) -> Recorder:
        """Begins an attachment; `continues` is the sid of a recording that was cut off. Raises as `take`."""
        if vault.read_only:
            raise Problem("E_READ_ONLY")
        kept, keys = files.kept_name(name), Secret.random(64)
        attachment = Attachment(
            sid=crypto.random_bytes(16),
            length=0,
            cells=0,
            commit=b"",
            root=b"",
            sha256=bytes(32),
            name=kept,
            mime=mediatypes.guess(kept),
            question=question,
            spool=files.random_name(),
            state="writing",
            captured=max(0, int(clock())),
            continues=continues,
        )
        path = vault.path("spool", attachment.spool)
        fd = _spool_file(path)
        try:
            files.fsync_dir(path.parent)
            insert(vault, draft, attachment, keys)
        except BaseException:
            os.close(fd)
            with contextlib.suppress(Problem):
                files.remove(path)
            raise
        return cls(vault, draft, attachment, keys, fd)

    @property
    def sid(self) -> bytes:
        """Id of the stream."""
        return self._attachment.sid

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Takes more of the recording; after E_DISK_FULL or E_MEDIA_IO nothing taken is lost, and `append` goes on.

        Raises E_ATTACH_TOO_LARGE before taking what would not fit.
        """
        if self._writer.length + len(data) > self._room:
            size = files.mebibytes(self._writer.length + len(data))
            raise Problem("E_ATTACH_TOO_LARGE", size=size, limit=self._room >> 20)
        self._digest.update(data)
        self._writer.append(data)

    def stop(self) -> Attachment | None:
        """Ends the recording; durable when this returns. None when nothing was recorded: then nothing is left of it."""
        if self._writer.length == 0:
            self._done()
            drop(self._vault, self.sid)
            return None
        info = self._writer.close()
        files.checkpoint("media: recording closed")
        attachment = replace(
            self._attachment,
            length=info.length,
            cells=info.cells,
            commit=info.commit or b"",
            root=info.root or b"",
            sha256=self._digest.digest(),
            state="closed",
        )
        close(self._vault, attachment, self._keys)
        self._done()
        return attachment

    def _done(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)
        self._keys.wipe()


# ---- after a crash ----


@dataclass(frozen=True, slots=True)
class Swept:
    """What `sweep` found: files removed, sids of recordings closed, sids whose file is gone or cut short."""

    removed: int
    closed: tuple[bytes, ...]
    missing: tuple[bytes, ...]


def sweep(vault: Vault) -> Swept:
    """Brings spool and rows together after a crash; to be called when a home is opened, before anything is taken.

    Files without a row are removed; a recording that was cut off is closed (empty ones are dropped). Raises what
    reading and writing does; a file that is missing is reported, not raised.
    """
    if vault.read_only:
        return Swept(0, (), ())
    folder = vault.folder / "spool"
    rows = {
        str(name): (bytes(sid), str(state), int(cells or 0) * CELL)
        for name, sid, state, cells in vault.db.query("SELECT spool, sid, state, cells FROM attachment")
    }
    with files.mapped_os_errors():
        present = {item.name: item.lstat().st_size for item in folder.iterdir()}
    strays = present.keys() - rows.keys()
    for name in strays:
        files.remove(folder / name)
        files.checkpoint("media: stray file removed")
    missing = tuple(
        sid for name, (sid, state, size) in rows.items() if state != "writing" and present.get(name) != size
    )
    closed = []
    for name, (sid, state, _) in rows.items():
        if state == "writing" and not (name in present and _recovered(vault, sid)):
            drop(vault, sid)
        elif state == "writing":
            closed.append(sid)
    return Swept(len(strays), tuple(closed), missing)


def _recovered(vault: Vault, sid: bytes) -> bool:
    """Closes a recording whose writer was cut off; False when it holds nothing."""
    attachment = find(vault, sid)
    with both_keys(vault, sid) as keys:
        with files.mapped_os_errors():
            fd = os.open(spool_path(vault, sid), os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
        try:
            info = cellstream.recover(keys[:32], sid, fd)
            files.checkpoint("media: recording recovered")
            digest = cellstream.open_file(keys[:32], info, fd, None)
        finally:
            os.close(fd)
        if info.length == 0:
            return False
        whole = replace(
            attachment,
            length=info.length,
            cells=info.cells,
            commit=info.commit or b"",
            root=info.root or b"",
            sha256=digest,
            state="closed",
        )
        close(vault, whole, keys)
    return True
