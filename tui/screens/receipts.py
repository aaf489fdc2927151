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

from tui.locale import N_, _, ngettext, problem_sentences
from tui.screens.base import BaseScreen
from tui.screens.texts import code_text

if TYPE_CHECKING:
    from collector.field import Field
    from sync.receipts import PurgeReport, ReceiptReport, Taken

Parts = list[Content | str | tuple[str, str]]
STATUS = {
    "imported": ("✓ ", "$success", N_("the office has it")),
    "quarantined": ("! ", "$warning", N_("the office put it aside: talk to them")),
    "refused": ("! ", "$warning", N_("the office refused it: talk to them")),
}
KEPT = {
    "no-receipt": N_("no receipt yet"),
    "needs-human": N_("the office could not take it: talk to them"),
    "not-all-opened": N_("the office has not opened all of it yet"),
}


class ReceiptsScreen(BaseScreen):
    """Take receipts in; remove what they confirm."""

    TITLE_WORDS = N_("Receipts")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "The office writes receipts to the stick that travels back. Take them in here; doing it twice changes "
            "nothing."
        ),
        N_(
            "Afterwards F8 removes from this computer what the office has confirmed, so that it can no longer be found "
            "here, not even encrypted."
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "take", N_("Take in receipts")),
        Binding("f8", "purge", N_("Remove what arrived")),
        Binding("escape", "leave", N_("Back")),
    ]

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
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
        states = [row.state for row in self.field.interviews()]
        confirmed, waiting = states.count("imported"), sum(state in ("exported", "stored") for state in states)
        parts = []
        if waiting:
            parts.append(ngettext("{count} without a receipt", "{count} without a receipt", waiting))
        if confirmed:
            parts.append(ngettext("{count} confirmed, still here", "{count} confirmed, still here", confirmed))
        self.query_one("#summary", Static).update("  ·  ".join(parts) or _("Nothing waits for a receipt."))
        told: Parts = [(_("F5 takes in the receipts from a stick."), "$muted")]
        if self.report is not None:
            told = self._taken_parts(self.report)
        if self.purged is not None:
            told = self._purged_parts(self.purged)
        self.query_one("#result", Static).update(Content.assemble(*told))
        self.query_one("#page").focus()
        self.refresh_bindings()

    def _taken_parts(self, report: ReceiptReport) -> Parts:
        parts: Parts = []
        for item in report.taken:
            parts += self._one(item)
        if not report.taken:
            parts += [_("There are no receipts for this computer."), "\n"]
        if report.foreign:
            parts += [
                (ngettext("{count} file is for another computer: take it along.",
                          "{count} files are for other computers: take them along.", report.foreign), "$muted"),
            ]  # fmt: skip
        return parts

    def _one(self, item: Taken) -> Parts:
        if item.problem is not None:
            what, _safe, remedy = problem_sentences(item.problem)
            return [
                ("! ", "$warning"),
                item.file,
                "\n  ",
                what,
                " ",
                remedy,
                (f"  {item.problem.code}", "$muted"),
                "\n",
            ]
        sign, style, words = STATUS.get(item.status, STATUS["refused"])
        parts: Parts = [(sign, style), (code_text(item.code), "bold"), "  ", (_(words), style)]
        if item.desk_code:
            parts.append((f"  {item.desk_code}", "$muted"))
        return [*parts, "\n"]

    def _purged_parts(self, report: PurgeReport) -> Parts:
        gone = len(report.purged)
        words = ngettext("{count} interview was removed here.", "{count} interviews were removed here.", gone)
        parts: Parts = [(("✓ " if gone else "") + words, "$success" if gone else ""), "\n\n"]
        for kept in report.kept:
            why = (
                ngettext("stays for {count} day more", "stays for {count} days more", kept.days)
                if kept.reason == "keep-days"
                else _(KEPT[kept.reason])
            )
            parts += [code_text(kept.code), ("  " + why, "$muted"), "\n"]
        return parts

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Removing is offered when something is confirmed."""
        if action == "purge":
            return self.shell.opened is not None and any(row.state == "imported" for row in self.field.interviews())
        return True

    def action_leave(self) -> None:
        """Back to the list."""
        self.app.pop_screen()

    def action_take(self) -> None:
        """Ask for the folder and take the receipts in."""
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
