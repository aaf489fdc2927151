"""The primitives against the answers of their RFCs, and what they must refuse."""

from __future__ import annotations

import ast
import copy
import gc
import hashlib
import hmac
import pickle

import nacl.bindings as sodium
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from collector import crypto, known_answers
from collector.crypto import Secret
from tests.conftest import REPO
from tests.helpers.expect import flipped, refused

SUNSCREEN = (
    b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
    b"sunscreen would be it."
)
ORDER = 2**252 + 27742317777372353535851937790883648493
# Encodings of points of order 1, 2, 4 and 8, canonical and not (Ed25519), as libsodium's own block list has them.
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]
LOW_ORDER_X25519 = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


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


# ---- signatures


@pytest.fixture(scope="module")
def pair() -> tuple[bytes, Secret]:
    return crypto.sign_keypair(b"\x07" * 32)


def test_signature_holds_for_its_own_type_and_body_only(pair: tuple[bytes, Secret]) -> None:
    public, secret = pair
    mark = crypto.sign(secret, "manifest", b"body")
    crypto.verify(public, "manifest", b"body", mark)
    with refused("E_SIG"):
        crypto.verify(public, "manifest", b"bodY", mark)
    with refused("E_SIG"):
        crypto.verify(crypto.sign_keypair(b"\x08" * 32)[0], "manifest", b"body", mark)


def test_unknown_signature_type_is_a_mistake_of_the_program(pair: tuple[bytes, Secret]) -> None:
    with pytest.raises(ValueError, match="no signature type"):
        crypto.sign(pair[1], "manifest\0", b"")


@pytest.mark.parametrize("at", range(0, 64, 7))
def test_attack_06_signature_flipped_or_zeroed(pair: tuple[bytes, Secret], at: int) -> None:
    public, secret = pair
    mark = crypto.sign(secret, "manifest", b"body")
    for bad in (flipped(mark, at, at % 8), bytes(64), mark[:at], mark + b"\0"):
        with refused("E_SIG"):
            crypto.verify(public, "manifest", b"body", bad)


def test_attack_07_signature_of_one_type_serves_no_other(pair: tuple[bytes, Secret]) -> None:
    public, secret = pair
    for made in crypto.SIGNATURE_TYPES:
        mark = crypto.sign(secret, made, b"body")
        for used in crypto.SIGNATURE_TYPES - {made}:
            with refused("E_SIG"):
                crypto.verify(public, used, b"body", mark)


def test_attack_05_signature_of_another_protocol_version(
    pair: tuple[bytes, Secret], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        later.setattr(crypto, "P", b"svidok/2/")
        mark = crypto.sign(pair[1], "pack", b"body")
        crypto.verify(pair[0], "pack", b"body", mark)
    with refused("E_SIG"):
        crypto.verify(pair[0], "pack", b"body", mark)


@pytest.mark.parametrize("public", SMALL_ORDER)
@pytest.mark.parametrize("signature", ["00" * 64, "01" + "00" * 63, *(point + "00" * 32 for point in SMALL_ORDER)])
def test_attack_08_small_order_keys_are_refused(public: str, signature: str) -> None:
    with refused("E_SIG"):
        crypto.verify(bytes.fromhex(public), "manifest", b"anything", bytes.fromhex(signature))


def test_attack_08_the_other_library_would_accept_one() -> None:
    """Why verification is libsodium's alone: OpenSSL takes the identity as a key and nothing as a signature."""
    identity, nothing = b"\x01" + bytes(31), b"\x01" + bytes(63)
    Ed25519PublicKey.from_public_bytes(identity).verify(nothing, crypto.signed_message("manifest", b"anything"))
    with refused("E_SIG"):
        crypto.verify(identity, "manifest", b"anything", nothing)


def test_attack_08_no_other_path_verifies() -> None:
    """The ciphers come in by one door, and that door does not bring the other library's Ed25519 along."""
    bringing = [
        (path.relative_to(REPO).as_posix(), name)
        for package in ("schemas", "collector", "sync", "tui")
        for path in sorted((REPO / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in _imported(node)
        if name.partition(".")[0] in ("nacl", "cryptography")
    ]
    assert {path for path, _ in bringing} == {"collector/crypto.py"}
    assert not [name for _, name in bringing if "ed25519" in name.lower() or name.endswith((".rsa", ".ec", ".dsa"))]


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def test_attack_08_malleable_and_non_canonical_signatures(pair: tuple[bytes, Secret]) -> None:
    public, secret = pair
    mark = crypto.sign(secret, "manifest", b"body")
    s = int.from_bytes(mark[32:], "little")
    for other in (s + ORDER, s + 2 * ORDER, (-s) % ORDER):
        with refused("E_SIG"):
            crypto.verify(public, "manifest", b"body", mark[:32] + other.to_bytes(32, "little"))
    # R with y above the field's prime: the same point, written in a second way.
    prime = 2**255 - 19
    for y in range(prime, 2**255):
        with refused("E_SIG"):
            crypto.verify(public, "manifest", b"body", y.to_bytes(32, "little") + mark[32:])


def test_attack_57_lengths_that_move_bytes_of_the_body(pair: tuple[bytes, Secret]) -> None:
    """A signed body that holds another signed message; its front, moved into the "signature", would leave the other."""
    public, secret = pair
    inner = crypto.signed_message("manifest", b"forged")
    filler = b"f" * (54 - len(crypto.signed_message("manifest", b"")))
    honest = crypto.sign(secret, "manifest", filler + inner)
    moved = honest + crypto.signed_message("manifest", filler)
    assert len(moved) == 118
    assert sodium.crypto_sign_open(moved + inner, public).endswith(inner)
    with refused("E_SIG"):
        crypto.verify(public, "manifest", b"forged", moved)
    for key in (public[:31], public + b"\0", b""):
        with refused("E_SIG"):
            crypto.verify(key, "manifest", filler + inner, honest)


# ---- encryption to public keys


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
