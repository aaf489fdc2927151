"""What the commands of the plain prompts do.

The rule: a command that changes something is as durable as an answer, and one that ends the interview says how.
"""

from __future__ import annotations

from collector import consent
from schemas.problems import Problem
from schemas.xform_model import Path
from tui import locale
from tui.locale import _
from tui.plain.changing import Changing
from tui.plain.ending import panic_now
from tui.plain.talk import Over
from tui.plain.words import command, listed
from tui.screens.interview.jump import plain
from tui.screens.interview.sections import States, state_words
from tui.screens.interview.view import is_asked, is_long

ASIDE = frozenset({"again", "break", "gates", "help", "mark", "note", "redo", "undo"})
"""Commands after which the telling of a text goes on."""


class Deeds(Changing):
    """An interview with its commands."""

    def run(self) -> None:
        """Until the interview is left. Raises Over, Ended."""
        self.times.end_break()  # one in which the program was ended
        if self.cursor is not None:
            self.settle(self.cursor)
        while True:
            if self.wiping():
                self._decide()
            self.put()
            self.take(self.talk.ask())

    def take(self, typed: str) -> None:
        """One line: a command or an answer."""
        found = command(typed)
        try:
            if found is not None:
                getattr(self, f"do_{found[0]}")(found[1])
            elif typed.startswith("/") and (self.cursor is None or " " not in typed):
                self.talk.say(_("There is no such command. /help lists them."))
            else:
                self.line(typed)
        except Problem as problem:
            if self.interview.closed:
                raise
            self.refused(problem)

    def tell(self, path: Path, first: str = "") -> str:
        """As in Taking; a command that comes between is done at once, and one that leads away ends the text."""
        while ended := super().tell(path, first):
            found, first = command(ended), ""
            self.take(ended.strip())
            if found is None or found[0] not in ASIDE or self.cursor != path:
                return ""
        if self.cursor == path and self.back_to is None:
            self.step(1)
        return ""

    def _decide(self) -> None:
        for gate in self.interview.open_gates():
            if gate.wipes and (gate.id, gate.case) not in self.spoken:
                self.gate(gate.as_dict(self.interview.session.language))
        self.talk.say(_("Nothing of this may be kept. Type 1 to correct the answer, or /withdraw to erase everything."))
        while (typed := self.ask()) != "1":  # a digit typed too early for the next question must not erase anything
            if (command(typed) or ("", ""))[0] == "withdraw":
                self._erase()
            self.talk.say(_("Type 1 to correct the answer, or /withdraw to erase everything."))
        self.correct()
        self.said_at = None
        self.put()
        self.take(self.talk.ask())

    def _erase(self) -> None:
        code = self.interview.code
        self.interview.close()
        self.field.withdraw(code)
        self.talk.say(_("It is erased."))
        raise Over

    # moving

    def do_help(self, _rest: str) -> None:
        """All commands."""
        self.talk.say("\n".join(listed()))

    def do_again(self, _rest: str) -> None:
        """What is asked here, whole, with the text that stands."""
        node = None if self.cursor is None else self.view.nodes[self.cursor]
        self.said_at = self.entry = None
        if node is not None and node.kind == "question" and is_long(node):
            self.talk.say(str(node.value) if node.value else _("Nothing is told yet."))

    def do_language(self, rest: str) -> None:
        """Another language, of the prompts and of the questions."""
        if rest in locale.languages():
            locale.set_language(rest)
            self.speak()
            self.said_at = self.section = self.entry = None
        else:
            self.talk.say(_("Type one of these after the command: {languages}", languages=" ".join(locale.languages())))

    def do_next(self, _rest: str) -> None:
        """Forward."""
        self.step(1)

    def do_back(self, _rest: str) -> None:
        """Back; from the free account to where one was."""
        if self.back_to is not None:
            there, self.back_to = self.back_to, None
            self.stand(self.view.nearest(there))
        else:
            self.step(-1)

    def do_sections(self, _rest: str) -> None:
        """Every section with its state."""
        states = States(self.view).of()
        for number, node in enumerate(self.view.sections(), 1):
            self.talk.say(f"{number}. {node.label or node.name}: {state_words(states[node.path])}")
        self.talk.say(_("Type /go and a number."))

    def do_go(self, rest: str) -> None:
        """To a section."""
        sections = self.view.sections()
        number = int(rest) if rest.isdecimal() and len(rest) < 5 else 0
        there = self.view.first_stop(sections[number - 1].path) if 1 <= number <= len(sections) else None
        if there is None:
            self.talk.say(_("No question is open there now."))
        self.stand(there)

    def do_find(self, rest: str) -> None:
        """To the next question that has the words."""
        asked = [node for node in self.view.nodes.values() if is_asked(node)]
        place = next((n for n, node in enumerate(asked) if node.path == self.cursor), -1) + 1
        wanted = plain(rest)
        turn = [*asked[place:], *asked[:place]]
        there = next((node.path for node in turn if wanted and wanted in plain(f"{node.label} {node.name}")), None)
        if there is None:
            self.talk.say(_("No question is open there now."))
        self.stand(there)

    def do_consent(self, _rest: str) -> None:
        """To the consent."""
        there = self.view.first_stop(consent.SECTION)
        if there is None:
            self.talk.say(_("No question is open there now."))
        self.stand(there)

    def do_account(self, rest: str) -> None:
        """The free account, and back."""
        path = self.view.free_account()
        if path is None:
            self.talk.say(_("The account opens after the consent."))
            return
        value, wish = self.view.nodes[path].value, rest.casefold()
        if wish in ("show", _("show")):
            self.talk.say(str(value) if value else _("Nothing is told yet."))
            return
        here, self.back_to = self.cursor, self.cursor
        if wish in ("replace", _("replace")) and value:
            self.interview.clear(path)
            self.view.reload()
        self.stand(path)
        self.said_at = None
        self.put()
        self.tell(path)
        self.back_to = None
        if self.cursor == path:
            self.stand(self.view.nearest(here))

    # the whole

    def do_break(self, _rest: str) -> None:
        """A break."""
        self.times.begin_break()
        self.talk.say(_("Break. What was printed stays in the window. An empty line goes on."))
        self.ask()
        self.times.end_break()

    def do_gates(self, _rest: str) -> None:
        """Every open safeguard."""
        gates = self.interview.open_gates()
        for gate in gates:
            self.gate(gate.as_dict(self.interview.session.language))
        if not gates:
            self.talk.say(_("No safeguard is open."))

    def do_withdraw(self, _rest: str) -> None:
        """Erase."""
        self.talk.say(_("Type 1 to erase this interview for good."))
        if self.ask() == "1":
            self._erase()

    def do_panic(self, _rest: str) -> None:
        """Seal everything and lock."""
        self.interview.close()
        panic_now(self.talk, self.field)

    def do_correct(self, _rest: str) -> None:
        """Possible only before an interview is chosen."""
        self.talk.say(_("Leave this interview first: /quit. Then begin again and type /correct and the record code."))

    def do_lock(self, _rest: str) -> None:
        """Close the vault."""
        self.times.note()
        raise Over

    def do_quit(self, _rest: str) -> None:
        """Leave; where nothing may be kept, that is decided first."""
        if not self.wiping():
            raise Over
