"""The desk and its receivers: fetching what arrived there, and sending receipts back.

The rule: like an import, a run belongs to the desk and not to a screen, and stopping it loses nothing: what is here is
here, and the next run goes on from the byte where this one stopped.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from schemas.problems import Problem
from sync.course import Gate
from tui.screens.problem import coded
from tui.widgets.volumes import Pace, TransferView, VolumeLine

if TYPE_CHECKING:
    from pathlib import Path

    from sync.desk.arrivals import Wanted
    from sync.desk.desk import Desk
    from sync.desk.fetch_report import FetchReport
    from sync.desk.returning import ReturnReport

Kind = Literal["fetch", "return"]
State = Literal["running", "done", "stopped", "failed"]
LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Wish:
    """What a run is to fetch: from one receiver (the fingerprint of its card) or all; `again`: its list from the start,
    and what is imported too.
    """

    only: str | None = None
    again: bool = False


class NetworkJob:
    """One run with the receivers: how far it is and what came of it. Its thread writes, screens read.

    `done` of `total`: bytes when it fetches, return boxes when it sends receipts, at the receiver at hand.
    """

    def __init__(self, kind: Kind, wish: Wish | None = None) -> None:
        self.kind, self.wish = kind, wish or Wish()
        self.state: State = "running"
        self.fetched: FetchReport | None = None
        self.returned: ReturnReport | None = None
        self.problem: Problem | None = None
        self.done, self.total = 0, 0
        self.lines: tuple[VolumeLine, ...] = ()
        self._pace = Pace()
        self._speed: float | None = None
        self._known: dict[str, Wanted] = {}
        self._looked = 0.0
        self._gate = Gate()

    @property
    def going(self) -> bool:
        """Whether it has not ended."""
        return self.state == "running"

    def view(self) -> TransferView:
        """How far it is."""
        return TransferView(self.lines, self.done, self.total, self._speed)

    def stop(self) -> None:
        """Stop now, also while nothing comes."""
        self._gate.stop()

    def run(self, desk: Desk) -> None:
        """Do it; called in a thread of its own. Never raises."""
        try:
            if self.kind == "fetch":
                self._look(desk)
                self.fetched = desk.fetch(
                    only=self.wish.only,
                    again=self.wish.again,
                    progress=lambda done, total: self._came(desk, done, total),
                    gate=self._gate,
                )
            else:
                self.returned = desk.send_receipts(progress=self._went, gate=self._gate)
        except Exception as error:  # the seam between work and screen: whatever it is becomes a coded problem
            self.problem, self.state = coded(error), "failed"
        else:
            self.state = "stopped" if self._gate.stopped else "done"

    def _went(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    def _came(self, desk: Desk, done: int, total: int) -> None:
        self.done, self.total = done, total
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS or done >= total:
            self._looked = now
            self._speed = self._pace.note(now, done)
            self._look(desk)

    def _look(self, desk: Desk) -> None:
        """Which volumes are wanted, coming, here."""
        from sync.desk import arrivals

        wanted = {item.name: item for each in desk.receivers() for item in arrivals.wanted(desk.vault, each.key)}
        folder = arrivals.folder(desk.vault)
        self._known.update(wanted)
        self.lines = tuple(
            _line(item, folder / (name + arrivals.PART) if name in wanted else None)
            for name, item in self._known.items()
        )


def _line(item: Wanted, part: Path | None) -> VolumeLine:
    """A volume by what lies in its part file; one that nothing is waiting for any more is here."""
    from sync.decode import label

    name = label(item.bid)
    if part is None:
        return VolumeLine(name, item.stripe, item.index, item.length, item.length, "here")
    try:
        size = part.stat().st_size
    except OSError:
        size = 0
    return VolumeLine(name, item.stripe, item.index, size, item.length, "coming" if size else "waiting")
