"""Verified writing: room, failure at every call, a stick that lies, names and times; and what is never left behind."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest

from collector.cells import CELL
from collector.crypto import Secret
from collector.slots import RecipientKeys
from schemas.problems import Problem
from sync import medium, readback
from sync.bundle import BundleKeys, Writer
from sync.medium import Stick, lacking_room, space_problem
from sync.payload import Payload, group_layout
from tests.helpers.expect import refused
from tests.helpers.faults import failing, in_child, with_file_limit
from tests.sync.sticks import RETN, decode, entry, folders, volume_files, write_bundle


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".part-")]


def test_sums_and_times(tmp_path: Path) -> None:
    to = folders(tmp_path, 2)
    export = write_bundle([entry(tmp_path / "source", 1)], to, 2, 3)
    for stick in export.sticks:
        stick.write_sums()
        lines = (stick.folder / "SHA256SUMS").read_text().splitlines()
        found = dict(reversed(line.split("  ")) for line in lines)
        assert found == {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in stick.folder.glob("*.vol")
        }
        for path in stick.folder.iterdir():
            assert os.stat(path).st_mtime == 315_532_800
            assert stat.S_IMODE(os.stat(path).st_mode) & stat.S_IROTH


def test_sums_of_earlier_bundles_stay_as_long_as_their_files(tmp_path: Path) -> None:
    to = folders(tmp_path, 1)
    for number in (1, 2):
        export = write_bundle([entry(tmp_path / "source", number)], to, 1, 2)
        export.sticks[0].write_sums()
    assert len((to[0] / "SHA256SUMS").read_text().splitlines()) == 4
    volume_files(to)[0].unlink()
    (to[0] / "SHA256SUMS").write_text(
        (to[0] / "SHA256SUMS").read_text() + "no line\n" + "0" * 64 + "  ../../etc/passwd\n"
    )
    stick = Stick(to[0])
    stick.write_sums()
    assert len((to[0] / "SHA256SUMS").read_text().splitlines()) == 3


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for name in ("file", "nothing"):
        with refused("E_STICK_FOLDER"):
            Stick(tmp_path / name)


def test_leftovers_of_an_interrupted_export_are_swept(tmp_path: Path) -> None:
    (tmp_path / (".part-" + "a" * 26)).write_bytes(b"half a volume")
    (tmp_path / ".part-of-a-story").write_bytes(b"somebody's own file")
    Stick(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".part-of-a-story"]


def test_no_room_is_said_before_anything_is_written(tmp_path: Path) -> None:
    trash = tmp_path / ".Trash-1000" / "files"
    trash.mkdir(parents=True)
    (trash / "old film").write_bytes(bytes(3 << 20))
    stick = Stick(tmp_path)
    lacks = lacking_room([stick], [1 << 60], 1)
    assert [item[0] for item in lacks] == [stick]
    problem = space_problem(*lacks[0])
    assert problem.code == "E_STICK_SPACE"
    assert problem.facts["trash"] == 3
    assert int(problem.facts["needed"]) > int(problem.facts["free"])
    assert "3 MiB lie in its trash" in problem.what
    assert not lacking_room([stick], [1], 1)


def test_two_folders_of_one_stick_share_its_room(tmp_path: Path) -> None:
    to = folders(tmp_path, 2)
    sticks = [Stick(folder) for folder in to]
    free = os.statvfs(tmp_path)
    half = free.f_bavail * free.f_frsize * 6 // 10
    assert len(lacking_room(sticks, [half, half], 1)) == 2
    assert not lacking_room(sticks[:1], [half], 1)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "E_STICK_FULL"),
        (errno.EIO, "E_STICK_GONE"),
        (errno.ENODEV, "E_STICK_GONE"),
        (errno.EROFS, "E_STICK_NO_ACCESS"),
    ],
)
def test_attack_25_a_failing_stick_gets_its_code(tmp_path: Path, number: int, code: str) -> None:
    groups = [entry(tmp_path / "source", 1)]
    to = folders(tmp_path, 1)
    with failing(3, number, stays=False):
        export = write_bundle(groups, to, 1, 1)
    problem = export.sticks[0].problem
    assert problem is not None
    assert problem.code == code
    assert export.written.whole == frozenset()
    assert export.written.missing == "stripe 0 has 0 of 1 volumes"
    assert leftovers(to[0]) == []


def test_attack_25_failure_at_every_write_leaves_no_half_volume(tmp_path: Path) -> None:
    """Whatever call fails: a file with a volume's name is whole, and what was counted can be read."""
    groups = [entry(tmp_path / "source", 1)]
    with failing(None) as counted:
        write_bundle(groups, folders(tmp_path / "count", 1), 1, 2)
    assert counted.calls > 15
    for at in range(1, counted.calls + 1):
        to = folders(tmp_path / str(at), 1)
        with failing(at, errno.EIO) as faults:
            export = write_bundle(groups, to, 1, 2)
        assert faults.failed
        names = {item.name for item in export.sticks[0].whole.values()}
        assert leftovers(to[0]) == [] or faults.failed == ["unlink"]
        for path in volume_files(to):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert path.name not in names or digest in {item.sha256 for item in export.sticks[0].whole.values()}
        if not export.written.missing:
            assert decode(to, tmp_path / "out").files[groups[0][0].name] == groups[0][0].path.read_bytes()
        else:
            assert export.sticks[0].problem is not None


