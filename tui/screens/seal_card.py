"""After the seal: the record code, large, to be copied onto the witness's card; what stands on the card, what does not.

The rule: the code alone tells nothing of the person and opens nothing. Nothing else is written on the card.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.locale import N_, _
from tui.screens.base import BaseScreen
from tui.screens.interview.reading import Reading
from tui.state_words import code_text

_GLYPHS = {
    "0": (0b01110, 0b10011, 0b10101, 0b11001, 0b01110),
    "1": (0b00100, 0b01100, 0b00100, 0b00100, 0b01110),
    "2": (0b11110, 0b00001, 0b01110, 0b10000, 0b11111),
    "3": (0b11110, 0b00001, 0b01110, 0b00001, 0b11110),
    "4": (0b10010, 0b10010, 0b11111, 0b00010, 0b00010),
    "5": (0b11111, 0b10000, 0b11110, 0b00001, 0b11110),
    "6": (0b01110, 0b10000, 0b11110, 0b10001, 0b01110),
    "7": (0b11111, 0b00010, 0b00100, 0b01000, 0b01000),
    "8": (0b01110, 0b10001, 0b01110, 0b10001, 0b01110),
    "9": (0b01110, 0b10001, 0b01111, 0b00001, 0b01110),
    "A": (0b01110, 0b10001, 0b11111, 0b10001, 0b10001),
    "B": (0b11110, 0b10001, 0b11110, 0b10001, 0b11110),
    "C": (0b01111, 0b10000, 0b10000, 0b10000, 0b01111),
    "D": (0b11110, 0b10001, 0b10001, 0b10001, 0b11110),
    "E": (0b11111, 0b10000, 0b11110, 0b10000, 0b11111),
    "F": (0b11111, 0b10000, 0b11110, 0b10000, 0b10000),
    "G": (0b01111, 0b10000, 0b10011, 0b10001, 0b01111),
    "H": (0b10001, 0b10001, 0b11111, 0b10001, 0b10001),
    "J": (0b00111, 0b00010, 0b00010, 0b10010, 0b01100),
    "K": (0b10001, 0b10010, 0b11100, 0b10010, 0b10001),
    "M": (0b10001, 0b11011, 0b10101, 0b10001, 0b10001),
    "N": (0b10001, 0b11001, 0b10101, 0b10011, 0b10001),
    "P": (0b11110, 0b10001, 0b11110, 0b10000, 0b10000),
    "Q": (0b01110, 0b10001, 0b10101, 0b10010, 0b01101),
    "R": (0b11110, 0b10001, 0b11110, 0b10010, 0b10001),
    "S": (0b01111, 0b10000, 0b01110, 0b00001, 0b11110),
    "T": (0b11111, 0b00100, 0b00100, 0b00100, 0b00100),
    "V": (0b10001, 0b10001, 0b10001, 0b01010, 0b00100),
    "W": (0b10001, 0b10001, 0b10101, 0b11011, 0b10001),
    "X": (0b10001, 0b01010, 0b00100, 0b01010, 0b10001),
    "Y": (0b10001, 0b01010, 0b00100, 0b00100, 0b00100),
    "Z": (0b11111, 0b00010, 0b00100, 0b01000, 0b11111),
}
"""Five rows of five cells for each sign that a record code can have."""
_CELLS = 5
GROUP = 4
ROOM = 80
"""Columns of a window in which the large code has its place."""


def large(code: str) -> list[str]:
    """The code in signs of five rows, in groups of four."""
    rows = []
    for row in range(_CELLS):
        signs = ["".join("█" if _GLYPHS[sign][row] >> bit & 1 else " " for bit in range(4, -1, -1)) for sign in code]
        groups = [" ".join(signs[place : place + GROUP]) for place in range(0, len(signs), GROUP)]
        rows.append("   ".join(groups).rstrip())
    return rows


def card_words() -> list[tuple[str, str]]:
    """What stands on the card of the person, and what does not."""
    apart = _("How to reach the office the person keeps in another place, or learns by heart.")
    kept_off = _("No name, no date, no place, not the organisation, not the word testimony.")
    return [(_("On the card"), _("The code, and nothing else.")), (_("Not on the card"), f"{kept_off} {apart}")]


class SealCard(BaseScreen):
    """The code for the card of the witness."""

    TITLE_WORDS = N_("Sealed")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "Give the person the card with the code. With it the office finds the record: to correct it, to narrow the "
            "consent, to withdraw. The code alone opens nothing."
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "leave", N_("It is on the card")),
        Binding("escape", "leave", N_("It is on the card"), show=False),
    ]

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code
        self.reading = Reading()

    def body(self) -> ComposeResult:
        with VerticalScroll(id="seal-card", can_focus=False):
            yield Static(_("Sealed. Write this code on the card of the person:"), markup=False)
            yield Static(id="large-code", markup=False)
            yield Static(Content.assemble((code_text(self.code), "bold")), id="plain-code", markup=False)
            yield Static(id="card-words", markup=False)

    def on_mount(self) -> None:
        """Show the code."""
        self.reading.begin()
        self.restored()

    def restored(self) -> None:
        """Draw the code, large where there is room, and the words."""
        self.query_one("#large-code").display = self.app.size.width >= ROOM
        self.query_one("#large-code", Static).update(Content("\n".join(large(self.code))))
        words = self.query_one("#card-words", Static)
        back = _("Let the person read the code back to you before you put this computer away.")
        parts: list[Content | tuple[str, str] | str] = []
        for head, text in card_words():
            parts += [(head, "bold"), "\n", text, "\n\n"]
        words.update(Content.assemble(*parts, (back, "$muted")))

    def action_leave(self) -> None:
        """To the list, not by a key that was still meant for the seal."""
        if not self.reading.unread:
            self.shell.show_first()
