"""From unlocking to the seal in a real terminal, and the same killed at thirty random moments."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from collector.field import Field
from tests.helpers.mission import PASSPHRASE, Office, SetClock
from tests.helpers.opening import open_sealed
from tests.terminal.conftest import ACCOUNT, BEGUN
from tests.terminal.tmux import Ended, Terminal, needs_tmux, saved_since

pytestmark = needs_tmux
TOLD = (
    " Two men in uniform came to the yard and read names from a list.",
    " They said that everybody on it had to come to the board.",
)
EVERYBODY = list(Office().recipient_keys().values())


@dataclass
class Way:
    """The way of a documenter, step by step; what the screen has acknowledged, and what was typed."""

    terminal: Terminal
    typed: str = BEGUN
    saved: str = BEGUN
    sealed: bool = False
    steps: list[str] = field(
        default_factory=lambda: ["unlock", "open", "tell", "tell_more", "look_over", "ask", "seal"]
    )

    def unlock(self) -> None:
        self.terminal.unlock("1 draft")

    def open(self) -> None:
        """The draft opens at the account, with the words that were saved."""
        self.terminal.press("Enter")
        self.terminal.until(BEGUN)
        self.terminal.press("C-End")

    def tell(self) -> None:
        """Type, and wait until the screen says that it is saved."""
        self._type(TOLD[0])
        ended = time.time()
        self.terminal.watch(lambda screen: saved_since(screen, ended))
        self.saved = self.typed

    def tell_more(self) -> None:
        """Type without a pause."""
        self._type(TOLD[1])

    def look_over(self) -> None:
        """Leaving the account saves it."""
        self.terminal.press("F5")
        self.terminal.until("F5 Seal")
        self.saved = self.typed

    def ask(self) -> None:
        self.terminal.press("F5")
        self.terminal.until("Not yet")

    def seal(self) -> None:
        self.terminal.press("Right", "Enter")
        self.terminal.until("still has to leave", "Write this code")
        self.sealed = True

    def _type(self, text: str) -> None:
        for start in range(0, len(text), 6):
            self.typed += text[start : start + 6]
            self.terminal.type(text[start : start + 6], pace=0.03)


def check(home: Path, way: Way) -> str:
    """What was acknowledged is there, and nothing else than what was typed. `draft` or `sealed`."""
    with Field.open(home, PASSPHRASE, clock=SetClock()) as opened:
        (row,) = opened.interviews()
        opened.vault.log.verify_all()
        if row.state == "sealed":
            assert "seal" not in way.steps
            assert row.entry is not None
            assert open_sealed(opened, bytes.fromhex(row.entry), EVERYBODY).answer(2, ACCOUNT)[0] == way.typed
            return "sealed"
        assert not way.sealed
        draft = opened.open_interview(row.code)
        assert draft.cursor is not None
        assert draft.cursor.path == ACCOUNT
        kept = draft.cursor.pending or str(draft.session.node(ACCOUNT).value)
        assert kept.startswith(way.saved)
        assert way.typed.startswith(kept)
        assert draft.review().ready
        return "draft"


def test_from_the_passphrase_to_the_seal(begun: Path, tmp_path: Path) -> None:
    with Terminal(tmp_path / "user", begun, TZ="UTC") as terminal:
        way = Way(terminal)
        while way.steps:
            getattr(way, way.steps.pop(0))()
        assert "Traceback" not in terminal.everything()
        terminal.press("C-q")
        terminal.gone()
    assert check(begun, way) == "sealed"


@pytest.mark.parametrize("seed", range(30))
def test_killed_at_a_random_moment(begun: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with Terminal(tmp_path / "user", begun, TZ="UTC") as terminal:
        way = Way(terminal)
        last = chance.choice(way.steps)
        plug = threading.Timer(chance.uniform(0, 1.5 if last.startswith("tell") else 0.7), terminal.kill)
        try:
            while way.steps:
                step = way.steps.pop(0)
                if step == last:
                    plug.start()
                getattr(way, step)()
        except Ended:
            pass
        plug.join()
        terminal.kill()
    if check(begun, way) == "sealed" or seed % 3:
        return
    with Terminal(tmp_path / "again", begun, TZ="UTC") as terminal:
        again = Way(terminal)
        again.unlock()
        again.open()
        shown = terminal.until(way.saved.split()[-1])
        assert "Traceback" not in shown
