"""The account is read back sentence by sentence, corrected where it is wrong, and the card gets the code alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from collector import readback
from tests.tui.conftest import begin, consent, reopened, seen, shell_of, type_text, until
from tui.screens.interview.screen import InterviewScreen
from tui.screens.readback import ReadBackScreen
from tui.screens.review import ReviewScreen
from tui.widgets.account import Account

ACCOUNT = ("d_account", "narrative_text")
TOLD = "Слюсар прийшов уранці. Він приніс повістку.\nПотім ми пішли."


async def told(pilot: Pilot[Any]) -> InterviewScreen:
    screen = await begin(pilot)
    consent(screen)
    screen.changed(screen.interview.answer(ACCOUNT, TOLD))
    await pilot.pause()
    return screen


def current(screen: ReadBackScreen) -> str:
    return str(screen.query_one(".passage.-current", Static).content)


def reading(pilot: Pilot[Any]) -> ReadBackScreen:
    assert isinstance(pilot.app.screen, ReadBackScreen)
    return pilot.app.screen


async def test_sentences_follow_each_other_to_the_question_of_the_form(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await told(pilot)
        await pilot.press("ctrl+o")
        await pilot.pause()
        back = reading(pilot)
        assert current(back) == "Слюсар прийшов уранці."
        assert "1 of 3" in seen(shell)
        assert "Він приніс повістку." in seen(shell)
        await pilot.press("space", "down")
        await pilot.pause()
        assert current(back) == "Потім ми пішли."
        await pilot.press("up")
        await pilot.pause()
        assert current(back) == "Він приніс повістку."
        assert readback.events(screen.interview) == ()
        await pilot.press("space", "space")
        await pilot.pause()
        assert "Was the account read back?" in seen(shell)
        assert [what for _, what, _ in readback.events(screen.interview)] == ["read"]
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.screen is back, "no answer is chosen beforehand"
        await pilot.press("1")
        await pilot.pause()
        assert isinstance(pilot.app.screen, InterviewScreen)
        assert screen.interview.session.value(("u_closing", "readback")) == "confirmed"


async def test_the_sentence_that_is_read_is_marked_without_colours(home: Path) -> None:
    async with shell_of(home).run_test(size=(80, 24)) as pilot:
        await told(pilot)
        await pilot.press("ctrl+o")
        await pilot.pause()
        widget = reading(pilot).query_one(".passage.-current")
        assert widget.styles.border_left[0] == "thick"
        assert widget.styles.text_style.bold
        other = next(each for each in reading(pilot).query(".passage").results() if not each.has_class("-current"))
        assert other.styles.border_left[0] != "thick"


async def test_a_correction_opens_the_account_at_that_sentence_and_is_remembered(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await told(pilot)
        await pilot.press("ctrl+o", "end", "space")
        await pilot.pause()
        await pilot.press("escape", "ctrl+o", "space", "f7")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert screen.cursor == ACCOUNT
        account = screen.card.query_one(Account)
        assert account.has_focus
        assert account.offset_of_cursor == TOLD.index("Він")
        await type_text(pilot, "X")
        await pilot.press("ctrl+o")
        await pilot.pause()
        assert "changed after it was read back" in seen(shell)
        assert [what for _, what, _ in readback.events(screen.interview)] == ["read", "changed"]
        code = screen.interview.code
    field = reopened(home)
    try:
        assert [what for _, what, _ in readback.events(field.open_interview(code))] == ["read", "changed"]
    finally:
        field.close()


async def test_from_the_review_and_back_to_it(home: Path) -> None:
    async with shell_of(home).run_test(size=(80, 24)) as pilot:
        screen = await told(pilot)
        await pilot.press("f5")
        await pilot.pause()
        review = pilot.app.screen
        assert isinstance(review, ReviewScreen)
        open_before = review.review.counts["open"]
        await pilot.press("ctrl+o", "end", "space", "2")
        await until(pilot, lambda: pilot.app.screen is review)
        assert review.review.counts["open"] == open_before - 1
        await pilot.press("ctrl+o", "f7")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert screen.cursor == ACCOUNT


async def test_without_an_account_there_is_nothing_to_read(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        await pilot.press("ctrl+o")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert any("no account" in str(note.message) for note in shell._notifications)
