"""Streams of cells in memory and in files: what they hold, and how they end when something fails."""

from __future__ import annotations

import io
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import cellpipe, cellstream, crypto
from collector.cellstream import CELL, CHUNK, StreamInfo, open_bytes, open_file, seal_bytes, seal_file
from tests.helpers.expect import refused
from tests.helpers.streams import SID, SK, Halt, content, stored

EDGES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 16 * CHUNK - 1, 16 * CHUNK, 16 * CHUNK + 1, 33 * CHUNK + 7]


@pytest.fixture
def file() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as opened:
        yield opened


# ---- what is sealed opens


@pytest.mark.parametrize("length", EDGES)
def test_memory_and_files_give_the_same_stream(length: int) -> None:
    data = content(length)
    sealed, info = seal_bytes(SK, SID, data)
    assert info == StreamInfo(SID, length, cellstream.cells_for(length), info.commit, info.root)
    assert len(sealed) == info.cells * CELL
    assert open_bytes(SK, sealed, info) == data
    for given_length in (None, length):
        for workers in (1, 3):
            with tempfile.TemporaryFile() as target, tempfile.TemporaryFile() as opened:
                result = seal_file(SK, SID, io.BytesIO(data), target.fileno(), length=given_length, workers=workers)
                assert result == cellstream.Sealed(info, crypto.sha256(data))
                target.seek(0)
                assert target.read() == sealed
                assert open_file(SK, info, target.fileno(), opened.fileno(), workers=workers) == crypto.sha256(data)
                opened.seek(0)
                assert opened.read() == data
                assert cellstream.root_of_file(target.fileno(), 0, info.cells) == info.root


@given(length=st.integers(0, 4 * CHUNK), ctx=st.binary(max_size=255), seed=st.binary(min_size=32, max_size=32))
@settings(max_examples=25)
def test_any_stream_opens_with_its_own_context_only(length: int, ctx: bytes, seed: bytes) -> None:
    data = content(length)
    sealed, info = seal_bytes(seed, SID, data, ctx)
    assert open_bytes(seed, sealed, info, ctx) == data
    with refused("E_KEY_COMMIT"):
        open_bytes(seed, sealed, info, ctx[:-1] if ctx else b"x")


def test_descriptors_offsets_and_progress(tmp_path: Path) -> None:
    data = content(40 * CHUNK + 5)
    (tmp_path / "source").write_bytes(data)
    seen: list[int] = []
    with (tmp_path / "source").open("rb") as source, (tmp_path / "target").open("w+b") as target:
        sealed = seal_file(
            SK, SID, source.fileno(), target.fileno(), length=len(data), progress=seen.append, target_offset=12_345
        )
        assert seen == sorted(seen)
        assert seen[-1] == len(data)
        assert open_file(SK, sealed.info, target.fileno(), None, offset=12_345) == sealed.sha256
        assert cellstream.root_of_file(target.fileno(), 12_345, 41) == sealed.info.root
        assert cellstream.read_cell(SK, sealed.info, target.fileno(), 40, offset=12_345) == data[40 * CHUNK :]
        assert cellstream.read_cell(SK, sealed.info, target.fileno(), 7, offset=12_345) == data[7 * CHUNK : 8 * CHUNK]
        for outside in (-1, 41):
            with refused("E_STREAM_LEN"):
                cellstream.read_cell(SK, sealed.info, target.fileno(), outside, offset=12_345)


def test_large_stream_goes_past_the_page_cache_and_leaves_the_flags_alone(tmp_path: Path) -> None:
    import fcntl

    data = content(300 * CHUNK + 11)
    with (tmp_path / "target").open("w+b") as target:
        before = fcntl.fcntl(target.fileno(), fcntl.F_GETFL)
        sealed = seal_file(SK, SID, io.BytesIO(data), target.fileno(), length=len(data))
        assert fcntl.fcntl(target.fileno(), fcntl.F_GETFL) == before
        assert target.read() == seal_bytes(SK, SID, data)[0]
        assert sealed.sha256 == crypto.sha256(data)


def test_file_system_that_refuses_direct_writes_is_written_in_the_ordinary_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Buffers that do not begin on a page are refused as a whole file system would refuse them."""
    monkeypatch.setattr(cellpipe.mmap, "mmap", lambda _fd, size: memoryview(bytearray(size + 1))[1:])
    data = content(300 * CHUNK)
    with (tmp_path / "target").open("w+b") as target:
        sealed = seal_file(SK, SID, io.BytesIO(data), target.fileno(), length=len(data))
        assert open_file(SK, sealed.info, target.fileno(), None) == crypto.sha256(data)


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_source_that_reads_in_small_pieces(step: int, file: IO[bytes]) -> None:
    class Slow(io.RawIOBase):
        def __init__(self) -> None:
            self.rest = memoryview(content(3 * CHUNK if step > 1 else 900))

        def readinto(self, buffer: Any) -> int:
            part = self.rest[: min(step, len(buffer))]
            buffer[: len(part)] = part
            self.rest = self.rest[len(part) :]
            return len(part)

    source = Slow()
    expected = crypto.sha256(source.rest)
    assert seal_file(SK, SID, source, file.fileno()).sha256 == expected


def test_source_that_ends_early_and_one_that_goes_on(file: IO[bytes]) -> None:
    with refused("E_STREAM_LEN"):
        seal_file(SK, SID, io.BytesIO(content(100)), file.fileno(), length=101)
    source = io.BytesIO(content(200))
    assert seal_file(SK, SID, source, file.fileno(), length=150).info.length == 150
    assert source.tell() == 150


# ---- errors end everything


def threads() -> set[str]:
    return {thread.name.split("_")[0] for thread in threading.enumerate()} & {"cells", "content"}


def test_cancelling_from_progress_leaves_no_thread(file: IO[bytes]) -> None:
    def halt(done: int) -> None:
        if done > 30 * CHUNK:
            raise Halt

    with pytest.raises(Halt):
        seal_file(SK, SID, io.BytesIO(content(200 * CHUNK)), file.fileno(), progress=halt)
    assert threads() == set()
    sealed, info = seal_bytes(SK, SID, content(200 * CHUNK))
    with stored(sealed) as source, pytest.raises(Halt):
        open_file(SK, info, source.fileno(), None, progress=halt)
    assert threads() == set()


def test_source_that_fails_leaves_no_thread(file: IO[bytes]) -> None:
    class Pulled(io.RawIOBase):
        left = 20

        def readinto(self, buffer: Any) -> int:
            self.left -= 1
            if self.left < 0:
                raise OSError(5, "pulled")
            buffer[:CHUNK] = bytes(CHUNK)
            return CHUNK

    with refused("E_MEDIA_IO"):
        seal_file(SK, SID, Pulled(), file.fileno())
    assert threads() == set()


def test_full_disk_is_its_own_problem() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full to write to")
    with full.open("wb", buffering=0) as target, refused("E_DISK_FULL"):
        seal_file(SK, SID, io.BytesIO(content(20 * CHUNK)), target.fileno())
    assert threads() == set()
    read_end, write_end = os.pipe()
    os.close(write_end)
    try:
        with refused("E_MEDIA_IO", "E_NO_ACCESS"):
            seal_file(SK, SID, io.BytesIO(content(10)), read_end)
    finally:
        os.close(read_end)
