"""Receipts back to the field over receivers (docs/spec/protocol.md §10.5, §11.2): boxes first, acknowledgements after.

Rule: a receiver gets the boxes of the missions that name it and of the volumes that it listed, and of these only what
it does not have yet. A volume is acknowledged only when every entry of its bundle is imported with its receipt and the
receiver holds that bundle's box, so that nothing may expire before its author can learn what became of it. A box that a
receiver refuses goes again in the next run, and holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from collector.vault import Vault
from schemas.problems import Problem
from sync import network
from sync.desk import arrivals, receipts, tokens
from sync.desk.lines import Line
from sync.desk.receivers import Receiver

if TYPE_CHECKING:
    from sync.course import Gate

Progress = Callable[[int, int], None]
REFUSED_IN_A_ROW: Final = 8
"""So many boxes refused one after another, and a receiver gets no more of them in this run."""
_THIS_BOX: Final = frozenset(
    ("E_HTTP_REQUEST", "E_NET_ANSWER", "E_RECEIVER_FAULT", "E_RETURN_QUOTA", "E_UPLOAD_LENGTH")
)
"""Answers that speak of one box; whatever else is said of it holds for the next as well."""


@dataclass(slots=True)
class ReceiverReturns:
    """What one receiver took: return files and the receipts in them, volumes acknowledged; `unchanged` boxes that it
    had already, `refused` ones that it would not take.

    `problem`: why it ended early, or refused a box; what is left goes the next time.
    """

    url: str
    fingerprint: str
    files: int = 0
    receipts: int = 0
    unchanged: int = 0
    refused: int = 0
    acknowledged: int = 0
    problem: Problem | None = None

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        plain: dict[str, object] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**plain, "problem": None if self.problem is None else self.problem.as_dict()}


@dataclass(slots=True)
class ReturnReport:
    """What went back over all receivers."""

    receivers: list[ReceiverReturns] = field(default_factory=list)
    stopped: bool = False

    @property
    def ok(self) -> bool:
        """Whether every receiver has everything."""
        return not self.stopped and not any(receiver.problem for receiver in self.receivers)

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "ok": self.ok,
            "stopped": self.stopped,
            "receivers": [receiver.as_dict() for receiver in self.receivers],
        }


def send(
    vault: Vault, found: Sequence[Receiver], *, url: str | None = None, proxy: str | None = None,
    clock: Callable[[], float], progress: Progress | None = None, gate: Gate | None = None,
) -> ReturnReport:  # fmt: skip
    """Give every receiver the boxes that it lacks, then acknowledge volumes.

    What goes wrong at one receiver stands in its report. `progress`: (boxes done, boxes to do) at one receiver.
    Stopping the `gate` from another thread ends the run. Raises E_PROXY_URL, E_RECEIVER_URL, E_RECEIVER_CARD.
    """
    report = ReturnReport()
    with ExitStack() as stack:
        lines = [
            stack.enter_context(
                closing(Line(r, stack.enter_context(tokens.bearer(vault, r.key)), url=url, proxy=proxy, gate=gate))
            )
            for r in found
        ]
        for line in lines:
            part = ReceiverReturns(line.url, line.receiver.fingerprint)
            report.receivers.append(part)
            try:
                _boxes(vault, line, part, int(clock()), progress)
                _acknowledge(vault, line, part)
            except Problem as problem:
                if not line.stopped:
                    part.problem = problem
            report.stopped = line.stopped
            if report.stopped:
                break
    return report


def _boxes(vault: Vault, line: Line, part: ReceiverReturns, now: int, progress: Progress | None) -> None:
    """Every box that the receiver lacks, until too many were refused. Raises what the line does."""
    key, row = line.receiver.key, 0
    lacking = arrivals.lacking(vault, key)
    part.unchanged = arrivals.boxes(vault, key) - len(lacking)
    if not lacking:
        return
    for done, box in enumerate(receipts.boxes(vault, lacking.keys())):
        if not line.open():
            return
        path, kind = f"{network.RETURNS}/{box.retn.hex()}", {"Content-Type": network.VOLUME_BODY}
        try:
            line.ask("PUT", path, 200, 201, 204, body=box.data, headers=kind)
        except Problem as problem:
            if problem.code not in _THIS_BOX:
                raise
            row, part.refused, part.problem = row + 1, part.refused + 1, problem
            if row == REFUSED_IN_A_ROW:
                return
            continue
        arrivals.box_put(vault, key, box.retn, lacking[box.retn], now)
        row, part.files, part.receipts = 0, part.files + 1, part.receipts + box.receipts
        if progress is not None:
            progress(done + 1, len(lacking))


def _acknowledge(vault: Vault, line: Line, part: ReceiverReturns) -> None:
    for bid, stripe, index in arrivals.to_acknowledge(vault, line.receiver.key):
        if not line.open():
            return
        line.ask("DELETE", f"{network.BUNDLES}/{bid.hex()}/{stripe}-{index}", 200, 204, 404)
        arrivals.acknowledged(vault, line.receiver.key, (bid, stripe, index))
        part.acknowledged += 1


def waiting(vault: Vault, found: Sequence[Receiver]) -> int:
    """How many boxes have to go to receivers still, counted for each of them."""
    return sum(len(arrivals.lacking(vault, receiver.key)) for receiver in found)
