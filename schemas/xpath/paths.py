"""Paths of the main instance: names are found when the form is loaded, and at run time a path is a few list look-ups.

The live tree has one `scope` for the form and one for each entry of a repeat; every node of a scope has a fixed slot in
it. So a path is: some scopes up, then down into the entries of repeats (with predicates), then one slot. A path that
meets no repeat on its way down is one node, any other a node set. An absolute path (or one through a repeat that the
expression itself stands in) means the entry that the expression stands in, as pyxform and JavaRosa have it; a path that
ends in a repeat means all its entries. Nodes that are not relevant are in no node set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.xform_model import Definition, Group, Question, Repeat
from schemas.xpath.code import Code, Context, Reference, Refused, Run
from schemas.xpath.gathered import Gathering, Looks
from schemas.xpath.tree import Step

SIBLINGS = ("preceding-sibling", "following-sibling")


def home(definition: Definition) -> Group:
    """The root or repeat in whose scope the node stands; an entry's own scope for a repeat."""
    if isinstance(definition, Repeat) or (isinstance(definition, Group) and definition.parent is None):
        return definition
    if definition.scope is None:
        raise Refused("E_FORM_REFERENCE", definition.ref)
    return definition.scope


def depth(scope: Group) -> int:
    """How many repeats a scope stands in."""
    return sum(isinstance(each, Repeat) for each in scope.lineage())


@dataclass(frozen=True, slots=True)
class Filter:
    """A compiled predicate. `fixed`: it is a position that does not depend on the candidate; `looks`: at what."""

    condition: Callable[[Context], bool] | None
    position: Callable[[Context], float] | None
    fixed: bool
    looks: Looks | None = None


