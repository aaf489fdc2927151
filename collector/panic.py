"""Panic seal: after one call this machine cannot give away what it was told (docs/spec/protocol.md §4.6).

Rule: every draft is sealed as it is, in one turn of the ring, and nothing is asked. A fault costs as little as it can:
what one draft has against it leaves that one a draft; a disk that cannot take all entries takes as many as it can. At
every moment each draft is a draft or an entry, never both, never neither; and whatever happened, the vault locks.

What the rules of consent leave of it (docs/adr/0031-panic-seal.md):
* a draft of which a gate says that nothing is kept is erased in the same turn: the person said no;
* so is one in which consent was not asked yet and nothing was told;
* every other one is sealed. The ledger says which consents were given; the desk hands nothing on without them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from collector import compose, crypto, drafts, files, identity, media, outbox, panic_note
from collector import sealing_steps as steps
from collector.crypto import Secret
from collector.drafts import Draft
from collector.field import Field
from collector.identity import Signer
from collector.interview import Interview
from collector.media import Attachment, Rewrap
from collector.panic_note import PanicNote, Why
from collector.review import hidden_files, unanswered_consent
from collector.sealing_steps import Work
from collector.vault import Vault
from schemas.problems import Problem
from schemas.session_types import Path, Value
from schemas.xform_model import Question

REASON = "panic"
"""What `incomplete` says of every entry that is sealed here."""


@dataclass(frozen=True, slots=True)
class Panicked:
    """What became of the drafts: record codes; `left` are still drafts, with the code of what was against them."""

    sealed: tuple[str, ...]
    erased: tuple[str, ...]
    left: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Plan:
    """What is to be done with each draft."""

    works: list[Work] = field(default_factory=list)
    erase: list[Draft] = field(default_factory=list)
    why: dict[str, Why] = field(default_factory=dict)
    left: dict[str, Problem] = field(default_factory=dict)

    def note(self, now: int) -> PanicNote:
        """What the person who unlocks next is told."""
        erased = tuple((draft.code, self.why[draft.code]) for draft in self.erase)
        return PanicNote(now, tuple(work.draft.code for work in self.works), erased, tuple(self.left.items()))


def seal_and_lock(home: Field) -> Panicked:
    """Seals every draft and locks. Whatever fails, the vault is closed when this returns or raises.

    Raises E_VAULT_CLOSED, E_RING_LOST, E_DB_CORRUPT, E_MEDIA_IO, where not even the list of drafts can be read.
    """
    vault = home.vault
    try:
        # Held until the vault is closed: another thread that seals one of these drafts comes before this or never.
        with vault.db.held():
            try:
                return _seal_all(home, int(max(0, home.clock())))
            finally:
                home.close()
    finally:
        home.close()


def _seal_all(home: Field, now: int) -> Panicked:
    vault, plan = home.vault, _Plan()
    interviews = _open_all(home, plan)
    with contextlib.suppress(Problem):  # a disk too full for that may still take an entry in the place of a draft
        with vault.db.transaction():
            for interview in interviews:
                steps.freeze(vault, interview.draft)
        files.checkpoint("panic: frozen")
    try:
        _compose_all(vault, interviews, plan, now)
        _commit_what_fits(vault, plan, now)
    finally:
        for work in plan.works:
            if work.following is not None:
                work.following.wipe()
    note = plan.note(now)
    erased, left = (code for code, _ in note.erased), ((code, problem.code) for code, problem in note.left)
    return Panicked(note.sealed, tuple(erased), tuple(left))


# ---- what is to be done ----


def _open_all(home: Field, plan: _Plan) -> list[Interview]:
    """The drafts that are sealed, what stood in an editor taken in. Those that are erased stand in the plan."""
    found = []
    for draft in drafts.listed(home.vault.db):
        try:
            interview = home.open_interview(draft.code)
            _confirm(interview)
            if nothing_is_kept(interview):
                plan.erase.append(draft)
                plan.why[draft.code] = "refused" if _refused(interview) else "untold"
            else:
                found.append(interview)
        except Problem as problem:
            plan.left[draft.code] = problem
    return found


def nothing_is_kept(interview: Interview) -> bool:
    """Whether a panic erases a draft: the person said no, or nothing was told and consent not asked yet."""
    if _refused(interview):
        return True
    return not _told(interview) and bool(unanswered_consent(interview.session))


def _refused(interview: Interview) -> bool:
    return any(gate.wipes for gate in interview.open_gates())


def _told(interview: Interview) -> bool:
    """Whether the form shows anything that a person gave outside of the process compartment, or a file is there."""
    session, form = interview.session, interview.form
    kept = hidden_files(session)
    return (
        any(
            value is not None and form.compartment_of(path) != "process" and form.definition(path).mode != "auto"
            for path, value, _ in session.answers()
        )
        or interview.unconfirmed() is not None
        or any(attachment.sid not in kept for attachment in interview.files())
    )


def _confirm(interview: Interview) -> None:
    """Makes what stands in an editor the answer, where the question can take it; else it waits with the cursor."""
    path, cursor = interview.unconfirmed(), interview.cursor
    if path is not None and cursor is not None:
        with contextlib.suppress(Problem):
            interview.answer(path, _as_value(interview, path, cursor.pending))


def _as_value(interview: Interview, path: Path, words: str) -> Value:
    question = interview.form.definition(path)
    if isinstance(question, Question) and question.type == "integer":
        with contextlib.suppress(ValueError):
            return int(words)
    return words


def _attachments(interview: Interview) -> tuple[list[Attachment], list[Attachment]]:
    """The attachments that are whole, and those that stay behind: still being recorded, or lost from the disk.

    A question that had a lost one for its answer has none.
    """
    lost = {attachment.sid for attachment in interview.lost_files()}
    found = interview.files()
    whole = [attachment for attachment in found if attachment.state == "closed" and attachment.sid not in lost]
    for path, value, _ in list(interview.session.kept()):
        if isinstance(value, bytes) and value in lost:
            interview.session.clear(path)
    return whole, [attachment for attachment in found if attachment not in whole]


# ---- the entries ----


class _Next:
    """The signer's next state before it is stored: it opens like a wrapped key."""

    def __init__(self, state: Secret) -> None:
        self._state = state

    def wrap_new(self, kind: str, key: bytes | bytearray) -> int:
        """Nothing is kept here."""
        raise ValueError(kind, len(key))

    def open(self, ident: int) -> Secret:
        """The state, whatever its number: no other key is asked for."""
        del ident
        return Secret(self._state)


