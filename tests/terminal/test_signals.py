"""However the program is told to end, what was typed is kept and the terminal is as it was."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from collector.field import Field
from tests.helpers.mission import PASSPHRASE, SetClock
from tests.terminal.conftest import ACCOUNT, BEGUN
from tests.terminal.tmux import Terminal, needs_tmux

pytestmark = needs_tmux
MODES = "#{alternate_on}#{mouse_any_flag}#{mouse_all_flag}"


@pytest.mark.parametrize("dialog", [False, True])
@pytest.mark.parametrize("name", ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"])
def test_a_signal_is_a_way_of_leaving(begun: Path, tmp_path: Path, name: str, dialog: bool) -> None:
    with Terminal(tmp_path / "user", begun) as terminal:
        terminal.unlock("1 draft")
        terminal.press("Enter")
        terminal.until(BEGUN)
        terminal.type(" And so.")
        terminal.until(BEGUN + " And so.")
        if dialog:
            terminal.press("F1")
            terminal.until("Every answer is saved")
        os.kill(terminal.pid, getattr(signal, name))
        terminal.gone()
        assert terminal.tmux("display-message", "-p", "#{pane_dead_status}").strip() in ("0", "")  # tmux misses some
        assert terminal.tmux("display-message", "-p", MODES).strip() == "000"
        assert "Traceback" not in terminal.everything()
    with Field.open(begun, PASSPHRASE, clock=SetClock()) as opened:
        (row,) = opened.interviews()
        draft = opened.open_interview(row.code)
        assert draft.session.node(ACCOUNT).value == BEGUN + " And so."
