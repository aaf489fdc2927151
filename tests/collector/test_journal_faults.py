"""What undo does with files, consent, sealing, full disks and pulled plugs."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

import pytest

from collector import files, journal, panic
from collector.field import Field
from collector.interview import Interview
from schemas.problems import Problem
from tests.helpers.forms import CONSENT, EVENT, PLACE
from tests.helpers.interviews import filled, some_file
from tests.helpers.killed import at_each_checkpoint
from tests.helpers.mission import PASSPHRASE, Office, SetClock, enrolled_field, reopened


def again(field: Field, interview: Interview) -> Interview:
    """The interview as the rows have it."""
    interview.close()
    return field.open_interview(interview.code)


def spooled(field: Field) -> set[str]:
    return {item.name for item in (field.vault.folder / "spool").iterdir()}


def shown(interview: Interview) -> list[tuple[object, ...]]:
    """Everything that a screen would draw."""
    return [
        (node.path, node.relevant, node.value, node.missing, node.count, node.code) for node in interview.session.walk()
    ]


# ---- files ----


def test_a_file_comes_back_with_its_entry(field: Field, tmp_path: FilePath) -> None:
    interview = filled(field, photo=some_file(tmp_path))
    (photo,) = interview.files()
    entry = (*EVENT[:-1], ("event", 1))
    interview.remove_entry(entry)
    assert interview.files() == []
    interview = again(field, interview)
    assert [each.sid for each in interview.files_away()] == [photo.sid]
    interview.undo()
    assert interview.session.value((*entry, "photo")) == photo.sid
    assert [each.sid for each in interview.files()] == [photo.sid]
    assert interview.lost_files() == []
    assert interview.files_away() == []


def test_a_file_goes_when_nothing_can_bring_it_back(
    field: Field, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    interview = filled(field, photo=some_file(tmp_path))
    interview.remove_entry((*EVENT[:-1], ("event", 1)))
    assert len(spooled(field)) == 1
    monkeypatch.setattr(journal, "ACTS", 3)
    for number in range(4):
        interview.answer(PLACE, f"place {number}")
    assert spooled(field) == set()
    assert again(field, interview).files_away() == []


def test_a_file_taken_back_goes_with_the_next_act(field: Field, tmp_path: FilePath) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    entry, _ = interview.add_entry(EVENT)
    interview.attach((*entry, "photo"), some_file(tmp_path))
    interview.undo()
    assert len(spooled(field)) == 1
    interview.answer(PLACE, "kitchen")
    assert spooled(field) == set()
    assert interview.redo() is None


def test_a_detached_file_is_not_brought_back(field: Field, tmp_path: FilePath) -> None:
    interview = filled(field, photo=some_file(tmp_path))
    (photo,) = interview.files()
    interview.detach(photo.sid)
    assert spooled(field) == set()
    interview = again(field, interview)
    while interview.undo() is not None:
        assert interview.files() == []
        assert all(not isinstance(value, bytes) for _, value, _ in interview.session.kept())
    with pytest.raises(Problem, match="E_ATTACH_UNKNOWN"):
        interview.detach(photo.sid)


# ---- consent ----


def test_the_ledger_notes_what_was_taken_back(field: Field, clock: SetClock) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "no")
    clock.now += 10
    interview.answer(CONSENT, "yes")
    clock.now += 10
    interview.undo()
    clock.now += 10
    interview.redo()
    events = [(each.value, each.t) for each in interview.ledger.events]
    start = events[0][1]
    assert events == [("no", start), ("yes", start + 10), ("no", start + 20), ("yes", start + 30)]
    assert [(each.value, each.t) for each in again(field, interview).ledger.events] == events


# ---- sealing, withdrawing, panic, full disks, pulled plugs ----


def test_what_was_taken_away_is_not_sealed(field: Field, tmp_path: FilePath) -> None:
    interview = filled(field, photo=some_file(tmp_path))
    entry, _ = interview.add_entry(EVENT)
    interview.attach((*entry, "photo"), some_file(tmp_path, "kept.jpg"))
    interview.clear((*EVENT[:-1], ("event", 1), "photo"))
    kept = {each.spool for each in interview.files()}
    sealed = field.seal(interview.code)
    assert sealed.attachments == 1
    assert spooled(field) == kept
    assert field.vault.db.one("SELECT count(*) FROM draft_row") == (0,)


def test_panic_does_not_seal_what_was_taken_away(field: Field, tmp_path: FilePath) -> None:
    interview = filled(field, photo=some_file(tmp_path))
    interview.remove_entry((*EVENT[:-1], ("event", 1)))
    folder = field.vault.folder / "spool"
    assert panic.seal_and_lock(field).sealed == (interview.code,)
    assert list(folder.iterdir()) == []


def test_undo_after_a_sealing_that_failed(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = filled(field)

    def full(name: str) -> None:
        if name == "seal: outbox file pending":
            raise Problem("E_DISK_FULL", error="ENOSPC")

    with monkeypatch.context() as patch:
        patch.setattr(files, "checkpoint", full)
        with pytest.raises(Problem, match="E_DISK_FULL"):
            field.seal(interview.code)
    assert field.interviews()[0].state == "frozen"
    gone = field.open_interview(interview.code).undo()
    assert gone is not None
    assert field.interviews()[0].state == "open"
    field.open_interview(interview.code).redo()
    assert field.seal(interview.code).seq == 1


def test_nothing_is_taken_back_while_it_is_sealed(field: Field) -> None:
    interview = filled(field)
    with interview.held_still():
        for act in (interview.undo, interview.redo):
            with pytest.raises(Problem, match="E_INTERVIEW_FROZEN"):
                act()
    interview.close()
    with pytest.raises(Problem, match="E_INTERVIEW_CLOSED"):
        interview.undo()


def test_attack_25_a_full_disk_takes_nothing_back(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = field.new_interview()
    interview.answer(PLACE, "kitchen")
    before = shown(interview)

    def full(*_: Any) -> None:
        raise Problem("E_DISK_FULL", error="ENOSPC")

    with monkeypatch.context() as patch:
        patch.setattr("collector.drafts.DraftRows.put", full)
        with pytest.raises(Problem, match="E_DISK_FULL"):
            interview.undo()
    assert shown(interview) == before
    assert interview.undo() is not None
    assert interview.session.value(PLACE) is None


def test_undo_after_the_vault_was_locked(field: Field) -> None:
    interview = field.new_interview()
    interview.answer(PLACE, "kitchen")
    back = reopened(field)
    found = back.open_interview(interview.code)
    found.undo()
    assert found.session.value(PLACE) is None
    last = reopened(back)
    found = last.open_interview(interview.code)
    found.redo()
    assert found.session.value(PLACE) == "kitchen"
    last.close()


def test_attack_24_killed_at_any_moment_of_an_undo(tmp_path: FilePath) -> None:
    home = tmp_path / "home"
    with enrolled_field(home, Office()) as field:
        interview = filled(field, photo=some_file(tmp_path))
        entry = (*EVENT[:-1], ("event", 1))
        interview.remove_entry(entry)
        code, without = interview.code, interview.session.kept()
        interview.undo()
        whole = interview.session.kept()
        interview.redo()
    names = at_each_checkpoint(home, tmp_path / "work", "undo", code)
    for place, name in enumerate(names, 1):
        with Field.open(tmp_path / "work" / str(place), PASSPHRASE, clock=SetClock()) as field:
            interview = field.open_interview(code)
            assert interview.session.kept() in (without, whole), name
            if interview.session.kept() == without:
                assert name != "end"
                interview.undo()
            assert interview.session.kept() == whole
            assert len(interview.files()) == 1
            assert interview.lost_files() == []
            assert interview.redo() is not None
            assert interview.session.kept() == without


def test_attack_24_killed_while_an_act_lets_go_of_a_file(tmp_path: FilePath) -> None:
    home = tmp_path / "home"
    with enrolled_field(home, Office()) as field:
        interview = filled(field)
        interview.attach((*EVENT[:-1], ("event", 1), "photo"), some_file(tmp_path))
        interview.undo()
        code = interview.code
    names = at_each_checkpoint(home, tmp_path / "work", "place", code)
    assert "ring: committed" in names
    for place, name in enumerate(names, 1):
        with Field.open(tmp_path / "work" / str(place), PASSPHRASE, clock=SetClock()) as field:
            interview = field.open_interview(code)
            assert interview.files() == [], name
            assert len(spooled(field)) == len(interview.files_away()), name
            assert field.seal(code).attachments == 0
            assert spooled(field) == set()
