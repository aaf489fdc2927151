"""Killed in the middle of a long account, the interview opens on the same row and at the same character."""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.terminal.conftest import BEGUN
from tests.terminal.tmux import Terminal, needs_tmux, saved_since

pytestmark = needs_tmux
LINES = [f"Row {number} of what was told" for number in range(30)]


def opened(terminal: Terminal) -> None:
    """Unlock, and open the one draft."""
    terminal.unlock("1 draft")
    terminal.press("Enter")
    terminal.until("what happened")


def rows(screen: str) -> list[str]:
    """The rows of the account that are seen."""
    return re.findall(r"Row \d+ of what was told\S*|" + re.escape(BEGUN), screen)


def test_the_same_row_and_the_same_character(begun: Path, tmp_path: Path) -> None:
    with Terminal(tmp_path / "user", begun, TZ="UTC") as terminal:
        opened(terminal)
        terminal.press("C-End")
        for line in LINES:
            terminal.press("Enter")
            terminal.type(line)
        terminal.until(LINES[-1])
        for _row in range(20):
            terminal.press("Up")
        terminal.press("Home", "Right", "Right", "Right")
        ended = time.time()
        before = rows(terminal.watch(lambda screen: LINES[9] in screen and saved_since(screen, ended)))
        terminal.kill()
    with Terminal(tmp_path / "again", begun, TZ="UTC") as terminal:
        opened(terminal)
        assert rows(terminal.until(LINES[9])) == before
        terminal.type("#")
        terminal.until("Row# 9 of what was told")
