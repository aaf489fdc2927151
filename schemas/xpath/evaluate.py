"""Expressions over an instance that no form describes: one after the other, and one that is wrong stops no other.

The functions are those of forms. Paths see the whole document with every axis; an absolute path from inside a repeat
means the own entry, as in forms (ODK XForms specification, "A Big Deviation with XForms").
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from schemas.problems import Problem
from schemas.xform_body import take_apart
from schemas.xform_model import Group, Text
from schemas.xform_xml import local, read
from schemas.xpath import operators
from schemas.xpath.code import Code, Context, Leaf, Refused, Seen, nodes, number, text
from schemas.xpath.compiler import Compiler, Job
from schemas.xpath.document import AXES, DocumentNode, ancestors, document_of, fits
from schemas.xpath.functions_nodes import entry_number
from schemas.xpath.paths import Filter
from schemas.xpath.tree import Call, Chain, PathTree, Step, String, Tree, Union
from schemas.xpath.values import Scalar

Verify: TypeAlias = Callable[[bytes, bytes, bytes], bool]
_QUOTED = 300


def evaluate(
    instance: bytes,
    expressions: Iterable[str],
    *,
    clock: Callable[[], datetime],
    context: str | None = None,
    files: Mapping[str, bytes] | None = None,
    verify: Verify | None = None,
) -> list[dict[str, object]]:
    """What expressions give over an instance: the XML of a submission, or of an XForm, whose tables are then there.

    One object for each expression, in order: `{"expr", "type": "number" | "string" | "boolean" | "nodeset", "value"}`
    or `{"expr", "problem": "E_…", "what": sentence}`. NaN and the infinities are texts, a node set is the list of
    its texts. `context` is the path of the node that relative paths start from, by default the outermost element.
    Raises E_FORM_XML for an instance that cannot be read, E_FORM_REFERENCE for a context that leads nowhere, and the
    problems of the context's expression.
    """
    root = read(instance)
    tables: Mapping[str, Leaf] = {}
    if local(root) == "html":
        parts = take_apart(root, files or {})
        root, tables = parts.data, parts.tables
    evaluator = Evaluator(document_of(root), tables, clock, verify)
    if context:
        evaluator.move(context)
    return [evaluator.answer(each) for each in expressions]


class Evaluator:
    """Evaluates over one document; also the World that functions ask."""

    def __init__(
        self,
        document: DocumentNode,
        tables: Mapping[str, Leaf],
        clock: Callable[[], datetime],
        verify: Verify | None = None,
    ) -> None:
        self.document = document
        self.here = document.children[0]
        self.clock = clock
        self.verify = verify
        self.seed = secrets.randbits(32)
        self.language = ""
        self._compiler = Compiler(Group("", "/", None), tables)

    def now(self) -> datetime:
        """The time of the caller's clock."""
        return self.clock()

    def choice_label(self, live: Seen, value: str) -> str:
        """An instance has no labels: the code itself."""
        return value

    def say(self, text: Text) -> str:
        """An instance has no texts."""
        return ""

    def verified(self, key: bytes, signature: bytes, message: bytes) -> bool:
        """Whether a signature holds, by the caller's verifier."""
        return self.verify is not None and self.verify(key, signature, message)

    def move(self, path: str) -> None:
        """Makes the first node of a path the context node. Raises E_FORM_REFERENCE when there is none."""
        found = self.run(path)
        if not isinstance(found, list) or not found or not isinstance(found[0], DocumentNode):
            raise Problem("E_FORM_REFERENCE", question="-", name=path[:_QUOTED], expression=path[:_QUOTED])
        self.here = found[0]

    def run(self, expression: str) -> Scalar | list[Any]:
        """The value of an expression; of a path, its nodes. Raises the E_FORM_… problems of expressions."""
        try:
            code = DocumentJob(self._compiler, self.document).code(self._compiler.tree(expression))
            return code.run(Context(self).enter(self.here))  # type: ignore[no-any-return]  # by the kind of the code
        except Refused as refused:
            facts = {"question": "-", "expression": expression[:_QUOTED]}
            names = {"E_FORM_FUNCTION": "function", "E_FORM_REFERENCE": "name"}
            raise Problem(refused.code, **facts, **{names.get(refused.code, "detail"): refused.detail}) from None
        except (Problem, RecursionError) as error:
            if isinstance(error, Problem) and error.code != "E_FORM_LIMIT":
                raise
            raise Problem("E_FORM_LIMIT", question="-", expression=expression[:_QUOTED]) from None

    def answer(self, expression: str) -> dict[str, object]:
        """One object of `evaluate`."""
        try:
            found = self.run(expression)
        except Problem as problem:
            return {"expr": expression, "problem": problem.code, "what": problem.what}
        if isinstance(found, list):
            return {"expr": expression, "type": "nodeset", "value": [each.seen for each in found]}
        if isinstance(found, bool):
            return {"expr": expression, "type": "boolean", "value": found}
        if isinstance(found, str):
            return {"expr": expression, "type": "string", "value": found}
        return {"expr": expression, "type": "number", "value": plain_number(found)}


