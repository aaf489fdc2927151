"""Writes docs/key-card.svg, one page of A5 with every key that a documenter needs, from the bindings themselves.

Keys and English words come from the screens, Ukrainian and Russian words from the catalogues of the screens.
`tests/test_guides_documenter.py` compares the card with what comes out.
"""

from __future__ import annotations

import sys
from pathlib import Path
from xml.sax.saxutils import escape

from textual.binding import Binding
from textual.dom import DOMNode

from tui import locale
from tui.screens.interview.choices import Choices
from tui.screens.interview.entries import Entries
from tui.screens.interview.flow import Flowing
from tui.screens.interview.heeding import Heeding
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interviews import InterviewsScreen
from tui.screens.mission import MissionScreen
from tui.screens.readback import ReadBackScreen
from tui.screens.receipts import ReceiptsScreen
from tui.screens.review import ReviewScreen
from tui.screens.shell import Shell
from tui.screens.transfer import TransferScreen
from tui.widgets.account import Account
from tui.widgets.keybar import key_name

CARD = Path(__file__).resolve().parent.parent / "docs" / "key-card.svg"
Words = tuple[str, str, str]
PLACES: tuple[tuple[Words, tuple[type[DOMNode], ...]], ...] = (
    (("Everywhere", "Усюди", "Везде"), (Shell,)),
    (("List of interviews", "Список опитувань", "Список опросов"), (InterviewsScreen,)),
    (("Interview", "Опитування", "Опрос"), (InterviewScreen, Flowing, Entries, Heeding, Choices)),
    (("While typing the account", "Під час набору розповіді", "При наборе рассказа"), (Account,)),
    (("Review and seal", "Переглянути й запечатати", "Просмотреть и запечатать"), (ReviewScreen,)),
    (("Reading back", "Читання вголос", "Чтение вслух"), (ReadBackScreen,)),
    (("Transfer", "Передати", "Передать"), (TransferScreen,)),
    (("Receipts", "Квитанції", "Квитанции"), (ReceiptsScreen,)),
    (("Mission", "Місія", "Миссия"), (MissionScreen,)),
)
LEFT_OUT = {
    "Use sticks", "Send again", "Show the sending", "Go on", "Leave out this folder", "Up", "Down", "Twice: lock",
    "Show only those of the state before", "Show only those of the next state", "Show all", "Further on",
    "Further back", "To the beginning", "To the end", "Page before", "Select everything",
}  # fmt: skip
"""Words of keys that a page has no room for: the screen offers them where they serve, or F1 names them."""
WIDTH, HEIGHT, MARGIN = 148.0, 210.0, 6.0
COLUMNS = (0.0, 15.0, 54.0, 94.0)
LETTER = 0.6
"""Width of a letter, as a part of its size: words that would be too long are written smaller."""
TITLES = ("", "English", "Українська", "Русский")
SPELLED = {"⏎": "Enter", "⇧Tab": "Shift-Tab", "⇧↑": "Shift-↑", "⇧↓": "Shift-↓"}
"""Signs that a page spells out."""
NOTE = ("^P: hold Ctrl, press P", "^P: тримайте Ctrl, натисніть P", "^P: держите Ctrl, нажмите P")


def rows(places: tuple[type[DOMNode], ...]) -> list[tuple[str, str]]:
    """(name of the key, its English words) of some classes, in the order of their bindings."""
    found: dict[tuple[str, str], None] = {}
    for cls in places:
        for binding in vars(cls).get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.description and binding.description not in LEFT_OUT:
                found[key_name(binding.key), binding.description] = None
    return list(found)


def words(english: str) -> Words:
    """The words of a key in the three languages. KeyError where one is missing."""
    return english, locale.catalogue("uk").gettext(english), locale.catalogue("ru").gettext(english)


def card() -> str:
    """The page."""
    lines: list[tuple[str, Words, bool]] = []
    for heads, classes in PLACES:
        lines.append(("", heads, True))
        lines += [(key, words(english), False) for key, english in rows(classes)]
    step = (HEIGHT - 2 * MARGIN - 11) / (len(lines) + len(PLACES) * 0.35)
    size = min(step * 0.77, 3.0)
    drawn = [_text(MARGIN, MARGIN + 4, "Svidok", 3, bold=True)]
    drawn += [_text(MARGIN + at, MARGIN + 4, title, 3, bold=True) for at, title in zip(COLUMNS, TITLES, strict=True)][
        1:
    ]
    drawn += [_text(MARGIN + at, MARGIN + 8, note, 2.2) for at, note in zip(COLUMNS[1:], NOTE, strict=True)]
    y = MARGIN + 10.0
    for key, told, head in lines:
        y += step * (1.35 if head else 1.0)
        if head:
            drawn.append(f'<path d="M{MARGIN} {y + 0.8:.2f}H{WIDTH - MARGIN}" stroke="#888" stroke-width="0.2"/>')
        else:
            drawn.append(_text(MARGIN, y, SPELLED.get(key, key), size, bold=True))
        ends = (*COLUMNS[2:], WIDTH - 2 * MARGIN)
        for at, end, text in zip(COLUMNS[1:], ends, told, strict=True):
            drawn.append(_text(MARGIN + at, y, text, min(size, (end - at - 1) / (len(text) * LETTER)), bold=head))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:.0f}mm" height="{HEIGHT:.0f}mm"'
        f' viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" font-family="DejaVu Sans, Noto Sans, Arial, sans-serif">\n'
        "<title>Svidok: keys · клавіші · клавиши</title>\n"
        f'<rect width="{WIDTH:.0f}" height="{HEIGHT:.0f}" fill="#fff"/>\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, size: float, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size:.2f}"{weight}>{escape(text)}</text>'


def main() -> int:
    """Write it."""
    CARD.write_text(card(), "utf-8")
    print(f"docs/{CARD.name}: {CARD.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
