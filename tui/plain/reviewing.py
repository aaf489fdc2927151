"""The end of an interview in lines: uses of consent confirmed again, what is missing, names, the seal.

The rule: what is looked at and in which order is what the screens look at; nothing is sealed or written without a "1"
or a command that says so.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Sequence

from collector import consent, contents, correction, marks, placeholders, readback
from schemas.gates_names import Mention
from schemas.session_types import Issue, Node
from schemas.xform_model import Path
from tui import review_lines
from tui.locale import N_, _, ngettext
from tui.plain.taking import Taking
from tui.plain.words import command
from tui.screens.interview.consent import confirm, said_again
from tui.screens.interview.words import entry_name, mode_words
from tui.screens.review import GROUPS

CORRECTED = N_("Correction: only what is to be corrected was asked.")
AROUND = 24
"""So many characters are said before and after a name."""


class Reviewing(Taking, ABC):
    """An interview that comes to its end."""

    _asked_again = False

    # consent, once more

    def put(self) -> None:
        """As in Taking; before the closing question every permitted use is asked for again."""
        closing = self._is_closing()
        if closing and not self._asked_again:
            self._asked_again = True
            self._confirm_uses()
        self._asked_again = closing
        super().put()

    def _is_closing(self) -> bool:
        node = None if self.cursor is None else self.view.nodes[self.cursor]
        return node is not None and node.name == consent.RECONFIRM and node.value is None

    def _confirm_uses(self) -> None:
        uses = [node.path for node in consent.given(self.interview.session)]
        if uses:
            self.talk.say()
            self.talk.say(_("Before the end each permission is asked for once more, one by one."))
        for place, path in enumerate(uses, 1):
            if not self._confirm(self.interview.session.node(path), place, len(uses)) or self.wiping():
                return

    def _confirm(self, node: Node, place: int, every: int) -> bool:
        """One use; whether to go on with the next."""
        said = said_again(node)
        self.talk.say()
        self.talk.say(_("{place} of {all}", place=place, all=every))
        self.talk.say(f"{mode_words(node)}.")
        self.talk.say(node.label or node.name)
        if node.hint:
            self.talk.say(node.hint)
        for number, (_key, text) in enumerate(said, 1):
            self.talk.say(f"{number}. {text}")
        while True:
            self.talk.say(_("Type one of the numbers. An empty line or a command stops asking again."))
            typed = self.ask()
            if typed.isdecimal() and len(typed) < 5 and 1 <= int(typed) <= len(said):
                confirm(self.interview, node, said[int(typed) - 1][0])
                self.changed()
                return True
            if not typed:
                return False
            if command(typed) is not None:
                self.take(typed)
                return False

    # looking over

    def do_review(self, rest: str) -> None:
        """What is missing, without blame; names in the account; what was to be asked later. A number goes there."""
        found = self.interview.review()
        issues = [issue for name, *_rest in GROUPS for issue in getattr(found, name)]
        if rest:
            number = int(rest) if rest.isdecimal() and len(rest) < 6 else 0
            self._go_to(issues[number - 1].path if 1 <= number <= len(issues) else None)
            return
        for gate in found.gates:
            self.gate(gate.as_dict(self.interview.session.language))
        for name, _sign, _style, words in GROUPS:
            self._still_open(words, issues, getattr(found, name))
        if issues:
            self.talk.say(_("/review and a number goes to that question."))
        self._names(placeholders.found(self.interview))
        if found.marks:
            self.talk.say(_("You wanted to ask later"))
            self.do_marks("")
        hidden = len(found.hidden_files)
        if hidden:
            self.talk.say(
                ngettext(
                    "{count} file belongs to a question that does not apply any more; it is erased at sealing.",
                    "{count} files belong to questions that do not apply any more; they are erased at sealing.",
                    hidden,
                )
            )
        if found.ready:
            self.talk.say(_("Nothing is missing. /seal seals it."))
        self.talk.say(_("/permissions reads out the consent, /contents tells what is sealed for whom."))

    def _go_to(self, path: Path | None) -> None:
        if path is None or self.view.nearest(path) is None:
            self.talk.say(_("The review has no such number."))
        else:
            self.stand(self.view.nearest(path))

    def _still_open(self, words: str, every: Sequence[Issue], those: Sequence[Issue]) -> None:
        if those:
            self.talk.say(f"{_(words)}:")
        for issue in those:
            node = self.view.nodes.get(issue.path)
            reason = f" {_(issue.message)}" if issue.code != "required" else ""
            asked = (node and node.label) or str(issue.path[-1])
            entry = self.view.entry_around(issue.path)
            where = f"{entry_name(self.view.nodes[entry])}: " if entry in self.view.nodes and entry else ""
            self.talk.say(f"{every.index(issue) + 1}. {where}{asked}{reason}")

    def do_permissions(self, _rest: str) -> None:
        """The consent in the words of the form, to be read aloud as it stands."""
        said = review_lines.consent_said(self.interview)
        if not said:
            self.talk.say(_("Nothing was answered about consent yet."))
        for each in said:
            self.talk.say(each.question)
            self.talk.say(each.answer)
            for line in each.later:
                self.talk.say(line)

    def do_contents(self, _rest: str) -> None:
        """What each compartment will hold, and who can open it."""
        pack = self.field.pack()
        org = "" if pack is None else pack.body.org
        for part in contents.parts(self.field, self.interview):
            self.talk.say(review_lines.part_name(part))
            self.talk.say(", ".join(review_lines.part_counted(part)) + ".")
            for line in review_lines.part_openers(part, org):
                self.talk.say(f"{line}.")
        for line in review_lines.readings([(what, at) for _path, what, at in readback.events(self.interview)]):
            self.talk.say(line)

    def do_marks(self, _rest: str) -> None:
        """What was to be asked later."""
        for mark in marks.listed(self.interview):
            node = self.view.nodes[mark.path]
            before = f": … {' '.join(mark.before.split())}" if mark.before else ""
            self.talk.say(f"{mark.number}. {node.label or node.name}{before}")

    def _names(self, found: Sequence[Mention]) -> None:
        for number, each in enumerate(found, 1):
            text = str(self.interview.session.value(each.path))
            around = " ".join(text[max(0, each.start - AROUND) : each.end + AROUND].split())
            words = _("Name {number}: {name}, in “{around}”.", number=number, name=each.text, around=around)
            self.talk.say(f"{words} {_('Placeholder: {placeholder}', placeholder=each.placeholder)}")
        if found:
            self.talk.say(_("/placeholders and a number, or all, writes placeholders in place of these names."))

    def do_placeholders(self, rest: str) -> None:
        """Placeholders in place of names: one of those that the review lists, or all."""
        found = placeholders.found(self.interview)
        one = rest.isdecimal() and len(rest) < 6 and 1 <= int(rest) <= len(found)
        if not found:
            self.talk.say(_("No name was found in the account."))
        elif one or rest.casefold() in ("all", _("all")):
            placeholders.replace(self.interview, [found[int(rest) - 1]] if one else None)
            self.pending = ""
            self.changed()
            self._names(placeholders.found(self.interview))
        else:
            self._names(found)

    def do_readback(self, _rest: str) -> None:
        """Read the account to the person, sentence by sentence; then the form's question how it went."""
        from tui.plain.reading import read_back

        if read_back(self):
            node = readback.question_of(self.interview.session)
            if node is not None:
                self.stand(node.path)

    # sealing

    def do_seal(self, _rest: str) -> None:
        """Seal; where the closing question is still open, that first."""
        closing = self._closing_open()
        if closing is not None and closing != self.cursor:
            self.talk.say(_("The closing question about consent comes first."))
            self.stand(closing)
        else:
            self._seal(None)

    def _closing_open(self) -> Path | None:
        path = consent.reconfirm_path(self.interview.session)
        node = None if path is None else self.view.nodes.get(path)
        unanswered = node is not None and node.relevant and node.value is None and node.missing is None
        return path if unanswered and not self.interview.review().ending else None

    def do_incomplete(self, rest: str) -> None:
        """Seal what there is."""
        reason = rest or ("" if correction.link_of(self.interview) is None else _(CORRECTED))
        if not reason:
            self.talk.say(_("Type the reason after the command. The office sees it: please write no names."))
        elif self.interview.review().ready:
            self.talk.say(_("Nothing is missing. /seal seals it."))
        else:
            self._seal(reason)

    def _seal(self, reason: str | None) -> None:
        from tui.plain.ending import seal

        self.times.note()
        found = self.interview.review()
        self.do_review("")
        if found.wiping:
            return
        if found.ending:
            self.talk.say(_("It cannot be sealed while an answer says that the interview stops or waits."))
            return
        if not found.ready and reason is None:
            self.talk.say(_("If it had to be broken off: /incomplete and the reason, without names."))
            return
        self.do_contents("")
        self.talk.say(_("After sealing nobody can read or change it here. Type 1 to seal."))
        if self.ask() == "1":
            seal(self, reason)
        else:
            self.talk.say(_("It is not sealed."))

    # files

    def tenths(self) -> Callable[[int, int], None]:
        """Says how much of a file is in, in at most ten lines; a signal ends the taking, and nothing of it stays."""
        said = 0

        def told(done: int, length: int) -> None:
            nonlocal said
            self.talk.heed()
            now = done * 10 // length if length else 10
            if now > said:
                said = now
                self.talk.say(_("{percent} percent of the file is in", percent=now * 10))

        return told
