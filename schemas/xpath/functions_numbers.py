"""Functions of numbers; what is no number comes through as NaN, and no argument makes them fail."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from schemas.xpath.code import Code, number
from schemas.xpath.registry import MANY, OWN, Function, Functions, texts_of
from schemas.xpath.sums import exact_sum
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


def _number(job: Job, trees: tuple[Tree, ...]) -> Code:
    code = job.code(trees[0] if trees else OWN)
    return Code("number", number(code), local=code.local)


FUNCTIONS["number"] = Function(0, 1, _number)
FUNCTIONS.plain("int", "number", "n", _whole(math.trunc))
FUNCTIONS.plain("floor", "number", "n", _whole(math.floor))
FUNCTIONS.plain("ceiling", "number", "n", _whole(math.ceil))
FUNCTIONS.plain("round", "number", "nn", rounded, least=1)
FUNCTIONS.plain("abs", "number", "n", abs)
FUNCTIONS.plain("pow", "number", "nn", _safely(lambda a, b: a**b))
FUNCTIONS.plain("sqrt", "number", "n", _safely(math.sqrt))
FUNCTIONS.plain("exp", "number", "n", _safely(math.exp))
FUNCTIONS.plain("exp10", "number", "n", _safely(lambda a: 10.0**a))
FUNCTIONS.plain("log", "number", "n", _safely(math.log))
FUNCTIONS.plain("log10", "number", "n", _safely(math.log10))
FUNCTIONS.plain("pi", "number", "", lambda: math.pi)
for _name in ("sin", "cos", "tan", "asin", "acos", "atan"):
    FUNCTIONS.plain(_name, "number", "n", _safely(getattr(math, _name)))
FUNCTIONS.plain("atan2", "number", "nn", _safely(math.atan2))


def _over_all(name: str, function: Callable[[list[float]], float]) -> None:
    def build(job: Job, trees: tuple[Tree, ...]) -> Code:
        run, local = texts_of(job, trees)
        return Code("number", lambda c: function([number_of(found) for found in run(c)]), local=local)

    FUNCTIONS[name] = Function(1, MANY, build)


def _sum(job: Job, trees: tuple[Tree, ...]) -> Code:
    """A sum over a question in all entries is kept up to date; any other is added up."""
    code = job.code(trees[0]) if len(trees) == 1 else None
    if code is not None and code.aggregate is not None:
        aggregate = code.aggregate
        return Code("number", lambda c: c.sums.value(aggregate, c), local=code.local)
    run, local = texts_of(job, trees)
    return Code("number", lambda c: exact_sum(map(number_of, run(c))), local=local)


def _extreme(choose: Callable[[list[float]], float]) -> Callable[[list[float]], float]:
    def run(amounts: list[float]) -> float:
        known = [each for each in amounts if each == each]
        return choose(known) if known else NAN

    return run


FUNCTIONS["sum"] = Function(1, MANY, _sum)
_over_all("min", _extreme(min))
_over_all("max", _extreme(max))
