"""The entries of a repeat as a table: its code or place, then what was answered first, question under question.

The rule: a column belongs to one question, so that the same thing stands under the same thing; the columns are the
first questions that any of the entries answers. Where there is no room, the widest column gives way first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len, set_cell_size

from schemas.session_types import Node
from schemas.xform_model import Path
from tui.screens.interview.view import InterviewView, is_asked
from tui.screens.interview.words import entry_name

COLUMNS = 3
_GAP = 2
_NARROWEST = 6


def cut(text: str, width: int) -> str:
    """A text in one line of at most this many cells."""
    text = " ".join(text.split())
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)).rstrip() + "…"


class Table:
    """The entries of one repeat, laid out together for a width in cells."""

    def __init__(self, view: InterviewView, entry: Path, width: int) -> None:
        entries = _siblings(view, entry)
        self.names = {node.path: entry_name(node) for node in entries}
        self.name_width = max(map(cell_len, self.names.values()), default=0)
        cells = _cells(view, set(self.names), len(entry))
        columns = _columns(cells)
        self._cells = {path: [cells[path].get(column, "") for column in columns] for path in self.names}
        self._widths = _widths(list(self._cells.values()), width - self.name_width - _GAP)

    def name(self, entry: Path) -> str:
        """What the entry is called, as wide as the longest name."""
        name = self.names[entry]
        return name + " " * (self.name_width - cell_len(name))

    def said(self, entry: Path) -> str:
        """The cells of its row; empty when it has none."""
        cells = self._cells[entry]
        if not any(cells):
            return ""
        row = (set_cell_size(cut(cell, width), width) for cell, width in zip(cells, self._widths, strict=True))
        return (" " * _GAP).join(row).rstrip()


def _siblings(view: InterviewView, entry: Path) -> list[Node]:
    step = entry[-1]
    name = step if isinstance(step, str) else step[0]
    return [
        node
        for node in view.nodes.values()
        if node.kind == "entry" and node.path[:-1] == entry[:-1] and _is_of(node.path, name)
    ]


def _is_of(path: Path, name: str) -> bool:
    step = path[-1]
    return not isinstance(step, str) and step[0] == name


def _cells(view: InterviewView, entries: set[Path], depth: int) -> dict[Path, dict[Path, str]]:
    """The answers of each entry by the path of the question inside it, in the order of the form."""
    cells: dict[Path, dict[Path, str]] = {path: {} for path in entries}
    for node in view.nodes.values():
        inner = node.path[depth:]
        if not inner or node.path[:depth] not in entries or not all(isinstance(step, str) for step in inner):
            continue
        if node.kind == "question":
            cells[node.path[:depth]][inner] = view.answer_text(node) if is_asked(node) else ""
    return cells


def _columns(cells: Mapping[Path, Mapping[Path, str]]) -> list[Path]:
    """The first questions that any entry answers."""
    order = next(iter(cells.values()), {})
    return [each for each in order if any(row.get(each) for row in cells.values())][:COLUMNS]


def _widths(rows: Sequence[Sequence[str]], room: int) -> list[int]:
    widths = [max(cell_len(" ".join(cell.split())) for cell in column) for column in zip(*rows, strict=True)]
    while widths and sum(widths) + _GAP * (len(widths) - 1) > room and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths
