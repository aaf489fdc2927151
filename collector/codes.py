"""Record codes: the public name of an interview, drawn at random when it begins (docs/spec/protocol.md §6.4).

12 characters of Crockford's base 32 (no I, L, O, U), 60 random bits: nothing of person, place or time is in it.
"""

from __future__ import annotations

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})
# The letters of the Ukrainian and the Russian layout that lie on the keys of Latin ones.
_KEYS = str.maketrans("ЙЦУКЕНГШЩЗФІЫВАПРОЛДЯЧСМИТЬ", "QWERTYUIOPASSDFGHJKLZXCVBNM")


def draw() -> str:
    """A new record code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normal(typed: str) -> str:
    """A code as a person types it, in its one spelling: capitals, without spaces and dashes, I and L as 1, O as 0.

    Letters typed while the keyboard stands on Ukrainian or Russian are read as the Latin ones on the same keys.
    """
    return typed.upper().translate(_KEYS).translate(_MISREAD)


def is_code(text: str) -> bool:
    """Whether `text` is a record code in its one spelling."""
    return len(text) == LENGTH and all(character in ALPHABET for character in text)
