"""Deciding about quarantine, narrowing a search, and checking an attachment, by keys."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from sync.desk.desk import Desk
from tests.helpers.mission import PASSPHRASE
from tests.tui.conftest import seen, type_text, until
from tests.tui.desk.conftest import PICTURES, RECORDS, World, at, at_desk, open_desk, rest
from tests.tui.desk.test_desk_records import asked, opened, reading, searching, to
from tui.screens.desk.about import all_parts
from tui.screens.desk.deciding import AskReason
from tui.screens.desk.facet_list import FacetList
from tui.screens.desk.quarantine import QuarantineScreen
from tui.screens.desk.search import SearchScreen

WHY = "Handed over on this day"


@pytest.fixture
def refused(full: Path, world: World) -> Path:
    """A desk with an entry that a withdrawn computer signed."""
    with Desk.open(full, PASSPHRASE) as desk:
        desk.import_folders([world.refused])
    return full


async def quarantine(pilot: Pilot[Any]) -> QuarantineScreen:
    await open_desk(pilot)
    await pilot.press("f6")
    screen = await at(pilot, QuarantineScreen)
    await until(pilot, lambda: bool(screen.items))
    await rest(pilot)
    assert isinstance(screen, QuarantineScreen)
    return screen


async def decide(pilot: Pilot[Any], key: str, reason: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, AskReason))
    await type_text(pilot, reason)
    await pilot.press("enter")


async def test_an_entry_is_accepted_with_a_reason_and_leaves_the_quarantine(refused: Path) -> None:
    async with at_desk(refused) as (shell, pilot):
        screen = await quarantine(pilot)
        await decide(pilot, "f7", WHY)
        await until(pilot, lambda: screen.items == [])
        await rest(pilot)
        assert "Nothing stands in quarantine." in seen(shell)
    with Desk.open(refused, PASSPHRASE) as desk:
        assert desk.count() == {"imported": RECORDS + 1, "quarantined": 0}
        assert desk.vault.db.query("SELECT what, reason FROM decision") == [("accepted", WHY)]


async def test_an_entry_is_put_aside_and_tried_again_later(refused: Path) -> None:
    async with at_desk(refused, size=(100, 40)) as (shell, pilot):
        screen = await quarantine(pilot)
        await decide(pilot, "f8", "no")
        assert isinstance(shell.screen, AskReason)
        await type_text(pilot, WHY)
        await pilot.press("enter")
        await until(pilot, lambda: bool(screen.items and screen.items[0]["decision"]))
        await rest(pilot)
        assert "put aside" in seen(shell)
        assert f"no{WHY}" in seen(shell)
        await pilot.press("f5")
        await until(pilot, lambda: bool(screen.items) and screen.items[0]["decision"] is None)  # type: ignore[index]
        assert screen.items is not None
        assert screen.items[0]["code"] == "E_DEVICE_REVOKED"


async def test_a_key_pressed_twice_decides_once(refused: Path) -> None:
    async with at_desk(refused) as (_shell, pilot):
        screen = await quarantine(pilot)
        screen.action_retry()
        assert not any(screen.check_action(action, ()) for action in ("retry", "accept", "aside", "write"))
        await until(pilot, lambda: bool(screen.check_action("retry", ())))
        await rest(pilot)
        item = screen.item
        assert item is not None
        eid = str(item["eid"])
    with Desk.open(refused, PASSPHRASE) as desk:
        events = desk.decisions.show(eid)["custody"]
    assert isinstance(events, list)
    assert [event["act"] for event in events].count("retry") == 1


async def test_an_entry_is_written_out_sealed(refused: Path, tmp_path: Path) -> None:
    async with at_desk(refused) as (_shell, pilot):
        await quarantine(pilot)
        await pilot.press("f9")
        await rest(pilot)
        await type_text(pilot, str(tmp_path / "handed-on"))
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "handed-on/item.json").exists())
        await rest(pilot)


async def test_a_search_is_narrowed_by_a_facet_and_widened_again(full: Path) -> None:
    async with at_desk(full, size=(120, 40)) as (shell, pilot):
        screen = await searching(pilot)
        await until(pilot, lambda: screen.counted is not None)
        facets = screen.query_one(FacetList)
        assert "with attachments" in seen(shell)
        assert "Tab Narrow" in seen(shell)
        await pilot.press("tab")
        await rest(pilot)
        assert "Tab To the words" in seen(shell)
        place = next(place for place in range(99) if facets.pair(place) == ("attachments", "with"))
        facets.highlighted = place
        await pilot.press("enter")
        await until(pilot, lambda: len(screen.hits) == 1)
        assert screen.hits[0].record == PICTURES
        await rest(pilot)
        assert "✓ with attachments" in seen(shell)
        await pilot.press("f8")
        await until(pilot, lambda: len(screen.hits) == RECORDS)
        await rest(pilot)
        await pilot.press("tab")
        assert screen.query_one("#words").has_focus
        await asked(pilot, screen, "неіснуюче")
        assert screen.hits == []
        screen.wanted = screen.wanted.toggled("region", "nowhere")
        before = screen.asked
        screen.query_one("#words", Input).value = ""
        await until(pilot, lambda: screen.asked > before)
        await rest(pilot)
        assert "Nothing was found." in seen(shell)


async def test_facets_speak_the_words_of_the_form_in_the_language_of_the_screen(full: Path) -> None:
    async with at_desk(full, size=(120, 50)) as (shell, pilot):
        screen = await searching(pilot)
        await until(pilot, lambda: screen.counted is not None and "Ukrainian" in seen(shell))
        facets = screen.query_one(FacetList)
        assert "Forced conscription" in seen(shell)
        place = next(place for place in range(99) if facets.pair(place) == ("region", "UA14"))
        assert "Donetsk" in str(facets.get_option_at_index(place).prompt)
        await pilot.press("tab")
        facets.highlighted = place
        await pilot.press("enter")
        await until(pilot, lambda: len(screen.hits) == 1)
        assert "newest first  ·  Donetsk" in seen(shell)
        await pilot.press("f2")
        await until(pilot, lambda: "Донецька" in seen(shell))
        assert "Українська" in seen(shell)
        assert "UA14" not in seen(shell)


async def test_in_a_narrow_window_facets_take_the_place_of_the_results(full: Path) -> None:
    async with at_desk(full, size=(40, 20)) as (_shell, pilot):
        screen = await searching(pilot)
        assert isinstance(screen, SearchScreen)
        assert not screen.query_one(FacetList).display or screen.query_one(FacetList).region.width == 0
        await pilot.press("tab")
        await pilot.pause()
        assert screen.query_one(FacetList).region.width > 20
        assert screen.query_one("#hits", OptionList).region.width == 0


async def test_counts_stand_at_the_right_edge_of_a_window_that_grew(full: Path) -> None:
    async with at_desk(full, size=(90, 40)) as (_shell, pilot):
        screen = await searching(pilot)
        facets = screen.query_one(FacetList)
        await until(pilot, lambda: screen.counted is not None and facets.offers)
        for width in (90, 160, 90):
            await pilot.resize_terminal(width, 40)
            await rest(pilot)
            lines = [str(facets.get_option_at_index(place).prompt) for place in range(99) if facets.pair(place)]
            assert {len(line) for line in lines} == {facets.scrollable_content_region.width - 2}


async def test_an_attachment_is_checked_without_being_written(full: Path) -> None:
    async with at_desk(full) as (shell, pilot):
        screen = await reading(pilot)
        text = await to(pilot, screen, "attachment:")
        assert "whole" not in text
        await pilot.press("f6")
        await until(pilot, lambda: bool(screen.checked))
        await rest(pilot)
        text = await to(pilot, screen, "attachment:")
        assert "every byte is whole" in text
        assert "picture" in text or "JPEG" in text or "PNG" in text
        assert "Record" in seen(shell)
    with Desk.open(full, PASSPHRASE) as desk:
        events = desk.record(PICTURES)["custody"]
    assert isinstance(events, list)
    assert "check" in [event["act"] for event in events]


def test_words_typed_in_haste_stand_at_their_question_and_unknown_data_is_shown(full: Path) -> None:
    record = opened(full)
    narrative = record.documents["narrative"]
    extra = {"x-typed": [["d_account", "narrative_text"], "and then they"], "x-future": {"a": [1, 2]}}
    changed = dataclasses.replace(
        narrative, extra={**extra, "x-typed": [[["d_account", "narrative_text"], "and then"]]}
    )
    facts = {**record.facts, "unopened": ["identity"]}
    record = dataclasses.replace(record, facts=facts, documents={**record.documents, "narrative": changed})
    parts = {part.key: part for part in all_parts(record, "en")}
    typed = "\n".join(block.text for block in parts["typed:narrative"].blocks)
    assert "Was being typed when the interview was sealed in haste" in typed
    assert "and then" in typed
    further = parts["extra:narrative"].blocks
    assert [(block.label, block.text) for block in further if block.kind == "answer"] == [("a", "[1, 2]")]
    assert "no key for this part" in parts["sealed:identity"].blocks[0].text
    wrong = dataclasses.replace(narrative, extra=extra)
    record = dataclasses.replace(record, documents={**record.documents, "narrative": wrong})
    parts = {part.key: part for part in all_parts(record, "en")}
    assert "typed:narrative" not in parts
    assert "and then they" in "\n".join(block.text for block in parts["extra:narrative"].blocks)


def test_all_attachments_stand_on_one_page(full: Path) -> None:
    record = opened(full)
    (page,) = [part for part in all_parts(record, "en") if part.key == "attachments"]
    items = record.facts["attachments"]
    assert isinstance(items, list)
    assert [block.text for block in page.blocks if block.kind == "entry"] == [item["name"] for item in items]
