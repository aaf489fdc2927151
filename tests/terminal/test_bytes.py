"""What a real terminal may send and be: bytes of another encoding, pasted control sequences, a size exported once."""

from __future__ import annotations

from pathlib import Path

from tests.terminal.tmux import Terminal, needs_tmux

pytestmark = needs_tmux


def paste(terminal: Terminal, data: bytes) -> None:
    """What a terminal does with bracketed paste."""
    file = terminal.folder / "pasted"
    file.write_bytes(data)
    terminal.tmux("load-buffer", str(file))
    terminal.tmux("paste-buffer", "-p", "-r")


def test_no_byte_ends_the_program_and_no_pasted_sign_is_a_key(begun: Path, tmp_path: Path) -> None:
    with Terminal(tmp_path / "user", begun) as terminal:
        terminal.unlock("1 draft")
        terminal.press("Enter")
        terminal.until("what happened")
        terminal.tmux("send-keys", "-H", "cf", "c1", "ff")
        paste(terminal, b" pasted \x1b[31m\x07 \xff\xfe \x1b[17~ to its end")
        terminal.type(" and typed")
        screen = terminal.until("to its end and typed")
        assert "Safeguards  " not in screen.splitlines()[0]
        assert "Traceback" not in terminal.everything()
        assert "[17~" in screen


def test_the_size_is_that_of_the_terminal(begun: Path, tmp_path: Path) -> None:
    with Terminal(tmp_path / "user", begun, COLUMNS="100", LINES="40") as terminal:
        screen = terminal.unlock("1 draft")
        assert screen.splitlines()[0].startswith(" Svidok")
