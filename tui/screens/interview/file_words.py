"""What is said of a file that was taken over: name, size, SHA-256, and what its head tells.

The rule: what a file says of itself is data; it is shown without any sign that could steer a terminal, and nothing is
claimed that was not read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from collector.files import shown_name
from tui.locale import _
from tui.widgets.progress import size_text

if TYPE_CHECKING:
    from collector.interview import Interview
    from collector.media import Attachment
    from collector.preview import Preview

SHORT = 8
"""Digits of a short SHA-256: enough to compare two files at a glance, not to prove anything."""


def file_names(interview: Interview) -> Callable[[bytes], str]:
    """The name of a file of this interview by its number; empty where there is none."""

    def name(sid: bytes) -> str:
        return next((shown_name(each.name) for each in interview.files() if each.sid == sid), "")

    return name


def file_words(attachment: Attachment) -> str:
    """Name, size and hash of the question's file."""
    return _(
        "{name}\n{size} · SHA-256 {hash}\nDel takes it away.",
        name=shown_name(attachment.name),
        size=size_text(attachment.length),
        hash=attachment.sha256.hex(),
    )


def taken_words(attachment: Attachment) -> str:
    """The same, when it has just been taken over: the hash short, to be said, and whole, to be written down."""
    digest = attachment.sha256.hex()
    return _(
        "{name} · {size}\nSHA-256 {short}…\n{hash}",
        name=shown_name(attachment.name),
        size=size_text(attachment.length),
        short=digest[:SHORT],
        hash=f"{digest[:32]}\n{digest[32:]}",
    )


def preview_words(found: Preview) -> str:
    """What the sealed copy is, in a few lines; empty when nothing can be said."""
    if found.kind == "text":
        return "\n".join((_("Begins:"), *(f"│ {line}" for line in found.lines))) if found.lines else ""
    if found.kind == "recording":
        if found.seconds is None:
            return _("{format} recording", format=found.format)
        return _("{format} recording, {time}", format=found.format, time=duration_text(found.seconds))
    if found.kind != "picture":
        return ""
    words = _("{format} picture, {width} x {height}", format=found.format, width=found.width, height=found.height)
    return f"{words}\n{_camera_words(found)}"


def _camera_words(found: Preview) -> str:
    if found.gps:
        return _("The camera wrote into it where it was taken (GPS). That is sealed with it.")
    if found.exif:
        if found.gps is None:
            return _("The camera wrote data into it (EXIF), perhaps a place. They are sealed with it.")
        return _("The camera wrote data into it (EXIF), no place. They are sealed with it.")
    if found.exif is None:
        return _("Whether the camera wrote data into it was not found out. If so, they are sealed with it.")
    return _("No data of the camera were found in it (no EXIF, no GPS).")


def duration_text(seconds: float) -> str:
    """How long something lasts: 0:07, 12:30, 1:02:03."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
