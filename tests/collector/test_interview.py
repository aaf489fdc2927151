"""A draft survives everything that can happen to a laptop, and disappears when it is told to."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import codes
from collector.drafts import DraftRows
from collector.field import Field
from collector.packs import FormSource
from schemas.problems import Problem
from tests.helpers.forms import (
    AGE,
    AUDIO,
    CODE,
    CONSENT,
    EVENT,
    NAME,
    PLACE,
    STORY,
    small_form,
)
from tests.helpers.mission import NOW, Office, SetClock, enrolled_field, new_field, reopened

# ---- beginning ----


def test_without_a_mission_there_is_no_interview(tmp_path: Path) -> None:
    with new_field(tmp_path / "home") as field, pytest.raises(Problem, match="E_NOT_ENROLLED"):
        field.new_interview()


def test_record_code_is_drawn_at_the_start_and_preset(field: Field) -> None:
    interview = field.new_interview()
    assert codes.is_code(interview.code)
    assert interview.session.node(CODE).value == interview.code
    assert field.new_interview().code != interview.code
    assert field.open_interview(f"{interview.code[:6].lower()}-{interview.code[6:]} ").code == interview.code


def test_codes_as_people_read_them() -> None:
    assert codes.normal("il0-o9 abcdef") == "1100" + "9ABCDEF"
    assert not codes.is_code("ILOU00000000")


def test_codes_typed_on_a_keyboard_that_stands_on_another_language() -> None:
    keys = str.maketrans("qwertyuiopasdfghjklzxcvbnm", "йцукенгшщзфівапролдячсмить")
    typed = "abcdefghjkmn-pqrs tvwxyz"
    assert codes.normal(typed.translate(keys)) == codes.normal(typed)
    assert codes.normal(typed.translate(keys | str.maketrans("s", "ы")).upper()) == codes.normal(typed)
    assert codes.normal("щшд") == codes.normal("oil") == "011"
    assert "Ю" in codes.normal("ю")


def test_unknown_form_and_code(field: Field) -> None:
    with pytest.raises(Problem, match="E_FORM_UNKNOWN"):
        field.new_interview("census")
    with pytest.raises(Problem, match="E_INTERVIEW_UNKNOWN"):
        field.open_interview("000000000000")


# ---- coming back ----


def test_everything_comes_back(field: Field, clock: SetClock) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    clock.now += 60
    interview.answer(STORY, "They came at night.\nЇх було троє. 🌙")
    interview.missing(AGE, "declined")
    first, _ = interview.add_entry(EVENT)
    second, _ = interview.add_entry(EVENT)
    interview.answer((*second, "what"), "taken away")
    interview.remove_entry(first)
    interview.keep(NAME, "Olena Pet")

    again = reopened(field, clock=clock)
    back = again.open_interview(interview.code)
    assert back.session.kept() == interview.session.kept()
    assert back.cursor is not None
    assert (back.cursor.path, back.cursor.pending) == (NAME, "Olena Pet")
    given = back.given(STORY)
    assert given is not None
    assert (given.t, given.by) == (NOW + 60, "witness")
    third, _ = back.add_entry(EVENT)
    assert third == (*EVENT[:-1], ("event", 3))
    again.close()


def test_entry_ids_are_never_given_again(field: Field) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    for number in (1, 2, 3):
        entry, _ = interview.add_entry(EVENT)
        assert entry[-1] == ("event", number)
        interview.remove_entry(entry)
        again = reopened(field)
        interview, field = again.open_interview(interview.code), again
    field.close()


@pytest.mark.parametrize(
    ("path", "value", "by"),
    [(STORY, "x", "witness"), (PLACE, "x", "staff"), (AGE, 5, "staff"), (CONSENT, "yes", "witness")],
)
def test_who_answered(field: Field, path: tuple[str, str], value: object, by: str) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "no")
    interview.answer(path, value)  # type: ignore[arg-type]  # the type belongs to the question
    given = interview.given(path)
    assert given is not None
    assert given.by == by
    code = interview.given(CODE)
    assert code is not None
    assert code.by == "program"


def test_not_to_ask_is_the_staffs_decision(field: Field) -> None:
    interview = field.new_interview()
    interview.missing(NAME, "not_asked")
    given = interview.given(NAME)
    assert given is not None
    assert given.by == "staff"


def test_the_same_answer_again_keeps_its_time(field: Field, clock: SetClock) -> None:
    interview = field.new_interview()
    interview.answer(PLACE, "kitchen")
    clock.now += 100
    interview.answer(PLACE, "kitchen")
    given = interview.given(PLACE)
    assert given is not None
    assert given.t == NOW


def test_hidden_answers_are_kept_in_the_draft(field: Field) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    interview.answer(STORY, "kept")
    interview.answer(CONSENT, "no")
    again = reopened(field)
    back = again.open_interview(interview.code)
    assert not back.session.node(STORY).relevant
    back.answer(CONSENT, "yes")
    assert back.session.node(STORY).value == "kept"
    again.close()


def test_clear_takes_the_row_away(field: Field) -> None:
    interview = field.new_interview()
    interview.answer(PLACE, "kitchen")
    rows = field.vault.db.one("SELECT count(*) FROM draft_row")
    interview.clear(PLACE)
    assert interview.given(PLACE) is None
    after = field.vault.db.one("SELECT count(*) FROM draft_row")
    assert rows is not None
    assert after is not None
    assert after[0] == rows[0]  # one row less for the answer, one more in the journal


def test_pending_text_goes_when_its_question_is_answered(field: Field) -> None:
    interview = field.new_interview()
    interview.keep(PLACE, "kitch")
    interview.answer(PLACE, "kitchen")
    back = reopened(field).open_interview(interview.code)
    assert back.cursor is not None
    assert (back.cursor.path, back.cursor.pending) == (PLACE, "")
    back._vault.close()


def test_form_stays_the_one_it_was_begun_with(field: Field, tmp_path: Path) -> None:
    office = Office()
    with enrolled_field(tmp_path / "other", office) as other:
        old = other.new_interview()
        office.forms = [FormSource("small", "2", small_form("2"))]
        other.accept_pack(office.pack_for(other.request()[0]))
        assert other.new_interview().form.version == "2"
        again = reopened(other)
        assert again.open_interview(old.code).form.version == "1"
        again.close()


# ---- what cannot be written ----


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (AGE, "many", "E_ANSWER_TYPE"),
        (CONSENT, "maybe", "E_ANSWER_CHOICE"),
        (("account", "nothing"), "x", "E_ANSWER_PATH"),
        (AUDIO, b"x" * 16, "E_ATTACH_QUESTION"),
        (STORY, "я" * 524_289, "E_ANSWER_LONG"),
        (STORY, "\ud800", "E_ANSWER_TYPE"),
    ],
)
def test_refused_answers_change_nothing(field: Field, path: tuple[str, str], value: object, code: str) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    interview.answer(STORY, "before")
    before = interview.session.kept()
    with pytest.raises(Problem) as caught:
        interview.answer(path, value)  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.code == code
    assert interview.session.kept() == before
    interview.answer(STORY, "after")
    assert interview.session.node(STORY).value == "after"


def test_attack_25_full_disk_leaves_what_was_written(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    interview.answer(STORY, "before")

    def full(*_: object) -> None:
        raise Problem("E_DISK_FULL", error="ENOSPC")

    with monkeypatch.context() as patch:
        patch.setattr(DraftRows, "put", full)
        with pytest.raises(Problem, match="E_DISK_FULL"):
            interview.answer(STORY, "lost")
    assert interview.session.node(STORY).value == "before"
    interview.answer(STORY, "after")
    back = reopened(field).open_interview(interview.code)
    assert back.session.node(STORY).value == "after"
    back._vault.close()


def test_closed_interview_takes_nothing(field: Field) -> None:
    interview = field.new_interview()
    interview.close()
    interview.close()
    with pytest.raises(Problem, match="E_INTERVIEW_CLOSED"):
        interview.answer(PLACE, "x")
    with pytest.raises(Problem, match="E_INTERVIEW_CLOSED"):
        interview.keep(PLACE, "x")
    assert not field.open_interview(interview.code).closed


def test_nothing_readable_stands_in_the_rows(field: Field) -> None:
    interview = field.new_interview()
    interview.answer(PLACE, "MARKER-PLACE")
    interview.keep(STORY, "MARKER-PENDING")
    for place, blob in field.vault.db.query("SELECT place, blob FROM draft_row"):
        assert b"MARKER" not in blob
        assert b"place" not in place + blob


def test_a_row_cannot_be_moved(field: Field) -> None:
    one, two = field.new_interview(), field.new_interview()
    one.answer(PLACE, "here")
    two.answer(PLACE, "there")
    rows = field.vault.db.query("SELECT draft, place, blob FROM draft_row WHERE draft = ?", (one.draft.number,))
    field.vault.db.execute(
        "UPDATE draft_row SET blob = ? WHERE draft = ? AND place = ?", (rows[0][2], rows[1][0], rows[1][1])
    )
    code, again = one.code, reopened(field)
    with pytest.raises(Problem, match="E_DB_CORRUPT"):
        again.open_interview(code)
    assert again.open_interview(two.code).session.node(PLACE).value == "there"
    again.close()
