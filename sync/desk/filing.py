"""Filing what was verified (docs/spec/protocol.md §12 steps 9, 11 and 12): what is new, known, or contradicts itself.

For each batch everything is decided first; then the cells are made durable, then the compartments' archives are
written, and the desk's vault last. What the vault has not committed does not exist, and is removed by the next tidying
(`sync.desk.upkeep`).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from collector import files
from collector.cellstream import StreamInfo
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.common import PROCESS
from sync.desk import answers, facets, items, logbook, relations, upkeep
from sync.desk.archive import FOLDER, Archive, Filed, KeptAttachment
from sync.desk.items import Kept
from sync.desk.opening import OpenedEntry, SignedEntry
from sync.desk.payload import Payload
from sync.desk.report import ImportReport
from sync.desk.sniff import media_type

if TYPE_CHECKING:
    from sync.desk.importer import Verified

STRANGERS_DAYS = 90
"""After so many days a stranger's bundle makes room for another one."""
_DAY = 86_400
_Place = tuple[bytes, bytes | int]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to become of one signed entry. `number` counts for `imported`, `problem` for `quarantined`."""

    result: Verified
    signed: SignedEntry
    state: Literal["imported", "duplicate", "quarantined"]
    problem: Problem | None = None
    number: int = 0


class Filing:
    """Writes the results of an import run. One instance for each run."""

    def __init__(self, vault: Vault, archives: dict[int, Archive], clock: Callable[[], float] = time.time) -> None:
        self.vault = vault
        self.archives = archives
        self.clock = clock
        self._last = max(upkeep.last_number(vault), *(archive.highest() for archive in archives.values()), 0)
        # A batch is verified while the one before it is filed, and does not see it in the vault.
        self._imported_now: set[tuple[bytes, bytes]] = set()
        self._rejected = items.rejected(vault)

    # ---- step 9: who is it ----

    def whole(self, eid: bytes, core: bytes) -> Kept | None:
        """The imported item of this entry, if its documents and its cells really are in the archive."""
        found = items.imported(self.vault, eid, core)
        if found is None:
            return None
        for comp in found.opened:
            archive = self.archives.get(comp)
            if archive is not None and not archive.holds(found.number, eid):
                return None
        cells = self.vault.home / FOLDER / found.area / found.file
        with files.mapped_os_errors():
            if not cells.is_file() or cells.stat().st_size < found.end:
                return None
        return found

    def _plans(self, results: Sequence[Verified]) -> Iterator[_Plan]:
        """What becomes of each signed entry of a batch, the batch itself taken into account."""
        cores: defaultdict[_Place, set[bytes]] = defaultdict(set)
        signed = [(result, result.signed) for result in results if result.signed is not None]
        for _, entry in signed:
            for place in _places(entry):
                cores[place].add(entry.core_hash)
        for result, entry in signed:
            ident = (entry.core.eid, entry.core_hash)
            twice = any(len(cores[place]) > 1 for place in _places(entry))
            if twice or items.contradicted(self.vault, entry):
                yield _Plan(result, entry, "quarantined", Problem("E_EQUIVOCATION", seq=entry.seq))
            elif not result.known and (aside := self._put_aside(ident, (result.file.name, result.file.hash))):
                yield _Plan(result, entry, "quarantined", result.problem or aside)
            elif result.known or ident in self._imported_now:
                yield _Plan(result, entry, "duplicate")
            elif result.problem is not None or result.entry is None:
                yield _Plan(result, entry, "quarantined", result.problem)
            else:
                self._imported_now.add(ident)
                self._last += 1
                yield _Plan(result, entry, "imported", number=self._last)

    def _put_aside(self, *names: tuple[bytes, bytes]) -> Problem | None:
        """The problem of what was rejected, under the name of its core or, before a device vouched for it, its file."""
        if self._rejected.isdisjoint(names):
            return None
        decided = [self.vault.db.one("SELECT code FROM decision WHERE eid = ? AND core = ?", name) for name in names]
        return Problem("E_REJECTED", code=next(str(row[0]) for row in decided if row is not None))

    # ---- step 12 ----

    def commit(self, results: Sequence[Verified], payload: Payload, report: ImportReport) -> None:
        """File one batch: cells, archives, then rows, custody events and receipts in one transaction of the vault."""
        payload.unsigned += [result for result in results if result.signed is None]
        try:
            plans = list(self._plans(results))
            new = [plan for plan in plans if plan.state == "imported"]
            if new:
                payload.keep("store")
                self._archive(new, payload)
            outcomes = self._record(plans, payload) if plans else []
        finally:
            for result in results:
                result.wipe()
        for outcome, plan in zip(outcomes, plans, strict=True):
            entry = plan.result.entry
            report.count(outcome, tuple(key.len_ for _, key in entry.attachments) if entry is not None else ())

    def _archive(self, plans: Sequence[_Plan], payload: Payload) -> None:
        with ExitStack() as stack:
            for archive in self.archives.values():
                stack.enter_context(archive.db.transaction())
            for plan in plans:
                entry = plan.result.entry
                if entry is None:
                    continue
                for comp in _opened(entry, self.archives):
                    self.archives[comp].file(_filed(plan, entry, comp, payload))
        files.checkpoint("import: archives written")

    def _record(self, plans: Sequence[_Plan], payload: Payload) -> list[dict[str, object]]:
        with self.vault.db.transaction():
            self._bundle_row(payload)
            store = self._store_row(payload)
            outcomes = [self._outcome(plan, payload, store) for plan in plans]
        payload.store = store
        return outcomes

    def _outcome(self, plan: _Plan, payload: Payload, store: int | None) -> dict[str, object]:
        eid = plan.signed.core.eid
        outcome: dict[str, object] = {"eid": eid.hex(), "record": plan.signed.core.code, "state": plan.state}
        if plan.state == "imported" and plan.result.entry is not None:
            return {**outcome, **self._imported(plan, plan.result.entry, payload, store)}
        if plan.state == "duplicate":
            self._duplicate(plan.signed, payload)
            return outcome
        problem = plan.problem or Problem("E_SCHEMA", where="import")
        self._quarantined(plan, problem, payload, store)
        return {**outcome, **problem.as_dict()}

    def _imported(self, plan: _Plan, entry: OpenedEntry, payload: Payload, store: int | None) -> dict[str, object]:
        file, opened = plan.result.file, bytes(_opened(entry, self.archives))
        sealed = bytes(sorted({stream.comp for stream in entry.core.streams}.difference(opened)))
        items.drop(self.vault, entry.core.eid, entry.core_hash)
        items.drop(self.vault, file.name, file.hash)
        flags = items.flags(self.vault, entry, int(self.clock()))
        row = items.signed_columns(plan.signed)
        row |= {"opened": opened, "sealed": sealed, "flags": " ".join(flags)}
        self._insert(row, file, payload, store, number=plan.number, state="imported")
        items.flag_followers(self.vault, entry)
        relations.note(self.vault, entry.core, entry.core_hash)
        logbook.note(self.vault, "import", entry.core.eid, {"number": plan.number})
        self._answer(plan.signed, payload, "imported", opened)
        return {"number": plan.number, "flags": flags, "unopened": list(sealed)}

    def _duplicate(self, signed: SignedEntry, payload: Payload) -> None:
        """Known: nothing is written but the answer for the bundle that brought it again."""
        kept = items.imported(self.vault, signed.core.eid, signed.core_hash)
        self._answer(signed, payload, "imported", b"" if kept is None else kept.opened)

    def _quarantined(self, plan: _Plan, problem: Problem, payload: Payload, store: int | None) -> None:
        """Into quarantine; when it contradicts others, they go with it, whatever they were."""
        signed, now = plan.signed, int(self.clock())
        ident = (signed.core.eid, signed.core_hash)
        if problem.code == "E_EQUIVOCATION":
            for eid, core in items.to_quarantine(self.vault, signed, problem):
                logbook.note(self.vault, "quarantine", eid, {"code": problem.code})
                answers.renew(self.vault, eid, core, status="quarantined", opened=b"", code=problem.code, now=now)
        standing = items.standing(self.vault, *ident)
        if standing is None:
            items.drop(self.vault, plan.result.file.name, plan.result.file.hash)
            items.rename_decision(self.vault, (plan.result.file.name, plan.result.file.hash), ident)
            self._last += 1
            row = items.signed_columns(signed) | items.problem_columns(problem)
            self._insert(row, plan.result.file, payload, store, number=self._last, state="quarantined")
        else:
            items.change_problem(self.vault, *ident, problem)
            items.move(self.vault, *ident, payload.bundle.bid, plan.result.file, store)
        if standing != ("quarantined", problem.code):
            logbook.note(self.vault, "quarantine", signed.core.eid, {"code": problem.code})
        self._answer(signed, payload, "quarantined", b"", problem.code)

    def _answer(
        self, signed: SignedEntry, payload: Payload, status: answers.Status, opened: bytes, code: str = ""
    ) -> None:
        answers.answer(
            self.vault,
            bid=payload.bundle.bid,
            serial=signed.certificate.serial,
            eid=signed.core.eid,
            core=signed.core_hash,
            status=status,
            opened=opened,
            code=code,
            now=int(self.clock()),
        )

    # ---- what stays in quarantine ----

    def settle(self, payload: Payload, quota: int, report: ImportReport) -> bool:
        """Keep the cells of what stands in quarantine, and decide about the entries that no device vouches for; False
        when these were not kept.

        They are kept with a bundle that is kept anyway; else in the small room for strangers while there is some. What
        cannot be kept leaves no row: strangers fill nothing but that room.
        """
        unsigned = [result for result in payload.unsigned if result.problem is not None]
        new = [r for r in unsigned if items.standing(self.vault, r.file.name, r.file.hash) is None]
        if items.without_cells(self.vault, payload.bundle.bid):
            payload.keep("quarantine")
        if new and payload.area is None:
            if payload.bytes > quota - self._strangers_bytes(payload.bytes, quota):
                report.refuse(payload.bundle.label, Problem("E_STRANGERS_FULL"))
                return False
            payload.keep("strangers")
        if payload.area is not None:
            self._settle(payload, new)
        for result in unsigned:
            problem = result.problem or Problem("E_SCHEMA", where="import")
            report.count({"eid": result.file.name.hex(), "state": "quarantined", **problem.as_dict()})
        return True

    def finish(self, bid: bytes, entries: int) -> None:
        """Every entry of a bundle was filed: note it, with their number."""
        known = self.vault.db.one("SELECT entries FROM bundle_filed WHERE bid = ?", (bid,))
        if known != (entries,):
            self.vault.db.execute(
                "INSERT INTO bundle_filed VALUES (?, ?, ?) ON CONFLICT (bid) DO UPDATE SET entries = excluded.entries",
                (bid, entries, int(self.clock())),
            )

    def _settle(self, payload: Payload, new: Sequence[Verified]) -> None:
        with self.vault.db.transaction():
            self._bundle_row(payload)
            store = self._store_row(payload)
            items.give_cells(self.vault, payload.bundle.bid, store)
            for result in new:
                self._last += 1
                problem = result.problem or Problem("E_SCHEMA", where="import")
                row = {"eid": result.file.name, "core": result.file.hash} | items.problem_columns(problem)
                self._insert(row, result.file, payload, store, number=self._last, state="quarantined")
                logbook.note(self.vault, "quarantine", result.file.name, {"code": problem.code})
        payload.store = store

    def _strangers_bytes(self, needed: int, quota: int) -> int:
        """Bytes that strangers' bundles take; before they refuse another one, those older than 90 days are removed."""
        used = items.strangers(self.vault)
        if used + needed <= quota:
            return used
        names = items.expire_strangers(self.vault, int(self.clock()) - STRANGERS_DAYS * _DAY)
        for name in names:
            files.remove(self.vault.home / FOLDER / "strangers" / name)
        return items.strangers(self.vault)

    # ---- rows ----

    def _bundle_row(self, payload: Payload) -> None:
        bundle, now = payload.bundle, int(self.clock())
        self.vault.db.execute(
            "INSERT INTO bundle (bid, retn, label, seen, lost, damaged) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (bid) DO UPDATE SET lost = min(lost, excluded.lost), damaged = excluded.damaged",
            (bundle.bid, bundle.retn, bundle.label, now, bundle.volumes_lost, bundle.volumes_damaged),
        )

    def _store_row(self, payload: Payload) -> int | None:
        """The row of the kept cells, made when there is none yet; the caller remembers it once it is committed."""
        if payload.area is None or payload.store is not None:
            return payload.store
        return self.vault.db.execute(
            "INSERT INTO store (name, area, bytes, at) VALUES (?, ?, ?, ?)",
            (payload.name, payload.area, payload.bytes, int(self.clock())),
        )

    def _insert(
        self, row: Mapping[str, items.Column], file: items.Placed, payload: Payload, store: int | None, *,
        number: int, state: str,
    ) -> None:  # fmt: skip
        where = {"bid": payload.bundle.bid, "store": store, "start": file.offset, "bytes": file.size}
        items.insert(self.vault, {"number": number, "state": state, "at": int(self.clock()), **where, **row})


