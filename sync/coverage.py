"""What a set of volumes still lacks, row by row, in words that a courier can act on (docs/spec/protocol.md §9.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sync.volume import Header

Place = tuple[int, int]
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows of a stripe (first and last) that have fewer than k good cells, at the worst row `have` of `need`."""

    stripe: int
    first: int
    last: int
    have: int
    need: int
    absent: tuple[int, ...]

    def in_words(self) -> str:
        """One gap for a courier: which volumes would close it."""
        lack = self.need - self.have
        more = f"stripe {self.stripe} needs {lack} more volume{'s' if lack > 1 else ''}"
        if self.absent:
            return f"{more} of {', '.join(f'{self.stripe}-{index}' for index in self.absent)}"
        return f"{more}: parts {self.first} to {self.last} are damaged in too many of them"


def full(cells: int) -> int:
    """The set of all rows as bits."""
    return (1 << cells) - 1


def gaps(header: Header, good: Mapping[Place, int]) -> list[Gap]:
    """Where fewer than k good cells are, given for each volume that is there its good rows as bits."""
    found: list[Gap] = []
    everything = full(header.cells)
    for stripe in range(header.stripes):
        sets = [good.get((stripe, index), 0) for index in range(header.n)]
        whole = sum(rows == everything for rows in sets)
        if whole >= header.k:
            continue
        absent = tuple(index for index in range(header.n) if (stripe, index) not in good)
        if whole == sum(rows != 0 for rows in sets):
            # What a header claims must not cost time row by row.
            found.append(Gap(stripe, 0, header.cells - 1, whole, header.k, absent))
            continue
        counts = [sum(rows >> row & 1 for rows in sets) for row in range(header.cells)]
        found.extend(_ranges(stripe, counts, header.k, absent))
    return found


def _ranges(stripe: int, counts: list[int], need: int, absent: tuple[int, ...]) -> list[Gap]:
    out: list[Gap] = []
    first: int | None = None
    for row, count in enumerate([*counts, need]):
        if count < need and first is None:
            first = row
        elif count >= need and first is not None:
            out.append(Gap(stripe, first, row - 1, min(counts[first:row]), need, absent))
            first = None
    return out


def in_words(found: list[Gap]) -> str:
    """The gaps in one line; equal sentences once, and only the first few."""
    sentences = list(dict.fromkeys(gap.in_words() for gap in found))
    rest = len(sentences) - _SHOWN
    return "; ".join(sentences[:_SHOWN]) + (f"; and {rest} more" if rest > 0 else "")
