"""The desk as the shell knows it: how its home is opened, and its first screen.

The rule: a home is opened again only when it was closed whole. While it imports or fetches the desk does not lock by
itself; whoever locks it by hand stops that, the import after the records in hand, and it can go on afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tui.screens.desk.office import ImportJob, OpenDesk

if TYPE_CHECKING:
    from tui.screens.base import BaseScreen
    from tui.screens.profiles import Opened
    from tui.screens.sending import Network

IDLE_MINUTES = 10
NEVER = 1 << 30


class DeskProfile:
    """The office's computer. `clock` is what its vault believes the time to be."""

    name = "desk"

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._before: OpenDesk | None = None

    def create(self, home: Path, passphrase: str) -> Opened:
        """Found a desk and open it."""
        from sync.desk.desk import Desk

        return self._opened(OpenDesk(Desk.create(home, passphrase, clock=self._clock)))

    def open(self, home: Path, passphrase: str) -> Opened:
        """Open the desk. Takes about a second (Argon2id); waits for work that was under way at the lock."""
        from sync.desk.desk import Desk

        if self._before is not None:
            self._before.wait_closed()
        return self._opened(OpenDesk(Desk.open(home, passphrase, clock=self._clock), self._last_job()))

    def _opened(self, opened: OpenDesk) -> OpenDesk:
        self._before = opened
        return opened

    def _last_job(self) -> ImportJob | None:
        return self._before.job if self._before is not None else None

    def idle_minutes(self, opened: Opened) -> int:
        """Minutes without a key after which the desk locks; never while it imports or fetches."""
        office = cast(OpenDesk, opened)
        return NEVER if office.importing or office.fetching else IDLE_MINUTES

    def first_screen(self, opened: Opened) -> BaseScreen:
        """What arrived."""
        from tui.screens.desk.inbox import InboxScreen

        return InboxScreen(cast(OpenDesk, opened))

    def network(self, opened: Opened) -> Network | None:
        """A desk sends nothing by itself."""
        return None
