"""The screens speak the system's language until somebody chooses another."""

from __future__ import annotations

from pathlib import Path

from tests.terminal.tmux import Terminal, needs_tmux


@needs_tmux
def test_the_first_start_speaks_the_language_of_the_system_and_later_ones_the_chosen_one(
    home: Path, tmp_path: Path
) -> None:
    with Terminal(tmp_path / "first", home, LANG="uk_UA.UTF-8") as terminal:
        terminal.until("Відкрити сховище")
        terminal.press("F2")
        terminal.until("Открыть хранилище")
    with Terminal(tmp_path / "second", home, LANG="uk_UA.UTF-8") as terminal:
        terminal.until("Открыть хранилище")
