"""Files: chosen from a stick, sealed with a bar that can be stopped, previewed from the sealed copy, and the file's own
fate asked for.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import threading
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from collector import media
from tests.collector.test_preview import PLACE, jpeg, tiff
from tests.tui.conftest import begin, seen, shell_of, until
from tests.tui.kinds import enrolled_with_kinds
from tui.screens.interview import files as panel_module
from tui.screens.interview.files import FileList, FilePanel
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interview.taking import TakingOver

PAPER = ("paper",)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home, made once."""
    return enrolled_with_kinds(tmp_path_factory.mktemp("kinds") / "home")


@pytest.fixture
def home(kinds: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(kinds, tmp_path / "home"))


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that counts as a stick."""
    folder = tmp_path / "media" / "STICK"
    folder.mkdir(parents=True)
    monkeypatch.setattr(panel_module, "mounted_sticks", lambda: [folder])
    return folder


async def at_paper(pilot: Pilot[Any]) -> InterviewScreen:
    """The question for a file, its media listed."""
    screen = await begin(pilot)
    screen.go(PAPER)
    await until(pilot, lambda: bool(screen.query_one(FileList).lines))
    return screen


async def taken(pilot: Pilot[Any]) -> TakingOver:
    """The dialog after the file was sealed."""
    await until(pilot, lambda: isinstance(pilot.app.screen, TakingOver) and pilot.app.screen.attachment is not None)
    dialog = pilot.app.screen
    assert isinstance(dialog, TakingOver)
    await pilot.pause()
    return dialog


def names(screen: InterviewScreen) -> list[str]:
    return [line.text for line in screen.query_one(FileList).lines]


async def test_the_way_to_a_file_begins_at_the_sticks_and_remembers_nothing(home: Path, stick: Path) -> None:
    (stick / "DCIM").mkdir()
    (stick / "DCIM" / "photo.jpg").write_bytes(jpeg(exif=tiff(PLACE)))
    (stick / "DCIM" / "other.txt").write_text("x")
    (stick / ".hidden").write_text("x")
    shell = shell_of(home)
    async with shell.run_test(size=(100, 30)) as pilot:
        screen = await at_paper(pilot)
        assert names(screen) == ["STICK", "Home folder of this computer"]
        assert "1 stick or card is here" in seen(shell)
        await pilot.press("down", "enter")
        await until(pilot, lambda: names(screen) == ["DCIM"])
        assert screen.query_one("#file-path", Input).value == f"{stick}/"
        await pilot.press("enter")
        await until(pilot, lambda: names(screen) == ["other.txt", "photo.jpg"])
        await pilot.press("left")
        await until(pilot, lambda: names(screen) == ["DCIM"])
        await pilot.press("right")
        await until(pilot, lambda: names(screen) == ["other.txt", "photo.jpg"])
        await pilot.press("up")
        assert screen.query_one("#file-path", Input).has_focus
        await pilot.press(*"HOT", "down")
        await until(pilot, lambda: names(screen) == ["photo.jpg"])
        await pilot.press("enter")
        dialog = await taken(pilot)
        digest = hashlib.sha256((stick / "DCIM" / "photo.jpg").read_bytes()).hexdigest()
        assert digest[:32] in seen(shell)
        assert digest[32:] in seen(shell)
        assert f"{digest[:8]}…" in seen(shell)
        assert shell.focused is dialog.query_one("#leave", Button)
        await pilot.press("enter")
        assert (stick / "DCIM" / "photo.jpg").exists()
        await until(pilot, lambda: "JPEG picture, 4000 x 3000" in seen(shell))
        assert "where it was taken (GPS)" in seen(shell)
        await pilot.press("delete")
        await until(pilot, lambda: names(screen) == ["STICK", "Home folder of this computer"])
        assert screen.query_one("#file-path", Input).value == ""


async def test_escape_while_it_is_sealed_leaves_nothing(home: Path, stick: Path, monkeypatch: Any) -> None:
    (stick / "long.bin").write_bytes(bytes(3_000_000))
    begun, go_on = threading.Event(), threading.Event()
    seal_file = media.cellstream.seal_file

    def slow(*arguments: Any, progress: Any, **rest: Any) -> Any:
        def told(done: int) -> None:
            begun.set()
            go_on.wait(20)
            progress(done)

        return seal_file(*arguments, progress=told, **rest)

    monkeypatch.setattr(media.cellstream, "seal_file", slow)
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await at_paper(pilot)
        screen.query_one("#file-path", Input).value = str(stick / "long.bin")
        await pilot.press("enter")
        await until(pilot, begun.is_set)
        assert os.listdir(shell.field.vault.folder / "spool")
        await pilot.press("escape")
        assert isinstance(shell.screen, TakingOver)
        go_on.set()
        await until(pilot, lambda: shell.screen is screen)
        assert os.listdir(shell.field.vault.folder / "spool") == []
        assert shell.field.vault.db.query("SELECT count(*) FROM attachment") == [(0,)]
        assert screen.view.nodes[PAPER].value is None
        assert screen.cursor == PAPER
        assert (stick / "long.bin").stat().st_size == 3_000_000


async def test_the_file_is_overwritten_and_deleted_only_when_that_is_chosen(home: Path, stick: Path) -> None:
    (stick / "paper.txt").write_text("first line\n\x1b[31mred\nthird")
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await at_paper(pilot)
        screen.query_one("#file-path", Input).value = str(stick / "paper.txt")
        with (stick / "paper.txt").open("rb") as still_open:
            await pilot.press("enter")
            await taken(pilot)
            assert "old blocks may survive" in " ".join(seen(shell).split())
            await pilot.press("right", "enter")
            await until(pilot, lambda: shell.screen is screen)
            assert not (stick / "paper.txt").exists()
            assert b"first" not in still_open.read()
        await until(pilot, lambda: "first line" in seen(shell))
        assert "·[31mred" in seen(shell)
        assert len(screen.interview.files()) == 1


async def test_on_a_medium_that_cannot_be_written_deleting_is_not_offered(
    home: Path, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stick / "paper.txt").write_text("words")
    monkeypatch.setattr("collector.sources._writable", lambda _path: False)
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await at_paper(pilot)
        screen.query_one("#file-path", Input).value = str(stick / "paper.txt")
        await pilot.press("enter")
        dialog = await taken(pilot)
        assert not dialog.query_one("#erase").display
        assert "lets nothing be written" in " ".join(seen(shell).replace("│", " ").split())
        await pilot.press("right", "escape")
        assert shell.screen is screen
        assert (stick / "paper.txt").read_text() == "words"


async def test_a_file_that_changed_meanwhile_is_not_deleted(home: Path, stick: Path) -> None:
    (stick / "paper.txt").write_text("words")
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await at_paper(pilot)
        screen.query_one("#file-path", Input).value = str(stick / "paper.txt")
        await pilot.press("enter")
        dialog = await taken(pilot)
        (stick / "paper.txt").write_text("other words")
        await pilot.press("right", "enter")
        await until(pilot, lambda: not dialog.query_one("#erase").display)
        assert (stick / "paper.txt").read_text() == "other words"
        await pilot.press("enter")
        assert shell.screen is screen


async def test_names_that_steer_a_terminal_or_are_no_text_do_no_harm(home: Path, stick: Path) -> None:
    evil = os.fsencode(stick) + b"/\x1b]0;owned\x07\xff\xfe.png"
    with open(evil, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 1 << 31, 1) + b"\xff" * 90)
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await at_paper(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: len(names(screen)) == 1 and "png" in names(screen)[0])
        await pilot.press("enter")
        await taken(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert "\x1b" not in seen(shell)
        assert "\x07" not in seen(shell)
        assert "owned" in seen(shell)
        assert "picture" not in seen(shell)
        assert isinstance(screen.query_one(FilePanel), FilePanel)


async def test_a_folder_that_cannot_be_read_says_so(home: Path, stick: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await at_paper(pilot)
        screen.query_one("#file-path", Input).value = f"{stick}/nowhere/"
        await until(pilot, lambda: names(screen) == [])
        assert screen.cursor == PAPER
        screen.query_one("#file-path", Input).value = f"{stick}/"
        await until(pilot, lambda: "This folder is empty." in seen(shell))
