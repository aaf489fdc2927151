"""Streams that grow while they are recorded, and no nonce for two texts whatever is cut off."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from typing import IO

import pytest

from collector import cellfiles, cellpipe, cells, cellstream, crypto, recording
from collector.cellstream import CELL, CHUNK, LiveWriter, StreamInfo, open_bytes, open_file, seal_bytes, seal_file
from collector.crypto import Secret
from schemas.problems import Problem
from tests.helpers.streams import SID, SK, Halt, Ledger, both_refuse, content, merkle_root, stored


@pytest.fixture
def file() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as opened:
        yield opened


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    made = Ledger()
    for module in (cellstream, cellfiles, cellpipe, recording):
        monkeypatch.setattr(module, "Cipher", made.cipher)
    return made


# ---- no nonce for two texts


def test_attack_11_sealing_that_was_interrupted_and_repeated(ledger: Ledger, file: IO[bytes]) -> None:
    def halt(_: int) -> None:
        raise Halt

    data = content(60 * CHUNK)
    for attempt in range(3):
        with pytest.raises(Halt):
            seal_file(
                Secret.random(),
                crypto.random_bytes(16),
                io.BytesIO(data + bytes([attempt])),
                file.fileno(),
                progress=halt,
            )
    sk = Secret.random()
    sealed = seal_file(sk, SID, io.BytesIO(data), file.fileno())
    assert open_file(sk, sealed.info, file.fileno(), None) == sealed.sha256
    indices = sorted(nonce for key, nonce in ledger.texts if key == bytes(cells.stream_keys(sk, SID)[0]))
    assert indices == [cells.nonce(i, i == 59) for i in range(60)]


def test_attack_11_recording_with_failing_writes(
    ledger: Ledger, file: IO[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, real, calls = content(6 * CHUNK + 9), recording.write_at, iter(range(1000))

    def faulty(fd: int, view: memoryview, offset: int) -> None:
        if next(calls) % 2 == 0:
            real(fd, view[: CELL // 3], offset)
            raise Problem("E_DISK_FULL", error="ENOSPC")
        real(fd, view, offset)

    monkeypatch.setattr(recording, "write_at", faulty)
    writer = LiveWriter(SK, SID, file.fileno())
    for at in range(0, len(data), 20_000):
        piece: bytes = data[at : at + 20_000]
        while True:
            try:
                writer.append(piece)
                break
            except Problem:
                piece = b""
    while True:
        try:
            info = writer.close()
            break
        except Problem:
            continue
    assert open_file(SK, info, file.fileno(), None) == crypto.sha256(data)


# ---- live recordings


@pytest.mark.parametrize("length", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])
def test_recording_is_the_same_stream_as_sealing_at_once(length: int, file: IO[bytes]) -> None:
    data = content(length)
    writer = LiveWriter(SK, SID, file.fileno())
    for at in range(0, length, 10_007):
        writer.append(data[at : at + 10_007])
    assert writer.length == length
    info = writer.close()
    assert writer.close() == info
    assert info == seal_bytes(SK, SID, data)[1]
    file.seek(0)
    assert open_bytes(SK, file.read(), info) == data
    with pytest.raises(ValueError, match="closed"):
        writer.append(b"more")


def cut_points() -> list[int]:
    """Every byte of a header or tag's length around the borders of the last two cells, and a comb in between."""
    near = {border + step for border in (CELL, 2 * CELL, 3 * CELL) for step in range(-20, 21)}
    return sorted(at for at in near | set(range(CELL, 3 * CELL, 997)) if 0 <= at <= 3 * CELL)


@pytest.mark.parametrize("closed", [False, True])
def test_attack_58_recording_cut_at_any_byte_then_recovered(closed: bool, ledger: Ledger, file: IO[bytes]) -> None:
    data = content(2 * CHUNK + 500)
    writer = LiveWriter(SK, SID, file.fileno())
    writer.append(data)
    if closed:
        writer.close()
    file.seek(0)
    written = file.read()
    for cut in cut_points():
        if cut > len(written):
            continue
        with stored(written[:cut]) as broken:
            info = cellstream.recover(SK, SID, broken.fileno())
            whole = min(cut // CELL, 2)
            assert (info.length, info.cells) == (whole * CHUNK, whole + 1)
            on_medium = min(len(data), cut // CELL * CHUNK + min(cut % CELL, CHUNK))
            assert on_medium - info.length <= CHUNK
            assert os.fstat(broken.fileno()).st_size == info.cells * CELL
            assert open_file(SK, info, broken.fileno(), None) == crypto.sha256(data[: info.length])
            assert cellstream.recover(SK, SID, broken.fileno()) == info


def test_attack_58_torn_cell_is_no_cell(ledger: Ledger, file: IO[bytes]) -> None:
    """The file has its full size, but its last write never reached the medium: the size says nothing."""
    writer = LiveWriter(SK, SID, file.fileno())
    writer.append(content(3 * CHUNK + 1))
    os.pwrite(file.fileno(), bytes(CELL // 2), 2 * CELL + CELL // 2)
    info = cellstream.recover(SK, SID, file.fileno())
    assert (info.length, info.cells) == (2 * CHUNK, 3)
    assert open_file(SK, info, file.fileno(), None) == crypto.sha256(content(2 * CHUNK))
    assert cellstream.read_cell(SK, info, file.fileno(), 2) == b""


def test_cut_off_stream_cannot_pass_for_a_whole_one(file: IO[bytes]) -> None:
    writer = LiveWriter(SK, SID, file.fileno())
    writer.append(content(2 * CHUNK + 1))
    info = cellstream.recover(SK, SID, file.fileno())
    file.seek(0)
    sealed = file.read()
    assert open_bytes(SK, sealed, info) == content(2 * CHUNK)
    for length, count in ((2 * CHUNK + 1, 3), (3 * CHUNK, 3), (2 * CHUNK, 2)):
        lie = StreamInfo(SID, length, count, info.commit, merkle_root(sealed[: count * CELL]))
        both_refuse(sealed[: count * CELL], lie, "E_CELL_AUTH")
