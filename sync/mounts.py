"""What is mounted: which of it can be taken along, and what a folder lies on.

Rule: one small file of the system is read, nothing on any medium is touched, so that a stick that hangs holds nobody
up. Where the system has no such file, nothing is found, and a folder can be typed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

TABLE: Final = Path("/proc/self/mountinfo")
BLOCKS: Final = Path("/sys/class/block")
USUAL: Final = ("/run/media/", "/media/", "/mnt/", "/Volumes/")
"""Where desktops and people mount what they plug in."""

Lies = Literal["stick", "own-disk", "memory", "network", "unknown"]
_MEMORY: Final = frozenset(("tmpfs", "ramfs"))
_NETWORK: Final = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "fuse.rclone", "davfs", "afs", "ceph", "glusterfs")
_DISCS: Final = frozenset(("iso9660", "udf"))
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the table: where, kind of file system, device file or other source, device, protected or not."""

    folder: Path
    kind: str
    source: str
    device: int
    read_only: bool


def parse(table: str) -> list[Mount]:
    """The lines of /proc/self/mountinfo (proc(5)); what does not look like one is passed over."""
    found = []
    for line in table.splitlines():
        left, _, right = line.partition(" - ")
        fields, rest = left.split(" "), right.split(" ")
        if len(fields) < 6 or len(rest) < 3 or not re.fullmatch(r"\d+:\d+", fields[2]):
            continue
        major, minor = map(int, fields[2].split(":"))
        options = {*fields[5].split(","), *rest[2].split(",")}
        folder = Path(_plain(fields[4]))
        found.append(Mount(folder, rest[0], _plain(rest[1]), os.makedev(major, minor), "ro" in options))
    return found


def _plain(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text).encode("latin-1", "replace").decode("utf-8", "replace")


def table() -> str:
    """The system's table; empty where there is none."""
    try:
        return TABLE.read_bytes().decode("latin-1")
    except OSError:
        return ""


def sticks(mounts: Iterable[Mount], blocks: Path = BLOCKS) -> list[Mount]:
    """What can be taken along: on a removable or USB device, or mounted where such things usually are.

    Each device once, at the place where it was mounted first.
    """
    every = list(mounts)
    own = {mount.device for mount in every if mount.folder in (Path("/"), Path("/home"), Path("/boot"))}
    found: dict[int, Mount] = {}
    for mount in every:
        disk = mount.source.startswith("/dev/") and mount.kind not in _DISCS
        usual = f"{mount.folder}/".startswith(USUAL)
        if disk and mount.device not in own and (usual or removable(mount.source, blocks)):
            found.setdefault(mount.device, mount)
    return list(found.values())


def removable(source: str, blocks: Path = BLOCKS) -> bool:
    """Whether the system says of a device file that its disk is removable, or hangs on USB or a card reader."""
    try:
        place = (blocks / Path(source).name).resolve(strict=True)
        if "/usb" in str(place) or "/mmc_host/" in str(place):
            return True
        for disk in (place, place.parent):
            if (disk / "removable").is_file():
                return (disk / "removable").read_text().strip() == "1"
    except OSError:
        return False
    return False


def lies(mount: Mount | None, own: int) -> Lies:
    """What a folder lies on; `own`: the device number of the vault's own disk."""
    if mount is None:
        return "unknown"
    if mount.kind in _MEMORY:
        return "memory"
    if mount.kind.startswith(_NETWORK):
        return "network"
    return "own-disk" if mount.device == own else "stick"


def of(folder: Path, mounts: Iterable[Mount]) -> Mount | None:
    """The mount that a folder lies on: the one mounted deepest, and last."""
    best: Mount | None = None
    for mount in mounts:
        if folder.is_relative_to(mount.folder) and (best is None or len(mount.folder.parts) >= len(best.folder.parts)):
            best = mount
    return best
