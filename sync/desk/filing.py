"""Filing what was verified:

duplicates, equivocation, archive rows, receipts (docs/spec/protocol.md §12 steps 9, 11 and 12, §11.2).

The compartments' archives are written first and the desk's vault last: what the vault has not committed does not
exist, and the next start removes it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from collector import files, merkle, signed
from collector.cellstream import StreamInfo
from collector.vault import Vault
from schemas import canonical
from schemas.problems import Problem
from schemas.records.receipt import DeskReceipt
from schemas.structure import encode
from sync.desk import keys, logbook
from sync.desk.archive import Archive, Filed, KeptAttachment
from sync.desk.intake import DecodedBundle, DecodedFile
from sync.desk.opening import OpenedEntry
from sync.desk.sniff import media_type

if TYPE_CHECKING:
    from sync.desk.importer import ImportReport, Verified

CLOCK_TOLERANCE = 86_400


class Payload:
    """The decoded cells of one bundle: a work file until something in it is worth keeping, then a file of the store."""

    def __init__(self, bundle: DecodedBundle, folder: Path) -> None:
        self.bundle = bundle
        self.folder = folder
        self.name = files.random_name()
        self.area: str | None = None
        self.store: int | None = None
        self.signed = False
        with files.mapped_os_errors():
            self.fd = os.open(bundle.payload, os.O_RDONLY | os.O_CLOEXEC)

    @property
    def bytes(self) -> int:
        """Length of the payload."""
        return os.fstat(self.fd).st_size

    def keep(self, area: str) -> None:
        """Make the cells durable below `area`, once; a payload in the store never moves back."""
        if self.area is not None:
            return
        target = self.folder / area / self.name
        with files.mapped_os_errors():
            os.fsync(self.fd)
            os.rename(self.bundle.payload, target)
        files.fsync_dir(target.parent)
        self.area = area

    def close(self) -> None:
        """Close the file; what was not kept is removed."""
        os.close(self.fd)
        if self.area is None:
            files.remove(self.bundle.payload)


class Filing:
    """Writes the results of an import run. One instance for each run."""

    def __init__(self, vault: Vault, archives: dict[int, Archive], clock: Callable[[], float] = time.time) -> None:
        self.vault = vault
        self.archives = archives
        self.clock = clock
        row = vault.db.one("SELECT coalesce(max(number), 0) FROM item")
        self._last = 0 if row is None else int(row[0])
        self._batch: set[tuple[bytes, int]] = set()

    # ---- step 9 and 12 ----

    def commit(self, results: Sequence[Verified], payload: Payload, report: ImportReport) -> None:
        """File one batch: archives, then rows, custody events and receipts in one transaction of the desk's vault."""
        good = [result for result in results if result.entry is not None and result.problem is None]
        if any(result.entry is not None for result in results):
            payload.signed = True
        if good:
            payload.keep("store")
        outcomes: list[dict[str, object]] = []
        self._batch.clear()
        with ExitStack() as stack:
            for archive in self.archives.values():
                stack.enter_context(archive.db.transaction())
            plans = [self._plan(result, payload) for result in results]
        with self.vault.db.transaction():
            self._bundle_row(payload)
            for result, number in zip(results, plans, strict=True):
                outcomes.append(self._record(result, number, payload))
        for outcome, result in zip(outcomes, results, strict=True):
            _count(report, outcome, result)
            if result.entry is not None:
                result.entry.wipe()

    def _plan(self, result: Verified, payload: Payload) -> int | None:
        """Give the entry a number and write its documents; None for what is not to be filed."""
        entry = result.entry
        if entry is None or result.problem is not None or self._known(entry) is not None or self._clashing(entry):
            return None
        names = {(entry.core.eid, -1), (entry.certificate.serial, entry.core.seq)}
        if names & self._batch:
            return None
        self._batch |= names
        self._last += 1
        for comp, document in entry.documents.items():
            if comp not in self.archives:
                continue
            kept, secrets = _attachments(comp, self._last, entry, result, payload)
            filed = Filed(
                self._last,
                entry.core.eid,
                entry.core.code,
                entry.contents[comp],
                document,
                entry.keys[comp],
                kept,
                secrets,
            )
            self.archives[comp].file(filed)
        return self._last

    def _known(self, entry: OpenedEntry) -> str | None:
        row = self.vault.db.one(
            "SELECT state FROM item WHERE eid = ? AND core = ? AND (state = 'imported' OR problem = 'E_EQUIVOCATION')",
            (entry.core.eid, entry.core_hash),
        )
        return None if row is None else str(row[0])

    def _clashing(self, entry: OpenedEntry) -> list[int]:
        """Items with another core under this entry id, or under this device's sequence number."""
        rows = self.vault.db.query(
            "SELECT number FROM item WHERE (eid = ? OR (serial = ? AND seq = ?)) AND core <> ? AND serial IS NOT NULL",
            (entry.core.eid, entry.certificate.serial, entry.core.seq, entry.core_hash),
        )
        return [int(row[0]) for row in rows]

    def _record(self, result: Verified, number: int | None, payload: Payload) -> dict[str, object]:
        entry, problem = result.entry, result.problem
        if entry is not None and problem is None:
            known = self._known(entry)
            if known == "imported":
                self._receipt(entry, payload, "imported", "")
                return {"eid": entry.core.eid.hex(), "record": entry.core.code, "state": "duplicate"}
            clashing = self._clashing(entry)
            if clashing or known is not None:
                problem = Problem("E_EQUIVOCATION", seq=entry.core.seq)
                self._quarantine_others(clashing, problem)
        if problem is not None:
            return self._quarantined(result, problem, payload)
        if entry is None or number is None:
            raise Problem("E_SCHEMA", where="import")
        self._imported(entry, number, result.file, payload)
        return {
            "eid": entry.core.eid.hex(), "record": entry.core.code, "state": "imported", "number": number,
            "flags": self._flags(entry), "unopened": list(entry.sealed),
        }  # fmt: skip

    def _imported(self, entry: OpenedEntry, number: int, file: DecodedFile, payload: Payload) -> None:
        self._drop_row(entry.core.eid, entry.core_hash)
        self._insert(number, "imported", entry, entry.core_hash, None, file, payload)
        logbook.note(self.vault, "import", entry.core.eid, {"number": number})
        self._receipt(entry, payload, "imported", "")

    def _quarantined(self, result: Verified, problem: Problem, payload: Payload) -> dict[str, object]:
        entry = result.entry
        core = entry.core_hash if entry is not None else result.file.hash
        eid = entry.core.eid if entry is not None else result.file.name
        row = self.vault.db.one("SELECT number FROM item WHERE eid = ? AND core = ?", (eid, core))
        if row is None:
            self._last += 1
            self._insert(self._last, "quarantined", entry, core, problem, result.file, payload, eid=eid)
            logbook.note(self.vault, "quarantine", eid, {"code": problem.code})
        if entry is not None:
            self._receipt(entry, payload, "quarantined", problem.code)
        return {"eid": eid.hex(), "state": "quarantined", **problem.as_dict()}

    def _quarantine_others(self, numbers: Sequence[int], problem: Problem) -> None:
        for number in numbers:
            self.vault.db.execute(
                "UPDATE item SET state = 'quarantined', problem = ?, facts = ? WHERE number = ?",
                (problem.code, canonical.dump(dict(problem.facts)), number),
            )
            row = self.vault.db.one("SELECT eid FROM item WHERE number = ?", (number,))
            if row is not None:
                logbook.note(self.vault, "quarantine", row[0], {"code": problem.code})

    # ---- rows ----

    def _bundle_row(self, payload: Payload) -> None:
        bundle, now = payload.bundle, int(self.clock())
        self.vault.db.execute(
            "INSERT INTO bundle (bid, retn, label, seen, lost, damaged) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (bid) DO UPDATE SET lost = min(lost, excluded.lost), damaged = excluded.damaged",
            (bundle.bid, bundle.retn, bundle.label, now, bundle.volumes_lost, bundle.volumes_damaged),
        )
        if payload.area is not None and payload.store is None:
            payload.store = self.vault.db.execute(
                "INSERT INTO store (name, area, bytes, at) VALUES (?, ?, ?, ?)",
                (payload.name, payload.area, payload.bytes, now),
            )

    def _drop_row(self, eid: bytes, core: bytes) -> None:
        self.vault.db.execute("DELETE FROM item WHERE eid = ? AND core = ? AND state = 'quarantined'", (eid, core))

    def _insert(
        self, number: int, state: str, entry: OpenedEntry | None, core: bytes, problem: Problem | None,
        file: DecodedFile, payload: Payload, *, eid: bytes | None = None,
    ) -> None:  # fmt: skip
        values: dict[str, bytes | str | int | None] = {
            "number": number,
            "state": state,
            "eid": eid or file.name,
            "core": core,
            "problem": problem.code if problem else "",
            "facts": canonical.dump(dict(problem.facts)) if problem else None,
            "bid": payload.bundle.bid,
            "store": payload.store,
            "start": file.offset,
            "bytes": file.size,
            "at": int(self.clock()),
            **(self._entry_columns(entry) if entry is not None else {}),
        }
        names = ", ".join(values)
        places = ", ".join("?" for _ in values)
        self.vault.db.execute(f"INSERT INTO item ({names}) VALUES ({places})", tuple(values.values()))

    def _entry_columns(self, entry: OpenedEntry) -> dict[str, bytes | str | int | None]:
        core = entry.core
        return {
            "eid": core.eid,
            "serial": entry.certificate.serial,
            "seq": core.seq,
            "record": core.code,
            "prev": core.prev,
            "log_size": core.log[0],
            "log_root": core.log[1],
            "claimed": core.t.dev,
            "floor": core.t.floor,
            "opened": bytes(sorted(entry.documents)),
            "sealed": bytes(entry.sealed),
            "flags": " ".join(self._flags(entry)),
            "incomplete": core.incomplete or "",
            "form": core.form[2],
        }

    def _flags(self, entry: OpenedEntry) -> list[str]:
        """What a reviewer should look at, none of it a reason to refuse: clock, custody log."""
        flags = []
        if not entry.core.t.floor - CLOCK_TOLERANCE <= entry.core.t.dev <= int(self.clock()) + CLOCK_TOLERANCE:
            flags.append("E_CLOCK")
        row = self.vault.db.one(
            "SELECT log_size, log_root FROM item WHERE serial = ? AND core = ?",
            (entry.certificate.serial, entry.core.prev),
        )
        if row is not None:
            try:
                merkle.check_consistency(row[0], entry.core.log[0], bytes(row[1]), entry.core.log[1], entry.core.log[2])
            except Problem:
                flags.append("E_LOG_FORK")
        return flags

    def _receipt(
        self, entry: OpenedEntry, payload: Payload, status: Literal["imported", "quarantined"], code: str
    ) -> None:
        """Sign R2 for this entry in this bundle; answered once for each bundle that brought it."""
        known = self.vault.db.one(
            "SELECT 1 FROM receipt WHERE bid = ? AND eid = ? AND core = ?",
            (payload.bundle.bid, entry.core.eid, entry.core_hash),
        )
        if known is not None:
            return
        now = int(self.clock())
        receipt = DeskReceipt(
            eid=entry.core.eid,
            core=entry.core_hash,
            status=status,
            opened=tuple(sorted(entry.documents)),
            code=code,
            at=now,
            log=self.vault.log.head(),
        )
        data = signed.sign_object("r2", encode(receipt), [keys.signing_key(self.vault, keys.RECEIPT)])
        self.vault.db.execute(
            "INSERT INTO receipt (bid, serial, eid, core, signed, at) VALUES (?, ?, ?, ?, ?, ?)",
            (payload.bundle.bid, entry.certificate.serial, entry.core.eid, entry.core_hash, data, now),
        )

    # ---- what nobody vouches for ----

    def settle(self, payload: Payload, quota: int) -> None:
        """Keep a payload of which only quarantined items came:

        with a device's signature in quarantine, without in the small quota.
        """
        if payload.area is not None or not payload.bundle.files:
            return
        if payload.signed:
            payload.keep("quarantine")
        else:
            used = self.vault.db.one("SELECT coalesce(sum(bytes), 0) FROM store WHERE area = 'strangers'")
            if used is None or int(used[0]) + payload.bytes > quota:
                return
            payload.keep("strangers")
        with self.vault.db.transaction():
            self._bundle_row(payload)
            self.vault.db.execute(
                "UPDATE item SET store = ? WHERE bid = ? AND store IS NULL", (payload.store, payload.bundle.bid)
            )


