"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import files
from schemas.problems import Problem
from tests.helpers import faults


def names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def test_a_written_file_has_every_byte_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    assert files.write_durably(tmp_path / "a", [b"one ", b"", b"two"]) == 7
    assert (tmp_path / "a").read_bytes() == b"one two"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert names(tmp_path) == ["a"]


def test_a_replaced_file_is_overwritten_where_it_lay(tmp_path: Path) -> None:
    path = tmp_path / "a"
    files.write_durably(path, b"the old secret")
    os.link(path, tmp_path / "old inode")
    files.write_durably(path, b"new", shred_old=True)
    assert path.read_bytes() == b"new"
    left = (tmp_path / "old inode").read_bytes()
    assert len(left) == len(b"the old secret")
    assert b"old" not in left


@pytest.mark.parametrize("shred_old", [False, True])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS])
def test_attack_25_a_write_that_fails_anywhere_leaves_the_old_or_the_new_file(
    tmp_path: Path, number: int, shred_old: bool
) -> None:
    path = tmp_path / "a"
    files.write_durably(path, b"old old old")
    with faults.failing(None) as whole:
        files.write_durably(path, b"old old old", shred_old=shred_old)
    expected = {errno.EIO: "E_MEDIA_IO", errno.ENOSPC: "E_DISK_FULL", errno.EROFS: "E_NO_ACCESS"}[number]
    outcomes = set()
    for at in range(1, whole.calls + 1):
        with faults.failing(at, number), pytest.raises(Problem) as caught:
            files.write_durably(path, b"new", shred_old=shred_old)
        assert caught.value.code == expected
        assert names(tmp_path) == ["a"]
        outcomes.add(path.read_bytes())
        files.write_durably(path, b"old old old")
    assert outcomes == {b"old old old", b"new"}


def test_a_disk_that_stays_broken_leaves_the_old_file(tmp_path: Path) -> None:
    files.write_durably(tmp_path / "a", b"old")
    with faults.failing(1, errno.EIO, stays=True), pytest.raises(Problem):
        files.write_durably(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    files.sweep_temporaries(tmp_path)
    assert names(tmp_path) == ["a"]


def test_a_kill_between_any_two_writes_leaves_the_old_or_the_new_file(tmp_path: Path) -> None:
    path, seen = tmp_path / "a", set()
    files.write_durably(path, b"old")
    place = 0
    while faults.killed_at(place, lambda: files.write_durably(path, b"new", shred_old=True)):
        seen.add(path.read_bytes())
        files.sweep_temporaries(tmp_path)
        assert names(tmp_path) == ["a"]
        files.write_durably(path, b"old")
        place += 1
    assert place >= 4
    assert seen == {b"old", b"new"}


def test_a_failing_source_of_bytes_leaves_nothing(tmp_path: Path) -> None:
    def blocks() -> object:
        yield b"half"
        raise RuntimeError("cancelled")

    with pytest.raises(RuntimeError):
        files.write_durably(tmp_path / "a", blocks())  # type: ignore[arg-type]
    assert names(tmp_path) == []


def write_too_much(folder: Path) -> None:
    files.write_durably(folder / "kept", b"kept")
    assert (
        faults.outcome(lambda: files.write_durably(folder / "big", (bytes(1 << 16) for _ in range(64))))
        == "E_DISK_FULL"
    )
    assert names(folder) == ["kept"]


@pytest.mark.parametrize("kind", ["file limit", *faults.SMALL_DISKS])
def test_attack_25_a_full_disk_is_named_as_such(tmp_path: Path, kind: str) -> None:
    if kind == "tmpfs":
        with faults.small_disk(tmp_path / "disk", 1) as disk:
            write_too_much(disk)
    else:
        assert faults.in_child(faults.with_file_limit(500_000, lambda: write_too_much(tmp_path))) == 0


def test_a_file_in_the_place_of_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"kept")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for act in (
        lambda: files.overwrite_in_place(tmp_path / "link", b"x"),
        lambda: files.overwrite_and_unlink(tmp_path / "link"),
        lambda: files.read_limited(tmp_path / "link", 10),
    ):
        with pytest.raises(Problem):
            act()
    assert (tmp_path / "target").read_bytes() == b"kept"


def test_reading_is_limited_and_takes_ordinary_files_only(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert files.read_limited(tmp_path / "a", 5) == b"12345"
    os.mkfifo(tmp_path / "pipe")
    for path, limit in ((tmp_path / "a", 4), (tmp_path / "pipe", 10), (tmp_path, 10)):
        with pytest.raises(Problem) as caught:
            files.read_limited(path, limit)
        assert caught.value.code == "E_FORMAT"
    with pytest.raises(Problem) as caught:
        files.read_limited(tmp_path / "none", 10)
    assert caught.value.code == "E_MEDIA_IO"


def test_overwriting_and_removing(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"secret")
    os.link(path, tmp_path / "inode")
    files.overwrite_and_unlink(path)
    files.overwrite_and_unlink(path)
    assert names(tmp_path) == ["inode"]
    assert (tmp_path / "inode").read_bytes() != b"secret"
    files.overwrite_in_place(tmp_path / "inode", b"new")
    assert (tmp_path / "inode").read_bytes() == b"new"
    files.remove(tmp_path / "inode")
    files.remove(tmp_path / "inode")
    assert names(tmp_path) == []


def test_private_folders_are_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    files.make_private_dir(tmp_path / "open")
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o700


def test_space_is_asked_for_before_writing(tmp_path: Path) -> None:
    files.require_space(tmp_path, 1)
    with pytest.raises(Problem) as caught:
        files.require_space(tmp_path, 1 << 60)
    assert caught.value.code == "E_DISK_SPACE"
    assert caught.value.facts["needed"] == 1 << 40


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("../../etc/passwd", "../../etc/passwd"),
        ("CON", "CON"),
        ("a:b", "a:b"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\0b\nc\x1b[31m", "abc[31m"),
        ("e\u0301.jpg", "\u00e9.jpg"),
        ("\u200b\ufeff", "?"),
        ("зустріч.mp3", "зустріч.mp3"),
        ("x" * 10_000, "x" * 120),
        ("\ud800", "?"),
    ],
)
def test_attack_23_hostile_names_are_shown_without_effect(hostile: str, shown: str) -> None:
    assert files.shown_name(hostile) == shown


@given(st.text(alphabet=st.characters()))
def test_names_stay_within_their_bounds(name: str) -> None:
    kept = files.kept_name(name)
    assert len(kept.encode()) <= files.NAME_BYTES
    assert files.kept_name(kept) == kept
    shown = files.shown_name(name)
    assert 1 <= len(shown.encode()) <= files.SHOWN_BYTES
    assert all(unicodedata.category(sign)[0] != "C" and sign not in "\u2028\u2029" for sign in shown)


def test_a_long_name_keeps_its_ending_and_bytes_that_are_no_text_are_replaced() -> None:
    kept = files.kept_name("ї" * 400 + ".jpeg")
    assert kept.endswith("ї.jpeg")
    assert len(kept.encode()) in (254, 255)
    assert files.kept_name(os.fsdecode(b"photo\xff.jpg")).startswith("photo\ufffd")


def test_random_names_tell_nothing_and_differ() -> None:
    drawn = {files.random_name() for _ in range(100)}
    assert len(drawn) == 100
    assert all(len(name) == 26 and name.isalnum() and name.islower() for name in drawn)
