"""Patterns of forms: the same answers as Python's `re` where both offer a pattern, and never long to find."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.xpath.regex import Pattern, PatternError

PARTIAL_DATE = r"^([12][0-9]{3}(-(0[1-9]|1[0-2]|XX)(-(0[1-9]|[12][0-9]|3[01]|XX))?)?)([?~%])?(/.*)?$"


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (PARTIAL_DATE, ("2023", "2023-10", "2023-XX-15", "2022~", "2022/.."), ("", "23", "2023-13", "x2023")),
        ("[0-9]{3}", ("123",), ("12", "1234", "12a")),
        (r"\d{2,4}", ("12", "1234"), ("1", "12345", "١٢")),
        (r"\w+@\w+\.(com|org)", ("a_1@b.org",), ("a@b.net", "a b@c.com")),
        ("a|bc|", ("a", "bc", ""), ("b", "abc")),
        ("(ab)*c?", ("", "ab", "ababc"), ("aba", "cc")),
        ("[^a-c]x", ("dx", "-x"), ("ax", "x")),
        ("[a-]+", ("a-a",), ("b",)),
        ("[]x]+", ("]x",), ("a",)),
        (r"[\d.]+", ("1.2",), ("1a",)),
        (r"\p{L}+", ("Їжак",), ("a1",)),
        (r"\p{Lu}\p{Ll}*", ("Київ",), ("київ",)),
        (r"\p{IsCyrillic}+", ("Київ",), ("Kyiv",)),
        (r"\P{N}+", ("ab",), ("a1",)),
        (r"a.c", ("abc",), ("a\nc",)),
        (r"\.\*\u0041\x42", (".*AB",), ("xxAB",)),
        ("(?:a+?)b", ("aab",), ("b",)),
        ("a^b", (), ("ab", "a^b")),
        ("a{0}b", ("b",), ("ab",)),
        ("x{2,}", ("xx", "xxxx"), ("x",)),
    ],
)
def test_whole_texts_match(pattern, yes, no):
    matches = Pattern(pattern).matches
    assert [matches(text) for text in yes] == [True] * len(yes)
    assert [matches(text) for text in no] == [False] * len(no)


@pytest.mark.parametrize(
    "pattern",
    [
        "(", ")", "(a", "a)", "[a", "a{", "a{x}", "a{2,1}", "*a", "+", "a**?+", "a++", r"(a)\1", "(?=a)",
        "(?!a)", "(?<=a)b",
        "(?P<n>a)", r"\b", r"\q", r"\p{Nope}", r"\uZZZZ", "[b-a]", "[a[b]]", "\\", "a{99999}", "(" * 50 + ")" * 50,
        "((a{100}){100}){100}", "a" * 1001,
    ],
)  # fmt: skip
def test_what_is_not_offered_is_refused(pattern):
    with pytest.raises(PatternError):
        Pattern(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+", "(a|a)*", "(a|aa)+", "(a*)*", "(.*a){20}", "(a?){50}a{50}"])
def test_patterns_that_never_end_elsewhere_end_here(pattern):
    assert Pattern(pattern).matches("a" * 3000 + "!") is False


_ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "c"])
_PATTERNS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}"])).map(lambda pair: f"({pair[0]}){pair[1]}"),
    ),
    max_leaves=6,
)


@settings(max_examples=200)
@given(_PATTERNS, st.lists(st.text("abcd", max_size=8), min_size=1, max_size=6))
def test_same_answers_as_python(pattern, texts):
    ours, theirs = Pattern(pattern), re.compile(pattern)
    assert [ours.matches(text) for text in texts] == [theirs.fullmatch(text) is not None for text in texts]
