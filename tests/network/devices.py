"""A field machine that an office has enrolled with some receivers, and what tests want to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from collector.field import Field
from schemas.records.mission import Policy, ReceiverCard
from sync.pace import Times
from sync.send_report import SendReport
from sync.sending import Sender
from tests.helpers.mission import Office, new_field

QUICK = Times(connect=10, idle=10, answer=20)


def device(
    home: Path,
    cards: Sequence[ReceiverCard],
    tokens: Sequence[bytes],
    *,
    office: Office | None = None,
    policy: Policy | None = None,
    quota: int = 1 << 30,
) -> Field:
    """An enrolled device whose pack names these receivers and has these tokens."""
    office = office or Office()
    field = new_field(home)
    request, _ = field.request()
    pack = office.pack_for(
        request, receivers=tuple(cards), tokens=tuple(tokens), policy=policy or Policy(), tok_quota=quota
    )
    field.accept_pack(pack, office.fingerprint)
    return field


def send(field: Field, **options: Any) -> SendReport:
    """One run of sending, impatient."""
    return Sender(field, **{"times": QUICK, "patience": 3.0, **options}).run()


def states(field: Field) -> list[str]:
    """States of all entries."""
    return sorted(str(row[0]) for row in field.vault.db.query("SELECT state FROM entry"))


def bundles(field: Field) -> list[str]:
    """States of all bundles, the oldest first."""
    return [str(row[0]) for row in field.vault.db.query("SELECT state FROM bundle ORDER BY rowid")]


def waiting_files(field: Field) -> list[str]:
    """Names of volumes that wait in the vault."""
    return sorted(path.name for path in (field.vault.folder / "bundles").iterdir())


def acts(field: Field) -> list[str]:
    """What the custody log says was done, in order."""
    return [event.act for event in field.vault.log.events()]


def drawn(field: Field) -> set[bytes]:
    """Tokens that were drawn for a bundle."""
    return {bytes(row[0]) for row in field.vault.db.query("SELECT token FROM token WHERE bid IS NOT NULL")}


def refusals(field: Field) -> dict[bytes, str]:
    """Tokens that a receiver refuses, and how it says so."""
    return {bytes(token): str(code) for token, code in field.vault.db.query("SELECT token, code FROM token_refusal")}
