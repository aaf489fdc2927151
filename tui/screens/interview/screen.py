"""The interview screen: keys, files, and the way to the seal.

The rule: a key is offered only where it does something.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from schemas.problems import Problem
from schemas.xform_model import Path
from tui.locale import N_
from tui.screens.interview.entries import ACTIONS as ENTRY_ACTIONS
from tui.screens.interview.entries import Entries
from tui.screens.interview.files import FilePanel
from tui.screens.interview.flow import ACTIONS
from tui.screens.interview.sections import Sections
from tui.screens.interview.view import is_asked, question_of
from tui.screens.interviews import InterviewsScreen

if TYPE_CHECKING:
    from tui.screens.shell import Shell


class InterviewScreen(Entries):
    """One draft."""

    TITLE_WORDS = N_("Interview")
    AUTO_FOCUS = ""
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "Every answer is saved, encrypted, at the moment it is made. You can leave at any time and come back to "
            "the same place."
        ),
        N_(
            "The line above a question says how it is put: read aloud word for word, ask in your own way, code "
            "silently, or only for you."
        ),
        N_(
            "Questions marked * need an answer, or one of the reserved answers: does not know, prefers not to answer, "
            "not asked. Preferring not to answer is always a good answer."
        ),
        N_(
            "At the left: ○ not begun, 3/9 begun, ✓ complete, × closed by a safeguard, – does not apply. F3 finds any "
            "section or question by a few letters."
        ),
        N_(
            "^F goes to the free account and back. ^B marks what you want to ask later, ^K lists the marks. ^W begins "
            "a break: the screen is hidden, and the time of the break is noted."
        ),
        N_(
            "^Z takes back what was done last, also an entry that was removed, and ^Y does it again; both still work "
            "after the program was closed. ^D adds an entry with the answers of this one."
        ),
        N_(
            "In a list, type a few letters to find an option; Space chooses it. ^E opens a note of your own to the "
            "open answer; ¶ stands where there is one."
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "step(1)", N_("Next"), priority=True),
        Binding("shift+tab", "step(-1)", N_("Back"), show=False, priority=True),
        Binding("f3", "sections", N_("Sections")),
        Binding("f5", "review", N_("Review")),
        Binding("f6", "reserve('unknown')", N_("Unknown")),
        Binding("f7", "reserve('declined')", N_("Declined")),
        Binding("f8", "reserve('not_asked')", N_("Not asked")),
        Binding("f9", "add_entry", N_("Add entry")),
        Binding("ctrl+r", "remove_entry", N_("Remove entry"), priority=True),
        Binding("ctrl+g", "gates", N_("Safeguards"), priority=True),
        Binding("ctrl+e", "note", N_("Note to this answer"), show=False, priority=True),
        Binding("delete", "clear", N_("Take back")),
        Binding("escape", "leave", N_("List")),
    ]

    def on_file_panel_wanted(self, event: FilePanel.Wanted) -> None:
        """Take the file over."""
        if self.cursor is not None:
            self.attach(self.cursor, event.path)

    def resume(self) -> Callable[[Shell], None] | None:
        """After a lock the same interview is opened again; only its record code is remembered meanwhile."""
        code = self.interview.code

        def open_again(shell: Shell) -> None:
            first = shell.screen
            if isinstance(first, InterviewsScreen):
                first.open_code(code)

        return None if self.interview.closed else open_again

    def action_review(self) -> None:
        """Show what is missing, and seal."""
        from tui.screens.review import ReviewScreen

        self.hold()
        self.app.push_screen(ReviewScreen(self))

    def action_leave(self) -> None:
        """Back to the question from the sections, else to the list of interviews."""
        if self.query_one(Sections).has_focus:
            self.card.focus_editor()
            return
        self.leave_interview()

    def on_unmount(self) -> None:
        """Wipe the draft's key from memory."""
        self.stop_timer()
        self.interview.close()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys are offered only where they do something: closed questions have no reserved answers."""
        if not self.is_mounted or self.card.node is None:
            return True
        node = self.card.node
        if action == "gates":
            return bool(self.gates)
        if action in ACTIONS:
            return self.check_flow(action)
        if action == "note":
            return node.kind == "question"
        if action == "reserve":
            return node is not None and node.kind == "question" and is_asked(node) and not question_of(node).closed
        if action == "clear":
            return node is not None and self.card.editor == "file" and node.value is not None
        return self.check_entry_action(action) if action in ENTRY_ACTIONS else True

    def attach(self, path: Path, source: FilePath) -> None:
        """Take a file over, under a dialog that lets nothing else happen meanwhile."""
        from tui.screens.interview.taking import TakingOver
        from tui.screens.problem import show_problem

        def taken(problem: Problem | None) -> None:
            self.changed(frozenset({path}), reload=True)
            self.open_stop(path)
            if problem is not None:
                show_problem(self.app, problem)

        self.app.push_screen(TakingOver(self.interview, path, source, taken))

    def action_note(self) -> None:
        """Write the documenter's note to the open answer."""
        from tui.screens.interview.remarks import RemarkDialog

        node = self.card.node
        if node is None or node.kind != "question" or self.shell.screen is not self:
            return
        self.hold()
        self.app.push_screen(RemarkDialog(self.interview, node.path, node.label, self.card.show_remark))
