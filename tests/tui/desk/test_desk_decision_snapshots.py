"""What narrowing a search and deciding about quarantine look like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import until
from tests.tui.desk.conftest import at, desk_shell, open_desk, rest
from tests.tui.desk.test_desk_snapshots import newest, put_aside, still
from tests.tui.pictures import Step, both_sizes, every_language, picture_of
from tui import locale
from tui.screens.desk.deciding import AskReason
from tui.screens.desk.quarantine import QuarantineScreen
from tui.screens.desk.search import SearchScreen

pytestmark = pytest.mark.usefixtures("plain_pictures")


def decided() -> list[dict[str, object]]:
    """Two items: one that can be accepted, one that was put aside."""
    first, second, _third = put_aside()
    aside = {"what": "rejected", "reason": "It came with the stick of somebody else.", "at": 1_760_000_000}
    return [
        {**first, "number": 4, "can": ["retry", "release", "reject", "export"], "decision": None},
        {**second, "number": 3, "can": ["retry", "export"], "decision": aside},
    ]


@pytest.fixture(autouse=True)
def two_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """Items whose ids do not change."""
    monkeypatch.setattr("sync.desk.desk.Desk.quarantine", lambda _desk: decided())


async def deciding(pilot: Pilot[Any]) -> None:
    await open_desk(pilot)
    await pilot.press("f6")
    screen = await at(pilot, QuarantineScreen)
    await until(pilot, lambda: bool(screen.items))
    await rest(pilot)


async def put_aside_already(pilot: Pilot[Any]) -> None:
    await deciding(pilot)
    await pilot.press("down")


async def reason(pilot: Pilot[Any]) -> None:
    await deciding(pilot)
    await pilot.press("f7")
    await until(pilot, lambda: isinstance(pilot.app.screen, AskReason))


async def narrowed(pilot: Pilot[Any]) -> None:
    await newest(pilot)
    screen = await at(pilot, SearchScreen)
    await pilot.press("tab", "enter")
    await until(pilot, lambda: bool(screen.wanted.values))
    await rest(pilot)


@every_language
@both_sizes
@picture_of([deciding, put_aside_already, reason, narrowed])
def test_screen(snap_compare: Any, full: Path, step: Step, size: tuple[int, int], language: str) -> None:
    locale.set_language(language)
    assert snap_compare(desk_shell(full), terminal_size=size, run_before=still(step))
