"""What a panic did is told to the next person who knows the passphrase, and counts with what it tells of."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import compose, files, panic_note, sealing_steps
from collector.field import Field
from collector.panic_note import PanicNote
from collector.vault import Vault
from schemas.problems import Problem
from tests.collector.test_panic import panicked, told
from tests.helpers.forms import CONSENT
from tests.helpers.interviews import filled
from tests.helpers.mission import NOW


def fail_for(monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    """The entry of one draft cannot be made."""
    real = sealing_steps.composed

    def composed(vault: Vault, work: sealing_steps.Work) -> compose.Entry:
        if work.draft.code == bad:
            raise Problem("E_DOCUMENT_SIZE", compartment="narrative")
        return real(vault, work)

    monkeypatch.setattr(sealing_steps, "composed", composed)


def plain(note: PanicNote | None) -> tuple[object, ...]:
    assert note is not None
    left = [(code, problem.code, dict(problem.facts)) for code, problem in note.left]
    return note.sealed, note.erased, left


def test_each_draft_stands_with_its_fate_and_its_reason(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed, bad, bare = told(field, "one").code, told(field, "bad").code, field.new_interview().code
    refused = filled(field)
    refused.answer(CONSENT, "no")
    fail_for(monkeypatch, bad)
    _done, again = panicked(field)
    note = panic_note.load(again.vault.db)
    assert plain(note) == (
        (sealed,),
        ((bare, "untold"), (refused.code, "refused")),
        [(bad, "E_DOCUMENT_SIZE", {"compartment": "narrative"})],
    )
    assert note is not None
    assert note.at == NOW
    panic_note.forget(again.vault.db)
    assert panic_note.load(again.vault.db) is None
    again.close()


def test_two_panics_that_nobody_was_told_of_are_told_together(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    first, bad = told(field, "one").code, told(field, "bad").code
    with monkeypatch.context() as patch:
        fail_for(patch, bad)
        _done, again = panicked(field)
    _done, again = panicked(again)
    assert plain(panic_note.load(again.vault.db)) == ((first, bad), (), [])
    again.close()


def test_a_panic_without_drafts_has_nothing_to_tell(field: Field) -> None:
    _done, again = panicked(field)
    assert panic_note.load(again.vault.db) is None
    again.close()


def test_what_a_full_disk_left_is_told(field: Field, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    codes = {told(field, "one").code, told(field, "two").code}

    def full(name: str) -> None:
        if name == "ring: new file":
            raise Problem("E_DISK_FULL", error="ENOSPC")

    with monkeypatch.context() as patch:
        patch.setattr(files, "checkpoint", full)
        _done, again = panicked(field)
    note = panic_note.load(again.vault.db)
    assert note is not None
    assert (note.sealed, {code for code, _ in note.left}) == ((), codes)
    assert {problem.code for _, problem in note.left} == {"E_DISK_FULL"}
    again.close()
