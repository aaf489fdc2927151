"""What depends on what, and in which order it is calculated: made once when a form is loaded.

A `Cell` is one thing of one node that an expression decides: whether it is relevant, its calculated value, how many
entries it has, whether it is read-only or required, its shown texts, its choices, whether its answer is valid. `rank`
orders the cells so that everything a cell looks at has a lower rank. An `Edge` leads from a node to a cell that looks
at it, with the way from the one live node to the others: up to the scope that both share, then down through repeats.

A calculation may look at itself in other entries of its repeat (a running total with indexed-repeat); every other
circle is refused with the names in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum

from schemas.problems import Problem
from schemas.xform_model import Definition, Group, Question, Repeat, Text
from schemas.xpath.code import Expression, Reference
from schemas.xpath.paths import depth, home


class Kind(IntEnum):
    """What a cell decides, in the order in which cells without dependents are calculated.

    The texts of a repeat are shown once for each entry (`SHOWN`) and once above all of them (`HEADING`).
    """

    RELEVANT = 0
    VALUE = 1
    ENTRIES = 2
    READONLY = 3
    REQUIRED = 4
    CHOICES = 5
    SHOWN = 6
    HEADING = 7
    VALID = 8


@dataclass(slots=True, eq=False)
class Cell:
    """One thing to calculate. `peers`: the calculation looks at itself in other entries of its repeat."""

    kind: Kind
    definition: Definition
    expressions: tuple[Expression, ...]
    rank: int = -1
    peers: bool = False

    @property
    def scope(self) -> Group:
        """The scope that the cell's live nodes stand in: texts of a repeat are those of its entries."""
        if isinstance(self.definition, Repeat) and self.kind is not Kind.SHOWN:
            return self.definition.scope or self.definition
        return home(self.definition)


@dataclass(frozen=True, slots=True)
class Edge:
    """From a changed node to a cell: climb to the scope of `common`, go down through `route`, take the cell's node."""

    cell: Cell
    common: Group
    route: tuple[int, ...]


@dataclass(slots=True)
class Program:
    """The cells of a form by rank, by node and kind, and the edges from each node's value and each repeat's entries."""

    cells: list[Cell] = field(default_factory=list)
    by_node: dict[Definition, dict[Kind, Cell]] = field(default_factory=dict)
    from_value: dict[Definition, tuple[Edge, ...]] = field(default_factory=dict)
    from_entries: dict[Definition, tuple[Edge, ...]] = field(default_factory=dict)


def build_program(root: Group) -> Program:
    """The cells and edges of a form. Raises E_FORM_CYCLE with the names of the questions in the circle."""
    program = Program()
    for definition in root.walk():
        program.by_node[definition] = {cell.kind: cell for cell in _cells(definition)}
    cells = [cell for found in program.by_node.values() for cell in found.values()]
    program.cells = _ordered(cells, program)
    for rank, cell in enumerate(program.cells):
        cell.rank = rank
    _connect(program)
    return program


def _cells(definition: Definition) -> Iterator[Cell]:
    if definition.relevant is not None:
        yield Cell(Kind.RELEVANT, definition, (definition.relevant,))
    if isinstance(definition, Repeat) and definition.count is not None:
        yield Cell(Kind.ENTRIES, definition, (definition.count,))
    if isinstance(definition, Question):
        yield from _question_cells(definition)
    readonly = tuple(each.readonly for each in definition.lineage() if each.readonly is not None)
    if readonly:
        yield Cell(Kind.READONLY, definition, readonly)
    shown = tuple(_outputs(definition))
    if shown:
        yield Cell(Kind.SHOWN, definition, shown)
        if isinstance(definition, Repeat):
            yield Cell(Kind.HEADING, definition, shown)


def _question_cells(question: Question) -> Iterator[Cell]:
    if question.calculate is not None:
        yield Cell(Kind.VALUE, question, (question.calculate,))
    if question.required is not None:
        yield Cell(Kind.REQUIRED, question, (question.required,))
    if question.itemset is not None and question.itemset.nodes is not None and question.itemset.filtered:
        shown = (question.itemset.nodes, question.itemset.value_at, question.itemset.label_at)
        yield Cell(Kind.CHOICES, question, tuple(each for each in shown if each is not None))
    yield Cell(Kind.VALID, question, () if question.constraint is None else (question.constraint,))


def _outputs(definition: Definition) -> Iterator[Expression]:
    texts: list[Text | None] = [definition.label, definition.hint, definition.guidance]
    if isinstance(definition, Group):
        texts.append(definition.prompt)
    if isinstance(definition, Question):
        texts += [definition.required_message, definition.constraint_message]
    for text in texts:
        if text is not None:
            for parts in text.by_language.values():
                yield from (part for part in parts if not isinstance(part, str))


