"""Interviews from files of answers: whole, or none; and no answer larger than what can be sealed."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from collector import drafts, filling
from collector.field import Field
from schemas.problems import Problem
from tests.helpers.expect import refused
from tests.helpers.faults import failing
from tests.helpers.forms import STORY


def begun(field: Field, folder: Path, story: str) -> str:
    answers = {"consent_interview": "yes", "consent_audio": "no", STORY[-1]: story}
    return filling.begin_filled(field, answers, folder=folder)


def test_an_account_of_one_mebibyte_is_kept(field: Field, tmp_path: Path) -> None:
    account = "я" * (drafts.ANSWER_BYTES // 2)
    code = begun(field, tmp_path, account)
    assert field.open_interview(code).session.node(STORY).value == account


@pytest.mark.parametrize("length", [(1 << 20) + 1, 5 << 20])
def test_a_longer_one_is_refused_in_plain_words_and_leaves_nothing(field: Field, tmp_path: Path, length: int) -> None:
    with refused("E_ANSWER_LONG"):
        begun(field, tmp_path, "a" * length)
    assert field.interviews() == []


def test_the_first_cause_is_told_when_not_even_the_erasure_succeeds(field: Field, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    data = {"what": "x", "nowhere": 1}
    with failing(1, errno.ENOSPC, stays=True), pytest.raises(Problem) as caught:
        filling.begin_filled(field, data, folder=tmp_path)
    assert caught.value.code == "E_ANSWER_PATH"


def test_files_are_added_all_or_none(field: Field, tmp_path: Path) -> None:
    good, empty = tmp_path / "good.txt", tmp_path / "empty.txt"
    good.write_bytes(b"words")
    empty.touch()
    interview = field.new_interview()
    before = interview.session.to_nested()
    with refused("E_ATTACH_EMPTY"), filling.all_or_none(interview) as add:
        add(good, None)
        add(empty, None)
    assert interview.files() == []
    assert interview.session.to_nested() == before


def test_a_file_is_named_by_its_name_or_its_stream(field: Field, tmp_path: Path) -> None:
    paths = [tmp_path / name / "same.txt" for name in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(b"words of " + path.parent.name.encode())
    interview = field.new_interview()
    with filling.all_or_none(interview) as add:
        for path in paths:
            add(path, None)
    first, second = add.attached
    with refused("E_ATTACH_UNKNOWN"):
        filling.named_file(interview, "same.txt")
    assert filling.named_file(interview, second.sid.hex()) == second
    interview.detach(second.sid)
    assert filling.named_file(interview, "same.txt") == first
