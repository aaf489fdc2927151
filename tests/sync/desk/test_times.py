"""A field machine notes the time, the desk reads it: in `--json` and on the record's screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.field import Field
from collector.timekeeping import Timekeeper
from tests.helpers.interviews import filled
from tests.helpers.mission import NOW, PASSPHRASE, SMALL, SetClock
from tests.sync.desk.conftest import Home
from tests.sync.desk.test_with_a_field import sealed
from tests.sync.desk.travel import Bundle, codes_of, take
from tui.screens.desk.about import all_parts
from tui.screens.desk.reading import open_record
from tui.screens.texts import time_text

START = NOW + 3600


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


@pytest.fixture
def field(home: Home, tmp_path: Path, clock: SetClock) -> Iterator[Field]:
    made = Field.create(tmp_path / "field", PASSPHRASE, params=SMALL, leaves=16, clock=clock)
    request, fingerprint = made.request()
    made.accept_pack(home.desk.enrol(request, fingerprint).pack, home.desk.fingerprint)
    try:
        yield made
    finally:
        made.close()


def brought(home: Home, field: Field, code: str) -> None:
    entry = field.seal(code)
    assert codes_of(take(home.desk, Bundle([sealed(field, entry.eid)]))) == ["imported"]


def test_the_desk_reads_when_and_how_long(home: Home, field: Field, clock: SetClock) -> None:
    interview = filled(field)
    mono = SetClock(0)
    kept = Timekeeper(interview, mono=mono)
    for section, seconds in (("account", 600), ("story", 45)):
        kept.stand(section)
        clock.now, mono.now = clock.now + seconds, mono.now + seconds
    kept.begin_break()
    clock.now += 900
    kept.end_break()
    brought(home, field, interview.code)
    record: Any = home.desk.record(interview.code)
    assert record["times"] == {
        "start": START,
        "end": START + 645,
        "breaks": [{"start": START + 645, "end": START + 1545}],
        "seconds": {"account": 600, "story": 45},
    }
    part = next(each for each in all_parts(open_record(home.desk, interview.code), "en") if each.key == "times")
    told = [(block.label, block.text) for block in part.blocks]
    assert part.heading == "Process"
    assert ("Begun", time_text(START)) in told
    assert "10 minutes" in [text for _label, text in told]
    assert "45 seconds" in [text for _label, text in told]
    assert any(label.startswith("Break at") and text == "15 minutes" for label, text in told)


def test_a_record_that_nobody_sat_at_says_so(home: Home, field: Field) -> None:
    interview = filled(field)
    brought(home, field, interview.code)
    assert home.desk.record(interview.code)["times"] is None
    assert all(part.key != "times" for part in all_parts(open_record(home.desk, interview.code), "en"))
