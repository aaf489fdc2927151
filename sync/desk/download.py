"""One volume from a receiver to the disk of the desk (docs/spec/protocol.md §10.5).

Rule: each cell is checked as it streams in, and the whole file once more from the disk before it gets its name. What is
bad is cut off and asked for again from there, at most twice; what a cut line brought stays, and the next request goes
on behind it.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from collector import files
from schemas.problems import Problem
from sync import network
from sync.desk.arrivals import PART, Wanted
from sync.desk.fetch_report import ReceiverReport
from sync.desk.lines import Line, refuse
from sync.link import Answer, Stream
from sync.listing import OpenFile
from sync.receiver.checking import VolumeChecker
from sync.volume import Header
from sync.volume import check as check_volume

Step = Callable[[int], None]
Ours = Callable[[Header], bool]
AGAIN: Final = 2
CUTS: Final = 6
"""Cuts one after another, each with less than 64 KiB since the one before, after which the line counts as gone."""
FREE_LEFT: Final = 512 << 20
"""Bytes that stay free, so that what was fetched can be imported."""
OWN: Final = frozenset(("E_DISK_FULL", "E_DISK_SPACE", "E_MEDIA_IO", "E_NO_ACCESS"))
"""What this machine is to blame for."""
_WORTH: Final = 65_536
_GOOD_PIECE: Final = 16_384
_BAD_PIECE: Final = 1024
"""What of a piece has come when the line is cut is lost; so pieces are small once it was."""
_SYNC: Final = 64 << 20
_LINE: Final = frozenset(("E_NET_CUT", "E_NET_SLOW", "E_RECEIVER_BUSY"))
_DAMAGED: Final = frozenset(
    ("E_PAD", "E_UPLOAD_CELL", "E_UPLOAD_LENGTH", "E_VOL_FORMAT", "E_VOL_LEAVES", "E_VOL_MAGIC", "E_VOL_SIG")
)
_FINAL: Final = ("E_FETCH_GONE", "E_NOT_FOR_US")
_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Downloader:
    """Brings volumes over one line into one folder; counts into the report of the receiver.

    `ours` tells from a proven header whether its bundle is sealed for this desk.
    """

    def __init__(self, line: Line, folder: Path, report: ReceiverReport, ours: Ours) -> None:
        self._line, self._folder, self._report, self._ours = line, folder, report, ours
        self._piece = _GOOD_PIECE

    def bring(self, item: Wanted, step: Step) -> Problem | None:
        """The whole volume under its name, or why it is not there: E_FETCH_GONE, E_FETCH_FALSE, E_NOT_FOR_US.

        `step` is told how many bytes are here. Raises what ends the run at this receiver: the line's problems and, with
        nothing half-made left where the disk fails, `OWN`.
        """
        part, bad = self._folder / (item.name + PART), 0
        while True:
            try:
                self._once(item, part, step)
            except Problem as problem:
                if problem.code in ("E_DISK_FULL", "E_MEDIA_IO"):
                    with suppress(Problem):
                        files.remove(part)
                if problem.code not in ("E_FETCH_FALSE", *_FINAL):
                    raise
                if problem.code in _FINAL or bad == AGAIN:
                    files.remove(part)
                    return problem
                bad += 1
                self._report.again += 1
            else:
                return None

    def _once(self, item: Wanted, part: Path, step: Step) -> None:
        final = self._folder / item.name
        if os.path.lexists(final) and is_volume(item, final):
            return
        self._download(item, part, step)
        if not is_volume(item, part):
            files.remove(part)
            raise Problem("E_FETCH_FALSE", why="damaged")
        files.rename(part, final)
        files.checkpoint("fetch: volume named")
        self._report.fetched += 1

    def _download(self, item: Wanted, part: Path, step: Step) -> None:
        """Appends to the part until it has every byte. Cuts are waited out as long as something comes between them."""
        idle = 0
        while (before := _size(part)) != item.length:
            files.require_space(self._folder, max(0, item.length - before) + FREE_LEFT)
            try:
                self._receive(item, part, step)
            except Problem as problem:
                if problem.code in _DAMAGED:
                    raise Problem("E_FETCH_FALSE", why="damaged") from None
                if problem.code not in _LINE or self._line.stopped:
                    raise
                self._report.cuts += 1
                self._piece = _BAD_PIECE
                idle = 0 if _size(part) - before >= _WORTH else idle + 1
                if idle == CUTS:
                    raise
                self._line.rest(random.uniform(0.5, 1.0) * min(30.0, 0.5 * 2**idle))  # keeps desks apart, and no secret

    def _receive(self, item: Wanted, part: Path, step: Step) -> None:
        """One request. The part ends before the first byte that is not good."""
        with files.mapped_os_errors():
            fd = os.open(part, _FLAGS, 0o600)
        try:
            checker = _resumed(fd, item)
            headers = {"Range": f"bytes={checker.offset}-"} if checker.offset else {}
            path = f"{network.BUNDLES}/{item.bid.hex()}/{item.stripe}-{item.index}"
            with self._line.read(path, headers) as stream:
                _check_start(stream, item, checker.offset)
                if stream.status == 200 and checker.offset:
                    checker = _cut(fd, VolumeChecker(item.length))
                self._store(stream, item, checker, fd, step)
        finally:
            with suppress(OSError):
                files.sync(fd)
            os.close(fd)

    def _store(self, stream: Stream, item: Wanted, checker: VolumeChecker, fd: int, step: Step) -> None:
        """The body to the part, checked as it comes."""
        unsynced = 0
        for chunk in stream.chunks(self._piece):
            try:
                self._feed(checker, chunk, item)
            except Problem:
                _keep_good(fd, checker, chunk)
                raise
            with files.mapped_os_errors():
                files.write_all(fd, chunk)
                unsynced += len(chunk)
                if unsynced >= _SYNC:
                    files.sync(fd)
                    unsynced = 0
            files.checkpoint("fetch: bytes written")
            self._report.bytes += len(chunk)
            step(checker.offset)
            if self._line.stopped:
                # Closing a line does not take back what the buffers hold already: that may be the rest of the volume.
                raise Problem("E_NET_CUT", why="stopped")
        if not checker.whole:
            raise Problem("E_FETCH_FALSE", why="too-short")
        with files.mapped_os_errors():
            files.sync(fd)

    def _feed(self, checker: VolumeChecker, chunk: bytes, item: Wanted) -> None:
        """Checks the next bytes. Once the lead is proven, it must be the one that was listed, and sealed for us."""
        proven = checker.proven
        checker.feed(chunk)
        if checker.header is None or proven or not checker.proven:
            return
        claim = checker.claim
        found = (claim.place.bid, claim.place.stripe, claim.place.index, claim.shard)
        if found != (item.bid, item.stripe, item.index, item.shard):
            checker.offset = 0
            raise Problem("E_FETCH_FALSE", why="other-volume")
        if not self._ours(checker.header):
            checker.offset = 0
            raise Problem("E_NOT_FOR_US")


def _keep_good(fd: int, checker: VolumeChecker, chunk: bytes) -> None:
    """Of the last bytes those that are good; nothing beyond them stays in the part."""
    with files.mapped_os_errors():
        end = os.lseek(fd, 0, os.SEEK_END)
        if checker.offset > end:
            files.write_all(fd, memoryview(chunk)[: checker.offset - end])
        os.ftruncate(fd, checker.offset)


def _cut(fd: int, checker: VolumeChecker) -> VolumeChecker:
    """Back to where the checker stands."""
    with files.mapped_os_errors():
        os.ftruncate(fd, checker.offset)
        os.lseek(fd, checker.offset, os.SEEK_SET)
    return checker


def _resumed(fd: int, item: Wanted) -> VolumeChecker:
    """A checker for what the part holds already; from the start when that does not hold."""
    checker = VolumeChecker(item.length)
    with files.mapped_os_errors():
        size = os.fstat(fd).st_size
        if not 0 < size < item.length:
            return _cut(fd, checker)
        needed = checker.layout.needed(size)
        lead, cell = os.pread(fd, needed.lead, 0), os.pread(fd, needed.length, needed.start)
    try:
        found = VolumeChecker.resumed(item.length, size, lead, cell)
    except Problem:
        return _cut(fd, checker)
    return _cut(fd, found)


def _check_start(stream: Stream, item: Wanted, offset: int) -> None:
    """The answer begins where it was asked to. Raises E_FETCH_GONE, E_FETCH_FALSE, and the problem that it is."""
    if stream.status == 404:
        # Read to its end, a short answer leaves the connection for the next question.
        for _ in itertools.islice(stream.chunks(), 2):
            continue
        raise Problem("E_FETCH_GONE")
    if stream.status == 206 and offset:
        expected = f"bytes {offset}-{item.length - 1}/{item.length}"
        if stream.headers.get("content-range", "") != expected:
            raise Problem("E_FETCH_FALSE", why="other-part")
    elif stream.status != 200:
        refuse(Answer(stream.status, stream.headers))


def is_volume(item: Wanted, path: Path) -> bool:
    """Whether a file is this volume, whole, as a courier would find it."""
    try:
        with OpenFile(path, item.length) as file:
            checked = check_volume(file)
    except Problem as problem:
        if problem.code in OWN:
            raise
        return False
    header = checked.header
    found = (header.bid, *header.place, header.shard_root)
    return checked.whole and found == (item.bid, item.stripe, item.index, item.shard)


def _size(part: Path) -> int:
    with files.mapped_os_errors():
        try:
            return part.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            return 0
