"""Files of an interview, its review, its withdrawal, and what a killed process leaves of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from collector import drafts
from collector.field import Field
from schemas.problems import Problem
from tests.conftest import REPO
from tests.helpers.forms import (
    AGAIN,
    AGE,
    AUDIO,
    CONSENT,
    CONSENT_AUDIO,
    EVENT,
    NAME,
    PLACE,
    STORY,
)
from tests.helpers.mission import SetClock, reopened


def picture(folder: Path, name: str = "photo.jpg", size: int = 3000) -> Path:
    path = folder / name
    path.write_bytes(os.urandom(size))
    return path


def spooled(field: Field) -> set[str]:
    return {item.name for item in (field.vault.folder / "spool").iterdir()}


# ---- files ----


def test_file_as_an_answer_and_as_a_thing_of_its_own(field: Field, tmp_path: Path) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    entry, _ = interview.add_entry(EVENT)
    photo = interview.attach((*entry, "photo"), picture(tmp_path))
    loose = interview.attach(None, picture(tmp_path, "letter.pdf"))
    assert interview.session.node((*entry, "photo")).value == photo.sid
    assert [item.name for item in interview.files()] == ["photo.jpg", "letter.pdf"]
    back = reopened(field).open_interview(interview.code)
    assert back.session.node((*entry, "photo")).value == photo.sid
    assert back.files()[0].question == drafts.path_text((*entry, "photo"))
    back.detach(loose.sid)
    back.detach(photo.sid)
    assert back.session.node((*entry, "photo")).value is None
    assert back.files() == []
    assert list((back._vault.folder / "spool").iterdir()) == []
    with pytest.raises(Problem, match="E_ATTACH_UNKNOWN"):
        back.detach(photo.sid)
    back._vault.close()


def test_files_only_where_files_belong(field: Field, tmp_path: Path) -> None:
    interview = field.new_interview()
    source = picture(tmp_path)
    for path in (STORY, NAME):
        with pytest.raises(Problem, match="E_ATTACH_QUESTION"):
            interview.attach(path, source)
    interview.answer(CONSENT, "yes")
    interview.answer(CONSENT_AUDIO, "yes")
    interview.attach(AUDIO, source)
    with pytest.raises(Problem, match="E_ATTACH_PRESENT"):
        interview.attach(AUDIO, source)
    assert len(spooled(field)) == 1


def test_files_go_with_what_held_them(field: Field, tmp_path: Path) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    entry, _ = interview.add_entry(EVENT)
    interview.attach((*entry, "photo"), picture(tmp_path))
    interview.remove_entry(entry)
    assert interview.files() == []
    entry, _ = interview.add_entry(EVENT)
    photo = interview.attach((*entry, "photo"), picture(tmp_path))
    interview.clear((*entry, "photo"))
    assert interview.files() == []
    assert len(spooled(field)) == len(interview.files_away()) == 2
    interview.detach(photo.sid)
    assert len(spooled(field)) == 1
    field.withdraw(interview.code)
    assert spooled(field) == set()


def test_the_list_counts_the_files_that_would_be_sealed(field: Field, tmp_path: Path) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    entry, _ = interview.add_entry(EVENT)
    interview.attach((*entry, "photo"), picture(tmp_path))
    interview.answer(CONSENT_AUDIO, "yes")
    interview.attach(AUDIO, picture(tmp_path))

    def counts(home: Field) -> list[int]:
        rows = home.interviews(looking_in=True)
        assert [row.attachments for row in home.interviews()] == [2]
        return [row.attachments for row in rows]

    assert counts(field) == [2]
    interview.clear((*entry, "photo"))
    assert counts(field) == [1]
    again = reopened(field)
    try:
        assert counts(again) == [1]
        back = again.open_interview(interview.code)
        back.undo()
        assert counts(again) == [2]
        back.answer(CONSENT_AUDIO, "no")
        assert counts(again) == [1]
    finally:
        again.close()


def test_too_many_files(field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.interview.MAX_ATTACHMENTS", 1)
    interview = field.new_interview()
    interview.attach(None, picture(tmp_path))
    with pytest.raises(Problem, match="E_ATTACH_MANY"):
        interview.attach(None, picture(tmp_path))


# ---- review ----


@pytest.mark.parametrize("size", [0, 65_536, 65_537])
def test_a_file_cut_short_in_the_vault_stops_the_seal_and_is_told_at_opening(
    field: Field, tmp_path: Path, size: int
) -> None:
    interview = field.new_interview()
    interview.answer(PLACE, "kitchen")
    interview.answer(CONSENT, "yes")
    interview.answer(CONSENT_AUDIO, "no")
    found = interview.attach(None, picture(tmp_path, size=200_000))
    os.truncate(field.vault.path("spool", found.spool), size)
    with pytest.raises(Problem) as caught:
        field.seal(interview.code, "interrupted")
    assert (caught.value.code, caught.value.facts["count"]) == ("E_ATTACH_LOST", 1)
    again = reopened(field)
    try:
        assert [notice.code for notice in again.notices] == ["E_ATTACH_LOST"]
        taken = again.open_interview(interview.code)
        taken.detach(found.sid)
        assert again.seal(interview.code, "interrupted").attachments == 0
    finally:
        again.close()


def test_review_says_what_is_missing(field: Field) -> None:
    interview = field.new_interview()
    review = interview.review()
    assert [issue.path for issue in review.blocking] == [CONSENT, AGAIN]
    assert [issue.path for issue in review.missing] == [PLACE]
    assert not review.ready
    interview.answer(PLACE, "kitchen")
    interview.answer(CONSENT, "yes")
    interview.answer(AGAIN, "yes")
    interview.answer(AGE, 130)
    review = interview.review()
    assert [issue.path for issue in review.missing] == [STORY]
    assert [issue.path for issue in review.invalid] == [AGE]
    interview.missing(STORY, "declined")
    interview.answer(AGE, 30)
    review = interview.review()
    assert review.ready
    assert (review.counts["answered"], review.counts["reserved"]) == (4, 1)


def test_review_names_files_that_sealing_would_erase(field: Field, tmp_path: Path) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    interview.answer(CONSENT_AUDIO, "yes")
    interview.attach(AUDIO, picture(tmp_path, "voice.ogg"))
    assert interview.review().hidden_files == ()
    interview.answer(CONSENT_AUDIO, "no")
    assert [item.name for item in interview.review().hidden_files] == ["voice.ogg"]


# ---- withdrawing ----


def test_withdrawn_is_gone(field: Field, tmp_path: Path) -> None:
    interview = field.new_interview()
    interview.answer(PLACE, "MARKER-PLACE")
    interview.attach(None, picture(tmp_path))
    other = field.new_interview()
    other.answer(PLACE, "stays")
    wrapped = interview.draft.key
    field.withdraw(interview.code)
    assert interview.closed
    assert [row.code for row in field.interviews()] == [other.code]
    assert spooled(field) == set()
    for table in ("draft_row", "attachment"):
        row = field.vault.db.one(f"SELECT count(*) FROM {table} WHERE draft = ?", (interview.draft.number,))
        assert row == (0,)
    with pytest.raises(Problem, match="E_KEY_LOST"):
        field.vault.ring.open(wrapped)
    assert [event.act for event in field.vault.log.events()][-1] == "draft-delete"
    with pytest.raises(Problem, match="E_INTERVIEW_UNKNOWN"):
        field.open_interview(interview.code)
    again = reopened(field)
    assert again.open_interview(other.code).session.node(PLACE).value == "stays"
    again.close()


_CHILD = """
import os, signal, sys
from pathlib import Path
from collector import files
from collector.field import Field
from tests.helpers.forms import CONSENT, NAME, STORY
from tests.helpers.mission import PASSPHRASE, SetClock
home, code = Path(sys.argv[1]), sys.argv[2]
field = Field.open(home, PASSPHRASE, clock=SetClock())
interview = field.open_interview(code)
interview.answer(CONSENT, "yes")
interview.answer(STORY, "durable when the call returned")
interview.keep(NAME, "half a na")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_kill_9_resumes_on_the_same_question_with_the_text(field: Field) -> None:
    code, home = field.new_interview().code, field.vault.home
    field.close()
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(home), code], cwd=REPO, check=False, capture_output=True, timeout=60
    )
    assert child.returncode == -9, child.stderr.decode()
    again = reopened_home(home)
    back = again.open_interview(code)
    assert back.session.node(STORY).value == "durable when the call returned"
    assert back.cursor is not None
    assert (back.cursor.path, back.cursor.pending) == (NAME, "half a na")
    again.close()


def reopened_home(home: Path) -> Field:
    from tests.helpers.mission import PASSPHRASE

    return Field.open(home, PASSPHRASE, clock=SetClock())


def test_paths_as_text() -> None:
    path = ("h_event", ("ev", 3), "ev_type")
    assert drafts.path_of(drafts.path_text(path)) == path
    for bad in ("", "a//b", "a[0]", "a[-1]", "a[x]", "[1]", "a]b"):
        with pytest.raises(Problem, match="E_ANSWER_PATH"):
            drafts.path_of(bad)
