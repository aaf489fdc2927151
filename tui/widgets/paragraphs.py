"""The text of a free account: paragraphs, the rows they take, and the edits that can be undone.

The rule: every change is one `replace`, which is also what undo and redo are made of; a position is (paragraph,
index) and always stands between clusters. Only the paragraph that an edit touches is wrapped again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from tui.widgets.cells import cells_between, cluster_end, cluster_start, index_at
from tui.widgets.wrapping import rewrap, wrap

LIMIT = 200_000
UNDO_STEPS = 1_000
Position = tuple[int, int]

_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(text: str) -> str:
    """Text from outside: every kind of line end becomes a paragraph end, a tab four spaces, other controls go."""
    return _CONTROLS.sub("", _BREAKS.sub("\n", text).replace("\t", "    "))


def left_out(text: str) -> int:
    """How many characters of a text from outside `clean` drops."""
    return len(_CONTROLS.findall(_BREAKS.sub("\n", text).replace("\t", "    ")))


@dataclass(slots=True)
class Edit:
    """One change: at `start`, `removed` went and `inserted` came; `before` is where the cursor stood."""

    start: Position
    removed: str
    inserted: str
    before: Position


def after(start: Position, text: str) -> Position:
    """Where a text that begins at `start` ends."""
    lines = text.count("\n")
    if not lines:
        return start[0], start[1] + len(text)
    return start[0] + lines, len(text) - text.rfind("\n") - 1


class Paragraphs:
    """Paragraphs with their rows at the present width."""

    def __init__(self, text: str = "", width: int = 72) -> None:
        self.width = width
        self.load(text)

    def load(self, text: str) -> None:
        """Take a new text; nothing before it can be undone."""
        self.lines = clean(text).split("\n")
        self.undoable: list[Edit] = []
        self.redoable: list[Edit] = []
        self.length = sum(map(len, self.lines)) + len(self.lines) - 1
        self._wrap_all()

    def resize(self, width: int) -> None:
        """Wrap everything for rows of `width` cells."""
        if width != self.width:
            self.width = max(width, 1)
            self._wrap_all()

    def _wrap_all(self) -> None:
        self.starts = [wrap(line, self.width) for line in self.lines]
        self._ends: list[int] | None = None

    @property
    def text(self) -> str:
        """The whole text, paragraphs divided by a line feed."""
        return "\n".join(self.lines)

    @property
    def end(self) -> Position:
        """The position after the last character."""
        return len(self.lines) - 1, len(self.lines[-1])

    # rows

    def _row_ends(self) -> list[int]:
        if self._ends is None:
            self._ends = list(accumulate(map(len, self.starts)))
        return self._ends

    @property
    def rows(self) -> int:
        """How many rows the text takes."""
        return self._row_ends()[-1]

    def first_row(self, paragraph: int) -> int:
        """The row in which a paragraph begins."""
        return self._row_ends()[paragraph - 1] if paragraph else 0

    def row_span(self, row: int) -> tuple[int, int, int, bool]:
        """(paragraph, first index, end index, whether it is the paragraph's last row) of a row."""
        paragraph = bisect_right(self._row_ends(), row)
        starts = self.starts[paragraph]
        place = row - self.first_row(paragraph)
        if place + 1 < len(starts):
            return paragraph, starts[place], starts[place + 1], False
        return paragraph, starts[place], len(self.lines[paragraph]), True

    def row_of(self, position: Position) -> int:
        """The row in which a position is shown."""
        paragraph, index = position
        return self.first_row(paragraph) + bisect_right(self.starts[paragraph], index) - 1

    def column_of(self, position: Position) -> int:
        """The cell column at which a position is shown."""
        paragraph, index = position
        starts = self.starts[paragraph]
        return cells_between(self.lines[paragraph], starts[bisect_right(starts, index) - 1], index)

    def at(self, row: int, column: int) -> Position:
        """The position nearest to a row and a cell column."""
        if row < 0:
            return 0, 0
        if row >= self.rows:
            return self.end
        paragraph, start, end, last = self.row_span(row)
        index = index_at(self.lines[paragraph], start, end, column)
        if index == end and not last:
            index = max(cluster_start(self.lines[paragraph], end), start)
        return paragraph, index

    # moving

    def left(self, position: Position) -> Position:
        """One cluster to the left, over paragraph ends."""
        paragraph, index = position
        if index:
            return paragraph, cluster_start(self.lines[paragraph], index)
        return (paragraph - 1, len(self.lines[paragraph - 1])) if paragraph else position

    def right(self, position: Position) -> Position:
        """One cluster to the right, over paragraph ends."""
        paragraph, index = position
        if index < len(self.lines[paragraph]):
            return paragraph, cluster_end(self.lines[paragraph], index)
        return (paragraph + 1, 0) if paragraph + 1 < len(self.lines) else position

    def word_left(self, position: Position) -> Position:
        """The start of the word before the position."""
        paragraph, index = position
        if not index:
            return self.left(position)
        found = re.search(r"[\w\u0300-\u036f'’ʼ]+\W*\Z|\W+\Z", self.lines[paragraph][max(0, index - 400) : index])
        return paragraph, index - (len(found[0]) if found else 1)

    def word_right(self, position: Position) -> Position:
        """The end of the word after the position."""
        paragraph, index = position
        line = self.lines[paragraph]
        if index == len(line):
            return self.right(position)
        found = re.compile(r"\W*[\w\u0300-\u036f'’ʼ]+|\W+").match(line, index)
        return paragraph, found.end() if found else len(line)

    # changing

    def between(self, start: Position, end: Position) -> str:
        """The text between two positions, the first not after the second."""
        if start[0] == end[0]:
            return self.lines[start[0]][start[1] : end[1]]
        middle = self.lines[start[0] + 1 : end[0]]
        return "\n".join([self.lines[start[0]][start[1] :], *middle, self.lines[end[0]][: end[1]]])

    def replace(self, start: Position, end: Position, text: str, before: Position, *, joins: bool = False) -> Position:
        """Put `text` in the place of what stands between two positions; returns the position after it.

        `joins` lets the edit become part of the last undo step when it continues there.
        """
        edit = Edit(start, self.between(start, end), text, before)
        self._apply(start, end, text, edit.removed)
        self.redoable.clear()
        last = self.undoable[-1] if self.undoable else None
        if joins and last and not edit.removed and not last.removed and after(last.start, last.inserted) == start:
            last.inserted += text
        else:
            self.undoable.append(edit)
            del self.undoable[:-UNDO_STEPS]
        return after(start, text)

    def undo(self) -> Position | None:
        """Take the last step back; returns where the cursor stood, or None if there is nothing to undo."""
        if not self.undoable:
            return None
        edit = self.undoable.pop()
        self._apply(edit.start, after(edit.start, edit.inserted), edit.removed, edit.inserted)
        self.redoable.append(edit)
        return edit.before

    def redo(self) -> Position | None:
        """Do the last undone step again; returns the position after it, or None."""
        if not self.redoable:
            return None
        edit = self.redoable.pop()
        self._apply(edit.start, after(edit.start, edit.removed), edit.inserted, edit.removed)
        self.undoable.append(edit)
        return after(edit.start, edit.inserted)

    def _apply(self, start: Position, end: Position, text: str, removed: str) -> None:
        self.length += len(text) - len(removed)
        paragraph, index = start
        line = self.lines[paragraph]
        if start[0] == end[0] and "\n" not in text:
            line = line[:index] + text + line[end[1] :]
            starts = rewrap(line, self.width, self.starts[paragraph], index, len(removed), len(text))
            if len(starts) != len(self.starts[paragraph]):
                self._ends = None
            self.lines[paragraph], self.starts[paragraph] = line, starts
            return
        fresh = (line[:index] + text + self.lines[end[0]][end[1] :]).split("\n")
        self.lines[paragraph : end[0] + 1] = fresh
        self.starts[paragraph : end[0] + 1] = [wrap(item, self.width) for item in fresh]
        self._ends = None
