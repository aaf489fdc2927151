"""What the documenter noted stands beside the answer at the desk, and in no other compartment than the process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import answer_notes
from collector.field import Field
from tests.helpers.forms import STORY
from tests.helpers.interviews import filled
from tests.helpers.mission import NOW, PASSPHRASE, SMALL, SetClock
from tests.sync.desk.conftest import Home
from tests.sync.desk.test_with_a_field import sealed
from tests.sync.desk.travel import Bundle, codes_of, take
from tui.screens.desk.reading import open_record, parts_of


@pytest.fixture
def field(home: Home, tmp_path: Path) -> Iterator[Field]:
    """A field machine that the desk has enrolled."""
    made = Field.create(tmp_path / "field", PASSPHRASE, params=SMALL, leaves=16, clock=SetClock(NOW + 3600))
    request, fingerprint = made.request()
    made.accept_pack(home.desk.enrol(request, fingerprint).pack, home.desk.fingerprint)
    yield made
    made.close()


def test_a_note_comes_to_the_desk_beside_its_answer(home: Home, field: Field) -> None:
    interview = filled(field)
    answer_notes.write(interview, STORY, "spoke very \x1b[31mquietly")
    entry = field.seal(interview.code)
    assert codes_of(take(home.desk, Bundle([sealed(field, entry.eid)]))) == ["imported"]
    record: Any = home.desk.record(entry.code)
    assert record["notes"] == {"account.story": "spoke very \x1b[31mquietly"}
    opened = open_record(home.desk, entry.code)
    assert {name: bool(each.extra.get("x-notes")) for name, each in opened.documents.items()} == {
        "identity": False,
        "narrative": False,
        "process": True,
    }
    blocks = [block for part in parts_of(opened, "en") for block in part.blocks]
    place = next(place for place, block in enumerate(blocks) if "They came at night" in block.text)
    assert blocks[place + 1].kind == "note"
    assert "Note of the documenter: spoke very" in blocks[place + 1].text
