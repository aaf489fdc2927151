"""Gates on the screens: they speak once, stay in sight, and what they say is what happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from tests.tui.conftest import begin, consent, reopened, seen, shell_of, unlock, until
from tui.screens.interview.choices import Choices
from tui.screens.interview.consent import ReconfirmScreen
from tui.screens.interview.gates import GateDialog
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interviews import InterviewsScreen
from tui.screens.review import ReviewScreen
from tui.screens.unlock import UnlockScreen

B, C, D, T = "b_safety", "c_consent", "d_account", "t_identity"
ACCOUNT = (D, "narrative_text")
NAME = (T, "id_full_name")


def dialog(pilot: Pilot[Any]) -> GateDialog:
    assert isinstance(pilot.app.screen, GateDialog)
    return pilot.app.screen


async def choose(pilot: Pilot[Any], screen: InterviewScreen, path: tuple[str, ...], code: str, key: str) -> None:
    """Stand on a choice and press a key; questions of consent have none chosen beforehand."""
    screen.go(path)
    await pilot.pause()
    if isinstance(pilot.app.screen, ReconfirmScreen):
        await pilot.press("escape")
    codes = [choice.value for choice in screen.view.nodes[path].choices]
    first = 0 if screen.card.query_one(Choices).at is None else -1
    await pilot.press(*["down"] * (codes.index(code) + 1 + first), key)
    await pilot.pause()


async def name_told(pilot: Pilot[Any]) -> InterviewScreen:
    """An interview in whose account a name stands twice."""
    screen = await begin(pilot)
    consent(screen)
    screen.changed(screen.interview.answer(ACCOUNT, "Тоді прийшов Іван Петренко. Потім Івана забрали."))
    screen.changed(screen.interview.answer((T, "id_mode"), "full"))
    screen.changed(screen.interview.answer(NAME, "Петренко Іван"))
    screen.go(ACCOUNT)
    return screen


async def test_a_gate_that_stops_says_what_why_what_to_offer_and_what_is_kept(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await choose(pilot, screen, (B, "privacy_ok"), "no", "enter")
        gate = dialog(pilot).gate
        assert (gate.id, gate.case) == ("G1", "overheard")
        shown = seen(shell)
        for words in ("Stop:", "Why", "What to offer now", "What is kept", "Another time", "G1"):
            assert words in shown
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert screen.cursor == (B, "privacy_ok"), "nothing moves on under a gate"
        assert "Stop: others can see or hear you." in seen(shell)
        assert not screen.view.nodes[C,].relevant


async def test_the_answer_beside_it_opens_nothing(home: Path) -> None:
    async with shell_of(home).run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        await choose(pilot, screen, (B, "privacy_ok"), "yes", "enter")
        assert pilot.app.screen is screen
        assert not screen.gate_line.display
        assert screen.cursor != (B, "privacy_ok")


async def test_a_limit_of_depth_speaks_once_and_can_be_read_again(home: Path) -> None:
    async with shell_of(home).run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await choose(pilot, screen, (B, "prior_account"), "icc", "space")
        assert dialog(pilot).gate.id == "G5"
        assert not screen.view.nodes[("e_person",)].relevant
        await pilot.press("escape")
        await pilot.press("down", "space")
        await pilot.pause()
        assert pilot.app.screen is screen, "it said so already"
        screen.go(("a_setting", "documenter_code"))
        for key, cursor in (("escape", ("a_setting", "documenter_code")), ("enter", (B, "prior_account"))):
            await pilot.press("ctrl+g")
            await pilot.pause()
            assert dialog(pilot).gate.id == "G5"
            await pilot.press(key)
            await pilot.pause()
            assert screen.cursor == cursor, "who only reads stays at the question at hand"


async def test_nothing_is_kept_of_a_refused_talk(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        code = screen.interview.code
        await choose(pilot, screen, (C, "consent_interview"), "no", "space")
        assert dialog(pilot).gate.id == "G8"
        assert "Nothing is kept" in seen(shell)
        await pilot.press("right", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, InterviewsScreen))
        assert code not in [row.code for row in shell.field.interviews()]
    field = reopened(home)
    try:
        assert field.interviews() == []
    finally:
        field.close()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((B, "risk_level"), "unacceptable"),
        ((C, "consent_store"), "later"),
        (("u_closing", "consent_reconfirm"), "withdrawn"),
    ],
)
async def test_where_nothing_is_kept_there_is_no_leaving_but_by_erasing(home: Path, path: Any, value: str) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await choose(pilot, screen, path, value, "space")
        assert dialog(pilot).gate.wipes
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert dialog(pilot).leaving
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is screen
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("right", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, InterviewsScreen))
        assert shell.field.interviews() == []


async def test_a_slip_is_corrected_and_everything_stays(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await choose(pilot, screen, (C, "consent_interview"), "no", "space")
        await pilot.press("enter")
        await pilot.press("up", "space")
        await pilot.pause()
        assert screen.interview.session.value((C, "consent_interview")) == "yes"
        assert not screen.wiping
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, InterviewsScreen))
        assert len(shell.field.interviews()) == 1


async def test_an_answer_at_which_one_stayed_stands_in_the_ledger_above(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await choose(pilot, screen, (C, "consent_store"), "no", "space")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        await pilot.pause()
        assert screen.cursor == (C, "consent_store")
        assert "changed: No" in seen(shell)


async def test_a_lock_is_no_leaving_and_the_gate_speaks_again(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.changed(screen.interview.answer((C, "consent_store"), "no"))
        await pilot.pause()
        assert dialog(pilot).gate.id == "G9"
        await pilot.press("f4")
        await until(pilot, lambda: isinstance(pilot.app.screen, UnlockScreen))
        await unlock(pilot)
        await until(pilot, lambda: isinstance(pilot.app.screen, GateDialog))
        assert dialog(pilot).gate.id == "G9"
        assert len(shell.field.interviews()) == 1


async def test_the_end_of_the_program_asks_first_and_then_erases(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.changed(screen.interview.answer((B, "risk_level"), "unacceptable"))
        await pilot.pause()
        await pilot.press("escape", "ctrl+q")
        await pilot.pause()
        assert dialog(pilot).leaving
        await pilot.press("right", "enter")
        await until(pilot, lambda: shell.opened is None)
    field = reopened(home)
    try:
        assert field.interviews() == []
    finally:
        field.close()


async def test_changed_permissions_lead_to_the_section_on_consent(home: Path) -> None:
    async with shell_of(home).run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        await choose(pilot, screen, ("u_closing", "consent_reconfirm"), "narrowed", "space")
        assert (dialog(pilot).gate.id, dialog(pilot).gate.effect) == ("G16", "warn")
        await pilot.press("right", "enter")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert screen.cursor is not None
        assert screen.cursor[0] == C


async def test_names_in_the_account_are_listed_and_one_key_writes_a_placeholder(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(120, 40)) as pilot:
        screen = await name_told(pilot)
        await pilot.press("f5")
        await pilot.pause()
        review = pilot.app.screen
        assert isinstance(review, ReviewScreen)
        assert seen(shell).count("V1  ←") == 3
        assert "Петренко. Потім" in seen(shell)
        options = review.query_one(OptionList)
        options.highlighted = 1
        await pilot.pause()
        await pilot.press("f6")
        await pilot.pause()
        text = str(screen.interview.session.value(ACCOUNT))
        assert text.count("V1") == 1
        await pilot.press("f7")
        await pilot.pause()
        assert screen.interview.session.value(ACCOUNT) == "Тоді прийшов V1. Потім V1 забрали."
        assert screen.interview.session.value(NAME) == "Петренко Іван"
        await pilot.press("escape")
        await pilot.pause()
        assert screen.card.typed == "Тоді прийшов V1. Потім V1 забрали."
        await pilot.press("f5")
        await pilot.pause()
        assert screen.interview.session.value(ACCOUNT) == "Тоді прийшов V1. Потім V1 забрали."


async def test_nothing_can_be_sealed_broken_off_while_a_gate_stops(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.changed(screen.interview.answer((B, "age_gate"), "minor"))
        await pilot.pause()
        await pilot.press("escape", "f5")
        await pilot.pause()
        review = pilot.app.screen
        assert isinstance(review, ReviewScreen)
        assert review.check_action("incomplete", ()) is False
        assert review.check_action("seal", ()) is False
        await pilot.press("enter")
        await pilot.pause()
        assert dialog(pilot).gate.id == "G2"


async def test_how_sure_a_date_is_stands_beside_it_in_words(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(120, 40)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(("f_status", "res_from"))
        line = screen.query_one("#line", Input)
        for text, words in (("2023-10", "day unknown"), ("2023-10-05", "exact date"), ("2023~", "estimated date")):
            line.value = text
            await pilot.pause()
            assert words in seen(shell)
            assert "Understood as: " in seen(shell)
        await pilot.press("tab")
        await pilot.pause()
        assert "2023~ · estimated date" in seen(shell)


async def test_what_was_wrong_goes_when_something_else_is_typed(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(120, 40)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(("f_status", "res_from"))
        screen.query_one("#line", Input).value = "long ago"
        await pilot.press("tab", "shift+tab")
        await pilot.pause()
        wrong = "This is no date"
        assert wrong in seen(shell)
        screen.query_one("#line", Input).value = "2023-10"
        await pilot.pause()
        assert "day unknown" in seen(shell)
        assert wrong not in seen(shell)
        screen.query_one("#line", Input).value = "long ago"
        await pilot.pause()
        assert wrong in seen(shell)
