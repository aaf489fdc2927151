"""Keys that were not meant: pressed twice, pressed beside the right one, pressed where a place is closed."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, Label

from tests.tui.conftest import begin, consent, reopened, seen, shell_of, type_text, until
from tui.screens.dialogs import AskLine, Confirm
from tui.screens.interview.consent import ReconfirmScreen
from tui.screens.interview.gates import GateDialog
from tui.screens.interview.jump import JumpDialog
from tui.screens.review import ReviewScreen
from tui.screens.seal_card import SealCard
from tui.screens.shell import Shell

ACCOUNT = ("d_account", "narrative_text")
C = "c_consent"
STATS, PUBLISH = (C, "consent_stats"), (C, "consent_publish_anon")
RECONFIRM = ("u_closing", "consent_reconfirm")
READING = "tui.screens.interview.reading.READING_SECONDS"


def told(shell: Shell) -> str:
    """What was said in one line last."""
    return [notice.message for notice in shell._notifications][-1]


async def test_a_reserved_answer_over_a_text_says_so_and_undo_has_all_of_it(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(ACCOUNT)
        await type_text(pilot, "Now ")
        typed = screen.card.typed
        assert typed is not None
        assert "Now " in typed
        await pilot.press("f7")
        assert screen.interview.session.node(ACCOUNT).missing == "declined"
        assert "was replaced. ^Z brings it back" in told(shell)
        await pilot.press("ctrl+z")
        await pilot.pause()
        assert screen.interview.session.value(ACCOUNT) == typed, "also what was typed a moment before"
        screen.go(("a_setting", "documenter_code"))
        shell.clear_notifications()
        await pilot.press("f6")
        assert not list(shell._notifications), "where nothing stood nothing is said"


async def test_sections_that_an_undo_opens_again_are_drawn_so(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(ACCOUNT)
        await pilot.pause()
        names = screen.section_list.names
        before = [line.closed for line in screen.section_list.lines]
        await pilot.press("f7")
        assert [line.closed for line in screen.section_list.lines] != before
        await pilot.press("ctrl+z")
        await pilot.pause()
        now = [line.closed for line in screen.section_list.lines]
        assert [name for name, was, is_now in zip(names, before, now, strict=True) if was != is_now] == []


async def test_a_closed_place_says_why_enter_does_nothing(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await pilot.press("f3")
        shell.screen.query_one("#jump", Input).value = "informed consent"
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(shell.screen, JumpDialog)
        assert "closed now" in seen(shell)
        shell.screen.query_one("#jump", Input).value = "documenter"
        await pilot.pause()
        assert not shell.screen.query_one("#jump-none", Label).display


async def test_line_ends_alone_answer_nothing_and_stay_in_the_editor(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.changed(screen.interview.clear(ACCOUNT))
        screen.go(ACCOUNT)
        await pilot.press("enter", "enter")
        assert screen.commit()
        assert screen.interview.session.value(ACCOUNT) is None
        await type_text(pilot, "So")
        assert screen.commit()
        assert screen.interview.session.value(ACCOUNT) == "\n\nSo"
        await pilot.press("ctrl+a", "delete", "enter", "tab")
        await pilot.pause()
        assert screen.interview.session.value(ACCOUNT) is None


async def test_a_digit_pressed_twice_answers_one_use(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(READING, 3600.0)
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(STATS)
        await pilot.pause()
        monkeypatch.setattr(READING, 0.0)
        await pilot.press("2")
        monkeypatch.setattr(READING, 3600.0)
        await pilot.press("2")
        await pilot.pause()
        assert screen.interview.session.value(STATS) == "no"
        assert screen.cursor == PUBLISH
        assert screen.interview.session.value(PUBLISH) is None
        uses = [(C, "consent_audio"), (C, "consent_store")]
        shell.push_screen(again := ReconfirmScreen(screen, uses))
        await pilot.pause()
        await pilot.press("1")
        await pilot.pause()
        assert again.place == 0, "nothing is confirmed that was not read"


async def test_enter_pressed_twice_does_not_close_a_gate_or_the_card_unread(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(READING, 3600.0)
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.changed(screen.interview.answer((C, "consent_store"), "no"))
        await until(pilot, lambda: isinstance(shell.screen, GateDialog))
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(shell.screen, GateDialog)
        await pilot.press("escape")
        shell.push_screen(SealCard("7F3QH2MWKX4T"))
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(shell.screen, SealCard)
        monkeypatch.setattr(READING, 0.0)
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(shell.screen, SealCard))
    reopened(home).close()


async def test_the_review_offers_the_key_that_leads_to_a_question(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("a_setting", "documenter_code"))
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(shell.screen, ReviewScreen))
        assert "Go to the question" in seen(shell)
        await pilot.press("enter")
        await pilot.pause()
        assert shell.screen is screen
        assert screen.cursor == ("a_setting", "account_depth")


async def test_consent_that_was_left_halfway_goes_on_where_it_was_left(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(RECONFIRM)
        await until(pilot, lambda: isinstance(shell.screen, ReconfirmScreen))
        first = shell.screen
        assert isinstance(first, ReconfirmScreen)
        uses = list(first.uses)
        await pilot.press("1")
        await pilot.pause()
        await pilot.press("escape")
        await until(pilot, lambda: shell.screen is screen)
        assert "not confirmed yet" in told(shell)
        screen.go(ACCOUNT)
        screen.go(RECONFIRM)
        await until(pilot, lambda: isinstance(shell.screen, ReconfirmScreen))
        again = shell.screen
        assert isinstance(again, ReconfirmScreen)
        assert again.uses == uses[1:]
        for _use in again.uses:
            await pilot.press("1")
            await pilot.pause()
        await until(pilot, lambda: shell.screen is screen)
        assert screen.left_uses == []


async def test_undo_at_the_closing_question_stays_there(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.changed(screen.interview.answer(RECONFIRM, "unchanged"))
        screen.go(ACCOUNT)
        await pilot.press("ctrl+z")
        await pilot.pause()
        assert screen.interview.session.value(RECONFIRM) is None
        assert shell.screen is screen
        assert screen.cursor == RECONFIRM


async def test_from_a_use_one_goes_to_a_table_or_the_account(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        for there in (("q_perp", "pp"), ACCOUNT, ("a_setting", "documenter_code")):
            screen.go(STATS)
            await pilot.pause()
            assert screen.go(there)
            await pilot.pause()
            assert screen.cursor == there


async def test_a_file_counts_in_its_section_as_soon_as_it_is_there(home: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.txt"
    photo.write_text("an invented photograph")
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(("r_items", "at"))
        await pilot.press("f9")
        entry = screen.view.entry_around(screen.cursor or ())
        assert entry is not None
        path = (*entry, "at_file")
        screen.go(path)
        screen.attach(path, photo)
        await until(pilot, lambda: screen.interview.session.value(path) is not None)
        place = screen.section_list.names.index("r_items")
        await until(pilot, lambda: screen.section_list.lines[place].note.startswith("1/"))
        await pilot.press("escape")
        await until(pilot, lambda: shell.screen is screen)


async def test_a_reason_that_was_typed_is_there_after_not_yet(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(shell.screen, ReviewScreen))
        await pilot.press("f8")
        await type_text(pilot, "an alarm")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, Confirm))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, ReviewScreen))
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(shell.screen, AskLine))
        assert shell.screen.query_one("#line", Input).value == "an alarm"
