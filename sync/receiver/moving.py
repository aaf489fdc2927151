"""What an index gives and takes when everything moves from one back end to another (`svidok receiver copy`).

Rule: giving changes nothing; taking the same again changes nothing either; the order of arrival stays, so that a desk's
cursor means the same on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sync.receiver.ports import Claim


@dataclass(frozen=True, slots=True)
class KeptOffice:
    """An office: hash of its root, hash of its bearer, when its list in force was issued (seconds since 1970)."""

    root: bytes
    desk: bytes
    issued: int


@dataclass(frozen=True, slots=True)
class KeptToken:
    """A token by its hash; `bid`: the bundle to which its first use bound it."""

    hash: bytes
    office: bytes
    quota: int
    expires: int
    cancelled: bool
    bid: bytes | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One line in the list of one office; `came` and `acknowledged` in seconds since 1970."""

    at: int
    office: bytes
    came: int
    acknowledged: int | None


@dataclass(frozen=True, slots=True)
class KeptVolume:
    """A complete volume: its upload's id, token and length, what it claims, its receipt, where it stands in lists."""

    id: str
    token: bytes
    length: int
    expires: int
    claim: Claim
    r1: bytes
    arrivals: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True)
class KeptBox:
    """A return box: its name, whose it is, when it was filled, with what."""

    retn: bytes
    office: bytes
    put: int
    data: bytes


class Moving(Protocol):
    """An index, seen by `copy`."""

    async def offices(self) -> list[KeptOffice]:
        """All offices."""

    async def tokens(self, after: bytes, limit: int) -> list[KeptToken]:
        """Tokens in order of their hashes, after one."""

    async def volumes(self, after: int, limit: int) -> list[KeptVolume]:
        """Complete volumes in order of their first arrival, after one."""

    async def boxes(self, after: bytes, limit: int) -> list[KeptBox]:
        """Return boxes in order of their names, after one."""

    async def take_offices(self, offices: Sequence[KeptOffice]) -> None:
        """Takes offices in; one that is here with a newer list keeps it. Raises E_TOKEN_LIST for another's bearer."""

    async def take_tokens(self, tokens: Sequence[KeptToken]) -> None:
        """Takes tokens in; one that is bound here stays bound."""

    async def take_volume(self, volume: KeptVolume, *, keep_order: bool = True) -> None:
        """Takes a volume in that the store holds; counts its bytes; one that was on its way here gives way. Without
        `keep_order` it arrives now, after everything that is here.

        Raises E_VOL_MIX when another volume stands in its place, E_TOKEN_UNKNOWN without its token.
        """

    async def take_boxes(self, boxes: Sequence[KeptBox]) -> None:
        """Takes return boxes in; a newer one that is here stays."""
