"""The list of interviews: how each stands, what is shown of it, and the one thing to do next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.widgets import OptionList

from collector.field import InterviewRow
from schemas.records.mission import Policy
from tests.helpers.mission import DAY, NOW
from tests.tui.conftest import begin, reopened, seen, shell_of, unlock, until
from tests.tui.network import enrolled_with, office_with_form, sealed, settled
from tui.locale import set_language
from tui.screens.interview_list import KINDS, ORDER, Filter
from tui.screens.interviews import InterviewsScreen
from tui.screens.next_step import Facts, next_step
from tui.state_words import STATE_WORDS, row_words


def row(state: str, *, age: int = 0, moved: int | None = None, code: str = "K" * 12) -> InterviewRow:
    """An interview begun `age` days ago, its state changed `moved` days ago."""
    return InterviewRow(code, state, "f", NOW - age * DAY, NOW - (age if moved is None else moved) * DAY, 0)


def step(rows: Sequence[InterviewRow] = (), *, expires: int | None = NOW + 90 * DAY, removable: int = 0,
         permits: int | None = None) -> str:  # fmt: skip
    return next_step(Facts(rows, NOW, expires, removable, permits))


# the one thing to do next


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row("open")], ""),
        ([row("open", age=2)], ""),
        ([row("open", age=3), row("open", age=9), row("open")], "2 drafts are open for 3 days or more"),
        ([row("frozen")], "sealing was interrupted"),
        ([row("needs-human")], "talk to the office"),
        ([row("sealed"), row("exported", moved=20)], "F6 brings 1 sealed interview"),
        ([row("exported", moved=0)], ""),
        ([row("exported", moved=1), row("stored", moved=2)], "F7 looks for the receipts of 2"),
        ([row("exported", moved=14), row("stored", moved=2)], "1 without a receipt for 14 days"),
        ([row("imported"), row("purged")], ""),
    ],
)
def test_the_next_step_follows_from_the_states(rows: list[InterviewRow], said: str) -> None:
    assert (said in step(rows)) if said else (step(rows) == "")


def test_the_most_urgent_comes_first() -> None:
    rows = [row("frozen"), row("open", age=9), row("needs-human"), row("sealed"), row("exported", moved=30)]
    heard = []
    while rows:
        heard.append(step(rows, expires=NOW - 1 if len(rows) < 3 else NOW + 90 * DAY, removable=1, permits=0))
        rows.pop(0)
    heard += [step(removable=2), step(expires=NOW + DAY), step(permits=1)]
    for words, part in zip(
        heard,
        ("interrupted", "draft is open", "talk to", "out of date", "out of date", "may be deleted", "ends in 1 day",
         "1 perm"),
        strict=True,
    ):  # fmt: skip
        assert part in words


def test_a_pack_that_is_old_and_permissions_that_run_short_are_told_in_time() -> None:
    assert step(expires=NOW + 14 * DAY) == ""
    assert "ends in 14 days" in step(expires=NOW + 14 * DAY - 1)
    assert "out of date" in step(expires=NOW)
    assert step(permits=6) == ""
    assert "5 permissions for sending are left" in step(permits=5)
    assert step(expires=None) == ""
    assert "F9" in step([row("sealed")], expires=None)


@pytest.mark.parametrize("language", ["en", "uk", "ru"])
def test_a_next_step_is_one_line_of_a_small_window(language: str) -> None:
    set_language(language)
    cases = [[row(state, age=99)] * 28 for state in ORDER]
    said = [step(rows) for rows in cases]
    said += [step(removable=28), step(expires=NOW - 1), step(expires=NOW + 13 * DAY), step(permits=4)]
    said += [step([row("exported", moved=2)] * 28), step([row("sealed")], expires=None)]
    assert max(len(words) for words in said) <= 76 + 14  # the longest, of interrupted sealing, may take two lines
    assert sum(len(words) > 76 for words in said) <= 1


@pytest.mark.parametrize("language", ["en", "uk", "ru"])
@pytest.mark.parametrize("state", STATE_WORDS)
def test_a_state_is_not_cut_off_in_a_small_window(language: str, state: str) -> None:
    set_language(language)
    beside = len("  ●  KKKK-KKKK-KKKK  2025-10-09 00:00  ") + 2  # and the bar of a long list
    assert len(row_words(row(state), removable=True)) <= 80 - beside


# what is shown


def test_what_waits_for_a_hand_stands_above() -> None:
    rows = [row(state, age=age, code=f"{number:012d}") for number, (state, age) in enumerate(
        [("purged", 0), ("exported", 1), ("sealed", 2), ("open", 5), ("open", 3), ("needs-human", 9), ("frozen", 9)]
    )]  # fmt: skip
    shown = [(each.state, (NOW - each.opened_at) // DAY) for each in Filter().shown(rows)]
    assert shown == [
        ("frozen", 9), ("open", 3), ("open", 5), ("needs-human", 9), ("sealed", 2), ("exported", 1), ("purged", 0),
    ]  # fmt: skip


def test_every_state_has_its_place_its_kind_and_its_words() -> None:
    assert set(ORDER) == set(STATE_WORDS) == set().union(*(kinds for _name, _words, kinds in KINDS))


def test_a_part_of_the_code_is_read_as_people_write_it() -> None:
    rows = [row("open", code="A1B0KKKKKKKK"), row("sealed", code="B2C3KKKKKKKK")]
    wanted = Filter()
    for character in "lb-o!é":
        wanted = wanted.typed(character)
    assert wanted.part == "1B0"
    assert [each.code for each in wanted.shown(rows)] == ["A1B0KKKKKKKK"]
    assert wanted.words(1, 2) == "Shown: code with 1B0 (1 of 2). Esc shows all."
    assert wanted.back().back().back() == Filter()


def test_a_code_typed_in_a_cyrillic_layout_is_read_by_its_keys() -> None:
    rows = [row("open", code="A1VSKKKKKKKK"), row("sealed", code="F1VSKKKKKKKK")]
    for typed in ("ф1мі", "Ф1МЫ"):
        wanted = Filter()
        for character in typed:
            wanted = wanted.typed(character)
        assert wanted.part == "A1VS"
        assert [each.code for each in wanted.shown(rows)] == ["A1VSKKKKKKKK"]
    assert Filter().typed("ж") == Filter().typed("г") == Filter()


def test_turning_goes_through_the_kinds_that_there_are() -> None:
    rows = [row("open"), row("stored"), row("purged")]
    wanted, seen_kinds = Filter(), []
    for _turn in range(4):
        wanted = wanted.turned(1, rows)
        seen_kinds.append(wanted.kind)
    assert seen_kinds == ["drafts", "way", "arrived", None]
    assert Filter().turned(-1, rows).kind == "arrived"
    assert Filter("talk").turned(1, rows).kind == "drafts"


def test_since_when_it_travels_and_whether_it_may_go() -> None:
    assert row_words(row("exported", age=3, moved=2)) == "on a stick since 2025-10-07"
    assert row_words(row("stored", moved=1)) == "at the receiver since 2025-10-08"
    assert row_words(row("imported")) == "the office has it"
    assert row_words(row("imported"), removable=True) == "the office has it · may be deleted here"
    assert row_words(row("sealed"), removable=True) == "sealed · has to leave"


# the screen


async def test_typing_narrows_the_list_and_says_so(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with enrolled_with(home, office_with_form()) as field:
        codes = sealed(field, tmp_path, 3)
        settled(field, codes[0], "exported", NOW - 2 * DAY)
        settled(field, codes[1], "imported")
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        screen = shell.screen
        assert isinstance(screen, InterviewsScreen)
        assert "on a stick since 2025-10-07" in seen(shell)
        assert "Next: F6 brings 1 sealed interview on its way." in seen(shell)
        assert "Shown:" not in seen(shell)
        await pilot.press(codes[1][-1].lower())
        assert [each.code for each in screen.rows] == [codes[1]]
        assert f"Shown: code with {codes[1][-1]} (1 of 3). Esc shows all." in seen(shell)
        await pilot.press("9")
        assert "(0 of 3)" in seen(shell)
        assert screen.chosen is None
        await pilot.press("backspace", "escape")
        assert len(screen.rows) == 3
        await pilot.press("right")
        assert "Shown: sealed, still here (1 of 3)." in seen(shell)
        await pilot.press("right")
        assert [each.code for each in screen.rows] == [codes[0]]
        await pilot.press("escape")
        assert "Shown:" not in seen(shell)
        assert shell.focused is screen.query_one(OptionList)


async def test_what_the_office_confirmed_may_be_deleted_only_when_all_of_it_was_opened(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with enrolled_with(home, office_with_form(), policy=Policy(keep_days=0)) as field:
        codes = sealed(field, tmp_path, 2)
        for code, opened in zip(codes, (0xFF, 0), strict=True):
            settled(field, code, "imported")
            field.vault.db.execute(
                "INSERT INTO receipt (eid, status, opened, code, at, signed, taken_at)"
                " SELECT eid, 'imported', ?, 'D', ?, ?, ? FROM entry WHERE code = ?",
                (opened, NOW - 99 * DAY, code.encode(), NOW - 99 * DAY, code),
            )
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        screen = shell.screen
        assert isinstance(screen, InterviewsScreen)
        assert screen.removable == {codes[0]}
        assert seen(shell).count("may be deleted here") == 2  # the line, and the next step
        assert "Next: 1 interview may be deleted here: F7, then F8." in seen(shell)


async def test_a_new_draft_has_no_next_step(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(shell.screen, InterviewsScreen))
        assert "Next:" not in seen(shell)
        assert "draft" in seen(shell)
        assert "⏎ Open" in seen(shell)


@pytest.mark.parametrize("many", [False, True])
async def test_the_keys_of_a_long_list_offer_the_filter(
    home: Path, many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.interviews.MANY", 0 if many else 1)
    with reopened(home) as field:
        field.new_interview()
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        assert ("→ Filter" in seen(shell)) is many
        await pilot.press("right")
        assert "Shown: drafts (1 of 1)." in seen(shell)


async def test_what_is_told_in_passing_covers_no_key(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24), notifications=True) as pilot:
        await unlock(pilot)
        keys = seen(shell).splitlines()[-2:]
        shell.screen.notify("It is put aside. Its sealed content is kept.")
        await until(pilot, lambda: "It is put aside." in seen(shell))
        assert seen(shell).splitlines()[-2:] == keys
