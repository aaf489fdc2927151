"""Gates where the person sits: what is open, why, what to offer now, and what is kept.

The rule: a gate speaks once, when it opens, as a considerate colleague would; then one line says that it is still
open, and a key brings the whole back. The words are those of `schemas.gates`, so that commands say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Label, Static

from schemas.gates import ENDING, OpenGate
from schemas.xform_model import Path
from tui.locale import N_, _
from tui.screens.base import Dialog
from tui.screens.interview.reading import Reading

_SPEAKING = frozenset({("G10", "unexplained"), ("G14", "mentioned"), ("G16", "changed")})
"""Besides what ends an interview or limits its depth, these speak when they open."""


def speaks(gate: OpenGate) -> bool:
    """Whether a gate speaks up when it opens; the others wait in their line."""
    return gate.effect in ENDING or gate.effect == "limit_depth" or (gate.id, gate.case) in _SPEAKING


def pressing(gates: Sequence[OpenGate], cursor: Path | None) -> OpenGate | None:
    """The gate that the line shows: one that ends the interview, else one of the question at hand."""
    ending = next((gate for gate in gates if gate.effect in ENDING), None)
    return ending or next((gate for gate in gates if cursor is not None and cursor in gate.paths), None)


def _sign(gate: OpenGate) -> tuple[str, str]:
    return ("! ", "$warning bold") if gate.effect in ENDING else ("• ", "$accent")


class GateLine(Static):
    """The gate that matters now, in one sentence; not there when none does."""

    def __init__(self) -> None:
        super().__init__("", id="gate-line", markup=False)

    def show(self, gates: Sequence[OpenGate], cursor: Path | None, language: str) -> None:
        """Draw it."""
        gate = pressing(gates, cursor)
        self.display = gate is not None
        if gate is not None:
            more = f"  +{len(gates) - 1}" if len(gates) > 1 else ""
            self.update(Content.assemble(_sign(gate), gate.text(language), (f"{more}  ^G", "$muted")))


class GateDialog(Dialog[tuple[str, OpenGate]]):
    """One gate after the other: what, why, what to offer now, what is kept; and what can be done at once.

    The answer: `back` (to its question), `erase`, `leave`, `consent`, `names`, each with the gate; Escape has none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,up", "other(-1)", N_("Choose"), show=False),
        Binding("right,down", "other(1)", N_("Choose"), show=False),
    ]

    def __init__(self, gates: Sequence[OpenGate], language: str, referral: str, *, leaving: bool = False) -> None:
        super().__init__()
        self.gates, self.language, self.referral, self.leaving = list(gates), language, referral, leaving
        self.place = 0
        self.reading = Reading()

    @property
    def gate(self) -> OpenGate:
        """The one that is shown."""
        return self.gates[self.place]

    def compose(self) -> ComposeResult:
        gate = self.gate
        frame = "dialog -problem -gate" if gate.effect in ENDING else "dialog -gate"
        with Vertical(classes=frame):
            yield Label(gate.text(self.language), classes="problem-what", markup=False)
            with VerticalScroll(classes="gate-page", can_focus=False):
                for head, text in self._paragraphs():
                    yield Label(head, classes="problem-head", markup=False)
                    yield Label(text, markup=False)
            with Horizontal(classes="dialog-buttons"):
                for key, words in self._deeds():
                    yield Button(words, id=key, variant="primary" if key == "back" else "default")

    def _paragraphs(self) -> list[tuple[str, str]]:
        gate, advice = self.gate, self.gate.advice
        parts = [
            (_("Why"), advice.why.say(self.language)),
            (_("What to offer now"), advice.offer.say(self.language)),
        ]
        if advice.refers and self.referral:
            parts.append((_("Where to refer people"), self.referral))
        number = gate.id if gate.id.startswith("G") else ""
        return [*parts, (_("What is kept"), gate.kept(self.language)), (number, gate.gate.source)]

    def _deeds(self) -> list[tuple[str, str]]:
        gate = self.gate
        deeds = [("back", _("Back to the interview") if self.leaving else _("Back to the question"))]
        if gate.wipes:
            deeds.append(("erase", _("Erase and leave") if self.leaving else _("Erase it now")))
        elif gate.effect in ENDING:
            deeds.append(("leave", _("Leave the interview")))
        if (gate.id, gate.case) == ("G16", "changed"):
            deeds.append(("consent", _("Open the consent section")))
        if gate.mentions:
            deeds.append(("names", _("Write the placeholders")))
        if len(self.gates) > 1:
            deeds.append(("next", f"{self.place + 1}/{len(self.gates)} →"))
        return deeds

    def on_mount(self) -> None:
        """Stand on the way back: nothing is done by Enter alone."""
        self.reading.begin()
        self.query_one("#back").focus()

    def action_other(self, by: int) -> None:
        """Go to another button."""
        if by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer, or show the next gate; the Enter that opened a gate twice does not close it unread."""
        if self.reading.unread:
            return
        if event.button.id != "next":
            self.dismiss((str(event.button.id), self.gate))
            return
        self.place = (self.place + 1) % len(self.gates)
        await self.recompose()
        self.query_one("#next").focus()
