"""Small questions: yes or no (No is what Enter does), one line of text, one of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Label, OptionList
from textual.widgets.option_list import Option

from tui.locale import N_, _
from tui.screens.base import Dialog
from tui.widgets.paths import PathSuggester, is_file, is_folder, typed_path
from tui.widgets.progress import ProgressPanel


class Confirm(Dialog[bool]):
    """Asks before something that cannot be taken back. The default is No; Escape is No."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,right,up,down", "other", N_("Choose"), show=False),
    ]

    def __init__(self, question: str, explanation: str, yes: str, no: str | None = None) -> None:
        super().__init__()
        self._words = (question, explanation, yes, no or _("No"))

    def compose(self) -> ComposeResult:
        question, explanation, yes, no = self._words
        with Vertical(classes="dialog"):
            yield Label(question, classes="dialog-question", markup=False)
            yield Label(explanation, markup=False)
            with Horizontal(classes="dialog-buttons"):
                yield Button(no, id="no", variant="primary")
                yield Button(yes, id="yes")

    def on_mount(self) -> None:
        """Stand on No."""
        self.query_one("#no").focus()

    def action_other(self) -> None:
        """Go to the other button."""
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer."""
        self.dismiss(event.button.id == "yes")

    def action_leave(self) -> None:
        """Escape is No."""
        self.dismiss(False)


class AskLine(Dialog[str]):
    """One line of text, or nothing."""

    def __init__(self, question: str, explanation: str = "", value: str = "", *, needed: bool = True) -> None:
        super().__init__()
        self._question, self._explanation, self._value, self._needed = question, explanation, value, needed

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(self._question, classes="dialog-question", markup=False)
            if self._explanation:
                yield Label(self._explanation, markup=False)
            yield Input(self._value, id="line", select_on_focus=False)
            yield Label(_("Enter to go on, Escape to leave it as it is"), classes="dialog-note", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer, if there is one."""
        text = event.value.strip()
        if text or not self._needed:
            self.dismiss(text)
        else:
            self.app.bell()


class AskFolder(Dialog[str]):
    """The path of a folder (or of a file, with `files_too`) that is there."""

    def __init__(self, question: str, *, files_too: bool = False) -> None:
        super().__init__()
        self._question, self._files_too = question, files_too

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(self._question, classes="dialog-question", markup=False)
            yield Input(id="path", suggester=PathSuggester(folders_only=not self._files_too), select_on_focus=False)
            yield Label("", id="path-note", markup=False)
            yield Label(_("→ completes a path, Enter takes it, Escape goes back."), classes="dialog-note", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it, if it is there."""
        path = typed_path(event.value)
        if event.value.strip() and (is_folder(path) or (self._files_too and is_file(path))):
            self.dismiss(str(path))
        else:
            self.query_one("#path-note", Label).update(_("There is nothing of that name."))


class Choose(Dialog[str]):
    """One of a list; the answer is the id of the chosen line."""

    def __init__(self, question: str, options: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._question, self._options = question, options

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(self._question, classes="dialog-question", markup=False)
            yield OptionList(*(Option(Content(text), id=key) for key, text in self._options))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer."""
        self.dismiss(event.option.id)


class Busy(Dialog[None]):
    """Stands above the screen while something runs that must not be disturbed; the screen closes it by `dismiss`."""

    DEFAULT_CSS = "Busy.-unattended { background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "nothing", show=False)]
    at_work = True

    def __init__(self, words: str, *, bytes_counted: bool = True) -> None:
        super().__init__()
        self._words, self._bytes = words, bytes_counted

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield ProgressPanel(self._words, bytes_counted=self._bytes)

    def show(self, done: int, total: int) -> None:
        """How far it is."""
        if self.is_mounted:
            self.query_one(ProgressPanel).advance(done, total)

    def action_nothing(self) -> None:
        """Escape does nothing here."""
