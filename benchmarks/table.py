"""One table from all rows: for the terminal and for docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEADINGS = ("work", "ours", "other", "ratio", "goal", "reached")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what was done, our figure, the figure beside it, their ratio, the goal, whether it was reached.

    `reached` is None where there is no goal, or where something is missing for it; `note` says what, or what
    bounds the figure.
    """

    work: str
    ours: str
    other: str
    ratio: str
    goal: str
    reached: bool | None
    note: str = ""

    def cells(self) -> tuple[str, ...]:
        """The line's texts in the order of the headings."""
        unknown = "–" if self.goal == "–" else "not measured"
        verdict = unknown if self.reached is None else "yes" if self.reached else "NO"
        return self.work, self.ours, self.other, self.ratio, self.goal, verdict


def compared(
    work: str, ours: float, other: float, goal: float, *, against: str, unit: str = "s", note: str = ""
) -> Row:
    """A row for two medians in the same unit, of which ours may be at most `goal` times the other."""
    ratio = ours / other
    beside = f"{other:.2f} {unit} ({against})"
    return Row(work, f"{ours:.2f} {unit}", beside, f"{ratio:.2f}", f"≤ {goal:g}", ratio <= goal, note)


def bounded(work: str, ours: float, limit: float, unit: str, *, other: str = "–", note: str = "") -> Row:
    """A row for a figure that has a bound of its own."""
    share = f"{ours / limit:.2f}"
    return Row(work, f"{ours:.1f} {unit}", other, share, f"≤ {limit:g} {unit}", ours <= limit, note)


def missing(work: str, goal: str, what: str) -> Row:
    """A row that could not be measured."""
    return Row(work, "–", "–", "–", goal, None, what)


def rendered(rows: Sequence[Row]) -> str:
    """The table for a terminal, notes below it."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join((texts[0], "-" * len(texts[0]), *texts[1:], *_notes(rows)))


def markdown(rows: Sequence[Row]) -> str:
    """The table for a document, notes below it."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + "---|" * len(HEADINGS)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row.cells()) + " |" for row in rows]
    return "\n".join((*lines, *_notes(rows))) + "\n"


def _notes(rows: Iterable[Row]) -> list[str]:
    noted = [row for row in rows if row.note]
    return ["", *(f"* {row.work}: {row.note}" for row in noted)] if noted else []
