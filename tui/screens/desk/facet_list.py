"""The facets beside the results of a search: each value with how many of what was found have it."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from sync.desk.facet_words import Words
from sync.desk.facets import WITH, Counted, Wanted
from tui.locale import N_, _, ngettext
from tui.screens.desk.pages import harmless

HEADS = {
    "mission": N_("Mission"),
    "form": N_("Form"),
    "state": N_("State"),
    "interviewed": N_("Interviewed"),
    "events": N_("Events"),
    "language": N_("Language"),
    "region": N_("Region"),
    "attachments": N_("Attachments"),
    "uses": N_("May go to"),
    "gates": N_("To heed"),
}
WORDS = {
    ("state", "corrected"): N_("corrected later"),
    ("state", "withdrawn"): N_("withdrawn"),
    ("state", "incomplete"): N_("broken off"),
    ("state", "E_CLOCK"): N_("clock in doubt"),
    ("state", "E_LOG_FORK"): N_("custody log in doubt"),
    ("state", "E_CODE_TWICE"): N_("code used twice"),
    ("attachments", WITH): N_("with attachments"),
    ("uses", "ua"): N_("courts of Ukraine"),
    ("uses", "icc"): N_("the ICC"),
    ("uses", "foreign"): N_("foreign courts"),
    ("uses", "un"): N_("the UN"),
    ("uses", "ngo"): N_("organisations"),
    ("uses", "stats"): N_("statistics"),
    ("uses", "public"): N_("the public, no name"),
    ("uses", "public_named"): N_("the public, by name"),
}
MOST = 12
"""Values of one facet that are shown; those that are wanted are always among them."""


def value_words(name: str, value: str, forms: Words) -> str:
    """A value as people read it; `forms`: what the forms call it."""
    words = WORDS.get((name, value))
    return _(words) if words is not None else harmless(forms.get((name, value), value))


class FacetList(OptionList):
    """Heads and values; Enter narrows to a value."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", N_("Narrow to it"))]

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._pairs: list[tuple[str, str] | None] = []
        self._shown: tuple[Counted | None, Wanted, Words] = (None, Wanted(), {})
        self._room = 0

    def on_resize(self, event: events.Resize) -> None:
        """The counts stand at the right, wherever that is now."""
        if self.scrollable_content_region.width != self._room:
            self.show(*self._shown)

    def pair(self, place: int) -> tuple[str, str] | None:
        """Facet and value of a line; None for a head."""
        return self._pairs[place] if place < len(self._pairs) else None

    @property
    def offers(self) -> bool:
        """Whether there is a value to narrow to."""
        return any(pair is not None for pair in self._pairs)

    def show(self, counted: Counted | None, wanted: Wanted, forms: Words) -> None:
        """Draw the counts; the cursor stays at its value."""
        self._shown, self._room = (counted, wanted, forms), self.scrollable_content_region.width
        old = self.pair(self.highlighted) if self.highlighted is not None else None
        self._pairs = []
        options: list[Option] = []
        for name, values in counted.facets.items() if counted is not None else ():
            self._pairs.append(None)
            options.append(Option(Content.assemble((_(HEADS[name]).upper(), "$primary")), disabled=True))
            for value, count in _most(name, values, wanted):
                self._pairs.append((name, value))
                estimated = counted is not None and counted.estimated
                options.append(self._option(name, value, count, (name, value) in wanted.values, estimated=estimated))
        for words in _notes(counted):
            self._pairs.append(None)
            options.append(Option(Content.assemble((words, "$muted")), disabled=True))
        self.clear_options()
        self.add_options(options)
        places = [place for place, pair in enumerate(self._pairs) if pair is not None]
        at_old = next((place for place in places if self._pairs[place] == old), None)
        self.highlighted = at_old if at_old is not None else next(iter(places), None)

    def _option(self, name: str, value: str, count: int, wanted: bool, *, estimated: bool) -> Option:
        sign = "✓ " if wanted else "  "
        number = f"{'~' if estimated else ''}{count}"
        room = max(self._room - 2, 16) - cell_len(sign) - len(number) - 1
        words = value_words(name, value, self._shown[2])
        if cell_len(words) > room:
            words = words[: room - 1] + "…"
        gap = " " * max(room - cell_len(words) + 1, 1)
        return Option(Content.assemble((sign + words, "bold" if wanted else ""), gap, (number, "$muted")))


def _most(name: str, values: tuple[tuple[str, int], ...], wanted: Wanted) -> list[tuple[str, int]]:
    """The commonest values, and the wanted ones, in their order."""
    first = {value for value, _count in sorted(values, key=lambda pair: -pair[1])[:MOST]}
    return [pair for pair in values if pair[0] in first or (name, pair[0]) in wanted.values]


def _notes(counted: Counted | None) -> list[str]:
    if counted is None:
        return []
    notes = [_("~ counted among the newest")] if counted.estimated else []
    if counted.waiting:
        count = counted.waiting
        notes.append(ngettext("{count} record not sorted in yet", "{count} records not sorted in yet", count))
    return notes
