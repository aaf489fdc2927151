"""A real desk and real interviews that came to it on five sticks, made once; every test works on a copy."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from collector import codes, files, filling
from collector.cells import CELL
from collector.field import Field
from schemas.forms import shipped_forms
from sync import outbox
from sync.desk import mission
from sync.desk.desk import Desk
from tests.helpers.mission import NOW, PASSPHRASE, SMALL, SetClock
from tests.tui.conftest import unlock, until
from tui.demo_interviews import DemoInterview, interviews
from tui.screens.base import BaseScreen
from tui.screens.desk.inbox import InboxScreen
from tui.screens.desk.office import OpenDesk
from tui.screens.desk.profile import DeskProfile
from tui.screens.shell import Shell
from tui.theme import DARK

PICTURES = "KKKKKKKKKKK1"
"""The record with two photographs, which lie only in it."""
RECORDS = 4


@dataclass(frozen=True)
class World:
    """Homes and sticks. `fresh` has a mission and two enrolled computers, `full` has imported what the sticks hold.

    `sticks` lack one volume, and one of theirs is damaged; `refused` holds an interview of the computer that the desk
    has revoked; `request` is the request of a computer that waits for its enrolment, whose home is `waiting`.
    """

    fresh: Path
    full: Path
    sticks: list[Path]
    refused: Path
    request: Path
    waiting: Path


def told() -> list[DemoInterview]:
    """The interviews: the one with photographs, then some without files."""
    return [each for each in islice(interviews(), 1, None) if each is not None][:RECORDS]


def new_field(home: Path) -> Field:
    return Field.create(home, PASSPHRASE, params=SMALL, leaves=16, clock=SetClock())


def enrolled(desk: Desk, home: Path) -> Field:
    field = new_field(home)
    request, fingerprint = field.request()
    field.accept_pack(desk.enrol(request, fingerprint).pack, desk.fingerprint)
    return field


def sealed(field: Field, each: DemoInterview, folder: Path) -> str:
    """Fills in an interview and seals it; its record code."""
    for attachment in each.attachments:
        attachment.write(folder)
    code = filling.begin_filled(field, each.answers_in(folder), folder=folder)
    field.seal(code)
    return code


def harm(sticks: list[Path]) -> None:
    """One volume is lost, one damaged."""
    sorted(sticks[1].glob("*.vol"))[0].unlink()
    damaged = sorted(sticks[3].glob("*.vol"))[0]
    with damaged.open("r+b") as volume:
        volume.seek(damaged.stat().st_size // 2)
        volume.write(bytes(CELL // 4))


def make(base: Path) -> World:
    world = World(
        base / "fresh", base / "full", [base / f"stick-{n}" for n in range(1, 6)], base / "refused", base / "new.req",
        base / "waiting",
    )  # fmt: skip
    for folder in [*world.sticks, world.refused, base / "files"]:
        files.make_private_dir(folder)
    with Desk.create(world.fresh, PASSPHRASE, organisation="Office", params=SMALL, clock=SetClock()) as desk:
        desk.mission_new("Demonstration", [mission.checked(form.xform) for form in shipped_forms()])
        field, other = enrolled(desk, base / "field"), enrolled(desk, base / "other")
        for each in told():
            sealed(field, each, base / "files")
        outbox.export(field, world.sticks, k=3, n=5)
        sealed(other, told()[-1], base / "files")
        outbox.export(other, [world.refused], k=1, n=1)
        revoked = other.pack()
        assert revoked is not None
        desk.vault.db.execute("UPDATE device SET last_ok = -1 WHERE serial = ?", (serial_of(desk, other),))
        for each in (field, other):
            each.close()
    waiting = new_field(world.waiting)
    world.request.write_bytes(waiting.request()[0])
    waiting.close()
    harm(world.sticks)
    shutil.copytree(world.fresh, world.full)
    with Desk.open(world.full, PASSPHRASE, clock=SetClock(NOW + 60)) as desk:
        desk.import_folders(world.sticks)
    return world


def serial_of(desk: Desk, field: Field) -> bytes:
    """The serial number that the desk gave a computer."""
    request, _fingerprint = field.request()
    return desk.enrol(request, mission.request_fingerprint(request)).serial


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Made once; nobody may write to it."""
    with pytest.MonkeyPatch.context() as patch:
        numbers = count(1)
        patch.setattr(codes, "draw", lambda: f"{next(numbers):012d}".replace("0", "K"))
        yield make(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def fresh(world: World, tmp_path: Path) -> Path:
    """A desk with a mission, before any import."""
    return Path(shutil.copytree(world.fresh, tmp_path / "fresh"))


@pytest.fixture
def full(world: World, tmp_path: Path) -> Path:
    """A desk that has imported."""
    return Path(shutil.copytree(world.full, tmp_path / "full"))


@pytest.fixture(autouse=True)
def no_sticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sticks of the machine that runs the tests are not looked at."""
    monkeypatch.setattr("tui.screens.desk.inbox.mounted_sticks", list)


def desk_shell(home: Path, clock: Callable[[], float] | None = None) -> Shell:
    """A shell over a desk, in the dark colours, its vault's clock standing."""
    shell = Shell(home, "desk", **({} if clock is None else {"clock": clock}))
    shell.profile = DeskProfile(SetClock(NOW + 120))
    shell.theme = DARK.name
    return shell


@asynccontextmanager
async def at_desk(
    home: Path, clock: Callable[[], float] | None = None, *, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Shell, Pilot[Any]]]:
    """Runs the screens over a desk, and closes the desk at the end as leaving does."""
    shell = desk_shell(home, clock)
    async with shell.run_test(size=size) as pilot:
        try:
            yield shell, pilot
        finally:
            if shell.opened is not None:
                office = office_of(shell)
                office.close()
                office.wait_closed()


async def open_desk(pilot: Pilot[Any]) -> InboxScreen:
    """Unlock and wait for the inbox and its counts."""
    await unlock(pilot)
    await until(pilot, lambda: isinstance(pilot.app.screen, InboxScreen) and pilot.app.screen.seen is not None)
    screen = pilot.app.screen
    assert isinstance(screen, InboxScreen)
    return screen


def office_of(shell: Any) -> OpenDesk:
    """The open desk of a shell."""
    assert isinstance(shell.opened, OpenDesk)
    return shell.opened


async def at(pilot: Pilot[Any], kind: type[BaseScreen]) -> Any:
    """Wait until a screen of this kind is shown and its threads have come back."""
    await until(pilot, lambda: isinstance(pilot.app.screen, kind))
    await rest(pilot)
    return pilot.app.screen


async def rest(pilot: Pilot[Any]) -> None:
    """Wait until no key and no thread works for the screen that is shown, and everything is drawn."""
    shell = pilot.app
    await until(pilot, lambda: not shell.keys.under_way and all(worker.is_finished for worker in shell.workers))
    await pilot.pause()
