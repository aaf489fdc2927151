"""What lies in a folder that somebody else has filled.

Rule: only ordinary files, straight in the folder, with the name and one of the lengths of a volume (or the name of a
return file) are opened; links are never followed, nothing blocks on a pipe, and a name is data: it is matched, shown
sanitised, and never becomes part of another path (docs/spec/protocol.md §12 step 1).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

from collector.files import mapped_os_errors, problem_of, shown_name
from schemas.problems import Problem
from sync.volume import LENGTHS, NAME

MAX_NAMES: Final = 65_536
MAX_RETURN: Final = 4 << 20
RETURN_NAME: Final = re.compile(r"[a-z2-7]{26}\.ret", re.ASCII | re.IGNORECASE)
"""How a return file is called: base 32 of 16 bytes."""

_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may be a volume or a return file: the folder it was found in, its name, its length in bytes."""

    folder: Path
    name: str
    length: int

    @property
    def path(self) -> Path:
        """Where it lies. The name matched a pattern without separators."""
        return self.folder / self.name


@dataclass(slots=True)
class Listing:
    """The volumes and return files of some folders, and what was called like one but is none."""

    volumes: list[Found] = field(default_factory=list)
    returns: list[Found] = field(default_factory=list)
    refused: list[tuple[str, Problem]] = field(default_factory=list)
    others: int = 0


class OpenFile:
    """An open file as `sync.volume.Readable`; what the medium does not give comes back short, and is counted."""

    def __init__(self, path: Path, length: int | None = None) -> None:
        """Raises E_MEDIA (no ordinary file, or another length than it had), E_NO_ACCESS, E_MEDIA_IO."""
        with mapped_os_errors():
            self._fd = os.open(path, _FLAGS)
            status = os.fstat(self._fd)
        self.length = status.st_size
        self.identity = (status.st_dev, status.st_ino)
        self.unread = 0
        if not stat.S_ISREG(status.st_mode) or length not in (None, self.length):
            self.close()
            raise _refusal(path.name, "it is not the ordinary file that it was")

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`."""
        parts: list[bytes] = []
        got = 0
        try:
            while got < length:
                part = os.pread(self._fd, length - got, offset + got)
                if not part:
                    break
                parts.append(part)
                got += len(part)
        except OSError:
            self.unread += 1
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the file; harmless when repeated."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> OpenFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def list_folders(folders: Sequence[Path]) -> Listing:
    """What lies in the folders, in the order of their names.

    Raises E_STICK_FOLDER for what is no folder, E_MEDIA for more than 65,536 names, E_NO_ACCESS, E_MEDIA_IO.
    """
    listing = Listing()
    names = 0
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                found = []
                for entry in entries:
                    names += 1
                    if names > MAX_NAMES:
                        raise Problem("E_MEDIA", item=shown_name(folder.name), why="too-many-names")
                    found.append(entry)
        except (NotADirectoryError, FileNotFoundError):
            raise Problem("E_STICK_FOLDER", folder=shown_name(str(folder))) from None
        except OSError as error:
            raise problem_of(error) from None
        for entry in sorted(found, key=lambda item: item.name):
            _judge(folder, entry, listing)
    return listing


def _judge(folder: Path, entry: os.DirEntry[str], listing: Listing) -> None:
    """Puts one name of a folder where it belongs. A name that only resembles a volume's is reported."""
    volume, returned = NAME.fullmatch(entry.name), RETURN_NAME.fullmatch(entry.name)
    if not volume and not returned:
        listing.others += 1
        if entry.name.lower().endswith((".vol", ".ret")):
            listing.refused.append(_named(entry.name, "other-name"))
        return
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        listing.refused.append(_named(entry.name, "nothing-said"))
        return
    if not stat.S_ISREG(status.st_mode):
        listing.refused.append(_named(entry.name, "no-file"))
    elif volume and status.st_size not in LENGTHS:
        listing.refused.append((shown_name(entry.name), Problem("E_VOL_SIZE")))
    elif returned and status.st_size > MAX_RETURN:
        listing.refused.append(_named(entry.name, "return-too-large"))
    else:
        (listing.volumes if volume else listing.returns).append(Found(folder, entry.name, status.st_size))


def _named(name: str, why: str) -> tuple[str, Problem]:
    return shown_name(name), _refusal(name, why)


def _refusal(name: str, why: str) -> Problem:
    return Problem("E_MEDIA", item=shown_name(name), why=why)
