"""The interview screen: keys, entries of repeats, files, and the way to the seal.

The rule: removing asks first, and its default is No, because an entry's answers and files go with it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from schemas.problems import Problem
from schemas.xform_model import Path
from tui.locale import N_, _, ngettext
from tui.screens.interview.files import FilePanel
from tui.screens.interview.heeding import Heeding
from tui.screens.interview.sections import Sections
from tui.screens.interview.view import is_answered, is_asked, question_of
from tui.screens.interview.words import entry_name
from tui.screens.interviews import InterviewsScreen

if TYPE_CHECKING:
    from tui.screens.shell import Shell


class InterviewScreen(Heeding):
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
        Binding("delete", "clear", N_("Take back")),
        Binding("enter", "enter", N_("Open"), show=False),
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
            self.remove_class("-choosing")
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
        if action == "reserve":
            return node is not None and node.kind == "question" and is_asked(node) and not question_of(node).closed
        if action == "clear":
            return node is not None and self.card.editor == "file" and node.value is not None
        return self.check_entry_action(action)

    def attach(self, path: Path, source: FilePath) -> None:
        """Take a file over in a thread, with a bar above the screen that lets nothing else happen meanwhile."""
        from tui.screens.dialogs import Busy
        from tui.screens.problem import show_problem

        busy = Busy(_("Taking the file over, encrypted"))
        self.app.push_screen(busy)
        report = self.reporter(busy.show)

        def end(problem: Problem | None) -> None:
            busy.dismiss(None)
            self.view.reload()
            self.changed(frozenset({path}))
            self.open_stop(path)
            if problem is not None:
                show_problem(self.app, problem)

        self.work(lambda: self.interview.attach(path, source, progress=report), lambda _done: end(None), failed=end)

    def action_add_entry(self) -> None:
        """Add an entry to the repeat where the cursor is, and open it."""
        repeat = self.view.repeat_of(self.cursor) if self.cursor is not None else None
        if repeat is None or not self.commit():
            return
        try:
            entry, changes = self.interview.add_entry(repeat)
        except Problem as problem:
            self.shell.problem(problem)
            return
        self.changed(changes, reload=True)
        self.open_entry(entry)

    def open_entry(self, entry: Path) -> None:
        """Go to the first question of an entry."""
        inner = next((node.path for node in self.view.within(entry) if is_asked(node)), entry)
        self.go(inner)

    def action_enter(self) -> None:
        """Enter on an entry opens it, on the add line adds one."""
        node = self.card.node
        if node is None:
            return
        if node.kind == "repeat":
            self.action_add_entry()
        elif node.kind == "entry":
            self.open_entry(node.path)

    def action_remove_entry(self) -> None:
        """Ask, then remove the entry in which the cursor stands."""
        from tui.screens.dialogs import Confirm

        entry = self.view.entry_around(self.cursor) if self.cursor is not None else None
        if entry is None:
            return
        node = self.view.nodes[entry]
        answers = sum(1 for each in self.view.within(entry) if is_asked(each) and is_answered(each))
        name = entry_name(node)
        told = ngettext(
            "It has {count} answer, which is removed with it. This cannot be undone.",
            "It has {count} answers, which are removed with it. This cannot be undone.",
            answers,
        )

        def decided(yes: bool | None) -> None:
            if yes:
                self.remove_entry(entry)

        self.app.push_screen(Confirm(_("Remove entry {name}?", name=name), told, _("Remove it")), decided)

    def remove_entry(self, entry: Path) -> None:
        """Remove it and stand on the nearest stop."""
        repeat = self.view.repeat_of(entry)
        self.stop_timer()
        changes = self.interview.remove_entry(entry)
        self.cursor = None
        self.changed(changes, reload=True)
        if (place := self.view.nearest(repeat)) is not None:
            self.open_stop(place)

    def check_entry_action(self, action: str) -> bool:
        """Adding where there is a repeat, removing where there is an entry."""
        if self.cursor is None:
            return action not in ("add_entry", "remove_entry", "enter")
        if action == "add_entry":
            return self.view.repeat_of(self.cursor) is not None
        if action == "remove_entry":
            return self.view.entry_around(self.cursor) is not None
        if action == "enter":
            return self.card.editor == "none"
        return True
