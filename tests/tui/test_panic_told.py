"""After a panic the next one who unlocks is told what was sealed, erased, left, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import panic, panic_note
from collector.field import Field
from collector.panic_note import PanicNote
from schemas.problems import Problem
from tests.helpers.mission import NOW
from tests.tui.conftest import begin, reopened, seen, shell_of, unlock, until
from tests.tui.test_cover import in_the_account, panicked
from tui.screens.interviews import InterviewsScreen
from tui.screens.panic_told import PanicTold, told_text
from tui.state_words import code_text


async def test_the_fate_of_a_draft_is_told_once(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        code = (await in_the_account(pilot)).interview.code
        await panicked(pilot)
        assert code_text(code) not in seen(shell)
        await unlock(pilot)
        await until(pilot, lambda: isinstance(shell.screen, PanicTold))
        assert "1 draft was sealed. It has to leave (F6):" in seen(shell)
        assert code_text(code) in seen(shell)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, InterviewsScreen))
        assert "sealed · has to leave" in seen(shell)
    with reopened(home) as field:
        assert panic_note.load(field.vault.db) is None


async def test_who_locks_without_having_read_it_is_told_again(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await panicked(pilot)
        await unlock(pilot)
        await until(pilot, lambda: isinstance(shell.screen, PanicTold))
        assert "1 draft was erased, because nothing had been told yet:" in seen(shell)
        await pilot.press("f4")
        await until(pilot, lambda: shell.opened is None)
        await unlock(pilot)
        await until(pilot, lambda: isinstance(shell.screen, PanicTold))


async def test_a_panic_that_could_not_begin_is_told_with_its_reason(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(field: Field) -> None:
        field.close()
        raise Problem("E_MEDIA_IO", error="EIO")

    monkeypatch.setattr(panic, "seal_and_lock", broken)
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await panicked(pilot)
        await unlock(pilot)
        await until(pilot, lambda: isinstance(shell.screen, PanicTold))
        assert "They are still drafts." in seen(shell)
        assert "E_MEDIA_IO" in seen(shell)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, InterviewsScreen))
        assert shell.cover.failed is None


def test_what_can_still_be_read_here_stands_first_and_reasons_together() -> None:
    full = Problem("E_DISK_FULL", error="ENOSPC")
    note = PanicNote(
        NOW,
        ("A" * 12,),
        (("B" * 12, "refused"), ("C" * 12, "untold")),
        (("D" * 12, full), ("E" * 12, full), ("F" * 12, Problem("E_DOCUMENT_SIZE", compartment="narrative"))),
    )
    words = told_text(note, None).plain
    places = [words.index(code_text(letter * 12)) for letter in "DEFBCA"]
    assert places == sorted(places)
    assert words.count("E_DISK_FULL") == 1
    assert "3 drafts could not be sealed and can still be read here:" in words
    assert "1 draft was erased, because the person had said no:" in words
