"""The options of a question: one, several, or all in an order; found by typing, chosen by Space or Enter.

The rule: the list draws what the session says is chosen; it never keeps an opinion of its own. An option that stands
alone (`nobody`, `none`) takes the others away, and goes when another is chosen. What is typed narrows the list to the
options that have it anywhere in them, without regard to case, accents, blanks and a wrong keyboard layout; nothing is
chosen by that.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from schemas.session_types import Node
from tui.layouts import readings
from tui.locale import N_, _
from tui.screens.interview.jump import plain
from tui.screens.interview.reading import Reading
from tui.screens.interview.view import question_of
from tui.widgets.lines import Line, Lines, Tone

Code = str | bool
LONG = 8
"""From so many options on the line that tells how to find one is there before anything is typed."""


def offered(node: Node) -> list[tuple[Code, str]]:
    """What can be chosen, and its words: the form's choices, yes and no, or that it was done."""
    kind = question_of(node).type
    if kind == "boolean":
        labels = {choice.value: choice.label for choice in node.choices}
        return [(True, labels.get("true", _("Yes"))), (False, labels.get("false", _("No")))]
    if kind == "acknowledge":
        return [(True, node.choices[0].label if node.choices else _("Yes, this was done"))]
    return [(choice.value, choice.label) for choice in node.choices]


