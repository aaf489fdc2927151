"""A compiled form kept for the next time: its expressions as they were parsed, in canonical msgpack, beside the XForm.

Parsing expressions takes most of the time in which a large form is loaded. What is kept here is data alone: trees of
names, numbers and texts, written one node after the other. Reading a file that somebody changed can give another
expression but never run anything: the compiler checks what it is given as if it had parsed it. A cache of another
version of this program, of another form, or one that is damaged is no cache, and the form is read without.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from schemas.canonical import Limits, dump, load
from schemas.problems import Problem
from schemas.xform import parse_form
from schemas.xform_model import Form
from schemas.xpath.tree import LEVELS, Call, Chain, Negative, Number, PathTree, Step, String, Tree, Union

VERSION = 2
_ROW, _FIELD = "\x1e", "\x1f"
_LIMITS = Limits(size=32 << 20, items=1_000_000)
_AXES = frozenset((
    "child", "parent", "self", "attribute", "descendant", "descendant-or-self", "ancestor", "ancestor-or-self",
    "following-sibling", "preceding-sibling", "following", "preceding",
))  # fmt: skip


def save_form(xml: bytes, files: Mapping[str, bytes] | None = None) -> bytes:
    """The cache of a form. Raises what parse_form raises."""
    trees: dict[str, Tree] = {}
    parse_form(xml, files, trees=trees)
    return write_cache(xml, trees)


def write_cache(xml: bytes, trees: Mapping[str, Tree], program: str = "") -> bytes:
    """The cache of a form whose parsed expressions these are, for this version of the program."""
    written = {source: _written(tree) for source, tree in trees.items()}
    return dump({"v": VERSION, "by": program, "form": hashlib.sha256(xml).digest(), "trees": written}, _LIMITS)


def load_form(xml: bytes, cache: bytes | None, files: Mapping[str, bytes] | None = None) -> Form:
    """The form, with the help of a cache where it is one of this very XForm. Raises what parse_form raises."""
    return parse_form(xml, files, trees=read_cache(xml, cache) if cache is not None else None)


def read_cache(xml: bytes, cache: bytes, program: str = "") -> dict[str, Tree]:
    """The parsed expressions of the XForm by their text; nothing for what is no cache of it by this program."""
    try:
        found = load(cache, _LIMITS)
        if (found["v"], found["by"], found["form"]) != (VERSION, program, hashlib.sha256(xml).digest()):
            return {}
        return {source: _read(written) for source, written in found["trees"].items()}
    except (Problem, KeyError, TypeError, ValueError, AttributeError, IndexError):
        return {}


def _written(tree: Tree) -> str:
    """One line for each node, its fields with separators that XML, and so a form, cannot hold."""
    rows: list[list[str]] = []
    _write(tree, rows)
    return _ROW.join(_FIELD.join(row) for row in rows)


def _write(tree: Tree, rows: list[list[str]]) -> None:
    """Parts first, then the node that takes them off the stack."""
    match tree:
        case String(value=value):
            rows.append(["s", value])
        case Number(value=amount):
            rows.append(["n", repr(amount)])
        case Negative(operand=operand):
            _write_all((operand,), rows)
            rows.append(["-"])
        case Chain(first=first, rest=rest):
            _write_all((first, *(part for _, part in rest)), rows)
            rows.append(["c", *(symbol for symbol, _ in rest)])
        case Union(parts=parts):
            _write_all(parts, rows)
            rows.append(["|", str(len(parts))])
        case Call(name=name, arguments=arguments):
            _write_all(arguments, rows)
            rows.append(["f", name, str(len(arguments))])
        case PathTree(absolute=absolute, base=base, steps=steps, predicates=predicates):
            _write_all(() if base is None else (base,), rows)
            _write_all(predicates, rows)
            for step in steps:
                _write_all(step.predicates, rows)
            row = ["p", str(int(absolute)), str(int(base is not None)), str(len(predicates))]
            for step in steps:
                row += [step.axis, step.name, str(len(step.predicates)), str(int(step.deep))]
            rows.append(row)


def _write_all(trees: tuple[Tree, ...], rows: list[list[str]]) -> None:
    for each in trees:
        _write(each, rows)


def _read(written: str) -> Tree:
    """The tree of one expression. Raises ValueError or IndexError for lines that make none."""
    stack: list[Tree] = []
    for row in written.split(_ROW):
        tag, *rest = row.split(_FIELD)
        if tag == "s":
            stack.append(String(rest[0]))
        elif tag == "n":
            stack.append(Number(float(rest[0])))
        elif tag == "-":
            stack.append(Negative(stack.pop()))
        elif tag == "c":
            if not any(set(rest) <= set(level) for level in LEVELS):
                raise ValueError(tag)
            first, *parts = _take(stack, len(rest) + 1)
            stack.append(Chain(first, tuple(zip(rest, parts, strict=True))))
        elif tag == "|":
            stack.append(Union(tuple(_take(stack, int(rest[0])))))
        elif tag == "f":
            stack.append(Call(rest[0], tuple(_take(stack, int(rest[1])))))
        elif tag == "p":
            stack.append(_path(stack, rest))
        else:
            raise ValueError(tag)
    (tree,) = stack
    return tree


def _path(stack: list[Tree], fields: list[str]) -> PathTree:
    absolute, based, predicates, *steps = fields
    found: list[Step] = []
    for place in range(len(steps) - 4, -1, -4):
        axis, name, count, deep = steps[place : place + 4]
        if axis not in _AXES:
            raise ValueError(axis)
        found.append(Step(axis, name, tuple(_take(stack, int(count))) if count != "0" else (), deep == "1"))
    own = tuple(_take(stack, int(predicates)))
    base = stack.pop() if based == "1" else None
    return PathTree(absolute == "1", base, tuple(reversed(found)), own)


def _take(stack: list[Tree], count: int) -> list[Tree]:
    if not 0 <= count <= len(stack):
        raise ValueError(count)
    taken = stack[len(stack) - count :]
    del stack[len(stack) - count :]
    return taken
