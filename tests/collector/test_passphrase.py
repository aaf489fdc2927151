"""Passphrases: the program's own carry 77 bits, a person's own are long and not too easy."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import passphrase
from schemas.problems import Problem


def test_there_are_7776_different_words_that_can_be_told_apart_by_their_spelling() -> None:
    words = passphrase.word_list()
    assert len(words) == len(set(words)) == 7776
    assert all(word.isascii() and word.isalpha() and word.islower() and len(word) in (4, 5) for word in words)


def test_a_made_passphrase_has_six_words_of_the_list_and_is_accepted() -> None:
    made = passphrase.generate()
    assert len(made.split()) == 6
    assert set(made.split()) <= set(passphrase.word_list())
    passphrase.check(made)
    assert math.log2(len(passphrase.word_list())) * 6 > 77


def test_two_made_passphrases_are_different() -> None:
    assert len({passphrase.generate() for _ in range(200)}) == 200


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "E_PASSPHRASE_SHORT"),
        ("thirteen char", "E_PASSPHRASE_SHORT"),
        ("aaaaaaaaaaaaaaaa", "E_PASSPHRASE_WEAK"),
        ("abcdefghijklmnop", "E_PASSPHRASE_WEAK"),
        ("0123456789012345", "E_PASSPHRASE_WEAK"),
        ("1111222233334444", "E_PASSPHRASE_WEAK"),
    ],
)
def test_short_and_easy_ones_are_refused(text: str, code: str) -> None:
    with pytest.raises(Problem) as caught:
        passphrase.check(text)
    assert caught.value.code == code
    assert not text or text not in str(caught.value.as_dict())


@pytest.mark.parametrize(
    "text", ["correct horse battery staple", "сніг лежав на полі три дні", "wogi dapu ferin kolza"]
)
def test_several_plain_words_are_accepted_in_any_script(text: str) -> None:
    passphrase.check(text)


@given(st.text(max_size=200))
def test_any_text_gets_a_verdict(text: str) -> None:
    assert passphrase.strength_bits(text) >= 0
