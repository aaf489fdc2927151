"""Streams of cells in memory, in files and as they are recorded: what they hold, and every way they must fail."""

from __future__ import annotations

import io
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector import cellfiles, cellpipe, cells, cellstream, crypto, recording
from collector.cellstream import CELL, CHUNK, LiveWriter, StreamInfo, open_bytes, open_file, seal_bytes, seal_file
from collector.crypto import Secret
from schemas.problems import Problem
from tests.helpers.expect import flipped, patched, refused
from tests.helpers.salamander import salamander

SK, SID = bytes(range(32)), bytes(range(16))
EDGES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 16 * CHUNK - 1, 16 * CHUNK, 16 * CHUNK + 1, 33 * CHUNK + 7]


def content(length: int) -> bytes:
    return (bytes(range(251)) * (length // 251 + 1))[:length]


@pytest.fixture
def file() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as opened:
        yield opened


def stored(data: bytes) -> IO[bytes]:
    opened = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    opened.write(data)
    opened.seek(0)
    return opened


class Ledger:
    """The real cipher, and a list of what was encrypted under each key and nonce."""

    def __init__(self) -> None:
        self.texts: dict[tuple[bytes, bytes], bytes] = {}
        ledger = self

        class Recorded(crypto.Cipher):
            __slots__ = ("_key",)

            def __init__(self, key: Any) -> None:
                super().__init__(key)
                self._key = bytes(key)

            def seal_into(self, nonce: bytes, data: Any, out: Any) -> None:
                held = ledger.texts.setdefault((self._key, nonce), bytes(data))
                assert held == bytes(data), "one nonce for two texts"
                super().seal_into(nonce, data, out)

        self.cipher = Recorded


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    made = Ledger()
    for module in (cellstream, cellfiles, cellpipe, recording):
        monkeypatch.setattr(module, "Cipher", made.cipher)
    return made


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


class Halt(Exception):
    pass


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


# ---- attacks on streams


@pytest.fixture(scope="module")
def five() -> tuple[bytes, StreamInfo]:
    return seal_bytes(SK, SID, content(4 * CHUNK + 100))


def both_refuse(sealed: bytes, info: StreamInfo, *codes: str, sk: bytes = SK) -> None:
    """The reader in memory and the reader of files refuse with the same codes."""
    with refused(*codes):
        open_bytes(sk, sealed, info)
    with stored(sealed) as source, refused(*codes):
        open_file(sk, info, source.fileno(), None)


def test_attack_02_salamander_in_one_cell() -> None:
    """Both keys pass the raw cipher; only the commitment tells which is the key."""
    first, second = b"\x01" * 32, b"\x02" * 32
    (key_a, commit), (key_b, _) = (cells.stream_keys(sk, SID) for sk in (first, second))
    alice, bob = b"the witness is Alice of A".ljust(48, b"\0"), b"the witness is Bob of B".ljust(48, b"\0")
    cell = salamander(bytes(key_a), bytes(key_b), cells.nonce(0, 1), alice, bob, CHUNK)
    under_a = crypto.aead_open(key_a, cells.nonce(0, 1), cell)
    under_b = crypto.aead_open(key_b, cells.nonce(0, 1), cell)
    assert under_a is not None
    assert under_b is not None
    assert (under_a[:48], under_b[48:96]) == (alice, bob)
    info = StreamInfo(SID, CHUNK, 1, commit, merkle_root(cell))
    assert open_bytes(first, cell, info).startswith(alice)
    both_refuse(cell, info, "E_KEY_COMMIT", sk=second)


def merkle_root(sealed: bytes) -> bytes:
    return cellstream.root_of_cells(sealed)


def test_attack_05_stream_of_another_protocol_version(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as later:
        later.setattr(crypto, "P", b"svidok/2/")
        sealed, info = seal_bytes(SK, SID, b"data")
    both_refuse(sealed, info, "E_KEY_COMMIT")


@pytest.mark.parametrize("kept", [0, 1, CELL - 1, CELL, 4 * CELL, 4 * CELL + 1, 5 * CELL - 1])
def test_attack_16_truncated(five: tuple[bytes, StreamInfo], kept: int) -> None:
    sealed, info = five
    both_refuse(sealed[:kept], info, "E_STREAM_LEN")
    # With the number and the length cut to fit, the cell that is now last was not sealed as a last one.
    if kept and not kept % CELL:
        fewer = kept // CELL
        cut = StreamInfo(SID, fewer * CHUNK, fewer, info.commit, merkle_root(sealed[:kept]))
        both_refuse(sealed[:kept], cut, "E_CELL_AUTH")


def test_attack_16_extra_cell(five: tuple[bytes, StreamInfo]) -> None:
    sealed, info = five
    longer = sealed + sealed[-CELL:]
    with refused("E_STREAM_LEN"):
        open_bytes(SK, longer, info)
    for length in (5 * CHUNK + 1, 6 * CHUNK, 5 * CHUNK):
        more = StreamInfo(SID, length, 6, info.commit, merkle_root(longer))
        both_refuse(longer, more, "E_CELL_AUTH")


@pytest.mark.parametrize("order", [(1, 0, 2, 3, 4), (0, 1, 2, 4, 3), (0, 0, 2, 3, 4), (0, 1, 2, 3, 3)])
def test_attack_17_cells_in_another_order(five: tuple[bytes, StreamInfo], order: tuple[int, ...]) -> None:
    sealed, info = five
    moved = b"".join(sealed[i * CELL : (i + 1) * CELL] for i in order)
    both_refuse(moved, info, "E_CELL_AUTH")
    with stored(moved) as source:
        assert cellstream.root_of_file(source.fileno(), 0, 5) != info.root


def test_attack_17_cell_of_another_stream(five: tuple[bytes, StreamInfo]) -> None:
    sealed, info = five
    for other_sk, other_sid, ctx in ((b"\x09" * 32, SID, b""), (SK, b"\x09" * 16, b""), (SK, SID, b"head")):
        other, _ = seal_bytes(other_sk, other_sid, content(4 * CHUNK + 100), ctx)
        both_refuse(patched(sealed, 2 * CELL, other[2 * CELL : 3 * CELL]), info, "E_CELL_AUTH")


def test_attack_17_same_place_of_an_older_stream_under_the_same_keys(five: tuple[bytes, StreamInfo]) -> None:
    """What the seal alone would let through, had a writer broken its rule, the root refuses."""
    sealed, info = five
    older, _ = seal_bytes(SK, SID, bytes(4 * CHUNK + 100))
    both_refuse(patched(sealed, CELL, older[CELL : 2 * CELL]), info, "E_STREAM_ROOT")


@pytest.mark.parametrize("length", [0, 1, 4 * CHUNK, 5 * CHUNK + 1, 6 * CHUNK, 1 << 42, (1 << 42) + 1, -1])
def test_attack_18_length_that_does_not_fit_the_cells(five: tuple[bytes, StreamInfo], length: int) -> None:
    sealed, info = five
    # 4·CHUNK with five cells is the shape of a stream that was cut off: there the final byte tells.
    codes = ("E_CELL_AUTH",) if length == 4 * CHUNK else ("E_STREAM_LEN",)
    both_refuse(sealed, StreamInfo(SID, length, 5, info.commit, info.root), *codes)


def test_attack_18_length_lie_inside_the_last_cell(five: tuple[bytes, StreamInfo]) -> None:
    sealed, info = five
    both_refuse(sealed, StreamInfo(SID, info.length - 1, 5, info.commit, info.root), "E_PAD")
    # Longer only shows zeros: the length stands in signed metadata, and the content's hash beside it.
    assert open_bytes(SK, sealed, StreamInfo(SID, info.length + 1, 5, info.commit, info.root))[-1] == 0


@pytest.mark.parametrize("at", [0, CHUNK, CELL - 1, 2 * CELL + 17, 5 * CELL - 1])
def test_any_flipped_bit_is_named_by_its_cell(five: tuple[bytes, StreamInfo], at: int) -> None:
    sealed, info = five
    with pytest.raises(Problem) as caught:
        open_bytes(SK, flipped(sealed, at, 5), info)
    assert (caught.value.code, caught.value.facts["cell"]) == ("E_CELL_AUTH", at // CELL)
    both_refuse(flipped(sealed, at, 5), info, "E_CELL_AUTH")


def test_wrong_root_and_wrong_commitment(five: tuple[bytes, StreamInfo]) -> None:
    sealed, info = five
    both_refuse(sealed, StreamInfo(SID, info.length, 5, info.commit, bytes(32)), "E_STREAM_ROOT")
    both_refuse(sealed, StreamInfo(SID, info.length, 5, bytes(32), info.root), "E_KEY_COMMIT")
    assert open_bytes(SK, sealed, StreamInfo(SID, info.length, 5, None, None)) == content(info.length)


def test_secret_id_and_context_have_fixed_sizes() -> None:
    for sk, sid, ctx in ((SK[:31], SID, b""), (SK, SID[:15], b""), (SK, SID, bytes(256))):
        with pytest.raises(ValueError, match="a stream has"):
            seal_bytes(sk, sid, b"", ctx)
    with refused("E_STREAM_LEN"):
        cellstream.root_of_cells(bytes(CELL - 1))


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


@given(data=st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_random_damage_never_passes(five: tuple[bytes, StreamInfo], data: st.DataObject) -> None:
    sealed, info = five
    damaged = bytearray(sealed)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    if bytes(damaged) != sealed:
        both_refuse(bytes(damaged), info, "E_CELL_AUTH")