def _before(cell: Cell, program: Program) -> Iterator[Cell]:
    """The cells that must be calculated before this one."""
    for expression in cell.expressions:
        for reference in expression.references:
            yield from _deciding(reference, program)
    for each in cell.definition.lineage():
        if isinstance(each, Repeat) and Kind.ENTRIES in program.by_node[each] and not _own_count(cell, each):
            yield program.by_node[each][Kind.ENTRIES]


def _own_count(cell: Cell, repeat: Repeat) -> bool:
    return cell.definition is repeat and cell.kind in (Kind.ENTRIES, Kind.RELEVANT)


def _deciding(reference: Reference, program: Program) -> Iterator[Cell]:
    """The cells that decide what a reference sees."""
    target = reference.definition
    if not reference.entries and Kind.VALUE in program.by_node.get(target, {}):
        yield program.by_node[target][Kind.VALUE]
    for each in target.lineage():
        found = program.by_node.get(each, {})
        if Kind.RELEVANT in found:
            yield found[Kind.RELEVANT]
        if isinstance(each, Repeat) and Kind.ENTRIES in found:
            yield found[Kind.ENTRIES]


def _ordered(cells: list[Cell], program: Program) -> list[Cell]:
    """Depth-first order; cells that nothing looks at come last. Document order decides where there is a choice."""
    early = [cell for cell in cells if cell.kind <= Kind.ENTRIES]
    done: list[Cell] = []
    state: dict[Cell, int] = {}
    for start in early:
        if start in state:
            continue
        path: list[tuple[Cell, Iterator[Cell]]] = [(start, _before(start, program))]
        state[start] = 1
        while path:
            cell, waiting = path[-1]
            following = next(waiting, None)
            if following is None:
                path.pop()
                state[cell] = 2
                done.append(cell)
            elif following is cell and cell.kind is Kind.VALUE and _through_peers(cell):
                cell.peers = True
            elif state.get(following) == 1:
                raise _cycle([each for each, _ in path], following)
            elif following not in state:
                state[following] = 1
                path.append((following, _before(following, program)))
    late = sorted((cell for cell in cells if cell.kind > Kind.ENTRIES), key=lambda cell: cell.kind)
    return done + late


def _through_peers(cell: Cell) -> bool:
    """Whether the calculation looks at itself only by way of the entries of a repeat."""
    scope = cell.scope
    own = [
        reference
        for expression in cell.expressions
        for reference in expression.references
        if reference.definition is cell.definition
    ]
    return isinstance(scope, Repeat) and all(reference.common is not scope for reference in own)


def _cycle(path: list[Cell], back: Cell) -> Problem:
    names = [cell.definition.name for cell in path[path.index(back) :]]
    return Problem("E_FORM_CYCLE", questions=" → ".join([*names, names[0]]))


def _connect(program: Program) -> None:
    from_value: dict[Definition, dict[tuple[Cell, Group], Edge]] = {}
    from_entries: dict[Definition, dict[tuple[Cell, Group], Edge]] = {}
    for cell in program.cells:
        for reference in _references(cell):
            if reference.definition is cell.definition and cell.kind is Kind.VALID and not reference.entries:
                continue  # an answer checks itself anyway
            if reference.common is cell.definition and cell.kind is Kind.HEADING:
                continue  # what stands above all entries shows none of them
            edges = (from_entries if reference.entries else from_value).setdefault(reference.definition, {})
            common = _shared(cell.scope, reference.common)
            edges[cell, common] = Edge(cell, common, _route(cell.scope, common))
    program.from_value = {node: tuple(edges.values()) for node, edges in from_value.items()}
    program.from_entries = {node: tuple(edges.values()) for node, edges in from_entries.items()}


def _references(cell: Cell) -> Iterable[Reference]:
    first, *columns = cell.expressions or (None,)
    found = {reference for expression in cell.expressions for reference in expression.references}
    starts = [reference.common for reference in first.references if reference.entries] if first is not None else []
    if cell.kind is not Kind.CHOICES or not columns or not starts:
        return found
    # Value and label stand in the entries that are offered, which are those below the place where the path starts.
    top = min(starts, key=depth)
    for reference in {each for column in columns if column is not None for each in column.references}:
        found.add(replace(reference, common=min((reference.common, top), key=depth)))
    return found


def _scopes(scope: Group) -> Iterator[Group]:
    """The scope and those around it, from the inside out."""
    each: Group | None = scope
    while each is not None:
        yield each
        each = each.scope


def _shared(scope: Group, common: Group) -> Group:
    """The scope that both ends share; the form itself for what is looked up inside entries from elsewhere (choices)."""
    scopes = list(_scopes(scope))
    return common if any(each is common for each in scopes) else scopes[-1]


def _route(scope: Group, common: Group) -> tuple[int, ...]:
    slots: list[int] = []
    for each in _scopes(scope):
        if each is common:
            break
        slots.append(each.slot)
    return tuple(reversed(slots))
