"""What a draft has on the disk, and how it comes there: answers with their time and speaker, entries, cursor, ledger.

Rule: the rows hold every difference between the session and what was written before, and are written in the caller's
transaction. Asides are rows of other kinds (marks, times): they lie in the draft, encrypted as the rest, and are no
answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from collector import drafts, journal
from collector.changes import differences
from collector.drafts import Cursor, DraftRows, Given, Row
from collector.journal import Deed, Journal
from collector.ledger import Ledger
from schemas.records.document import By
from schemas.session import Session
from schemas.session_types import Path
from schemas.xform_model import Form

_BY: Mapping[str, By] = {"read": "witness", "ask": "witness", "code": "staff", "staff": "staff", "auto": "program"}


class Keeping:
    """The rows of one draft as they stand. Not shared between threads."""

    def __init__(self, rows: DraftRows, form: Form) -> None:
        self.rows = rows
        self._form = form
        self.empty()

    def empty(self) -> None:
        """Forgets everything that was read; nothing on the disk changes."""
        self.given: dict[Path, Given] = {}
        self.entries: dict[Path, bool] = {}
        self.cursor: Cursor | None = None
        self.ledger = Ledger()
        self.journal = Journal()
        self._asides: dict[str, dict[Path, tuple[Any, ...]]] = {}

    def load(self) -> None:
        """Takes what the rows have, in place of everything that is here. Raises E_DB_CORRUPT; then nothing changed."""
        rows = list(self.rows.load())
        self.empty()
        for row in rows:
            self._take(row)
        self.journal.sort()

    def _take(self, row: Row) -> None:
        if row.kind == "answer":
            value, missing, t, by = row.values
            self.given[row.path] = Given(tuple(value) if isinstance(value, list) else value, missing, t, by)
        elif row.kind == "entry":
            self.entries[row.path] = bool(row.values[0])
        elif row.kind == "consent":
            self.ledger.take(row)
        elif row.kind == journal.KIND:
            self.journal.take(row)
        elif row.kind == "cursor":
            path, pending, language, *place = row.values
            self.cursor = Cursor(drafts.wire_path(path), pending, language, *place)
        else:
            self._asides.setdefault(row.kind, {})[row.path] = row.values

    def fill(self, session: Session) -> None:
        """Loads a new session with what is here."""
        session.restore(
            drafts.entry_states(self.entries), [(path, item.value, item.missing) for path, item in self.given.items()]
        )
        if self.cursor is not None:
            session.language = self.cursor.language

    # ---- writing ----

    def write(
        self,
        session: Session,
        given: Path | None,
        now: int,
        *,
        every: bool = False,
        act: tuple[Deed, Path] | None = None,
        known: Mapping[Path, Given] | None = None,
    ) -> None:
        """Writes every difference between the session and the rows: the answer, and what the form made of it.

        `given` was answered by a person; with `every`, so was all that is not a calculation. `act` is noted in the
        journal. Answers that stand in `known` are those again, with their time and speaker.
        """
        before, entries = dict(self.given), self.entries
        kept = {path: (value, missing) for path, value, missing in session.kept()}
        for path in before.keys() - kept.keys():
            self.rows.drop("answer", path)
            del self.given[path]
        for path, (value, missing) in kept.items():
            old, again = before.get(path), (known or {}).get(path)
            if again is not None and (again.value, again.missing) == (value, missing):
                if again != old:
                    self._put(path, again)
                continue
            said = path == given or (every and self._form.definition(path).mode != "auto")
            if old is not None and (old.value, old.missing) == (value, missing) and not (said and old.by == "program"):
                continue
            drafts.require_short(value)
            self._put(path, Given(value, missing, now, self._speaker(path, missing) if said else "program"))
        self.ledger.note(self.rows, session, before, self.given, given, now)
        self._write_entries(session)
        if act is not None:
            changed = differences(before, self.given), differences(entries, self.entries)
            self.journal.record(self.rows, act, now, *changed)
        if given is not None and self.cursor is not None and self.cursor.path == given and self.cursor.pending:
            self.stand(replace(self.cursor, pending=""))

    def _put(self, path: Path, item: Given) -> None:
        self.rows.put("answer", path, [item.value, item.missing, item.t, item.by])
        self.given[path] = item

    def _write_entries(self, session: Session) -> None:
        entries = {entry.path: entry.removed for entry in session.entries()}
        for path, removed in entries.items():
            if self.entries.get(path) is not removed:
                self.rows.put("entry", path, [removed])
        for path in self.entries.keys() - entries.keys():
            self.rows.drop("entry", path)
        self.entries = entries

    def _speaker(self, path: Path, missing: str | None) -> By:
        """Who answered: the person, or the staff (by the question's mode; not to ask is the staff's decision)."""
        return "staff" if missing == "not_asked" else _BY[self._form.definition(path).mode]

    def stand(self, cursor: Cursor) -> None:
        """Keeps where the person is."""
        values = [drafts.plain_path(cursor.path), cursor.pending, cursor.language, cursor.at, cursor.top]
        self.rows.put("cursor", (), values)
        self.cursor = cursor

    # ---- asides ----

    def asides(self, kind: str) -> Mapping[Path, tuple[Any, ...]]:
        """The values of every aside of one kind, by path."""
        return dict(self._asides.get(kind, {}))

    def put_aside(self, kind: str, path: Path, values: Sequence[object] | None) -> None:
        """Keeps an aside in the place of what was there; None takes it away."""
        of_kind = self._asides.setdefault(kind, {})
        if values is None:
            self.rows.drop(kind, path)
            of_kind.pop(path, None)
        else:
            self.rows.put(kind, path, values)
            of_kind[path] = tuple(values)
