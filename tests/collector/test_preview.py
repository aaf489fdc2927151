"""What is said of a sealed file: only what its head tells, and nothing that a hostile file could do harm with."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import preview
from collector.cells import CHUNK
from collector.field import Field
from collector.preview import Preview, describe
from schemas.problems import Problem
from tests.helpers.forms import AUDIO, CONSENT, CONSENT_AUDIO


def seen(data: bytes) -> Preview:
    """What is said of these bytes."""
    return describe(lambda offset, size: data[max(offset, 0) : offset + size] if size > 0 else b"", len(data))


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 640, height: int = 480, *chunks: bytes) -> bytes:
    """A PNG without pixels."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b"")


def tiff(*tags: tuple[int, int], order: str = "<") -> bytes:
    """A TIFF directory with these tags."""
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    entries = b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in tags)
    return start + struct.pack(order + "H", len(tags)) + entries + bytes(4)


PLACE, CAMERA = (0x8825, 100), (0x010F, 1)


def jpeg(width: int = 4000, height: int = 3000, exif: bytes = b"") -> bytes:
    """The head of a JPEG."""
    app = b"" if not exif else b"\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\0\0" + exif
    frame = struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(10) + app + b"\xff\xc0" + frame + b"\xff\xd9"


def webp(exif: bytes = b"") -> bytes:
    """A WebP with its long head."""
    head = b"VP8X" + struct.pack("<IB", 10, 8 if exif else 0) + bytes(3) + b"\x7f\x02\x00\xdf\x01\x00"
    body = head + (b"EXIF" + struct.pack("<I", len(exif)) + exif if exif else b"")
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def wav(seconds: int = 3) -> bytes:
    """Silence."""
    return (
        b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8) + b"data"
        + struct.pack("<I", 8000 * seconds) + bytes(8000 * seconds)
    )  # fmt: skip


def film(scale: int = 1000, duration: int = 65_000) -> bytes:
    """An MP4 whose table stands at the end."""
    header = struct.pack(">I4sIIIII", 28, b"mvhd", 0, 0, 0, scale, duration)
    moov = struct.pack(">I4s", len(header) + 8, b"moov") + header
    return b"\0\0\0\x14ftypisom\0\0\0\0isom" + struct.pack(">I4s", 1008, b"mdat") + bytes(1000) + moov


def opus(seconds: int = 7) -> bytes:
    """The first and the last page of an Ogg file."""
    first = b"OggS\0\x02" + bytes(20) + b"\x01\x13" + b"OpusHead\x01\x01" + struct.pack("<HIHB", 312, 48000, 0, 0)
    return first + bytes(900) + b"OggS\0\x04" + struct.pack("<q", 48_000 * seconds + 312) + bytes(14)


def test_a_picture_tells_its_size_and_whether_a_camera_wrote_into_it() -> None:
    assert seen(png()) == Preview("picture", "PNG", 640, 480, False, False)
    assert seen(png(1, 1, chunk(b"eXIf", tiff(CAMERA)))) == Preview("picture", "PNG", 1, 1, True, False)
    assert seen(jpeg()) == Preview("picture", "JPEG", 4000, 3000, False, False)
    assert seen(jpeg(exif=tiff(CAMERA))) == Preview("picture", "JPEG", 4000, 3000, True, False)
    assert seen(jpeg(exif=tiff(CAMERA, PLACE, order=">"))) == Preview("picture", "JPEG", 4000, 3000, True, True)
    assert seen(webp()) == Preview("picture", "WebP", 640, 480, False, False)
    assert seen(webp(tiff(PLACE))) == Preview("picture", "WebP", 640, 480, True, True)
    assert seen(b"GIF89a" + struct.pack("<HH", 5, 6) + bytes(9)) == Preview("picture", "GIF", 5, 6, False, False)
    assert seen(tiff((256, 30), (257, 20), PLACE)) == Preview("picture", "TIFF", 30, 20, False, True)
    bmp = b"BM" + bytes(12) + struct.pack("<Iii", 40, 7, -9) + bytes(16)
    assert seen(bmp) == Preview("picture", "BMP", 7, 9, False, False)


