"""What is known of gathered nodes: sums, counts, extremes and offers that follow a change without looking at the rest.

Every one gives, to the last digit, what looking at all nodes gives.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable
from typing import Any

from schemas.xpath.gathered import Tally
from schemas.xpath.values import number_of

_SMALLEST = 1_074
"""No float has more binary digits behind the point."""


class Total(Tally[str]):
    """A sum, kept as an exact whole number of the smallest fractions that a float has, and rounded once.

    So taking an old value out and putting a new one in gives what adding everything anew gives. What is no number is
    left out (JavaRosa).
    """

    def __init__(self) -> None:
        self._total = 0
        self._infinite = {math.inf: 0, -math.inf: 0}

    def change(self, old: str | None, new: str | None) -> None:
        """As `Tally.change`."""
        for text, sign in ((old, -1), (new, 1)):
            if text:
                self.add(number_of(text), sign)

    def add(self, amount: float, times: int = 1) -> None:
        """Adds an amount; with -1, takes it out."""
        if amount in self._infinite:
            self._infinite[amount] += times
        elif amount == amount:
            top, bottom = amount.as_integer_ratio()
            self._total += times * (top << (_SMALLEST - bottom.bit_length() + 1))

    @property
    def value(self) -> float:
        """The sum; beyond what a float holds, an infinity."""
        up, down = self._infinite[math.inf] > 0, self._infinite[-math.inf] > 0
        if up or down:
            return math.nan if up and down else math.inf if up else -math.inf
        try:
            return self._total / (1 << _SMALLEST)
        except OverflowError:
            return math.inf if self._total > 0 else -math.inf


def exact_sum(amounts: Iterable[float]) -> float:
    """The sum of what is a number, rounded once; what is none is left out (JavaRosa)."""
    known = [each for each in amounts if each == each]
    try:
        return math.fsum(known)
    except (OverflowError, ValueError):
        total = Total()
        for each in known:
            total.add(each)
        return total.value


class Count(Tally[str]):
    """How many nodes there are, and how many of them have a text."""

    def __init__(self) -> None:
        self.value = 0
        self.filled = 0

    def change(self, old: str | None, new: str | None) -> None:
        """As `Tally.change`."""
        self.value += (new is not None) - (old is not None)
        self.filled += bool(new) - bool(old)


class Extremes(Tally[str]):
    """The least and the greatest of what is a number; NaN when there is none."""

    def __init__(self) -> None:
        self._amounts: list[float] = []

    def change(self, old: str | None, new: str | None) -> None:
        """As `Tally.change`."""
        before, after = (number_of(each) + 0.0 if each else math.nan for each in (old, new))
        if before == before:
            del self._amounts[bisect_left(self._amounts, before)]
        if after == after:
            insort(self._amounts, after)

    @property
    def least(self) -> float:
        """The smallest."""
        return self._amounts[0] if self._amounts else math.nan

    @property
    def greatest(self) -> float:
        """The largest."""
        return self._amounts[-1] if self._amounts else math.nan


class Offers(Tally["tuple[Any, ...]"]):
    """Choices that are entries: of each its value, its label and where it stands. Those without value are not offered.

    Whether two states offer the same in the same order is told by `mark`: how many are offered, and the sum of what
    Python's keyed hash gives for each. So that does not grow with their number either.
    """

    def __init__(self) -> None:
        self.values: Counter[str] = Counter()
        self._sum = 0
        self._count = 0

    def change(self, old: tuple[Any, ...] | None, new: tuple[Any, ...] | None) -> None:
        """As `Tally.change`."""
        for each, sign in ((old, -1), (new, 1)):
            if each is not None and each[0]:
                self._sum += sign * hash(each)
                self._count += sign
                self.values[each[0]] += sign
                if not self.values[each[0]]:
                    del self.values[each[0]]

    @property
    def mark(self) -> tuple[int, int]:
        """Equal when the same is offered."""
        return self._count, self._sum
