"""A new mission: its name, the forms that travel with it, and the receivers that its computers may send to.

The rule: a form is read and checked when it is added, so that a mission is founded only with forms that run.
A receiver's card is taken when its digits were compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from schemas.problems import Problem
from tui.locale import N_, _
from tui.screens.desk.cards import Card, compare_text, read_card
from tui.screens.desk.common import InnerScreen
from tui.screens.desk.office import OpenDesk
from tui.widgets.paths import PathSuggester, is_file, typed_path

if TYPE_CHECKING:
    from sync.desk.desk import Founded
    from sync.desk.mission import ReadForm

LONGEST = 120


def shipped() -> list[ReadForm]:
    """The forms that come with the program."""
    from schemas.forms import shipped_forms
    from sync.desk import mission

    return [mission.ReadForm(mission.checked(form.xform)) for form in shipped_forms()]


def read(path: Path) -> ReadForm | None:
    """A form from a file; None when there is no such file. Raises E_FORM_*."""
    from sync.desk import mission

    return mission.read_form(path) if is_file(path) else None


class FoundingScreen(InnerScreen):
    """Name, forms, receivers."""

    TITLE_WORDS = N_("New mission")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "Without files of your own the form that comes with the program is used. Add XLSForms (.xlsx, .xls, .md, "
            ".csv) or XForms (.xml) to use these instead."
        ),
        N_(
            "With the card of a receiver, computers of this mission can send over the network. A receiver can be added "
            "later as well."
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "found", N_("Found the mission")),
        Binding("delete", "drop", N_("Leave out this line")),
    ]

    def __init__(self, office: OpenDesk) -> None:
        super().__init__(office)
        self.forms: list[ReadForm] = []
        self.cards: list[Card] = []
        self.name_typed = ""
        self.working = False

    def body(self) -> ComposeResult:
        with VerticalScroll(id="page", can_focus=False):
            yield Label(_("Name of the mission"), classes="field-label", markup=False)
            yield Input(self.name_typed, id="mission-name", max_length=LONGEST, select_on_focus=False)
            yield Label(_("A form of your own (Enter adds it)"), classes="field-label", markup=False)
            yield Input(id="form", suggester=PathSuggester(), select_on_focus=False)
            yield Label("", id="folder-note", markup=False)
            yield OptionList(id="forms")
            yield Static(id="shipped", classes="field-label")
            yield Label(_("The card of a receiver (Enter adds it)"), classes="field-label", markup=False)
            yield Input(id="receiver-card", suggester=PathSuggester(), select_on_focus=False)
            yield Label("", id="card-note", markup=False)
            yield OptionList(id="receiver-cards")

    def on_mount(self) -> None:
        """Ready."""
        self.restored()
        self.query_one("#mission-name").focus()

    def hold(self) -> None:
        """Remember what was typed."""
        self.name_typed = self.query_one("#mission-name", Input).value

    def restored(self) -> None:
        """Draw the forms."""
        options = self.query_one("#forms", OptionList)
        options.clear_options()
        for form in self.forms:
            parts = [("▪ ", "$primary"), (form.source.id, "bold"), (f"  {form.source.version}", "$muted")]
            options.add_option(
                Option(Content.assemble(*parts, *((f"\n  ! {warning}", "$warning") for warning in form.warnings)))
            )
        options.display = bool(self.forms)
        cards = self.query_one("#receiver-cards", OptionList)
        cards.clear_options()
        cards.add_options(
            [
                Option(Content.assemble(("▪ ", "$primary"), (card.url, "bold"), (f"\n  {card.fingerprint}", "$muted")))
                for card in self.cards
            ]
        )
        cards.display = bool(self.cards)
        words = "" if self.forms else _("Without a file of your own: the form that comes with the program.")
        self.query_one("#shipped", Static).update(Content(words))
        self.refresh_bindings()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """From the name to the forms; add a form."""
        if event.input.id == "mission-name":
            self.query_one("#form").focus()
        elif event.value.strip():
            path = typed_path(event.value)
            if event.input.id == "receiver-card":
                self.work(lambda: read_card(path), self._compare)
            else:
                self.work(lambda: read(path), self._add)

    def _compare(self, card: Card | None) -> None:
        from tui.screens.dialogs import Confirm

        note = self.query_one("#card-note", Label)
        note.update(_("There is no file of that name.") if card is None else "")
        if card is None or self.shell.screen is not self:
            return

        def decided(yes: bool | None) -> None:
            if yes:
                self.query_one("#receiver-card", Input).value = ""
                self.cards.append(card)
                self.restored()

        question, answer = _("Does the receiver show exactly these digits?"), _("Yes, exactly these")
        self.app.push_screen(Confirm(question, compare_text(card), answer), decided)

    def _add(self, form: ReadForm | None) -> None:
        note = self.query_one("#folder-note", Label)
        if form is None:
            note.update(_("There is no file of that name."))
            return
        note.update("")
        self.query_one("#form", Input).value = ""
        self.forms.append(form)
        self.restored()

    def on_input_changed(self) -> None:
        """Founding needs a name."""
        self.refresh_bindings()

    def on_descendant_focus(self) -> None:
        """Forms can be left out when the list has the cursor."""
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Found when there is a name."""
        if not self.is_mounted or self.working:
            return False
        if action == "found":
            return bool(self.query_one("#mission-name", Input).value.strip())
        if action == "drop":
            return self._list_in_hand() is not None
        return True

    def _list_in_hand(self) -> tuple[OptionList, list[ReadForm] | list[Card]] | None:
        """The list under the cursor and what it shows, if there is something in it."""
        for name, lines in (("#forms", self.forms), ("#receiver-cards", self.cards)):
            options = self.query_one(name, OptionList)
            if lines and options.has_focus:
                return options, lines
        return None

    def action_drop(self) -> None:
        """Leave out the form or the card under the cursor."""
        found = self._list_in_hand()
        if found is not None:
            options, lines = found
            if options.highlighted is not None and options.highlighted < len(lines):
                del lines[options.highlighted]
                self.restored()

    def action_found(self) -> None:
        """Found it."""
        name, forms = self.query_one("#mission-name", Input).value.strip(), list(self.forms)
        cards = [card.data for card in self.cards]
        self.working = True
        self.refresh_bindings()

        def done(founded: Founded) -> None:
            self.notify(_("The mission {name} is founded.", name=founded.mission.name), markup=False)
            self.leave()

        def failed(problem: Problem) -> None:
            self.working = False
            self.refresh_bindings()
            self.shell.problem(problem)

        self.ask_desk(
            lambda desk: desk.mission_new(name, [form.source for form in forms or shipped()], cards=cards),
            done,
            failed=failed,
        )
