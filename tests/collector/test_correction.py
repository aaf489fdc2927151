"""A sealed interview is corrected by a new entry that names it; nothing of the old one is needed or known."""

from __future__ import annotations

import pytest

from collector import correction, panic
from collector.correction import Link, Way
from collector.field import Field
from collector.interview import Interview
from schemas.problems import Problem
from tests.helpers.forms import AGAIN, CONSENT, CONSENT_AUDIO, NAME, PLACE, STORY
from tests.helpers.interviews import filled, sealed_entry
from tests.helpers.mission import Office, SetClock, reopened
from tests.helpers.opening import open_sealed

EVERYBODY = list(Office().recipient_keys().values())


def answered(interview: Interview) -> list[object]:
    """What a person said: answers that are neither a calculation nor hidden."""
    return [given.value for given in interview.all_given().values() if given.by != "program"]


def finish(interview: Interview) -> None:
    interview.answer(PLACE, "the office")
    interview.answer(CONSENT, "yes")
    interview.answer(CONSENT_AUDIO, "no")
    interview.answer(STORY, "It was two days later.")
    interview.answer(NAME, "MARKER-NAME Olena Petrenko")
    interview.answer(AGAIN, "yes")


def state(field: Field, eid: bytes, name: str) -> None:
    field.vault.db.execute("UPDATE entry SET state = ? WHERE eid = ?", (name, eid))


def row_of(field: Field, eid: bytes) -> tuple[object, ...]:
    row = field.vault.db.one("SELECT code, kind FROM entry WHERE eid = ?", (eid,))
    assert row is not None
    return tuple(row)


@pytest.mark.parametrize("way", correction.WAYS)
def test_a_correction_begins_empty_and_its_manifest_names_the_entry(field: Field, way: Way) -> None:
    first = sealed_entry(field)
    code = str(row_of(field, first)[0])
    interview = correction.begin(field, code, way)
    assert answered(interview) == []
    assert interview.code != code
    assert correction.link_of(interview) == Link(way, first, code)
    finish(interview)
    core = open_sealed(field, field.seal(interview.code).eid, EVERYBODY).core
    assert (core.kind, core.rel) == ("correction", ((way, first),))
    assert row_of(field, core.eid) == (interview.code, "correction")


def test_an_interview_of_its_own_names_nothing(field: Field) -> None:
    core = open_sealed(field, sealed_entry(field), EVERYBODY).core
    assert (core.kind, core.rel) == ("testimony", ())
    assert row_of(field, core.eid)[1] == "testimony"


def test_the_link_outlives_a_pulled_plug_and_lies_in_the_ciphertext_only(field: Field, clock: SetClock) -> None:
    first = sealed_entry(field)
    interview = correction.begin(field, str(row_of(field, first)[0]))
    code, rows = interview.code, field.vault.db.query("SELECT blob FROM draft_row")
    assert all(first not in bytes(blob) for (blob,) in rows)
    again = reopened(field, clock=clock)
    try:
        link = correction.link_of(again.open_interview(code))
        assert link is not None
        assert (link.way, link.eid) == ("supersedes", first)
    finally:
        again.close()


@pytest.mark.parametrize("name", ["sealed", "exported", "stored", "imported", "needs-human", "purged"])
def test_it_works_in_every_state_in_which_the_row_knows_the_entry(field: Field, name: str) -> None:
    first = sealed_entry(field)
    state(field, first, name)
    link = correction.link_of(correction.begin(field, str(row_of(field, first)[0])))
    assert link is not None
    assert link.eid == first


def test_a_correction_can_be_corrected(field: Field) -> None:
    first = sealed_entry(field)
    second = correction.begin(field, str(row_of(field, first)[0]))
    finish(second)
    sealed = field.seal(second.code)
    link = correction.link_of(correction.begin(field, sealed.code, "continues"))
    assert link == Link("continues", sealed.eid, sealed.code)


def test_a_draft_is_changed_and_not_corrected_and_an_unknown_code_is_named(field: Field) -> None:
    draft = filled(field)
    with pytest.raises(Problem, match="E_CORRECT_DRAFT"):
        correction.begin(field, draft.code)
    with pytest.raises(Problem, match="E_INTERVIEW_UNKNOWN"):
        correction.begin(field, "0" * 12)
    assert [row.code for row in field.interviews()] == [draft.code]


def test_what_cannot_be_begun_leaves_nothing(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    code = str(row_of(field, sealed_entry(field))[0])

    def full(*_words: object) -> None:
        raise Problem("E_DISK_FULL")

    monkeypatch.setattr(Interview, "put_aside", full)
    with pytest.raises(Problem, match="E_DISK_FULL"):
        correction.begin(field, code)
    assert [row.state for row in field.interviews()] == ["sealed"]


def test_a_panic_seal_keeps_the_link(field: Field) -> None:
    first = sealed_entry(field)
    interview = correction.begin(field, str(row_of(field, first)[0]))
    interview.answer(CONSENT, "yes")
    interview.answer(STORY, "It was two days later.")
    code = interview.code
    panic.seal_and_lock(field)
    again = reopened(field)
    try:
        entry = next(row.entry for row in again.interviews() if row.code == code)
        assert entry is not None
        core = open_sealed(again, bytes.fromhex(entry), EVERYBODY).core
        assert (core.kind, core.rel) == ("correction", (("supersedes", first),))
    finally:
        again.close()
