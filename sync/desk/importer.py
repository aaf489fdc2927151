"""Import: from the cells that intake decoded to the archive, item by item (docs/spec/protocol.md §12 steps 6 to 12).

Every step can be repeated and gives the same result. One bad item never stops the others: it stands in quarantine
with its code. An entry counts as imported only when every document and every attachment cell that this desk can
open has been decrypted and checked; then, and in the same transaction as the row that says so, its receipt is
signed. What fails because of this machine (its disk, its database) is never put down to an entry: it stops the run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from collector import files
from collector.cellstream import CELL, StreamInfo, open_file, root_of_file
from collector.slots import RecipientKeys
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.bundle import ENTRY_FILE, STREAM_FILE
from schemas.records.document import AttachmentKey
from schemas.records.manifest import StreamRef
from sync.desk import filing, intake, keys, mission, upkeep
from sync.desk.archive import FOLDER, Archive
from sync.desk.checking import FormChecks, trust_of
from sync.desk.intake import DecodedBundle, DecodedFile, RefusedItem
from sync.desk.opening import OpenedEntry, ReadAt, SignedEntry, Trust, open_signed, read_signed
from sync.desk.payload import Payload
from sync.desk.report import ImportReport

__all__ = ["ImportReport", "Importer", "Progress", "Verified"]

BATCH = 64
BATCH_BYTES = 16 << 20
"""Sealed bytes of one batch: bounds what its documents take in memory, whatever a device put into them."""
SMALL_STREAM = 256
"""Cells up to which an attachment is read by one thread: the entries of a batch are many."""
STRANGERS_QUOTA = 256 << 20
"""Bytes kept of bundles in which no enrolled device signed anything."""

Progress = Callable[[int, int], None]
_OWN = frozenset(
    (
        "E_DB_BUSY", "E_DB_CORRUPT", "E_DB_DENIED", "E_DB_RULE", "E_DISK_FULL", "E_FROZEN", "E_KEY_LOST", "E_MEDIA_IO",
        "E_NO_ACCESS", "E_READ_ONLY", "E_RING_LOST", "E_VAULT_CLOSED",
    )
)  # fmt: skip
"""What this machine is to blame for, and no entry."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One entry of a bundle after steps 6 to 8, 10 and 11.

    `signed`: a device of ours answers for it; `entry`: it was opened; `known`: it is imported already and was not
    opened again; `problem`: what stopped it.
    """

    file: DecodedFile
    signed: SignedEntry | None = None
    entry: OpenedEntry | None = None
    problem: Problem | None = None
    known: bool = False
    streams: Mapping[bytes, DecodedFile] = field(default_factory=dict)

    def wipe(self) -> None:
        """Forget the content keys."""
        if self.signed is not None:
            self.signed.wipe()


@dataclass(slots=True)
class _Opener:
    """Recipient keys and trust of one mission."""

    keys: list[RecipientKeys]
    trust: Trust


class Importer:
    """One run over some folders. `archives` are the compartments that this desk may write."""

    def __init__(self, vault: Vault, archives: dict[int, Archive], *, clock: Callable[[], float] = time.time) -> None:
        self.vault = vault
        self.archives = archives
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

        Raises only what stops the whole run: E_NO_MISSION, E_STICK_FOLDER, E_MEDIA, E_INTAKE, and what this machine's
        disk and database raise.
        """
        report = ImportReport()
        missions = mission.missions(self.vault)
        if not missions:
            raise Problem("E_NO_MISSION", name="")
        seeds = [seed for m in missions for seed in keys.recipient_seeds(self.vault, m.id, "intake")]
        try:
            quota = files.free_bytes(self.folder)
            with closing(intake.run(folders, seeds, self.folder / "work", quota=quota, progress=reading)) as arriving:
                self.take(arriving, report, progress)
        finally:
            for seed in seeds:
                seed.wipe()
        return report

    def take(
        self, arriving: Iterable[DecodedBundle | RefusedItem], report: ImportReport, progress: Progress | None = None
    ) -> None:
        """Steps 6 to 12 for bundles as intake decodes them. Raises as `run`; then what was half done is put back."""
        started = time.monotonic()
        missions = mission.missions(self.vault)
        openers = [_Opener(keys.recipient_keys(self.vault, m.id, "entry"), trust_of(self.vault, m)) for m in missions]
        try:
            for found in arriving:
                if isinstance(found, RefusedItem):
                    report.refuse(found.item, found.problem)
                else:
                    self._bundle(found, openers, report, progress)
            upkeep.settle(self.vault, self.archives)
        except Problem:
            with suppress(Problem):
                upkeep.tidy_after_failure(self.vault, self.archives)
            raise
        finally:
            for opener in openers:
                for key in opener.keys:
                    key.wipe()
        report.seconds = round(time.monotonic() - started, 3)

    def _bundle(
        self, bundle: DecodedBundle, openers: Sequence[_Opener], report: ImportReport, progress: Progress | None
    ) -> None:
        report.bundles += 1
        report.volumes += bundle.volumes
        report.volumes_lost += bundle.volumes_lost
        report.volumes_damaged += bundle.volumes_damaged
        streams = {item.name: item for item in bundle.files if item.kind == STREAM_FILE}
        entries = [item for item in bundle.files if item.kind == ENTRY_FILE]
        unnamed, unread, done = set(streams), False, 0
        payload = Payload(bundle, self.folder)
        try:
            with closing(self._verified(entries, payload.fd, streams, openers)) as batches:
                for results in batches:
                    for result in results:
                        unread = unread or result.signed is None
                        unnamed.difference_update(_named(result))
                    self.filing.commit(results, payload, report)
                    done += len(results)
                    if progress is not None:
                        progress(done, len(entries))
            if unnamed and not unread:
                report.refuse(bundle.label, Problem("E_INDEX", where="unnamed-stream"))
            if self.filing.settle(payload, STRANGERS_QUOTA, report):
                self.filing.finish(bundle.bid, len(entries))
        finally:
            payload.close()

    def _verified(
        self,
        entries: Sequence[DecodedFile],
        fd: int,
        streams: Mapping[bytes, DecodedFile],
        openers: Sequence[_Opener],
    ) -> Generator[list[Verified], None, None]:
        """The entries in batches, in order; while the caller files one batch, the next is being verified."""
        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
            ahead: list[Future[Verified]] = []
            try:
                for batch in _batches(entries):
                    ready, ahead = ahead, [pool.submit(self._verify, item, fd, streams, openers) for item in batch]
                    if ready:
                        yield [future.result() for future in ready]
                ready, ahead = ahead, []
                if ready:
                    yield [future.result() for future in ready]
            finally:
                for future in ahead:
                    if not future.cancel() and future.exception() is None:
                        future.result().wipe()

    def _verify(
        self, item: DecodedFile, fd: int, streams: Mapping[bytes, DecodedFile], openers: Sequence[_Opener]
    ) -> Verified:
        """Steps 6 to 8, 10 and 11 for one entry. The entry's own problem is part of the result.

        Raises what this machine is to blame for.
        """
        read = _reader(fd, item)
        signed: SignedEntry | None = None
        entry: OpenedEntry | None = None
        own: dict[bytes, DecodedFile] = {}
        try:
            signed, opener = _signed(read, item.size, openers)
            if self.filing.whole(signed.core.eid, signed.core_hash) is not None:
                return Verified(item, signed, known=True)
            entry = open_signed(signed, read, item.size, opener.keys, opener.trust)
            own = _own_streams(entry, streams)
            self.forms.check(entry)
            _check_streams(entry, own, fd)
        except Problem as problem:
            if problem.code in _OWN:
                raise
            return Verified(item, signed, entry, problem, streams=own)
        return Verified(item, signed, entry, streams=own)


