"""Paths of secondary instances: choice lists and other tables that stand in the form and never change.

`instance('l')/root/item[f = ${x}]` is what every cascade looks like. When a predicate asks for one column to equal a
text that does not depend on the item, the items are looked up in an index of that column, made at first use, so that a
list of thousands costs no more than one of ten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from schemas.xpath.code import Code, Context, Leaf, Refused
from schemas.xpath.paths import Filter
from schemas.xpath.tree import Step

Find: TypeAlias = Callable[[Context], list[Leaf]]
Lookup: TypeAlias = tuple[str, Callable[[Context], str]]
"""A column, and the text that it must equal."""


_AXES = frozenset(("self", "attribute", "child", "descendant", "descendant-or-self"))


def _check(step: Step) -> None:
    """Refuses an axis that tables do not have, when the form is loaded."""
    if step.axis not in _AXES:
        raise Refused("E_FORM_EXPRESSION", f"the axis {step.axis} is not offered in tables")


def fixed_leaves(start: Leaf, steps: Sequence[Step]) -> list[Leaf]:
    """The leaves at a path without predicates."""
    found = [start]
    for step in steps:
        found = further(found, step)
    return found


def further(leaves: list[Leaf], step: Step) -> list[Leaf]:
    """One step from each of the leaves. Raises Refused."""
    _check(step)
    if step.axis == "self":
        return [each for each in leaves if step.name in ("*", "node()", each.name)]
    if step.axis == "attribute":
        return [
            Leaf(f"@{name}", text, ())
            for leaf in leaves
            for name, text in leaf.attributes.items()
            if step.name in ("*", name)
        ]
    if step.axis in ("descendant", "descendant-or-self"):
        own = leaves if step.axis == "descendant-or-self" else ()
        below = [each for leaf in leaves for each in _below(leaf)]
        return [each for each in (*own, *below) if step.name in ("*", "node()", each.name)]
    if step.name == "text()":
        return leaves
    return [each for leaf in leaves for each in leaf.named("*" if step.name == "node()" else step.name)]


def _below(leaf: Leaf) -> list[Leaf]:
    found: list[Leaf] = []
    stack = list(reversed(leaf.children))
    while stack:
        each = stack.pop()
        found.append(each)
        stack.extend(reversed(each.children))
    return found


def fixed(leaves: list[Leaf]) -> Find:
    """Always these leaves."""
    return lambda c: leaves


def filtered(before: Find, rule: Filter) -> Find:
    """The leaves that a predicate keeps."""

    def run(c: Context) -> list[Leaf]:
        return _apply(c, before(c), rule)

    return run


def indexed(leaves: list[Leaf], lookup: Lookup, rule: Filter | None) -> Find:
    """The leaves whose column equals a text, from an index; `rule` is the rest of the predicate, if there is a rest."""
    column, wanted = lookup
    index: dict[str, list[Leaf]] = {}

    def run(c: Context) -> list[Leaf]:
        if not index and leaves:
            for each in leaves:
                index.setdefault(each.text(column), []).append(each)
        found = index.get(wanted(c), [])
        return found if rule is None else _apply(c, found, rule)

    return run


def stepped(before: Find, step: Step) -> Find:
    """One step on from what was found. Raises Refused."""
    _check(step)

    def run(c: Context) -> list[Leaf]:
        found = further(before(c), step)
        c.spend(len(found))
        return found

    return run


def _apply(c: Context, leaves: list[Leaf], rule: Filter) -> list[Leaf]:
    c.spend(len(leaves))
    kept = (c.item, c.position, c.size)
    c.size = len(leaves)
    found = []
    try:
        for number, each in enumerate(leaves, start=1):
            c.item, c.position = each, number
            if rule.position is not None:
                if rule.position(c) == number:
                    found.append(each)
            elif rule.condition is not None and rule.condition(c):
                found.append(each)
    finally:
        c.item, c.position, c.size = kept
    return found


def column(name: str) -> Code:
    """The text of a column of the item that a predicate looks at."""
    return Code("text", lambda c: c.item.text(name), local=True)


def item_path(steps: Sequence[Step]) -> Code:
    """A relative path from the item that a predicate looks at. Raises Refused."""
    for step in steps:
        _check(step)
    if len(steps) == 1 and steps[0].axis == "child" and steps[0].name != "*":
        return column(steps[0].name)
    return Code("nodes", lambda c: fixed_leaves(c.item, steps), local=True)
