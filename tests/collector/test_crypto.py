"""The primitives against the answers of their RFCs, and what they must refuse."""

from __future__ import annotations

import copy
import gc
import hashlib
import hmac
import pickle

import nacl.bindings as sodium
import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from collector import crypto, known_answers
from collector.crypto import Secret
from tests.helpers.expect import flipped, refused

SUNSCREEN = (
    b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
    b"sunscreen would be it."
)


# ---- known answers


def test_chacha20_poly1305_rfc_8439_2_8_2() -> None:
    key, nonce = bytes(range(0x80, 0xA0)), bytes.fromhex("070000004041424344454647")
    aad = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    sealed = crypto.aead_seal(key, nonce, SUNSCREEN, aad)
    assert sealed[:16].hex() == "d31a8d34648e60db7b86afbc53ef7ec2"
    assert sealed[-16:].hex() == "1ae10b594f09e26a7e902ecbd0600691"
    assert crypto.aead_open(key, nonce, sealed, aad) == SUNSCREEN
    out = bytearray(len(SUNSCREEN))
    plain_sealed = crypto.aead_seal(key, nonce, SUNSCREEN)
    assert crypto.Cipher(key).open_into(nonce, plain_sealed, out)
    assert out == SUNSCREEN


def _rfc_expand(prk: bytes, info: bytes, length: int) -> bytes:
    block = out = b""
    counter = 0
    while len(out) < length:
        counter += 1
        block = hmac.digest(prk, block + info + bytes([counter]), "sha256")
        out += block
    return out[:length]


def test_hkdf_rfc_5869_a_1() -> None:
    prk = crypto.extract(bytes(range(13)), b"\x0b" * 22)
    assert prk.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    okm = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    assert _rfc_expand(bytes(prk), bytes(range(0xF0, 0xFA)), 42).hex() == okm


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=60), st.integers(1, 96))
def test_expand_is_the_rfc_with_the_label_in_front(prk: bytes, label: bytes, n: int) -> None:
    assert bytes(crypto.expand(prk, label, n)) == _rfc_expand(prk, b"svidok/1/" + label, n)


def test_a_wiped_key_derives_nothing() -> None:
    key = Secret.random()
    key.wipe()
    for short in (key, bytes(31)):
        with pytest.raises(ValueError, match="at least 32 bytes"):
            crypto.expand(short, "doc")
    with pytest.raises(ValueError, match="key"):
        crypto.aead_seal(key, bytes(12), b"")


@pytest.mark.parametrize(
    ("seed", "public", "message", "signature"),
    [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ],
)
def test_ed25519_rfc_8032_7_1(seed: str, public: str, message: str, signature: str) -> None:
    made, secret = crypto.sign_keypair(bytes.fromhex(seed))
    assert made.hex() == public
    assert sodium.crypto_sign(bytes.fromhex(message), bytes(secret))[:64].hex() == signature


def test_x25519_rfc_7748_6_1() -> None:
    alice_public = bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
    bob = bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
    bob_public = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
    assert crypto.box_keypair(bob).hex() == bob_public
    shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
    assert sodium.crypto_scalarmult(bob, alice_public).hex() == shared


def test_argon2id_rfc_9106_5_3() -> None:
    published = Argon2id(
        salt=b"\x02" * 16, length=32, iterations=3, lanes=4, memory_cost=32, ad=b"\x04" * 12, secret=b"\x03" * 8
    ).derive(b"\x01" * 32)
    assert published.hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    ours = crypto.argon2id("парольна фраза", b"\x02" * 16, 64, 3)
    other = Argon2id(salt=b"\x02" * 16, length=32, iterations=3, lanes=1, memory_cost=64)
    assert bytes(ours) == other.derive("парольна фраза".encode())


def test_argon2id_takes_the_nfkc_form() -> None:
    composed, decomposed = "пароль \u0439\u00e9", "пароль \u0438\u0306e\u0301"
    assert composed != decomposed
    keys = [bytes(crypto.argon2id(word, bytes(16), 64, 1)) for word in (composed, decomposed)]
    assert keys[0] == keys[1]


