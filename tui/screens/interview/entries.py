"""Entries of repeats, and the way back from whatever was done: add, copy, remove, undo, redo.

The rule: the field's own undo goes first. When it has nothing left, the last act on the interview is taken back, the
cursor goes to where it happened, and one line says what it was. Removing asks only where answers go with the entry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from collector.interview import Interview
from schemas import references
from schemas.problems import Problem
from schemas.xform_model import Path
from tui.locale import N_, _, ngettext
from tui.screens.interview.flow import Flowing
from tui.screens.interview.reading import Repeats
from tui.screens.interview.readings import shown_line
from tui.screens.interview.undone import Naming, undone_words
from tui.screens.interview.view import is_asked
from tui.screens.interview.words import entry_mark, entry_name

if TYPE_CHECKING:
    from collector.undoing import Travelled

ACTIONS = ("add_entry", "copy_entry", "remove_entry", "enter", "undo", "redo", "persons")


class Entries(Flowing):
    """A draft whose entries come and go, and come back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+d", "copy_entry", N_("Copy entry"), show=False, priority=True),
        Binding("ctrl+z", "undo", N_("Undo"), show=False),
        Binding("ctrl+y", "redo", N_("Redo"), show=False),
        Binding("enter", "enter", N_("Open"), show=False),
        Binding("down", "persons", N_("Choose a code"), show=False, priority=True),
    ]

    def __init__(self, interview: Interview, at: Path | None = None) -> None:
        super().__init__(interview, at)
        self._typed_back: tuple[Path, str] | None = None
        self._repeats = Repeats()

    # entries

    def action_add_entry(self) -> None:
        """Add an entry to the repeat where the cursor is, and open it."""
        repeat = self.view.repeat_of(self.cursor) if self.cursor is not None else None
        if repeat is not None:
            self._added(lambda: self.interview.add_entry(repeat)[0])

    def action_copy_entry(self) -> None:
        """Add an entry with the same answers, and stand on its first question."""
        entry = self.view.entry_around(self.cursor) if self.cursor is not None else None
        if entry is None:
            return
        name = entry_name(self.view.nodes[entry])
        made = self._added(lambda: self.interview.copy_entry(entry)[0])
        if made is not None:
            copy = entry_name(self.view.nodes[made])
            words = _(
                "{copy} has the answers of {name}. Files and codes of persons were not copied.", copy=copy, name=name
            )
            self.say(words)

    def _added(self, add: Callable[[], Path]) -> Path | None:
        """Add an entry and open it; None where it was refused."""
        if self.shell.screen is not self or self._repeats.at(self.cursor) or not self.commit():
            return None
        try:
            entry = add()
        except Problem as problem:
            self.shell.problem(problem)
            return None
        self.changed(frozenset({entry}), reload=True)
        self.open_entry(entry)
        self._repeats.led(self.cursor)
        return entry

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
        """Remove the entry in which the cursor stands; ask first where answers go with it."""
        from tui.screens.dialogs import Confirm

        entry = self.view.entry_around(self.cursor) if self.cursor is not None else None
        if entry is None or self.shell.screen is not self:
            return
        node = self.view.nodes[entry]
        self.commit()
        given = self.interview.all_given().items()
        answers = sum(path[: len(entry)] == entry and item.by != "program" for path, item in given)
        if answers == 0:
            self.remove_entry(entry)
            return
        told = ngettext(
            "It has {count} answer, which is removed with it. {key} brings it back.",
            "It has {count} answers, which are removed with it. {key} brings it back.",
            answers,
            key="^Z",
        )

        def decided(yes: bool | None) -> None:
            if yes:
                self.remove_entry(entry)

        asked = _("Remove entry {name}?", name=entry_mark(node))
        self.app.push_screen(Confirm(asked, told, _("Remove it")), decided)

    def remove_entry(self, entry: Path) -> None:
        """Remove it and stand on the nearest stop."""
        repeat, name = self.view.repeat_of(entry), entry_mark(self.view.nodes[entry])
        self.stop_timer()
        try:
            changes = self.interview.remove_entry(entry)
        except Problem as problem:
            self.shell.problem(problem)
            return
        self.cursor = None
        self.changed(changes, reload=True)
        if (place := self.view.nearest(repeat)) is not None:
            self.open_stop(place)
        self.say(_("Entry {name} is removed. {key} brings it back.", name=name, key="^Z"))

    def check_entry_action(self, action: str) -> bool:
        """Adding where there is a repeat, copying and removing where there is an entry."""
        if action in ("undo", "redo"):
            return True
        if self.cursor is None:
            return False
        if action == "add_entry":
            return self.view.repeat_of(self.cursor) is not None
        if action in ("remove_entry", "copy_entry"):
            return self.view.entry_around(self.cursor) is not None
        if action == "enter":
            return self.card.editor == "none"
        return self.card.editor == "line" and bool(references.offered(self.interview.session, self.cursor))

    # codes of persons

    def open_stop(self, path: Path, *, pending: str = "") -> None:
        """Where persons are named by their codes, the codes are told."""
        super().open_stop(path, pending=pending)
        persons = self._persons()
        if persons:
            label = self.card.query_one("#choices-help")
            label.update(_("{key} lists the codes given so far: {codes}", key="↓", codes=", ".join(persons)))  # type: ignore[attr-defined]  # a Label
            label.display = True

    def _persons(self) -> list[str]:
        if self.cursor is None or self.card.editor != "line" or self.card.node is None:
            return []
        return [each.code for each in references.offered(self.interview.session, self.cursor)]

    def action_persons(self) -> None:
        """The codes with what tells their persons apart; what is chosen goes into the answer, or out of it."""
        from tui.screens.interview.persons import PersonsDialog

        path = self.cursor
        if path is None or not self._persons() or self.shell.screen is not self:
            return
        session, typed = self.interview.session, self.card.typed or ""

        def chosen(text: str | None) -> None:
            if text is not None and self.cursor == path:
                line = self.card.query_one("#line", Input)
                line.value = text
                line.cursor_position = len(text)

        rows = [(each.code, references.summary(session, each.path)) for each in references.offered(session, path)]
        self.app.push_screen(PersonsDialog(rows, typed), chosen)

    # undo and redo

    def action_reserve(self, reason: str) -> None:
        """A reserved answer in place of a text or choice says how that comes back: its key stands beside others."""
        if self.cursor is None or self.shell.screen is not self or self._repeats.at(self.cursor):
            return
        self.commit()
        path = self.cursor
        was, name = self.view.nodes[path].value, Naming(self.view.nodes).of(path)
        super().action_reserve(reason)
        if self.cursor != path:
            self._repeats.led(self.cursor)
        if was is not None and was not in ("", ()):
            self.say(_("The answer to “{name}” was replaced. {key} brings it back.", name=name, key="^Z"))

    def action_undo(self) -> None:
        """What is typed in the line goes first, then the last act."""
        if self.shell.screen is not self or self._line_back():
            return
        self._travel(self.interview.undo, back=True)

    def action_redo(self) -> None:
        """What was taken back last, in the line or in the interview."""
        if self.shell.screen is not self:
            return
        path, text = self._typed_back or ((), "")
        if self._typed_back is not None and path == self.cursor and self.card.editor == "line":
            self._typed_back = None
            line = self.card.query_one("#line", Input)
            line.value, line.cursor_position = text, len(text)
            return
        self._travel(self.interview.redo, back=False)

    def _line_back(self) -> bool:
        """Puts the answer that stands in the place of what is typed over it; False where nothing is."""
        node, typed = self.card.node, self.card.typed
        if self.card.editor != "line" or node is None or self.cursor is None or typed is None:
            return False
        stands = shown_line(node)
        if typed.strip() == stands.strip():
            return False
        self.stop_timer()
        self._typed_back = (self.cursor, typed)
        line = self.card.query_one("#line", Input)
        line.value, line.cursor_position = stands, len(stands)
        self.interview.keep(self.cursor, "", *self.position())
        return True

    def _travel(self, act: Callable[[], Travelled | None], *, back: bool) -> None:
        if not self.commit():
            return
        self._typed_back = None
        before = Naming(self.view.nodes)
        try:
            gone = act()
        except Problem as problem:
            self.shell.problem(problem)
            return
        if gone is None:
            words = _("There is nothing more to undo.") if back else _("There is nothing to do again.")
            self.say(words)
            return
        here, self.cursor = self.cursor, None
        self.changed(gone.changes, reload=True)
        self._stand(gone.place or here)
        self.say(undone_words(gone, before, Naming(self.view.nodes), back=back))

    def say(self, words: str) -> None:
        """One line on what was done, in the place of the one before."""
        self.app.clear_notifications()
        self.notify(words, markup=False)

    def _stand(self, place: Path | None) -> None:
        """Stand where it happened, or as near as one can."""
        while place and place not in self.view.nodes:
            place = self.view.repeat_of(place) if not isinstance(place[-1], str) else place[:-1]
        where = self.view.nearest(place)
        if where is not None:
            self._asked_again = True  # a key that takes back opens no other screen
            self.open_stop(where)
