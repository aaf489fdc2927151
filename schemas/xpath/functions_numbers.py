"""Functions of numbers; what is no number comes through as NaN, and no argument makes them fail."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from schemas.xpath.code import Code, number
from schemas.xpath.gathered import TallyType
from schemas.xpath.registry import MANY, OWN, Function, Functions, texts_of
from schemas.xpath.tallies import Extremes, Total, exact_sum
from schemas.xpath.values import NAN, number_of, rounded

if TYPE_CHECKING:
    from schemas.xpath.compiler import Job
    from schemas.xpath.tree import Tree

FUNCTIONS = Functions()


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    return lambda a: a if a != a or math.isinf(a) else float(function(a))


def _safely(function: Callable[..., float]) -> Callable[..., float]:
    def run(*arguments: float) -> float:
        try:
            found = function(*arguments)
        except (ValueError, OverflowError, ZeroDivisionError):
            return NAN
        return found if isinstance(found, float) else NAN

    return run


def power(base: float, exponent: float) -> float:
    """A power as IEEE 754 has it: an infinity beyond the largest number, NaN where there is none."""
    odd = exponent % 2 == 1
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and odd else math.inf
    except ValueError:
        if base != 0:
            return NAN
        return math.copysign(math.inf, base) if odd else math.inf


def _exponential(amount: float) -> float:
    try:
        return math.exp(amount)
    except OverflowError:
        return math.inf


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda amount: function(amount) if amount > 0 else -math.inf if amount == 0 else NAN


def _number(job: Job, trees: tuple[Tree, ...]) -> Code:
    code = job.code(trees[0] if trees else OWN)
    return Code("number", number(code), local=code.local)


FUNCTIONS["number"] = Function(0, 1, _number)
FUNCTIONS.plain("int", "number", "n", _whole(math.trunc))
FUNCTIONS.plain("floor", "number", "n", _whole(math.floor))
FUNCTIONS.plain("ceiling", "number", "n", _whole(math.ceil))
FUNCTIONS.plain("round", "number", "nn", rounded, least=1)
FUNCTIONS.plain("abs", "number", "n", abs)
FUNCTIONS.plain("pow", "number", "nn", power)
FUNCTIONS.plain("sqrt", "number", "n", _safely(math.sqrt))
FUNCTIONS.plain("exp", "number", "n", _exponential)
FUNCTIONS.plain("exp10", "number", "n", lambda a: power(10.0, a))
FUNCTIONS.plain("log", "number", "n", _logarithm(math.log))
FUNCTIONS.plain("log10", "number", "n", _logarithm(math.log10))
FUNCTIONS.plain("pi", "number", "", lambda: math.pi)
for _name in ("sin", "cos", "tan", "asin", "acos", "atan"):
    FUNCTIONS.plain(_name, "number", "n", _safely(getattr(math, _name)))
FUNCTIONS.plain("atan2", "number", "nn", _safely(math.atan2))


def _over_all(
    name: str,
    function: Callable[[list[float]], float],
    kind: type[TallyType],
    value: Callable[[TallyType], float],
) -> None:
    """Of a question in all entries the function is kept up to date; of anything else it is worked out anew."""

    def build(job: Job, trees: tuple[Tree, ...]) -> Code:
        code = job.code(trees[0]) if len(trees) == 1 else None
        if code is not None and code.gathering is not None:
            gathering = code.gathering
            return Code("number", lambda c: value(c.gathered.tally(gathering, kind, c)), local=code.local)
        run, local = texts_of(job, trees)
        return Code("number", lambda c: function([number_of(found) for found in run(c)]), local=local)

    FUNCTIONS[name] = Function(1, MANY, build)


def _extreme(choose: Callable[[list[float]], float]) -> Callable[[list[float]], float]:
    def run(amounts: list[float]) -> float:
        known = [each for each in amounts if each == each]
        return choose(known) if known else NAN

    return run


_over_all("sum", exact_sum, Total, lambda tally: tally.value)
_over_all("min", _extreme(min), Extremes, lambda tally: tally.least)
_over_all("max", _extreme(max), Extremes, lambda tally: tally.greatest)
