"""The practice: the real screens of a field machine in a throw-away home, and a strip that says what to do next.

The rule: the strip looks and never stands in the way. Every key does what it does in earnest; one key more passes a
step over. When the program ends here, however, whoever opened the home wipes it.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Label, Static

from collector.field import Field
from schemas.problems import Problem
from tui.locale import N_, _
from tui.practice_home import PracticeHome
from tui.practice_lesson import Lesson, Moment
from tui.screens.base import BaseScreen, Dialog
from tui.screens.interview.screen import InterviewScreen
from tui.screens.shell import Shell
from tui.widgets.spinner import Spinner

LOOK_SECONDS = 0.2
NOW = (
    N_("Take an interview: every answer is kept when it is made, and F1 helps on each screen."),
    N_("Seal it when the person leaves, and write its code on the person's card."),
    N_("Bring it to the office: on the list of interviews, F6 leads to sticks and to the network."),
    N_("Before all that the office has to know your computer: on the list of interviews, F9 leads there."),
)


class Coach(Static):
    """One or two sentences: what to do next. It takes no keys."""

    def __init__(self) -> None:
        super().__init__("", id="coach", markup=False)

    def on_mount(self) -> None:
        """Say what is to be said now."""
        self.say()

    def say(self) -> None:
        """Draw the words of the lesson, if they changed."""
        shell = self.app
        if isinstance(shell, PracticeShell):
            count, words = shell.told
            told = Content.assemble((f"{count}  " if count else "", "$muted"), words)
            if told != self.content:
                self.update(told)


class PracticeStart(BaseScreen):
    """What will happen, and the making of the throw-away home."""

    TITLE_WORDS = N_("Practice")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_("A lesson of ten minutes on the real screens. The witness and the office are invented."),
    )

    def body(self) -> ComposeResult:
        with Center(id="unlock"), Vertical(id="unlock-box"):
            yield Label(_("Practice with an invented witness"), classes="dialog-question", markup=False)
            yield Label(
                _(
                    "You take an interview with Oksana, whom we have invented, and seal it. It takes ten minutes. The "
                    "line at the top says what to do next; ^N there means Ctrl and N together. You cannot break "
                    "anything."
                ),
                markup=False,
            )
            yield Label(
                _(
                    "Please type nothing true here. What you type lies in a throw-away folder, which is overwritten "
                    "and deleted when you leave; after a power cut, when the program starts next."
                ),
                classes="dialog-note",
                markup=False,
            )
            yield Spinner(id="unlock-wait")
            yield Button(_("Begin"), id="unlock-go", variant="primary")

    def on_mount(self) -> None:
        """Enter begins."""
        self.restored()

    def restored(self) -> None:
        """Stand on the button."""
        self.query_one(Spinner).run(False)
        self.query_one(Button).focus()

    def on_button_pressed(self) -> None:
        """Make the home; it takes about a second."""
        shell = self.shell
        if isinstance(shell, PracticeShell) and not self.query_one(Button).disabled:
            self.query_one(Button).disabled = True
            self.query_one(Spinner).run(True)
            self.work(shell.practice.enrol, self._ready, failed=self._failed)

    def _ready(self, field: Field) -> None:
        self.shell.unlocked(field)

    def _failed(self, problem: Problem) -> None:
        self.query_one(Button).disabled = False
        self.restored()
        self.shell.problem(problem)


class PracticeEnd(Dialog[bool]):
    """What the person can do now. The answer: whether to leave."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,right,up,down", "other", N_("Choose"), show=False),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(_("What you can do now"), classes="dialog-question", markup=False)
            for words in NOW:
                yield Label(f"• {_(words)}", markup=False)
            with Horizontal(classes="dialog-buttons"):
                yield Button(_("Look around"), id="stay", variant="primary")
                yield Button(_("Leave and erase the practice"), id="leave")

    def on_mount(self) -> None:
        """Enter alone ends nothing."""
        self.query_one("#stay").focus()

    def action_other(self) -> None:
        """Go to the other button."""
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer."""
        self.dismiss(event.button.id == "leave")


class PracticeShell(Shell):
    """The screens of a throw-away home, with the strip on each of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "go_on", N_("Next step"), priority=True),
    ]

    def __init__(self, practice: PracticeHome) -> None:
        super().__init__(practice.home, "field")
        self.practice = practice
        self.lesson = Lesson()
        self.begun = False
        self._seen: set[str] = set()

    def entrance(self) -> BaseScreen:
        """What will happen."""
        return PracticeStart()

    def on_mount(self) -> None:
        """Look how far the lesson is, several times a second."""
        self.set_interval(LOOK_SECONDS, self.look)

    @property
    def offers_practice(self) -> bool:
        """This is the practice."""
        return False

    @property
    def told(self) -> tuple[str, str]:
        """The number of the step and its words."""
        return self.lesson.count, self.lesson.words(self.practice.passphrase)

    def below_title(self) -> ComposeResult:
        """The strip, once the lesson has begun."""
        if self.begun:
            yield Coach()

    def unlocked(self, opened: object) -> None:
        """The lesson begins, or goes on after a lock."""
        self.begun = True
        super().unlocked(opened)  # type: ignore[arg-type]  # what a profile opens

    def look(self) -> None:
        """Tell the lesson what can be seen, and the strip what to say."""
        self._seen |= {type(screen).__name__ for screen in self.screen_stack}
        full = [screen for screen in self.screen_stack if isinstance(screen, BaseScreen)]
        if not full or not self.begun:
            return
        interview = next((screen for screen in reversed(full) if isinstance(screen, InterviewScreen)), None)
        cursor = None if interview is None else interview.cursor
        field = self.opened if isinstance(self.opened, Field) else None
        self.lesson.look(
            Moment(
                screen=type(full[-1]).__name__,
                interview=None if interview is None else interview.interview,
                section="" if interview is None or cursor is None else str(interview.view.section_of(cursor)[0]),
                seen=frozenset(self._seen),
                sealed=field is not None and any(row.state == "sealed" for row in field.interviews()),
            )
        )
        for screen in full:
            for coach in screen.query(Coach):
                coach.say()

    async def on_event(self, event: events.Event) -> None:
        """Look at once after a key."""
        await super().on_event(event)
        if isinstance(event, events.Key):
            self.call_later(self.look)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is a next step while the lesson lasts, on full screens."""
        if action == "go_on":
            return self.begun and self.opened is not None and isinstance(self.screen, BaseScreen)
        return super().check_action(action, parameters)

    def action_go_on(self) -> None:
        """Pass a step over; after the last one, say what can be done now."""
        self.lesson.skip()
        self.look()
        if self.lesson.over:

            def decided(leave: bool | None) -> None:
                if leave:
                    self.call_later(self.leave_now)

            self.push_screen(PracticeEnd(), decided)
