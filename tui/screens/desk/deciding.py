"""Asking for the written reason of a decision about an item in quarantine."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Label

from tui.locale import _
from tui.screens.base import Dialog

LEAST, MOST = 3, 500


class AskReason(Dialog[str]):
    """A reason in the words of whoever decides; without one nothing is decided."""

    def __init__(self, question: str, means: str) -> None:
        super().__init__()
        self._words = (question, means)

    def compose(self) -> ComposeResult:
        question, means = self._words
        with Vertical(classes="dialog -problem"):
            yield Label(question, classes="dialog-question", markup=False)
            yield Label(means, markup=False)
            yield Label(_("Why, without names of persons"), classes="field-label", markup=False)
            yield Input(id="reason", max_length=MOST, select_on_focus=False)
            yield Label("", id="path-note", markup=False)
            yield Label(_("Enter decides, Escape goes back. The reason is kept."), classes="dialog-note", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it, if it says something."""
        reason = " ".join(event.value.split())
        if len(reason) < LEAST:
            self.query_one("#path-note", Label).update(_("Please write a reason first."))
        else:
            self.dismiss(reason)
