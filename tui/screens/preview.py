"""A form on the interview screen, for the people who make it: everything works, and nothing is written.

The rule: the interview of a preview lives in memory and ends with the screen. Files that are given as answers are read
once for their length and hash; no vault, draft, spool or cursor is made anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import ClassVar, TypeAlias

from textual.binding import Binding, BindingType

from collector import drafts, files
from collector.drafts import Cursor, Given
from collector.interview import Interview
from collector.journal import Deed
from collector.ledger import Ledger
from collector.media import Attachment
from collector.review import Review, look_over
from collector.undoing import Travelled
from schemas.gates import OpenGate, open_gates
from schemas.problems import Problem
from schemas.session import Session
from schemas.session_types import Changes, EntryState, Value
from schemas.xform_model import Path
from tui.locale import N_, _
from tui.screens.base import BaseScreen
from tui.screens.interview.screen import InterviewScreen
from tui.screens.review import ReviewScreen
from tui.screens.shell import Shell
from tui.theme import theme_for
from tui.widgets.titlebar import TitleBar

_BLOCK = 1 << 20
_ACTS = 100
_State: TypeAlias = tuple[Deed, Path, list[EntryState], list[tuple[Path, Value, str | None]]]


class Rehearsal(Interview):
    """An interview without a vault: what the screens ask of a draft, kept in memory."""

    def __init__(self, session: Session) -> None:
        self.session, self.form = session, session.form
        self._cursor: Cursor | None = None
        self._beside: dict[str, dict[Path, tuple[object, ...]]] = {}
        self._files: dict[bytes, Attachment] = {}
        self._over = False
        self._past: list[_State] = []
        self._future: list[_State] = []

    @property
    def code(self) -> str:
        """A preview has no record code."""
        return ""

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._over

    def close(self) -> None:
        """Forget the files that were named."""
        self._over = True
        self._files.clear()

    @contextmanager
    def held_still(self) -> Iterator[None]:
        """Nothing seals a preview."""
        yield

    def answer_all(self, act: Callable[[Session], None]) -> None:
        """Any number of answers in one act on the session."""
        act(self.session)

    def attach(
        self,
        path: Path | None,
        source: FilePath,
        *,
        name: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Attachment:
        """Reads a file for its length and hash, and makes it the answer. Raises E_ATTACH_QUESTION, E_ATTACH_PRESENT,
        E_FILE_MISSING, E_FORMAT for what is no file, E_NO_ACCESS, E_MEDIA_IO.
        """
        if path is not None:
            self._check_takes_file(path)
        found = _looked_at(source, "" if path is None else drafts.path_text(path), name or source.name, progress)
        self._files[found.sid] = found
        if path is not None:
            self.session.set(path, found.sid)
        return found

    def detach(self, sid: bytes) -> Changes:
        """Takes a file away."""
        self._files.pop(sid, None)
        place = next((path for path, value, _missing in self.session.kept() if value == sid), None)
        return frozenset() if place is None else self.clear(place)

    def files(self) -> list[Attachment]:
        """The files that stand as answers, and those of the whole interview."""
        kept = {value for _path, value, _missing in self.session.kept()}
        return [each for each in self._files.values() if each.question is None or each.sid in kept]

    def lost_files(self) -> list[Attachment]:
        """None: a preview keeps no cells."""
        return []

    def keep(self, path: Path, pending: str = "", at: int | None = None, top: int = 0) -> None:
        """Where the person is, until the screen goes."""
        self._cursor = Cursor(path, pending, self.session.language, at, top)

    @property
    def cursor(self) -> Cursor | None:
        """Where the person was."""
        return self._cursor

    def given(self, path: Path) -> Given | None:
        """Nothing is kept of when it was answered."""
        return None

    def all_given(self) -> Mapping[Path, Given]:
        """Nothing is kept."""
        return {}

    @property
    def now(self) -> int:
        """The time that this machine claims."""
        return int(time.time())

    @property
    def saved_at(self) -> int | None:
        """Nothing is ever saved."""
        return None

    @property
    def ledger(self) -> Ledger:
        """Nothing: nobody agreed to anything."""
        return Ledger()

    def asides(self, kind: str) -> Mapping[Path, tuple[object, ...]]:
        """Marks and times, until the screen goes."""
        return dict(self._beside.get(kind, {}))

    def put_aside(self, kind: str, path: Path, values: Sequence[object] | None) -> None:
        """Keeps or forgets one of them."""
        of_kind = self._beside.setdefault(kind, {})
        of_kind.pop(path, None)
        if values is not None:
            of_kind[path] = tuple(values)

    def review(self) -> Review:
        """What would stand against sealing."""
        return look_over(self.session, self.files(), self.open_gates())

    def open_gates(self) -> list[OpenGate]:
        """The gates that the answers have opened."""
        return open_gates(self.session)

    def undo(self) -> Travelled | None:
        """Takes the last act back."""
        return self._back_to(self._past, self._future)

    def redo(self) -> Travelled | None:
        """Does again what was taken back last."""
        return self._back_to(self._future, self._past)

    def files_away(self) -> list[Attachment]:
        """None: a preview keeps no cells."""
        return []

    @contextmanager
    def together(self, deed: Deed) -> Iterator[None]:
        """Each act stands for itself here."""
        del deed
        yield

    def _do(
        self, deed: Deed, act: Callable[[], Changes], place: Path, given: Path | None = None, *, every: bool = False
    ) -> Changes:
        del given, every
        before = (deed, place, self.session.entries(), self.session.kept())
        changes = act()
        self._past = [*self._past[-_ACTS:], before]
        self._future.clear()
        return changes

    def _back_to(self, source: list[_State], other: list[_State]) -> Travelled | None:
        if not source:
            return None
        deed, place, entries, kept = source.pop()
        now = self.session.entries()
        other.append((deed, place, now, self.session.kept()))
        states = {each.path: True for each in now} | {each.path: each.removed for each in entries}
        self.session.restore(drafts.entry_states(states), kept)
        return Travelled(deed, place, frozenset({each[0] for each in kept}))


def _looked_at(source: FilePath, question: str, name: str, progress: Callable[[int, int], None] | None) -> Attachment:
    import hashlib
    import os

    if not os.path.lexists(source):
        raise Problem("E_FILE_MISSING", name=files.shown_name(source.name))
    digest, length = hashlib.sha256(), 0
    with files.mapped_os_errors():
        if not source.is_file():
            raise Problem("E_FORMAT", where="no file")
        size = source.stat().st_size
        with source.open("rb") as opened:
            while block := opened.read(_BLOCK):
                digest.update(block)
                length += len(block)
                if progress is not None:
                    progress(min(length, size), size)
    return Attachment(
        sid=hashlib.sha256(question.encode() + digest.digest()).digest()[:16],
        length=length,
        cells=0,
        commit=b"",
        root=b"",
        sha256=digest.digest(),
        name=name,
        mime="",
        question=question or None,
        spool="",
        state="closed",
        captured=int(time.time()),
    )


class PreviewReview(ReviewScreen):
    """What would stand between this interview and its seal; there is nothing to seal."""

    TITLE_WORDS = N_("Preview: review")
    PAGES = ReviewScreen.PAGES[:2]
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_("Enter goes to the question. This is a preview: there is nothing to seal, and nothing is written."),
    )

    def title_note(self) -> str:
        """That nothing is kept."""
        return _("nothing is written")

    def _ready_words(self) -> str:
        return _("Nothing is missing. An interview like this could be sealed.")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is sealed."""
        return False if action in ("seal", "incomplete") else super().check_action(action, parameters)


