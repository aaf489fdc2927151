"""Search and records: found while one types, read by compartment, copied only when asked, noted in the custody log."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from sync.desk.desk import Desk
from tests.helpers.mission import PASSPHRASE
from tests.tui.conftest import seen, type_text, until
from tests.tui.desk.conftest import PICTURES, RECORDS, at, at_desk, office_of, open_desk, rest
from tui.demo_interviews.media import MEDIA
from tui.screens.desk import search
from tui.screens.desk.about import all_parts
from tui.screens.desk.copying import AskTarget
from tui.screens.desk.inbox import InboxScreen
from tui.screens.desk.pages import Pages
from tui.screens.desk.reading import OpenedRecord, open_record
from tui.screens.desk.record import RecordScreen
from tui.screens.desk.search import SearchScreen
from tui.screens.problem import ProblemDialog


async def searching(pilot: Pilot[Any]) -> SearchScreen:
    """Open the desk and the search, and wait for the newest records."""
    await open_desk(pilot)
    await pilot.press("f3")
    screen = await at(pilot, SearchScreen)
    await until(pilot, lambda: bool(screen.hits))
    assert isinstance(screen, SearchScreen)
    return screen


async def asked(pilot: Pilot[Any], screen: SearchScreen, words: str) -> None:
    """Type words and wait for the answer to them."""
    before = screen.asked
    await type_text(pilot, words)
    await until(pilot, lambda: screen.asked > before and screen.words == words)
    await rest(pilot)


async def parts(pilot: Pilot[Any]) -> RecordScreen:
    """Wait until the record that is being opened can be read."""
    record = await at(pilot, RecordScreen)
    await until(pilot, lambda: bool(record.parts))
    await rest(pilot)
    assert isinstance(record, RecordScreen)
    return record


async def reading(pilot: Pilot[Any], code: str = PICTURES) -> RecordScreen:
    """Open the desk and a record."""
    await open_desk(pilot)
    pilot.app.push_screen(RecordScreen(office_of(pilot.app), code))
    return await parts(pilot)


async def to(pilot: Pilot[Any], screen: RecordScreen, key: str) -> str:
    """Choose a part; its words."""
    place = next(place for place, part in enumerate(screen.parts) if part.key.startswith(key))
    options = screen.query_one("#parts", OptionList)
    options.highlighted = options.get_option_index(str(place))
    await until(pilot, lambda: screen.chosen == place)
    await pilot.pause()
    return "\n".join("".join(text for text, _kind in row) for row in screen.query_one(Pages).rows)


def opened(home: Path, code: str = PICTURES) -> OpenedRecord:
    with Desk.open(home, PASSPHRASE) as desk:
        return open_record(desk, code)


def custody(home: Path, code: str = PICTURES) -> list[str]:
    """What the log says of a record, the view that this makes itself left out."""
    with Desk.open(home, PASSPHRASE) as desk:
        events = desk.record(code)["custody"]
    assert isinstance(events, list)
    return [event["act"] for event in events][:-1]


# search


async def test_without_words_the_newest_records_stand_there(full: Path) -> None:
    async with at_desk(full) as (shell, pilot):
        screen = await searching(pilot)
        assert len(screen.hits) == RECORDS
        assert [hit.number for hit in screen.hits] == sorted((hit.number for hit in screen.hits), reverse=True)
        assert f"{RECORDS} records  ·  newest first" in seen(shell)


async def test_words_find_while_they_are_typed_and_a_changed_question_replaces_the_answer(full: Path) -> None:
    async with at_desk(full) as (shell, pilot):
        screen = await searching(pilot)
        await asked(pilot, screen, "хрест")
        assert [hit.record for hit in screen.hits] == [PICTURES]
        assert "хрестика" in seen(shell)
        screen.query_one(Input).value = "хрестика qqq"
        await until(pilot, lambda: screen.hits == [])
        await rest(pilot)
        assert "Nothing was found." in seen(shell)


async def test_a_record_code_finds_its_record_and_enter_opens_it(full: Path) -> None:
    async with at_desk(full) as (_shell, pilot):
        screen = await searching(pilot)
        screen.query_one(Input).value = PICTURES
        await until(pilot, lambda: [hit.record for hit in screen.hits] == [PICTURES])
        await pilot.press("enter")
        assert (await parts(pilot)).code == PICTURES


async def test_an_answer_that_comes_late_is_not_shown(full: Path) -> None:
    async with at_desk(full) as (_shell, pilot):
        screen = await searching(pilot)
        screen.words = "хрестика"
        screen._ask()
        screen.words = ""
        screen._ask()
        await rest(pilot)
        assert len(screen.hits) == RECORDS


async def test_f5_puts_the_best_first_and_f6_the_newest(full: Path) -> None:
    async with at_desk(full) as (shell, pilot):
        screen = await searching(pilot)
        assert "F5 Best first" not in seen(shell)
        await asked(pilot, screen, "war")
        await pilot.press("f5")
        await rest(pilot)
        assert screen.ranked
        assert "F6 Newest first" in seen(shell)
        await pilot.press("f6")
        await rest(pilot)
        assert not screen.ranked


async def test_more_is_fetched_when_the_last_one_is_reached(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE", 2)
    async with at_desk(full) as (shell, pilot):
        screen = await searching(pilot)
        assert len(screen.hits) == 2
        assert "more below" in seen(shell)
        await pilot.press("down")
        await until(pilot, lambda: len(screen.hits) == 4)
        assert len({hit.number for hit in screen.hits}) == 4
        assert screen.query_one("#hits", OptionList).highlighted == 1


# records


async def test_opening_a_record_is_noted_and_nothing_of_it_stands_in_titles_messages_or_the_clipboard(
    full: Path,
) -> None:
    before = custody(full)
    async with at_desk(full) as (shell, pilot):
        screen = await reading(pilot)
        assert "KKKK-KKKK-KKK1" in seen(shell)
        text = await to(pilot, screen, "narrative:")
        assert "хрестика" in text
        assert shell.title == "Svidok"
        assert shell.sub_title == ""
        assert list(shell._notifications) == []
        assert shell.clipboard == ""
    assert custody(full) == [*before, "view", "view"]


async def test_answers_stand_by_compartment_with_the_questions_of_the_form(full: Path) -> None:
    async with at_desk(full, size=(120, 40)) as (_shell, pilot):
        screen = await reading(pilot)
        headings = list(dict.fromkeys(part.heading for part in screen.parts))
        assert headings == ["", "Narrative", "Identity", "Process", "Attachments"]
        words = await to(pilot, screen, "narrative/h_event")
        assert "What kind of event was it?" in " ".join(words.split()) or "What kind of event" in words
        assert "Threat against family" in words
        assert "Entry 1" in words
        assert "Does not know / does not remember" in words
        people = await to(pilot, screen, "narrative/q_perp")
        assert "P1" in people
        assert "P2" in people
        assert "Prefers not to answer" in await to(pilot, screen, "identity/q_perp")
        assert "Nobody" in await to(pilot, screen, "process/b_safety")
        assert "Do you agree" in await to(pilot, screen, "consent")
        assert "imported" in await to(pilot, screen, "custody")
        assert "nothing" in await to(pilot, screen, "about")


async def test_the_language_changes_the_questions_and_never_the_answers(full: Path) -> None:
    async with at_desk(full, size=(120, 40)) as (shell, pilot):
        screen = await reading(pilot)
        english = await to(pilot, screen, "narrative/h_event")
        account = await to(pilot, screen, "narrative:")
        await pilot.press("f2")
        await until(pilot, lambda: screen.parts[0].title == "Цей запис")
        assert await to(pilot, screen, "narrative:") == account
        assert await to(pilot, screen, "narrative/h_event") != english
        assert "РОЗПОВІДЬ" in seen(shell)


async def test_the_text_scrolls_and_the_keys_lead_there_and_back(full: Path) -> None:
    async with at_desk(full) as (shell, pilot):
        screen = await reading(pilot)
        await to(pilot, screen, "narrative:")
        assert "⏎ Read" in seen(shell) or "⏎/→ Read" in seen(shell) or "→/⏎ Read" in seen(shell)
        await pilot.press("enter")
        pages = screen.query_one(Pages)
        assert pages.has_focus
        await pilot.press("end")
        await until(pilot, lambda: pages.scroll_offset.y == pages.max_scroll_y > 0)
        await pilot.press("f2")
        await until(pilot, lambda: screen.parts[0].title == "Цей запис")
        await rest(pilot)
        assert screen.query_one(Pages).has_focus
        await pilot.press("left")
        assert screen.query_one("#parts").has_focus


async def test_a_copy_of_an_attachment_is_written_where_one_says_and_noted(full: Path, tmp_path: Path) -> None:
    before = custody(full)
    async with at_desk(full) as (shell, pilot):
        screen = await reading(pilot)
        assert "F5 Write a copy" not in seen(shell)
        words = await to(pilot, screen, "attachment:")
        name = screen.parts[screen.chosen].title
        expected = hashlib.sha256(b"".join(MEDIA[name].blocks())).hexdigest()
        assert expected in "".join(words.split())
        assert words.count("image/png") == 2
        await pilot.press("f5")
        assert "The copy is plain" in seen(shell)
        target = tmp_path / "copy.png"
        shell.screen.query_one(Input).value = str(target)
        await pilot.press("enter")
        await until(pilot, lambda: target.exists() and shell.screen is screen)
        await rest(pilot)
        assert hashlib.sha256(target.read_bytes()).hexdigest() == expected
        assert "attachment copied out" in await to(pilot, screen, "custody")
        await to(pilot, screen, "attachment:")
        await pilot.press("f5")
        shell.screen.query_one(Input).value = str(target)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(shell.screen, AskTarget)
        assert "There is a file of that name" in seen(shell)
    assert custody(full) == [*before, "view", "view", "decrypt"]


async def test_a_folder_takes_the_copy_under_the_code_and_never_under_a_name_from_the_record(
    full: Path,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    async with at_desk(full) as (shell, pilot):
        screen = await reading(pilot)
        await to(pilot, screen, "attachment:")
        await pilot.press("f5")
        shell.screen.query_one(Input).value = str(folder)
        await pilot.press("enter")
        await until(pilot, lambda: any(folder.iterdir()) and shell.screen is screen)
        assert [path.name.startswith(PICTURES) and path.suffix == ".png" for path in folder.iterdir()] == [True]


async def test_a_record_that_is_gone_is_a_problem_and_leads_back(full: Path) -> None:
    async with at_desk(full) as (shell, pilot):
        screen = await searching(pilot)
        shell.push_screen(RecordScreen(screen.office, "ZZZZZZZZZZZZ"))
        await until(pilot, lambda: isinstance(shell.screen, ProblemDialog))
        assert "E_RECORD_UNKNOWN" in seen(shell)
        await pilot.press("escape")
        assert shell.screen is screen


def test_without_its_form_a_record_is_read_by_bare_names(full: Path) -> None:
    record = replace(opened(full), form=None)
    parts = all_parts(record, "en")
    event = next(part for part in parts if part.key == "narrative/h_event")
    assert ("ev_type", "summons") in [(block.label, block.text) for block in event.blocks]
    assert any(part.key.startswith("narrative:") for part in parts)


def test_what_could_not_be_opened_is_named_and_the_rest_is_read(full: Path) -> None:
    whole = opened(full)
    documents = {name: document for name, document in whole.documents.items() if name != "identity"}
    record = replace(whole, documents=documents, facts={**whole.facts, "unopened": ["identity"], "flags": ["E_CLOCK"]})
    parts = all_parts(record, "en")
    assert [part.key for part in parts if part.heading == "Identity"] == ["sealed:identity"]
    about = {block.label: block.text for block in parts[0].blocks}
    assert about["Stays sealed here"] == "Identity"
    assert about["Opened here"] == "Narrative · Process"
    assert any(block.kind == "warning" and "clock" in block.text for block in parts[0].blocks)


@pytest.mark.parametrize("size", [(40, 10), (56, 16)])
async def test_a_narrow_window_shows_one_thing_at_a_time(full: Path, size: tuple[int, int]) -> None:
    async with at_desk(full, size=size) as (shell, pilot):
        screen = await reading(pilot)
        await to(pilot, screen, "narrative:")
        await pilot.press("enter")
        await pilot.pause()
        assert "Я розкажу" in seen(shell)
        await pilot.press("escape")
        await pilot.pause()
        assert shell.screen is screen
        assert "Я розкажу" not in seen(shell)
        await pilot.resize_terminal(30, 8)
        await pilot.pause()
        assert "larger" in seen(shell)
        await pilot.press("escape")
        await at(pilot, InboxScreen)


async def test_every_screen_bears_the_smallest_window(full: Path) -> None:
    async with at_desk(full, size=(40, 10)) as (shell, pilot):
        await open_desk(pilot)
        for keys in (["f3"], ["f6"], ["f9"], ["f9", "f3"], ["f9", "f5"], ["f1"], ["ctrl+p"], ["f8"], ["f7"]):
            for key in keys:
                await pilot.press(key)
                await rest(pilot)
            assert seen(shell).strip()
            await pilot.press(*["escape"] * len(keys))
            await rest(pilot)


async def test_a_lock_leaves_nothing_of_a_record_behind(full: Path) -> None:
    async with at_desk(full) as (shell, pilot):
        screen = await reading(pilot)
        await to(pilot, screen, "narrative:")
        await pilot.press("f4")
        await pilot.pause()
        assert "хрестика" not in seen(shell)
        assert shell.screen is not screen
        assert not screen.is_attached
