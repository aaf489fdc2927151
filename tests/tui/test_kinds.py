"""Every type of question is answered by keys: found by typing, ordered, moved on a scale, typed as people do."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.conftest import begin, seen, shell_of, type_text
from tests.tui.kinds import OBLASTS, enrolled_with_kinds
from tui.screens.interview.choices import Choices
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interviews import InterviewsScreen


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home, made once."""
    return enrolled_with_kinds(tmp_path_factory.mktemp("kinds") / "home")


@pytest.fixture
def home(kinds: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(kinds, tmp_path / "home"))


def value(screen: InterviewScreen, name: str) -> object:
    """The answer that is kept."""
    given = screen.interview.given((name,))
    return None if given is None else given.value


async def typed(pilot: Pilot[Any], screen: InterviewScreen, name: str, text: str) -> str:
    """Type a line and go on; what was understood while it was typed."""
    screen.go((name,))
    line = screen.query_one("#line", Input)
    line.value = text
    await pilot.pause()
    read = str(screen.card.query_one("#card-note").content) if screen.card.query_one("#card-note").display else ""
    await pilot.press("tab")
    return read


async def test_a_list_narrows_as_one_types_in_any_language_and_anywhere_in_the_words(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("place",))
        await pilot.pause()
        choices = screen.card.query_one(Choices)
        assert f"{len(OBLASTS)} options" in seen(shell)
        await pilot.press(*"ФРАНК")
        assert [line.text for line in choices.lines] == ["Івано-Франківська"]
        assert "Find: ФРАНК" in seen(shell)
        await pilot.press(*["backspace"] * 4, *"")
        assert choices.typed == "Ф"
        assert screen.cursor == ("place",)
        await pilot.press("escape")
        assert len(choices.lines) == len(OBLASTS)
        assert pilot.app.screen is screen
        await pilot.press(*"киі")
        assert [line.text for line in choices.lines] == ["Київська"]
        await pilot.press("enter")
        assert value(screen, "place") == f"p{OBLASTS.index('Київська')}"
        assert screen.cursor == ("parts",)
        screen.go(("place",))
        await pilot.press(*"kmd")  # the keys of "льв"
        assert [line.text for line in choices.lines] == ["Львівська"]
        assert "Find: льв" in seen(shell)
        await pilot.press("escape", *"xyz")
        assert choices.lines == []
        assert "Find: xyz▏ nothing fits" in seen(shell)
        await pilot.press("enter", "down", "space")
        assert screen.cursor == ("place",)
        assert value(screen, "place") == f"p{OBLASTS.index('Київська')}"
        await pilot.press("backspace", "backspace", "backspace", "backspace")
        assert value(screen, "place") is not None
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, InterviewsScreen)


async def test_what_begins_so_comes_first_and_a_language_change_keeps_nothing_typed(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("place",))
        await pilot.press(*"ль")
        choices = screen.card.query_one(Choices)
        assert choices.lines[choices.at or 0].text == "Львівська"
        assert {line.text for line in choices.lines} >= {"Волинська", "Львівська"} - {"Волинська"}


async def test_several_are_toggled_by_key_and_each_search_begins_anew(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("several",))
        choices = screen.card.query_one(Choices)
        await pilot.press(*"харк", "space", *"одес", "escape", *"донец", "enter")
        assert choices.typed == ""
        wanted = {f"p{OBLASTS.index(name)}" for name in ("Харківська", "Донецька")}
        assert set(value(screen, "several")) == wanted  # type: ignore[call-overload]
        assert screen.cursor == ("several",)
        await pilot.press(*"харк", "space", "enter")
        assert value(screen, "several") == (f"p{OBLASTS.index('Донецька')}",)
        assert screen.cursor == ("paper",)


async def test_an_order_is_made_by_places_and_by_moving(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("parts",))
        choices = screen.card.query_one(Choices)
        await pilot.press("down", "space", "end", "space", "end", "space")
        assert value(screen, "parts") == ("b", "c", "a") or value(screen, "parts") == ("b", "a", "c")
        choices.stand_on([line.text for line in choices.lines].index("Part a"))
        await pilot.press("1")
        assert value(screen, "parts")[0] == "a"  # type: ignore[index]
        assert choices.lines[0].text == "Part a"
        assert choices.at == 0
        await pilot.press("shift+down", "shift+down", "shift+down")
        assert value(screen, "parts")[2] == "a"  # type: ignore[index]
        assert choices.at == 2
        await pilot.press("shift+up")
        assert value(screen, "parts")[1] == "a"  # type: ignore[index]
        await pilot.press("delete")
        assert value(screen, "parts") is None


