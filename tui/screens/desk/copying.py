"""Asking for the path of a file that is to be written."""

from __future__ import annotations

import os

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Label

from tui.locale import _
from tui.screens.base import Dialog
from tui.widgets.paths import PathSuggester, is_folder, typed_path


class AskTarget(Dialog[str]):
    """The path of a file that is not there yet; a folder means a file called `name` in it."""

    def __init__(self, question: str, warning: str, name: str) -> None:
        super().__init__()
        self._words = (question, warning)
        self._file_name = name

    def compose(self) -> ComposeResult:
        question, warning = self._words
        with Vertical(classes="dialog -problem"):
            yield Label(question, classes="dialog-question", markup=False)
            yield Label(warning, markup=False)
            yield Label(_("Folder or file"), classes="field-label", markup=False)
            yield Input(id="path", suggester=PathSuggester(), select_on_focus=False)
            yield Label("", id="path-note", markup=False)
            yield Label(_("→ completes a path, Enter takes it, Escape goes back."), classes="dialog-note", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it, if it can be written."""
        typed = event.value.strip()
        path = typed_path(typed)
        target = path / self._file_name if is_folder(path) else path
        if not typed or not is_folder(target.parent):
            self._say(_("There is no folder of that name."))
        elif os.path.lexists(target):
            self._say(_("There is a file of that name already; it is not overwritten."))
        else:
            self.dismiss(str(target.absolute()))

    def _say(self, words: str) -> None:
        self.query_one("#path-note", Label).update(words)
