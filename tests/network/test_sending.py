"""Sending to a real receiver: what arrives, what stays, and what is noted."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.field import Field
from schemas.records.mission import Policy
from sync import cards, outbox, staged
from sync.send_report import SendProgress
from sync.sending import Sender
from tests.helpers.faults import killed_at
from tests.helpers.interviews import sealed_entry, some_file
from tests.helpers.mission import PASSPHRASE
from tests.network.devices import acts, bundles, device, drawn, send, states, waiting_files
from tests.receiver_kit import Receiver, running_receiver, svidok


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with running_receiver(tmp_path_factory.mktemp("receiver")) as running:
        yield running


def test_what_is_sealed_is_stored_at_the_receiver(tmp_path: Path, receiver: Receiver) -> None:
    with device(tmp_path / "home", [receiver.card], receiver.give(3)) as field:
        for number in range(2):
            sealed_entry(field, photo=some_file(tmp_path, f"{number}.jpg"))
        seen: list[SendProgress] = []
        report = send(field, progress=seen.append)
        assert report.ok, report.as_dict()
        assert len(report.stored) == 2
        assert states(field) == ["stored"] * 2
        assert bundles(field) == ["done"]
        assert waiting_files(field) == []
        assert acts(field)[-2:] == ["upload", "r1"]
        assert len(drawn(field)) == 1
        assert report.sent == seen[-1].total == 1_073_152
        assert seen[-1].phase == "ended"
        assert seen[-1].left == 0
        assert {item.state for picture in seen for item in picture.volumes} >= {"sending", "stored"}
        nothing = send(field)
        assert (nothing.ok, nothing.bundles, nothing.sent) == (True, [], 0)
        again = send(field, again=True)
        assert again.ok
        assert len(again.stored) == 2
        assert bundles(field) == ["done", "done"]
        assert states(field) == ["stored"] * 2


def test_several_volumes_at_once(tmp_path: Path, receiver: Receiver) -> None:
    policy = Policy(upload=(3, 5))
    with device(tmp_path / "home", [receiver.card], receiver.give(2), policy=policy) as field:
        sealed_entry(field, photo=some_file(tmp_path, size=7_000_000))
        together = 0

        def watch(progress: SendProgress) -> None:
            nonlocal together
            together = max(together, sum(item.state == "sending" for item in progress.volumes))

        report = send(field, progress=watch)
        assert report.ok, report.as_dict()
        (bundle,) = report.bundles
        assert (bundle.stored, bundle.volumes) == (15, 15)
        assert 2 <= together <= 4
        assert acts(field).count("r1") == acts(field).count("upload") == 1
        assert waiting_files(field) == []
        rows = field.vault.db.query("SELECT r1 FROM bundle_volume")
        assert len({bytes(row[0]) for row in rows}) == 15


def test_volumes_of_a_bundle_that_are_stored_are_not_sent_again(tmp_path: Path, receiver: Receiver) -> None:
    policy = Policy(upload=(2, 3))
    with device(tmp_path / "home", [receiver.card], receiver.give(2), policy=policy) as field:
        sealed_entry(field)

        def stop_soon(progress: SendProgress) -> None:
            if any(item.state == "stored" for item in progress.volumes) and not report:
                report.append(True)
                sender.stop()

        report: list[bool] = []
        sender = Sender(field, progress=stop_soon, parallel=1)
        first = sender.run()
        assert first.stopped
        (bundle,) = staged.load(field.vault)
        assert [item.stored for item in bundle.volumes] == [True, False, False]
        assert len(waiting_files(field)) == 2
        second = send(field)
        assert second.ok
        assert second.sent == 2 * 1_073_152
        assert states(field) == ["stored"]


def test_the_next_certificate_serves_devices_that_know_it(tmp_path: Path) -> None:
    with running_receiver(tmp_path) as rotating:
        old = rotating.card
        tokens = rotating.give(4)
        for number in range(2):
            newest = tmp_path / f"card-{number}"
            svidok("receiver", "rotate", "--home", rotating.home, "--out", newest, *["--force"] * number)
        rotating.restart()
        with device(tmp_path / "late", [old], tokens) as field:
            sealed_entry(field)
            report = send(field)
            assert report.problem is not None
            assert report.problem.code == "E_PIN"
            assert states(field) == ["sealed"]
        with device(tmp_path / "now", [cards.read_card((tmp_path / "card-0").read_bytes())], tokens) as field:
            sealed_entry(field)
            assert send(field).ok


def test_a_damaged_volume_is_made_anew(tmp_path: Path, receiver: Receiver) -> None:
    with device(tmp_path / "home", [receiver.card], receiver.give(3)) as field:
        sealed_entry(field)
        outbox.stage(field)
        (name,) = waiting_files(field)
        path = field.vault.folder / "bundles" / name
        data = bytearray(path.read_bytes())
        data[500_000] ^= 1
        path.write_bytes(data)
        assert [problem.code for _, problem in send(field).left] == ["E_UPLOAD_CELL"]
        assert bundles(field) == ["abandoned"]
        assert waiting_files(field) == []
        assert send(field).ok
        assert bundles(field) == ["abandoned", "done"]


@pytest.mark.parametrize("missing", [True, False])
def test_a_volume_that_is_not_there_is_made_anew(tmp_path: Path, receiver: Receiver, missing: bool) -> None:
    with device(tmp_path / "home", [receiver.card], receiver.give(3)) as field:
        sealed_entry(field)
        outbox.stage(field)
        (name,) = waiting_files(field)
        path = field.vault.folder / "bundles" / name
        path.unlink() if missing else path.write_bytes(b"")
        assert [problem.code for _, problem in send(field).left] == ["E_OUTBOX_LOST"]
        assert send(field).ok


def test_attack_25_a_device_killed_at_any_step_of_sending_goes_on(tmp_path: Path, receiver: Receiver) -> None:
    field = device(tmp_path / "home", [receiver.card], receiver.give(1))
    sealed_entry(field)
    outbox.stage(field)
    field.close()
    for place in itertools.count():
        home = tmp_path / f"home-{place}"
        shutil.copytree(tmp_path / "home", home)

        def run(home: Path = home) -> None:
            with Field.open(home, PASSPHRASE) as there:
                send(there)

        killed = killed_at(place, run)
        with Field.open(home, PASSPHRASE) as again:
            report = send(again)
            assert report.ok, report.as_dict()
            assert states(again) == ["stored"]
            assert bundles(again) == ["done"]
            assert waiting_files(again) == []
            assert acts(again).count("r1") == acts(again).count("upload") == 1
        shutil.rmtree(home)
        if not killed:
            break
    assert place >= 4
