"""One line that is typed: text, numbers, dates, times, places, codes. On a scale the arrows change the number."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from schemas.session_types import Node
from tui.locale import N_
from tui.screens.interview.readings import is_range, turned
from tui.screens.interview.view import question_of


class AnswerLine(Input):
    """The line of the open question. `open` puts a question into it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "turn(1)", N_("More"), show=False),
        Binding("down", "turn(-1)", N_("Less"), show=False),
        Binding("pageup", "turn(10)", N_("Much more"), show=False),
        Binding("pagedown", "turn(-10)", N_("Much less"), show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="line", select_on_focus=False)
        self.cursor_blink = False  # what blinks takes the eyes from the person
        self._node: Node | None = None

    def open(self, node: Node, text: str, placeholder: str) -> None:
        """Show a question's text, the cursor at its end."""
        self._node, self.placeholder, self.value = node, placeholder, text
        self.cursor_position = len(text)

    def action_turn(self, steps: int) -> None:
        """So many steps along the scale, never over its ends."""
        if self._node is not None:
            self.value = turned(self._node, self.value, steps)
            self.cursor_position = len(self.value)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only on a scale there are steps."""
        if action == "turn":
            return self._node is not None and is_range(question_of(self._node))
        return True
