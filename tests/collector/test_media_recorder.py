"""A recording is sealed while it lasts; what a crash leaves of it is closed and kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import media
from collector.cells import CHUNK
from collector.media import Recorder
from collector.vault import Vault
from schemas.problems import Problem
from tests.helpers import faults, vaults
from tests.helpers.spool import content, nothing_left


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with vaults.create(tmp_path / "home") as vault:
        yield vault


@pytest.fixture
def draft(vault: Vault) -> int:
    return vaults.draft(vault)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(bytes(1000))
    return path


def test_a_recording_is_kept_as_it_comes(vault: Vault, draft: int, tmp_path: Path) -> None:
    recorder = Recorder.start(vault, draft, name="voice.ogg", question="h/voice", clock=lambda: 5)
    parts = [os.urandom(n) for n in (1, CHUNK, 7, 3 * CHUNK, 0, 100)]
    for part in parts:
        recorder.append(part)
    assert media.listed(vault, draft)[0].state == "writing"
    taken = recorder.stop()
    assert taken is not None
    assert (taken.state, taken.mime, taken.question, taken.captured) == ("closed", "audio/ogg", "h/voice", 5)
    assert media.listed(vault, draft) == [taken]
    assert content(vault, taken, tmp_path) == b"".join(parts)


def test_an_empty_recording_leaves_nothing(vault: Vault, draft: int) -> None:
    assert Recorder.start(vault, draft, name="voice.ogg").stop() is None
    assert nothing_left(vault)


def test_a_recording_stops_at_the_limit_of_the_interview(vault: Vault, draft: int, source: Path) -> None:
    media.take(vault, draft, source)
    vault.db.execute("UPDATE attachment SET cells = ?", (media.LIMIT_CELLS - 1,))
    recorder = Recorder.start(vault, draft, name="a")
    recorder.append(bytes(CHUNK))
    with pytest.raises(Problem) as caught:
        recorder.append(b"x")
    assert caught.value.code == "E_ATTACH_TOO_LARGE"
    taken = recorder.stop()
    assert taken is not None
    assert (taken.length, taken.cells) == (CHUNK, 1)


def test_attack_58_a_recording_that_was_cut_off_is_closed_at_the_next_opening(tmp_path: Path) -> None:
    with vaults.create(tmp_path / "home") as vault:
        number = vaults.draft(vault)
    data = os.urandom(5 * CHUNK // 2)

    def record(length: int) -> None:
        vault = vaults.unlock(tmp_path / "home")
        Recorder.start(vault, number, name="voice.ogg").append(data[:length])
        os._exit(0)

    for length, left in ((len(data), 2 * CHUNK), (100, 0)):
        assert faults.in_child(lambda length=length: record(length)) == 0  # type: ignore[misc]
        with vaults.unlock(tmp_path / "home") as vault:
            swept = media.sweep(vault)
            listed = media.listed(vault, number)
            assert [attachment.sid for attachment in listed] == list(swept.closed)
            assert [attachment.length for attachment in listed] == ([left] if left else [])
            for attachment in listed:
                assert content(vault, attachment, tmp_path) == data[:left]
                media.drop(vault, attachment.sid)
            assert nothing_left(vault)
