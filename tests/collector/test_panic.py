"""Panic seal: every draft becomes an entry in one turn of the ring, whatever stands in it and whatever fails."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest

from collector import compose, crypto, drafts, files, identity, merkle, sealing_steps
from collector.field import Field
from collector.interview import Interview
from collector.panic import Panicked, seal_and_lock
from collector.vault import Vault
from schemas.problems import Problem
from tests.collector.test_sealing_faults import DiskFull, ring_files_that_open, signer_is_whole
from tests.helpers.forms import AGE, CONSENT, EVENT, NAME, PLACE, STORY
from tests.helpers.interviews import NAME_TEXT, PLACE_TEXT, STORY_TEXT, filled, some_file
from tests.helpers.killed import SEALING, at_each_checkpoint
from tests.helpers.mission import NOW, PASSPHRASE, Office, SetClock, enrolled_field
from tests.helpers.opening import Opened, open_sealed

EVERYBODY = list(Office().recipient_keys().values())


def opened_again(field: Field) -> Field:
    return Field.open(field.vault.home, PASSPHRASE, clock=SetClock())


def panicked(field: Field) -> tuple[Panicked, Field]:
    """Panic, and the home as the next person who knows the passphrase finds it."""
    done = seal_and_lock(field)
    return done, opened_again(field)


def entry_of(field: Field, code: str) -> Opened:
    row = next(row for row in field.interviews() if row.code == code)
    assert row.state == "sealed"
    assert row.entry is not None
    return open_sealed(field, bytes.fromhex(row.entry), EVERYBODY)


def core_hash(entry: Opened) -> bytes:
    return bytes(crypto.sha256(entry.manifest.core))


def told(field: Field, story: str) -> Interview:
    """A draft in the middle of the account: much is due."""
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    interview.answer(STORY, story)
    return interview


def test_every_draft_is_sealed_as_it_is_in_one_turn_and_the_vault_is_locked(field: Field, tmp_path: Path) -> None:
    codes = [filled(field, photo=some_file(tmp_path, size=1000)).code, told(field, "one").code, told(field, "two").code]
    generation = field.vault.ring.generation
    done, again = panicked(field)
    with pytest.raises(Problem, match="E_VAULT_CLOSED"):
        field.interviews()
    assert done == Panicked(tuple(codes), (), ())
    assert again.vault.ring.generation == generation + 1
    assert drafts.listed(again.vault.db) == []
    assert {row.incomplete for row in again.interviews()} == {"panic"}
    assert entry_of(again, codes[0]).answer(2, STORY)[0] == STORY_TEXT
    assert entry_of(again, codes[0]).answer(1, NAME)[0] == NAME_TEXT
    assert len(entry_of(again, codes[0]).documents[1].atts) == 1
    assert entry_of(again, codes[1]).answer(2, STORY)[0] == "one"
    assert entry_of(again, codes[2]).answer(2, STORY)[0] == "two"
    event = list(again.vault.log.events())[-1]
    assert (event.act, event.det) == ("panic", {"sealed": 3, "erased": 0, "left": 0})
    again.vault.log.verify_all()
    assert not [name for (name,) in again.vault.db.query("SELECT kind FROM wrapped") if name in ("draft", "attachment")]
    signer_is_whole(again)
    again.close()


def test_the_entries_of_a_panic_are_a_chain_that_the_office_can_check(field: Field) -> None:
    before = field.seal(filled(field).code)
    codes = [told(field, story).code for story in ("one", "two", "three")]
    _, again = panicked(field)
    entries = [open_sealed(again, before.eid, EVERYBODY), *(entry_of(again, code) for code in codes)]
    assert [entry.core.seq for entry in entries] == [1, 2, 3, 4]
    for earlier, later in itertools.pairwise(entries):
        assert later.core.prev == core_hash(earlier)
        size, root, proof = later.core.log
        merkle.check_consistency(earlier.core.log[0], size, earlier.core.log[1], root, proof)
    following = open_sealed(again, again.seal(filled(again).code).eid, EVERYBODY)
    assert (following.core.seq, following.core.prev) == (5, core_hash(entries[-1]))
    again.close()


def test_what_stands_in_the_editor_is_in_the_entry(field: Field) -> None:
    text, other = told(field, "as far as it was saved"), told(field, "told")
    text.keep(STORY, "as far as it was saved, and the words after it")
    event, _ = other.add_entry(EVENT)
    code = other.code
    other.keep((*event, "what"), "half a sen")
    _, again = panicked(field)
    assert entry_of(again, text.code).answer(2, STORY)[0] == "as far as it was saved, and the words after it"
    assert entry_of(again, code).answer(2, (*event, "what"))[0] == "half a sen"
    again.close()


def test_words_that_are_no_answer_to_their_question_are_in_the_entry_beside_the_answers(field: Field) -> None:
    interview = told(field, "told")
    interview.keep(AGE, "about forty, she said")
    _, again = panicked(field)
    entry = entry_of(again, interview.code)
    assert entry.documents[2].extra == {"x-typed": [[list(AGE), "about forty, she said"]]}
    assert entry.answer(0, CONSENT)[0] == "yes"
    again.close()


def test_nothing_is_kept_of_a_person_who_said_no(field: Field, tmp_path: Path) -> None:
    interview = filled(field, photo=some_file(tmp_path, size=1000))
    interview.answer(CONSENT, "no")
    kept = told(field, "another person said yes").code
    done, again = panicked(field)
    assert (done.sealed, done.erased) == ((kept,), (interview.code,))
    assert [row.code for row in again.interviews()] == [kept]
    assert list((again.vault.folder / "spool").iterdir()) == []
    assert [event.act for event in again.vault.log.events()][-3:] == ["seal", "draft-delete", "panic"]
    again.close()


def test_nothing_is_kept_where_consent_was_not_asked_and_nothing_told(field: Field) -> None:
    bare = field.new_interview()
    bare.answer(PLACE, PLACE_TEXT)
    done, again = panicked(field)
    assert (done.sealed, done.erased) == ((), (bare.code,))
    assert again.interviews() == []
    again.close()


def test_what_was_told_before_consent_was_asked_goes_to_the_office_and_no_further(field: Field) -> None:
    interview = field.new_interview()
    interview.answer(NAME, NAME_TEXT)
    done, again = panicked(field)
    assert done.sealed == (interview.code,)
    entry = entry_of(again, interview.code)
    assert entry.answer(0, CONSENT)[1] == "not_asked"
    assert entry.documents[0].consents is None
    again.close()


def test_without_drafts_the_ring_turns_and_the_log_says_so(field: Field) -> None:
    generation = field.vault.ring.generation
    done, again = panicked(field)
    assert done == Panicked((), (), ())
    assert again.vault.ring.generation == generation + 1
    assert [event.act for event in again.vault.log.events()][-1] == "panic"
    again.close()


def test_a_draft_that_cannot_be_sealed_stays_one_and_stops_no_other(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, bad, last = told(field, "one").code, told(field, "bad").code, told(field, "three").code
    real = sealing_steps.composed

    def composed(vault: Vault, work: sealing_steps.Work) -> compose.Entry:
        if work.draft.code == bad:
            raise Problem("E_DOCUMENT_SIZE", compartment="narrative")
        return real(vault, work)

    monkeypatch.setattr(sealing_steps, "composed", composed)
    done, again = panicked(field)
    assert done == Panicked((first, last), (), ((bad, "E_DOCUMENT_SIZE"),))
    assert again.open_interview(bad).session.node(STORY).value == "bad"
    assert entry_of(again, last).core.prev == core_hash(entry_of(again, first))
    again.close()


def test_a_lost_file_does_not_hold_the_testimony_back(field: Field, tmp_path: Path) -> None:
    interview = filled(field, photo=some_file(tmp_path, size=1000))
    for path in (field.vault.folder / "spool").iterdir():
        path.unlink()
    done, again = panicked(field)
    assert done.sealed == (interview.code,)
    assert entry_of(again, interview.code).documents[1].atts == ()
    assert again.vault.db.query("SELECT sid FROM attachment") == []
    again.close()


def test_leaves_that_run_out_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "LEAVES", 4)
    field = enrolled_field(tmp_path / "home", Office(), leaves=4)
    codes = [told(field, str(number)).code for number in range(5)]
    done, again = panicked(field)
    assert done.sealed == tuple(codes)
    rows = again.vault.db.query("SELECT code, signer, seq FROM entry ORDER BY rowid")
    assert [code for code, _, _ in rows] == codes
    assert [(number - rows[0][1], seq) for _, number, seq in rows] == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2)]
    again.seal(filled(again).code)
    again.close()


def test_an_expired_pack_goes_on(tmp_path: Path) -> None:
    clock = SetClock()
    field = enrolled_field(tmp_path / "home", Office(), clock=clock)
    code = told(field, "one").code
    clock.now = NOW + 400 * 86_400
    done, again = panicked(field)
    assert done.sealed == (code,)
    assert entry_of(again, code).core.extra == {"x-stale": True}
    again.close()


# ---- faults ----


def states(field: Field, stories: dict[str, str]) -> list[str]:
    """`draft` or `sealed` for each code; what belongs to it is whole and there is nothing of the other."""
    outbox = sorted(item.name for item in (field.vault.folder / "outbox").iterdir())
    assert outbox == sorted(name for (name,) in field.vault.db.query("SELECT file_name FROM entry"))
    rows = {row.code: row for row in field.interviews()}
    assert rows.keys() == stories.keys()
    assert len(field.interviews()) == len(stories)
    found = []
    for code, story in stories.items():
        if rows[code].state == "sealed":
            assert entry_of(field, code).answer(2, STORY)[0] == story
            found.append("sealed")
        else:
            assert field.open_interview(code).session.node(STORY).value == story
            found.append("draft")
    return found


def test_attack_50_kill_9_at_every_step_of_a_panic(field: Field, tmp_path: Path) -> None:
    stories = {filled(field, photo=some_file(tmp_path, size=1000)).code: STORY_TEXT}
    stories[told(field, "two").code] = "two"
    home = field.vault.home
    field.close()
    work = tmp_path / "work"
    names = at_each_checkpoint(home, work, "panic")
    assert {"panic: frozen", *SEALING} <= set(names)
    seen: list[str] = []
    for number, name in enumerate(names, start=1):
        with Field.open(work / str(number), PASSPHRASE, clock=SetClock()) as killed:
            assert ring_files_that_open(killed) == 1, name
            signer_is_whole(killed)
            killed.vault.log.verify_all()
            found = set(states(killed, stories))
            assert len(found) == 1, "all in one turn of the ring, or none"
            seen += found
    turn = seen.index("sealed")
    assert seen == ["draft"] * turn + ["sealed"] * (len(seen) - turn)
    with Field.open(work / "1", PASSPHRASE, clock=SetClock()) as killed:
        seal_and_lock(killed)
    with Field.open(work / "1", PASSPHRASE, clock=SetClock()) as again:
        assert states(again, stories) == ["sealed", "sealed"]


def test_attack_50_disk_full_at_every_step_of_a_panic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = set()
    with enrolled_field(tmp_path / "home", Office()) as template:
        stories = {told(template, story).code: story for story in ("one", "two")}
    for stop in itertools.count(1):
        fault = DiskFull(stop)
        shutil.copytree(tmp_path / "home", tmp_path / str(stop))
        field = Field.open(tmp_path / str(stop), PASSPHRASE, clock=SetClock())
        with monkeypatch.context() as patch:
            patch.setattr(files, "checkpoint", fault)
            done = seal_and_lock(field)
        with opened_again(field) as again:
            signer_is_whole(again)
            again.vault.log.verify_all()
            found = states(again, stories)
            assert found == ["sealed" if code in done.sealed else "draft" for code in stories]
            outcomes.add(tuple(found))
            assert {code for code, _ in done.left} == {code for code in stories if code not in done.sealed}
        if fault.seen < stop:
            break
    assert ("sealed", "sealed") in outcomes
    assert ("sealed", "draft") in outcomes


def test_attack_50_a_disk_that_stays_full_leaves_drafts_and_a_locked_vault(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    stories = {told(field, story).code: story for story in ("one", "two", "three")}

    def full(name: str) -> None:
        if name in ("ring: new file", "before commit"):
            raise Problem("E_DISK_FULL", error="ENOSPC")

    with monkeypatch.context() as patch:
        patch.setattr(files, "checkpoint", full)
        done = seal_and_lock(field)
    assert done.sealed == ()
    assert {code for _, code in done.left} == {"E_DISK_FULL"}
    with opened_again(field) as again:
        assert states(again, stories) == ["draft"] * 3
