"""Receipts that came back, and the purge that only they permit (docs/spec/protocol.md §11.2, §13).

Rule: nothing leaves this machine for good unless the office has signed that it imported exactly this entry and opened
every compartment of it. A receipt changes nothing when it comes again; one that does not fit is reported and kept out;
and whoever cannot sign for the office can delete nothing here.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from collector import attachments, envelope, files, identity, mission, packs, signed
from collector.field import Field
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.mission import Root
from schemas.records.receipt import DeskReceipt, ReturnContent
from schemas.structure import decode
from sync.listing import MAX_RETURN, list_folders

Clock = Callable[[], float]
DAY: Final = 86_400
Reason = Literal["no-receipt", "needs-human", "not-all-opened", "keep-days"]


@dataclass(frozen=True, slots=True)
class Taken:
    """One receipt: record code of the entry, what the office says, whether it was new, or why it was not believed."""

    file: str
    code: str = ""
    status: str = ""
    desk_code: str = ""
    new: bool = False
    problem: Problem | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "problem"}
        return {**plain, "problem": None if self.problem is None else self.problem.as_dict()}


@dataclass(slots=True)
class ReceiptReport:
    """What some folders or receivers brought. `foreign`: return files of other devices, which are left to them;
    `problem`: why not every receiver could be asked.
    """

    taken: list[Taken] = field(default_factory=list)
    foreign: int = 0
    problem: Problem | None = None

    @property
    def ok(self) -> bool:
        """Whether every place was asked and every receipt was believed."""
        return self.problem is None and all(item.problem is None for item in self.taken)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "ok": self.ok,
            "receipts": [item.as_dict() for item in self.taken],
            "foreign": self.foreign,
            "problem": None if self.problem is None else self.problem.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry that stays, and why; `days` until the mission's policy permits its purge."""

    code: str
    reason: Reason
    days: int = 0


@dataclass(slots=True)
class PurgeReport:
    """Record codes of what was removed, and what stays."""

    purged: list[str] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        kept = [{"code": item.code, "reason": item.reason, "days": item.days} for item in self.kept]
        return {"purged": self.purged, "kept": kept}


def apply(home: Field, folders: Path | Sequence[Path], *, clock: Clock = time.time) -> ReceiptReport:
    """Takes in every return file of this device that lies in the folders. Repeating it changes nothing.

    Raises E_NOT_ENROLLED, E_STICK_FOLDER, E_MEDIA; what is wrong with one file or receipt stands in the report.
    """
    root = _pinned(home)
    report = ReceiptReport()
    listing = list_folders([folders] if isinstance(folders, Path) else folders)
    ours = [found for found in listing.returns if _is_ours(home.vault, found.name)]
    report.foreign = len(listing.returns) - len(ours)
    for found in ours:
        report.taken += _file(home.vault, root, found.name, partial(files.read_limited, found.path, MAX_RETURN), clock)
    return report


def apply_box(home: Field, name: str, data: bytes, *, clock: Clock = time.time) -> list[Taken]:
    """Takes in one return file that came by another way than a folder; `name` is what it is called in reports.

    Raises E_NOT_ENROLLED; what is wrong with the file or a receipt stands in the list.
    """
    return _file(home.vault, _pinned(home), name, lambda: data, clock)


def box_name(retn: bytes) -> str:
    """How the return file of a bundle is called (docs/spec/protocol.md §11.2)."""
    return base64.b32encode(retn).decode().rstrip("=").lower() + ".ret"


def _pinned(home: Field) -> Root:
    root = mission.pinned_root(home.vault.db)
    if root is None:
        raise Problem("E_NOT_ENROLLED")
    return root


def _file(vault: Vault, root: Root, name: str, read: Callable[[], bytes], clock: Clock) -> list[Taken]:
    """The receipts of one return file: all that hold are stored together."""
    try:
        receipts = _opened(vault, read())
    except Problem as problem:
        return [Taken(name, problem=problem)]
    with vault.db.transaction():
        return [_take(vault, root, name, data, int(clock())) for data in receipts]


def _is_ours(vault: Vault, name: str) -> bool:
    """Whether the name is the return box of a bundle that was made here."""
    retn = base64.b32decode(name[:26].upper() + "======")
    return vault.db.one("SELECT 1 FROM bundle WHERE retn = ?", (retn,)) is not None


def _opened(vault: Vault, data: bytes) -> tuple[bytes, ...]:
    """The signed receipts of a return file.

    Raises E_FORMAT, E_NOT_FOR_US, E_SLOT_*, E_KEY_COMMIT, E_PACK_AUTH, E_PAD, E_TRAILING, E_CMP_*, E_SCHEMA.
    """
    keys = identity.return_keys(vault)
    try:
        opened = envelope.open(envelope.RETURN_MAGIC, data, keys)
    finally:
        for key in keys:
            key.wipe()
    try:
        opened.forms([])
        return decode(ReturnContent, opened.content, envelope.LIMITS).r2
    finally:
        opened.wipe()


