"""The answer to a question for a file: chosen from a stick or card, or its path is typed; then what was taken over.

The rule: it starts at the removable media that are there now and remembers nothing: the next question starts there
again. What a sealed file is, is read from its sealed copy; no other program ever sees it.
"""

from __future__ import annotations

import os
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Label

from collector import files
from schemas.problems import Problem
from tui.locale import N_, _, ngettext, problem_sentences
from tui.screens.base import Held
from tui.screens.interview.file_words import file_words, preview_words
from tui.screens.interview.jump import plain
from tui.widgets.folders import Entry, entries_of
from tui.widgets.lines import Line, Lines
from tui.widgets.paths import PathSuggester, is_folder, mounted_sticks, typed_path
from tui.widgets.progress import size_text

if TYPE_CHECKING:
    from collector.media import Attachment
    from collector.preview import Preview


class FileList(Lines):
    """The media, or what lies in a folder. Posts Up when an arrow goes over the first line, Back to leave a folder."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,backspace", "back", N_("Folder above"), show=False),
        Binding("right", "select", N_("Open"), show=False),
    ]

    class Up(Message):
        """Back to the typed path."""

    class Back(Message):
        """To the folder above."""

    def action_line(self, by: int) -> None:
        """Over the first line to the typed path."""
        if by < 0 and not self.at:
            self.post_message(self.Up())
        else:
            super().action_line(by)

    def action_back(self) -> None:
        """To the folder above."""
        self.post_message(self.Back())


class FilePanel(Vertical):
    """Posts Wanted with a path; the screen takes the file over."""

    DEFAULT_CSS = """
    #file-list { max-height: 8; background: $surface; }
    #file-preview { color: $muted; }
    Screen.-wide #file-list { max-height: 18; }
    Screen.-low #file-list { max-height: 3; }
    """

    class Wanted(Message):
        """This file is to be attached."""

        def __init__(self, path: FilePath) -> None:
            super().__init__()
            self.path = path

    def __init__(self) -> None:
        super().__init__(id="file")
        self._sid: bytes | None = None
        self._forget()

    def _forget(self) -> None:
        self.folder: FilePath | None = None
        self.entries: list[Entry] = []
        self._shown: list[Entry] = []
        self._start, self._more, self._why = "", False, ""

    def compose(self) -> ComposeResult:
        yield Input(id="file-path", suggester=PathSuggester(), select_on_focus=False)
        yield Label("", id="file-note", markup=False)
        yield FileList(id="file-list", cursor_blurred=False)
        yield Label("", id="file-preview", markup=False)

    def show(self, attachment: Attachment | None) -> None:
        """The question's file, or the ways to choose one."""
        field, note = self.query_one("#file-path", Input), self.query_one("#file-note", Label)
        told, places = self.query_one("#file-preview", Label), self.query_one(FileList)
        self._sid = None if attachment is None else attachment.sid
        self._forget()
        with field.prevent(Input.Changed):
            field.value = ""
        field.display = places.display = attachment is None
        told.update("")
        told.display = False
        if attachment is None:
            field.placeholder = _("Path of the file on this computer or stick")
            places.show_lines([])
            self._open(None)
        else:
            note.update(file_words(attachment))
            self._look(attachment)

    # choosing

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what the typed path leads to."""
        event.stop()
        text = event.value.strip()
        if not text:
            self._open(None)
            return
        path = typed_path(text)
        folder, self._start = (path, "") if text.endswith("/") else (path.parent, path.name)
        if folder == self.folder:
            self._draw()
        else:
            self._open(folder)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the file; an empty line, or one that names a folder, leads into the list."""
        event.stop()
        text = event.value.strip()
        path = typed_path(text)
        if text and not is_folder(path):
            self.post_message(self.Wanted(path))
        elif text and not text.endswith("/"):
            event.input.value = text + "/"
            event.input.cursor_position = len(event.input.value)
        else:
            self._enter()

    def on_key(self, event: events.Key) -> None:
        """↓ goes from the path into the list."""
        if event.key == "down" and self.query_one("#file-path").has_focus:
            event.stop()
            self._enter()

    def _enter(self) -> None:
        places = self.query_one(FileList)
        if places.lines:
            if places.at is None:
                places.stand_on(0)
            places.focus()

    def on_file_list_up(self, event: FileList.Up) -> None:
        """Back to the path."""
        event.stop()
        self.query_one("#file-path").focus()

    def on_file_list_back(self, event: FileList.Back) -> None:
        """To the folder above, from the root of a stick to the list of sticks."""
        event.stop()
        if self.folder is not None:
            self._go(None if os.path.ismount(self.folder) or self.folder.parent == self.folder else self.folder.parent)

    def on_lines_selected(self, event: Lines.Selected) -> None:
        """Open the folder, or take the file."""
        event.stop()
        chosen = self._shown[int(event.key)]
        if chosen.folder:
            self._go(chosen.path)
        else:
            self.post_message(self.Wanted(chosen.path))

    def _go(self, folder: FilePath | None) -> None:
        """To a folder, or to the media; the line shows its path where a path can be shown."""
        field, text = self.query_one("#file-path", Input), "" if folder is None else f"{folder}/".replace("//", "/")
        self._start = ""
        with field.prevent(Input.Changed):
            field.value = text if text.isprintable() else ""
            field.cursor_position = len(field.value)
        self._open(folder)

    def _open(self, folder: FilePath | None) -> None:
        """List a folder, or the media; reading a slow stick holds nothing up."""
        self.folder = folder
        screen = self.screen
        if not isinstance(screen, Held):
            return

        def there() -> tuple[list[Entry], bool]:
            if folder is not None:
                return entries_of(folder)
            sticks = [Entry(stick, files.shown_name(stick.name), True) for stick in mounted_sticks()]
            return [*sticks, Entry(FilePath.home(), "", True)], False

        def done(found: tuple[list[Entry], bool]) -> None:
            if self.folder == folder and self.is_attached and self._sid is None:
                (self.entries, self._more), self._why = found, ""
                self._draw()

        def failed(problem: Problem) -> None:
            if self.folder == folder and self.is_attached and self._sid is None:
                self.entries, self._more, self._why = [], False, problem_sentences(problem)[0]
                self._draw()

        screen.work(there, done, failed=failed)

    def _draw(self) -> None:
        """The lines whose names have what is typed in them."""
        wanted = plain(self._start)
        self._shown = [entry for entry in self.entries if not wanted or wanted in plain(entry.name)]
        lines = [
            Line(
                str(place),
                entry.name or _("Home folder of this computer"),
                sign="▸ " if entry.folder else "· ",
                sign_tone="primary" if entry.folder else "muted",
                note="" if entry.folder else size_text(entry.size),
            )
            for place, entry in enumerate(self._shown)
        ]
        places = self.query_one(FileList)
        places.show_lines(lines, 0 if lines and places.has_focus else None)
        self.query_one("#file-note", Label).update(self._note())

    def _note(self) -> str:
        if self.folder is None:
            count = len(self.entries) - 1
            if count <= 0:
                return _(
                    "No stick or card is here. Plug one in and open the question again, or type a path; ↓ leads to the "
                    "list."
                )
            return ngettext(
                "{count} stick or card is here. ↓ leads to the list, Enter opens; or type a path.",
                "{count} sticks or cards are here. ↓ leads to the list, Enter opens; or type a path.",
                count,
            )
        if self._why:
            return self._why
        if self._more:
            return _("There is more in this folder than is listed: type a part of the name or the whole path.")
        if not self._shown:
            return _("There is nothing of that name.") if self._start else _("This folder is empty.")
        return _("→ completes a path, Enter takes the file over. It is encrypted while it is read.")

    # what was taken over

    def _look(self, attachment: Attachment) -> None:
        """Say what the sealed file is, when its head was read."""
        from collector import preview

        screen = self.screen
        if not isinstance(screen, Held) or attachment.state != "closed":
            return
        vault = screen.shell.field.vault

        def done(found: Preview) -> None:
            label = self.query_one("#file-preview", Label)
            if self._sid == attachment.sid:
                words = preview_words(found)
                label.update(words)
                label.display = bool(words)

        def failed(problem: Problem) -> None:
            if self._sid == attachment.sid:
                self.query_one("#file-preview", Label).update(problem_sentences(problem)[0])
                self.query_one("#file-preview", Label).display = True

        screen.work(lambda: preview.look(vault, attachment), done, failed=failed, part=self)
