"""From draft to sealed entry: at every moment a draft or an entry, never both, never neither.

The steps are those of docs/spec/protocol.md §6.5:
1. freeze: nothing is answered any more; what sealing asks for is checked before;
2. recipients for mission, compartment and time; an expired pack goes on and marks the entry;
3. the outbox file, whole and durable, under the name of something pending;
4. the new ring file, then one transaction: entry, custody event, signer's next state; the draft's rows and keys go;
5. the old ring file overwritten, the outbox file renamed.
After 5 this machine holds no key that opens the entry. Time alone never stops sealing.

What may be sealed:
* whole: no question that may stop the interview is open, no answer is due, no rule of the form is broken;
* in either case nothing while a gate stops, postpones or wipes it (`schemas.gates`);
* interrupted, with a reason: whatever is there, if consent was asked for (`collector.review.unanswered_consent`); shown
  questions without an answer are marked `not_asked`. Interruption is for the documenter who had to stop in the middle
  of the account, so open questions at the end, blocking ones too, do not hold the testimony back.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from collector import about, compose, crypto, drafts, files, identity, media, mission, outbox
from collector.crypto import Secret
from collector.database import Database
from collector.drafts import Draft, path_text
from collector.identity import Signer
from collector.interview import Interview
from collector.media import Attachment, Rewrap
from collector.mission import ActivePack
from collector.review import unanswered_consent
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.common import LeafSignature
from schemas.records.manifest import Core, RecipientRef, StreamRef, Times
from schemas.session_types import Issue

Clock = Callable[[], float]
REASON_BYTES = 500
_NAMED = 12
_NONE = bytes(32)


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """A sealed entry as its device knows it: `bytes_` of head and documents, `attachments` are separate streams."""

    eid: bytes
    code: str
    seq: int
    bytes_: int
    attachments: int
    sealed_at: int
    stale: bool
    incomplete: str | None

    def as_dict(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {
            "entry": self.eid.hex(),
            "code": self.code,
            "number": self.seq,
            "bytes": self.bytes_,
            "attachments": self.attachments,
            "sealed_at": self.sealed_at,
            "expired_pack": self.stale,
            "incomplete": self.incomplete,
        }


@dataclass(slots=True)
class _Work:
    """What one sealing has in hand between its steps."""

    draft: Draft
    name: str
    now: int
    pack: ActivePack
    signer: Signer
    material: compose.Material
    incomplete: str | None
    log_size: int = 0
    entry: compose.Entry | None = None
    following: Secret | None = None

    @property
    def stale(self) -> bool:
        """Whether the pack's time is over."""
        return self.pack.expired(self.now)


def require_sealable(interview: Interview, incomplete: str | None) -> None:
    """Raises E_SEAL_PENDING, E_SEAL_GATE, E_SEAL_BLOCKED, E_SEAL_INCOMPLETE, E_SEAL_CONSENT or E_SEAL_REASON."""
    review, unconfirmed = interview.review(), interview.unconfirmed()
    if unconfirmed is not None:
        raise Problem("E_SEAL_PENDING", question=path_text(unconfirmed))
    if review.ending:
        raise Problem("E_SEAL_GATE", gates=", ".join(dict.fromkeys(gate.id for gate in review.ending)))
    if incomplete is None:
        due = (*review.missing, *review.invalid)
        if review.blocking:
            raise Problem("E_SEAL_BLOCKED", questions=_names(review.blocking), missing=_names(due) or "–")
        if due:
            raise Problem("E_SEAL_INCOMPLETE", count=len({issue.path for issue in due}), questions=_names(due))
    elif not _is_text(incomplete) or not 1 <= len(incomplete.encode()) <= REASON_BYTES:
        raise Problem("E_SEAL_REASON", limit=REASON_BYTES)
    consent = unanswered_consent(interview.session)
    if consent:
        raise Problem("E_SEAL_CONSENT", questions=", ".join(node.name for node in consent))


def seal(vault: Vault, interview: Interview, *, incomplete: str | None = None, clock: Clock = time.time) -> SealedEntry:
    """Seals an interview; durable when this returns, and the interview is closed.

    `incomplete` is the reason of an interrupted interview. Raises what `require_sealable` raises, and as
    `seal_as_it_is`.
    """
    require_sealable(interview, incomplete)
    return seal_as_it_is(vault, interview, incomplete=incomplete, clock=clock)