def test_attack_25_one_stick_fails_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [entry(tmp_path / "source", 1, streams=[60])]
    to = folders(tmp_path, 3)
    real = os.open
    created: list[str] = []

    def pulled(path: object, flags: int, mode: int = 0o777, **options: object) -> int:
        if flags & os.O_CREAT and str(to[1]) in str(path):
            created.append(str(path))
            if len(created) > 2:  # after the trial, in the middle of the volumes
                raise OSError(errno.EIO, "pulled out by the test")
        return real(path, flags, mode, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", pulled)
    export = write_bundle(groups, to)
    monkeypatch.undo()
    problems = [stick.problem.code if stick.problem else None for stick in export.sticks]
    assert problems == [None, "E_STICK_GONE", None]
    assert export.written.missing == ""
    assert list(to[1].iterdir()) == []
    assert {index for _, index in export.written.whole} == {0, 2, 3}
    assert decode([to[0], to[2]], tmp_path / "out").files == {
        item.name: item.path.read_bytes() for group in groups for item in group
    }


def test_attack_25_a_write_protected_stick_is_told_before_anything_is_dealt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = folders(tmp_path, 2)
    real = os.open

    def protected(path: object, flags: int, mode: int = 0o777, **options: object) -> int:
        if flags & os.O_CREAT and str(to[0]) in str(path):
            raise OSError(errno.EROFS, "made by the test")
        return real(path, flags, mode, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", protected)
    problems = [Stick(folder).problem for folder in to]
    assert [problem and problem.code for problem in problems] == ["E_STICK_NO_ACCESS", None]
    assert [leftovers(folder) for folder in to] == [[], []]


def test_attack_25_a_full_disk_for_real(tmp_path: Path) -> None:
    """In a child whose files may not grow: the kernel itself refuses the write."""
    groups = [entry(tmp_path / "source", 1)]

    def run() -> None:
        export = write_bundle(groups, folders(tmp_path, 1), 1, 1)
        problem = export.sticks[0].problem
        if problem is None or problem.code != "E_STICK_FULL" or export.written.whole:
            raise AssertionError(problem)

    assert in_child(with_file_limit(300_000, run)) == 0
    assert list((tmp_path / "stick0").iterdir()) == []


def test_a_stick_that_gives_back_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fake flash: it takes everything and returns other bytes. The verdict is one, and the file does not stay."""
    real = readback.ReadBack.read

    def lying(self: readback.ReadBack, offset: int, length: int) -> bytes:
        data = real(self, offset, length)
        return data[:-1] + bytes([data[-1] ^ 1]) if offset > CELL else data

    to = folders(tmp_path, 2)
    groups = [entry(tmp_path / "source", 1)]
    monkeypatch.setattr(readback.ReadBack, "read", lying)
    export = write_bundle(groups, to, 2, 2)
    assert export.written.missing
    for stick in export.sticks:
        assert [problem.code for problem in stick.bad.values()] == ["E_STICK_VERIFY"]
        assert list(stick.folder.iterdir()) == []


@pytest.mark.parametrize("direct", [True, False])
def test_reading_back_with_and_without_the_system_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, direct: bool
) -> None:
    if not direct:
        monkeypatch.delattr(os, "O_DIRECT", raising=False)
    data = os.urandom((3 << 20) + 77)
    path = tmp_path / "file"
    path.write_bytes(data)
    with readback.read_back(path) as source:
        assert source.length == len(data)
        assert source.read(0, len(data)) == data
        assert source.read(4096, 8192) == data[4096 : 4096 + 8192]
        assert source.read(5, 10) == data[5:15]
        assert source.read(len(data) - 3, 100) == data[-3:]
        assert readback.digest_of(source) == hashlib.sha256(data).hexdigest()


def test_a_link_under_a_volumes_name_is_replaced_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    to = folders(tmp_path, 1)
    (to[0] / "SHA256SUMS").symlink_to(victim)
    (to[0] / "READ-ME.txt").symlink_to(victim)
    export = write_bundle([entry(tmp_path / "source", 1)], to, 1, 1)
    export.sticks[0].write_text("READ-ME.txt", "read me")
    export.sticks[0].write_sums()
    assert victim.read_text() == "precious"
    assert not (to[0] / "SHA256SUMS").is_symlink()


def test_a_source_that_is_gone_ends_the_bundle_and_leaves_nothing(tmp_path: Path) -> None:
    group = entry(tmp_path / "source", 1, streams=[300])
    layout = group_layout([group], 1, 1)
    assert layout is not None
    group[1].path.unlink()
    stick = Stick(folders(tmp_path, 1)[0])
    keys = BundleKeys([RecipientKeys.from_seed(Secret.random()).public])
    with refused("E_OUTBOX_LOST"):
        Writer(Payload([group], RETN), layout, keys, [stick]).write()
    assert list(stick.folder.iterdir()) == []


def test_attack_24_a_source_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    group = entry(tmp_path / "source", 1, streams=[3])
    layout = group_layout([group], 1, 1)
    assert layout is not None
    os.truncate(group[1].path, CELL)
    stick = Stick(folders(tmp_path, 1)[0])
    keys = BundleKeys([RecipientKeys.from_seed(Secret.random()).public])
    with refused("E_OUTBOX_LOST"):
        Writer(Payload([group], RETN), layout, keys, [stick]).write()
    assert list(stick.folder.iterdir()) == []


def test_attack_11_no_index_is_sealed_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An export that was cut off and repeated: no pair of key and nonce seals two texts."""
    from sync import bundle

    used: list[tuple[bytes, bytes]] = []

    class Watched(bundle.Cipher):
        def __init__(self, key: bytes) -> None:
            super().__init__(key)
            self.key = bytes(key)

        def seal_into(self, nonce: bytes, data: object, out: object) -> None:
            used.append((self.key, nonce))
            super().seal_into(nonce, data, out)  # type: ignore[arg-type]

    monkeypatch.setattr(bundle, "Cipher", Watched)
    groups = [entry(tmp_path / "source", 1, streams=[20])]
    with failing(10, errno.ENOSPC, stays=True):
        write_bundle(groups, folders(tmp_path, 1), 2, 3)
    write_bundle(groups, folders(tmp_path / "again", 1), 2, 3)
    assert len(used) == len(set(used))
    assert len(used) > 2 * 16


def test_problem_of_a_stick_names_the_folder_sanitised(tmp_path: Path) -> None:
    evil = tmp_path / "a\u202eb\x07c"
    problem = medium.stick_problem(OSError(errno.EIO, "x"), evil)
    assert isinstance(problem, Problem)
    assert "\u202e" not in problem.what
    assert "\x07" not in problem.what
