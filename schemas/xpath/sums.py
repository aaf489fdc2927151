"""Sums over the entries of repeats that cost the same however many entries there are.

A sum is kept as an exact whole number of the smallest fractions that a float has, so that taking an old value out and
putting a new one in gives, to the last digit, what adding everything anew gives (`math.fsum`, which is exact too).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from schemas.xpath.values import number_of

if TYPE_CHECKING:
    from schemas.xform_model import Definition, Repeat
    from schemas.xpath.code import Context

_SMALLEST = 1_074
"""No float has more binary digits behind the point."""


def exact_sum(amounts: Iterable[float]) -> float:
    """The sum of what is a number, rounded once; what is none is left out (JavaRosa)."""
    try:
        return math.fsum(each for each in amounts if each == each)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


class Aggregate:
    """A question in all entries of repeats: what `sum(/data/r/n)` looks at. Equal only to itself."""

    __slots__ = ("climb", "repeats", "target")

    def __init__(self, climb: Callable[[Context], Any], repeats: tuple[Repeat, ...], target: Definition) -> None:
        self.climb = climb
        self.repeats = repeats
        self.target = target

    def lives(self, top: Any) -> list[Any]:  # noqa: ANN401  # a scope of the live tree
        """The nodes below a scope, in document order, relevant or not: hidden ones show no text."""
        scopes = [top]
        for repeat in self.repeats:
            scopes = [entry for scope in scopes for entry in scope.nodes[repeat.slot].entries]
        return [scope.nodes[self.target.slot] for scope in scopes]


class _Sum:
    """One sum below one scope: the exact total, and what each node gave to it."""

    __slots__ = ("parts", "total")

    def __init__(self, lives: list[Any]) -> None:
        self.parts = {live: _exact(live.seen) for live in lives}
        self.total = sum(self.parts.values())

    def change(self, live: Any) -> None:  # noqa: ANN401  # a node of the live tree
        now = _exact(live.seen)
        self.total += now - self.parts[live]
        self.parts[live] = now

    @property
    def value(self) -> float:
        try:
            return self.total / (1 << _SMALLEST)
        except OverflowError:
            return math.inf


def _exact(text: str) -> int:
    """A text's number in units of the smallest fraction. Raises OverflowError for one that no float can hold."""
    amount = number_of(text) if text else math.nan
    if amount != amount:
        return 0
    top, bottom = amount.as_integer_ratio()
    return top << (_SMALLEST - bottom.bit_length() + 1)


class Sums:
    """The sums of one session, kept up to date by the engine."""

    def __init__(self) -> None:
        self._found: dict[Definition, dict[tuple[Aggregate, Any], _Sum]] = {}
        self._around: dict[Definition, set[Definition]] = {}

    def value(self, aggregate: Aggregate, c: Context) -> float:
        """The sum below the scope that the context stands in."""
        top = aggregate.climb(c)
        known = self._found.setdefault(aggregate.target, {})
        found = known.get((aggregate, top))
        try:
            if found is None:
                lives = aggregate.lives(top)
                c.spend(len(lives))
                found = known[aggregate, top] = _Sum(lives)
                for repeat in aggregate.repeats:
                    self._around.setdefault(repeat, set()).add(aggregate.target)
            return found.value
        except OverflowError:
            return exact_sum(number_of(live.seen) for live in aggregate.lives(top))

    def changed(self, definition: Definition, live: Any) -> None:  # noqa: ANN401  # a node of the live tree
        """A node shows another text."""
        for each in self._found.get(definition, {}).values():
            if live in each.parts:
                try:
                    each.change(live)
                except OverflowError:
                    self._found.pop(definition, None)
                    return

    def entries_changed(self, repeat: Definition) -> None:
        """A repeat has other entries: the sums over it are added anew when they are asked for."""
        for target in self._around.get(repeat, ()):
            self._found.pop(target, None)

    def clear(self) -> None:
        """Forgets every sum."""
        self._found.clear()
