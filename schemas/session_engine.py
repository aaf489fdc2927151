"""Recalculation: a change marks the cells that look at it, and marked cells are calculated in order of rank, once each.

Whatever a cell looks at has a lower rank (`schemas.xform_graph`), so a cell is calculated after everything it needs,
and the result is the same as that of calculating everything. `before` remembers what every node was that is touched on
the way, so that what came out as it was is no change.

Every expression is bounded by itself (`schemas.xpath.code.MAX_STEPS`). All that one answer sets off is bounded by
`MAX_SECONDS` of this thread's processor time, so that neither other programs nor a lid that was closed count.
"""

from __future__ import annotations

import heapq
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from schemas import edtf
from schemas import session_entries as entries
from schemas.problems import Problem
from schemas.session_live import Live, LiveRepeat, Scope, state
from schemas.session_types import IssueCode
from schemas.session_values import coerce, in_range
from schemas.session_words import Words
from schemas.xform_graph import Cell, Edge, Kind
from schemas.xform_model import Definition, Form, Group, Question, Repeat, Text
from schemas.xpath.code import Context, Seen
from schemas.xpath.paths import home

Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether an Ed25519 signature (second) of a message (third) holds under a public key (first)."""
MAX_SECONDS = 10.0
"""Processor time for all that one answer sets off."""
MAX_SECONDS_WHOLE = 120.0
"""Processor time for calculating a whole draft anew: what took many answers to write must open again."""
_BETWEEN = 8
"""How many nodes are calculated between two looks at the time, which cost as much as a small expression."""


class Engine:
    """The live tree of one interview and its recalculation. `take_changes` says what became of it."""

    def __init__(self, form: Form, clock: Callable[[], datetime], language: str, verify: Verify | None = None) -> None:
        self.form = form
        self.verify = verify
        self.program = form.program
        self.clock = clock
        self.seed = secrets.randbits(32)
        self.context = Context(self)
        self.words = Words(form, language, self.context)
        self.root = Scope(form.root)
        self.before: dict[Live | Scope, tuple[Any, ...] | None] = {}
        self.restoring = False
        self.calculated = 0
        self.renewed: set[Live] = set()
        self._until: float | None = None
        self._dirty: dict[int, dict[Live | Scope, None]] = {}
        self._ranks: list[int] = []

    # --- what functions ask for (schemas.xpath.code.World)

    @property
    def language(self) -> str:
        """The session's language."""
        return self.words.language

    def now(self) -> datetime:
        """The time of the session's clock."""
        return self.clock()

    def choice_label(self, live: Seen, value: str) -> str:
        """The label of a code of a question's choices; the code itself for a node that is no question of the form."""
        return self.words.choice_label(live, value) if isinstance(live, Live) else value

    def say(self, text: Text) -> str:
        """A text of the form in the session's language, shown where the expression stands."""
        context = self.context
        kept = (context.scope, context.origin)
        try:
            return self.words.say(text, context.origin)
        finally:
            context.scope, context.origin = kept

    def verified(self, key: bytes, signature: bytes, message: bytes) -> bool:
        """Whether the signature holds, by the caller's verifier; never without one."""
        return self.verify is not None and self.verify(key, signature, message)

    # --- what changed

    def note(self, live: Live | Scope) -> None:
        """Remembers what a node is before it is changed for the first time; new nodes are there already, as None."""
        if live not in self.before:
            self.before[live] = state(live)

    def take_changes(self) -> list[Live | Scope]:
        """The nodes and entries that are not what they were, and forgets what they were."""
        found = [live for live, before in self.before.items() if before != state(live)]
        self.forget()
        return found

    def forget(self) -> None:
        """What was touched is as it is now; the next change has its own time."""
        self.before.clear()
        self._until = None

    def begin(self, *, whole: bool = False) -> None:
        """Gives all that follows, until it is settled, the time of one answer or that of a whole draft."""
        self._until = time.thread_time() + (MAX_SECONDS_WHOLE if whole else MAX_SECONDS)

    # --- marking

    def mark(self, cell: Cell, live: Live | Scope) -> None:
        """This cell of this node is to be calculated again."""
        bucket = self._dirty.get(cell.rank)
        if bucket is None:
            bucket = self._dirty[cell.rank] = {}
            heapq.heappush(self._ranks, cell.rank)
        bucket[live] = None

    def mark_kind(self, live: Live, kind: Kind) -> None:
        """As `mark`, for the node's cell of this kind, if it has one."""
        cell = self.program.by_node[live.definition].get(kind)
        if cell is not None:
            self.mark(cell, live)

    def touch(self, live: Live) -> None:
        """The node's value, as expressions see it, changed."""
        self.context.gathered.changed(live.definition, live)
        for edge in self.program.from_value.get(live.definition, ()):
            self._follow(edge, live.scope)

    def touch_entries(self, live: LiveRepeat) -> None:
        """The entries of the repeat changed, or their order."""
        self.context.gathered.entries_changed(live.definition)
        for edge in self.program.from_entries.get(live.definition, ()):
            self._follow(edge, live.scope)

    def _follow(self, edge: Edge, scope: Scope) -> None:
        scopes = [scope.up_to(edge.common)]
        for slot in edge.route:
            scopes = [entry for each in scopes for entry in each.repeat(each.definition.layout[slot]).entries]
        cell = edge.cell
        whole = isinstance(cell.definition, Repeat) and cell.kind is Kind.SHOWN
        for each in scopes:
            self.mark(cell, each if whole else each.nodes[cell.definition.slot])

    def mark_scope(self, scope: Scope) -> None:
        """Everything in this scope is to be calculated."""
        for live in scope.nodes:
            for cell in self.program.by_node[live.definition].values():
                if not (isinstance(live, LiveRepeat) and cell.kind is Kind.SHOWN):
                    self.mark(cell, live)
            if isinstance(live, LiveRepeat):
                for entry in live.entries:
                    self.mark_scope(entry)
        if scope.container is not None:
            shown = self.program.by_node[scope.definition].get(Kind.SHOWN)
            if shown is not None:
                self.mark(shown, scope)

    # --- calculating

    def run(self) -> None:
        """Calculates what is marked, lowest rank first. Raises E_FORM_LIMIT."""
        cells = self.program.cells
        if self._until is None:
            self.begin()
        while self._ranks:
            rank = heapq.heappop(self._ranks)
            lives = self._dirty.pop(rank)
            cell = cells[rank]
            try:
                if cell.peers:
                    self._calculate_peers(cell)
                    continue
                work = _WORK[cell.kind]
                for live in lives:
                    work(self, cell, live)
                    self.calculated += 1
                    if not self.calculated % _BETWEEN:
                        self._look_at_time()
            except (Problem, RecursionError):
                self._until = None
                raise _limit(cell) from None

    def _look_at_time(self) -> None:
        if self._until is not None and time.thread_time() > self._until:
            raise Problem("E_FORM_LIMIT")

    def roll_back(self) -> None:
        """Puts every touched node back to what it was before the change, and calculates anew."""
        for live, before in self.before.items():
            if isinstance(live, Live) and isinstance(before, tuple):
                live.raw, live.missing = before[:2]
                live.seen = live.raw if live.relevant else ""
        self._dirty.clear()
        self._ranks.clear()
        self.context.gathered.clear()
        self.mark_scope(self.root)
        self.begin(whole=True)
        try:
            self.run()
        except Problem:
            self._dirty.clear()
            self._ranks.clear()
        self.forget()

    def at(self, scope: Scope) -> Context:
        """The context, set to this scope."""
        return self.context.enter(scope)

    def _own_context(self, live: Live) -> Context:
        return self.at(live.template() if isinstance(live, LiveRepeat) else live.scope)

    def _relevant(self, cell: Cell, live: Live) -> None:
        own = cell.expressions[0].boolean(self._own_context(live))
        if own != live.own:
            live.own = own
            self.spread(live)

    def spread(self, live: Live) -> None:
        """The node's own relevance or that of the group around it changed: sets what follows from it inside."""
        relevant = live.own and self._parent_relevant(live)
        if relevant == live.relevant:
            return
        self.note(live)
        if isinstance(live, LiveRepeat):
            for entry in live.entries:
                self.note(entry)
        live.relevant = relevant
        leaf = isinstance(live.definition, Question)
        if leaf:
            live.seen = live.raw if relevant else ""
        self.touch(live)
        if isinstance(live, LiveRepeat):
            self.touch_entries(live)
            for entry in live.entries:
                self.spread_children(live.repeat, entry)
        elif isinstance(live.definition, Group):
            self.spread_children(live.definition, live.scope)
        elif leaf:
            self.mark_kind(live, Kind.VALID)

    def spread_children(self, group: Group, scope: Scope) -> None:
        """What follows inside from a group whose relevance changed."""
        for child in group.children:
            self.spread(scope.nodes[child.slot])

    def _parent_relevant(self, live: Live) -> bool:
        parent = live.definition.parent
        if parent is None or parent.parent is None:
            return True
        if isinstance(parent, Repeat):
            return live.scope.relevant
        return live.scope.nodes[parent.slot].relevant

    def _value(self, cell: Cell, live: Live) -> None:
        expression = cell.expressions[0]
        fixed = self.restoring and expression.volatile and not expression.references and live.raw
        if live.pinned or fixed or not isinstance(live.definition, Question):
            return
        self.put(live, coerce(live.definition.data_type, expression.value(self.at(live.scope))))

    def put(self, live: Live, raw: str) -> None:
        """Sets the node's text, and marks what looks at it."""
        if raw == live.raw:
            return
        self.note(live)
        live.raw = raw
        seen = raw if live.relevant else ""
        if seen != live.seen:
            live.seen = seen
            self.touch(live)
        self.mark_kind(live, Kind.VALID)

    def _calculate_peers(self, cell: Cell) -> None:
        """A calculation that looks at itself in other entries: all entries anew, in document order, from nothing."""
        question = cell.definition
        if not isinstance(question, Question):
            return
        lives = list(self.instances(question))
        before = [(live.raw, live.seen) for live in lives]
        gathered = self.context.gathered
        for live in lives:
            self.note(live)
            live.seen = ""
            gathered.changed(question, live)
        for live in lives:
            self._look_at_time()
            if not live.pinned:
                live.raw = coerce(question.data_type, cell.expressions[0].value(self.at(live.scope)))
            live.seen = live.raw if live.relevant else ""
            gathered.changed(question, live)
        for live, (raw, seen) in zip(lives, before, strict=True):
            if live.seen != seen:
                for edge in self.program.from_value.get(question, ()):
                    if edge.cell is not cell:
                        self._follow(edge, live.scope)
            if live.raw != raw:
                self.mark_kind(live, Kind.VALID)

    def instances(self, definition: Definition) -> Iterator[Live]:
        """Every live node of a definition, in document order."""
        chain = [each for each in home(definition).lineage() if isinstance(each, Repeat)]
        scopes = [self.root]
        for repeat in reversed(chain):
            scopes = [entry for scope in scopes for entry in scope.repeat(repeat).entries]
        for scope in scopes:
            yield scope.nodes[definition.slot]

    def _entries(self, cell: Cell, live: Live) -> None:
        if isinstance(live, LiveRepeat):
            entries.count_entries(self, live, cell.expressions[0].number(self._own_context(live)))

    def _readonly(self, cell: Cell, live: Live) -> None:
        readonly = False
        for each in live.definition.lineage():
            if each.readonly is not None and not readonly:
                scope = live.scope.up_to(home(each)) if each is not live.definition else None
                readonly = each.readonly.boolean(self._own_context(live) if scope is None else self.at(scope))
        if readonly != live.readonly:
            self.note(live)
            if isinstance(live, LiveRepeat):
                for entry in live.entries:
                    self.note(entry)
            live.readonly = readonly

    def _required(self, cell: Cell, live: Live) -> None:
        required = cell.expressions[0].boolean(self.at(live.scope))
        if required != live.required:
            self.note(live)
            live.required = required
            self.mark_kind(live, Kind.VALID)

    def _choices(self, cell: Cell, live: Live) -> None:
        offered = self.words.offered(live)
        if offered != live.choices:
            self.note(live)
            live.choices = offered
            self.mark_kind(live, Kind.VALID)

    def _shown(self, cell: Cell, live: Live | Scope) -> None:
        shown = self.words.shown(live)
        if shown != live.shown:
            self.note(live)
            live.shown = shown

    def _valid(self, cell: Cell, live: Live) -> None:
        issue = self.issue_of(live)
        if issue != live.issue:
            self.note(live)
            live.issue = issue

    def issue_of(self, live: Live) -> IssueCode | None:
        """The rule that the node's answer breaks now, if any."""
        question = live.definition
        if not isinstance(question, Question) or not live.relevant:
            return None
        if not live.raw:
            excused = live.missing is not None and question.strictness != "block"
            return "required" if live.required and not excused else None
        if question.itemset is not None:
            chosen = live.raw.split()
            if len(chosen) > 1 and not question.alone.isdisjoint(chosen):
                return "alone"
            if not self.words.offers(live, chosen):
                return "choice"
        if question.edtf and edtf.parse(live.raw) is None:
            return "edtf"
        if question.constraint is not None and not question.constraint.boolean(self.at(live.scope)):
            return "constraint"
        if "start" in question.parameters and not in_range(question.parameters, live.raw):
            return "constraint"
        return None


def _limit(cell: Cell) -> Problem:
    expression = next((each.source for each in cell.expressions), "")[:300]
    return Problem("E_FORM_LIMIT", question=cell.definition.name, expression=expression)


_WORK: dict[Kind, Callable[..., None]] = {
    Kind.RELEVANT: Engine._relevant,
    Kind.VALUE: Engine._value,
    Kind.ENTRIES: Engine._entries,
    Kind.READONLY: Engine._readonly,
    Kind.REQUIRED: Engine._required,
    Kind.CHOICES: Engine._choices,
    Kind.SHOWN: Engine._shown,
    Kind.HEADING: Engine._shown,
    Kind.VALID: Engine._valid,
}
