"""Passphrases: made by the program, or strong enough to be a person's own (docs/spec/protocol.md §4.3).

The program's words are four letters, consonant and vowel in turn, so that they can be read aloud, typed on any
keyboard and spelled by ear. There are 7,776 of them (six to the fifth power), so that six words carry 77 bits.
"""

from __future__ import annotations

import itertools
import math
import secrets
import unicodedata

from schemas.problems import Problem

WORDS = 6
SHORTEST = 14
_CONSONANTS = "bdfghjklmnprstvwz"
_VOWELS = "aeiou"
_LIST_LENGTH = 6**5
_ENOUGH_BITS = 40


def word_list() -> tuple[str, ...]:
    """The 7,776 words, in order:

    evenly taken from all words of the shape consonant, vowel, consonant, vowel and a few with a fifth letter.
    """
    short = ["".join(letters) for letters in itertools.product(_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS)]
    longer = [word + "n" for word in short]
    return tuple([*short, *longer[: _LIST_LENGTH - len(short)]])


def generate(words: int = WORDS) -> str:
    """A fresh passphrase of that many words, about 12.9 bits each, from the system's random source."""
    known = word_list()
    return " ".join(secrets.choice(known) for _ in range(words))


def strength_bits(passphrase: str) -> float:
    """A careful guess at the strength:

    repeats, runs and a small alphabet count little. For people's own passphrases only.
    """
    text = unicodedata.normalize("NFKC", passphrase)
    words = text.split()
    if len(words) >= WORDS and set(words) <= set(word_list()):
        return len(set(words)) * math.log2(_LIST_LENGTH)
    alphabet = sum(size for test, size in _ALPHABETS if any(test(char) for char in text)) or 1
    fresh = sum(
        1
        for place, char in enumerate(text)
        if place == 0 or (char != text[place - 1] and abs(ord(char) - ord(text[place - 1])) != 1)
    )
    distinct = len(set(text))
    return min(fresh * math.log2(alphabet) * 0.6, distinct * math.log2(alphabet) * 1.5)


_ALPHABETS = (
    (lambda char: char.isdigit(), 10),
    (lambda char: char.isalpha() and char.islower(), 26),
    (lambda char: char.isalpha() and char.isupper(), 26),
    (lambda char: not char.isalnum(), 20),
)


def check(passphrase: str) -> None:
    """Refuse a passphrase of a person's own that is too short (E_PASSPHRASE_SHORT) or too easy to guess
    (E_PASSPHRASE_WEAK).
    """
    if len(unicodedata.normalize("NFKC", passphrase)) < SHORTEST:
        raise Problem("E_PASSPHRASE_SHORT", least=SHORTEST)
    if strength_bits(passphrase) < _ENOUGH_BITS:
        raise Problem("E_PASSPHRASE_WEAK")
