"""The steps of sealing: what goes into one entry, its file, its rows (docs/spec/protocol.md §6.5).

Rule: nothing here decides whether something may be sealed, and nothing counts before the caller's one rotation of the
ring commits `store`. Several entries may be made one after another before any counts: each then names the one `before`
it, and the signer's next state waits in its work.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from collector import (
    about,
    answer_notes,
    compose,
    crypto,
    drafts,
    files,
    identity,
    media,
    mission,
    outbox,
    readback,
    timekeeping,
)
from collector.correction import Link, link_of
from collector.crypto import Secret
from collector.database import Database
from collector.drafts import Draft
from collector.identity import Signer, Wrapping
from collector.interview import Interview
from collector.media import Attachment, Rewrap
from collector.mission import ActivePack
from collector.vault import Vault
from schemas.records.common import LeafSignature
from schemas.records.manifest import Core, RecipientRef, StreamRef, Times

_NONE = bytes(32)


@dataclass(slots=True)
class Work:
    """What one sealing has in hand between its steps.

    `keys` opens the signer's state, `before` is H(core) and log size of the device's entry before: those of the
    database, or of the work before this one when several entries are made together. `link`: what the entry corrects.
    """

    draft: Draft
    name: str
    now: int
    pack: ActivePack
    signer: Signer
    material: compose.Material
    incomplete: str | None
    keys: Wrapping
    before: tuple[bytes, int]
    log_size: int = 0
    entry: compose.Entry | None = None
    following: Secret | None = None
    link: Link | None = None

    @property
    def kind(self) -> Literal["testimony", "correction"]:
        """What the manifest calls the entry."""
        return "testimony" if self.link is None else "correction"

    def made(self) -> compose.Entry:
        """The sealed bytes."""
        if self.entry is None:
            raise ValueError("an entry is composed before it is written")
        return self.entry

    @property
    def stale(self) -> bool:
        """Whether the pack's time is over."""
        return self.pack.expired(self.now)


def freeze(vault: Vault, draft: Draft) -> None:
    """Step 1: nothing is answered any more."""
    with vault.db.transaction():
        if vault.db.changes("UPDATE draft SET state = 'frozen' WHERE id = ? AND state = 'open'", (draft.number,)):
            vault.log.append("freeze", draft.code.encode())


def prepare(
    vault: Vault,
    interview: Interview,
    attachments: list[Attachment],
    incomplete: str | None,
    now: int,
    *,
    signer: Signer | None = None,
) -> Work:
    """Step 2: what will be sealed, by which leaf (the device's next one, unless told). Raises E_NOT_ENROLLED."""
    pack = mission.required_pack(vault.db)
    signer = signer or identity.sealing_signer(vault.db)
    if signer is None:
        identity.begin(vault.db, vault.ring, clock=lambda: now)
        signer = identity.signers(vault.db)[-1]
    material = compose.gather(
        interview.form,
        interview.session,
        interview.all_given(),
        attachments,
        now=now,
        interrupted=incomplete is not None,
        consents=interview.ledger.records(),
    )
    material.times = timekeeping.noted(interview)
    material.notes = answer_notes.sealed(interview)
    material.readback = readback.events(interview)
    material.left_behind.extend(interview.files_away())
    return Work(
        interview.draft, files.random_name(), now, pack, signer, material, incomplete, vault.ring, _last(vault.db),
        link=link_of(interview),
    )  # fmt: skip


def _last(db: Database) -> tuple[bytes, int]:
    row = db.one("SELECT core_hash, log_size FROM entry ORDER BY rowid DESC LIMIT 1")
    return (_NONE, 0) if row is None else (bytes(row[0]), int(row[1]))


# ---- step 3 ----


def composed(vault: Vault, work: Work) -> compose.Entry:
    """The sealed bytes; the signer's next state waits in `work` until it can be stored."""
    floor = mission.time_floor(vault.db)
    recipients = mission.recipients(work.pack.body, max(floor, work.now))
    eid = crypto.random_bytes(16)

    def core(hdr: bytes, refs: tuple[RecipientRef, ...], streams: tuple[StreamRef, ...]) -> Core:
        return _core(vault, work, eid, hdr, refs, streams, recipients.epoch, floor)

    def sign(data: bytes) -> LeafSignature:
        signature, work.following = work.signer.sign_manifest(work.keys, data)
        return signature

    fields = compose.Fields(eid=eid, recipients=recipients, core=core, sign=sign)
    return compose.seal(work.material, lambda sid: media.stream_key(vault, sid), fields)


