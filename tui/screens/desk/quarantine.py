"""Quarantine: what was put aside, each with what happened, what is safe and what to do.

The rule: nothing of the content stands here, for nothing of it was opened or believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from schemas.problems import Problem
from tui.locale import N_, _, ngettext, problem_sentences
from tui.screens.desk.common import InnerScreen, Parts, problem_of
from tui.screens.desk.copying import AskTarget
from tui.screens.desk.deciding import AskReason
from tui.screens.desk.office import OpenDesk
from tui.screens.texts import time_text
from tui.state_words import code_text
from tui.widgets.progress import size_text

if TYPE_CHECKING:
    from sync.desk.desk import Desk

Item = dict[str, object]


class QuarantineScreen(InnerScreen):
    """The list, and the item under the cursor."""

    TITLE_WORDS = N_("Quarantine")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "What could not be imported is kept here as it came, sealed. It never stops the other items. When its "
            "cause is gone, import the same folders again: it leaves the quarantine by itself."
        ),
        N_(
            "F5 tries an item again, after a computer was enrolled or a form was added. F7 accepts, with a written "
            "reason, what a computer signed after it was withdrawn; nothing else can be accepted. F8 puts an item "
            "aside for good, with a reason: it stays sealed and is not imported. F9 writes it out, sealed, for another "
            "desk or an expert. Every decision stands in the custody log."
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "retry", N_("Try again")),
        Binding("f7", "accept", N_("Accept")),
        Binding("f8", "aside", N_("Put aside")),
        Binding("f9", "write", N_("Write out")),
    ]

    def __init__(self, office: OpenDesk) -> None:
        super().__init__(office)
        self.items: list[Item] | None = None
        self._acting = False

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
        self.items, self._acting = items, False
        self.restored()

    def restored(self) -> None:
        """Draw the list."""
        items = self.items or []
        if self.items is not None:
            words = ngettext("{count} item in quarantine", "{count} items in quarantine", len(items))
            told: Parts = [(words, "$warning")]
            if not items:
                means = _("What an import could not take in would stand here, with its reason and what to do.")
                told = [(_("Nothing stands in quarantine."), "$success"), "\n\n", (means, "$muted")]
            self.query_one("#summary", Static).update(Content.assemble(*told))
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

    @property
    def item(self) -> Item | None:
        """The item under the cursor."""
        place = self.query_one("#items", OptionList).highlighted
        return self.items[place] if self.items and place is not None and place < len(self.items) else None

    def _show(self) -> None:
        item = self.item
        if item is not None:
            self.query_one("#detail-words", Static).update(_detail(item))
            self.query_one("#detail").scroll_home(animate=False)
        self.refresh_bindings()

    # deciding

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done with this item; nothing while something is done with it."""
        way = _WAYS.get(action)
        if way is None:
            return True
        item = self.item if self.is_mounted and not self._acting else None
        return item is not None and way in _can(item)

    def action_retry(self) -> None:
        """Import it once more from what was kept."""
        self._act(lambda desk, which: desk.decisions.retry(which), self._tried)

    def action_accept(self) -> None:
        """Ask why, and accept it."""
        means = _("It is imported although its computer was withdrawn before. Everything else must still hold.")
        self._decide(_("Accept this entry?"), means, lambda desk, which, why: desk.decisions.release(which, why))

    def action_aside(self) -> None:
        """Ask why, and put it aside."""
        means = _("It stays here sealed, as it came, and no import takes it in. F5 takes the decision back.")
        self._decide(_("Put this entry aside?"), means, lambda desk, which, why: desk.decisions.reject(which, why))

    def action_write(self) -> None:
        """Ask where to, and write it out sealed."""
        item = self.item
        if item is None:
            return
        which = str(item["number"])

        def there(target: str | None) -> None:
            if target:
                self.ask_desk(lambda desk: desk.decisions.export(which, Path(target)), self._written)

        self.app.push_screen(
            AskTarget(
                _("Write this item out, sealed?"),
                _("A new folder with the sealed entry and what is known of it. Without keys nobody can read it."),
                f"quarantine-{which}",
            ),
            there,
        )

    def _decide(self, question: str, means: str, act: Callable[[Desk, str, str], dict[str, object]]) -> None:
        def decided(reason: str | None) -> None:
            if reason:
                self._act(lambda desk, which: act(desk, which, reason), self._tried)

        self.app.push_screen(AskReason(question, means), decided)

    def _act(self, act: Callable[[Desk, str], dict[str, object]], done: Callable[[dict[str, object]], None]) -> None:
        def failed(problem: Problem) -> None:
            self._acting = False
            self.refresh_bindings()
            self.shell.problem(problem)

        item = self.item
        if item is not None:
            which, self._acting = str(item["number"]), True
            self.refresh_bindings()
            self.ask_desk(lambda desk: act(desk, which), done, failed=failed)

    def _tried(self, result: dict[str, object]) -> None:
        if result.get("state") == "imported":
            self.notify(_("It is imported. Its receipt is ready."), markup=False)
        elif "decision" in result:
            self.notify(_("It is put aside. Its sealed content is kept."), markup=False)
        else:
            self.notify(_("It stays in quarantine."), severity="warning", markup=False)
        self.ask_desk(lambda desk: desk.quarantine(), self._found)

    def _written(self, result: dict[str, object]) -> None:
        self.notify(_("It was written to {folder}.", folder=Path(str(result["out"])).name), markup=False)


_WAYS = {"retry": "retry", "accept": "release", "aside": "reject", "write": "export"}


def _can(item: Item) -> list[object]:
    can = item.get("can")
    return can if isinstance(can, list) else []


def _decision(item: Item) -> Mapping[str, object]:
    found = item.get("decision")
    return found if isinstance(found, Mapping) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _line(item: Item) -> Content:
    what, _safe, _remedy = problem_sentences(problem_of(item))
    when = time_text(_number(item["at"]))
    name = code_text(str(item["record"])) if item["record"] else str(item["eid"])[:12]
    aside = _decision(item).get("what") == "rejected"
    sign = ("– ", "$muted") if aside else ("! ", "$warning")
    what = _("put aside: {what}", what=what) if aside else what
    return Content.assemble(sign, (when, "$muted"), "  ", (name, "bold"), "  ", what)


def _detail(item: Item) -> Content:
    problem = problem_of(item)
    what, safe, remedy = problem_sentences(problem)
    parts: Parts = [(what, "bold"), "\n\n"]
    decision = _decision(item)
    if decision:
        said = _("Put aside") if decision["what"] == "rejected" else _("Accepted")
        parts += [(f"{said} · {time_text(_number(decision['at']))}", "$muted"), "\n", str(decision["reason"]), "\n\n"]
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
