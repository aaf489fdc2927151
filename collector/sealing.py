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

from collector import files, media, outbox
from collector import sealing_steps as steps
from collector.drafts import Draft, path_text
from collector.interview import Interview
from collector.media import Attachment
from collector.review import unanswered_consent
from collector.sealing_steps import Work
from collector.vault import Vault
from schemas.problems import Problem
from schemas.session_types import Issue

Clock = Callable[[], float]
REASON_BYTES = 500
_NAMED = 12


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


def _sealed_through(vault: Vault, interview: Interview, incomplete: str | None, now: int) -> Work:
    """Steps 1 to 4: after it the entry counts."""
    attachments = _whole_attachments(interview)
    steps.freeze(vault, interview.draft)
    files.checkpoint("seal: frozen")
    work = steps.prepare(vault, interview, attachments, incomplete, now)
    try:
        work.entry = steps.composed(vault, work)
        steps.write_pending(vault, work)
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


def thaw(vault: Vault, draft: Draft) -> None:
    """Opens a frozen draft again: sealing was refused or cut off before it counted."""
    vault.db.execute("UPDATE draft SET state = 'open' WHERE id = ?", (draft.number,))


def _commit(vault: Vault, work: Work) -> None:
    spooled: list[str] = []
    vault.ring.rotate(vault.db, lambda rewrap: spooled.extend(steps.store(vault, rewrap, work)))
    media.erase_spooled(vault, spooled)


def _counts(vault: Vault, work: Work) -> bool:
    """After a failure: whether the entry counts all the same. If not, the pending file goes.

    When that cannot be found out or done now, recovery does it.
    """
    with contextlib.suppress(Problem):
        if vault.db.one("SELECT 1 FROM entry WHERE file_name = ?", (work.name,)) is not None:
            return True
        outbox.discard(vault, work.name)
    return False


def _sealed(work: Work) -> SealedEntry:
    entry = work.made()
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
