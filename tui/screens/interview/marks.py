"""The list of marks: what somebody wanted to ask later, in the order in which they thought of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from collector import marks
from collector.marks import Mark
from tui.locale import N_, _
from tui.screens.base import Dialog
from tui.screens.interview.words import entry_name

if TYPE_CHECKING:
    from collector.interview import Interview
    from tui.screens.interview.view import InterviewView


def mark_label(view: InterviewView, mark: Mark) -> str:
    """The question of a mark, with the entry in which it stands."""
    node, around = view.nodes.get(mark.path), view.entry_around(mark.path)
    if node is None:
        return str(mark.path[-1])
    entry = view.nodes.get(around) if around is not None else None
    label = _("Add an entry") if node.kind == "repeat" else node.label
    if entry is None or node.kind == "entry":
        return label if entry is None else entry_name(entry)
    return f"{entry_name(entry)} · {label}"


def mark_line(view: InterviewView, mark: Mark) -> Content:
    """The words at the mark, then its question; a mark without words is its question."""
    label = mark_label(view, mark)
    before, after = _whole_words(mark)
    if not before and not after:
        return Content.assemble(("? ", "$accent"), label)
    return Content.assemble(
        ("? ", "$accent"), ("…" if before else "", "$muted"), (before, "bold"), (" ? ", "$accent"),
        (f"{after}…" if after else "", "$muted"), (f"  · {label}", "$muted"),
    )  # fmt: skip


def _whole_words(mark: Mark) -> tuple[str, str]:
    """The words before and after a mark, without those that were cut where the mark's memory ends."""
    before, after = mark.before.split(), mark.after.split()
    cut_before = len(mark.before) == marks.BEFORE and len(before) > 1
    cut_after = len(mark.after) == marks.AFTER and len(after) > 1
    return " ".join(before[1:] if cut_before else before), " ".join(after[:-1] if cut_after else after)


class MarksDialog(Dialog[Mark]):
    """Answers with the mark to go to; Delete takes the mark under the cursor away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete", "resolve", N_("Asked: take the mark away")),
        Binding("ctrl+k", "leave", N_("Close"), show=False, priority=True),
    ]

    def __init__(self, interview: Interview, view: InterviewView) -> None:
        super().__init__()
        self._interview, self._view = interview, view
        self._marks: list[Mark] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -jump"):
            yield Label(_("To ask later"), classes="dialog-question", markup=False)
            yield OptionList(id="marks")
            yield Label("", id="marks-note", classes="dialog-note", markup=False)

    def on_mount(self) -> None:
        """Draw, the cursor on the first."""
        self._draw(0)

    def _draw(self, at: int) -> None:
        self._marks = marks.listed(self._interview)
        options = self.query_one("#marks", OptionList)
        options.clear_options()
        options.add_options([Option(mark_line(self._view, mark)) for mark in self._marks])
        options.display = bool(self._marks)
        if self._marks:
            options.highlighted = min(at, len(self._marks) - 1)
            options.focus()
        words = _("Enter goes there, Del says that it was asked. Marks stay on this computer and are not sealed.")
        if not self._marks:
            words = _("Nothing is marked. ^B marks the place where the cursor stands, to ask about it later.")
        self.query_one("#marks-note", Label).update(words)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Go to the mark."""
        event.stop()
        self.dismiss(self._marks[event.option_index])

    def action_resolve(self) -> None:
        """It was asked."""
        at = self.query_one("#marks", OptionList).highlighted
        if at is not None and at < len(self._marks):
            marks.resolve(self._interview, self._marks[at].number)
            self._draw(at)