def seal_as_it_is(
    vault: Vault, interview: Interview, *, incomplete: str | None, clock: Clock = time.time
) -> SealedEntry:
    """Seals whatever the interview holds: nothing of its answers is asked for here.

    Raises E_ATTACH_RUNNING, E_ATTACH_LOST (the draft stays as it was); E_NOT_ENROLLED, E_NO_RECIPIENT, E_DOCUMENT_SIZE,
    E_MANIFEST_SIZE, E_DISK_FULL, E_MEDIA_IO and others (the draft stays frozen, nothing left the machine).
    """
    with interview.held_still():
        work = _sealed_through(vault, interview, incomplete, int(max(0, clock())))
    interview.close()
    outbox.publish(vault, work.name)
    return _sealed(work)


def _sealed_through(vault: Vault, interview: Interview, incomplete: str | None, now: int) -> _Work:
    """Steps 1 to 4: after it the entry counts."""
    attachments = _whole_attachments(interview)
    _freeze(vault, interview.draft)
    files.checkpoint("seal: frozen")
    work = _prepare(vault, interview, attachments, incomplete, now)
    try:
        work.entry = _compose(vault, work)
        _write_pending(vault, work)
        _commit(vault, work)
    except BaseException as error:
        # A fault after the commit (the old ring file, the mark) does not make the entry a draft again.
        if not (_counts(vault, work) and isinstance(error, Problem)):
            raise
    finally:
        if work.following is not None:
            work.following.wipe()
    return work


def _whole_attachments(interview: Interview) -> list[Attachment]:
    """The attachments, none still being recorded, none lost."""
    attachments = interview.files()
    if any(attachment.state != "closed" for attachment in attachments):
        raise Problem("E_ATTACH_RUNNING")
    lost = interview.lost_files()
    if lost:
        raise Problem("E_ATTACH_LOST", count=len(lost))
    return attachments


def _is_text(words: str) -> bool:
    """Whether it can be written as UTF-8: bytes of another encoding on a command line cannot."""
    return not any("\ud800" <= sign <= "\udfff" for sign in words)


def _names(issues: tuple[Issue, ...]) -> str:
    """The questions of some issues, once each, as far as a sentence can hold them."""
    names = list(dict.fromkeys(path_text(issue.path) for issue in issues))
    return ", ".join(names[:_NAMED]) + ("" if len(names) <= _NAMED else f" … (+{len(names) - _NAMED})")


# ---- steps 1 and 2 ----


def _freeze(vault: Vault, draft: Draft) -> None:
    with vault.db.transaction():
        if vault.db.changes("UPDATE draft SET state = 'frozen' WHERE id = ? AND state = 'open'", (draft.number,)):
            vault.log.append("freeze", draft.code.encode())


def thaw(vault: Vault, draft: Draft) -> None:
    """Opens a frozen draft again: sealing was refused or cut off before it counted."""
    vault.db.execute("UPDATE draft SET state = 'open' WHERE id = ?", (draft.number,))


def _prepare(
    vault: Vault, interview: Interview, attachments: list[Attachment], incomplete: str | None, now: int
) -> _Work:
    pack = mission.required_pack(vault.db)
    signer = identity.sealing_signer(vault.db)
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
    return _Work(interview.draft, files.random_name(), now, pack, signer, material, incomplete)


# ---- step 3 ----


def _compose(vault: Vault, work: _Work) -> compose.Entry:
    """The sealed bytes; the signer's next state waits in `work` until it can be stored."""
    floor = mission.time_floor(vault.db)
    recipients = mission.recipients(work.pack.body, max(floor, work.now))
    eid = crypto.random_bytes(16)

    def core(hdr: bytes, refs: tuple[RecipientRef, ...], streams: tuple[StreamRef, ...]) -> Core:
        return _core(vault, work, eid, hdr, refs, streams, recipients.epoch, floor)

    def sign(data: bytes) -> LeafSignature:
        signature, work.following = work.signer.sign_manifest(vault.ring, data)
        return signature

    fields = compose.Fields(eid=eid, recipients=recipients, core=core, sign=sign)
    return compose.seal(work.material, lambda sid: media.stream_key(vault, sid), fields)


