"""The allow-list of functions: nothing else can be called from a form.

Each function says how many arguments it takes and builds a closure from their trees. Where XPath 1.0 and ODK differ,
ODK wins (ODK XForms specification, section "Functions"). No function reaches a file, the network or another program.
"""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from schemas.xpath import dates
from schemas.xpath.code import Code, Context, Kind, Refused, Run, boolean, nodes, number, text, value
from schemas.xpath.regex import Pattern, PatternError
from schemas.xpath.tree import PathTree, Step, String, Tree
from schemas.xpath.values import number_of, rounded

if TYPE_CHECKING:
    from schemas.xpath.compiler import Job

Build: TypeAlias = "Callable[[Job, tuple[Tree, ...]], Code]"
MANY = 1000
OWN = PathTree(False, None, (Step("self", "*"),))
"""The path of the context node."""
MAX_TEXT = 1_000_000


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the allow-list: the least and the greatest number of arguments, and what builds its code."""

    least: int
    most: int
    build: Build


FUNCTIONS: dict[str, Function] = {}


def register(name: str, least: int, most: int) -> Callable[[Build], Build]:
    """Puts a builder on the allow-list."""

    def put(build: Build) -> Build:
        FUNCTIONS[name] = Function(least, most, build)
        return build

    return put


_CONVERT: dict[str, Callable[[Code], Callable[[Context], object]]] = {
    "t": text, "n": number, "b": boolean, "v": value,
}  # fmt: skip


def plain(name: str, kind: Kind, signature: str, function: Callable[..., object], *, least: int | None = None) -> None:
    """Registers a function of values alone. `signature` has a letter for each argument: t text, n number, b boolean,
    v any.
    """

    def build(job: Job, trees: tuple[Tree, ...]) -> Code:
        codes = [job.code(tree) for tree in trees]
        runs = tuple(_CONVERT[letter](code) for letter, code in zip(signature, codes, strict=False))
        return Code(kind, _applied(function, runs), local=any(each.local for each in codes))

    FUNCTIONS[name] = Function(len(signature) if least is None else least, len(signature), build)


def _applied(function: Callable[..., object], runs: tuple[Callable[[Context], object], ...]) -> Run:
    if len(runs) == 1:
        a = runs[0]
        return lambda c: function(a(c))
    if len(runs) == 2:
        a, b = runs
        return lambda c: function(a(c), b(c))
    return lambda c: function(*[run(c) for run in runs])


# --- conditions


@register("true", 0, 0)
def _true(job: Job, trees: tuple[Tree, ...]) -> Code:
    return Code("boolean", lambda c: True)


@register("false", 0, 0)
def _false(job: Job, trees: tuple[Tree, ...]) -> Code:
    return Code("boolean", lambda c: False)


@register("if", 3, 3)
def _if(job: Job, trees: tuple[Tree, ...]) -> Code:
    condition, yes, no = (job.code(tree) for tree in trees)
    test = boolean(condition)
    local = condition.local or yes.local or no.local
    if yes.kind == no.kind and yes.kind in ("text", "number", "boolean"):
        a, b = yes.run, no.run
    else:
        a, b = value(yes), value(no)
    kind: Kind = yes.kind if yes.kind == no.kind and yes.kind in ("text", "number", "boolean") else "value"
    return Code(kind, lambda c: a(c) if test(c) else b(c), local=local)


@register("coalesce", 1, MANY)
def _coalesce(job: Job, trees: tuple[Tree, ...]) -> Code:
    codes = [job.code(tree) for tree in trees]
    runs = tuple(text(each) for each in codes)
    local = any(each.local for each in codes)
    return Code("text", lambda c: next((found for run in runs if (found := run(c))), ""), local=local)


@register("once", 1, 1)
def _once(job: Job, trees: tuple[Tree, ...]) -> Code:
    """The question's own value if it has one, else the argument: a calculation that is made once."""
    slot = job.place.slot
    job.relative = True
    run = text(job.code(trees[0]))
    return Code("text", lambda c: c.origin.nodes[slot].raw or run(c))


