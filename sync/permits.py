"""The tokens of this device: each is drawn for one bundle and shown with no other (docs/spec/protocol.md §10.2).

Rule: a token is bound to its bundle durably before a receiver sees it. One that a receiver does not know, or calls
expired, stays with its bundle and is tried again another day: the office may bring a newer list, a clock may be put
right. Few are drawn for one bundle, so that a receiver without a list does not use up all of them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from collector.database import Database
from schemas.problems import Problem

MOST: Final = 3
"""Tokens that may wait with one bundle."""
_USED: Final = 16
"""Tokens that may turn out to be used already, as after a restored backup."""


def token_for(db: Database, bid: bytes, tried: Collection[bytes]) -> bytes | None:
    """A token for a bundle that was not tried in this run: one that it has, or the next one; None when there have been
    enough. Raises E_TOKEN_NONE when none is left and none was tried.
    """
    with db.transaction():
        held = db.query("SELECT token, spent FROM token WHERE bid = ? ORDER BY id", (bid,))
        usable = [bytes(token) for token, spent in held if spent is None]
        for token in usable:
            if token not in tried:
                return token
        if len(usable) >= MOST or len(held) - len(usable) >= _USED:
            return None
        row = db.one("SELECT id, token FROM token WHERE bid IS NULL ORDER BY id")
        if row is None:
            if tried:
                return None
            raise Problem("E_TOKEN_NONE")
        db.execute("UPDATE token SET bid = ? WHERE id = ?", (bid, row[0]))
        return bytes(row[1])


def spend(db: Database, token: bytes, code: str) -> None:
    """Notes that a token will never serve."""
    db.execute("UPDATE token SET spent = ? WHERE token = ?", (code, token))


def left(db: Database) -> int:
    """Tokens that were never drawn."""
    row = db.one("SELECT count(*) FROM token WHERE bid IS NULL")
    return 0 if row is None else int(row[0])
