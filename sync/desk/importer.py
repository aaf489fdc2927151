"""Import: from the cells that intake decoded to the archive, item by item (docs/spec/protocol.md §12 steps 6 to 12).

Every step can be repeated and gives the same result. One bad item never stops the others: it stands in quarantine
with its code. An entry counts as imported only when every document and every attachment cell that this desk can
open has been decrypted and checked; then, and in the same transaction as the row that says so, its receipt is
signed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from collector import files
from collector.cellstream import CELL, StreamInfo, open_file, root_of_file
from collector.slots import RecipientKeys
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.bundle import ENTRY_FILE, STREAM_FILE
from schemas.records.document import AttachmentKey
from schemas.records.manifest import StreamRef
from sync.desk import filing, intake, keys, mission
from sync.desk.archive import FOLDER, Archive
from sync.desk.checking import FormChecks, trust_of
from sync.desk.intake import DecodedBundle, DecodedFile, RefusedItem
from sync.desk.opening import OpenedEntry, Trust, open_entry

BATCH = 64
STRANGERS_QUOTA = 256 << 20
"""Bytes kept of bundles in which no enrolled device signed anything."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Verified:
    """One entry of a bundle after steps 6 to 8, 10 and 11: opened, or the problem that stopped it."""

    file: DecodedFile
    entry: OpenedEntry | None
    problem: Problem | None
    streams: dict[bytes, DecodedFile]


@dataclass(slots=True)
class ImportReport:
    """What became of everything that was found, for people and for `--json`."""

    bundles: int = 0
    imported: int = 0
    duplicates: int = 0
    quarantined: int = 0
    volumes: int = 0
    volumes_lost: int = 0
    volumes_damaged: int = 0
    attachments: int = 0
    attachment_bytes: int = 0
    seconds: float = 0.0
    items: list[dict[str, object]] = field(default_factory=list)
    refused: list[dict[str, object]] = field(default_factory=list)


@dataclass(slots=True)
class _Opener:
    """Recipient keys and trust of one mission."""

    keys: list[RecipientKeys]
    trust: Trust


