"""Consent one use at a time: large and calm, nothing chosen beforehand, every change with its time.

The rule: the words are those of the form, read out as they stand. The cursor stands on no answer until a person moves
it or names one by its digit. Each answer is durable when it is given, and so is each confirmation at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from collector import consent
from schemas.gates_consent import ConsentEvent
from schemas.session_types import Node, Path, Value
from tui.locale import N_, _, ngettext
from tui.screens.base import BaseScreen
from tui.screens.interview.reading import Reading
from tui.screens.interview.words import reserved_words
from tui.screens.texts import time_text
from tui.widgets.lines import Line, Lines

if TYPE_CHECKING:
    from collector.interview import Interview
    from tui.screens.interview.heeding import Heeding

STAYS = "="
SHOWN_EVENTS = 4
"""As many answers to one question are listed; those before them are counted."""


def answer_words(node: Node, value: Value, missing: str | None) -> str:
    """An answer in the form's words, as far as it has any."""
    if value is None:
        return (reserved_words(missing) if missing else "") or _("taken back")
    labels = {choice.value: choice.label for choice in node.choices}
    return labels.get(str(value), _("written down") if not node.choices else str(value))


def reached_words(at: consent.Reached) -> str:
    """How far one is; of how many questions only where that is known."""
    if at.all is None:
        return _("Consent · {place}", place=at.place)
    return _("Consent · {place} of {all}", place=at.place, all=at.all)


def history(node: Node, events: Sequence[ConsentEvent]) -> list[str]:
    """When and how a question was answered, the first first; what changed stands out by its sign."""
    lines: list[str] = []
    before: tuple[Value, str | None] | None = None
    for event in events:
        now = (event.value, event.missing)
        words = answer_words(node, *now)
        if before is None:
            lines.append(f"{time_text(event.t)}  {words}")
        elif now == before:
            lines.append(f"{time_text(event.t)}  = {_('confirmed: {answer}', answer=words)}")
        else:
            lines.append(f"{time_text(event.t)}  → {_('changed: {answer}', answer=words)}")
        before = now
    more = len(lines) - SHOWN_EVENTS
    if more > 0:
        counted = ngettext("{count} earlier answer", "{count} earlier answers", more)
        return [f"… {counted}", *lines[-SHOWN_EVENTS:]]
    return lines


def latest(node: Node, events: Sequence[ConsentEvent]) -> list[str]:
    """As `history`, without a text that was answered once and stands on the screen anyway."""
    told = history(node, events)
    return told if node.choices or len(told) > 1 else []


def said_again(node: Node) -> list[tuple[str, str]]:
    """What can be said about a use at the end: it stays; or one of the form's other answers."""
    now = answer_words(node, node.value, node.missing)
    others = [(choice.value, choice.label) for choice in node.choices if choice.value != node.value]
    return [(STAYS, _("It stays: {answer}", answer=now)), *others]


def confirm(interview: Interview, node: Node, answer: str) -> frozenset[Path]:
    """Make one of these durable. A change says first, in the form's closing question, that there is one."""
    if answer == STAYS:
        return frozenset(interview.answer(node.path, node.value))
    closing = consent.reconfirm_path(interview.session)
    way, before = consent.direction(node, answer), frozenset[Path]()
    if closing is not None:
        before = frozenset(interview.answer(closing, way))
    return before | interview.answer(node.path, answer)


class ConsentHead(Static):
    """Above one question of consent: how far one is, and how it was answered until now."""

    def __init__(self) -> None:
        super().__init__("", id="consent-head", markup=False)
        self.display = False

    def show(self, asked: Sequence[Node], node: Node, events: Sequence[ConsentEvent]) -> None:
        """Draw it for a question of the section."""
        place = consent.reached(asked, node.path)
        self.display = place is not None
        if place is None:
            return
        parts: list[tuple[str, str] | str] = [(reached_words(place), "$primary bold")]
        if place.all is not None:
            parts += ["   ", ("━" * place.place, "$primary"), ("─" * (place.all - place.place), "$faint")]
        for line in latest(node, events):
            parts += ["\n", (line, "$muted")]
        self.update(Content.assemble(*parts))


