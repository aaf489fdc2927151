"""Signed objects: enough distinct authorised keys, or nothing."""

from __future__ import annotations

import pytest

from collector import crypto, signed
from collector.crypto import Secret
from schemas.records.common import SignedObject, StaticSignature
from schemas.structure import decode, encode
from tests.helpers.expect import flipped, refused

PAIRS = [crypto.sign_keypair(bytes([i]) * 32) for i in range(1, 5)]
TRUSTED = {crypto.kid(public): public for public, _ in PAIRS[:3]}
BODY = b"body of a pack"


def made(*which: int, kind: str = "pack", body: bytes = BODY) -> bytes:
    return signed.sign_object(kind, body, [PAIRS[i][1] for i in which])


def opened(data: bytes, threshold: int, **more: str) -> bytes:
    return signed.open_object("pack", data, TRUSTED, threshold, **more)


def with_signatures(*parts: StaticSignature, body: bytes = BODY) -> bytes:
    return encode(SignedObject(body=body, sigs=parts))


def test_threshold_counts_distinct_authorised_keys() -> None:
    for which, threshold in (((0,), 1), ((0, 2), 2), ((2, 1, 0), 3), ((0, 1, 3), 2)):
        assert opened(made(*which), threshold) == BODY
    for which, threshold in (((), 1), ((0,), 2), ((3,), 1), ((0, 3), 2), ((0, 1, 2), 4), ((0, 1), 0), ((0, 1), -1)):
        with refused("E_PACK_SIG"):
            opened(made(*which), threshold)


def test_signatures_stand_in_the_order_of_their_ids() -> None:
    assert made(0, 1, 2) == made(2, 1, 0)
    ids = [mark.kid for mark in decode(SignedObject, made(0, 1, 2)).sigs]
    assert ids == sorted(ids)


def test_attack_66_the_same_key_twice_and_a_stranger() -> None:
    first = decode(SignedObject, made(0)).sigs[0]
    stranger = decode(SignedObject, made(3)).sigs[0]
    for parts in ((first, first), (first, stranger), (first, first, first, stranger)):
        assert opened(with_signatures(*parts), 1) == BODY
        with refused("E_PACK_SIG"):
            opened(with_signatures(*parts), 2)


def test_attack_66_stranger_under_an_authorised_name() -> None:
    stranger = decode(SignedObject, made(3)).sigs[0]
    named = StaticSignature(kid=crypto.kid(PAIRS[1][0]), s=stranger.s)
    first = decode(SignedObject, made(0)).sigs[0]
    with refused("E_PACK_SIG"):
        opened(with_signatures(first, named), 1)


def test_trust_in_a_key_under_another_name_is_no_trust() -> None:
    public = PAIRS[3][0]
    crossed = {crypto.kid(PAIRS[0][0]): public}
    forged = StaticSignature(kid=crypto.kid(PAIRS[0][0]), s=crypto.sign(PAIRS[3][1], "pack", BODY))
    with refused("E_PACK_SIG"):
        signed.open_object("pack", with_signatures(forged), crossed, 1)


def test_attack_07_signed_object_of_another_type() -> None:
    for kind in sorted(crypto.SIGNATURE_TYPES - {"pack"}):
        with refused("E_PACK_SIG"):
            opened(made(0, kind=kind), 1)


def test_attack_05_signed_object_of_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as later:
        later.setattr(crypto, "P", b"svidok/2/")
        data = made(0, 1)
    with refused("E_PACK_SIG"):
        opened(data, 1)


@pytest.mark.parametrize("length", [0, 31, 63, 65, 118])
def test_attack_57_signature_of_another_length(length: int) -> None:
    first = decode(SignedObject, made(0)).sigs[0]
    odd = StaticSignature(kid=first.kid, s=(first.s + bytes(118))[:length])
    with refused("E_PACK_SIG"):
        opened(with_signatures(odd), 1)


def test_any_changed_bit_is_refused() -> None:
    data = made(0, 1)
    for at in range(len(data)):
        with refused(
            "E_PACK_SIG",
            "E_SCHEMA",
            "E_CMP_TRUNC",
            "E_CMP_TYPE",
            "E_CMP_COUNT",
            "E_CMP_TRAILING",
            "E_CMP_NONCANON",
            "E_CMP_DECODE",
            "E_CMP_DUPKEY",
        ):
            opened(flipped(data, at, at % 8), 2)


def test_the_callers_code() -> None:
    with refused("E_CERT"):
        opened(made(3), 1, code="E_CERT")


def test_keys_are_left_as_they_were() -> None:
    public, secret = crypto.sign_keypair(b"\x11" * 32)
    before = bytes(secret)
    signed.sign_object("root", b"x", [secret])
    assert crypto.same(secret, before)
    assert isinstance(secret, Secret)
    assert bytes(secret[32:]) == public
