"""The documenter's guide against the screens: every key, word and command in it is there, in all three languages.

In the guide bold text is keys, alone or with their word on the screen; slanted text is words of the screen.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import REPO
from tests.tui import words
from tools import keycard
from tui import locale
from tui.screens.dialogs import Confirm
from tui.screens.unlock import UnlockScreen

FOLDER = REPO / "docs/guides"
NAMES = {"en": "documenter.md", "uk": "documenter.uk.md", "ru": "documenter.ru.md"}
LONE_KEYS = {"Enter", "Del", "Ctrl", "Shift", "Tab", "Esc", "↓", "↑", "→", "^L", "F12"}
PROSE = {
    "en": {"aloud", "off", "record code"},
    "uk": {"вголос", "Вимкніть", "код запису"},
    "ru": {"вслух", "Выключите", "код записи"},
}
"""What is bold and no key: what must not be missed."""
KEY = re.compile(r"(F\d+|\^[A-Z]|Tab|Space|Del|Esc) (.+)")


@cache
def text_of(guide: str) -> str:
    return (FOLDER / NAMES[guide]).read_text("utf-8")


@cache
def bold(guide: str) -> list[str]:
    return re.findall(r"\*\*([^*\n]+)\*\*", text_of(guide))


def in_language(english: str, language: str) -> str:
    return english if language == "en" else locale.catalogue(language).gettext(english)


@cache
def offered(language: str) -> set[tuple[str, str]]:
    """(name of a key, its words) of everything that the documenter's screens offer."""
    classes = [cls for _heads, places in keycard.PLACES for cls in places]
    return {(key, in_language(english, language)) for key, english in keycard.rows((*classes, UnlockScreen, Confirm))}


@cache
def shown(language: str) -> set[str]:
    """Every sentence of the screens, and the labels of the shipped form."""
    single = {in_language(text, language) for text in words.in_sources()[0]}
    column = {"en": "English (en)", "uk": "Ukrainian (uk)", "ru": "Russian (ru)"}[language]
    with Path(REPO, "schemas/forms/source/choices.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    place = next(place for place, head in enumerate(rows[0]) if head.endswith(column))
    return single | {row[place].partition(" (")[0] for row in rows[1:]}


def test_every_language_of_the_screens_has_its_guide():
    assert NAMES.keys() == set(locale.languages())


@pytest.mark.parametrize("guide", NAMES)
def test_every_key_in_the_guide_does_what_the_guide_says(guide):
    unknown = []
    for each in bold(guide):
        match = KEY.fullmatch(each)
        known = (match[1], match[2]) in offered(guide) if match else each in LONE_KEYS | PROSE[guide]
        if not known:
            unknown.append(each)
    assert unknown == []
    assert len(bold(guide)) >= 50


@pytest.mark.parametrize("guide", NAMES)
def test_every_word_of_the_screen_in_the_guide_stands_there(guide):
    slanted = re.findall(r"(?<!\*)\*([^*\n ][^*\n]*)\*(?!\*)", text_of(guide))
    slanted = [each for each in slanted if each not in ("like this", "так")]
    assert len(slanted) >= 20
    assert [each for each in slanted if each not in shown(guide)] == []


@pytest.mark.parametrize("guide", ["uk", "ru"])
def test_the_guides_say_the_same_in_the_same_order(guide):
    for pattern in (r"^(#+) ", r"^```\n(.*?)^```", r"^(\d\.|\*) "):
        found = [re.findall(pattern, text_of(each), re.MULTILINE | re.DOTALL) for each in ("en", guide)]
        assert found[0] == found[1], pattern
    pictures = [re.findall(r"\]\(\.\./pictures/(\w+)\.\w+\.svg\)", text_of(each)) for each in ("en", guide)]
    assert pictures[0] == pictures[1]
    assert len(pictures[0]) >= 4
    keys = [
        [re.split(" ", each)[0] for each in bold(one) if KEY.fullmatch(each) or each in LONE_KEYS]
        for one in ("en", guide)
    ]
    assert keys[0] == keys[1]


@pytest.mark.parametrize("guide", NAMES)
def test_pictures_are_there_in_the_language_of_the_screens_and_load_nothing(guide):
    for name in re.findall(r"\]\(\.\./(pictures/[\w.]+)\)", text_of(guide)):
        assert f".{guide}." in name
        picture = (REPO / "docs" / name).read_text("utf-8")
        assert not re.search(r"(?:href|src|url\()\W*https?:", picture)


def test_the_card_of_keys_is_what_the_bindings_say():
    assert keycard.CARD.read_text("utf-8") == keycard.card(), "make picture writes it anew"


def test_the_card_of_keys_is_one_page_of_a5():
    card = keycard.card()
    assert 'width="148mm" height="210mm"' in card
    places = [(float(x), float(y)) for x, y in re.findall(r'<text x="([\d.]+)" y="([\d.]+)"', card)]
    assert max(y for _x, y in places) < keycard.HEIGHT - keycard.MARGIN
    assert min(float(size) for size in re.findall(r'font-size="([\d.]+)"', card)) > 1.6
