"""The index of a bundle's payload (docs/spec/protocol.md §9.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from schemas.records.common import Count, Hash32, Id16
from schemas.structure import Between, Size

ENTRY_FILE, STREAM_FILE = 0, 1
IndexEntry = tuple[Annotated[int, Between(0, 1)], Id16, Count, Hash32]
"""Kind (0 sealed entry, 1 attachment stream), name (eid or sid), bytes, SHA-256 of an entry or root of a stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleIndex:
    """What lies in the payload, in order, and the name of the return box for its receipts."""

    v: Literal[1] = 1
    files: Annotated[tuple[IndexEntry, ...], Size(1, 8192)]
    retn: Id16
