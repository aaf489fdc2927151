"""That an account was read back, and that it was changed after it, as the process document has it under `x-readback`
(docs/spec/protocol.md §6.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from schemas import structure
from schemas.problems import Problem
from schemas.records.common import Seconds
from schemas.records.document import WirePath
from schemas.structure import Size

KEY = "x-readback"
"""The key of the process document."""
Event = tuple[WirePath, Literal["read", "changed"], Seconds]
"""The account's question; whether it was read to its end or changed after that; when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readback:
    """The events of one record in the order in which they happened."""

    events: Annotated[tuple[Event, ...], Size(0, 10_000)]


def as_extra(events: tuple[Event, ...]) -> dict[str, Any]:
    """What stands in the process document beside its keys; nothing where nothing was read back."""
    return {KEY: structure.to_plain(Readback(events=events))["events"]} if events else {}


def of(extra: Mapping[str, Any]) -> tuple[Event, ...]:
    """The events in what stands beside a document's keys. Those that are not as they should be are as good as none: no
    record is refused for them.
    """
    try:
        return structure.from_plain(Readback, {"events": extra.get(KEY, [])}).events
    except Problem:
        return ()
