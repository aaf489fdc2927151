"""What sending looks like, at 80x24 and at 120x40, in English and Ukrainian. The runs stand still; all else is real."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from collector import codes, files
from schemas.problems import Problem
from sync.receipts import ReceiptReport, Taken
from sync.send_report import SendReport, VolumeProgress
from sync.settings import SendSettings
from tests.tui.conftest import shell_of, unlock
from tests.tui.network import BUSY, CARD, enrolled_with, give_job, office_with_form, picture, sealed, settled, volume
from tests.tui.pictures import Step, both_sizes, every_language, picture_of, still
from tui import locale
from tui.screens.transfer import TransferScreen


@pytest.fixture(scope="session")
def sealed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two interviews that have to leave, one that a receiver has; the mission names that receiver."""
    base = tmp_path_factory.mktemp("network")
    files.make_private_dir(base / "files")
    with pytest.MonkeyPatch.context() as patch:
        numbers = count(1)
        patch.setattr(codes, "draw", lambda: f"{next(numbers):012d}".replace("0", "K"))
        tokens = tuple(bytes([number]) * 32 for number in range(1, 41))
        with enrolled_with(base / "home", office_with_form(), receivers=(CARD,), tokens=tokens) as field:
            settled(field, sealed(field, base / "files", 3)[0], "stored")
    return base / "home"


@pytest.fixture
def connected(sealed_home: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(sealed_home, tmp_path / "connected"))


async def transfer(pilot: Pilot[Any]) -> TransferScreen:
    await unlock(pilot)
    await pilot.press("f6")
    screen = pilot.app.screen
    assert isinstance(screen, TransferScreen)
    return screen


async def idle(pilot: Pilot[Any]) -> None:
    await transfer(pilot)


async def few_permits(pilot: Pilot[Any]) -> None:
    screen = await transfer(pilot)
    screen.field.vault.db.execute("DELETE FROM token WHERE id > 3")
    screen.restored()


async def off(pilot: Pilot[Any]) -> None:
    await unlock(pilot)
    pilot.app.network.keep(SendSettings("never", "socks5h://name:secret@127.0.0.1:9050", 64))  # type: ignore[attr-defined]
    await pilot.press("f6")


async def sending(pilot: Pilot[Any]) -> None:
    screen = await transfer(pilot)
    give_job(screen.shell, picture())
    screen.action_watch()


async def paused(pilot: Pilot[Any]) -> None:
    await sending(pilot)
    await pilot.press("f6")


async def ended(
    pilot: Pilot[Any],
    volumes: Sequence[VolumeProgress],
    report: SendReport,
    receipts: ReceiptReport | None = None,
) -> None:
    screen = await transfer(pilot)
    give_job(screen.shell, picture(volumes, phase="ended"), report).receipts = receipts
    screen.action_watch()


async def everything(pilot: Pilot[Any]) -> None:
    receipts = ReceiptReport([Taken("a.ret", "KKKKKKKKKKK1", "imported", new=True)])
    await ended(pilot, [volume(0, 1, "stored")], SendReport(), receipts)


async def part(pilot: Pilot[Any]) -> None:
    problem = Problem("E_TOKEN_NONE")
    volumes = [*BUSY[5:9], volume(9, 0.3, "failed", problem=problem), volume(10, 0, "waiting")]
    await ended(pilot, volumes, SendReport(left=[("KKKKKKKKKKK2", problem)]))


async def portal(pilot: Pilot[Any]) -> None:
    await ended(pilot, [volume(0, 0, "waiting")], SendReport(problem=Problem("E_NET_PORTAL")))


async def interceptor(pilot: Pilot[Any]) -> None:
    why = Problem("E_PIN", why="other-certificate", subject="login.hotel", issuer="Hotel CA", sha256="7ddc8b748b33d7a2")
    await ended(pilot, [volume(0, 0, "waiting")], SendReport(problem=why))


async def failed_by_itself(pilot: Pilot[Any]) -> None:
    screen = await transfer(pilot)
    give_job(screen.shell, picture(()), SendReport(problem=Problem("E_NET_UNREACHABLE", why="no-way")))
    screen.restored()


async def settings(pilot: Pilot[Any]) -> None:
    await transfer(pilot)
    await pilot.press("f9")


async def receipts(pilot: Pilot[Any]) -> None:
    await unlock(pilot)
    await pilot.press("f7")


async def sign(pilot: Pilot[Any]) -> None:
    await unlock(pilot)
    give_job(pilot.app, picture())  # type: ignore[arg-type]
    pilot.app.look_at_network()  # type: ignore[attr-defined]


STEPS: list[Step] = [
    idle, few_permits, off, sending, paused, everything, part, portal, interceptor, failed_by_itself, settings,
    receipts, sign,
]  # fmt: skip


pytestmark = pytest.mark.usefixtures("plain_pictures")


@every_language
@both_sizes
@picture_of(STEPS)
def test_screen(snap_compare: Any, connected: Path, step: Step, size: tuple[int, int], language: str) -> None:
    locale.set_language(language)
    assert snap_compare(shell_of(connected), terminal_size=size, run_before=still(step))


@picture_of([idle, sending])
def test_screen_of_forty_columns(snap_compare: Any, connected: Path, step: Step) -> None:
    assert snap_compare(shell_of(connected), terminal_size=(40, 10), run_before=still(step))
