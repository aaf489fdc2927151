"""The inbox: what this desk has, fetching from receivers, and bringing in what arrived.

The rule: an import or a run with the receivers belongs to the desk and not to this screen. It goes on while other
screens are looked at, and this one shows it again whenever one comes back; stopping it loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Label, OptionList, ProgressBar, Static
from textual.widgets.option_list import Option

from collector.files import shown_name
from tui.locale import N_, _, ngettext
from tui.screens.desk.fetching import Kind, NetworkJob, Wish
from tui.screens.desk.office import ImportJob, OpenDesk
from tui.screens.desk.outgoing import OutgoingScreen
from tui.screens.desk.overview import Overview, office_text, overview, summary_text
from tui.screens.desk.words import job_text, network_text
from tui.widgets.paths import PathSuggester, is_folder, mounted_sticks, typed_path
from tui.widgets.progress import ProgressPanel
from tui.widgets.volumes import TransferPanel

WATCH_SECONDS = 0.2
STICK_SECONDS = 1.0
MOST = 16


def volumes_in(folder: Path) -> int | None:
    """How many volumes lie in a folder; None if there is no such folder."""
    if not is_folder(folder):
        return None
    try:
        return sum(1 for path in folder.iterdir() if path.suffix == ".vol")
    except OSError:
        return 0


class InboxScreen(OutgoingScreen):
    """The first screen of a desk."""

    TITLE_WORDS = N_("Inbox")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "Give the folders of all sticks that arrived, then import: volumes of one bundle find together wherever "
            "they lie. Importing twice changes nothing."
        ),
        N_(
            "^R fetches what arrived at the receivers of your missions, every volume checked as it comes; the import "
            "then takes it together with the sticks. What was cut off goes on where it stopped. ^O fetches from one "
            "receiver alone, or once more what was imported, and keeps the proxy by which receivers are asked."
        ),
        N_(
            "One bad item never stops the others: it stands in quarantine with its reason. While an import runs you "
            "may look at other screens; the desk does not lock by itself then. Locking by hand stops the import after "
            "the records in hand, and it can go on afterwards."
        ),
        N_(
            "Send the receipts to the receivers, or write them to a stick that travels back: only then does a field "
            "computer know what arrived."
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "import", N_("Import")),
        Binding("ctrl+r", "fetch", N_("Fetch from the receiver")),
        Binding("ctrl+o", "choose", N_("Fetch otherwise")),
        Binding("escape", "stop", N_("Stop the import")),
        Binding("escape", "stop_network", N_("Stop")),
        Binding("delete", "drop", N_("Leave out this folder")),
        Binding("pageup", "page(-1)", N_("Up"), show=False),
        Binding("pagedown", "page(1)", N_("Down"), show=False),
        Binding("f3", "search", N_("Search")),
        Binding("f6", "quarantine", N_("Quarantine")),
        Binding("f7", "receipts", N_("Receipts")),
        Binding("f8", "export", N_("Export")),
        Binding("f9", "missions", N_("Missions")),
    ]

    def __init__(self, office: OpenDesk) -> None:
        super().__init__(office)
        self.folders: dict[Path, int] = {}
        self._typed = ""
        self._mounted: set[Path] = set()
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
            yield TransferPanel(_("Fetching from the receiver"), id="fetching")
            yield ProgressPanel(_("Sending receipts to the receiver"), id="returning", bytes_counted=False)
            yield Static(id="verdict")

    def on_mount(self) -> None:
        """Look what is there; offer the sticks that are plugged in, now and later."""
        self._watching = self.set_interval(WATCH_SECONDS, self.watch_import, pause=not self.busy)
        self.restored()
        self.watch_sticks()
        self.set_interval(STICK_SECONDS, self.watch_sticks)

    @property
    def busy(self) -> bool:
        """Whether something goes on that this screen shows."""
        return self.office.importing or self.office.fetching

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
        if not self.busy:
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
        self.query_one("#summary", Static).update(summary_text(seen))
        self.query_one("#office", Static).update(office_text(seen))
        self.refresh_bindings()

    def _show_parts(self) -> None:
        network = self.office.network
        going = network if network is not None and network.going else None
        self.query_one("#choose").display = not self.busy
        self.query_one("#running").display = self.office.importing
        self.query_one("#fetching").display = going is not None and going.kind == "fetch"
        self.query_one("#returning").display = going is not None and going.kind == "return"
        told = None if self.busy else self._told()
        self.query_one("#verdict").display = told is not None
        self.query_one("#verdict", Static).update(told or "")
        self.refresh_bindings()

    def show_result(self) -> None:
        """Show what was written."""
        self._show_parts()

    def _told(self) -> Content | None:
        """What the last thing brought that was done here."""
        if self.result is not None:
            return self.result
        if self.office.last == "network" and self.office.network is not None:
            return network_text(self.office.network)
        return None if self.office.job is None else job_text(self.office.job)

    def action_page(self, pages: int) -> None:
        """Scroll, wherever the cursor stands."""
        page = self.query_one("#inbox")
        page.scroll_relative(y=pages * max(1, page.size.height - 2), animate=False)

    # folders

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Add the folder, if it is there."""
        if event.value.strip():
            self._add(typed_path(event.value), typed=True)

    def on_input_changed(self) -> None:
        """What was said of another folder is over."""
        self.query_one("#folder-note", Label).update("")

    def watch_sticks(self) -> None:
        """Take in what was plugged in, let go of what was taken out; not while something goes on."""
        if self.shell.opened is None or self.busy or not self.is_current:
            return
        found = set(mounted_sticks())
        self._taken_out(sorted(self._mounted - found))
        for folder in sorted(found - self._mounted):
            self._add(folder)
        self._mounted = found

    def _taken_out(self, folders: Iterable[Path]) -> None:
        gone = [folder for folder in folders if self.folders.pop(folder, None) is not None]
        if gone:
            words = [_("{folder} was taken out.", folder=shown_name(str(folder))) for folder in gone]
            self.query_one("#folder-note", Label).update(" ".join(words))
            self._show_folders()

    def _add(self, folder: Path, *, typed: bool = False) -> None:
        def seen(volumes: int | None) -> None:
            if volumes is None:
                self.query_one("#folder-note", Label).update(_("There is no folder of that name."))
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
        seen, busy = self.seen, self.busy
        if action == "import":
            return not busy and seen is not None and bool(seen.missions) and bool(self.folders or seen.here)
        if action in ("fetch", "choose"):
            return not busy and seen is not None and bool(seen.receivers)
        if action == "stop":
            return self.office.importing
        if action == "stop_network":
            return self.office.fetching
        if action == "drop":
            return bool(self.folders) and not busy and self.query_one("#folders").has_focus
        if action in ("receipts", "export"):
            return not busy and seen is not None and (seen.records > 0 or (action == "receipts" and seen.boxes > 0))
        return True

    # import and fetching

    def action_import(self) -> None:
        """Import everything that was fetched and that the folders hold; those that are gone keep nothing back."""
        self._taken_out(folder for folder in list(self.folders) if not is_folder(folder))
        if not self.folders and not (self.seen is not None and self.seen.here):
            return
        self.office.start_import(list(self.folders))
        self.query_one("#opening").display = False
        self._begun()

    def action_fetch(self) -> None:
        """Fetch everything new from the receivers."""
        self.start_network("fetch")

    def action_choose(self) -> None:
        """Ask from which receiver, how much and by which proxy; keep the proxy, and fetch."""
        from tui.screens.desk.fetch_choice import Chosen, FetchChoice, Given, given, keep

        def chosen(found: Chosen | None) -> None:
            if found is not None:
                self.ask_desk(lambda desk: keep(desk, found), lambda _done: self.start_network("fetch", found.wish))

        def ask(found: Given) -> None:
            if self.shell.screen is self:  # the key may have been pressed twice
                self.app.push_screen(FetchChoice(found), chosen)

        self.ask_desk(given, ask)

    def start_network(self, kind: Kind, wish: Wish | None = None) -> None:
        """Begin a run with the receivers."""
        self.office.start_network(kind, wish)
        self._begun()

    def _begun(self) -> None:
        self.result = None
        for bar in self.query(ProgressBar):
            bar.update(total=None, progress=0)
        for words in self.query(".progress-text").results(Label):
            words.update("")
        self._show_parts()
        if self._watching is not None:
            self._watching.resume()

    def watch_import(self) -> None:
        """Show how far the import or the run with the receivers is, or what came of it."""
        job = self.office.network if self.office.last == "network" else self.office.job
        if job is None or self.shell.opened is None:
            return
        if job.state == "running":
            if isinstance(job, NetworkJob):
                self._show_network(job)
            else:
                self._show_progress(job)
            return
        if self._watching is not None:
            self._watching.pause()
        if isinstance(job, ImportJob) and job.state == "done" and not job.lacking:
            self.folders.clear()
        self._show_folders()
        self._show_parts()
        self._look()
        if self.app.screen is self:
            self.query_one("#folder").focus()
        elif isinstance(job, ImportJob):
            self.notify(_("The import has ended; the inbox says what it brought."), markup=False)
        else:
            self.notify(_("The receivers were asked; the inbox says what came of it."), markup=False)

    def _show_network(self, job: NetworkJob) -> None:
        if job.kind == "fetch":
            self.query_one("#fetching", TransferPanel).show(job.view())
        elif job.total:
            self.query_one("#returning", ProgressPanel).advance(job.done, job.total)

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

    def action_stop_network(self) -> None:
        """Stop the run with the receivers. Nothing is lost by it, so nobody is asked."""
        if self.office.network is not None:
            self.office.network.stop()

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
