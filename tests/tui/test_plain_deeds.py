"""Commands of the plain prompts: each does what its key on the screen does, and says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import answer_notes, consent, filling, marks, readback
from collector.field import Field
from collector.interview import Interview
from collector.timekeeping import Timekeeper
from schemas.session_types import Path as Place
from tests.tui.conftest import reopened
from tests.tui.plain_inside import spoken
from tui import locale
from tui.demo_interviews import interviews

ACCOUNT = ("d_account", "narrative_text")
CLOSING = ("u_closing", "consent_reconfirm")
AGE = ("e_person", "age_band")
STATS = ("c_consent", "consent_stats")
ITEM = ("r_items", ("at", 1))
TYPE, FILE = (*ITEM, "at_type"), (*ITEM, "at_file")
EVENT = ("h_event", ("ev", 1))
TOLD = "Вони прийшли ввечері. Було двоє.\n\nПотім я пішла."


@pytest.fixture
def field(home: Path) -> Iterator[Field]:
    """The enrolled home with the shipped form, open."""
    with reopened(home) as opened:
        yield opened


@pytest.fixture
def taken(field: Field) -> Interview:
    """An interview that is whole."""
    (demo,) = list(interviews(4))[3:]
    draft = field.open_interview(filling.begin_filled(field, demo.answers, folder=Path()))
    draft.answer(ACCOUNT, TOLD)
    return draft


def again(field: Field, draft: Interview) -> Interview:
    """The draft as it is now."""
    return field.open_interview(draft.code)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file on a card."""
    path = tmp_path / "card" / "note.txt"
    path.parent.mkdir()
    path.write_text("An invented note.")
    return path


def at_file(draft: Interview) -> Place:
    """A question for a file."""
    draft.add_entry(("r_items", "at"))
    draft.answer(TYPE, draft.session.node(TYPE).choices[0].value)
    return FILE


# files


def test_a_file_stays_where_it_was_unless_one_says_otherwise(field: Field, taken: Interview, source: Path) -> None:
    said, _code = spoken(field, taken, f"/attach {source}", "perhaps", "", "/back", at=at_file(taken))
    assert "old blocks may survive" in said
    assert said.count("Type 1 to leave it there, or 2 to overwrite and delete it.") == 2
    assert "The file was left where it is." in said
    assert "Begins: │ An invented note." in said
    assert source.exists()


def test_a_taken_file_can_be_overwritten_and_deleted(field: Field, taken: Interview, source: Path) -> None:
    said, _code = spoken(field, taken, f"/attach '{source}'", "2", at=at_file(taken))
    assert "The file was overwritten and deleted." in said
    assert not source.exists()
    draft = again(field, taken)
    assert [each.name for each in draft.files()][-1:] == ["note.txt"]
    draft.close()


def test_what_cannot_be_deleted_is_not_offered(field: Field, taken: Interview, source: Path) -> None:
    (source.parent / "other").hardlink_to(source)
    said, _code = spoken(field, taken, f"/attach {source}", "2", at=at_file(taken))
    assert "Type 1 to leave it there" not in said
    assert source.exists()


# consent, review, contents


def test_the_consent_can_be_read_aloud_and_the_contents_are_told(field: Field, taken: Interview) -> None:
    taken.answer(STATS, "yes")
    taken.answer(STATS, "no")
    label = taken.session.node(STATS).label
    said, _code = spoken(field, taken, "/permissions", "/quit")
    assert f"{label} Ні" in said
    assert "→ changed: Ні" in said
    assert "Вони прийшли" not in said
    said, _code = spoken(field, again(field, taken), "/contents", "/quit")
    for words in ("Process: ", "Identity: ", "Narrative: ", "Opened by Test Office with the key"):
        assert words in said
    assert re.search(r"\d+ answers, ", said)


def test_the_review_numbers_what_is_open_and_goes_there(field: Field, taken: Interview) -> None:
    taken.clear(AGE)
    taken.clear(CLOSING)
    said, _code = spoken(field, taken, "/review", "/quit")
    number = re.findall(r"(\d+)\. " + re.escape(taken.session.node(AGE).label), said)
    draft = again(field, taken)
    if number:
        _said, _code = spoken(field, draft, f"/review {number[0]}", "/quit", at=CLOSING)
        assert again(field, draft).cursor.path == AGE  # type: ignore[union-attr]  # it was kept
    closing = re.findall(r"(\d+)\. " + re.escape(taken.session.node(CLOSING).label), said)
    said, _code = spoken(field, again(field, taken), f"/review {closing[0]}", "", "/review 99", "/quit")
    assert "Before the end each permission" in said
    assert "The review has no such number." in said


