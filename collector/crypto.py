"""Every primitive that the project uses, and nothing else: the only import of PyNaCl and of cryptography.

Rules kept here: Ed25519 is signed and verified by libsodium alone; every hash, key derivation and signature carries the
protocol's label, so that no value of one purpose or version serves another; keys live in `Secret`, which prints
redacted, refuses comparison and pickling, and wipes itself. Wiping is best effort: PyNaCl takes keys as `bytes`, and
those copies live until Python reuses their memory (docs/spec/protocol.md §3.1, §3.4, §3.6).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import unicodedata
from types import TracebackType
from typing import Any, Final, NoReturn, TypeAlias

import nacl.bindings as sodium
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from nacl.exceptions import CryptoError

from schemas.problems import Problem

BytesLike: TypeAlias = bytes | bytearray | memoryview

P: Final = b"svidok/1/"
TAG: Final = 16
SEAL_OVERHEAD: Final = 48
HPKE_OVERHEAD: Final = 1120 + TAG
X25519_PUBLIC: Final = 32
HYBRID_PUBLIC: Final = 1184 + X25519_PUBLIC
SIGNATURE_TYPES: Final = frozenset(
    ("manifest", "volume", "root", "cert", "pack", "enrol", "tokens", "card", "r1", "r2", "cust")
)

_SUITE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


def _zero(buffer: bytearray) -> None:
    """Overwrite a buffer; by libsodium where its private handle exists, by Python otherwise."""
    if _LIB is None:
        buffer[:] = bytes(len(buffer))
        return
    view = _FFI.from_buffer(buffer)
    try:
        _LIB.sodium_memzero(view, len(buffer))
    finally:
        _FFI.release(view)


def _sodium_handles() -> tuple[Any, Any]:
    """The private library handle of PyNaCl if it has what is needed here, else (None, None)."""
    try:
        from nacl._sodium import ffi, lib

        probe = bytearray(b"\x01" * 8)
        view = ffi.from_buffer(probe)
        lib.sodium_memzero(view, 8)
        ffi.release(view)
        usable = not any(probe) and callable(lib.sodium_mlock)
    except (ImportError, AttributeError, TypeError):
        return None, None
    return (ffi, lib) if usable else (None, None)


_FFI, _LIB = _sodium_handles()


class Secret(bytearray):
    """Key material: bytes-like, redacted when printed, wiped when dropped.

    A wiped secret is empty: it fails as a key by its length, where zeros would pass for one.
    """

    __slots__ = ()
    __hash__ = None

    @classmethod
    def random(cls, n: int = 32) -> Secret:
        """`n` random bytes."""
        return cls(os.urandom(n))

    def wipe(self) -> None:
        """Overwrite and empty; harmless when repeated."""
        if self:
            _zero(self)
            # A buffer that is lent out at this moment cannot shrink; it is zeroed all the same.
            with contextlib.suppress(BufferError):
                self.clear()

    def lock(self) -> bool:
        """Keep the page out of swap and core dumps, as far as the system allows; says whether it did."""
        if _LIB is None or not self:
            return False
        view = _FFI.from_buffer(self)
        try:
            return bool(_LIB.sodium_mlock(view, len(self)) == 0)
        finally:
            _FFI.release(view)

    def __enter__(self) -> Secret:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()

    def __del__(self) -> None:
        # At interpreter exit the helpers may be gone already; the memory goes with the process.
        with contextlib.suppress(Exception):
            self.wipe()

    def __repr__(self) -> str:
        return f"<Secret of {len(self)} bytes>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        raise TypeError("secrets are compared with same()")

    def __ne__(self, other: object) -> bool:
        raise TypeError("secrets are compared with same()")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("secrets are not pickled or copied")


# ---- hashes and key derivation (docs/spec/protocol.md §3.1) --------------------------------------------------------


def random_bytes(n: int) -> bytes:
    """`n` bytes from the operating system."""
    return os.urandom(n)


def sha256(*parts: BytesLike) -> bytes:
    """SHA-256 of the parts one after another."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def tagged(label: str, *parts: BytesLike) -> bytes:
    """H(P‖label‖00‖parts): the labelled hash behind kid, rid, bundle id, token and key file."""
    return sha256(P, label.encode("ascii"), b"\0", *parts)


