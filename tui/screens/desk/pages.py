"""Pages of answers: labels at the left, what was said at the right; long texts over the whole width.

The rule: what is shown was written by others, so every character that could steer a terminal is taken out before a
row is made. Rows are laid out once for a width and drawn by the line, so that a long account scrolls as a short one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.paragraphs import clean
from tui.widgets.wrapping import wrap

Kind = Literal["head", "entry", "answer", "reserved", "text", "note", "warning"]
Row = tuple[tuple[str, str], ...]
"""Stretches of a row: the text, and the component class that colours it."""
MARGIN = 2
TWO_COLUMNS = 56
READABLE = 96


@dataclass(frozen=True, slots=True)
class Block:
    """Something on a page. `answer` and `reserved` have a label; the others are text alone. `depth` indents."""

    kind: Kind
    text: str
    label: str = ""
    depth: int = 0


def harmless(text: str) -> str:
    """The text without controls, and without the signs that turn the direction of writing around."""
    return "".join(sign for sign in clean(text) if sign == "\n" or unicodedata.category(sign) != "Cf")


def _lines(text: str, width: int) -> Iterator[str]:
    for paragraph in harmless(text).split("\n"):
        starts = [*wrap(paragraph, width), len(paragraph)]
        yield from (paragraph[a:b].rstrip() for a, b in pairwise(starts))


def lay_out(blocks: Sequence[Block], width: int) -> list[Row]:
    """The rows of a page that is `width` cells wide."""
    rows: list[Row] = []
    for block in blocks:
        indent = " " * (MARGIN + 2 * block.depth)
        room = max(min(width - MARGIN, READABLE) - len(indent), 8)
        if block.kind in ("answer", "reserved"):
            rows += _pair(block, indent, room)
            continue
        if block.kind in ("head", "entry") and rows:
            rows.append(())
        rows += [((indent + line, block.kind),) for line in _lines(block.text, room)]
    return rows


def _pair(block: Block, indent: str, room: int) -> Iterator[Row]:
    if indent and room + len(indent) < TWO_COLUMNS:
        yield from (((indent + line, "label"),) for line in _lines(block.label, room))
        yield from (((f"{indent}  {line}", block.kind),) for line in _lines(block.text, max(room - 2, 8)))
        return
    left = room * 2 // 5
    labels = list(_lines(block.label, left - 2))
    values = list(_lines(block.text, room - left))
    for place in range(max(len(labels), len(values))):
        label = labels[place] if place < len(labels) else ""
        value = values[place] if place < len(values) else ""
        yield (indent + label + " " * (left - cell_len(label)), "label"), (value, block.kind)


class Pages(ScrollView, can_focus=True):
    """Shows one page; the arrows, PgUp, PgDn, Home and End scroll it."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"pages--{kind}" for kind in ("head", "entry", "label", "answer", "reserved", "text", "note", "warning")
    }
    DEFAULT_CSS = """
    Pages { height: 1fr; width: 1fr; background: $background; scrollbar-gutter: stable; overflow-x: hidden;
        & .pages--head { color: $primary; text-style: bold; }
        & .pages--entry { color: $accent; text-style: bold; }
        & .pages--label { color: $muted; }
        & .pages--answer { color: $foreground; }
        & .pages--text { color: $foreground; }
        & .pages--reserved { color: $muted; text-style: italic; }
        & .pages--note { color: $muted; }
        & .pages--warning { color: $warning; }
    }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.blocks: Sequence[Block] = ()
        self.rows: list[Row] = []

    def show(self, blocks: Sequence[Block]) -> None:
        """Another page, from its beginning."""
        self.blocks = blocks
        self._lay_out()
        self.scroll_to(0, 0, animate=False)

    def on_resize(self, _event: events.Resize) -> None:
        """Lay the page out for the new width."""
        self._lay_out()

    def _lay_out(self) -> None:
        width = max(self.scrollable_content_region.width, 1)
        self.rows = lay_out(self.blocks, width)
        self.virtual_size = Size(width, len(self.rows))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Row `y` of what is seen."""
        place = y + self.scroll_offset.y
        base = self.rich_style
        row = self.rows[place] if place < len(self.rows) else ()
        segments = [Segment(text, base + self.get_component_rich_style(f"pages--{kind}")) for text, kind in row]
        return Strip(segments).adjust_cell_length(self.size.width, base)
