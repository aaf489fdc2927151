"""What the desk and its intake process say to each other: length-prefixed canonical records over two pipes.

Rule: the intake reads what strangers made, so the desk believes none of its answers: each is decoded against a strict
schema, and what it names is checked against the files themselves (`sync.desk.intake`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, BinaryIO, Literal, TypeAlias

from schemas import canonical
from schemas.problems import Problem
from schemas.records.common import Count, Hash32, Id16
from schemas.structure import Between, Size, decode, encode

LIMITS = canonical.DOCUMENT
MAX_FRAME = 4 << 20
_Line = Annotated[str, Size(0, 2000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to read: folders, seeds of the intake keys, work folder, bytes that a bundle may take, bundles to skip."""

    folders: Annotated[tuple[bytes, ...], Size(1, 64)]
    seeds: Annotated[tuple[Annotated[bytes, Size(32)], ...], Size(1, 256)]
    work: bytes
    quota: Annotated[int, Between(0, 2**62)]
    skip: Annotated[tuple[Id16, ...], Size(0, 65_536)] = ()


WireFile: TypeAlias = tuple[Annotated[int, Between(0, 1)], Id16, Count, Hash32, Annotated[int, Between(0, 2**50)]]
"""Kind, name, bytes, H(file) or root of the stream, offset in the payload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer.

    `begin` names the bundle that is being decoded, so that the desk knows it when the intake dies of it; every begun
    bundle ends with `bundle` (decoded) or `settled` (refused).
    """

    kind: Literal["begin", "bundle", "settled", "refused", "failed", "progress", "end"]
    bid: Id16 | None = None
    payload: Annotated[str, Size(1, 64)] | None = None
    length: Annotated[int, Between(0, 2**50)] | None = None
    broot: Hash32 | None = None
    retn: Id16 | None = None
    files: Annotated[tuple[WireFile, ...], Size(0, 8192)] | None = None
    counts: tuple[Count, Count, Count] | None = None
    item: _Line | None = None
    code: Annotated[str, Size(1, 64)] | None = None
    facts: dict[str, _Line | int] = field(default_factory=dict)
    done: Count | None = None
    total: Count | None = None


def send(stream: BinaryIO, record: Request | Reply) -> None:
    """One frame. Raises OSError when nobody listens any more."""
    body = encode(record, LIMITS)
    stream.write(len(body).to_bytes(4, "big") + body)
    stream.flush()


def receive_request(stream: BinaryIO) -> Request:
    """The request. Raises E_FORMAT, E_CMP_*, E_SCHEMA."""
    return decode(Request, _frame(stream.read), LIMITS)


def receive_reply(read: Callable[[int], bytes]) -> Reply:
    """The next answer. Raises E_FORMAT (end of the stream, too long), E_CMP_*, E_SCHEMA."""
    return decode(Reply, _frame(read), LIMITS)


def _frame(read: Callable[[int], bytes]) -> bytes:
    head = read(4)
    length = int.from_bytes(head, "big")
    if len(head) != 4 or length > MAX_FRAME:
        raise Problem("E_FORMAT", where="frame")
    body = read(length)
    if len(body) != length:
        raise Problem("E_FORMAT", where="frame")
    return body
