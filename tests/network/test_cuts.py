"""Lines that break and processes that die: everything arrives once, and little goes twice."""

from __future__ import annotations

import dataclasses
import random
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.field import Field
from schemas.records.mission import ReceiverCard
from sync import course
from sync.link import BAD_RECORD
from sync.pace import Times
from sync.sending import Sender
from sync.settings import SendSettings
from tests.helpers.interviews import sealed_entry, some_file
from tests.helpers.mission import PASSPHRASE, reopened
from tests.network.cutting import Cutter, How, Passed
from tests.network.devices import acts, bundles, device, send, states, waiting_files
from tests.receiver_kit import SVIDOK, Receiver, running_receiver

SMALL = 1_073_152
CONNECTION = 2500
"""Bytes of a device for a handshake and the heads of three requests, at most."""


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with running_receiver(tmp_path_factory.mktemp("receiver")) as running:
        yield running


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(course, "LONGEST_WAIT", 0.2)


def through(cutter: Cutter, receiver: Receiver) -> ReceiverCard:
    return dataclasses.replace(receiver.card, url=f"https://127.0.0.1:{cutter.port}")


def ready(tmp_path: Path, receiver: Receiver, cutter: Cutter) -> Field:
    field = device(tmp_path / "home", [through(cutter, receiver)], receiver.give(2))
    sealed_entry(field, photo=some_file(tmp_path))
    return field


@pytest.mark.parametrize(("how", "count"), [("close", 200), ("reset", 40)])
def test_attack_25_a_connection_cut_at_random_bytes(tmp_path: Path, receiver: Receiver, how: How, count: int) -> None:
    chance = random.Random(f"cuts {how}")
    plan = iter([chance.randint(1, 11_000) for _ in range(count)])
    with Cutter(receiver.port, plan, how) as cutter, ready(tmp_path, receiver, cutter) as field:
        report = send(field, patience=60.0)
        assert report.ok, report.as_dict()
        assert cutter.cuts == count
        again = cutter.up - SMALL - CONNECTION * len(cutter.passed)
        assert again <= cutter.cuts * (BAD_RECORD + 64)
        assert states(field) == ["stored"]
        assert acts(field)[-2:] == ["upload", "r1"]


def test_a_line_that_falls_silent_is_left(tmp_path: Path, receiver: Receiver) -> None:
    with Cutter(receiver.port, iter([300_000]), "silence") as cutter, ready(tmp_path, receiver, cutter) as field:
        report = send(field, times=Times(connect=5, idle=1, answer=1), patience=20.0)
        assert report.ok, report.as_dict()
        assert cutter.cuts == 1


def test_a_killed_device_goes_on_where_it_stopped(tmp_path: Path, receiver: Receiver) -> None:
    far_enough = threading.Event()

    def watch(passed: Passed, piece: bytes, up: bool) -> bool:
        if passed.up > 400_000:
            far_enough.set()
        return False

    words = tmp_path / "words"
    words.write_text(PASSPHRASE)
    with Cutter(receiver.port, watch=watch) as cutter:
        ready(tmp_path, receiver, cutter).close()
        command = [*SVIDOK, "field", "send", "--home", str(tmp_path / "home"), "--passphrase-file", str(words)]
        with subprocess.Popen([*command, "--limit", "400"], stdout=subprocess.PIPE) as killed:
            assert far_enough.wait(60)
            killed.send_signal(signal.SIGKILL)
        before = cutter.up
        assert before < SMALL
        done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        assert cutter.up - before < SMALL - 400_000 + BAD_RECORD * 16 + CONNECTION


class _Killer:
    """Kills the receiver once, when so many bytes of the device have passed, or when it answers after that."""

    def __init__(self, receiver: Receiver, at: int, *, answering: bool) -> None:
        self._receiver, self._at, self._answering = receiver, at, answering
        self.done = False

    def __call__(self, passed: Passed, piece: bytes, up: bool) -> bool:
        if self.done or passed.up < self._at or up == self._answering:
            return False
        self.done = True
        self._receiver.kill()
        self._receiver.restart()
        return True


@pytest.mark.parametrize(
    ("at", "answering"),
    [(300_000, False), (SMALL - 40_000, False), (SMALL, True)],
    ids=["in the middle", "near the end", "before the receipt is heard"],
)
def test_attack_25_a_killed_receiver_loses_nothing_that_it_acknowledged(
    tmp_path: Path, receiver: Receiver, at: int, answering: bool
) -> None:
    killer = _Killer(receiver, at, answering=answering)
    with Cutter(receiver.port, watch=killer) as cutter, ready(tmp_path, receiver, cutter) as field:
        report = send(field, patience=60.0)
        assert killer.done
        assert report.ok, report.as_dict()
        assert states(field) == ["stored"]
        if answering:
            assert cutter.up < SMALL + 3 * CONNECTION


def test_a_receiver_that_is_killed_after_its_receipt_still_has_the_volume(tmp_path: Path, receiver: Receiver) -> None:
    with Cutter(receiver.port) as cutter, ready(tmp_path, receiver, cutter) as field:
        assert send(field).ok
        receiver.kill()
        receiver.restart()
        before = cutter.up
        # As after a restored backup: the device has forgotten the receipt, and asks.
        field.vault.db.execute("UPDATE bundle SET state = 'ready'")
        field.vault.db.execute("UPDATE entry SET state = 'sealed'")
        field.vault.db.execute("UPDATE bundle_volume SET state = 'uploading', r1 = NULL")
        assert send(field).ok
        assert cutter.up - before < CONNECTION
        assert states(field) == ["stored"]


@pytest.mark.parametrize("again", [False, True])
def test_a_stopped_run_goes_on_in_the_next(tmp_path: Path, receiver: Receiver, again: bool) -> None:
    with Cutter(receiver.port) as cutter, ready(tmp_path, receiver, cutter) as field:
        sender = Sender(field, settings=SendSettings(limit=400), patience=None)

        def watch(passed: Passed, piece: bytes, up: bool) -> bool:
            if passed.up > 300_000:
                sender.stop()
            return False

        cutter.watch = watch
        report = sender.run()
        assert report.stopped
        assert not report.ok
        assert states(field) == ["sealed"]
        assert bundles(field) == ["ready"]
        assert len(waiting_files(field)) == 1
        cutter.watch = lambda passed, piece, up: False
        before = cutter.up
        field = reopened(field)
        assert send(field, again=again).ok
        assert cutter.up - before < SMALL - 200_000
        assert bundles(field) == ["done"]
        field.close()


def test_a_pause_is_no_failure(tmp_path: Path, receiver: Receiver) -> None:
    with Cutter(receiver.port) as cutter, ready(tmp_path, receiver, cutter) as field:
        sender = Sender(field, settings=SendSettings(limit=1000), patience=5.0)
        paused = threading.Event()

        def watch(passed: Passed, piece: bytes, up: bool) -> bool:
            if cutter.up > 300_000 and not paused.is_set():
                paused.set()
                sender.pause()
                threading.Timer(0.3, sender.resume).start()
            return False

        cutter.watch = watch
        report = sender.run()
        assert paused.is_set()
        assert report.ok, report.as_dict()
        assert cutter.up < SMALL + 4 * CONNECTION + 200_000
