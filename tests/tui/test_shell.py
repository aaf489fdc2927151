"""Unlocking, locking, language, help, and what never leaves the process."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
from textual.widgets import Input

from schemas.problems import Problem
from schemas.session_types import Changes
from tests.helpers.mission import PASSPHRASE, SetClock
from tests.tui.conftest import begin, consent, reopened, seen, shell_of, type_text, unlock, until
from tui import appearance, locale
from tui.screens.help import CommandsDialog, HelpDialog
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interviews import InterviewsScreen
from tui.screens.problem import ProblemDialog
from tui.screens.profiles import FieldProfile, Opened
from tui.screens.unlock import UnlockScreen
from tui.theme import DARK, PLAIN, THEMES, theme_for
from tui.widgets.keybar import KeyBar, shown_keys


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


# opening


async def test_the_right_passphrase_opens_the_list(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        assert isinstance(shell.screen, UnlockScreen)
        await unlock(pilot)
        assert isinstance(shell.screen, InterviewsScreen)
        assert "No interviews yet." in seen(shell)


async def test_a_wrong_passphrase_shows_the_coded_problem_and_empties_the_field(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await type_text(pilot, "wrong horse")
        await pilot.press("enter")
        screen = shell.screen
        assert isinstance(screen, UnlockScreen)
        await until(pilot, lambda: screen.problem is not None)
        assert "E_UNLOCK" in seen(shell)
        assert screen.query_one("#passphrase", Input).value == ""
        assert shell.opened is None
        await unlock(pilot)
        assert isinstance(shell.screen, InterviewsScreen)


class Slow(FieldProfile):
    """The real profile, which opens when it is told to."""

    def __init__(self) -> None:
        super().__init__(SetClock())
        self.go = threading.Event()

    def open(self, home: Path, passphrase: str) -> Opened:
        self.go.wait(30)
        return super().open(home, passphrase)


async def test_the_screen_lives_while_the_passphrase_is_checked(home: Path) -> None:
    shell = shell_of(home)
    shell.profile = slow = Slow()
    async with shell.run_test(size=(80, 24)) as pilot:
        await type_text(pilot, PASSPHRASE)
        await pilot.press("enter", "ctrl+t")
        assert shell.theme != DARK.name
        assert shell.opened is None
        slow.go.set()
        await until(pilot, lambda: shell.opened is not None)


async def test_a_new_vault_is_made_when_there_is_none(tmp_path: Path) -> None:
    shell = shell_of(tmp_path / "new")
    async with shell.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await type_text(pilot, "short")
        await pilot.press("enter")
        await type_text(pilot, "short")
        await pilot.press("enter")
        assert "E_PASSPHRASE_SHORT" in seen(shell)
        screen = shell.screen
        screen.query_one("#passphrase", Input).value = "one that is long enough, 7 words"
        screen.query_one("#again", Input).value = "another that is long enough"
        screen.query_one("#again").focus()
        await pilot.press("enter")
        assert "not the same" in seen(shell)
        assert not (tmp_path / "new").exists()


async def test_the_language_chosen_before_there_is_a_vault_is_kept_in_it(tmp_path: Path) -> None:
    home = tmp_path / "new"
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await pilot.press("f2")
        await pilot.pause()
        for name in ("passphrase", "again"):
            shell.screen.query_one(f"#{name}", Input).value = "one that is long enough, 7 words"
        shell.screen.query_one("#again").focus()
        await pilot.press("enter")
        await until(pilot, lambda: shell.opened is not None)
    assert appearance.load(home).language == "uk"


# locking


async def test_the_lock_key_keeps_what_is_being_typed(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        code = screen.interview.code
        await type_text(pilot, "2023-1")
        await pilot.press("f4")
        assert isinstance(shell.screen, UnlockScreen)
        assert shell.opened is None
        assert "2023-1" not in seen(shell)
        await unlock(pilot)
        await until(pilot, lambda: isinstance(shell.screen, InterviewScreen) and shell.screen.card.node is not None)
        again = shell.screen
        assert isinstance(again, InterviewScreen)
        assert again.interview.code == code
        assert again.card.typed == "2023-1"


async def test_the_idle_lock_keeps_what_is_being_typed_and_another_process_can_open(home: Path) -> None:
    clock = Clock()
    shell = shell_of(home, clock)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(("d_account", "narrative_text"))
        code = screen.interview.code
        await type_text(pilot, "Того ранку")
        clock.now = 9 * 60
        await shell.look_whether_idle()
        assert shell.screen is screen
        clock.now = 21 * 60
        await shell.look_whether_idle()
        await pilot.pause()
        assert isinstance(shell.screen, UnlockScreen)
        assert "no key was pressed" in seen(shell)
    with reopened(home) as field:
        interview = field.open_interview(code)
        assert interview.session.node(("d_account", "narrative_text")).value.endswith("Того ранку")
        assert interview.cursor is not None
        assert interview.cursor.path == ("d_account", "narrative_text")


async def test_a_key_puts_the_idle_lock_off(home: Path) -> None:
    clock = Clock()
    shell = shell_of(home, clock)
    async with shell.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        clock.now = 9 * 60
        await pilot.press("x")
        clock.now = 18 * 60
        await shell.look_whether_idle()
        assert shell.opened is not None


async def test_a_lock_closes_dialogs_and_wipes_the_copy_buffer(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        shell.copy_to_clipboard("words")
        await pilot.press("f1")
        assert isinstance(shell.screen, HelpDialog)
        await pilot.press("f4")
        await pilot.pause()
        assert isinstance(shell.screen, UnlockScreen)
        assert len(shell.screen_stack) == 2
        assert shell.clipboard == ""


async def test_leaving_keeps_what_is_being_typed(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        code = screen.interview.code
        await type_text(pilot, "2023-10-0")
        await pilot.press("ctrl+q")
    with reopened(home) as field:
        cursor = field.open_interview(code).cursor
        assert cursor is not None
        assert cursor.pending == "2023-10-0"


async def test_a_problem_while_answering_is_shown_and_the_screen_goes_on(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("a_setting", "interview_mode"))
        answer = screen.interview.answer

        def full(*_: object) -> Changes:
            raise Problem("E_DISK_FULL", error="ENOSPC")

        screen.interview.answer = full  # type: ignore[method-assign]  # a full disk under the real interview
        await pilot.press("space")
        await until(pilot, lambda: isinstance(shell.screen, ProblemDialog))
        assert "E_DISK_FULL" in seen(shell)
        await pilot.press("enter")
        screen.interview.answer = answer  # type: ignore[method-assign]  # the disk has room again
        await pilot.press("space")
        await pilot.pause()
        assert screen.view.nodes[("a_setting", "interview_mode")].value == "in_person"


async def test_a_lock_on_a_full_disk_locks_and_says_what_was_lost(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)

        def full(*_: object) -> None:
            raise Problem("E_DISK_FULL", error="ENOSPC")

        await type_text(pilot, "2023-1")
        screen.interview.keep = full  # type: ignore[method-assign]  # a full disk under the real interview
        await pilot.press("f4")
        await until(pilot, lambda: isinstance(shell.screen, UnlockScreen))
        assert "could not be kept" in seen(shell)
    with reopened(home):
        pass


async def test_a_lost_connection_keeps_what_was_typed(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        code = screen.interview.code
        await type_text(pilot, "2023-1")
        os.kill(os.getpid(), signal.SIGHUP)
        await until(pilot, lambda: shell.opened is None)
    with reopened(home) as field:
        cursor = field.open_interview(code).cursor
        assert cursor is not None
        assert cursor.pending == "2023-1"


# everywhere


async def test_the_language_changes_everywhere_at_once(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        assert "F3 New interview" in seen(shell)
        await pilot.press("f2")
        await pilot.pause()
        assert locale._("New interview") in seen(shell)
        assert "New interview" not in seen(shell)


async def test_the_next_start_speaks_and_looks_as_was_chosen(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test() as pilot:
        await pilot.press("f2")
        shell.action_colours()
        assert appearance.load(home) == appearance.Appearance("uk", "svidok-light")
    locale.set_language("en")
    shell = shell_of(home)
    async with shell.run_test() as pilot:
        assert locale.current_language() == "uk"
        await pilot.pause()
        assert locale._("Open the vault") != "Open the vault"
        assert locale._("Open the vault") in seen(shell)


async def test_a_choice_that_nobody_can_read_keeps_nobody_out(home: Path) -> None:
    (home / "appearance").write_bytes(b"language xx\ncolours \xff\n" * 40)
    shell = shell_of(home)
    async with shell.run_test() as pilot:
        assert locale.current_language() == "en"
        await pilot.pause()
        assert "Open the vault" in seen(shell)


def test_a_choice_of_colours_bends_to_the_terminal() -> None:
    assert theme_for("standard", "svidok-light") == "svidok-16"
    assert theme_for("truecolor", "svidok-light") == "svidok-light"
    assert theme_for("truecolor", "no such colours") == "svidok-dark"


async def test_help_names_every_key_that_is_offered(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(100, 60)) as pilot:
        await begin(pilot)
        await pilot.press("f1")
        text = seen(shell)
        for key in ("F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "⇧Tab", "Esc", "^P", "^Q"):
            assert key in text
        await pilot.press("escape")
        assert isinstance(shell.screen, InterviewScreen)


@pytest.mark.parametrize("width", [60, 70, 73, 76, 79, 80, 82, 100, 200])
async def test_the_line_of_keys_says_when_it_has_no_room_for_all(home: Path, width: int) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(width, 30)) as pilot:
        screen = await begin(pilot)
        rows = str(screen.query_one(KeyBar).render()).split("\n")
        shown = sum(f"{key} {locale._(binding.description)}" in "\n".join(rows) for key, binding in shown_keys(screen))
        assert rows[-1].endswith(" …") == (shown < len(shown_keys(screen)))
        assert max(map(len, rows)) <= width - 2


async def test_commands_are_found_by_typing(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        await pilot.press("ctrl+p")
        assert isinstance(shell.screen, CommandsDialog)
        await type_text(pilot, "mission")
        await pilot.press("enter")
        await pilot.pause()
        assert "Test mission" in seen(shell)


async def test_a_problem_is_shown_in_three_sentences_with_its_code(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        shell.problem(Problem("E_DISK_SPACE", needed=7, free=3))
        await pilot.pause()
        assert isinstance(shell.screen, ProblemDialog)
        text = seen(shell)
        for word in ("7 MiB", "What is safe", "Nothing was written", "What to do now", "E_DISK_SPACE"):
            assert word in text
        await pilot.press("enter")
        assert isinstance(shell.screen, UnlockScreen)


@pytest.mark.parametrize("size", [(40, 10), (41, 11), (60, 16), (80, 24), (120, 40), (200, 60)])
async def test_sizes_do_not_crash(home: Path, size: tuple[int, int]) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=size) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(("h_event", "ev"))
        await pilot.press("f9", "f1", "escape", "f3", "escape", "f5")
        await pilot.pause()
        assert "Review and seal" in seen(shell)


@pytest.mark.parametrize("size", [(39, 24), (80, 9), (10, 3)])
async def test_a_window_too_small_asks_to_be_made_larger(home: Path, size: tuple[int, int]) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=size) as pilot:
        await pilot.pause()
        assert "larger" in seen(shell) or size[0] < 20
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "Open the vault" in seen(shell)


@pytest.mark.parametrize("name", [theme.name for theme in THEMES])
async def test_every_set_of_colours_shows_every_screen(home: Path, name: str) -> None:
    shell = shell_of(home)
    shell.theme = name
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(("d_account", "narrative_text"))
        await pilot.press(*"слова", "f5", "f8")
        await pilot.pause()
        assert "broken off" in seen(shell)


def test_a_terminal_of_sixteen_colours_gets_its_own_colours() -> None:
    assert theme_for("standard") == PLAIN.name
    assert theme_for("256") == theme_for("truecolor") == DARK.name


async def test_a_mistake_of_the_program_is_no_success(home: Path) -> None:
    shell = shell_of(home)

    async def err() -> None:
        async with shell.run_test(size=(80, 24)) as pilot:
            shell.call_later(lambda: 1 // 0)
            await pilot.pause()

    with pytest.raises(ZeroDivisionError):
        await err()
    assert shell.return_code == 1
