"""Seals a draft in copies of a home and kills the process at each checkpoint in turn, as a pulled plug would.

    python -m tests.helpers.killed_sealing TEMPLATE WORK CODE

`WORK/<n>` is the home whose sealing was killed at checkpoint n; standard output has the checkpoint's name for each n.
The last home is the one whose sealing came to its end.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

from collector import files
from collector.field import Field
from tests.helpers.mission import PASSPHRASE, SetClock


def _seal_until(home: Path, code: str, stop: int, report: int) -> None:
    """In the child: seal, and die at checkpoint `stop`."""
    field = Field.open(home, PASSPHRASE, clock=SetClock())
    seen = 0

    def checkpoint(name: str) -> None:
        nonlocal seen
        seen += 1
        if seen == stop:
            os.write(report, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    files.checkpoint = checkpoint
    field.seal(code)
    os._exit(0)


def main(template: Path, work: Path, code: str) -> None:
    """Runs until a sealing reaches its end."""
    for stop in range(1, 200):
        home = work / str(stop)
        shutil.copytree(template, home)
        end, report = os.pipe()
        child = os.fork()
        if child == 0:
            _seal_until(home, code, stop, report)
        os.close(report)
        _, status = os.waitpid(child, 0)
        name = os.read(end, 200).decode()
        os.close(end)
        print(name or "end", flush=True)
        if os.WIFEXITED(status):
            sys.exit(os.WEXITSTATUS(status))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
