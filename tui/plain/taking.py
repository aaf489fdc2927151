"""Taking an interview line by line.

The rule: an answer is durable when "saved" is printed. A line that is no answer stays with the draft, so that nothing
that was typed is lost, whatever ends the program.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from collector import answer_notes, consent, preview
from collector.field import Field
from collector.interview import Interview
from collector.timekeeping import Timekeeper
from schemas import references
from schemas.gates_consent import is_consent
from schemas.problems import Problem
from schemas.session_types import Node, Value
from schemas.xform_model import Path
from tui.locale import _, current_language, problem_sentences
from tui.plain import questions
from tui.plain.talk import Talk
from tui.plain.words import command
from tui.question_words import in_words
from tui.screens.interview.consent import latest, reached_words
from tui.screens.interview.file_words import file_names, preview_words, taken_words
from tui.screens.interview.gates import speaks
from tui.screens.interview.view import InterviewView, is_asked, is_long, question_of
from tui.screens.interview.words import answer_problem, entry_name, mode_words


class Taking(ABC):
    """One interview that is being taken: where one is, and what a line does there."""

    def __init__(self, talk: Talk, field: Field, interview: Interview) -> None:
        self.talk, self.field, self.interview = talk, field, interview
        self.view = InterviewView(interview.session, file_names(interview))
        self.times = Timekeeper(interview)
        kept = interview.cursor
        self.cursor = self.view.nearest(kept.path if kept else None)
        self.pending = kept.pending if kept and kept.path == self.cursor else ""
        self.section: Path | None = None
        self.spoken: set[tuple[str, str]] = set()
        self.back_to: Path | None = None
        self.said_at: Path | None = None
        self.entry: Path | None = None

    @abstractmethod
    def take(self, typed: str) -> None:
        """One line: a command or an answer. Raises Over, Ended."""

    def ask(self) -> str:
        """One line that answers a question of the program; what has to end everything is heeded here as well."""
        typed = self.talk.ask()
        found = command(typed)
        if found is not None and found[0] in ("lock", "panic"):
            self.take(typed)
        return typed

    def refused(self, problem: Problem) -> None:
        """Say what went wrong, a question that it names by its words."""
        shown = in_words(problem, self.interview.session)
        self.talk.say("\n".join((*problem_sentences(shown), f"[{problem.code}]")))

    def speak(self) -> None:
        """The form speaks the language of the prompts, where it can."""
        code = current_language()
        if any(name == code or f"({code})" in name for name in self.interview.form.languages):
            self.interview.session.language = code
            self.view.reload()

    # where one is

    def stand(self, path: Path | None) -> None:
        """Go to a stop."""
        if path is not None and path != self.cursor:
            self.cursor, self.pending = path, ""

    def step(self, by: int) -> None:
        """To the next stop or the one before; says so at either end."""
        if self.cursor is None:
            return
        there = self.view.step(self.cursor, by)
        if there == self.cursor:
            self.talk.say(
                _("This is the last question. /review shows what is missing.")
                if by > 0
                else _("This is the first one.")
            )
        self.stand(there)

    def put(self) -> None:
        """Say what is asked here; in short when it was the last thing that was asked."""
        self.talk.say()
        if self.cursor is None:
            self.talk.say(_("This form has no question for you."))
            return
        section = self.view.section_of(self.cursor)
        if section != self.section:
            self.section = section
            node = next(each for each in self.view.sections() if each.path == section)
            self.talk.say(_("Section: {name}", name=node.label or node.name))
            if node.prompt:
                self.talk.say(node.prompt)
        self.times.stand(str(section[0]))
        self.interview.keep(self.cursor, self.pending)
        node, short = self.view.nodes[self.cursor], self.cursor == self.said_at
        self.said_at = self.cursor
        if node.kind == "entry":
            self.talk.say(f"{entry_name(node)}: {self.view.summary(node.path)}")
            self.talk.say(_("Type 1 to open it. An empty line goes past it."))
        elif node.kind == "repeat":
            self.talk.say(node.label or node.name)
            self.talk.say(_("Type 1 to add an entry. An empty line goes on."))
        else:
            for line in self._short(node) if short else self._whole(node):
                self.talk.say(line)
        if self.pending:
            self.talk.say(_("Typed before, and not an answer yet: {text}", text=self.pending))

    def _short(self, node: Node) -> Iterator[str]:
        yield node.label or node.name
        yield from self.present(node)
        yield _("/again says it whole.")

    def _whole(self, node: Node) -> Iterator[str]:
        entry = self.view.entry_around(node.path)
        if entry is not None and entry != self.entry:
            yield entry_name(self.view.nodes[entry])
        self.entry = entry
        place = consent.reached(consent.questions(self.interview.session), node.path)
        if place is not None:
            yield reached_words(place)
            yield from latest(node, consent.events_of(self.interview.ledger.events, node.path))
        yield from self._notes(node)
        yield from questions.put(node)
        persons = references.offered(self.interview.session, node.path)
        if persons:
            yield _("Codes given so far")
        for each in persons:
            said = references.summary(self.interview.session, each.path)
            yield f"{each.code}: {said or _('nothing said yet')}"
        yield from self.present(node)

    def _notes(self, node: Node) -> Iterator[str]:
        """What the form says between the question before and this one."""
        said: list[Node] = []
        for each in self.view.nodes.values():
            if each.path == node.path:
                break
            if is_asked(each) or each.path[0] != node.path[0]:
                said.clear()
            elif each.kind == "note" and each.relevant and each.label:
                said.append(each)
        for each in said:
            yield each.label if question_of(each).mode == "read" else f"{mode_words(each)}. {each.label}"

    def present(self, node: Node) -> Iterator[str]:
        """The answer that stands, what is wrong with it, and the note to it."""
        file = next((each for each in self.interview.files() if each.sid == node.value), None)
        yield from questions.present(node)
        if file is not None:
            yield taken_words(file)
            try:
                yield from filter(None, [preview_words(preview.look(self.field.vault, file))])
            except Problem as problem:
                yield problem_sentences(problem)[0]
        note = answer_notes.listed(self.interview).get(node.path)
        if note:
            yield _("Your note: {note}", note=note)

    # what a line does

    def line(self, typed: str) -> None:
        """Take one line that is no command."""
        if self.cursor is None:
            return
        node = self.view.nodes[self.cursor]
        if not typed:
            self.step(1)
        elif node.kind != "question":
            self._open(typed)
        elif is_long(node):
            self.tell(self.cursor, typed)
        else:
            self._answer(typed)

    def _open(self, typed: str) -> None:
        if self.cursor is None or typed != "1":
            self.talk.say(_("Type 1, or an empty line to go on."))
        elif self.view.nodes[self.cursor].kind == "repeat":
            self.add()
        else:
            self.enter(self.cursor)

    def enter(self, entry: Path) -> None:
        """To the first question of an entry."""
        self.stand(next((node.path for node in self.view.within(entry) if is_asked(node)), entry))

    def add(self) -> None:
        """One more entry of the repeat around."""
        repeat = None if self.cursor is None else self.view.repeat_of(self.cursor)
        if repeat is None:
            self.talk.say(_("There is no list here to add to."))
            return
        entry, _changes = self.interview.add_entry(repeat)
        self.changed()
        self.enter(entry)

    def _answer(self, typed: str) -> None:
        path = self.cursor
        if path is None:
            return
        node = self.view.nodes[path]
        try:
            value = questions.chosen(node, typed) if questions.is_choice(node) else questions.meant(node, typed)
        except ValueError:
            found = list(questions.options(node, typed)) if questions.is_choice(node) else []
            for line in found or [_("That is none of the options.")]:
                self.talk.say(line)
            self._hold("" if found else typed)  # letters that found an option were no answer
            return
        if self.give(path, value, typed, told=True) and self.cursor == path and not self.view.nodes[path].problem:
            self.step(1)

    def give(self, path: Path, value: Value, typed: str, *, told: bool = False) -> bool:
        """Make something the answer, and with `told` say it; what is refused stays with the draft as it was typed."""
        try:
            with self.interview.together("answer"):  # each line is an act of its own, to be taken back alone
                self.interview.answer(path, value)
        except Problem as problem:
            if not problem.code.startswith("E_ANSWER"):
                raise
            words = answer_problem(problem.code)
            shown = in_words(problem, self.interview.session)
            self.talk.say(problem_sentences(shown)[0] if words == problem.code else words)
            self._hold(typed)
            return False
        self.pending = ""
        self.changed(path if told else None)
        return True

    def _hold(self, typed: str) -> None:
        if self.cursor is not None:
            self.pending = typed
            self.interview.keep(self.cursor, typed)

    def tell(self, path: Path, first: str = "") -> str:
        """A text line by line, each durable when it was taken. Returns the command that ended it, else nothing."""
        ended = self._lines(path, first)
        self.settle(path)
        return ended

    def settle(self, path: Path) -> None:
        """What was said about consent becomes one answer, so that the ledger has no line for each line of typing."""
        if is_consent(path) and is_long(self.view.nodes[path]) and self.pending:
            self.give(path, self.pending, self.pending)

    def _lines(self, path: Path, first: str) -> str:
        line, blank = first or self.talk.told(), ""
        while line.strip() != ".":
            if command(line) is not None:
                return line
            if line.startswith("/") and " " not in line:
                self.talk.say(_("There is no such command. /help lists them."))
                line = self.talk.told()
                continue
            value = (is_consent(path) and self.pending) or self.view.nodes[path].value
            whole = f"{value}{blank}\n{line}" if isinstance(value, str) and value else line
            if line.strip() and is_consent(path):
                self._hold(whole)
                self.talk.say(_("saved"))
            elif line.strip() and not self.give(path, whole, line):
                return ""
            blank = "" if line.strip() else f"{blank}\n"
            line = self.talk.told()
        return ""

    # after a change

    def changed(self, answered: Path | None = None) -> None:
        """Something was made durable: say so, and the answer, and let safeguards speak that opened through it."""
        self.view.reload()
        self.talk.say(_("saved"))
        if answered is not None and answered in self.view.nodes:
            for line in questions.present(self.view.nodes[answered]):
                self.talk.say(line)
        self.cursor = self.view.nearest(self.cursor)
        gates = self.interview.open_gates()
        keys = {(gate.id, gate.case) for gate in gates}
        for gate in gates:
            if (gate.id, gate.case) not in self.spoken and speaks(gate):
                self.gate(gate.as_dict(self.interview.session.language))
        self.spoken = keys

    def gate(self, told: dict[str, object]) -> None:
        """One safeguard in full sentences."""
        self.talk.say()
        self.talk.say(_("Safeguard: {text}", text=told["text"]))
        self.talk.say(_("Why: {text}", text=told["why"]))
        self.talk.say(_("Offer now: {text}", text=told["offer"]))
        pack = self.field.pack()
        if pack is not None and pack.body.policy.referral:
            self.talk.say(pack.body.policy.referral)
        self.talk.say(_("Kept: {text}", text=told["kept"]))

    def wiping(self) -> bool:
        """Whether nothing of this interview may be kept as it stands."""
        return any(gate.wipes for gate in self.interview.open_gates())

    def correct(self) -> None:
        """To the answer because of which nothing may be kept."""
        paths = [path for gate in self.interview.open_gates() if gate.wipes for path in gate.paths]
        self.stand(next((path for path in paths if path in self.view.nodes), None))