@register("checklist", 2, MANY)
def _checklist(job: Job, trees: tuple[Tree, ...]) -> Code:
    """Whether so many conditions hold; -1 sets no bound. A node set counts as one condition for each node."""
    low, high = number(job.code(trees[0])), number(job.code(trees[1]))
    tests, local = _conditions(job, trees[2:])

    def run(c: Context) -> bool:
        met, least, most = sum(tests(c)), low(c), high(c)
        return (least < 0 or met >= least) and (most < 0 or met <= most)

    return Code("boolean", run, local=local)


def _conditions(job: Job, trees: tuple[Tree, ...]) -> tuple[Callable[[Context], list[bool]], bool]:
    codes = [job.code(tree) for tree in trees]
    local = any(each.local for each in codes)
    if len(codes) == 1 and codes[0].kind == "nodes":
        run = nodes(codes[0])
        return lambda c: [node.seen != "" for node in run(c)], local
    tests = tuple(boolean(each) for each in codes)
    return lambda c: [test(c) for test in tests], local


@register("weighted-checklist", 4, MANY)
def _weighted(job: Job, trees: tuple[Tree, ...]) -> Code:
    if len(trees) % 2:
        raise Refused("E_FORM_EXPRESSION", "weighted-checklist() needs a weight for each condition")
    codes = [job.code(tree) for tree in trees]
    local = any(each.local for each in codes)
    low, high = number(codes[0]), number(codes[1])
    if len(codes) == 4 and codes[2].kind == codes[3].kind == "nodes":
        flags, weights = codes[2].run, codes[3].run
        return Code("boolean", lambda c: low(c) <= _weight(flags(c), weights(c)) <= high(c), local=local)
    pairs = tuple((boolean(codes[i]), number(codes[i + 1])) for i in range(2, len(codes), 2))
    return Code(
        "boolean", lambda c: low(c) <= sum(weight(c) for test, weight in pairs if test(c)) <= high(c), local=local
    )


def _weight(flags: list[Any], weights: list[Any]) -> float:
    """The weights of the nodes that have an answer, pair by pair."""
    return sum(number_of(weight.seen) for flag, weight in zip(flags, weights, strict=False) if flag.seen)


plain("not", "boolean", "b", lambda a: not a)
plain("boolean", "boolean", "b", lambda a: a)
plain("boolean-from-string", "boolean", "t", lambda a: a == "1" or a.lower() == "true")

# --- text


def _substr(whole: str, start: float, end: float | None = None) -> str:
    """Counts from 0; a negative position counts from the end (JavaRosa)."""
    if start != start or (end is not None and end != end):
        return ""
    length = len(whole)
    first = _within(start, length)
    last = length if end is None else _within(end, length)
    return whole[first:last]


def _within(position: float, length: int) -> int:
    if math.isinf(position):
        return length if position > 0 else 0
    place = int(position)
    return max(length + place, 0) if place < 0 else min(place, length)


def _substring(whole: str, start: float, count: float = math.inf) -> str:
    """Counts from 1 and rounds (XPath 1.0 §4.2)."""
    first = rounded(start)
    last = first + rounded(count)
    if first != first or last != last:
        return ""
    return "".join(character for place, character in enumerate(whole, start=1) if first <= place < last)


def _translate(whole: str, old: str, new: str) -> str:
    table: dict[int, str | None] = {}
    for index, character in enumerate(old):
        table.setdefault(ord(character), new[index] if index < len(new) else None)
    return whole.translate(table)


plain("substr", "text", "tnn", _substr, least=2)
plain("substring", "text", "tnn", _substring, least=2)
plain("substring-before", "text", "tt", lambda a, b: a[: max(a.find(b), 0)])
plain("substring-after", "text", "tt", lambda a, b: a.partition(b)[2] if b else a)
plain("contains", "boolean", "tt", lambda a, b: b in a)
plain("starts-with", "boolean", "tt", lambda a, b: a.startswith(b))
plain("ends-with", "boolean", "tt", lambda a, b: a.endswith(b))
plain("translate", "text", "ttt", _translate)
plain("selected", "boolean", "tt", lambda a, b: b.strip() in a.split())
plain("is-selected", "boolean", "tt", lambda a, b: b.strip() in a.split())
plain("count-selected", "number", "t", lambda a: float(len(a.split())))


