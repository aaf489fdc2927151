"""What a courier does with sticks: check, take, deliver. No key, no passphrase, no home is needed.

Rule: everything on a stick was made by somebody else. Files are judged one by one by what they prove themselves, sets
by whether every row can be read; copies are proven by reading them back; nothing is deleted (docs/spec/protocol.md
§9.4).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from collector.envelope import RETURN_MAGIC
from collector.files import shown_name
from schemas.problems import Problem
from sync import coverage, notice
from sync.coverage import Place
from sync.decode import label, missing_problem
from sync.listing import Found, OpenFile, list_folders
from sync.medium import Stick, WholeFile, lacking_room, space_problem
from sync.readback import digest_of
from sync.volume import NAME, Header
from sync.volume import check as check_volume

WORKERS: Final = 2
Progress = Callable[[str, int, int], None]
"""What is being done ("check" or "copy"), bytes done, bytes in all."""


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """One file: `state` is good, damaged (some cells or a lead are bad) or unusable (then `problem` says why).

    `bad` counts bad cells; `repairable` those that the other files of the bundle make good again.
    """

    folder: str
    name: str
    state: str
    bundle: str = ""
    stripe: int = -1
    index: int = -1
    bad: int = 0
    repairable: int = 0
    problem: Problem | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        plain: dict[str, Any] = {"folder": self.folder, "name": self.name, "state": self.state}
        if self.problem is not None:
            return {**plain, "problem": self.problem.as_dict()}
        volume = {"bundle": self.bundle, "stripe": self.stripe, "index": self.index}
        return {**plain, **volume, "bad": self.bad, "repairable": self.repairable}


@dataclass(frozen=True, slots=True)
class BundleVerdict:
    """One bundle: how many volumes it has, how many are here whole, damaged and not at all; whether that is enough."""

    label: str
    bid: str
    k: int
    n: int
    stripes: int
    cells: int
    whole: int
    damaged: int
    lost: int
    complete: bool
    problem: Problem | None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "problem"}
        return {**plain, "problem": None if self.problem is None else self.problem.as_dict()}


@dataclass(slots=True)
class CheckReport:
    """The verdict on some folders. `ok`: every volume is whole, every bundle complete, nothing looks wrong."""

    files: list[FileVerdict] = field(default_factory=list)
    bundles: list[BundleVerdict] = field(default_factory=list)
    returns: int = 0
    others: int = 0

    @property
    def complete(self) -> bool:
        """Whether everything that is here can be read."""
        return bool(self.bundles) and all(bundle.complete for bundle in self.bundles)

    @property
    def ok(self) -> bool:
        """Whether everything is here and whole."""
        return self.complete and all(file.state == "good" for file in self.files)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "ok": self.ok,
            "complete": self.complete,
            "bundles": [bundle.as_dict() for bundle in self.bundles],
            "files": [file.as_dict() for file in self.files],
            "returns": self.returns,
            "others": self.others,
        }


@dataclass(frozen=True, slots=True)
class _Volume:
    """What stays of a checked file: little, so that 65,536 of them do no harm. `header` is without its slots."""

    found: Found
    header: Header
    shared: bytes
    bad_rows: tuple[int, ...]
    whole: bool


@dataclass(slots=True)
class _Set:
    """The files of one bundle, as far as they were checked."""

    volumes: list[_Volume] = field(default_factory=list)
    good: dict[Place, int] = field(default_factory=dict)


def check(folders: Sequence[Path], progress: Progress | None = None) -> CheckReport:
    """Checks every volume in the folders, and every bundle that they belong to.

    Raises E_STICK_FOLDER, E_MEDIA (too many files), E_NO_ACCESS, E_MEDIA_IO for a folder that cannot be listed.
    """
    listing = list_folders(folders)
    report = CheckReport(returns=len(listing.returns), others=listing.others)
    report.files = [FileVerdict("", item, "unusable", problem=problem) for item, problem in listing.refused]
    sets: dict[bytes, _Set] = {}
    for found, checked in zip(listing.volumes, _checked(listing.volumes, progress), strict=True):
        problem = checked if isinstance(checked, Problem) else _sorted_in(sets, checked)
        if problem is not None:
            report.files.append(FileVerdict(_shown(found), found.name, "unusable", problem=problem))
    for group in sets.values():
        _judge(group, report)
    report.files.sort(key=lambda file: (file.folder, file.name))
    return report


def _checked(volumes: Sequence[Found], progress: Progress | None) -> Iterator[_Volume | Problem]:
    """The verdict on every file, in order. Two are read at a time."""
    total = sum(found.length for found in volumes)
    done = 0
    with ThreadPoolExecutor(WORKERS) as pool:
        for found, verdict in zip(volumes, pool.map(_check_one, volumes), strict=True):
            done += found.length
            if progress is not None:
                progress("check", done, total)
            yield verdict


def _check_one(found: Found) -> _Volume | Problem:
    try:
        with OpenFile(found.path, found.length) as file:
            checked = check_volume(file)
    except Problem as problem:
        return problem
    header = checked.header
    return _Volume(found, replace(header, slots=()), header.shared, checked.bad_rows, checked.whole)


def _sorted_in(sets: dict[bytes, _Set], volume: _Volume) -> Problem | None:
    """Puts a volume to its bundle; E_VOL_MIX when it contradicts the others there."""
    header = volume.header
    group = sets.setdefault(header.bid, _Set())
    twins = [other for other in group.volumes if other.header.place == header.place]
    if any(other.shared != volume.shared for other in group.volumes[:1]) or any(
        other.header.shard_root != header.shard_root for other in twins[:1]
    ):
        return Problem("E_VOL_MIX")
    group.volumes.append(volume)
    bad = sum(1 << row for row in volume.bad_rows)
    group.good[header.place] = group.good.get(header.place, 0) | (coverage.full(header.cells) & ~bad)
    return None


def _judge(group: _Set, report: CheckReport) -> None:
    """The verdicts on a bundle and on each of its files."""
    header = group.volumes[0].header
    missing = coverage.gaps(header, group.good)
    lacking = {(gap.stripe, row) for gap in missing for row in range(gap.first, gap.last + 1)}
    whole = {volume.header.place for volume in group.volumes if volume.whole}
    name = label(header.bid)
    for volume in group.volumes:
        stripe, index = volume.header.place
        repairable = sum((stripe, row) not in lacking for row in volume.bad_rows)
        state = "good" if volume.whole else "damaged"
        bad = len(volume.bad_rows)
        report.files.append(
            FileVerdict(_shown(volume.found), volume.found.name, state, name, stripe, index, bad, repairable)
        )
    report.bundles.append(
        BundleVerdict(
            name,
            header.bid.hex(),
            header.k,
            header.n,
            header.stripes,
            header.cells,
            len(whole),
            len(group.good) - len(whole),
            header.stripes * header.n - len(group.good),
            not missing,
            missing_problem(header, missing) if missing else None,
        )
    )


def _shown(found: Found) -> str:
    return shown_name(str(found.folder))


# ---- carrying --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class CarryReport:
    """What became of each file: copied and proven, there already, or not carried and why."""

    folder: str
    copied: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    failed: list[tuple[str, Problem]] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    problem: Problem | None = None

    @property
    def ok(self) -> bool:
        """Whether everything arrived."""
        return self.problem is None and not self.failed

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "ok": self.ok,
            "folder": self.folder,
            "copied": self.copied,
            "present": self.present,
            "damaged": self.damaged,
            "failed": [{"name": name, **problem.as_dict()} for name, problem in self.failed],
            "problem": None if self.problem is None else self.problem.as_dict(),
        }


def take(folders: Sequence[Path], stick: Path, progress: Progress | None = None) -> CarryReport:
    """Copies volumes and return files from the folders to a stick, each proven by reading it back.

    What is there already and the same is left; a copy that is damaged is replaced by a better one. Raises as `check`
    does for the sources, and E_STICK_FOLDER for the stick; what happens to the stick later stands in the report.
    """
    target = Stick(stick)
    listing = list_folders(folders)
    report = CarryReport(shown_name(str(stick)), problem=target.problem)
    report.failed.extend(listing.refused)
    wanted = [found for found in (*listing.volumes, *listing.returns) if found.folder.resolve() != stick.resolve()]
    missing = [found for found in wanted if not os.path.lexists(stick / found.name)]
    if report.problem is None and missing:
        room = lacking_room([target], [sum(found.length for found in missing)], len(missing))
        report.problem = space_problem(*room[0]) if room else None
    if report.problem is not None:
        return report
    total = sum(found.length for found in wanted)
    done = 0
    for number, found in enumerate(wanted):
        _carry(target, found, number, report)
        done += found.length
        if progress is not None:
            progress("copy", done, total)
        if target.problem is not None:
            break
    if any(NAME.fullmatch(item.name) for item in target.whole.values()):
        target.write_text(notice.NAME, notice.TEXT)
        target.write_sums()
    target.sync_folder()
    report.problem = target.problem
    return report


def deliver(folders: Sequence[Path], destination: Path, progress: Progress | None = None) -> CarryReport:
    """Copies what a courier carries to where it is awaited; repeating it changes nothing. As `take`."""
    return take(folders, destination, progress)


def _carry(target: Stick, found: Found, number: int, report: CarryReport) -> None:
    """One file: judged, compared with what is there, copied, read back."""
    try:
        with OpenFile(found.path, found.length) as source:
            bad = _badness(source, found)
            if bad:
                report.damaged.append(found.name)
            there = _there(target.folder / found.name)
            if there is not None:
                with there:
                    if _as_good(there, source, found, bad):
                        target.whole[0, number] = WholeFile(found.name, digest_of(there))
                        report.present.append(found.name)
                        return
            arrived = target.copy((0, number), found.name, source)
    except Problem as problem:
        report.failed.append((found.name, problem))
        return
    if arrived:
        report.copied.append(found.name)
    elif target.problem is None:
        report.failed.append((found.name, target.bad[found.name]))


def _as_good(there: OpenFile, source: OpenFile, found: Found, bad: int) -> bool:
    """Whether what lies at the destination need not be replaced: the same bytes, or a volume not worse than ours."""
    if there.length == source.length and digest_of(there) == digest_of(source):
        return True
    try:
        same = check_volume(there).header.bid == check_volume(source).header.bid
        return same and _badness(there, found) <= bad
    except Problem:
        return False


def _there(path: Path) -> OpenFile | None:
    try:
        return OpenFile(path)
    except Problem:
        return None


def _badness(file: OpenFile, found: Found) -> int:
    """How many parts of a file are bad; raises what makes it unusable. Return files show no more than their kind."""
    if found.name.lower().endswith(".ret"):
        if file.read(0, len(RETURN_MAGIC)) != RETURN_MAGIC:
            raise Problem("E_FORMAT", where="return-file")
        return 0
    try:
        verdict = check_volume(file)
    except Problem as problem:
        if problem.code in ("E_VOL_LEAVES", "E_PAD"):
            # Its cells prove nothing alone; carried all the same, since it costs nothing and may be all there is.
            return file.length
        raise
    return len(verdict.bad_rows) + verdict.damaged_copies
