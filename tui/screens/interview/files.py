"""The answer to a question for a file: a path is typed, the file is taken over with a bar, then its size and hash
stand here.
"""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Label

from tui.locale import _
from tui.widgets.paths import PathSuggester
from tui.widgets.progress import size_text

if TYPE_CHECKING:
    from collector.media import Attachment


class FilePanel(Vertical):
    """Posts Wanted with a path; the screen takes the file over."""

    class Wanted(Message):
        """This file is to be attached."""

        def __init__(self, path: FilePath) -> None:
            super().__init__()
            self.path = path

    def __init__(self) -> None:
        super().__init__(id="file")

    def compose(self) -> ComposeResult:
        yield Input(id="file-path", suggester=PathSuggester(), select_on_focus=False)
        yield Label("", id="file-note", markup=False)

    def show(self, attachment: Attachment | None) -> None:
        """The question's file, or the field for its path."""
        field, note = self.query_one("#file-path", Input), self.query_one("#file-note", Label)
        field.value = ""
        field.display = attachment is None
        if attachment is None:
            field.placeholder = _("Path of the file on this computer or stick")
            note.update(_("→ completes a path, Enter takes the file over. It is encrypted while it is read."))
        else:
            note.update(
                _(
                    "{name}\n{size} · SHA-256 {hash}\nDel takes it away.",
                    name=attachment.name,
                    size=size_text(attachment.length),
                    hash=attachment.sha256.hex(),
                )
            )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the file."""
        event.stop()
        if event.value.strip():
            self.post_message(self.Wanted(FilePath(event.value.strip()).expanduser()))
