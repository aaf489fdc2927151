"""Operators as closures: arithmetic over a whole chain at once, node sets joined and narrowed.

A chain of a thousand additions is one closure with a loop, not a thousand closures inside each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import add, mul, sub

from schemas.xpath.code import Code, Context, Run, boolean, nodes, number
from schemas.xpath.paths import Filter

_Operation = Callable[[float, float], float]


def logic(codes: Sequence[Code], *, every: bool) -> Code:
    """`and` (every) and `or` over all the codes; what comes after the decision is not evaluated."""
    local = any(each.local for each in codes)
    tests = tuple(boolean(each) for each in codes)
    if len(tests) == 2:
        a, b = tests
        run: Run = (lambda c: a(c) and b(c)) if every else (lambda c: a(c) or b(c))
        return Code("boolean", run, local=local)
    if every:
        return Code("boolean", lambda c: all(test(c) for test in tests), local=local)
    return Code("boolean", lambda c: any(test(c) for test in tests), local=local)


def arithmetic(first: Code, rest: Sequence[tuple[str, Code]]) -> Code:
    """`+`, `-`, `*`, `div` and `mod` of one precedence, from left to right."""
    local = first.local or any(code.local for _, code in rest)
    start = number(first)
    parts = tuple((_OPERATIONS[symbol], number(code)) for symbol, code in rest)
    if len(parts) == 1:
        operation, b = parts[0]
        return Code("number", lambda c: operation(start(c), b(c)), local=local)

    def run(c: Context) -> float:
        amount = start(c)
        for operation, part in parts:
            amount = operation(amount, part(c))
        return amount

    return Code("number", run, local=local)


def divide(a: float, b: float) -> float:
    """Division as IEEE 754 has it: by zero it gives an infinity or NaN."""
    if b != 0:
        return a / b
    if a != a or a == 0 or b != b:
        return math.nan
    return math.inf if (a > 0) == (math.copysign(1, b) > 0) else -math.inf


def remainder(a: float, b: float) -> float:
    """The remainder with the sign of the dividend (XPath 1.0 §3.5)."""
    if b == 0 or a != a or b != b or math.isinf(a):
        return math.nan
    return math.fmod(a, b)


_OPERATIONS: dict[str, _Operation] = {"+": add, "-": sub, "*": mul, "div": divide, "mod": remainder}


def union(codes: Sequence[Code]) -> Code:
    """Node sets together, each node once."""
    runs = [nodes(each) for each in codes]
    targets = {id(each.target): each.target for each in codes}

    def run(c: Context) -> list[object]:
        found: dict[int, object] = {}
        for each in runs:
            for node in each(c):
                found.setdefault(id(node), node)
        return list(found.values())

    target = next(iter(targets.values())) if len(targets) == 1 else None
    return Code("nodes", run, local=any(each.local for each in codes), target=target)


def joined(codes: list[Code]) -> Code:
    """The nodes of several codes, one after the other."""
    runs = [nodes(each) for each in codes]
    return Code("nodes", lambda c: [node for run in runs for node in run(c)])


def kept(found: Code, filters: tuple[Filter, ...], enter: Callable[[Context, object], object]) -> Code:
    """What predicates keep of nodes that were found; positions count among what was found.

    `enter` makes the context look at a candidate, and gives what is to be put back.
    """
    run = nodes(found)

    def narrowed(c: Context) -> list[object]:
        live: list[object] = run(c)
        for rule in filters:
            c.spend(len(live))
            before = (c.scope, c.item, c.position, c.size)
            c.size = len(live)
            chosen = []
            try:
                for position, each in enumerate(live, start=1):
                    enter(c, each)
                    c.position = position
                    if rule.position(c) == position if rule.position else bool(rule.condition and rule.condition(c)):
                        chosen.append(each)
            finally:
                c.scope, c.item, c.position, c.size = before
            live = chosen
        return live

    return Code("nodes", narrowed, target=found.target, local=found.local)
