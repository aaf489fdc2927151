"""The open question: how it is put, its words, and the one editor that fits its type.

The rule: the editors are made once and shown in turn, so that going to the next question mounts nothing. What is
typed is text until it is read as a value; `pending` is the text that is not an answer yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from schemas.session_types import Node, Value
from tui.locale import _
from tui.screens.interview.choices import Choices
from tui.screens.interview.files import FilePanel
from tui.screens.interview.view import question_of
from tui.screens.interview.words import entry_name, expected_words, mode_words, reserved_words, sure_words
from tui.widgets.account import Account

if TYPE_CHECKING:
    from collector.media import Attachment

Editor = Literal["line", "choices", "account", "file", "none"]
_MODE_STYLE = {"read": "$primary bold", "ask": "$secondary", "code": "$warning", "staff": "$muted"}
_MODE_BAR = {"read": "primary", "ask": "secondary", "code": "warning", "staff": "faint"}
_SELECTS = ("select_one", "select_multiple", "rank", "boolean", "acknowledge")


def editor_for(node: Node) -> Editor:
    """Which editor a question is answered in; entries and add lines have none."""
    if node.kind != "question":
        return "none"
    question = question_of(node)
    if question.type == "file":
        return "file"
    if question.type in _SELECTS and node.choices:
        return "choices"
    if question.type == "text" and "multiline" in question.appearance:
        return "account"
    return "line"


def read_line(node: Node, text: str) -> Value:
    """What the typed line means for this question: a number where one is asked, else the text; None when empty."""
    text = text.strip()
    question = question_of(node)
    if not text:
        return None
    if question.type == "integer" or (question.type == "range" and question.data_type == "int"):
        plain = text.replace(" ", "").replace("\u00a0", "")
        return int(plain) if plain.lstrip("+-").isdecimal() and len(plain) < 12 else text
    if question.type in ("decimal", "range"):
        return text.replace(",", ".")
    if question.type in ("boolean", "acknowledge"):
        return "OK" if question.type == "acknowledge" else text == "true"
    return text


class Card(Vertical, can_focus=True):
    """One open stop. `show` opens it; messages of the editors go to the screen."""

    def __init__(self) -> None:
        super().__init__(id="card")
        self.node: Node | None = None
        self.editor: Editor = "none"

    def compose(self) -> ComposeResult:
        yield Static(id="card-head")
        line = Input(id="line", select_on_focus=False)
        line.cursor_blink = False  # what blinks takes the eyes from the person
        yield line
        yield Choices()
        yield Account(id="account")
        yield FilePanel()
        yield Label("", id="card-note", markup=False)
        yield Label("", id="card-problem", markup=False)

    def show(self, node: Node, *, number: str = "", pending: str = "", attachment: Attachment | None = None) -> None:
        """Open a stop; `pending` is text that was being typed when it was left."""
        self.node = node
        self.editor = editor_for(node)
        for kind, widget in self._editors().items():
            widget.display = kind == self.editor
        self.query_one("#card-head", Static).update(self._head(node, number))
        if self.editor == "line":
            line = self.query_one("#line", Input)
            line.placeholder = expected_words(node)
            line.value = pending or ("" if node.value is None else str(node.value))
            line.cursor_position = len(line.value)
        elif self.editor == "account":
            self.query_one(Account).load(pending or str(node.value or ""))
        elif self.editor == "choices":
            self.query_one(Choices).show(node)
        elif self.editor == "file":
            self.query_one(FilePanel).show(attachment)
        self._show_mode(node)
        self.notes(node)

    def update_node(self, node: Node) -> None:
        """The same question after the session changed it; what is being typed stays."""
        old, self.node = self.node, node
        if self.editor == "choices" and (old is None or (old.value, old.choices) != (node.value, node.choices)):
            self.query_one(Choices).update_node(node)
        if old is None or (old.label, old.hint, old.required) != (node.label, node.hint, node.required):
            self.query_one("#card-head", Static).update(self._head(node, ""))
        self.notes(node)

    def notes(self, node: Node, problem: str = "") -> None:
        """The reserved answer, and what is wrong with what was typed."""
        note, wrong = self.query_one("#card-note", Label), self.query_one("#card-problem", Label)
        words = reserved_words(node.missing) if node.kind == "question" else ""
        text = problem or (node.problem or "")
        sure = sure_words(node)
        told_note = _("Answer: {answer}", answer=words) if words else _("Understood as: {words}", words=sure)
        told_note = told_note if words or sure else ""
        for label, told in ((note, told_note), (wrong, f"! {text}" if text else "")):
            if label.content != told:
                label.update(told)
            label.display = bool(told)

    def typing(self, text: str) -> None:
        """How sure the date is that is being typed."""
        sure = sure_words(self.node, text) if self.node is not None else ""
        note = self.query_one("#card-note", Label)
        if sure:
            note.update(_("Understood as: {words}", words=sure))
            note.display = True

    def _editors(self) -> dict[Editor, Widget]:
        return {
            "line": self.query_one("#line"),
            "choices": self.query_one(Choices),
            "account": self.query_one(Account),
            "file": self.query_one(FilePanel),
        }

    def focus_editor(self) -> None:
        """Put the cursor into the editor that is shown; the card itself holds it for entries and add lines."""
        widget = self._editors().get(self.editor)
        if isinstance(widget, FilePanel):
            field = widget.query_one(Input)
            widget = field if field.display else None
        (widget or self).focus()

    @property
    def typed(self) -> str | None:
        """The text in the editor, None for editors that are not typed into."""
        if self.editor == "line":
            return self.query_one("#line", Input).value
        return self.query_one(Account).text if self.editor == "account" else None

    # words

    def _show_mode(self, node: Node) -> None:
        """A bar at the left in the colour of the mode; set directly, since a class would match every style again."""
        name = _MODE_BAR.get(node.definition.mode, "faint") if self.editor != "none" else "primary"
        self.styles.border_left = ("thick", self.app.theme_variables[name])

    def _head(self, node: Node, number: str) -> Content:
        if node.kind == "repeat":
            return Content.assemble((_("Add an entry"), "bold"), "\n", (_("Enter adds one. Tab goes on."), "$muted"))
        if node.kind == "entry":
            name = entry_name(node)
            words = _("Enter opens this entry, {key} removes it.", key="^R")
            return Content.assemble((name, "bold"), "  ", number, "\n", (words, "$muted"))
        question = question_of(node)
        tags = [mode_words(node)]
        if question.compartment == "identity":
            tags.append(_("sealed apart: identity"))
        parts: list[Content | str | tuple[str, str]] = [
            (" · ".join(tags), _MODE_STYLE.get(question.mode, "$muted")),
            "\n",
        ]
        label = f"«{node.label}»" if question.mode == "read" else node.label
        parts.append((label, "bold"))
        if node.required or question.strictness in ("block", "answer"):
            parts.append((" *", "$accent"))
        if node.hint:
            parts.extend(["\n", (node.hint, "$muted")])
        return Content.assemble(*parts)
