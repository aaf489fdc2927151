"""What a file claims to be, by the ending of its name: a word for a label, never a reason to open anything."""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "application/octet-stream"
_ENDINGS: Final = {
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg oga opus",
    "audio/wav": "wav",
    "audio/x-ms-wma": "wma",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/heic": "heic heif",
    "image/jpeg": "jpg jpeg jpe",
    "image/png": "png",
    "image/tiff": "tif tiff",
    "image/webp": "webp",
    "video/3gpp": "3gp",
    "video/mp4": "mp4 m4v",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
    "application/pdf": "pdf",
    "application/rtf": "rtf",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/zip": "zip",
    "text/csv": "csv",
    "text/plain": "txt",
}
_TYPES: Final = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings.split()}


def guess(name: str) -> str:
    """The media type that the ending of `name` claims, or `UNKNOWN`."""
    return _TYPES.get(name.rpartition(".")[2].lower(), UNKNOWN)
