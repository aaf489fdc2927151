"""The start-up self-test: one known answer for each primitive, and one forgery that each must refuse.

Published answers where the primitive is called as published (RFC 8439, RFC 5869, RFC 7748, the XChaCha and X-Wing
drafts); where the protocol adds its label, the answer is one that two implementations agree on.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from collector import crypto
from schemas.problems import Problem

_COUNT32 = bytes(range(32))
_SUNSCREEN = (
    b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
    b"sunscreen would be it."
)
_AAD = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
# draft-connolly-cfrg-xwing-kem, appendix C, first vector: the encapsulated key, and behind it a message that was
# sealed with that vector's shared secret by the key schedule of RFC 9180.
_XWING_SEED = bytes.fromhex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")
_XWING_PUBLIC = "2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb"
_XWING_SEALED = base64.b64decode(
    "uDqoKNTWK5qDzv/h09O7HvMSZGQ8BwxXmJJ+QfsHkUonP4+W54Js1TdaKD19qIUwTF3gUWoPBlQkPcW5f4v+uDH2glEhmqvdcjvGUSBBrLrv"
    "ivRCZVJJQrkC5o/9IyIc2nCxtV13apLRFD6joMR19j7miQFXxxFtrj9iv3L2Cs0ruMwxziug3jZPUrjtOMedcZcVljpd04QtjotDq3BOR1m1"
    "MnvwJ8Y8j6hXxJCNWop7iKx/K+OU2Tw3Bt3U5pjMbONwEB9NAhMlQji0ouiCG25BShzyD2wSRLaZBG9aAcqgoaVVFjALQNIEjHfMc6+6ea/u"
    "qdLAEYvfKtuIcNwyjFUWzEWxogWBQQOeLJChEKnhazGN+1O9SaEm1rc/IVeHUXuJF8wByr0QfQaFmFTui0+YYcIm03ZMhzOasWw2Z9L0k4Tl"
    "VFbdQEFLcKavhBWF9MkMaHJdV3BO6O585uL5vlgtvumF4Dj/w0br+04iFYtshDdKmrSkTh+R3lqsUZf4m8XlRC9R+aWTexAro76uv24cWDgK"
    "Sl/tzkpOUCb4j1KPWf/S20F1Kzo9kO+r5GOJm31AhwxTDIhB6HErczZo7QM62/r7LUnTekTUBk5YY+sK8KCNR7PMiINzvAX3ozuEG8JYfFfr"
    "aVVOijdnt1BpF7a3BJhyfxbqwaNuyNjPr3UVSfInfbJ36KVamlEGsjoCBrRyH6mzBIVSxb1bWU1uJH84wYxZGup/ViSccs57EXr8w6hiFYL5"
    "z3F4fhg97gk2eXbphAmtkhekl9+IgEI4TXcHprePX3+4QJ47U1F1NzRht3YALXmcutYoYL5wVz7L4Tskbg2n6TpSFo4Ptql1a4le9/AUeg3I"
    "G/pkSwiKkigWDA+azxN5opQc0owG68gOROF6ovgXcBCv14qXzgho0WKeuylMUVGBLFg9rriGhSIPTakRgRLgcEH8wk1VZKmf294ohp/gciOH"
    "16mk0W4cyFVZF+CZRKpeuqrsLPYmk6+tQqP1GPzmfSc8xsn7VHKzgOhXPsfeBqO6L9X5MdcltJMCbLCsvT/mLQDkx5DZZdegOjwLQiK6jCqa"
    "FuKsZY9XKuDnRur8T+ugI1dvCJQieKBB+4KnClldW6y/KXziApiYpx5cOw0cYii0hbGt5QmzX7yn7Kl7ITLny2vEZTdRRrfc6slpMIrAwqyJ"
    "54Y+uJQwFbJDFMr7nHwOhf5UPVZljCE2Mlme+r/B7EndjIhUe7LMQMnTjL0wmbRUeEBWBTHQGIzR6cI6Dr7goD1Vd9ZrHSvLS6ryHMf+8eA4"
    "BsqWKZ3w37xW4bK0Pk/CDDf4NMSvYhJ+fa6Gw8JaL2lqyLWJ3scdWVv76Ute1LwH2ACzMHlv2ontt3vgKUE2E5NU64zTdZFXj5xgDdm+jsYh"
    "n91Qet8zl+1NaHB7jROyTOTNj7IoUb/p1jJAfzHtb3yxYA3lbxdXZ0DOKjL8UUUDAUXPuX5j4OQdNUJ0oHnT5vsuFQ=="
) + bytes.fromhex("8fc78e8cefe35fdaccc79e1d082b1da389f0746f4fe32da22a472f51")
_BOX_SEALED = bytes.fromhex(
    "f0d3b05c8b60b76f7d38d2cf81d343d298eef1b035b664f70024724082841c62"
    "eeabd1459a25ecd69752b4b44fe0a946a5ba3e692a72c6d4a9290cbd"
)
_SIGNATURE = bytes.fromhex(
    "ba064a75bfe00a6d17792b2b0b4db27402f4cda16d177fc99c86c1c335cb35a3"
    "6499aec0ac5b99dd13dca1d0096ffe7fda6c0b2b35872b9189ef2f69b9ca4207"
)


def _flipped(data: bytes, at: int = -1) -> bytes:
    out = bytearray(data)
    out[at] ^= 1
    return bytes(out)


def _hash() -> bool:
    return crypto.sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def _hkdf() -> bool:
    prk = crypto.extract(bytes(range(13)), b"\x0b" * 22)
    label = bytes(crypto.expand(b"\x22" * 32, "doc"))
    return (
        prk.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
        and label.hex() == "3914d9f21df8e837ae3dda9ea78c1f96f5670f8dac40c04a7ad7855497c601c3"
    )


def _aead() -> bool:
    key, nonce = bytes(range(0x80, 0xA0)), bytes.fromhex("070000004041424344454647")
    sealed = crypto.aead_seal(key, nonce, _SUNSCREEN, _AAD)
    return (
        sealed[-16:].hex() == "1ae10b594f09e26a7e902ecbd0600691"
        and crypto.aead_open(key, nonce, sealed, _AAD) == _SUNSCREEN
        and crypto.aead_open(key, nonce, _flipped(sealed), _AAD) is None
    )


def _xaead() -> bool:
    key, nonce = bytes(range(0x80, 0xA0)), bytes(range(0x40, 0x58))
    sealed = crypto.xaead_seal(key, nonce, _SUNSCREEN, _AAD)
    return (
        sealed[-16:].hex() == "c0875924c1c7987947deafd8780acf49"
        and crypto.xaead_open(key, nonce, sealed, _AAD) == _SUNSCREEN
        and crypto.xaead_open(key, nonce, _flipped(sealed), _AAD) is None
    )


def _argon2id() -> bool:
    key = crypto.argon2id("known answer", bytes(range(16)), 64, 2)
    return key.hex() == "38fbfe8e4121acdf5bcd5ee305ba32082ac832216a38a1a2384f888b2840d465"


def _ed25519() -> bool:
    public, secret = crypto.sign_keypair(b"\x01" * 32)
    if crypto.sign(secret, "manifest", b"hi") != _SIGNATURE:
        return False
    crypto.verify(public, "manifest", b"hi", _SIGNATURE)
    # The identity point as public key with an empty signature: OpenSSL accepts it, so nothing here may.
    forgeries = ((public, _flipped(_SIGNATURE)), (b"\x01" + bytes(31), b"\x01" + bytes(63)))
    return all(_refused(key, mark) for key, mark in forgeries)


def _refused(public: bytes, signature: bytes) -> bool:
    try:
        crypto.verify(public, "manifest", b"hi", signature)
    except Problem:
        return True
    return False


def _box() -> bool:
    secret = _COUNT32
    public = crypto.box_keypair(secret)
    return (
        crypto.box_open(_BOX_SEALED, public, secret) == b"known answer"
        and crypto.box_open(_flipped(_BOX_SEALED), public, secret) is None
    )


def _hpke() -> bool:
    key = crypto.HybridKey(_XWING_SEED)
    opened = crypto.hpke_open(_XWING_SEALED, key, b"svidok")
    return (
        crypto.sha256(key.public).hex() == _XWING_PUBLIC
        and opened is not None
        and crypto.same(opened, b"known answer")
        and crypto.hpke_open(_flipped(_XWING_SEALED, 0), key, b"svidok") is None
        and crypto.hpke_open(_XWING_SEALED, key, b"") is None
    )


TESTS: dict[str, Callable[[], bool]] = {
    "SHA-256": _hash,
    "HKDF": _hkdf,
    "ChaCha20-Poly1305": _aead,
    "XChaCha20-Poly1305": _xaead,
    "Argon2id": _argon2id,
    "Ed25519": _ed25519,
    "sealed box": _box,
    "X-Wing HPKE": _hpke,
}


def failures() -> list[str]:
    """The names of the primitives that gave a wrong answer or none."""
    return [name for name, test in TESTS.items() if not _passes(test)]


def _passes(test: Callable[[], bool]) -> bool:
    try:
        return test()
    except Exception:  # a primitive that breaks has failed, whatever it throws
        return False
