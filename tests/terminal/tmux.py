"""The installed command in a real terminal: a tmux server of its own, keys sent to it, its screen read."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.mission import PASSPHRASE

PATIENCE = 60.0
SVIDOK = Path(sys.executable).with_name("svidok")
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed (Debian: tmux)")
_moment = threading.Event()


_DAY = 86_400
_PROMISE = 6.0
"""Seconds after which all that was typed is saved, and somewhat more."""


class Ended(Exception):
    """The program in the terminal is gone."""


def moment(seconds: float) -> None:
    """Between two looks at another process; nothing rests on its length."""
    _moment.wait(seconds)


def saved_since(screen: str, ended: float) -> bool:
    """Whether the screen (its clock in UTC) says that all was saved after the last key, pressed at `ended`."""
    told = re.search(r"saved (\d\d):(\d\d):(\d\d)", screen)
    if told is None:
        return False
    hours, minutes, seconds = map(int, told.groups())
    # It may be saved in the very second of the last key: that was of all, when no other moment follows.
    since = int(ended) - (time.time() > ended + _PROMISE)
    return 0 < (hours * 3600 + minutes * 60 + seconds - since) % _DAY < _DAY // 2


class Terminal:
    """`svidok` in a window of tmux. The window stays when the program has ended."""

    def __init__(self, folder: Path, home: Path, *, size: tuple[int, int] = (80, 24), **environment: str) -> None:
        """Start it; `folder` is the user's own home folder, with a folder for temporary files in it."""
        self.folder = folder
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        self._tmux = ["tmux", "-S", str(folder / "socket"), "-f", "/dev/null"]
        given = {"HOME": str(folder), "TMPDIR": str(folder / "tmp"), "LANG": "C.UTF-8", "TERM": "tmux-256color"}
        plain = {"PATH": os.environ["PATH"], **given, **environment}
        words = ["env", "-i", *(f"{name}={value}" for name, value in plain.items()), str(SVIDOK), "--home", str(home)]
        width, height = map(str, size)
        subprocess.run(
            [*self._tmux, "new-session", "-d", "-x", width, "-y", height, "-n", "w", "-c", str(folder), "sh", ";",
             "set-option", "-g", "remain-on-exit", "on", ";", "set-option", "-g", "history-limit", "5000", ";",
             "respawn-window", "-k", "-c", str(folder), *words],
            check=True, capture_output=True,
        )  # fmt: skip

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_error: object) -> None:
        self.tmux("kill-server")

    def tmux(self, *words: str) -> str:
        """One command to the server; what it printed."""
        return subprocess.run([*self._tmux, *words], check=True, capture_output=True, text=True).stdout

    # the process

    @property
    def pid(self) -> int:
        """The program's process."""
        return int(self.tmux("display-message", "-p", "#{pane_pid}"))

    @property
    def ended(self) -> bool:
        """Whether the program is gone."""
        return self.tmux("display-message", "-p", "#{pane_dead}").strip() == "1"

    def kill(self) -> None:
        """Kill it at once, as a pulled plug would; harmless when it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.gone()

    def gone(self) -> None:
        """Wait until the program has ended."""
        end = time.monotonic() + PATIENCE
        while not self.ended:
            assert time.monotonic() < end, self.screen()
            moment(0.02)

    # keys and words

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: F5, Enter, Tab, C-z. Raises Ended."""
        if self.ended:
            raise Ended
        self.tmux("send-keys", *keys)

    def type(self, text: str, pace: float = 0.0) -> None:
        """Type text; with a pace, in small pieces. Raises Ended."""
        size = 6 if pace else len(text)
        for start in range(0, len(text), size):
            self.press("-l", text[start : start + size])
            moment(pace)

    def unlock(self, then: str) -> str:
        """Give the passphrase; the screen when these words stand there. Raises Ended."""
        self.until("Open the vault")
        self.type(PASSPHRASE)
        self.press("Enter")
        return self.until(then)

    def screen(self) -> str:
        """What stands on the screen."""
        return self.tmux("capture-pane", "-p")

    def everything(self) -> str:
        """The screen and all that can be scrolled back to."""
        return self.tmux("capture-pane", "-p", "-S", "-", "-E", "-")

    def until(self, *words: str, gone: str = "") -> str:
        """Wait until one of the words stands on the screen and others do not; the screen then. Raises Ended."""
        return self.watch(
            lambda screen: any(each in screen for each in words) and (not gone or gone not in screen), repr(words)
        )

    def watch(self, reached: Callable[[str], bool], what: str = "it") -> str:
        """Wait until the screen is so; the screen then. Raises Ended."""
        end = time.monotonic() + PATIENCE
        while True:
            screen = self.screen()
            if reached(screen):
                return screen
            if self.ended:
                raise Ended(screen)
            if time.monotonic() > end:
                raise AssertionError(f"{what} never stood there:\n{screen}")
            moment(0.05)
