"""The documenter's note to one answer: a small editor above the question; a sign wherever the answer is shown.

The rule: the note is durable when the editor closes, Escape closes it without a change, and what is typed in it when
the vault locks is kept as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Label

from collector import answer_notes
from schemas.problems import Problem
from schemas.records.notes import LONGEST
from schemas.session_types import Node
from schemas.xform_model import Path
from tui.locale import N_, _
from tui.screens.base import Dialog
from tui.widgets.account import Account

if TYPE_CHECKING:
    from collector.interview import Interview


def remarks_of(screen: Screen[object]) -> Mapping[Path, str]:
    """The notes of the interview on this screen; none on a screen without one."""
    interview = cast("Interview | None", getattr(screen, "interview", None))
    return {} if interview is None or interview.closed else answer_notes.listed(interview)


def remark_to(screen: Screen[object], node: Node | None) -> str:
    """The note to the answer of a question on this screen; empty without one."""
    return "" if node is None else remarks_of(screen).get(node.path, "")


class RemarkDialog(Dialog[None]):
    """Write, change or take away the note to one answer. `changed` is called after it was written."""

    DEFAULT_CSS = """
    #remark { height: 6; margin: 1 0 0 0; background: $panel; }
    #remark-label { color: $muted; max-height: 3; }
    #remark-problem { color: $warning; }
    Screen.-low #remark { height: 3; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,ctrl+e,f5", "keep", N_("Keep the note"), priority=True),
    ]

    def __init__(self, interview: Interview, path: Path, label: str, changed: Callable[[], None]) -> None:
        super().__init__()
        self._interview, self._path, self._label, self._changed = interview, path, label, changed
        self._before, self._warned = "", False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(_("Your note to this answer"), classes="dialog-question", markup=False)
            yield Label(self._label, id="remark-label", markup=False)
            yield Account(id="remark")
            yield Label("", id="remark-problem", markup=False)
            yield Label(
                _(
                    "What you saw or want to add; what the person said belongs into the answer. It is sealed in the "
                    "process part, which more people may read: write no names. Tab keeps it, Escape leaves it as it "
                    "was."
                ),
                classes="dialog-note",
                markup=False,
            )

    def on_mount(self) -> None:
        """Stand in the text."""
        editor = self.query_one(Account)
        self._before = answer_notes.listed(self._interview).get(self._path, "")
        editor.load(self._before)
        editor.focus()

    def action_keep(self) -> None:
        """Keep it and close; an empty note is taken away."""
        text = self.query_one(Account).text
        if len(text.strip()) > LONGEST:
            told = _("A note has at most {limit} characters; this one has {count}.", limit=LONGEST, count=len(text))
            self.query_one("#remark-problem", Label).update(f"! {told}")
            return
        answer_notes.write(self._interview, self._path, text)
        self._changed()
        self.dismiss(None)

    def action_leave(self) -> None:
        """Close; what was typed is not dropped by the first Escape."""
        if self._warned or self.query_one(Account).text.strip() == self._before.strip():
            self.dismiss(None)
            return
        self._warned = True
        told = _("What you typed is not kept yet: Tab keeps it, Escape once more drops it.")
        self.query_one("#remark-problem", Label).update(f"! {told}")

    def hold(self) -> None:
        """Before a lock: what is typed is the note."""
        if self.is_mounted and not self._interview.closed:
            try:
                answer_notes.write(self._interview, self._path, self.query_one(Account).text[:LONGEST])
            except Problem:
                return
