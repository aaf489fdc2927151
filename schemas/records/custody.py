"""Events of the custody log (docs/spec/protocol.md §11.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from schemas.records.common import Count, Hash32, Seconds
from schemas.structure import Between, Size

Detail = Annotated[str, Size(0, 1024)] | Annotated[int, Between(-(2**63), 2**63 - 1)] | Annotated[bytes, Size(0, 1024)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One act: number, hash of the event before, time, what was done, to what, and details that name nobody."""

    v: Literal[1] = 1
    n: Count
    prev: Hash32
    t: Seconds
    act: Annotated[str, Size(1, 40)]
    obj: Annotated[bytes, Size(0, 64)]
    det: dict[str, Detail]
