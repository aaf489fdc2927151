"""The desk's side of the intake: start the process that reads strangers' sticks, and believe it nothing unchecked.

Rule: what is decoded arrives as one file for each bundle in the work folder, with the place of every sealed entry and
stream in it; the desk checks these places against the file, computes names itself, and opens nothing that it did not
check. When the intake dies of a bundle, that bundle is refused and the others go on (docs/spec/protocol.md §12).
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

import sync
from collector import files
from collector.cells import CELL
from collector.crypto import Secret
from schemas.problems import CATALOGUE, Problem
from sync.decode import label
from sync.desk.intake_wire import Reply, Request, receive_reply, send

Progress = Callable[[int, int], None]
AHEAD: Final = 2
MAX_DEATHS: Final = 32
_SUFFIX: Final = ".payload"


@dataclass(frozen=True, slots=True)
class DecodedFile:
    """A file of a bundle: kind (0 sealed entry, 1 stream), name, bytes, H(file) or the stream's root, its offset."""

    kind: int
    name: bytes
    size: int
    hash: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class DecodedBundle:
    """A bundle whose payload lies decoded in `payload`; whoever takes the bundle moves or removes that file.

    `volumes` is their number when complete; `lost` were not there, `damaged` were there and not whole.
    """

    bid: bytes
    broot: bytes
    retn: bytes
    label: str
    payload: Path
    files: tuple[DecodedFile, ...]
    volumes: int
    volumes_lost: int
    volumes_damaged: int


@dataclass(frozen=True, slots=True)
class RefusedItem:
    """A file or bundle that was not taken, under a name that is safe to show, and why."""

    item: str
    problem: Problem


def run(
    folders: Sequence[Path], seeds: Sequence[Secret], work: Path, *, quota: int, progress: Progress | None = None
) -> Generator[DecodedBundle | RefusedItem, None, None]:
    """Reads the folders and yields every bundle that could be decoded, and everything that was refused.

    `quota`: bytes that one decoded bundle may take. `work` belongs to the intake alone: what an interrupted run left
    there is removed first. Raises E_STICK_FOLDER, E_MEDIA, E_NO_ACCESS, E_MEDIA_IO, and E_INTAKE when the process
    cannot work at all.
    """
    files.make_private_dir(work)
    _sweep(work)
    settled: list[bytes] = []
    try:
        for _ in range(MAX_DEATHS):
            attempt = _Attempt(folders, seeds, work, quota, tuple(settled), progress)
            try:
                yield from attempt.items()
            finally:
                attempt.close()
            settled.extend(attempt.settled)
            if attempt.done:
                return
            # It died of the bundle that it had begun: that one is left out, and the rest is read again.
            if attempt.begun is None:
                raise Problem("E_INTAKE", why=attempt.ending)
            settled.append(attempt.begun)
            yield RefusedItem(label(attempt.begun), Problem("E_INTAKE", why=attempt.ending))
        raise Problem("E_INTAKE", why="too-many-unreadable")
    finally:
        _sweep(work)


