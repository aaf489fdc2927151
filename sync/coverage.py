"""What a set of volumes still lacks, row by row, as a courier can act on it (docs/spec/protocol.md §9.3).

Rule: what is lacking is told in numbers and names alone, so that it stands in a sentence of any language.
"""

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

    def told(self) -> str:
        """How many more, and of which volumes: `1 × 0-1, 0-2`; or the parts damaged in too many: `1 × 0-* (4–5)`."""
        lack = self.need - self.have
        if self.absent:
            return f"{lack} × {', '.join(f'{self.stripe}-{index}' for index in self.absent)}"
        parts = f"{self.first}" if self.first == self.last else f"{self.first}–{self.last}"
        return f"{lack} × {self.stripe}-* ({parts})"


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


def told(found: list[Gap]) -> str:
    """The gaps in one line; equal ones once, and only the first few."""
    each = list(dict.fromkeys(gap.told() for gap in found))
    return "; ".join(each[:_SHOWN]) + ("; …" if len(each) > _SHOWN else "")
