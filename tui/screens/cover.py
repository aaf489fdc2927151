"""The two keys for a moment of danger: one hides the screen, one seals everything.

The rule: first the screen is covered, then the vault is dealt with, so that nobody reads on while a disk is slow; and
whatever fails on the way, the vault is closed. The second key must be pressed twice, because it cannot be undone.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from textual.screen import Screen

from schemas.problems import Problem
from tui.locale import _
from tui.screens.hide import HideScreen
from tui.screens.profiles import Opened, home_exists
from tui.screens.unlock import UnlockScreen

if TYPE_CHECKING:
    from tui.screens.shell import Shell

WAIT_SECONDS = 3.0
"""How long the first press waits for the second."""


class Cover:
    """What covers the screens of a shell."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._until: float | None = None
        self.failed: Problem | None = None
        """Why the last panic could not even read the drafts; told after the next unlocking."""

    @property
    def sign(self) -> str:
        """What the title line says between the two presses; nothing else."""
        if self._until is None or self._shell.clock() > self._until:
            return ""
        if self._shell.profile.name == "field":
            return _("F12 once more: seal everything and lock")
        return _("F12 once more: lock")

    def can_hide(self) -> bool:
        """Whether there is a home whose passphrase brings back what is hidden."""
        return home_exists(self._shell.home) and isinstance(self._shell.screen, UnlockScreen)

    async def hide(self) -> None:
        """Cover with the clock; what was being typed is kept, and the same question comes back."""
        shell, clock = self._shell, HideScreen()
        shell.clear_notifications()  # what was told in passing would stand above the clock
        shell.remember_place()
        await shell.push_screen(clock)
        clock.call_after_refresh(shell.call_later, self._hidden, clock)

    async def _hidden(self, clock: HideScreen) -> None:
        with contextlib.suppress(Problem):  # a screen that says nothing says no problem either
            self._shell.put_away()
        await self._alone(HideScreen(clock.typed))

    async def panic(self) -> None:
        """The first press says what the second does, for three seconds."""
        shell = self._shell
        if not self.sign:
            self._until = shell.clock() + WAIT_SECONDS
            shell.look_at_network()
            return
        self._until, shell.resume = None, None
        cover = UnlockScreen()
        shell.clear_notifications()
        await shell.push_screen(cover)
        cover.call_after_refresh(shell.call_later, self._sealed)

    async def _sealed(self) -> None:
        with contextlib.suppress(Problem):  # what could not be sealed is still a draft, and the list tells it
            self._shell.put_away(self._close)
        await self._alone(UnlockScreen())

    def _close(self, opened: Opened) -> None:
        if self._shell.profile.name == "field":
            from collector.panic import seal_and_lock

            try:
                seal_and_lock(opened)  # type: ignore[arg-type]  # a field profile opens a field machine
            except Problem as problem:
                self.failed = problem
                raise
        else:
            opened.close()

    async def _alone(self, screen: Screen[None]) -> None:
        with self._shell.batch_update():
            await self._shell.only_screen(screen)
        self._shell.forget()
