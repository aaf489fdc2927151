"""From expression tree to closures, once, when a form is loaded.

What is not on the allow-list of functions, and every path that leads nowhere, is refused here (`Refused`), so that a
form that loads can run. While compiling, the compiler notes what the expression looks at; from these notes the
session knows what an answer can change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from schemas.xform_model import Definition, Group, Repeat, Text
from schemas.xpath import operators as operations
from schemas.xpath import paths, secondary
from schemas.xpath.code import (
    Code,
    Context,
    Expression,
    Leaf,
    Reference,
    Refused,
    boolean,
    compare_equal,
    compare_order,
    nodes,
    number,
    text,
)
from schemas.xpath.functions import FUNCTIONS
from schemas.xpath.gathered import PURE, Looks
from schemas.xpath.mismatch import check_pair
from schemas.xpath.tree import Call, Chain, Negative, Number, PathTree, Step, String, Tree, Union

__all__ = ["Compiler", "Expression", "Job", "Refused"]

MAX_COMPARISONS = 50
_COMPARISONS = frozenset(("=", "!=", "<", "<=", ">", ">="))


@dataclass(slots=True)
class Compiler:
    """Compiles the expressions of one form. `root` is its primary instance, `instances` its secondary ones by id.

    `trees` are the expressions that were parsed before; `find_text` gives the text that jr:itext() names; `remarks` are
    what deserves a look, by expression.
    """

    root: Group
    instances: Mapping[str, Leaf] = field(default_factory=dict)
    trees: dict[str, Tree] = field(default_factory=dict)
    find_text: Callable[[str, Definition], Text | None] = field(default=lambda identity, place: None)
    remarks: dict[str, list[str]] = field(default_factory=dict)
    _shared: dict[tuple[str, int], Expression] = field(default_factory=dict)

    def compile(self, source: str, place: Definition) -> Expression:
        """The expression as it runs at `place`. Raises Refused. Equal expressions of one scope are one object."""
        key = (source, id(paths.home(place)))
        shared = self._shared.get(key)
        if shared is not None:
            return shared
        job = Job(self, place)
        try:
            made = job.expression(self.tree(source), source)
        except RecursionError:
            raise Refused("E_FORM_EXPRESSION", "nested too deep") from None
        if not job.relative:
            self._shared[key] = made
        return made

    def compile_tree(self, tree: Tree, source: str, place: Definition) -> Expression:
        """As `compile`, for a tree that was changed after it was parsed from `source`."""
        return Job(self, place).expression(tree, source)

    def tree(self, source: str) -> Tree:
        """The parsed expression; each text is parsed once. Raises Refused."""
        tree = self.trees.get(source)
        if tree is None:
            from schemas.xpath.parser import parse  # elementpath is imported when the first form is loaded, not before

            try:
                tree = parse(source)
            except ValueError as error:
                raise Refused("E_FORM_EXPRESSION", str(error)) from None
            self.trees[source] = tree
        return tree


class Job:
    """One expression being compiled: where it stands, and what it turned out to look at.

    `inside` says what relative paths start from: the bind's node (`node`), a candidate of a predicate over the main
    instance (`candidate`, then `here` is the candidate's definition), or an item of a secondary instance (`item`).
    """

    def __init__(self, compiler: Compiler, place: Definition) -> None:
        self.compiler = compiler
        self.place = place
        self.source = ""
        self.here = place
        self.inside = "node"
        self.ceiling: Group | None = None
        self.references: set[Reference] = set()
        self.volatile = False
        self.language = False
        self.relative = False
        self.looks = Looks()

    def expression(self, tree: Tree, source: str) -> Expression:
        """The whole expression, with what it looks at."""
        self.source = source
        code = self.code(tree)
        return Expression(source, code, frozenset(self.references), volatile=self.volatile, language=self.language)

    def code(self, tree: Tree) -> Code:
        """Compiles one node of the tree."""
        match tree:
            case String(value=literal):
                return Code("text", lambda c: literal, literal=literal)
            case Number(value=amount):
                return Code("number", lambda c: amount)
            case Negative(operand=operand):
                inner = self.code(operand)
                run = number(inner)
                return Code("number", lambda c: -run(c), local=inner.local)
            case Chain(first=first, rest=rest):
                return self._chain(first, rest)
            case Union(parts=parts):
                return operations.union([self.code(each) for each in parts])
            case Call(name=name, arguments=arguments):
                return self._call(name, arguments)
            case PathTree():
                return self._path(tree)

    # --- operators

    def _chain(self, first: Tree, rest: tuple[tuple[str, Tree], ...]) -> Code:
        operators = {symbol for symbol, _ in rest}
        if operators <= {"and"} or operators <= {"or"}:
            codes = [self.code(each) for each in (first, *(tree for _, tree in rest))]
            return operations.logic(codes, every=operators == {"and"})
        start = self.code(first)
        if not operators & _COMPARISONS:
            parts = [(symbol, self.code(tree)) for symbol, tree in rest]
            for left, right in pairwise((start, *(code for _, code in parts))):
                check_pair("+", left, right)
            return operations.arithmetic(start, parts)
        if len(rest) > MAX_COMPARISONS:
            raise Refused("E_FORM_EXPRESSION", "more than 50 comparisons in a row")
        for symbol, tree in rest:
            start = self._comparison(symbol, start, self.code(tree))
        return start

    def _comparison(self, symbol: str, left: Code, right: Code) -> Code:
        remark = check_pair(symbol, left, right)
        if remark:
            self.compiler.remarks.setdefault(self.source, []).append(remark)
        if symbol in ("=", "!="):
            run = compare_equal(left, right, wanted=symbol == "=")
        else:
            run = compare_order(symbol, left, right)
        return Code("boolean", run, local=left.local or right.local)

    def _call(self, name: str, arguments: tuple[Tree, ...]) -> Code:
        known = FUNCTIONS.get(name)
        if known is None:
            raise Refused("E_FORM_FUNCTION", name)
        self.looks.followed = self.looks.followed and name in PURE
        if not known.least <= len(arguments) <= known.most:
            raise Refused("E_FORM_EXPRESSION", f"{name}() has {len(arguments)} arguments")
        return known.build(self, arguments)

    # --- paths

    def _path(self, tree: PathTree) -> Code:
        if isinstance(tree.base, Call) and tree.base.name == "instance" and not tree.predicates:
            return self._secondary(self.instance(tree.base), tree.steps)
        if isinstance(tree.base, Call) and tree.base.name == "current" and not tree.base.arguments:
            self.relative = True
            return self._main(paths.start_route(self.place), tree.steps, origin=True)
        self.looks.followed = self.looks.followed and tree.base is None and self.inside != "item"
        if tree.base is not None:
            return self._from_base(self.code(tree.base), tree)
        if tree.absolute:
            route, steps = paths.absolute_route(self.compiler.root, self.place, tree.steps)
            return self._main(route, steps, origin=True)
        if self.inside == "item":
            return secondary.item_path(tree.steps)
        self.relative = True
        return self._main(paths.start_route(self.here), tree.steps, origin=False)

    def _from_base(self, base: Code, tree: PathTree) -> Code:
        """A path from what a parenthesis or a call gives: `(a | b)[1]`, `randomize(…)[1]/label`."""
        find = nodes(base)
        place, inside = base.target, self.inside
        if place is not None and tree.steps:
            raise Refused("E_FORM_EXPRESSION", "no name may follow a parenthesis around questions")
        if tree.predicates:
            kept = (self.here, self.ceiling)
            self.inside = "item" if place is None else "candidate"
            self.here = place or self.here
            filters = tuple(self._filter(each) for each in tree.predicates)
            self.inside, (self.here, self.ceiling) = inside, kept
            enter = _enter_item if place is None else _enter_scope
            base = operations.kept(base, filters, enter)  # type: ignore[arg-type]  # of leaves, as place is None
            find = nodes(base)
        for step in tree.steps:
            find = secondary.stepped(find, step)
            self.inside = "item"
            for predicate in step.predicates:
                find = secondary.filtered(find, self._filter(predicate))
            self.inside = inside
        return Code("nodes", find, local=base.local, target=place if not tree.steps else None)

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
        if steps and steps[-1].axis == "attribute":
            return self._attribute(route, steps)
        for number_, step in enumerate(steps, start=1):
            if step.name == "text()" and step.axis == "child":
                continue  # the text of a question is its value
            if step.axis in paths.SIBLINGS and (self.inside != "node" or number_ > 1 + _parents(steps)):
                raise Refused("E_FORM_EXPRESSION", f"the axis {step.axis} is offered from the own node only")
            filters = self._filters(routes, step, last=number_ == len(steps))
            leaf_filters = filters if filters and not _has_repeat(routes, step) else ()
            routes = [new for each in routes for new in paths.advance(each, step, filters)]
            if not routes:
                return self._nothing(step)
        from_candidate = not origin and self.inside == "candidate"
        for each in routes:
            self.references.update(paths.references(each, self.ceiling if from_candidate else None))
            paths.note_look(self.looks, each, own=from_candidate)
        from_origin = origin and self.inside != "node"
        codes = [
            paths.many(each, origin=from_origin) if each.downs else paths.one(each, origin=from_origin)
            for each in routes
        ]
        found = codes[0] if len(codes) == 1 else operations.joined(codes)
        if leaf_filters:
            found = operations.kept(found, leaf_filters, _enter_scope)
        found.local = from_candidate
        return found

    def _attribute(self, route: paths.Route, steps: Sequence[Step]) -> Code:
        """An attribute of a node of the instance, such as the version of the form; it never changes."""
        routes = [route]
        for step in steps[:-1]:
            routes = [new for each in routes for new in paths.advance(each, step, ())]
        wanted = steps[-1].name
        found = [each.target.attributes[wanted] for each in routes if wanted in each.target.attributes]
        value = found[0] if found else ""
        return Code("text", lambda c: value)

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
        around, self.looks = self.looks, Looks()
        made = self._predicate(predicate)
        looks, self.looks = self.looks, around
        around.followed = False
        return replace(made, looks=looks) if looks.followed and made.condition is not None else made

    def _predicate(self, predicate: Tree) -> paths.Filter:
        match predicate:
            case Chain(first=Call(name="position", arguments=()), rest=(("=", wanted),)):
                code = self.code(wanted)
                if code.kind != "boolean":
                    return paths.Filter(None, number(code), not code.local)
                self.looks.followed = False
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


def _parents(steps: Sequence[Step]) -> int:
    """How many steps upwards a path begins with."""
    count = 0
    while count < len(steps) and steps[count].axis in ("parent", "self"):
        count += 1
    return count


def _has_repeat(routes: list[paths.Route], step: Step) -> bool:
    return any(isinstance(new.target, Repeat) for each in routes for new in paths.advance(each, step, ()))


def _enter_scope(c: Context, live: object) -> None:
    c.scope = getattr(live, "scope", live)


def _enter_item(c: Context, leaf: Leaf) -> None:
    c.item = leaf
