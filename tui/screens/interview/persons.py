"""The codes given so far, each with a few words that tell who it is, where an answer names persons by their codes.

The rule: a code that is chosen goes into the answer, or out of it when it stands there; what else is typed goes.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from schemas.references import with_code
from tui.locale import _
from tui.screens.base import Dialog


class PersonsDialog(Dialog[str]):
    """Answers with the whole answer as it is after the choice."""

    def __init__(self, persons: Sequence[tuple[str, str]], typed: str) -> None:
        super().__init__()
        self._persons, self._typed = persons, typed

    def compose(self) -> ComposeResult:
        wide = max((len(code) for code, _words in self._persons), default=0)
        with Vertical(classes="dialog -jump"):
            yield Label(_("Codes given so far"), classes="dialog-question", markup=False)
            yield OptionList(*(Option(self._line(code, words, wide)) for code, words in self._persons), id="persons")
            yield Label(
                _("Enter puts the code into the answer, or takes it out. A code never comes to mean another person."),
                classes="dialog-note",
                markup=False,
            )

    def on_mount(self) -> None:
        """The cursor on the first."""
        options = self.query_one("#persons", OptionList)
        options.highlighted = 0
        options.focus()

    def _line(self, code: str, words: str, wide: int) -> Content:
        chosen = with_code(self._typed, code).count(code) < self._typed.count(code)
        sign = ("✓ ", "$success") if chosen else ("  ", "$muted")
        said = words or _("nothing said yet")
        return Content.assemble(sign, (code.ljust(wide), "bold"), "  ", (said, "$foreground" if words else "$muted"))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer."""
        event.stop()
        self.dismiss(with_code(self._typed, self._persons[event.option_index][0]))
