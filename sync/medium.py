"""Writing to a stick, proven: space, write, sync, name, read again from the medium, compare, one plain verdict.

Rule: a file counts only after its bytes came back from the medium as they were meant. Until then it has a temporary
name, and when a stick fails, nothing half-written keeps a name that could pass for a whole volume. A stick that fails
is left alone from then on; the other sticks go on. Nothing that is written here names a person, a device, a mission or
a day: names are the bundle's, times are fixed (docs/spec/protocol.md §9.4).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from collector import files
from schemas.problems import Problem
from sync.readback import compared, digest_of, read_back, sync_file_system
from sync.volume import HEADER, NAME, Readable, lead_length, split_leaves, write_lead

MTIME: Final = 315_532_800
"""1980-01-01T00:00:00Z, for every file."""
SUMS: Final = "SHA256SUMS"
MIB: Final = 1 << 20

_TEMPORARY: Final = re.compile(r"\.part-[a-z2-7]{26}", re.ASCII)
_SYNC_EVERY: Final = 64 * MIB
SLACK_FILE: Final = 64 << 10
SLACK: Final = MIB
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_ACCESS: Final = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY)
_MAX_SUMS: Final = 16 * MIB
_SUM_LINE: Final = re.compile(r"([0-9a-f]{64})  (\S{1,64})", re.ASCII)
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)

P = ParamSpec("P")
T = TypeVar("T")
Place = tuple[int, int]


def stick_problem(error: OSError, folder: Path) -> Problem:
    """The coded problem of a stick for an error of the operating system."""
    shown, name = files.shown_name(str(folder)), errno.errorcode.get(error.errno or 0, "?")
    if error.errno in _NO_ROOM:
        return Problem("E_STICK_FULL", folder=shown)
    if error.errno in _NO_ACCESS:
        return Problem("E_STICK_NO_ACCESS", folder=shown, error=name)
    return Problem("E_STICK_GONE", folder=shown, error=name)


@dataclass(slots=True)
class _Part:
    """A file on its way: its temporary path, the name it will have, its descriptor while it is open."""

    path: Path
    name: str
    fd: int = -1
    unsynced: int = 0


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A file that came back from the medium as it was meant: its name and the SHA-256 of all its bytes (hex)."""

    name: str
    sha256: str


