"""Compiled expressions: closures over a context, and what the compiler knows about each before it runs.

A closure takes the `Context` of the session and returns a value. The kind of a piece of code is known when it is
compiled, so a conversion is chosen once and costs nothing when no conversion is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, cast

from schemas.problems import Problem
from schemas.xpath.gathered import Gathered, Gathering
from schemas.xpath.values import Scalar, equal, number_of, to_boolean, to_number, to_text

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.xform_model import Definition, Group, Text

Kind: TypeAlias = Literal["text", "number", "boolean", "value", "node", "nodes"]


class Refused(ValueError):
    """An expression that the engine does not take: `code` is E_FORM_FUNCTION, E_FORM_REFERENCE or E_FORM_EXPRESSION."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(detail)


MAX_STEPS = 2_000_000
"""How many nodes one evaluation of an expression may look at, predicates inside predicates included."""


class Seen(Protocol):
    """A node as expressions see it: `seen` is its text, empty when it is hidden, missing or a group."""

    @property
    def seen(self) -> str: ...
    @property
    def relevant(self) -> bool: ...


class World(Protocol):
    """What functions may ask of the running session."""

    @property
    def seed(self) -> int: ...
    @property
    def language(self) -> str: ...
    def now(self) -> datetime: ...
    def choice_label(self, live: Seen, value: str) -> str: ...
    def say(self, text: Text) -> str: ...
    def verified(self, key: bytes, signature: bytes, message: bytes) -> bool: ...


