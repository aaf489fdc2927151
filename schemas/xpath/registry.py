"""What a function of the allow-list is, and the kinds of functions that there are many of.

A module of functions makes one `Functions` and puts its own into it; `schemas.xpath.functions` is all of them together.
A function says how many arguments it takes and builds a closure from their trees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from schemas.xpath.code import Code, Context, Kind, Run, boolean, nodes, number, text, value
from schemas.xpath.tree import PathTree, Step, Tree

if TYPE_CHECKING:
    from schemas.xpath.compiler import Job

Build: TypeAlias = "Callable[[Job, tuple[Tree, ...]], Code]"
MANY = 1000
OWN = PathTree(False, None, (Step("self", "*"),))
"""The path of the context node."""
MAX_TEXT = 1_000_000
_CONVERT: dict[str, Callable[[Code], Callable[[Context], object]]] = {
    "t": text, "n": number, "b": boolean, "v": value,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the allow-list: the least and the greatest number of arguments, and what builds its code."""

    least: int
    most: int
    build: Build


class Functions(dict[str, Function]):
    """Functions by name."""

    def register(self, name: str, least: int, most: int) -> Callable[[Build], Build]:
        """Puts a builder on the list."""

        def put(build: Build) -> Build:
            self[name] = Function(least, most, build)
            return build

        return put

    def plain(
        self, name: str, kind: Kind, signature: str, function: Callable[..., object], *, least: int | None = None
    ) -> None:
        """Puts a function of values alone on the list. `signature` has a letter for each argument: t text, n number,
        b boolean, v any.
        """

        def build(job: Job, trees: tuple[Tree, ...]) -> Code:
            codes = [job.code(tree) for tree in trees]
            runs = tuple(_CONVERT[letter](code) for letter, code in zip(signature, codes, strict=False))
            return Code(kind, _applied(function, runs), local=any(each.local for each in codes))

        self[name] = Function(len(signature) if least is None else least, len(signature), build)

    def own_text(self, name: str, kind: Kind, function: Callable[[str], object]) -> None:
        """Puts a function of a text on the list that means the context node when it has no argument."""

        def build(job: Job, trees: tuple[Tree, ...]) -> Code:
            code = job.code(trees[0] if trees else OWN)
            run = text(code)
            return Code(kind, lambda c: function(run(c)), local=code.local)

        self[name] = Function(0, 1, build)


def _applied(function: Callable[..., object], runs: tuple[Callable[[Context], object], ...]) -> Run:
    if len(runs) == 1:
        a = runs[0]
        return lambda c: function(a(c))
    if len(runs) == 2:
        a, b = runs
        return lambda c: function(a(c), b(c))
    return lambda c: function(*[run(c) for run in runs])


def texts_of(job: Job, trees: tuple[Tree, ...]) -> tuple[Callable[[Context], list[str]], bool]:
    """All arguments as texts, a node set as the text of each of its nodes."""
    codes = [job.code(tree) for tree in trees]
    parts: list[Callable[[Context], list[str]]] = []
    for each in codes:
        if each.kind == "nodes":
            parts.append(_each_text(nodes(each)))
        else:
            parts.append(_single(text(each)))
    return lambda c: [found for part in parts for found in part(c)], any(each.local for each in codes)


def _each_text(run: Run) -> Callable[[Context], list[str]]:
    def each_text(c: Context) -> list[str]:
        found = run(c)
        c.spend(len(found))
        return [node.seen for node in found]

    return each_text


def _single(run: Callable[[Context], str]) -> Callable[[Context], list[str]]:
    return lambda c: [run(c)]


def bounded(c: Context, between: str, parts: list[str]) -> str:
    """The parts joined; empty beyond a million characters, so that no form can fill the memory by doubling texts."""
    length = sum(map(len, parts)) + len(between) * max(len(parts) - 1, 0)
    c.spend(length >> 6)
    return between.join(parts) if length <= MAX_TEXT else ""