def _places(signed: SignedEntry) -> tuple[_Place, _Place]:
    """What only one core may claim: the entry id, and the device's sequence number."""
    return (signed.core.eid, b"eid"), (signed.certificate.serial, signed.seq)


def _opened(entry: OpenedEntry, archives: Mapping[int, Archive]) -> list[int]:
    """The compartments that were opened and have an archive here: only they are answered for."""
    return sorted(entry.documents.keys() & archives.keys())


def _filed(plan: _Plan, entry: OpenedEntry, comp: int, payload: Payload) -> Filed:
    return Filed(
        number=plan.number,
        eid=entry.core.eid,
        record=entry.core.code,
        content=entry.contents[comp],
        document=entry.documents[comp],
        key=entry.keys[comp],
        attachments=[kept for kept, _ in _attachments(plan, entry, comp, payload)],
        secrets={key.sid: key.sk for stream, key in entry.attachments if stream.comp == comp},
        facets=facets.of_gates(entry.documents) if comp == PROCESS else frozenset(),
    )


def _attachments(
    plan: _Plan, entry: OpenedEntry, comp: int, payload: Payload
) -> Iterator[tuple[KeptAttachment, bytes]]:
    for stream, attachment in entry.attachments:
        if stream.comp != comp:
            continue
        found = plan.result.streams[stream.sid]
        info = StreamInfo(stream.sid, attachment.len_, stream.cells, stream.commit, stream.root)
        kept = KeptAttachment(
            number=plan.number,
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
        yield kept, attachment.sk
