"""How much return boxes may hold (docs/spec/protocol.md §10.4): number, bytes and age, for each office.

Rule: what an office may fill is counted against that office alone, so that none can take another's room; whoever is
refused hears it before a byte of the box is taken in, and every box that is there stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from schemas.problems import Problem

BOX_KEEP: Final = 400 * 86_400
"""Seconds that a box lives after it was last filled: a device that comes once a year still finds its receipts."""


@dataclass(frozen=True, slots=True)
class BoxRoom:
    """Boxes and bytes of one office. A list has at most 65,536 tokens, and a bundle one token and one box."""

    boxes: int = 65_536
    size: int = 1 << 30


BOX_ROOM: Final = BoxRoom()


@dataclass(frozen=True, slots=True)
class Held:
    """What an index has: boxes of the office and their bytes; of the box in question whose it is, and its length."""

    boxes: int
    size: int
    owner: bytes | None = None
    length: int = 0


def require_room(held: Held, office: bytes, length: int, room: BoxRoom) -> None:
    """Whether the office may put `length` bytes into the box. What makes a box no larger always may.

    Raises E_TOKEN_UNKNOWN (another office's box), E_RETURN_QUOTA.
    """
    if held.owner is not None and held.owner != office:
        raise Problem("E_TOKEN_UNKNOWN")
    new = held.owner is None
    grows = length > held.length
    if (new and held.boxes + 1 > room.boxes) or (grows and held.size - held.length + length > room.size):
        raise Problem("E_RETURN_QUOTA")
