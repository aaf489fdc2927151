"""The list of interviews: one look tells what is unfinished, what still has to leave, and what has arrived.

The rule: nothing of what anybody said stands in this list: record codes, forms, states and times only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from schemas.problems import Problem
from tui.locale import N_, _, ngettext
from tui.screens.base import BaseScreen, Outcome
from tui.screens.texts import time_text
from tui.state_words import STATE_WORDS, code_text

if TYPE_CHECKING:
    from collector.field import Field, InterviewRow
    from collector.interview import Interview

DRAFTS = ("open", "frozen")
ORDER = ("frozen", "open", "needs-human", "sealed", "exported", "stored", "imported", "purged")
SIGNS = {
    "open": ("○", "$accent"),
    "frozen": ("◐", "$warning"),
    "sealed": ("●", "$accent"),
    "exported": ("→", "$primary"),
    "stored": ("→", "$primary"),
    "imported": ("✓", "$success"),
    "needs-human": ("!", "$warning"),
    "purged": ("✓", "$muted"),
}


def summary_text(states: Counter[str]) -> Content:
    """How many are unfinished, have to leave, are on their way, have arrived."""
    drafts = states["open"] + states["frozen"]
    way = states["exported"] + states["stored"]
    done = states["imported"] + states["purged"]
    parts = [
        (drafts, ngettext("{count} draft", "{count} drafts", drafts), "$accent"),
        (
            states["sealed"],
            ngettext("{count} still has to leave", "{count} still have to leave", states["sealed"]),
            "$accent bold",
        ),
        (way, ngettext("{count} on its way", "{count} on their way", way), "$primary"),
        (
            states["needs-human"],
            ngettext("{count} needs a talk", "{count} need a talk", states["needs-human"]),
            "$warning",
        ),
        (done, ngettext("{count} arrived", "{count} arrived", done), "$success"),
    ]
    shown = [Content.assemble((text, style)) for count, text, style in parts if count]
    return Content("  ·  ").join(shown) if shown else Content(_("No interviews yet."))


class InterviewsScreen(BaseScreen):
    """The first screen of a documenter."""

    TITLE_WORDS = N_("Interviews")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "A draft can be opened and continued. A sealed interview can be read by the office only: this computer "
            "has no key for it any more."
        ),
        N_(
            "Sealed interviews have to reach the office: on sticks or over the network. They stay here until the "
            "office's receipt has come back."
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f3", "new", N_("New interview")),
        Binding("enter", "open", N_("Open")),
        Binding("f5", "practise", N_("Practice")),
        Binding("f6", "transfer", N_("Transfer")),
        Binding("f7", "receipts", N_("Receipts")),
        Binding("f8", "withdraw", N_("Delete draft")),
        Binding("f9", "mission", N_("Mission")),
    ]

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self.rows: list[InterviewRow] = []

    def body(self) -> ComposeResult:
        yield Static(id="summary")
        yield OptionList(id="interviews")
        yield Static("", id="empty")

    def on_mount(self) -> None:
        """Show the list."""
        self.restored()

    def on_screen_resume(self) -> None:
        """Something may have changed on the screen that was above."""
        if self.is_mounted and self.shell.opened is not None:
            self.restored()

    def restored(self) -> None:
        """Draw the list, the cursor on the same interview as before."""
        options = self.query_one(OptionList)
        old = options.highlighted_option.id if options.highlighted_option else None
        self.rows = sorted(self.field.interviews(), key=lambda row: (ORDER.index(row.state), -row.opened_at))
        self.query_one("#summary", Static).update(summary_text(Counter(row.state for row in self.rows)))
        options.clear_options()
        options.add_options([Option(self._line(row), id=row.code) for row in self.rows])
        options.display = bool(self.rows)
        codes = [row.code for row in self.rows]
        options.highlighted = codes.index(old) if old in codes else (0 if codes else None)
        empty = self.query_one("#empty", Static)
        empty.display = not self.rows
        empty.update(self._first_words() if not self.rows else "")
        options.focus()
        self.refresh_bindings()

    def _first_words(self) -> str:
        if self.field.pack() is None:
            return _("This computer belongs to no mission yet. F9 makes the request that the office needs for it.")
        words = _("F3 begins an interview.")
        if self.shell.offers_practice:
            words += "\n" + _("F5 opens a practice with an invented witness; nothing of it is kept.")
        return words

    def _line(self, row: InterviewRow) -> Content:
        sign, style = SIGNS[row.state]
        when = (time_text(row.opened_at), "$muted")
        return Content.assemble(
            (sign, style), "  ", (code_text(row.code), "bold"), "  ", when, "  ", (_(STATE_WORDS[row.state]), style)
        )

    @property
    def chosen(self) -> InterviewRow | None:
        """The interview under the cursor."""
        place = self.query_one(OptionList).highlighted
        return self.rows[place] if place is not None and place < len(self.rows) else None

    def on_option_list_option_highlighted(self) -> None:
        """Other keys may be offered now."""
        self.refresh_bindings()

    def on_option_list_option_selected(self) -> None:
        """Enter or a click opens."""
        self.action_open()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Drafts can be opened and deleted; new ones need a mission."""
        if not self.is_mounted or self.shell.opened is None:
            return False
        row = self.chosen
        if action in ("open", "withdraw"):
            return row is not None and row.state in DRAFTS
        if action == "practise":
            return self.shell.offers_practice and not self.rows
        if action == "new":
            return self.field.pack() is not None
        return True

    def _try(self, act: Callable[[], Outcome]) -> Outcome | None:
        try:
            return act()
        except Problem as problem:
            self.shell.problem(problem)
            return None

    # interviews

    async def action_practise(self) -> None:
        """Leave for the lesson; the passphrase is asked for afterwards."""
        await self.shell.practise()

    def action_new(self) -> None:
        """Begin an interview; ask for the form if there are several."""
        forms = self.field.forms()
        if len(forms) == 1:
            self._begin(forms[0].id)
            return
        from tui.screens.dialogs import Choose

        self.app.push_screen(
            Choose(_("Which form?"), [(form.id, f"{form.id} · {form.ver}") for form in forms]),
            lambda form_id: self._begin(form_id) if form_id else None,
        )

    def _begin(self, form_id: str) -> None:
        self._show(self._try(lambda: self.field.new_interview(form_id)))

    def action_open(self) -> None:
        """Continue the draft under the cursor."""
        row = self.chosen
        if row is not None and row.state in DRAFTS:
            self.open_code(row.code)

    def open_code(self, code: str) -> None:
        """Continue a draft."""
        self._show(self._try(lambda: self.field.open_interview(code)))

    def _show(self, interview: Interview | None) -> None:
        if interview is not None:
            from tui.screens.interview.screen import InterviewScreen

            self.app.push_screen(InterviewScreen(interview))

    def action_withdraw(self) -> None:
        """Delete a draft for good, after asking."""
        row = self.chosen
        if row is None:
            return
        from tui.screens.dialogs import Confirm

        def decided(yes: bool | None) -> None:
            if yes:
                self._try(lambda: self.field.withdraw(row.code))
                self.restored()

        self.app.push_screen(
            Confirm(
                _("Delete the draft {code}?", code=code_text(row.code)),
                _(
                    "Everything in it is erased from this computer and cannot be brought back. Do this when the person "
                    "does not want the record to be kept."
                ),
                _("Delete it"),
            ),
            decided,
        )

    # the way to the office

    def action_transfer(self) -> None:
        """Sealed interviews to the receiver or to sticks."""
        from tui.screens.transfer import TransferScreen

        self.app.push_screen(TransferScreen(self.field, self.shell.network))

    def action_receipts(self) -> None:
        """Receipts from the office, and removing what they confirm."""
        from tui.screens.receipts import ReceiptsScreen

        self.app.push_screen(ReceiptsScreen(self.field, self.shell.network))

    def action_mission(self) -> None:
        """Enrolment, fingerprints, forms."""
        from tui.screens.mission import MissionScreen

        self.app.push_screen(MissionScreen(self.field))
