"""The application: which screen is shown, the lock, the language, help, and what happens when something fails.

The rule: while the vault is closed, nothing of it is on any screen or in any widget: a lock first lets the screens
hold what is being typed, then closes the vault and throws every screen away. Nothing typed or shown leaves this
process: no clipboard of the terminal, no window title, no screenshot, no words in a crash report.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen

from schemas.problems import Problem
from tui import appearance
from tui.locale import N_, _, current_language, languages, problem_sentences, set_language
from tui.screens.base import BaseScreen, Dialog, Held
from tui.screens.cover import Cover
from tui.screens.hide import HideScreen
from tui.screens.idleness import CHECK_SECONDS, Idleness
from tui.screens.key_order import KeyOrder
from tui.screens.pasting import pasted, terminal_driver
from tui.screens.problem import coded, show_problem
from tui.screens.profiles import Opened, Opening, Profile, profile
from tui.screens.unlock import UnlockScreen
from tui.theme import MONO, MONO_STYLE, PLAIN, STYLE, THEMES, theme_for
from tui.theme.terminal import fit

if TYPE_CHECKING:
    from collector.field import Field
    from tui.screens.sending import Network

SIGN_SECONDS = 1.0


class Shell(App[None]):
    """The screens of one home. `clock` counts seconds, for the idle lock and for keys that are pressed twice."""

    TITLE = "Svidok"
    ALLOW_SELECT = False
    ENABLE_COMMAND_PALETTE = False
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = set()
    CSS_PATH: ClassVar[list[str | PurePath]] = [STYLE, MONO_STYLE]
    sign: reactive[str] = reactive("")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", N_("Help"), priority=True),
        Binding("ctrl+p", "commands", N_("Commands"), priority=True),
        Binding("f2", "language", N_("Language"), priority=True),
        Binding("f4", "lock", N_("Lock"), priority=True),
        Binding("f10", "hide", N_("Clock"), priority=True),
        Binding("ctrl+l", "hide", N_("Clock, where the terminal keeps F10"), show=False, priority=True),
        Binding("f12", "panic", N_("Twice: seal everything and lock"), show=False, priority=True),
        Binding("f12", "put_away", N_("Twice: lock"), show=False, priority=True),
        Binding("ctrl+q", "quit", N_("Quit"), priority=True),
        Binding("ctrl+t", "colours", N_("Colours"), show=False, priority=True),
        Binding("ctrl+c", "nothing", show=False),
    ]

    def __init__(self, home: Path, profile_name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(driver_class=terminal_driver())
        self.HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (40, "-narrow"), (72, "-normal"), (100, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-flat"), (10, "-low"), (20, "-tall")]
        self.animation_level = "none"
        self.home = home
        self.profile: Profile = profile(profile_name)
        self.opened: Opened | None = None
        self._network: Network | None = None
        self._send_on = False
        self._language_chosen = False
        self.clock = clock
        self.idleness = Idleness(self, clock)
        self.leaving = False
        self.practice_wanted = False
        self.resume: Callable[[Shell], None] | None = None
        self.cover = Cover(self)
        self.opening = Opening()
        self.keys = KeyOrder(self, self._deliver)
        for theme in THEMES:
            self.register_theme(theme)
        chosen = appearance.load(home)
        if chosen.language in languages():
            set_language(chosen.language)
        fit(self, os.environ)
        self.theme = theme_for(self.console.color_system, chosen.colours, no_color=self.no_color)

    def on_mount(self) -> None:
        """Ask for the passphrase; watch for idleness."""
        self._leave_on_signals()
        self.push_screen(self.entrance())
        self.set_interval(CHECK_SECONDS, self.look_whether_idle)
        self.set_interval(SIGN_SECONDS, self.look_at_network)

    def entrance(self) -> BaseScreen:
        """The screen that is shown first."""
        return UnlockScreen()

    # opening and locking

    def unlocked(self, opened: Opened) -> None:
        """The home is open: show its first screen, and what was being done before the lock."""
        self.opened, self.leaving = opened, False
        if self._language_chosen:  # perhaps before there was a home that could keep it
            appearance.save(self.home, current_language(), self.theme)
        self._network = self.profile.network(opened)
        send_on, self._send_on = self._send_on, False
        if send_on and self._network is not None and self._network.may_connect:
            self._network.send()
        self.idleness.stir()
        self.show_first()  # a help that was opened while the passphrase was checked
        self.switch_screen(self.profile.first_screen(opened))
        resume, self.resume = self.resume, None
        if resume is not None:
            self.call_later(resume, self)

    async def action_lock(self) -> None:
        """Close the vault now; what was being typed is kept inside it."""
        await self.lock()

    async def lock(self, why: str = "") -> None:
        """Hold, close, forget. The unlock screen says why, and what is kept."""
        if self.opened is None:
            return
        kept = _("What you were typing is kept.")
        if any(screen.passing for screen in self.screen_stack if isinstance(screen, Dialog)):
            kept = _("Answers are kept. What was typed in the small window is not: type it anew.")
        note = f"{why or _('Locked.')} {kept}"
        self.remember_place()
        self.clear_notifications()
        try:
            self.put_away()
        except Problem as problem:
            note = " ".join((_("Locked. What was typed last could not be kept."), problem_sentences(problem)[0]))
        await self.only_screen(UnlockScreen(note))
        self.forget()

    def remember_place(self) -> None:
        """What is being done now is gone on with after the next opening."""
        if self.opened is not None:
            resumes = [screen.resume() for screen in self.screen_stack if isinstance(screen, BaseScreen)]
            self.resume = next((act for act in reversed(resumes) if act is not None), None)

    async def action_hide(self) -> None:
        """Cover everything with a clock."""
        await self.cover.hide()

    async def action_panic(self) -> None:
        """Seal everything and lock, when pressed twice."""
        await self.cover.panic()

    async def action_put_away(self) -> None:
        """The same keys where there is nothing to seal."""
        await self.cover.panic()

    def _hold_all(self) -> None:
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Held):
                screen.hold()

    async def only_screen(self, fresh: Screen[Any]) -> None:
        """Put a screen in the place of all that are there."""
        while len(self.screen_stack) > 2:
            await self.pop_screen()
        await self.switch_screen(fresh)

    def forget(self) -> None:
        """Let go of text that was shown: the copy buffer and the caches of measured strings."""
        from rich.cells import cached_cell_len

        self._clipboard = ""
        self.call_later(self.clear_notifications)  # after what is still on its way
        cached_cell_len.cache_clear()

    async def look_whether_idle(self) -> None:
        """Lock when nobody seems to be there."""
        await self.idleness.look()

    async def on_event(self, event: events.Event) -> None:
        """Notice that a person is there; keys and clicks are handled in their order."""
        if isinstance(event, events.Key | events.MouseDown | events.Paste):
            self.idleness.stir()
        if isinstance(event, events.InputEvent | events.Paste) and not event.is_forwarded:
            await self.keys.take(event)
        else:
            await super().on_event(event)

    async def _deliver(self, event: events.Event) -> None:
        if isinstance(event, events.Paste) and not isinstance(self.screen, HideScreen):
            event = pasted(self, event)
        await super().on_event(event)

    async def action_quit(self) -> None:
        """Leave, unless the screen has something to decide first; asked a second time, leave all the same."""
        asked = [screen for screen in reversed(self.screen_stack) if isinstance(screen, BaseScreen)]
        again = isinstance(self.screen, Dialog) and self.screen.leaving
        if self.opened is None or self.leaving or again or not any(screen.stays() for screen in asked):
            await self.leave_now()

    async def leave_now(self) -> None:
        """Leave; the vault is closed first. What cannot be kept is shown, and the next time leaves all the same."""
        if self.opened is not None and not self.leaving:
            self.leaving = True
            self._hold_all()
        with contextlib.suppress(Problem):
            self.put_away()
        self.exit()

    def put_away(self, close: Callable[[Opened], None] | None = None) -> None:
        """Hold what is being typed and close the vault (by `close`); harmless when it is closed."""
        if self.opened is not None:
            opened, self.opened = self.opened, None
            network, self._network = self._network, None
            try:
                self._hold_all()
            finally:
                if network is not None:
                    self._send_on = network.unfinished
                    network.close()
                (close or type(opened).close)(opened)

    def on_unmount(self) -> None:
        """However the application ends, the vault is closed."""
        with contextlib.suppress(Problem):
            self.put_away()

    def _leave_on_signals(self) -> None:
        """A lost connection or a shutdown is a way of leaving: nothing that was typed is dropped."""
        loop = asyncio.get_running_loop()
        for name in ("SIGHUP", "SIGTERM", "SIGINT", "SIGQUIT"):
            if hasattr(signal, name) and threading.current_thread() is threading.main_thread():
                with contextlib.suppress(NotImplementedError):
                    loop.add_signal_handler(getattr(signal, name), lambda: self.call_later(self._leave))

    async def _leave(self, looks: int = 100) -> None:
        """Leave when the keys that are still on their way have arrived."""
        if self.keys.under_way and looks:
            self.set_timer(0.01, partial(self._leave, looks - 1))
        else:
            await self.leave_now()

    @property
    def field(self) -> Field:
        """The open field machine. Raises E_VAULT_CLOSED while the vault is closed."""
        if self.opened is None:
            raise Problem("E_VAULT_CLOSED")
        return cast("Field", self.opened)

    @property
    def network(self) -> Network:
        """The network of the open field machine. Raises E_VAULT_CLOSED while the vault is closed."""
        if self._network is None:
            raise Problem("E_VAULT_CLOSED")
        return self._network

    def look_at_network(self) -> None:
        """Try by itself when that was chosen; show in the title line whether something is being sent."""
        if self._network is not None:
            self._network.look()
        self.sign = self.cover.sign or ("" if self._network is None else self._network.sign)

    def show_first(self) -> None:
        """Back to the profile's first screen."""
        while len(self.screen_stack) > 2:
            self.pop_screen()

    # practice

    @property
    def offers_practice(self) -> bool:
        """Whether the lesson with an invented witness is offered: to documenters, before their first interview."""
        return self.profile.name == "field"

    async def practise(self) -> None:
        """Leave for the lesson; the vault is closed meanwhile."""
        self.practice_wanted = True
        await self.leave_now()

    def below_title(self) -> ComposeResult:
        """What stands on every screen below its title."""
        yield from ()

    # everywhere

    def watch_theme(self, name: str) -> None:
        """Without colours other signs of emphasis take their place."""
        self.set_class(name == MONO.name, "-mono")
        self.set_class(name == PLAIN.name, "-sixteen")

    def action_help(self) -> None:
        """Help for the screen that is shown."""
        from tui.screens.help import HelpDialog

        screen = self.screen
        if isinstance(screen, BaseScreen | Dialog) and not isinstance(screen, HelpDialog):
            self.push_screen(HelpDialog(screen))

    def action_commands(self) -> None:
        """The list of everything that can be done now."""
        from tui.screens.help import CommandsDialog

        screen = self.screen
        if isinstance(screen, BaseScreen):
            nodes = {active.binding.action: active.node for active in screen.active_bindings.values()}

            def run(action: str | None) -> None:
                if action:
                    self.call_next(self.run_action, action, nodes[action])

            self.push_screen(CommandsDialog(screen), run)

    async def action_language(self) -> None:
        """The next language, at once, everywhere."""
        codes = languages()
        set_language(codes[(codes.index(current_language()) + 1) % len(codes)])
        self._language_chosen = True
        appearance.save(self.home, current_language(), self.theme)
        for screen in self.screen_stack:
            if isinstance(screen, BaseScreen):
                await screen.retranslate()

    def action_colours(self) -> None:
        """The next set of colours, where the person wants any."""
        if self.no_color:
            return
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        appearance.save(self.home, current_language(), self.theme)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to lock while the vault is closed; dialogs keep the language they were opened in."""
        if isinstance(self.screen, HideScreen):
            return action == "quit"
        if action in ("panic", "put_away"):
            return self.opened is not None and (self.profile.name == "field") == (action == "panic")
        if action == "lock":
            return self.opened is not None
        if action == "hide":
            return self.opened is not None or self.cover.can_hide()
        if action in ("language", "commands"):
            return isinstance(self.screen, BaseScreen)
        return True

    def action_nothing(self) -> None:
        """Ctrl+C belongs to the editors; elsewhere it does nothing."""

    def copy_to_clipboard(self, text: str) -> None:
        """Keep what was copied in this process; the terminal's clipboard never hears of it."""
        self._clipboard = text

    def problem(self, error: BaseException) -> None:
        """Show what failed."""
        show_problem(self, coded(error))

    async def _dispatch_message(self, message: Message) -> None:
        """Textual runs handlers and actions here; a problem in one is shown and ends nothing."""
        try:
            await super()._dispatch_message(message)
        except Problem as problem:
            self.problem(problem)

    def _handle_exception(self, error: Exception) -> None:
        """Textual calls this for errors in callbacks and timers; a problem is shown, all others are fatal."""
        if isinstance(error, Problem):
            self.problem(error)
        else:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Textual calls this inside the handler of an error that nothing caught; its own would print local
        variables.
        """
        import sys

        error = sys.exc_info()[1]
        problem = coded(error) if error is not None else Problem("E_INTERNAL", kind="?", where="?")
        words = "\n".join((*problem_sentences(problem), problem.code))
        self._exit_renderables.append(Text(words))
        self._return_code = 1
        self._close_messages_no_wait()
