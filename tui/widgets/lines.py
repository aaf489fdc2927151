"""A list of lines with a cursor: a sign, words that wrap, and a note at the right.

The rule: drawing costs what the rows on the screen cost; changing one line draws one line. It is used where lists
change with every answer (sections, choices), which Textual's OptionList would draw whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.locale import N_
from tui.widgets.wrapping import wrap

Tone = Literal["plain", "muted", "faint", "accent", "success", "primary"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `key` is given back when it is chosen; a closed line is shown and cannot be stood on."""

    key: str
    text: str
    sign: str = ""
    sign_tone: Tone = "muted"
    tone: Tone = "plain"
    note: str = ""
    note_tone: Tone = "muted"
    closed: bool = False


class Lines(Widget, can_focus=True):
    """Posts Selected when a line is chosen by Enter or a click. `POINTER` stands before the line of the cursor, and as
    many blanks before all others: where it is given, the cursor is seen without colours.
    """

    ALLOW_SELECT = False
    POINTER: ClassVar[str] = ""
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lines--muted", "lines--faint", "lines--accent", "lines--success", "lines--primary", "lines--cursor",
        "lines--cursor-blurred",
    }  # fmt: skip
    DEFAULT_CSS = """
    Lines { height: auto;
        & .lines--muted { color: $muted; }
        & .lines--faint { color: $faint; }
        & .lines--accent { color: $accent; }
        & .lines--success { color: $success; }
        & .lines--primary { color: $primary; }
        & .lines--cursor { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
        & .lines--cursor-blurred { background: $block-cursor-blurred-background; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "line(-1)", N_("Up"), show=False),
        Binding("down", "line(1)", N_("Down"), show=False),
        Binding("pageup", "page(-1)", N_("Page up"), show=False),
        Binding("pagedown", "page(1)", N_("Page down"), show=False),
        Binding("home", "edge(0)", N_("To the first"), show=False),
        Binding("end", "edge(-1)", N_("To the last"), show=False),
        Binding("enter", "select", N_("Choose"), show=False),
    ]

    class Selected(Message):
        """A line was chosen."""

        def __init__(self, lines: Lines, key: str) -> None:
            super().__init__()
            self.lines, self.key = lines, key

        @property
        def control(self) -> Lines:
            return self.lines

    def __init__(self, *, id: str | None = None, cursor_blurred: bool = False) -> None:
        super().__init__(id=id)
        self.lines: list[Line] = []
        self.at: int | None = None
        self.top = 0
        self._blurred_cursor = cursor_blurred
        self._starts: list[list[int]] = []
        self._rows: list[tuple[int, int]] = []
        self._laid_out_for = -1
        self._tones: dict[str, Style] = {}

    # content

    def show_lines(self, lines: Sequence[Line], at: int | None = None) -> None:
        """Show these lines, the cursor on `at` (or on nothing)."""
        self.lines, self.at, self.top = list(lines), at, 0
        before = len(self._rows)
        self._lay_out(max(self._laid_out_for, 1))
        self._keep_in_view()
        self.refresh(layout=len(self._rows) != before)

    def change_line(self, place: int, line: Line) -> None:
        """Show another line in this place; drawn only if it is different."""
        old, self.lines[place] = self.lines[place], line
        if old == line:
            return
        if (old.text, len(old.sign), len(old.note)) != (line.text, len(line.sign), len(line.note)):
            before = len(self._rows)
            self._lay_out(max(self._laid_out_for, 1))
            self.refresh(layout=len(self._rows) != before)
        else:
            self._refresh_line(place)

    def _lay_out(self, width: int) -> None:
        self._laid_out_for = width
        self._starts = [wrap(line.text, max(self._text_width(line, width), 4)) for line in self.lines]
        self._rows = [(place, part) for place, starts in enumerate(self._starts) for part in range(len(starts))]

    def _text_width(self, line: Line, width: int) -> int:
        return width - cell_len(self.POINTER + line.sign) - 1 - (cell_len(line.note) + 1 if line.note else 0)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as the wrapped lines take."""
        if width != self._laid_out_for:
            self._lay_out(width)
        return len(self._rows)

    def on_resize(self, _event: events.Resize) -> None:
        """Lay out for the new width."""
        if self.content_size.width != self._laid_out_for:
            self._lay_out(max(self.content_size.width, 1))
        self._keep_in_view()
        self.refresh()

    # the cursor

    @property
    def _page(self) -> int:
        return max(self.content_size.height, 1)

    def stand_on(self, place: int | None) -> None:
        """Put the cursor on a line."""
        if place == self.at:
            return
        before, self.at = self.at, place
        if not self._keep_in_view():
            for changed in (before, place):
                if changed is not None:
                    self._refresh_line(changed)

    def _keep_in_view(self) -> bool:
        top = self.top
        if self.at is not None and self.at < len(self.lines):
            rows = [row for row, (place, _part) in enumerate(self._rows) if place == self.at]
            if rows[0] < self.top:
                self.top = rows[0]
            elif rows[-1] >= self.top + self._page:
                self.top = rows[-1] - self._page + 1
        self.top = max(0, min(self.top, len(self._rows) - self._page))
        if self.top != top:
            self.refresh()
        return self.top != top

    def _refresh_line(self, place: int) -> None:
        left, top = self.gutter.left, self.gutter.top
        for row in range(self.top, min(self.top + self._page, len(self._rows))):
            if self._rows[row][0] == place:
                self.refresh(Region(left, top + row - self.top, self.content_size.width, 1))

    def _open_places(self) -> list[int]:
        return [place for place, line in enumerate(self.lines) if not line.closed]

    def action_line(self, by: int) -> None:
        """The next or previous line that is open."""
        places = self._open_places()
        if self.at is None:
            self.stand_on(places[0] if places else None)
            return
        ahead = [place for place in places if (place - self.at) * by > 0]
        if ahead:
            self.stand_on(ahead[0] if by > 0 else ahead[-1])

    def action_page(self, by: int) -> None:
        """A page on."""
        for _step in range(max(self._page - 1, 1)):
            self.action_line(by)

    def action_edge(self, which: int) -> None:
        """The first or last line."""
        if places := self._open_places():
            self.stand_on(places[which])

    def action_select(self) -> None:
        """Choose the line under the cursor."""
        if self.at is not None and self.at < len(self.lines) and not self.lines[self.at].closed:
            self.post_message(self.Selected(self, self.lines[self.at].key))

    def on_click(self, event: events.Click) -> None:
        """Choose the clicked line."""
        place = event.get_content_offset(self)
        if place is not None and self.top + place.y < len(self._rows):
            line = self._rows[self.top + place.y][0]
            if not self.lines[line].closed:
                self.stand_on(line)
                self.action_select()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll, if there is more than fits."""
        self._scroll(event, 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll, if there is more than fits."""
        self._scroll(event, -3)

    def _scroll(self, event: events.MouseEvent, by: int) -> None:
        top = max(0, min(self.top + by, len(self._rows) - self._page))
        if top != self.top:
            event.stop()
            self.top = top
            self.refresh()

    # drawing

    def notify_style_update(self) -> None:
        """Colours changed."""
        self._tones.clear()
        super().notify_style_update()

    def on_focus(self) -> None:
        """Show the cursor as active."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor as resting."""
        self.refresh()

    def _tone(self, name: str) -> Style:
        if name == "plain":
            return Style.null()
        if name not in self._tones:
            self._tones[name] = self.get_component_rich_style(f"lines--{name}", partial=True)
        return self._tones[name]

    def render_line(self, y: int) -> Strip:
        """Row `y` of what is seen."""
        width, row, base = self.content_size.width, self.top + y, self.rich_style
        if row >= len(self._rows):
            return Strip.blank(width, base)
        place, part = self._rows[row]
        line, starts = self.lines[place], self._starts[place]
        end = starts[part + 1] if part + 1 < len(starts) else len(line.text)
        text = line.text[starts[part] : end].rstrip()
        sign = line.sign if part == 0 else " " * cell_len(line.sign)
        note = line.note if part == 0 else ""
        pointer = self.POINTER if place == self.at and part == 0 else " " * cell_len(self.POINTER)
        gap = " " * max(self._laid_out_for - cell_len(pointer + sign + text + note) - 1, 0)
        cursor = Style.null()
        if place == self.at and (self.has_focus or self._blurred_cursor):
            cursor = self._tone("cursor" if self.has_focus else "cursor-blurred")
        head, tail = ((pointer, "accent"), (sign, line.sign_tone)), ((gap, "plain"), (note, line.note_tone))
        pieces = (*head, (text, line.tone), *tail)
        segments = [Segment(words, base + self._tone(tone) + cursor) for words, tone in pieces if words]
        return Strip([*segments, self._rail(y, base)]).adjust_cell_length(width, base)

    def _rail(self, y: int, base: Style) -> Segment:
        """The last column: a scroll bar when there is more than fits."""
        rows, page = len(self._rows), self._page
        if rows <= page:
            return Segment(" ", base)
        size = max(1, page * page // rows)
        first = self.top * (page - size) // max(rows - page, 1)
        on = first <= y < first + size
        return Segment("┃" if on else "│", base + self._tone("primary" if on else "faint"))
