"""The whole way on this machine with invented testimony, over the same parts that people use.

A desk and a receiver are founded and a field machine enrolled; interviews are filled in through the form engine and
sealed. Every second one goes to the receiver, over a line that breaks once; the others go as volumes to five sticks
(folders), of which one volume is then lost and one damaged. The desk fetches and imports, finds a phrase and answers
with receipts by both ways; the field machine purges what the desk has.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from collector import files, filling, passphrase
from collector.cells import CELL
from collector.field import Field
from collector.mission import PackSummary
from schemas.forms import shipped_forms
from schemas.problems import Problem
from schemas.records.common import IDENTITY, NARRATIVE, PROCESS
from sync import courier, fetching, outbox, receipts
from sync.desk import mission
from sync.desk.desk import Desk
from sync.sending import Sender
from sync.settings import SendSettings
from tui.demo_interviews import SEARCH_PHRASE, DemoInterview, interviews
from tui.demo_network import BreakingLine, DemoReceiver

STICKS = 5
NEEDED = 3
BREAKS_AFTER = 400_000
"""Bytes after which the line to the receiver breaks: in the middle of the smallest volume."""
Say = Callable[[str], None]
OPENED_BY = {PROCESS: "archive desk", IDENTITY: "protection officer", NARRATIVE: "analysts"}
"""Who holds which key in the invented office."""


@dataclass(slots=True)
class Result:
    """What happened, as `svidok demo --json` prints it. Times in seconds, sizes in bytes."""

    interviews: int = 0
    sealed: int = 0
    sent_network: int = 0
    network_bytes: int = 0
    cuts: int = 0
    sent_stick: int = 0
    volumes: int = 0
    volumes_lost: int = 0
    volumes_damaged: int = 0
    imported: int = 0
    quarantined: int = 0
    found: int = 0
    receipts: int = 0
    purged: int = 0
    attachments_bytes: int = 0
    volumes_bytes: int = 0
    seconds: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)
    folder: str | None = None
    receiver: str = ""

    def as_dict(self) -> dict[str, object]:
        """The object that is printed."""
        return asdict(self)


class Demo:
    """One run in a folder: `desk`, `field`, `receiver`, `files`, `stick-1` …, `returns` are made below it."""

    def __init__(self, folder: Path, say: Say) -> None:
        self.folder = folder
        self.say = say
        self.result = Result()
        self.passphrase = passphrase.generate()
        self._receiver = DemoReceiver(folder / "receiver")
        self.result.receiver = self._receiver.address

    def run(self, count: int) -> Result:
        """Do everything, with `count` interviews. Raises what the parts raise."""
        started = time.monotonic()
        files.make_private_dir(self.folder)
        files.write_durably(self.folder / "passphrase.txt", f"{self.passphrase}\n".encode())
        with self._step("found a receiver and the desk, issue a mission, enrol the device"):
            self._enrol()
        told = list(interviews(count))
        with self._receiver.serving():
            with self._step(f"fill in {len(told[1::2])} interviews and seal them"):
                self._interviews(told[1::2])
            with self._step("send them to the receiver, over a line that breaks once"):
                self._send()
            with self._step(f"fill in {len(told[::2])} more and seal them"):
                self._interviews(told[::2])
            with self._step(f"write and read back volumes on {STICKS} sticks"):
                self._export()
            with self._step("lose a volume, damage another, check what is left"):
                self._harm()
            with self._step("fetch from the receiver, import everything at the desk"):
                self._import()
            with self._step("find a phrase"):
                self._search()
            with self._step("bring the receipts back by both ways, purge"):
                self._receipts()
        self.result.seconds = round(time.monotonic() - started, 2)
        return self.result

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        taken = round(time.monotonic() - started, 2)
        self.result.steps[name] = taken
        self.say(f"{taken:7.2f} s  {name}")

    @property
    def _sticks(self) -> list[Path]:
        return [self.folder / f"stick-{place}" for place in range(1, STICKS + 1)]

    def _desk(self) -> Desk:
        return Desk.open(self.folder / "desk", self.passphrase)

    def _field(self) -> Field:
        return Field.open(self.folder / "field", self.passphrase)

    def _enrol(self) -> PackSummary:
        """Both fingerprints are compared, as two people would aloud."""
        with Desk.create(self.folder / "desk", self.passphrase, organisation="Invented office") as desk:
            forms = [mission.checked(form.xform) for form in shipped_forms()]
            founded = desk.mission_new("Demonstration", forms, cards=[self._receiver.found()], labels=OPENED_BY)
            self._receiver.accept(desk.tokens_write().data, founded.fingerprint)
            field_ = Field.create(self.folder / "field", self.passphrase)
            try:
                request, spoken_by_documenter = field_.request()
                enrolled = desk.enrol(request, spoken_by_documenter)
                return field_.accept_pack(enrolled.pack, founded.fingerprint)
            finally:
                field_.close()

    def _interviews(self, told: Sequence[DemoInterview]) -> None:
        sources = self.folder / "files"
        files.make_private_dir(sources)
        field_ = self._field()
        try:
            for interview in told:
                for attachment in interview.attachments:
                    self.result.attachments_bytes += attachment.write(sources).stat().st_size
                code = filling.begin_filled(field_, interview.answers_in(sources), folder=sources)
                field_.seal(code)
                self.result.interviews += 1
            self.result.sealed += sum(row.state == "sealed" for row in field_.interviews())
        finally:
            field_.close()

    def _send(self) -> None:
        """The line breaks in the middle of a volume; sending goes on by itself, from the byte where the receiver is."""
        field_ = self._field()
        try:
            with BreakingLine(BREAKS_AFTER) as line:
                report = Sender(field_, settings=SendSettings(proxy=line.url)).run()
                self.result.cuts = line.cuts
            if report.problem is not None:
                raise report.problem
            self.result.network_bytes = report.sent
            self.result.sent_network = sum(row.state == "stored" for row in field_.interviews())
        finally:
            field_.close()

    def _export(self) -> None:
        field_ = self._field()
        try:
            for stick in self._sticks:
                files.make_private_dir(stick)
            outbox.export(field_, self._sticks, k=NEEDED, n=STICKS, only_new=True)
            self.result.sent_stick = sum(row.state == "exported" for row in field_.interviews())
        finally:
            field_.close()
        volumes = self._volumes()
        self.result.volumes = len(volumes)
        self.result.volumes_bytes = sum(path.stat().st_size for path in volumes)

    def _volumes(self) -> list[Path]:
        return sorted(path for stick in self._sticks for path in stick.glob("*.vol"))

    def _harm(self) -> None:
        """The second stick loses its first volume; a cell in the middle of the fourth stick's first volume is
        overwritten.
        """
        lost = sorted(self._sticks[1].glob("*.vol"))[0]
        lost.unlink()
        damaged = sorted(self._sticks[3].glob("*.vol"))[0]
        with damaged.open("r+b") as volume:
            volume.seek(damaged.stat().st_size // 2)
            volume.write(bytes(CELL // 4))
        report = courier.check(self._sticks)
        if not report.complete:
            raise Problem("E_VOL_MISSING", where="demo")

    def _import(self) -> None:
        with self._desk() as desk:
            fetched = desk.fetch()
            if not fetched.ok:
                raise fetched.problem or Problem("E_VOL_MISSING", where="demo")
            report = desk.import_arrived(self._sticks)
        self.result.imported = report.imported
        self.result.quarantined = report.quarantined
        self.result.volumes_lost = report.volumes_lost
        self.result.volumes_damaged = report.volumes_damaged

    def _search(self) -> None:
        with self._desk() as desk:
            self.result.found = len(desk.search(f'"{SEARCH_PHRASE}"'))

    def _receipts(self) -> None:
        returns = self.folder / "returns"
        with self._desk() as desk:
            desk.receipts(returns)
            desk.send_receipts()
        field_ = self._field()
        try:
            fetching.fetch(field_)
            receipts.apply(field_, returns)
            self.result.receipts = sum(row.state == "imported" for row in field_.interviews())
            receipts.purge(field_)
            self.result.purged = sum(row.state == "purged" for row in field_.interviews())
        finally:
            field_.close()
