"""A whole interview with marked words, typed in a real terminal; then the marks are looked for wherever words can stay.

Looked at: everything below the person's home folder and the folder for temporary files (the vault among them), the
files that the process holds open or maps, what the terminal was sent, what tmux can scroll back to, and its buffers.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.field import Field
from tests.helpers.mission import PASSPHRASE, SetClock
from tests.terminal.tmux import SVIDOK, Terminal, needs_tmux

pytestmark = needs_tmux
MARK = "ПОЗНАЧКА-qzjx"


def shapes(word: str) -> list[bytes]:
    """How a word may lie in a file: UTF-8, UTF-16, escaped, in base64 at each offset."""
    plain = word.encode()
    coded = [base64.b64encode(b"\0" * offset + plain)[4 if offset else 0 : -4] for offset in range(3)]
    escaped = word.encode("unicode_escape"), word.encode("ascii", "xmlcharrefreplace"), plain.hex().encode()
    return [plain, word.encode("utf-16-le"), word.encode("utf-16-be"), *escaped, *coded]


SHAPES = [shape for word in (MARK, PASSPHRASE) for shape in shapes(word)]


def marked(data: bytes) -> bool:
    return any(shape in data for shape in SHAPES)


def below(*folders: Path) -> Iterator[Path]:
    """Files with a mark in their bytes or in their name."""
    for folder in folders:
        for path in folder.rglob("*"):
            if marked(str(path.relative_to(folder)).encode()) or (path.is_file() and marked(path.read_bytes())):
                yield path


def of_process(pid: int) -> Iterator[str]:
    """Files that a process holds open or maps, with a mark in them; its name, arguments and environment too."""
    process = Path("/proc") / str(pid)
    places = {*process.glob("fd/*"), *process.glob("map_files/*"), process / "cmdline", process / "environ"}
    for place in places:
        with contextlib.suppress(OSError):
            if (place.is_file() or place.parent == process) and marked(place.read_bytes()):
                yield f"{place} {place.readlink() if place.is_symlink() else ''}"


def attached(user: Path, home: Path, source: Path) -> None:
    """A file taken over by command, from a folder that is not looked at."""
    source.mkdir()
    file = source / f"{MARK}.txt"
    file.write_text(f"{MARK} " * 10_000, encoding="utf-8")
    word = source / "passphrase"
    word.write_text(PASSPHRASE)
    environment = {"HOME": str(user), "TMPDIR": str(user / "tmp"), "LANG": "C.UTF-8", "PATH": os.environ["PATH"]}
    with Field.open(home, PASSPHRASE, clock=SetClock()) as field:
        (row,) = field.interviews()
    words = ["field", "attach", row.code, str(file), "--home", str(home), "--passphrase-file", str(word)]
    subprocess.run([SVIDOK, *words], cwd=user, env=environment, check=True, capture_output=True, timeout=120)


def interview(terminal: Terminal) -> None:
    """Unlock, tell, write a note, mark a moment, lock, come back, hide, come back."""
    unlock(terminal, "1 draft")
    terminal.press("Enter")
    terminal.until("It began in the spring.")
    terminal.press("C-End")
    terminal.type(f" {MARK}.")
    terminal.until(MARK)
    terminal.press("C-b")
    terminal.press("C-e")
    terminal.until("Your note to this answer")
    terminal.type(f"{MARK} note")
    terminal.until(f"{MARK} note")
    terminal.press("C-e")
    terminal.until("", gone="Your note to this answer")
    terminal.press("F4")
    unlock(terminal, MARK)
    terminal.press("F10")
    terminal.until("", gone="Svidok")
    assert not marked(terminal.everything().encode())
    terminal.type(PASSPHRASE)
    terminal.press("Enter")
    terminal.until(MARK)


def unlock(terminal: Terminal, then: str) -> None:
    terminal.until("Open the vault")
    assert not marked(terminal.screen().encode())
    terminal.type(PASSPHRASE)
    terminal.press("Enter")
    terminal.until(then)


def seal(terminal: Terminal) -> None:
    terminal.press("F5")
    terminal.until("F5 Seal")
    terminal.press("F5")
    terminal.until("Not yet")
    terminal.press("Right", "Enter")
    terminal.until("still has to leave", "It is on the card")


def test_marked_words_stay_nowhere_in_clear(begun: Path, tmp_path: Path) -> None:
    user, sent = tmp_path / "user", tmp_path / "sent"
    (user / "tmp").mkdir(parents=True)
    attached(user, begun, tmp_path / "source")
    with Terminal(user, begun, TZ="UTC") as terminal:
        terminal.tmux("pipe-pane", "-o", f"cat > {sent}")
        interview(terminal)
        if os.geteuid() == 0:  # nobody else may look into a process that hides its memory
            assert any("vault" in str(place.readlink()) for place in Path(f"/proc/{terminal.pid}/fd").glob("*"))
            assert list(of_process(terminal.pid)) == []
        assert list(below(user, begun)) == []
        seal(terminal)
        assert not marked(terminal.everything().encode())
        assert terminal.tmux("list-buffers") == ""
        terminal.press("C-q")
        terminal.gone()
        assert not marked(terminal.everything().encode())
    assert list(below(user, begun)) == []
    assert marked(sent.read_bytes())  # what a person saw; it would be found here
    assert not re.search(rb"\x1b\](?:52|0|1|2);", sent.read_bytes())


@pytest.mark.parametrize("shape", SHAPES)
def test_the_look_for_marks_finds_them(tmp_path: Path, shape: bytes) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "core").write_bytes(b"\x7fELF" * 100 + shape + b"\0" * 100)
    assert list(below(tmp_path)) == [tmp_path / "deep" / "core"]
