"""Marks: durable, encrypted, found again by their words, gone with the draft and never sealed."""

from __future__ import annotations

import pytest

from collector import marks
from collector.field import Field
from collector.marks import Mark
from tests.helpers.forms import EVENT, NAME, STORY
from tests.helpers.interviews import STORY_TEXT, filled
from tests.helpers.mission import SetClock, reopened
from tests.helpers.opening import outbox_file

TEXT = "They came at night and took him. Nobody said where. In the morning we went to ask."


def test_a_mark_outlives_the_program(field: Field, clock: SetClock) -> None:
    interview = field.new_interview()
    made = marks.make(interview, STORY, TEXT, TEXT.index(" In the morning"))
    clock.now += 5
    marks.make(interview, NAME)
    found = marks.listed(reopened(field, clock=clock).open_interview(interview.code))
    assert found[0] == made
    assert [(mark.path, mark.before, mark.t - made.t) for mark in found[1:]] == [(NAME, "", 5)]
    assert made.before.endswith("Nobody said where.")
    assert made.after.startswith(" In the morning")


def test_the_same_place_is_marked_once(field: Field) -> None:
    interview = field.new_interview()
    for _time in range(2):
        marks.make(interview, STORY, TEXT, 20)
        marks.make(interview, NAME)
    assert len(marks.listed(interview)) == 2
    marks.resolve(interview, marks.listed(interview)[0].number)
    assert [mark.path for mark in marks.listed(interview)] == [NAME]
    marks.resolve(interview, 77)


def test_numbers_are_not_given_twice_while_a_later_mark_stands(field: Field) -> None:
    interview = field.new_interview()
    first, second = marks.make(interview, STORY, TEXT, 5), marks.make(interview, STORY, TEXT, 40)
    marks.resolve(interview, first.number)
    assert marks.make(interview, NAME).number not in (second.number,)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (TEXT, "Nobody said"),
        ("Long before that. " + TEXT, "Nobody said"),
        (TEXT.replace("came at night and took him", "came in the dark, took him"), "Nobody said"),
        (TEXT.replace("Nobody said where.", "Nobody would say."), "Nobody would"),
        (TEXT + " " + TEXT, "Nobody said where. In the morning we went to ask. They"),
    ],
)
def test_a_mark_is_found_by_its_words(field: Field, changed: str, expected: str) -> None:
    mark = marks.make(field.new_interview(), STORY, TEXT, TEXT.index("Nobody"))
    assert changed[marks.place(changed, mark) :].startswith(expected)


def test_a_mark_whose_words_are_gone_stands_where_it_was_or_at_the_end(field: Field) -> None:
    mark = Mark(1, STORY, 10, "abcdefghij", "klm", 0)
    assert marks.place("x" * 100, mark) == 10
    assert marks.place("short", mark) == 5
    assert marks.place("", mark) == 0


def test_a_mark_in_an_entry_is_shown_while_the_entry_is_there(field: Field) -> None:
    interview = filled(field)
    entry, _changes = interview.add_entry(EVENT)
    marks.make(interview, (*entry, "what"))
    assert len(marks.listed(interview)) == 1
    interview.remove_entry(entry)
    assert marks.listed(interview) == []


def test_marks_are_not_sealed_and_not_readable_in_the_vault(field: Field) -> None:
    interview = filled(field)
    marks.make(interview, STORY, STORY_TEXT, 20)
    rows = b"".join(bytes(blob) for (blob,) in field.vault.db.query("SELECT blob FROM draft_row"))
    assert STORY_TEXT[:20].encode() not in rows
    review = interview.review()
    assert review.ready
    assert [mark.path for mark in review.marks] == [STORY]
    entry = field.seal(interview.code)
    assert outbox_file(field, entry.eid).exists()
    assert field.vault.db.one("SELECT count(*) FROM draft_row") == (0,)
