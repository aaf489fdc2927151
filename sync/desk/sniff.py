"""What an attachment seems to be, by its first bytes.

Nothing is opened or decoded: the answer stands beside the claimed type.
"""

from __future__ import annotations

from collector.cellstream import StreamInfo, read_cell
from schemas.problems import Problem

_SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp3g", "video/3gpp"),
    (4, b"ftyp", "video/mp4"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"#!", "text/x-script"),
    (0, b"\xd0\xcf\x11\xe0", "application/x-ole-storage"),
    (0, b"MZ", "application/x-dosexec"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
)
UNKNOWN = "application/octet-stream"


def sniffed(start: bytes) -> str:
    """The media type that the first bytes look like; text when they are printable UTF-8; else octets of no type."""
    for offset, sign, kind in _SIGNS:
        if start[offset : offset + len(sign)] == sign:
            return kind
    try:
        text = start[:1024].decode("utf-8", "strict") if len(start) <= 1024 else start[:1024].decode("utf-8", "ignore")
    except UnicodeDecodeError:
        return UNKNOWN
    plain = text and all(char.isprintable() or char in "\r\n\t" for char in text)
    return "text/plain" if plain and len(text.encode()) > min(len(start), 1024) - 4 else UNKNOWN


def media_type(sk: bytes, info: StreamInfo, fd: int, offset: int) -> str:
    """The type that the first cell of an attachment looks like."""
    try:
        first = read_cell(sk, info, fd, 0, offset=offset)
    except Problem:
        return UNKNOWN
    return sniffed(first[: min(info.length, 4096)])
