"""The closed lines above and below the open question, drawn by one widget."""

from __future__ import annotations

from collections.abc import Collection
from typing import Self

from rich.cells import cell_len
from rich.control import strip_control_codes
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from schemas.xform_model import Path
from tui.locale import _, ngettext
from tui.screens.interview.remarks import remarks_of
from tui.screens.interview.table import Table
from tui.screens.interview.table import cut as _cut
from tui.screens.interview.view import InterviewView, Item, answer_text, is_answered, question_of
from tui.screens.interview.words import REMARK_SIGN, entry_name, is_date, reserved_words, sure_words

Line = list[tuple[str, str]]
"""The parts of a line from left to right, each with its style; empty: that of the line."""


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
        self._noted: Collection[Path] = ()
        self._tables: list[Table] = []
        self._inks: dict[str, RichStyle] = {}
        self._width = 0

    def noted(self) -> Collection[Path]:
        """The questions to which the documenter has noted something."""
        return remarks_of(self.screen)

    def show(self, items: list[Item]) -> None:
        """Draw these lines."""
        grown = len(items) != len(self.items)
        self.items = items
        self.set_class(not items, "-empty")
        self.refresh(layout=grown)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row for each line."""
        return len(self.items)

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Draw again: what the lines are made of may have changed."""
        self._width = 0
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_line(self, y: int) -> Strip:
        """One line. Those of a long section that nobody sees are never made."""
        width = max(self.size.width, 10)
        if width != self._width:
            self._width, self._noted, self._tables, self._inks = width, self.noted(), [], {}
        if not 0 <= y < len(self.items):
            return Strip.blank(self.size.width, self.visual_style.rich_style)
        return self._drawn(self._line(self.items[y], width))

    def _drawn(self, line: Line) -> Strip:
        """Straight into segments: Textual's way would wrap every line first, which costs the most of drawing it."""
        strip = Strip(Segment(strip_control_codes(text), self._ink(style)) for text, style in line if text)
        return strip.crop(0, self.size.width)

    def _ink(self, style: str) -> RichStyle:
        ink = self._inks.get(style)
        if ink is None:
            whole = self.visual_style + Style.parse(style) if style else self.visual_style
            ink = self._inks[style] = whole.rich_style
        return ink

    def _line(self, item: Item, width: int) -> Line:
        indent = "  " * item.depth
        width -= len(indent) + 2
        node = item.node
        if item.kind == "text":
            return [(indent, ""), ("  " + _cut(node.label, width), "$muted")]
        if item.kind == "add":
            count = ngettext("{count} entry so far", "{count} entries so far", node.count)
            return [(indent, ""), ("+ ", "$primary"), (_cut(_("Add an entry") + " · " + count, width), "")]
        if item.kind in ("entry", "open-entry"):
            return self._entry(item, indent, width)
        return self._question(item, indent, width)

    def _entry(self, item: Item, indent: str, width: int) -> Line:
        """A row of the table of entries; of the one that is open, its name."""
        path = item.node.path
        if item.kind == "open-entry":
            return [(indent, ""), ("▾ ", "$primary"), (entry_name(item.node), "bold")]
        table = next((each for each in self._tables if path in each.names), None)
        if table is None:
            table = Table(self.view, path, width)
            self._tables.append(table)
        said = table.said(path)
        told = (said, "$foreground") if said else (_cut(_("nothing said yet"), width - table.name_width - 2), "$muted")
        return [(indent, ""), ("▸ ", "$primary"), (table.name(path), "bold"), ("  ", ""), told]

    def _question(self, item: Item, indent: str, width: int) -> Line:
        node = item.node
        remark = f" {REMARK_SIGN}" if node.path in self._noted else ""
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
            label = _cut(node.label, width - len(remark))
            shown = "$foreground" if sign == "• " else "$muted"
            return [(indent, ""), (sign, style), (label, shown), (remark, "$accent")]
        width -= len(remark)
        right = _cut(answer, max(width // 2 if is_date(node) else width * 2 // 5, 8))
        left = _cut(node.label, max(width - cell_len(right) - 2, 4))
        gap = " " * max(width - cell_len(left) - cell_len(right), 1)
        return [
            (indent, ""),
            (sign, style),
            (left, "$muted"),
            (gap, ""),
            (right, "$muted" if reserved else "$foreground"),
            (remark, "$accent"),
        ]

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
