"""Reading back: sentences as they are read, and the memory that it was done and what changed after it."""

from __future__ import annotations

import pytest

from collector import readback
from collector.field import Field
from schemas.records import readback as records
from tests.helpers.forms import STORY
from tests.helpers.interviews import filled
from tests.helpers.mission import NOW, Office, SetClock, reopened
from tests.helpers.opening import open_sealed

EVERYBODY = list(Office().recipient_keys().values())


def read(text: str) -> list[str]:
    return [text[each.start : each.end] for each in readback.passages(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  \n \n", []),
        ("One", ["One"]),
        ("They came. He went! Why? …", ["They came.", "He went!", "Why?", "…"]),
        ("Вони прийшли. «Хто там?» Тиша…\nПотім пішли.", ["Вони прийшли.", "«Хто там?»", "Тиша…", "Потім пішли."]),
        ("  Begins late.   Ends late.  ", ["Begins late.", "Ends late."]),
        ("At 5.30 he left", ["At 5.30 he left"]),
    ],
)
def test_a_text_is_read_sentence_by_sentence(text: str, expected: list[str]) -> None:
    assert read(text) == expected


def test_paragraphs_begin_where_lines_do_and_no_word_is_left_out() -> None:
    text = "One. Two.\n\nThree.\nFour."
    assert [each.opens for each in readback.passages(text)] == [True, False, True, True]
    assert "".join(read(text)).replace(" ", "") == "".join(text.split())


def test_that_it_was_read_and_changed_after_is_sealed_with_its_times_and_without_the_words(
    field: Field, clock: SetClock
) -> None:
    interview = filled(field)
    assert readback.events(interview) == ()
    clock.now += 10
    readback.note_read(interview, STORY)
    assert readback.changed_since(interview, STORY) is False
    clock.now += 10
    interview.answer(STORY, "It was two days later.")
    clock.now += 10
    assert readback.changed_since(interview, STORY) is True
    readback.note_read(interview, STORY)
    clock.now += 10
    interview.answer(STORY, "It was three days later.")
    expected = (
        (STORY, "read", NOW + 10),
        (STORY, "changed", NOW + 20),
        (STORY, "read", NOW + 30),
        (STORY, "changed", NOW + 40),
    )
    code = interview.code
    again = reopened(field, clock=clock)
    try:
        assert readback.events(again.open_interview(code)) == expected
        opened = open_sealed(again, again.seal(code).eid, EVERYBODY)
        assert records.of(opened.documents[0].extra) == expected
        assert all(records.KEY not in opened.documents[comp].extra for comp in (1, 2))
        assert "two days later" not in str(opened.documents)
    finally:
        again.close()


def test_an_answer_that_is_given_again_as_it_was_is_no_change(field: Field, clock: SetClock) -> None:
    interview = filled(field)
    readback.note_read(interview, STORY)
    clock.now += 10
    interview.answer(STORY, str(interview.session.value(STORY)))
    assert [what for _, what, _ in readback.events(interview)] == ["read"]


def test_an_interview_that_was_not_read_back_says_nothing_of_it(field: Field) -> None:
    opened = open_sealed(field, field.seal(filled(field).code).eid, EVERYBODY)
    assert records.KEY not in opened.documents[0].extra


@pytest.mark.parametrize("wrong", [5, [["x"]], [[["a"], "erased", 5]], [[["a"], "read", -1]]])
def test_events_that_are_not_as_they_should_be_are_as_good_as_none(wrong: object) -> None:
    assert records.of({records.KEY: wrong}) == ()


def test_the_account_is_the_text_of_the_narrative_and_none_while_nothing_stands_there(field: Field) -> None:
    interview = field.new_interview()
    assert readback.account_of(interview.session) is None
    assert readback.account_of(filled(field).session) == STORY
