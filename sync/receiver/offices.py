"""Which offices a receiver serves, and their lists of tokens (docs/spec/protocol.md §10.2).

Rule: an office is known by the hash of its root. The first list of an office pins that root, after people have compared
its fingerprint; a later list must come from the same root and replaces the one before. Of the bearers that a list is
for, a receiver keeps the hash of its own and no other: what the desk shows to another receiver is nobody's here.
"""

from __future__ import annotations

from dataclasses import dataclass

from collector import crypto, roots
from schemas.problems import Problem
from sync import tokenfile
from sync.receiver.ports import Index, Office


@dataclass(frozen=True, slots=True)
class Offered:
    """What a file says before anybody has accepted it: office, fingerprint of its root, tokens, end of their life."""

    organisation: str
    fingerprint: str
    tokens: int
    expires: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """A list that is in force. `new`: the office was not known before; `compared`: somebody gave its fingerprint, or it
    was pinned already.
    """

    organisation: str
    fingerprint: str
    tokens: int
    added: int
    cancelled: int
    expires: int
    new: bool
    compared: bool


def look(data: bytes) -> Offered:
    """What a file offers; its signatures hold, and that alone says nothing of who wrote it. Raises E_TOKEN_LIST."""
    root, _, listing = tokenfile.read(data)
    return Offered(root.org, tokenfile.root_fingerprint(root), len(listing.tokens), listing.expires)


async def known(index: Index, data: bytes) -> bool:
    """Whether the file comes from an office whose root is pinned. Raises E_TOKEN_LIST."""
    _, root_hash, _ = tokenfile.read(data)
    return any(office.root == root_hash for office in await index.offices())


async def accept(index: Index, data: bytes, fingerprint: str | None, r1_key: bytes) -> Accepted:
    """Takes a list in. `fingerprint`: as a person gave it, or None when nobody compared; `r1_key`: this receiver's own.

    Raises E_TOKEN_LIST (also when the list does not name this receiver), E_FINGERPRINT (another than the file's root
    has), E_RECEIVER_FULL, E_RECEIVER_FAULT.
    """
    root, root_hash, listing = tokenfile.read(data)
    real = tokenfile.root_fingerprint(root)
    if fingerprint is not None and not roots.same_fingerprint(fingerprint, real):
        raise Problem("E_FINGERPRINT")
    shown = dict(listing.desks).get(crypto.kid(r1_key))
    if shown is None:
        raise Problem("E_TOKEN_LIST", why="it does not name this receiver")
    new = not any(office.root == root_hash for office in await index.offices())
    office = Office(root_hash, shown)
    added, cancelled = await index.accept(office, listing.tokens, listing.quota, listing.expires, listing.issued)
    return Accepted(
        organisation=root.org,
        fingerprint=real,
        tokens=len(listing.tokens),
        added=added,
        cancelled=cancelled,
        expires=listing.expires,
        new=new,
        compared=fingerprint is not None or not new,
    )
