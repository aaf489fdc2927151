"""Receipts (docs/spec/protocol.md §11.1, §11.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from schemas.records.common import Compartment, Count, Hash32, Id16, Name, Seconds
from schemas.structure import Size


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskReceipt:
    """R2: what became of one entry at the desk. Only `imported` with every compartment opened permits a purge."""

    eid: Id16
    core: Hash32
    status: Literal["imported", "quarantined", "refused"]
    opened: Annotated[tuple[Compartment, ...], Size(0, 8)]
    code: Name
    at: Seconds
    log: tuple[Count, Hash32]
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnContent:
    """What the envelope of a return file holds: signed R2 objects, one for each entry of the bundle."""

    r2: Annotated[tuple[Annotated[bytes, Size(1, 4096)], ...], Size(1, 4096)]