def extract(salt: BytesLike, ikm: BytesLike) -> Secret:
    """HKDF-Extract with SHA-256 (RFC 5869 §2.2)."""
    return Secret(hmac.digest(bytes(salt), bytes(ikm), "sha256"))


def expand(prk: BytesLike, label: bytes | str, n: int = 32) -> Secret:
    """HKDF-Expand with SHA-256 and info = P‖label (RFC 5869 §2.3); take what is public of it with bytes().

    ValueError for a key below 32 bytes: such as one that was wiped.
    """
    if len(prk) < 32:
        raise ValueError("a key to derive from has at least 32 bytes")
    name = label.encode("ascii") if isinstance(label, str) else bytes(label)
    out = Secret(n)
    HKDFExpand(hashes.SHA256(), n, P + name).derive_into(prk, out)
    return out


def same(a: BytesLike, b: BytesLike) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(memoryview(a), memoryview(b))


def argon2id(passphrase: str, salt: bytes, m_kib: int, t: int) -> Secret:
    """Argon2id of the NFKC form, p = 1, 32 bytes (RFC 9106). `m_kib` in KiB. Releases the interpreter lock.

    Raises E_KDF_MEMORY when the machine cannot give the memory. The bounds of §4.2 are the caller's.
    """
    with Secret(unicodedata.normalize("NFKC", passphrase).encode()) as word:
        try:
            key = sodium.crypto_pwhash_alg(
                32, bytes(word), bytes(salt), t, m_kib * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13
            )
        except (CryptoError, MemoryError):
            raise Problem("E_KDF_MEMORY", mib=m_kib // 1024) from None
    return Secret(key)


# ---- authenticated encryption --------------------------------------------------------------------------------------


class Cipher:
    """ChaCha20-Poly1305 (RFC 8439) under one key, for many nonces. One object for each thread."""

    __slots__ = ("_aead",)

    def __init__(self, key: BytesLike) -> None:
        self._aead = ChaCha20Poly1305(key)

    def seal_into(self, nonce: bytes, data: BytesLike, out: BytesLike) -> None:
        """Encrypt `data` to `out`, which is exactly 16 bytes longer."""
        self._aead.encrypt_into(nonce, data, None, out)

    def open_into(self, nonce: bytes, data: BytesLike, out: BytesLike) -> bool:
        """Decrypt `data` to `out`, which is exactly 16 bytes shorter; False when it is not authentic."""
        try:
            self._aead.decrypt_into(nonce, data, None, out)
        except InvalidTag:
            return False
        return True


def aead_seal(key: BytesLike, nonce: bytes, data: BytesLike, aad: bytes = b"") -> bytes:
    """ChaCha20-Poly1305 with a 12-byte nonce; the result is 16 bytes longer."""
    return ChaCha20Poly1305(key).encrypt(nonce, data, aad)


def aead_open(key: BytesLike, nonce: bytes, data: BytesLike, aad: bytes = b"") -> bytes | None:
    """The plaintext, or None when it is not authentic."""
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, data, aad)
    except InvalidTag:
        return None


def xaead_seal(key: BytesLike, nonce24: bytes, data: BytesLike, aad: bytes = b"") -> bytes:
    """XChaCha20-Poly1305 with a 24-byte nonce, for records whose nonce is random."""
    return sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(bytes(data), aad, nonce24, bytes(key))


def xaead_open(key: BytesLike, nonce24: bytes, data: BytesLike, aad: bytes = b"") -> bytes | None:
    """The plaintext, or None when it is not authentic."""
    try:
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(bytes(data), aad, nonce24, bytes(key))
    except (CryptoError, ValueError):
        return None


# ---- signatures (docs/spec/protocol.md §3.4) -----------------------------------------------------------------------


def signed_message(kind: str, body: BytesLike) -> bytes:
    """SIGMSG: what is really signed. An unknown `kind` is a mistake of the program, hence ValueError."""
    if kind not in SIGNATURE_TYPES:
        raise ValueError(f"no signature type: {kind}")
    return b"".join((P, b"sig/", kind.encode("ascii"), b"\0", body))


def sign_keypair(seed: BytesLike) -> tuple[bytes, Secret]:
    """The Ed25519 pair of a 32-byte seed: (public 32, secret 64) (RFC 8032)."""
    public, secret = sodium.crypto_sign_seed_keypair(bytes(seed))
    return public, Secret(secret)


