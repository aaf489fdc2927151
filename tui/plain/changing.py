"""Commands of the plain prompts that change something: reserved answers, entries, the way back, files, notes, marks.

The rule: each says what it did, in the words of the screens, and what can be taken back says how.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from typing import TYPE_CHECKING

from collector import answer_notes, marks
from collector.sources import Source
from schemas.problems import Problem
from schemas.xform_model import Path
from tui.locale import _, ngettext, problem_sentences
from tui.plain import questions
from tui.plain.reviewing import Reviewing
from tui.screens.interview.file_words import taken_words
from tui.screens.interview.undone import Naming, undone_words
from tui.screens.interview.view import is_long
from tui.screens.interview.words import entry_mark, entry_name
from tui.source_words import fate

if TYPE_CHECKING:
    from collector.undoing import Travelled

NO_NOTE = "-"
"""After the command for a note: take it away."""


class Changing(Reviewing, ABC):
    """An interview in which commands change something."""

    def _at_question(self) -> Path | None:
        """The question where one is; None, and it is said, at an entry or a list."""
        if self.cursor is not None and self.view.nodes[self.cursor].kind == "question":
            return self.cursor
        self.talk.say(_("You are at no question: open the entry first, or go on."))
        return None

    # reserved answers

    def _reserve(self, reason: str) -> None:
        path = self._at_question()
        if path is not None:
            self.interview.missing(path, reason)
            self.pending = ""
            self.changed(path)
            if self.cursor == path:
                self.step(1)

    def do_unknown(self, _rest: str) -> None:
        """Does not know."""
        self._reserve("unknown")

    def do_declined(self, _rest: str) -> None:
        """Prefers not to answer."""
        self._reserve("declined")

    def do_notasked(self, _rest: str) -> None:
        """Was not asked."""
        self._reserve("not_asked")

    def do_clear(self, _rest: str) -> None:
        """Take the answer away."""
        path = self._at_question()
        if path is not None:
            self.interview.clear(path)
            self.pending = ""
            self.changed()
            self.talk.say(_("The answer is taken away. {key} brings it back.", key=_("/undo")))

    # the way back

    def _travel(self, act: Callable[[], Travelled | None], *, back: bool) -> None:
        before, gone = Naming(self.view.nodes), act()
        if gone is None:
            self.talk.say(_("There is nothing more to undo.") if back else _("There is nothing to do again."))
            return
        self.pending = ""
        self.changed()
        place: Path | None = gone.place
        while place and place not in self.view.nodes:
            place = self.view.repeat_of(place) if not isinstance(place[-1], str) else place[:-1]
        if place:
            self.stand(self.view.nearest(place))
        told = undone_words(gone, before, Naming(self.view.nodes), back=back)
        self.talk.say(told.replace("^Y", _("/redo")))

    def do_undo(self, _rest: str) -> None:
        """Take back."""
        self._travel(self.interview.undo, back=True)

    def do_redo(self, _rest: str) -> None:
        """Do again."""
        self._travel(self.interview.redo, back=False)

    # entries

    def do_add(self, _rest: str) -> None:
        """One more entry."""
        self.add()

    def _entry(self) -> Path | None:
        entry = None if self.cursor is None else self.view.entry_around(self.cursor)
        if entry is None:
            self.talk.say(_("You are in no entry of a list."))
        return entry

    def do_copy(self, _rest: str) -> None:
        """An entry that says the same; one stands on its first question."""
        entry = self._entry()
        if entry is None:
            return
        name = entry_name(self.view.nodes[entry])
        made, _changes = self.interview.copy_entry(entry)
        self.changed()
        copy = entry_name(self.view.nodes[made])
        self.talk.say(
            _("{copy} has the answers of {name}. Files and codes of persons were not copied.", copy=copy, name=name)
        )
        self.enter(made)

    def do_remove(self, _rest: str) -> None:
        """Take an entry away; asks first where answers go with it."""
        entry = self._entry()
        if entry is None:
            return
        name, repeat = entry_mark(self.view.nodes[entry]), self.view.repeat_of(entry)
        given = self.interview.all_given().items()
        answers = sum(path[: len(entry)] == entry and item.by != "program" for path, item in given)
        if answers:
            self.talk.say(_("Remove entry {name}?", name=name))
            self.talk.say(
                ngettext(
                    "It has {count} answer, which is removed with it. {key} brings it back.",
                    "It has {count} answers, which are removed with it. {key} brings it back.",
                    answers,
                    key=_("/undo"),
                )
            )
            self.talk.say(_("Type 1 to remove it. An empty line keeps it."))
            if self.ask() != "1":
                return
        self.interview.remove_entry(entry)
        self.changed()
        self.stand(self.view.nearest(repeat))
        self.talk.say(_("Entry {name} is removed. {key} brings it back.", name=name, key=_("/undo")))

    # files

    def do_attach(self, rest: str) -> None:
        """A file as the answer here; then what becomes of the file that it was taken from."""
        path = self._at_question()
        if path is None:
            return
        if not rest:
            self.talk.say(_("At a question for a file type /attach and the path of the file."))
            return
        source = Source.of(questions.file_of(rest))
        taken = self.interview.attach(path, source.path, progress=self.tenths())
        self.changed()
        self.talk.say(taken_words(taken))
        self._settle(source)
        if self.cursor == path:
            self.step(1)

    def _settle(self, source: Source) -> None:
        """Leave the file where it is, or overwrite and delete it; whatever is not a plain yes leaves it."""
        told, offered = fate(source)
        self.talk.say(told)
        if not offered:
            return
        self.talk.say(_("Type 1 to leave it there, or 2 to overwrite and delete it."))
        while (typed := self.ask()) not in ("", "1", "2"):
            self.talk.say(_("Type 1 to leave it there, or 2 to overwrite and delete it."))
        if typed != "2":
            self.talk.say(_("The file was left where it is."))
            return
        try:
            source.erase()
        except Problem as problem:
            self.talk.say("\n".join((*problem_sentences(problem), f"[{problem.code}]")))
        else:
            self.talk.say(_("The file was overwritten and deleted."))

    # beside the answers

    def do_note(self, rest: str) -> None:
        """A note to the answer: written, read out, or taken away."""
        path = self._at_question()
        if path is None:
            return
        if not rest:
            self.talk.say(answer_notes.listed(self.interview).get(path) or _("There is no note to this answer."))
            return
        answer_notes.write(self.interview, path, "" if rest == NO_NOTE else rest)
        self.talk.say(_("saved"))
        if rest != NO_NOTE:
            self.talk.say(_("It is sealed in the process part, which more people may read: write no names."))

    def do_mark(self, _rest: str) -> None:
        """Ask later; in a text, about what was told last."""
        if self.cursor is None:
            return
        node = self.view.nodes[self.cursor]
        text = node.value if node.kind == "question" and is_long(node) and isinstance(node.value, str) else ""
        marks.make(self.interview, self.cursor, text, len(text))
        self.talk.say(_("saved"))

    def do_marks(self, rest: str) -> None:
        """What was to be asked later; with a number, to that place."""
        found = marks.listed(self.interview)
        chosen = next((mark for mark in found if str(mark.number) == rest), None)
        if chosen is not None:
            self.stand(self.view.nearest(chosen.path))
        elif rest or not found:
            self.talk.say(_("There is no such mark.") if rest else _("Nothing is marked."))
        else:
            super().do_marks("")
            self.talk.say(_("/marks and a number goes there; /asked and a number takes the mark away."))

    def do_asked(self, rest: str) -> None:
        """A mark was asked about."""
        if any(str(mark.number) == rest for mark in marks.listed(self.interview)):
            marks.resolve(self.interview, int(rest))
            self.talk.say(_("saved"))
        else:
            self.talk.say(_("There is no such mark."))
