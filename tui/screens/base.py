"""What every screen has: a title line, a body, the line of keys; help, problems, work in the background.

The rule: a screen never waits. What takes longer than a keystroke runs in a thread by `work`, which brings its result
or its coded problem back to the screen. Before the vault closes or the language changes, the screen is asked to
`hold` what is being typed. A screen is left once, however many keys were on their way to it: what stands below is
never closed by a key that was meant for what stood above.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.timer import Timer, TimerCallback
from textual.widget import Widget
from textual.widgets import Input

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

    def __init__(self) -> None:
        super().__init__()
        self._put_off: list[Callable[[], object]] = []

    @property
    def shell(self) -> Shell:
        """The application."""
        return cast("Shell", self.app)

    @property
    def at_work(self) -> bool:
        """Whether something goes on here that a lock would break off. It shows nothing of a testimony meanwhile."""
        return False

    def hold(self) -> None:
        """Keep what is being typed where it is encrypted; called before a lock and before the words change."""

    _drawing: int = 0

    async def recompose(self) -> None:
        """Draw everything anew. Nothing stands there meanwhile: timers and threads wait until it does."""
        self._drawing += 1
        try:
            await super().recompose()
        finally:
            self._drawing -= 1
            put_off, self._put_off = self._put_off, []
            for act in put_off:
                self.call_later(self._now_or_drawn, act)

    def _now_or_drawn(self, act: Callable[[], object]) -> object:
        if not self._drawing:
            return act()
        self._put_off.append(act)
        return None

    def _when_drawn(self, callback: TimerCallback | None) -> TimerCallback | None:
        """What a timer is to do, as soon as everything stands there."""
        if callback is None:
            return None

        def act() -> Awaitable[object] | object:
            if not self._drawing:
                return callback()
            if callback not in self._put_off:
                self._put_off.append(callback)
            return None

        return act

    def set_timer(
        self, delay: float, callback: TimerCallback | None = None, *, name: str | None = None, pause: bool = False
    ) -> Timer:
        """Do something later, but never while nothing stands there."""
        return super().set_timer(delay, self._when_drawn(callback), name=name, pause=pause)

    def set_interval(
        self,
        interval: float,
        callback: TimerCallback | None = None,
        *,
        name: str | None = None,
        repeat: int = 0,
        pause: bool = False,
    ) -> Timer:
        """Do something again and again, but never while nothing stands there."""
        return super().set_interval(interval, self._when_drawn(callback), name=name, repeat=repeat, pause=pause)

    async def _dispatch_message(self, message: Message) -> None:
        """Textual runs the screen's handlers here; a problem in one is shown and ends nothing."""
        if self._drawing and isinstance(message, Reported):
            self._put_off.append(message.show)
            return
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
        lost: Callable[[Outcome], None] | None = None,
        part: Widget | None = None,
    ) -> None:
        """Run `function` in a thread, then `done` with its result here; a problem goes to `failed`, else to a dialog.

        Nothing comes back to a screen, or the `part` of it, that has gone meanwhile: in another language stands another
        one. What has to be put away all the same is given to `lost`.
        """
        from tui.screens.problem import coded, show_problem

        def there() -> None:
            try:
                result = function()
            except Exception as error:  # the seam between work and screen: whatever it is becomes a coded problem
                problem = coded(error)
                self.app.call_from_thread(back, lambda: (failed or (lambda p: show_problem(self.app, p)))(problem))
            else:
                self.app.call_from_thread(back, lambda: done(result), lambda: lost(result) if lost else None)

        def back(then: Callable[[], None], otherwise: Callable[[], None] = lambda: None) -> None:
            if self.is_attached and self._drawing:
                self._put_off.append(lambda: back(then, otherwise))
            else:
                (then if (part or self).is_attached else otherwise)()

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

    def leave(self) -> None:
        """Back to the screen below, with whatever stands above; harmless when this screen has gone already."""
        while self in self.app.screen_stack:
            self.app.pop_screen()

    def stays(self) -> bool:
        """Asked when a person ends the program: True where something must be decided first, which then is shown."""
        return False

    async def retranslate(self) -> None:
        """Draw everything again in the language in use."""
        self.hold()
        typed = {field.id: field for field in self.query(Input) if field.id and field.value}
        at = self.focused.id if isinstance(self.focused, Input) else None
        await self.recompose()
        self.restored()
        for field in self.query(Input):
            before = typed.get(field.id or "")
            if before is not None and not field.value:
                field.value, field.cursor_position = before.value, before.cursor_position
            if at is not None and field.id == at:
                field.select_on_focus = False  # the cursor stays where it was
                field.focus()  # after the one that `restored` may have asked for

    def restored(self) -> None:
        """Called after the screen was drawn again; put back what `hold` kept. Lines that are empty then get what was
        typed in them.
        """


class TooSmall(Widget):
    """Covers everything when the window is smaller than 40 columns or 10 rows. What lies below keeps the cursor: what
    is typed meanwhile arrives where it was meant to.
    """

    DEFAULT_CSS = """
    TooSmall { display: none; layer: above; width: 100%; height: 100%; background: $background;
        content-align: center middle; text-align: center; }
    """

    def render(self) -> str:
        """The one sentence."""
        return _("Please make this window larger.")


class Dialog(Held[Result], ModalScreen[Result]):
    """A small window above the screen; Escape closes it with the answer that changes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", N_("Close"))]

    def on_mount(self) -> None:
        """A dialog may stand in a window that is made too small."""
        self.mount(TooSmall())

    def on_resize(self) -> None:
        """What has the cursor is seen in a lower window too."""
        if self.focused is not None:
            self.call_after_refresh(self.focused.scroll_visible, animate=False)

    leaving: bool = False
    """Whether it asks something because a person wants to leave."""
    _answer: tuple[Result | None] | None = None

    @property
    def passing(self) -> bool:
        """Whether something is typed here that a lock does not keep."""
        return any(line.value.strip() for line in self.query(Input))

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close with an answer, once; under another dialog as soon as that has gone."""
        if self.app.screen is self:
            return super().dismiss(result)
        if self in self.app.screen_stack:
            self._answer = (result,)
        return AwaitComplete()

    def on_screen_resume(self) -> None:
        """The dialog above has gone."""
        if self._answer is not None:
            answer, self._answer = self._answer, None
            self.dismiss(*answer)
