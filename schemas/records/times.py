"""The time of an interview as its process document tells it, under `x-times` (docs/spec/protocol.md §6.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from schemas import structure
from schemas.problems import Problem
from schemas.records.common import Seconds
from schemas.structure import Between, Size

KEY = "x-times"
"""The key of the process document."""
Break = tuple[Seconds, Seconds | None]
"""When a break began and ended; None for one that no one ended before the seal."""
Spent = tuple[Annotated[str, Size(1, 255)], Annotated[int, Between(0, 2**31)]]
"""A section's name, and the seconds for which the cursor stood in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When the interview began and was last attended, by the clock of its computer; breaks; seconds in each section."""

    start: Seconds
    end: Seconds
    breaks: Annotated[tuple[Break, ...], Size(0, 10_000)] = ()
    sections: Annotated[tuple[Spent, ...], Size(0, 10_000)] = ()

    def as_dict(self) -> dict[str, object]:
        """As `--json` prints it; a break without an end has none."""
        return {
            "start": self.start,
            "end": self.end,
            "breaks": [{"start": begun, "end": ended} for begun, ended in self.breaks],
            "seconds": dict(self.sections),
        }


def as_extra(times: Times | None) -> dict[str, Any]:
    """What stands in the process document beside its keys; nothing without times."""
    return {} if times is None else {KEY: structure.to_plain(times)}


def of(extra: dict[str, Any]) -> Times | None:
    """The times in what stands beside a document's keys. Those that are not as they should be are as good as none:
    no record is refused for them.
    """
    if KEY not in extra:
        return None
    try:
        return structure.from_plain(Times, extra[KEY])
    except Problem:
        return None
