"""Heeding gates while answering: looking after every answer, speaking when one opens, and doing what it asks for.

The rule: where a gate says that nothing is kept, leaving the interview erases it; the only other way is back, to
correct an answer that was a slip. A lock is no leaving: what was said stays, encrypted, until the vault opens again.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from collector import placeholders
from collector.interview import Interview
from schemas.gates import OpenGate
from schemas.gates_names import Mention
from schemas.session_types import Changes
from schemas.xform_model import Path
from tui.screens.interview.answering import Answering
from tui.screens.interview.gates import GateDialog, GateLine, speaks

CONSENT_SECTION: Path = ("c_consent",)


class Heeding(Answering):
    """A draft whose open gates are shown."""

    def __init__(self, interview: Interview, at: Path | None = None) -> None:
        super().__init__(interview, at)
        self.gates: tuple[OpenGate, ...] = tuple(interview.open_gates())
        self.gate_line = GateLine()

    # looking

    def above_pane(self) -> ComposeResult:
        """The line of the gate that matters now."""
        self.gate_line = GateLine()
        yield self.gate_line

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
        if fresh and self.shell.screen is self:
            self.speak_up(fresh)

    def open_stop(self, path: Path, *, pending: str = "") -> None:
        """Another question may have another gate."""
        super().open_stop(path, pending=pending)
        self._draw_gates()

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