def test_argon2id_without_memory_is_a_problem() -> None:
    with refused("E_KDF_MEMORY"):
        crypto.argon2id("word", bytes(16), 1 << 31, 1)


def test_hpke_follows_from_the_published_xwing_secret() -> None:
    """The key schedule of RFC 9180 over the shared secret of the X-Wing draft's first vector opens the known answer."""
    shared = bytes.fromhex("d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384")
    suite = b"HPKE" + bytes.fromhex("647a00010003")

    def labelled(salt: bytes, label: bytes, ikm: bytes) -> bytes:
        return hmac.digest(salt, b"HPKE-v1" + suite + label + ikm, "sha256")

    def drawn(prk: bytes, label: bytes, info: bytes, size: int) -> bytes:
        return _rfc_expand(prk, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, size)

    none = bytes(32)
    context = b"\0" + labelled(none, b"psk_id_hash", b"") + labelled(none, b"info_hash", b"svidok")
    secret = labelled(shared, b"secret", b"")
    key, nonce = drawn(secret, b"key", context, 32), drawn(secret, b"base_nonce", context, 12)
    assert crypto.aead_open(key, nonce, known_answers._XWING_SEALED[1120:]) == b"known answer"


def test_fingerprint_is_eight_groups_of_five_digits() -> None:
    digest = hashlib.sha256(b"svidok/1/fp\0abc").digest()
    groups = [int.from_bytes(digest[4 * g : 4 * g + 4], "big") % 100000 for g in range(8)]
    assert crypto.fingerprint(b"abc") == " ".join(f"{group:05d}" for group in groups)


# ---- the self-test


def test_self_test_passes() -> None:
    crypto.self_test()


@pytest.mark.parametrize("name", sorted(known_answers.TESTS))
def test_self_test_names_the_primitive_that_fails(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(known_answers.TESTS, name, lambda: False)
    with refused("E_SELFTEST"):
        crypto.self_test()
    monkeypatch.setitem(known_answers.TESTS, name, lambda: 1 / 0 > 0)
    assert known_answers.failures() == [name]


def test_self_test_notices_a_verifier_that_accepts_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crypto, "verify", lambda *_: None)
    assert known_answers.failures() == ["Ed25519"]


# ---- secrets


def test_secret_shows_nothing() -> None:
    secret = Secret(b"geheim" * 4)
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret:>40}", f"{secret!r}"):
        assert "geheim" not in shown
        assert "<Secret of 24 bytes>" in shown


def test_secret_refuses_comparison_copy_and_pickle() -> None:
    secret = Secret.random()
    for refused_use in (
        lambda: secret == bytes(32),
        lambda: secret != bytes(32),
        lambda: secret in [Secret.random()],
        lambda: hash(secret),
        lambda: pickle.dumps(secret),
        lambda: copy.copy(secret),
        lambda: copy.deepcopy([secret]),
    ):
        with pytest.raises(TypeError):
            refused_use()
    assert crypto.same(secret, bytes(secret))
    assert not crypto.same(secret, flipped(bytes(secret), 31))
    assert not crypto.same(secret, bytes(secret)[:31])


def test_wiped_secret_is_zero_and_then_empty() -> None:
    secret = Secret(b"x" * 32)
    with memoryview(secret) as view:
        secret.wipe()
        assert bytes(view) == bytes(32)
    secret.wipe()
    assert len(secret) == 0
    with Secret(b"y" * 8) as inside:
        pass
    assert len(inside) == 0


def test_wiping_works_without_the_private_handle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crypto, "_LIB", None)
    secret = Secret(b"x" * 32)
    assert not secret.lock()
    with memoryview(secret) as view:
        secret.wipe()
        assert bytes(view) == bytes(32)


def test_dropped_secret_overwrites_its_memory() -> None:
    secret = Secret(b"\xa5" * 4096)
    view = memoryview(secret)
    secret.__del__()
    assert bytes(view) == bytes(4096)
    view.release()
    del secret
    gc.collect()


def test_locking_says_whether_it_worked() -> None:
    assert Secret.random().lock() in (True, False)
    assert not Secret().lock()
