"""Quarantine: what was put aside, each with what happened, what is safe and what to do.

The rule: nothing of the content stands here, for nothing of it was opened or believed.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.locale import N_, _, ngettext, problem_sentences
from tui.screens.desk.common import InnerScreen, Parts, problem_of
from tui.screens.desk.office import OpenDesk
from tui.screens.texts import time_text
from tui.state_words import code_text
from tui.widgets.progress import size_text

Item = dict[str, object]


class QuarantineScreen(InnerScreen):
    """The list, and the item under the cursor."""

    TITLE_WORDS = N_("Quarantine")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "What could not be imported is kept here as it came, sealed. It never stops the other items. When its "
            "cause is gone, import the same folders again: it leaves the quarantine by itself."
        ),
    )

    def __init__(self, office: OpenDesk) -> None:
        super().__init__(office)
        self.items: list[Item] | None = None

    def body(self) -> ComposeResult:
        yield Static(id="summary")
        yield OptionList(id="items")
        with VerticalScroll(id="detail", can_focus=True):
            yield Static(id="detail-words")

    def on_mount(self) -> None:
        """Read the list."""
        self.restored()
        self.ask_desk(lambda desk: desk.quarantine(), self._found)

    def _found(self, items: list[Item]) -> None:
        self.items = items
        self.restored()

    def restored(self) -> None:
        """Draw the list."""
        items = self.items or []
        if self.items is not None:
            words = ngettext("{count} item in quarantine", "{count} items in quarantine", len(items))
            told = (words, "$warning") if items else (_("Nothing stands in quarantine."), "$success")
            self.query_one("#summary", Static).update(Content.assemble(told))
        options = self.query_one("#items", OptionList)
        place = options.highlighted or 0
        options.clear_options()
        options.add_options([Option(_line(item)) for item in items])
        options.highlighted = min(place, len(items) - 1) if items else None
        options.display = self.query_one("#detail").display = bool(items)
        options.focus()
        self._show()

    def on_option_list_option_highlighted(self) -> None:
        """Another item."""
        self._show()

    def _show(self) -> None:
        place = self.query_one("#items", OptionList).highlighted
        if self.items and place is not None and place < len(self.items):
            self.query_one("#detail-words", Static).update(_detail(self.items[place]))
            self.query_one("#detail").scroll_home(animate=False)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _line(item: Item) -> Content:
    what, _safe, _remedy = problem_sentences(problem_of(item))
    when = time_text(_number(item["at"]))
    name = code_text(str(item["record"])) if item["record"] else str(item["eid"])[:12]
    return Content.assemble(("! ", "$warning"), (when, "$muted"), "  ", (name, "bold"), "  ", what)


def _detail(item: Item) -> Content:
    problem = problem_of(item)
    what, safe, remedy = problem_sentences(problem)
    parts: Parts = [(what, "bold"), "\n\n"]
    parts += [(_("What is safe"), "$muted"), "\n", safe, "\n\n"]
    parts += [(_("What to do now"), "$muted"), "\n", remedy, "\n\n"]
    rows = [
        (_("Code"), problem.code),
        (_("Bundle"), str(item["bundle"])),
        (_("Computer"), str(item["device"])[:8] if item["device"] else _("nobody vouches for it")),
        (_("Sequence"), str(item["sequence"]) if item["sequence"] is not None else "–"),
        (_("Size"), size_text(_number(item["bytes"]))),
        (_("Entry id"), str(item["eid"])),
    ]
    wide = max(len(name) for name, _text in rows)
    for name, text in rows:
        parts += [(name.ljust(wide + 2), "$muted"), text, "\n"]
    return Content.assemble(*parts)
