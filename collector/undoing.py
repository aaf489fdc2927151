"""Acts on an open draft, and the way back from them: undo and redo.

Rule: to take back is an act as durable as the one it takes back. Answers come back with the time and the speaker that
they had; the consent ledger gets events of its own for them and keeps every older one. A file that was taken away comes
back with what held it: it stays sealed in the vault until no act names it any more, and is then erased as any file is
(docs/adr/0032-undo.md).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from collector import drafts, journal, media
from collector.journal import Act, Deed
from collector.live_draft import LiveDraft
from collector.media import Attachment
from schemas.problems import Problem
from schemas.session_types import Changes, Path


@dataclass(frozen=True, slots=True)
class Travelled:
    """What was taken back, or done again: what kind of act, where it was done, the paths that changed."""

    deed: Deed
    place: Path
    changes: Changes


class Undoing(LiveDraft):
    """An open draft whose acts can be taken back."""

    def undo(self) -> Travelled | None:
        """Takes the last act back; durable when this returns. None when there is none that the journal still has."""
        return self._travel(self._kept.journal.last, back=True)

    def redo(self) -> Travelled | None:
        """Does again what was taken back last, unless something else was done since."""
        return self._travel(self._kept.journal.next, back=False)

    def files(self) -> list[Attachment]:
        """The attachments of this interview."""
        away = self._away()
        return [each for each in media.listed(self._vault, self._draft.number) if each.sid not in away]

    def files_away(self) -> list[Attachment]:
        """Attachments that were taken away and that an undo or redo can bring back. They are never sealed."""
        away = self._away()
        return [each for each in media.listed(self._vault, self._draft.number) if each.sid in away] if away else []

    # ---- inside ----

    def _do(
        self, deed: Deed, act: Callable[[], Changes], place: Path, given: Path | None = None, *, every: bool = False
    ) -> Changes:
        """One act and the writing of what it changed. It is refused whole, or is durable when this returns."""
        self._require_open()
        changes = act()
        with self._back_on_failure():
            if self._kept.journal.undone_files & self._away():
                self._let_go(lambda: self._kept.journal.cut(self._kept.rows))
            with self._vault.db.transaction():
                self._kept.write(self.session, given, self.now, every=every, act=(deed, place))
                self._kept.journal.trim(self._kept.rows, self._away())
                self._touch()
        if self._kept.journal.overdue:
            # The act stands; files that only the oldest acts name may go a little later than they should.
            with contextlib.suppress(Problem):
                self._let_go(lambda: self._kept.journal.trim(self._kept.rows))
        return changes

    def _travel(self, act: Act | None, *, back: bool) -> Travelled | None:
        self._require_open()
        if act is None:
            return None
        answers, entries = journal.gone_back(act, self._kept.given, self._kept.entries, back=back)
        with self._back_on_failure():
            self.session.restore(
                drafts.entry_states(entries), [(path, each.value, each.missing) for path, each in answers.items()]
            )
            with self._vault.db.transaction():
                self._kept.write(self.session, None, self.now, known=answers)
                self._kept.journal.go(self._kept.rows, act, back=back)
                self._touch()
        return Travelled(act.deed, act.place, frozenset({*act.answers, *act.entries}))

    def _away(self) -> frozenset[bytes]:
        """Files that the journal names and that answer nothing now."""
        live = {item.value for item in self._kept.given.values() if isinstance(item.value, bytes)}
        return self._kept.journal.files - live

    def _let_go(self, forgetting: Callable[[], None]) -> None:
        """Lets the journal forget acts, in one rotation with the keys of the files that no act names after it."""
        spooled: list[str] = []

        def write(rewrap: media.Rewrap) -> None:
            before = self._away()
            forgetting()
            gone = before - self._away()
            sids = [each.sid for each in media.listed(self._vault, self._draft.number) if each.sid in gone]
            spooled.extend(media.forget(rewrap, self._vault.db, sids))

        with self._rows_back_on_failure():
            self._vault.ring.rotate(self._vault.db, write)
        media.erase_spooled(self._vault, spooled)

    @contextlib.contextmanager
    def together(self, deed: Deed) -> Iterator[None]:
        """What is done inside is taken back as one act."""
        with self._kept.journal.together(deed):
            yield
