"""The options of a select question: one or several, found by typing, chosen by Space or Enter.

The rule: the list draws what the session says is chosen; it never keeps an opinion of its own. An option that stands
alone (`nobody`, `none`) takes the others away, and goes when another is chosen.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from schemas.session_types import Node
from tui.locale import N_
from tui.screens.interview.view import question_of
from tui.widgets.lines import Line, Lines


class Choices(Lines):
    """Posts Chosen with the new value; Edge when an arrow goes over the first or last option."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "choose", N_("Choose")),
        Binding("delete,backspace", "nothing", N_("Take back"), show=False),
    ]

    class Chosen(Message):
        """The answer that the choice makes; None takes it away."""

        def __init__(self, value: str | tuple[str, ...] | None, *, goes_on: bool) -> None:
            super().__init__()
            self.value, self.goes_on = value, goes_on

    class Edge(Message):
        """An arrow went over the end; `by` is 1 or -1."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self) -> None:
        super().__init__(id="choices")
        self.node: Node | None = None
        self.several = False
        self._typed = ""
        self._typed_at = 0.0

    def show(self, node: Node) -> None:
        """Offer the choices of a question, its answer marked, the cursor on the first chosen one."""
        self.node = node
        self.several = question_of(node).type in ("select_multiple", "rank")
        chosen = [place for place, choice in enumerate(node.choices) if choice.value in self._chosen()]
        first = chosen[0] if chosen else (0 if node.choices else None)
        self.show_lines([self._line(place) for place in range(len(node.choices))], first)
        self._typed = ""

    def update_node(self, node: Node) -> None:
        """The same question after something changed."""
        old, self.node = self.node, node
        if old is None or old.choices != node.choices:
            place = self.at
            self.show(node)
            self.stand_on(min(place or 0, len(node.choices) - 1) if node.choices else None)
            return
        for place in range(len(node.choices)):
            self.change_line(place, self._line(place))

    def _chosen(self) -> tuple[str, ...]:
        value = self.node.value if self.node else None
        if isinstance(value, tuple):
            return value
        return () if value is None else (str(value),)

    def _line(self, place: int) -> Line:
        choice, chosen = self.node.choices[place], self._chosen()  # type: ignore[union-attr]  # shown for a node only
        on = choice.value in chosen
        if question_of(self.node).type == "rank":  # type: ignore[arg-type]  # as above
            sign = f"{chosen.index(choice.value) + 1:2} " if on else " · "
        elif self.several:
            sign = "[x] " if on else "[ ] "
        else:
            sign = "(●) " if on else "( ) "
        return Line(str(place), choice.label, sign=sign, sign_tone="success" if on else "muted")

    # keys

    def action_choose(self) -> None:
        """Choose, or take back, the option under the cursor."""
        self._toggle(goes_on=False)

    def action_select(self) -> None:
        """Enter: of one, choose and go on; of several, go on."""
        if self.several:
            self.post_message(self.Chosen(self._chosen() or None, goes_on=True))
        else:
            self._toggle(goes_on=True)

    def action_nothing(self) -> None:
        """No answer."""
        self.post_message(self.Chosen(None, goes_on=False))

    def _toggle(self, *, goes_on: bool) -> None:
        node, place = self.node, self.at
        if node is None or place is None or place >= len(node.choices):
            return
        value = node.choices[place].value
        if not self.several:
            self.post_message(self.Chosen(value, goes_on=goes_on))
            return
        chosen, alone = self._chosen(), question_of(node).alone
        if value in chosen:
            chosen = tuple(code for code in chosen if code != value)
        elif value in alone:
            chosen = (value,)
        else:
            chosen = (*(code for code in chosen if code not in alone), value)
        if question_of(node).type == "select_multiple":
            order = [choice.value for choice in node.choices]
            chosen = tuple(sorted(chosen, key=lambda code: order.index(code) if code in order else len(order)))
        self.post_message(self.Chosen(chosen or None, goes_on=False))

    def action_line(self, by: int) -> None:
        """Up and down; over the ends to the question before and after."""
        edge = 0 if by < 0 else len(self.lines) - 1
        if self.at is None or self.at == edge:
            self.post_message(self.Edge(by))
        else:
            super().action_line(by)

    def on_click(self, event: events.Click) -> None:
        """A click chooses and stays."""
        place = event.get_content_offset(self)
        if place is not None and self.top + place.y < len(self._rows):
            self.stand_on(self._rows[self.top + place.y][0])
            self._toggle(goes_on=False)

    def on_key(self, event: events.Key) -> None:
        """Typed letters find an option by the beginning of its words; a digit chooses by its place in a short list."""
        if not event.is_printable or event.character in (None, " ") or self.node is None:
            return
        event.stop()
        event.prevent_default()
        if event.time - self._typed_at > 1.0:
            self._typed = ""
        self._typed_at = event.time
        self._typed += str(event.character).casefold()
        for start in (self._typed, f" {self._typed}"):
            for place, choice in enumerate(self.node.choices):
                label = choice.label.casefold()
                if label.startswith(start) if start == self._typed else start in label:
                    self.stand_on(place)
                    return
