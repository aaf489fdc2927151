"""What an export says for itself: bundle by bundle, stick by stick, and what stayed behind and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from schemas.problems import Problem
from sync.medium import Stick
from sync.payload import Layout
from sync.volume import file_length


@dataclass(frozen=True, slots=True)
class BundleExport:
    """One bundle: the record codes in it, its shape, how many volumes were read back whole, what lacks if any."""

    label: str
    bid: str
    codes: tuple[str, ...]
    k: int
    n: int
    stripes: int
    cells: int
    whole: int
    problem: Problem | None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "problem"}
        volumes = {"volumes": self.n * self.stripes, "complete": self.problem is None}
        return {**plain, **volumes, "problem": None if self.problem is None else self.problem.as_dict()}


@dataclass(slots=True)
class StickVerdict:
    """One stick: how many volumes it was to get, how many were read back whole, which not, what ended the writing.

    `settled`: nothing waits to be written to it, so it may be taken out. `from_medium`: what was read back came from
    the stick, and nothing of it from the system's memory.
    """

    folder: str
    meant: int = 0
    whole: int = 0
    bytes: int = 0
    bad: dict[str, Problem] = field(default_factory=dict)
    problem: Problem | None = None
    settled: bool = False
    from_medium: bool = True

    def with_bundle(self, stick: Stick, place: int, sticks: int, layout: Layout) -> StickVerdict:
        """Takes in what a bundle brought: `stick` is the one at this place of so many that got it. Returns itself."""
        self.meant += layout.stripes * len(range(place, layout.n, sticks))
        self.whole += len(stick.whole)
        self.bytes += len(stick.whole) * file_length(layout.cells)
        self.bad.update(stick.bad)
        self.settled = stick.settled
        self.from_medium = self.from_medium and stick.from_medium
        self.problem = self.problem or stick.problem
        return self

    @property
    def ok(self) -> bool:
        """Whether everything that it was to get arrived whole."""
        return self.problem is None and not self.bad and self.whole == self.meant

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "folder": self.folder,
            "ok": self.ok,
            "volumes": self.whole,
            "bytes": self.bytes,
            "settled": self.settled,
            "from_medium": self.from_medium,
            "bad": [{"name": name, **problem.as_dict()} for name, problem in self.bad.items()],
            "problem": None if self.problem is None else self.problem.as_dict(),
        }


@dataclass(slots=True)
class ExportReport:
    """What was exported, stick by stick and bundle by bundle; `left`: record codes that did not go, and why.

    `stopped`: a person ended it before everything was there.
    """

    bundles: list[BundleExport] = field(default_factory=list)
    sticks: list[StickVerdict] = field(default_factory=list)
    left: list[tuple[str, Problem]] = field(default_factory=list)
    stopped: bool = False

    @property
    def exported(self) -> list[str]:
        """Record codes of the entries that are on the sticks now."""
        return [code for bundle in self.bundles if bundle.problem is None for code in bundle.codes]

    @property
    def ok(self) -> bool:
        """Whether everything that was to leave is on the sticks."""
        return not self.left and not self.stopped and all(bundle.problem is None for bundle in self.bundles)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "ok": self.ok,
            "exported": self.exported,
            "bundles": [bundle.as_dict() for bundle in self.bundles],
            "sticks": [stick.as_dict() for stick in self.sticks],
            "left": [{"code": code, "problem": problem.as_dict()} for code, problem in self.left],
        }
