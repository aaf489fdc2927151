"""Sending to a real receiver: what arrives, what stays, and what is noted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.send_report import SendProgress
from tests.helpers.interviews import sealed_entry, some_file
from tests.network.devices import acts, bundles, device, send, states, tokens_of, waiting_files
from tests.receiver_kit import Receiver, running_receiver


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
        assert tokens_of(field) == [(True, None), (False, None), (False, None)]
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