class Choices(Lines):
    """Posts Chosen with the new value; Edge when an arrow goes over the first or last option; Narrowed when what is
    typed to find an option changes.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "choose", N_("Choose")),
        Binding("delete", "nothing", N_("Take back"), show=False),
        Binding("shift+up", "move(-1)", N_("Place higher"), show=False),
        Binding("shift+down", "move(1)", N_("Place lower"), show=False),
    ]

    class Chosen(Message):
        """The answer that the choice makes; None takes it away."""

        def __init__(self, value: Code | tuple[str, ...] | None, *, goes_on: bool) -> None:
            super().__init__()
            self.value, self.goes_on = value, goes_on

    class Edge(Message):
        """An arrow went over the end; `by` is 1 or -1."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    class Narrowed(Message):
        """What is typed to find an option is another now."""

    def __init__(self) -> None:
        super().__init__(id="choices")
        self.node: Node | None = None
        self.several = self.ranked = False
        self.numbered = False
        self.typed = ""
        self.reading = Reading()
        self._options: list[tuple[Code, str]] = []
        self._folded: list[str] = []
        self._shown: list[int] = []

    # what is shown

    def show(self, node: Node) -> None:
        """Offer the choices of a question, its answer marked, the cursor on the first chosen one."""
        if self.node is None or self.node.path != node.path:
            self.reading.begin()
        self.node, self.typed = node, ""
        kind = question_of(node).type
        self.several, self.ranked = kind in ("select_multiple", "rank"), kind == "rank"
        self._options = offered(node)
        self._folded = [plain(label) for _code, label in self._options]
        self._lay(None)

    def update_node(self, node: Node) -> None:
        """The same question after something changed."""
        old, self.node = self.node, node
        if old is None or old.choices != node.choices:
            place = self.at
            self.show(node)
            self.stand_on(min(place or 0, len(self.lines) - 1) if self.lines else None)
        elif self.ranked:
            self._lay(self._code())
        else:
            for place in range(len(self._shown)):
                self.change_line(place, self._line(place))

    def narrow(self, typed: str) -> None:
        """Show only the options that have this in them; the likeliest gets the cursor."""
        code, self.typed = self._code(), typed
        self._lay(code if not typed else None)
        if wanted := plain(self._meant()):
            folded = [self._folded[option] for option in self._shown]
            starts = [place for place, words in enumerate(folded) if words.startswith(wanted)]
            inner = [place for place, words in enumerate(folded) if f" {wanted}" in words]
            self.stand_on(next(iter([*starts, *inner]), 0 if folded else None))
        self.post_message(self.Narrowed())

    def help_words(self) -> str:
        """The line above the options: what is typed, how many fit, how to find or to order; none for a short list."""
        if self.typed:
            count, meant = len(self._shown), self._meant()
            if not count:
                return _("Find: {text}▏ nothing fits. Backspace corrects, Escape shows all.", text=self.typed)
            return _("Find: {text}▏ {count} of {total}", text=meant, count=count, total=len(self._options))
        if self.ranked:
            return _("Space: next place. 1 to 9: this place. Shift+↑↓: higher, lower.")
        if len(self._options) > LONG:
            return _("Find: type a few letters · {total} options", total=len(self._options))
        return ""

    def _lay(self, at: Code | None) -> None:
        chosen = self._chosen()
        order = list(range(len(self._options)))
        if self.ranked:
            order.sort(key=lambda option: self._place_of(self._options[option][0], chosen))
        meant = self._meant()
        self._shown = [each for each in order if self._has(each, meant)]
        codes = [self._options[each][0] for each in self._shown]
        if at is None or at not in codes:
            at = next((code for code in codes if code in chosen), codes[0] if codes else None)
        lines = [self._line(place) for place in range(len(self._shown))]
        self.show_lines(lines, None if at is None else codes.index(at))

    def _has(self, option: int, text: str) -> bool:
        wanted, words = plain(text), self._folded[option]
        return wanted in words or wanted.replace(" ", "") in words.replace(" ", "")

    def _meant(self) -> str:
        """What is typed, in the keyboard layout in which an option has it."""
        if not any(self._has(option, self.typed) for option in range(len(self._options))):
            for text in readings(self.typed):
                if plain(text) and any(self._has(option, text) for option in range(len(self._options))):
                    return text
        return self.typed

    @staticmethod
    def _place_of(code: Code, chosen: tuple[Code, ...]) -> int:
        return chosen.index(code) if code in chosen else len(chosen)

    def _chosen(self) -> tuple[Code, ...]:
        value = self.node.value if self.node else None
        if isinstance(value, tuple):
            return value
        if value is None:
            return ()
        return (value,) if isinstance(value, bool) else (str(value),)

    def _code(self) -> Code | None:
        """The option under the cursor."""
        at = self.at
        return self._options[self._shown[at]][0] if at is not None and at < len(self._shown) else None

    def _line(self, place: int) -> Line:
        (code, label), chosen = self._options[self._shown[place]], self._chosen()
        on = code in chosen
        if self.ranked:
            sign = f"{chosen.index(code) + 1:2} " if on else " · "
        elif self.several:
            sign = "[x] " if on else "[ ] "
        else:
            sign = f"{place + 1} " * self.numbered + ("(●) " if on else "( ) ")
        silent = self.node is not None and self.node.definition.mode == "code"
        tone: Tone = "muted" if silent and not on else "plain"
        return Line(str(place), label, sign=sign, sign_tone="success" if on else "muted", tone=tone)

    # keys

    def action_choose(self) -> None:
        """Choose, or take back, the option under the cursor; between two words that are being typed it is a blank."""
        wanted = plain(self._meant())
        if wanted and not self.typed.endswith(" ") and any(f"{wanted} " in self._folded[each] for each in self._shown):
            self.narrow(self.typed + " ")
        else:
            self._toggle(goes_on=False)

    def action_select(self) -> None:
        """Enter: of one, choose and go on; of several, choose what was found by typing, else go on."""
        if not self.several:
            self._toggle(goes_on=True)
        elif self.typed:
            self._toggle(goes_on=False)
        else:
            self.post_message(self.Chosen(self._codes() or None, goes_on=True))

    def action_nothing(self) -> None:
        """No answer."""
        self.post_message(self.Chosen(None, goes_on=False))

    def _codes(self) -> tuple[str, ...]:
        return tuple(code for code in self._chosen() if isinstance(code, str))

    def _toggle(self, *, goes_on: bool) -> None:
        code = self._code()
        if self.node is None or code is None:
            return
        if self.typed:
            self.narrow("")
        if not self.several or isinstance(code, bool):
            self.post_message(self.Chosen(code, goes_on=goes_on))
            return
        chosen, alone = self._codes(), question_of(self.node).alone
        if code in chosen:
            chosen = tuple(each for each in chosen if each != code)
        elif code in alone:
            chosen = (code,)
        else:
            chosen = (*(each for each in chosen if each not in alone), code)
        if not self.ranked:
            order = [choice.value for choice in self.node.choices]
            chosen = tuple(sorted(chosen, key=lambda each: order.index(each) if each in order else len(order)))
        self.post_message(self.Chosen(chosen or None, goes_on=False))

    def action_move(self, by: int) -> None:
        """Rank: the option under the cursor one place higher or lower."""
        code, chosen = self._code(), self._codes()
        if isinstance(code, str):
            at = chosen.index(code) if code in chosen else len(chosen)
            self._put(code, at + by if code in chosen else at)

    def _put(self, code: str, place: int) -> None:
        """Rank: the option in this place (from 0); the others keep their order."""
        others = [each for each in self._codes() if each != code]
        others.insert(max(0, min(place, len(others))), code)
        self.post_message(self.Chosen(tuple(others), goes_on=False))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what is ranked has places."""
        return self.ranked if action == "move" else True

    def action_line(self, by: int) -> None:
        """Up and down; over the ends to the question before and after, unless something is being looked for."""
        edge = 0 if by < 0 else len(self.lines) - 1
        if self.at is not None and self.at != edge:
            super().action_line(by)
        elif not self.typed:
            self.post_message(self.Edge(by))

    def on_click(self, event: events.Click) -> None:
        """A click chooses and stays."""
        place = event.get_content_offset(self)
        if place is not None and self.top + place.y < len(self._rows):
            self.stand_on(self._rows[self.top + place.y][0])
            self._toggle(goes_on=False)

    def on_key(self, event: events.Key) -> None:
        """Letters look for an option, Backspace and Escape take them back; a digit gives a place in an order."""
        if self.node is None:
            return
        char, code = event.character, self._code()
        if event.key == "escape" and self.typed:
            self.narrow("")
        elif event.key == "backspace":
            if self.typed:
                self.narrow(self.typed[:-1])
        elif event.is_printable and char is not None and char != " ":
            if self.numbered and not self.several and char in "123456789"[: len(self._options)]:
                if not self.reading.unread:
                    self.stand_on(int(char) - 1)
                    self._toggle(goes_on=True)
            elif self.ranked and char in "123456789" and not self.typed and isinstance(code, str):
                self._put(code, int(char) - 1)
            else:
                self.narrow(self.typed + char)
        else:
            return
        event.stop()
        event.prevent_default()
