"""Interviews on the small form, filled in, for tests of what comes after."""

from __future__ import annotations

import os
from pathlib import Path

from collector.field import Field
from collector.interview import Interview
from tests.helpers.forms import AGAIN, CONSENT, CONSENT_AUDIO, EVENT, NAME, PLACE, STORY

STORY_TEXT = "MARKER-STORY They came at night and took him."
NAME_TEXT = "MARKER-NAME Olena Petrenko"
PLACE_TEXT = "MARKER-PLACE kitchen of the shelter"
FILE_MARK = b"MARKER-FILE "


def some_file(folder: Path, name: str = "MARKER-photo.jpg", size: int = 100_000) -> Path:
    """A file whose every block bears a mark."""
    path = folder / name
    path.write_bytes((FILE_MARK * (size // len(FILE_MARK) + 1))[:size])
    return path


def filled(field: Field, *, photo: Path | None = None) -> Interview:
    """An interview that can be sealed: consent, account, one event, a name, and a photograph if there is one."""
    interview = field.new_interview()
    interview.answer(PLACE, PLACE_TEXT)
    interview.answer(CONSENT, "yes")
    interview.answer(CONSENT_AUDIO, "no")
    interview.answer(STORY, STORY_TEXT)
    event, _ = interview.add_entry(EVENT)
    interview.answer((*event, "what"), "MARKER-EVENT")
    if photo is not None:
        interview.attach((*event, "photo"), photo)
    interview.answer(NAME, NAME_TEXT)
    interview.answer(AGAIN, "yes")
    return interview


def sealed_entry(field: Field, *, photo: Path | None = None) -> bytes:
    """Fills an interview in, seals it, gives the entry's id."""
    return field.seal(filled(field, photo=photo).code).eid


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its relative path."""
    return {
        str(Path(place, name).relative_to(folder)): Path(place, name).read_bytes()
        for place, _, names in os.walk(folder)
        for name in names
    }