def _attachments(
    comp: int, number: int, entry: OpenedEntry, result: Verified, payload: Payload
) -> tuple[list[KeptAttachment], dict[bytes, bytes]]:
    kept: list[KeptAttachment] = []
    secrets: dict[bytes, bytes] = {}
    for stream, attachment in entry.attachments:
        if stream.comp != comp:
            continue
        found = result.streams[stream.sid]
        info = StreamInfo(stream.sid, attachment.len_, stream.cells, stream.commit, stream.root)
        kept.append(
            KeptAttachment(
                number=number,
                comp=comp,
                info=info,
                name=attachment.name,
                mime=attachment.mime,
                sniffed=media_type(attachment.sk, info, payload.fd, found.offset),
                sha256=attachment.sha256,
                captured=attachment.cap_t,
                store=payload.name,
                start=found.offset,
            )
        )
        secrets[stream.sid] = attachment.sk
    return kept, secrets


def _count(report: ImportReport, outcome: dict[str, object], result: Verified) -> None:
    report.items.append(outcome)
    if outcome["state"] == "imported":
        report.imported += 1
        if result.entry is not None:
            report.attachments += len(result.entry.attachments)
            report.attachment_bytes += sum(attachment.len_ for _, attachment in result.entry.attachments)
    elif outcome["state"] == "duplicate":
        report.duplicates += 1
    else:
        report.quarantined += 1
