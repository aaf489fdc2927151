"""The open question: how it is put, its words, and the one editor that fits its type.

The rule: the editors are made once and shown in turn, so that going to the next question mounts nothing. What is
typed is text until it is read as a value; `pending` is the text that is not an answer yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.css.types import EdgeType
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from schemas.session_types import Node
from tui.locale import _
from tui.screens.interview.choices import Choices
from tui.screens.interview.files import FilePanel
from tui.screens.interview.line import AnswerLine
from tui.screens.interview.readings import read_line as read_line
from tui.screens.interview.readings import reading, shown_line
from tui.screens.interview.remarks import remark_to
from tui.screens.interview.view import is_long, question_of
from tui.screens.interview.words import REMARK_SIGN, entry_name, expected_words, mode_words, reserved_words
from tui.widgets.account import Account

if TYPE_CHECKING:
    from collector.media import Attachment

Editor = Literal["line", "choices", "account", "file", "none"]
_MODE_STYLE = {"read": "$primary bold", "ask": "$secondary", "code": "$warning", "staff": "$muted"}
_MODE_SIGN = {"read": "» ", "ask": "? ", "code": "# ", "staff": "– "}
_MODE_BAR: dict[str, tuple[EdgeType, str]] = {
    "read": ("thick", "primary"),
    "ask": ("heavy", "secondary"),
    "code": ("dashed", "warning"),
    "staff": ("solid", "faint"),
}
"""The bar at the left of a question: its shape and its colour tell how the question is put."""
_SELECTS = ("select_one", "select_multiple", "rank")
_ALWAYS_CHOSEN = ("boolean", "acknowledge")


def editor_for(node: Node) -> Editor:
    """Which editor a question is answered in; entries and add lines have none."""
    if node.kind != "question":
        return "none"
    question = question_of(node)
    if question.type == "file":
        return "file"
    if question.type in _ALWAYS_CHOSEN or (question.type in _SELECTS and node.choices):
        return "choices"
    return "account" if is_long(node) else "line"


class Card(Vertical, can_focus=True):
    """One open stop. `show` opens it; messages of the editors go to the screen."""

    DEFAULT_CSS = """
    #choices-help { color: $muted; }
    #card-remark { color: $accent; }
    """

    def __init__(self) -> None:
        super().__init__(id="card")
        self.node: Node | None = None
        self.editor: Editor = "none"

    def compose(self) -> ComposeResult:
        yield Static(id="card-head")
        yield AnswerLine()
        yield Label("", id="choices-help", markup=False)
        yield Choices()
        yield Account(id="account")
        yield FilePanel()
        yield Label("", id="card-note", markup=False)
        yield Label("", id="card-problem", markup=False)
        yield Label("", id="card-remark", markup=False)

    def show(self, node: Node, *, number: str = "", pending: str = "", attachment: Attachment | None = None) -> None:
        """Open a stop; `pending` is text that was being typed when it was left."""
        self.node = node
        self.editor = editor_for(node)
        for kind, widget in self._editors().items():
            widget.display = kind == self.editor
        self.query_one("#card-head", Static).update(self._head(node, number))
        if self.editor == "line":
            self.query_one(AnswerLine).open(node, pending or shown_line(node), expected_words(node))
        elif self.editor == "account":
            self.query_one(Account).load(pending or str(node.value or ""))
        elif self.editor == "choices":
            self.query_one(Choices).show(node)
        elif self.editor == "file":
            self.query_one(FilePanel).show(attachment)
        self._show_mode(node)
        self._show_help()
        self.show_remark()
        self.notes(node)

    def show_remark(self) -> None:
        """The documenter's note to this answer."""
        remark, label = remark_to(self.screen, self.node), self.query_one("#card-remark", Label)
        told = _("{sign} Your note: {text}", sign=REMARK_SIGN, text=remark) if remark else ""
        if label.content != told:
            label.update(told)
        label.display = bool(told)

    def _show_help(self) -> None:
        """What stands above the options: that they are not read out, and how one is found."""
        told = ""
        if self.node is not None and self.editor == "choices":
            silent = _("Not read out; for you alone:") if question_of(self.node).mode == "code" else ""
            told = "\n".join(words for words in (silent, self.query_one(Choices).help_words()) if words)
        label = self.query_one("#choices-help", Label)
        if label.content != told:
            label.update(told)
        label.display = bool(told)

    def on_choices_narrowed(self, event: Choices.Narrowed) -> None:
        """Show what is being looked for."""
        event.stop()
        self._show_help()

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
        text = problem or (_(node.problem) if node.problem else "")
        read = "" if words or self.node is None else reading(node)
        told_note = _("Answer: {answer}", answer=words) if words else _("Understood as: {words}", words=read)
        told_note = told_note if words or read else ""
        for label, told in ((note, told_note), (wrong, f"! {text}" if text else "")):
            if label.content != told:
                label.update(told)
            label.display = bool(told)

    def typing(self, text: str) -> None:
        """What is understood of what is being typed; what was wrong with what it replaces goes then."""
        read = reading(self.node, text) if self.node is not None else ""
        note, wrong = self.query_one("#card-note", Label), self.query_one("#card-problem", Label)
        stands = not read or self.node is None or read_line(self.node, text) == self.node.value
        wrong.display = bool(wrong.content) and stands
        if read:
            note.update(_("Understood as: {words}", words=read))
        elif self.node is not None and reserved_words(self.node.missing) == "":
            note.update("")
        note.display = bool(note.content)

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
        # At once, not after the keys that wait already: they are meant for it.
        self.screen.set_focus(widget or self, scroll_visible=False)

    def bring_into_view(self) -> None:
        """Scroll so that the whole card is seen, or its beginning where it is higher than the window."""
        self.call_after_refresh(self._scroll_here)

    def on_resize(self) -> None:
        """It has grown or shrunk: nothing of it may stand below the edge."""
        self._scroll_here()

    def _scroll_here(self) -> None:
        pane = self.parent
        if isinstance(pane, Widget) and self.is_attached:
            high = self.outer_size.height > pane.scrollable_content_region.height
            pane.scroll_to_widget(self, animate=False, top=high, force=True)

    @property
    def typed(self) -> str | None:
        """The text in the editor, None for editors that are not typed into."""
        if self.editor == "line":
            return self.query_one("#line", Input).value
        return self.query_one(Account).text if self.editor == "account" else None

    # words

    def _show_mode(self, node: Node) -> None:
        """A bar at the left in shape and colour of the mode; set directly: a class would match every style again."""
        shape, colour = _MODE_BAR.get(node.definition.mode, ("solid", "faint"))
        if self.editor == "none":
            shape, colour = "heavy", "primary"
        self.styles.border_left = (shape, self.app.theme_variables[colour])

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
            (_MODE_SIGN.get(question.mode, "") + " · ".join(tags), _MODE_STYLE.get(question.mode, "$muted")),
            "\n",
        ]
        label = f"«{node.label}»" if question.mode == "read" else node.label
        parts.append(label if question.mode == "staff" else (label, "bold"))
        if node.required or question.strictness in ("block", "answer"):
            parts.append((" *", "$accent"))
        if node.hint:
            parts.extend(["\n", (node.hint, "$muted")])
        return Content.assemble(*parts)
