"""Does something to copies of a home and kills the process at each checkpoint in turn, as a pulled plug would.

    python -m tests.helpers.killed TEMPLATE WORK seal CODE
    python -m tests.helpers.killed TEMPLATE WORK panic
    python -m tests.helpers.killed TEMPLATE WORK undo CODE
    python -m tests.helpers.killed TEMPLATE WORK place CODE

`WORK/<n>` is the home in which the process was killed at checkpoint n; standard output has the checkpoint's name for
each n. The last home is the one in which the work came to its end.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from collector import files, panic
from collector.field import Field
from tests.helpers.forms import PLACE
from tests.helpers.mission import PASSPHRASE, SetClock

REPO = Path(__file__).resolve().parent.parent.parent
MOST = 400
SEALING = (
    "seal: outbox file pending", "ring: new file", "seal: entry row", "seal: draft gone", "before commit",
    "ring: committed", "seal: committed", "seal: published",
)  # fmt: skip
"""Checkpoints through which whatever seals comes."""
DEEDS: dict[str, Callable[..., object]] = {
    "seal": lambda field, code: field.seal(code),
    "panic": panic.seal_and_lock,
    "undo": lambda field, code: field.open_interview(code).undo(),
    "place": lambda field, code: field.open_interview(code).answer(PLACE, "elsewhere"),
}


def at_each_checkpoint(home: Path, work: Path, *deed: str) -> list[str]:
    """Runs this module on a closed home; returns the names of the checkpoints, `end` the last of them."""
    work.mkdir()
    run = subprocess.run(
        [sys.executable, "-m", "tests.helpers.killed", str(home), str(work), *deed],
        cwd=REPO,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    names = run.stdout.split("\n")[:-1]
    assert names[-1] == "end"
    return names


def _do_until(home: Path, deed: list[str], stop: int, report: int) -> None:
    """In the child: do it, and die at checkpoint `stop`."""
    field = Field.open(home, PASSPHRASE, clock=SetClock())
    seen = 0

    def checkpoint(name: str) -> None:
        nonlocal seen
        seen += 1
        if seen == stop:
            os.write(report, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    files.checkpoint = checkpoint
    DEEDS[deed[0]](field, *deed[1:])
    os._exit(0)


def main(template: Path, work: Path, *deed: str) -> None:
    """Runs until the work reaches its end."""
    for stop in range(1, MOST):
        home = work / str(stop)
        shutil.copytree(template, home)
        end, report = os.pipe()
        child = os.fork()
        if child == 0:
            _do_until(home, list(deed), stop, report)
        os.close(report)
        _, status = os.waitpid(child, 0)
        name = os.read(end, 200).decode()
        os.close(end)
        print(name or "end", flush=True)
        if os.WIFEXITED(status):
            sys.exit(os.WEXITSTATUS(status))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
