"""Small vaults for tests: real ones, with the cheapest cost that a header may ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from collector.keyslots import KdfParams
from collector.vault import Vault, field_migrations

CHEAP = KdfParams(65_536, 1)
PASSPHRASE = "willow anchor paper seven"


def create(home: Path, passphrase: str = PASSPHRASE, **options: Any) -> Vault:
    """A new field vault."""
    options.setdefault("migrations", field_migrations())
    return Vault.create(home, passphrase, params=CHEAP, **options)


def unlock(home: Path, passphrase: str = PASSPHRASE, **options: Any) -> Vault:
    """An existing field vault."""
    options.setdefault("migrations", field_migrations())
    return Vault.unlock(home, passphrase, **options)


def draft(vault: Vault, code: str = "0123456789AB") -> int:
    """A row for a draft, so that attachments have something to belong to."""
    with vault.db.transaction():
        vault.db.execute("INSERT OR IGNORE INTO form VALUES (?, 'form', '1', ?)", (bytes(32), b"<xml/>"))
        key = vault.ring.wrap_new("draft", bytes(32))
        return vault.db.execute(
            "INSERT INTO draft (code, state, form, key, opened_at, touched_at) VALUES (?, 'open', ?, ?, 0, 0)",
            (code, bytes(32), key),
        )


def everything_in(folder: Path) -> bytes:
    """The bytes of all files below `folder`, one after another."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
