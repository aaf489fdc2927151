"""Names out of an account: words of identity that stand in other answers, replaced by placeholders (G17).

Rule: never done without being asked for, and never in identity itself: there the name stays. Every answer that changed
is on the disk when this returns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from collector.interview import Interview
from schemas.gates_names import Mention, with_placeholders
from schemas.session_types import Path

__all__ = ["found", "replace"]


def found(interview: Interview) -> tuple[Mention, ...]:
    """Words of identity in other answers, in the order of the answers; only those in answers that a person gives."""
    return tuple(
        each
        for gate in interview.open_gates()
        for each in gate.mentions
        if not interview.session.node(each.path).readonly
    )


def replace(interview: Interview, chosen: Collection[Mention] | None = None) -> tuple[Path, ...]:
    """Writes the placeholders in place of all mentions, or of the chosen ones; the answers that changed.

    Raises E_INTERVIEW_CLOSED, E_INTERVIEW_FROZEN, and what writing raises; then answers before it are changed.
    """
    wanted = [each for each in found(interview) if chosen is None or each in chosen]
    with interview.together("names"):
        return tuple(_written(interview, wanted))


def _written(interview: Interview, wanted: list[Mention]) -> Iterator[Path]:
    for path in dict.fromkeys(each.path for each in wanted):
        text = str(interview.session.value(path))
        interview.answer(path, with_placeholders(text, [each for each in wanted if each.path == path]))
        yield path
