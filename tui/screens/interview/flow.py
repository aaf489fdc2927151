"""Following the account: going anywhere by a few letters, to the free account and back, marks, breaks.

The rule: none of these keys drops a word. Each first makes what is typed the answer, as going to the next question
does; where that is not possible it stays and says why. A break hides the screen before anything else.
"""

from __future__ import annotations

import contextlib
from typing import ClassVar

from textual.binding import Binding, BindingType

from collector import marks
from collector.drafts import plain_path, wire_path
from collector.interview import Interview
from collector.marks import Mark
from collector.timekeeping import Timekeeper
from schemas.problems import Problem
from schemas.xform_model import Path
from tui.locale import N_, ngettext
from tui.screens.interview.heeding import Heeding
from tui.screens.interview.jump import JumpDialog, Places
from tui.screens.interview.marks import MarksDialog
from tui.widgets.account import Account

NOTE_SECONDS = 60.0
"""How often the time spent in a section is made durable while nobody types."""
BACK = "back"
ACTIONS = ("account", "mark", "marks", "rest", "sections")


class Flowing(Heeding):
    """A draft through which one goes as the person tells."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+f", "account", N_("Account"), priority=True),
        Binding("ctrl+b", "mark", N_("Ask later"), show=False, priority=True),
        Binding("ctrl+k", "marks", N_("List of what to ask later"), show=False, priority=True),
        Binding("ctrl+w", "rest", N_("Break"), show=False, priority=True),
    ]

    def __init__(self, interview: Interview, at: Path | None = None) -> None:
        super().__init__(interview, at)
        self.times = Timekeeper(interview)
        self._places: Places | None = None
        self._left: dict[Path, tuple[int, int]] = {}
        self._resting = False

    # time

    def on_mount(self) -> None:
        """A break ends when the interview is there again."""
        self.set_interval(NOTE_SECONDS, self._note_time)
        pause = self.times.end_break()
        if pause is not None:
            minutes = max(1, round(pause / 60))
            words = ngettext("A break of {count} minute was noted.", "A break of {count} minutes was noted.", minutes)
            self.notify(words, markup=False)

    def _note_time(self) -> None:
        if self.shell.screen is self and self.shell.opened is not None and not self.interview.closed:
            with contextlib.suppress(Problem):  # it stays counted; who types is told when words cannot be saved
                self.times.note()

    def on_screen_suspend(self) -> None:
        """Under another screen no time is counted; what was counted is written when the screen is held."""
        self.times.pause()

    def on_screen_resume(self) -> None:
        """Here again. Where the time cannot be written nothing is said: it stays counted, and the window that tells of
        a full disk would come again as often as it is closed.
        """
        if self.shell.opened is not None and not self.interview.closed and self.cursor is not None:
            with contextlib.suppress(Problem):
                self._count()

    def _count(self) -> None:
        if self.cursor is not None and self.shell.screen is self:
            self.times.stand(str(self.view.section_of(self.cursor)[0]))

    def hold(self) -> None:
        """What is typed is kept, and the time until now; when the screen was hidden for a break, its beginning."""
        super().hold()
        if self.is_mounted and not self.interview.closed:
            self.times.pause()
            if self._resting:
                self.times.begin_break()
            else:
                self.times.note()

    async def action_rest(self) -> None:
        """A break: the clock covers everything, and behind it the time is noted before the vault closes."""
        self._resting = True
        await self.shell.cover.hide()

    # drawing

    def open_stop(self, path: Path, *, pending: str = "") -> None:
        """Another stop: its marks, its time."""
        super().open_stop(path, pending=pending)
        self.draw_signs()
        self._count()

    def draw_signs(self) -> None:
        """Signs in the account where something is to be asked later."""
        account = self.card.query_one(Account)
        if self.card.editor == "account":
            text = account.text
            here = [mark for mark in marks.listed(self.interview) if mark.path == self.cursor]
            account.show_signs(marks.place(text, mark) for mark in here)

    def show_saved(self) -> None:
        """The time of the last durable moment, quietly in the title."""
        super().show_saved()
        self.draw_signs()

    # going

    def action_sections(self) -> None:
        """The list of sections; letters find any question."""
        if not self.commit() or self.shell.screen is not self:
            return
        self._places = self._places or Places(self.view)
        here = None if self.cursor is None else self.view.section_of(self.cursor)
        self.app.push_screen(JumpDialog(self._places, self.section_list.states.of(), here), self._jump)

    def _jump(self, path: Path | None) -> None:
        if path is None or path not in self.view.nodes:
            return
        section = self.view.section_of(path)
        self.go(self.view.first_stop(section) if path == section else path)

    def action_account(self) -> None:
        """To the free account; from there back to the same place."""
        there, here = self.view.free_account(), self.cursor
        if there is None or here is None or self.shell.screen is not self:
            return
        if here == there:
            back = self._way_back()
            self._left[here] = self.position()
            if back is not None and self.go(back[0]):
                self.stand_at(*back[1])
        else:
            place = self.position()
            if self.go(there):
                self.interview.put_aside(BACK, (), [plain_path(here), *place])
                if there in self._left:
                    self.stand_at(*self._left[there])

    def _way_back(self) -> tuple[Path, tuple[int, int]] | None:
        """Where somebody came from to the free account; it outlives the program, as the place in the account does."""
        kept = self.interview.asides(BACK).get(())
        if kept is None:
            return None
        path, at, top = wire_path(kept[0]), kept[1], kept[2]
        return (path, (at, top)) if path in self.view.nodes and self.view.nearest(path) == path else None

    # marks

    def action_mark(self) -> None:
        """Marks this moment: the place in the text, or the question."""
        if self.cursor is None or not self.commit():
            return
        text = self.card.query_one(Account).text if self.card.editor == "account" else ""
        marks.make(self.interview, self.cursor, text, self.position()[0] if text else 0)
        self.draw_signs()
        count = len(marks.listed(self.interview))
        told = ngettext("Marked. {count} thing to ask later: ^K", "Marked. {count} things to ask later: ^K", count)
        self.notify(told, markup=False, timeout=3)

    def action_marks(self) -> None:
        """What was to be asked later."""
        if self.commit() and self.shell.screen is self:
            self.app.push_screen(MarksDialog(self.interview, self.view), self.go_to_mark)

    def go_to_mark(self, mark: Mark | None) -> None:
        """To the question of a mark, and to the words at it."""
        self.draw_signs()
        if mark is None or mark.path not in self.view.nodes or not self.go(mark.path):
            return
        if self.card.editor == "account" and (mark.before or mark.after):
            self.stand_at(marks.place(self.card.query_one(Account).text, mark), None)

    def check_flow(self, action: str) -> bool:
        """The free account only where there is one, and from it only where there is a way back."""
        if action == "account" and self.cursor is not None:
            there = self.view.free_account()
            return there is not None and (self.cursor != there or self._way_back() is not None)
        return True
