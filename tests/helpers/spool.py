"""What tests ask about attachments: their content as the product opens it, and what is left of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from collector import cellstream, media
from collector.media import Attachment
from collector.vault import Vault


def content(vault: Vault, attachment: Attachment, tmp_path: Path) -> bytes:
    with (
        (tmp_path / "opened").open("w+b") as target,
        media.spool_path(vault, attachment.sid).open("rb") as cells,
        media.stream_key(vault, attachment.sid) as key,
    ):
        digest = cellstream.open_file(key, attachment.info, cells.fileno(), target.fileno())
    data = (tmp_path / "opened").read_bytes()
    assert digest == attachment.sha256 == hashlib.sha256(data).digest()
    return data


def spooled(vault: Vault) -> list[str]:
    return sorted(item.name for item in (vault.folder / "spool").iterdir())


def nothing_left(vault: Vault) -> bool:
    rows = vault.db.query("SELECT 1 FROM attachment") + vault.db.query(
        "SELECT 1 FROM wrapped WHERE kind = ?", ("attachment",)
    )
    return not rows and not spooled(vault)
