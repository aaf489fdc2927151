"""Encryption to public keys: which keys and ciphertexts are refused, and what opens."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import crypto
from tests.helpers.expect import flipped, refused

LOW_ORDER_X25519 = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


@pytest.mark.parametrize("point", LOW_ORDER_X25519)
def test_attack_09_low_order_x25519_keys_are_refused(point: str) -> None:
    low = bytes.fromhex(point)
    hybrid = crypto.HybridKey(bytes(32)).public
    with refused("E_RECIPIENT_KEY"):
        crypto.box_seal(b"share", low)
    with refused("E_RECIPIENT_KEY"):
        crypto.hpke_seal(b"share", hybrid[:1184] + low, b"info")
    secret = b"\x05" * 32
    assert crypto.box_open(low + bytes(48), crypto.box_keypair(secret), secret) is None


def test_attack_10_lattice_keys_out_of_range_are_refused() -> None:
    public = crypto.HybridKey(bytes(32)).public
    # Two coefficients of 12 bits in three bytes: 3329 and above is outside the ring.
    for at in (0, 3, 381, 1149):
        for value in (3329, 4095):
            bad = public[:at] + bytes([value & 255, value >> 8]) + public[at + 2 :]
            with refused("E_RECIPIENT_KEY"):
                crypto.hpke_seal(b"share", bad, b"info")
    for length in (0, 31, 1183, 1184, 1215, 1217):
        with refused("E_RECIPIENT_KEY"):
            crypto.hpke_seal(b"share", public[:length].ljust(length, b"\0"), b"info")


def test_attack_10_hpke_ciphertexts_that_were_changed() -> None:
    key = crypto.HybridKey(b"\x11" * 32)
    sealed = crypto.hpke_seal(b"k" * 32, key.public, b"info")
    assert len(sealed) == crypto.HPKE_OVERHEAD + 32
    opened = crypto.hpke_open(sealed, key, b"info")
    assert opened is not None
    assert crypto.same(opened, b"k" * 32)
    # Implicit rejection: a changed lattice part gives another key, which the seal behind it notices.
    for at in (0, 500, 1087, 1088, 1119, 1120, len(sealed) - 1):
        assert crypto.hpke_open(flipped(sealed, at, 3), key, b"info") is None
    for bad in (b"", sealed[:-1], sealed + b"\0", sealed[1:], bytes(1120)):
        assert crypto.hpke_open(bad, key, b"info") is None
    assert crypto.hpke_open(sealed, key, b"Info") is None
    assert crypto.hpke_open(sealed, crypto.HybridKey(b"\x12" * 32), b"info") is None


def test_hybrid_key_shows_nothing_and_stays() -> None:
    key = crypto.HybridKey(bytes(32))
    assert repr(key) == "<HybridKey>"
    with pytest.raises(TypeError):
        pickle.dumps(key)


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_seals_open_and_nothing_else_does(data: bytes, aad: bytes) -> None:
    key, nonce = b"\x21" * 32, bytes(24)
    sealed = crypto.xaead_seal(key, nonce, data, aad)
    assert crypto.xaead_open(key, nonce, sealed, aad) == data
    assert crypto.xaead_open(key, nonce, sealed, aad + b"x") is None
    assert crypto.xaead_open(key, nonce, sealed[:-1], aad) is None
    assert crypto.xaead_open(key, nonce, b"", aad) is None
    short = crypto.aead_seal(key, nonce[:12], data, aad)
    assert crypto.aead_open(key, nonce[:12], short, aad) == data
    assert crypto.aead_open(key, nonce[:12], short[:-1], aad) is None
    assert crypto.aead_open(key, nonce[:12], b"", aad) is None
