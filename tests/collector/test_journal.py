"""Acts are taken back and done again, whatever they were, and whatever happened to the machine between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path as FilePath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector import journal
from collector.field import Field
from collector.interview import Interview
from collector.packs import FormSource
from schemas.problems import Problem
from schemas.session import Session
from schemas.session_types import Path, Value
from tests.helpers.entries import AMOUNT, COUNTED, EVENTS, NOTE, PEOPLE, entries_form
from tests.helpers.forms import CONSENT, NAME, PLACE, STORY
from tests.helpers.interviews import some_file
from tests.helpers.mission import Office, SetClock, enrolled_field


@pytest.fixture(scope="module")
def entries_field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """A device whose form is full of repeats."""
    office = Office()
    office.forms = [FormSource("entries", "1", entries_form())]
    with enrolled_field(tmp_path_factory.mktemp("entries") / "home", office) as field:
        yield field


def again(field: Field, interview: Interview) -> Interview:
    """The interview as the rows have it."""
    interview.close()
    return field.open_interview(interview.code)


def spooled(field: Field) -> set[str]:
    return {item.name for item in (field.vault.folder / "spool").iterdir()}


def told(interview: Interview) -> tuple[dict[Path, tuple[Value, str | None]], list[Path]]:
    """Answers and entries, whatever else there is."""
    session = interview.session
    answers = {path: (value, missing) for path, value, missing in session.kept() if path[-1] != "twice"}
    return answers, sorted((each.path for each in session.entries() if not each.removed), key=repr)


def shown(interview: Interview) -> list[tuple[object, ...]]:
    """Everything that a screen would draw."""
    return [
        (node.path, node.relevant, node.value, node.missing, node.count, node.code) for node in interview.session.walk()
    ]


# ---- any sequence of acts ----


def _entries(interview: Interview, repeat: Path) -> list[Path]:
    length = len(repeat)
    return [
        each.path
        for each in interview.session.entries()
        if not each.removed and len(each.path) == length
        if (*each.path[:-1], _name(each.path[-1])) == repeat
    ]


def _name(step: str | tuple[str, int]) -> str:
    return step if isinstance(step, str) else step[0]


def _act(interview: Interview, deed: int, pick: int, words: str) -> None:
    """One act on whatever is there; nothing where the act finds nothing."""
    people, events = _entries(interview, PEOPLE), _entries(interview, EVENTS)
    person, event = (each[pick % len(each)] if each else None for each in (people, events))
    counted = _entries(interview, COUNTED)
    inner = [] if person is None else _entries(interview, (*person, "inner"))
    deeds: list[Callable[[], object]] = [
        lambda: interview.answer(NOTE, words),
        lambda: interview.missing(NOTE, "declined"),
        lambda: interview.answer(AMOUNT, pick % 4),
        lambda: interview.add_entry(PEOPLE),
        lambda: interview.add_entry(EVENTS),
        lambda: person and interview.answer((*person, "full"), words),
        lambda: person and interview.answer((*person, "kind"), ("man", "unit")[pick % 2]),
        lambda: person and interview.answer((*person, "unit_no"), words),
        lambda: person and interview.add_entry((*person, "inner")),
        lambda: inner and interview.answer((*inner[pick % len(inner)], "detail"), words),
        lambda: inner and interview.remove_entry(inner[pick % len(inner)]),
        lambda: person and interview.remove_entry(person),
        lambda: person and interview.copy_entry(person),
        lambda: counted and interview.answer((*counted[pick % len(counted)], "what"), words),
        lambda: event and interview.answer((*event, "ev_refs"), "P1"),
        lambda: event and interview.clear((*event, "ev_refs")),
        lambda: event and interview.copy_entry(event),
    ]
    deeds[deed % len(deeds)]()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(st.tuples(st.integers(0, 16), st.integers(0, 7), st.text("abcїя ", min_size=1, max_size=60))),
    back=st.integers(0, 12),
    stop=st.booleans(),
)
def test_all_taken_back_and_all_done_again(
    entries_field: Field, acts: list[tuple[int, int, str]], back: int, stop: bool
) -> None:
    interview = entries_field.new_interview()
    first = told(interview)
    for place, act in enumerate(acts):
        _act(interview, *act)
        if back and place % back == back - 1:
            interview.undo()
    last, codes = told(interview), interview.session.codes()
    interview = again(entries_field, interview) if stop else interview
    assert told(interview) == last
    done = 0
    while interview.undo() is not None:
        done += 1
    assert told(interview) == first
    seen = shown(interview)
    interview = again(entries_field, interview)
    assert shown(interview) == seen
    assert all(interview.redo() is not None for _ in range(done))
    assert told(interview) == last
    assert interview.session.codes() == codes
    seen = shown(interview)
    assert shown(again(entries_field, interview)) == seen
    entries_field.withdraw(interview.code)


# ---- single acts ----


def test_an_answer_comes_back_with_its_time_and_speaker(field: Field, clock: SetClock) -> None:
    interview = field.new_interview()
    interview.answer(PLACE, "kitchen")
    was = interview.given(PLACE)
    clock.now += 100
    interview.answer(PLACE, "cellar")
    clock.now += 100
    gone = interview.undo()
    assert gone is not None
    assert (gone.deed, gone.place) == ("answer", PLACE)
    assert interview.session.node(PLACE).value == "kitchen"
    assert interview.given(PLACE) == was
    interview.redo()
    assert interview.session.node(PLACE).value == "cellar"


def test_nothing_to_take_back(field: Field) -> None:
    interview = field.new_interview()
    before = interview.session.kept()
    assert interview.undo() is None
    assert interview.redo() is None
    assert interview.session.kept() == before


def test_a_new_act_ends_what_could_be_done_again(field: Field) -> None:
    interview = field.new_interview()
    interview.answer(PLACE, "kitchen")
    interview.undo()
    interview.answer(NAME, "Olena")
    assert interview.redo() is None
    back = again(field, interview)
    assert back.redo() is None
    assert back.undo() is not None
    assert back.undo() is None


def test_a_refused_answer_is_no_act(field: Field) -> None:
    interview = field.new_interview()
    interview.answer(PLACE, "kitchen")
    with pytest.raises(Problem):
        interview.answer(CONSENT, "maybe")
    gone = interview.undo()
    assert gone is not None
    assert gone.place == PLACE


def test_an_id_is_not_given_again_after_its_entry_was_taken_back(entries_field: Field) -> None:
    interview = entries_field.new_interview()
    interview.add_entry(PEOPLE)
    interview.undo()
    interview = again(entries_field, interview)
    entry, _ = interview.add_entry(PEOPLE)
    assert interview.session.node(entry).code == "P2"


def test_a_removed_person_comes_back_with_the_code(entries_field: Field) -> None:
    interview = entries_field.new_interview()
    entry, _ = interview.add_entry(PEOPLE)
    interview.answer((*entry, "full"), "Ivan Invented")
    interview.remove_entry(entry)
    assert interview.session.codes() == {}
    interview = again(entries_field, interview)
    gone = interview.undo()
    assert gone is not None
    assert gone.deed == "remove"
    assert interview.session.codes() == {"P1": entry}
    assert interview.session.value((*entry, "full")) == "Ivan Invented"


def test_a_copy_has_no_codes_and_no_files(entries_field: Field, tmp_path: FilePath) -> None:
    interview = entries_field.new_interview()
    person, _ = interview.add_entry(PEOPLE)
    interview.answer((*person, "kind"), "unit")
    interview.answer((*person, "unit_no"), "A1234")
    interview.missing((*person, "full"), "unknown")
    inner, _ = interview.add_entry((*person, "inner"))
    interview.answer((*inner, "detail"), "scar")
    interview.attach((*person, "face"), some_file(tmp_path))
    copy, _ = interview.copy_entry(person)
    session = interview.session
    assert session.node(copy).code == "P2"
    assert session.value((*copy, "unit_no")) == "A1234"
    assert session.node((*copy, "full")).missing == "unknown"
    assert session.value((*copy, ("inner", 1), "detail")) == "scar"
    assert session.value((*copy, "face")) is None
    event, _ = interview.add_entry(EVENTS)
    interview.answer((*event, "told"), "taken away")
    interview.answer((*event, "ev_refs"), "P1")
    copy, _ = interview.copy_entry(event)
    assert session.value((*copy, "told")) == "taken away"
    assert session.value((*copy, "ev_refs")) is None
    gone = interview.undo()
    assert gone is not None
    assert gone.deed == "copy"
    assert len(_entries(interview, EVENTS)) == 1


def test_what_is_no_entry_is_not_copied(entries_field: Field) -> None:
    interview = entries_field.new_interview()
    interview.answer(AMOUNT, 1)
    before = told(interview)
    for path in (NOTE, PEOPLE, (*PEOPLE[:-1], ("pp", 9))):
        with pytest.raises(Problem, match="E_ANSWER_PATH"):
            interview.copy_entry(path)
    with pytest.raises(Problem, match="E_ANSWER_READONLY"):
        interview.copy_entry((("counted", 1),))
    assert told(interview) == before


# ---- texts that are saved while they are written ----


def test_a_text_that_grows_is_one_act_for_a_minute(field: Field, clock: SetClock) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    text = "They came at night, there were three of them, and it was raining."
    interview.answer(STORY, text)
    for word in ("One", "two", "three"):
        clock.now += 5
        text += f" {word}"
        interview.answer(STORY, text)
    clock.now += 60
    interview.answer(STORY, text + " four")
    interview = again(field, interview)
    interview.undo()
    assert interview.session.value(STORY) == text
    interview.undo()
    assert interview.session.value(STORY) is None
    interview.redo()
    interview.redo()
    assert interview.session.value(STORY) == text + " four"


def test_a_text_that_is_typed_back_is_no_act(field: Field) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    text = "They came at night, there were three of them, and it was raining."
    interview.answer(STORY, text)
    again(field, interview)
    interview = field.open_interview(interview.code)
    for words in (" One", " One two", " One", ""):
        interview.answer(STORY, text + words)
    interview = again(field, interview)
    assert interview.session.value(STORY) == text
    interview.undo()
    assert interview.session.value(STORY) is None


def test_a_short_answer_that_is_corrected_at_once_is_two_acts(field: Field) -> None:
    interview = field.new_interview()
    interview.answer(NAME, "Olena")
    interview.answer(NAME, "Olha")
    interview.undo()
    assert interview.session.value(NAME) == "Olena"


# ---- bounds ----


def test_the_journal_keeps_so_many_acts(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ACTS", 5)
    interview = field.new_interview()
    for number in range(9):
        interview.answer(PLACE, f"place {number}")
    interview = again(field, interview)
    assert [interview.undo() is not None for _ in range(6)] == [True] * 5 + [False]
    assert interview.session.value(PLACE) == "place 3"


def test_the_journal_keeps_so_many_characters(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "WEIGHT", 5_000)
    interview = field.new_interview()
    for sign in "abcdef":
        interview.answer(PLACE, sign * 1_000)
    kept = 0
    while interview.undo() is not None:
        kept += 1
    assert kept == 2


def test_an_act_too_large_is_where_the_journal_begins(field: Field) -> None:
    interview = field.new_interview()
    interview.answer(PLACE, "kitchen")
    # Four bytes of UTF-8 for each character, twice before and twice after: more than one row can hold.
    for sign in ("\U0001f319", "\U0001f311"):

        def both(session: Session, text: str = sign * 262_144) -> None:
            session.set(PLACE, text)
            session.set(NAME, text)

        interview.answer_all(both)
    assert interview.undo() is None
    interview.answer(NAME, "Olena")
    interview = again(field, interview)
    assert interview.undo() is not None
    assert interview.undo() is None
    assert str(interview.session.value(NAME)).startswith("\U0001f311")
