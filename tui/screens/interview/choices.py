"""The options of a select question: one or several, found by typing, chosen by Space or Enter.

The rule: the list draws what the session says is chosen; it never keeps an opinion of its own. An option that stands
alone (`nobody`, `none`) takes the others away, and goes when another is chosen.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from schemas.session_types import Node
from tui.locale import N_
from tui.screens.interview.view import question_of


class Choices(OptionList):
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
        self.clear_options()
        self.add_options([Option(self._text(place), id=f"c{place}") for place in range(len(node.choices))])
        chosen = [place for place, choice in enumerate(node.choices) if choice.value in self._chosen()]
        self.highlighted = chosen[0] if chosen else (0 if node.choices else None)
        self._typed = ""

    def update_node(self, node: Node) -> None:
        """The same question after something changed: draw only marks that differ, or all if the choices differ."""
        old, self.node = self.node, node
        if old is None or old.choices != node.choices:
            place = self.highlighted
            self.show(node)
            self.highlighted = min(place or 0, len(node.choices) - 1) if node.choices else None
            return
        for place in range(len(node.choices)):
            self.replace_option_prompt_at_index(place, self._text(place))

    def _chosen(self) -> tuple[str, ...]:
        value = self.node.value if self.node else None
        if isinstance(value, tuple):
            return value
        return () if value is None else (str(value),)

    def _text(self, place: int) -> Content:
        node = self.node
        if node is None:
            return Content("")
        choice, chosen = node.choices[place], self._chosen()
        on = choice.value in chosen
        if question_of(node).type == "rank":
            sign = f"{chosen.index(choice.value) + 1:2} " if on else " · "
        elif self.several:
            sign = "[x] " if on else "[ ] "
        else:
            sign = "(●) " if on else "( ) "
        return Content.assemble((sign, "$success" if on else "$muted"), choice.label)

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
        node, place = self.node, self.highlighted
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

    def action_cursor_up(self) -> None:
        """Up; over the first option to the question before."""
        if not self.highlighted:
            self.post_message(self.Edge(-1))
        else:
            super().action_cursor_up()

    def action_cursor_down(self) -> None:
        """Down; over the last option to the question after."""
        if self.node is None or self.highlighted is None or self.highlighted >= len(self.node.choices) - 1:
            self.post_message(self.Edge(1))
        else:
            super().action_cursor_down()

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
                    self.highlighted = place
                    return

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A mouse click chooses."""
        event.stop()
        self.highlighted = event.option_index
        self._toggle(goes_on=False)
