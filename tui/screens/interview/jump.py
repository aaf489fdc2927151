"""Going to any section or question by a few typed letters.

The rule: letters are compared without case, accents and apostrophes, in every language of the form at once, so that a
question is found in whichever language somebody thinks of it. What the form does not show now cannot be gone to.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Label

from schemas.session_types import Node
from schemas.xform_model import Definition, Path
from tui.layouts import readings
from tui.locale import N_, _
from tui.screens.base import Dialog
from tui.screens.interview.sections import Standing, section_label, state_sign, state_words
from tui.screens.interview.view import InterviewView, is_answered, is_asked
from tui.screens.interview.words import entry_name
from tui.widgets.lines import Line, Lines, Tone

MOST = 200
"""Places that are listed; who sees that many types one letter more."""
_DROPPED = dict.fromkeys(map(ord, "'’ʼ`\u0301\u00ad")) | {ord("ґ"): "г", ord("ё"): "е", ord("_"): " "}


def plain(text: str) -> str:
    """Text as it is compared: small letters without accents and apostrophes."""
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(text.casefold().translate(_DROPPED).split())


@dataclass(frozen=True, slots=True)
class Place:
    """Where one can go: a section, an entry or a question. `sought` is what is compared, `start` its label alone."""

    node: Node
    section: Node
    label: str
    start: str
    sought: str


class Places:
    """The places of one interview. Words of the form are prepared once, what entries are called each time."""

    def __init__(self, view: InterviewView) -> None:
        self._view = view
        self._words: dict[Definition, str] = {}

    def all(self) -> list[Place]:
        """Sections first, then entries and the questions that are asked now, in the order of the form."""
        sections = {node.path: node for node in self._view.sections()}
        found = [self._place(node, node, section_label(node)) for node in sections.values()]
        for node in self._view.nodes.values():
            if len(node.path) == 1 and node.path in sections and node.kind != "question":
                continue
            if node.kind == "entry" and node.relevant:
                words = f"{entry_name(node)}  {self._view.summary(node.path)}".rstrip()
                found.append(self._place(node, sections[self._view.section_of(node.path)], words))
            elif is_asked(node):
                around = self._view.entry_around(node.path)
                entry = "" if around is None else f"{entry_name(self._view.nodes[around])} · "
                found.append(self._place(node, sections[self._view.section_of(node.path)], entry + node.label))
        return found

    def _place(self, node: Node, section: Node, label: str) -> Place:
        start = plain(label)
        return Place(node, section, label, start, f" {start} {self._form_words(node.definition)}")

    def _form_words(self, definition: Definition) -> str:
        """The name and the label in every language, without what an expression puts into it."""
        if definition not in self._words:
            texts = definition.label.by_language.values() if definition.label is not None else ()
            parts = [" ".join(part for part in text if isinstance(part, str)) for text in texts]
            self._words[definition] = plain(" ".join((definition.name, *parts)))
        return self._words[definition]


def matching(places: Sequence[Place], typed: str) -> list[Place]:
    """The places that have all typed words, the likeliest first: labels that begin so, then words that begin so."""
    if not plain(typed):
        return [place for place in places if place.node is place.section]
    return next((found for text in readings(typed) if (found := _having(places, plain(text).split()))), [])


def _having(places: Sequence[Place], words: Sequence[str]) -> list[Place]:
    if not words:
        return []
    scored = [(score, place) for place in places if (score := _score(place, words)) is not None]
    return [place for _score, place in sorted(scored, key=lambda pair: pair[0])]


def _score(place: Place, words: Sequence[str]) -> int | None:
    if not all(word in place.sought for word in words):
        return None
    if plain(place.node.name) == " ".join(words):
        return 0
    if place.start.startswith(words[0]) and all(f" {word}" in place.sought for word in words):
        return 1
    return 2 if all(f" {word}" in place.sought for word in words) else 3


def shortened(text: str, width: int) -> str:
    """One line of at most so many cells."""
    text = " ".join(text.split())
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)).rstrip() + "…"


class PlaceLines(Lines):
    """The list; its line is pointed at also while letters are typed above it."""

    POINTER = "▸ "


class JumpDialog(Dialog[Path]):
    """Answers with the path of a section, entry or question; Escape with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "line(-1)", N_("Up"), show=False, priority=True),
        Binding("down", "line(1)", N_("Down"), show=False, priority=True),
        Binding("pageup", "page(-1)", N_("Page up"), show=False, priority=True),
        Binding("pagedown", "page(1)", N_("Page down"), show=False, priority=True),
        Binding("f3", "leave", N_("Close"), show=False, priority=True),
    ]

    def __init__(self, places: Places, states: dict[Path, Standing], here: Path | None) -> None:
        super().__init__()
        self._places = places.all()
        self._states, self._here = states, here
        self.shown: list[Place] = []
        self.list = PlaceLines(id="places", cursor_blurred=True)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -jump"):
            yield Input(placeholder=_("A few letters of a section or question"), id="jump", select_on_focus=False)
            yield self.list
            yield Label("", id="jump-none", markup=False)
            yield Label(_("Enter goes there, Escape goes back."), classes="dialog-note", markup=False)

    @property
    def passing(self) -> bool:
        """A few letters to find a place by are no loss."""
        return False

    def on_mount(self) -> None:
        """All sections, the pointer on the one that is open."""
        self.query_one("#jump", Input).cursor_blink = False
        self.call_after_refresh(self._show)

    def on_resize(self) -> None:
        """Cut the lines for the new width."""
        self.call_after_refresh(self._show)

    def on_input_changed(self) -> None:
        """Fewer places with every letter."""
        self._show()

    def _show(self) -> None:
        typed = self.query_one("#jump", Input).value
        self.shown = matching(self._places, typed)[:MOST]
        lines = [self._line(number, place) for number, place in enumerate(self.shown)]
        open_ones = [number for number, line in enumerate(lines) if not line.closed]
        at = open_ones[0] if open_ones else None
        if not plain(typed):
            paths = [place.node.path for place in self.shown]
            at = paths.index(self._here) if self._here in paths else at
        self.list.show_lines(lines, at)
        none = self.query_one("#jump-none", Label)
        none.display = at is None
        if not lines:
            none.update(_("Nothing of the form that is open now has these letters."))
        elif at is None:
            none.update(_("It is closed now, so Enter does nothing. It opens by the answers in the sections above it."))

    def _line(self, number: int, place: Place) -> Line:
        node, width = place.node, max(self.list.content_size.width - 4, 20)
        if node is place.section:
            standing = self._states[node.path]
            begun = standing.state == "begun"
            note = state_words(standing) + ("" if begun else f" {state_sign(standing)}")
            tone: Tone = "plain" if standing.open else "faint"
            label = shortened(place.label, width - cell_len(note) - 1)
            return Line(str(number), label, note=note, tone=tone, closed=not standing.open)
        section = shortened(section_label(place.section), max(width // 3, 8))
        sign = ("✓ " if is_answered(node) else "· ") if node.kind == "question" else "▪ "
        return Line(str(number), shortened(place.label, width - cell_len(section) - 3), sign=sign, note=section)

    # keys

    def action_line(self, by: int) -> None:
        """The next or previous place."""
        self.list.action_line(by)

    def action_page(self, by: int) -> None:
        """A page on."""
        self.list.action_page(by)

    def on_input_submitted(self) -> None:
        """Go to the place that is pointed at."""
        self.list.action_select()

    def on_lines_selected(self, event: Lines.Selected) -> None:
        """Answer."""
        event.stop()
        self.dismiss(self.shown[int(event.key)].node.path)
