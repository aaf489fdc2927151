"""Sealed interviews to sticks: which folders and what room they have, how many volumes suffice, a bar for writing and
one for reading back, a verdict.

The rule: the screen says that something arrived only when it was read back from the stick. What did not go is named
with its reason, and stays here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from collector.files import shown_name
from schemas.problems import Problem
from tui.locale import N_, _, ngettext, problem_sentences
from tui.state_words import code_text
from tui.widgets.paths import PathSuggester, is_folder, typed_path
from tui.widgets.progress import ProgressPanel, size_text

if TYPE_CHECKING:
    from collector.field import Field
    from sync.export_report import ExportReport, StickVerdict
    from sync.room import Room
    from tui.screens.base import BaseScreen

MOST = 8
LIES = {
    "memory": N_("This is the computer's memory, not a stick: it is gone when the computer is switched off."),
    "network": N_("This lies on another computer. It is not a stick that somebody can carry."),
    "own-disk": N_("This lies on this computer's own disk, not on a stick."),
}


class StickChoice(Vertical):
    """Folders of sticks, and how many volumes suffice."""

    def __init__(self, field: Field) -> None:
        super().__init__(id="choose", classes="way")
        self.field = field
        self.folders: dict[Path, Room | None] = {}
        """In the order in which they get volumes; what each would get and has, when that is known."""
        self.kept: dict[str, str] = {}
        """What stands in the fields, by their names, when everything is drawn anew."""

    def again(self) -> StickChoice:
        """The same in the language in use."""
        other = StickChoice(self.field)
        other.folders, other.kept = self.folders, self.kept
        return other

    def hold(self) -> None:
        """Remember what is typed."""
        self.kept = {str(each.id): each.value for each in self.query(Input)}

    def compose(self) -> ComposeResult:
        yield Label(_("Sticks"), classes="way-name", markup=False)
        yield Label(_("Folder of a stick (Enter adds it)"), classes="field-label", markup=False)
        yield Input(id="folder", suggester=PathSuggester(folders_only=True), select_on_focus=False)
        yield Label("", id="folder-note", markup=False)
        yield OptionList(id="folders")
        yield Label("", id="sticks-need", markup=False)
        with Horizontal(id="shape"):
            yield Label(_("Volumes that suffice"), markup=False)
            yield Input(id="k", type="integer", max_length=1, compact=True)
            yield Label(_("of"), markup=False)
            yield Input(id="n", type="integer", max_length=1, compact=True)

    def restored(self) -> None:
        """Draw what was typed, else the mission's numbers, and the folders."""
        pack = self.field.pack()
        k, n = pack.body.policy.stick if pack is not None else (1, 1)
        for name, value in {"k": str(k), "n": str(n), **self.kept}.items():
            self.query_one(f"#{name}", Input).value = value
        self._show_folders()
        self.measure()

    def _typed(self) -> tuple[int, int] | None:
        words = [self.query_one(name, Input).value for name in ("#k", "#n")]
        k, n = (int(each) if each.isdecimal() else 0 for each in words)  # a sign alone may be typed
        return (k, n) if 1 <= k <= n <= MOST else None

    @property
    def shape(self) -> tuple[int, int] | None:
        """(k, n) as typed; None, and a note on the screen, when they make no sense."""
        typed = self._typed()
        if typed is not None:
            return typed
        self.query_one("#folder-note", Label).update(
            _("The numbers must be between 1 and {most}, the first not above the second.", most=MOST)
        )
        return None

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Add the folder, if it is there."""
        if event.input.id == "folder" and event.value.strip():
            self.add(typed_path(event.value))

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was said of other words is over; other numbers take other room."""
        self.query_one("#folder-note", Label).update("")
        if event.input.id in ("k", "n"):
            self.measure()

    def add(self, folder: Path) -> None:
        """Look at a folder in a thread, and take it into the list."""

        def seen(there: bool) -> None:
            note = self.query_one("#folder-note", Label)
            if not there:
                note.update(_("There is no folder of that name."))
                return
            note.update("")
            if len(self.folders) < MOST:
                self.folders.setdefault(folder, None)
            self.query_one("#folder", Input).value = ""
            self._show_folders()
            self.measure()

        cast("BaseScreen", self.screen).work(lambda: is_folder(folder), seen, part=self)

    def gone(self, folder: Path) -> None:
        """A stick was taken out: its folder leaves the list."""
        if folder in self.folders:
            del self.folders[folder]
            self.query_one("#folder-note", Label).update(_("{folder} was taken out.", folder=shown_name(str(folder))))
            self._show_folders()
            self.measure()

    def measure(self) -> None:
        """Ask, in a thread, what each folder would get and what is free there."""
        typed, folders, field = self._typed(), list(self.folders), self.field
        if typed is None or field.pack() is None:
            return
        k, n = typed

        def look() -> tuple[list[Room], int]:
            from sync import room

            return room.forecast(field, folders, k, n), sum(room.shares(field, 1, k, n))

        def seen(found: tuple[list[Room], int]) -> None:
            rooms, whole = found
            self.folders = {folder: next((r for r in rooms if r.folder == folder), room)
                            for folder, room in self.folders.items()}  # fmt: skip
            words = _("Together the sticks get {size}.", size=size_text(whole)) if whole else ""
            self.query_one("#sticks-need", Label).update(words)
            self.query_one("#sticks-need", Label).display = bool(words)
            self._show_folders()

        cast("BaseScreen", self.screen).work(look, seen, failed=lambda _problem: None, part=self)

    def _show_folders(self) -> None:
        options = self.query_one("#folders", OptionList)
        place = options.highlighted
        options.clear_options()
        options.add_options([Option(Content.assemble(*folder_parts(*item))) for item in self.folders.items()])
        options.highlighted = place if place is not None and place < len(self.folders) else None
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
            self.measure()


