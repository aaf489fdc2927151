"""What is mounted, from the system's table, and what room there is before anything is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from collector.field import Field
from sync import mounts, outbox, room
from sync.volume import CLASSES, file_length
from tests.helpers.faults import nearly_full
from tests.helpers.interviews import sealed_entry, some_file
from tests.helpers.mission import Office, enrolled_field
from tests.sync.sticks import folders

TABLE = r"""22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw
23 22 0:21 / /proc rw,nosuid - proc proc rw
24 22 0:22 / /tmp rw,nosuid shared:5 - tmpfs tmpfs rw,size=1k
30 22 8:17 / /run/media/anna/BLUE\040STICK rw,nosuid shared:9 - vfat /dev/sdb1 rw,uid=1000
31 22 8:33 / /srv/second rw shared:10 - exfat /dev/sdc1 rw
32 22 8:49 / /srv/inner rw shared:11 - ext4 /dev/sdd1 rw
33 22 11:0 / /run/media/anna/DISC ro - iso9660 /dev/sr0 ro
34 22 0:55 / /mnt/office rw - nfs4 office:/share rw
35 22 8:65 / /media/LOCKED ro,relatime - vfat /dev/sde1 ro
36 22 8:17 / /mnt/again rw - vfat /dev/sdb1 rw
37 22 8:2 /home /mnt/own rw - ext4 /dev/sda2 rw
no line at all
38 22 x:y / /media/x rw - vfat /dev/sdf1 rw
"""


@pytest.fixture
def blocks(tmp_path: Path) -> Path:
    """/sys/class/block of that machine: sdc hangs on USB, sdd is fixed."""
    devices, names = tmp_path / "devices", tmp_path / "block"
    names.mkdir()
    for place, removable in (("pci/usb1/sdc", "0"), ("pci/ata1/sdd", "0"), ("pci/ata2/sda", "0")):
        disk = devices / place
        disk.mkdir(parents=True)
        (disk / "removable").write_text(removable + "\n")
        for part in (f"{disk.name}1", f"{disk.name}2"):
            (disk / part).mkdir()
            (names / part).symlink_to(disk / part)
    return names


def test_sticks_are_what_can_be_taken_along(blocks: Path) -> None:
    found = mounts.sticks(mounts.parse(TABLE), blocks)
    assert [(str(mount.folder), mount.read_only) for mount in found] == [
        ("/run/media/anna/BLUE STICK", False),
        ("/srv/second", False),
        ("/media/LOCKED", True),
    ]


def test_a_disk_that_the_system_calls_removable(blocks: Path, tmp_path: Path) -> None:
    assert not mounts.removable("/dev/sdd1", blocks)
    (tmp_path / "devices" / "pci" / "ata1" / "sdd" / "removable").write_text("1\n")
    assert mounts.removable("/dev/sdd1", blocks)
    assert not mounts.removable("/dev/nothing", blocks)


@pytest.mark.parametrize(
    ("folder", "lies"),
    [
        ("/run/media/anna/BLUE STICK/svidok", "stick"),
        ("/tmp/x", "memory"),
        ("/mnt/office/y", "network"),
        ("/home/anna", "own-disk"),
        ("/mnt/own/x", "own-disk"),
    ],
)
def test_what_a_folder_lies_on(folder: str, lies: str) -> None:
    table = mounts.parse(TABLE)
    own = mounts.of(Path("/home/anna/.svidok"), table)
    assert own is not None
    assert mounts.lies(mounts.of(Path(folder), table), own.device) == lies


def test_names_in_other_letters_come_through() -> None:
    line = r"30 22 8:17 / /media/\320\244\040x rw - vfat /dev/sdb1 rw"
    assert [str(mount.folder) for mount in mounts.parse(line)] == ["/media/Ф x"]


def test_without_a_table_nothing_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mounts, "TABLE", tmp_path / "none")
    assert mounts.parse(mounts.table()) == []
    assert mounts.lies(None, 0) == "unknown"


# room


def sealed_field(tmp_path: Path, count: int = 2) -> Field:
    field = enrolled_field(tmp_path / "home", Office())
    for number in range(count):
        sealed_entry(field, photo=some_file(tmp_path, f"{number}.jpg", size=2_000_000))
    return field


def test_what_is_said_before_is_what_is_written(tmp_path: Path) -> None:
    with sealed_field(tmp_path) as field:
        to = folders(tmp_path, 3)
        said = room.shares(field, 3, 3, 5)
        assert outbox.export(field, to).ok
    for needed, folder in zip(said, to, strict=True):
        written = sum(path.stat().st_size for path in folder.iterdir())
        assert written <= needed <= written + 4 * (1 << 20)


def test_folders_of_one_stick_are_measured_together(tmp_path: Path) -> None:
    with sealed_field(tmp_path) as field:
        to = folders(tmp_path, 2)
        found = room.forecast(field, to, 1, 2)
        assert [each.needed for each in found] == [sum(room.shares(field, 2, 1, 2))] * 2
        assert all(each.enough for each in found)
        with nearly_full(found[0].needed - 1):
            assert not any(each.enough for each in room.forecast(field, to, 1, 2))
        with nearly_full(1 << 20):
            assert {problem.code for _, problem in outbox.export(field, to, k=1, n=2).left} == {"E_STICK_SPACE"}


def test_a_folder_that_went_away_has_no_room(tmp_path: Path) -> None:
    with sealed_field(tmp_path, 1) as field:
        to = folders(tmp_path, 2)
        shutil.rmtree(to[1])
        found = room.forecast(field, to, 1, 2)
        assert [each.free is None for each in found] == [False, True]
        assert not found[1].enough


def test_nothing_to_leave_needs_nothing(tmp_path: Path) -> None:
    with enrolled_field(tmp_path / "home", Office()) as field:
        assert room.shares(field, 2, 1, 2) == [0, 0]
        assert room.shares(field, 0, 1, 2) == []


def test_no_volume_comes_near_the_largest_file_of_a_fat_stick() -> None:
    assert max(map(file_length, CLASSES)) < room.FAT_LIMIT // 8
