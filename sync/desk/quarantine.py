"""Quarantine: what could not be imported, why, and what a person decided about it (docs/spec/protocol.md §12).

Rules: nothing is deleted by a decision, for it may be evidence: what is rejected stays as it came, sealed. Nothing is
accepted that no proof stands behind: a decision takes the place of the one question that the protocol leaves to people
(§8.5), never of a signature. Every decision is an event of the custody log, which keeps the hash of the written reason.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector import crypto, files
from collector.vault import Vault
from schemas import canonical
from schemas.problems import CATALOGUE, Problem
from sync.desk import logbook
from sync.desk.archive import FOLDER, Archive
from sync.desk.importer import Importer
from sync.desk.intake import DecodedBundle, DecodedFile
from sync.desk.report import ImportReport
from sync.payload import read_index

ACCEPTABLE = frozenset({"E_DEVICE_REVOKED"})
"""What the protocol leaves to a person's decision (docs/spec/protocol.md §8.5); nothing else can be accepted."""
REASON = (3, 500)
"""Characters of a written reason, at least and at most."""
_ITEM = (
    "SELECT number, item.eid, item.core, record, problem, facts, serial, seq, item.at, label, bundle.bid, item.bytes,"
    " item.start, store, decision.what, decision.reason, decision.at"
    " FROM item JOIN bundle USING (bid) LEFT JOIN decision USING (eid, core) WHERE state = 'quarantined'"
)


@dataclass(frozen=True, slots=True)
class Item:
    """One item as its row says; `decided` is "accepted" or "rejected", with its reason and time."""

    number: int
    eid: bytes
    core: bytes
    record: str
    problem: str
    facts: bytes | None
    serial: bytes | None
    seq: int | None
    at: int
    bundle: str
    bid: bytes
    bytes: int
    start: int
    store: int | None
    decided: str | None
    reason: str | None
    decided_at: int | None

    def ways(self) -> list[str]:
        """What can be done with it: retry, release, reject, export."""
        kept = self.store is not None
        return [
            *(["retry"] if kept else []),
            *(["release"] if kept and self.problem in ACCEPTABLE and self.decided != "accepted" else []),
            *(["reject"] if self.decided != "rejected" else []),
            *(["export"] if kept else []),
        ]

    def as_dict(self) -> dict[str, object]:
        """The item as screens and `--json` give it, with its problem in three sentences."""
        decision = {"what": self.decided, "reason": self.reason, "at": self.decided_at} if self.decided else None
        return {
            "number": self.number,
            "eid": self.eid.hex(),
            "record": self.record,
            "device": self.serial.hex() if self.serial else None,
            "sequence": self.seq,
            "at": self.at,
            "bundle": self.bundle,
            "bytes": self.bytes,
            "kept": self.store is not None,
            "decision": decision,
            "can": self.ways(),
            **problem_of(self.problem, self.facts).as_dict(),
        }


def problem_of(code: str, facts: bytes | None) -> Problem:
    """The problem that a row names; one of a newer program is told as such."""
    if code not in CATALOGUE:
        return Problem("E_DB_NEWER", name=code)
    return Problem(code, **(canonical.load(facts) if facts else {}))


def listed(vault: Vault) -> list[dict[str, object]]:
    """What stands in quarantine, newest first."""
    return [Item(*row).as_dict() for row in vault.db.query(f"{_ITEM} ORDER BY number DESC")]


def find(vault: Vault, which: str) -> Item:
    """The item of this number, or of this entry id or its beginning (8 digits). Raises E_ITEM_UNKNOWN, E_ITEM_WHICH."""
    wanted = which.strip().lower()
    rows = vault.db.query(f"{_ITEM} AND number = ?", (int(wanted),)) if wanted.isdecimal() and len(wanted) < 8 else []
    if not rows and len(wanted) >= 8:
        rows = [row for row in vault.db.query(_ITEM) if bytes(row[1]).hex().startswith(wanted)]
    if not rows:
        raise Problem("E_ITEM_UNKNOWN", which=files.shown_name(which))
    if len(rows) > 1:
        raise Problem("E_ITEM_WHICH", which=files.shown_name(which), numbers=", ".join(str(row[0]) for row in rows))
    return Item(*rows[0])