def _core(
    vault: Vault,
    work: _Work,
    eid: bytes,
    hdr: bytes,
    refs: tuple[RecipientRef, ...],
    streams: tuple[StreamRef, ...],
    epoch: int,
    floor: int,
) -> Core:
    row = vault.db.one("SELECT core_hash, log_size FROM entry ORDER BY rowid DESC LIMIT 1")
    prev, prev_size = (_NONE, 0) if row is None else (bytes(row[0]), int(row[1]))
    work.log_size, log_root = vault.log.head()
    form = mission.stored_form(vault.db, work.draft.form)
    return Core(
        eid=eid,
        hdr=hdr,
        kind="testimony",
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


def _write_pending(vault: Vault, work: _Work) -> None:
    """The outbox file under its pending name, and the entry's attachments: all durable."""
    entry = _made(work)
    outbox.write_pending(vault, work.name, entry.data)
    for group in work.material.attachments.values():
        for attachment in group:
            files.sync_file(vault.path("spool", attachment.spool))
    if work.material.attachments:
        files.fsync_dir(vault.folder / "spool")
    files.checkpoint("seal: streams durable")


def _made(work: _Work) -> compose.Entry:
    if work.entry is None:
        raise ValueError("an entry is composed before it is written")
    return work.entry


# ---- step 4 ----


def _commit(vault: Vault, work: _Work) -> None:
    spooled: list[str] = []

    def write(rewrap: Rewrap) -> None:
        entry, draft = _made(work), work.draft
        _insert_entry(vault.db, work, entry)
        files.checkpoint("seal: entry row")
        _advance_signer(vault.db, rewrap, work)
        files.checkpoint("seal: signer advanced")
        left = [attachment.sid for attachment in work.material.left_behind]
        spooled.extend(media.forget(rewrap, vault.db, left))
        media.adopt(vault.db, rewrap, draft.number, entry.eid)
        drafts.delete(vault.db, draft)
        rewrap.drop(draft.key)
        files.checkpoint("seal: draft gone")
        vault.log.append("seal", entry.eid, {"seq": work.signer.next_leaf, "core": crypto.sha256(entry.core)})

    vault.ring.rotate(vault.db, write)
    media.erase_spooled(vault, spooled)


def _insert_entry(db: Database, work: _Work, entry: compose.Entry) -> None:
    db.execute(
        "INSERT INTO entry (eid, code, kind, form, signer, seq, core_hash, file_hash, file_bytes, file_name, comps,"
        " log_size, incomplete, stale, opened_at, sealed_at, changed_at)"
        " VALUES (?, ?, 'testimony', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.eid,
            work.draft.code,
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


def _advance_signer(db: Database, rewrap: Rewrap, work: _Work) -> None:
    """Puts the next state in the place of the one that signed; after the last leaf there is none."""
    signer = work.signer
    if work.following is not None and signer.state is not None:
        rewrap.replace(signer.state, work.following)
        db.execute("UPDATE signer SET next_leaf = next_leaf + 1 WHERE id = ?", (signer.number,))
    elif signer.state is not None:
        db.execute("UPDATE signer SET next_leaf = next_leaf + 1, state = NULL WHERE id = ?", (signer.number,))
        rewrap.drop(signer.state)


def _counts(vault: Vault, work: _Work) -> bool:
    """After a failure: whether the entry counts all the same. If not, the pending file goes.

    When that cannot be found out or done now, recovery does it.
    """
    with contextlib.suppress(Problem):
        if vault.db.one("SELECT 1 FROM entry WHERE file_name = ?", (work.name,)) is not None:
            return True
        outbox.discard(vault, work.name)
    return False


def _sealed(work: _Work) -> SealedEntry:
    entry = _made(work)
    return SealedEntry(
        eid=entry.eid,
        code=work.draft.code,
        seq=work.signer.next_leaf,
        bytes_=len(entry.data),
        attachments=sum(stream.kind == "att" for stream in entry.streams),
        sealed_at=work.now,
        stale=work.stale,
        incomplete=work.incomplete,
    )
