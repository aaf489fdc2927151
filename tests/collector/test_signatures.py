"""Ed25519 signatures: what holds, and every forgery that must not."""

from __future__ import annotations

import ast

import nacl.bindings as sodium
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from collector import crypto
from collector.crypto import Secret
from tests.conftest import REPO
from tests.helpers.expect import flipped, refused

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
    """The ciphers come in by one door, certificates by another; neither brings the other library's Ed25519 along."""
    bringing = [
        (path.relative_to(REPO).as_posix(), name)
        for package in ("schemas", "collector", "sync", "tui")
        for path in sorted((REPO / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in _imported(node)
        if name.partition(".")[0] in ("nacl", "cryptography")
    ]
    assert {path for path, _ in bringing} == {"collector/crypto.py", "collector/certificates.py"}
    assert not [name for _, name in bringing if "ed25519" in name.lower() or name.endswith((".rsa", ".dsa"))]
    # The receiver's own TLS key is of another kind, and nothing of ours is ever verified with one of its kind.
    assert {path for path, name in bringing if name.endswith(".ec")} == {"collector/certificates.py"}
    assert ".verify(" not in (REPO / "collector" / "certificates.py").read_text("utf-8")


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