class Quarantine:
    """The decisions. `archives` are the compartments that this desk may write."""

    def __init__(self, vault: Vault, archives: dict[int, Archive], clock: Callable[[], float] = time.time) -> None:
        self.vault = vault
        self.archives = archives
        self.clock = clock

    def show(self, which: str) -> dict[str, object]:
        """One item, with what the custody log says of it. Raises E_ITEM_UNKNOWN, E_ITEM_WHICH."""
        item = find(self.vault, which)
        events = [{"n": e.n, "at": e.t, "act": e.act, **_shown(e.det)} for e in logbook.of(self.vault, item.eid)]
        return {**item.as_dict(), "custody": events}

    def retry(self, which: str) -> dict[str, object]:
        """Import an item once more from the cells that were kept, with everything that came in its bundle.

        A rejection is taken back by it. Returns {"state", "code"?, …, "imported"}. Raises E_ITEM_*, E_ITEM_CELLS and
        what an import raises.
        """
        item = find(self.vault, which)
        self._require_cells(item)
        with self.vault.db.transaction():
            if item.decided == "rejected":
                self.vault.db.execute("DELETE FROM decision WHERE eid = ? AND core = ?", (item.eid, item.core))
            logbook.note(self.vault, "retry", item.eid, {"code": item.problem})
        return self._again(item)

    def release(self, which: str, reason: str) -> dict[str, object]:
        """Accept what the protocol leaves to people, with a written reason, and import it.

        Raises E_ITEM_*, E_ITEM_RULE, E_ITEM_REASON, E_ITEM_CELLS and what an import raises.
        """
        item = find(self.vault, which)
        if item.problem not in ACCEPTABLE:
            raise Problem("E_ITEM_RULE", code=item.problem)
        self._require_cells(item)
        self._decide(item, "accepted", reason)
        return self._again(item)

    def reject(self, which: str, reason: str) -> dict[str, object]:
        """Put an item aside for good, with a written reason: it stays sealed as it came, and no import takes it in.

        Raises E_ITEM_*, E_ITEM_REASON.
        """
        item = find(self.vault, which)
        self._decide(item, "rejected", reason)
        return find(self.vault, str(item.number)).as_dict()

    def export(self, which: str, folder: Path) -> dict[str, object]:
        """Write an item for another desk or an expert into a new folder: the sealed entry as it came, and `item.json`.

        Nothing is opened. Raises E_ITEM_*, E_ITEM_CELLS, E_ATTACHMENT_EXISTS, E_DISK_FULL, E_NO_ACCESS.
        """
        item = find(self.vault, which)
        source = self._require_cells(item)
        if folder.exists():
            raise Problem("E_ATTACHMENT_EXISTS", name=files.shown_name(folder.name))
        files.make_private_dir(folder)
        with files.mapped_os_errors(), source.open("rb") as cells:
            cells.seek(item.start)
            data = cells.read(item.bytes)
        digest = crypto.sha256(data)
        said = {**item.as_dict(), "file": "entry.sealed", "sha256": digest.hex()}
        files.write_durably(folder / "entry.sealed", data)
        files.write_durably(folder / "item.json", json.dumps(said, ensure_ascii=False, indent=1).encode())
        logbook.note(self.vault, "hand-on", item.eid, {"sha256": digest})
        return {"out": str(folder), "bytes": item.bytes, "sha256": digest.hex()}

    # ---- what they share ----

    def _decide(self, item: Item, what: str, reason: str) -> None:
        said = " ".join(reason.split())
        if not REASON[0] <= len(said) <= REASON[1]:
            raise Problem("E_ITEM_REASON", least=REASON[0], most=REASON[1])
        with self.vault.db.transaction():
            self.vault.db.execute(
                "INSERT OR REPLACE INTO decision VALUES (?, ?, ?, ?, ?, ?)",
                (item.eid, item.core, what, item.problem, said, int(self.clock())),
            )
            det: dict[str, str | int | bytes] = {"code": item.problem, "reason": crypto.sha256(said.encode())}
            logbook.note(self.vault, "accept" if what == "accepted" else "reject", item.eid, det)

    def _require_cells(self, item: Item) -> Path:
        row = self.vault.db.one("SELECT area, name FROM store WHERE id = ?", (item.store,))
        path = None if row is None else self.vault.home / FOLDER / str(row[0]) / str(row[1])
        if path is None or not path.is_file():
            raise Problem("E_ITEM_CELLS")
        return path

    def _again(self, item: Item) -> dict[str, object]:
        report = ImportReport()
        path = self._require_cells(item)
        Importer(self.vault, self.archives, clock=self.clock).take([self._bundle(item, path)], report)
        self._settle(item, path)
        told = next((each for each in report.items if each.get("eid") == item.eid.hex()), None)
        return {**(told or {"eid": item.eid.hex(), "state": "quarantined"}), "imported": report.imported}

    def _bundle(self, item: Item, path: Path) -> DecodedBundle:
        """The bundle as the intake gave it, over a second name of its cells: what was kept stays as it is."""
        work = self.vault.home / FOLDER / "work" / f"{files.random_name()}.payload"
        with files.mapped_os_errors():
            try:
                os.link(path, work)
            except OSError:
                shutil.copyfile(path, work)
            fd = os.open(work, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
            try:
                index, placed = read_index(fd, os.fstat(fd).st_size)
            finally:
                os.close(fd)
        known = self.vault.db.one("SELECT lost, damaged FROM bundle WHERE bid = ?", (item.bid,)) or (0, 0)
        found = tuple(DecodedFile(each.kind, each.name, each.size, each.digest, each.offset) for each in placed)
        return DecodedBundle(item.bid, bytes(32), index.retn, item.bundle, work, found, 0, *known)

    def _settle(self, item: Item, path: Path) -> None:
        """The cells were kept anew and nothing refers to the first name of them: it goes, they stay."""
        elsewhere = self.vault.db.one("SELECT 1 FROM item WHERE bid = ? AND store <> ?", (item.bid, item.store))
        with self.vault.db.transaction():
            used = self.vault.db.one("SELECT 1 FROM item WHERE store = ?", (item.store,))
            if used is not None or elsewhere is None:
                return
            self.vault.db.execute("DELETE FROM store WHERE id = ?", (item.store,))
        files.remove(path)


def _shown(det: Mapping[str, Any]) -> dict[str, object]:
    return {key: value.hex() if isinstance(value, bytes) else value for key, value in det.items()}
