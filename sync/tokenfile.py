"""The file by which an office tells a receiver which upload tokens to accept (docs/spec/protocol.md §10.2).

    SVIDTOK1 ‖ CMP TokenFile {root: the signed root, tokens: the list, signed by the mission role (type "tokens")}

Rule: the hashes stand in the order of their bytes, so that the list does not tell which device has which token, nor
which came when; so do the receivers that it is for. What a receiver believes is the list of a root that it has pinned.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

from collector import crypto, roots, signed
from schemas import structure
from schemas.canonical import DOCUMENT
from schemas.problems import Problem
from schemas.records.common import SignedObject
from schemas.records.mission import Root
from schemas.records.network import TokenFile, TokenList

MAGIC: Final = b"SVIDTOK1"
MAX_FILE: Final = len(MAGIC) + DOCUMENT.size


def write(root_signed: bytes, listing: TokenList, keys: Sequence[signed.StaticKey]) -> bytes:
    """The file of a list, signed with keys of the mission role.

    Raises E_TOKEN_LIST when hashes or receivers are not each once and in the order of their bytes, E_CMP_SIZE.
    """
    _check_order(listing)
    body = structure.encode(listing, DOCUMENT)
    item = signed.sign_object("tokens", body, keys, DOCUMENT)
    return MAGIC + structure.encode(TokenFile(root=root_signed, tokens=item), DOCUMENT)


def read(data: bytes) -> tuple[Root, bytes, TokenList]:
    """The root that the file brings (it signed itself and is not trusted by that), its hash H(body), and the list.

    Raises E_TOKEN_LIST: another kind of file, a root that its own threshold did not sign, a list that the root's
    mission role did not sign, hashes or receivers out of order or twice.
    """
    if data[: len(MAGIC)] != MAGIC:
        raise Problem("E_TOKEN_LIST", why="another kind of file")
    try:
        return _read(data[len(MAGIC) :])
    except Problem as problem:
        if problem.code == "E_TOKEN_LIST":
            raise
        raise Problem("E_TOKEN_LIST", why=problem.code) from None


def _read(data: bytes) -> tuple[Root, bytes, TokenList]:
    file = structure.decode(TokenFile, data, DOCUMENT)
    pinned = crypto.sha256(structure.decode(SignedObject, file.root).body)
    root, root_hash = roots.check_root(file.root, pinned=pinned, fingerprint=None)
    role = root.roles.mission
    body = signed.open_object("tokens", file.tokens, roots.trusted(root, role), role.threshold, limits=DOCUMENT)
    listing = structure.decode(TokenList, body, DOCUMENT)
    _check_order(listing)
    return root, root_hash, listing


def root_fingerprint(root: Root) -> str:
    """What two people compare: the fingerprint of the root's bytes, as the desk and the devices show it."""
    return crypto.fingerprint(structure.encode(root))


def _check_order(listing: TokenList) -> None:
    if any(first >= second for first, second in itertools.pairwise(listing.tokens)):
        raise Problem("E_TOKEN_LIST", why="its hashes are not in order")
    if any(first >= second for (first, _), (second, _) in itertools.pairwise(listing.desks)):
        raise Problem("E_TOKEN_LIST", why="its receivers are not in order")