class Leaf:
    """A node of a secondary instance: name, text, children and attributes."""

    __slots__ = ("attributes", "children", "name", "seen")
    relevant = True

    def __init__(
        self, name: str, text: str, children: Sequence[Leaf], attributes: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.seen = text
        self.children = tuple(children)
        self.attributes: Mapping[str, str] = attributes or {}

    def named(self, name: str) -> list[Leaf]:
        """The children of this name; all of them for `*`."""
        return [each for each in self.children if each.name == name or name == "*"]

    def text(self, name: str) -> str:
        """The text of the first child of this name; empty without one."""
        for each in self.children:
            if each.name == name:
                return each.seen
        return ""


EMPTY_LEAF = Leaf("", "", ())


class Nobody:
    """A world without a session: where fixed paths of tables are looked at while a form is loaded."""

    seed = 0
    language = ""

    def now(self) -> datetime:
        """No clock."""
        raise Problem("E_FORM_LIMIT")

    def choice_label(self, live: Seen, value: str) -> str:
        """No labels."""
        return ""

    def say(self, text: Text) -> str:
        """No texts."""
        return ""

    def verified(self, key: bytes, signature: bytes, message: bytes) -> bool:
        """No verifier."""
        return False


NOBODY = Nobody()


class Context:
    """Where an expression is evaluated. One per session, set anew for each evaluation; predicates change it and put
    it back.

    `scope` holds the nodes that relative paths start from, `origin` those of the bind that the expression belongs to;
    `item` is the node of a secondary instance that a predicate looks at; `steps` counts the nodes looked at.
    """

    __slots__ = ("gathered", "item", "origin", "position", "scope", "size", "steps", "world")

    def __init__(self, world: World) -> None:
        self.world = world
        self.scope: Any = None
        self.origin: Any = None
        self.item: Leaf = EMPTY_LEAF
        self.position = 1
        self.size = 1
        self.steps = 0
        self.gathered = Gathered()

    def enter(self, place: object) -> Context:
        """Sets the context to a place, with a fresh count of steps."""
        self.scope = self.origin = place
        self.steps = 0
        return self

    def spend(self, steps: int) -> None:
        """Counts nodes looked at. Raises E_FORM_LIMIT beyond two million in one evaluation."""
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise Problem("E_FORM_LIMIT")


Run: TypeAlias = Callable[[Context], Any]


@dataclass(slots=True)
class Code:
    """A compiled piece. `run` gives what `kind` says: node gives one node, nodes a list of them, value a Scalar.

    `numeric`: a node whose bind is int or decimal. `local`: its value depends on the node that a predicate looks at.
    `target`: the definition that a node or node set of the main instance has. `literal`: the text in quotes that it is.
    `gathering`: the nodes in all entries of repeats that it finds, when they can be kept.
    """

    kind: Kind
    run: Run
    numeric: bool = False
    local: bool = False
    target: Definition | None = None
    literal: str | None = None
    gathering: Gathering | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """What an expression looks at: the value of a node, or the entries of a repeat.

    `common` is the group or repeat whose instance both ends share: a change reaches only what stands below that
    instance.
    """

    definition: Definition
    entries: bool
    common: Group


class Expression:
    """An expression of a form, ready to run.

    `text`, `number`, `boolean`, `value`, `nodes` take a Context.

    `references` is what it looks at; `volatile` says that it may give another value without any change (now, uuid);
    `language` that it shows labels; `target` is what a path leads to, `gathering` what it finds in all entries.

    Evaluating a comparison of two nodes takes well
    under a microsecond.
    """

    __slots__ = (
        "boolean",
        "gathering",
        "kind",
        "language",
        "nodes",
        "number",
        "references",
        "source",
        "target",
        "text",
        "value",
        "volatile",
    )

    def __init__(
        self, source: str, code: Code, references: frozenset[Reference], *, volatile: bool, language: bool
    ) -> None:
        self.source = source
        self.kind = code.kind
        self.target = code.target
        self.gathering = code.gathering
        self.references = references
        self.volatile = volatile
        self.language = language
        self.text: Callable[[Context], str] = text(code)
        self.number: Callable[[Context], float] = number(code)
        self.boolean: Callable[[Context], bool] = boolean(code)
        self.value: Callable[[Context], Scalar] = value(code)
        self.nodes: Callable[[Context], list[Any]] | None = nodes(code) if code.kind in ("node", "nodes") else None


def _first(found: list[Seen]) -> str:
    return found[0].seen if found else ""


def text(code: Code) -> Callable[[Context], str]:
    """The code as text; of a node set, the text of its first node."""
    run = code.run
    if code.kind == "text":
        return cast("Callable[[Context], str]", run)
    if code.kind == "node":
        return lambda c: run(c).seen
    if code.kind == "nodes":
        return lambda c: _first(run(c))
    return lambda c: to_text(run(c))


def number(code: Code) -> Callable[[Context], float]:
    """The code as a number; empty text is NaN."""
    run = code.run
    if code.kind == "number":
        return cast("Callable[[Context], float]", run)
    if code.kind == "node":
        return lambda c: number_of(run(c).seen)
    if code.kind == "nodes":
        return lambda c: number_of(_first(run(c)))
    if code.kind == "text":
        return lambda c: number_of(run(c))
    return lambda c: to_number(run(c))


def boolean(code: Code) -> Callable[[Context], bool]:
    """The code as a condition; one node counts by its value, several by being there (JavaRosa's `unpack`)."""
    run = code.run
    if code.kind == "boolean":
        return cast("Callable[[Context], bool]", run)
    if code.kind == "node":
        if code.numeric:
            return lambda c: number_of(run(c).seen) not in (0.0,) and run(c).seen != ""
        return lambda c: run(c).seen != ""
    if code.kind == "nodes":
        return lambda c: _any(run(c))
    return lambda c: to_boolean(run(c))


def _any(found: list[Seen]) -> bool:
    return found[0].seen != "" if len(found) == 1 else bool(found)


def value(code: Code) -> Callable[[Context], Scalar]:
    """The code as text, number or boolean, whichever it is; a node of type int or decimal that has a value is a
    number.
    """
    run = code.run
    if code.kind == "node":
        if code.numeric:

            def numeric(c: Context) -> Scalar:
                seen: str = run(c).seen
                return number_of(seen) if seen else ""

            return numeric
        return lambda c: run(c).seen
    if code.kind == "nodes":
        return lambda c: _first(run(c))
    return run


def nodes(code: Code) -> Callable[[Context], list[Any]]:
    """The code as a list of relevant nodes. Raises Refused when it is none."""
    run = code.run
    if code.kind == "nodes":
        return cast("Callable[[Context], list[Any]]", run)
    if code.kind == "node":

        def single(c: Context) -> list[Any]:
            live = run(c)
            return [live] if live.relevant else []

        return single
    raise Refused("E_FORM_EXPRESSION", "a path is needed here")


def _many(code: Code) -> bool:
    return code.kind == "nodes"


def compare_equal(left: Code, right: Code, *, wanted: bool) -> Run:
    """`=` (wanted) and `!=`; of a node set, whether some node of it does (XPath 1.0 §3.4)."""
    if (_many(left) or _many(right)) and "boolean" not in (left.kind, right.kind):
        mine, other = _values(left), _values(right)
        return lambda c: _some(c, mine(c), other(c), lambda a, b: equal(a, b) is wanted)
    if _textual(left) and _textual(right):
        a, b = text(left), text(right)
        return (lambda c: a(c) == b(c)) if wanted else (lambda c: a(c) != b(c))
    if "boolean" in (left.kind, right.kind):
        p, q = boolean(left), boolean(right)
        return (lambda c: p(c) == q(c)) if wanted else (lambda c: p(c) != q(c))
    x, y = value(left), value(right)
    return (lambda c: equal(x(c), y(c))) if wanted else (lambda c: not equal(x(c), y(c)))


def _some(c: Context, mine: list[Scalar], other: list[Scalar], test: Callable[[Scalar, Scalar], bool]) -> bool:
    """Whether the test holds for some pair. Equal pairs of large node sets are charged like nodes looked at."""
    c.spend(len(mine) * len(other))
    return any(test(a, b) for a in mine for b in other)


def _textual(code: Code) -> bool:
    return code.kind == "text" or (code.kind == "node" and not code.numeric)


def _values(code: Code) -> Callable[[Context], list[Scalar]]:
    if _many(code):
        run = code.run
        return lambda c: [each.seen for each in run(c)] or [""]  # nothing compares as an empty answer (JavaRosa)
    single = value(code)
    return lambda c: [single(c)]


def compare_order(operator: str, left: Code, right: Code) -> Run:
    """`<`, `<=`, `>`, `>=` as numbers, dates as days; of a node set, whether some node of it does."""
    if _many(left) or _many(right):
        mine, other = _values(left), _values(right)
        test = _ORDER[operator]
        return lambda c: _some(c, mine(c), other(c), lambda a, b: test(to_number(a), to_number(b)))
    a, b = number(left), number(right)
    if operator == "<":
        return lambda c: a(c) < b(c)
    if operator == "<=":
        return lambda c: a(c) <= b(c)
    if operator == ">":
        return lambda c: a(c) > b(c)
    return lambda c: a(c) >= b(c)


_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