def _own_text(name: str, kind: Kind, function: Callable[[str], object]) -> None:
    """Registers a function of a text that means the context node when it has no argument."""

    def build(job: Job, trees: tuple[Tree, ...]) -> Code:
        code = job.code(trees[0] if trees else OWN)
        run = text(code)
        return Code(kind, lambda c: function(run(c)), local=code.local)

    FUNCTIONS[name] = Function(0, 1, build)


_own_text("string", "text", lambda a: a)
_own_text("string-length", "number", lambda a: float(len(a)))
_own_text("normalize-space", "text", lambda a: " ".join(a.split()))


@register("selected-at", 2, 2)
def _selected_at(job: Job, trees: tuple[Tree, ...]) -> Code:
    codes = [job.code(tree) for tree in trees]
    chosen, place = text(codes[0]), number(codes[1])

    def run(c: Context) -> str:
        found, index = chosen(c).split(), place(c)
        return found[int(index)] if 0 <= index < len(found) else ""

    return Code("text", run, local=any(each.local for each in codes))


@register("regex", 2, 2)
def _regex(job: Job, trees: tuple[Tree, ...]) -> Code:
    """Whether the whole text matches, in linear time. A pattern that answers make, and that is none, matches nothing.

    A pattern in quotes is refused at once when it is malformed.
    """
    code, pattern = job.code(trees[0]), job.code(trees[1])
    run, made = text(code), text(pattern)
    local = code.local or pattern.local
    if not isinstance(trees[1], String):
        return Code("boolean", lambda c: _matches(made(c), run(c)), local=local)
    try:
        matches = Pattern(trees[1].value).matches
    except PatternError as error:
        raise Refused("E_FORM_EXPRESSION", f"regex(): {error}") from None
    return Code("boolean", lambda c: matches(run(c)), local=local)


@lru_cache(maxsize=64)
def _pattern(written: str) -> Pattern | None:
    try:
        return Pattern(written)
    except PatternError:
        return None


def _matches(written: str, whole: str) -> bool:
    pattern = _pattern(written)
    return pattern is not None and pattern.matches(whole)


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
    return lambda c: [node.seen for node in run(c)]


def _single(run: Callable[[Context], str]) -> Callable[[Context], list[str]]:
    return lambda c: [run(c)]


@register("concat", 0, MANY)
def _concat(job: Job, trees: tuple[Tree, ...]) -> Code:
    run, local = texts_of(job, trees)
    return Code("text", lambda c: bounded(c, "", run(c)), local=local)


@register("join", 1, MANY)
def _join(job: Job, trees: tuple[Tree, ...]) -> Code:
    between = text(job.code(trees[0]))
    run, local = texts_of(job, trees[1:])
    return Code("text", lambda c: bounded(c, between(c), run(c)), local=local)


def bounded(c: Context, between: str, parts: list[str]) -> str:
    """The parts joined; empty beyond a million characters, so that no form can fill the memory by doubling texts."""
    length = sum(map(len, parts)) + len(between) * max(len(parts) - 1, 0)
    c.spend(length >> 6)
    return between.join(parts) if length <= MAX_TEXT else ""


# --- what changes by itself


@register("uuid", 0, 1)
def _uuid(job: Job, trees: tuple[Tree, ...]) -> Code:
    """A random UUID; with a number, that many random letters and digits."""
    job.volatile = True
    if not trees:
        return Code("text", lambda c: str(uuid.uuid4()))
    length = number(job.code(trees[0]))
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    chance = random.SystemRandom()

    def run(c: Context) -> str:
        count = length(c)
        return "".join(chance.choices(alphabet, k=int(count))) if 0 < count <= 1000 else ""

    return Code("text", run)


@register("random", 0, 0)
def _random(job: Job, trees: tuple[Tree, ...]) -> Code:
    job.volatile = True
    return Code("number", lambda c: random.random())  # a form's own dice, no secret is made of it


dates.register_dates(plain, register)

from schemas.xpath import functions_data, functions_geo, functions_nodes, functions_numbers  # noqa: E402, F401  # put theirs on the list made above