def _compose_all(vault: Vault, interviews: Sequence[Interview], plan: _Plan, now: int) -> None:
    """Every entry with its file, each naming the one before. One that cannot be made leaves its draft a draft."""
    for interview in interviews:
        work = None
        try:
            whole, behind = _attachments(interview)
            last = plan.works[-1] if plan.works else None
            signer = None if last is None else _following(vault, last, now)
            work = steps.prepare(vault, interview, whole, REASON, now, signer=signer)
            work.material.left_behind.extend(behind)
            _note_typed(interview, work)
            if last is not None:
                work.before = (crypto.sha256(last.made().core), last.log_size)
                if last.following is not None:
                    work.keys = _Next(last.following)
            work.entry = steps.composed(vault, work)
            steps.write_pending(vault, work)
        except Problem as problem:
            plan.left[interview.code] = problem
            if work is not None:
                _undo(vault, [work])
        else:
            plan.works.append(work)


def _note_typed(interview: Interview, work: Work) -> None:
    path, cursor = interview.unconfirmed(), interview.cursor
    if path is not None and cursor is not None:
        comp = compose.NUMBERS[interview.form.compartment_of(path)]
        work.material.typed.setdefault(comp, []).append((path, cursor.pending))


def _following(vault: Vault, last: Work, now: int) -> Signer:
    """What signs after this entry: the tree's next leaf; after its last one another tree that can, or a new one."""
    if last.following is not None:
        return replace(last.signer, next_leaf=last.signer.next_leaf + 1)
    usable = [each for each in identity.signers(vault.db) if each.left and each.number != last.signer.number]
    if not usable:
        identity.begin(vault.db, vault.ring, clock=lambda: now)
        usable = identity.signers(vault.db)[-1:]
    return max(usable, key=lambda each: (each.cert is not None, each.number))


# ---- the one turn of the ring ----


def _commit_what_fits(vault: Vault, plan: _Plan, now: int) -> None:
    """One turn of the ring for all; where the disk cannot take that, for half of them, and so on down to none."""
    while True:
        generation = vault.ring.generation
        try:
            _commit(vault, plan, now)
            break
        except Problem as problem:
            if vault.ring.generation != generation:
                break  # the fault came after the commit: what was written counts
            if not plan.works:
                plan.left.update({draft.code: problem for draft in plan.erase})
                plan.erase.clear()
                with contextlib.suppress(Problem):  # the drafts themselves say that they are not sealed
                    panic_note.keep(vault.db, plan.note(now))
                return
            dropped = plan.works[len(plan.works) // 2 :]
            del plan.works[len(plan.works) // 2 :]
            plan.left.update({work.draft.code: problem for work in dropped})
            _undo(vault, dropped)
    for work in plan.works:
        with contextlib.suppress(Problem):  # the next opening gives it its name
            outbox.publish(vault, work.name)


def _commit(vault: Vault, plan: _Plan, now: int) -> None:
    spooled: list[str] = []

    def write(rewrap: Rewrap) -> None:
        for work in plan.works:
            spooled.extend(steps.store(vault, rewrap, work))
        for draft in plan.erase:
            spooled.extend(media.drop_draft(rewrap, vault.db, draft.number))
            drafts.delete(vault.db, draft)
            rewrap.drop(draft.key)
            vault.log.append("draft-delete", draft.code.encode())
        numbers = {"sealed": len(plan.works), "erased": len(plan.erase), "left": len(plan.left)}
        vault.log.append("panic", b"", numbers)
        panic_note.keep(vault.db, plan.note(now))

    vault.ring.rotate(vault.db, write)
    media.erase_spooled(vault, spooled)


def _undo(vault: Vault, works: Sequence[Work]) -> None:
    """Entries that will not count: their files go (or at the next opening), what could sign again is wiped."""
    for work in works:
        if work.following is not None:
            work.following.wipe()
        with contextlib.suppress(Problem):
            outbox.discard(vault, work.name)
