"""The file that an attachment was taken from: erased only when it is that file, alone, unchanged and writable."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collector import sources
from collector.sources import Source
from schemas.problems import Problem


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A recording on a stick."""
    path = tmp_path / "stick" / "recording.ogg"
    path.parent.mkdir()
    path.write_bytes(b"voice" * 1000)
    return path


def refused(source: Source) -> str:
    """The code with which both `check` and `erase` refuse."""
    with pytest.raises(Problem) as checked:
        source.check()
    with pytest.raises(Problem) as erased:
        source.erase()
    assert checked.value.code == erased.value.code
    return checked.value.code


def test_the_file_is_overwritten_before_its_name_goes(file: Path) -> None:
    with file.open("rb") as still_open:
        Source.of(file).erase()
        assert not file.exists()
        left = still_open.read()
    assert len(left) == 5000
    assert b"voice" not in left


def test_another_file_in_its_place_is_not_touched(file: Path) -> None:
    source = Source.of(file)
    file.write_bytes(b"something else")
    assert refused(source) == "E_SOURCE_CHANGED"
    assert file.read_bytes() == b"something else"
    file.unlink()
    assert refused(source) == "E_SOURCE_CHANGED"


def test_what_has_two_names_or_is_a_link_is_not_touched(file: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.ogg"
    os.link(file, second)
    assert refused(Source.of(file)) == "E_SOURCE_LINK"
    second.unlink()
    second.symlink_to(file)
    assert refused(Source.of(second)) == "E_SOURCE_LINK"
    assert file.read_bytes() == b"voice" * 1000
    assert refused(Source.of(file.parent)) == "E_SOURCE_LINK"


def test_where_nothing_can_be_written_nothing_is_tried(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = os.statvfs(file)
    read_only = os.statvfs_result((*tuple(state)[:8], state.f_flag | os.ST_RDONLY, *tuple(state)[9:]))
    monkeypatch.setattr(sources.os, "statvfs", lambda _path: read_only)
    assert refused(Source.of(file)) == "E_SOURCE_READ_ONLY"
    assert file.read_bytes() == b"voice" * 1000