class Importer:
    """One run over some folders. `archives` are the compartments that this desk may write."""

    def __init__(self, vault: Vault, archives: dict[int, Archive], *, clock: Callable[[], float] = time.time) -> None:
        self.vault = vault
        self.filing = filing.Filing(vault, archives, clock)
        self.forms = FormChecks(vault)
        self.folder = vault.home / FOLDER

    def run(
        self, folders: Sequence[Path], progress: Progress | None = None, reading: Progress | None = None
    ) -> ImportReport:
        """Import everything that the folders hold.

        For the bundle at hand, `progress` is told (entries filed, entries in all) after each batch, and before that
        `reading` (bytes decoded, bytes in all). Whatever these two raise stops the run between batches, with
        everything filed so far in order.

        Raises only what stops the whole run: E_DISK_FULL, E_MEDIA, E_NO_MISSION.
        """
        started = time.monotonic()
        report = ImportReport()
        missions = mission.missions(self.vault)
        if not missions:
            raise Problem("E_NO_MISSION", name="")
        openers = [_Opener(keys.recipient_keys(self.vault, m.id, "entry"), trust_of(self.vault, m)) for m in missions]
        seeds = [seed for m in missions for seed in keys.recipient_seeds(self.vault, m.id, "intake")]
        try:
            quota = files.free_bytes(self.folder)
            with closing(intake.run(folders, seeds, self.folder / "work", quota=quota, progress=reading)) as arriving:
                for found in arriving:
                    if isinstance(found, RefusedItem):
                        report.refused.append({"item": found.item, **found.problem.as_dict()})
                    else:
                        self._bundle(found, openers, report, progress)
        finally:
            for seed in seeds:
                seed.wipe()
            for opener in openers:
                for key in opener.keys:
                    key.wipe()
        report.seconds = round(time.monotonic() - started, 3)
        return report

    def _bundle(
        self, bundle: DecodedBundle, openers: Sequence[_Opener], report: ImportReport, progress: Progress | None
    ) -> None:
        report.bundles += 1
        report.volumes += bundle.volumes
        report.volumes_lost += bundle.volumes_lost
        report.volumes_damaged += bundle.volumes_damaged
        streams = {item.name: item for item in bundle.files if item.kind == STREAM_FILE}
        entries = [item for item in bundle.files if item.kind == ENTRY_FILE]
        payload = filing.Payload(bundle, self.folder)
        named: set[bytes] = set()
        done = 0
        try:
            with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
                for batch in _batches(entries):
                    verified = list(pool.map(lambda item: self._verify(item, payload.fd, streams, openers), batch))
                    named |= {sid for result in verified for sid in result.streams}
                    self.filing.commit(verified, payload, report)
                    done += len(batch)
                    if progress is not None:
                        progress(done, len(entries))
            if streams.keys() - named:
                report.refused.append({"item": bundle.label, **Problem("E_INDEX").as_dict()})
            self.filing.settle(payload, STRANGERS_QUOTA)
        finally:
            payload.close()

    def _verify(
        self, item: DecodedFile, fd: int, streams: dict[bytes, DecodedFile], openers: Sequence[_Opener]
    ) -> Verified:
        """Steps 6 to 8, 10 and 11 for one entry. Never raises: the problem is part of the result."""
        entry: OpenedEntry | None = None
        own: dict[bytes, DecodedFile] = {}
        try:
            entry = self._open(item, fd, openers)
            own = _own_streams(entry, streams)
            self.forms.check(entry)
            opened = {stream.sid for stream, _ in entry.attachments}
            for stream in (ref for ref in entry.core.streams if ref.kind == "att" and ref.sid not in opened):
                _check_cells(stream, own[stream.sid], fd)
            for stream, attachment in entry.attachments:
                _check_attachment(stream, attachment, own[stream.sid], fd)
        except Problem as problem:
            return Verified(item, entry, problem, own)
        return Verified(item, entry, None, own)

    @staticmethod
    def _open(item: DecodedFile, fd: int, openers: Sequence[_Opener]) -> OpenedEntry:
        problem = Problem("E_NOT_FOR_US")
        for opener in openers:
            try:
                return open_entry(lambda at, n: os.pread(fd, n, item.offset + at), item.size, opener.keys, opener.trust)
            except Problem as raised:
                problem = raised
                if raised.code != "E_NOT_FOR_US":
                    break
        raise problem


def _own_streams(entry: OpenedEntry, streams: dict[bytes, DecodedFile]) -> dict[bytes, DecodedFile]:
    """The attachment streams that the entry names, each in the bundle with the size and root that were signed (steps 5
    and 8).
    """
    own: dict[bytes, DecodedFile] = {}
    for stream in entry.core.streams:
        if stream.kind != "att":
            continue
        found = streams.get(stream.sid)
        if found is None or found.size != stream.cells * CELL:
            raise Problem("E_STREAM_ROOT")
        own[stream.sid] = found
    return own


def _check_cells(stream: StreamRef, found: DecodedFile, fd: int) -> None:
    """Step 8 for a stream that stays sealed here: its root over the cells that arrived."""
    if root_of_file(fd, found.offset, stream.cells) != stream.root:
        raise Problem("E_STREAM_ROOT")


def _check_attachment(stream: StreamRef, attachment: AttachmentKey, found: DecodedFile, fd: int) -> None:
    """Step 11: key commitment, length, every cell, and the SHA-256 of the content."""
    info = StreamInfo(stream.sid, attachment.len_, stream.cells, stream.commit, stream.root)
    if open_file(attachment.sk, info, fd, None, offset=found.offset) != attachment.sha256:
        raise Problem("E_ATTACHMENT_HASH", sid=stream.sid.hex())


def _batches(entries: Iterable[DecodedFile]) -> Iterable[list[DecodedFile]]:
    rest = iter(entries)
    while batch := list(islice(rest, BATCH)):
        yield batch
