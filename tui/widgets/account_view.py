"""What the editor of the free account shows and changes: up to 200,000 characters, no keystroke waits for all of
them.

The rule: a keystroke costs what one paragraph's edit and the rows on the screen cost. The widget draws its rows and
its own scroll bar by Textual's line API, so that typing never asks for a new layout. What is cut or copied stays in
the widget and goes with it; nothing reaches the clipboard of the terminal or the desktop.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.cells import cells_between, cluster_end
from tui.widgets.paragraphs import LIMIT, Paragraphs, Position, clean


class AccountView(Widget, can_focus=True):
    """A plain-text editor with wrapped paragraphs. Posts Changed after every edit, Full when an edit had no room."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "account--cursor", "account--selection", "account--rail", "account--thumb", "account--sign",
    }  # fmt: skip
    DEFAULT_CSS = """
    AccountView { height: 1fr; min-height: 3; padding: 0 1; background: $surface; color: $foreground; pointer: text;
        & .account--cursor { background: $input-cursor-background; color: $input-cursor-foreground; }
        & .account--selection { background: $primary-muted; color: $foreground; }
        & .account--rail { color: $foreground-darken-3; }
        & .account--thumb { color: $primary; }
        & .account--sign { color: $accent; text-style: bold; }
    }
    """

    class Changed(Message, namespace="account"):
        """The text changed; read it from `account.text` when it is needed."""

        def __init__(self, account: AccountView) -> None:
            super().__init__()
            self.account = account

        @property
        def control(self) -> AccountView:
            return self.account

    class Moved(Message, namespace="account"):
        """The cursor moved and the text did not change."""

        def __init__(self, account: AccountView) -> None:
            super().__init__()
            self.account = account

    class Full(Message, namespace="account"):
        """An edit was refused because the text would pass `LIMIT` characters; nothing was changed."""

        def __init__(self, account: AccountView) -> None:
            super().__init__()
            self.account = account

    def __init__(
        self, text: str = "", *, read_only: bool = False, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.document = Paragraphs(text)
        self.cursor: Position = self.document.end
        self.mark: Position | None = None
        self.read_only = read_only
        self.top = 0
        self.goal: int | None = None
        self.signs: frozenset[Position] = frozenset()
        self._wanted_top: int | None = None
        self.typing = False
        self.dragging = False
        self.kept = ""

    # text and place, for the screen that holds the editor

    @property
    def text(self) -> str:
        """The whole text; paragraphs are divided by a line feed."""
        return self.document.text

    @property
    def offset_of_cursor(self) -> int:
        """The cursor as a count of characters from the start of the text."""
        paragraph, index = self.cursor
        return sum(len(line) + 1 for line in self.document.lines[:paragraph]) + index

    def load(self, text: str, offset: int | None = None) -> None:
        """Show another text, the cursor at `offset` characters (the end if None). Nothing before it can be undone."""
        self.document.load(text)
        self.cursor, self.mark, self.kept, self.typing = self.document.end, None, "", False
        self.signs, self._wanted_top = frozenset(), None
        if offset is not None:
            self.cursor = self.position_at(offset)
        self.show_cursor()
        self.refresh()

    def position_at(self, offset: int) -> Position:
        """The place so many characters from the start; the end where there are not that many."""
        for paragraph, line in enumerate(self.document.lines):
            if offset <= len(line):
                return paragraph, max(offset, 0)
            offset -= len(line) + 1
        return self.document.end

    def stand_at(self, offset: int, top: int | None = None) -> None:
        """Put the cursor at `offset` characters from the start, row `top` first on the screen if it is seen so."""
        self.move(self.position_at(offset))
        if top is not None:
            self._wanted_top = self.top = top
            self.show_cursor()
            self.refresh()

    def show_signs(self, offsets: Iterable[int]) -> None:
        """Put a sign at the right edge of the rows in which these places stand."""
        signs = frozenset(map(self.position_at, offsets))
        if signs != self.signs:
            self.signs = signs
            self.refresh()

    @property
    def selection(self) -> tuple[Position, Position]:
        """The selected stretch, in order; both are the cursor if nothing is selected."""
        mark = self.cursor if self.mark is None else self.mark
        return min(mark, self.cursor), max(mark, self.cursor)

    # changing

    def change(self, text: str, *, joins: bool = False) -> None:
        """Put `text` in the place of the selection, if there is room."""
        if self.read_only:
            return
        text = clean(text)
        start, end = self.selection
        if self.document.length - len(self.document.between(start, end)) + len(text) > LIMIT:
            self.app.bell()
            self.post_message(self.Full(self))
            return
        rows, first = self.document.rows, self.document.row_of(start)
        self.cursor = self.document.replace(start, end, text, self.cursor, joins=joins and self.typing)
        self.mark, self.goal = None, None
        self.after_change(rows, first)

    def after_change(self, rows_before: int, first: int) -> None:
        """Draw what an edit from row `first` on changed, and tell the screen."""
        self._wanted_top = None
        scrolled = self.show_cursor()
        if not scrolled:
            if self.document.rows == rows_before:
                last = self.document.first_row(self.cursor[0]) + len(self.document.starts[self.cursor[0]]) - 1
                self._refresh_rows(max(first - 1, 0), last)
            else:
                self.refresh()
        self.post_message(self.Changed(self))

    def move(self, position: Position, *, select: bool = False) -> None:
        """Put the cursor somewhere, selecting what lies between if `select`."""
        before, had = self.cursor, self.selection
        if select and self.mark is None:
            self.mark = self.cursor
        elif not select:
            self.mark = None
        self.cursor, self.typing, self._wanted_top = position, False, None
        if not self.show_cursor():
            touched = [self.document.row_of(place) for place in (before, position, *had, *self.selection)]
            self._refresh_rows(min(touched), max(touched))
        if position != before:
            self.post_message(self.Moved(self))

    # what is seen

    @property
    def page(self) -> int:
        """Rows on the screen."""
        return max(self.content_size.height, 1)

    def show_cursor(self) -> bool:
        """Scroll so that the cursor is seen; True if that drew everything again."""
        row, top = self.document.row_of(self.cursor), self.top
        if row < self.top:
            self.top = row
        elif row >= self.top + self.page:
            self.top = row - self.page + 1
        self.top = max(0, min(self.top, self.document.rows - self.page))
        if self.top != top:
            self.refresh()
        return self.top != top

    def scroll_rows(self, rows: int) -> None:
        """Scroll without moving the cursor."""
        top = max(0, min(self.top + rows, self.document.rows - self.page))
        if top != self.top:
            self.top = top
            self.refresh()

    def _refresh_rows(self, first: int, last: int) -> None:
        first, last = max(first, self.top), min(last, self.top + self.page - 1)
        if first <= last:
            gutter = self.gutter
            region = Region(gutter.left, gutter.top + first - self.top, self.content_size.width, last - first + 1)
            self.refresh(region)

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap for the new width; two columns are kept for the hanging cursor and the scroll bar."""
        self.document.resize(max(self.content_size.width - 2, 1))
        if self._wanted_top is not None:
            self.top = self._wanted_top
        self.show_cursor()
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """All the rows there are, when the style asks for `auto`."""
        self.document.resize(max(width - 2, 1))
        return self.document.rows

    def render_line(self, y: int) -> Strip:
        """Row `y` of what is seen."""
        width = self.content_size.width
        base = self.rich_style
        row = self.top + y
        strip = self._row(row, width - 1, base) if row < self.document.rows else Strip.blank(width - 1, base)
        if self._signed(row):
            return Strip([*strip, Segment("?", base + self.get_component_rich_style("account--sign"))], width)
        if self.document.rows <= self.page:
            return Strip([*strip, Segment(" ", base)], width)
        size = max(1, self.page * self.page // self.document.rows)
        place = self.top * (self.page - size) // max(self.document.rows - self.page, 1)
        on = place <= y < place + size
        style = self.get_component_rich_style("account--thumb" if on else "account--rail")
        return Strip([*strip, Segment("┃" if on else "│", base + style)], width)

    def _signed(self, row: int) -> bool:
        if not self.signs or row >= self.document.rows:
            return False
        paragraph, start, end, last = self.document.row_span(row)
        return any(place == paragraph and start <= at < end + last for place, at in self.signs)

    def _row(self, row: int, width: int, base: Style) -> Strip:
        paragraph, start, end, last = self.document.row_span(row)
        line = self.document.lines[paragraph]
        marks = self._marks(paragraph, start, end, last)
        segments, at = [], start
        for first, stop, style in marks:
            segments.append(Segment(line[at:first], base))
            segments.append(Segment(line[first:stop] or " ", base + style))
            at = stop
        segments.append(Segment(line[at:end], base))
        cells = cells_between(line, start, end) + sum(1 for first, stop, _style in marks if first == stop)
        return Strip([segment for segment in segments if segment.text], cells).adjust_cell_length(width, base)

    def _marks(self, paragraph: int, start: int, end: int, last: bool) -> list[tuple[int, int, Style]]:
        """The stretches of a row that are drawn differently: the selection, cut at the cursor, and the cursor."""
        low, high = self.selection
        select = self.get_component_rich_style("account--selection")
        first = max(low, (paragraph, start))[1] if low < (paragraph, end) else end
        stop = end if high[0] > paragraph else min(max(high[1], start), end) if high[0] == paragraph else start
        marks = [(first, stop, select)] if low != high and low[0] <= paragraph <= high[0] and first < stop else []
        place, index = self.cursor
        here = place == paragraph and (start <= index < end or (index == end and last))
        if not (here and self.has_focus):
            return marks
        after = cluster_end(self.document.lines[paragraph], index) if index < end else index
        cut = [
            (a, b, style)
            for a, b, style in ((first, min(stop, index), select), (max(first, after), stop, select))
            if a < b
        ]
        parts = cut if marks else []
        return sorted(
            [*parts, (index, after, self.get_component_rich_style("account--cursor"))], key=lambda mark: mark[:2]
        )

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.typing = False
        self.refresh()
