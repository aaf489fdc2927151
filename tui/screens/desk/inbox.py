"""The inbox: what this desk has, and bringing in what arrived on sticks.

The rule: an import belongs to the desk and not to this screen. It goes on while other screens are looked at, and this
one shows it again whenever one comes back; stopping it loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Label, OptionList, ProgressBar, Static
from textual.widgets.option_list import Option

from schemas.problems import Problem
from tui.locale import N_, _, ngettext
from tui.screens.desk.common import DeskScreen, Parts, problem_parts
from tui.screens.desk.office import ImportJob, OpenDesk
from tui.screens.desk.words import job_text
from tui.widgets.paths import PathSuggester, mounted_sticks
from tui.widgets.progress import ProgressPanel

if TYPE_CHECKING:
    from sync.desk.desk import Desk

WATCH_SECONDS = 0.2
MOST = 16


@dataclass(frozen=True, slots=True)
class Overview:
    """What the desk has."""

    records: int
    quarantined: int
    missions: tuple[str, ...]
    fingerprint: str
    warnings: tuple[Problem, ...]


def overview(desk: Desk) -> Overview:
    """Count."""
    count = desk.count()
    names = tuple(mission.name for mission in desk.missions())
    return Overview(count["imported"], count["quarantined"], names, desk.fingerprint, tuple(desk.vault.warnings))


def volumes_in(folder: Path) -> int | None:
    """How many volumes lie in a folder; None if there is no such folder."""
    if not folder.is_dir():
        return None
    try:
        return sum(1 for path in folder.iterdir() if path.suffix == ".vol")
    except OSError:
        return 0


class InboxScreen(DeskScreen):
    """The first screen of a desk."""

    TITLE_WORDS = N_("Inbox")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "Give the folders of all sticks that arrived, then import: volumes of one bundle find together wherever "
            "they lie. Importing twice changes nothing."
        ),
        N_(
            "One bad item never stops the others: it stands in quarantine with its reason. While an import runs you "
            "may look at other screens; the desk does not lock by itself then. Locking by hand stops the import after "
            "the records in hand, and it can go on afterwards."
        ),
        N_("Write the receipts to a stick that travels back: only then does a field computer know what arrived."),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "import", N_("Import")),
        Binding("escape", "stop", N_("Stop the import")),
        Binding("delete", "drop", N_("Leave out this folder")),
        Binding("f3", "search", N_("Search")),
        Binding("f6", "quarantine", N_("Quarantine")),
        Binding("f7", "receipts", N_("Receipts")),
        Binding("f8", "export", N_("Export")),
        Binding("f9", "missions", N_("Missions")),
    ]

    def __init__(self, office: OpenDesk) -> None:
        super().__init__(office)
        self.folders: dict[Path, int] = {}
        self.seen: Overview | None = None
        self.result: Content | None = None
        self._typed = ""
        self._watching: Timer | None = None
        if office.job is not None and office.job.state != "done":
            self.folders = {folder: volumes_in(folder) or 0 for folder in office.job.folders}

    def body(self) -> ComposeResult:
        yield Static(id="summary")
        with VerticalScroll(id="inbox", can_focus=False):
            yield Static(id="office")
            with Vertical(id="choose"):
                yield Label(_("Folder of a stick (Enter adds it)"), classes="field-label", markup=False)
                yield Input(id="folder", suggester=PathSuggester(folders_only=True), select_on_focus=False)
                yield Label("", id="folder-note", markup=False)
                yield OptionList(id="folders")
            with Vertical(id="running"):
                yield ProgressPanel(_("Reading the volumes"), id="reading")
                yield ProgressPanel(_("Opening and checking records"), id="opening", bytes_counted=False)
            yield Static(id="verdict")

    def on_mount(self) -> None:
        """Look what is there; offer the sticks that are plugged in."""
        self._watching = self.set_interval(WATCH_SECONDS, self.watch_import, pause=not self.office.importing)
        self.restored()
        if not self.office.importing:
            self.work(mounted_sticks, self._offer)

    def on_screen_resume(self) -> None:
        """Something may have changed on the screen that was above."""
        if self.is_mounted and self.shell.opened is not None:
            self._look()

    def hold(self) -> None:
        """Remember what was typed."""
        self._typed = self.query_one("#folder", Input).value

    def restored(self) -> None:
        """Draw everything."""
        self.query_one("#folder", Input).value = self._typed
        self._show_overview()
        self._show_folders()
        self._show_parts()
        if not self.office.importing:
            self.query_one("#folder").focus()
        self._look()

    def _look(self) -> None:
        def seen(found: Overview) -> None:
            self.seen = found
            self._show_overview()

        self.ask_desk(overview, seen, failed=lambda _problem: None)

    def _show_overview(self) -> None:
        seen = self.seen
        if seen is None:
            return
        records = ngettext("{count} record", "{count} records", seen.records)
        parts: list[tuple[str, str]] = [(records, "$success" if seen.records else "")]
        if seen.quarantined:
            parts.append((_("{count} in quarantine", count=seen.quarantined), "$warning"))
        self.query_one("#summary", Static).update(Content("  ·  ").join(Content.assemble(part) for part in parts))
        words: Parts = [
            (_("Mission") + "  ", "$muted"),
            Content(" · ".join(seen.missions)) if seen.missions else (_("none yet: F9 founds one"), "$warning"),
        ]
        if seen.missions:
            words += ["\n", (_("Root fingerprint") + "  ", "$muted"), seen.fingerprint]
        for problem in seen.warnings:
            words += ["\n\n", ("! ", "$warning"), Content.assemble(*problem_parts(problem, "")[:-1])]
        self.query_one("#office", Static).update(Content.assemble(*words))
        self.refresh_bindings()

    def _show_parts(self) -> None:
        running = self.office.importing
        self.query_one("#choose").display = not running
        self.query_one("#running").display = running
        job = self.office.job
        told = self.result
        if told is None and job is not None and not running:
            told = job_text(job)
        self.query_one("#verdict").display = told is not None and not running
        self.query_one("#verdict", Static).update(told or "")
        self.refresh_bindings()

    # folders

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Add the folder, if it is there."""
        if event.value.strip():
            self._add(Path(event.value.strip()).expanduser(), typed=True)

    def _offer(self, sticks: Sequence[Path]) -> None:
        for stick in sticks:
            self._add(stick)

    def _add(self, folder: Path, *, typed: bool = False) -> None:
        def seen(volumes: int | None) -> None:
            self.query_one("#folder-note", Label).update(
                _("There is no folder of that name.") if volumes is None else ""
            )
            if volumes is None:
                return
            if len(self.folders) < MOST:
                self.folders[folder] = volumes
            if typed:
                self.query_one("#folder", Input).value = ""
            self._show_folders()

        self.work(lambda: volumes_in(folder), seen)

    def _show_folders(self) -> None:
        options = self.query_one("#folders", OptionList)
        options.clear_options()
        for folder, volumes in self.folders.items():
            words = ngettext("{count} volume", "{count} volumes", volumes)
            style = "$muted" if volumes else "$warning"
            options.add_option(Option(Content.assemble(("▪ ", "$primary"), str(folder), (f"  {words}", style))))
        options.display = bool(self.folders)
        self.refresh_bindings()

    def action_drop(self) -> None:
        """Leave out the folder under the cursor."""
        place = self.query_one("#folders", OptionList).highlighted
        if place is not None and place < len(self.folders):
            del self.folders[list(self.folders)[place]]
            self._show_folders()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Import when there is a mission and a folder; stop while it runs."""
        if not self.is_mounted or self.shell.opened is None:
            return False
        importing = self.office.importing
        if action == "import":
            return bool(self.folders) and not importing and self.seen is not None and bool(self.seen.missions)
        if action == "stop":
            return importing
        if action == "drop":
            return bool(self.folders) and not importing and self.query_one("#folders").has_focus
        if action in ("receipts", "export"):
            return self.seen is not None and self.seen.records > 0
        return True

    # import

    def action_import(self) -> None:
        """Import everything that the folders hold."""
        self.result = None
        self.office.start_import(list(self.folders))
        for bar in self.query(ProgressBar):
            bar.update(total=None, progress=0)
        for words in self.query(".progress-text").results(Label):
            words.update("")
        self.query_one("#opening").display = False
        self._show_parts()
        if self._watching is not None:
            self._watching.resume()

    def watch_import(self) -> None:
        """Show how far the import is, or what came of it."""
        job = self.office.job
        if job is None or self.shell.opened is None:
            return
        if job.state == "running":
            self._show_progress(job)
            return
        if self._watching is not None:
            self._watching.pause()
        if job.state == "done":
            self.folders.clear()
        self._show_folders()
        self._show_parts()
        self._look()
        if self.app.screen is not self:
            self.notify(_("The import has ended; the inbox says what it brought."), markup=False)
        else:
            self.query_one("#folder").focus()

    def _show_progress(self, job: ImportJob) -> None:
        read, whole = job.reading
        opened, records = job.opening
        if whole:
            self.query_one("#reading", ProgressPanel).advance(whole if records else read, whole)
        self.query_one("#opening").display = bool(records)
        if records:
            self.query_one("#opening", ProgressPanel).advance(opened, records)

    def action_stop(self) -> None:
        """Ask, then stop the import after the records in hand."""
        from tui.screens.dialogs import Confirm

        job = self.office.job

        def decided(yes: bool | None) -> None:
            if yes and job is not None:
                job.stop()

        self.app.push_screen(
            Confirm(
                _("Stop the import?"),
                _("What was imported stays, and importing the same folders again goes on with the rest."),
                _("Stop it"),
            ),
            decided,
        )

    # other screens

    def action_search(self) -> None:
        """Find and read records."""
        from tui.screens.desk.search import SearchScreen

        self.app.push_screen(SearchScreen(self.office))

    def action_quarantine(self) -> None:
        """What was put aside, and why."""
        from tui.screens.desk.quarantine import QuarantineScreen

        self.app.push_screen(QuarantineScreen(self.office))

    def action_missions(self) -> None:
        """Missions and enrolment."""
        from tui.screens.desk.missions import MissionsScreen

        self.app.push_screen(MissionsScreen(self.office))

    # what goes out

    def action_receipts(self) -> None:
        """Write the receipts into a folder."""
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
        self._show_parts()
