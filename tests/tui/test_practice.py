"""The practice: a whole lesson by keys alone on the real screens, and nothing of it anywhere afterwards."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.receiver_kit import SVIDOK
from tests.tui.conftest import seen, shell_of, unlock, until
from tests.tui.pictures import both_sizes, every_language, still
from tui import locale, practice_home
from tui.practice_home import PREFIX, PracticeHome, sweep
from tui.practice_lesson import STEPS
from tui.screens.hide import HideScreen
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interviews import InterviewsScreen
from tui.screens.practice import PracticeEnd, PracticeShell
from tui.theme import DARK

WORDS = "bada gede fifi"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which practices may lie in these tests; the passphrase is known."""
    folder = tmp_path / "memory"
    folder.mkdir()
    monkeypatch.setattr(practice_home, "places", lambda: [folder])
    monkeypatch.setattr("collector.passphrase.generate", lambda words: WORDS)
    return folder


@pytest.fixture
def shell(place: Path) -> Iterator[PracticeShell]:
    with PracticeHome() as practice:
        shell = PracticeShell(practice)
        shell.theme = DARK.name
        yield shell
    assert list(place.iterdir()) == []


@pytest.fixture
def still_pictures(plain_pictures: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of interviews was looked at, and answers were saved, at no time."""
    monkeypatch.setattr("tui.screens.interviews.time_text", lambda _seconds: "2026-11-20 10:00")
    monkeypatch.setattr("tui.screens.interview.answering.moment_text", lambda _seconds: "10:00:05")


async def reach(pilot: Pilot[Any], step: int) -> None:
    await until(pilot, lambda: pilot.app.lesson.at == step)  # type: ignore[attr-defined]


async def start(pilot: Pilot[Any]) -> None:
    await pilot.pause()
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, InterviewsScreen))


def word(text: str) -> list[str]:
    """The keys that type it."""
    return [{" ": "space", "-": "minus"}.get(char, char) for char in text]


KEYS: dict[int, list[str]] = {
    0: ["f3"], 1: ["enter"], 2: ["1"], 3: ["1"], 4: word("They came on Monday evening"), 5: ["tab"],
    6: ["enter"], 7: ["t", "enter"], 8: [*word("2023-10"), "enter"], 9: ["f3", "down", "enter"],
    10: [*word("Oksana"), "enter"], 11: ["f7"], 12: ["f1"], 13: ["f4"], 14: ["f10"],
    15: ["f5"], 16: ["f5", "right", "enter"],
}  # fmt: skip
"""What the strip asks for, step by step."""


def ready(shell: PracticeShell) -> bool:
    """Whether the open question, if one is open, takes keys."""
    screen = shell.screen
    return not isinstance(screen, InterviewScreen) or (screen.card.node is not None and screen.focused is not None)


async def do(pilot: Pilot[Any], step: int) -> None:
    """What the strip asks for at this step, until it sees it."""
    shell: PracticeShell = pilot.app  # type: ignore[assignment]  # the shell of these tests
    await until(pilot, lambda: ready(shell))
    # The letter that finds the option is that of the English label; in other languages Enter takes the first one.
    await pilot.press(*(["enter"] if step == 7 and locale.current_language() != "en" else KEYS[step]))
    if step == 14:
        await until(pilot, lambda: isinstance(shell.screen, HideScreen) and shell.opened is None)
        assert "Svidok" not in seen(shell)
        await pilot.press(*word(WORDS), "enter")
    await reach(pilot, step + 1)
    if step == 12:
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(shell.screen, InterviewScreen))
    if step == 13:
        await until(pilot, lambda: WORDS in seen(shell))
        await unlock(pilot, WORDS)
        await until(pilot, lambda: isinstance(shell.screen, InterviewScreen))


async def up_to(pilot: Pilot[Any], step: int) -> None:
    """Begin, and do every step before this one."""
    await start(pilot)
    for place in range(step):
        await do(pilot, place)


@pytest.mark.parametrize("language", ["en", "uk"])
async def test_the_lesson_is_done_by_its_keys_and_ends_sealed(shell: PracticeShell, language: str) -> None:
    if language == "uk":
        locale.set_language("uk")
    async with shell.run_test(size=(80, 24)) as pilot:
        await up_to(pilot, 17)
        assert [row.state for row in shell.field.interviews()] == ["sealed"]
        await pilot.press("ctrl+n")
        await until(pilot, lambda: isinstance(shell.screen, PracticeEnd))
        await pilot.press("right", "enter")
        await until(pilot, lambda: shell.leaving)
    assert shell.opened is None


async def test_free_use_is_never_blocked_and_the_strip_tells_the_way_back(shell: PracticeShell) -> None:
    async with shell.run_test(size=(80, 24)) as pilot:
        await up_to(pilot, 2)
        await pilot.press("escape")
        await until(pilot, lambda: "Enter opens the interview again" in seen(shell))
        await pilot.press("enter")
        await until(pilot, lambda: "word for word. Oksana" in seen(shell))
        await pilot.press("ctrl+n")
        await reach(pilot, 3)
        await pilot.press("f9", "f5")
        await until(pilot, lambda: "This is the review" in seen(shell))
        await pilot.press("escape", "f2")
        await until(pilot, lambda: "Про кожне використання" in seen(shell))
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: "GateDialog" in str(shell.screen))


async def test_another_answer_than_the_witness_gives_leaves_the_step_as_it_is(shell: PracticeShell) -> None:
    async with shell.run_test(size=(80, 24)) as pilot:
        await up_to(pilot, 1)
        await until(pilot, lambda: ready(shell))
        await pilot.press("down", "enter")
        await until(pilot, lambda: not isinstance(shell.screen, InterviewScreen))
        await pilot.press("escape")
        await until(pilot, lambda: ready(shell))
        assert shell.lesson.at == 1
        await pilot.press("up", "enter")
        await reach(pilot, 2)


async def test_every_step_can_be_passed_over(shell: PracticeShell) -> None:
    async with shell.run_test(size=(80, 24)) as pilot:
        await start(pilot)
        for _step in STEPS:
            await pilot.press("ctrl+n")
        await until(pilot, lambda: isinstance(shell.screen, PracticeEnd))
        await pilot.press("escape")
        await until(pilot, lambda: "The lesson is over" in seen(shell))


async def test_leaving_while_the_home_is_being_made_leaves_nothing(shell: PracticeShell) -> None:
    async with shell.run_test() as pilot:
        await pilot.pause()
        await pilot.press("enter", "ctrl+q")


@pytest.mark.parametrize("fresh", [True, False], ids=["new vault", "empty list"])
async def test_who_begins_is_offered_the_practice(home: Path, tmp_path: Path, fresh: bool) -> None:
    shell = shell_of(tmp_path / "none" if fresh else home)
    async with shell.run_test() as pilot:
        if not fresh:
            await unlock(pilot)
        await until(pilot, lambda: "F5 opens a practice" in " ".join(seen(shell).split()))
        await pilot.press("f5")
        await until(pilot, lambda: shell.leaving or shell.practice_wanted)
    assert shell.practice_wanted
    assert shell.opened is None


# ---- what is left ----


def test_what_is_wiped_was_overwritten(place: Path) -> None:
    with PracticeHome() as practice:
        path = practice.folder / "testimony"
        path.write_bytes(b"invented" * 1000)
        still_open = path.open("rb")
    with still_open:
        left = still_open.read()
    assert len(left) == 8000
    assert b"invented" not in left
    assert list(place.iterdir()) == []


def test_a_practice_that_runs_is_not_swept_away_and_neither_is_what_is_not_ours(place: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_text("kept")
    (place / f"{PREFIX}link").symlink_to(other)
    (place / "svidok").mkdir()
    with PracticeHome() as practice:
        assert sweep() == 0
        assert practice.folder.is_dir()
    assert (other / "file").read_text() == "kept"
    assert (place / "svidok").is_dir()


def folder_of(pid: int) -> Path | None:
    """The folder of the practice of a process."""
    for place in practice_home.places():
        for held in place.glob(f"{PREFIX}*/lock"):
            if held.read_text().strip() == str(pid):
                return held.parent
    return None


def shown_until(terminal: int, words: str) -> None:
    """Read what the program draws until these words come."""
    drawn = ""
    while words not in drawn:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, drawn[-2000:]
        drawn += os.read(terminal, 65536).decode("utf-8", "replace")


@contextlib.contextmanager
def terminal(*command: str, home: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The real command in a terminal of 80 by 24; killed at the end."""
    environment = environment_of(home)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen([*SVIDOK, *command], stdin=slave, stdout=slave, stderr=slave, env=environment)
    try:
        yield master, process
    finally:
        process.kill()
        process.wait(60)
        os.close(slave)
        os.close(master)


def environment_of(home: Path) -> dict[str, str]:
    return os.environ | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "SVIDOK_HOME": str(home)}


