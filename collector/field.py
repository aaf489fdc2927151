"""The field machine as screens and commands see it: one open home, its mission, its interviews, its sealed entries.

Nothing is decided here; this is where vault, mission, interviews and sealing are put together. Opening a home first
puts right what an interruption left behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from collector import codes, crypto, drafts, hygiene, identity, media, mission, outbox, sealing, standing
from collector.cells import CELL
from collector.correction import Link
from collector.database import guard_memory
from collector.drafts import Draft
from collector.forms import open_form
from collector.interview import Interview
from collector.keyslots import KdfParams
from collector.mission import ActivePack, PackSummary
from collector.review import hidden_files
from collector.sealing import SealedEntry
from collector.signer import LEAVES
from collector.standing import Refusal
from collector.vault import Vault, field_migrations
from schemas.problems import Problem
from schemas.records.mission import PackForm
from schemas.xform_model import Form

Clock = Callable[[], float]
PROFILE = "field"
LEAVING = ("sealed", "exported", "stored", "needs-human")
"""States of entries that the office has not confirmed: they still have to leave, or to be answered."""


@dataclass(frozen=True, slots=True)
class InterviewRow:
    """One line of the list of interviews: drafts and sealed entries alike. Times are seconds since 1970.

    `attachments` of a draft are all that lie in the vault, unless the list was asked for with `looking_in`. `kind` is
    that of the manifest. `corrects` is told of a draft only: which record a sealed one names lies sealed in it.
    """

    code: str
    state: str
    form: str
    opened_at: int
    changed_at: int
    attachments: int
    entry: str | None = None
    sealed_at: int | None = None
    bytes_: int = 0
    incomplete: str | None = None
    stale: bool = False
    kind: str = "testimony"
    corrects: Link | None = None
    refusal: Refusal | None = None


class Field:
    """An open home of the field profile. Close it to lock: keys are wiped, and the home is free for another process."""

    def __init__(self, vault: Vault, *, clock: Clock = time.time, notices: tuple[Problem, ...] = ()) -> None:
        self.vault = vault
        self.notices = (*vault.warnings, *notices)
        self._clock = clock
        self._parsed: dict[bytes, Form] = {}
        self._unreadable: set[bytes] = set()
        self._interviews: dict[str, Interview] = {}

    # ---- opening and closing ----

    @classmethod
    def create(
        cls,
        home: Path,
        passphrase: str,
        *,
        params: KdfParams | None = None,
        keyfile: bytes | None = None,
        leaves: int = LEAVES,
        clock: Clock = time.time,
    ) -> Field:
        """Makes a home with a vault and the device's first signature tree. Raises what `Vault.create` raises."""

        def prepare(vault: Vault) -> None:
            identity.begin(vault.db, vault.ring, leaves=leaves, clock=clock)

        guard_memory()
        vault = Vault.create(
            home,
            passphrase,
            migrations=field_migrations(),
            profile=PROFILE,
            params=params,
            keyfile=keyfile,
            prepare=prepare,
            clock=clock,
        )
        return cls(vault, clock=clock)

    @classmethod
    def open(cls, home: Path, passphrase: str, *, keyfile: bytes | None = None, clock: Clock = time.time) -> Field:
        """Opens a home. Raises what `Vault.unlock` raises; what a person must know of it stands in `notices`."""
        guard_memory()
        vault = Vault.unlock(
            home, passphrase, migrations=field_migrations(), profile=PROFILE, keyfile=keyfile, clock=clock
        )
        try:
            restored = any(warning.code == "E_LOG_FORK" for warning in vault.warnings)
            identity.settle(vault, restored=restored)
            lost = len(media.sweep(vault).missing)
            notices = [*outbox.recover(vault), *([Problem("E_ATTACH_LOST", count=lost)] if lost else [])]
            return cls(vault, clock=clock, notices=tuple(notices))
        except BaseException:
            vault.close()
            raise

    def close(self) -> None:
        """Locks: every interview is closed, every key wiped. Harmless when repeated."""
        for interview in self._interviews.values():
            interview.close()
        self._interviews.clear()
        self.vault.close()

    @property
    def clock(self) -> Clock:
        """What this machine believes the time to be, in seconds since 1970."""
        return self._clock

    def __enter__(self) -> Field:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- the mission ----

    def request(self) -> tuple[bytes, str]:
        """The enrolment request for the office and its fingerprint: the same until it is answered and worn out."""
        data = identity.request(self.vault, clock=self._clock)
        return data, crypto.fingerprint(data)

    def preview_pack(self, data: bytes, fingerprint: str | None = None) -> PackSummary:
        """What a mission pack would bring, verified whole; nothing is taken in. Raises as `accept_pack`."""
        return mission.preview(self.vault, data, fingerprint, clock=self._clock)

    def accept_pack(self, data: bytes, fingerprint: str | None = None) -> PackSummary:
        """Takes a mission pack in. `fingerprint` as a person typed it: needed for the first pack.

        Raises E_NOT_FOR_US, E_PACK_*, E_ROOT_OTHER, E_FINGERPRINT, E_MISSION, E_CERT, E_CERT_NOT_MINE, E_RECIPIENT_KEY,
        E_FORM_*; then the pack in force was not changed.
        """
        return mission.accept(self.vault, data, fingerprint, clock=self._clock)

    def pack(self) -> ActivePack | None:
        """The mission pack in force, or None before enrolment."""
        return mission.active_pack(self.vault.db)

    def forms(self) -> tuple[PackForm, ...]:
        """The forms that new interviews may use. Raises E_NOT_ENROLLED."""
        return mission.forms_in_force(self.vault.db)

    def form(self, form_hash: bytes) -> Form:
        """The definition of a form that some pack brought. Raises E_FORM_UNKNOWN, E_FORM_*."""
        if form_hash not in self._parsed:
            stored = mission.stored_form(self.vault.db, form_hash)
            self._parsed[form_hash] = open_form(self.vault.db, stored.xml, stored.files)
        return self._parsed[form_hash]

    def prepare_form(self) -> bool:
        """Reads one form of a draft that was not read yet, so that opening it takes no time for that. False: none is
        left. What cannot be read is told when the draft is opened.
        """
        for row in self.interviews():
            if row.state != "open":
                continue
            wanted = drafts.find(self.vault.db, row.code).form
            if wanted not in self._parsed and wanted not in self._unreadable:
                try:
                    self.form(wanted)
                except Problem:
                    self._unreadable.add(wanted)
                return True
        return False

    # ---- interviews ----

    def new_interview(self, form_id: str | None = None) -> Interview:
        """Begins an interview on a form of the pack in force (the first without an id).

        Raises E_NOT_ENROLLED, E_FORM_UNKNOWN.
        """
        stored = mission.form_to_use(self.vault.db, form_id)
        interview = Interview.begin(self.vault, stored, self.form(stored.hash), clock=self._clock)
        self._interviews[interview.code] = interview
        return interview

    def open_interview(self, code: str) -> Interview:
        """The draft with this record code, as it was left; one whose sealing was cut off can be changed again.

        Raises E_INTERVIEW_UNKNOWN, E_INTERVIEW_SEALED, E_KEY_LOST.
        """
        draft = drafts.find(self.vault.db, codes.normal(code))
        if draft.state == "frozen":
            sealing.thaw(self.vault, draft)
        return self._live(draft.code)

    def _live(self, code: str) -> Interview:
        """The one live object of a draft."""
        held = self._interviews.get(code)
        if held is None or held.closed:
            draft = drafts.find(self.vault.db, code)
            held = Interview.resume(self.vault, draft, self.form(draft.form), clock=self._clock)
            self._interviews[code] = held
        return held

    def interviews(self, *, looking_in: bool = False) -> list[InterviewRow]:
        """Every draft and every sealed entry of this device, the newest first.

        With `looking_in` drafts are read, so that only the attachments count that would be sealed: not those that were
        taken away and can be brought back, nor those of questions that the form hides.
        """
        db = self.vault.db
        rows = [
            self._told(InterviewRow(draft.code, draft.state, form, draft.opened_at, draft.touched_at, files), draft)
            for form, files, *row in db.query(
                "SELECT form_id, (SELECT count(*) FROM attachment WHERE attachment.draft = draft.id),"
                " id, code, state, form, key, opened_at, touched_at FROM draft JOIN form ON form.hash = draft.form"
            )
            for draft in (Draft(*row),)
        ]
        if looking_in:
            rows = [replace(row, attachments=self._files_to_seal(row)) if row.attachments else row for row in rows]
        rows += [
            InterviewRow(
                code, state, form, opened, changed, files, bytes(eid).hex(), sealed, size, incomplete, bool(stale), kind
            )
            for code, state, form, opened, changed, files, eid, sealed, size, incomplete, stale, kind in db.query(
                "SELECT code, state, form_id, opened_at, changed_at,"
                " (SELECT count(*) FROM entry_stream WHERE entry_stream.eid = entry.eid AND kind = 'att'),"
                " eid, sealed_at, file_bytes, incomplete, stale, kind FROM entry JOIN form ON form.hash = entry.form"
            )
        ]
        return sorted(rows, key=lambda row: (row.opened_at, row.code), reverse=True)

    def _told(self, row: InterviewRow, draft: Draft) -> InterviewRow:
        told = standing.of_draft(self.vault, draft)
        kind = "testimony" if told.corrects is None else "correction"
        return replace(row, kind=kind, corrects=told.corrects, refusal=told.refusal)

    def _files_to_seal(self, row: InterviewRow) -> int:
        held = self._interviews.get(row.code)
        if held is not None and not held.closed:
            return _files_to_seal(held)
        try:
            draft = drafts.find(self.vault.db, row.code)
            interview = Interview.resume(self.vault, draft, self.form(draft.form), clock=self._clock)
        except Problem:
            return row.attachments  # a draft that cannot be read still holds them
        try:
            return _files_to_seal(interview)
        finally:
            interview.close()

    def seal(self, code: str, incomplete: str | None = None) -> SealedEntry:
        """Seals a draft for the office; `incomplete` is the reason why an interview was interrupted.

        Raises what `collector.sealing.seal` raises.
        """
        interview = self._live(codes.normal(code))
        sealed = sealing.seal(self.vault, interview, incomplete=incomplete, clock=self._clock)
        del self._interviews[interview.code]
        return sealed

    def withdraw(self, code: str) -> None:
        """Erases a draft for good, because consent was taken back or it was begun by mistake.

        Raises E_INTERVIEW_UNKNOWN, E_INTERVIEW_SEALED.
        """
        draft = drafts.find(self.vault.db, codes.normal(code))
        held = self._interviews.pop(draft.code, None)
        if held is not None:
            held.close()
        drafts.withdraw(self.vault, draft)

    # ---- looking ----

    def status(self) -> dict[str, Any]:
        """How things stand: mission, interviews by state, what still has to leave, what deserves attention."""
        pack, rows = self.pack(), self.interviews()
        signer = identity.sealing_signer(self.vault.db)
        by_state: dict[str, int] = {}
        for row in rows:
            by_state[row.state] = by_state.get(row.state, 0) + 1
        waiting = [row for row in rows if row.state in LEAVING]
        return {
            "profile": PROFILE,
            "enrolled": pack is not None,
            "pack": None if pack is None else self._pack_status(pack),
            "interviews": by_state,
            "to_leave": {"entries": by_state.get("sealed", 0), "bytes": self._bytes_in(("sealed",))},
            "unconfirmed": {"entries": len(waiting), "bytes": self._bytes_in(LEAVING)},
            "stored": self._stored(),
            "tokens_left": self._tokens_left(),
            "signatures_left": 0 if signer is None else signer.left,
            "certified": signer is not None and signer.cert is not None,
            "refused_packs": [
                {"code": code, "version": ver, "at": at}
                for code, ver, at in self.vault.db.query("SELECT code, ver, at FROM pack_refused ORDER BY id")
            ],
            "warnings": [problem.as_dict() for problem in self.warnings()],
        }

    def _stored(self) -> list[dict[str, Any]]:
        """What a receiver has and the office has not confirmed: record code, since when, for how many seconds."""
        now = int(self._clock())
        return [
            {"code": code, "since": since, "seconds": max(0, now - since)}
            for code, since in self.vault.db.query(
                "SELECT code, changed_at FROM entry WHERE state = 'stored' ORDER BY changed_at, code"
            )
        ]

    def _tokens_left(self) -> int:
        """Upload tokens that were never used."""
        row = self.vault.db.one("SELECT count(*) FROM token WHERE bid IS NULL")
        return 0 if row is None else int(row[0])

    def warnings(self) -> list[Problem]:
        """What deserves attention: of the vault, of the pack, of the signing numbers."""
        found, pack = [*self.notices, *hygiene.swap_warnings()], self.pack()
        if pack is None:
            return found
        found += mission.warnings(pack.body, int(self._clock()))
        signer = identity.sealing_signer(self.vault.db)
        if signer is None or signer.cert is None:
            found.append(Problem("E_UNCERTIFIED"))
        elif signer.renewal_due:
            found.append(Problem("E_LEAVES_LOW", left=signer.left))
        return found

    def _pack_status(self, pack: ActivePack) -> dict[str, Any]:
        return {
            "mission": pack.body.name,
            "org": pack.body.org,
            "version": pack.body.ver,
            "issued": pack.body.issued,
            "expires": pack.body.expires,
            "expired": pack.expired(int(self._clock())),
            "gap": pack.gap,
            "forms": [{"id": form.id, "version": form.ver} for form in pack.body.forms],
            "receivers": len(pack.body.receivers),
        }

    def _bytes_in(self, states: tuple[str, ...]) -> int:
        """Bytes of entries in these states: heads, documents and attachments."""
        marks = ", ".join("?" * len(states))
        row = self.vault.db.one(
            f"SELECT coalesce(sum(file_bytes), 0), coalesce(sum((SELECT coalesce(sum(cells), 0) FROM entry_stream"
            f" WHERE entry_stream.eid = entry.eid AND kind = 'att')), 0) FROM entry WHERE state IN ({marks})",
            states,
        )
        return 0 if row is None else int(row[0]) + int(row[1]) * CELL


def _files_to_seal(interview: Interview) -> int:
    hidden = hidden_files(interview.session)
    return sum(each.sid not in hidden for each in interview.files())
