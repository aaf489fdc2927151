"""Tallies give, after any changes, what they give when everything is looked at anew."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from schemas.xpath.tallies import Count, Extremes, Offers, Total, exact_sum
from schemas.xpath.values import number_of

TEXTS = st.one_of(
    st.none(),
    st.sampled_from(("", "x", "0", "-0", "NaN", "Infinity", "-Infinity", "9" * 309, "0.1", "1e5", " 7 ", "-3.25")),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda amount: format(amount, "f")),
)
CHANGES = st.lists(st.tuples(st.integers(0, 4), TEXTS), max_size=20)


def played(changes, tally) -> list[str]:
    """The texts that are there in the end, in their order."""
    state: dict[int, str | None] = dict.fromkeys(range(5))
    for place, text in changes:
        if text != state[place]:
            tally.change(state[place], text)
            state[place] = text
    return [text for text in state.values() if text is not None]


def same(one: float, other: float) -> bool:
    return one == other or (one != one and other != other)


@given(CHANGES)
def test_sums_counts_and_extremes_follow_changes_exactly(changes):
    total, count, extremes = Total(), Count(), Extremes()
    texts = played(changes, total)
    assert played(changes, count) == played(changes, extremes) == texts
    known = [amount for text in texts if (amount := number_of(text)) == amount]
    assert same(total.value, exact_sum(known))
    assert (count.value, count.filled) == (len(texts), sum(map(bool, texts)))
    assert same(extremes.least, min(known, default=math.nan))
    assert same(extremes.greatest, max(known, default=math.nan))


def test_a_sum_beyond_every_number_keeps_its_sign_and_comes_back():
    total = Total()
    for _ in range(2):
        total.change(None, "-" + "9" * 308)
    assert total.value == -math.inf
    total.change("-" + "9" * 308, "1")
    assert total.value == -1e308
    assert exact_sum([-1e308, -1e308]) == -math.inf
    assert exact_sum([1e308, 1e308, -1e308]) == 1e308
    assert math.isnan(exact_sum([math.inf, -math.inf]))


@given(st.lists(st.tuples(st.integers(0, 4), st.tuples(st.sampled_from("ab"), st.sampled_from("xy")))))
def test_offers_have_the_same_mark_when_they_offer_the_same(changes):
    one, other = Offers(), Offers()
    state: dict[int, tuple[object, ...] | None] = dict.fromkeys(range(5))
    for place, (value, label) in changes:
        new = ("" if value == "b" else value, label, place)
        one.change(state[place], new)
        state[place] = new
    for each in state.values():
        other.change(None, each)
    assert one.mark == other.mark
    assert one.values == other.values
    other.change(None, ("c", "z", 9))
    assert one.mark != other.mark
