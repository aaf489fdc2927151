"""A desk with a mission, two enrolled devices and one stranger; made once, copied for every test."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from collector.packs import FormSource
from sync.desk.desk import Desk
from tests.helpers.forms import small_form
from tests.helpers.mission import NOW, PASSPHRASE, SMALL, SetClock
from tests.sync.desk.devices import Device
from tests.sync.desk.lying import Lying, lying


@dataclass
class Office:
    """The home that is copied, and devices that know its mission. `stranger` has a pack that another office made."""

    home: Path
    one: Device
    two: Device
    uncertified: Device
    stranger: Device


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = tmp_path_factory.mktemp("office")
    forms = [FormSource("small", "1", small_form()), FormSource("small", "2", small_form("2"))]
    with Desk.create(folder / "desk", PASSPHRASE, params=SMALL, clock=SetClock()) as desk:
        desk.mission_new("Dobra", forms)
        one, two = Device().enrol(desk), Device().enrol(desk)
    with Desk.create(folder / "other", PASSPHRASE, params=SMALL, clock=SetClock()) as desk:
        desk.mission_new("Dobra", forms)
        stranger = Device().enrol(desk)
    late = Device()
    late.pack, late.pack_hash = one.pack, one.pack_hash
    return Office(folder / "desk", one, two, late, stranger)


Reopen = Callable[[], Desk]


@dataclass
class Home:
    """A copy of the office's home of which one desk at a time is open."""

    path: Path
    desk: Desk
    clock: SetClock

    def reopened(self) -> Desk:
        self.desk.close()
        self.desk = Desk.open(self.path, PASSPHRASE, clock=self.clock)
        return self.desk


@pytest.fixture
def home(office: Office, tmp_path: Path) -> Iterator[Home]:
    path = tmp_path / "desk"
    shutil.copytree(office.home, path)
    clock = SetClock(NOW + 3600)
    opened = Home(path, Desk.open(path, PASSPHRASE, clock=clock), clock)
    try:
        yield opened
    finally:
        opened.desk.close()


@pytest.fixture
def desk(home: Home) -> Desk:
    return home.desk


@pytest.fixture
def one(office: Office) -> Device:
    """An enrolled device; its numbers go on from test to test, so that no two tests share one."""
    return _with_leaves(office.one)


@pytest.fixture
def two(office: Office) -> Device:
    return _with_leaves(office.two)


def _with_leaves(device: Device) -> Device:
    """Every test has its own copy of the desk and of the device, so that the numbers of a device may begin again."""
    own = copy.copy(device)
    own.seq, own.prev = 0, bytes(32)
    return own


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Lying]:
    """A receiver that gives what the test wants."""
    with lying(tmp_path) as found:
        yield found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits after a cut; how long it would have been stands here."""
    waited: list[float] = []
    monkeypatch.setattr("sync.desk.lines.Line.rest", lambda _, seconds: waited.append(seconds))
    return waited


@pytest.fixture
def linked(home: Home, receiver: Lying, quick: list[float]) -> Desk:
    """A desk whose mission names the receiver."""
    home.desk.receiver_add(receiver.card)
    return home.desk
