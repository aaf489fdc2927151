"""From the outbox of a field machine to sticks: what has no receipt travels, and travels again.

Rule: an entry is exported when enough of its bundle was read back from the sticks to put it together; not before. A
bundle that was cut off while it was made is abandoned, and its entries go into a new one under new keys
(docs/spec/protocol.md §9.5, §13).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Literal

from collector import attachments, crypto, files, mission
from collector.cells import CELL
from collector.field import LEAVING, Field
from collector.slots import RecipientPublic
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.bundle import ENTRY_FILE, STREAM_FILE
from schemas.records.mission import PackBody
from sync import notice
from sync.bundle import BundleKeys, Progress, Writer, Written
from sync.decode import label
from sync.export_report import BundleExport, ExportReport, StickVerdict
from sync.halting import Halt, Halted
from sync.medium import Stick, lacking_room, space_problem
from sync.payload import MIB, Group, Item, Layout, Payload, group_layout, largest_payload, next_bundle
from sync.volume import file_length, volume_name

Clock = Callable[[], float]
Told = Callable[[StickVerdict], None]
Route = Literal["stick", "upload"]
NEW: Final = ("sealed",)
_STAGED: Final = (
    "SELECT eid FROM bundle_entry JOIN bundle USING (bid) WHERE bundle.route = 'upload' AND bundle.state = 'ready'"
)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An entry that is to leave: its id, its record code, its files."""

    eid: bytes
    code: str
    group: Group


def export(
    home: Field,
    folders: Sequence[Path],
    *,
    k: int | None = None,
    n: int | None = None,
    only_new: bool = False,
    progress: Progress | None = None,
    clock: Clock = time.time,
    halt: Halt | None = None,
    told: Told | None = None,
) -> ExportReport:
    """Writes every entry that the office has not confirmed (or only those that never left) to the sticks.

    Volume i of every stripe goes to folder i mod number of folders; k of n volumes suffice (the mission's policy when
    not given). Stopping `halt` ends it: bundles that were read back count, the one that was being made is taken away.
    `told` hears how each stick stands when it was read back, and again when nothing waits to be written to it any more.
    Raises E_NOT_ENROLLED, E_STICK_FOLDER for a folder that is none; everything else stands in the report.
    """
    body = mission.required_pack(home.vault.db).body
    shape = (k or body.policy.stick[0], n or body.policy.stick[1])
    run = _Export(home.vault, body, shape, list(dict.fromkeys(folders)), "stick", _held(progress, halt), clock, told)
    return run.all(NEW if only_new else LEAVING)


def stage(
    home: Field,
    *,
    k: int | None = None,
    n: int | None = None,
    only_new: bool = True,
    progress: Progress | None = None,
    clock: Clock = time.time,
) -> ExportReport:
    """Makes bundles for upload: their volumes wait in the vault's own folder, under names that tell nothing.

    What waits there already is not made twice. No bundle is larger than one token of the mission allows; an entry that
    needs more stands in the report as E_TOKEN_QUOTA. Raises E_NOT_ENROLLED.
    """
    body = mission.required_pack(home.vault.db).body
    shape = (k or body.policy.upload[0], n or body.policy.upload[1])
    run = _Export(home.vault, body, shape, [home.vault.folder / "bundles"], "upload", progress, clock)
    return run.all(NEW if only_new else LEAVING)


def _held(progress: Progress | None, halt: Halt | None) -> Progress | None:
    """Progress that waits where the work is paused, and ends it where it was stopped."""
    if halt is None:
        return progress

    def step(phase: str, done: int, total: int) -> None:
        halt.wait()
        if progress is not None:
            progress(phase, done, total)

    return step


def abandon_unfinished(vault: Vault) -> int:
    """Gives up bundles that were cut off while they were made; returns how many. Their keys are gone already."""
    rows = vault.db.query(
        "SELECT bid, file_name FROM bundle LEFT JOIN bundle_volume USING (bid) WHERE bundle.state = 'building'"
    )
    for _, name in rows:
        if name is not None:
            files.remove(vault.path("bundles", str(name)))
    unfinished = {bytes(row[0]) for row in rows}
    with vault.db.transaction():
        for bid in unfinished:
            vault.db.execute("UPDATE bundle SET state = 'abandoned' WHERE bid = ?", (bid,))
    return len(unfinished)


