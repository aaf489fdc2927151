"""Nodes that an expression gathers from all entries of repeats, kept so that an answer costs what it touches.

`sum(/data/r/n)`, `count(/data/r[n > 3])` and choices among entries look at every entry, but one answer changes what one
of them gives. What each entry gives is kept here in document order; the engine says which nodes changed, and when the
expression is evaluated the next time only the entries that these stand in are looked at again. Whatever the keeping
cannot follow (positions in predicates, other repeats, time) is not gathered: such an expression looks at everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from schemas.xform_model import Definition, Repeat
    from schemas.xpath.code import Context

Scope: TypeAlias = Any
"""An entry of the live tree (`schemas.session_live`), which this package does not know."""
Test: TypeAlias = "Callable[[Context], bool]"

PURE = frozenset((
    "not", "true", "false", "boolean", "boolean-from-string", "number", "int", "round", "floor", "ceiling", "abs",
    "string-length", "concat", "contains", "starts-with", "ends-with", "normalize-space", "selected", "coalesce", "if",
    "regex",
))  # fmt: skip
"""Functions that give the same for the same arguments and look at nothing else."""


@dataclass(slots=True)
class Looks:
    """What a predicate looks at: questions of the candidate's own entry, questions outside every repeat.

    `followed` is false when it looks at anything else.
    """

    own: set[Definition] = field(default_factory=set)
    outside: set[Definition] = field(default_factory=set)
    followed: bool = True


class Gathering:
    """A question in all entries of repeats, or (`target` is the last of `repeats`) the entries. Equal only to itself.

    `climb` gives the scope to start from, `tests` are the predicates of the last repeat. `columns` are the slots of the
    questions in an entry that stand for it; none means the target alone.
    """

    __slots__ = ("climb", "columns", "looks", "repeats", "target", "tests")

    def __init__(
        self,
        climb: Callable[[Context], Scope],
        repeats: tuple[Repeat, ...],
        target: Definition,
        tests: tuple[Test, ...] = (),
        looks: Iterable[Looks] = (),
        columns: tuple[Definition, ...] = (),
    ) -> None:
        self.climb = climb
        self.repeats = repeats
        self.target = target
        self.tests = tests
        self.looks = tuple(looks)
        self.columns = columns

    def with_columns(self, columns: tuple[Definition, ...]) -> Gathering | None:
        """The same nodes, each of which gives the texts of these questions; None when one is not in the entry."""
        if any(each.scope is not self.repeats[-1] for each in columns):
            return None
        return Gathering(self.climb, self.repeats, self.target, self.tests, self.looks, columns)

    def scopes(self, c: Context, top: Scope) -> list[Scope]:
        """The entries below a scope, in document order, whether or not the tests hold for them."""
        scopes = [top]
        for repeat in self.repeats:
            scopes = [
                entry for scope in scopes if (live := scope.nodes[repeat.slot]).relevant for entry in live.entries
            ]
            c.spend(len(scopes))
        return scopes

    def given(self, c: Context, scope: Scope) -> Any:  # noqa: ANN401  # a text, or the texts of the columns
        """What an entry gives: the text of its node, or those of its columns and its place; None when left out."""
        if self.tests and not self._holds(c, scope):
            return None
        whole = self.target is self.repeats[-1]
        node = scope if whole else scope.nodes[self.target.slot]
        if not node.relevant:
            return None
        if self.columns:
            return (*[scope.nodes[each.slot].seen for each in self.columns], scope.prefix)
        return node.seen

    def _holds(self, c: Context, scope: Scope) -> bool:
        before, c.scope = c.scope, scope
        try:
            return all(test(c) for test in self.tests)
        finally:
            c.scope = before

    def own(self) -> set[Definition]:
        """The questions in an entry that decide what it gives."""
        return {self.target, *self.columns, *(each for looks in self.looks for each in looks.own)}

    def around(self) -> set[Definition]:
        """What decides everything anew: the entries of the repeats, and questions outside."""
        return {*self.repeats, *(each for looks in self.looks for each in looks.outside)}


T = TypeVar("T")
R = TypeVar("R", covariant=True)


class Tally(Generic[T]):
    """What is known of a gathering below one scope, told of every change."""

    def change(self, old: T | None, new: T | None) -> None:
        """An entry gives `new` in place of `old`; None is nothing."""


TallyType = TypeVar("TallyType", bound=Tally[Any])


class _Kept(Generic[TallyType]):
    """What each entry gives, in document order; `late` are those that are to be looked at again."""

    __slots__ = ("given", "late", "tally")

    def __init__(self, gathering: Gathering, tally: TallyType, c: Context, top: Scope) -> None:
        self.tally = tally
        self.late: dict[Scope, None] = {}
        self.given = {scope: gathering.given(c, scope) for scope in gathering.scopes(c, top)}
        for each in self.given.values():
            if each is not None:
                tally.change(None, each)

    def catch_up(self, gathering: Gathering, c: Context) -> None:
        late, self.late = self.late, {}
        c.spend(len(late))
        for scope in late:
            if scope in self.given:
                old, new = self.given[scope], gathering.given(c, scope)
                if old != new:
                    self.given[scope] = new
                    self.tally.change(old, new)


_Key: TypeAlias = "tuple[Gathering, type[Tally[Any]]]"


class Gathered:
    """The gatherings of one session, kept up to date by the engine."""

    def __init__(self) -> None:
        self._found: dict[_Key, dict[Scope, _Kept[Any]]] = {}
        self._own: dict[Definition, list[_Key]] = {}
        self._around: dict[Definition, list[_Key]] = {}

    def tally(self, gathering: Gathering, kind: type[TallyType], c: Context) -> TallyType:
        """What is known below the scope that the context stands in."""
        kept: _Kept[TallyType] = self._kept(gathering, kind, c)
        return kept.tally

    def texts(self, gathering: Gathering, kind: type[TallyType], c: Context) -> tuple[TallyType, Iterable[Any]]:
        """As `tally`, with what each entry gives, in document order; None for those left out."""
        kept: _Kept[TallyType] = self._kept(gathering, kind, c)
        return kept.tally, kept.given.values()

    def _kept(self, gathering: Gathering, kind: type[TallyType], c: Context) -> _Kept[TallyType]:
        key = (gathering, kind)
        known = self._found.get(key)
        if known is None:
            known = self._found[key] = {}
            for definitions, index in ((gathering.own(), self._own), (gathering.around(), self._around)):
                for each in definitions:
                    keys = index.setdefault(each, [])
                    if key not in keys:
                        keys.append(key)
        top = gathering.climb(c)
        found = known.get(top)
        if found is None:
            found = known[top] = _Kept(gathering, kind(), c, top)
        elif found.late:
            found.catch_up(gathering, c)
        return found

    def changed(self, definition: Definition, live: Any) -> None:  # noqa: ANN401  # a node of the live tree
        """A node shows another text, or is shown or hidden."""
        for key in self._own.get(definition, ()):
            known = self._found.get(key)
            if known:
                top = scope = live.scope
                for _ in key[0].repeats:
                    top = top.parent
                kept = known.get(top)
                if kept is not None:
                    kept.late[scope] = None
        self.entries_changed(definition)

    def entries_changed(self, definition: Definition) -> None:
        """A repeat has other entries, or a question outside another answer: what looks at it is gathered anew."""
        for key in self._around.get(definition, ()):
            self._found.pop(key, None)

    def clear(self) -> None:
        """Forgets everything."""
        self._found.clear()