def sign(secret: BytesLike, kind: str, body: BytesLike) -> bytes:
    """64-byte Ed25519 signature over SIGMSG(kind, body)."""
    return sodium.crypto_sign(signed_message(kind, body), bytes(secret))[:64]


def verify(public: BytesLike, kind: str, body: BytesLike, signature: BytesLike) -> None:
    """Raises E_SIG unless `signature` is `public`'s over SIGMSG(kind, body).

    Lengths come first: libsodium takes signature and message as one string, where a longer "signature" would move
    bytes between them.
    """
    key, mark = bytes(public), bytes(signature)
    if len(key) != 32 or len(mark) != 64:
        raise Problem("E_SIG")
    try:
        sodium.crypto_sign_open(mark + signed_message(kind, body), key)
    except CryptoError:
        raise Problem("E_SIG") from None


def signature_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature over a message that is none of ours holds: for texts that forms take apart."""
    if len(public) != 32 or len(signature) != 64:
        return False
    try:
        sodium.crypto_sign_open(signature + message, public)
    except CryptoError:
        return False
    return True


def kid(public: BytesLike) -> bytes:
    """The 16-byte name of a static signing key."""
    return tagged("kid", public)[:16]


def fingerprint(data: BytesLike) -> str:
    """Eight groups of five digits for reading aloud (docs/spec/protocol.md §3.5)."""
    digest = tagged("fp", data)
    return " ".join(f"{int.from_bytes(digest[i : i + 4], 'big') % 100000:05d}" for i in range(0, 32, 4))


# ---- public-key encryption -----------------------------------------------------------------------------------------


def box_keypair(secret: BytesLike) -> bytes:
    """The X25519 public key of a 32-byte secret (RFC 7748)."""
    return sodium.crypto_scalarmult_base(bytes(secret))


def box_seal(data: BytesLike, public: bytes) -> bytes:
    """NaCl sealed box, 48 bytes longer. Raises E_RECIPIENT_KEY for a key of low order or of another length."""
    try:
        return sodium.crypto_box_seal(bytes(data), bytes(public))
    except (CryptoError, ValueError, RuntimeError):
        raise Problem("E_RECIPIENT_KEY") from None


def box_open(data: BytesLike, public: bytes, secret: BytesLike) -> bytes | None:
    """The content of a sealed box, or None when it is not for this key or not authentic."""
    try:
        return sodium.crypto_box_seal_open(bytes(data), bytes(public), bytes(secret))
    except (CryptoError, ValueError, RuntimeError):
        return None


class HybridKey:
    """A private X-Wing key (ML-KEM-768 with X25519, HPKE KEM 0x647A), grown from a 32-byte seed."""

    __slots__ = ("public", "raw")

    def __init__(self, seed: BytesLike) -> None:
        with Secret(hashlib.shake_256(bytes(seed)).digest(96)) as grown:
            lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(bytes(grown[:64]))
            curve = x25519.X25519PrivateKey.from_private_bytes(bytes(grown[64:]))
        self.raw = hpke.MLKEM768X25519PrivateKey(lattice, curve)
        self.public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return "<HybridKey>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("private keys are not pickled or copied")


def hpke_seal(data: BytesLike, public: bytes, info: bytes) -> bytes:
    """HPKE base mode to an X-Wing key of 1216 bytes (RFC 9180): encapsulated key 1120 ‖ ciphertext ‖ tag 16.

    Raises E_RECIPIENT_KEY for a key of low order, with coefficients out of range, or of another length.
    """
    try:
        key = hpke.MLKEM768X25519PublicKey(
            mlkem.MLKEM768PublicKey.from_public_bytes(bytes(public[:1184])),
            x25519.X25519PublicKey.from_public_bytes(bytes(public[1184:])),
        )
        return _SUITE.encrypt(data, key, info=info)
    except ValueError:
        raise Problem("E_RECIPIENT_KEY") from None


def hpke_open(data: BytesLike, key: HybridKey, info: bytes) -> Secret | None:
    """The content, or None when it is not authentic for this key and `info`."""
    try:
        return Secret(_SUITE.decrypt(data, key.raw, info=info))
    except (InvalidTag, ValueError):
        return None


def self_test() -> None:
    """One known answer for each primitive; raises E_SELFTEST, whose fact names it. Takes well under 50 ms."""
    from collector.known_answers import failures

    failed = failures()
    if failed:
        raise Problem("E_SELFTEST", primitive=", ".join(failed))