def _careful(step: Callable[Concatenate[Stick, P], T]) -> Callable[Concatenate[Stick, P], T | None]:
    """One step on a stick: none after its first failure, and a failure removes what is half-written there."""

    @wraps(step)
    def guarded(stick: Stick, /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        if stick.problem is not None:
            return None
        try:
            return step(stick, *args, **kwargs)
        except OSError as error:
            stick.problem = stick_problem(error, stick.folder)
            stick.abandon()
            return None

    return guarded


class Stick:
    """One folder that is being written. After its first failure every further step does nothing; `problem` says why.

    Raises E_STICK_FOLDER when it is no folder.
    """

    def __init__(self, folder: Path) -> None:
        try:
            status = os.stat(folder)
        except OSError:
            status = None
        if status is None or not stat.S_ISDIR(status.st_mode):
            raise Problem("E_STICK_FOLDER", folder=files.shown_name(str(folder)))
        self.folder = folder
        self.device = status.st_dev
        self.problem: Problem | None = None
        self.whole: dict[Place, WholeFile] = {}
        self.bad: dict[str, Problem] = {}
        self.from_medium = True
        """False when the system still held something of what was read back in its memory."""
        self.settled = False
        self._parts: dict[Place, _Part] = {}
        self._sweep()

    @_careful
    def _sweep(self) -> None:
        """Removes what an export that was cut off left here, and tries whether anything can be written."""
        with os.scandir(self.folder) as entries:
            left = [e.path for e in entries if _TEMPORARY.fullmatch(e.name) and e.is_file(follow_symlinks=False)]
        for path in left:
            os.unlink(path)
        # A write-protected stick is told now, so that the volumes are dealt over the others; a full one by its space.
        try:
            trial = self._create("")
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
        else:
            self._close(trial)
            os.unlink(trial.path)

    @_careful
    def begin(self, place: Place, name: str, cells: int) -> None:
        """Opens a volume under a temporary name and leaves room for its lead."""
        part = self._create(name)
        self._parts[place] = part
        files.write_all(part.fd, bytes(lead_length(cells)))

    @_careful
    def append(self, place: Place, data: bytes | bytearray | memoryview) -> None:
        """Writes the next cells of a volume."""
        part = self._parts[place]
        part.unsynced += files.write_all(part.fd, data)
        if part.unsynced >= _SYNC_EVERY:
            files.sync(part.fd)
            part.unsynced = 0

    @_careful
    def end_cells(self, place: Place, leaves: bytes) -> None:
        """Writes the leaf list at both ends; the headers follow when the whole bundle is known."""
        part = self._parts[place]
        lead = write_lead(bytes(HEADER), split_leaves(leaves))
        files.write_all(part.fd, lead)
        _write_at(part.fd, HEADER, lead[HEADER:])
        self._close(part)

    @_careful
    def complete(self, place: Place, header: bytes) -> None:
        """Writes both headers, fixes the time, syncs, and gives the volume its name."""
        part = self._parts[place]
        part.fd = os.open(part.path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0))
        cells = int.from_bytes(header[48:52], "big")
        for offset in (0, os.fstat(part.fd).st_size - lead_length(cells)):
            _write_at(part.fd, offset, header)
        self._finish(part)
        del self._parts[place]

    @_careful
    def verify(self, place: Place, name: str, header: bytes, shard_root: bytes) -> None:
        """Reads a finished volume back from the medium and compares every byte with what was meant."""
        with read_back(self.folder / name) as source:
            digest = compared(source, header, shard_root)
            if not source.from_medium:
                self.from_medium = False
        if digest is None:
            self._discard(name)
        else:
            self.whole[place] = WholeFile(name, digest)

    @_careful
    def copy(self, place: Place, name: str, source: Readable) -> bool:
        """Copies a file as it is and reads it back: True when it arrived. A source that is cut short does not count."""
        part = self._create(name)
        self._parts[place] = part
        digest = hashlib.sha256()
        for offset in range(0, source.length, MIB):
            block = source.read(offset, min(MIB, source.length - offset))
            digest.update(block)
            part.unsynced += files.write_all(part.fd, block)
            if part.unsynced >= _SYNC_EVERY:
                files.sync(part.fd)
                part.unsynced = 0
        if os.fstat(part.fd).st_size != source.length:
            self._close(part)
            part.path.unlink()
            self.bad[name] = Problem("E_MEDIA", item=name, why="changed")
            return False
        self._finish(part)
        del self._parts[place]
        self.sync_folder()
        with read_back(self.folder / name) as back:
            arrived = digest_of(back) == digest.hexdigest()
            if not back.from_medium:
                self.from_medium = False
        if not arrived:
            self._discard(name)
            return False
        self.whole[place] = WholeFile(name, digest.hexdigest())
        return True

    @_careful
    def write_text(self, name: str, text: str) -> None:
        """Makes or replaces a small text file."""
        part = self._create(name)
        self._parts[-1, -1] = part
        files.write_all(part.fd, text.encode())
        self._finish(part)
        del self._parts[-1, -1]
        with read_back(self.folder / name) as back:
            arrived = digest_of(back) == hashlib.sha256(text.encode()).hexdigest()
        if not arrived:
            self._discard(name)

    @_careful
    def write_sums(self) -> None:
        """Adds the volumes that are whole to SHA256SUMS, and forgets lines for files that are not here any more."""
        sums = {name: digest for name, digest in self._old_sums() if (self.folder / name).is_file()}
        sums.update({item.name: item.sha256 for item in self.whole.values()})
        self.write_text(SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))

    def _old_sums(self) -> Iterable[tuple[str, str]]:
        try:
            text = files.read_limited(self.folder / SUMS, _MAX_SUMS).decode("ascii", "replace")
        except Problem:
            return []
        lines = (_SUM_LINE.fullmatch(line) for line in text.splitlines())
        return [(line[2], line[1]) for line in lines if line is not None and NAME.fullmatch(line[2])]

    @_careful
    def sync_folder(self) -> None:
        """The names are on the medium when this returns."""
        fd = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        except OSError as error:
            # Some file systems cannot sync a folder by itself; then everything is synced.
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise
            os.sync()
        finally:
            os.close(fd)

    @_careful
    def settle(self) -> None:
        """Nothing waits to be written to this stick when this returns: it may be taken out."""
        sync_file_system(self.folder)
        self.settled = True

    def forsake(self, names: Iterable[str]) -> None:
        """Removes volumes of a bundle that was stopped before all of them were read back."""
        for name in names:
            with contextlib.suppress(OSError):
                os.unlink(self.folder / name)
        self.whole.clear()

    @_careful
    def remove_whole(self) -> None:
        """Removes the volumes of a bundle that nothing can complete any more, since its keys are gone."""
        for item in self.whole.values():
            os.unlink(self.folder / item.name)
        self.whole.clear()

    def abandon(self) -> None:
        """Removes everything that has only a temporary name."""
        for part in self._parts.values():
            with contextlib.suppress(OSError):
                self._close(part)
            with contextlib.suppress(OSError):
                part.path.unlink()
        self._parts.clear()

    def _create(self, name: str) -> _Part:
        path = self.folder / f".part-{files.random_name()}"
        # Whoever carries the stick must be able to read it, on a machine where the owner has another number.
        return _Part(path, name, os.open(path, _CREATE, 0o644))

    def _finish(self, part: _Part) -> None:
        os.utime(part.fd, (MTIME, MTIME))
        files.sync(part.fd)
        self._close(part)
        os.replace(part.path, self.folder / part.name)

    def _close(self, part: _Part) -> None:
        if part.fd >= 0:
            fd, part.fd = part.fd, -1
            os.close(fd)

    def _discard(self, name: str) -> None:
        """A file that came back as something else does not stay."""
        self.bad[name] = Problem("E_STICK_VERIFY", folder=files.shown_name(str(self.folder)), file=name)
        with contextlib.suppress(OSError):
            os.unlink(self.folder / name)