async def test_a_scale_is_moved_by_arrows_within_its_ends(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("pain",))
        await pilot.pause()
        line = screen.query_one("#line", Input)
        assert "0 to 10" in line.placeholder
        await pilot.press("up")
        assert line.value == "0"
        await pilot.press("up", "up")
        await pilot.pause()
        assert line.value == "4"
        assert "├" in seen(shell)
        await pilot.press("pageup", "up")
        assert line.value == "10"
        await pilot.press("pagedown", "down")
        assert line.value == "0"
        await pilot.press("up", "enter")
        assert value(screen, "pain") == 2
        assert await typed(pilot, screen, "pain", "3") == ""
        assert screen.view.nodes[("pain",)].problem is not None
        await typed(pilot, screen, "age", "x")
        assert screen.cursor == ("age",)
        screen.query_one("#line", Input).value = "1 200"
        await pilot.press("up", "tab")
        assert value(screen, "age") == 1200


@pytest.mark.parametrize(
    ("name", "text", "kept", "understood"),
    [
        ("sum", "1 234,50", "1234.5", ""),
        ("day", "5.10.2023", "2023-10-05", "5 October 2023"),
        ("when", "10.2023?", "2023-10?", "some time in October 2023, uncertain · estimated date"),
        ("when", "2022-XX-15", "2022-XX-15", "on day 15 of some month in 2022 · day and month unknown"),
        ("when", "2022-03/..", "2022-03/..", "some time in March 2022 – end open · estimated date"),
        ("clock", "1430", "14:30", ""),
        ("moment", "2023-10-05 14:30", "2023-10-05T14:30:00", "5 October 2023, 14:30"),
        ("code", "4820000", "4820000", ""),
        ("point", "48.5 N 35.1 E", "48.5 35.1 0 0", "48.5° north, 35.1° east"),
        ("point", "Херсон", "46.6 33.6 0 140000", "Kherson region: its middle, give or take 140 km"),
        ("way", "48.5, 35.1; 48.6, 35.2", "48.5 35.1 0 0;48.6 35.2 0 0", "48.5° north, 35.1° east; 48.6° north"),
        ("field", "1 1; 1 2; 2 2", "1 1 0 0;1 2 0 0;2 2 0 0;1 1 0 0", "; …"),
    ],
)
async def test_what_people_type_is_understood_at_once(
    home: Path, name: str, text: str, kept: str, understood: str
) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(120, 40)) as pilot:
        screen = await begin(pilot)
        read = await typed(pilot, screen, name, text)
        assert value(screen, name) == kept
        assert understood in read
        screen.go((name,))
        await pilot.press("left", "tab")
        screen.hold()
        assert value(screen, name) == kept
        assert screen.interview.unconfirmed() is None


async def test_a_region_is_picked_by_its_letters(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(120, 40)) as pilot:
        screen = await begin(pilot)
        assert "one of Cherkasy region · Chernihiv region · Chernivtsi region" in await typed(
            pilot, screen, "point", "Cher"
        )
        assert "Chernihiv region: its middle" in await typed(pilot, screen, "point", "Chernih")
        assert value(screen, "point") == "51.3 32 0 150000"
        screen.go(("point",))
        await pilot.pause()
        assert screen.query_one("#line", Input).value == "Chernihiv region"


@pytest.mark.parametrize(
    ("name", "text"),
    [("point", "near the mill"), ("moment", "in autumn"), ("clock", "25:00"), ("day", "2023-13-01"), ("way", "1 1")],
)
async def test_what_means_nothing_is_no_answer_and_stays_in_the_line(home: Path, name: str, text: str) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        await typed(pilot, screen, name, text)
        await pilot.pause()
        assert value(screen, name) is None
        assert screen.cursor == (name,)
        assert screen.query_one("#line", Input).value == text
        assert "not an answer of the expected kind" in " ".join(seen(shell).split())


async def test_yes_and_no_and_done_are_chosen(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("sure",))
        await pilot.press("down", "space")
        assert value(screen, "sure") is False
        await pilot.press("y", "enter")
        assert value(screen, "sure") is True
        assert screen.cursor == ("told",)
        await pilot.press("space")
        assert value(screen, "told") is True
        await pilot.press("delete")
        assert value(screen, "told") is None
        await typed(pilot, screen, "moment", "5.10.2023 14:30")
        screen.go(("told",))
        await pilot.pause()
        assert "2023-10-05 14:30" in seen(shell)
        assert "Yes" in next(line for line in seen(shell).splitlines() if "The sure" in line)


async def test_how_a_question_is_put_is_seen_without_colours(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        shapes = {}
        for name, words in (
            ("aloud", "» Read aloud, word for word"),
            ("place", "? Ask, unless"),
            ("silent", "# Code it yourself"),
            ("staff", "– For you"),
        ):
            screen.go((name,))
            await pilot.pause()
            assert words in seen(shell)
            shapes[name] = screen.card.styles.border_left[0]
            assert ("Not read out; for you alone:" in seen(shell)) is (name == "silent")
            assert ("«May we keep it?»" in seen(shell)) is (name == "aloud")
        assert len(set(shapes.values())) == 4
        screen.go(("silent",))
        await pilot.pause()
        assert {line.tone for line in screen.card.query_one(Choices).lines} == {"muted"}


async def test_letters_of_any_name_are_typed_into_a_line(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("staff",))
        await type_text(pilot, "up to 5")
        await pilot.press("up", "down", "tab")
        assert value(screen, "staff") == "up to 5"
