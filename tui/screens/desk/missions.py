"""Missions of this desk, its fingerprint, and the way to new ones and to enrolment."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.locale import N_, _
from tui.screens.desk.common import InnerScreen, Parts
from tui.screens.desk.fingerprint import Fingerprint
from tui.screens.desk.office import OpenDesk
from tui.screens.texts import time_text

if TYPE_CHECKING:
    from sync.desk.mission import Mission


class MissionsScreen(InnerScreen):
    """What this desk has founded."""

    TITLE_WORDS = N_("Missions")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "A mission has its own keys and its forms. Every field computer is enrolled into one mission and gets its "
            "mission pack on a stick."
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f3", "new", N_("New mission")),
        Binding("f5", "enrol", N_("Enrol a computer")),
    ]

    def __init__(self, office: OpenDesk) -> None:
        super().__init__(office)
        self.missions: list[Mission] | None = None
        self.fingerprint = ""

    def body(self) -> ComposeResult:
        with VerticalScroll(id="page", can_focus=True):
            yield Static(id="missions")
            if self.fingerprint:
                yield Static(_("Fingerprint of the office"), classes="field-label", markup=False)
                yield Fingerprint(self.fingerprint)

    def on_screen_resume(self) -> None:
        """Look again whenever this screen is shown."""
        if self.is_mounted and self.shell.opened is not None:
            self.ask_desk(lambda desk: (desk.missions(), desk.fingerprint), lambda found: self._found(*found))

    def _found(self, missions: list[Mission], fingerprint: str) -> None:
        self.missions = missions
        if fingerprint != self.fingerprint:
            self.fingerprint = fingerprint
            self.call_next(self.retranslate)
        else:
            self.restored()

    def restored(self) -> None:
        """Draw the list."""
        if self.missions is None:
            return
        parts: Parts = [] if self.missions else [_("This desk has no mission yet. F3 founds one."), "\n"]
        for mission in self.missions:
            founded = _(
                "founded {time}, packs valid until {end}",
                time=time_text(mission.created),
                end=time_text(mission.expires),
            )
            parts += [("▪ ", "$primary"), (mission.name, "bold"), (f"\n  {founded}", "$muted"), "\n"]
        self.query_one("#missions", Static).update(Content.assemble(*parts[:-1]))
        self.query_one("#page").focus()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enrol into something."""
        return bool(self.missions) if action == "enrol" else True

    def action_new(self) -> None:
        """Found a mission."""
        from tui.screens.desk.founding import FoundingScreen

        self.app.push_screen(FoundingScreen(self.office))

    def action_enrol(self) -> None:
        """Enrol a field computer."""
        from tui.screens.desk.enrol import EnrolScreen

        self.app.push_screen(EnrolScreen(self.office))
