"""Reading the account back to the person: large, calm, one sentence after the other.

The rule: the sentence that is read has a bar before it and stands bold, so that it is found without colours. A
correction is made in the account itself, at the sentence where the reading stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from collector import readback
from collector.readback import Passage
from schemas.session_types import Path
from tui.locale import N_, _
from tui.screens.base import BaseScreen
from tui.screens.interview.consent import UseAnswers
from tui.widgets.lines import Line, Lines

if TYPE_CHECKING:
    from tui.screens.interview.screen import InterviewScreen

AHEAD = 14
"""Sentences that are laid out below the one that is read; more than any terminal shows at this spacing."""
LEAP = 5


class ReadBackScreen(BaseScreen):
    """The account, to be read aloud."""

    TITLE_WORDS = N_("Read back")
    AUTO_FOCUS = ""
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "Read the account aloud, slowly, and stop whenever the person wants to. Space goes to the next sentence. "
            "F7 opens the account at this sentence, to correct it in the person's own words."
        ),
        N_(
            "When it was read to its end, the form asks how it went. That it was read, and that it was changed "
            "afterwards, is sealed with its time; what stood there before is not kept."
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,down,enter", "next(1)", N_("Next sentence")),
        Binding("up", "next(-1)", N_("Back")),
        Binding("f7", "correct", N_("Correct here")),
        Binding("pagedown", f"next({LEAP})", N_("Further on"), show=False),
        Binding("pageup", f"next(-{LEAP})", N_("Further back"), show=False),
        Binding("home", "edge(0)", N_("To the beginning"), show=False),
        Binding("end", "edge(1)", N_("To the end"), show=False),
        Binding("escape", "leave", N_("To the interview")),
        *(Binding(str(digit), f"digit({digit})", show=False) for digit in range(1, 10)),
    ]

    def __init__(self, under: InterviewScreen, path: Path) -> None:
        super().__init__()
        self.under, self.path = under, path
        self.text = str(under.interview.session.value(path) or "")
        self.passages: list[Passage] = readback.passages(self.text)
        self.at, self.ended = 0, False

    def title_note(self) -> str:
        """The record code."""
        return self.under.title_note()

    def body(self) -> ComposeResult:
        yield Static(id="reading-head", markup=False)
        with Vertical(id="reading"):
            yield from (Static(classes="passage", markup=False) for _place in range(AHEAD + 2))
        with Vertical(id="read"):
            yield Static(id="read-words", markup=False)
            yield UseAnswers(id="read-answers")

    def on_mount(self) -> None:
        """Begin."""
        self.restored()

    def restored(self) -> None:
        """Draw the sentence that is read and what is around it; at the end, the form's question."""
        self.query_one("#reading").display = not self.ended
        self.query_one("#read").display = self.ended
        head = self.query_one("#reading-head", Static)
        place = _("{place} of {all}", place=self.at + 1, all=len(self.passages))
        parts: list[tuple[str, str] | str] = [(_("The end") if self.ended else place, "$primary bold")]
        if readback.changed_since(self.under.interview, self.path):
            parts.append(("   " + _("The account was changed after it was read back."), "$warning"))
        head.update(Content.assemble(*parts))
        if self.ended:
            self._draw_end()
        else:
            self._draw_passages()
        self.refresh_bindings()

    def _draw_passages(self) -> None:
        first = max(0, self.at - 1)
        shown = self.passages[first : first + AHEAD + 2]
        for place, widget in enumerate(self.query(".passage").results(Static)):
            widget.display = place < len(shown)
            if place < len(shown):
                each = shown[place]
                widget.set_class(first + place == self.at, "-current")
                widget.set_class(each.opens and place > 0, "-opens")
                widget.update(self.text[each.start : each.end])
        self.set_focus(None)

    def _draw_end(self) -> None:
        node = readback.question_of(self.under.interview.session)
        words, answers = self.query_one("#read-words", Static), self.query_one("#read-answers", Lines)
        answers.display = node is not None
        if node is None:
            words.update(_("The account was read to its end. Escape leads back to the interview."))
            return
        words.update(Content.assemble((node.label, "bold")))
        told = [choice.value for choice in node.choices]
        answers.show_lines(
            [
                Line(choice.value, choice.label, sign=f"{number} " + ("(●) " if choice.value == node.value else "( ) "))
                for number, choice in enumerate(node.choices, 1)
            ],
            told.index(str(node.value)) if node.value in told else None,
        )
        answers.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """At the end there is nothing to go on to, and nothing to correct."""
        if action == "next":
            return not self.ended or parameters[0] == -1
        if action == "correct":
            return not self.ended
        return self.ended if action == "digit" else True

    def action_next(self, by: int) -> None:
        """The next sentence, or the one before; after the last one, the form's question."""
        if self.ended:
            self.ended = False
        elif self.at + by >= len(self.passages) and self.at == len(self.passages) - 1:
            self._finish()
        else:
            self.at = max(0, min(self.at + by, len(self.passages) - 1))
        self.restored()

    def action_edge(self, which: int) -> None:
        """The first or the last sentence."""
        self.ended = False
        self.at = (len(self.passages) - 1) * which
        self.restored()

    def _finish(self) -> None:
        """It was read to its end: that is kept."""
        readback.note_read(self.under.interview, self.path)
        self.ended = True

    def action_correct(self) -> None:
        """To this sentence in the account."""
        start = self.passages[self.at].start
        self._to_the_interview()
        if self.under.go(self.path):
            self.under.stand_at(start, None)

    def action_digit(self, digit: int) -> None:
        """An answer to the form's question by its digit."""
        lines = self.query_one("#read-answers", Lines)
        if digit <= len(lines.lines):
            self._answer(lines.lines[digit - 1].key)

    def on_lines_selected(self, event: Lines.Selected) -> None:
        """Enter in the list, or a click."""
        self._answer(event.key)

    def _answer(self, value: str) -> None:
        node = readback.question_of(self.under.interview.session)
        if self.shell.screen is not self:
            return
        if node is not None:
            self.under.changed(self.under.interview.answer(node.path, value))
        self.leave()

    def _to_the_interview(self) -> None:
        while self.shell.screen is not self.under and len(self.app.screen_stack) > 2:
            self.app.pop_screen()

    def action_leave(self) -> None:
        """Back to where this was opened."""
        self.leave()


def open_readback(under: InterviewScreen) -> bool:
    """Show the account of an interview to be read back. False when there is none yet; then it says so."""
    path = readback.account_of(under.interview.session)
    if path is None:
        under.notify(_("There is no account to read back yet."), markup=False)
        return False
    under.app.push_screen(ReadBackScreen(under, path))
    return True
