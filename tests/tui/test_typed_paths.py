"""What can be typed into a path or a number ends nothing, whatever it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from tests.tui.conftest import begin, consent, seen, shell_of, type_text, unlock, until
from tui.screens.dialogs import AskFolder
from tui.screens.interview.files import FilePanel
from tui.screens.interview.view import is_asked, question_of
from tui.widgets.paths import PathSuggester, is_file, is_folder, typed_path

STRANGE = ("~nobody-at-all", "~nobody-at-all/a", "/tmp/" + "x" * 400, "/tmp/" + "x" * 400 + "/", "a\0b", "~/a\0/")


@pytest.mark.parametrize("text", STRANGE)
async def test_no_typed_path_is_an_error(text: str) -> None:
    assert not is_folder(typed_path(text))
    assert not is_file(typed_path(text))
    assert await PathSuggester().get_suggestion(text) is None


def test_a_tilde_alone_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert typed_path(" ~/a ") == tmp_path / "a"
    assert is_folder(typed_path("~"))


async def test_a_tilde_of_nobody_where_a_folder_is_asked_for(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        await pilot.press("f9", "f5")
        await type_text(pilot, "~zz/a")
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(shell.screen, AskFolder)
        assert "There is nothing of that name." in seen(shell)
        shell.screen.query_one("#path", Input).value = STRANGE[2]
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(shell.screen, AskFolder)


async def test_a_tilde_of_nobody_where_a_file_is_asked_for(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        asked = [node for node in screen.view.nodes.values() if is_asked(node)]
        path = next(node.path for node in asked if question_of(node).type == "file")
        screen.go(path)
        await type_text(pilot, "~zz/a")
        panel = screen.query_one(FilePanel)
        await until(pilot, lambda: panel.folder is not None and panel.folder.name == "~zz")
        for text in STRANGE:
            panel.query_one("#file-path", Input).value = text
            await pilot.pause()
        assert shell.screen is screen


async def test_a_tilde_of_nobody_and_a_sign_without_a_number_at_the_sticks(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        await pilot.press("f6")
        for text in ("~zz", STRANGE[2]):
            shell.screen.query_one("#folder", Input).value = text
            await pilot.press("enter")
            await until(pilot, lambda: "There is no folder of that name." in seen(shell))
        shell.screen.query_one("#k").focus()
        await pilot.press("backspace", "minus")
        await pilot.pause()
        assert shell.screen.query_one("#k", Input).value == "-"
        assert "Sticks" in seen(shell)