@dataclass(frozen=True, slots=True)
class Down:
    """A step from a scope into the entries of a repeat; `way`: only those before or after the own entry."""

    repeat: Repeat
    filters: tuple[Filter, ...] = ()
    way: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a path has come so far: up so many scopes, down into entries, and the node reached there."""

    target: Definition
    ups: int = 0
    downs: tuple[Down, ...] = ()
    top: Group | None = None


def start_route(place: Definition) -> Route:
    """The route that has not moved: at the node itself."""
    return Route(place, 0, (), home(place))


def absolute_route(root: Group, place: Definition, steps: Sequence[Step]) -> tuple[Route, Sequence[Step]]:
    """The start of an absolute path: the deepest entry that the path shares with `place`, and the steps that remain."""
    if not steps:
        return _climb(place, root), ()
    if steps[0].axis == "descendant":
        return _climb(place, root), steps
    if steps[0].name not in (root.name, "*"):
        raise Refused("E_FORM_REFERENCE", "/" + steps[0].name)
    inside = {id(each) for each in place.lineage()}
    current: Definition = root
    shared: Definition = root
    used = 1
    for number, step in enumerate(steps[1:-1], start=2):
        found = child(current, step.name) if step.axis == "child" else None
        if found is None or step.predicates or id(found) not in inside:
            break
        current = found
        if isinstance(found, Repeat):
            shared, used = found, number
    return _climb(place, shared), steps[used:]


def _climb(place: Definition, to: Definition) -> Route:
    here, there = home(place), home(to)
    return Route(to, depth(here) - depth(there), (), there)


def child(of: Definition, name: str) -> Definition | None:
    """The child of this name, if there is one."""
    return of.named.get(name) if isinstance(of, Group) else None


def advance(route: Route, step: Step, filters: tuple[Filter, ...]) -> list[Route]:
    """The routes one step further: none when nothing is there, several for `*` and `//`."""
    if step.axis == "self":
        return [route] if _fits(step, route.target) else []
    if step.axis == "parent":
        return [_parent(route)]
    if step.axis in ("descendant", "descendant-or-self"):
        below = route.target.walk() if isinstance(route.target, Group) else ()
        found = [_enter(route, each, filters) for each in below if _fits(step, each)]
        return [route, *found] if step.axis == "descendant-or-self" and _fits(step, route.target) else found
    if step.axis in ("ancestor", "ancestor-or-self"):
        return _ancestors(route, step)
    if step.axis in SIBLINGS:
        return _siblings(route, step, filters)
    if step.axis != "child":
        raise Refused("E_FORM_EXPRESSION", f"the axis {step.axis} is not offered in forms")
    if step.name in ("*", "node()"):
        inner = route.target.children if isinstance(route.target, Group) else ()
        return [_enter(route, each, filters) for each in inner]
    named = child(route.target, step.name)
    return [] if named is None else [_enter(route, named, filters)]


def _fits(step: Step, target: Definition) -> bool:
    return step.name in ("*", "node()", target.name)


def _ancestors(route: Route, step: Step) -> list[Route]:
    """Nearest first, as the axis has it; a predicate on it is not offered."""
    if step.predicates:
        raise Refused("E_FORM_EXPRESSION", "no predicate may stand on ancestors")
    found = [route] if step.axis == "ancestor-or-self" else []
    while route.target.parent is not None:
        route = _parent(route)
        found.append(route)
    return [each for each in found if _fits(step, each.target)]


def _siblings(route: Route, step: Step, filters: tuple[Filter, ...]) -> list[Route]:
    """Other nodes of the same parent; of the own repeat, the entries before or after the own one."""
    if route.target.parent is None or route.downs:
        return []
    parent, before = _parent(route), step.axis == "preceding-sibling"
    all_of_them = parent.target.children if isinstance(parent.target, Group) else []
    place = next(index for index, each in enumerate(all_of_them) if each is route.target)
    others = all_of_them[:place] if before else all_of_them[place + 1 :]
    found = [_enter(parent, each, filters) for each in others if _fits(step, each)]
    if isinstance(route.target, Repeat) and _fits(step, route.target):
        own = Down(route.target, filters, "before" if before else "after")
        found.insert(len(found) if before else 0, Route(route.target, parent.ups, (own,), parent.top))
    return found


def _enter(route: Route, target: Definition, filters: tuple[Filter, ...]) -> Route:
    """Goes down to a child or a descendant; repeats on the way are entered, the filters hold for the last."""
    between: list[Repeat] = []
    each: Definition | None = target
    while each is not None and each is not route.target:
        if isinstance(each, Repeat):
            between.append(each)
        each = each.parent
    if not between:
        return Route(target, route.ups, route.downs, route.top)
    downs = [Down(each) for each in reversed(between)]
    if filters and isinstance(target, Repeat):
        downs[-1] = Down(target, filters)
    return Route(target, route.ups, (*route.downs, *downs), route.top)


def _parent(route: Route) -> Route:
    parent = route.target.parent
    if parent is None:
        raise Refused("E_FORM_REFERENCE", route.target.ref + "/..")
    if not isinstance(route.target, Repeat):
        return Route(parent, route.ups, route.downs, route.top)
    if route.downs:
        return Route(parent, route.ups, route.downs[:-1], route.top)
    return Route(parent, route.ups + 1, (), home(parent))


def references(route: Route, ceiling: Group | None) -> list[Reference]:
    """What a route looks at. `ceiling` is the scope that an outer path with this predicate in it starts from."""
    top = route.top or home(route.target)
    if ceiling is not None and depth(top) > depth(ceiling):
        top = ceiling
    found = [Reference(each.repeat, True, top) for each in route.downs]
    if not isinstance(route.target, Repeat):
        found.append(Reference(route.target, False, top))
    return found


def note_look(looks: Looks, route: Route, *, own: bool) -> None:
    """Notes what a path in a predicate looks at; `own`: it starts at the candidate."""
    if route.downs or not isinstance(route.target, Question):
        looks.followed = False
    elif own and not route.ups:
        looks.own.add(route.target)
    elif depth(home(route.target)) == 0:
        looks.outside.add(route.target)
    else:
        looks.followed = False


def one(route: Route, *, origin: bool) -> Code:
    """Code for a path that meets no repeat on its way down: one node."""
    target = route.target
    numeric = isinstance(target, Question) and target.data_type in ("int", "decimal")
    if home(target) is target:
        return Code("node", _scope_getter(route.ups, origin=origin), numeric=numeric, target=target)
    return Code("node", _node_getter(route.ups, target.slot, origin=origin), numeric=numeric, target=target)


def _node_getter(ups: int, slot: int, *, origin: bool) -> Run:
    if ups == 0 and not origin:
        return lambda c: c.scope.nodes[slot]
    if ups == 1 and not origin:
        return lambda c: c.scope.parent.nodes[slot]
    climb = _scope_getter(ups, origin=origin)
    return lambda c: climb(c).nodes[slot]


def _scope_getter(ups: int, *, origin: bool) -> Run:
    if ups == 0:
        return (lambda c: c.origin) if origin else (lambda c: c.scope)

    def climb(c: Context) -> object:
        scope = c.origin if origin else c.scope
        for _ in range(ups):
            scope = scope.parent
        return scope

    return climb


def many(route: Route, *, origin: bool) -> Code:
    """Code for a path that goes down into repeats: the relevant nodes, in document order."""
    climb = _scope_getter(route.ups, origin=origin)
    own = _scope_getter(max(route.ups - 1, 0), origin=origin)
    target, slot = route.target, route.target.slot
    downs = tuple((each.repeat.slot, each.filters, each.way) for each in route.downs)
    whole = home(target) is target

    def run(c: Context) -> list[Any]:
        scopes = [climb(c)]
        for repeat_slot, filters, way in downs:
            entered: list[Any] = []
            for scope in scopes:
                live = scope.nodes[repeat_slot]
                if live.relevant:
                    found = live.entries
                    if way:
                        place = own(c).place
                        found = found[: place - 1][::-1] if way == "before" else found[place:]
                    for each in filters:
                        found = apply(c, found, each)
                    entered.extend(reversed(found) if way == "before" else found)
            c.spend(len(entered))
            scopes = entered
        if whole:
            return scopes
        return [node for node in (scope.nodes[slot] for scope in scopes) if node.relevant]

    return Code("nodes", run, target=target, gathering=_gathering(route, climb))


def _gathering(route: Route, climb: Run) -> Gathering | None:
    """What the path finds, kept from one evaluation to the next; None where the keeping could not follow."""
    *before, last = route.downs
    if any(each.filters or each.way for each in before) or last.way:
        return None
    tests = tuple(each.condition for each in last.filters if each.condition is not None and each.looks is not None)
    if len(tests) != len(last.filters):
        return None
    repeats = tuple(each.repeat for each in route.downs)
    if route.target is not last.repeat and route.target.scope is not last.repeat:
        return None
    return Gathering(climb, repeats, route.target, tests, [each.looks for each in last.filters if each.looks])


def apply(c: Context, candidates: Sequence[Any], rule: Filter) -> list[Any]:
    """The candidates (entries) that a predicate keeps."""
    if rule.position is not None and rule.fixed:
        return _at(candidates, rule.position(c))
    c.spend(len(candidates))
    kept = (c.scope, c.position, c.size)
    c.size = len(candidates)
    found = []
    try:
        for number, each in enumerate(candidates, start=1):
            c.scope, c.position = each, number
            if rule.position is not None:
                if rule.position(c) == number:
                    found.append(each)
            elif rule.condition is not None and rule.condition(c):
                found.append(each)
    finally:
        c.scope, c.position, c.size = kept
    return found


def _at(candidates: Sequence[Any], wanted: float) -> list[Any]:
    if wanted != wanted or wanted < 1 or wanted > len(candidates) or wanted != int(wanted):
        return []
    return [candidates[int(wanted) - 1]]
