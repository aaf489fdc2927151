"""Taking a file over: a bar while it is sealed, its SHA-256 at the end, and what becomes of the file itself.

The rule: Escape stops it and nothing is left of it. The file stays where it is unless a person chooses otherwise here,
each time anew; whoever lets it be deleted is told what that cannot reach.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Label

from collector.sources import Source
from schemas.problems import Problem
from schemas.xform_model import Path
from tui.locale import N_, _, problem_sentences
from tui.screens.base import Dialog
from tui.screens.interview.file_words import taken_words
from tui.source_words import fate
from tui.widgets.progress import ProgressPanel

if TYPE_CHECKING:
    from collector.interview import Interview
    from collector.media import Attachment


class Stopped(Exception):
    """A person stopped the work."""


class TakingOver(Dialog[None]):
    """Takes one file over. `taken` is called when that has ended, with the problem if there was one."""

    DEFAULT_CSS = """
    #taken { height: auto; }
    TakingOver.-unattended { background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,right,up,down", "other", N_("Choose"), show=False),
    ]

    def __init__(
        self, interview: Interview, path: Path, source: FilePath, taken: Callable[[Problem | None], None]
    ) -> None:
        super().__init__()
        self._interview, self._path, self._source, self._taken = interview, path, Source.of(source), taken
        self._stop = threading.Event()
        self.attachment: Attachment | None = None

    @property
    def at_work(self) -> bool:
        """A long recording is taken over to its end, and the questions around are covered when nobody is there."""
        return self.attachment is None and not self._stop.is_set()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield ProgressPanel(_("Taking the file over, encrypted"))
            yield Label(_("Escape stops it; then nothing of it is kept."), id="taking-note", classes="dialog-note")
            with Vertical(id="taken"):
                yield Label(_("The file is in the interview, sealed."), classes="dialog-question")
                yield Label("", id="taken-words", markup=False)
                yield Label("", id="taken-fate", classes="problem-head", markup=False)
                with Horizontal(classes="dialog-buttons"):
                    yield Button(_("Leave it there"), id="leave", variant="primary")
                    yield Button(_("Overwrite and delete"), id="erase")

    def on_mount(self) -> None:
        """Begin."""
        self.query_one("#taken").display = False
        report = self.reporter(self._advance)

        def step(done: int, total: int) -> None:
            if self._stop.is_set():
                raise Stopped
            report(done, total)

        def there() -> Attachment | None:
            with contextlib.suppress(Stopped):
                return self._interview.attach(self._path, self._source.path, progress=step)
            return None

        self.work(there, self._ended, failed=self._failed)

    def on_unmount(self) -> None:
        """A lock in the middle stops it too."""
        self._stop.set()

    def _advance(self, done: int, total: int) -> None:
        if self.is_mounted and not self._stop.is_set():
            self.query_one(ProgressPanel).advance(done, total)

    def _failed(self, problem: Problem) -> None:
        self.dismiss(None)
        self._taken(problem)

    def _ended(self, attachment: Attachment | None) -> None:
        if attachment is None or not attachment.spool:  # a preview keeps no cells: the file is the only copy
            self.dismiss(None)
            self._taken(None)
            return
        self._taken(None)
        self.attachment = attachment
        for name in ("ProgressPanel", "#taking-note"):
            self.query_one(name).display = False
        self.query_one("#taken-words", Label).update(taken_words(attachment))
        self.query_one("#taken-fate", Label).update(self._fate())
        self.query_one("#taken").display = True
        self.query_one("#leave").focus()

    def _fate(self) -> str:
        """What deleting can do and cannot, or why it is not offered."""
        words, offered = fate(self._source)
        if not offered:
            self.query_one("#erase").display = False
        return words

    # afterwards

    def action_other(self) -> None:
        """Go to the other button."""
        if self.attachment is not None and self.query_one("#erase").display:
            self.focus_next()

    def action_leave(self) -> None:
        """Escape: stop, or leave the file where it is."""
        if self.attachment is not None:
            self.dismiss(None)
        elif not self._stop.is_set():
            self._stop.set()
            self.query_one("#taking-note", Label).update(_("Stopping…"))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Leave it, or overwrite and delete it."""
        event.stop()
        if event.button.id != "erase":
            self.dismiss(None)
            return
        for button in self.query(Button):
            button.disabled = True
        self.query_one("#taken-fate", Label).update(_("Overwriting and deleting…"))
        self.work(self._source.erase, lambda _done: self._erased(), failed=self._not_erased)

    def _erased(self) -> None:
        self.notify(_("The file was overwritten and deleted."), markup=False)
        self.dismiss(None)

    def _not_erased(self, problem: Problem) -> None:
        what, safe, remedy = problem_sentences(problem)
        self.query_one("#taken-fate", Label).update(f"! {what} {safe} {remedy}")
        self.query_one("#erase").display = False
        leave = self.query_one("#leave", Button)
        leave.label, leave.disabled = _("Close"), False
        leave.focus()