class UseAnswers(Lines):
    """What can be said about a use; Enter chooses."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", N_("Choose"))]


class ReconfirmScreen(BaseScreen):
    """After the account: every use that was permitted, once more, one by one."""

    TITLE_WORDS = N_("Does the consent stay?")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "Now the person knows what was told. Read each use aloud again and ask whether it stays. Nothing is chosen "
            "beforehand, and less is always as good an answer as more."
        ),
        N_("Every answer is one more line in the ledger of consent; what was said before stays readable there."),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("backspace,left", "back", N_("Back")),
        Binding("escape", "leave", N_("To the interview")),
        *(Binding(str(digit), f"digit({digit})", show=False) for digit in range(1, 10)),
    ]

    def __init__(self, under: Heeding, uses: Sequence[Path]) -> None:
        super().__init__()
        self.under, self.uses, self.place = under, list(uses), 0
        self.reading = Reading()

    def title_note(self) -> str:
        """The record code."""
        return self.under.title_note()

    def body(self) -> ComposeResult:
        with VerticalScroll(id="use", can_focus=False):
            yield Static(id="use-head", markup=False)
            yield Static(id="use-words", markup=False)
            yield Static(id="use-now", markup=False)
            yield UseAnswers(id="use-answers")

    def on_mount(self) -> None:
        """Show the first use."""
        self.restored()

    @property
    def node(self) -> Node:
        """The use that is asked about."""
        return self.under.interview.session.node(self.uses[self.place])

    def restored(self) -> None:
        """Draw the use; the cursor stands on nothing."""
        self.reading.begin()
        node = self.node
        head = _("{place} of {all}", place=self.place + 1, all=len(self.uses))
        self.query_one("#use-head", Static).update(Content.assemble((head, "$primary bold")))
        words = Content.assemble((f"«{node.label}»", "bold"), *([("\n\n" + node.hint, "$muted")] if node.hint else []))
        self.query_one("#use-words", Static).update(words)
        told = history(node, consent.events_of(self.under.interview.ledger.events, node.path))
        self.query_one("#use-now", Static).update(
            Content("\n").join(Content.assemble((each, "$muted")) for each in told)
        )
        self.query_one("#use-answers", Lines).show_lines(
            [Line(key, text, sign=f"{number} ") for number, (key, text) in enumerate(self.answers(), 1)]
        )
        self.query_one("#use-answers").focus()

    def answers(self) -> list[tuple[str, str]]:
        """What can be said."""
        return said_again(self.node)

    def on_lines_selected(self, event: Lines.Selected) -> None:
        """Enter in the list, or a click; what was chosen twice at once answers no second use."""
        if event.lines.at is not None and self.shell.screen is self:
            self.take(event.key)

    def action_digit(self, digit: int) -> None:
        """An answer by its digit."""
        answers = self.answers()
        if digit <= len(answers) and not self.reading.unread:
            self.take(answers[digit - 1][0])

    def take(self, answer: str) -> None:
        """Make the answer durable and go on."""
        self.under.changed(confirm(self.under.interview, self.node, answer))
        self.place += 1
        if self.under.unspoken or self.place == len(self.uses):
            self.action_leave()
            return
        self.restored()

    def action_back(self) -> None:
        """The use before."""
        self.place = max(0, self.place - 1)
        self.restored()

    def action_leave(self) -> None:
        """Back to the closing question. What was not reached stays to be asked."""
        self.under.left_uses = self.uses[self.place :]
        self.leave()
        if left := len(self.under.left_uses):
            words = ngettext(
                "{count} use is not confirmed yet. It is asked for when you come back to this question.",
                "{count} uses are not confirmed yet. They are asked for when you come back to this question.",
                left,
            )
            self.under.notify(words, markup=False)
        if self.under.cursor is not None:
            self.under.open_stop(self.under.cursor)
