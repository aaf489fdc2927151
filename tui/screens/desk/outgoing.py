"""What goes out of a desk: receipts, by the receivers or on a stick, and tables in plain text.

The rule: plain text leaves only after a warning whose default answer is No.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.content import Content

from tui.locale import _, ngettext
from tui.screens.desk.common import DeskScreen, Parts
from tui.screens.desk.fetching import Kind
from tui.screens.desk.office import OpenDesk
from tui.screens.desk.overview import Overview


class OutgoingScreen(DeskScreen):
    """The part of the inbox that writes. `result` is what the last thing brought that was written."""

    def __init__(self, office: OpenDesk) -> None:
        super().__init__(office)
        self.seen: Overview | None = None
        self.result: Content | None = None

    def start_network(self, kind: Kind) -> None:
        """Begin a run with the receivers."""
        self.office.start_network(kind)

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
        from tui.screens.dialogs import AskFolder, Confirm

        def decided(yes: bool | None) -> None:
            if yes:
                self.app.push_screen(
                    AskFolder(_("To which folder shall the tables go?")),
                    lambda folder: self._write_tables(Path(folder)) if folder else None,
                )

        self.app.push_screen(
            Confirm(
                _("Write all records as tables (CSV)?"),
                _(
                    "The tables are plain text: whoever gets hold of them reads every name and every account. Write "
                    "them only to an encrypted disk, give them only as the consent of each person allows, and destroy "
                    "them afterwards. The export is noted in the custody log of every record."
                ),
                _("Write them"),
            ),
            decided,
        )

    def _write_tables(self, folder: Path) -> None:
        def done(tables: Sequence[tuple[str, int]]) -> None:
            words = ngettext("{count} table written", "{count} tables written", len(tables))
            parts: Parts = [(f"✓ {words}", "$success bold"), (f"  {folder}", "$muted"), "\n"]
            for name, rows in tables:
                parts += [f"  {name}", ("  " + ngettext("{count} row", "{count} rows", rows), "$muted"), "\n"]
            self._tell(parts)

        self.ask_desk(lambda desk: [(item.name, item.rows) for item in desk.export_csv(folder)], done)

    def _tell(self, parts: Parts) -> None:
        self.result = Content.assemble(*parts)
        self.show_result()
