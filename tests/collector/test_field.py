"""The field machine as a whole: what it tells, what it locks, how it goes on when its numbers run out."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from collector import identity, media
from collector.field import Field
from collector.vault import Vault, field_migrations
from schemas.problems import Problem
from schemas.session_types import Path as QuestionPath
from tests.conftest import REPO
from tests.helpers.forms import CONSENT, PLACE, STORY
from tests.helpers.interviews import files_below, filled, sealed_entry, some_file
from tests.helpers.mission import PASSPHRASE, SMALL, Office, SetClock, enrolled_field, new_field, reopened
from tests.helpers.opening import open_sealed


def codes_of(field: Field) -> list[str]:
    return [problem.code for problem in field.warnings()]


def test_status_is_one_json_object_at_every_stage(tmp_path: Path, office: Office) -> None:
    field = new_field(tmp_path / "home")
    before = json.loads(json.dumps(field.status()))
    assert (before["enrolled"], before["pack"], before["interviews"]) == (False, None, {})
    request = field.request()[0]
    summary = field.accept_pack(office.pack_for(request), office.fingerprint)
    assert json.loads(json.dumps(summary.as_dict()))["mission"] == "Test mission"
    entry = field.seal(filled(field).code)
    assert json.loads(json.dumps(entry.as_dict()))["number"] == 1
    after = json.loads(json.dumps(field.status()))
    assert after["interviews"] == {"sealed": 1}
    assert (after["certified"], after["signatures_left"]) == (True, 14)
    assert after["refused_packs"] == []
    field.close()


def test_interviews_newest_first_with_everything_a_list_shows(field: Field, tmp_path: Path) -> None:
    clock = SetClock()
    field = reopened(field, clock=clock)
    clock.now += 1
    sealed = filled(field, photo=some_file(tmp_path))
    field.seal(sealed.code)
    clock.now += 1
    draft = field.new_interview()
    draft.attach(None, some_file(tmp_path))
    clock.now += 5
    draft.answer(PLACE, "x")
    rows = field.interviews()
    assert [row.code for row in rows] == [draft.code, sealed.code]
    assert (rows[0].state, rows[0].attachments, rows[0].entry) == ("open", 1, None)
    assert rows[0].changed_at - rows[0].opened_at == 5
    assert (rows[1].state, rows[1].attachments, rows[1].form) == ("sealed", 1, "small")
    assert rows[1].bytes_ == 4 * 65536
    field.close()


def test_the_same_interview_is_one_object(field: Field) -> None:
    interview = field.new_interview()
    assert field.open_interview(interview.code) is interview
    interview.close()
    again = field.open_interview(interview.code)
    assert again is not interview
    assert field.open_interview(interview.code) is again


def test_forms_of_drafts_are_read_ahead_and_no_others(field: Field) -> None:
    first, second = field.new_interview(), field.new_interview()
    assert not field.prepare_form(), "the form is known, for it was just used"
    first.close()
    second.close()
    field = reopened(field)
    assert field.prepare_form()
    assert not field.prepare_form(), "two drafts of one form"
    draft = field.open_interview(first.code)
    assert field.form(field.forms()[0].hash) is draft.session.form
    field.close()


def test_a_form_that_cannot_be_read_is_told_when_its_draft_is_opened(field: Field) -> None:
    code = field.new_interview().code
    with field.vault.db.transaction():
        field.vault.db.execute("UPDATE form SET xml = ?", (b"<broken",))
    field = reopened(field)
    assert field.prepare_form()
    assert not field.prepare_form()
    with pytest.raises(Problem):
        field.open_interview(code)
    field.close()


@pytest.mark.parametrize("code", ["\udcff", "", "../../x", "\x1b[31m" + "A" * 5000])
def test_codes_that_are_none_name_no_interview(field: Field, code: str) -> None:
    with pytest.raises(Problem) as caught:
        field.open_interview(code)
    assert caught.value.code == "E_INTERVIEW_UNKNOWN"
    assert "\x1b" not in caught.value.what
    assert len(caught.value.what) < 300


def test_closing_locks_everything(field: Field) -> None:
    interview = field.new_interview()
    field.close()
    field.close()
    assert interview.closed
    with pytest.raises(Problem, match="E_VAULT_CLOSED"):
        field.interviews()


def test_wrong_profile_and_passphrase(tmp_path: Path, field: Field) -> None:
    home = field.vault.home
    with pytest.raises(Problem, match="E_HOME_BUSY"):
        Field.open(home, PASSPHRASE)
    field.close()
    with pytest.raises(Problem, match="E_UNLOCK"):
        Field.open(home, "another passphrase")
    Vault.create(tmp_path / "desk", PASSPHRASE, migrations=field_migrations(), profile="desk", params=SMALL).close()
    with pytest.raises(Problem, match="E_HOME_PROFILE"):
        Field.open(tmp_path / "desk", PASSPHRASE)


def test_new_request_before_the_numbers_run_out(tmp_path: Path, office: Office) -> None:
    with enrolled_field(tmp_path / "home", office, leaves=4) as field:
        first = field.request()[0]
        sealed_entry(field)
        assert field.request()[0] == first
        sealed_entry(field)
        assert "E_LEAVES_LOW" in codes_of(field)
        second = field.request()[0]
        assert second != first
        assert field.request()[0] == second
        assert open_sealed(field, sealed_entry(field), list(office.recipient_keys().values())).core.seq == 3
        field.accept_pack(office.pack_for(second))
        assert codes_of(field) == []
        assert field.status()["signatures_left"] == 4095
        rows = field.vault.db.query("SELECT signer, ver FROM pack WHERE state = 'active'")
        assert rows == [(2, 1)]


def test_lost_signer_state_begins_a_new_tree(field: Field, office: Office) -> None:
    (ident,) = field.vault.db.query("SELECT state FROM signer")[0]
    field.vault.db.execute("UPDATE wrapped SET blob = ? WHERE id = ?", (os.urandom(72), ident))
    first = field.request()[0]
    field = reopened(field)
    assert "E_UNCERTIFIED" in codes_of(field)
    request = field.request()[0]
    assert request != first
    assert field.seal(filled(field).code).seq == 1
    field.accept_pack(office.pack_for(request))
    assert codes_of(field) == []
    field.close()


def test_lost_return_keys_do_not_stop_the_others(field: Field, office: Office) -> None:
    identity.begin(field.vault.db, field.vault.ring, leaves=4)
    (ident,) = field.vault.db.query("SELECT return_seed FROM signer WHERE id = 1")[0]
    field.vault.db.execute("UPDATE wrapped SET blob = ? WHERE id = ?", (os.urandom(72), ident))
    keys = identity.return_keys(field.vault)
    assert len(keys) == 1
    field.accept_pack(office.pack_for(field.request()[0]))
    field.close()


def test_file_that_is_gone_is_named_and_can_be_let_go(field: Field, tmp_path: Path) -> None:
    interview = filled(field, photo=some_file(tmp_path))
    (attachment,) = interview.files()
    media.spool_path(field.vault, attachment.sid).unlink()
    field = reopened(field)
    assert "E_ATTACH_LOST" in codes_of(field)
    with pytest.raises(Problem, match="E_ATTACH_LOST"):
        field.seal(interview.code)
    back = field.open_interview(interview.code)
    assert [item.sid for item in back.lost_files()] == [attachment.sid]
    back.detach(attachment.sid)
    field.seal(interview.code)
    field.close()


def test_refused_packs_stay_in_the_status(field: Field, office: Office) -> None:
    data = office.pack_for(field.request()[0], ver=1, issued=5, prev=bytes(32))
    with pytest.raises(Problem, match="E_PACK_EQUIVOCATION"):
        field.accept_pack(data)
    assert [item["code"] for item in field.status()["refused_packs"]] == ["E_PACK_EQUIVOCATION"]


def test_older_program_is_told(field: Field, office: Office) -> None:
    field.accept_pack(office.pack_for(field.request()[0], min_app="999.1"))
    assert codes_of(field) == ["E_APP_OLD"]
    field.accept_pack(office.pack_for(field.request()[0], min_app="no number"))
    assert codes_of(field) == []


def test_attack_48_no_testimony_outside_the_vault(
    field: Field, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    interview = filled(field, photo=some_file(tmp_path))
    for path, value in ((STORY, 5), (("no", "such"), "MARKER"), (CONSENT, "MARKER-CHOICE")):
        with pytest.raises(Problem) as caught:
            interview.answer(path, value)  # type: ignore[arg-type]  # wrong on purpose
        assert "MARKER" not in f"{caught.value}{caught.value.as_dict()}"
    assert "MARKER" not in repr(field.status())
    field.seal(interview.code)
    out, err = capfd.readouterr()
    assert "MARKER" not in out + err
    for name, data in files_below(field.vault.home).items():
        assert b"MARKER" not in data, name
        assert "MARKER" not in name


def test_shipped_form_from_first_answer_to_seal(tmp_path: Path) -> None:
    from collector.packs import FormSource
    from schemas.xform import parse_form

    xml = (REPO / "schemas" / "forms" / "forced-conscription.xml").read_bytes()
    form = parse_form(xml)
    office = Office(forms=[FormSource(form.id, form.version, xml)])
    with enrolled_field(tmp_path / "home", office) as field:
        interview = field.new_interview()
        for name, value in (
            ("account_depth", "first_account"),
            ("privacy_ok", "yes"),
            ("age_gate", "adult"),
            ("capacity_ok", "yes"),
            ("risk_level", "low"),
            ("selfincrim_status", "explained_proceed"),
            ("proceed_decision", "proceed_full"),
            ("consent_interview", "yes"),
            ("consent_store", "yes"),
            ("consent_withdrawal_explained", "yes"),
            ("consent_method", "witnessed"),
        ):
            path: QuestionPath = form.by_name(name).path
            choices = {choice.value for choice in interview.session.node(path).choices}
            interview.answer(path, value if value in choices else sorted(choices)[0])
        narrative = form.by_name("narrative_text").path
        interview.answer(narrative, "MARKER " * 100)
        person, _ = interview.add_entry(form.by_name("pp").path)
        interview.answer((*person, "pp_kind"), "person")
        interview.answer((*person, "pp_name"), "MARKER-SUSPECT")
        sealed = field.seal(interview.code, "alarm")
        opened = open_sealed(field, sealed.eid, list(office.recipient_keys().values()))
        assert opened.answer(2, narrative)[0] == "MARKER " * 100
        assert opened.answer(1, (*person, "pp_name"))[0] == "MARKER-SUSPECT"
        assert opened.answer(0, form.by_name("record_code").path)[0] == interview.code
        assert b"MARKER-SUSPECT" not in b"".join(
            str(item).encode() for comp in (0, 2) for item in opened.documents[comp].answers
        )