class _Attempt:
    """One life of the intake process."""

    def __init__(
        self,
        folders: Sequence[Path],
        seeds: Sequence[Secret],
        work: Path,
        quota: int,
        skip: tuple[bytes, ...],
        progress: Progress | None,
    ) -> None:
        self._work, self._progress = work, progress
        self.settled: list[bytes] = []
        self.begun: bytes | None = None
        self.done = False
        self._process = _start()
        self._in = cast(BinaryIO, self._process.stdin)
        self._out = cast(BinaryIO, self._process.stdout)
        request = Request(
            folders=tuple(os.fsencode(folder.absolute()) for folder in folders),
            seeds=tuple(bytes(seed) for seed in seeds),
            work=os.fsencode(work.absolute()),
            quota=quota,
            skip=skip,
        )
        try:
            send(self._in, request)
            self._permit(AHEAD)
        except OSError:
            # How it ended is seen where its answers are read.
            return

    def _permit(self, count: int) -> None:
        """Lets the intake decode so many bundles more."""
        try:
            self._in.write(b"+" * count)
            self._in.flush()
        except OSError:
            return

    def items(self) -> Iterator[DecodedBundle | RefusedItem]:
        """Everything that this life yields. Raises the problem that the intake itself named as stopping it."""
        while True:
            try:
                reply = receive_reply(self._out.read)
            except Problem:
                return
            if reply.kind == "end":
                self.done = True
                return
            if reply.kind == "failed":
                raise _problem(reply)
            if reply.kind == "progress":
                if self._progress is not None:
                    self._progress(reply.done or 0, reply.total or 0)
            elif reply.kind == "begin":
                self.begun = reply.bid
            elif reply.kind == "refused":
                yield RefusedItem(files.shown_name(reply.item or ""), _problem(reply))
            else:
                if reply.kind == "bundle":
                    yield self._decoded(reply)
                self._settle()
                self._permit(1)

    def _settle(self) -> None:
        if self.begun is not None:
            self.settled.append(self.begun)
            self.begun = None

    def _decoded(self, reply: Reply) -> DecodedBundle | RefusedItem:
        try:
            return _bundle(reply, self.begun, self._work)
        except Problem as problem:
            return RefusedItem(label(self.begun or b""), problem)

    @property
    def ending(self) -> str:
        """How the process ended, in a word."""
        code = self._process.wait()
        if code < 0:
            return signal.Signals(-code).name
        return f"exit {code}"

    def close(self) -> None:
        """Ends the process if it still runs."""
        for stream in (self._in, self._out):
            try:
                stream.close()
            except OSError:
                continue
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


def _start() -> subprocess.Popen[bytes]:
    """The intake, with nothing of this process but two pipes."""
    root = Path(sync.__file__).resolve().parent.parent
    with files.mapped_os_errors():
        return subprocess.Popen(
            [sys.executable, "-E", "-s", "-m", "sync.desk.intake_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=root,
            env={"LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            close_fds=True,
            start_new_session=True,
        )


def _problem(reply: Reply) -> Problem:
    """The problem that the intake names, in the words of this side's catalogue."""
    if reply.code not in CATALOGUE:
        return Problem("E_INTAKE", why="impossible-answer")
    facts = {key: value if isinstance(value, int) else files.shown_name(value) for key, value in reply.facts.items()}
    return Problem(reply.code, **{key: value for key, value in facts.items() if key.isidentifier()})


def _bundle(reply: Reply, begun: bytes | None, work: Path) -> DecodedBundle:
    """A decoded bundle, when its answer fits the file. Raises E_INTAKE."""
    bid, name, retn, counts = reply.bid, reply.payload, reply.retn, reply.counts
    if bid is None or bid != begun or name is None or retn is None or counts is None or reply.broot is None:
        raise Problem("E_INTAKE", why="impossible-answer")
    if not name.endswith(_SUFFIX) or not name.removesuffix(_SUFFIX).isalnum():
        raise Problem("E_INTAKE", why="impossible-answer")
    payload = work / name
    with files.mapped_os_errors():
        status = os.lstat(payload)
    placed = tuple(DecodedFile(*file) for file in reply.files or ())
    end = 0
    for file in placed:
        if file.offset < end or not file.size or file.size % CELL:
            raise Problem("E_INTAKE", why="overlapping-files")
        end = file.offset + file.size
    if not stat.S_ISREG(status.st_mode) or status.st_size != reply.length or end > status.st_size:
        raise Problem("E_INTAKE", why="files-beyond-end")
    return DecodedBundle(bid, reply.broot, retn, label(bid), payload, placed, *counts)


def _sweep(work: Path) -> None:
    """Removes what lies in the work folder."""
    with files.mapped_os_errors():
        for path in list(work.iterdir()):
            if path.is_dir() and not path.is_symlink():
                files.remove_tree(path)
            else:
                path.unlink(missing_ok=True)
