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

from schemas.problems import Problem
from schemas.session_types import Changes
from schemas.xform_model import Path
from tui.locale import _, current_language
from tui.screens.base import BaseScreen
from tui.screens.interview.card import Card, read_line
from tui.screens.interview.choices import Choices
from tui.screens.interview.rows import Rows
from tui.screens.interview.sections import Sections
from tui.screens.interview.view import InterviewView, is_asked
from tui.screens.interview.words import answer_problem
from tui.state_words import code_text
from tui.widgets.lines import Lines
from tui.widgets.titlebar import TitleBar

if TYPE_CHECKING:
    from collector.interview import Interview

SAVE_SECONDS = 1.0


class Answering(BaseScreen):
    """One draft. `interview` stays open as long as the screen is there."""

    def __init__(self, interview: Interview, at: Path | None = None) -> None:
        super().__init__()
        self.interview = interview
        self._speak()
        self.view = InterviewView(interview.session)
        kept = interview.cursor
        self.pending = kept.pending if kept is not None and at is None else ""
        self.cursor = self.view.nearest(at or (kept.path if kept is not None else None))
        self._save_timer: Timer | None = None
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
        """The record code."""
        return code_text(self.interview.code)

    def on_mount(self) -> None:
        """Stand where the person was."""
        self.restored()

    def restored(self) -> None:
        """Draw the open question."""
        if self.cursor is not None:
            self.open_stop(self.cursor, pending=self.pending)
            self.pending = ""

    async def retranslate(self) -> None:
        """The form speaks the new language too."""
        self.hold()
        kept = self.interview.cursor
        self.pending = kept.pending if kept is not None else ""
        self._speak()
        self.view.reload()
        self._prompt = ""
        await self.recompose()
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
        self.card.scroll_visible(animate=False)
        self.interview.keep(path, pending)
        self.refresh_bindings()

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
            touched = {self.view.section_of(path) for path in self.view.nodes.keys() ^ before.keys() | changes}
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
        return True

    def commit(self) -> bool:
        """Make what is typed the answer, if it differs from it. False if it was not taken."""
        self.stop_timer()
        card, path = self.card, self.cursor
        if path is None or card.node is None or (typed := card.typed) is None:
            return True
        node = self.view.nodes[path]
        value = read_line(node, typed) if card.editor == "line" else (typed or None)
        return value == node.value or self.answer(value)

    def hold(self) -> None:
        """Keep what is typed: as the answer if it is one, else beside the cursor."""
        if not self.is_mounted or self.cursor is None or self.interview.closed:
            return
        if not self.commit():
            self.interview.keep(self.cursor, self.card.typed or "")

    def stop_timer(self) -> None:
        if self._save_timer is not None:
            self._save_timer.stop()
            self._save_timer = None

    def _save_soon(self) -> None:
        self.stop_timer()
        self._save_timer = self.set_timer(SAVE_SECONDS, self._save_typed)

    def _save_typed(self) -> None:
        """A pause in typing: the account is an answer, a line may be half of one and is kept beside the cursor."""
        self._save_timer = None
        if self.card.editor == "account":
            self.commit()
        elif self.cursor is not None and (typed := self.card.typed) is not None:
            self.interview.keep(self.cursor, typed)
        self.query_one(TitleBar).show(note=f"{_('saved')} · {code_text(self.interview.code)}")

    def on_account_changed(self) -> None:
        """Save when the typing pauses."""
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
        """The reserved answer; the same key again takes it back."""
        node = self.card.node
        if node is None or self.cursor is None:
            return
        self.stop_timer()
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

    def action_sections(self) -> None:
        """Choose a section with the arrows; Enter goes there."""
        self.add_class("-choosing")
        self.section_list.focus()

    def on_lines_selected(self, event: Lines.Selected) -> None:
        """Go to the chosen section: to its first open question."""
        if event.lines is self.section_list:
            self.remove_class("-choosing")
            if not self.go(self.view.first_stop((event.key,))):
                self.card.focus_editor()
