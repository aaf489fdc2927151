"""The signed manifest of an entry (docs/spec/protocol.md §6.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from schemas.records.common import Compartment, Count, Hash32, Id16, LeafSignature, Name, Seconds
from schemas.structure import Between, Size

RecipientRef = tuple[
    Compartment, Annotated[int, Between(0, 15)], Annotated[int, Between(0, 7)], Annotated[int, Between(1, 8)], Id16
]
"""Compartment, group, index in the group, size of the group, recipient id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRef:
    """One cell stream of the entry: its id, compartment, number of cells, Merkle root and key commitment."""

    sid: Id16
    comp: Compartment
    kind: Literal["doc", "att"]
    cells: Annotated[int, Between(1, 2**27)]
    root: Hash32
    commit: Hash32


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Claimed time, signed floor, seconds since boot, and hashes of what existed before (§11.4)."""

    dev: Seconds
    floor: Seconds
    mono: Seconds
    anchors: Annotated[tuple[Hash32, ...], Size(0, 8)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What the device signs: everything that binds the entry's parts, recipients and history together."""

    v: Literal[1] = 1
    eid: Id16
    hdr: Hash32
    kind: Literal["testimony", "correction", "consent", "withdrawal"]
    code: Annotated[str, Size(12)]
    mission: Id16
    pack: tuple[Annotated[int, Between(1, 2**31)], Hash32]
    epoch: Annotated[int, Between(0, 2**31)]
    cert: Annotated[bytes, Size(1, 8192)]
    seq: Annotated[int, Between(-(2**31), 2**31)]
    prev: Hash32
    log: tuple[Count, Hash32, Annotated[tuple[Hash32, ...], Size(0, 128)]]
    t: Times
    form: tuple[Name, Name, Hash32]
    recips: Annotated[tuple[RecipientRef, ...], Size(1, 16)]
    streams: Annotated[tuple[StreamRef, ...], Size(1, 256)]
    rel: Annotated[tuple[tuple[Literal["supersedes", "continues", "relates"], Id16], ...], Size(0, 16)] = ()
    incomplete: Annotated[str, Size(1, 500)] | None = None
    app: tuple[Name, Name]
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The bytes of the core and the device's signature over them."""

    core: Annotated[bytes, Size(1, 65536)]
    sig: LeafSignature