def _take(vault: Vault, root: Root, name: str, data: bytes, now: int) -> Taken:
    """One receipt: signature, form, entry, core; then stored once. Never raises for what the receipt itself is."""
    role = root.roles.receipt
    try:
        body = signed.open_object("r2", data, packs.trusted(root, role), role.threshold, code="E_RECEIPT_SIG")
        receipt = decode(DeskReceipt, body)
        row = vault.db.one("SELECT code, core_hash FROM entry WHERE eid = ?", (receipt.eid,))
        if row is None:
            raise Problem("E_RECEIPT_UNKNOWN")
        if bytes(row[1]) != receipt.core:
            raise Problem("E_RECEIPT_CORE")
    except Problem as problem:
        return Taken(name, problem=problem)
    new = _store(vault, receipt, data, now)
    return Taken(name, str(row[0]), receipt.status, receipt.code, new)


def _store(vault: Vault, receipt: DeskReceipt, data: bytes, now: int) -> bool:
    """Keeps the receipt and moves the entry on; False when it was known."""
    db = vault.db
    opened = sum(1 << comp for comp in set(receipt.opened))
    added = db.changes(
        "INSERT OR IGNORE INTO receipt (eid, status, opened, code, at, signed, taken_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (receipt.eid, receipt.status, opened, receipt.code, receipt.at, data, now),
    )
    if not added:
        return False
    # What the office has once imported is not taken back by a later answer for another copy of it.
    state = "imported" if receipt.status == "imported" else "needs-human"
    db.execute(
        "UPDATE entry SET state = ?, changed_at = ? WHERE eid = ? AND state NOT IN ('imported', 'purged')",
        (state, now, receipt.eid),
    )
    mission.raise_floor(db, receipt.at)
    vault.log.append("r2", receipt.eid, {"status": receipt.status, "code": receipt.code})
    return True


def removable(home: Field, *, clock: Clock = time.time) -> frozenset[str]:
    """Record codes of the entries that `purge` would remove now; none without a mission."""
    pack = home.pack()
    if pack is None:
        return frozenset()
    until = int(clock()) - pack.body.policy.keep_days * DAY
    rows = home.vault.db.query("SELECT eid, code, comps FROM entry WHERE state = 'imported'")
    may_go = (_reason_to_keep(home.vault, bytes(eid), "imported", int(comps), until) is None for eid, _, comps in rows)
    return frozenset(str(row[1]) for row, may in zip(rows, may_go, strict=True) if may)


def purge(home: Field, *, clock: Clock = time.time) -> PurgeReport:
    """Removes the sealed entries that the office has imported and opened whole, and lists what stays and why.

    The decision is stored first and the files go after it: cut off in between, the next purge finishes.
    Raises E_NOT_ENROLLED, E_NO_ACCESS, E_MEDIA_IO.
    """
    vault = home.vault
    keep_days = mission.required_pack(vault.db).body.policy.keep_days
    now = int(clock())
    report = PurgeReport()
    rows = vault.db.query("SELECT eid, code, state, comps FROM entry WHERE state <> 'purged' ORDER BY sealed_at, code")
    for eid, code, state, comps in rows:
        kept = _reason_to_keep(vault, bytes(eid), str(state), int(comps), now - keep_days * DAY)
        if kept is not None:
            report.kept.append(Kept(str(code), *kept))
            continue
        with vault.db.transaction():
            vault.db.execute("UPDATE entry SET state = 'purged', changed_at = ? WHERE eid = ?", (now, eid))
            vault.log.append("purge", bytes(eid))
        report.purged.append(str(code))
        files.checkpoint("purge: decided")
    _remove_purged(vault)
    return report


def _reason_to_keep(vault: Vault, eid: bytes, state: str, comps: int, until: int) -> tuple[Reason, int] | None:
    """Why an entry may not go yet, and how many days it still has to stay; None when it may go."""
    if state == "needs-human":
        return "needs-human", 0
    rows = vault.db.query("SELECT opened, max(at, taken_at) FROM receipt WHERE eid = ? AND status = 'imported'", (eid,))
    if state != "imported" or not rows:
        return "no-receipt", 0
    since = [int(at) for opened, at in rows if int(opened) & comps == comps]
    if not since:
        return "not-all-opened", 0
    if min(since) > until:
        return "keep-days", -(-(min(since) - until) // DAY)
    return None


def _remove_purged(vault: Vault) -> None:
    """Removes the files of purged entries, and volumes that wait for an upload which nobody needs any more."""
    for eid, name in vault.db.query("SELECT eid, file_name FROM entry WHERE state = 'purged'"):
        path = vault.path("outbox", str(name))
        if path.exists():
            files.remove(path)
            files.checkpoint("purge: entry removed")
        attachments.remove_adopted(vault, bytes(eid))
    rows = vault.db.query(
        "SELECT bid, s, i, file_name FROM bundle_volume WHERE file_name IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM bundle_entry JOIN entry USING (eid)"
        "  WHERE bundle_entry.bid = bundle_volume.bid AND entry.state <> 'purged')"
    )
    for bid, stripe, index, name in rows:
        files.remove(vault.path("bundles", str(name)))
        vault.db.execute(
            "UPDATE bundle_volume SET file_name = NULL WHERE bid = ? AND s = ? AND i = ?", (bid, stripe, index)
        )
