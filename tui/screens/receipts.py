"""Receipts that came back from the office, and removing from this computer what they confirm.

The rule: what happened to each interview is said in words, with what to do where a person has to do something;
removing asks first, and only what the office has signed for can go.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from collector.files import shown_name
from schemas.problems import Problem
from tui.locale import N_, _, ngettext
from tui.screens.base import BaseScreen
from tui.screens.receipt_words import Parts, purged_parts, receipt_parts
from tui.screens.sending import Network
from tui.screens.transfer_words import stored_parts
from tui.widgets.paths import mounted_sticks

if TYPE_CHECKING:
    from collector.field import Field
    from sync.receipts import PurgeReport, ReceiptReport

OTHER = "/"
"""Answers that none of the sticks is meant; a stick lies nowhere there."""


class ReceiptsScreen(BaseScreen):
    """Take receipts in; remove what they confirm."""

    TITLE_WORDS = N_("Receipts")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "The office writes receipts to the stick that travels back, or puts them where the receiver is. Take them "
            "in here; doing it twice changes nothing."
        ),
        N_(
            "Afterwards F8 removes from this computer what the office has confirmed, so that it can no longer be found "
            "here, not even encrypted."
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "take", N_("Take in receipts")),
        Binding("f6", "ask", N_("Ask the receiver")),
        Binding("f8", "purge", N_("Remove what arrived")),
        Binding("escape", "leave", N_("Back")),
    ]

    def __init__(self, field: Field, network: Network) -> None:
        super().__init__()
        self.field = field
        self.network = network
        self.asking = False
        self.report: ReceiptReport | None = None
        self.purged: PurgeReport | None = None

    def body(self) -> ComposeResult:
        yield Static(id="summary")
        with VerticalScroll(id="page", can_focus=True):
            yield Static(id="result")

    def on_mount(self) -> None:
        """Draw."""
        self.restored()

    def restored(self) -> None:
        """Draw the counts and what the last step brought."""
        rows = self.field.interviews()
        states = [row.state for row in rows]
        confirmed, waiting = states.count("imported"), sum(state in ("exported", "stored") for state in states)
        parts = []
        if waiting:
            parts.append(ngettext("{count} without a receipt", "{count} without a receipt", waiting))
        if confirmed:
            parts.append(ngettext("{count} confirmed, still here", "{count} confirmed, still here", confirmed))
        self.query_one("#summary", Static).update("  ·  ".join(parts) or _("Nothing waits for a receipt."))
        told: Parts = [(_("F5 takes in the receipts from a stick."), "$muted")]
        if self.network.may_connect:
            told += ["\n", (_("F6 asks the receiver whether the office has put receipts there."), "$muted")]
        stored = stored_parts(rows)
        if stored:
            told += ["\n\n", *stored[:-1]]
        if self.asking:
            told = [_("Asking the receiver for receipts …")]
        if self.report is not None:
            told = receipt_parts(self.report)
        if self.purged is not None:
            told = purged_parts(self.purged)
        self.query_one("#result", Static).update(Content.assemble(*told))
        self.query_one("#page").focus()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Removing is offered when something is confirmed."""
        if action == "purge":
            return self.shell.opened is not None and any(row.state == "imported" for row in self.field.interviews())
        if action == "ask":
            return self.shell.opened is not None and not self.asking and self.network.may_connect
        return action != "take" or not self.asking

    def action_leave(self) -> None:
        """Back to the list."""
        self.leave()

    def action_take(self) -> None:
        """Ask on which stick or in which folder they are, and take the receipts in."""
        sticks = mounted_sticks()
        if not sticks:
            self._ask_folder()
            return
        from tui.screens.dialogs import Choose

        def chosen(place: str | None) -> None:
            if place == OTHER:
                self._ask_folder()
            elif place:
                self._take(Path(place))

        places = [(str(stick), shown_name(str(stick))) for stick in sticks]
        self.app.push_screen(
            Choose(_("On which stick are the receipts?"), [*places, (OTHER, _("In another folder"))]), chosen
        )

    def _ask_folder(self) -> None:
        from tui.screens.dialogs import AskFolder

        self.app.push_screen(
            AskFolder(_("In which folder are the receipts?")),
            lambda folder: self._take(Path(folder)) if folder else None,
        )

    def _take(self, folder: Path) -> None:
        field = self.field

        def run() -> ReceiptReport:
            from sync import receipts

            return receipts.apply(field, folder)

        def done(report: ReceiptReport) -> None:
            self.report, self.purged = report, None
            self.restored()

        self.work(run, done)

    def action_ask(self) -> None:
        """Ask the receivers, in a thread; this screen may be left meanwhile."""
        self.asking, self.report, self.purged = True, None, None
        self.restored()

        def done(report: ReceiptReport) -> None:
            self.asking, self.report = False, report
            self.restored()

        def failed(problem: Problem) -> None:
            self.asking = False
            self.restored()
            self.shell.problem(problem)

        self.work(self.network.look_for_receipts, done, failed=failed)

    def action_purge(self) -> None:
        """Ask, then remove what the office has confirmed."""
        from tui.screens.dialogs import Confirm

        self.app.push_screen(
            Confirm(
                _("Remove what the office has confirmed?"),
                _(
                    "Only interviews with the office's signed receipt are removed from this computer. The office "
                    "has them."
                ),
                _("Remove them"),
            ),
            lambda yes: self._purge() if yes else None,
        )

    def _purge(self) -> None:
        field = self.field

        def run() -> PurgeReport:
            from sync import receipts

            return receipts.purge(field)

        def done(report: PurgeReport) -> None:
            self.purged = report
            self.restored()

        self.work(run, done)
