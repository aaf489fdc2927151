"""Lines out, lines in.

The rule: what is printed holds no control character but the end of a line, and what is typed is kept nowhere here: no
history, no line editor (`readline` is never imported). A signal is heeded between two acts, never inside one.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sys
import textwrap
import unicodedata
from types import FrameType

from tui.locale import _

_SEQUENCE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|.)?")
_TTY_LINE = 4000
"""A terminal passes on no more bytes of one line than a little over these."""
WARNING_SECONDS = 60.0
"""At most so long before the vault closes for idleness this is said."""
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Ended(Exception):
    """Nobody can be asked any more: end of input, a signal, a closed terminal. `code` is the exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def cleaned(text: str) -> str:
    """The text without control characters and without what would steer a terminal."""
    text = _SEQUENCE.sub("", text).replace("\t", " ")
    return "".join(
        char for char in text if unicodedata.category(char) not in ("Cc", "Cs") and char not in "\u2028\u2029"
    )


class Over(Exception):
    """The interview is left, as the person wished."""


class Talk:
    """One conversation on standard input and output."""

    def __init__(self) -> None:
        self._reading = False
        self._heard = 0
        self._idle, self._left, self._warned = 0.0, 0.0, False
        for number in SIGNALS:
            signal.signal(number, self._hear)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self._heard = number
        if self._reading:
            raise Ended(128 + number)

    def lock_after(self, seconds: float) -> None:
        """End, after a warning, when nothing is typed for so long; where the system cannot wake a program, never."""
        if hasattr(signal, "setitimer"):
            self._idle, self._left = seconds, min(WARNING_SECONDS, seconds / 2)
            signal.signal(signal.SIGALRM, self._wake)

    def _wake(self, _number: int, _frame: FrameType | None) -> None:
        if not self._reading:
            return
        if self._warned:
            self.say(_("Nothing was typed for a while: the vault is closed. The interview stays."))
            raise Ended(1)
        self._warned = True
        self.say(_("Nothing was typed for a while. Soon the vault closes. /again stays here."))
        signal.setitimer(signal.ITIMER_REAL, self._left)

    def _watch(self, seconds: float) -> None:
        if self._idle:
            self._warned = False
            signal.setitimer(signal.ITIMER_REAL, seconds)

    def let_go(self) -> None:
        """At the end: what was typed and not read goes to nobody, least of all to the shell that reads on here."""
        with contextlib.suppress(ImportError, OSError, ValueError):
            import termios

            if os.isatty(0):
                with contextlib.suppress(termios.error):
                    termios.tcflush(0, termios.TCIFLUSH)

    def heed(self) -> None:
        """Between two parts of a long act. Raises Ended when a signal came."""
        if self._heard:
            raise Ended(128 + self._heard)

    def say(self, text: str = "") -> None:
        """Print a paragraph, broken at the width of the terminal. Raises Ended where there is none any more."""
        width = max(20, min(shutil.get_terminal_size((80, 24)).columns, 100) - 1)
        try:
            for line in text.split("\n"):
                plain = cleaned(line)
                sys.stdout.write("\n".join(textwrap.wrap(plain, width) or [""]) + "\n")
            sys.stdout.flush()
        except (OSError, ValueError):
            raise Ended(128 + signal.SIGTERM) from None

    def line(self) -> str:
        """One line as it was typed. Raises Ended."""
        try:
            self._reading = True  # first, so that no signal comes between looking and waiting
            self.heed()
            sys.stdout.write("> ")
            sys.stdout.flush()
            self._watch(self._idle - self._left)
            data = sys.stdin.buffer.readline()
        except (OSError, ValueError):
            raise Ended(1) from None
        finally:
            self._reading = False
            self._watch(0.0)
        if not data:
            raise Ended(1)
        if os.isatty(0) and len(data) >= _TTY_LINE:
            self.say(_("This line was very long, and its end may be missing. Please read what was kept."))
        return data.decode("utf-8", "replace").rstrip("\r\n")

    def ask(self) -> str:
        """One line; one with control characters is refused and asked for again."""
        while True:
            typed = self.line()
            if cleaned(typed) == typed.replace("\t", " "):
                return typed.replace("\t", " ").strip()
            self.say(_("That line had keys in it that are no letters. It was not taken. Please type it again."))

    def told(self) -> str:
        """One line of an account: it is kept, without the control characters in it."""
        typed = self.line()
        plain = cleaned(typed)
        if plain != typed.replace("\t", " "):
            self.say(_("Keys that are no letters were left out of this line."))
        return plain.rstrip()
