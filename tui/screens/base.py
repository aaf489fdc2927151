"""What every screen has: a title line, a body, the line of keys; help, problems, work in the background.

The rule: a screen never waits. What takes longer than a keystroke runs in a thread by `work`, which brings its result or its
coded problem back to the screen. Before the vault closes or the language changes, the screen is asked to `hold` what is being typed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from schemas.problems import Problem
from tui.locale import N_, _
from tui.widgets.keybar import KeyBar
from tui.widgets.titlebar import TitleBar

if TYPE_CHECKING:
    from tui.screens.shell import Shell

Result = TypeVar("Result")


class Held:
    """Mixed into screens and dialogs that belong to the shell."""

    if TYPE_CHECKING:

        @property
        def app(self) -> Shell: ...

    def hold(self) -> None:
        """Keep what is being typed where it is encrypted; called before a lock and before the words change."""

    def work(
        self: Widget,  # type: ignore[misc]  # the mixin is only used with widgets
        function: Callable[[], Result],
        done: Callable[[Result], None],
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


class BaseScreen(Held, Screen[None]):
    """A full screen. Subclasses give `TITLE_WORDS`, `HELP_WORDS` and `body()`."""

    ALLOW_SELECT = False
    AUTO_FOCUS = "*"
    TITLE_WORDS: ClassVar[str] = ""
    HELP_WORDS: ClassVar[tuple[str, ...]] = ()
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]]] = [(0, "-tiny"), (40, "-narrow"), (72, "-normal"), (100, "-wide")]
    VERTICAL_BREAKPOINTS: ClassVar[list[tuple[int, str]]] = [(0, "-flat"), (10, "-low"), (20, "-tall")]

    def compose(self) -> ComposeResult:
        yield TitleBar(self.title_text(), self.title_note())
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


class Dialog(Held, ModalScreen[Result]):
    """A small window above the screen; Escape closes it with the answer that changes nothing."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", N_("Close"))]

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
