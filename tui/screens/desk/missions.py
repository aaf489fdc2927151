"""Missions of this desk, their receivers, its fingerprint, and the way to new ones and to enrolment.

The rule: a receiver's card is taken when somebody has said that its digits were compared; what has to be carried to the
receiver afterwards is said at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.locale import N_, _, ngettext
from tui.screens.desk.cards import Card, compare_text, read_card
from tui.screens.desk.common import InnerScreen, Parts
from tui.screens.desk.fingerprint import Fingerprint
from tui.screens.desk.office import OpenDesk
from tui.screens.texts import time_text

if TYPE_CHECKING:
    from sync.desk.desk import Desk
    from sync.desk.mission import Mission
    from sync.desk.receivers import Receiver
    from sync.desk.tokens import Written

TOKENS = "svidok-tokens"


@dataclass(frozen=True, slots=True)
class Founded:
    """What the desk has founded, and whether receivers need the newest list of tokens."""

    missions: list[Mission]
    receivers: list[Receiver]
    list_needed: bool
    fingerprint: str


def founded(desk: Desk) -> Founded:
    """Look."""
    return Founded(desk.missions(), desk.receivers(), desk.list_needed, desk.fingerprint)


class MissionsScreen(InnerScreen):
    """What this desk has founded."""

    TITLE_WORDS = N_("Missions")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "A mission has its own keys and its forms. Every field computer is enrolled into one mission and gets its "
            "mission pack on a stick."
        ),
        N_(
            "A receiver takes volumes only for tokens that it knows. Whenever computers were enrolled or got a new "
            "pack, write the list of tokens and let whoever runs the receiver take it in."
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f3", "new", N_("New mission")),
        Binding("f5", "enrol", N_("Enrol a computer")),
        Binding("f6", "receiver", N_("Add a receiver")),
        Binding("f7", "tokens", N_("Write the token list")),
    ]

    def __init__(self, office: OpenDesk) -> None:
        super().__init__(office)
        self.missions: list[Mission] | None = None
        self.receivers: list[Receiver] = []
        self.list_needed = False
        self.fingerprint = ""
        self.note = ""

    def body(self) -> ComposeResult:
        with VerticalScroll(id="page", can_focus=True):
            yield Static(id="missions")
            if self.fingerprint:
                yield Static(_("Fingerprint of the office"), classes="field-label", markup=False)
                yield Fingerprint(self.fingerprint)

    def on_screen_resume(self) -> None:
        """Look again whenever this screen is shown."""
        if self.is_mounted and self.shell.opened is not None:
            self._look()

    def _look(self) -> None:
        self.ask_desk(founded, self._found)

    def _found(self, found: Founded) -> None:
        self.missions, self.receivers, self.list_needed = found.missions, found.receivers, found.list_needed
        if found.fingerprint != self.fingerprint:
            self.fingerprint = found.fingerprint
            self.call_next(self.retranslate)
        else:
            self.restored()

    def restored(self) -> None:
        """Draw the list."""
        if self.missions is None:
            return
        parts: Parts = [] if self.missions else [_("This desk has no mission yet. F3 founds one."), "\n"]
        for mission in self.missions:
            since = _(
                "founded {time}, packs valid until {end}",
                time=time_text(mission.created),
                end=time_text(mission.expires),
            )
            parts += [("▪ ", "$primary"), (mission.name, "bold"), (f"\n  {since}", "$muted"), "\n"]
            for receiver in self.receivers:
                if mission.name in receiver.missions:
                    parts += ["  ", (receiver.card.url, "$primary"), (f"\n  {receiver.fingerprint}", "$muted"), "\n"]
                elif mission.name in receiver.left:
                    still = _("in no new pack; it is fetched from until it is forgotten")
                    parts += ["  ", (receiver.card.url, "$muted"), (f"\n  {still}", "$muted"), "\n"]
        if self.note:
            parts += ["\n", ("✓ ", "$success"), self.note, "\n"]
        if self.list_needed:
            needed = _("The receiver needs the newest list of tokens. F7 writes it.")
            parts += ["\n", ("! ", "$warning"), needed, "\n"]
        self.query_one("#missions", Static).update(Content.assemble(*parts[:-1]))
        self.query_one("#page").focus()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enrol into something; tokens are for receivers."""
        if action in ("enrol", "receiver"):
            return bool(self.missions)
        return bool(self.receivers) if action == "tokens" else True

    def action_new(self) -> None:
        """Found a mission."""
        from tui.screens.desk.founding import FoundingScreen

        self.app.push_screen(FoundingScreen(self.office))

    def action_enrol(self) -> None:
        """Enrol a field computer."""
        from tui.screens.desk.enrol import EnrolScreen

        self.app.push_screen(EnrolScreen(self.office))

    # receivers

    def action_receiver(self) -> None:
        """Ask for the mission, for the card, and whether its digits were compared."""
        from tui.screens.dialogs import Choose

        names = [mission.name for mission in self.missions or ()]
        if len(names) == 1:
            self._ask_card(names[0])
            return
        self.app.push_screen(
            Choose(_("For which mission?"), [(str(place), name) for place, name in enumerate(names)]),
            lambda place: self._ask_card(names[int(place)]) if place else None,
        )

    def _ask_card(self, mission: str) -> None:
        from tui.screens.dialogs import AskFolder

        def chosen(path: str | None) -> None:
            if path:
                self.work(lambda: read_card(Path(path)), lambda card: self._compare(mission, card))

        self.app.push_screen(AskFolder(_("Which file is the receiver's card?"), files_too=True), chosen)

    def _compare(self, mission: str, card: Card | None) -> None:
        from tui.screens.dialogs import Confirm

        if card is None or self.shell.screen is not self:
            return

        def added(receiver: Receiver) -> None:
            self.note = _(
                "{url} was added. Computers learn of it by a new pack: F5 with their old request writes it.",
                url=receiver.card.url,
            )
            self._look()

        def decided(yes: bool | None) -> None:
            if yes:
                self.ask_desk(lambda desk: desk.receiver_add(card.data, mission), added)

        question, answer = _("Does the receiver show exactly these digits?"), _("Yes, exactly these")
        self.app.push_screen(Confirm(question, compare_text(card), answer), decided)

    def action_tokens(self) -> None:
        """Ask where, then write the newest list of tokens."""
        from tui.screens.desk.copying import AskTarget

        self.app.push_screen(
            AskTarget(
                _("Where shall the list of tokens be written?"),
                _("It holds no secret: with it a receiver knows which uploads are yours, and nothing of whom."),
                TOKENS,
            ),
            lambda path: self._write_tokens(Path(path)) if path else None,
        )

    def _write_tokens(self, path: Path) -> None:
        def write(desk: Desk) -> Written:
            from collector import files

            written = desk.tokens_write()
            files.write_durably(path, written.data)
            return written

        def done(written: Written) -> None:
            words = ngettext("{count} token in {path}.", "{count} tokens in {path}.", written.tokens, path=path)
            give = _("Give it to whoever runs the receiver, who takes it in with: {command}", command=_accept(path))
            self.note = f"{words} {give}"
            self._look()

        self.ask_desk(write, done)


def _accept(path: Path) -> str:
    return f"svidok receiver accept {path.name}"
