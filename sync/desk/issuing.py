"""Mission packs as the desk issues them (docs/spec/protocol.md §8.3): one chain of versions for each device.

Rule: what a pack says changes only with its version. As long as nothing has changed the same body is sealed anew; when
a form, a receiver or anything else of the mission has, the device gets the next version, which names the hash of the
one before and brings tokens of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from collector import packs
from collector.packs import FormSource
from collector.slots import RecipientPublic
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.mission import Intake, PackBody, PackRecipient, Policy
from schemas.structure import decode, encode
from sync.desk import form_tables, keys, receivers, tokens

if TYPE_CHECKING:
    from sync.desk.mission import Mission

_ZERO = bytes(32)


@dataclass(frozen=True, slots=True)
class Issued:
    """A pack file, the version in it, and how many tokens and receivers it names."""

    data: bytes
    version: int
    tokens: int
    receivers: int


def issue(
    vault: Vault, mission: Mission, serial: bytes, certificate: bytes, device: RecipientPublic, *, now: int,
    new_tokens: bool = False,
) -> Issued:  # fmt: skip
    """The pack of one device, inside the caller's transaction: the last version when it still says what is true, else
    the next one. `new_tokens` asks for the next one in any case.
    """
    office = keys.office(vault)
    forms = _forms(vault, mission.id)
    last = vault.db.one("SELECT body, hash FROM pack WHERE serial = ? ORDER BY ver DESC LIMIT 1", (serial,))
    before = None if last is None else decode(PackBody, last[0])
    body = _body(vault, office, mission, certificate, forms, now)
    wanted = mission.tokens if body.receivers else 0
    if before is not None and last is not None:
        body = replace(body, ver=before.ver + 1, prev=bytes(last[1]))
        if _same(before, body) and len(before.tokens) == wanted and not new_tokens:
            body = before
    fresh = body is not before
    drawn: list[tuple[int, bytes]] = []
    if fresh and wanted:
        drawn = tokens.draw(vault, wanted)
        body = replace(body, tokens=tuple(token for _, token in drawn))
    with keys.signing_key(vault, keys.MISSION) as key:
        data, digest = packs.write_pack(body, root=office.signed_root, keys=[key], device=device, forms=forms)
    if fresh:
        packs.check_recipients(body)
        vault.db.execute(
            "INSERT INTO pack (hash, serial, ver, issued, body) VALUES (?, ?, ?, ?, ?)",
            (digest, serial, body.ver, now, encode(body)),
        )
        tokens.hand_out(vault, drawn, digest)
    return Issued(data, body.ver, len(body.tokens), len(body.receivers))


def _same(before: PackBody, now: PackBody) -> bool:
    """Whether a pack still says what is true: everything but its place in the chain, its moment and which tokens."""
    placed = replace(before, ver=now.ver, prev=now.prev, issued=now.issued, checkpoint=now.checkpoint)
    return replace(placed, tokens=now.tokens) == now


def _forms(vault: Vault, mission: bytes) -> list[FormSource]:
    rows = vault.db.query(
        "SELECT id, version, xform, hash FROM mission_form WHERE mission = ? AND retired IS NULL ORDER BY place",
        (mission,),
    )
    return [
        FormSource(str(ident), str(version), bytes(xform), form_tables.of(vault, mission, bytes(digest)))
        for ident, version, xform, digest in rows
    ]


def _body(
    vault: Vault, office: keys.Office, mission: Mission, certificate: bytes, forms: Sequence[FormSource], now: int
) -> PackBody:
    """What a pack says now, as a first version without tokens."""
    policy_row = vault.db.one("SELECT policy FROM mission WHERE id = ?", (mission.id,))
    if policy_row is None:
        raise Problem("E_NO_MISSION", name=mission.name)
    recipients = vault.db.query(
        "SELECT rid, comp, grp, idx, tot, epoch, start, pk_n, pk_x, purpose, label FROM recipient WHERE mission = ?"
        " ORDER BY comp, grp, idx",
        (mission.id,),
    )
    named = receivers.of(vault, mission.id)
    return PackBody(
        org=office.root.org,
        mission=mission.id,
        name=mission.name,
        ver=1,
        prev=_ZERO,
        issued=now,
        expires=mission.expires,
        root_hash=office.root_hash,
        policy=decode(Policy, policy_row[0]),
        recips=tuple(
            PackRecipient(
                rid=r[0],
                comp=r[1],
                grp=r[2],
                idx=r[3],
                tot=r[4],
                epoch=r[5],
                start=r[6],
                pkN=r[7],
                pkX=r[8],
                label=r[10],
            )
            for r in recipients
            if r[9] == "entry"
        ),
        intake=tuple(Intake(rid=r[0], pkN=r[7], pkX=r[8]) for r in recipients if r[9] == "intake"),
        receivers=named,
        cert=certificate,
        forms=tuple(form.entry() for form in forms),
        tok_quota=tokens.QUOTA if named else 0,
        checkpoint=vault.log.head()[1],
    )
