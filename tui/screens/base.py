"""What every screen has: a title line, a body, the line of keys; help, problems, work in the background.

The rule: a screen never waits. What takes longer than a keystroke runs in a thread by `work`, which brings its result
or its coded problem back to the screen. Before the vault closes or the language changes, the screen is asked to
`hold` what is being typed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from schemas.problems import Problem
from tui.locale import N_, _
from tui.widgets.keybar import KeyBar
from tui.widgets.titlebar import TitleBar

if TYPE_CHECKING:
    from tui.screens.shell import Shell

Result = TypeVar("Result")
Outcome = TypeVar("Outcome")
REPORT_SECONDS = 0.1


class Reported(Message):
    """Progress from a thread: what to do on the screen."""

    def __init__(self, show: Callable[[], None]) -> None:
        super().__init__()
        self.show = show


class Held(Screen[Result]):
    """What full screens and dialogs have in common."""

    ALLOW_SELECT = False

    @property
    def shell(self) -> Shell:
        """The application."""
        return cast("Shell", self.app)

    def hold(self) -> None:
        """Keep what is being typed where it is encrypted; called before a lock and before the words change."""

    async def _dispatch_message(self, message: Message) -> None:
        """Textual runs the screen's handlers here; a problem in one is shown and ends nothing."""
        try:
            await super()._dispatch_message(message)
        except Problem as problem:
            self.shell.problem(problem)

    def work(
        self,
        function: Callable[[], Outcome],
        done: Callable[[Outcome], None],
        *,
        failed: Callable[[Problem], None] | None = None,
    ) -> None:
        """Run `function` in a thread, then `done` with its result here; a problem goes to `failed`, else to a dialog.

        Nothing comes back to a screen that has gone meanwhile.
        """
        from tui.screens.problem import coded, show_problem

        def there() -> None:
            try:
                result = function()
            except Exception as error:  # the seam between work and screen: whatever it is becomes a coded problem
                problem = coded(error)
                self.app.call_from_thread(back, lambda: (failed or (lambda p: show_problem(self.app, p)))(problem))
            else:
                self.app.call_from_thread(back, lambda: done(result))

        def back(then: Callable[[], None]) -> None:
            if self.is_attached:
                then()

        self.run_worker(there, thread=True, exit_on_error=False, group="work")

    def reporter(self, show: Callable[[int, int], None]) -> Callable[[int, int], None]:
        """A progress function for a thread: it asks this screen to `show` (done, total), ten times a second at most."""
        last = 0.0

        def report(done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if done >= total or now - last >= REPORT_SECONDS:
                last = now
                self.post_message(Reported(lambda: show(done, total)))

        return report

    def on_reported(self, event: Reported) -> None:
        """Show the progress that a thread reported."""
        event.stop()
        event.show()


class BaseScreen(Held[None]):
    """A full screen. Subclasses give `TITLE_WORDS`, `HELP_WORDS` and `body()`."""

    TITLE_WORDS: ClassVar[str] = ""
    HELP_WORDS: ClassVar[tuple[str, ...]] = ()

    def compose(self) -> ComposeResult:
        yield TitleBar(self.title_text(), self.title_note())
        yield from self.shell.below_title()
        with Vertical(id="body"):
            yield from self.body()
        yield TooSmall()
        yield KeyBar()

    def body(self) -> ComposeResult:
        """The widgets between the title and the keys."""
        yield from ()

    def title_text(self) -> str:
        """The screen's name in the language in use."""
        return _(self.TITLE_WORDS) if self.TITLE_WORDS else ""

    def title_note(self) -> str:
        """What stands at the right of the title."""
        return ""

    def help_text(self) -> list[str]:
        """Paragraphs that F1 shows above the keys."""
        return [_(words) for words in self.HELP_WORDS]

    def resume(self) -> Callable[[Shell], None] | None:
        """How to come back to what is being done here after a lock; None if the first screen will do."""
        return None

    def stays(self) -> bool:
        """Asked when a person ends the program: True where something must be decided first, which then is shown."""
        return False

    async def retranslate(self) -> None:
        """Draw everything again in the language in use."""
        self.hold()
        await self.recompose()
        self.restored()

    def restored(self) -> None:
        """Called after the screen was drawn again; put back what `hold` kept."""


class TooSmall(Widget):
    """Shown in place of everything when the window is smaller than 40 columns or 10 rows."""

    DEFAULT_CSS = "TooSmall { display: none; height: 1fr; content-align: center middle; text-align: center; }"

    def render(self) -> str:
        """The one sentence."""
        return _("Please make this window larger.")


class Dialog(Held[Result], ModalScreen[Result]):
    """A small window above the screen; Escape closes it with the answer that changes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", N_("Close"))]

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
