"""Enrolment: a request, its fingerprint compared aloud, the mission pack, the office's fingerprint read back.

The rule: no pack is made before somebody has said that the documenter read exactly these digits; the answer that
Enter gives is No.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Input, Label

from tui.locale import N_, _
from tui.screens.desk.common import InnerScreen
from tui.screens.desk.fingerprint import Fingerprint
from tui.screens.desk.office import OpenDesk
from tui.widgets.paths import PathSuggester, is_file, typed_path

if TYPE_CHECKING:
    from sync.desk.desk import Desk

REQUEST_LIMIT = 65_536


@dataclass(frozen=True, slots=True)
class Request:
    """A request file that was read, and its fingerprint."""

    name: str
    data: bytes
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Written:
    """A pack that was written."""

    path: str
    fingerprint: str
    again: bool


def read_request(path: Path) -> Request:
    """Read a request and check that it proves its keys. Raises what reading a file and `packs.read_request` raise."""
    from collector import files, packs
    from sync.desk import mission

    data = files.read_limited(path, REQUEST_LIMIT)
    packs.read_request(data)
    return Request(path.name, data, mission.request_fingerprint(data))


def write_pack(desk: Desk, request: Request, mission: str, folder: Path) -> Written:
    """Certify the computer and write its pack. Raises what `Desk.enrol` raises, E_DISK_FULL, E_NO_ACCESS."""
    from collector import files

    enrolled = desk.enrol(request.data, request.fingerprint, mission)
    target = folder / f"svidok-{enrolled.serial.hex()[:8]}.pack"
    files.write_durably(target, enrolled.pack)
    return Written(str(target), enrolled.root_fingerprint, enrolled.again)


class EnrolScreen(InnerScreen):
    """One device, from its request to its pack."""

    TITLE_WORDS = N_("Enrol a computer")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "The documenter's computer wrote a request. Let the documenter read its fingerprint aloud to you, over "
            "another way than the one by which the request came, and compare every digit. Otherwise somebody else's "
            "computer could be given your mission."
        ),
        N_("Afterwards read the office's fingerprint to the documenter, who types it in before taking in the pack."),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,right", "other", N_("Choose"), show=False),
    ]

    def __init__(self, office: OpenDesk) -> None:
        super().__init__(office)
        self.request: Request | None = None
        self.written: Written | None = None
        self.refused = False
        self._typed = ""

    def body(self) -> ComposeResult:
        with VerticalScroll(id="page", can_focus=False):
            if self.written is not None:
                yield from self._end(self.written)
            elif self.request is not None:
                yield from self._compare(self.request)
            else:
                yield from self._begin()

    def _begin(self) -> ComposeResult:
        if self.refused:
            yield Label(
                _("Nothing was made. Ask the documenter for a new request, by another way than before."),
                classes="bad",
                markup=False,
            )
        yield Label(_("The file of the request (Enter takes it)"), classes="field-label", markup=False)
        yield Input(self._typed, id="request", suggester=PathSuggester(), select_on_focus=False)
        yield Label("", id="folder-note", markup=False)

    def _compare(self, request: Request) -> ComposeResult:
        yield Label(_("Fingerprint of the request {name}", name=request.name), classes="field-label", markup=False)
        yield Fingerprint(request.fingerprint)
        yield Label(_("Did the documenter read exactly these digits to you?"), classes="dialog-question", markup=False)
        with Horizontal(classes="dialog-buttons"):
            yield Button(_("No"), id="no", variant="primary")
            yield Button(_("Yes, exactly these"), id="yes")

    def _end(self, written: Written) -> ComposeResult:
        words = (
            _("The computer was enrolled already; its pack was written again: {path}", path=written.path)
            if written.again
            else _("The computer is enrolled. Its pack: {path}", path=written.path)
        )
        yield Label(words, classes="good", markup=False)
        yield Label(
            _("Read these digits, the office's fingerprint, aloud to the documenter:"),
            classes="field-label -apart",
            markup=False,
        )
        yield Fingerprint(written.fingerprint)
        yield Button(_("Done"), id="done", variant="primary")

    def on_mount(self) -> None:
        """Ready."""
        self.restored()

    def hold(self) -> None:
        """Remember what was typed."""
        for field in self.query("#request").results(Input):
            self._typed = field.value

    def restored(self) -> None:
        """Stand on what Enter does: the path, No, Done."""
        for name in ("#request", "#no", "#done"):
            for found in self.query(name):
                found.focus()

    def _again(self) -> None:
        async def draw() -> None:
            await self.recompose()
            self.restored()

        self.call_next(draw)

    def action_other(self) -> None:
        """To the other button."""
        self.focus_next()

    # steps

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Read the request."""
        path = typed_path(event.value)
        if event.value.strip():
            self.hold()
            self.work(lambda: read_request(path) if is_file(path) else None, self._have_request)

    def _have_request(self, request: Request | None) -> None:
        if request is None:
            self.query_one("#folder-note", Label).update(_("There is no file of that name."))
            return
        self.request, self.refused = request, False
        self._again()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """No: nothing. Yes: the mission, the folder, the pack. Done: back."""
        if event.button.id == "yes":
            self.ask_desk(lambda desk: [mission.name for mission in desk.missions()], self._choose_mission)
        elif event.button.id == "no":
            self.request, self.refused, self._typed = None, True, ""
            self._again()
        else:
            self.leave()

    def _choose_mission(self, names: list[str]) -> None:
        from tui.screens.dialogs import Choose

        if self.shell.screen is not self:  # the button was pressed twice
            return
        if len(names) == 1:
            self._choose_folder(names[0])
            return
        self.app.push_screen(
            Choose(_("For which mission?"), [(str(place), name) for place, name in enumerate(names)]),
            lambda place: self._choose_folder(names[int(place)]) if place else None,
        )

    def _choose_folder(self, mission: str) -> None:
        from tui.screens.dialogs import AskFolder

        request = self.request

        def chosen(folder: str | None) -> None:
            if folder and request is not None:
                self.ask_desk(lambda desk: write_pack(desk, request, mission, Path(folder)), self._written)

        self.app.push_screen(AskFolder(_("To which folder shall the mission pack go?")), chosen)

    def _written(self, written: Written) -> None:
        self.written = written
        self._again()
