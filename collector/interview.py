"""A draft: an interview while it is being taken.

Rule: when a call that changes something returns, the change is on the disk, encrypted under the draft's own key. What a
person sees is rebuilt from those rows and from the form with which the interview began, so that a pulled plug costs
nothing: the same question comes back, with the text that stood in it (docs/spec/protocol.md §4.5, §13).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path as FilePath

from collector import drafts, live_session, media
from collector.crypto import Secret
from collector.drafts import Cursor, Draft, DraftRows, Given, require_short
from collector.ledger import Ledger
from collector.media import Attachment
from collector.mission import StoredForm
from collector.review import Review, look_over
from collector.vault import Vault
from schemas.gates import OpenGate, open_gates
from schemas.problems import Problem
from schemas.records.document import By
from schemas.session import Session
from schemas.session_types import Changes, Path, Value
from schemas.xform_model import Form, Question

Clock = Callable[[], float]
DRAFT_KEY = "draft"
MAX_ATTACHMENTS = 250
_BY: Mapping[str, By] = {"read": "witness", "ask": "witness", "code": "staff", "staff": "staff", "auto": "program"}


class Interview:
    """A live draft. Not shared between threads. Close it to wipe its key from memory."""

    def __init__(self, vault: Vault, draft: Draft, form: Form, *, clock: Clock = time.time) -> None:
        self._vault = vault
        self._draft = draft
        self._clock = clock
        self.form = form
        self._given: dict[Path, Given] = {}
        self._entries: dict[Path, bool] = {}
        self.ledger = Ledger()
        self._cursor: Cursor | None = None
        self._rows: DraftRows | None = None
        self._still = False
        with vault.ring.open(draft.key) as key:
            self._rows = DraftRows(vault.db, draft.number, key)
        self.session = self._new_session()

    # ---- beginning and coming back ----

    @classmethod
    def begin(cls, vault: Vault, stored: StoredForm, form: Form, *, clock: Clock = time.time) -> Interview:
        """A new interview on a form, with a new record code. Durable when this returns."""
        now = _seconds(clock)
        with vault.db.transaction(), Secret.random() as key:
            wrapped = vault.ring.wrap_new(DRAFT_KEY, key)
            code = drafts.unused_code(vault.db)
            number = vault.db.execute(
                "INSERT INTO draft (code, state, form, key, opened_at, touched_at) VALUES (?, 'open', ?, ?, ?, ?)",
                (code, stored.hash, wrapped, now, now),
            )
            interview = cls(vault, Draft(number, code, "open", stored.hash, wrapped, now, now), form, clock=clock)
            interview._write_changes(None)
            vault.log.append("draft-open", code.encode())
        return interview

    @classmethod
    def resume(cls, vault: Vault, draft: Draft, form: Form, *, clock: Clock = time.time) -> Interview:
        """An interview as its rows have it. Raises E_KEY_LOST, E_DB_CORRUPT."""
        interview = cls(vault, draft, form, clock=clock)
        interview._load()
        return interview

    def close(self) -> None:
        """Forget the draft's key; every later call raises E_INTERVIEW_CLOSED. Harmless when repeated."""
        if self._rows is not None:
            self._rows.wipe()
        self._rows = None
        self._given.clear()

    @contextlib.contextmanager
    def held_still(self) -> Iterator[None]:
        """While it is sealed, nobody changes it: every such call raises E_INTERVIEW_FROZEN, so that no word is lost."""
        self._open_rows()
        self._still = True
        try:
            yield
        finally:
            self._still = False

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._rows is None

    @property
    def code(self) -> str:
        """The record code."""
        return self._draft.code

    @property
    def draft(self) -> Draft:
        """The row of the table of drafts, as it was when the interview was opened."""
        return self._draft

    # ---- answering ----

    def answer(self, path: Path, value: Value) -> Changes:
        """Answers a question. Raises E_ANSWER_*; then nothing changed. Files are attached, not answered."""
        require_short(value)
        if isinstance(value, bytes):
            raise Problem("E_ATTACH_QUESTION", question=drafts.path_text(path))
        return self._do(lambda: self.session.set(path, value), path)

    def missing(self, path: Path, reason: str) -> Changes:
        """The reserved answer unknown, declined or not_asked. Raises E_ANSWER_RESERVED, E_ANSWER_PATH."""
        return self._do(lambda: self.session.set_missing(path, reason), path)

    def clear(self, path: Path) -> Changes:
        """Takes an answer away; of a question with a file, the file too."""
        given = self._given.get(path)
        if given is not None and isinstance(given.value, bytes):
            return self._drop_files((given.value,), lambda: self.session.clear(path), path)
        return self._do(lambda: self.session.clear(path), path)

    def add_entry(self, path: Path) -> tuple[Path, Changes]:
        """Adds an entry to the repeat at `path`; the id in the entry's path was never used in this interview."""
        added: list[Path] = []

        def act() -> Changes:
            entry, changes = self.session.add(path)
            added.append(entry)
            return changes

        changes = self._do(act, None)
        return added[0], changes

    def remove_entry(self, path: Path) -> Changes:
        """Removes the entry at `path` with its answers and files. Its id is not given again."""
        inside = [
            given.value
            for place, given in self._given.items()
            if place[: len(path)] == path and isinstance(given.value, bytes)
        ]
        return self._drop_files(inside, lambda: self.session.remove(path), None)

    def answer_all(self, act: Callable[[Session], None]) -> None:
        """Any number of answers in one act on the session:

        all of them are written, or none. Raises what `act` raises, and E_ANSWER_LONG.
        """
        self._open_rows()
        with self._back_on_failure():
            act(self.session)
            with self._vault.db.transaction():
                self._write_changes(None, every=True)
                self._touch()

    # ---- files ----

    def attach(
        self,
        path: Path | None,
        source: FilePath,
        *,
        name: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Attachment:
        """Takes a file over, sealed from its first byte: the answer to a question, or something of the whole interview.

        A file that was whole when the plug was pulled, before its question heard of it, stays with the interview.
        Raises E_ATTACH_QUESTION, E_ATTACH_PRESENT, E_ATTACH_MANY and what `collector.media.take` raises.
        """
        self._open_rows()
        if path is not None:
            self._check_takes_file(path)
        if len(self.files()) >= MAX_ATTACHMENTS:
            raise Problem("E_ATTACH_MANY", limit=MAX_ATTACHMENTS)
        attachment = media.take(
            self._vault,
            self._draft.number,
            source,
            question=None if path is None else drafts.path_text(path),
            name=name,
            progress=progress,
            clock=self._clock,
        )
        try:
            self._open_rows()
            if path is not None:
                self._do(lambda: self.session.set(path, attachment.sid), path)
        except BaseException:
            with contextlib.suppress(Problem):
                media.drop(self._vault, attachment.sid)
            raise
        return attachment

    def detach(self, sid: bytes) -> Changes:
        """Takes a file away and forgets its key. Raises E_ATTACH_UNKNOWN for one that this interview does not have."""
        if all(attachment.sid != sid for attachment in self.files()):
            raise Problem("E_ATTACH_UNKNOWN")
        for path, given in self._given.items():
            if given.value == sid:
                return self.clear(path)
        media.drop(self._vault, sid)
        return frozenset()

    def files(self) -> list[Attachment]:
        """The attachments of this interview."""
        return media.listed(self._vault, self._draft.number)

    def lost_files(self) -> list[Attachment]:
        """Attachments whose cells are gone from the vault, or cut short there: they can only be detached."""
        return [item for item in self.files() if item.state == "closed" and not media.cells_whole(self._vault, item)]

    def _check_takes_file(self, path: Path) -> None:
        node, name = self.session.node(path), drafts.path_text(path)
        definition = node.definition
        if not isinstance(definition, Question) or definition.type != "file" or node.readonly:
            raise Problem("E_ATTACH_QUESTION", question=name)
        if node.value is not None:
            raise Problem("E_ATTACH_PRESENT", question=name)

    def _drop_files(self, sids: Sequence[bytes], act: Callable[[], Changes], given: Path | None) -> Changes:
        """An act that lets go of files: answers, rows and keys in one rotation, then the files."""
        self._open_rows()
        changes, spooled = act(), list[str]()

        def write(rewrap: media.Rewrap) -> None:
            self._write_changes(given)
            self._touch()
            spooled.extend(media.forget(rewrap, self._vault.db, sids))

        with self._back_on_failure():
            self._vault.ring.rotate(self._vault.db, write)
        media.erase_spooled(self._vault, spooled)
        return changes

    # ---- the cursor ----

    def keep(self, path: Path, pending: str = "") -> None:
        """Keeps where the person is and what stands in the field, so that a lock or a pulled plug loses no word."""
        rows = self._open_rows()
        cursor = Cursor(path, pending, self.session.language)
        if cursor != self._cursor:
            with self._vault.db.transaction():
                rows.put("cursor", (), [drafts.plain_path(path), pending, cursor.language])
                self._touch()
            self._cursor = cursor

    @property
    def cursor(self) -> Cursor | None:
        """Where the person was; None in an interview that nobody looked at."""
        return self._cursor

    def unconfirmed(self) -> Path | None:
        """The question at which text stands that was typed and not yet made an answer; None when there is none."""
        if self._cursor is None or not self._cursor.pending:
            return None
        try:
            node = self.session.node(self._cursor.path)
        except Problem:
            return None
        same = node.value is not None and str(node.value) == self._cursor.pending.strip()
        return None if same or not node.relevant else self._cursor.path

    # ---- looking ----

    def given(self, path: Path) -> Given | None:
        """When and by whom a question was answered."""
        return self._given.get(path)

    def all_given(self) -> Mapping[Path, Given]:
        """Every answer that the draft keeps, of hidden questions too."""
        return dict(self._given)

    def review(self) -> Review:
        """What stands against sealing, and how far the interview is."""
        return look_over(self.session, self.files(), self.open_gates())

    def open_gates(self) -> list[OpenGate]:
        """The gates that the answers have opened, with what the consent ledger knows."""
        return open_gates(self.session, ledger=self.ledger.events)

    # ---- inside ----

    def _new_session(self) -> Session:
        return live_session.begin(self.form, self.code, self._clock)

    def _open_rows(self) -> DraftRows:
        if self._rows is None:
            raise Problem("E_INTERVIEW_CLOSED")
        if self._still:
            raise Problem("E_INTERVIEW_FROZEN")
        return self._rows

    def _do(self, act: Callable[[], Changes], given: Path | None) -> Changes:
        """One act and the writing of what it changed."""
        self._open_rows()
        changes = act()
        with self._back_on_failure(), self._vault.db.transaction():
            self._write_changes(given)
            self._touch()
        return changes

    @contextlib.contextmanager
    def _back_on_failure(self) -> Iterator[None]:
        """When what is inside fails, the session goes back to what is written."""
        try:
            yield
        except BaseException:
            with contextlib.suppress(Problem):
                self._load()
            raise

    def _write_changes(self, given: Path | None, *, every: bool = False) -> None:
        """Writes every difference between the session and the rows: the answer, and what the form made of it.

        `given` was answered by a person; with `every`, so was all that is not a calculation.
        """
        rows, now = self._open_rows(), _seconds(self._clock)
        kept = {path: (value, missing) for path, value, missing in self.session.kept()}
        answers = dict(self._given)
        for path in self._given.keys() - kept.keys():
            rows.drop("answer", path)
            del answers[path]
        for path, (value, missing) in kept.items():
            old = self._given.get(path)
            said = path == given or (every and self.form.definition(path).mode != "auto")
            if old is not None and (old.value, old.missing) == (value, missing) and not (said and old.by == "program"):
                continue
            require_short(value)
            by = self._speaker(path, missing) if said else "program"
            answers[path] = Given(value, missing, now, by)
            rows.put("answer", path, [value, missing, now, by])
        self.ledger.note(rows, self.session, self._given, answers, given, now)
        entries = {entry.path: entry.removed for entry in self.session.entries()}
        for path, removed in entries.items():
            if self._entries.get(path) is not removed:
                rows.put("entry", path, [removed])
        if given is not None and self._cursor is not None and self._cursor.path == given and self._cursor.pending:
            rows.put("cursor", (), [drafts.plain_path(given), "", self._cursor.language])
            self._cursor = Cursor(given, "", self._cursor.language)
        self._given, self._entries = answers, entries

    def _speaker(self, path: Path, missing: str | None) -> By:
        """Who answered: the person, or the staff (by the question's mode; not to ask is the staff's decision)."""
        return "staff" if missing == "not_asked" else _BY[self.form.definition(path).mode]

    def _touch(self) -> None:
        """Notes the time; a draft whose sealing failed is open again."""
        self._vault.db.execute(
            "UPDATE draft SET touched_at = ?, state = 'open' WHERE id = ?", (_seconds(self._clock), self._draft.number)
        )

    def _load(self) -> None:
        """Rebuilds the session from the rows."""
        given: dict[Path, Given] = {}
        entries: dict[Path, bool] = {}
        ledger = Ledger()
        self._cursor = None
        for row in self._open_rows().load():
            if row.kind == "answer":
                value, missing, t, by = row.values
                given[row.path] = Given(tuple(value) if isinstance(value, list) else value, missing, t, by)
            elif row.kind == "entry":
                entries[row.path] = bool(row.values[0])
            elif row.kind == "consent":
                ledger.take(row)
            else:
                path, pending, language = row.values
                self._cursor = Cursor(drafts.wire_path(path), pending, language)
        session = self._new_session()
        session.restore(
            drafts.entry_states(entries), [(path, item.value, item.missing) for path, item in given.items()]
        )
        if self._cursor is not None:
            session.language = self._cursor.language
        self.session, self._given, self._entries, self.ledger = session, given, entries, ledger


def _seconds(clock: Clock) -> int:
    """The time that this machine claims, in whole seconds since 1970, never below 0."""
    return int(max(0, clock()))
