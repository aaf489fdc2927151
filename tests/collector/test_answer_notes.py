"""Notes to single answers: durable, encrypted in the draft, sealed with the process, left behind with hidden ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import answer_notes
from collector.field import Field
from schemas.problems import Problem
from schemas.records import notes
from tests.helpers.forms import AGE, AUDIO, CONSENT_AUDIO, EVENT, NAME, STORY
from tests.helpers.interviews import files_below, filled
from tests.helpers.mission import NOW, reopened


def test_a_note_is_durable_and_in_no_file_in_the_clear(field: Field) -> None:
    interview = filled(field)
    code = interview.code
    answer_notes.write(interview, STORY, "  MARKER-NOTE spoke very quietly ")
    again = reopened(field).open_interview(code)
    assert answer_notes.listed(again) == {STORY: "MARKER-NOTE spoke very quietly"}
    assert not any(b"MARKER-NOTE" in data for data in files_below(field.vault.home).values())
    answer_notes.write(again, STORY, " ")
    assert answer_notes.listed(again) == {}


def test_what_is_no_question_or_too_long_is_refused(field: Field) -> None:
    interview = filled(field)
    answer_notes.write(interview, STORY, "as it was")
    with pytest.raises(Problem, match="E_NOTE_LONG"):
        answer_notes.write(interview, STORY, "x" * (notes.LONGEST + 1))
    for path in (EVENT, ("account",), ("nothing",)):
        with pytest.raises(Problem, match="E_ANSWER_PATH"):
            answer_notes.write(interview, path, "note")
    assert answer_notes.listed(interview) == {STORY: "as it was"}


def test_notes_to_what_is_hidden_or_removed_stay_behind(field: Field) -> None:
    interview = filled(field)
    event = next(node.path for node in interview.session.walk() if node.kind == "entry")
    interview.answer(CONSENT_AUDIO, "yes")
    for path, text in ((AUDIO, "hidden"), ((*event, "what"), "gone"), (NAME, "name"), (AGE, "guessed")):
        answer_notes.write(interview, path, text)
    assert [text for _path, text, _t in answer_notes.sealed(interview)] == ["guessed", "gone", "hidden", "name"]
    interview.answer(CONSENT_AUDIO, "no")
    interview.remove_entry(event)
    assert answer_notes.sealed(interview) == ((AGE, "guessed", int(NOW)), (NAME, "name", int(NOW)))
    assert len(answer_notes.listed(interview)) == 4


def test_what_stands_beside_a_document_comes_back(tmp_path: Path) -> None:
    some = ((("a", ("b", 3), "c"), "note", 5),)
    extra = notes.as_extra(some)
    assert extra == {"x-notes": [[["a", ["b", 3], "c"], "note", 5]]}
    assert notes.of(extra) == some
    assert notes.as_extra(()) == {}
    assert notes.of({}) == ()


wild = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(wild)
def test_notes_that_do_not_fit_are_none(value: object) -> None:
    found = notes.of({"x-notes": value})
    assert found == () or all(path and text for path, text, _t in found)