def test_nothing_is_sealed_while_something_is_open_and_a_reason_is_asked_for(field: Field, taken: Interview) -> None:
    taken.clear(CLOSING)
    said, _code = spoken(field, taken, "/seal", "", "/seal", "1", "/quit", at=CLOSING)
    assert "/incomplete and the reason" in said
    assert "Type 1 to seal." not in said
    said, _code = spoken(field, again(field, taken), "/incomplete", "/incomplete shelling", "no", "/quit")
    assert "please write no names" in said
    assert "It is not sealed." in said
    said, _code = spoken(field, again(field, taken), "/incomplete shelling", "1")
    assert "Sign by sign: " + ", ".join(taken.code) in said
    assert "Not on the card: No name, no date" in said


def test_each_use_says_how_far_one_is_and_what_was_said_before(field: Field, taken: Interview) -> None:
    taken.answer(STATS, "yes")
    taken.answer(STATS, "no")
    asked = consent.questions(taken.session)
    place = [node.path for node in asked].index(STATS) + 1
    said, _code = spoken(field, taken, "/quit", at=STATS)
    assert f"Consent · {place} of {len(asked)}" in said
    assert "→ changed: Ні" in said


def test_what_the_person_understood_is_one_line_of_the_ledger_and_outlives_a_kill(
    field: Field, taken: Interview
) -> None:
    understood = ("c_consent", "consent_understood")
    taken.clear(understood)
    before = len(taken.ledger.events)
    spoken(field, taken, "I can stop.", "", "They keep it locked.", at=understood)
    draft = again(field, taken)
    assert len(draft.ledger.events) == before
    said, _code = spoken(field, draft, "And it is mine.", ".", "/quit")
    assert "saved" in said
    draft = again(field, draft)
    assert draft.session.value(understood) == "I can stop.\n\nThey keep it locked.\nAnd it is mine."
    assert len(draft.ledger.events) <= before + 2
    draft.close()


# the account read back


def test_the_account_is_read_back_by_sentences_and_corrected(field: Field, taken: Interview) -> None:
    lines = ("/readback", "", "Було троє.", "1", "", "/back", "", "", "/quit")
    said, _code = spoken(field, taken, *lines)
    assert "1 of 3 Вони прийшли ввечері. " in said
    assert "Instead of this sentence: Було троє." in said
    assert "The account was read to its end." in said
    assert str(readback.question_of(taken.session).label) in said  # type: ignore[union-attr]  # the form asks it
    draft = again(field, taken)
    assert draft.session.value(ACCOUNT) == "Вони прийшли ввечері. Було троє.\n\nПотім я пішла."
    assert [what for _path, what, _at in readback.events(draft)] == ["read"]
    said, _code = spoken(field, draft, "/undo", "/quit")
    assert again(field, draft).session.value(ACCOUNT) == TOLD


def test_a_correction_that_nobody_confirmed_is_kept_as_typed_and_changes_nothing(
    field: Field, taken: Interview
) -> None:
    spoken(field, taken, "/readback", "", "Було троє.")
    draft = again(field, taken)
    assert draft.session.value(ACCOUNT) == TOLD
    assert draft.cursor is not None
    assert (draft.cursor.path, draft.cursor.pending) == (ACCOUNT, "Було троє.")
    assert readback.events(draft) == ()
    said, _code = spoken(field, draft, "/readback", "", "Було троє.", "", "/sections", "/quit")
    assert "complete" in said
    assert again(field, draft).session.value(ACCOUNT) == TOLD


# entries and the way back


def test_an_entry_is_copied_removed_after_asking_and_brought_back(field: Field, taken: Interview) -> None:
    inside = (*EVENT, "ev_others_count")
    before = taken.session.node(("h_event", "ev")).count
    lines = ("/copy", "/remove", "/undo", "/undo", "/redo", "/go 8", "1", "/remove", "", "/quit")
    said, _code = spoken(field, taken, *lines, at=inside)
    draft = again(field, taken)
    assert re.search(r"Entry \d+ has the answers of Entry 1", said)
    assert "Remove entry 1? It has " in said
    assert "Type 1 to remove it." in said
    assert re.search(r"Entry \d+ is removed. /undo brings it back.", said)
    assert "Entry Entry" not in said
    assert "is back with all its answers" in said
    assert "Undone: the copy of entry" in said
    assert "^" not in said
    assert draft.session.node(("h_event", "ev")).count == before + 1
    draft.close()


def test_codes_that_were_given_are_told_where_persons_are_named(field: Field, taken: Interview) -> None:
    taken.add_entry(("q_perp", "pp"))
    asked = (*EVENT, "ev_perp_refs")
    said, _code = spoken(field, taken, "/quit", at=asked)
    assert "Codes given so far P1: " in said