def _core(
    vault: Vault,
    work: Work,
    eid: bytes,
    hdr: bytes,
    refs: tuple[RecipientRef, ...],
    streams: tuple[StreamRef, ...],
    epoch: int,
    floor: int,
) -> Core:
    prev, prev_size = work.before
    work.log_size, log_root = vault.log.head()
    form = mission.stored_form(vault.db, work.draft.form)
    return Core(
        eid=eid,
        hdr=hdr,
        kind=work.kind,
        rel=() if work.link is None else ((work.link.way, work.link.eid),),
        code=work.draft.code,
        mission=work.pack.body.mission,
        pack=(work.pack.body.ver, work.pack.hash),
        epoch=epoch,
        cert=work.signer.cert or work.signer.request,
        seq=work.signer.next_leaf,
        prev=prev,
        log=(work.log_size, log_root, tuple(vault.log.proof(prev_size))),
        t=Times(
            dev=work.now, floor=floor, mono=seconds_since_boot(), anchors=(work.pack.body.checkpoint, work.pack.hash)
        ),
        form=(form.id, form.version, form.hash),
        recips=refs,
        streams=streams,
        incomplete=work.incomplete,
        app=about.app(),
        extra={"x-stale": True} if work.stale else {},
    )


def seconds_since_boot() -> int:
    """Seconds that nobody can set: since the machine was started, where the system tells."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return int(time.monotonic() if clock is None else time.clock_gettime(clock))


def write_pending(vault: Vault, work: Work) -> None:
    """The outbox file under its pending name, and the entry's attachments: all durable."""
    entry = work.made()
    outbox.write_pending(vault, work.name, entry.data)
    for group in work.material.attachments.values():
        for attachment in group:
            files.sync_file(vault.path("spool", attachment.spool))
    if work.material.attachments:
        files.fsync_dir(vault.folder / "spool")
    files.checkpoint("seal: streams durable")


# ---- step 4 ----


def store(vault: Vault, rewrap: Rewrap, work: Work) -> list[str]:
    """The rows of an entry in the place of its draft's, inside the rotation; the spooled files to erase after it."""
    entry, draft = work.made(), work.draft
    _insert_entry(vault.db, work, entry)
    files.checkpoint("seal: entry row")
    _advance_signer(vault.db, rewrap, work)
    files.checkpoint("seal: signer advanced")
    spooled = media.forget(rewrap, vault.db, [attachment.sid for attachment in work.material.left_behind])
    media.adopt(vault.db, rewrap, draft.number, entry.eid)
    drafts.delete(vault.db, draft)
    rewrap.drop(draft.key)
    files.checkpoint("seal: draft gone")
    vault.log.append("seal", entry.eid, {"seq": work.signer.next_leaf, "core": crypto.sha256(entry.core)})
    return spooled


def _insert_entry(db: Database, work: Work, entry: compose.Entry) -> None:
    db.execute(
        "INSERT INTO entry (eid, code, kind, form, signer, seq, core_hash, file_hash, file_bytes, file_name, comps,"
        " log_size, incomplete, stale, opened_at, sealed_at, changed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.eid,
            work.draft.code,
            work.kind,
            work.draft.form,
            work.signer.number,
            work.signer.next_leaf,
            crypto.sha256(entry.core),
            crypto.sha256(entry.data),
            len(entry.data),
            work.name,
            sum(1 << comp for comp in entry.compartments),
            work.log_size,
            work.incomplete,
            int(work.stale),
            work.draft.opened_at,
            work.now,
            work.now,
        ),
    )
    db.execute_many(
        "INSERT INTO entry_stream VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (entry.eid, place, stream.sid, stream.comp, stream.kind, stream.cells, stream.root)
            for place, stream in enumerate(entry.streams)
        ],
    )


def _advance_signer(db: Database, rewrap: Rewrap, work: Work) -> None:
    """Puts the next state in the place of the one that signed; after the last leaf there is none."""
    signer = work.signer
    if work.following is not None and signer.state is not None:
        rewrap.replace(signer.state, work.following)
        db.execute("UPDATE signer SET next_leaf = next_leaf + 1 WHERE id = ?", (signer.number,))
    elif signer.state is not None:
        db.execute("UPDATE signer SET next_leaf = next_leaf + 1, state = NULL WHERE id = ?", (signer.number,))
        rewrap.drop(signer.state)
