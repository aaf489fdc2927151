"""How long `svidok --help` takes, and how long until a person sees the first screen that takes keys.

Help is a multiple of a bare interpreter of the same environment, started in turns. The first screen is that of a real
process on a real pseudo-terminal of 80x24: from the start of the command until the unlock screen stands there whole and
its field shows a key that was typed.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from benchmarks import world
from benchmarks.measure import in_turns, median, say
from benchmarks.table import Row, bounded, compared

HELP_GOAL = 8.0
SCREEN_GOAL = 1.0
BARE = [sys.executable, "-c", "pass"]
SVIDOK = [sys.executable, "-c", "import sys; sys.argv[0] = 'svidok'; from tui.cli import main; main()"]
READY = "Open the vault"
TYPED = b"a"
MASKED = "•"
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|[@-Z\\-_=>78])")


def rows(*, quick: bool = False, full: bool = False) -> list[Row]:
    """Help and the first screen."""
    del full
    turns = 5 if quick else 15
    say(f"svidok --help, beside a bare interpreter: {turns} times each")
    helped, bare = in_turns([lambda: _run([*SVIDOK, "--help"]), lambda: _run(BARE)], turns, before=lambda: None)
    say(f"first screen on a pseudo-terminal: {turns} times")
    with world.temporary("startup") as folder:
        home = world.found(folder)[0]
        shown = [first_screen(home) for _ in range(turns)]
    ms = [1000 * median(helped), 1000 * median(bare)]
    return [
        compared("svidok --help", ms[0], ms[1], HELP_GOAL, against="python -c pass", unit="ms"),
        bounded(
            "start to the first screen that takes keys",
            median([whole for whole, _ in shown]),
            SCREEN_GOAL,
            "s",
            note=f"the screen stands there after {median([drawn for _, drawn in shown]):.2f} s,"
            f" {median([whole for whole, _ in shown]) * 1000 / ms[1]:.0f} times a bare interpreter",
        ),
    ]


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def first_screen(home: Path) -> tuple[float, float]:
    """Seconds until a typed key shows in the field, and until the unlock screen stood there."""
    begun = time.perf_counter()
    process, terminal = _started([*SVIDOK, "--home", str(home)])
    try:
        _wait_for(terminal, READY)
        drawn = time.perf_counter() - begun
        os.write(terminal, TYPED)
        _wait_for(terminal, MASKED)
        return time.perf_counter() - begun, drawn
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(terminal)


def _started(command: list[str]) -> tuple[int, int]:
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8", COLORTERM="truecolor")
        os.execv(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    return process, terminal


def _wait_for(terminal: int, words: str, patience: float = 30.0) -> None:
    """Read what is drawn until the words were. Raises TimeoutError."""
    seen, until = b"", time.monotonic() + patience
    while words not in _ESCAPE.sub("", seen.decode("utf-8", "replace")):
        ready, _, _ = select.select([terminal], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimeoutError(f"{words!r} was not drawn")
        try:
            seen += os.read(terminal, 65_536)
        except OSError:
            raise TimeoutError(f"the program ended before {words!r}") from None
