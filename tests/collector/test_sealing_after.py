"""After sealing: nothing that opens the entry stays, and nothing that was typed is lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import head, media, sealing_steps
from collector.crypto import Secret
from collector.field import Field
from schemas import structure
from schemas.problems import Problem
from schemas.records.common import PROCESS
from schemas.records.document import Document
from tests.helpers.forms import PLACE, STORY
from tests.helpers.interviews import (
    FILE_MARK,
    NAME_TEXT,
    STORY_TEXT,
    files_below,
    filled,
    sealed_entry,
    some_file,
)
from tests.helpers.mission import Office, reopened
from tests.helpers.opening import open_sealed, outbox_file

EVERYBODY = list(Office().recipient_keys().values())


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
    assert sealing_steps.seconds_since_boot() > 0


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
        patch.setattr("collector.sealing_steps.write_pending", lambda *_: (_ for _ in ()).throw(Problem("E_DISK_FULL")))
        with pytest.raises(Problem, match="E_DISK_FULL"):
            field.seal(interview.code)
    interview.answer(PLACE, "goes on")
    assert [row.state for row in field.interviews()] == ["open"]
    opened = open_sealed(field, field.seal(interview.code).eid, EVERYBODY)
    assert opened.answer(PROCESS, PLACE)[0] == "goes on"
