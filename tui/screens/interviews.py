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
from tui.screens.corrections import can_correct, offer
from tui.screens.interview_list import Filter
from tui.screens.next_step import Facts, next_step
from tui.screens.texts import time_text
from tui.state_words import code_text, correction_mark, refusal_mark, row_words

if TYPE_CHECKING:
    from textual.events import Key

    from collector.field import Field, InterviewRow
    from collector.interview import Interview

DRAFTS = ("open", "frozen")
MANY = 10
"""With more interviews the line of keys offers the filter: few are seen at once."""
PREPARE_SECONDS = 0.1
"""From the list to the first form that is read ahead, and from each to the next."""
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
        N_(
            "Type a part of a record code to see only interviews whose code has it; ← and → show only drafts, only "
            "what is sealed, only what is on its way, only what arrived. Esc shows all again."
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f3", "new", N_("New interview"), priority=True),
        Binding("enter", "open", N_("Open"), priority=True),
        Binding("f5", "practise", N_("Practice")),
        Binding("f6", "transfer", N_("Transfer")),
        Binding("f7", "receipts", N_("Receipts")),
        Binding("f8", "withdraw", N_("Delete draft")),
        Binding("ctrl+e", "correct", N_("Correct"), show=False),
        Binding("f9", "mission", N_("Mission")),
        Binding("left", "turn(-1)", N_("Show only those of the state before"), show=False),
        Binding("right", "filter", N_("Filter"), priority=True),
        Binding("right", "turn(1)", N_("Show only those of the next state"), show=False),
        Binding("escape", "show_all", N_("Show all"), show=False),
    ]

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self.every: list[InterviewRow] = []
        self.rows: list[InterviewRow] = []
        self.removable: frozenset[str] = frozenset()
        self.filter = Filter()

    def body(self) -> ComposeResult:
        yield Static(id="summary")
        yield Static(id="next")
        yield Static(id="filter")
        yield OptionList(id="interviews")
        yield Static("", id="empty")

    def on_mount(self) -> None:
        """Show the list, and tell what a panic did before the vault was locked."""
        self.restored()
        from tui.screens.panic_told import tell

        tell(self, self.field)
        self.set_timer(PREPARE_SECONDS, self._prepare)

    def _prepare(self) -> None:
        """The forms of drafts are read while somebody looks at the list."""
        if self.shell.opened is not None and self.field.prepare_form():
            self.set_timer(PREPARE_SECONDS, self._prepare)

    def on_screen_resume(self) -> None:
        """Something may have changed on the screen that was above."""
        if self.is_mounted and self.shell.opened is not None:
            self.restored()

    def restored(self) -> None:
        """Draw the list, the cursor on the same interview as before."""
        from sync import receipts

        self.every = self.field.interviews()
        self.removable = receipts.removable(self.field, clock=self.field.clock)
        self.query_one("#summary", Static).update(summary_text(Counter(row.state for row in self.every)))
        step, line = next_step(self._facts()), self.query_one("#next", Static)
        line.display = bool(step)
        line.update(Content(step))
        self._show_list()

    def _facts(self) -> Facts:
        pack, network = self.field.pack(), self.shell.network
        return Facts(
            self.every,
            int(self.field.clock()),
            None if pack is None else pack.body.expires,
            len(self.removable),
            network.permits if network.may_connect else None,
        )

    def _show_list(self) -> None:
        """The lines that the filter leaves, and above them what it hides."""
        options = self.query_one(OptionList)
        old = options.highlighted_option.id if options.highlighted_option else None
        self.rows = self.filter.shown(self.every)
        options.clear_options()
        options.add_options([Option(self._line(row), id=row.code) for row in self.rows])
        options.display = bool(self.every)
        codes = [row.code for row in self.rows]
        options.highlighted = codes.index(old) if old in codes else (0 if codes else None)
        words = self.filter.words(len(self.rows), len(self.every))
        self.query_one("#filter", Static).display = bool(words)
        self.query_one("#filter", Static).update(Content(words))
        empty = self.query_one("#empty", Static)
        empty.display = not self.every
        empty.update("" if self.every else self._first_words())
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
        words = row_words(row, removable=row.code in self.removable)
        line = Content.assemble((sign, style), "  ", (code_text(row.code), "bold"), "  ", when, "  ", (words, style))
        for mark, words, style in (("!", refusal_mark(row), "$warning"), ("←", correction_mark(row), "$muted")):
            if words:
                line = Content.assemble(line, (f"\n   {mark} {words}", style))
        return line

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
        if action == "correct":
            return row is not None and can_correct(row.state) and self.field.pack() is not None
        if action == "practise":
            return self.shell.offers_practice and not self.every
        if action == "turn":
            return bool(self.every)
        if action == "filter":
            return len(self.every) > MANY
        if action == "show_all":
            return self.filter.active
        if action == "new":
            return self.field.pack() is not None
        return True

    # which of them are shown

    def on_key(self, event: Key) -> None:
        """A character of a record code narrows the list, Backspace widens it."""
        if event.key == "backspace":
            self._filter_by(self.filter.back())
        elif self.every and event.character is not None and len(event.character) == 1:
            self._filter_by(self.filter.typed(event.character))

    def action_turn(self, step: int) -> None:
        """Only those of the next state, or of the one before."""
        self._filter_by(self.filter.turned(step, self.every))

    def action_filter(self) -> None:
        """The same, by the key that is offered where the list is long."""
        self.action_turn(1)

    def action_show_all(self) -> None:
        """Every interview again."""
        self._filter_by(Filter())

    def _filter_by(self, wanted: Filter) -> None:
        if wanted != self.filter:
            self.filter = wanted
            self._show_list()

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

    def action_correct(self) -> None:
        """Correct the sealed interview under the cursor."""
        if self.chosen is not None:
            offer(self, self.chosen.code)

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
