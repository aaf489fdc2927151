"""The editor of the free account: keys, paste and mouse, turned into moves and changes.

The rule: a key either does one thing to the editor and stops here, or is not the editor's and goes on to the screen
(function keys, Tab, Escape, Ctrl with letters that are bound elsewhere).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType

from tui.locale import N_
from tui.widgets.account_view import AccountView
from tui.widgets.paragraphs import Position, clean


def _row_start(account: AccountView) -> Position:
    paragraph, start, _end, _last = account.document.row_span(account.document.row_of(account.cursor))
    return paragraph, start


def _row_end(account: AccountView) -> Position:
    return account.document.at(account.document.row_of(account.cursor), 1 << 30)


_MOVES: dict[str, Callable[[AccountView], Position]] = {
    "left": lambda account: account.document.left(account.cursor),
    "right": lambda account: account.document.right(account.cursor),
    "ctrl+left": lambda account: account.document.word_left(account.cursor),
    "ctrl+right": lambda account: account.document.word_right(account.cursor),
    "home": _row_start,
    "end": _row_end,
    "ctrl+home": lambda _account: (0, 0),
    "ctrl+end": lambda account: account.document.end,
}
_ERASES: dict[str, Callable[[AccountView], Position]] = {
    "backspace": lambda account: account.document.left(account.cursor),
    "delete": lambda account: account.document.right(account.cursor),
    "ctrl+backspace": lambda account: account.document.word_left(account.cursor),
    "ctrl+delete": lambda account: account.document.word_right(account.cursor),
}
_ROWS: dict[str, Callable[[AccountView], int]] = {
    "up": lambda _account: -1,
    "down": lambda _account: 1,
    "pageup": lambda account: -max(account.page - 1, 1),
    "pagedown": lambda account: max(account.page - 1, 1),
}


class Account(AccountView):
    """The editor. What it shows and posts: AccountView."""

    TAKES_TEXT: ClassVar[bool] = True
    """No letter does anything but stand in the text (`tui.screens.key_order`)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "undo", N_("Undo"), show=False),
        Binding("ctrl+y", "redo", N_("Redo"), show=False),
        Binding("ctrl+x", "cut", N_("Cut (kept in this field only)"), show=False),
        Binding("ctrl+c", "copy", N_("Copy (kept in this field only)"), show=False),
        Binding("ctrl+v", "paste", N_("Put in what was cut or copied"), show=False),
        Binding("ctrl+a", "select_all", N_("Select everything"), show=False),
    ]

    def on_key(self, event: events.Key) -> None:
        """Move, erase or type."""
        key, select = event.key, False
        if "shift+" in key:
            key, select = key.replace("shift+", ""), True
        if key in _MOVES:
            self.goal = None
            self.move(_MOVES[key](self), select=select)
        elif key in _ROWS:
            self._move_rows(_ROWS[key](self), select=select)
        elif key in _ERASES:
            self._erase(_ERASES[key])
        elif key == "enter":
            self.change("\n")
            self.typing = False
        elif event.is_printable and event.character is not None:
            self.change(event.character, joins=True)
            self.typing = event.character != " "
        else:
            return
        event.stop()
        event.prevent_default()

    def _move_rows(self, rows: int, *, select: bool) -> None:
        goal = self.document.column_of(self.cursor) if self.goal is None else self.goal
        self.move(self.document.at(self.document.row_of(self.cursor) + rows, goal), select=select)
        self.goal = goal

    def _erase(self, where: Callable[[AccountView], Position]) -> None:
        if self.read_only:
            return
        if self.mark is None or self.mark == self.cursor:
            self.mark = where(self)
        if self.mark != self.cursor:
            self.change("")
        self.mark, self.typing = None, False

    def on_paste(self, event: events.Paste) -> None:
        """Text that the terminal pasted (bracketed paste)."""
        event.stop()
        event.prevent_default()
        if text := clean(event.text):
            self.change(text)
            self.typing = False

    # actions

    def action_undo(self) -> None:
        """Take the last change back; the key goes on to the screen when there is none."""
        if not self.document.undoable:
            raise SkipAction
        self._travel(self.document.undo)

    def action_redo(self) -> None:
        """Do again what was taken back; the key goes on to the screen when there is nothing."""
        if not self.document.redoable:
            raise SkipAction
        self._travel(self.document.redo)

    def _travel(self, step: Callable[[], Position | None]) -> None:
        if self.read_only or (place := step()) is None:
            return
        self.cursor, self.mark, self.goal, self.typing = place, None, None, False
        self.after_change(-1, 0)

    def action_copy(self) -> None:
        """Keep the selected text in this widget."""
        start, end = self.selection
        if start != end:
            self.kept = self.document.between(start, end)

    def action_cut(self) -> None:
        """Keep the selected text in this widget and take it out."""
        start, end = self.selection
        if start != end and not self.read_only:
            self.kept = self.document.between(start, end)
            self.change("")

    def action_paste(self) -> None:
        """Put in what was cut or copied here."""
        if self.kept:
            self.change(self.kept)
            self.typing = False

    def action_select_all(self) -> None:
        """Select the whole text."""
        self.mark, self.cursor = (0, 0), self.document.end
        self.show_cursor()
        self.refresh()

    # mouse

    def _under(self, event: events.MouseEvent) -> Position:
        place = event.get_content_offset_capture(self)
        return self.document.at(self.top + place.y, max(place.x, 0))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the cursor where the mouse is; more text is selected while it is dragged."""
        if event.button == 1:
            event.stop()
            self.goal, self.dragging = None, True
            self.move(self._under(event), select=event.shift)
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Select while dragging."""
        if self.dragging:
            self.move(self._under(event), select=True)

    def on_mouse_up(self, _event: events.MouseUp) -> None:
        """End of dragging."""
        if self.dragging:
            self.dragging = False
            self.release_mouse()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll."""
        event.stop()
        self.scroll_rows(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll."""
        event.stop()
        self.scroll_rows(-3)
