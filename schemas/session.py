"""One live interview on a form: an answer recalculates what depends on it and nothing else, and says what changed.

Answers that the form hides are kept and come back when it shows them again; they are in `kept`, never in `answers` or
`to_nested`. A refused answer (E_ANSWER_…) changes nothing. An answer that breaks a constraint is kept and shown as a
problem: words that a witness said are not thrown away because a rule of the form does not like them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from schemas.gates import OpenGate, open_gates
from schemas.problems import Problem
from schemas.session_actions import answered, finished, first_load
from schemas.session_engine import Engine, Verify
from schemas.session_entries import MAX_ENTRIES, add_entry, drop_entry, fill_new, new_scope
from schemas.session_live import Live, LiveRepeat, Scope
from schemas.session_paths import entry_states, find, no_place, question_at
from schemas.session_types import MISSING, Changes, Choice, EntryState, Issue, Missing, Node, Value
from schemas.session_values import checked, decode, encode
from schemas.session_view import View
from schemas.xform_graph import Kind
from schemas.xform_model import Form, Path, Question

__all__ = ["Changes", "Choice", "EntryState", "Issue", "Node", "Path", "Session", "Value"]

Kept = tuple[Path, Value, "str | None"]


class Session:
    """A live interview. Not shared between threads.

    `clock` gives the time for today() and now(). `language` is a full name ("Ukrainian (uk)") or its code ("uk"); one
    that the form does not have means the form's own. `preset` gives nodes by name a value that no calculation replaces.
    `verify` checks the signatures of extract-signed(); without it none holds. Raises E_FORM_LIMIT.
    """

    def __init__(
        self,
        form: Form,
        *,
        clock: Callable[[], datetime],
        language: str | None = None,
        preset: Mapping[str, str] | None = None,
        verify: Verify | None = None,
    ) -> None:
        self.form = form
        self._engine = Engine(form, clock, _language(form, language), verify)
        self._view = View(self._engine)
        engine = self._engine
        fill_new(engine, engine.root)
        for name, value in (preset or {}).items():
            self._pin(name, value)
        engine.mark_scope(engine.root)
        engine.run()
        first_load(engine)
        engine.run()
        engine.forget()

    def _pin(self, name: str, value: str) -> None:
        definition = self.form.by_name(name)
        for live in self._engine.instances(definition):
            self._engine.put(live, value)
            live.pinned = True

    # --- answers

    def set(self, path: Path, value: Value) -> Changes:
        """Answers a question; None, empty text or an empty tuple take the answer away.

        Raises E_ANSWER_PATH, E_ANSWER_TYPE, E_ANSWER_CHOICE, E_ANSWER_READONLY; then nothing has changed.
        """
        live, question = question_at(self._engine.root, path)
        self._check_open(live, question)
        raw = checked(question, value)
        if raw and question.itemset is not None and not self._engine.words.known(live) >= set(raw.split()):
            raise Problem("E_ANSWER_CHOICE", question=question.name)
        return self._put(live, raw, None)

    def set_missing(self, path: Path, reason: str) -> Changes:
        """Gives a reserved answer: unknown, declined or not_asked.

        Raises E_ANSWER_RESERVED for a closed question, E_ANSWER_TYPE for another reason, E_ANSWER_PATH,
        E_ANSWER_READONLY.
        """
        live, question = question_at(self._engine.root, path)
        self._check_open(live, question)
        if question.closed:
            raise Problem("E_ANSWER_RESERVED", question=question.name)
        return self._put(live, "", _reason(question, reason))

    def clear(self, path: Path) -> Changes:
        """Takes the answer or reserved answer away. Raises E_ANSWER_PATH, E_ANSWER_READONLY."""
        live, question = question_at(self._engine.root, path)
        self._check_open(live, question)
        return self._put(live, "", None)

    def _put(self, live: Live, raw: str, missing: Missing | None) -> Changes:
        return self._all_or_nothing(lambda: self._answer(live, raw, missing))

    def _all_or_nothing(self, action: Callable[[], None]) -> Changes:
        try:
            action()
        except Problem:
            self._engine.roll_back()
            raise
        return self._changes()

    def _answer(self, live: Live, raw: str, missing: Missing | None) -> None:
        engine = self._engine
        if missing != live.missing:
            engine.note(live)
            live.missing = missing
            engine.mark_kind(live, Kind.VALID)
        different = raw != live.raw
        engine.put(live, raw)
        engine.run()
        if different:
            answered(engine, live)

    def _changes(self) -> Changes:
        return frozenset(live.path for live in self._engine.take_changes() if not _gone(live))

    def _check_open(self, live: Live, question: Question) -> None:
        if not question.fillable or live.readonly or live.pinned:
            raise Problem("E_ANSWER_READONLY", question=question.name)

    def finish(self) -> Changes:
        """Fills what ODK fills when an interview is finalised: the time of its end, and an instance id if it has none.

        Whoever writes a submission calls this first. Raises E_FORM_LIMIT.
        """
        return self._all_or_nothing(lambda: finished(self._engine))

    # --- entries

    def add(self, path: Path, identity: int | None = None) -> tuple[Path, Changes]:
        """Adds an entry to the repeat at `path` (its last step is the repeat's name) and gives its path.

        `identity` asks for an id that was never given before, for reading a record back. Raises E_ANSWER_PATH;
        E_ANSWER_READONLY when the form decides the entries itself or there are 10,000.
        """
        live = find(self._engine.root, path)
        if not isinstance(live, LiveRepeat):
            raise no_place(path)
        if live.repeat.count is not None or live.repeat.fixed or len(live.entries) >= MAX_ENTRIES:
            raise Problem("E_ANSWER_READONLY", question=live.repeat.name)
        if identity is not None and identity < live.next_id:
            raise no_place((*path[:-1], (live.repeat.name, identity)))
        before = list(live.entries), live.next_id
        entry = add_entry(self._engine, live, identity)
        return entry.path, self._settle(live, before)

    def _settle(self, live: LiveRepeat, before: tuple[list[Scope], int]) -> Changes:
        """Calculates what new entries change; when that exceeds its bound, the entries are what they were."""
        try:
            self._engine.run()
        except Problem:
            for each in live.entries:
                each.gone = True
            live.entries, live.next_id = before
            for each in live.entries:
                each.gone = False
                if each.id in live.removed:
                    live.removed.remove(each.id)
            live.number()
            self._engine.roll_back()
            raise
        return self._changes()

    def remove(self, path: Path) -> Changes:
        """Takes the entry at `path` (its last step is `(name, id)`) away; its id is never given again.

        Raises E_ANSWER_PATH; E_ANSWER_READONLY when the form counts the entries itself.
        """
        entry = find(self._engine.root, path)
        if not isinstance(entry, Scope) or entry.container is None:
            raise no_place(path)
        container = entry.container
        if container.repeat.count is not None or container.repeat.fixed:
            raise Problem("E_ANSWER_READONLY", question=container.repeat.name)
        before = list(container.entries), container.next_id
        drop_entry(self._engine, entry)
        return self._settle(container, before)

    def entries(self) -> list[EntryState]:
        """Every entry that was ever made, removed ones too, as `restore` takes them."""
        return list(entry_states(self._engine.root))

    def codes(self) -> dict[str, Path]:
        """Entry codes in use (P1, W2) and the paths of the entries that bear them."""
        found: dict[str, Path] = {}
        for live in self._engine.root.walk():
            if isinstance(live, LiveRepeat) and live.repeat.code:
                found.update({f"{live.repeat.code}{entry.id}": entry.path for entry in live.entries})
        return found

    def restore(self, entries: Iterable[EntryState], answers: Iterable[Kept]) -> None:
        """Loads a draft in place of everything that is there: entries, then answers, then one full recalculation.

        Defaults are not given again. A calculation that looks at nothing and changes by itself (uuid, today) keeps the
        value that it had. Raises E_ANSWER_PATH and E_ANSWER_TYPE for a draft of another form.
        """
        engine = self._engine
        self._empty()
        for state in sorted(entries, key=lambda each: len(each.path)):
            self._restore_entry(state)
        for path, value, missing in answers:
            live, question = question_at(self._engine.root, path)
            if live.pinned:
                continue
            live.raw = encode(question, value) if question.type != "calculate" else str(value or "")
            live.seen = live.raw if live.relevant else ""
            live.missing = None if missing is None else _reason(question, missing)
        engine.context.gathered.clear()
        engine.restoring = True
        engine.begin(whole=True)
        try:
            engine.mark_scope(engine.root)
            engine.run()
        finally:
            engine.restoring = False
        engine.forget()

    def _empty(self) -> None:
        for live in self._engine.root.nodes:
            if isinstance(live, LiveRepeat):
                live.entries, live.spare, live.removed, live.next_id = [], [], [], 1
                live.number()
            elif not live.pinned:
                live.raw, live.seen, live.missing = "", "", None

    def _restore_entry(self, state: EntryState) -> None:
        step = state.path[-1] if state.path else ""
        if isinstance(step, str):
            raise no_place(state.path)
        live = find(self._engine.root, (*state.path[:-1], step[0]))
        if not isinstance(live, LiveRepeat) or step[1] < 1:
            raise no_place(state.path)
        scope = new_scope(live, step[1])
        if state.removed:
            live.removed.append(step[1])
            return
        live.entries.append(scope)
        live.number()

    # --- language

    @property
    def language(self) -> str:
        """The language of labels; may be set at any time, to a full name ("Ukrainian (uk)") or a code ("uk")."""
        return self._engine.words.language

    @language.setter
    def language(self, language: str) -> None:
        engine = self._engine
        engine.words.switch(_language(self.form, language))
        for live in engine.root.walk():
            for cell in engine.program.by_node[live.definition].values():
                if cell.kind is Kind.SHOWN and isinstance(live, LiveRepeat):
                    for entry in live.entries:
                        engine.mark(cell, entry)
                elif cell.kind in (Kind.SHOWN, Kind.HEADING) or any(each.language for each in cell.expressions):
                    engine.mark(cell, live)
        engine.run()
        engine.forget()

    # --- looking

    def node(self, path: Path) -> Node:
        """The node as it is now. Raises E_ANSWER_PATH."""
        return self._view.node(find(self._engine.root, path))

    def walk(self) -> list[Node]:
        """Every node in document order: groups, repeats, entries, questions, notes, relevant or not; no
        calculations.
        """
        return list(self._view.below(self.form.root, self._engine.root))

    def below(self, path: Path) -> list[Node]:
        """As `walk`, for what lies inside a group, repeat or entry; the screen of one section. Raises E_ANSWER_PATH."""
        return list(self._view.inside(find(self._engine.root, path)))

    def sections(self) -> list[Node]:
        """The top-level groups and repeats that show anything."""
        return [self._view.node(self._engine.root.nodes[each.slot]) for each in self.form.sections]

    def value(self, path: Path) -> Value:
        """The answer at this path, whether or not the form hides it now. Raises E_ANSWER_PATH."""
        live, question = question_at(self._engine.root, path)
        return decode(question, live.raw)

    def validity(self) -> list[Issue]:
        """What stands against the answers, in document order, relevant nodes only."""
        return [self._view.issue(live) for live in self._engine.root.walk() if live.issue is not None]

    def open_gates(self) -> list[OpenGate]:
        """The gates that the answers given so far have opened (`schemas.gates`), as `validity` says what is wrong."""
        return open_gates(self)

    def answers(self) -> list[Kept]:
        """Relevant leaves that have a value or a missing reason, calculations too: what is exported."""
        return [each for live, each in self._leaves() if live.relevant]

    def kept(self) -> list[Kept]:
        """As `answers`, with those that the form hides at this moment: what a draft keeps."""
        return [each for _, each in self._leaves()]

    def _leaves(self) -> Iterator[tuple[Live, Kept]]:
        for live in self._engine.root.walk():
            question = live.definition
            if isinstance(question, Question) and question.type != "note" and (live.raw or live.missing):
                yield live, (live.path, decode(question, live.raw), live.missing)

    def to_nested(self) -> dict[str, Any]:
        """Relevant answers by form structure.

        Groups are maps, repeats lists of maps (with `_code` where entries have codes), a reserved answer is
        `{"missing": reason}`, a file `{"attachment": hexadecimal stream id}`, select_multiple a list of codes.
        """
        return self._view.nested(self.form.root, self._engine.root)

    @property
    def live_root(self) -> Scope:
        """The live tree, for those who write it out (schemas.instance); nobody changes it but the session."""
        return self._engine.root


def _reason(question: Question, reason: str) -> Missing:
    for each in MISSING:
        if each == reason:
            return each
    raise Problem("E_ANSWER_TYPE", question=question.name, wanted="unknown, declined or not_asked as a reserved answer")


def _gone(live: Live | Scope) -> bool:
    scope: Scope | None = live if isinstance(live, Scope) else live.scope
    while scope is not None:
        if scope.gone:
            return True
        scope = scope.parent
    return False


def _language(form: Form, wanted: str | None) -> str:
    """The form's language that is asked for by its name or by the code in it; else the form's own."""
    if wanted:
        for each in form.languages:
            if each == wanted or each.lower().endswith(f"({wanted.lower()})"):
                return each
    return form.default_language