# marks, notes


def test_marks_are_made_in_the_middle_of_the_account_gone_to_and_taken_away(field: Field, taken: Interview) -> None:
    said, _code = spoken(field, taken, "/account", "Тоді гавкав пес.", "/mark", "І все.", "/hlep", ".", "/quit", at=AGE)
    assert "There is no such command" in said
    draft = again(field, taken)
    assert draft.session.value(ACCOUNT) == f"{TOLD}\nТоді гавкав пес.\nІ все."
    (mark,) = marks.listed(draft)
    assert mark.before.endswith("гавкав пес.")
    assert draft.cursor is not None
    assert draft.cursor.path == AGE
    said, _code = spoken(field, draft, "/marks", f"/marks {mark.number}", "/quit", at=AGE)
    assert "гавкав пес." in said
    draft = again(field, draft)
    assert draft.cursor is not None
    assert draft.cursor.path == ACCOUNT
    said, _code = spoken(field, draft, "/asked 77", f"/asked {mark.number}", "/marks", "/quit", at=AGE)
    assert "There is no such mark." in said
    assert "Nothing is marked." in said


def test_a_note_is_written_read_out_and_taken_away(field: Field, taken: Interview) -> None:
    said, _code = spoken(field, taken, "/note spoke very quietly", "/note", "/again", "/quit", at=AGE)
    assert "write no names" in said
    assert said.count("spoke very quietly") >= 2
    draft = again(field, taken)
    assert answer_notes.listed(draft)[AGE] == "spoke very quietly"
    said, _code = spoken(field, draft, "/note -", "/note", "/quit", at=AGE)
    assert "There is no note" in said
    said, _code = spoken(field, again(field, draft), "/go 8", "/back", "/next", "/unknown", "/quit")
    assert "You are at no question" in said


# where one is


def test_a_question_that_was_just_asked_is_not_read_out_whole_again(field: Field, taken: Interview) -> None:
    options = [choice.label for choice in taken.session.node(AGE).choices]
    said, _code = spoken(field, taken, "zzz", "/again", "/quit", at=AGE)
    assert said.count(f"1. {options[0]}") == 2
    assert "/again says it whole." in said
    draft = again(field, taken)
    said, _code = spoken(field, draft, "/again", "/quit", at=ACCOUNT)
    assert "Було двоє." in said


def test_letters_that_find_an_option_are_no_answer_that_waits(field: Field, taken: Interview) -> None:
    label = taken.session.node(AGE).choices[0].label
    said, _code = spoken(field, taken, label[:5], "/quit", at=AGE)
    assert "1. " in said
    assert "not an answer yet" not in said


def test_letters_find_an_option_in_a_wrong_keyboard_layout_too(field: Field, taken: Interview) -> None:
    label = taken.session.node(AGE).choices[0].label
    assert label.startswith("До")
    said, _code = spoken(field, taken, "lj", "/quit", at=AGE)
    assert said.count(f"1. {label}") == 2, "once with the question, once because it was found"


def test_the_answer_is_said_before_the_safeguard_that_it_opens(field: Field, taken: Interview) -> None:
    path = ("b_safety", "authority_pending")
    said, _code = spoken(field, taken, "1", "/quit", at=path)
    assert said.index("Answer: Так") < said.index("Safeguard: ")


def test_another_language_is_spoken_at_once(field: Field, taken: Interview) -> None:
    said, _code = spoken(field, taken, "/language xx", "/language uk", "/мова en", "/quit", at=AGE)
    assert "en ru uk" in said or "en uk ru" in said
    assert locale.current_language() == "en"
    assert "Розділ" in said


def test_a_break_in_which_the_program_ended_is_over_when_it_begins_again(field: Field, taken: Interview) -> None:
    spoken(field, taken, "/break")
    draft = again(field, taken)
    assert Timekeeper(draft).on_break
    spoken(field, draft, "/quit")
    draft = again(field, draft)
    assert not Timekeeper(draft).on_break
    draft.close()


def test_a_note_of_the_form_is_said_before_its_question_and_where_it_does_not_apply_not(
    field: Field, taken: Interview
) -> None:
    gist = taken.session.node(("d_account", "d_account_gist"))
    assert not gist.relevant
    said, _code = spoken(field, taken, "/quit", at=ACCOUNT)
    assert gist.label not in said
    draft = again(field, taken)
    draft.answer(("a_setting", "account_depth"), "screening")
    assert draft.session.node(gist.path).relevant
    said, _code = spoken(field, draft, "/quit", at=ACCOUNT)
    note, question = said.index(gist.label), said.index(draft.session.node(ACCOUNT).label)
    assert note < question
    assert draft.session.node(AGE).label not in said
