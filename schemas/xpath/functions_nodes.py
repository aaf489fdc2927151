"""Functions that look at nodes rather than at values: counts, positions, other entries of a repeat, names of
choices.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from schemas.xform_model import Definition, Group, Question, Repeat
from schemas.xpath import paths
from schemas.xpath.code import Code, Context, Reference, Refused, nodes, number, text
from schemas.xpath.registry import OWN, Function, Functions
from schemas.xpath.tallies import Count
from schemas.xpath.tree import Call, PathTree, String, Tree

if TYPE_CHECKING:
    from schemas.xpath.compiler import Job

FUNCTIONS = Functions()

_MODULUS = 2**31 - 1


@FUNCTIONS.register("count", 1, 1)
def _count(job: Job, trees: tuple[Tree, ...]) -> Code:
    code = job.code(trees[0])
    gathering = code.gathering
    if gathering is not None:
        return Code("number", lambda c: float(c.gathered.tally(gathering, Count, c).value), local=code.local)
    run = nodes(code)
    return Code("number", lambda c: float(len(run(c))), local=code.local)


@FUNCTIONS.register("count-non-empty", 1, 1)
def _count_non_empty(job: Job, trees: tuple[Tree, ...]) -> Code:
    code = job.code(trees[0])
    gathering = code.gathering
    if gathering is not None:
        return Code("number", lambda c: float(c.gathered.tally(gathering, Count, c).filled), local=code.local)
    run = nodes(code)

    def counted(c: Context) -> float:
        found = run(c)
        c.spend(len(found))
        return float(sum(1 for node in found if node.seen))

    return Code("number", counted, local=code.local)


@FUNCTIONS.register("position", 0, 1)
def _position(job: Job, trees: tuple[Tree, ...]) -> Code:
    """Without argument, the position of a predicate's candidate; with a path, the entry's position in its repeat."""
    if not trees:
        job.relative = True
        return Code("number", lambda c: float(c.position), local=True)
    code = job.code(trees[0])
    if code.kind != "node" or code.target is None:
        raise Refused("E_FORM_EXPRESSION", "position() takes the path of one entry, such as position(..)")
    scope = paths.home(code.target)
    if not isinstance(scope, Repeat):
        raise Refused("E_FORM_EXPRESSION", "position() is asked for outside a repeat")
    outer = paths.home(scope.parent) if scope.parent is not None else scope
    job.references.add(Reference(scope, True, outer))
    run, whole = code.run, code.target is scope
    return Code("number", lambda c: float((run(c) if whole else run(c).scope).place), local=code.local)


@FUNCTIONS.register("last", 0, 0)
def _last(job: Job, trees: tuple[Tree, ...]) -> Code:
    job.relative = True
    return Code("number", lambda c: float(c.size), local=True)


@FUNCTIONS.register("current", 0, 0)
def _current(job: Job, trees: tuple[Tree, ...]) -> Code:
    return job.code(PathTree(False, Call("current", ()), ()))


@FUNCTIONS.register("instance", 1, 1)
def _instance(job: Job, trees: tuple[Tree, ...]) -> Code:
    return job.code(PathTree(False, Call("instance", trees), ()))


@FUNCTIONS.register("jr:itext", 1, 1)
def _itext(job: Job, trees: tuple[Tree, ...]) -> Code:
    """A text of the form in the session's language."""
    if not isinstance(trees[0], String):
        raise Refused("E_FORM_EXPRESSION", "jr:itext() takes the id of a text in quotes")
    found = job.compiler.find_text(trees[0].value, job.place)
    if found is None:
        raise Refused("E_FORM_REFERENCE", f"jr:itext('{trees[0].value}')")
    job.language = True
    return Code("text", lambda c: c.world.say(found))


def _name(job: Job, trees: tuple[Tree, ...]) -> Code:
    """The name of the first node; names have no prefix here."""
    code = job.code(trees[0] if trees else OWN)
    run = nodes(code)
    return Code("text", lambda c: next((name_of(node) for node in run(c)), ""), local=code.local)


FUNCTIONS["name"] = FUNCTIONS["local-name"] = Function(0, 1, _name)


def name_of(node: object) -> str:
    """The name of a node of the form or of a table."""
    definition = getattr(node, "definition", None)
    name: str = getattr(definition or node, "name", "")
    return name.removeprefix("@")


@FUNCTIONS.register("randomize", 1, 2)
def _randomize(job: Job, trees: tuple[Tree, ...]) -> Code:
    """The nodes in another order, the same for one seed; without a seed, one order for each session."""
    code = job.code(trees[0])
    run = nodes(code)
    seed = number(job.code(trees[1])) if len(trees) == 2 else None

    def run_shuffled(c: Context) -> list[Any]:
        found = run(c)
        c.spend(len(found))
        return shuffled(found, float(c.world.seed) if seed is None else seed(c))

    return Code("nodes", run_shuffled, local=code.local, target=code.target)