def test_a_recording_tells_how_long_it_lasts_where_that_is_written() -> None:
    assert seen(wav()) == Preview("recording", "WAV", seconds=3.0)
    assert seen(film()) == Preview("recording", "MP4", seconds=65.0)
    assert seen(film(scale=0)) == Preview("recording", "MP4")
    assert seen(opus()) == Preview("recording", "Opus", seconds=7.0)
    flac = b"fLaC\0\0\0\x22" + bytes(10) + (44_100 << 44 | 88_200).to_bytes(8, "big") + bytes(30)
    assert seen(flac) == Preview("recording", "FLAC", seconds=2.0)
    assert seen(b"ID3\x04" + bytes(60)) == Preview("recording", "MP3")


def test_a_text_shows_its_first_lines_and_nothing_that_steers_a_terminal() -> None:
    hostile = "\n\nЯ пишу\x1b[2J\x1b]0;title\x07".replace("\x07", "") + "\tend\r\n\u202eabc\u2028x\n" + "line\n" * 50
    lines = seen(hostile.encode()).lines
    assert lines[0] == "Я пишу·[2J·]0;title end"
    assert lines[1] == "·abc"
    assert len(lines) == preview.LINES
    assert seen(b"a\0b").kind == "other"
    assert seen("Слово".encode("utf-16")).lines == ("Слово",)
    assert seen(("я" * 9000).encode()).lines == ("я" * preview.COLUMNS,)


@pytest.mark.parametrize("whole", [png(1, 1, chunk(b"eXIf", tiff(PLACE))), jpeg(exif=tiff(PLACE)), webp(tiff(PLACE)),
                                   wav(), film(), opus(), tiff((256, 1), (257, 1))])  # fmt: skip
def test_a_broken_file_does_no_harm(whole: bytes) -> None:
    for cut in range(min(len(whole), 400)):
        seen(whole[:cut])
        seen(whole[:cut] + b"\xff" * 40)
    for at in range(min(len(whole), 120)):
        seen(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])


def test_huge_claims_are_claims_only() -> None:
    assert seen(png((1 << 31) - 1, 1 << 30)).width == (1 << 31) - 1
    assert seen(png(1 << 31, 1)).kind == "other"
    assert seen(png(0, 1)).kind == "other"
    assert seen(film(1, 0xFFFFFFFF)) == Preview("recording", "MP4")
    assert seen(png(9, 9, chunk(b"eXIf", b"II*\0\xff\xff\xff\xff"))) == Preview("picture", "PNG", 9, 9, True, None)


@given(st.binary(max_size=300), st.sampled_from([png(), jpeg(exif=tiff(PLACE)), webp(tiff(PLACE)), film(), opus()]))
def test_any_bytes_are_described_and_nothing_is_raised(tail: bytes, start: bytes) -> None:
    for data in (tail, start[:24] + tail, start[:60] + tail):
        found = seen(data)
        assert all(sign.isprintable() for line in found.lines for sign in line)


def test_it_reads_only_what_it_may_and_only_what_it_needs() -> None:
    read_cells: list[int] = []
    big = png(10, 10, *[chunk(b"IDAT", bytes(60_000))] * 100)

    def cell(index: int) -> bytes:
        read_cells.append(index)
        return source[index * CHUNK : (index + 1) * CHUNK] if len(set(read_cells)) <= preview.BUDGET else b""

    source = big
    found = describe(preview.reader(cell, len(source)), len(source))
    assert found == Preview("picture", "PNG", 10, 10, None, None)
    assert len(set(read_cells)) == preview.BUDGET + 1
    read_cells.clear()
    source = wav(60)
    assert describe(preview.reader(cell, len(source)), len(source)).seconds == 60
    assert set(read_cells) == {0}


def test_the_sealed_copy_is_read_and_the_source_is_not(field: Field, tmp_path: Path) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    interview.answer(CONSENT_AUDIO, "yes")
    source = tmp_path / "a.wav"
    source.write_bytes(wav(20))
    taken = interview.attach(AUDIO, source)
    source.unlink()
    assert preview.look(field.vault, taken) == Preview("recording", "WAV", seconds=20.0)
    spool = field.vault.path("spool", taken.spool)
    spool.write_bytes(bytes(spool.stat().st_size))
    with pytest.raises(Problem, match="E_CELL_AUTH"):
        preview.look(field.vault, taken)
    spool.unlink()
    with pytest.raises(Problem, match="E_ATTACH_LOST"):
        preview.look(field.vault, taken)
