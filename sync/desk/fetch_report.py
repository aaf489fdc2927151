"""What one run of fetching brought, for people and for `--json`."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.problems import Problem


@dataclass(slots=True)
class ReceiverReport:
    """What came from one receiver. `known`: listed and not needed; `foreign`: of bundles that are not for this desk;
    `waiting`: listed and not here; `refused`: volumes that were not what was listed; `problem`: why it ended early.
    """

    url: str
    fingerprint: str
    listed: int = 0
    fetched: int = 0
    bytes: int = 0
    known: int = 0
    foreign: int = 0
    again: int = 0
    cuts: int = 0
    waiting: int = 0
    refused: list[dict[str, object]] = field(default_factory=list)
    problem: Problem | None = None

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        plain: dict[str, object] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**plain, "problem": None if self.problem is None else self.problem.as_dict()}


@dataclass(slots=True)
class FetchReport:
    """What one run brought. `more`: there is more than may wait here, so import and fetch again. `stopped`: somebody
    ended it.
    """

    receivers: list[ReceiverReport] = field(default_factory=list)
    problem: Problem | None = None
    more: bool = False
    stopped: bool = False

    @property
    def ok(self) -> bool:
        """Whether everything that the receivers list came whole."""
        return self.problem is None and not self.stopped and not any(r.problem or r.refused for r in self.receivers)

    @property
    def fetched(self) -> int:
        """Volumes that came."""
        return sum(receiver.fetched for receiver in self.receivers)

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "ok": self.ok,
            "fetched": self.fetched,
            "bytes": sum(receiver.bytes for receiver in self.receivers),
            "more": self.more,
            "stopped": self.stopped,
            "receivers": [receiver.as_dict() for receiver in self.receivers],
            "problem": None if self.problem is None else self.problem.as_dict(),
        }
