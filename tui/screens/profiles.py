"""What the shell has to know of a profile: how its home is opened, and which screen comes first.

The rule: a profile is a small object with the members of `Profile`; its screens and everything below them are
imported when the passphrase is being checked, never before, so that the first screen is there at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from schemas.problems import Problem

if TYPE_CHECKING:
    from collector.field import Field
    from tui.screens.base import BaseScreen
    from tui.screens.sending import Network

MARK = "profile"


class Opened(Protocol):
    """An open home: it can be closed, which wipes its keys from memory."""

    def close(self) -> None: ...


class Opening:
    """One opening of a home after the other; what nobody waits for any more is closed again at once."""

    def __init__(self) -> None:
        self._turn = threading.Lock()

    def __call__(self, act: Callable[[], Opened], wanted: Callable[[], bool]) -> Opened:
        """What `act` opens. Raises what `act` raises, E_VAULT_CLOSED when it is not `wanted`; for threads only."""
        with self._turn:
            opened = act()
            if not wanted():
                opened.close()
                raise Problem("E_VAULT_CLOSED")
            return opened


class Profile(Protocol):
    """How one profile is created, opened and shown."""

    name: str

    def create(self, home: Path, passphrase: str) -> Opened: ...

    def open(self, home: Path, passphrase: str) -> Opened: ...

    def idle_minutes(self, opened: Opened) -> int: ...

    def first_screen(self, opened: Opened) -> BaseScreen: ...

    def network(self, opened: Opened) -> Network | None: ...


class FieldProfile:
    """The documenter's laptop. `clock` is what its vault believes the time to be."""

    name = "field"

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._before: Network | None = None

    def create(self, home: Path, passphrase: str) -> Opened:
        """Make a new home and open it."""
        from collector.field import Field

        return Field.create(home, passphrase, clock=self._clock)

    def open(self, home: Path, passphrase: str) -> Opened:
        """Open the home. Takes about a second (Argon2id); waits for a run that the lock has stopped."""
        import tui.screens.sending  # noqa: F401  imported in this thread, because the network's parts take their time
        from collector.field import Field

        if self._before is not None:
            self._before.wait(LET_GO_SECONDS)
        return Field.open(home, passphrase, clock=self._clock)

    def idle_minutes(self, opened: Opened) -> int:
        """Minutes without a key after which the vault closes: the mission's policy, or `IDLE_MINUTES` before
        enrolment.
        """
        pack = cast("Field", opened).pack()
        return IDLE_MINUTES if pack is None else pack.body.policy.idle_minutes

    def first_screen(self, opened: Opened) -> BaseScreen:
        """The list of interviews."""
        from tui.screens.interviews import InterviewsScreen

        return InterviewsScreen(cast("Field", opened))

    def network(self, opened: Opened) -> Network | None:
        """Sending, which goes on below the screens."""
        from tui.screens.sending import Network

        self._before = Network(cast("Field", opened))
        return self._before


IDLE_MINUTES = 10
LET_GO_SECONDS = 10.0


def profile(name: str) -> Profile:
    """The profile of that name. Raises E_HOME_PROFILE for one that has no screens."""
    if name == "field":
        return FieldProfile()
    if name == "desk":
        from tui.screens.desk.profile import DeskProfile

        return DeskProfile()
    raise Problem("E_HOME_PROFILE", found=name, wanted="field, desk")


def home_exists(home: Path) -> bool:
    """Whether there is a home in this folder already."""
    return (home / MARK).exists() or (home / "vault.hdr").exists()
