"""A window that becomes too small and large again: nothing that is typed goes astray, no question is cut off."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Button, Input

from tests.tui.conftest import account_of, begin, seen, shell_of, type_text, unlock
from tui.screens.dialogs import Confirm
from tui.screens.interview.choices import Choices

TINY = [(20, 5), (1, 1), (39, 24), (80, 9)]


@pytest.mark.parametrize("size", TINY)
async def test_what_is_typed_in_a_window_too_small_arrives_in_the_account(home: Path, size: tuple[int, int]) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        account = await account_of(pilot, screen)
        before = account.text
        await pilot.resize_terminal(*size)
        await type_text(pilot, "unseen")
        await pilot.resize_terminal(80, 24)
        await type_text(pilot, "seen")
        assert account.text == before + "unseenseen"
        assert "unseenseen" in seen(shell)


@pytest.mark.parametrize("size", TINY)
async def test_a_list_is_usable_after_a_window_was_too_small(home: Path, size: tuple[int, int]) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("a_setting", "account_depth"))
        await pilot.pause()
        await pilot.resize_terminal(*size)
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert shell.focused is screen.query_one(Choices)


async def test_the_passphrase_goes_on_after_a_window_was_too_small(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await type_text(pilot, "ab")
        await pilot.resize_terminal(20, 5)
        await type_text(pilot, "cd")
        await pilot.resize_terminal(80, 24)
        await type_text(pilot, "ef")
        assert shell.screen.query_one("#passphrase", Input).value == "abcdef"


@pytest.mark.parametrize("size", [(22, 5), (39, 10), (40, 9)])
async def test_a_dialog_in_a_window_too_small_says_the_sentence(home: Path, size: tuple[int, int]) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        shell.push_screen(Confirm("Is it so?", "Words that explain the question.", "It is"))
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert "larger" in seen(shell)
        assert "Is it so?" not in seen(shell)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "Is it so?" in seen(shell)
        assert shell.focused is shell.screen.query_one("#no", Button)


@pytest.mark.parametrize("size", [(40, 10), (40, 12), (60, 14)])
async def test_the_button_with_the_cursor_is_seen_in_a_low_window(home: Path, size: tuple[int, int]) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        shell.push_screen(Confirm("Is it so?", "Words that explain the question. " * 12, "It is", "It is not"))
        await pilot.pause()
        await pilot.resize_terminal(*size)
        await pilot.pause()
        await pilot.pause()
        assert "It is not" in seen(shell)
        await pilot.press("right")
        assert shell.focused is shell.screen.query_one("#yes", Button)
