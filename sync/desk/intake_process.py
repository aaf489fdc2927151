"""The intake: the process that touches what strangers made (docs/spec/protocol.md §12 steps 1 to 5).

Rule: it holds the intake seeds and nothing else of the desk; it is confined before it reads anything (bounds on memory
and files, no connection, no other program), and writes only below its work folder. Headers are read and slots tried
before a byte of a bundle is decoded; each stop is one item's own. Started by `sync.desk.intake` as
`python -m sync.desk.intake_process`.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from collector.cells import CHUNK
from collector.crypto import Secret
from collector.files import mapped_os_errors, random_name
from collector.hygiene import harden
from collector.slots import RecipientKeys
from schemas.problems import Problem
from sync.decode import Decoder, VolumeSet, label, transport_key
from sync.desk import confinement
from sync.desk.intake_wire import Reply, Request, receive_request, send
from sync.listing import Found, OpenFile, list_folders
from sync.payload import read_index
from sync.volume import Header, Lead, read_lead, read_only_header

SHOWN_EACH: Final = 100
PROGRESS_STEP: Final = 16 << 20
FREE_LEFT: Final = 64 << 20


@dataclass(slots=True)
class _Bundle:
    """What is remembered of a bundle between the two readings: little, whatever its volumes claim."""

    bid: bytes
    key: Secret | None
    shared: bytes
    problem: Problem | None
    files: list[Found] = field(default_factory=list)


class Intake:
    """One run. `credit` is read one byte at a time: each permits one more decoded bundle to lie in the work folder."""

    def __init__(self, request: Request, out: BinaryIO, credit: BinaryIO) -> None:
        self._request, self._out, self._credit = request, out, credit
        self._keys = [RecipientKeys.from_seed(Secret(seed)) for seed in request.seeds]
        self._work = Path(os.fsdecode(request.work))
        self._skip = frozenset(request.skip)
        self._refused: Counter[str] = Counter()

    def run(self) -> None:
        """Steps 1 to 5 for everything in the folders. Raises what stops the whole run: E_STICK_FOLDER, E_MEDIA."""
        listing = list_folders([Path(os.fsdecode(folder)) for folder in self._request.folders])
        for item, problem in listing.refused:
            self._refuse(item, problem)
        for bundle in self._grouped(listing.volumes):
            if bundle.bid in self._skip:
                continue
            if bundle.problem is not None:
                self._refuse(label(bundle.bid), bundle.problem)
            elif bundle.key is not None:
                self._bundle(bundle, bundle.key)
        for code, count in sorted(self._refused.items()):
            if count > SHOWN_EACH:
                send(self._out, _refusal(f"{count - SHOWN_EACH} more", Problem(code)))
        send(self._out, Reply(kind="end"))

    def _refuse(self, item: str, problem: Problem) -> None:
        """Reports one item; beyond a hundred of one code only their number."""
        self._refused[problem.code] += 1
        if self._refused[problem.code] <= SHOWN_EACH:
            send(self._out, _refusal(item, problem))

    # ---- steps 1 and 2: headers, slots ----

    def _grouped(self, volumes: Sequence[Found]) -> list[_Bundle]:
        """The bundles that the files belong to, each with its transport key or with what speaks against it."""
        bundles: dict[bytes, _Bundle] = {}
        seen: set[tuple[int, int]] = set()
        for found in volumes:
            try:
                with OpenFile(found.path, found.length) as file:
                    if file.identity in seen:
                        continue
                    seen.add(file.identity)
                    header = read_only_header(file)
            except Problem as problem:
                self._refuse(found.name, problem)
                continue
            bundle = bundles.get(header.bid)
            if bundle is None:
                bundle = bundles[header.bid] = self._first_seen(header)
            if bundle.shared != header.shared:
                bundle.problem = Problem("E_VOL_MIX")
            if bundle.key is not None:
                bundle.files.append(found)
        return list(bundles.values())

    def _first_seen(self, header: Header) -> _Bundle:
        bundle = _Bundle(header.bid, None, header.shared, None)
        if header.bid not in self._skip:
            try:
                bundle.key = transport_key(header, self._keys)
            except Problem as problem:
                bundle.problem = problem
        return bundle

    # ---- steps 2 to 5: budget, cells, rows, index ----

    def _bundle(self, bundle: _Bundle, key: Secret) -> None:
        """Decodes one bundle into a file of its own and reports it; what stops it is its own."""
        if not self._credit.read(1):
            raise SystemExit(0)
        send(self._out, Reply(kind="begin", bid=bundle.bid))
        path = self._work / f"{random_name()}.payload"
        opened: list[OpenFile] = []
        try:
            volumes = self._opened(bundle, opened)
            free = shutil.disk_usage(self._work).free - FREE_LEFT
            volumes.check_budget(min(self._request.quota, max(free, 0)))
            reply = self._decoded(volumes, key, path)
        except Problem as problem:
            path.unlink(missing_ok=True)
            self._refuse(label(bundle.bid), problem)
            send(self._out, Reply(kind="settled", bid=bundle.bid))
        else:
            send(self._out, reply)
        finally:
            key.wipe()
            for file in opened:
                file.close()

    def _opened(self, bundle: _Bundle, opened: list[OpenFile]) -> VolumeSet:
        """All volumes of a bundle, opened again. A file that is gone or another by now counts as lost."""
        volumes: VolumeSet | None = None
        for found in bundle.files:
            lead: Lead | None = None
            try:
                file = OpenFile(found.path, found.length)
                opened.append(file)
                lead = read_lead(file)
            except Problem as problem:
                self._refuse(found.name, problem)
            if lead is None:
                continue
            if lead.header.bid != bundle.bid or lead.header.shared != bundle.shared:
                raise Problem("E_VOL_MIX")
            volumes = volumes or VolumeSet(lead.header)
            volumes.add(file, lead)
        if volumes is None:
            raise Problem("E_VOL_MISSING", bundle=label(bundle.bid), missing="*")
        return volumes

    def _decoded(self, volumes: VolumeSet, key: Secret, path: Path) -> Reply:
        header = volumes.header
        with mapped_os_errors():
            target = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            Decoder(volumes, key, target).run(_Progress(self._out))
            length = header.total * CHUNK
            index, placed = read_index(target, length)
        finally:
            os.close(target)
        return Reply(
            kind="bundle",
            bid=header.bid,
            payload=path.name,
            length=length,
            broot=header.bundle_root,
            retn=index.retn,
            files=tuple((file.kind, file.name, file.size, file.digest, file.offset) for file in placed),
            counts=(header.stripes * header.n, volumes.lost, volumes.damaged),
        )


class _Progress:
    """Says how far a bundle is, not more often than every 16 MiB."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._next = 0

    def __call__(self, done: int, total: int) -> None:
        if done >= self._next:
            self._next = done + PROGRESS_STEP
            send(self._out, Reply(kind="progress", done=done, total=total))


def _refusal(item: str, problem: Problem) -> Reply:
    facts = {key: value if isinstance(value, int) else value[:500] for key, value in problem.facts.items()}
    return Reply(kind="refused", item=item[:500], code=problem.code, facts=facts)


def main() -> None:
    """Reads the request, works, answers. Ends with 0 also when a problem stopped the run: that is an answer too."""
    harden()
    confinement.cut_off()
    source, out = sys.stdin.buffer, sys.stdout.buffer
    request = receive_request(source)
    confinement.bound(request.quota)
    try:
        Intake(request, out, source).run()
    except Problem as problem:
        facts = {key: value if isinstance(value, int) else value[:500] for key, value in problem.facts.items()}
        send(out, Reply(kind="failed", code=problem.code, facts=facts))


if __name__ == "__main__":
    main()
