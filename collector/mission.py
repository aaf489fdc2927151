"""The mission on this device: taking packs in, and what the pack in force says (docs/spec/protocol.md §8.2 to §8.4).

Rule: a pack is verified whole before anything of it is stored, and stored in one transaction or not at all. What was
signed but must not be used (an older pack, a second pack of one version, a fork) is kept as evidence. Time never makes
a pack unusable: an expired one goes on until a newer one comes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from collector import about, crypto, identity, packs
from collector.database import Database
from collector.packs import RefusedPack, VerifiedPack
from collector.vault import Vault
from schemas import structure
from schemas.problems import Problem
from schemas.records.common import COMPARTMENTS, SignedObject
from schemas.records.mission import PackBody, PackForm, PackRecipient, Root
from schemas.xform import parse_form

Clock = Callable[[], float]
_FLOOR = "time-floor"


@dataclass(frozen=True, slots=True)
class ActivePack:
    """The pack in force: its body, H(body), the tree that its certificate is for."""

    body: PackBody
    hash: bytes
    signer: int
    gap: int

    def expired(self, now: int) -> bool:
        """Whether the pack's time is over by this machine's clock."""
        return now > self.body.expires


@dataclass(frozen=True, slots=True)
class ShownRecipient:
    """A recipient for a person's eyes. `place` and `of` count in its group; who is `new` is to be confirmed."""

    compartment: str
    group: int
    place: int
    of: int
    epoch: int
    fingerprint: str
    new: bool
    label: str = ""