def plain_number(amount: float) -> int | float | str:
    """A number as JSON has it: whole ones without a fraction, NaN and the infinities as text."""
    if amount != amount:
        return "NaN"
    if amount in (float("inf"), float("-inf")):
        return "Infinity" if amount > 0 else "-Infinity"
    return int(amount) if amount == int(amount) and abs(amount) < 2**53 else amount


class DocumentJob(Job):
    """Compiles an expression over a document: its paths are walked, not known beforehand."""

    def __init__(self, compiler: Compiler, document: DocumentNode) -> None:
        super().__init__(compiler, compiler.root)
        self.document = document

    def code(self, tree: Tree) -> Code:
        """As in forms; node sets that are joined are in document order."""
        found = super().code(tree)
        if not isinstance(tree, Union):
            return found
        run = nodes(found)
        return Code("nodes", lambda c: sorted(run(c), key=lambda node: getattr(node, "order", 0)), local=True)

    def _call(self, name: str, arguments: tuple[Tree, ...]) -> Code:
        own = _OWN.get(name)
        if own is None:
            return super()._call(name, arguments)
        least, most, build = own
        if not least <= len(arguments) <= most:
            raise Refused("E_FORM_EXPRESSION", f"{name}() has {len(arguments)} arguments")
        return build(self, arguments)

    def _path(self, tree: PathTree) -> Code:
        if isinstance(tree.base, Call) and tree.base.name == "instance" and not tree.predicates:
            return self._secondary(self.instance(tree.base), tree.steps)
        if tree.base is None and not tree.absolute and self.inside == "item":
            return super()._path(tree)
        return Code("nodes", self._walk(tree), local=True)

    def _walk(self, tree: PathTree) -> Callable[[Context], list[Any]]:
        steps = [(step, self._filters_of(step.predicates)) for step in tree.steps]
        base = nodes(self.code(tree.base)) if tree.base is not None else None
        if base is not None and tree.predicates:
            base = operators.kept(Code("nodes", base), self._filters_of(tree.predicates), _enter).run
        start, document = base, self.document

        def run(c: Context) -> list[Any]:
            if start is not None:
                found: list[Any] = start(c)
            else:
                found = [document] if tree.absolute else [c.scope]
            own = _own_line(c.origin) if tree.absolute else []
            for index, (step, filters) in enumerate(steps):
                named = index < len(steps) - 1 and step.axis == "child" and not step.predicates
                found = _step(c, found, step, filters, own if named else [])
            return found

        return run

    def _filters_of(self, predicates: tuple[Tree, ...]) -> tuple[Filter, ...]:
        outside, self.inside = self.inside, "candidate"
        found = tuple(self._filter(each) for each in predicates)
        self.inside = outside
        return found

    def _filter(self, predicate: Tree) -> Filter:
        if isinstance(predicate, Chain) and isinstance(predicate.first, Call) and predicate.first.name == "position":
            code = self.code(predicate)
            return Filter(lambda c: bool(code.run(c)), None, False)
        return super()._filter(predicate)


def _own_line(node: DocumentNode) -> list[DocumentNode]:
    """The element in question and those around it."""
    return [node, *ancestors(node)]


def _enter(c: Context, node: object) -> None:
    c.scope = node


