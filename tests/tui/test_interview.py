"""Taking an interview on the screen: every answer saved when made, relevance, reserved answers, repeats, files."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from tests.tui.conftest import account_of, begin, consent, reopened, seen, shell_of, type_text, unlock, until
from tui.screens.dialogs import Confirm
from tui.screens.interview.choices import Choices
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interviews import InterviewsScreen


def names(screen: InterviewScreen) -> list[str]:
    """The sections that can be entered."""
    return [str(node.path[0]) for node in screen.view.sections() if node.relevant]


async def test_an_answer_is_saved_when_it_is_made(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        code, path = screen.interview.code, ("a_setting", "interview_mode")
        screen.go(path)
        await pilot.press("down", "space")
        expected = screen.view.nodes[path].choices[1].value
        assert screen.interview.given(path).value == expected
        rows = screen.interview._vault.db.query("SELECT count(*) FROM draft_row")
        assert rows[0][0] >= 2
        shell.opened.close()
        shell.opened = None
    with reopened(home) as field:
        assert field.open_interview(code).session.node(path).value == expected


async def test_the_interview_comes_back_on_the_same_question(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        await pilot.press("tab", "tab", "tab")
        place = screen.cursor
        await pilot.press("escape")
        assert isinstance(shell.screen, InterviewsScreen)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, InterviewScreen))
        assert shell.screen.cursor == place


async def test_consent_opens_the_sections_and_taking_it_back_closes_them(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        assert names(screen) == ["a_setting", "b_safety"]
        consent(screen)
        assert "d_account" in names(screen)
        assert "l_deploy" in names(screen)
        screen.go(("b_safety", "selfincrim_status"))
        choices = screen.card.query_one(Choices)
        values = [choice.value for choice in choices.node.choices]
        choices.stand_on(values.index("explained_skip"))
        await pilot.press("space")
        assert "l_deploy" not in names(screen)


async def test_a_question_appears_by_relevance_and_only_changes_are_asked_for(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("a_setting", "interview_mode"))
        assert "Type of place" not in seen(shell)
        asked: list[object] = []
        node = screen.view.session.node
        screen.view.session.node = lambda path: asked.append(path) or node(path)  # type: ignore[method-assign]
        await pilot.press("space")
        await pilot.pause()
        assert "Type of place" in seen(shell)
        assert 1 < len(asked) < 8


async def test_modes_are_told_apart(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(100, 30)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        for path, words in (
            (("c_consent", "consent_store"), "Read aloud, word for word"),
            (("f_status", "citizenship_before"), "Ask, unless it was told already"),
            (("f_status", "civilian_status"), "do not read the options out"),
            (("a_setting", "interview_date"), "not put to the person"),
        ):
            screen.go(path)
            await pilot.pause()
            assert words in seen(shell)
        screen.go(("c_consent", "consent_store"))
        await pilot.pause()
        assert "«May we keep" in seen(shell)


async def test_the_open_prompt_stands_above_its_section(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(100, 30)) as pilot:
        screen = await begin(pilot)
        assert not screen.query_one("#prompt").display
        await account_of(pilot, screen)
        assert "I will not interrupt." in seen(shell)


async def test_the_free_account_has_the_whole_height(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        account = await account_of(pilot, screen)
        assert account.size.height >= 12
        await pilot.press(*"Так", "enter", *"і було")
        await pilot.press("tab")
        assert screen.interview.given(("d_account", "narrative_text")).value.endswith("Так\nі було")


# reserved answers


async def test_reserved_answers_have_a_key_each_and_the_same_key_takes_them_back(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        path = ("e_person", "age_band")
        for key, reason in (("f6", "unknown"), ("f7", "declined"), ("f8", "not_asked")):
            screen.go(path)
            await pilot.press(key)
            assert screen.interview.given(path).missing == reason
            assert screen.cursor != path
        screen.go(path)
        await pilot.pause()
        assert "Not asked (documenter's decision)" in seen(shell)
        await pilot.press("f8")
        assert screen.interview.given(path) is None or screen.interview.given(path).missing is None


async def test_closed_questions_offer_no_reserved_answers(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        path = ("b_safety", "privacy_ok")
        screen.go(path)
        await pilot.pause()
        assert "F7" not in seen(shell)
        await pilot.press("f6", "f7", "f8")
        assert screen.cursor == path
        assert screen.view.nodes[path].missing is None
        screen.go(("b_safety", "prior_account"))
        await pilot.pause()
        assert "F7 Declined" in seen(shell)


# kinds of answers


async def test_choices_that_stand_alone_take_the_others_away(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        path = ("a_setting", "persons_present")
        screen.go(path)
        choices = screen.card.query_one(Choices)
        values = [choice.value for choice in choices.node.choices]
        others = [value for value in values if value != "nobody"]
        for value in (others[0], others[1]):
            choices.stand_on(values.index(value))
            await pilot.press("space")
        assert set(screen.view.nodes[path].value) == set(others[:2])
        choices.stand_on(values.index("nobody"))
        await pilot.press("space")
        assert screen.view.nodes[path].value == ("nobody",)
        choices.stand_on(values.index(others[0]))
        await pilot.press("space")
        assert screen.view.nodes[path].value == (others[0],)
        await pilot.press("delete")
        assert screen.view.nodes[path].value is None


async def test_typed_letters_find_a_choice(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(("f_status", "res_oblast"))
        choices = screen.card.query_one(Choices)
        await type_text(pilot, "kher")
        assert choices.lines[choices.at].text.startswith("Kherson")


async def test_a_wrong_date_is_not_lost_and_says_what_is_wrong(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        path = ("a_setting", "interview_date")
        await type_text(pilot, "yesterday")
        await pilot.press("tab")
        assert screen.cursor == path
        assert screen.card.typed == "yesterday"
        await pilot.pause()
        assert "not an answer of the expected kind" in seen(shell)
        screen.query_one("#line", Input).value = "2023-10-05"
        await pilot.press("enter")
        assert screen.view.nodes[path].value == "2023-10-05"
        assert screen.cursor != path


async def test_partial_dates_are_answers_and_wrong_ones_are_named(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        path = ("f_status", "res_from")
        for text, good in (("2023-XX-15", True), ("2023~", True), ("2022-03/2022-05", True), ("2023-13", False)):
            screen.go(path)
            screen.query_one("#line", Input).value = text
            screen.commit()
            assert (screen.view.nodes[path].problem is None) is good
            assert screen.view.nodes[path].value == text


async def test_a_number_is_a_number(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        path = ("j_transfer", "train_days")
        screen.go(path)
        await type_text(pilot, "ten")
        await pilot.press("tab")
        assert screen.cursor == path
        screen.query_one("#line", Input).value = "10"
        await pilot.press("tab")
        assert screen.view.nodes[path].value == 10


# languages, sections


async def test_the_language_changes_in_the_middle_of_a_word(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        await pilot.press("tab")
        await type_text(pilot, "D7")
        await pilot.press("f2")
        await pilot.pause()
        assert screen.card.typed == "D7"
        assert "Код документатора" in seen(shell)
        await type_text(pilot, "x")
        assert screen.card.typed == "D7x"


async def test_a_half_typed_number_survives_a_change_of_language(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        await type_text(pilot, "2023-1")
        await pilot.press("f2")
        await pilot.pause()
        assert screen.card.typed == "2023-1"


async def test_sections_are_chosen_with_arrows_and_go_to_the_first_open_question(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        await pilot.press("f3", "down", "enter")
        assert screen.cursor == ("b_safety", "privacy_ok")
        await pilot.press("space", "f3", "escape")
        assert screen.cursor == ("b_safety", "privacy_ok")
        await pilot.press("f3", "enter")
        assert screen.cursor == ("b_safety", "age_gate")


async def test_progress_counts_reserved_answers_and_ticks_off_a_section(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        assert screen.view.progress(("o_family",)).answered == 0
        screen.go(("o_family", "family_pressure"))
        await pilot.press("f7", "f7", "f6")
        await pilot.pause()
        assert screen.view.progress(("o_family",)).done
        line = screen.section_list.lines[screen.section_list.names.index("o_family")]
        assert line.note == "✓"


async def test_two_drafts_do_not_mix(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        first = await begin(pilot)
        await pilot.press("tab")
        await type_text(pilot, "AA")
        await pilot.press("escape", "f3")
        await until(pilot, lambda: isinstance(shell.screen, InterviewScreen) and shell.screen is not first)
        assert shell.screen.view.nodes[("a_setting", "documenter_code")].value is None


async def test_deleting_a_draft_asks_first(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await pilot.press("escape", "f8")
        assert isinstance(shell.screen, Confirm)
        await pilot.press("enter")
        assert len(shell.field.interviews()) == 1
        await pilot.press("f8", "right", "enter")
        await pilot.pause()
        assert shell.field.interviews() == []
        assert "No interviews yet." in seen(shell)


async def test_without_a_mission_nothing_can_be_begun(tmp_path: Path) -> None:
    from tests.helpers.mission import new_field

    new_field(tmp_path / "home").close()
    shell = shell_of(tmp_path / "home")
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        await pilot.press("f3")
        assert isinstance(shell.screen, InterviewsScreen)
        await pilot.press("f9")
        await pilot.pause()
        assert "Read these digits aloud" in seen(shell)
