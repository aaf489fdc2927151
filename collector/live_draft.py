"""A draft that is open: its key, its rows, its session, and how the one is written into the other.

Rule: whatever fails while it is written leaves session and rows as they were before, and a draft that is being sealed
or was closed takes nothing more.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from collector import live_session
from collector.drafts import Cursor, Draft, DraftRows, Given
from collector.keeping import Keeping
from collector.ledger import Ledger
from collector.vault import Vault
from schemas.problems import Problem
from schemas.session_types import Path
from schemas.xform_model import Form

Clock: TypeAlias = Callable[[], float]


class LiveDraft:
    """One open draft. Not shared between threads. Close it to wipe its key from memory."""

    def __init__(self, vault: Vault, draft: Draft, form: Form, *, clock: Clock = time.time) -> None:
        self._vault = vault
        self._draft = draft
        self._clock = clock
        self.form = form
        self._still = self._closed = False
        self._saved_at: int | None = None
        with vault.ring.open(draft.key) as key:
            self._kept = Keeping(DraftRows(vault.db, draft.number, key), form)
        self.session = live_session.begin(form, draft.code, clock)

    def close(self) -> None:
        """Forget the draft's key; every later call raises E_INTERVIEW_CLOSED. Harmless when repeated."""
        self._kept.rows.wipe()
        self._kept.empty()
        self._closed = True

    @contextlib.contextmanager
    def held_still(self) -> Iterator[None]:
        """While it is sealed, nobody changes it: every such call raises E_INTERVIEW_FROZEN, so that no word is lost."""
        self._require_open()
        self._still = True
        try:
            yield
        finally:
            self._still = False

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    @property
    def code(self) -> str:
        """The record code."""
        return self._draft.code

    @property
    def draft(self) -> Draft:
        """The row of the table of drafts, as it was when the interview was opened."""
        return self._draft

    @property
    def ledger(self) -> Ledger:
        """The consent ledger."""
        return self._kept.ledger

    @property
    def now(self) -> int:
        """The time that this machine claims, in whole seconds since 1970."""
        return seconds(self._clock)

    @property
    def saved_at(self) -> int | None:
        """The second in which something was made durable last; None when nothing was since it was opened."""
        return self._saved_at

    # ---- the cursor ----

    def keep(self, path: Path, pending: str = "", at: int | None = None, top: int = 0) -> None:
        """Keeps where the person is and what stands in the field, so that a lock or a pulled plug loses no word.

        `at` and `top`: as in `Cursor`.
        """
        self._require_open()
        cursor = Cursor(path, pending, self.session.language, at, top)
        if cursor != self._kept.cursor:
            with self._rows_back_on_failure(), self._vault.db.transaction():
                self._kept.stand(cursor)
                self._touch()

    @property
    def cursor(self) -> Cursor | None:
        """Where the person was; None in an interview that nobody looked at."""
        return self._kept.cursor

    # ---- beside the answers ----

    def asides(self, kind: str) -> Mapping[Path, tuple[Any, ...]]:
        """What is kept beside the answers (marks, times), by path."""
        return self._kept.asides(kind)

    def put_aside(self, kind: str, path: Path, values: Sequence[object] | None) -> None:
        """Keeps something beside the answers, durable when this returns; None takes it away."""
        self._require_open()
        with self._rows_back_on_failure(), self._vault.db.transaction():
            self._kept.put_aside(kind, path, values)
            self._touch()

    # ---- looking ----

    def given(self, path: Path) -> Given | None:
        """When and by whom a question was answered."""
        return self._kept.given.get(path)

    def all_given(self) -> Mapping[Path, Given]:
        """Every answer that the draft keeps, of hidden questions too."""
        return dict(self._kept.given)

    # ---- inside ----

    def _require_open(self) -> None:
        if self._closed:
            raise Problem("E_INTERVIEW_CLOSED")
        if self._still:
            raise Problem("E_INTERVIEW_FROZEN")

    @contextlib.contextmanager
    def _rows_back_on_failure(self) -> Iterator[None]:
        """When what is inside fails, what is known of the rows is read from them again."""
        try:
            yield
        except BaseException:
            with contextlib.suppress(Problem):
                self._kept.load()
            raise
        self._saved_at = self.now

    @contextlib.contextmanager
    def _back_on_failure(self) -> Iterator[None]:
        """When what is inside fails, the session goes back to what is written."""
        try:
            yield
        except BaseException:
            with contextlib.suppress(Problem):
                self._load()
            raise
        self._saved_at = self.now

    def _touch(self) -> None:
        """Notes the time; a draft whose sealing failed is open again."""
        self._vault.db.execute(
            "UPDATE draft SET touched_at = ?, state = 'open' WHERE id = ?", (self.now, self._draft.number)
        )

    def _load(self) -> None:
        """The session as the rows have it; who looks at it goes on looking at the same one."""
        if self._closed:
            raise Problem("E_INTERVIEW_CLOSED")
        self._kept.load()
        self._kept.fill(self.session)


def seconds(clock: Clock) -> int:
    """The time that this machine claims, in whole seconds since 1970, never below 0."""
    return int(max(0, clock()))
