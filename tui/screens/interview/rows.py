"""The closed lines above and below the open question, drawn by one widget."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from schemas.xform_model import Path
from tui.locale import _, ngettext
from tui.screens.interview.view import InterviewView, Item, answer_text, is_answered, question_of
from tui.screens.interview.words import entry_name, is_date, reserved_words, sure_words


def _cut(text: str, width: int) -> str:
    text = " ".join(text.split())
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)).rstrip() + "…"


class Rows(Widget):
    """Lines of a section. A click on one posts Picked."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Rows { height: auto; padding: 0 1; color: $foreground; }"

    class Picked(Message):
        """A line was clicked."""

        def __init__(self, path: Path) -> None:
            super().__init__()
            self.path = path

    def __init__(self, view: InterviewView, id: str) -> None:
        super().__init__(id=id)
        self.view = view
        self.items: list[Item] = []

    def show(self, items: list[Item]) -> None:
        """Draw these lines."""
        grown = len(items) != len(self.items)
        self.items = items
        self.set_class(not items, "-empty")
        self.refresh(layout=grown)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row for each line."""
        return len(self.items)

    def render(self) -> Content:
        """All lines."""
        width = max(self.content_size.width, 10)
        return Content("\n").join(self._line(item, width) for item in self.items)

    def _line(self, item: Item, width: int) -> Content:
        indent = "  " * item.depth
        width -= len(indent) + 2
        node = item.node
        if item.kind == "text":
            return Content.assemble(indent, ("  " + _cut(node.label, width), "$muted"))
        if item.kind == "add":
            count = ngettext("{count} entry so far", "{count} entries so far", node.count)
            return Content.assemble(indent, ("+ ", "$primary"), _cut(_("Add an entry") + " · " + count, width))
        if item.kind in ("entry", "open-entry"):
            name = entry_name(node)
            sign = "▾ " if item.kind == "open-entry" else "▸ "
            summary = "" if item.kind == "open-entry" else self.view.summary(node.path)
            return Content.assemble(
                indent, (sign, "$primary"), (name, "bold"), "  ", _cut(summary, max(width - len(name) - 2, 1))
            )
        return self._question(item, indent, width)

    def _question(self, item: Item, indent: str, width: int) -> Content:
        node = item.node
        reserved = reserved_words(node.missing)
        answer = reserved or ("" if node.value is None else _answer(item))
        if node.problem:
            sign, style = "! ", "$warning"
        elif is_answered(node):
            sign, style = ("– ", "$muted") if reserved else ("✓ ", "$success")
        else:
            sign, style = (
                ("• ", "$accent")
                if node.required or question_of(node).strictness in ("block", "answer")
                else ("· ", "$muted")
            )
        if not answer:
            return Content.assemble(
                indent, (sign, style), (_cut(node.label, width), "$foreground" if sign == "• " else "$muted")
            )
        right = _cut(answer, max(width // 2 if is_date(node) else width * 2 // 5, 8))
        left = _cut(node.label, max(width - cell_len(right) - 2, 4))
        gap = " " * max(width - cell_len(left) - cell_len(right), 1)
        return Content.assemble(
            indent, (sign, style), (left, "$muted"), gap, (right, "$muted" if reserved else "$foreground")
        )

    def on_click(self, event: events.Click) -> None:
        """Go to the clicked line."""
        place = event.get_content_offset(self)
        if place is not None and place.y < len(self.items):
            self.post_message(self.Picked(self.items[place.y].path))


def _answer(item: Item) -> str:
    if question_of(item.node).type == "file":
        return _("attached")
    sure, text = sure_words(item.node), answer_text(item.node)
    return f"{text} · {sure}" if sure else text