def _write_at(fd: int, offset: int, data: bytes) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(fd, data[done:], offset + done)


Lack = tuple[Stick, int, int]
"""A stick, the bytes that it would need, the bytes that are free."""


def lacking_room(sticks: Sequence[Stick], needed: Sequence[int], files_each: int) -> list[Lack]:
    """The sticks that have too little room for what each is to get; folders on one medium share its room."""
    asked: dict[int, int] = {}
    for stick, length in zip(sticks, needed, strict=True):
        asked[stick.device] = asked.get(stick.device, 0) + length + files_each * SLACK_FILE + SLACK
    found: list[Lack] = []
    for stick in sticks:
        try:
            free = shutil.disk_usage(stick.folder).free
        except OSError as error:
            stick.problem = stick.problem or stick_problem(error, stick.folder)
            free = 0
        if free < asked[stick.device]:
            found.append((stick, asked[stick.device], free))
    return found


def space_problem(stick: Stick, needed: int, free: int) -> Problem:
    """E_STICK_SPACE, with a look into the stick's trash."""
    return stick.problem or Problem(
        "E_STICK_SPACE",
        folder=files.shown_name(str(stick.folder)),
        needed=files.mebibytes(needed),
        free=free >> 20,
        trash=_trash(stick.folder) >> 20,
    )


def _trash(folder: Path) -> int:
    """Bytes in the folders where desktops keep deleted files; a glance, not a search."""
    total = seen = 0
    try:
        names = os.listdir(folder)
    except OSError:
        return 0
    for name in names:
        if not name.lower().startswith((".trash", "$recycle.bin")):
            continue
        for place, _, found in os.walk(folder / name):
            for item in found:
                seen += 1
                if seen > 10_000:
                    return total
                with contextlib.suppress(OSError):
                    total += os.lstat(os.path.join(place, item)).st_size
    return total
