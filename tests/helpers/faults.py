"""Faults around real files: a disk that fails or fills at the n-th write, and a process killed between two writes."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from collector import files
from schemas.problems import Problem

WRITING = ("write", "pwrite", "pwritev", "fsync", "replace", "rename", "ftruncate", "unlink")


class Faults:
    """Counts the calls that write. The one numbered `at` (from 1) and, if `stays`, all after it fail with `number`."""

    def __init__(self, at: int | None, number: int, stays: bool) -> None:
        self.at, self.number, self.stays, self.calls = at, number, stays, 0
        self.failed: list[str] = []

    def due(self, name: str) -> bool:
        self.calls += 1
        due = self.at is not None and (self.calls == self.at or (self.stays and self.calls > self.at))
        if due:
            self.failed.append(name)
        return due


@contextlib.contextmanager
def failing(at: int | None, number: int = errno.EIO, *, stays: bool = False) -> Iterator[Faults]:
    """Lets the `at`-th writing call of Python's `os` fail; a failing `write` first writes half. None only counts."""
    faults = Faults(at, number, stays)
    kept = {name: getattr(os, name) for name in WRITING}

    def wrapped(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if faults.due(name):
                if name == "write" and len(args[1]) > 1:
                    real(args[0], bytes(args[1])[: len(args[1]) // 2])
                raise OSError(faults.number, "made by the test")
            return real(*args, **options)

        return call

    for name, real in kept.items():
        setattr(os, name, wrapped(name, real))
    try:
        yield faults
    finally:
        for name, real in kept.items():
            setattr(os, name, real)


@contextlib.contextmanager
def nearly_full(free: int) -> Iterator[None]:
    """The system says of every disk that `free` bytes are left."""
    real = shutil.disk_usage
    shutil.disk_usage = lambda path: real(path)._replace(free=free)
    try:
        yield
    finally:
        shutil.disk_usage = real


@contextlib.contextmanager
def at_checkpoints(act: Callable[[str], None]) -> Iterator[None]:
    """Calls `act` with the name of each checkpoint that is passed."""
    kept = files.checkpoint
    files.checkpoint = act  # type: ignore[assignment]  # replaced on purpose
    try:
        yield
    finally:
        files.checkpoint = kept


def checkpoints(run: Callable[[], object]) -> list[str]:
    """The names of the checkpoints that `run` passes, in order."""
    passed: list[str] = []
    with at_checkpoints(passed.append):
        run()
    return passed


def outcome(run: Callable[[], object]) -> str:
    """The code of the problem that `run` ends with, or "done"."""
    try:
        run()
    except Problem as problem:
        return problem.code
    return "done"


def in_child(run: Callable[[], object]) -> int:
    """Runs in a forked process; returns its exit code, negative for the signal that ended it."""
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        # The child only touches files of its own and ends without returning: threads of the test runner do not matter.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 1
        try:
            run()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def killed_at(place: int, run: Callable[[], object]) -> bool:
    """Runs in a child that is killed (SIGKILL) at its checkpoint number `place`, from 0; False when it got through."""
    seen = -1

    def act(_name: str) -> None:
        nonlocal seen
        seen += 1
        if seen == place:
            os.kill(os.getpid(), signal.SIGKILL)

    def child() -> None:
        with at_checkpoints(act):
            run()

    code = in_child(child)
    assert code in (0, -signal.SIGKILL), f"the child failed before it was killed ({code})"
    return code != 0


def with_file_limit(limit: int, run: Callable[[], object]) -> Callable[[], object]:
    """`run` as it goes when no file may grow beyond `limit` bytes; only for `in_child`."""

    def limited() -> object:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        return run()

    return limited


def _may_mount() -> bool:
    """Whether this process has CAP_SYS_ADMIN."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> 21 & 1)
    return False


SMALL_DISKS = ("tmpfs",) if _may_mount() else ()
"""Further ways to run out of room, beside the limits that every user can set."""


@contextlib.contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A disk of a few MiB mounted at `folder`; only where `SMALL_DISKS` has tmpfs."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=700", "tmpfs", str(folder)]
    subprocess.run(mount, capture_output=True, check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=True)
