"""What is typed before its place is on the screen arrives there, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from tests.terminal.conftest import BEGUN
from tests.terminal.tmux import Terminal, needs_tmux

pytestmark = needs_tmux


def test_what_is_typed_while_a_draft_opens_arrives_in_it(begun: Path, tmp_path: Path) -> None:
    with Terminal(tmp_path / "user", begun) as terminal:
        terminal.unlock("1 draft")
        terminal.tmux("send-keys", "Enter", " And more", "Enter", "K")
        screen = terminal.until(BEGUN + " And more")
        assert "┃ K" in screen


def test_what_is_typed_right_after_tab_is_for_the_next_question(begun: Path, tmp_path: Path) -> None:
    with Terminal(tmp_path / "user", begun) as terminal:
        terminal.unlock("1 draft")
        terminal.press("Enter")
        terminal.until(BEGUN)
        terminal.tmux("send-keys", "Tab", "roma")
        terminal.until("Find: roma")
        terminal.press("BTab")
        terminal.until("Free account, first person, words")
        assert BEGUN + "roma" not in terminal.screen()
