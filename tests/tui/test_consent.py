"""Consent is asked one use at a time; nothing is chosen beforehand, every change stays, and all is asked again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from tests.tui.conftest import CONSENTED, begin, consent, reopened, seen, shell_of, type_text, until
from tui.screens.interview.choices import Choices
from tui.screens.interview.consent import ConsentHead, ReconfirmScreen
from tui.screens.interview.gates import GateDialog
from tui.screens.interview.screen import InterviewScreen
from tui.widgets.lines import Lines

C, U = "c_consent", "u_closing"
STORE, STATS, SCOPE = (C, "consent_store"), (C, "consent_stats"), (C, "consent_identity_scope")
TALK = (C, "consent_interview")
RECONFIRM = (U, "consent_reconfirm")


def choices(screen: InterviewScreen) -> Choices:
    return screen.card.query_one(Choices)


def told(screen: InterviewScreen, name: str) -> list[object]:
    return [event.value for event in screen.interview.ledger.events if event.name == name]


async def at(pilot: Pilot[Any], screen: InterviewScreen, path: tuple[str, ...]) -> None:
    screen.go(path)
    await pilot.pause()


async def test_one_use_stands_alone_with_how_far_one_is_and_no_answer_chosen(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await at(pilot, screen, STATS)
        shown = seen(shell)
        assert "May your account be counted in statistics" in shown
        assert "May we keep this record" not in shown, "one use at a time"
        assert "Consent · 5 of 16" in shown
        assert choices(screen).at is None
        await pilot.press("enter", "space")
        await pilot.pause()
        assert screen.interview.session.value(STATS) is None, "Enter alone answers nothing"
        assert screen.cursor == STATS


async def test_how_many_questions_of_consent_there_are_stands_there_once_the_talk_is_agreed_to(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        for section, name, value in CONSENTED[: CONSENTED.index((*TALK, "yes"))]:
            screen.changed(screen.interview.answer((section, name), value))
        await at(pilot, screen, TALK)
        assert str(screen.query_one(ConsentHead).content) == "Consent · 2"
        await pilot.press("1")
        await until(pilot, lambda: "Consent · 3 of 16" in seen(shell))
        screen.changed(screen.interview.answer(TALK, "no"))
        await at(pilot, screen, TALK)
        assert str(screen.query_one(ConsentHead).content).startswith("Consent · 2 of 2 "), "nothing more is asked"


async def test_an_answer_by_arrows_and_by_its_digit_and_the_way_back(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await at(pilot, screen, STATS)
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        assert screen.interview.session.value(STATS) == "no"
        assert screen.cursor == (C, "consent_publish_anon")
        await pilot.press("1")
        await pilot.pause()
        assert screen.interview.session.value((C, "consent_publish_anon")) == "yes"
        assert screen.cursor == (C, "consent_publish_named")
        await pilot.press("shift+tab", "shift+tab")
        await pilot.pause()
        assert screen.cursor == STATS
        assert choices(screen).at == 1, "the cursor stands on what was answered"
        await pilot.press("up", "up")
        await pilot.pause()
        assert screen.cursor == STORE


async def test_the_teach_back_is_written_in_the_persons_own_words(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await at(pilot, screen, (C, "consent_understood"))
        assert "In your own words" in seen(shell)
        await type_text(pilot, "You write it down")
        await pilot.press("tab")
        await pilot.pause()
        assert screen.interview.session.value((C, "consent_understood")) == "You write it down"


async def test_words_that_are_still_being_typed_are_kept_and_are_no_line_of_the_ledger(home: Path) -> None:
    path, said = (C, "consent_understood"), "I can stop"
    shell = shell_of(home)

    def kept(screen: InterviewScreen) -> str:
        return screen.interview.cursor.pending if screen.interview.cursor is not None else ""

    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await at(pilot, screen, path)
        await type_text(pilot, said)
        await until(pilot, lambda: kept(screen) == said)
        await type_text(pilot, " and they keep it")
        await until(pilot, lambda: kept(screen) == "I can stop and they keep it")
        assert told(screen, "consent_understood") == []
        await at(pilot, screen, STATS)
        await at(pilot, screen, path)
        assert told(screen, "consent_understood") == ["I can stop and they keep it"]
        assert kept(screen) == ""
        assert "I can stop and they keep it" in seen(shell)


async def test_a_change_is_a_line_of_the_ledger_and_the_screen_shows_both(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await at(pilot, screen, STATS)
        await pilot.press("1")
        await at(pilot, screen, STATS)
        assert "Yes" in seen(shell)
        assert "→" not in seen(shell).split("Consent ·")[1].split("«")[0]
        await pilot.press("2")
        await at(pilot, screen, STATS)
        assert "→ changed: No" in seen(shell)
        code = screen.interview.code
    field = reopened(home)
    try:
        events = field.open_interview(code).ledger.events
        assert [event.value for event in events if event.name == "consent_stats"] == ["yes", "no"]
    finally:
        field.close()


async def test_at_the_end_each_given_use_is_asked_again_and_confirming_is_kept(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.changed(screen.interview.answer(STATS, "no"))
        screen.changed(screen.interview.answer(SCOPE, "judicial"))
        await at(pilot, screen, RECONFIRM)
        again = pilot.app.screen
        assert isinstance(again, ReconfirmScreen)
        assert again.uses == [(C, "consent_audio"), STORE, SCOPE], "what was refused is not asked again"
        assert "1 of 3" in seen(shell)
        assert again.query_one(Lines).at is None
        await pilot.press("enter")
        await pilot.pause()
        assert again.place == 0, "Enter alone confirms nothing"
        await pilot.press("1")
        await pilot.pause()
        assert told(screen, "consent_audio") == ["yes", "yes"]
        await pilot.press("backspace")
        await pilot.pause()
        assert "= confirmed: Yes" in seen(shell)
        await pilot.press("down", "enter", "1", "1")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert screen.cursor == RECONFIRM
        assert screen.interview.session.value(RECONFIRM) is None, "the form's own question is still asked"
        assert choices(screen).at is None


async def test_a_use_that_is_taken_back_at_the_end_is_narrower_and_needs_no_second_round(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.changed(screen.interview.answer(STATS, "yes"))
        await at(pilot, screen, RECONFIRM)
        await pilot.press("1", "1", "2")
        await pilot.pause()
        assert pilot.app.screen is screen, "no safeguard speaks: the change was made"
        assert screen.interview.session.value(STATS) == "no"
        assert screen.interview.session.value(RECONFIRM) == "narrowed"
        names = [event.name for event in screen.interview.ledger.events]
        assert names[-2:] == ["consent_reconfirm", "consent_stats"]


async def test_what_ends_the_interview_at_the_end_speaks_at_once(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await at(pilot, screen, RECONFIRM)
        await pilot.press("1", "2")
        await until(pilot, lambda: isinstance(pilot.app.screen, GateDialog))
        dialog = pilot.app.screen
        assert isinstance(dialog, GateDialog)
        assert dialog.gate.id == "G9"
        assert screen.interview.session.value(STORE) == "no"


async def test_leaving_the_second_round_asks_the_forms_question_all_the_same(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await at(pilot, screen, RECONFIRM)
        await pilot.press("escape", "1")
        await pilot.pause()
        assert screen.interview.session.value(RECONFIRM) == "unchanged"
        await at(pilot, screen, RECONFIRM)
        assert pilot.app.screen is screen, "it was answered"


async def test_the_second_round_speaks_the_language_that_is_chosen(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await at(pilot, screen, RECONFIRM)
        await pilot.press("1", "f2")
        await pilot.pause()
        assert "Чи можна зберігати цей запис" in seen(shell)
        assert "Лишається: Так" in seen(shell)
        assert "2 із 2" in seen(shell)


async def test_other_sections_look_as_before(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await at(pilot, screen, STATS)
        await at(pilot, screen, ("b_safety", "privacy_ok"))
        assert not screen.has_class("-consent")
        assert "Consent ·" not in seen(shell)
        assert choices(screen).at is not None
        assert not choices(screen).numbered
