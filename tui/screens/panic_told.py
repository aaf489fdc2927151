"""After unlocking: what the panic did with each draft.

The rule: it is told once, to whoever knows the passphrase, and what was not sealed comes first, because it can still be
read here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Label, Static

from collector import panic_note
from tui.locale import _, ngettext, problem_sentences
from tui.screens.base import BaseScreen, Dialog
from tui.screens.texts import problem_lines, time_text
from tui.state_words import code_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collector.field import Field
    from collector.panic_note import PanicNote
    from schemas.problems import Problem

Parts = list[Content | str | tuple[str, str]]


class PanicTold(Dialog[None]):
    """What was sealed, erased, left; Enter closes it."""

    def __init__(self, note: PanicNote | None, failed: Problem | None) -> None:
        super().__init__()
        self._note, self._failed = note, failed

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(_("What F12 twice has done"), classes="dialog-question", markup=False)
            with VerticalScroll(id="told", can_focus=False):
                yield Static(told_text(self._note, self._failed))
            yield Button(_("I have read it"), id="close", variant="primary")

    def on_button_pressed(self) -> None:
        """Close."""
        self.dismiss(None)

    def on_key(self, event: object) -> None:
        """Arrows move the text, whatever has the focus."""
        steps = {"up": -1, "down": 1, "pageup": -8, "pagedown": 8}
        step = steps.get(getattr(event, "key", ""))
        if step is not None:
            self.query_one("#told").scroll_relative(y=step, animate=False)


def told_text(note: PanicNote | None, failed: Problem | None) -> Content:
    """What became of the drafts: still drafts with the reason, erased with the reason, sealed."""
    parts: Parts = []
    if failed is not None:
        parts += [("! ", "$warning"), (_("The drafts could not be sealed. They are still drafts."), "bold"), "\n"]
        parts += [*problem_lines(failed), "\n"]
    if note is not None:
        parts += [(time_text(note.at), "$muted"), "\n\n", *_left_parts(note.left)]
        refused = [code for code, why in note.erased if why == "refused"]
        untold = [code for code, why in note.erased if why == "untold"]
        sealed = ngettext("{count} draft was sealed. It has to leave (F6):",
                          "{count} drafts were sealed. They have to leave (F6):", len(note.sealed))  # fmt: skip
        no = ngettext("{count} draft was erased, because the person had said no:",
                      "{count} drafts were erased, because the persons had said no:", len(refused))  # fmt: skip
        nothing = ngettext("{count} draft was erased, because nothing had been told yet:",
                           "{count} drafts were erased, because nothing had been told yet:", len(untold))  # fmt: skip
        for sign, style, words, codes in (
            ("x ", "$warning", no, refused),
            ("x ", "$muted", nothing, untold),
            ("● ", "$accent", sealed, note.sealed),
        ):
            if codes:
                parts += [(sign, style), (words, "bold"), "\n", _codes(codes), "\n\n"]
    return Content.assemble(*parts[:-1])


def _left_parts(left: Sequence[tuple[str, Problem]]) -> Parts:
    """The drafts that could not be sealed, those of one reason together."""
    if not left:
        return []
    words = ngettext("{count} draft could not be sealed and can still be read here:",
                     "{count} drafts could not be sealed and can still be read here:", len(left))  # fmt: skip
    parts: Parts = [("! ", "$warning"), (words, "bold"), "\n"]
    together: dict[str, tuple[Problem, list[str]]] = {}
    for code, problem in left:
        together.setdefault(problem.code, (problem, []))[1].append(code)
    for problem, codes in together.values():
        what, _safe, remedy = problem_sentences(problem)
        parts += [_codes(codes), "\n  ", what, " ", remedy, (f"  {problem.code}", "$muted"), "\n"]
    return [*parts, "\n"]


def _codes(codes: Sequence[str]) -> str:
    return "  " + ", ".join(code_text(code) for code in codes)


def tell(screen: BaseScreen, field: Field) -> None:
    """Show what was not told yet; it is forgotten when it was read."""
    note = panic_note.load(field.vault.db)
    failed, screen.shell.cover.failed = screen.shell.cover.failed, None
    if note is None and failed is None:
        return

    def read(_nothing: None) -> None:
        if screen.shell.opened is not None:
            panic_note.forget(field.vault.db)

    screen.app.push_screen(PanicTold(note, failed), read)
