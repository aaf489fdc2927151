"""What travels between receiver, desk and device (docs/spec/protocol.md §10, §11.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from schemas.records.common import Count, Hash32, Id16, Seconds
from schemas.structure import Between, Size

Stripe = Annotated[int, Between(0, 255)]
Index = Annotated[int, Between(0, 7)]
SignedBytes = Annotated[bytes, Size(1, 4096)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReceipt:
    """R1: a receiver says that it stored one volume. It never permits a deletion (§11.1)."""

    bid: Id16
    broot: Hash32
    s: Stripe
    i: Index
    shard: Hash32
    rx: Seconds
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenList:
    """What an office gives to a receiver: hashes of upload tokens in order of their bytes, so that the order tells
    nothing; for every receiver, by the key id of its R1, the hash of the bearer that the desk shows to it alone, in
    order of key ids; what one token may store, and until when. A later list replaces an earlier one: tokens that it
    leaves out are cancelled.
    """

    v: Literal[1] = 1
    issued: Seconds
    desks: Annotated[tuple[tuple[Id16, Hash32], ...], Size(0, 64)]
    tokens: Annotated[tuple[Hash32, ...], Size(0, 65_536)]
    quota: Count
    expires: Seconds
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFile:
    """The file of a token list: the office's signed root, and the list signed by its mission role (type `tokens`)."""

    root: Annotated[bytes, Size(1, 65_536)]
    tokens: Annotated[bytes, Size(1, 4 << 20)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVolume:
    """One volume that a receiver holds whole: its place, and the receiver's word for it."""

    s: Stripe
    i: Index
    r1: SignedBytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleState:
    """What a receiver holds of one bundle."""

    v: Literal[1] = 1
    bid: Id16
    volumes: Annotated[tuple[StoredVolume, ...], Size(0, 2048)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedVolume:
    """One line of the desk's list: where it stands in the order of arrival, and which volume it is."""

    at: Count
    bid: Id16
    s: Stripe
    i: Index
    bytes_: Count
    shard: Hash32


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumePage:
    """Volumes that arrived after a cursor, in order; `next` is the cursor of the page after this one."""

    v: Literal[1] = 1
    volumes: Annotated[tuple[ListedVolume, ...], Size(0, 1024)]
    next: Count
