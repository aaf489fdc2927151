"""Following the account: jumping by letters, the free account and back, marks, breaks, where the cursor stood."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input, OptionList

from collector import marks, timekeeping
from tests.helpers.mission import SetClock
from tests.tui.conftest import begin, consent, reopened, seen, shell_of, type_text, unlock, until
from tui import locale
from tui.screens.hide import HideScreen
from tui.screens.interview.choices import Choices
from tui.screens.interview.jump import JumpDialog, Places, matching, plain
from tui.screens.interview.marks import MarksDialog
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interviews import InterviewsScreen
from tui.screens.review import ReviewScreen
from tui.widgets.account import Account

ACCOUNT = ("d_account", "narrative_text")
TOLD = "They came in the evening. We were taken to the school. I do not know its name. Then nothing for two days."


async def with_account(pilot, text: str = TOLD) -> tuple[InterviewScreen, Account]:
    """An interview with consent, in the free account, the cursor at its end."""
    screen = await begin(pilot)
    consent(screen)
    screen.changed(screen.interview.answer(ACCOUNT, text))
    screen.go(ACCOUNT)
    await pilot.pause()
    return screen, screen.card.query_one(Account)


# jumping


async def test_letters_lead_to_a_question_in_any_language_without_case_and_accents(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        for typed in ("MOOD OF", "citizenship before", "громадянств", "гражданств"):
            found = matching(Places(screen.view).all(), typed)
            assert all(word in place.sought for place in found for word in plain(typed).split())
        wrong_layout = "uhjvflzycndj lj"
        for typed in ("citizenship_before", "ГРОМАДЯНСТВО ДО", "Гражданство до", wrong_layout, "сшешяутыршз иуащку"):
            await pilot.press("f3")
            await pilot.pause()
            shell.screen.query_one("#jump", Input).value = typed
            await pilot.pause()
            await pilot.press("enter")
            assert screen.cursor == ("f_status", "citizenship_before"), typed
            screen.go(("a_setting", "interview_date"))


async def test_typed_letters_filter_and_escape_goes_back(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        before = screen.cursor
        await pilot.press("f3")
        await pilot.pause()
        dialog = shell.screen
        assert isinstance(dialog, JumpDialog)
        assert "opens later" in seen(shell)
        everything = len(dialog.shown)
        await type_text(pilot, "privac")
        await pilot.pause()
        assert len(dialog.shown) < everything
        await type_text(pilot, "zzz")
        await pilot.pause()
        assert dialog.shown == []
        assert "has these letters" in seen(shell)
        await pilot.press("escape")
        assert shell.screen is screen
        assert screen.cursor == before


async def test_a_place_in_an_entry_of_a_repeat_is_found_by_its_code(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        entries = []
        for _number in range(2):
            entry, changes = screen.interview.add_entry(("h_event", "ev"))
            screen.changed(changes, reload=True)
            entries.append(entry)
        code = screen.view.nodes[entries[1]].code or "Entry 2"
        await pilot.press("f3")
        await pilot.pause()
        shell.screen.query_one("#jump", Input).value = f"{code} ev_type"
        await pilot.pause()
        await pilot.press("enter")
        assert screen.cursor == (*entries[1], "ev_type")


async def test_what_the_form_does_not_show_is_not_gone_to(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        places = Places(screen.view).all()
        assert not matching(places, "citizenship_before")
        assert matching(places, "documenter_code")


def test_letters_are_compared_plainly() -> None:
    assert plain("  Ім’я та ПРІЗВИЩЕ ") == plain("імя та прізвище")
    assert plain("Ёлка") == plain("елка")
    assert plain("Їжак йод") == plain("ЇЖАК ЙОД")
    assert plain("Café") == "cafe"


# the free account and back


async def test_the_account_is_one_key_away_and_the_key_leads_back(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen, account = await with_account(pilot)
        account.stand_at(10)
        here = ("a_setting", "documenter_code")
        screen.go(here)
        await type_text(pilot, "D77")
        await pilot.press("left")
        await pilot.press("ctrl+f")
        assert screen.cursor == ACCOUNT
        assert screen.view.nodes[here].value == "D77"
        assert account.offset_of_cursor == len(TOLD)
        account.stand_at(25)
        await pilot.press("ctrl+f")
        assert screen.cursor == here
        assert screen.query_one("#line", Input).cursor_position == 2
        await pilot.press("ctrl+f")
        assert (screen.cursor, account.offset_of_cursor) == (ACCOUNT, 25)


async def test_the_key_is_not_offered_where_there_is_no_account(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(120, 40)) as pilot:
        screen = await begin(pilot)
        assert screen.view.free_account() is None
        assert "^F" not in seen(shell)
        place = screen.cursor
        await pilot.press("ctrl+f")
        assert screen.cursor == place
        consent(screen)
        await pilot.pause()
        assert screen.view.free_account() == ACCOUNT
        assert "^F" in seen(shell)


# marks


async def test_a_mark_is_made_listed_gone_to_and_taken_away(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(100, 30)) as pilot:
        screen, account = await with_account(pilot)
        account.stand_at(TOLD.index(" I do not know"))
        await pilot.press("ctrl+b")
        row = next(y for y in range(account.page) if "school" in account.render_line(y).text)
        assert account.render_line(row).text.rstrip().endswith("?")
        screen.go(("a_setting", "documenter_code"))
        await pilot.press("ctrl+b", "ctrl+b")
        await pilot.press("ctrl+k")
        await pilot.pause()
        assert isinstance(shell.screen, MarksDialog)
        assert "taken to the school." in seen(shell)
        assert shell.screen.query_one(OptionList).option_count == 2
        await pilot.press("enter")
        assert (screen.cursor, account.offset_of_cursor) == (ACCOUNT, TOLD.index(" I do not know"))
        await pilot.press("ctrl+k", "down", "delete")
        assert [mark.path for mark in marks.listed(screen.interview)] == [ACCOUNT]
        await pilot.press("delete", "escape")
        assert marks.listed(screen.interview) == []
        await pilot.pause()
        assert not account.render_line(row).text.rstrip().endswith("?")


async def test_a_mark_follows_its_words_through_edits(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(100, 30)) as pilot:
        screen, account = await with_account(pilot)
        account.stand_at(TOLD.index(" I do not know"))
        await pilot.press("ctrl+b")
        account.stand_at(0)
        await type_text(pilot, "In the spring ")
        screen.go(("a_setting", "documenter_code"))
        screen.go_to_mark(marks.listed(screen.interview)[0])
        assert account.text[account.offset_of_cursor :].startswith(" I do not know")


async def test_marks_stand_in_the_review_and_lead_back(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(100, 40)) as pilot:
        screen, account = await with_account(pilot)
        account.stand_at(TOLD.index(" I do not know"))
        await pilot.press("ctrl+b", "f5")
        await pilot.pause()
        review = shell.screen
        assert isinstance(review, ReviewScreen)
        assert "You wanted to ask later" in seen(shell)
        options = review.query_one(OptionList)
        place = next(at for at, line in enumerate(review.lines) if isinstance(line, marks.Mark))
        options.highlighted = options.get_option_index(f"i{place}")
        await pilot.press("enter")
        assert shell.screen is screen
        assert account.offset_of_cursor == TOLD.index(" I do not know")


# breaks and time


async def test_a_break_hides_the_screen_and_is_noted_when_the_passphrase_brings_it_back(home: Path) -> None:
    shell = shell_of(home)
    clock: SetClock = shell.profile._clock
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        code, place, start = screen.interview.code, ("a_setting", "documenter_code"), int(clock())
        screen.go(place)
        await type_text(pilot, "D7")
        await pilot.press("ctrl+w")
        await until(pilot, lambda: isinstance(shell.screen, HideScreen) and shell.opened is None)
        assert "D7" not in seen(shell)
        clock.now += 900
        from tests.helpers.mission import PASSPHRASE

        await type_text(pilot, PASSPHRASE)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, InterviewScreen) and shell.screen.card.node is not None)
        assert shell.screen.interview.code == code
        assert shell.screen.cursor == place
        assert shell.screen.card.typed == "D7"
        assert "A break of 15 minutes was noted." in [each.message for each in shell._notifications]
        times = timekeeping.noted(shell.screen.interview)
        assert times is not None
        assert times.breaks == ((start, start + 900),)
        assert times.start == start


async def test_the_seconds_of_a_section_leave_out_dialogs_and_locks(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        mono = [1000.0]
        screen.times.stand(None)
        screen.times.mono = lambda: mono[0]
        screen.go(("a_setting", "interview_date"))
        mono[0] += 30
        screen.go(("b_safety", "privacy_ok"))
        mono[0] += 12
        await pilot.press("f1")
        await pilot.pause()
        mono[0] += 500
        await pilot.press("escape")
        await pilot.pause()
        mono[0] += 3
        screen.hold()
        times = timekeeping.noted(screen.interview)
        assert times is not None
        spent = dict(times.sections)
        assert spent["a_setting"] in (30, 31)
        assert spent["b_safety"] == 15


# what is durable


async def test_the_account_opens_again_at_the_same_character_and_row(home: Path) -> None:
    shell = shell_of(home)
    text = "\n".join(f"Line {number} of what was told." for number in range(80))
    async with shell.run_test(size=(80, 24)) as pilot:
        screen, account = await with_account(pilot, text)
        code = screen.interview.code
        account.stand_at(text.index("Line 40") + 5)
        await pilot.press("up", "up", "right")
        screen._save_typed()
        place = account.offset_of_cursor, account.top
        shell.opened.close()
        shell.opened = None
    with reopened(home) as field:
        cursor = field.open_interview(code).cursor
        assert cursor is not None
        assert (cursor.path, cursor.at, cursor.top) == (ACCOUNT, *place)
    again = shell_of(home)
    async with again.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        assert isinstance(again.screen, InterviewsScreen)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(again.screen, InterviewScreen) and again.screen.card.node is not None)
        await pilot.pause()
        account = again.screen.card.query_one(Account)
        assert (account.offset_of_cursor, account.top) == place


async def test_typing_without_a_pause_is_saved_all_the_same(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen, _account = await with_account(pilot)
        await pilot.press("a")
        latest = screen._latest
        assert latest is not None
        await pilot.press("b", "c")
        assert screen._latest is latest
        screen._save_typed()
        assert screen.interview.given(ACCOUNT).value == TOLD + "abc"
        assert screen._latest is None
        await pilot.press("d")
        assert screen._latest is not None


async def test_the_title_tells_the_last_durable_moment(home: Path) -> None:
    shell = shell_of(home)
    clock: SetClock = shell.profile._clock
    locale.set_language("en")
    async with shell.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        first = seen(shell).splitlines()[0]
        clock.now += 65
        await pilot.press("tab")
        await pilot.pause()
        after = seen(shell).splitlines()[0]
        assert "saved" in after
        assert first != after


async def test_a_sign_in_the_title_is_never_cut(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        locale.set_language("ru")
        await shell.screen.retranslate()
        await pilot.press("f12")
        await pilot.pause()
        first = seen(shell).splitlines()[0]
        assert locale._("F12 once more: seal everything and lock") in first
        shell.cover._until = None
        shell.look_at_network()
        await pilot.pause()
        assert "KKKK-KKKK-KKK1" in seen(shell).splitlines()[0]


# options


async def test_a_blank_between_two_words_that_are_looked_for_chooses_nothing(home: Path) -> None:
    shell = shell_of(home)
    path = ("a_setting", "persons_present")
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(path)
        choices = screen.card.query_one(Choices)
        two = screen.view.nodes[path].choices[0]
        first, second = two.label.casefold().split(" ")[:2]
        await pilot.press(*first, "space", *second)
        assert screen.view.nodes[path].value is None
        assert two.label in [line.text for line in choices.lines]
        await pilot.press("enter")
        assert screen.view.nodes[path].value == (two.value,)
        await pilot.press(*first, "space", "space")
        assert screen.view.nodes[path].value is None, "the second blank chooses"
