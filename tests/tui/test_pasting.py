"""What comes from the terminal: no byte ends the program, no pasted text becomes a key, and nothing goes unsaid."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from tests.tui.conftest import account_of, begin, seen, shell_of, unlock
from tui.screens.pasting import one_line

if sys.platform != "win32":
    from tui.terminal_input import BEGIN, END, Source


def told(data: bytes, cuts: list[int]) -> list[str]:
    """Keys and pasted texts of bytes that come in pieces."""
    source, last, found = Source(), 0, []
    for cut in [*sorted(cuts), len(data)]:
        found += [*source.feed(data[last:cut]), *source.tick()]
        last = cut
    found += [*source.wait_no_more()] if source.waits else []
    return [each.text if isinstance(each, events.Paste) else each.key for each in found]  # type: ignore[attr-defined]


def test_pasted_text_is_one_text_wherever_the_bytes_are_cut() -> None:
    inside = "Слово\r\x1b[31m\x07 two \x1b[20 \x00"
    data = f"a{BEGIN}{inside}{END}b".encode()
    for cut in range(len(data)):
        assert told(data, [cut]) == ["a", inside, "b"]
        assert told(data, [cut, min(cut + 1, len(data)), min(cut + 3, len(data))]) == ["a", inside, "b"]


def test_keys_beside_pasted_text_stay_keys() -> None:
    assert told(b"\x1b[A" + BEGIN.encode() + END.encode() + b"\x1b[15~", []) == ["up", "", "f5"]


@pytest.mark.parametrize("seed", range(20))
def test_no_bytes_end_the_reading(seed: int) -> None:
    chance = random.Random(seed)
    pieces = [
        b"\x1b",
        b"[",
        b"<",
        b"M",
        b";",
        b"~",
        b"0",
        b"200",
        b"R",
        b"t",
        b"\xff",
        b"\xd0",
        b"\x00",
        b"c",
        b"?",
        b"$y",
    ]
    source = Source()
    for _turn in range(400):
        found = list(source.feed(b"".join(chance.choices(pieces, k=5))))
        found += [*source.wait_no_more()] if source.waits else []
        found += list(source.tick())
    list(source.feed(END.encode()))
    assert [each.key for each in source.feed(b"x") if isinstance(each, events.Key)][-1:] == ["x"]


def test_letters_of_another_encoding_are_signs_and_no_end() -> None:
    assert told("да".encode("koi8-r") + b"y", [])[-1] == "y"


def test_one_line() -> None:
    assert one_line("first\nsecond\n\nthird\n") == "first second third"
    assert one_line("  kept \n") == "  kept "


async def test_all_lines_reach_a_field_of_one_line(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("a_setting", "documenter_code"))
        await pilot.pause()
        shell.post_message(events.Paste("first\r\nsecond\r\n"))
        await pilot.pause()
        assert screen.query_one("#line", Input).value.endswith("first second")


async def test_what_was_left_out_is_said(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        account = await account_of(pilot, screen)
        shell.post_message(events.Paste("\x1b[1mbold\x07"))
        await pilot.pause()
        assert account.text.endswith("[1mbold")
        assert "2 control characters were left out" in " ".join(note.message for note in shell._notifications)


async def test_the_passphrase_is_taken_from_any_line(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        shell.post_message(events.Paste("\nsix words\n"))
        await pilot.pause()
        assert shell.screen.query_one("#passphrase", Input).value == "six words"


async def test_nothing_is_said_above_the_clock(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        await pilot.press("f10")
        await pilot.pause()
        shell.post_message(events.Paste("\x1bx\x07"))
        await pilot.pause()
        assert not any(char.isalpha() for char in seen(shell))