def folder_parts(folder: Path, room: Room | None) -> list[Content | str | tuple[str, str]]:
    """A folder, what it gets and has; below it what speaks against it."""
    parts: list[Content | str | tuple[str, str]] = [("▪ ", "$primary"), shown_name(str(folder))]
    if room is None:
        return parts
    free = "?" if room.free is None else size_text(room.free)
    parts.append(("  " + _("gets {needed}, free: {free}", needed=size_text(room.needed), free=free), "$muted"))
    against = []
    if room.read_only:
        against.append(_("Write-protected: nothing can be written there."))
    elif not room.enough:
        against.append(_("Too small: empty its trash, or take a larger stick."))
    if room.lies in LIES:
        against.append(_(LIES[room.lies]))
    for words in against:
        parts += ["\n  ", ("! ", "$warning"), words]
    return parts


class StickRun(Vertical):
    """Writing and reading back, with a bar each, each stick as it is finished, and the verdict."""

    def compose(self) -> ComposeResult:
        with Vertical(id="running"):
            yield ProgressPanel(_("Writing"), id="write")
            yield ProgressPanel(_("Reading back and comparing"), id="check")
            yield Label("", id="held", markup=False)
            yield Static(id="so-far")
        yield Static(id="verdict")

    def show(self, report: ExportReport | None, told: Sequence[StickVerdict] = ()) -> None:
        """The bars while it runs, with the sticks that were `told` of; the verdict afterwards."""
        self.query_one("#so-far", Static).update(so_far(told))
        self.query_one("#running").display = report is None
        self.query_one("#verdict").display = report is not None
        self.query_one("#verdict", Static).update("" if report is None else verdict(report))

    def hold(self, *, paused: bool) -> None:
        """Say that it is paused, or not any more."""
        self.query_one("#held", Label).update(_("Paused. F6 goes on.") if paused else "")


def so_far(sticks: Sequence[StickVerdict]) -> Content:
    """The sticks that were read back while others are still being written or read."""
    parts: list[Content | str | tuple[str, str]] = []
    for stick in sticks:
        parts += [*_stick_parts(stick), "  "]
        parts += [(_("Safe to take out."), "$success") if stick.settled else _("Leave it in until the end."), "\n"]
        for problem in [*stick.bad.values(), *([stick.problem] if stick.problem else [])]:
            parts += _problem_parts(problem)
    return Content.assemble(*parts)


def _stick_parts(stick: StickVerdict) -> list[Content | str | tuple[str, str]]:
    words = ngettext("{count} volume whole", "{count} volumes whole", stick.whole)
    sign = ("✓ ", "$success") if stick.ok else ("! ", "$warning")
    return [sign, stick.folder, ("  " + words + " · " + size_text(stick.bytes), "$muted")]


def verdict(report: ExportReport) -> Content:
    """What an export brought, stick by stick, and what stays here."""
    parts: list[Content | str | tuple[str, str]] = []
    if report.ok and report.exported and not all(stick.ok for stick in report.sticks):
        words = _("! Everything was read back and can be put together, but not every stick could be used.")
        parts += [(words, "$warning bold")]
    elif report.ok and report.exported and not any(_waits(stick) for stick in report.sticks):
        parts += [(_("✓ Everything is on the sticks and was read back. You may pull them out."), "$success bold")]
    elif report.ok and report.exported:
        words = _("✓ Everything is on the sticks and was read back. Use your system's eject before you pull them out.")
        parts += [(words, "$success bold")]
    elif report.exported:
        parts += [(_("! Only a part is on the sticks."), "$warning bold")]
    elif not report.stopped:
        parts += [(_("! Nothing could be brought to the sticks."), "$warning bold")]
    if report.stopped:
        parts += ["\n"] if parts else []
        words = _("Stopped. What was being written was taken away again. The interviews are still here.")
        parts += [(words, "bold")]
    parts.append("\n\n")
    for stick in report.sticks:
        parts += [*_stick_parts(stick), "\n"]
        parts += _leaving_parts(stick)
        for problem in [*stick.bad.values(), *([stick.problem] if stick.problem else [])]:
            parts += _problem_parts(problem)
    for code, problem in report.left:
        parts += ["\n", ("! ", "$warning"), _("{code} stays here", code=code_text(code)), "\n"]
        parts += _problem_parts(problem)
    return Content.assemble(*parts)


def _waits(stick: StickVerdict) -> bool:
    """Whether something may still wait to be written to a stick; not to one that is gone, or that was never touched."""
    gone = stick.problem is not None and stick.problem.code == "E_STICK_GONE"
    return not stick.settled and not gone and bool(stick.meant or stick.problem)


def _leaving_parts(stick: StickVerdict) -> list[Content | str | tuple[str, str]]:
    """Whether a stick may be taken out, and how far the reading back proves anything."""
    if not stick.settled:
        words = _("Use your system's eject before you take it out.")
        return ["  ", ("! ", "$warning"), words, "\n"] if _waits(stick) else []
    parts: list[Content | str | tuple[str, str]] = ["  ", (_("Safe to take out."), "$success"), "\n"]
    if not stick.from_medium:
        doubt = _(
            "This system still had part of it in its memory while reading back. To be sure, plug the stick in again "
            "and run: svidok courier check"
        )
        parts += ["  ", (doubt, "$muted"), "\n"]
    return parts


def _problem_parts(problem: Problem) -> list[Content | str | tuple[str, str]]:
    what, _safe, remedy = problem_sentences(problem)
    return ["  ", what, " ", remedy, (f"  {problem.code}", "$muted"), "\n"]
