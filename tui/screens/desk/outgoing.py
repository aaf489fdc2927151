"""What goes out of a desk: receipts, by the receivers or on a stick, and tables in plain text.

The rule: plain text leaves only after a warning whose default answer is No.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.content import Content

from sync.desk.export import Written
from tui.locale import N_, _, ngettext, problem_sentences
from tui.screens.desk.common import DeskScreen, Parts
from tui.screens.desk.fetching import Kind, Wish
from tui.screens.desk.office import OpenDesk
from tui.screens.desk.overview import Overview

NAMED = 6
"""Notices that are shown one by one; the command names all."""
RECIPIENT_WORDS = {
    "office": N_("This office itself: its working copy"),
    "ua": N_("Investigators and prosecutors of Ukraine"),
    "icc": N_("The Prosecutor of the International Criminal Court"),
    "foreign": N_("War-crimes investigators of other countries"),
    "un": N_("Bodies of the United Nations or the OSCE"),
    "ngo": N_("Another human-rights organisation"),
    "stats": N_("Statistics"),
    "public": N_("The public, without names"),
    "public_named": N_("The public, with the name"),
}


class OutgoingScreen(DeskScreen):
    """The part of the inbox that writes. `result` is what the last thing brought that was written."""

    def __init__(self, office: OpenDesk) -> None:
        super().__init__(office)
        self.seen: Overview | None = None
        self.result: Content | None = None

    def start_network(self, kind: Kind, wish: Wish | None = None) -> None:
        """Begin a run with the receivers."""
        self.office.start_network(kind, wish)

    def show_result(self) -> None:
        """Show `result`."""

    def action_receipts(self) -> None:
        """Send the receipts to the receivers, or write them into a folder."""
        if self.seen is None or not self.seen.receivers:
            self._ask_folder()
            return
        from tui.screens.dialogs import Choose

        def chosen(way: str | None) -> None:
            if way == "network":
                self.start_network("return")
            elif way == "stick":
                self._ask_folder()

        waiting = self.seen.boxes
        network = ngettext(
            "Over the network: {count} return box waits", "Over the network: {count} return boxes wait", waiting
        )
        self.app.push_screen(
            Choose(_("How shall the receipts go back?"), [("network", network), ("stick", _("On a stick"))]), chosen
        )

    def _ask_folder(self) -> None:
        from tui.screens.dialogs import AskFolder

        self.app.push_screen(
            AskFolder(_("To which folder shall the receipts go?")),
            lambda folder: self._write_receipts(Path(folder)) if folder else None,
        )

    def _write_receipts(self, folder: Path) -> None:
        def done(counts: Sequence[int]) -> None:
            files = ngettext("{count} file", "{count} files", len(counts))
            words = ngettext("{count} receipt written", "{count} receipts written", sum(counts))
            parts: Parts = [(f"✓ {words}", "$success bold"), (f"  {files}", "$muted"), "\n", f"  {folder}", "\n"]
            self._tell([*parts, "  " + _("Let the stick travel back to the documenters.")])

        self.ask_desk(lambda desk: [item.receipts for item in desk.receipts(folder)], done)

    def action_export(self) -> None:
        """Warn, then write the records as tables."""
        from tui.screens.dialogs import AskFolder, Choose, Confirm

        def named(recipient: str | None) -> None:
            if recipient:
                self.app.push_screen(
                    AskFolder(_("To which folder shall the tables go?")),
                    lambda folder: self._write_tables(Path(folder), recipient) if folder else None,
                )

        def decided(yes: bool | None) -> None:
            if yes:
                options = [(key, _(words)) for key, words in RECIPIENT_WORDS.items()]
                self.app.push_screen(Choose(_("Who gets the tables?"), options), named)

        self.app.push_screen(
            Confirm(
                _("Write records as tables (CSV)?"),
                _(
                    "The tables are plain text: whoever gets hold of them reads every name and every account. Write "
                    "them only to an encrypted disk, and destroy them afterwards. What a person did not consent to "
                    "stays out. The export is noted in the custody log of every record in it."
                ),
                _("Write them"),
            ),
            decided,
        )

    def _write_tables(self, folder: Path, recipient: str) -> None:
        def done(written: Written) -> None:
            words = ngettext("{count} table written", "{count} tables written", len(written.files))
            parts: Parts = [(f"✓ {words}", "$success bold"), (f"  {folder}", "$muted"), "\n"]
            for item in written.files:
                parts += [
                    f"  {item.name}",
                    ("  " + ngettext("{count} row", "{count} rows", item.rows), "$muted"),
                    "\n",
                ]
            if written.withheld:
                count = len(written.withheld)
                told = ngettext(
                    "Consent keeps something of {count} record back:",
                    "Consent keeps something of {count} records back:",
                    count,
                )
                parts += [("\n! " + told, "$warning"), "\n"]
            for each in written.withheld[:NAMED]:
                parts += ["  " + problem_sentences(each.notice)[0], (f"  {each.notice.code}", "$muted"), "\n"]
            if len(written.withheld) > NAMED:
                parts.append("  …")
            self._tell(parts)

        self.ask_desk(lambda desk: desk.export_csv(folder, recipient), done)

    def _tell(self, parts: Parts) -> None:
        self.result = Content.assemble(*parts)
        self.show_result()
