"""The installed command in a real terminal: what tmux can scroll back to after hiding."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import REPO
from tests.helpers.mission import PASSPHRASE

PATIENCE = 60.0
MARK = "MARKED-words"


class Tmux:
    """A tmux server of its own with one window of 80x24 and a history."""

    def __init__(self, folder: Path) -> None:
        self._command = ["tmux", "-S", str(folder / "socket"), "-f", "/dev/null"]

    def __call__(self, *words: str) -> str:
        return subprocess.run([*self._command, *words], check=True, capture_output=True, text=True).stdout

    def start(self, *command: str) -> None:
        """Run a command behind a shell line that stays in the history."""
        self("new-session", "-d", "-x", "80", "-y", "24", "-n", "w", *command)

    def all(self) -> str:
        """The screen and everything that can be scrolled back to."""
        return self("capture-pane", "-p", "-S", "-", "-E", "-")

    def until(self, words: str, *, gone: str = "") -> str:
        """Wait until words stand on the screen and others do not; the screen then."""
        end, pause = time.monotonic() + PATIENCE, threading.Event()
        while True:
            screen = self("capture-pane", "-p")
            if words in screen and (not gone or gone not in screen):
                return screen
            if time.monotonic() > end:
                raise AssertionError(f"{words!r} never stood there:\n{screen}")
            pause.wait(0.05)  # between two looks at another process; nothing rests on its length


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed (Debian: tmux)")
def test_tmux_can_scroll_back_to_nothing_after_hiding(home: Path, tmp_path: Path) -> None:
    tmux = Tmux(tmp_path)
    program = [sys.executable, "-c", "from tui.cli import main; main()", "--home", str(home)]
    environment = [f"PYTHONPATH={REPO}", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", f"PATH={os.environ['PATH']}"]
    tmux.start("env", *environment, *program)
    try:
        tmux.until("Open the vault")
        tmux("send-keys", "-l", PASSPHRASE)
        tmux("send-keys", "Enter")
        tmux.until("No interviews yet.")
        tmux("send-keys", "F3")
        tmux.until("Interview setting")
        tmux("send-keys", "Tab")
        tmux("send-keys", "-l", MARK)
        tmux.until(MARK)
        tmux("send-keys", "F10")
        tmux.until("", gone="Svidok")
        hidden = tmux.all()
        assert not any(char.isalpha() for char in hidden)
        assert tmux("display-message", "-p", "#{pane_title}").casefold().find("svidok") < 0
        tmux("send-keys", "-l", "wrong")
        tmux("send-keys", "Enter")
        tmux("send-keys", "-l", PASSPHRASE)
        assert not any(char.isalpha() for char in tmux.all())
    finally:
        tmux("kill-server")
