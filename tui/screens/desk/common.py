"""What the screens of the desk share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList

from schemas.problems import Problem
from tui.locale import N_, problem_sentences
from tui.screens.base import BaseScreen
from tui.screens.desk.office import OpenDesk

if TYPE_CHECKING:
    from sync.desk.desk import Desk

T = TypeVar("T")
Parts = list[Content | str | tuple[str, str]]
STYLE = Path(__file__).parent.parent.parent / "theme" / "desk.tcss"


class DeskScreen(BaseScreen):
    """A screen over the open desk."""

    CSS_PATH = STYLE

    def __init__(self, office: OpenDesk) -> None:
        super().__init__()
        self.office = office

    def ask_desk(
        self,
        act: Callable[[Desk], T],
        done: Callable[[T], None],
        *,
        failed: Callable[[Problem], None] | None = None,
    ) -> None:
        """Do something with the desk in a thread, then `done` with its result here."""
        self.work(lambda: self.office.run(act), done, failed=failed)


class Openable(OptionList):
    """A list whose lines Enter opens, and which says so in the line of keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", N_("Open"))]


class InnerScreen(DeskScreen):
    """A screen that lies above the inbox."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", N_("Back"))]

    def action_leave(self) -> None:
        """Back to the screen below."""
        self.leave()


def problem_of(item: Mapping[str, object]) -> Problem:
    """The problem that stands in an item of a report (`Problem.as_dict`)."""
    facts = item.get("facts")
    return Problem(str(item["code"]), **(dict(facts) if isinstance(facts, Mapping) else {}))


def problem_parts(problem: Problem, indent: str = "  ") -> Parts:
    """The three sentences of a problem and its code, a line each."""
    what, safe, remedy = problem_sentences(problem)
    return [indent, what, "\n", indent, (safe, "$muted"), "\n", indent, remedy, (f"  {problem.code}", "$muted"), "\n"]
