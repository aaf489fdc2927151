"""Notes of the documenter to single answers, as the process document has them under `x-notes`
(docs/spec/protocol.md §6.4, docs/adr/0033).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from schemas import structure
from schemas.problems import Problem
from schemas.records.common import Seconds
from schemas.records.document import WirePath
from schemas.structure import Size

KEY = "x-notes"
"""The key of the process document."""
LONGEST = 2000
"""Characters of one note."""
Note = tuple[WirePath, Annotated[str, Size(1, 4 * LONGEST)], Seconds]
"""The path of the question, what was noted, the second in which it was noted last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """The notes of one record, in the order of its questions."""

    notes: Annotated[tuple[Note, ...], Size(0, 10_000)]


def as_extra(notes: tuple[Note, ...]) -> dict[str, Any]:
    """What stands in the process document beside its keys; nothing without notes."""
    return {KEY: structure.to_plain(notes)} if notes else {}


def of(extra: Mapping[str, Any]) -> tuple[Note, ...]:
    """The notes in what stands beside a document's keys. Those that are not as they should be are as good as none: no
    record is refused for them.
    """
    try:
        return structure.from_plain(Notes, {"notes": extra.get(KEY, [])}).notes
    except Problem:
        return ()
