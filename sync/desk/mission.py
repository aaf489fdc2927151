"""Missions, enrolment and packs at the desk (docs/spec/protocol.md §8): one office, one pack version a device.

A mission has its own recipients, so that one mission's keys open nothing of another's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from collector import crypto, files, packs
from collector.beside import Beside
from collector.crypto import Secret
from collector.packs import FormSource
from collector.slots import RecipientKeys, RecipientPublic
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.common import IDENTITY, NARRATIVE, PROCESS
from schemas.records.mission import LABEL_BYTES, Certificate, EnrolmentBody, Policy
from schemas.structure import encode
from schemas.xform import parse_form
from sync.desk import form_tables, issuing, keys, mission_forms, tokens

FORM_LIMIT = 32 << 20
NAME_BYTES = 200
YEAR = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Mission:
    """A mission as the desk keeps it; `tokens`: how many its packs bring for sending."""

    id: bytes
    name: str
    created: int
    expires: int
    tokens: int = tokens.PACK


@dataclass(frozen=True, slots=True)
class ReadForm:
    """A form that a mission takes, and what the conversion warned of."""

    source: FormSource
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What an enrolment gives: the pack file for the device, and the fingerprints that both sides compare.

    `version` is the pack's; `receivers` and `tokens` count what the pack names for sending over a network.
    """

    serial: bytes
    pack: bytes
    request_fingerprint: str
    root_fingerprint: str
    compared: bool
    again: bool
    version: int
    receivers: int
    tokens: int


def read_form(path: Path) -> ReadForm:
    """An XLSForm (.xlsx, .xls, .md, .csv) or XForm (.xml) from disk, checked by the form engine; with it the tables
    that it looks into, from beside it.

    Raises E_FORM_* and what reading a file raises.
    """
    data, beside = files.read_limited(path, FORM_LIMIT), Beside(path)
    if path.suffix.lower() == ".xml":
        source, missing = _with_tables(data, beside)
        return ReadForm(source, missing)
    from schemas.xlsform import to_xform

    result = to_xform(data, path.suffix)
    source, missing = _with_tables(result.xml, beside)
    return ReadForm(source, (*result.warnings, *missing))


def _with_tables(xform: bytes, beside: Beside) -> tuple[FormSource, tuple[str, ...]]:
    """The form with its tables, and a warning for each that is not there."""
    form = parse_form(xform, beside)
    found = beside.of(form.tables)
    missing = sorted(set(form.tables) - {name for name, _ in found})
    return FormSource(form.id, form.version, xform, found), tuple(f"the table {name} is not there" for name in missing)


def checked(xform: bytes) -> FormSource:
    """The form, once the form engine has accepted it. Raises E_FORM_*."""
    form = parse_form(xform)
    return FormSource(form.id, form.version, xform)


def new(
    vault: Vault, name: str, forms: Sequence[FormSource], *, policy: Policy, tokens_each: int = tokens.PACK,
    labels: Mapping[int, str] | None = None, clock: Callable[[], float] = time.time,
) -> Mission:  # fmt: skip
    """Found a mission with its own recipient keys and forms, in one transaction.

    `tokens_each`: in each pack. `labels`: who holds the key of a compartment, by its number. Raises E_MISSION_NAME,
    E_MISSION_EXISTS, E_MISSION_LABEL, E_MISSION_TOKENS, E_FORM_TWICE, E_FORM_LAST (none was given), E_FORMS_MANY.
    """
    _check_tokens(tokens_each)
    labels = {comp: _checked_label(label) for comp, label in (labels or {}).items()}
    if not 1 <= len(name.encode("utf-8", "replace")) <= NAME_BYTES or not name.isprintable() or not name.strip():
        raise Problem("E_MISSION_NAME", limit=NAME_BYTES)
    if len({(form.id, form.version) for form in forms}) != len(forms):
        raise Problem("E_FORM_TWICE")
    now = int(clock())
    mission = Mission(crypto.random_bytes(16), name, now, now + 2 * YEAR, tokens_each)
    with vault.db.transaction():
        if vault.db.one("SELECT 1 FROM mission WHERE name = ?", (name,)):
            raise Problem("E_MISSION_EXISTS", name=name)
        vault.db.execute(
            "INSERT INTO mission (id, name, created, expires, policy, tokens) VALUES (?, ?, ?, ?, ?, ?)",
            (mission.id, name, now, mission.expires, encode(policy), tokens_each),
        )
        for comp in (PROCESS, IDENTITY, NARRATIVE):
            _new_recipient(vault, mission.id, "entry", comp, now, labels.get(comp))
        _new_recipient(vault, mission.id, "intake", PROCESS, now)
        for place, form in enumerate(forms):
            vault.db.execute(
                "INSERT INTO mission_form (mission, place, id, version, hash, xform) VALUES (?, ?, ?, ?, ?, ?)",
                (mission.id, place, form.id, form.version, crypto.sha256(form.xml), form.xml),
            )
            form_tables.keep(vault, mission.id, crypto.sha256(form.xml), form)
        mission_forms.check(vault, mission)
        vault.log.append("mission", mission.id)
    return mission


