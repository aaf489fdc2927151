"""The problem dialog: what happened, what is safe, what to do now, and the code.

The rule: whatever fails reaches a person as a coded problem, and an error that nobody foresaw shows nothing of its
message, since that could quote testimony.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Button, Label

from schemas.problems import Problem
from tui.locale import N_, _, problem_sentences
from tui.screens.base import Dialog

if TYPE_CHECKING:
    from textual.app import App


def coded(error: BaseException) -> Problem:
    """The error as a coded problem: itself, or E_INTERNAL with its kind and place but not its words."""
    if isinstance(error, Problem):
        return error
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace is not None else "?"
    return Problem("E_INTERNAL", kind=type(error).__name__, where=where)


class ProblemDialog(Dialog[None]):
    """One problem in three sentences."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "leave", N_("Close"), show=False)]

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem

    def compose(self) -> ComposeResult:
        what, safe, remedy = problem_sentences(self.problem)
        with Vertical(classes="dialog -problem"):
            yield Label(what, classes="problem-what", markup=False)
            yield Label(_("What is safe"), classes="problem-head", markup=False)
            yield Label(safe, markup=False)
            yield Label(_("What to do now"), classes="problem-head", markup=False)
            yield Label(remedy, markup=False)
            yield Label(_("Code {code}", code=self.problem.code), classes="problem-code", markup=False)
            yield Button(_("Close"), id="close", variant="primary")

    def on_button_pressed(self) -> None:
        """Close."""
        self.dismiss(None)


def show_problem(app: App[Any], problem: Problem) -> None:
    """Put the dialog above whatever is shown; over an interview it names questions by their words."""
    from collector.interview import Interview
    from tui.question_words import in_words

    opened = [getattr(screen, "interview", None) for screen in app.screen_stack]
    interview = next((each for each in reversed(opened) if isinstance(each, Interview)), None)
    app.push_screen(ProblemDialog(problem if interview is None else in_words(problem, interview.session)))
