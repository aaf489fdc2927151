"""A home folder belongs to one profile, appears whole or not at all, and has one writer at a time.

home/profile     the profile's name
home/lock        held by the process that writes; the kernel frees it when that process ends, however it ends
home/vault/      what the passphrase opens (docs/spec/protocol.md §4.1)
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from collector import files
from schemas.problems import Problem

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

PROFILES: Final = ("field", "desk", "receiver", "courier")
_PROFILE_BYTES: Final = 64


def profile_of(home: Path) -> str:
    """The profile of a home. Raises E_HOME_MISSING, E_FORMAT (no profile that this program knows), E_NO_ACCESS."""
    marker = home / "profile"
    if not marker.is_file():
        raise Problem("E_HOME_MISSING")
    name = files.read_limited(marker, _PROFILE_BYTES).decode("ascii", "replace").strip()
    if name not in PROFILES:
        raise Problem("E_FORMAT", where="profile")
    return name


def require_profile(home: Path, wanted: str) -> None:
    """Raises E_HOME_PROFILE unless the home has this profile, and what `profile_of` raises."""
    found = profile_of(home)
    if found != wanted:
        raise Problem("E_HOME_PROFILE", found=found, wanted=wanted)


class Lock:
    """The right to write in a home; held until `release`. Raises E_HOME_BUSY at once when another process has it."""

    def __init__(self, home: Path) -> None:
        with files.mapped_os_errors():
            self._fd: int | None = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _take(self._fd)
        except OSError:
            holder = os.read(self._fd, 20).decode("ascii", "replace").strip()
            self.release()
            raise Problem("E_HOME_BUSY", pid=holder or "?") from None
        with files.mapped_os_errors():
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Gives the right back; harmless when repeated."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


def _take(fd: int) -> None:
    if sys.platform == "win32":
        os.lseek(fd, 1 << 30, os.SEEK_SET)  # a byte beyond the content, so that the holder's number stays readable
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        os.lseek(fd, 0, os.SEEK_SET)
    else:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def building(home: Path, profile: str) -> Iterator[tuple[Path, Lock]]:
    """A hidden folder beside `home` that becomes `home` by one rename when the block ends well.

    Gives the folder and its lock, which stays held afterwards and belongs to the caller. When the block fails, nothing
    is left; what a crash left is removed by the next attempt. Raises E_HOME_EXISTS when there is something in `home`.
    """
    home = home.absolute()
    with files.mapped_os_errors():
        home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _require_free(home)
    _sweep(home)
    folder = home.with_name(f"{_prefix(home)}{files.random_name()}")
    lock: Lock | None = None
    try:
        files.make_private_dir(folder)
        lock = Lock(folder)
        files.checkpoint("home: folder")
        files.write_durably(folder / "profile", f"{profile}\n".encode())
        files.checkpoint("home: profile")
        yield folder, lock
        files.checkpoint("home: complete")
        _rename(folder, home)
        files.checkpoint("home: renamed")
        files.fsync_dir(home.parent)
    except BaseException:
        if lock is not None:
            lock.release()
        with contextlib.suppress(Problem):
            files.remove_tree(folder)
        raise


def _prefix(home: Path) -> str:
    return f".{home.name}.new-"


def _require_free(home: Path) -> None:
    with files.mapped_os_errors():
        if home.is_symlink() or (home.exists() and (not home.is_dir() or any(home.iterdir()))):
            raise Problem("E_HOME_EXISTS")


def _rename(folder: Path, home: Path) -> None:
    files.fsync_dir(folder)
    try:
        # An empty folder in the place is replaced; one that was filled meanwhile is not.
        os.rename(folder, home)
    except OSError as error:
        if home.exists():
            raise Problem("E_HOME_EXISTS") from None
        raise files.problem_of(error) from None


def _sweep(home: Path) -> None:
    """Removes what interrupted attempts left: folders of this name whose lock nobody holds."""
    with files.mapped_os_errors():
        left = [item for item in home.parent.iterdir() if item.name.startswith(_prefix(home)) and not item.is_symlink()]
    for folder in left:
        with contextlib.suppress(Problem):
            lock = Lock(folder)
            try:
                files.remove_tree(folder)
            finally:
                lock.release()
