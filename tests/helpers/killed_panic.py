"""Panic seals copies of a home and kills the process at each checkpoint in turn, as a pulled plug would.

    python -m tests.helpers.killed_panic TEMPLATE WORK

As in `tests.helpers.killed_sealing`, `WORK/<n>` was killed at checkpoint n, and standard output has the names.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

from collector import files, panic
from collector.field import Field
from tests.helpers.mission import PASSPHRASE, SetClock


def _panic_until(home: Path, stop: int, report: int) -> None:
    """In the child: panic, and die at checkpoint `stop`."""
    field = Field.open(home, PASSPHRASE, clock=SetClock())
    seen = 0

    def checkpoint(name: str) -> None:
        nonlocal seen
        seen += 1
        if seen == stop:
            os.write(report, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    files.checkpoint = checkpoint
    panic.seal_and_lock(field)
    os._exit(0)


def main(template: Path, work: Path) -> None:
    """Runs until a panic reaches its end."""
    for stop in range(1, 400):
        home = work / str(stop)
        shutil.copytree(template, home)
        end, report = os.pipe()
        child = os.fork()
        if child == 0:
            _panic_until(home, stop, report)
        os.close(report)
        _, status = os.waitpid(child, 0)
        name = os.read(end, 200).decode()
        os.close(end)
        print(name or "end", flush=True)
        if os.WIFEXITED(status):
            sys.exit(os.WEXITSTATUS(status))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
