"""What tmux can scroll back to after hiding."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.mission import PASSPHRASE
from tests.terminal.tmux import Terminal, needs_tmux

MARK = "MARKED-words"


@needs_tmux
def test_tmux_can_scroll_back_to_nothing_after_hiding(home: Path, tmp_path: Path) -> None:
    with Terminal(tmp_path / "user", home) as terminal:
        terminal.unlock("No interviews yet.")
        terminal.press("F3")
        terminal.until("Interview setting")
        terminal.press("Tab")
        terminal.type(MARK)
        terminal.until(MARK)
        terminal.press("C-b")
        terminal.until("Marked.")
        terminal.press("F10")
        terminal.until("", gone="Svidok")
        hidden = terminal.everything()
        assert not any(char.isalpha() for char in hidden)
        assert terminal.tmux("display-message", "-p", "#{pane_title}").casefold().find("svidok") < 0
        terminal.type("wrong")
        terminal.press("Enter")
        terminal.type(PASSPHRASE)
        assert not any(char.isalpha() for char in terminal.everything())
