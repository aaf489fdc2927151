"""Sealed interviews to sticks: which folders, how many volumes suffice, a bar for writing and one for reading back, a
verdict.

The rule: the screen says that something arrived only when it was read back from the stick. What did not go is named
with its reason, and stays here.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from schemas.problems import Problem
from tui.locale import _, ngettext, problem_sentences
from tui.state_words import code_text
from tui.widgets.paths import PathSuggester
from tui.widgets.progress import ProgressPanel, size_text

if TYPE_CHECKING:
    from collector.field import Field
    from sync.export_report import ExportReport
    from tui.screens.base import BaseScreen

MOST = 8


class StickChoice(Vertical):
    """Folders of sticks, and how many volumes suffice."""

    def __init__(self, field: Field) -> None:
        super().__init__(id="choose", classes="way")
        self.field = field
        self.folders: dict[Path, str] = {}

    def compose(self) -> ComposeResult:
        yield Label(_("Sticks"), classes="way-name", markup=False)
        yield Label(_("Folder of a stick (Enter adds it)"), classes="field-label", markup=False)
        yield Input(id="folder", suggester=PathSuggester(folders_only=True), select_on_focus=False)
        yield Label("", id="folder-note", markup=False)
        yield OptionList(id="folders")
        with Horizontal(id="shape"):
            yield Label(_("Volumes that suffice"), markup=False)
            yield Input(id="k", type="integer", max_length=1, compact=True)
            yield Label(_("of"), markup=False)
            yield Input(id="n", type="integer", max_length=1, compact=True)

    def restored(self) -> None:
        """Draw the mission's numbers and the folders."""
        pack = self.field.pack()
        k, n = pack.body.policy.stick if pack is not None else (1, 1)
        self.query_one("#k", Input).value, self.query_one("#n", Input).value = str(k), str(n)
        self._show_folders()

    @property
    def shape(self) -> tuple[int, int] | None:
        """(k, n) as typed; None, and a note on the screen, when they make no sense."""
        k, n = (int(self.query_one(name, Input).value or 0) for name in ("#k", "#n"))
        if 1 <= k <= n <= MOST:
            return k, n
        self.query_one("#folder-note", Label).update(
            _("The numbers must be between 1 and {most}, the first not above the second.", most=MOST)
        )
        return None

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Add the folder, if it is there."""
        if event.input.id == "folder" and event.value.strip():
            self.add(Path(event.value.strip()).expanduser())

    def add(self, folder: Path) -> None:
        """Look at a folder in a thread, and take it into the list."""

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

        cast("BaseScreen", self.screen).work(look, seen)

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
        self.screen.refresh_bindings()

    @property
    def in_list(self) -> bool:
        """Whether the cursor stands in the list of folders."""
        return bool(self.folders) and self.query_one("#folders").has_focus

    def drop(self) -> None:
        """Leave out the folder under the cursor."""
        place = self.query_one("#folders", OptionList).highlighted
        if place is not None and place < len(self.folders):
            del self.folders[list(self.folders)[place]]
            self._show_folders()


class StickRun(Vertical):
    """Writing and reading back, with a bar each, and the verdict."""

    def compose(self) -> ComposeResult:
        with Vertical(id="running"):
            yield ProgressPanel(_("Writing"), id="write")
            yield ProgressPanel(_("Reading back and comparing"), id="check")
        yield Static(id="verdict")

    def show(self, report: ExportReport | None) -> None:
        """The bars while it runs, the verdict afterwards."""
        self.query_one("#running").display = report is None
        self.query_one("#verdict").display = report is not None
        self.query_one("#verdict", Static).update("" if report is None else verdict(report))


def verdict(report: ExportReport) -> Content:
    """What an export brought, stick by stick, and what stays here."""
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
        parts += ["\n", ("! ", "$warning"), _("{code} stays here", code=code_text(code)), "\n"]
        parts += _problem_parts(problem)
    return Content.assemble(*parts)


def _problem_parts(problem: Problem) -> list[Content | str | tuple[str, str]]:
    what, _safe, remedy = problem_sentences(problem)
    return ["  ", what, " ", remedy, (f"  {problem.code}", "$muted"), "\n"]