class _Export:
    """One run: which entries, in which bundles, over which sticks."""

    def __init__(
        self,
        vault: Vault,
        body: PackBody,
        shape: tuple[int, int],
        folders: Sequence[Path],
        route: Route,
        progress: Progress | None,
        clock: Clock,
        told: Told | None = None,
    ) -> None:
        self._vault, self._route, self._progress, self._clock = vault, route, progress, clock
        self._told: Told = told or (lambda _verdict: None)
        self._intake = [RecipientPublic(item.pkN, item.pkX) for item in body.intake]
        self._quota = body.tok_quota if route == "upload" else 0
        self._k, self._n = shape
        if not 1 <= self._k <= self._n <= 8:
            raise Problem("E_EXPORT_SHAPE", k=self._k, n=self._n)
        self._folders = list(folders)
        self._verdicts = {folder: StickVerdict(files.shown_name(str(folder))) for folder in folders}
        self._devices: dict[Path, int] = {}
        self._report = ExportReport(sticks=list(self._verdicts.values()))

    def all(self, states: Sequence[str]) -> ExportReport:
        """Bundle after bundle until everything has left, or nothing more can."""
        self._sticks()
        abandon_unfinished(self._vault)
        rest = [item for item in self._waiting(states) if self._fits_a_bundle(item)]
        by_group = {item.eid: item for item in rest}
        groups = [item.group for item in rest]
        try:
            self._all(groups, by_group)
        except Halted:
            abandon_unfinished(self._vault)
            self._report.stopped = True
        return self._report

    def _all(self, groups: list[Group], by_group: dict[bytes, _Waiting]) -> None:
        while groups:
            sticks = self._sticks()
            if not sticks:
                break
            chosen, later = next_bundle(groups, self._k, self._n, partial(self._may_go, sticks))
            if not chosen:
                if not self._drop_small_sticks(sticks, groups):
                    break
                continue
            self._bundle([by_group[group[0].name] for group in chosen], sticks, last=not later)
            groups = later
        reason = next((v.problem for v in self._verdicts.values() if v.problem is not None), Problem("E_STICK_FULL"))
        self._report.left.extend((by_group[group[0].name].code, reason) for group in groups)

    def _sticks(self) -> list[Stick]:
        """The sticks that can still be written, fresh for a bundle.

        Raises E_STICK_FOLDER for a folder that was never there; one that went away meanwhile is given up, and so is one
        beneath which another disk appears: its stick was pulled out, and what is left is the empty place.
        """
        usable: list[Stick] = []
        for folder in self._folders:
            verdict = self._verdicts[folder]
            if verdict.problem is not None:
                continue
            try:
                stick = Stick(folder)
            except Problem:
                if folder not in self._devices:
                    raise
                verdict.problem = Problem("E_STICK_GONE", folder=verdict.folder, error="ENOENT")
                continue
            verdict.problem = stick.problem
            if self._devices.setdefault(folder, stick.device) != stick.device:
                verdict.problem = Problem("E_STICK_GONE", folder=verdict.folder, error="ENODEV")
            if verdict.problem is None:
                usable.append(stick)
        return usable

    def _waiting(self, states: Sequence[str]) -> list[_Waiting]:
        """What is to leave, the oldest first; an entry whose files are not as they were sealed stays and is named."""
        found: list[_Waiting] = []
        marks = ", ".join("?" * len(states))
        staged = "" if self._route == "stick" else f" AND eid NOT IN ({_STAGED})"
        rows = self._vault.db.query(
            f"SELECT eid, code, file_name, file_bytes, file_hash FROM entry WHERE state IN ({marks}){staged}"
            " ORDER BY sealed_at, signer, seq",
            states,
        )
        for eid, code, name, size, digest in rows:
            head = Item(ENTRY_FILE, bytes(eid), int(size), bytes(digest), self._vault.path("outbox", str(name)))
            try:
                _check_entry(head)
                found.append(_Waiting(bytes(eid), str(code), (head, *self._attachments(bytes(eid)))))
            except Problem as problem:
                self._report.left.append((str(code), problem))
        return found

    def _attachments(self, eid: bytes) -> list[Item]:
        items = []
        streams = self._vault.db.query(
            "SELECT sid, cells, root FROM entry_stream WHERE eid = ? AND kind = 'att' ORDER BY place", (eid,)
        )
        for sid, cells, root in streams:
            path = attachments.spool_path(self._vault, bytes(sid))
            item = Item(STREAM_FILE, bytes(sid), int(cells) * CELL, bytes(root), path)
            if not path.is_file() or path.stat().st_size != item.size:
                raise Problem("E_OUTBOX_LOST", entry=eid.hex()[:16])
            items.append(item)
        return items

    def _may_go(self, sticks: Sequence[Stick], layout: Layout) -> bool:
        return self._within_quota(layout) and not _lacks(sticks, layout)

    def _within_quota(self, layout: Layout) -> bool:
        return not self._quota or sum(layout.bytes_for(1)) <= self._quota

    def _fits_a_bundle(self, item: _Waiting) -> bool:
        layout = group_layout([item.group], self._k, self._n)
        if layout is not None and self._within_quota(layout):
            return True
        if layout is not None:
            self._report.left.append((item.code, Problem("E_TOKEN_QUOTA")))
            return False
        size = sum(part.size for part in item.group)
        limit = largest_payload(self._k) // MIB
        self._report.left.append((item.code, Problem("E_BUNDLE_SIZE", size=files.mebibytes(size), limit=limit)))
        return False

    def _drop_small_sticks(self, sticks: list[Stick], groups: list[Group]) -> bool:
        """Names the sticks that have no room even for the smallest of what is left; the others go on without them."""
        layouts = [group_layout([group], self._k, self._n) for group in groups]
        smallest = min((layout for layout in layouts if layout is not None), key=lambda layout: layout.total)
        lacking = _lacks(sticks, smallest)
        for stick, needed, free in lacking:
            self._verdicts[stick.folder].problem = space_problem(stick, needed, free)
        return bool(lacking)

    # ---- one bundle ----

    def _bundle(self, chosen: list[_Waiting], sticks: list[Stick], *, last: bool) -> None:
        """Makes one bundle and notes what became of it; after the `last` one sticks may be taken out."""
        groups = [item.group for item in chosen]
        layout = group_layout(groups, self._k, self._n)
        if layout is None:
            raise Problem("E_BUNDLE_SIZE", size=0, limit=largest_payload(self._k) // MIB)
        retn = crypto.random_bytes(16)
        keys = BundleKeys(self._intake)
        names: dict[tuple[int, int], str] = {}

        def name_of(bid: bytes, stripe: int, index: int) -> str:
            return names[stripe, index]

        for stripe in range(layout.stripes):
            for index in range(layout.n):
                upload = self._route == "upload"
                names[stripe, index] = files.random_name() if upload else volume_name(keys.bid, stripe, index)
        try:
            self._note_building(keys.bid, layout, retn, chosen, names)
            payload = Payload(groups, retn)
            hear = partial(self._tell, sticks, layout)
            writer = Writer(payload, layout, keys, sticks, progress=self._progress, name_of=name_of, checked=hear)
            written = writer.write()
        finally:
            keys.wipe()
        if written.missing:
            for stick in sticks:
                stick.remove_whole()
        elif self._route == "stick":
            for stick in sticks:
                stick.write_text(notice.NAME, notice.TEXT)
                stick.write_sums()
                stick.sync_folder()
                stick.settle()
                if last:
                    self._tell(sticks, layout, stick)
        self._note_written(written, chosen, sticks)

    def _note_building(
        self,
        bid: bytes,
        layout: Layout,
        retn: bytes,
        chosen: Sequence[_Waiting],
        names: dict[tuple[int, int], str],
    ) -> None:
        db, upload = self._vault.db, self._route == "upload"
        with db.transaction():
            db.execute(
                "INSERT INTO bundle (bid, state, route, k, n, class, stripes, retn, made_at)"
                " VALUES (?, 'building', ?, ?, ?, ?, ?, ?, ?)",
                (bid, self._route, layout.k, layout.n, layout.cells, layout.stripes, retn, int(self._clock())),
            )
            for item in chosen:
                db.execute("INSERT INTO bundle_entry VALUES (?, ?)", (bid, item.eid))
            for (stripe, index), name in names.items():
                db.execute(
                    "INSERT INTO bundle_volume (bid, s, i, bytes, file_name, state) VALUES (?, ?, ?, ?, ?, 'waiting')",
                    (bid, stripe, index, file_length(layout.cells), name if upload else None),
                )

    def _tell(self, sticks: Sequence[Stick], layout: Layout, stick: Stick) -> None:
        """How a stick stands with what it has of the bundle at hand."""
        known = self._verdicts[stick.folder]
        self._told(replace(known, bad=dict(known.bad)).with_bundle(stick, sticks.index(stick), len(sticks), layout))

    def _note_written(self, written: Written, chosen: Sequence[_Waiting], sticks: Sequence[Stick]) -> None:
        """The verdict: what was read back decides about the bundle and its entries."""
        problem = Problem("E_STICK_INCOMPLETE", missing=written.missing) if written.missing else None
        self._store_outcome(written, chosen, problem)
        layout = written.layout
        for place, stick in enumerate(sticks):
            self._verdicts[stick.folder].with_bundle(stick, place, len(sticks), layout)
        self._report.bundles.append(
            BundleExport(
                label(written.bid),
                written.bid.hex(),
                tuple(item.code for item in chosen),
                layout.k,
                layout.n,
                layout.stripes,
                layout.cells,
                len(written.whole),
                problem,
            )
        )
        if problem is not None:
            self._report.left.extend((item.code, problem) for item in chosen)

    def _store_outcome(self, written: Written, chosen: Sequence[_Waiting], problem: Problem | None) -> None:
        vault, now = self._vault, int(self._clock())
        if problem is not None:
            abandon_unfinished(vault)
            return
        stick = self._route == "stick"
        with vault.db.transaction():
            vault.db.execute(
                "UPDATE bundle SET state = ?, broot = ? WHERE bid = ?",
                ("done" if stick else "ready", written.bundle_root, written.bid),
            )
            for stripe, index in written.whole:
                vault.db.execute(
                    "UPDATE bundle_volume SET state = ?, shard = ? WHERE bid = ? AND s = ? AND i = ?",
                    (
                        "written" if stick else "waiting",
                        written.shard_roots[stripe, index],
                        written.bid,
                        stripe,
                        index,
                    ),
                )
            if stick:
                for item in chosen:
                    vault.db.execute(
                        "UPDATE entry SET state = 'exported', changed_at = ? WHERE eid = ? AND state = 'sealed'",
                        (now, item.eid),
                    )
                details = {"entries": len(chosen), "volumes": len(written.whole)}
                vault.log.append("export", written.bid, details)


def _lacks(sticks: Sequence[Stick], layout: Layout) -> list[tuple[Stick, int, int]]:
    return lacking_room(sticks, layout.bytes_for(len(sticks)), -(-layout.n // len(sticks)) * layout.stripes)


def _check_entry(item: Item) -> None:
    """The sealed entry must be what was sealed, byte by byte. Raises E_OUTBOX_LOST, E_MEDIA_IO."""
    data = files.read_limited(item.path, item.size) if item.path.is_file() else b""
    if len(data) != item.size or crypto.sha256(data) != item.digest:
        raise Problem("E_OUTBOX_LOST", entry=item.name.hex()[:16])
