"""Functions of conditions and texts, and those whose value changes by itself.

Where XPath 1.0 and ODK differ, ODK wins (ODK XForms specification, section "Functions").
"""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from schemas.xform_model import Group
from schemas.xpath.code import Code, Context, Kind, Refused, boolean, nodes, number, text, value
from schemas.xpath.gathered import Gathering
from schemas.xpath.regex import Pattern, PatternError
from schemas.xpath.registry import MANY, Functions, bounded, texts_of
from schemas.xpath.tallies import Count
from schemas.xpath.tree import String, Tree
from schemas.xpath.values import number_of, rounded

if TYPE_CHECKING:
    from schemas.xpath.compiler import Job

FUNCTIONS = Functions()

# --- conditions


@FUNCTIONS.register("true", 0, 0)
def _true(job: Job, trees: tuple[Tree, ...]) -> Code:
    return Code("boolean", lambda c: True)


@FUNCTIONS.register("false", 0, 0)
def _false(job: Job, trees: tuple[Tree, ...]) -> Code:
    return Code("boolean", lambda c: False)


@FUNCTIONS.register("if", 3, 3)
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


@FUNCTIONS.register("coalesce", 1, MANY)
def _coalesce(job: Job, trees: tuple[Tree, ...]) -> Code:
    codes = [job.code(tree) for tree in trees]
    runs = tuple(text(each) for each in codes)
    local = any(each.local for each in codes)
    return Code("text", lambda c: next((found for run in runs if (found := run(c))), ""), local=local)


@FUNCTIONS.register("once", 1, 1)
def _once(job: Job, trees: tuple[Tree, ...]) -> Code:
    """The question's own value if it has one, else the argument: a calculation that is made once."""
    slot = job.place.slot
    job.relative = True
    run = text(job.code(trees[0]))
    if isinstance(job.place, Group):  # which has no value of its own
        return Code("text", run)
    return Code("text", lambda c: c.origin.nodes[slot].raw or run(c))


@FUNCTIONS.register("checklist", 2, MANY)
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


@FUNCTIONS.register("weighted-checklist", 4, MANY)
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


FUNCTIONS.plain("not", "boolean", "b", lambda a: not a)
FUNCTIONS.plain("boolean", "boolean", "b", lambda a: a)
FUNCTIONS.plain("boolean-from-string", "boolean", "t", lambda a: a == "1" or a.lower() == "true")

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


def _selected(chosen: str, code: str) -> bool:
    """Whether the code is one of those chosen; the empty code when nothing is (JavaRosa)."""
    return f" {code.strip()} " in f" {chosen} "


FUNCTIONS.plain("substr", "text", "tnn", _substr, least=2)
FUNCTIONS.plain("substring", "text", "tnn", _substring, least=2)
FUNCTIONS.plain("substring-before", "text", "tt", lambda a, b: a[: max(a.find(b), 0)])
FUNCTIONS.plain("substring-after", "text", "tt", lambda a, b: a.partition(b)[2] if b else a)
FUNCTIONS.plain("contains", "boolean", "tt", lambda a, b: b in a)
FUNCTIONS.plain("starts-with", "boolean", "tt", lambda a, b: a.startswith(b))
FUNCTIONS.plain("ends-with", "boolean", "tt", lambda a, b: a.endswith(b))
FUNCTIONS.plain("translate", "text", "ttt", _translate)
FUNCTIONS.plain("selected", "boolean", "tt", _selected)
FUNCTIONS.plain("is-selected", "boolean", "tt", _selected)
FUNCTIONS.plain("count-selected", "number", "t", lambda a: float(len(a.split())))


FUNCTIONS.own_text("string", "text", lambda a: a)
FUNCTIONS.own_text("string-length", "number", lambda a: float(len(a)))
FUNCTIONS.own_text("normalize-space", "text", lambda a: " ".join(a.split()))


@FUNCTIONS.register("selected-at", 2, 2)
def _selected_at(job: Job, trees: tuple[Tree, ...]) -> Code:
    codes = [job.code(tree) for tree in trees]
    chosen, place = text(codes[0]), number(codes[1])

    def run(c: Context) -> str:
        found, index = chosen(c).split(), place(c)
        return found[int(index)] if 0 <= index < len(found) else ""

    return Code("text", run, local=any(each.local for each in codes))


@FUNCTIONS.register("regex", 2, 2)
def _regex(job: Job, trees: tuple[Tree, ...]) -> Code:
    """Whether the whole text matches, in linear time. A pattern that answers make, and that is none, matches nothing.

    A pattern in quotes is refused at once when it is malformed.
    """
    code, pattern = job.code(trees[0]), job.code(trees[1])
    run, made = text(code), text(pattern)
    local = code.local or pattern.local
    if not isinstance(trees[1], String):
        return Code("boolean", lambda c: _matches(c, made(c), run(c)), local=local)
    try:
        matches = Pattern(trees[1].value).matches
    except PatternError as error:
        raise Refused("E_FORM_EXPRESSION", f"regex(): {error}") from None
    return Code("boolean", lambda c: matches(run(c), c.spend), local=local)


@lru_cache(maxsize=64)
def _pattern(written: str) -> Pattern | None:
    try:
        return Pattern(written)
    except PatternError:
        return None


def _matches(c: Context, written: str, whole: str) -> bool:
    pattern = _pattern(written)
    return pattern is not None and pattern.matches(whole, c.spend)


@FUNCTIONS.register("concat", 0, MANY)
def _concat(job: Job, trees: tuple[Tree, ...]) -> Code:
    run, local = texts_of(job, trees)
    return Code("text", lambda c: bounded(c, "", run(c)), local=local)


@FUNCTIONS.register("join", 1, MANY)
def _join(job: Job, trees: tuple[Tree, ...]) -> Code:
    between = text(job.code(trees[0]))
    code = job.code(trees[1]) if len(trees) == 2 else None
    if code is not None and code.gathering is not None:
        found, local = _kept_texts(code.gathering), code.local
    else:
        found, local = texts_of(job, trees[1:])
    return Code("text", lambda c: bounded(c, between(c), found(c)), local=local)


def _kept_texts(gathering: Gathering) -> Callable[[Context], list[str]]:
    """The texts of a question in all entries, of which only those that changed are looked at again."""

    def run(c: Context) -> list[str]:
        count, given = c.gathered.texts(gathering, Count, c)
        texts = list(given)
        c.spend(len(texts) >> 6)
        return texts if len(texts) == count.value else [each for each in texts if each is not None]

    return run


# --- what changes by itself


@FUNCTIONS.register("uuid", 0, 1)
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


@FUNCTIONS.register("random", 0, 0)
def _random(job: Job, trees: tuple[Tree, ...]) -> Code:
    job.volatile = True
    return Code("number", lambda c: random.random())  # a form's own dice, no secret is made of it