def _reader(fd: int, item: DecodedFile) -> ReadAt:
    def read(at: int, size: int) -> bytes:
        with files.mapped_os_errors():
            return os.pread(fd, size, item.offset + at)

    return read


def _signed(read: ReadAt, size: int, openers: Sequence[_Opener]) -> tuple[SignedEntry, _Opener]:
    """The entry, as signed for the first mission whose keys open it."""
    for opener in openers:
        try:
            return read_signed(read, size, opener.keys, opener.trust), opener
        except Problem as problem:
            if problem.code != "E_NOT_FOR_US":
                raise
    raise Problem("E_NOT_FOR_US")


def _named(result: Verified) -> set[bytes]:
    """The attachment streams that an entry names."""
    if result.signed is None:
        return set()
    return {stream.sid for stream in result.signed.core.streams if stream.kind == "att"}


def _own_streams(entry: OpenedEntry, streams: Mapping[bytes, DecodedFile]) -> dict[bytes, DecodedFile]:
    """The attachment streams that the entry names, each in the bundle with the size that was signed (steps 5, 8)."""
    own: dict[bytes, DecodedFile] = {}
    for stream in entry.core.streams:
        if stream.kind != "att":
            continue
        found = streams.get(stream.sid)
        if found is None or found.size != stream.cells * CELL:
            raise Problem("E_STREAM_ROOT")
        own[stream.sid] = found
    return own


def _check_streams(entry: OpenedEntry, own: Mapping[bytes, DecodedFile], fd: int) -> None:
    """Every attachment: content where its compartment is open, else the root over what arrived."""
    opened = {stream.sid for stream, _ in entry.attachments}
    for stream in (ref for ref in entry.core.streams if ref.kind == "att" and ref.sid not in opened):
        if root_of_file(fd, own[stream.sid].offset, stream.cells, workers=_workers(stream)) != stream.root:
            raise Problem("E_STREAM_ROOT")
    for stream, attachment in entry.attachments:
        _check_attachment(stream, attachment, own[stream.sid], fd)


def _check_attachment(stream: StreamRef, attachment: AttachmentKey, found: DecodedFile, fd: int) -> None:
    """Step 11: key commitment, length, every cell, and the SHA-256 of the content."""
    info = StreamInfo(stream.sid, attachment.len_, stream.cells, stream.commit, stream.root)
    digest = open_file(attachment.sk, info, fd, None, offset=found.offset, workers=_workers(stream))
    if digest != attachment.sha256:
        raise Problem("E_ATTACHMENT_HASH", sid=stream.sid.hex())


def _workers(stream: StreamRef) -> int | None:
    return 1 if stream.cells <= SMALL_STREAM else None


def _batches(entries: Sequence[DecodedFile]) -> Iterator[list[DecodedFile]]:
    """Entries in order, in batches of at most 64 and, beyond the first of each, at most 16 MiB."""
    batch: list[DecodedFile] = []
    size = 0
    for item in entries:
        if batch and (len(batch) == BATCH or size + item.size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item.size
    if batch:
        yield batch
