"""The expression tree that the compiler reads: our own small types, so that elementpath ends at
`schemas.xpath.parser`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

LEVELS = (("or",), ("and",), ("=", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "div", "mod"))
"""Operators by precedence, weakest first; a chain has those of one level."""


@dataclass(frozen=True, slots=True)
class String:
    """A string literal."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number literal."""

    value: float


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one precedence, left to right: `a - b + c` is Chain(a, ((-, b), (+, c)))."""

    first: Tree
    rest: tuple[tuple[str, Tree], ...]


@dataclass(frozen=True, slots=True)
class Negative:
    """Unary minus."""

    operand: Tree


@dataclass(frozen=True, slots=True)
class Union:
    """Node sets joined by `|`."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function call."""

    name: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path. `name` is an element name without its prefix, `*`, or a node test such as `text()`.

    `deep`: a descendant written as `//name`, whose positions count among the children of one parent.
    """

    axis: str
    name: str
    predicates: tuple[Tree, ...] = ()
    deep: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class PathTree:
    """A location path: from the root (`absolute`), from another node set (`base`), or from the context node.

    `predicates` are those of the base itself: `(a | b)[1]`.
    """

    absolute: bool
    base: Tree | None
    steps: tuple[Step, ...]
    predicates: tuple[Tree, ...] = ()


Tree: TypeAlias = String | Number | Chain | Negative | Union | Call | PathTree