def shuffled(found: list[Any], seed: float) -> list[Any]:
    """Fisher-Yates, inside out, by the generator of Park and Miller (ODK XForms specification, `randomize`).

    A seed counts without its fraction; NaN is 0, infinities are the ends of 64-bit integers (JavaRosa).
    """
    whole = 0 if seed != seed else (2**63 - 1 if seed > 0 else -(2**63)) if math.isinf(seed) else int(seed)
    state = abs(whole) % _MODULUS * (1 if whole > 0 else -1)
    state = state + _MODULUS - 1 if state <= 0 else state
    order: list[Any] = []
    for index, each in enumerate(found):
        state = state * 16_807 % _MODULUS
        place = int((state - 1) / (_MODULUS - 1) * (index + 1))
        order.append(each)
        if place != index:
            order[index], order[place] = order[place], each
    return order


def _definition(job: Job, tree: Tree) -> Definition:
    """The definition that a path leads to, whatever entry it is in."""
    before, after = set(job.references), job.code(tree)
    job.references = before
    if after.target is None or after.kind not in ("node", "nodes"):
        raise Refused("E_FORM_EXPRESSION", "a path of the form is needed here")
    return after.target


@FUNCTIONS.register("jr:choice-name", 2, 2)
def _choice_name(job: Job, trees: tuple[Tree, ...]) -> Code:
    """The label, in the session's language, of a code of a question whose path is given in quotes."""
    if not isinstance(trees[1], String):
        raise Refused("E_FORM_EXPRESSION", "jr:choice-name() takes the question's path in quotes")
    path = job.compiler.tree(trees[1].value)
    question = job.code(path)
    if not isinstance(question.target, Question) or question.kind not in ("node", "nodes"):
        raise Refused("E_FORM_REFERENCE", trees[1].value.strip())
    job.language = True
    stored, live = text(job.code(trees[0])), nodes_or_node(question)

    def run(c: Context) -> str:
        found = live(c)
        return c.world.choice_label(found, stored(c)) if found is not None else ""

    return Code("text", run, local=question.local)


def nodes_or_node(code: Code) -> Callable[[Context], Any]:
    """The one node, or the first of a node set; None when there is none."""
    run = code.run
    if code.kind == "node":
        return run
    return lambda c: next(iter(run(c)), None)


@FUNCTIONS.register("indexed-repeat", 3, 7)
def _indexed_repeat(job: Job, trees: tuple[Tree, ...]) -> Code:
    """The value of a question in the entry with this number: indexed-repeat(question, repeat, number, …).

    A number that is none, or below 1, means the first entry (JavaRosa); one beyond the last gives nothing.
    """
    if len(trees) % 2 == 0:
        raise Refused(
            "E_FORM_EXPRESSION", "indexed-repeat() takes a question, then a repeat and a number for each level"
        )
    target = _definition(job, trees[0])
    numbers: dict[int, Callable[[Context], float]] = {}
    local = False
    for index in range(1, len(trees), 2):
        repeat = _definition(job, trees[index])
        if not isinstance(repeat, Repeat):
            raise Refused("E_FORM_EXPRESSION", f"indexed-repeat(): {repeat.name} is no repeat")
        code = job.code(trees[index + 1])
        numbers[id(repeat)] = number(code)
        local = local or code.local
    job.relative = True
    levels = [each for each in reversed(list(target.lineage())) if isinstance(each, Repeat)]
    top, downs = _levels(job, levels, numbers)
    job.references.add(Reference(target, False, top))
    job.references.update(Reference(repeat, True, top) for repeat, _ in downs)
    ups = paths.depth(paths.home(job.place)) - paths.depth(top)
    walk = _walker(ups, tuple((repeat.slot, run) for repeat, run in downs), target.slot)
    return Code("text", walk, local=local)


def _levels(
    job: Job, levels: list[Repeat], numbers: dict[int, Callable[[Context], float]]
) -> tuple[Group, list[tuple[Repeat, Callable[[Context], float]]]]:
    """The scope to start from, and the repeats to go down with the number of the entry in each."""
    inside = {id(each) for each in job.place.lineage()}
    top: Group = job.compiler.root
    downs: list[tuple[Repeat, Callable[[Context], float]]] = []
    for each in levels:
        run = numbers.get(id(each))
        if run is not None:
            downs.append((each, run))
        elif id(each) in inside and not downs:
            top = each
        else:
            raise Refused("E_FORM_EXPRESSION", f"indexed-repeat() needs the number of the entry of {each.name}")
    if not downs:
        raise Refused("E_FORM_EXPRESSION", "indexed-repeat(): the question stands in none of the repeats given")
    return top, downs


def entry_number(wanted: float) -> int:
    """The number of the entry that indexed-repeat() means."""
    return max(int(wanted), 1) if math.isfinite(wanted) else 1


def _walker(ups: int, downs: tuple[tuple[int, Callable[[Context], float]], ...], slot: int) -> Callable[[Context], str]:
    def walk(c: Context) -> str:
        scope = c.origin
        for _ in range(ups):
            scope = scope.parent
        for repeat_slot, which in downs:
            wanted, entries = which(c), scope.nodes[repeat_slot].entries
            place = entry_number(wanted)
            if place > len(entries):
                return ""
            scope = entries[place - 1]
        seen: str = scope.nodes[slot].seen
        return seen

    return walk
