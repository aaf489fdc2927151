"""Heeding gates while answering: looking after every answer, speaking when one opens, and doing what it asks for.

The rule: where a gate says that nothing is kept, leaving the interview erases it; the only other way is back, to
correct an answer that was a slip. A lock is no leaving: what was said stays, encrypted, until the vault opens again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from collector import consent, placeholders
from collector.interview import Interview
from schemas.gates import OpenGate
from schemas.gates_consent import is_consent
from schemas.gates_names import Mention
from schemas.session_types import Changes
from schemas.xform_model import Path
from tui.locale import N_
from tui.screens.corrections import CorrectionLine
from tui.screens.interview.answering import Answering
from tui.screens.interview.choices import Choices
from tui.screens.interview.consent import ConsentHead, ReconfirmScreen
from tui.screens.interview.gates import GateDialog, GateLine, speaks
from tui.screens.interview.view import is_asked

CONSENT_SECTION = consent.SECTION


class Heeding(Answering):
    """A draft whose open gates are shown, whose consent is asked one use at a time, and which is read back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "read_back", N_("Read back"), show=False, priority=True),
    ]

    def __init__(self, interview: Interview, at: Path | None = None) -> None:
        super().__init__(interview, at)
        self.gates: tuple[OpenGate, ...] = tuple(interview.open_gates())
        self.gate_line, self.consent_head = GateLine(), ConsentHead()
        self.unspoken: list[OpenGate] = []
        self._asked_again = False
        self.left_uses: list[Path] = []

    # looking

    def above_pane(self) -> ComposeResult:
        """What this corrects, the line of the gate that matters now, and how far the consent is."""
        self.gate_line, self.consent_head = GateLine(), ConsentHead()
        yield CorrectionLine(self.interview)
        yield self.gate_line
        yield self.consent_head

    def on_mount(self) -> None:
        """Say again that nothing may be kept of this draft."""
        self.call_after_refresh(self._speak_of_wiping)

    def _speak_of_wiping(self) -> None:
        if self.wiping and self.shell.screen is self:
            self.speak_up(self.wiping)

    @property
    def wiping(self) -> tuple[OpenGate, ...]:
        """The open gates under which nothing is kept."""
        return tuple(gate for gate in self.gates if gate.wipes)

    def changed(self, changes: Changes, *, reload: bool = False) -> None:
        """Look at the gates after every answer; those that just opened speak."""
        super().changed(changes, reload=reload)
        known = {(gate.id, gate.case) for gate in self.gates}
        self.gates = tuple(self.interview.open_gates())
        self._draw_gates()
        fresh = [gate for gate in self.gates if (gate.id, gate.case) not in known and speaks(gate)]
        if self.shell.screen is not self:
            self.unspoken = [gate for gate in (*self.unspoken, *fresh) if gate in self.gates]
        elif fresh:
            self.speak_up(fresh)

    def on_screen_resume(self) -> None:
        """A gate that opened on a screen above speaks now; an answer at which one stayed stands in the ledger."""
        if self.cursor is not None and self.is_mounted and not self.interview.closed:
            self._draw_consent_head(self.cursor)
        unspoken, self.unspoken = self.unspoken, []
        if unspoken and not self.interview.closed:
            self.call_after_refresh(self.speak_up, unspoken)

    def open_stop(self, path: Path, *, pending: str = "") -> None:
        """Another question may have another gate."""
        super().open_stop(path, pending=pending)
        self._draw_gates()
        self._draw_consent(path)

    # consent

    def _draw_consent(self, path: Path) -> None:
        """One use at a time, by itself on the screen, and none of its answers chosen beforehand."""
        node, choices = self.view.nodes[path], self.card.query_one(Choices)
        own = path[:1] == CONSENT_SECTION and node.kind == "question"
        self.set_class(own, "-consent")
        self._draw_consent_head(path)
        about_consent = self.card.editor == "choices" and is_consent(path)
        if choices.numbered is not about_consent:
            choices.numbered = about_consent
            if self.card.editor == "choices":
                choices.show(node)
        if about_consent and node.value is None:
            choices.stand_on(None)
        closing = node.name == consent.RECONFIRM and (node.value is None or bool(self.left_uses))
        if closing and not self._asked_again and self.shell.screen is self:
            self._ask_again()
        self._asked_again = closing

    def _draw_consent_head(self, path: Path) -> None:
        node = self.view.nodes[path]
        own = path[:1] == CONSENT_SECTION and node.kind == "question"
        asked = [each for each in self.view.within(CONSENT_SECTION) if is_asked(each)] if own else []
        self.consent_head.show(asked, node, consent.events_of(self.interview.ledger.events, path))

    def answer(self, value: object) -> bool:
        """Whoever answers the closing question itself has answered for the uses that were left."""
        taken = super().answer(value)
        if taken and self.cursor is not None and self.cursor[-1] == consent.RECONFIRM and value is not None:
            self.left_uses = []
        return taken

    def _ask_again(self) -> None:
        """After the account each use that was permitted is asked for again, before the closing question; where that
        was left, it goes on.
        """
        uses = [node.path for node in consent.given(self.interview.session)]
        uses = [path for path in uses if path in self.left_uses] or uses
        if uses:
            self.app.push_screen(ReconfirmScreen(self, uses))

    def on_choices_edge(self, event: Choices.Edge) -> None:
        """From no answer the arrows lead onto the first or the last one, not past them."""
        choices = self.card.query_one(Choices)
        if choices.at is None and choices.lines:
            event.prevent_default()
            choices.stand_on(0 if event.by > 0 else len(choices.lines) - 1)

    def action_read_back(self) -> None:
        """Read the account back to the person."""
        from tui.screens.interview.screen import InterviewScreen
        from tui.screens.readback import open_readback

        if self.commit() and self.shell.screen is self and isinstance(self, InterviewScreen):
            open_readback(self)

    def _draw_gates(self) -> None:
        self.gate_line.show(self.gates, self.cursor, self.interview.session.language)

    def action_step(self, by: int) -> None:
        """Nothing moves on under a gate that speaks."""
        if self.shell.screen is self:
            super().action_step(by)

    def action_gates(self) -> None:
        """All open gates, the pressing ones first."""
        if self.gates and self.commit() and self.shell.screen is self:
            self.speak_up(sorted(self.gates, key=lambda gate: not speaks(gate)))

    # speaking and doing

    def speak_up(self, gates: Sequence[OpenGate], *, leaving: bool = False, quitting: bool = False) -> None:
        """Show gates above the question, and do what is chosen there."""
        language = self.interview.session.language

        def chosen(answer: tuple[str, OpenGate] | None) -> None:
            if answer is not None:
                self._heed(*answer, stay=leaving, quitting=quitting)

        self.app.push_screen(GateDialog(gates, language, self.referral(), leaving=leaving), chosen)

    def referral(self) -> str:
        """Where the mission says people can be referred to."""
        pack = self.shell.field.pack()
        return "" if pack is None else pack.body.policy.referral

    def _heed(self, deed: str, gate: OpenGate, *, stay: bool, quitting: bool) -> None:
        if deed == "erase":
            self.erase(quitting=quitting)
        elif deed == "leave":
            self.leave_interview()
        elif deed == "consent":
            self.go(self.view.first_stop(CONSENT_SECTION))
        elif deed == "names":
            self.write_placeholders(gate.mentions)
        elif not stay and gate.paths and gate.paths[0] in self.view.nodes:
            self.go(gate.paths[0])

    def write_placeholders(self, mentions: Sequence[Mention] | None = None) -> None:
        """Placeholders in place of names; the open question shows its new words."""
        if not self.commit():
            return
        changed = placeholders.replace(self.interview, mentions)
        self.changed(frozenset(changed), reload=True)
        if self.cursor is not None:
            self.open_stop(self.cursor)

    def erase(self, *, quitting: bool = False) -> None:
        """Nothing is kept: the draft goes, and the list is shown."""
        self.stop_timer()
        field, code = self.shell.field, self.interview.code
        self.interview.close()
        field.withdraw(code)
        if quitting:
            self.app.call_later(self.shell.leave_now)
        else:
            self.shell.show_first()

    def leave_interview(self) -> None:
        """To the list; where nothing may be kept, only by erasing."""
        self.hold()
        if self.wiping:
            self.speak_up(self.wiping, leaving=True)
        else:
            self.shell.show_first()

    def stays(self) -> bool:
        """Before the program ends: where nothing may be kept, ask first, as leaving does."""
        if self.interview.closed:
            return False
        self.hold()
        if self.wiping:
            self.speak_up(self.wiping, leaving=True, quitting=True)
        return bool(self.wiping)