def _step(c: Context, found: list[Any], step: Step, filters: tuple[Filter, ...], own: list[DocumentNode]) -> list[Any]:
    """One step from each node; where the way leads through the own entry, only that entry."""
    walk = AXES.get(step.axis)
    together: dict[int, Any] = {}
    for node in found:
        if not isinstance(node, DocumentNode) or walk is None:
            raise Refused("E_FORM_EXPRESSION", f"the axis {step.axis} is not offered here")
        for group in _groups(node, step):
            c.spend(1 + len(group))
            candidates = [each for each in group if any(each is one for one in own)] if own else []
            for each in _narrowed(c, candidates or group, filters):
                together[id(each)] = each
    return sorted(together.values(), key=lambda node: node.order)


def _groups(node: DocumentNode, step: Step) -> Iterable[list[DocumentNode]]:
    """The candidates of a step from one node; for `//name`, those of each parent by themselves."""
    if not step.deep:
        return [[each for each in AXES[step.axis](node) if fits(each, step.axis, step.name)]]
    parents = AXES["descendant-or-self"](node)
    return [[each for each in parent.children if fits(each, "child", step.name)] for parent in parents]


def _narrowed(c: Context, candidates: list[DocumentNode], filters: tuple[Filter, ...]) -> list[Any]:
    if not filters:
        return candidates
    return operators.kept(Code("nodes", lambda _: list(candidates)), filters, _enter).run(c)  # type: ignore[no-any-return]  # nodes


def _position(job: DocumentJob, trees: tuple[Tree, ...]) -> Code:
    if not trees:
        return Code("number", lambda c: float(c.position), local=True)
    run = nodes(job.code(trees[0]))
    return Code("number", lambda c: float(next((node.place for node in run(c)), 0)), local=True)


def _once(job: DocumentJob, trees: tuple[Tree, ...]) -> Code:
    run = text(job.code(trees[0]))
    return Code("text", lambda c: c.scope.seen or run(c), local=True)


def _current(job: DocumentJob, trees: tuple[Tree, ...]) -> Code:
    return Code("nodes", lambda c: [c.origin])


def _choice_name(job: DocumentJob, trees: tuple[Tree, ...]) -> Code:
    return Code("text", text(job.code(trees[0])), local=True)


def _indexed_repeat(job: DocumentJob, trees: tuple[Tree, ...]) -> Code:
    """`indexed-repeat(/d/r/q, /d/r, n)` is `/d/r[position() = n]/q`."""
    paths = [tree for tree in trees[:1] + trees[1::2]]
    if len(trees) % 2 == 0 or not all(isinstance(each, PathTree) and each.base is None for each in paths):
        raise Refused("E_FORM_EXPRESSION", "indexed-repeat() takes a question, then repeats with a number for each")
    run = nodes(job.code(trees[0]))
    levels = [(nodes(job.code(trees[i])), number(job.code(trees[i + 1]))) for i in range(1, len(trees), 2)]

    def found(c: Context) -> list[Any]:
        origin, kept = c.origin, []
        wanted = [(repeat(c), amount(c)) for repeat, amount in levels]
        c.origin = job.document  # from outside, an absolute path means every entry
        try:
            kept = [node for node in run(c) if all(_in_entry(node, entries, place) for entries, place in wanted)]
        finally:
            c.origin = origin
        return kept

    return Code("nodes", found, local=True)


def _in_entry(node: DocumentNode, entries: list[DocumentNode], number_: float) -> bool:
    place, names = entry_number(number_), {each.name for each in entries}
    return any(each.place == place and each.name in names for each in ancestors(node))


def _itext(job: DocumentJob, trees: tuple[Tree, ...]) -> Code:
    if not isinstance(trees[0], String):
        raise Refused("E_FORM_EXPRESSION", "jr:itext() takes the id of a text in quotes")
    raise Refused("E_FORM_REFERENCE", f"jr:itext('{trees[0].value}')")


_OWN: dict[str, tuple[int, int, Callable[[DocumentJob, tuple[Tree, ...]], Code]]] = {
    "position": (0, 1, _position),
    "once": (1, 1, _once),
    "current": (0, 0, _current),
    "jr:choice-name": (2, 2, _choice_name),
    "indexed-repeat": (3, 7, _indexed_repeat),
    "jr:itext": (1, 1, _itext),
}
