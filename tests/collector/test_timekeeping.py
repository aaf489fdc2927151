"""The time of an interview: counted by a clock that nobody can set, durable, sealed with the process document alone."""

from __future__ import annotations

import pytest

from collector import timekeeping
from collector.field import Field
from collector.interview import Interview
from collector.timekeeping import Timekeeper
from schemas.problems import Problem
from schemas.records import times
from schemas.records.times import Times
from tests.helpers.forms import STORY
from tests.helpers.interviews import filled
from tests.helpers.mission import Office, SetClock, reopened
from tests.helpers.opening import open_sealed

EVERYBODY = list(Office().recipient_keys().values())


class Clocks:
    """The clock of the day and the one that nobody can set, both standing."""

    def __init__(self, day: SetClock) -> None:
        self.day, self.mono = day, SetClock(5.0)

    def pass_by(self, seconds: float) -> None:
        self.day.now += seconds
        self.mono.now += seconds


@pytest.fixture
def clocks(clock: SetClock) -> Clocks:
    return Clocks(clock)


def keeper(interview: Interview, clocks: Clocks) -> Timekeeper:
    return Timekeeper(interview, mono=clocks.mono)


def test_nobody_sat_at_an_interview_that_was_only_filled(field: Field) -> None:
    interview = filled(field)
    assert timekeeping.noted(interview) is None
    opened = open_sealed(field, field.seal(interview.code).eid, EVERYBODY)
    assert all("x-times" not in document.extra for document in opened.documents.values())


def test_seconds_go_to_the_section_of_the_cursor(field: Field, clocks: Clocks) -> None:
    interview = field.new_interview()
    start, kept = int(clocks.day()), keeper(interview, clocks)
    for section, seconds in (("a", 10), ("b", 20.6), ("a", 5), (None, 1000), ("b", 2.6)):
        kept.stand(section)
        clocks.pass_by(seconds)
    kept.note()
    noted = timekeeping.noted(interview)
    assert noted == Times(start=start, end=int(clocks.day()), sections=(("a", 15), ("b", 23)))


def test_what_was_counted_outlives_the_program(field: Field, clocks: Clocks) -> None:
    interview = field.new_interview()
    kept = keeper(interview, clocks)
    kept.stand("a")
    clocks.pass_by(60)
    kept.note()
    clocks.pass_by(30)  # killed here: these are lost, and so is the night after them
    again = reopened(field, clock=clocks.day).open_interview(interview.code)
    clocks.pass_by(40_000)
    later = keeper(again, clocks)
    later.stand("a")
    clocks.pass_by(7)
    later.stand(None)
    noted = timekeeping.noted(again)
    assert noted is not None
    assert noted.sections == (("a", 67),)
    assert noted.end - noted.start == 60 + 30 + 40_000 + 7


def test_a_clock_that_is_set_changes_no_length(field: Field, clocks: Clocks) -> None:
    interview = field.new_interview()
    kept = keeper(interview, clocks)
    kept.stand("a")
    clocks.mono.now += 8
    clocks.day.now -= 3600
    kept.begin_break()
    clocks.day.now -= 60
    assert kept.end_break() == 0
    noted = timekeeping.noted(interview)
    assert noted is not None
    assert noted.sections == (("a", 8),)
    assert noted.end >= noted.start
    assert all(ended is not None and ended >= begun for begun, ended in noted.breaks)


def test_a_break_ends_when_the_interview_is_opened_again(field: Field, clocks: Clocks) -> None:
    interview = field.new_interview()
    kept, start = keeper(interview, clocks), int(clocks.day())
    kept.stand("a")
    clocks.pass_by(10)
    kept.begin_break()
    kept.begin_break()
    clocks.pass_by(600)
    again = reopened(field, clock=clocks.day).open_interview(interview.code)
    later = keeper(again, clocks)
    assert later.on_break
    assert later.end_break() == 600
    assert later.end_break() is None
    noted = timekeeping.noted(again)
    assert noted is not None
    assert noted.breaks == ((start + 10, start + 610),)
    assert noted.sections == (("a", 10),)


def test_times_are_sealed_with_the_process_document_alone(field: Field, clocks: Clocks) -> None:
    interview = filled(field)
    kept, start = keeper(interview, clocks), int(clocks.day())
    kept.stand("story")
    clocks.pass_by(90)
    kept.begin_break()
    interview.keep(STORY)
    opened = open_sealed(field, field.seal(interview.code).eid, EVERYBODY)
    found = times.of(opened.documents[0].extra)
    assert found == Times(start=start, end=start + 90, breaks=((start + 90, None),), sections=(("story", 90),))
    assert found.as_dict() == {
        "start": start,
        "end": start + 90,
        "breaks": [{"start": start + 90, "end": None}],
        "seconds": {"story": 90},
    }
    assert all("x-times" not in opened.documents[comp].extra for comp in (1, 2))


@pytest.mark.parametrize("odd", [None, 7, {}, {"start": -1, "end": 2, "breaks": [], "sections": []}, {"start": "x"}])
def test_times_that_are_not_as_they_should_be_are_none(odd: object) -> None:
    assert times.of({times.KEY: odd}) is None
    assert times.of({}) is None


def test_a_closed_interview_takes_no_time(field: Field, clocks: Clocks) -> None:
    interview = field.new_interview()
    kept = keeper(interview, clocks)
    kept.stand("a")
    interview.close()
    with pytest.raises(Problem, match="E_INTERVIEW_CLOSED"):
        kept.stand("b")


def test_a_pause_counts_nothing_and_is_written_with_the_next_note(field: Field, clocks: Clocks) -> None:
    interview = field.new_interview()
    kept = keeper(interview, clocks)
    kept.stand("a")
    clocks.pass_by(10)
    kept.pause()
    clocks.pass_by(100)
    before = timekeeping.noted(interview)
    assert before is not None
    assert before.sections == ()
    kept.note()
    noted = timekeeping.noted(interview)
    assert noted is not None
    assert noted.sections == (("a", 10),)
    assert noted.end - noted.start == 10
