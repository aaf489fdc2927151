"""How codes, times and problems are written on every screen."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tui.locale import N_, _, problem_sentences

if TYPE_CHECKING:
    from textual.content import Content

    from schemas.problems import Problem

HEADS = {
    "E_NET_PORTAL": N_("! A log-in page for guests stands in the way."),
    "E_PIN": N_("! Somebody else answers in the receiver's place."),
}
"""What stands above the problem when the network itself interferes."""


def time_text(seconds: int) -> str:
    """A time for people, in this computer's time zone."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def moment_text(seconds: float) -> str:
    """A moment of today, to the second, in this computer's time zone."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%H:%M:%S")


def problem_lines(problem: Problem) -> list[Content | str | tuple[str, str]]:
    """What happened, what is safe, what to do now, a line each; a network that interferes is named first."""
    what, safe, remedy = problem_sentences(problem)
    head = HEADS.get(problem.code)
    parts: list[Content | str | tuple[str, str]] = [(_(head), "$warning bold"), "\n"] if head else []
    return [*parts, what, "\n", (safe, "$muted"), "\n", remedy, (f"  {problem.code}", "$muted"), "\n"]
