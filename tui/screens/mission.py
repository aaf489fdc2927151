"""The mission: enrolment of this computer, fingerprints to compare, forms, and taking in packs from the office.

The rule: a pack is first verified whole and shown; it is taken in when a person has compared the fingerprints and
says so.
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
from tui.screens.texts import time_text

if TYPE_CHECKING:
    from collector.field import Field
    from collector.mission import PackSummary
    from schemas.problems import Problem

PACK_LIMIT = 128 << 20


def summary_lines(summary: PackSummary) -> str:
    """What a person compares before a pack is taken in."""
    lines = [
        _("Mission {mission} of {org}", mission=summary.mission, org=summary.org),
        _("Pack version {version}", version=summary.version),
        _("Valid until {time}", time=time_text(summary.expires)),
        _("Fingerprint of the office: {fingerprint}", fingerprint=summary.root_fingerprint),
        *(_("Form {form}, version {version}", form=form, version=version) for form, version in summary.forms),
    ]
    if summary.gap:
        lines.append(
            ngettext(
                "{count} pack before this one is missing.", "{count} packs before this one are missing.", summary.gap
            )
        )
    return "\n".join(lines)


class MissionScreen(BaseScreen):
    """Request, pack, and what is in force."""

    TITLE_WORDS = N_("Mission")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "The office has to know this computer before it can seal anything. Write the request to a stick, carry "
            "it to the office, and read the fingerprint aloud over another way, such as a call."
        ),
        N_("The office gives back a mission pack. Take it in here, and compare the fingerprint of the office."),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "request", N_("Write the request")),
        Binding("f6", "accept", N_("Take in a pack")),
        Binding("escape", "leave", N_("Back")),
    ]

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field

    def body(self) -> ComposeResult:
        with VerticalScroll(id="page", can_focus=True):
            yield Static(id="mission-words")

    def on_mount(self) -> None:
        """Draw."""
        self.restored()

    def restored(self) -> None:
        """Draw what is in force."""
        self.query_one("#mission-words", Static).update(self._words())

    def _words(self) -> Content:
        pack = self.field.pack()
        parts: list[Content | str | tuple[str, str]] = []
        if pack is None:
            _data, fingerprint = self.field.request()
            parts += [
                (_("This computer belongs to no mission yet."), "bold"),
                "\n\n",
                _("1. F5 writes the request for the office to a stick."),
                "\n",
                _("2. Read these digits aloud to the office; they compare them:"),
                "\n\n   ",
                (fingerprint, "$primary bold"),
                "\n\n",
                _("3. F6 takes in the mission pack that the office gives back."),
            ]
            return Content.assemble(*parts)
        body = pack.body
        parts += [
            (_("Mission {mission} of {org}", mission=body.name, org=body.org), "bold"),
            "\n",
            _("Pack version {version}, valid until {time}", version=body.ver, time=time_text(body.expires)),
            "\n\n",
            *(f"{_('Form {form}, version {version}', form=form.id, version=form.ver)}\n" for form in body.forms),
            "\n",
            ngettext("Sealed to {count} key of the office", "Sealed to {count} keys of the office", len(body.recips)),
            "\n",
            ngettext("{count} receiver on the network", "{count} receivers on the network", len(body.receivers)),
            "\n",
        ]
        for problem in self.field.warnings():
            what, _safe, remedy = problem_sentences(problem)
            parts += ["\n", ("! ", "$warning"), what, " ", remedy, (f"  {problem.code}", "$muted"), "\n"]
        if body.policy.referral:
            parts += ["\n", (_("Where to refer people"), "bold"), "\n", body.policy.referral]
        return Content.assemble(*parts)

    def action_leave(self) -> None:
        """Back to the list."""
        self.leave()

    def action_request(self) -> None:
        """Ask for a folder and write the request there."""
        from tui.screens.dialogs import AskFolder

        self.app.push_screen(
            AskFolder(_("Where shall the request be written?")),
            lambda folder: self._write_request(Path(folder)) if folder else None,
        )

    def _write_request(self, folder: Path) -> None:
        from collector import files

        data, _fingerprint = self.field.request()

        def write() -> Path:
            target = folder / "svidok-request.req"
            files.write_durably(target, data)
            return target

        self.work(write, lambda path: self.notify(_("Written: {name}", name=path.name), markup=False))

    def action_accept(self) -> None:
        """Ask for the pack's file, then for the fingerprint if it is the first."""
        from tui.screens.dialogs import AskFolder

        first = self.field.pack() is None

        def have_file(path: str | None) -> None:
            if path and first:
                self._ask_digits(Path(path), "")
            elif path:
                self._preview(Path(path), None)

        self.app.push_screen(AskFolder(_("Which file is the mission pack?"), files_too=True), have_file)

    def _ask_digits(self, path: Path, typed: str) -> None:
        """Ask for the office's digits; what was typed before stands there to be mended."""
        from tui.screens.dialogs import AskLine

        self.app.push_screen(
            AskLine(_("Fingerprint of the office"), _("Type the digits as the office reads them to you."), typed),
            lambda digits: self._preview(Path(path), digits) if digits else None,
        )

    def _preview(self, path: Path, fingerprint: str | None) -> None:
        from collector import files
        from tui.screens.problem import ProblemDialog

        def read() -> tuple[bytes, PackSummary]:
            data = files.read_limited(path, PACK_LIMIT)
            return data, self.field.preview_pack(data, fingerprint)

        def refused(problem: Problem) -> None:
            again = fingerprint is not None and problem.code == "E_FINGERPRINT"
            self.app.push_screen(
                ProblemDialog(problem), lambda _none: self._ask_digits(path, fingerprint or "") if again else None
            )

        self.work(read, lambda found: self._confirm(*found, fingerprint), failed=refused)

    def _confirm(self, data: bytes, summary: PackSummary, fingerprint: str | None) -> None:
        from tui.screens.dialogs import Confirm

        def decided(yes: bool | None) -> None:
            if yes:
                self.work(lambda: self.field.accept_pack(data, fingerprint), lambda _summary: self.restored())

        self.app.push_screen(
            Confirm(_("Take in this mission pack?"), summary_lines(summary), _("Take it in"), _("No")), decided
        )
