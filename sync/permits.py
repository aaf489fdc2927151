"""The tokens of this device: each is drawn for one bundle and shown with no other (docs/spec/protocol.md §10.2).

Rule: a token is bound to its bundle durably before a receiver sees it. What one receiver refuses is shown to the next,
and to the same one another day: the office may bring a newer list, a clock may be put right. Each receiver's word makes
a device draw few further tokens, whatever it says and however often, so that none can use up all of them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from collector.database import Database
from schemas.problems import Problem

REFUSED: Final = frozenset(("E_TOKEN_USED", "E_TOKEN_UNKNOWN", "E_TOKEN_EXPIRED"))
"""Answers after which another token may help."""
MOST: Final = 3
"""Tokens that may wait with one bundle for a receiver that does not know them."""
_SHARE: Final = 4
"""One receiver's refusals may use up one token in so many."""
FEW: Final = 5
"""Tokens left, from which on a person is told."""


def token_for(db: Database, bid: bytes, receiver: bytes, tried: Collection[bytes]) -> bytes | None:
    """A token for a bundle that this receiver was not shown in this run: one that the bundle has, or a new one; None
    when there have been enough. Raises E_TOKEN_NONE when none is left and none was tried.
    """
    with db.transaction():
        held = db.query(
            "SELECT token.token, code FROM token LEFT JOIN token_refusal AS said"
            " ON said.token = token.token AND said.receiver = ? WHERE bid = ? ORDER BY code IS NOT NULL, token.id",
            (receiver, bid),
        )
        for token, _code in held:
            if bytes(token) not in tried:
                return bytes(token)
        unknown = sum(code != "E_TOKEN_USED" for _token, code in held)
        if held and (unknown >= MOST or _refused(db, receiver) >= _allowed(db)):
            return None
        # Those that a life before a restored backup has used lie together: by chance most of them are missed.
        row = db.one("SELECT id, token FROM token WHERE bid IS NULL ORDER BY random()")
        if row is None:
            if held:
                return None
            raise Problem("E_TOKEN_NONE")
        db.execute("UPDATE token SET bid = ? WHERE id = ?", (bid, row[0]))
        return bytes(row[1])


def _refused(db: Database, receiver: bytes) -> int:
    """How many tokens a receiver has refused and not taken since."""
    row = db.one("SELECT count(*) FROM token_refusal WHERE receiver = ?", (receiver,))
    return 0 if row is None else int(row[0])


def _allowed(db: Database) -> int:
    """How many it may refuse; a new pack brings more."""
    row = db.one("SELECT count(*) FROM token")
    return max(MOST, 0 if row is None else int(row[0]) // _SHARE)


def refuse(db: Database, token: bytes, receiver: bytes, code: str) -> None:
    """Notes that a receiver would not have a token."""
    db.execute(
        "INSERT INTO token_refusal (receiver, token, code) VALUES (?, ?, ?)"
        " ON CONFLICT (receiver, token) DO UPDATE SET code = excluded.code",
        (receiver, token, code),
    )


def take(db: Database, token: bytes, receiver: bytes) -> None:
    """Notes that a receiver stored a volume for a token, whatever it said before."""
    db.execute("DELETE FROM token_refusal WHERE receiver = ? AND token = ?", (receiver, token))


def left(db: Database) -> int:
    """Tokens that were never drawn."""
    row = db.one("SELECT count(*) FROM token WHERE bid IS NULL")
    return 0 if row is None else int(row[0])
