"""Sealed interviews to sticks: which folders, how many volumes suffice, a bar for writing and one for reading back, a
verdict.

The rule: the screen says that something arrived only when it was read back from the stick. What did not go is named
with its reason, and stays here.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from schemas.problems import Problem
from tui.locale import N_, _, ngettext, problem_sentences
from tui.screens.base import BaseScreen
from tui.screens.texts import code_text
from tui.widgets.paths import PathSuggester, mounted_sticks
from tui.widgets.progress import ProgressPanel, size_text

if TYPE_CHECKING:
    from collector.field import Field
    from sync.export_report import ExportReport

MOST = 8


class TransferScreen(BaseScreen):
    """Export to sticks."""

    TITLE_WORDS = N_("Transfer")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_("Everything that the office has not confirmed travels, and travels again, until its receipt is here."),
        N_(
            "It is cut into volumes. With 3 of 5, any three volumes of the five are enough: two sticks may be lost or "
            "damaged. Use as many sticks as you can, one folder each; volumes are dealt out in turn."
        ),
        N_("Nobody can open the volumes except the office. Pull out a stick only after the verdict."),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "write", N_("Write")),
        Binding("delete", "drop", N_("Leave out this folder")),
        Binding("escape", "leave", N_("Back")),
    ]

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self.folders: dict[Path, str] = {}
        self.running = False
        self.report: ExportReport | None = None

    def body(self) -> ComposeResult:
        yield Static(id="summary")
        with VerticalScroll(id="transfer", can_focus=False):
            with Vertical(id="choose"):
                yield Label(_("Folder of a stick (Enter adds it)"), classes="field-label", markup=False)
                yield Input(id="folder", suggester=PathSuggester(folders_only=True), select_on_focus=False)
                yield Label("", id="folder-note", markup=False)
                yield OptionList(id="folders")
                with Horizontal(id="shape"):
                    yield Label(_("Volumes that suffice"), markup=False)
                    yield Input(id="k", type="integer", max_length=1, compact=True)
                    yield Label(_("of"), markup=False)
                    yield Input(id="n", type="integer", max_length=1, compact=True)
            with Vertical(id="running"):
                yield ProgressPanel(_("Writing"), id="write")
                yield ProgressPanel(_("Reading back and comparing"), id="check")
            yield Static(id="verdict")

    def on_mount(self) -> None:
        """Offer the sticks that are plugged in and the mission's numbers."""
        for stick in mounted_sticks():
            self._add(stick)
        self.restored()

    def restored(self) -> None:
        """Draw everything."""
        pack = self.field.pack()
        k, n = pack.body.policy.stick if pack is not None else (1, 1)
        self.query_one("#k", Input).value, self.query_one("#n", Input).value = str(k), str(n)
        self._summary()
        self._show_folders()
        self._show_parts()
        if self.report is not None:
            self._verdict(self.report)
        self.query_one("#folder").focus()

    def _summary(self) -> None:
        states = Counter(row.state for row in self.field.interviews())
        fresh = states["sealed"]
        again = states["exported"] + states["stored"] + states["needs-human"]
        parts = []
        if fresh:
            parts.append(ngettext("{count} still has to leave", "{count} still have to leave", fresh))
        if again:
            parts.append(
                ngettext("{count} without a receipt travels again", "{count} without a receipt travel again", again)
            )
        size = self.field.status()["unconfirmed"]["bytes"]
        parts.append(size_text(size) if parts else _("Nothing has to leave."))
        self.query_one("#summary", Static).update(Content("  ·  ".join(parts)))

    @property
    def waiting(self) -> bool:
        """Whether there is anything to write."""
        return any(row.state in ("sealed", "exported", "stored", "needs-human") for row in self.field.interviews())

    def _show_parts(self) -> None:
        self.query_one("#choose").display = not self.running and self.report is None
        self.query_one("#running").display = self.running
        self.query_one("#verdict").display = self.report is not None
        self.refresh_bindings()

    # folders

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Add the folder, if it is there."""
        if event.input.id == "folder" and event.value.strip():
            self._add(Path(event.value.strip()).expanduser())

    def _add(self, folder: Path) -> None:
        def look() -> str | None:
            if not folder.is_dir():
                return None
            try:
                return size_text(shutil.disk_usage(folder).free)
            except OSError:
                return "?"

        def seen(free: str | None) -> None:
            note = self.query_one("#folder-note", Label)
            if free is None:
                note.update(_("There is no folder of that name."))
                return
            note.update("")
            if len(self.folders) < MOST:
                self.folders[folder] = free
            self.query_one("#folder", Input).value = ""
            self._show_folders()

        self.work(look, seen)

    def _show_folders(self) -> None:
        options = self.query_one("#folders", OptionList)
        options.clear_options()
        options.add_options(
            [
                Option(
                    Content.assemble(("▪ ", "$primary"), str(folder), ("  " + _("{size} free", size=free), "$muted"))
                )
                for folder, free in self.folders.items()
            ]
        )
        options.display = bool(self.folders)
        self.refresh_bindings()

    def action_drop(self) -> None:
        """Leave out the folder under the cursor."""
        place = self.query_one("#folders", OptionList).highlighted
        if place is not None and place < len(self.folders):
            del self.folders[list(self.folders)[place]]
            self._show_folders()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Write when there is something to write and a place for it."""
        if action == "write":
            return bool(self.folders) and not self.running and self.report is None and self.waiting
        if action == "drop":
            return bool(self.folders) and not self.running and self.query_one("#folders").has_focus
        return not (action == "leave" and self.running)

    def action_leave(self) -> None:
        """Back to the list."""
        self.app.pop_screen()

    # writing

    def action_write(self) -> None:
        """Write everything, with bars."""
        k, n = (int(self.query_one(name, Input).value or 0) for name in ("#k", "#n"))
        if not 1 <= k <= n <= MOST:
            self.query_one("#folder-note", Label).update(
                _("The numbers must be between 1 and {most}, the first not above the second.", most=MOST)
            )
            return
        self.running = True
        self._show_parts()
        folders, field = list(self.folders), self.field
        reports = {
            step: self.reporter(self.query_one(f"#{step}", ProgressPanel).advance) for step in ("write", "check")
        }

        def run() -> ExportReport:
            from sync import outbox

            return outbox.export(field, folders, k=k, n=n, progress=lambda step, done, all_: reports[step](done, all_))

        self.work(run, self._done, failed=self._failed)

    def _failed(self, problem: Problem) -> None:
        self.running = False
        self._show_parts()
        self.shell.problem(problem)

    def _done(self, report: ExportReport) -> None:
        self.running, self.report = False, report
        self._summary()
        self._verdict(report)
        self._show_parts()

    def _verdict(self, report: ExportReport) -> None:
        parts: list[Content | str | tuple[str, str]] = []
        if report.ok and report.exported:
            parts += [(_("✓ Everything is on the sticks and was read back. You may pull them out."), "$success bold")]
        elif report.exported:
            parts += [(_("! Only a part is on the sticks."), "$warning bold")]
        else:
            parts += [(_("! Nothing could be brought to the sticks."), "$warning bold")]
        parts.append("\n\n")
        for stick in report.sticks:
            words = ngettext("{count} volume whole", "{count} volumes whole", stick.whole)
            sign = ("✓ ", "$success") if stick.ok else ("! ", "$warning")
            parts += [sign, stick.folder, ("  " + words + " · " + size_text(stick.bytes), "$muted"), "\n"]
            for problem in [*stick.bad.values(), *([stick.problem] if stick.problem else [])]:
                parts += _problem_parts(problem)
        for code, problem in report.left:
            parts += [
                "\n",
                ("! ", "$warning"),
                _("{code} stays here", code=code_text(code)),
                "\n",
                *_problem_parts(problem),
            ]
        self.query_one("#verdict", Static).update(Content.assemble(*parts))


def _problem_parts(problem: Problem) -> list[Content | str | tuple[str, str]]:
    what, _safe, remedy = problem_sentences(problem)
    return ["  ", what, " ", remedy, (f"  {problem.code}", "$muted"), "\n"]
