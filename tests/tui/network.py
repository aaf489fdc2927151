"""A field machine whose mission names a receiver, and pictures of runs that stand still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collector import filling
from collector.field import Field
from collector.packs import FormSource
from schemas.problems import Problem
from schemas.records.mission import ReceiverCard
from schemas.xform import parse_form
from sync.send_report import SendProgress, SendReport, VolumeProgress
from tests.helpers import mission
from tests.helpers.mission import NOW, Office
from tests.tui.desk.conftest import told
from tui.screens.sending import SendJob

if TYPE_CHECKING:
    from tui.screens.shell import Shell

MIB = 1 << 20
CARD = ReceiverCard(url="https://receiver.example:8443", certs=(b"no certificate",), r1_key=bytes(32))


def office_with_form(seed: bytes = b"tui") -> Office:
    """An office with the form that comes with the program."""
    xml = resources.files("schemas.forms").joinpath("forced-conscription.xml").read_bytes()
    form = parse_form(xml)
    return Office(forms=[FormSource(form.id, form.version, xml)], seed=seed)


def enrolled_with(home: Path, office: Office, **changes: Any) -> Field:
    """A new field machine whose pack has these changes."""
    field = mission.new_field(home)
    request, _fingerprint = field.request()
    field.accept_pack(office.pack_for(request, **changes), office.fingerprint)
    return field


def sealed(field: Field, folder: Path, count: int) -> list[str]:
    """So many sealed interviews without files; their record codes."""
    made = []
    for each in told()[1 : count + 1]:
        code = filling.begin_filled(field, each.answers_in(folder), folder=folder)
        field.seal(code)
        made.append(code)
    return made


def settled(field: Field, code: str, state: str, at: int = NOW) -> None:
    """An entry as if it had come so far."""
    field.vault.db.execute("UPDATE entry SET state = ?, changed_at = ? WHERE code = ?", (state, at, code))


def volume(place: int, share: float, state: str, **more: Any) -> VolumeProgress:
    """The volume at a place of its bundle."""
    size = 4 * MIB
    return VolumeProgress("92789 81323 44884 88789", place, 0, int(size * share), size, state, **more)  # type: ignore[arg-type]


BUSY = (
    *(volume(place, 1.0, "stored") for place in range(7)),
    volume(7, 0.43, "sending"),
    volume(8, 0.91, "sending"),
    volume(9, 0.08, "retrying", wait=12.0, problem=Problem("E_NET_CUT", why="hung-up")),
    *(volume(place, 0.0, "waiting") for place in range(10, 31)),
)


def picture(volumes: Sequence[VolumeProgress] = BUSY, **changes: Any) -> SendProgress:
    """How a run looks at one moment."""
    sent, total = sum(item.sent for item in volumes), sum(item.total for item in volumes)
    still = SendProgress("sending", 0, 0, tuple(volumes), sent, total, 120 * 1024.0, None)
    return replace(still, **changes)


class Standing:
    """A run that stands still."""

    def __init__(self, progress: SendProgress, report: SendReport | None = None) -> None:
        self.progress, self.report = progress, report or SendReport()

    def run(self) -> SendReport:
        return self.report

    def pause(self) -> None:
        self.progress = replace(self.progress, phase="paused")

    def resume(self) -> None:
        self.progress = replace(self.progress, phase="sending")

    def stop(self) -> None:
        return

    def now(self) -> SendProgress:
        return self.progress


def give_job(shell: Shell, progress: SendProgress, report: SendReport | None = None) -> SendJob:
    """A run that goes on, or with a `report` one that has ended, as the application's own."""
    job = SendJob(Standing(progress, report))
    if report is not None:
        job.go()
        job.ended_at = NOW
    shell.network.job = job
    shell.look_at_network()
    return job
