"""Sealing: the right answers, to the right people, or a clear word why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import crypto
from collector.field import Field
from collector.padme import padme
from schemas.problems import Problem
from schemas.records.common import IDENTITY, NARRATIVE, PROCESS
from tests.helpers.forms import AGAIN, AGE, AUDIO, CODE, CONSENT, CONSENT_AUDIO, NAME, PLACE, STORY
from tests.helpers.interviews import (
    NAME_TEXT,
    PLACE_TEXT,
    STORY_TEXT,
    filled,
    sealed_entry,
    some_file,
)
from tests.helpers.mission import NOW, Epoch, Office, enrolled_field
from tests.helpers.opening import open_attachment, open_sealed

EVERYBODY = list(Office().recipient_keys().values())


# ---- what goes in ----


def test_each_compartment_holds_its_own(field: Field, tmp_path: Path) -> None:
    interview = filled(field, photo=some_file(tmp_path))
    opened = open_sealed(field, field.seal(interview.code).eid, EVERYBODY)
    assert opened.answer(PROCESS, CODE) == (interview.code, None, "program")
    assert opened.answer(PROCESS, PLACE) == (PLACE_TEXT, None, "staff")
    assert opened.answer(PROCESS, CONSENT) == ("yes", None, "witness")
    assert opened.answer(NARRATIVE, STORY) == (STORY_TEXT, None, "witness")
    assert opened.answer(IDENTITY, NAME) == (NAME_TEXT, None, "witness")
    assert opened.core.code == interview.code
    everything = {path for comp in opened.documents for path in opened.paths(comp)}
    assert sum(len(document.answers) for document in opened.documents.values()) == len(everything)
    assert all(document.eid == opened.core.eid for document in opened.documents.values())


def test_attachment_key_lies_in_the_document_of_its_compartment(field: Field, tmp_path: Path) -> None:
    source = some_file(tmp_path)
    opened = open_sealed(field, sealed_entry(field, photo=source), EVERYBODY)
    (key,) = opened.documents[IDENTITY].atts
    assert [len(opened.documents[comp].atts) for comp in (PROCESS, NARRATIVE)] == [0, 0]
    assert (key.name, key.mime, key.len_) == ("MARKER-photo.jpg", "image/jpeg", 100_000)
    assert opened.answer(IDENTITY, ("account", ("event", 1), "photo"))[0] == key.sid
    assert open_attachment(field, opened, key.sid, tmp_path / "out") == crypto.sha256(source.read_bytes())
    assert [(s.comp, s.kind) for s in opened.core.streams if s.sid == key.sid] == [(IDENTITY, "att")]


def test_a_file_of_the_whole_interview_is_identity(field: Field, tmp_path: Path) -> None:
    interview = filled(field)
    attachment = interview.attach(None, some_file(tmp_path))
    opened = open_sealed(field, field.seal(interview.code).eid, EVERYBODY)
    assert [key.sid for key in opened.documents[IDENTITY].atts] == [attachment.sid]


def test_hidden_answers_stay_behind_and_say_so(field: Field, tmp_path: Path) -> None:
    interview = filled(field)
    interview.answer(CONSENT_AUDIO, "yes")
    interview.attach(AUDIO, some_file(tmp_path, "voice.ogg"))
    interview.answer(CONSENT_AUDIO, "no")
    assert len(list((field.vault.folder / "spool").iterdir())) == 1
    opened = open_sealed(field, field.seal(interview.code).eid, EVERYBODY)
    assert opened.answer(IDENTITY, AUDIO) == (None, "not_applicable", "program")
    assert opened.documents[IDENTITY].atts == ()
    assert all(stream.kind == "doc" for stream in opened.core.streams)
    assert list((field.vault.folder / "spool").iterdir()) == []


@pytest.mark.parametrize("reason", [None, "the bus left"])
def test_nothing_of_a_refused_interview_is_kept(field: Field, reason: str | None) -> None:
    interview = filled(field)
    interview.answer(CONSENT, "no")
    with pytest.raises(Problem) as caught:
        field.seal(interview.code, reason)
    assert (caught.value.code, caught.value.facts["gates"]) == ("E_SEAL_GATE", "G8")
    field.withdraw(interview.code)
    assert field.interviews() == []


def test_reserved_answers_travel_as_reasons(field: Field) -> None:
    interview = filled(field)
    interview.missing(AGE, "unknown")
    interview.missing(NAME, "not_asked")
    opened = open_sealed(field, field.seal(interview.code).eid, EVERYBODY)
    assert opened.answer(NARRATIVE, AGE) == (None, "unknown", "staff")
    assert opened.answer(IDENTITY, NAME) == (None, "not_asked", "staff")


def test_documents_are_padded_by_padme(field: Field) -> None:
    interview = filled(field)
    interview.answer(STORY, "x" * 900_000)
    opened = open_sealed(field, field.seal(interview.code).eid, EVERYBODY)
    cells = {stream.comp: stream.cells for stream in opened.core.streams}
    assert cells == {PROCESS: 1, IDENTITY: 1, NARRATIVE: 14}
    assert all(padme(count) == count for count in cells.values())


# ---- for whom ----


def test_each_recipient_opens_what_is_meant_for_it(field: Field, office: Office) -> None:
    eid = sealed_entry(field)
    keys = office.recipient_keys()
    assert set(open_sealed(field, eid, [keys["analyst"]]).documents) == {PROCESS, NARRATIVE}
    assert set(open_sealed(field, eid, [keys["coordinator"]]).documents) == {PROCESS}
    for stranger in ("officer", "second"):
        with pytest.raises(Problem, match="E_NOT_FOR_US"):
            open_sealed(field, eid, [keys[stranger]])
    core = open_sealed(field, eid, [keys["analyst"]]).core
    assert list(core.recips) == sorted(core.recips)
    assert {(ref[0], ref[4]) for ref in core.recips} == {
        (PROCESS, keys["analyst"].rid),
        (PROCESS, keys["coordinator"].rid),
        (IDENTITY, keys["officer"].rid),
        (NARRATIVE, keys["analyst"].rid),
    }


def test_attack_15_two_officers_are_needed_for_identity(tmp_path: Path) -> None:
    office = Office(two_person_identity=True)
    keys = office.recipient_keys()
    with enrolled_field(tmp_path / "home", office) as field:
        eid = sealed_entry(field)
        alone = open_sealed(field, eid, [keys["analyst"], keys["officer"]])
        assert set(alone.documents) == {PROCESS, NARRATIVE}
        both = open_sealed(field, eid, [keys["analyst"], keys["officer"], keys["second"]])
        assert both.answer(IDENTITY, NAME)[0] == NAME_TEXT


def test_missing_recipient_leaves_the_draft_frozen(field: Field, office: Office) -> None:
    office.epochs.append(Epoch(2, NOW - 10, {PROCESS: [[office.ANALYST]], NARRATIVE: [[office.ANALYST]]}))
    request = field.request()[0]
    field.accept_pack(office.pack_for(request))
    interview = filled(field)
    with pytest.raises(Problem) as caught:
        field.seal(interview.code)
    assert (caught.value.code, caught.value.facts["compartment"]) == ("E_NO_RECIPIENT", "identity")
    assert [row.state for row in field.interviews()] == ["frozen"]
    assert list((field.vault.folder / "outbox").iterdir()) == []
    office.epochs.append(Epoch(3, NOW - 5, {**office.epochs[0].groups}))
    field.accept_pack(office.pack_for(request))
    opened = open_sealed(field, field.seal(interview.code).eid, EVERYBODY)
    assert opened.core.epoch == 3


def test_frozen_draft_can_be_opened_again(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = filled(field)
    with monkeypatch.context() as patch:
        patch.setattr("collector.sealing_steps.write_pending", lambda *_: (_ for _ in ()).throw(Problem("E_DISK_FULL")))
        with pytest.raises(Problem, match="E_DISK_FULL"):
            field.seal(interview.code)
    assert [row.state for row in field.interviews()] == ["frozen"]
    back = field.open_interview(interview.code)
    back.answer(PLACE, "changed")
    assert [row.state for row in field.interviews()] == ["open"]
    opened = open_sealed(field, field.seal(interview.code).eid, EVERYBODY)
    assert opened.answer(PROCESS, PLACE)[0] == "changed"


# ---- what may be sealed ----


def test_open_blocking_question(field: Field) -> None:
    interview = filled(field)
    interview.clear(AGAIN)
    with pytest.raises(Problem) as caught:
        field.seal(interview.code)
    assert (caught.value.code, caught.value.facts["questions"]) == ("E_SEAL_BLOCKED", "closing/consent_again")
    assert [row.state for row in field.interviews()] == ["open"]


def test_what_else_is_missing_is_listed(field: Field) -> None:
    interview = filled(field)
    interview.clear(PLACE)
    interview.answer(AGE, 200)
    with pytest.raises(Problem) as caught:
        field.seal(interview.code)
    assert caught.value.code == "E_SEAL_INCOMPLETE"
    assert caught.value.facts == {"count": 2, "questions": "setting/place, account/age"}
    assert "MARKER" not in str(caught.value)


def test_interrupted_interview_is_sealed_with_its_reason(field: Field) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    interview.answer(STORY, STORY_TEXT)
    sealed = field.seal(interview.code, "the air-raid alarm went off")
    assert sealed.incomplete == "the air-raid alarm went off"
    opened = open_sealed(field, sealed.eid, EVERYBODY)
    assert opened.core.incomplete == "the air-raid alarm went off"
    assert opened.answer(NARRATIVE, STORY)[0] == STORY_TEXT
    for comp, path in ((PROCESS, AGAIN), (PROCESS, PLACE), (IDENTITY, NAME), (NARRATIVE, AGE)):
        assert opened.answer(comp, path) == (None, "not_asked", "program")
    assert opened.answer(IDENTITY, AUDIO) == (None, "not_applicable", "program")


def test_without_asking_for_consent_nothing_is_sealed(field: Field) -> None:
    interview = field.new_interview()
    interview.answer(PLACE, "kitchen")
    with pytest.raises(Problem) as caught:
        field.seal(interview.code, "interrupted")
    assert (caught.value.code, caught.value.facts["questions"]) == ("E_SEAL_CONSENT", "consent_interview")
    assert [row.state for row in field.interviews()] == ["open"]


@pytest.mark.parametrize("reason", ["", "я" * 251, "bytes of another encoding \udcff"])
def test_reason_must_be_a_short_one(field: Field, reason: str) -> None:
    with pytest.raises(Problem, match="E_SEAL_REASON"):
        field.seal(filled(field).code, reason)
