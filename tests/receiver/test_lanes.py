"""Many cells hashed at once by libipsec-mb: the same hashes as hashlib's, or hashlib's own."""

from __future__ import annotations

import _ctypes
import asyncio
import os
import platform
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import crypto
from collector.cells import CELL
from collector.crypto import Secret
from schemas.problems import Problem
from sync.receiver import lanes
from sync.receiver.bounds import Bounds
from sync.receiver.checking import VolumeChecker, leaf_hashes
from sync.receiver.core import Receiver
from sync.receiver.lanes import BATCH, LEAST, Lanes
from sync.volume import lead_length
from tests.helpers.expect import flipped
from tests.receiver.volumes import make_volume

if platform.machine() not in ("x86_64", "AMD64"):
    pytest.skip("libipsec-mb is for x86-64", allow_module_level=True)
VOLUME = make_volume(1)
LEAD = lead_length(16)
CELLS = memoryview(crypto.random_bytes((2 * BATCH + 3) * CELL))
counts = st.one_of(st.integers(0, 2 * BATCH + 3), st.sampled_from([LEAST - 1, LEAST, BATCH - 1, BATCH, BATCH + 1]))


@pytest.fixture(scope="module")
def loaded() -> Lanes:
    """The library, whatever this processor gains by it."""
    found = Lanes.load()
    if found is None:
        reason = "MISSING LIBRARY: libipsec-mb 1.3.0 (Debian: libipsec-mb1)"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@settings(max_examples=40, deadline=None)
@given(counts, st.integers(0, CELL))
def test_the_hashes_are_those_of_hashlib(loaded: Lanes, count: int, shift: int) -> None:
    cells = CELLS[: count * CELL] if count > 2 * BATCH + 2 else CELLS[shift : shift + count * CELL]
    assert loaded.leaf_hashes(cells) == leaf_hashes(cells)
    assert loaded.sound


def test_many_threads_hash_at_once(loaded: Lanes) -> None:
    right, wrong = leaf_hashes(CELLS[: 20 * CELL]), []

    def often(start: int) -> None:
        for turn in range(30):
            count = LEAST + (start + turn) % 17
            if loaded.leaf_hashes(CELLS[: count * CELL]) != right[:count]:
                wrong.append((start, turn))

    threads = [threading.Thread(target=often, args=(start,)) for start in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert loaded.sound


def test_a_library_that_fails_is_not_asked_again(loaded: Lanes, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Lanes.load()
    assert other is not None
    takes_nothing = lanes._BURST(lambda *_: 0)
    monkeypatch.setattr(other._manager(), "_flush", takes_nothing)
    monkeypatch.setattr(other._manager(), "_submit", takes_nothing)
    assert other.leaf_hashes(CELLS[: 8 * CELL]) == leaf_hashes(CELLS[: 8 * CELL])
    assert not other.sound
    assert other.leaf_hashes(CELLS[: 8 * CELL]) == leaf_hashes(CELLS[: 8 * CELL])


def test_no_hash_of_before_passes_for_one_of_now(loaded: Lanes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that says that it is done and has done nothing."""
    other, others = Lanes.load(), memoryview(bytes(8 * CELL))
    assert other is not None
    assert other.leaf_hashes(CELLS[: 8 * CELL]) == leaf_hashes(CELLS[: 8 * CELL])
    monkeypatch.setattr(other._manager(), "_submit", lanes._BURST(lambda _manager, count, _jobs: count))
    assert other.leaf_hashes(others) == leaf_hashes(others)
    assert not other.sound


@pytest.mark.parametrize("said", [bytes(32), b"\xff" * 32])
def test_what_lanes_find_bad_is_hashed_again(said: bytes) -> None:
    checker = VolumeChecker(len(VOLUME))
    checker.feed(VOLUME, {row: partial(bytes, said) for row in range(16)})
    assert checker.whole


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize("bad", [None, 0, 11, 15])
def test_a_receiver_checks_the_same_with_and_without(
    loaded: Lanes, monkeypatch: pytest.MonkeyPatch, here: bool, bad: int | None
) -> None:
    monkeypatch.setattr(lanes, "found", lambda: loaded if here else None)
    nothing: Any = None
    receiver = Receiver(nothing, nothing, Secret(bytes(32)), Bounds(), lambda: 0)
    data = VOLUME if bad is None else flipped(VOLUME, LEAD + bad * CELL + 5)
    checker = VolumeChecker(len(data))
    said = None
    try:
        asyncio.run(receiver.check(checker, data))
    except Problem as problem:
        said = problem.code
    assert said == (None if bad is None else "E_UPLOAD_CELL")
    assert checker.offset == (len(data) if bad is None else LEAD + bad * CELL)


@pytest.mark.parametrize("kind", ["empty", "other"])
def test_without_the_library_nothing_changes(tmp_path: Path, kind: str) -> None:
    """A file of that name that is no library, and one that is another library."""
    place = tmp_path / lanes.LIBRARY
    if kind == "empty":
        place.touch()
    else:
        place.symlink_to(str(_ctypes.__file__))
    asked = "from sync.receiver import lanes; print(lanes.Lanes.load(), lanes.found())"
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split() == ["None", "None"]
