"""Receipts (R2) for what arrived: signed in the same transaction as the rows that they speak of.

An entry has one answer, whatever bundles brought it: when the answer changes, every receipt of it is signed anew
(docs/spec/protocol.md §11.2).
"""

from __future__ import annotations

from typing import Literal

from collector import signed
from collector.vault import Vault
from schemas.records.receipt import DeskReceipt
from schemas.structure import encode
from sync.desk import keys

Status = Literal["imported", "quarantined"]


def answer(
    vault: Vault, *, bid: bytes, serial: bytes, eid: bytes, core: bytes, status: Status, opened: bytes, code: str,
    now: int,
) -> None:  # fmt: skip
    """Answer for an entry that came in bundle `bid`; `opened` has one byte for each compartment opened."""
    vault.db.execute(
        "INSERT INTO receipt (bid, serial, eid, core, status, code, opened, signed, at)"
        " VALUES (?, ?, ?, ?, 'quarantined', '', x'', x'', ?) ON CONFLICT (bid, eid, core) DO NOTHING",
        (bid, serial, eid, core, now),
    )
    renew(vault, eid, core, status=status, opened=opened, code=code, now=now)


def renew(vault: Vault, eid: bytes, core: bytes, *, status: Status, opened: bytes, code: str, now: int) -> None:
    """Let every receipt of an entry say this; those that say it already stay as they are."""
    other = vault.db.query(
        "SELECT id FROM receipt WHERE eid = ? AND core = ?"
        " AND (status <> ? OR code <> ? OR opened <> ? OR signed = x'')",
        (eid, core, status, code, opened),
    )
    if not other:
        return
    receipt = DeskReceipt(
        eid=eid, core=core, status=status, opened=tuple(opened), code=code, at=now, log=vault.log.head()
    )
    with keys.signing_key(vault, keys.RECEIPT) as key:
        data = signed.sign_object("r2", encode(receipt), [key])
    for (ident,) in other:
        vault.db.execute(
            "UPDATE receipt SET status = ?, code = ?, opened = ?, signed = ?, at = ? WHERE id = ?",
            (status, code, opened, data, now, ident),
        )