@dataclass(frozen=True, slots=True)
class PackSummary:
    """What a person is shown of a pack before and after it is taken in. Times are seconds since 1970."""

    mission: str
    org: str
    version: int
    issued: int
    expires: int
    gap: int
    unchanged: bool
    first: bool
    root_fingerprint: str
    forms: tuple[tuple[str, str], ...]
    recipients: tuple[ShownRecipient, ...]
    receivers: int
    tokens: int

    def as_dict(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        plain: dict[str, Any] = structure.to_plain(self)
        return plain


@dataclass(frozen=True, slots=True)
class StoredForm:
    """A form as a pack brought it: id, version, H(XForm bytes), the bytes, and its files by name."""

    id: str
    version: str
    hash: bytes
    xml: bytes
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Recipients:
    """To whom the next entry is sealed: the epoch, and for each compartment its groups, members in order."""

    epoch: int
    groups: Mapping[int, tuple[tuple[PackRecipient, ...], ...]]

    def of(self, comp: int) -> tuple[tuple[PackRecipient, ...], ...]:
        """The groups of a compartment. Raises E_NO_RECIPIENT."""
        if not self.groups.get(comp):
            raise Problem("E_NO_RECIPIENT", compartment=COMPARTMENTS[comp])
        return self.groups[comp]


# ---- taking a pack in ----


def preview(vault: Vault, data: bytes, fingerprint: str | None = None, *, clock: Clock = time.time) -> PackSummary:
    """What `accept` would take in; nothing is stored, except evidence of a pack that was signed and is refused.

    Raises what `collector.packs.verify` raises, and E_FORM_* for a form that cannot run.
    """
    return _summary(vault, _verified(vault, data, fingerprint, clock))


def accept(vault: Vault, data: bytes, fingerprint: str | None = None, *, clock: Clock = time.time) -> PackSummary:
    """Takes a pack in, whole or not at all. The pack in force, again, changes nothing.

    `fingerprint` is what a person typed: needed for the first pack, compared whenever it is there. Raises as `preview`.
    """
    verified = _verified(vault, data, fingerprint, clock)
    summary = _summary(vault, verified)
    if not verified.unchanged:
        with vault.db.transaction():
            _apply(vault, verified, int(max(0, clock())))
    return summary


def _verified(vault: Vault, data: bytes, fingerprint: str | None, clock: Clock) -> VerifiedPack:
    keys = identity.numbered_keys(vault)
    try:
        expected = packs.Expected(
            trees=identity.trees(vault.db, keys),
            pinned=_pinned_hash(vault.db),
            fingerprint=fingerprint,
            standing=_standing(vault.db),
        )
        verified = packs.verify(data, list(keys.values()), expected)
    except RefusedPack as refused:
        _keep_evidence(vault, refused, int(max(0, clock())))
        raise
    finally:
        for key in keys.values():
            key.wipe()
    for form in verified.forms:
        _check_form(vault.db, form)
    return verified


def _check_form(db: Database, form: packs.VerifiedForm) -> None:
    """A form runs here with its tables, is the one that the pack names, and never had other tables.

    A draft opens with the tables that it was begun with, so other tables need another version of the form. Raises
    E_FORM_*, E_PACK_FORM, E_PACK_TABLES.
    """
    parsed = parse_form(form.xml, {file.name: data for file, data in form.files})
    if (parsed.id, parsed.version) != (form.entry.id, form.entry.ver):
        raise Problem("E_PACK_FORM", form=form.entry.id)
    if db.one("SELECT 1 FROM form WHERE hash = ?", (form.entry.hash,)) is not None:
        known = {
            (str(name), bytes(digest))
            for name, digest in db.query("SELECT name, hash FROM form_file WHERE form = ?", (form.entry.hash,))
        }
        if known != {(file.name, file.hash) for file, _ in form.files}:
            raise Problem("E_PACK_TABLES", form=form.entry.id, version=form.entry.ver)


def _keep_evidence(vault: Vault, refused: RefusedPack, now: int) -> None:
    with vault.db.transaction():
        kept = vault.db.changes(
            "INSERT OR IGNORE INTO pack_refused (at, code, ver, hash, signed) VALUES (?, ?, ?, ?, ?)",
            (now, refused.code, refused.ver, refused.hash, refused.signed),
        )
        if kept:
            vault.log.append("pack", refused.hash, {"refused": refused.code, "ver": refused.ver})


def _apply(vault: Vault, pack: VerifiedPack, now: int) -> None:
    """Everything that a pack changes, inside the caller's transaction."""
    db = vault.db
    first = active_pack(db) is None
    if _pinned_hash(db) is None:
        db.execute("INSERT INTO root VALUES (1, ?, ?, ?)", (pack.root_hash, pack.root_signed, now))
    db.execute(
        "UPDATE signer SET cert = ?, serial = ? WHERE id = ?", (pack.body.cert, pack.certificate.serial, pack.tree)
    )
    db.execute("UPDATE pack SET state = 'superseded' WHERE state = 'active'")
    db.execute(
        "INSERT INTO pack (signer, ver, hash, signed, state, gap, accepted_at) VALUES (?, ?, ?, ?, 'active', ?, ?)",
        (pack.tree, pack.body.ver, pack.hash, pack.signed, pack.gap, now),
    )
    for form in pack.forms:
        _store_form(db, form)
    for token in pack.body.tokens:
        db.execute("INSERT OR IGNORE INTO token (token, ver) VALUES (?, ?)", (token, pack.body.ver))
    for recipient in pack.body.recips:
        db.execute("INSERT OR IGNORE INTO recipient_shown VALUES (?, ?, ?, ?)", (*_seen_as(recipient), now))
    raise_floor(db, pack.body.issued)
    if first:
        vault.log.append("enrol", pack.certificate.serial, {"root": pack.root_hash})
    vault.log.append("pack", pack.hash, {"ver": pack.body.ver, "gap": pack.gap})


def _store_form(db: Database, form: packs.VerifiedForm) -> None:
    entry = form.entry
    db.execute("INSERT OR IGNORE INTO form VALUES (?, ?, ?, ?)", (entry.hash, entry.id, entry.ver, form.xml))
    for file, data in form.files:
        db.execute("INSERT OR IGNORE INTO form_file VALUES (?, ?, ?, ?)", (entry.hash, file.name, file.hash, data))


def _summary(vault: Vault, pack: VerifiedPack) -> PackSummary:
    known = {(bytes(rid), comp, tot) for rid, comp, tot in vault.db.query("SELECT rid, comp, tot FROM recipient_shown")}
    return PackSummary(
        mission=pack.body.name,
        org=pack.body.org,
        version=pack.body.ver,
        issued=pack.body.issued,
        expires=pack.body.expires,
        gap=pack.gap,
        unchanged=pack.unchanged,
        first=_standing(vault.db) is None,
        root_fingerprint=crypto.fingerprint(structure.decode(SignedObject, pack.root_signed).body),
        forms=tuple((form.id, form.ver) for form in pack.body.forms),
        recipients=tuple(_shown(recipient, known) for recipient in pack.body.recips),
        receivers=len(pack.body.receivers),
        tokens=len(pack.body.tokens),
    )


def _shown(recipient: PackRecipient, known: set[tuple[bytes, int, int]]) -> ShownRecipient:
    return ShownRecipient(
        compartment=COMPARTMENTS[recipient.comp],
        group=recipient.grp,
        place=recipient.idx + 1,
        of=recipient.tot,
        epoch=recipient.epoch,
        fingerprint=crypto.fingerprint(recipient.pkN + recipient.pkX),
        new=_seen_as(recipient) not in known,
        label=recipient.label or "",
    )


def _seen_as(recipient: PackRecipient) -> tuple[bytes, int, int]:
    """What a person confirms: this key, for this part, with so many others."""
    return recipient.rid, recipient.comp, recipient.tot


# ---- what is in force ----


def active_pack(db: Database) -> ActivePack | None:
    """The pack in force, or None before enrolment."""
    row = db.one("SELECT signed, hash, signer, gap FROM pack WHERE state = 'active'")
    if row is None:
        return None
    body = structure.decode(PackBody, structure.decode(SignedObject, row[0]).body)
    return ActivePack(body, bytes(row[1]), int(row[2]), int(row[3]))


def required_pack(db: Database) -> ActivePack:
    """The pack in force. Raises E_NOT_ENROLLED."""
    pack = active_pack(db)
    if pack is None:
        raise Problem("E_NOT_ENROLLED")
    return pack


def pinned_root(db: Database) -> Root | None:
    """The root that this device is enrolled under, or None."""
    row = db.one("SELECT signed FROM root")
    return None if row is None else structure.decode(Root, structure.decode(SignedObject, row[0]).body)


def _pinned_hash(db: Database) -> bytes | None:
    row = db.one("SELECT hash FROM root")
    return None if row is None else bytes(row[0])


def _standing(db: Database) -> packs.Standing | None:
    pack = active_pack(db)
    if pack is None:
        return None
    return packs.Standing(pack.body.org, pack.body.mission, pack.signer, pack.body.ver, pack.hash)


def recipients(body: PackBody, moment: int) -> Recipients:
    """The recipients of the newest epoch that has begun at `moment`; before all of them, those of the first (§8.4)."""
    starts = {recipient.epoch: recipient.start for recipient in body.recips}
    order = sorted(starts, key=lambda epoch: (starts[epoch], epoch))
    epoch = max((e for e in order if starts[e] <= moment), key=lambda e: (starts[e], e), default=order[0])
    groups: dict[tuple[int, int], list[PackRecipient]] = {}
    for recipient in sorted(body.recips, key=lambda item: (item.comp, item.grp, item.idx)):
        if recipient.epoch == epoch:
            groups.setdefault((recipient.comp, recipient.grp), []).append(recipient)
    found: dict[int, tuple[tuple[PackRecipient, ...], ...]] = {}
    for (comp, _), members in groups.items():
        found[comp] = (*found.get(comp, ()), tuple(members))
    return Recipients(epoch, found)


def forms_in_force(db: Database) -> tuple[PackForm, ...]:
    """The forms that new interviews may use."""
    return required_pack(db).body.forms


def form_to_use(db: Database, form_id: str | None = None) -> StoredForm:
    """The form of this id in the pack in force; the first one when no id is given. Raises E_FORM_UNKNOWN."""
    for entry in forms_in_force(db):
        if form_id is None or entry.id == form_id:
            return stored_form(db, entry.hash)
    raise Problem("E_FORM_UNKNOWN", form=form_id or "")


def stored_form(db: Database, form_hash: bytes) -> StoredForm:
    """The form with this hash, from whichever pack it came. Raises E_FORM_UNKNOWN."""
    row = db.one("SELECT form_id, version, xml FROM form WHERE hash = ?", (form_hash,))
    if row is None:
        raise Problem("E_FORM_UNKNOWN", form=form_hash.hex()[:16])
    rows = db.query("SELECT name, data FROM form_file WHERE form = ?", (form_hash,))
    return StoredForm(str(row[0]), str(row[1]), form_hash, bytes(row[2]), {str(n): bytes(d) for n, d in rows})


# ---- signed time ----


def time_floor(db: Database) -> int:
    """The latest signed time that this device has seen, in seconds since 1970; 0 before enrolment (§11.4)."""
    return int.from_bytes(db.meta(_FLOOR) or b"", "big")


def raise_floor(db: Database, seconds: int) -> None:
    """Notes a signed time, inside the caller's transaction; an earlier one changes nothing."""
    if seconds > time_floor(db):
        db.set_meta(_FLOOR, seconds.to_bytes(8, "big"))


def warnings(body: PackBody, now: int) -> list[Problem]:
    """What the pack gives reason to say: expired, or a newer program is asked for."""
    found = []
    if now > body.expires:
        found.append(Problem("E_PACK_EXPIRED", date=time.strftime("%Y-%m-%d", time.gmtime(body.expires))))
    if _release(about.version()) < _release(body.min_app):
        found.append(Problem("E_APP_OLD", needed=body.min_app, version=about.version()))
    return found


def _release(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparison; nothing for text without any."""
    numbers = []
    for part in version.split("+")[0].split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)
