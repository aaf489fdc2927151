"""Files are written whole or not at all.

`write_durably` is the one way to make a file: temporary name, every byte, fsync, rename, fsync of the folder. Whoever
reads the final name sees all of it or nothing, whatever was cut off in between. Errors of the operating system leave
this module as coded problems (`mapped_os_errors`), and names that other people chose are data: shown by `shown_name`,
never part of a path.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import os
import shutil
import stat
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from schemas.problems import Problem

if sys.platform != "win32":
    import fcntl

_TEMPORARY = ".part-"
_BLOCK = 1 << 20
_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_CLOEXEC: int = getattr(os, "O_CLOEXEC", 0)
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_ACCESS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP}
SHOWN_BYTES = 120
NAME_BYTES = 255


def checkpoint(name: str) -> None:
    """Marks a place between two writes and does nothing; a test puts a function here that ends the process."""


@contextlib.contextmanager
def mapped_os_errors() -> Iterator[None]:
    """Turns every OSError inside into a Problem.

    Raises E_DISK_FULL (no room or no quota), E_NO_ACCESS (not permitted, read-only), E_MEDIA_IO (everything else: the
    medium was pulled, has a fault, or is gone).
    """
    try:
        yield
    except OSError as error:
        raise problem_of(error) from None


def problem_of(error: OSError) -> Problem:
    """The coded problem for an error of the operating system; names of files are left out of it."""
    name = errno.errorcode.get(error.errno or 0, "?")
    if error.errno in _NO_ROOM:
        return Problem("E_DISK_FULL", error=name)
    if error.errno in _NO_ACCESS:
        return Problem("E_NO_ACCESS", error=name)
    return Problem("E_MEDIA_IO", error=name)


def sync(fd: int) -> None:
    """Everything written to `fd` is on the medium when this returns (macOS needs F_FULLFSYNC for that)."""
    if sys.platform == "darwin":
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    else:
        os.fsync(fd)


def write_out_early(fd: int, offset: int, length: int) -> None:
    """Ask the system to begin writing a range to the disk, so that little is left for the last fsync."""
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):
            os.posix_fadvise(fd, offset, length, os.POSIX_FADV_DONTNEED)


def fsync_dir(folder: Path) -> None:
    """The names in `folder` are on the medium when this returns. Raises E_MEDIA_IO, E_NO_ACCESS."""
    if sys.platform == "win32":
        return
    with mapped_os_errors():
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def make_private_dir(path: Path) -> None:
    """A folder that only its owner may enter, durable with its name. One that is there already is closed to others."""
    with mapped_os_errors():
        path.mkdir(mode=0o700, exist_ok=True)
        path.chmod(0o700)
    fsync_dir(path.parent)


def random_name() -> str:
    """A file name that tells nothing: 26 base-32 characters from 16 random bytes."""
    return base64.b32encode(os.urandom(16)).decode().rstrip("=").lower()


def write_all(fd: int, data: bytes | bytearray | memoryview) -> int:
    """Writes every byte of `data`, however many calls it takes; returns their number."""
    view = memoryview(data)
    done = 0
    while done < len(view):
        done += os.write(fd, view[done:])
    return done


def write_durably(
    path: Path, data: bytes | bytearray | Iterable[bytes], *, mode: int = 0o600, shred_old: bool = False
) -> int:
    """Makes or replaces the file `path` and returns its length in bytes. A crash leaves the old file or the new one.

    With `shred_old` the bytes of the file that was replaced are overwritten once, after the new one is durable.
    Raises E_DISK_FULL, E_MEDIA_IO, E_NO_ACCESS; then the old file still stands and nothing half-made is left.
    """
    blocks = (data,) if isinstance(data, (bytes, bytearray)) else data
    temporary = path.with_name(_TEMPORARY + random_name())
    with mapped_os_errors():
        old = _open_old(path) if shred_old else None
        try:
            length = _write_new(temporary, blocks, mode)
            checkpoint("file written")
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            _close(old)
            raise
        try:
            checkpoint("file renamed")
            fsync_dir(path.parent)
            checkpoint("file durable")
            if old is not None:
                _overwrite(old)
        finally:
            _close(old)
    return length


def _write_new(path: Path, blocks: Iterable[bytes | bytearray], mode: int) -> int:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _CLOEXEC, mode)
    try:
        checkpoint("file created")
        length = sum(write_all(fd, block) for block in blocks)
        sync(fd)
        if os.fstat(fd).st_size != length:
            raise OSError(errno.EIO, "the file does not have the length that was written")
    finally:
        os.close(fd)
    return length


def _open_old(path: Path) -> int | None:
    try:
        return os.open(path, os.O_WRONLY | _NOFOLLOW | _CLOEXEC)
    except FileNotFoundError:
        return None


def _close(fd: int | None) -> None:
    if fd is not None:
        os.close(fd)


def _overwrite(fd: int) -> None:
    """Random bytes over the whole length, then sync."""
    left = os.fstat(fd).st_size
    os.lseek(fd, 0, os.SEEK_SET)
    while left:
        left -= write_all(fd, os.urandom(min(left, _BLOCK)))
    sync(fd)


def overwrite_in_place(path: Path, data: bytes | bytearray) -> None:
    """Writes `data` over the start of an existing file and syncs: the same sectors, as far as the medium allows.

    Raises E_DISK_FULL, E_MEDIA_IO, E_NO_ACCESS.
    """
    with mapped_os_errors():
        fd = os.open(path, os.O_WRONLY | _NOFOLLOW | _CLOEXEC)
        try:
            write_all(fd, data)
            checkpoint("in place written")
            os.ftruncate(fd, len(data))
            sync(fd)
        finally:
            os.close(fd)


def overwrite_and_unlink(path: Path) -> None:
    """Overwrites a file once with random bytes and removes it; one that is not there is fine."""
    with mapped_os_errors():
        fd = _open_old(path)
        if fd is None:
            return
        try:
            _overwrite(fd)
        finally:
            os.close(fd)
        checkpoint("file overwritten")
    remove(path)


def rename(old: Path, new: Path) -> None:
    """Gives a durable file its final name, durably. Raises E_DISK_FULL, E_MEDIA_IO, E_NO_ACCESS."""
    with mapped_os_errors():
        os.replace(old, new)
    fsync_dir(new.parent)


def sync_file(path: Path) -> None:
    """What was written to an existing file is on the medium when this returns. Raises E_MEDIA_IO, E_NO_ACCESS."""
    with mapped_os_errors():
        fd = os.open(path, os.O_RDONLY | _NOFOLLOW | _CLOEXEC)
        try:
            sync(fd)
        finally:
            os.close(fd)


def remove(path: Path) -> None:
    """Removes a file, durably; one that is not there is fine."""
    with mapped_os_errors():
        path.unlink(missing_ok=True)
    fsync_dir(path.parent)


def remove_tree(path: Path) -> None:
    """Removes a folder and all in it, durably; one that is not there is fine. Links inside are not followed."""
    with mapped_os_errors(), contextlib.suppress(FileNotFoundError):
        shutil.rmtree(path)
    fsync_dir(path.parent)


def sweep_temporaries(folder: Path) -> int:
    """Removes what interrupted writes left in `folder`; returns how many files that were."""
    with mapped_os_errors():
        left = [item for item in folder.iterdir() if item.name.startswith(_TEMPORARY)]
        for item in left:
            item.unlink(missing_ok=True)
    return len(left)


def read_limited(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes; a link is not followed.

    Raises E_FORMAT (not a regular file, or longer), E_MEDIA_IO, E_NO_ACCESS.
    """
    with mapped_os_errors():
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise Problem("E_FORMAT", where="file")
        fd = os.open(path, os.O_RDONLY | _NOFOLLOW | _CLOEXEC | getattr(os, "O_NONBLOCK", 0))
        with open(fd, "rb") as file:
            data = file.read(limit + 1)
    if len(data) > limit:
        raise Problem("E_FORMAT", where="length")
    return data


