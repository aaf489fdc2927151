"""The first screen: the passphrase opens the vault, or makes a new one.

The rule: checking a passphrase costs about a second and a gigabyte on purpose, in a thread; the screen stays alive,
and the field is emptied whatever the outcome.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Vertical
from textual.widgets import Button, Input, Label

from schemas.problems import Problem
from tui.locale import N_, _
from tui.screens.base import BaseScreen
from tui.screens.hide import HideScreen
from tui.screens.profiles import Opened, home_exists
from tui.widgets.spinner import Spinner


class UnlockScreen(BaseScreen):
    """Passphrase field; wrong ones show the coded problem below it."""

    TITLE_WORDS = ""
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_("Everything that was written down on this computer is encrypted. The passphrase is the only way in."),
        N_("Opening takes about a second on purpose: it makes guessing expensive. There is no limit of attempts."),
    )

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f5", "practise", N_("Practice"))]

    def __init__(self, note: str = "") -> None:
        super().__init__()
        self.note = note
        self.problem: Problem | None = None
        self._waiting: str | None = None

    @property
    def fresh(self) -> bool:
        """Whether there is no home yet."""
        return not home_exists(self.shell.home)

    def body(self) -> ComposeResult:
        with Center(id="unlock"), Vertical(id="unlock-box"):
            yield Label(_("Make a new vault") if self.fresh else _("Open the vault"), classes="dialog-question")
            if self.fresh:
                yield Label(
                    _(
                        "Choose at least six words that nobody would guess together. Write them down for the office "
                        "only: without them nobody can ever open this vault."
                    ),
                    markup=False,
                )
                if self.shell.offers_practice:
                    yield Label(
                        _("New here? F5 opens a practice with an invented witness. Nothing of it is kept."),
                        id="unlock-practice",
                        markup=False,
                    )
            if self.note:
                yield Label(self.note, id="unlock-note", markup=False)
            yield Label(_("Passphrase"), classes="field-label", markup=False)
            yield Input(password=True, id="passphrase")
            if self.fresh:
                yield Label(_("The same again"), classes="field-label", markup=False)
                yield Input(password=True, id="again")
            yield Label("", id="unlock-problem", markup=False)
            yield Spinner(id="unlock-wait")
            yield Button(_("Make") if self.fresh else _("Open"), id="unlock-go", variant="primary")

    def on_mount(self) -> None:
        """Ready for typing."""
        self.restored()

    def restored(self) -> None:
        """Show the waiting sign only while waiting."""
        self._show_waiting()
        self.query_one("#passphrase").focus()
        self._show_problem()

    def _show_waiting(self) -> None:
        """While the vault is opened, nothing can be typed that would open it again."""
        waits = self._waiting is not None
        for field in self.query(Input):
            field.disabled = waits
        self.query_one("#unlock-go").disabled = waits
        self.query_one(Spinner).run(waits)
        if self._waiting is not None:
            self._say(_(self._waiting))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Practice is offered to somebody who begins."""
        return self.fresh and self.shell.offers_practice if action == "practise" else True

    async def action_practise(self) -> None:
        """Leave for the lesson."""
        await self.shell.practise()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes to the next field, or opens."""
        if self.fresh and event.input.id == "passphrase":
            self.query_one("#again").focus()
        else:
            self._go()

    def on_button_pressed(self) -> None:
        """Open."""
        self._go()

    def _say(self, words: str) -> None:
        self.query_one("#unlock-problem", Label).update(words)

    def _show_problem(self) -> None:
        if self.problem is not None:
            from tui.locale import problem_sentences

            what, safe, remedy = problem_sentences(self.problem)
            self._say(f"{what} {safe}\n{remedy}\n{self.problem.code}")

    def _go(self) -> None:
        first = self.query_one("#passphrase", Input)
        if first.disabled or not first.value:
            return
        passphrase, fresh = first.value, self.fresh
        if fresh and not self._good(passphrase):
            return
        for field in self.query(Input):
            field.value = ""
        self.problem = None
        self._waiting = N_("Making the vault …") if fresh else N_("Opening the vault …")
        self._show_waiting()
        home, profile, opening = self.shell.home, self.shell.profile, self.shell.opening
        act = profile.create if fresh else profile.open
        self.work(
            lambda: opening(lambda: act(home, passphrase), lambda: self.is_attached),
            self._opened,
            failed=self._refused,
            lost=lambda opened: opened.close(),
        )

    def _good(self, passphrase: str) -> bool:
        from collector import passphrase as rules

        try:
            rules.check(passphrase)
        except Problem as problem:
            self._refused(problem)
            return False
        if passphrase == self.query_one("#again", Input).value:
            return True
        for field in self.query(Input):
            field.value = ""
        self.problem = None
        self._say(_("The two are not the same. Nothing was made yet; type both again."))
        self.query_one("#passphrase").focus()
        return False

    def _opened(self, opened: Opened) -> None:
        if isinstance(self.shell.screen, HideScreen):  # hidden meanwhile: the passphrase is asked for again
            opened.close()
        else:
            self.shell.unlocked(opened)

    def _refused(self, problem: Problem) -> None:
        self.problem, self._waiting = problem, None
        self.restored()
