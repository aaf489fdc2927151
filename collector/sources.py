"""What becomes of the file that an attachment was taken from: it stays, or it is overwritten and deleted.

Rule: it is never touched unless a person asked for that, and only if it is the very file that was taken over,
unchanged, with one name. Overwriting reaches what the file system calls the file; flash memory and copies elsewhere it
does not (docs/threat-model.md).
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from collector import files
from schemas.problems import Problem


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was before it was taken over: which one it is, how long, and when it was changed last."""

    path: Path
    stamp: tuple[int, ...]

    @classmethod
    def of(cls, path: Path) -> Source:
        """The file at this path; one that is not there has an empty stamp."""
        try:
            return cls(path.absolute(), _stamp(os.lstat(path)))
        except (OSError, ValueError):
            return cls(path.absolute(), ())

    def check(self) -> None:
        """Raises E_SOURCE_READ_ONLY, E_SOURCE_LINK, E_SOURCE_CHANGED where `erase` would refuse; touches nothing."""
        try:
            state = os.lstat(self.path)
        except (OSError, ValueError):
            raise Problem("E_SOURCE_CHANGED") from None
        if not stat.S_ISREG(state.st_mode) or state.st_nlink != 1:
            raise Problem("E_SOURCE_LINK")
        if _stamp(state) != self.stamp:
            raise Problem("E_SOURCE_CHANGED")
        if not (_writable(self.path) and _writable(self.path.parent)):
            raise Problem("E_SOURCE_READ_ONLY")

    def erase(self) -> None:
        """Overwrites the file once and deletes it, durably. Raises what `check` raises, and E_MEDIA_IO, E_DISK_FULL."""
        self.check()
        try:
            files.overwrite_and_unlink(self.path)
        except Problem as problem:
            raise Problem("E_SOURCE_READ_ONLY") if problem.code == "E_NO_ACCESS" else problem from None


def _stamp(state: os.stat_result) -> tuple[int, ...]:
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns


def _writable(path: Path) -> bool:
    """Whether the medium takes writing at all, and lets us write here."""
    try:
        read_only = hasattr(os, "statvfs") and bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False
    return not read_only and os.access(path, os.W_OK)
