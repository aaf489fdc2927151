"""The idle lock: a minute before it comes it says so; what it would break off comes to its end first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tui.locale import _
from tui.screens.base import Held

if TYPE_CHECKING:
    from tui.screens.shell import Shell

CHECK_SECONDS: Final = 5.0
WARNING_SECONDS: Final = 60.0


class Idleness:
    """How long nobody has pressed a key of this program. `clock` counts seconds."""

    def __init__(self, shell: Shell, clock: Callable[[], float]) -> None:
        self._shell, self._clock = shell, clock
        self._last, self._warned = clock(), False

    def stir(self) -> None:
        """Somebody is there."""
        self._last = self._clock()
        if self._warned:
            self._warned = False
            self._shell.clear_notifications()

    async def look(self) -> None:
        """Lock when no key was pressed for the policy's minutes."""
        shell = self._shell
        if shell.opened is None:
            return
        left = shell.profile.idle_minutes(shell.opened) * 60 - (self._clock() - self._last)
        if left > 0:
            self._warn(left)
            return
        working = [each for each in shell.screen_stack if isinstance(each, Held) and each.at_work]
        for each in working:
            each.add_class("-unattended")
        if not working:
            await shell.lock(_("Locked because no key was pressed for a while."))

    def _warn(self, left: float) -> None:
        if left <= WARNING_SECONDS and not self._warned:
            self._warned = True
            words = _("No key was pressed for a while: soon this locks. Any key keeps it open.")
            self._shell.notify(words, markup=False, severity="warning", timeout=left + CHECK_SECONDS)