def shown_until_closed(terminal: int, process: subprocess.Popen[bytes]) -> None:
    """Read what the program draws until it ends."""
    for _turn in range(600):
        if select.select([terminal], [], [], 0.1)[0]:
            os.read(terminal, 65536)
        elif process.poll() is not None:
            return


def test_killed_in_the_middle_it_is_removed_at_the_next_start(tmp_path: Path) -> None:
    with terminal("field", "practice", home=tmp_path / "none") as (master, process):
        shown_until(master, "throw-away")
        os.write(master, b"\r")
        shown_until(master, "New interview")
        os.write(master, b"\x1bOR")
        shown_until(master, "overhear")
        folder = folder_of(process.pid)
        assert folder is not None
    assert (folder / "field" / "vault" / "vault.db").is_file()
    done = subprocess.run(
        SVIDOK, env=environment_of(tmp_path / "none"), capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert "E_HOME_MISSING" in done.stderr
    assert not folder.exists()


def test_from_the_first_start_to_the_practice_and_back(tmp_path: Path) -> None:
    with terminal("field", "interview", home=tmp_path / "none") as (master, process):
        shown_until(master, "Make a new vault")
        os.write(master, b"\x1b[15~")
        shown_until(master, "throw-away")
        folder = folder_of(process.pid)
        assert folder is not None
        os.write(master, b"\x11")
        shown_until(master, "Make a new vault")
        assert not folder.exists()
        os.write(master, b"\x11")
        shown_until_closed(master, process)
        assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


# ---- pictures ----

PICTURED = [2, 8, 16]


@every_language
@both_sizes
@pytest.mark.parametrize("step", PICTURED)
def test_screen(
    snap_compare: Any, shell: PracticeShell, still_pictures: None, step: int, size: tuple[int, int], language: str
) -> None:
    locale.set_language(language)
    assert snap_compare(shell, terminal_size=size, run_before=still(lambda pilot: up_to(pilot, step)))


@every_language
@pytest.mark.parametrize("dialog", [False, True], ids=["start", "end"])
def test_first_and_last_screen(
    snap_compare: Any, shell: PracticeShell, still_pictures: None, dialog: bool, language: str
) -> None:
    async def run(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        if dialog:
            await start(pilot)
            shell.push_screen(PracticeEnd())
            await pilot.pause()

    locale.set_language(language)
    assert snap_compare(shell, terminal_size=(80, 24), run_before=still(run))
