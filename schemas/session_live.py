"""The live tree of an interview: one scope for the form and one for each entry of a repeat, nodes by slot in each.

This is plain state; `schemas.session_engine` changes it. A node's `raw` is its answer as XForms text and stays when
the node is hidden; `seen` is what expressions see of it: empty while it is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.session_types import IssueCode, Missing
from schemas.xform_model import Definition, Group, Path, Repeat


class Live:
    """A node in one scope. `own` is its own relevance, `relevant` that of the groups around it too."""

    __slots__ = (
        "choices", "definition", "issue", "missing", "own", "pinned", "raw", "readonly", "relevant", "required",
        "scope", "seen", "shown",
    )  # fmt: skip

    def __init__(self, definition: Definition, scope: Scope, *, relevant: bool) -> None:
        self.definition = definition
        self.scope = scope
        self.raw = ""
        self.seen = ""
        self.missing: Missing | None = None
        self.own = True
        self.relevant = relevant
        self.readonly = False
        self.required = False
        self.pinned = False
        self.issue: IssueCode | None = None
        self.shown: tuple[str, ...] | None = None
        self.choices: tuple[object, ...] | None = None

    @property
    def path(self) -> Path:
        """Where it stands."""
        return (*self.scope.prefix, *tail(self.definition))


class LiveRepeat(Live):
    """A repeat in one scope. `by_id` finds its entries; `next_id` is the id of the next entry; `spare` holds entries
    that a lower count put away.
    """

    __slots__ = ("by_id", "entries", "next_id", "removed", "spare", "template_scope")

    def __init__(self, definition: Definition, scope: Scope, *, relevant: bool) -> None:
        super().__init__(definition, scope, relevant=relevant)
        self.entries: list[Scope] = []
        self.by_id: dict[int, Scope] = {}
        self.spare: list[Scope] = []
        self.removed: list[int] = []
        self.next_id = 1
        self.template_scope: Scope | None = None

    def template(self) -> Scope:
        """An entry that is none: where the repeat's own expressions are evaluated."""
        if self.template_scope is None:
            self.template_scope = Scope(self.repeat, self.scope, 0, self)
        return self.template_scope

    @property
    def repeat(self) -> Repeat:
        """Its definition."""
        if not isinstance(self.definition, Repeat):
            raise TypeError(self.definition.name)
        return self.definition

    def number(self) -> None:
        """Numbers the entries by their place, and makes them findable by id."""
        self.by_id = {entry.id: entry for entry in self.entries}
        for place, entry in enumerate(self.entries, start=1):
            entry.place = place


class Scope:
    """The form, or one entry of a repeat. `id` is given once and stays; `place` is the position now, from 1."""

    __slots__ = ("container", "definition", "gone", "id", "nodes", "parent", "place", "prefix", "shown")
    seen = ""

    def __init__(
        self, definition: Group, parent: Scope | None = None, identity: int = 0, container: LiveRepeat | None = None
    ) -> None:
        self.definition = definition
        self.parent = parent
        self.container = container
        self.id = identity
        self.place = 1
        self.gone = False
        self.shown: tuple[str, ...] | None = None
        self.prefix: Path = ()
        if parent is not None:
            self.prefix = (*parent.prefix, *tail(definition)[:-1], (definition.name, identity))
        relevant = container is None or (container.relevant and identity > 0)
        self.nodes: list[Live] = []
        for each in definition.layout:
            kind = LiveRepeat if isinstance(each, Repeat) else Live
            self.nodes.append(kind(each, self, relevant=relevant))

    @property
    def relevant(self) -> bool:
        """An entry is relevant when its repeat is."""
        return self.container is None or self.container.relevant

    @property
    def path(self) -> Path:
        """Where the entry stands; empty for the form."""
        return self.prefix

    def repeat(self, definition: Definition) -> LiveRepeat:
        """The live repeat of this definition in this scope."""
        found = self.nodes[definition.slot]
        if not isinstance(found, LiveRepeat):
            raise TypeError(definition.name)
        return found

    def walk(self) -> Iterator[Live]:
        """Every node of this scope and of the entries in it, in document order."""
        for live in self.nodes:
            yield live
            if isinstance(live, LiveRepeat):
                for entry in live.entries:
                    yield from entry.walk()

    def up_to(self, definition: Group) -> Scope:
        """The scope of this definition that this one stands in."""
        scope = self
        while scope.definition is not definition and scope.parent is not None:
            scope = scope.parent
        return scope


def state(live: Live | Scope) -> tuple[Any, ...]:
    """All of a node or entry that a person can see, to tell whether it changed."""
    if isinstance(live, Scope):
        readonly = live.container is not None and live.container.readonly
        return (live.relevant, live.place, readonly, live.shown)
    return (
        live.raw, live.missing, live.relevant, live.readonly, live.required, live.issue, live.shown, live.choices,
    )  # fmt: skip


def tail(definition: Definition) -> tuple[str, ...]:
    """The names from the node's scope down to it; the name alone of what lies directly in the scope."""
    names = []
    for each in definition.lineage():
        if each is definition.scope:
            break
        names.append(each.name)
    return tuple(reversed(names))
