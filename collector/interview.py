"""A draft: an interview while it is being taken.

Rule: when a call that changes something returns, the change is on the disk, encrypted under the draft's own key. What a
person sees is rebuilt from those rows and from the form with which the interview began, so that a pulled plug costs
nothing: the same question comes back, with the text that stood in it (docs/spec/protocol.md §4.5, §13).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path as FilePath

from collector import drafts, marks, media
from collector.crypto import Secret
from collector.drafts import Draft, require_short
from collector.journal import Deed
from collector.live_draft import Clock, seconds
from collector.media import Attachment
from collector.mission import StoredForm
from collector.review import Review, look_over
from collector.undoing import Undoing
from collector.vault import Vault
from schemas.gates import OpenGate, open_gates
from schemas.problems import Problem
from schemas.session import Session
from schemas.session_copy import copy_entry
from schemas.session_types import Changes, Path, Value
from schemas.xform_model import Form, Question

DRAFT_KEY = "draft"
MAX_ATTACHMENTS = 250


class Interview(Undoing):
    """A live draft. Not shared between threads. Close it to wipe its key from memory."""

    # ---- beginning and coming back ----

    @classmethod
    def begin(cls, vault: Vault, stored: StoredForm, form: Form, *, clock: Clock = time.time) -> Interview:
        """A new interview on a form, with a new record code. Durable when this returns."""
        now = seconds(clock)
        with vault.db.transaction(), Secret.random() as key:
            wrapped = vault.ring.wrap_new(DRAFT_KEY, key)
            code = drafts.unused_code(vault.db)
            number = vault.db.execute(
                "INSERT INTO draft (code, state, form, key, opened_at, touched_at) VALUES (?, 'open', ?, ?, ?, ?)",
                (code, stored.hash, wrapped, now, now),
            )
            interview = cls(vault, Draft(number, code, "open", stored.hash, wrapped, now, now), form, clock=clock)
            interview._kept.write(interview.session, None, now)
            vault.log.append("draft-open", code.encode())
        return interview

    @classmethod
    def resume(cls, vault: Vault, draft: Draft, form: Form, *, clock: Clock = time.time) -> Interview:
        """An interview as its rows have it. Raises E_KEY_LOST, E_DB_CORRUPT."""
        interview = cls(vault, draft, form, clock=clock)
        interview._load()
        return interview

    # ---- answering ----

    def answer(self, path: Path, value: Value) -> Changes:
        """Answers a question. Raises E_ANSWER_*; then nothing changed. Files are attached, not answered."""
        require_short(value)
        if isinstance(value, bytes):
            raise Problem("E_ATTACH_QUESTION", question=drafts.path_text(path))
        return self._do("answer", lambda: self.session.set(path, value), path, path)

    def missing(self, path: Path, reason: str) -> Changes:
        """The reserved answer unknown, declined or not_asked. Raises E_ANSWER_RESERVED, E_ANSWER_PATH."""
        return self._do("missing", lambda: self.session.set_missing(path, reason), path, path)

    def clear(self, path: Path) -> Changes:
        """Takes an answer away; of a question with a file, the file too."""
        return self._do("clear", lambda: self.session.clear(path), path, path)

    def add_entry(self, path: Path) -> tuple[Path, Changes]:
        """Adds an entry to the repeat at `path`; the id in the entry's path was never used in this interview."""
        return self._added("add", path, lambda: self.session.add(path))

    def copy_entry(self, path: Path) -> tuple[Path, Changes]:
        """Adds an entry that says what the one at `path` says (`schemas.session_copy`); its path."""
        return self._added("copy", path, lambda: copy_entry(self.session, path))

    def _added(self, deed: Deed, place: Path, act: Callable[[], tuple[Path, Changes]]) -> tuple[Path, Changes]:
        added: list[Path] = []

        def adding() -> Changes:
            entry, changes = act()
            added.append(entry)
            return changes

        changes = self._do(deed, adding, place)
        return added[0], changes

    def remove_entry(self, path: Path) -> Changes:
        """Removes the entry at `path` with its answers and files. Its id is not given again."""
        return self._do("remove", lambda: self.session.remove(path), path)

    def answer_all(self, act: Callable[[Session], None]) -> None:
        """Any number of answers in one act on the session:

        all of them are written, or none. Raises what `act` raises, and E_ANSWER_LONG.
        """

        def acting() -> Changes:
            with self._back_on_failure():
                act(self.session)
            return frozenset()

        self._do("many", acting, (), every=True)

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
        self._require_open()
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
            self._require_open()
            if path is not None:
                self._do("file", lambda: self.session.set(path, attachment.sid), path, path)
        except BaseException:
            with contextlib.suppress(Problem):
                media.drop(self._vault, attachment.sid)
            raise
        return attachment

    def detach(self, sid: bytes) -> Changes:
        """Takes a file away for good: key and cells go, and no undo brings it back.

        Raises E_ATTACH_UNKNOWN for one that this interview does not have.
        """
        self._require_open()
        if all(attachment.sid != sid for attachment in media.listed(self._vault, self._draft.number)):
            raise Problem("E_ATTACH_UNKNOWN")
        path = next((path for path, given in self._kept.given.items() if given.value == sid), None)
        changes: Changes = frozenset() if path is None else self.session.clear(path)
        spooled: list[str] = []

        def write(rewrap: media.Rewrap) -> None:
            self._kept.write(self.session, path, self.now)
            self._kept.journal.scrub(self._kept.rows, sid)
            self._touch()
            spooled.extend(media.forget(rewrap, self._vault.db, [sid]))

        with self._back_on_failure():
            self._vault.ring.rotate(self._vault.db, write)
        media.erase_spooled(self._vault, spooled)
        return changes

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

    # ---- looking ----

    def unconfirmed(self) -> Path | None:
        """The question at which text stands that was typed and not yet made an answer; None when there is none."""
        cursor = self.cursor
        if cursor is None or not cursor.pending:
            return None
        try:
            node = self.session.node(cursor.path)
        except Problem:
            return None
        same = node.value is not None and str(node.value) == cursor.pending.strip()
        return None if same or not node.relevant else cursor.path

    def review(self) -> Review:
        """What stands against sealing, and how far the interview is."""
        review = look_over(self.session, self.files(), self.open_gates())
        return replace(review, marks=tuple(marks.listed(self)))

    def open_gates(self) -> list[OpenGate]:
        """The gates that the answers have opened, with what the consent ledger knows."""
        return open_gates(self.session, ledger=self.ledger.events)
