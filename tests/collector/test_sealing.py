"""Sealing: the right answers to the right people, at any time, and afterwards nothing that opens them."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import crypto, head, media, merkle, packs, sealing
from collector.crypto import Secret
from collector.field import Field
from collector.padme import padme
from collector.signer import SignerState
from schemas import structure
from schemas.problems import Problem
from schemas.records.common import IDENTITY, NARRATIVE, PROCESS, SignedObject
from schemas.records.document import Document
from schemas.records.mission import Certificate, EnrolmentBody, EnrolmentRequest
from tests.helpers.forms import AGAIN, AGE, AUDIO, CODE, CONSENT, CONSENT_AUDIO, NAME, PLACE, STORY
from tests.helpers.interviews import (
    FILE_MARK,
    NAME_TEXT,
    PLACE_TEXT,
    STORY_TEXT,
    files_below,
    filled,
    sealed_entry,
    some_file,
)
from tests.helpers.mission import DAY, NOW, Epoch, Office, SetClock, enrolled_field, reopened
from tests.helpers.opening import open_attachment, open_sealed, outbox_file

EVERYBODY = list(Office().recipient_keys().values())


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def field(tmp_path: Path, office: Office, clock: SetClock) -> Iterator[Field]:
    opened = enrolled_field(tmp_path / "home", office, clock=clock)
    yield opened
    opened.close()


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


def test_refused_consent_carries_nothing_of_the_account(field: Field) -> None:
    interview = filled(field)
    interview.answer(CONSENT, "no")
    opened = open_sealed(field, field.seal(interview.code).eid, EVERYBODY)
    assert opened.answer(NARRATIVE, STORY) == (None, "not_applicable", "program")
    assert b"MARKER-STORY" not in structure.encode(opened.documents[NARRATIVE])
    assert b"MARKER-EVENT" not in structure.encode(opened.documents[NARRATIVE])


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
        patch.setattr("collector.sealing._write_pending", lambda *_: (_ for _ in ()).throw(Problem("E_DISK_FULL")))
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


@pytest.mark.parametrize("reason", ["", "я" * 251])
def test_reason_must_be_a_short_one(field: Field, reason: str) -> None:
    with pytest.raises(Problem, match="E_SEAL_REASON"):
        field.seal(filled(field).code, reason)


# ---- the manifest ----


def test_manifest_says_what_the_protocol_asks(field: Field, office: Office, clock: SetClock) -> None:
    interview = filled(field)
    clock.now += 77
    sealed = field.seal(interview.code)
    pack = field.pack()
    assert pack is not None
    opened = open_sealed(field, sealed.eid, EVERYBODY)
    core = opened.core
    assert (core.kind, core.mission, core.pack, core.epoch) == ("testimony", office.mission, (1, pack.hash), 1)
    assert (core.seq, sealed.seq, core.prev) == (1, 1, bytes(32))
    assert core.form == ("small", "1", office.forms[0].entry().hash)
    assert (core.t.dev, core.t.floor) == (NOW + 77, pack.body.issued)
    assert core.t.anchors == (pack.body.checkpoint, pack.hash)
    assert core.incomplete is None
    assert core.extra == {}
    certificate = structure.decode(Certificate, structure.decode(SignedObject, core.cert).body)
    assert (certificate.mission, certificate.role) == (office.mission, "documenter")
    row = field.vault.db.one("SELECT core_hash, file_hash, file_bytes, comps FROM entry")
    data = outbox_file(field, sealed.eid).read_bytes()
    assert row == (crypto.sha256(opened.manifest.core), crypto.sha256(data), len(data), 0b111)


def test_entries_of_one_device_are_chained(field: Field) -> None:
    opened = [open_sealed(field, sealed_entry(field), EVERYBODY) for _ in range(4)]
    assert [item.core.seq for item in opened] == [1, 2, 3, 4]
    for before, after in itertools.pairwise(opened):
        assert after.core.prev == crypto.sha256(before.manifest.core)
        size, root, _ = before.core.log
        later, later_root, proof = after.core.log
        assert later > size
        merkle.check_consistency(size, later, root, later_root, proof)


def test_custody_log_tells_the_story(field: Field) -> None:
    interview = filled(field)
    eid = field.seal(interview.code).eid
    events = list(field.vault.log.events())
    assert [event.act for event in events][-3:] == ["draft-open", "freeze", "seal"]
    assert events[-1].obj == eid
    field.vault.log.verify_all()


# ---- keys of the device ----


def test_attack_35_a_used_leaf_signs_no_more(field: Field) -> None:
    sealed_entry(field)
    row = field.vault.db.one("SELECT leaves, next_leaf, state FROM signer")
    assert row is not None
    assert row[1] == 2
    from collector.signer import SignerTree

    tree = SignerTree(row[0])
    with field.vault.ring.open(row[2]) as state:
        for index in (0, 1):
            with pytest.raises(Problem, match="E_SIG_LEAF"):
                tree.sign(SignerState(index, state), "manifest", b"back-dated")
        tree.sign(SignerState(2, state), "manifest", b"the next one")
    with pytest.raises(Problem, match="E_FROZEN"):
        field.vault.db.execute("UPDATE signer SET next_leaf = 1")


def test_spent_tree_is_followed_by_a_new_one(tmp_path: Path, office: Office) -> None:
    with enrolled_field(tmp_path / "home", office, leaves=4) as field:
        first = field.request()[0]
        for expected in (1, 2, 3):
            assert open_sealed(field, sealed_entry(field), EVERYBODY).core.seq == expected
        assert field.vault.db.one("SELECT state FROM signer") == (None,)
        sealed = field.seal(filled(field).code)
        assert sealed.seq == 1
        request = field.request()[0]
        assert request != first
        assert "E_UNCERTIFIED" in [warning.code for warning in field.warnings()]
        rows = field.vault.db.query("SELECT signer, seq FROM entry ORDER BY rowid")
        assert rows == [(1, 1), (1, 2), (1, 3), (2, 1)]
        body = structure.decode(EnrolmentBody, structure.decode(EnrolmentRequest, request).body)
        assert body.fs_n == 4096
        field.accept_pack(office.pack_for(request))
        assert field.status()["certified"] is True
        certified = open_sealed(field, sealed_entry(field), EVERYBODY)
        assert certified.core.seq == 2
        with pytest.raises(Problem, match="E_PACK_ROLLBACK"):
            field.accept_pack(office.pack_for(first))


def test_warning_before_the_leaves_are_used_up(tmp_path: Path, office: Office) -> None:
    with enrolled_field(tmp_path / "home", office, leaves=4) as field:
        sealed_entry(field)
        assert "E_LEAVES_LOW" not in [warning.code for warning in field.warnings()]
        sealed_entry(field)
        assert "E_LEAVES_LOW" in [warning.code for warning in field.warnings()]
        assert field.status()["signatures_left"] == 1


def test_attack_34_cloned_vault_signs_the_same_number_twice(field: Field, tmp_path: Path) -> None:
    home = field.vault.home
    field.close()
    shutil.copytree(home, tmp_path / "clone")
    cores = []
    for place in (home, tmp_path / "clone"):
        with Field.open(place, "six words that are long enough", clock=SetClock()) as each:
            cores.append(open_sealed(each, sealed_entry(each), EVERYBODY).core)
    assert cores[0].cert == cores[1].cert
    assert cores[0].seq == cores[1].seq
    assert cores[0].eid != cores[1].eid


def test_attack_34_restored_backup_begins_a_new_tree(field: Field, tmp_path: Path) -> None:
    interview = filled(field)
    folder, code = field.vault.folder, interview.code
    clock = SetClock()
    field = reopened(field, clock=clock)
    field.vault.db.checkpoint()
    kept = {name: (folder / name).read_bytes() for name in ("vault.db", "ring-0", "ring-1")}
    field.seal(code)
    field.close()
    for name, data in kept.items():
        (folder / name).write_bytes(data)
    for name in ("vault.db-wal", "vault.db-shm"):
        (folder / name).unlink(missing_ok=True)
    with Field.open(folder.parent, "six words that are long enough", clock=clock) as restored:
        assert "E_LOG_FORK" in [warning.code for warning in restored.warnings()]
        assert "restore" in [event.act for event in restored.vault.log.events()]
        request = restored.request()[0]
        restored.seal(code)
        rows = restored.vault.db.query("SELECT signer, seq FROM entry")
        assert rows == [(2, 1)]
        asked = packs.read_request(request)
        assert asked.fs_root == restored.vault.db.query("SELECT fs_root FROM signer WHERE id = 2")[0][0]


# ---- time ----


@pytest.mark.parametrize("moment", [0, -5, 1, NOW - 20 * DAY, 4_102_444_800, 2**39])
def test_attack_44_any_clock_seals_with_the_signed_floor(field: Field, clock: SetClock, moment: int) -> None:
    interview = filled(field)
    clock.now = moment
    opened = open_sealed(field, field.seal(interview.code).eid, EVERYBODY)
    assert opened.core.t.dev == max(0, moment)
    pack = field.pack()
    assert pack is not None
    assert opened.core.t.floor == pack.body.issued
    assert opened.core.t.mono > 0


def test_attack_44_clock_that_jumps_back_in_the_middle(field: Field, clock: SetClock) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    clock.now = NOW - 1000 * DAY
    interview.answer(STORY, STORY_TEXT)
    opened = open_sealed(field, field.seal(interview.code, "clock").eid, EVERYBODY)
    times = {item[0]: item[3] for comp in opened.documents for item in opened.documents[comp].answers}
    assert times[CONSENT] == NOW
    assert times[STORY] == NOW - 1000 * DAY


def test_future_epoch_is_reached_by_the_floor_not_by_a_slow_clock(
    field: Field, office: Office, clock: SetClock
) -> None:
    office.epochs.append(Epoch(2, NOW + DAY, {**office.epochs[0].groups}))
    request = field.request()[0]
    field.accept_pack(office.pack_for(request))
    assert open_sealed(field, sealed_entry(field), EVERYBODY).core.epoch == 1
    clock.now = 0
    field.accept_pack(office.pack_for(request, issued=NOW + 2 * DAY))
    assert open_sealed(field, sealed_entry(field), EVERYBODY).core.epoch == 2


def test_attack_30_expired_pack_still_seals_and_says_so(field: Field, clock: SetClock) -> None:
    interview = filled(field)
    clock.now = NOW + 400 * DAY
    sealed = field.seal(interview.code)
    assert sealed.stale
    assert open_sealed(field, sealed.eid, EVERYBODY).core.extra == {"x-stale": True}
    assert [row.stale for row in field.interviews()] == [True]


# ---- afterwards ----


def test_sealed_is_closed_for_this_machine(field: Field) -> None:
    interview = filled(field)
    field.seal(interview.code)
    assert interview.closed
    for act in (field.open_interview, field.seal, field.withdraw):
        with pytest.raises(Problem, match="E_INTERVIEW_SEALED"):
            act(interview.code)
    for statement in ("DELETE FROM entry", "UPDATE entry SET seq = 9", "DELETE FROM entry_stream"):
        with pytest.raises(Problem, match="E_FROZEN"):
            field.vault.db.execute(statement)


def test_attack_49_nothing_that_opens_it_stays(field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets: list[bytes] = []
    real_keys, real_stream = head.content_keys, media.stream_key

    def content_keys(compartments: list[int]) -> dict[int, Secret]:
        made = real_keys(compartments)
        secrets.extend(bytes(key) for key in made.values())
        return made

    def stream_key(vault: object, sid: bytes) -> Secret:
        key = real_stream(vault, sid)  # type: ignore[arg-type]  # passed through
        secrets.append(bytes(key))
        return key

    monkeypatch.setattr("collector.compose.head.content_keys", content_keys)
    monkeypatch.setattr("collector.sealing.media.stream_key", stream_key)
    interview = filled(field, photo=some_file(tmp_path))
    wrapped = field.vault.db.query("SELECT blob FROM wrapped")
    field.seal(interview.code)
    assert len(secrets) == 4
    assert all(row not in field.vault.db.query("SELECT blob FROM wrapped") for row in wrapped)
    for name, data in files_below(field.vault.home).items():
        for mark in (b"MARKER", FILE_MARK, STORY_TEXT.encode(), NAME_TEXT.encode(), *secrets):
            assert mark not in data, name
    plain = [bytes(row[0]) for row in field.vault.db.query("SELECT event FROM custody")]
    assert not any(b"MARKER" in event for event in plain)
    for (name,) in field.vault.db.query("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        for row in field.vault.db.query(f"SELECT * FROM {name}"):
            for item in row:
                data = item if isinstance(item, bytes) else str(item).encode()
                assert not any(secret in data for secret in secrets), name
                assert b"MARKER" not in data, name


def test_lost_outbox_file_is_reported_at_every_start(field: Field) -> None:
    eid = sealed_entry(field)
    outbox_file(field, eid).unlink()
    for _ in range(2):
        field = reopened(field)
        assert "E_OUTBOX_LOST" in [warning.code for warning in field.warnings()]
    assert [event.act for event in field.vault.log.events()].count("outbox-lost") == 1
    field.close()


def test_status_counts_what_has_to_leave(field: Field, tmp_path: Path) -> None:
    sealed_entry(field, photo=some_file(tmp_path))
    filled(field)
    status = field.status()
    assert status["interviews"] == {"sealed": 1, "open": 1}
    assert status["to_leave"] == {"entries": 1, "bytes": (4 + 2) * 65536}
    field.vault.db.execute("UPDATE entry SET state = 'exported'")
    status = field.status()
    assert (status["to_leave"]["entries"], status["unconfirmed"]["entries"]) == (0, 1)


def test_document_that_is_too_large(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = filled(field)
    real = structure.encode

    def encode(record: object, *limits: object) -> bytes:
        if isinstance(record, Document):
            raise Problem("E_CMP_SIZE")
        return real(record, *limits)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr("collector.compose.structure.encode", encode)
    with pytest.raises(Problem, match="E_DOCUMENT_SIZE"):
        field.seal(interview.code)


def test_machine_without_a_boot_clock() -> None:
    assert sealing.seconds_since_boot() > 0


def test_typed_text_that_is_no_answer_yet_is_not_lost(field: Field) -> None:
    interview = filled(field)
    interview.keep(STORY, STORY_TEXT)
    assert interview.unconfirmed() is None
    interview.keep(STORY, STORY_TEXT + " And then")
    with pytest.raises(Problem) as caught:
        field.seal(interview.code)
    assert (caught.value.code, caught.value.facts["question"]) == ("E_SEAL_PENDING", "account/story")
    with pytest.raises(Problem, match="E_SEAL_PENDING"):
        field.seal(interview.code, "interrupted")
    interview.answer(STORY, STORY_TEXT + " And then")
    field.seal(interview.code)


def test_nothing_is_answered_while_it_is_sealed(field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interview, source, codes = filled(field), some_file(tmp_path), []

    def checkpoint(_: str) -> None:
        for act in (
            lambda: interview.answer(STORY, "lost"),
            lambda: interview.keep(STORY, "lost"),
            lambda: interview.attach(None, source),
        ):
            with pytest.raises(Problem) as caught:
                act()
            codes.append(caught.value.code)

    with monkeypatch.context() as patch:
        patch.setattr("collector.files.checkpoint", checkpoint)
        field.seal(interview.code)
    assert set(codes[:9]) == {"E_INTERVIEW_FROZEN"}
    assert set(codes) == {"E_INTERVIEW_FROZEN", "E_INTERVIEW_CLOSED"}


def test_after_a_failed_seal_the_interview_goes_on(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = filled(field)
    with monkeypatch.context() as patch:
        patch.setattr("collector.sealing._write_pending", lambda *_: (_ for _ in ()).throw(Problem("E_DISK_FULL")))
        with pytest.raises(Problem, match="E_DISK_FULL"):
            field.seal(interview.code)
    interview.answer(PLACE, "goes on")
    assert [row.state for row in field.interviews()] == ["open"]
    opened = open_sealed(field, field.seal(interview.code).eid, EVERYBODY)
    assert opened.answer(PROCESS, PLACE)[0] == "goes on"
