"""The sections at the left, with the state of each.

The rule: the state is a sign or a count, the section that is open has a sign before it, so that both are seen in every
set of colours and in none; in words they stand where there is room (`state_words`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, set_cell_size
from textual import events

from schemas.gates import open_gates
from schemas.gates_sections import Closing
from schemas.session_types import Node
from schemas.xform_model import Path
from tui.locale import _, ngettext
from tui.screens.interview.view import InterviewView, Progress
from tui.widgets.lines import Line, Lines, Tone

State = Literal["untouched", "begun", "complete", "gate", "later", "apart"]
SIGNS: dict[State, str] = {"untouched": "○", "complete": "✓", "gate": "×", "later": "–", "apart": "–"}
_TONES: dict[State, Tone] = {
    "complete": "success",
    "begun": "plain",
    "gate": "accent",
    "later": "faint",
    "apart": "faint",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a section stands now: `gate` is closed by a safeguard, `later` until a question of one is answered, `apart`
    does not apply.
    """

    state: State
    progress: Progress

    @property
    def open(self) -> bool:
        """Whether it can be entered."""
        return self.state in ("untouched", "begun", "complete")


class States:
    """The states of the sections of one interview."""

    def __init__(self, view: InterviewView) -> None:
        self._view = view
        self._closing = Closing(view.session.form)

    def of(self, wanted: Collection[Path] | None = None) -> dict[Path, Standing]:
        """Every section in order; with `wanted` only those, and all that the form does not show now."""
        nodes = self._view.sections()
        shut = [node.path for node in nodes if not node.relevant]
        gates = open_gates(self._view.session, waiting=True) if shut else []
        closed = self._closing.closed([gate for gate in gates if not gate.waiting], shut)
        later = self._closing.closed(gates, shut)
        found: dict[Path, Standing] = {}
        for node in nodes:
            if not node.relevant:
                state: State = "gate" if node.path in closed else "later" if node.path in later else "apart"
                found[node.path] = Standing(state, Progress(0, 0))
            elif wanted is None or node.path in wanted:
                progress = self._view.progress(node.path)
                state = "complete" if progress.done else "begun" if progress.answered else "untouched"
                found[node.path] = Standing(state, progress)
        return found


def state_sign(standing: Standing) -> str:
    """`○` untouched, `3/9` begun, `✓` complete, `×` closed by a safeguard, `–` does not apply (yet)."""
    if standing.state == "begun":
        return f"{standing.progress.answered}/{standing.progress.relevant}"
    return SIGNS[standing.state]


def state_words(standing: Standing) -> str:
    """The same in words."""
    progress = standing.progress
    if standing.state == "begun":
        return _("{answered} of {all}", answered=progress.answered, all=progress.relevant)
    if standing.state == "untouched" and progress.relevant:
        return ngettext("{count} question", "{count} questions", progress.relevant)
    return {
        "untouched": _("not begun"),
        "complete": _("complete"),
        "gate": _("closed by a safeguard"),
        "later": _("opens later"),
        "apart": _("does not apply"),
    }[standing.state]


def section_label(node: Node) -> str:
    """The section's name without what stands in brackets after it."""
    return (node.label or node.name).partition(" (")[0]


class Sections(Lines):
    """One line for each section; the keys are the sections' names. Closed sections are shown and cannot be entered."""

    POINTER = "▸ "

    def __init__(self, view: InterviewView) -> None:
        super().__init__(id="sections", cursor_blurred=True)
        self.view = view
        self.states = States(view)
        self.names: list[str] = []

    def on_resize(self, event: events.Resize) -> None:
        """Draw all for the new width."""
        nodes, states = self.view.sections(), self.states.of()
        self.names = [node.name for node in nodes]
        self._laid_out_for = max(self.content_size.width, 1)
        self.show_lines([self._line(node, states[node.path]) for node in nodes], self.at)
        super().on_resize(event)

    def update_sections(self, touched: set[Path]) -> None:
        """Draw again only the sections that changed, and the closed ones: another gate may hold them now.

        Before there is room for them nothing is drawn; all are when there is.
        """
        if not self.lines:
            return
        states = self.states.of(touched)
        for node in self.view.sections():
            if node.path in states and node.name in self.names:
                self.change_line(self.names.index(node.name), self._line(node, states[node.path]))

    def show_section(self, section: Path) -> None:
        """Mark the section that is shown."""
        self.names = self.names or [node.name for node in self.view.sections()]
        self.stand_on(self.names.index(str(section[0])))

    def _line(self, node: Node, standing: Standing) -> Line:
        note = state_sign(standing)
        width = max(self._laid_out_for - cell_len(self.POINTER + note) - 2, 4)
        label = section_label(node)
        if cell_len(label) > width:
            label = set_cell_size(label, width - 1).rstrip() + "…"
        tone, closed = _TONES.get(standing.state, "muted"), not standing.open
        return Line(node.name, label, note=note, note_tone=tone, tone="faint" if closed else "plain", closed=closed)
