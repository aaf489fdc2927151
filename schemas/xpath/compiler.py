"""From expression tree to closures, once, when a form is loaded.

What is not on the allow-list of functions, and every path that leads nowhere, is refused here (`Refused`), so that a
form that loads can run. While compiling, the compiler notes what the expression looks at; from these notes the
session knows what an answer can change.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas.xform_model import Definition, Group, Repeat
from schemas.xpath import paths, secondary
from schemas.xpath.code import (
    Code,
    Context,
    Expression,
    Leaf,
    Reference,
    Refused,
    Run,
    boolean,
    compare_equal,
    compare_order,
    nodes,
    number,
    text,
)
from schemas.xpath.functions import FUNCTIONS
from schemas.xpath.tree import Call, Chain, Negative, Number, PathTree, Step, String, Tree, Union

__all__ = ["Compiler", "Expression", "Job", "Refused"]


@dataclass(slots=True)
class Compiler:
    """Compiles the expressions of one form. `root` is its primary instance, `instances` its secondary ones by id."""

    root: Group
    instances: Mapping[str, Leaf] = field(default_factory=dict)
    _trees: dict[str, Tree] = field(default_factory=dict)
    _shared: dict[tuple[str, int], Expression] = field(default_factory=dict)

    def compile(self, source: str, place: Definition) -> Expression:
        """The expression as it runs at `place`. Raises Refused. Equal expressions of one scope are one object."""
        key = (source, id(paths.home(place)))
        shared = self._shared.get(key)
        if shared is not None:
            return shared
        job = Job(self, place)
        made = job.expression(self.tree(source), source)
        if not job.relative:
            self._shared[key] = made
        return made

    def compile_tree(self, tree: Tree, source: str, place: Definition) -> Expression:
        """As `compile`, for a tree that was changed after it was parsed from `source`."""
        return Job(self, place).expression(tree, source)

    def tree(self, source: str) -> Tree:
        """The parsed expression; each text is parsed once. Raises Refused."""
        tree = self._trees.get(source)
        if tree is None:
            from schemas.xpath.parser import parse  # elementpath is imported when the first form is loaded, not before

            try:
                tree = parse(source)
            except ValueError as error:
                raise Refused("E_FORM_EXPRESSION", str(error)) from None
            self._trees[source] = tree
        return tree


class Job:
    """One expression being compiled: where it stands, and what it turned out to look at.

    `inside` says what relative paths start from: the bind's node (`node`), a candidate of a predicate over the main
    instance (`candidate`, then `here` is the candidate's definition), or an item of a secondary instance (`item`).
    """

    def __init__(self, compiler: Compiler, place: Definition) -> None:
        self.compiler = compiler
        self.place = place
        self.here = place
        self.inside = "node"
        self.ceiling: Group | None = None
        self.references: set[Reference] = set()
        self.volatile = False
        self.language = False
        self.relative = False

    def expression(self, tree: Tree, source: str) -> Expression:
        """The whole expression, with what it looks at."""
        code = self.code(tree)
        return Expression(source, code, frozenset(self.references), volatile=self.volatile, language=self.language)

    def code(self, tree: Tree) -> Code:
        """Compiles one node of the tree."""
        match tree:
            case String(value=literal):
                return Code("text", lambda c: literal)
            case Number(value=amount):
                return Code("number", lambda c: amount)
            case Negative(operand=operand):
                inner = self.code(operand)
                run = number(inner)
                return Code("number", lambda c: -run(c), local=inner.local)
            case Chain(first=first, rest=rest):
                return self._chain(first, rest)
            case Union(parts=parts):
                return self._union(parts)
            case Call(name=name, arguments=arguments):
                return self._call(name, arguments)
            case PathTree():
                return self._path(tree)

    # --- operators

    def _chain(self, first: Tree, rest: tuple[tuple[str, Tree], ...]) -> Code:
        operators = {symbol for symbol, _ in rest}
        if operators <= {"and"} or operators <= {"or"}:
            return self._logic([first, *(tree for _, tree in rest)], every=operators == {"and"})
        done = self.code(first)
        for symbol, tree in rest:
            done = self._binary(symbol, done, self.code(tree))
        return done

    def _logic(self, trees: list[Tree], *, every: bool) -> Code:
        codes = [self.code(each) for each in trees]
        local = any(each.local for each in codes)
        tests = tuple(boolean(each) for each in codes)
        if len(tests) == 2:
            a, b = tests
            run: Run = (lambda c: a(c) and b(c)) if every else (lambda c: a(c) or b(c))
            return Code("boolean", run, local=local)
        if every:
            return Code("boolean", lambda c: all(test(c) for test in tests), local=local)
        return Code("boolean", lambda c: any(test(c) for test in tests), local=local)

    def _binary(self, symbol: str, left: Code, right: Code) -> Code:
        local = left.local or right.local
        if symbol in ("=", "!="):
            return Code("boolean", compare_equal(left, right, wanted=symbol == "="), local=local)
        if symbol in ("<", "<=", ">", ">="):
            return Code("boolean", compare_order(symbol, left, right), local=local)
        return Code("number", _arithmetic(symbol, left, right), local=local)

    def _union(self, parts: tuple[Tree, ...]) -> Code:
        codes = [self.code(each) for each in parts]
        runs = [nodes(each) for each in codes]
        targets = {id(each.target): each.target for each in codes}

        def run(c: Context) -> list[object]:
            found: dict[int, object] = {}
            for each in runs:
                for node in each(c):
                    found.setdefault(id(node), node)
            return list(found.values())

        target = next(iter(targets.values())) if len(targets) == 1 else None
        return Code("nodes", run, local=any(each.local for each in codes), target=target)

    def _call(self, name: str, arguments: tuple[Tree, ...]) -> Code:
        known = FUNCTIONS.get(name)
        if known is None:
            raise Refused("E_FORM_FUNCTION", name)
        if not known.least <= len(arguments) <= known.most:
            raise Refused("E_FORM_EXPRESSION", f"{name}() has {len(arguments)} arguments")
        return known.build(self, arguments)

    # --- paths

    def _path(self, tree: PathTree) -> Code:
        if isinstance(tree.base, Call) and tree.base.name == "instance":
            return self._secondary(self.instance(tree.base), tree.steps)
        if isinstance(tree.base, Call) and tree.base.name == "current" and not tree.base.arguments:
            self.relative = True
            return self._main(paths.start_route(self.place), tree.steps, origin=True)
        if tree.base is not None:
            raise Refused(
                "E_FORM_EXPRESSION", "a path may begin with instance('…') or current(), not with another call"
            )
        if tree.absolute:
            route, steps = paths.absolute_route(self.compiler.root, self.place, tree.steps)
            return self._main(route, steps, origin=True)
        if self.inside == "item":
            return secondary.item_path(tree.steps)
        self.relative = True
        return self._main(paths.start_route(self.here), tree.steps, origin=False)

    def instance(self, call: Call) -> Leaf:
        """The secondary instance that a call of `instance('x')` names. Raises Refused."""
        if len(call.arguments) != 1 or not isinstance(call.arguments[0], String):
            raise Refused("E_FORM_EXPRESSION", "instance() takes the name of an instance in quotes")
        name = call.arguments[0].value.strip()
        if name not in self.compiler.instances:
            raise Refused("E_FORM_REFERENCE", f"instance('{name}')")
        return self.compiler.instances[name]

    def _main(self, route: paths.Route, steps: Sequence[Step], *, origin: bool) -> Code:
        """Code of a path over the main instance. `origin`: it starts at the bind's node, whatever a predicate looks
        at.
        """
        routes = [route]
        leaf_filters: tuple[paths.Filter, ...] = ()
        for number_, step in enumerate(steps, start=1):
            filters = self._filters(routes, step, last=number_ == len(steps))
            leaf_filters = filters if not _has_repeat(routes, step) else ()
            routes = [new for each in routes for new in paths.advance(each, step, filters)]
            if not routes:
                return self._nothing(step)
        from_candidate = not origin and self.inside == "candidate"
        for each in routes:
            self.references.update(paths.references(each, self.ceiling if from_candidate else None))
        from_origin = origin and self.inside != "node"
        codes = [
            paths.many(each, origin=from_origin) if each.downs else paths.one(each, origin=from_origin)
            for each in routes
        ]
        found = codes[0] if len(codes) == 1 else _joined(codes)
        if leaf_filters:
            found = _kept(found, leaf_filters)
        found.local = from_candidate
        return found

    def _nothing(self, step: Step) -> Code:
        """`null` is written by hand in forms where nothing is meant; any other name that leads nowhere is a mistake."""
        if step.name == "null" and step.axis == "child":
            return Code("text", lambda c: "")
        raise Refused("E_FORM_REFERENCE", step.name)

    def _filters(self, routes: list[paths.Route], step: Step, *, last: bool) -> tuple[paths.Filter, ...]:
        if not step.predicates:
            return ()
        if not _has_repeat(routes, step) and not last:
            raise Refused("E_FORM_EXPRESSION", f"a predicate stands on {step.name}, which is no repeat")
        candidates = [new for each in routes for new in paths.advance(each, step, ())]
        if not candidates:
            self._nothing(step)
            return ()
        kept = (self.here, self.inside, self.ceiling, self.relative)
        top = candidates[0].top
        self.here, self.inside = candidates[0].target, "candidate"
        self.ceiling = top if self.ceiling is None or top is None else min((self.ceiling, top), key=paths.depth)
        filters = tuple(self._filter(each) for each in step.predicates)
        self.here, self.inside, self.ceiling, relative = kept
        self.relative = self.relative or relative
        return filters

    def _filter(self, predicate: Tree) -> paths.Filter:
        match predicate:
            case Chain(first=Call(name="position", arguments=()), rest=(("=", wanted),)):
                code = self.code(wanted)
                if code.kind != "boolean":
                    return paths.Filter(None, number(code), not code.local)
                predicate_code = Code("boolean", compare_equal(Code("number", lambda c: c.position), code, wanted=True))
            case _:
                predicate_code = self.code(predicate)
        if predicate_code.kind == "number":
            return paths.Filter(None, number(predicate_code), not predicate_code.local)
        return paths.Filter(boolean(predicate_code), None, False)

    # --- secondary instances

    def _secondary(self, start: Leaf, steps: tuple[Step, ...]) -> Code:
        plain = 0
        while plain < len(steps) and not steps[plain].predicates:
            plain += 1
        leaves = secondary.fixed_leaves(start, steps[:plain])
        find = secondary.fixed(leaves)
        outside = self.inside
        for step in steps[plain:]:
            candidates = secondary.further(leaves, step) if step is steps[plain] else None
            find = secondary.fixed(candidates) if candidates is not None else secondary.stepped(find, step)
            self.inside = "item"
            for number_, predicate in enumerate(step.predicates):
                source = candidates if number_ == 0 else None
                find = self._narrowed(find, source, predicate)
            self.inside = outside
        return Code("nodes", find, local=outside != "node")

    def _narrowed(self, find: secondary.Find, leaves: list[Leaf] | None, predicate: Tree) -> secondary.Find:
        if leaves is not None:
            terms = [predicate]
            if isinstance(predicate, Chain) and {symbol for symbol, _ in predicate.rest} == {"and"}:
                terms = [predicate.first, *(tree for _, tree in predicate.rest)]
            for term in terms:
                lookup = self._lookup(term)
                if lookup is not None:
                    rest = self._filter(predicate) if len(terms) > 1 else None
                    return secondary.indexed(leaves, lookup, rest)
        return secondary.filtered(find, self._filter(predicate))

    def _lookup(self, term: Tree) -> secondary.Lookup | None:
        """The column and the wanted text of `column = text`, either way round, if the term is that."""
        if not isinstance(term, Chain) or len(term.rest) != 1 or term.rest[0][0] != "=":
            return None
        for mine, other in ((term.first, term.rest[0][1]), (term.rest[0][1], term.first)):
            if not isinstance(mine, PathTree) or mine.absolute or mine.base is not None or len(mine.steps) != 1:
                continue
            step = mine.steps[0]
            if step.axis != "child" or step.name == "*" or step.predicates:
                continue
            code = self.code(other)
            if not code.local and (code.kind == "text" or (code.kind == "node" and not code.numeric)):
                return step.name, text(code)
        return None


def _has_repeat(routes: list[paths.Route], step: Step) -> bool:
    return any(isinstance(new.target, Repeat) for each in routes for new in paths.advance(each, step, ()))


def _joined(codes: list[Code]) -> Code:
    runs = [nodes(each) for each in codes]
    return Code("nodes", lambda c: [node for run in runs for node in run(c)])


def _kept(found: Code, filters: tuple[paths.Filter, ...]) -> Code:
    """Predicates on questions or groups: they look at the node's scope, and count positions among what was found."""
    run = nodes(found)

    def narrowed(c: Context) -> list[object]:
        live = run(c)
        for rule in filters:
            kept = (c.scope, c.position, c.size)
            c.size = len(live)
            chosen = []
            for position, each in enumerate(live, start=1):
                c.scope, c.position = getattr(each, "scope", each), position
                wanted = rule.position(c) == position if rule.position else bool(rule.condition and rule.condition(c))
                if wanted:
                    chosen.append(each)
            c.scope, c.position, c.size = kept
            live = chosen
        return live

    return Code("nodes", narrowed, target=found.target)


def _arithmetic(symbol: str, left: Code, right: Code) -> Run:
    a, b = number(left), number(right)
    if symbol == "+":
        return lambda c: a(c) + b(c)
    if symbol == "-":
        return lambda c: a(c) - b(c)
    if symbol == "*":
        return lambda c: a(c) * b(c)
    if symbol == "div":
        return lambda c: _divide(a(c), b(c))
    return lambda c: _remainder(a(c), b(c))


def _divide(a: float, b: float) -> float:
    if b != 0:
        return a / b
    if a != a or a == 0 or b != b:
        return float("nan")
    return float("inf") if (a > 0) == (str(b)[0] != "-") else float("-inf")


def _remainder(a: float, b: float) -> float:
    """The remainder with the sign of the dividend (XPath 1.0 §3.5)."""
    if b == 0 or a != a or b != b or math.isinf(a):
        return float("nan")
    return math.fmod(a, b)
