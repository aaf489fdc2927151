"""An office's root document, and in whose name its keys may act (docs/spec/protocol.md §8.1).

Rule: a root is believed because its hash is pinned or because a person compared its fingerprint, never because it came.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from collector import crypto, signed
from schemas import structure
from schemas.problems import Problem
from schemas.records.common import SignedObject
from schemas.records.mission import Role, Root

_FINGERPRINT_NOISE: Final = re.compile(r"[\s\-‐‑–—.,]+")


def check_root(data: bytes, *, pinned: bytes | None, fingerprint: str | None) -> tuple[Root, bytes]:
    """The root document and its hash H(body). Raises E_ROOT_OTHER, E_FINGERPRINT, E_SCHEMA, E_PACK_SIG.

    What a person types is compared where it is typed, also when a root is pinned already.
    """
    body = structure.decode(SignedObject, data).body
    root_hash = crypto.sha256(body)
    if pinned is not None and root_hash != pinned:
        raise Problem("E_ROOT_OTHER")
    if (pinned is None or fingerprint) and not same_fingerprint(fingerprint or "", crypto.fingerprint(body)):
        raise Problem("E_FINGERPRINT")
    root = structure.decode(Root, body)
    _check_roles(root)
    signed.open_object("root", data, trusted(root, root.roles.root), root.roles.root.threshold)
    return root, root_hash


def same_fingerprint(typed: str, real: str) -> bool:
    """Whether a person typed this fingerprint; spaces, dashes, dots and commas between the digits do not matter."""
    return _FINGERPRINT_NOISE.sub("", typed) == _FINGERPRINT_NOISE.sub("", real)


def trusted(root: Root, role: Role) -> Mapping[bytes, bytes]:
    """Key id to public key for everybody who may act in a role."""
    return {kid: public for kid, public in root.keys if kid in role.kids}


def _check_roles(root: Root) -> None:
    """Every key has the id of its bytes, and every role has as many different keys as must sign. Raises E_SCHEMA."""
    known = {kid for kid, _ in root.keys}
    if len(known) != len(root.keys) or any(crypto.kid(public) != kid for kid, public in root.keys):
        raise Problem("E_SCHEMA", where="Root.keys")
    for role in (root.roles.root, root.roles.mission, root.roles.receipt):
        if not set(role.kids) <= known or role.threshold > len(set(role.kids)):
            raise Problem("E_SCHEMA", where="Root.roles")
