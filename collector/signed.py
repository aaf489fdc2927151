"""Signed objects: exactly the bytes that were signed, and who signed them (docs/spec/protocol.md §3.4, §8.1).

Rule: the body comes out only after enough distinct authorised keys were verified over it; nobody parses it before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from collector import crypto
from collector.crypto import Secret
from schemas.canonical import WIRE, Limits
from schemas.problems import Problem
from schemas.records.common import SignedObject, StaticSignature
from schemas.structure import decode, encode

StaticKey: TypeAlias = Secret
"""A 64-byte Ed25519 secret key as `crypto.sign_keypair` gives it; its second half is the public key."""


def sign_object(kind: str, body: bytes, keys: Sequence[StaticKey], limits: Limits = WIRE) -> bytes:
    """The signed object of `body` by each of `keys`, in the order of their ids. Raises E_SCHEMA, E_CMP_SIZE."""
    signatures = sorted(
        ((crypto.kid(key[32:]), crypto.sign(key, kind, body)) for key in keys), key=lambda pair: pair[0]
    )
    made = SignedObject(body=body, sigs=tuple(StaticSignature(kid=kid, s=mark) for kid, mark in signatures))
    return encode(made, limits)


def open_object(
    kind: str,
    data: bytes,
    trusted: Mapping[bytes, bytes],
    threshold: int,
    code: str = "E_PACK_SIG",
    limits: Limits = WIRE,
) -> bytes:
    """The body, signed by at least `threshold` distinct keys of `trusted` (key id → public key).

    A signature by an unknown key, or a second one by the same key, counts nothing; a false one by a trusted key counts
    against the object. Raises `code`; E_CMP_* and E_SCHEMA when the bytes are no signed object.
    """
    item = decode(SignedObject, data, limits)
    held = set()
    for signature in item.sigs:
        public = trusted.get(signature.kid)
        if public is None:
            continue
        if crypto.kid(public) != signature.kid:
            raise Problem(code)
        try:
            crypto.verify(public, kind, item.body, signature.s)
        except Problem:
            raise Problem(code) from None
        held.add(signature.kid)
    if threshold < 1 or len(held) < threshold:
        raise Problem(code)
    return item.body