def free_bytes(folder: Path) -> int:
    """Bytes that an ordinary user may still write where `folder` lies. Raises E_MEDIA_IO, E_NO_ACCESS."""
    with mapped_os_errors():
        return shutil.disk_usage(folder).free


def require_space(folder: Path, length: int) -> None:
    """Raises E_DISK_SPACE when fewer than `length` bytes are free where `folder` lies."""
    free = free_bytes(folder)
    if free < length:
        raise Problem("E_DISK_SPACE", needed=mebibytes(length), free=free >> 20)


def mebibytes(length: int) -> int:
    """Bytes as whole MiB, rounded up."""
    return -(-length >> 20)


def kept_name(name: str) -> str:
    """A file name as it is stored: NFC, at most 255 bytes of UTF-8, the ending kept; what is no text becomes U+FFFD."""
    text = name.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = unicodedata.normalize("NFC", text)
    if len(text.encode()) <= NAME_BYTES:
        return text
    stem, dot, ending = text.rpartition(".")
    tail = dot + ending if stem and len(ending.encode()) <= 16 else ""
    return _cut(text, NAME_BYTES - len(tail.encode())) + tail


def shown_name(name: str) -> str:
    """A file name as it is shown: NFC, without control, bidirectional, format and line characters, at most 120 bytes.

    It is for eyes only and never becomes part of a path (docs/spec/protocol.md §12 step 11).
    """
    text = unicodedata.normalize("NFC", name)
    text = "".join(sign for sign in text if not _is_unseen(unicodedata.category(sign)))
    return _cut(text, SHOWN_BYTES).strip() or "?"


def _is_unseen(category: str) -> bool:
    """Control, format, surrogate, private and unassigned characters, and those that end a line or paragraph."""
    return category[0] == "C" or category in ("Zl", "Zp")


def _cut(text: str, limit: int) -> str:
    """The longest start of `text` with at most `limit` bytes of UTF-8."""
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
