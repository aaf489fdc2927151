"""Every set of colours, and terminals that can show little: the same things are said."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.segment import Segment
from textual.color import Color
from textual.widget import Widget

from tests.tui.conftest import begin, consent, seen, shell_of, unlock
from tui import appearance
from tui.screens import interviews
from tui.screens.interview.choices import Choices
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interview.sections import Sections
from tui.screens.shell import Shell
from tui.state_words import STATE_WORDS
from tui.theme import CONTRAST, DARK, LIGHT, MONO, PLAIN, THEMES, theme_for
from tui.theme.terminal import AsciiSigns, in_ascii, shows_only_ascii
from tui.widgets.volumes import STATES

NAMES = [theme.name for theme in THEMES]
ROW_SIGNS = ("! ", "– ", "✓ ", "• ", "· ", "+ ", "▸ ", "▾ ")


def colourless(shell: Shell, kind: type[Widget]) -> list[tuple[str, ...]]:
    """The lines of a widget as text with bold, reverse and underline: nothing of colour."""
    widget = shell.screen.query_one(kind)
    lines = []
    for y in range(widget.size.height):
        strip = widget.render_line(y)
        lines.append(
            tuple(
                f"{text.strip()}|{style and (bool(style.bold), bool(style.reverse), bool(style.underline))}"
                for text, style, _ in strip
                if text.strip()
            )
        )
    return lines


def attributes(line: tuple[str, ...]) -> set[str]:
    return {part.rpartition("|")[2] for part in line}


@pytest.mark.parametrize("name", NAMES)
async def test_the_line_under_the_cursor_and_what_is_chosen_show_without_colour(home: Path, name: str) -> None:
    shell = shell_of(home)
    shell.theme = name
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        screen.go(("a_setting", "interview_mode"))
        await pilot.press("space", "down")
        await pilot.pause()
        chosen, under, other = colourless(shell, Choices)[:3]
        assert chosen[0].startswith("(●)")
        assert other[0].startswith("( )")
        assert attributes(under) != attributes(other)
        if name in (PLAIN.name, MONO.name):
            here, there = colourless(shell, Sections)[:2]
            assert attributes(here) != attributes(there)


@pytest.mark.parametrize("name", NAMES)
async def test_how_far_a_section_is_shows_without_colour(home: Path, name: str) -> None:
    shell = shell_of(home)
    shell.theme = name
    async with shell.run_test(size=(80, 40)) as pilot:
        screen = await begin(pilot)
        here, untouched, _consent, closed = (" ".join(line) for line in colourless(shell, Sections)[:4])
        assert "–" in closed
        assert "○" in untouched
        assert here.startswith("▸")
        assert "▸" not in untouched
        screen.go(("b_safety", "privacy_ok"))
        await pilot.press("space")
        await pilot.pause()
        was_here, begun, *_rest = (" ".join(line) for line in colourless(shell, Sections))
        assert "/" in begun
        assert begun.startswith("▸")
        assert "▸" not in was_here
        consent(screen)
        await pilot.pause()
        assert "–" not in " ".join(colourless(shell, Sections)[3])
        screen.changed(screen.interview.answer(("b_safety", "privacy_ok"), "no"))
        await pilot.press("escape")
        await pilot.pause()
        assert "×" in " ".join(colourless(shell, Sections)[2])


def test_states_have_words_and_signs_of_their_own_also_in_ascii() -> None:
    assert len(set(STATE_WORDS.values())) == len(STATE_WORDS)
    assert interviews.SIGNS.keys() <= STATE_WORDS.keys()
    assert len({in_ascii(sign) for sign in ROW_SIGNS}) == len(ROW_SIGNS)
    states = {state: (sign, words) for state, (sign, _tone, words) in STATES.items()}
    assert len({(in_ascii(sign), words) for sign, words in states.values()}) == len(states)
    for signs in ([sign for sign, _tone in interviews.SIGNS.values()], [sign for sign, _ in states.values()]):
        assert len({in_ascii(sign) for sign in signs}) == len(set(signs))


def test_no_sign_on_any_screen_is_left_beyond_ascii() -> None:
    here = Path(__file__).parent / "__snapshots__"
    signs = {char for path in here.rglob("*.svg") for char in path.read_text("utf-8") if not char.isalpha()}
    assert {"✓", "•", "╭"} <= signs
    assert [sign for sign in signs if not in_ascii(sign).isascii()] == []


# contrast


def ratio(one: str, other: str) -> float:
    """Contrast as WCAG 2 counts it."""

    def light(name: str) -> float:
        parts = [part / 255 for part in Color.parse(name).rgb]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("theme", "least"), [(CONTRAST, 7.0), (DARK, 4.5), (LIGHT, 4.5)], ids=["high", "dark", "light"]
)
def test_words_can_be_read_on_every_ground(theme: type, least: float) -> None:
    tones = [theme.primary, theme.accent, theme.warning, theme.error, theme.success, theme.foreground]  # type: ignore[attr-defined]  # a theme
    tones.append(theme.variables["muted"])  # type: ignore[attr-defined]
    grounds = [theme.background, theme.surface, theme.panel]  # type: ignore[attr-defined]
    assert [(a, b) for a in tones for b in grounds if ratio(a, b) < least] == []


# NO_COLOR


def test_no_color_is_heeded_at_the_start(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    appearance.save(home, "en", LIGHT.name)
    monkeypatch.setenv("NO_COLOR", "1")
    assert Shell(home, "field").theme == MONO.name
    monkeypatch.delenv("NO_COLOR")
    assert Shell(home, "field").theme == LIGHT.name
    assert theme_for(None) == MONO.name
    assert theme_for("standard", MONO.name) == MONO.name


async def test_no_color_leaves_no_colour_and_no_grey(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shell = shell_of(home)
    shell.theme = MONO.name
    async with shell.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await pilot.press("ctrl+t")
        assert shell.theme == MONO.name
        for strip in shell.screen._compositor.render_strips():
            for _text, style, _control in strip:
                colours = [colour for colour in (style.color, style.bgcolor) if colour is not None] if style else []
                assert all(colour.is_default for colour in colours)


async def test_the_chosen_colours_are_there_again_next_time(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+t", "ctrl+t")
        assert shell.theme == CONTRAST.name
    assert Shell(home, "field").theme == CONTRAST.name


# terminals without signs


@pytest.mark.parametrize(
    ("environ", "only"),
    [
        ({"TERM": "xterm-256color", "LANG": "uk_UA.UTF-8"}, False),
        ({"TERM": "xterm-256color", "LANG": "en_GB.utf8"}, False),
        ({"TERM": "xterm"}, False),
        ({"TERM": "linux", "LANG": "uk_UA.UTF-8"}, True),
        ({"TERM": "xterm", "LANG": "uk_UA.KOI8-U"}, True),
        ({"TERM": "xterm", "LC_ALL": "C", "LANG": "uk_UA.UTF-8"}, True),
        ({"TERM": "screen", "LC_ALL": "", "LC_CTYPE": "POSIX"}, True),
        ({}, False),
    ],
)
def test_which_terminals_get_ascii(environ: dict[str, str], only: bool) -> None:
    assert shows_only_ascii(environ) is only


def test_letters_stay_and_widths_too() -> None:
    assert in_ascii("✓ Є такий підпис — «так» │") == 'v Є такий підпис - "так" |'
    assert in_ascii("так ї", "koi8-u") == "так ї"
    assert in_ascii("так 語", "ascii") == "??? ??"
    line = AsciiSigns("utf-8").apply([Segment("╭──╮"), Segment("│", None)], Color(0, 0, 0))
    assert [segment.text for segment in line] == ["+--+", "|"]


async def test_the_linux_console_sees_no_sign_beyond_ascii(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "linux")
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        assert seen(shell).isascii()
        await pilot.press("f3")
        await pilot.pause()
        await pilot.press("f1")
        await pilot.pause()
        assert seen(shell).isascii()
        await pilot.press("escape")
        assert isinstance(shell.screen, InterviewScreen)
        shell.screen.go(("b_safety", "age_gate"))
        await pilot.pause()
        assert seen(shell).isascii()
        assert "(" in seen(shell)