class PreviewScreen(InterviewScreen):
    """The interview screen on a throw-away session."""

    TITLE_WORDS = N_("Preview")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_("This is a preview of a form. Nothing is written anywhere: when you leave, every answer is gone."),
        N_("F4 shows the form in its next language. F2 changes the language of the screen."),
        *InterviewScreen.HELP_WORDS[1:],
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", N_("Leave")),
    ]

    def title_note(self) -> str:
        """That nothing is kept, and in which language the form speaks."""
        return " · ".join(part for part in (_("nothing is written"), self._spoken()) if part)

    def _spoken(self) -> str:
        languages = self.interview.form.languages
        return self.interview.session.language if len(languages) > 1 else ""

    def _save_typed(self) -> None:
        """As in an interview, without the word that it was saved."""
        super()._save_typed()
        self.query_one(TitleBar).show(note=self.title_note())

    def action_review(self) -> None:
        """Show what is missing."""
        self.hold()
        self.app.push_screen(PreviewReview(self))

    def referral(self) -> str:
        """A preview belongs to no mission."""
        return ""

    def erase(self, *, quitting: bool = False) -> None:
        """There is nothing to erase: the preview ends."""
        self.app.exit()

    def stays(self) -> bool:
        """Nothing is kept of a preview in any case."""
        return False

    def leave_interview(self) -> None:
        """Out, after asking."""
        from tui.screens.dialogs import Confirm

        self.hold()
        self.app.push_screen(
            Confirm(
                _("Leave the preview?"),
                _("Nothing of it is kept."),
                _("Leave"),
                _("Go on"),
            ),
            lambda yes: self.app.exit() if yes else None,
        )

    def resume(self) -> None:
        """There is no lock to come back from."""

    async def next_language(self) -> None:
        """The form in its next language; the words of the screen stay."""
        languages = self.interview.form.languages
        if len(languages) < 2:
            return
        self.hold()
        kept = self.interview.cursor
        self.pending = kept.pending if kept is not None else ""
        place = languages.index(self.interview.session.language) if self._spoken() in languages else -1
        self.interview.session.language = languages[(place + 1) % len(languages)]
        self.view.reload()
        self._prompt = ""
        await self.recompose()
        self.restored()


class PreviewShell(Shell):
    """The screens without a home: one form, no passphrase, nothing to lock."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f4", "form_language", N_("Form's language"), priority=True),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(FilePath(), "field")
        self.theme = theme_for(self.console.color_system)
        self._session = session

    def entrance(self) -> BaseScreen:
        """The form."""
        return PreviewScreen(Rehearsal(self._session))

    async def action_form_language(self) -> None:
        """The form in its next language."""
        for screen in self.screen_stack:
            if isinstance(screen, PreviewScreen):
                await screen.next_language()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is a next language where the form has several."""
        if action == "form_language":
            return isinstance(self.screen, PreviewScreen) and len(self._session.form.languages) > 1
        return False if action in ("lock", "hide") else super().check_action(action, parameters)
