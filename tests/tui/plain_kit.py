"""The installed command in plain prompts under a pseudo-terminal, spoken to as a person would."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from tests.helpers.mission import PASSPHRASE
from tests.receiver_kit import SVIDOK

PATIENCE: Final = 60.0


class Prompts:
    """`svidok field interview --plain` on a terminal of 40 columns that can do nothing."""

    def __init__(self, home: Path, *words: str, language: str = "en") -> None:
        self.master, slave = pty.openpty()
        os.set_inheritable(slave, True)
        environment = {**os.environ, "TERM": "dumb", "COLUMNS": "40", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            [*SVIDOK, "field", "interview", "--plain", "--language", language, "--home", str(home), *words],
            stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True,
            preexec_fn=_take_terminal,
        )  # fmt: skip
        os.close(slave)
        self.all = b""
        self.asked = self.until(b": ")
        os.write(self.master, PASSPHRASE.encode() + b"\n")
        self.until(b"> ")

    def _read(self, patience: float) -> bool:
        if not select.select([self.master], [], [], patience)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.all += data
        return bool(data)

    def until(self, mark: bytes, start: int = 0) -> str:
        """Read until the output from `start` on ends with a mark; what came."""
        end = time.monotonic() + PATIENCE
        while not self.all[start:].endswith(mark):
            assert self._read(max(0.0, end - time.monotonic())), self.all[start:].decode("utf-8", "replace")
        return " ".join(self.all[start:].decode().split())

    def say(self, *lines: str) -> str:
        """Type lines, each after the prompt; what was answered, in one line."""
        answered = ""
        for line in lines:
            start = len(self.all)
            os.write(self.master, line.encode() + b"\n")
            answered += self.until(b"\n> ", start)
        return answered

    def last(self, line: str) -> str:
        """Type the line that ends the program; what was said then."""
        start = len(self.all)
        os.write(self.master, line.encode() + b"\n")
        return self.ended(start)

    def ended(self, start: int = 0) -> str:
        """Read until the program is gone."""
        while self._read(PATIENCE):
            pass
        self.process.wait(PATIENCE)
        os.close(self.master)
        return " ".join(self.all[start:].decode().split())

    def killed(self, number: int) -> int:
        """End it by a signal; the exit code."""
        self.process.send_signal(number)
        self.ended()
        return self.process.returncode

    def hang_up(self) -> int:
        """Close the terminal; the exit code."""
        os.close(self.master)
        return self.process.wait(PATIENCE)


def _take_terminal() -> None:
    import fcntl
    import termios

    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
