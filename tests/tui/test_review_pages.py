"""The review beyond its list: the consent to be read aloud, what is sealed for whom, the code; corrections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from collector import contents, correction
from tests.tui.conftest import begin, consent, seen, shell_of, type_text, until
from tui.screens.dialogs import Choose
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interviews import InterviewsScreen
from tui.screens.review import ReviewScreen
from tui.screens.seal_card import _GLYPHS, SealCard, large

C = "c_consent"


async def reviewed(pilot: Pilot[Any]) -> InterviewScreen:
    screen = await begin(pilot)
    consent(screen)
    screen.changed(screen.interview.answer((C, "consent_understood"), "That I may stop.\n"))
    screen.changed(screen.interview.answer((C, "consent_stats"), "yes"))
    screen.changed(screen.interview.answer((C, "consent_stats"), "no"))
    await pilot.press("f5")
    await until(pilot, lambda: isinstance(pilot.app.screen, ReviewScreen))
    return screen


async def sealed(pilot: Pilot[Any]) -> str:
    """An interview broken off and sealed; the code card is open."""
    screen = await reviewed(pilot)
    await pilot.press("f8")
    await type_text(pilot, "shelling")
    await pilot.press("enter", "right", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, SealCard))
    return screen.interview.code


async def test_the_consent_can_be_read_aloud_in_the_forms_language(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 40)) as pilot:
        await reviewed(pilot)
        await pilot.press("right")
        await pilot.pause()
        shown = seen(shell)
        assert "[Consent]" in shown
        assert "May we keep this record, encrypted, for later use" in shown
        assert "→ changed: No" in shown
        assert "Must be answered" not in shown
        assert "«That I may stop.»" in shown
        await pilot.press("f2")
        await pilot.pause()
        assert "Чи можна зберігати цей запис" in seen(shell)


async def test_what_is_sealed_is_counted_and_its_keys_are_named_and_nothing_is_quoted(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 40)) as pilot:
        screen = await reviewed(pilot)
        await pilot.press("left")
        await pilot.pause()
        shown = seen(shell)
        parts = {part.compartment: part for part in contents.parts(shell.field, screen.interview)}
        assert f"{parts['process'].answers} answers" in shown
        assert parts["narrative"].answers == 1
        assert "They came in the evening" not in shown
        assert shown.count("Opened by Test Office with the key") == sum(len(part.keys) for part in parts.values())
        assert parts["identity"].keys[0][0].digits in shown


async def test_the_first_page_is_the_list_again_and_its_keys_belong_to_it(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await reviewed(pilot)
        review = pilot.app.screen
        await pilot.press("tab")
        await pilot.pause()
        assert not review.check_action("jump", ())
        await pilot.press("tab", "tab")
        await pilot.pause()
        assert review.check_action("jump", ())
        assert "Must be answered" in seen(shell) or "Not answered yet" in seen(shell)


async def test_after_the_seal_the_code_stands_large_and_enter_leads_to_the_list(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        code = await sealed(pilot)
        await pilot.pause()
        shown = seen(shell)
        assert all(row.rstrip() in shown for row in large(code))
        assert "KKKK-KKKK-KKK1" in shown
        assert "Not on the card" in shown
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, InterviewsScreen))


def test_every_sign_of_a_code_can_be_told_from_the_others() -> None:
    assert set(_GLYPHS) == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert len(set(_GLYPHS.values())) == len(_GLYPHS)
    assert max(map(len, large("MMMMWWWWQQQQ"))) <= 76


@pytest.mark.parametrize(("keys", "way"), [(["enter"], "supersedes"), (["down", "enter"], "continues")])
async def test_a_sealed_interview_is_corrected_from_the_list(home: Path, keys: list[str], way: str) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        code = await sealed(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, InterviewsScreen))
        await pilot.press("ctrl+e")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Choose)
        await pilot.press(*keys)
        await until(pilot, lambda: isinstance(pilot.app.screen, InterviewScreen))
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, InterviewScreen)
        link = correction.link_of(screen.interview)
        assert link is not None
        assert (link.way, link.code) == (way, code)
        assert screen.interview.session.value(("a_setting", "corrects_record")) == code
        assert "KKKK-KKKK-KKK1:" in seen(shell)
        consent(screen)
        await pilot.press("f5", "f8")
        await pilot.pause()
        assert "only what is to be corrected was asked" in seen(shell)


async def test_a_draft_is_opened_and_not_corrected(home: Path) -> None:
    async with shell_of(home).run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, InterviewsScreen))
        await pilot.press("ctrl+e")
        await pilot.pause()
        assert isinstance(pilot.app.screen, InterviewsScreen)
