"""The journal of acts: what each act on an interview changed, so that it can be taken back and done again.

Rule: an act stands in the journal in the transaction in which it happened, encrypted as the answers are, and goes with
the draft's key; nothing of it is sealed. It keeps the last `ACTS` acts, of at most `WEIGHT` characters together. A file
that an act took away stays sealed in the vault as long as the journal names it (docs/adr/0032-undo.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

from collector.changes import Change, between, joined, plain_given, wire_given
from collector.drafts import DraftRows, Given, Row, plain_path, wire_path
from schemas.problems import Problem
from schemas.session_types import Path

Deed: TypeAlias = Literal["answer", "missing", "clear", "file", "add", "remove", "copy", "names", "many", "wall"]
Differences: TypeAlias = Mapping[Path, tuple[Given | None, Given | None]]
EntryDifferences: TypeAlias = Mapping[Path, tuple[bool | None, bool | None]]

ACTS: Final = 500
WEIGHT: Final = 2_000_000
KIND: Final = "act"
JOIN_SECONDS: Final = 60
_JOIN_CHARACTERS: Final = 40
_NAME: Final = "act"


@dataclass(frozen=True, slots=True)
class Act:
    """One act: what was done (`Deed`), where, when it began; what it changed. `loose` are files that it names without
    a change. A wall is an act too large to be kept: nothing before it can be taken back.
    """

    number: int
    deed: Deed
    place: Path
    t: int
    answers: Mapping[Path, Change]
    entries: EntryDifferences
    loose: frozenset[bytes] = field(default=frozenset())

    @property
    def files(self) -> frozenset[bytes]:
        """The files that it names."""
        return self.loose | {sid for change in self.answers.values() for sid in change.files}

    @property
    def empty(self) -> bool:
        """Whether it says what stood before: a text that was taken back in its own field."""
        answers = all(each.same for each in self.answers.values())
        return answers and all(old is new for old, new in self.entries.values()) and not self.files

    @property
    def weight(self) -> int:
        """About how many characters it takes to keep."""
        return sum(change.weight for change in self.answers.values())

    def values(self) -> list[Any]:
        """As its row has it."""
        return [
            self.deed,
            plain_path(self.place),
            self.t,
            [
                [plain_path(path), each.start, each.end, plain_given(each.old), plain_given(each.new)]
                for path, each in self.answers.items()
            ],
            [[plain_path(path), old, new] for path, (old, new) in self.entries.items()],
            sorted(self.loose),
        ]


class Journal:
    """The acts of one draft, the oldest first; the first `done` of them stand, the others were taken back."""

    def __init__(self) -> None:
        self.empty()

    def empty(self) -> None:
        """Forgets what was read."""
        self._acts: list[Act] = []
        self._undone_from: int | None = None
        self._joins = False
        self._group: Deed | None = None

    def take(self, row: Row) -> None:
        """An act, or the place to which was gone back, as its row has it. Call `sort` after all."""
        if not row.path:
            self._undone_from = row.values[0]
            return
        ((_, number),) = (step for step in row.path if not isinstance(step, str))
        deed, place, t, answers, entries, loose = row.values
        self._acts.append(
            Act(
                number,
                deed,
                wire_path(place),
                t,
                {
                    wire_path(path): Change(wire_given(old), wire_given(new), start, end)
                    for path, start, end, old, new in answers
                },
                {wire_path(path): (old, new) for path, old, new in entries},
                frozenset(loose),
            )
        )

    def sort(self) -> None:
        """Puts what was taken in its order."""
        self._acts.sort(key=lambda act: act.number)

    # ---- looking ----

    @property
    def done(self) -> int:
        """How many acts stand."""
        undone = self._undone_from
        return sum(undone is None or act.number < undone for act in self._acts)

    @property
    def last(self) -> Act | None:
        """The act that would be taken back next."""
        done = self.done
        return None if done == 0 or self._acts[done - 1].deed == "wall" else self._acts[done - 1]

    @property
    def next(self) -> Act | None:
        """The act that would be done again next."""
        done = self.done
        return self._acts[done] if done < len(self._acts) else None

    @property
    def files(self) -> frozenset[bytes]:
        """Every file that an act names."""
        return frozenset().union(*(act.files for act in self._acts))

    @property
    def undone_files(self) -> frozenset[bytes]:
        """The files that only acts name which were taken back."""
        done = self.done
        return frozenset().union(*(act.files for act in self._acts[done:])) - frozenset().union(
            *(act.files for act in self._acts[:done])
        )

    @property
    def overdue(self) -> int:
        """How many of the oldest acts are beyond the bounds."""
        walls = [place for place, act in enumerate(self._acts, 1) if act.deed == "wall"]
        over = max(walls[-1] if walls else 0, len(self._acts) - ACTS)
        weight = sum(act.weight for act in self._acts[over:])
        while weight > WEIGHT:
            weight -= self._acts[over].weight
            over += 1
        return over

    # ---- writing, in the caller's transaction ----

    @contextmanager
    def together(self, deed: Deed) -> Iterator[None]:
        """What is done inside is one act."""
        self._group, self._joins = deed, False
        try:
            yield
        finally:
            self._group, self._joins = None, False

    def record(
        self, rows: DraftRows, act: tuple[Deed, Path], now: int, answers: Differences, entries: EntryDifferences
    ) -> None:
        """Notes an act in the place of those that were taken back; one that changed nothing is none."""
        if not answers and not entries:
            return
        self.cut(rows)
        deed, place = act
        last = self.last
        if last is not None and self._belongs(last, deed, place, now, answers):
            fresh = _extended(last, answers, entries)
            if fresh.empty:
                rows.drop(KIND, ((_NAME, fresh.number),))
                self._acts.pop()
                self._joins = False
                return
        else:
            number = self._acts[-1].number + 1 if self._acts else 1
            changes = {path: between(old, new) for path, (old, new) in answers.items()}
            fresh = Act(number, self._group or deed, place, now, changes, dict(entries))
        self._acts[-1:] = [fresh] if last is not None and fresh.number == last.number else [*self._acts[-1:], fresh]
        self._put(rows, fresh)
        self._joins = True

    def _belongs(self, last: Act, deed: Deed, place: Path, now: int, answers: Differences) -> bool:
        """Whether this goes on with the act before: in a group, or a text that was saved while it is written."""
        if not self._joins:
            return False
        if self._group is not None:
            return True
        old, new = answers.get(place, (None, None))
        if not (last.deed == deed == "answer" and last.place == place and 0 <= now - last.t <= JOIN_SECONDS):
            return False
        change = between(old, new)
        return (
            old is not None
            and isinstance(old.value, str)
            and len(old.value) >= _JOIN_CHARACTERS
            and 2 * (change.start + change.end) >= len(old.value)
        )

    def _put(self, rows: DraftRows, act: Act) -> None:
        try:
            rows.put(KIND, ((_NAME, act.number),), act.values())
        except Problem as problem:
            if not problem.code.startswith("E_CMP"):
                raise
            self._acts[-1] = Act(act.number, "wall", act.place, act.t, {}, {}, act.files)
            rows.put(KIND, ((_NAME, act.number),), self._acts[-1].values())

    def go(self, rows: DraftRows, act: Act, *, back: bool) -> None:
        """Notes that an act was taken back, or done again."""
        self._joins = False
        later = [each.number for each in self._acts if each.number > act.number]
        self._stand(rows, act.number if back else (later[0] if later else None))

    def _stand(self, rows: DraftRows, undone_from: int | None) -> None:
        if undone_from != self._undone_from:
            if undone_from is None:
                rows.drop(KIND, ())
            else:
                rows.put(KIND, (), [undone_from])
            self._undone_from = undone_from

    def cut(self, rows: DraftRows) -> None:
        """Forgets what was taken back: it cannot be done again."""
        done = self.done
        for act in self._acts[done:]:
            rows.drop(KIND, ((_NAME, act.number),))
        del self._acts[done:]
        self._stand(rows, None)

    def trim(self, rows: DraftRows, held: Collection[bytes] = ()) -> None:
        """Forgets the oldest acts beyond the bounds, up to the first that names one of the files in `held`."""
        for act in self._acts[: self.overdue]:
            if not act.files.isdisjoint(held):
                return
            rows.drop(KIND, ((_NAME, act.number),))
            self._acts.remove(act)

    def scrub(self, rows: DraftRows, sid: bytes) -> None:
        """Takes a file out of every act: it is gone, and no act brings it back."""
        for place, act in enumerate(self._acts):
            if sid in act.files:
                changes = {path: each.without(sid) for path, each in act.answers.items()}
                self._acts[place] = replace(act, answers=changes, loose=act.loose - {sid})
                rows.put(KIND, ((_NAME, act.number),), self._acts[place].values())


def _extended(last: Act, answers: Differences, entries: EntryDifferences) -> Act:
    """The act before and what was done now, as one."""
    changes = dict(last.answers)
    for path, (old, new) in answers.items():
        before = changes.get(path)
        changes[path] = between(old, new) if before is None else joined(before, between(old, new), old)
    loose = last.loose | (last.files - {sid for change in changes.values() for sid in change.files})
    states = dict(last.entries)
    for path, (_was, now) in entries.items():
        states[path] = (states[path][0] if path in states else _was, now)
    return replace(last, answers=changes, entries=states, loose=loose)


def gone_back(
    act: Act, given: Mapping[Path, Given], entries: Mapping[Path, bool], *, back: bool
) -> tuple[dict[Path, Given], dict[Path, bool]]:
    """Answers and entries with an act taken back, or done again. Raises E_DB_CORRUPT.

    An entry that the act made becomes one that was removed: its id, and with it its code, is not given again.
    """
    answers = dict(given)
    for path, change in act.answers.items():
        item = change.before(given.get(path)) if back else change.after(given.get(path))
        answers.pop(path, None)
        if item is not None:
            answers[path] = item
    states = dict(entries)
    for path, (old, new) in act.entries.items():
        state = (True if old is None and new is False else old) if back else new
        states.pop(path, None)
        if state is not None:
            states[path] = state
    return answers, states