def change_tokens(vault: Vault, mission: Mission, tokens_each: int) -> Mission:
    """Let the mission's packs bring so many tokens from the next version on. Raises E_MISSION_TOKENS."""
    _check_tokens(tokens_each)
    with vault.db.transaction():
        vault.db.execute("UPDATE mission SET tokens = ? WHERE id = ?", (tokens_each, mission.id))
        vault.log.append("mission", mission.id, {"tokens": tokens_each})
    return replace(mission, tokens=tokens_each)


def _check_tokens(number: int) -> None:
    if not 1 <= number <= tokens.LOW:
        raise Problem("E_MISSION_TOKENS", limit=tokens.LOW)


def _checked_label(label: str) -> str:
    label = label.strip()
    if not 1 <= len(label.encode("utf-8", "replace")) <= LABEL_BYTES or not label.isprintable():
        raise Problem("E_MISSION_LABEL", limit=LABEL_BYTES)
    return label


def _new_recipient(vault: Vault, mission: bytes, purpose: str, comp: int, now: int, label: str | None = None) -> None:
    with Secret.random() as seed:
        public = RecipientKeys.from_seed(seed).public
        wrapped = vault.ring.wrap_new("recipient", seed)
    vault.db.execute(
        "INSERT INTO recipient (rid, mission, purpose, comp, grp, idx, tot, epoch, start, pk_n, pk_x, wrapped,"
        " label) VALUES (?, ?, ?, ?, 0, 0, 1, 1, ?, ?, ?, ?, ?)",
        (public.rid, mission, purpose, comp, now, public.pk_n, public.pk_x, wrapped, label),
    )


def missions(vault: Vault) -> list[Mission]:
    """All missions, oldest first."""
    return [
        Mission(*row)
        for row in vault.db.query("SELECT id, name, created, expires, tokens FROM mission ORDER BY created, name")
    ]


def only(vault: Vault, name: str | None = None) -> Mission:
    """The mission of that name, or the only one. Raises E_NO_MISSION, E_MISSION_WHICH."""
    found = [mission for mission in missions(vault) if name in (None, mission.name)]
    if not found:
        raise Problem("E_NO_MISSION", name=name or "")
    if len(found) > 1:
        raise Problem("E_MISSION_WHICH", names=", ".join(mission.name for mission in found))
    return found[0]


def request_fingerprint(request: bytes) -> str:
    """The fingerprint of a request file, which the documenter reads aloud."""
    return crypto.fingerprint(request)


def enrol(
    vault: Vault, request: bytes, mission: Mission, *, compared: bool, new_tokens: bool = False,
    clock: Callable[[], float] = time.time,
) -> Enrolled:  # fmt: skip
    """Certify a device and make its mission pack.

    The same request again gives the same certificate, and the same pack sealed anew as long as the mission is as it
    was; else, or with `new_tokens`, the next version of it. Raises E_CMP_*, E_SCHEMA, E_SEQ, E_SIG_LEAF, E_SIG,
    E_RECIPIENT_KEY for a request that does not prove its keys, E_DEVICE_ENROLLED (in another mission), E_REQUEST_OTHER
    (the device's tree was certified with other return keys).
    """
    body = packs.read_request(request)
    device = RecipientPublic(body.pkN, body.pkX)
    office = keys.office(vault)
    known = vault.db.one(
        "SELECT serial, certificate, mission, fs_n, pk_n, pk_x FROM device WHERE fs_root = ?", (body.fs_root,)
    )
    if known is not None and known[2] != mission.id:
        raise Problem("E_DEVICE_ENROLLED")
    if known is not None and known[3:] != (body.fs_n, body.pkN, body.pkX):
        raise Problem("E_REQUEST_OTHER")
    now = int(clock())
    with vault.db.transaction():
        if known is None:
            serial, certificate = _certify(vault, office, body, mission, compared=compared, now=now)
        else:
            serial, certificate = known[0], known[1]
            vault.db.execute("UPDATE device SET compared = max(compared, ?) WHERE serial = ?", (int(compared), serial))
        pack = issuing.issue(vault, mission, serial, certificate, device, now=now, new_tokens=new_tokens)
        vault.log.append("enrol", serial, {"compared": int(compared), "ver": pack.version})
    return Enrolled(
        serial=serial,
        pack=pack.data,
        request_fingerprint=request_fingerprint(request),
        root_fingerprint=office.fingerprint,
        compared=compared,
        again=known is not None,
        version=pack.version,
        receivers=pack.receivers,
        tokens=pack.tokens,
    )


def _certify(
    vault: Vault, office: keys.Office, body: EnrolmentBody, mission: Mission, *, compared: bool, now: int
) -> tuple[bytes, bytes]:
    serial = crypto.random_bytes(16)
    certificate = Certificate(
        org=office.root.org,
        mission=mission.id,
        serial=serial,
        fs_root=body.fs_root,
        fs_n=body.fs_n,
        pkN=body.pkN,
        pkX=body.pkX,
        nb=now,
        na=mission.expires,
        role="documenter",
    )
    with keys.signing_key(vault, keys.MISSION) as key:
        data = packs.sign_certificate(certificate, [key])
    vault.db.execute(
        "INSERT INTO device (serial, mission, fs_root, fs_n, pk_n, pk_x, certificate, enrolled, compared)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (serial, mission.id, body.fs_root, body.fs_n, body.pkN, body.pkX, data, now, int(compared)),
    )
    return serial, data
