"""Answering: view, sections, rows and card put together; every answer is saved when it is made.

The rule: the session decides, the interview saves, this screen draws what changed. Nothing typed is ever dropped:
text that is no answer yet is kept with the cursor, encrypted, before a lock, a change of language or leaving.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widgets import Input, Static

from schemas.gates_consent import is_consent
from schemas.problems import Problem
from schemas.session_types import Changes
from schemas.xform_model import Path
from tui.locale import _, current_language, problem_sentences
from tui.screens.base import BaseScreen
from tui.screens.interview.card import Card, read_line
from tui.screens.interview.choices import Choices
from tui.screens.interview.file_words import file_names
from tui.screens.interview.rows import Rows
from tui.screens.interview.sections import Sections
from tui.screens.interview.view import InterviewView, is_asked
from tui.screens.interview.words import answer_problem
from tui.screens.texts import moment_text
from tui.state_words import code_text
from tui.widgets.account import Account
from tui.widgets.lines import Lines
from tui.widgets.titlebar import TitleBar

if TYPE_CHECKING:
    from collector.interview import Interview

SAVE_SECONDS = 0.8
"""How long a pause in typing is before what was typed is saved."""
LONGEST_SECONDS = 4.5
"""How long somebody types without a pause before what was typed is saved all the same."""


class Answering(BaseScreen):
    """One draft. `interview` stays open as long as the screen is there."""

    def __init__(self, interview: Interview, at: Path | None = None) -> None:
        super().__init__()
        self.interview = interview
        self._speak()
        self.view = InterviewView(interview.session, file_names(interview))
        kept = interview.cursor
        self.pending = kept.pending if kept is not None and at is None else ""
        self.cursor = self.view.nearest(at or (kept.path if kept is not None else None))
        self.place: tuple[int, int] | None = None
        if kept is not None and at is None and kept.path == self.cursor and kept.at is not None:
            self.place = kept.at, kept.top
        self._save_timer: Timer | None = None
        self._latest: Timer | None = None
        self._unsaved = ""
        self.card = Card()
        self._prompt = ""

    def _speak(self) -> None:
        """Let the form speak the language of the screen, where it can."""
        code = current_language()
        if any(name == code or f"({code})" in name for name in self.interview.form.languages):
            self.interview.session.language = code

    # drawing

    def body(self) -> ComposeResult:
        self.card = Card()
        self.section_list = Sections(self.view)
        self.above, self.below = Rows(self.view, "above"), Rows(self.view, "below")
        with Horizontal():
            yield self.section_list
            with Vertical(id="middle"):
                yield Static(id="prompt", markup=False)
                yield from self.above_pane()
                with VerticalScroll(id="pane", can_focus=False):
                    yield self.above
                    yield self.card
                    yield self.below

    def above_pane(self) -> ComposeResult:
        """What stands between the prompt and the questions."""
        yield from ()

    def title_note(self) -> str:
        """When something was saved last, and the record code."""
        saved, code = self.interview.saved_at, code_text(self.interview.code)
        return code if saved is None else f"{_('saved {time}', time=moment_text(saved))} · {code}"

    def show_saved(self) -> None:
        """The time of the last durable moment, quietly in the title."""
        self.query_one(TitleBar).show(note=self.title_note())

    def on_mount(self) -> None:
        """Stand where the person was."""
        self.watch(self.card.query_one("#line", Input), "selection", self._moved, init=False)
        self.restored()

    def restored(self) -> None:
        """Draw the open question."""
        if self.cursor is not None:
            place, self.place = self.place, None
            self.open_stop(self.cursor, pending=self.pending)
            self.pending = ""
            if place is not None:
                self.stand_at(*place)

    async def retranslate(self) -> None:
        """The form speaks the new language too."""
        self.hold()
        kept = self.interview.cursor
        self.pending = kept.pending if kept is not None else ""
        self.place = self.position()
        self._speak()
        self.view.reload()
        self._prompt = ""
        await self.recompose()
        self.watch(self.card.query_one("#line", Input), "selection", self._moved, init=False)
        self.restored()

    def open_stop(self, path: Path, *, pending: str = "") -> None:
        """Show a stop and put the cursor into it."""
        self.cursor = path
        node = self.view.nodes[path]
        attachment = None
        if isinstance(node.value, bytes):
            attachment = next((item for item in self.interview.files() if item.sid == node.value), None)
        section = self.view.section_of(path)
        with self.app.batch_update():
            self.card.show(
                node,
                number=self.view.summary(path) if node.kind == "entry" else "",
                pending=pending,
                attachment=attachment,
            )
            self._draw_rows()
            prompt = self.query_one("#prompt", Static)
            words = self.view.nodes[section].prompt
            if words != self._prompt:
                self._prompt = words
                prompt.update(words)
            prompt.display = bool(words)
            self.query_one("#pane").set_class(self._is_free_account(path), "-full")
            self.section_list.show_section(section)
        self.card.focus_editor()
        self.card.bring_into_view()
        self.keep_place(pending)
        self.refresh_bindings()

    # the place in the text

    def position(self) -> tuple[int, int]:
        """Where the cursor stands in what is typed, and which row is the first that is seen."""
        if self.card.editor == "account":
            account = self.card.query_one(Account)
            return account.offset_of_cursor, account.top
        return (self.card.query_one("#line", Input).cursor_position, 0) if self.card.editor == "line" else (0, 0)

    def stand_at(self, at: int, top: int | None) -> None:
        """Put the cursor there."""
        if self.card.editor == "account":
            self.card.query_one(Account).stand_at(at, top)
        elif self.card.editor == "line":
            line = self.card.query_one("#line", Input)
            line.cursor_position = min(at, len(line.value))
        self.keep_place()

    def keep_place(self, pending: str | None = None) -> None:
        """Make durable where the person is; `pending` is what is typed and no answer, None leaves it as it was."""
        if self.cursor is None:
            return
        if pending is None:
            kept = self.interview.cursor
            pending = kept.pending if kept is not None and kept.path == self.cursor else ""
        self.interview.keep(self.cursor, pending, *self.position())
        self.show_saved()

    def _is_free_account(self, path: Path) -> bool:
        """The text that opens a section which begins with an open prompt gets the whole height."""
        section = self.view.section_of(path)
        if self.card.editor != "account" or not self.view.nodes[section].prompt:
            return False
        return next((node.path for node in self.view.within(section) if is_asked(node)), None) == path

    def _draw_rows(self) -> None:
        if self.cursor is None:
            return
        items = self.view.items(self.view.section_of(self.cursor), self.cursor)
        stops = [item.path if item.stops else None for item in items]
        place = stops.index(self.cursor) if self.cursor in stops else 0
        self.above.show(items[:place])
        self.below.show(items[place + 1 :])

    def changed(self, changes: Changes, *, reload: bool = False) -> None:
        """Draw what an answer changed, and nothing else."""
        before = self.view.nodes
        if reload:
            self.view.reload()
            after = self.view.nodes
            other = {path for path in after.keys() | before.keys() if after.get(path) != before.get(path)}
            touched = {self.view.section_of(path) for path in other | changes}
        else:
            touched = {self.view.section_of(path) for path in self.view.apply(changes)}
        with self.app.batch_update():
            if self.cursor is not None and self.cursor in changes and self.cursor in self.view.nodes:
                self.card.update_node(self.view.nodes[self.cursor])
            if self.cursor is not None and self.view.section_of(self.cursor) in touched:
                self._draw_rows()
            self.section_list.update_sections(touched)
        self.refresh_bindings()

    # answering

    def answer(self, value: object) -> bool:
        """Give the open question an answer (None takes it away). False if it was not taken; then it says why."""
        path = self.cursor
        if path is None:
            return False
        try:
            changes = self.interview.clear(path) if value is None else self.interview.answer(path, value)  # type: ignore[arg-type]  # the session checks
        except Problem as problem:
            if not problem.code.startswith("E_ANSWER"):
                raise
            self.card.notes(self.view.nodes[path], answer_problem(problem.code))
            return False
        self.changed(changes)
        self.show_saved()
        return True

    def commit(self) -> bool:
        """Make what is typed the answer, if it differs from it. False if it was not taken."""
        self.stop_timer()
        card, path = self.card, self.cursor
        if path is None or card.node is None or (typed := card.typed) is None:
            return True
        node = self.view.nodes[path]
        value = read_line(node, typed) if card.editor == "line" else (typed if typed.strip() else None)
        try:
            return value == node.value or self.answer(value)
        except Problem:
            self._save_soon()
            raise

    def hold(self) -> None:
        """Keep what is typed: as the answer if it is one, else beside the cursor."""
        if not self.is_mounted or self.cursor is None or self.interview.closed:
            return
        self.keep_place("" if self.commit() else self.card.typed or "")

    def stop_timer(self) -> None:
        for timer in (self._save_timer, self._latest):
            if timer is not None:
                timer.stop()
        self._save_timer = self._latest = None

    def _save_soon(self) -> None:
        """Save at the next pause, and while somebody types on and on every few seconds."""
        if self._save_timer is not None:
            self._save_timer.stop()
        self._save_timer = self.set_timer(SAVE_SECONDS, self._save_typed)
        if self._latest is None:
            self._latest = self.set_timer(LONGEST_SECONDS, self._save_typed)

    def _save_typed(self) -> None:
        """The account is an answer; a line may be half of one and is kept beside the cursor. So are words on consent:
        each answer to it stays in the ledger, and half a sentence is none.
        """
        self.stop_timer()
        if self.interview.closed:
            return
        try:
            if self.card.editor == "account" and not self._on_consent():
                self.keep_place("" if self.commit() else self.card.typed or "")
            else:
                self.keep_place(self._unfinished())
        except Problem as problem:
            self._not_saved(problem)
        else:
            self._saved_again()

    def _not_saved(self, problem: Problem) -> None:
        """Said below the question, and at first in passing: a window would take the keys of who types on. It is tried
        again until it can be saved.
        """
        self.stop_timer()
        self._latest = self.set_timer(LONGEST_SECONDS, self._save_typed)
        what, safe, remedy = problem_sentences(problem)
        if self.card.node is not None:
            told = _("Not saved yet: {what} {code}", what=what, code=problem.code)
            self.card.notes(self.view.nodes[self.card.node.path], told)
        if self._unsaved != problem.code:
            self._unsaved = problem.code
            self.notify(f"{what} {safe} {remedy}", severity="error", markup=False)

    def _saved_again(self) -> None:
        """What was said of it goes."""
        if self._unsaved and self.card.node is not None:
            self.card.notes(self.view.nodes[self.card.node.path])
        self._unsaved = ""

    def _on_consent(self) -> bool:
        return self.card.node is not None and is_consent(self.card.node.path)

    def _unfinished(self) -> str:
        """What is typed and differs from the answer."""
        node, typed = self.card.node, self.card.typed
        if node is None or typed is None or self.card.editor not in ("line", "account"):
            return ""
        if self.card.editor == "account":
            return "" if typed == str(node.value or "") else typed
        return "" if read_line(node, typed) == node.value else typed

    def _moved(self) -> None:
        """The cursor moved in the line: its place is saved as what is typed is."""
        if self.is_mounted and self.card.editor == "line" and self.card.query_one("#line").has_focus:
            self._save_soon()

    def on_account_moved(self) -> None:
        """The cursor moved in the account."""
        self._save_soon()

    def on_account_changed(self) -> None:
        """Save when the typing pauses, and every few seconds."""
        self._save_soon()

    def on_account_full(self) -> None:
        """Say that there is no room."""
        self.card.notes(
            self.view.nodes[self.card.node.path], _("The text has reached its limit of 200,000 characters.")
        ) if self.card.node else None

    def on_input_changed(self, event: Input.Changed) -> None:
        """Keep when the typing pauses."""
        if event.input.id == "line" and event.input.has_focus:
            self.card.typing(event.value)
            self._save_soon()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: save and go on."""
        if event.input.id == "line":
            self.action_step(1)

    def on_choices_chosen(self, event: Choices.Chosen) -> None:
        """Save the choice; Enter goes on."""
        node = self.card.node
        if node is not None and event.value != node.value and not self.answer(event.value):
            return
        if event.goes_on:
            self.action_step(1)

    def on_choices_edge(self, event: Choices.Edge) -> None:
        """An arrow over the end of a list goes to the next or previous question."""
        self.action_step(event.by)

    def action_reserve(self, reason: str) -> None:
        """The reserved answer; the same key again takes it back. What is typed is the answer first: undo has it."""
        if self.card.node is None or self.cursor is None:
            return
        self.commit()
        node = self.view.nodes[self.cursor]
        again = node.missing == reason
        self.changed(self.interview.clear(self.cursor) if again else self.interview.missing(self.cursor, reason))
        if not again:
            self.open_stop(self.view.step(self.cursor, 1))

    def action_clear(self) -> None:
        """Take the answer away."""
        if self.cursor is not None:
            self.changed(self.interview.clear(self.cursor))
            self.open_stop(self.cursor)

    # moving

    def go(self, path: Path | None) -> bool:
        """Go to a stop, if what is typed here can be saved."""
        if path is None or not self.commit():
            return False
        self.open_stop(path if path in self.view.nodes else self.view.nearest(path) or path)
        return True

    def action_step(self, by: int) -> None:
        """The next or previous stop."""
        if self.cursor is not None and self.commit():
            self.open_stop(self.view.step(self.cursor, by))

    def on_rows_picked(self, event: Rows.Picked) -> None:
        """A click on a closed line."""
        if event.path in self.view.stops(self.view.section_of(event.path), self.cursor):
            self.go(event.path)

    def on_lines_selected(self, event: Lines.Selected) -> None:
        """Go to the chosen section: to its first open question."""
        if event.lines is self.section_list and not self.go(self.view.first_stop((event.key,))):
            self.card.focus_editor()
