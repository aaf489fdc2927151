"""A receiver in a process of its own, a desk whose mission names it, a field computer with two sealed interviews."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from collector import files
from collector.field import Field
from schemas.forms import shipped_forms
from sync.desk import mission
from sync.desk.desk import Desk
from tests.helpers.mission import PASSPHRASE, SMALL, SetClock
from tests.receiver_kit import Receiver, running_receiver
from tests.tui.conftest import unlock, until
from tests.tui.network import sealed
from tui.screens.sending import SendJob
from tui.screens.transfer import TransferScreen


@dataclass
class Site:
    """A receiver that runs, a desk whose mission names it, a field computer with two sealed interviews."""

    receiver: Receiver
    desk: Path
    field: Path
    codes: list[str]

    def fresh(self, folder: Path) -> Site:
        """The same receiver, copies of the homes."""
        return Site(
            self.receiver,
            Path(shutil.copytree(self.desk, folder / "desk")),
            Path(shutil.copytree(self.field, folder / "field")),
            self.codes,
        )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Made once: every test works on copies of the homes, all with the same receiver."""
    base = tmp_path_factory.mktemp("site")
    files.make_private_dir(base / "files")
    with running_receiver(base, start=False) as receiver:
        with Desk.create(base / "desk", PASSPHRASE, organisation="Office", params=SMALL, clock=SetClock()) as desk:
            forms = [mission.checked(form.xform) for form in shipped_forms()]
            desk.mission_new("Demonstration", forms, cards=[receiver.card_path.read_bytes()])
            field = Field.create(base / "field", PASSPHRASE, params=SMALL, leaves=16, clock=SetClock())
            request, fingerprint = field.request()
            field.accept_pack(desk.enrol(request, fingerprint).pack, desk.fingerprint)
            codes = sealed(field, base / "files", 2)
            field.close()
            (base / "tokens").write_bytes(desk.tokens_write().data)
        receiver.accept(base / "tokens")
        receiver.start()
        yield Site(receiver, base / "desk", base / "field", codes)


@pytest.fixture
def site(made: Site, tmp_path: Path) -> Site:
    """The receiver runs, whatever the test before did with it."""
    if not made.receiver.running:
        made.receiver.start()
    return made.fresh(tmp_path)


@pytest.fixture(autouse=True)
def no_sticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.transfer.mounted_sticks", list)
    monkeypatch.setattr("tui.screens.receipts.mounted_sticks", list)
    monkeypatch.setattr("tui.screens.desk.inbox.mounted_sticks", list)


async def at_transfer(pilot: Pilot[Any]) -> TransferScreen:
    await unlock(pilot)
    await pilot.press("f6")
    screen = pilot.app.screen
    assert isinstance(screen, TransferScreen)
    return screen


async def sent(pilot: Pilot[Any], job: SendJob) -> None:
    """Wait until a run has ended and the screen has seen it."""
    for _turn in range(60):
        if job.ended.is_set():
            break
        await pilot.pause(0.5)
    assert job.ended.is_set()
    screen = pilot.app.screen
    if isinstance(screen, TransferScreen):
        screen.watch_run()
    await pilot.pause()


def states(shell: Any) -> list[str]:
    return sorted(row.state for row in shell.field.interviews())


async def begin_sending(pilot: Pilot[Any], screen: TransferScreen) -> SendJob:
    """Press the key that sends, and wait until the run is shown."""
    before = screen.network.job
    await pilot.press("f6")
    await until(pilot, lambda: screen.network.job is not before and screen.face == "network")
    assert screen.network.job is not None
    return screen.network.job
