"""What the vault knows of an attachment: a few plain columns, the rest sealed under a key that can be forgotten.

Beside the stream's key lies a second one for the details (name, type, length, hash, question), both wrapped as one
under the ring: dropping that one wrapped key forgets the attachment in every old page. A sealed entry takes the cells
over; their keys leave with it (docs/spec/protocol.md §6.5, §13).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from collector import crypto, files
from collector.cells import CELL, StreamInfo
from collector.crypto import Secret
from collector.database import Database, Row
from collector.ring import Rewrap
from collector.vault import Vault
from schemas import structure
from schemas.problems import Problem
from schemas.records.common import Count, Hash32, Name, Seconds
from schemas.structure import Size

KEY_KIND: Final = "attachment"
_COLUMNS: Final = 'sid, draft, state, spool, key, details, cells, "commit", root'
_NONCE: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class _Details:
    """What stands in the database only sealed; length in bytes, time of capture in seconds since 1970."""

    len_: Count
    name: Name
    mime: Annotated[str, Size(0, 127)]
    sha256: Hash32
    question: str | None = None
    cap_t: Seconds
    continues: Annotated[bytes, Size(16)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One attachment of a draft. `name` is data for `files.shown_name`; `state` is writing or closed."""

    sid: bytes
    length: int
    cells: int
    commit: bytes
    root: bytes
    sha256: bytes
    name: str
    mime: str
    question: str | None
    spool: str
    state: str
    captured: int
    continues: bytes | None = None

    @property
    def info(self) -> StreamInfo:
        """What vouches for its stream."""
        return StreamInfo(self.sid, self.length, self.cells, self.commit, self.root)


def insert(vault: Vault, draft: int, attachment: Attachment, keys: Secret) -> None:
    """One row with its wrapped keys (stream key and details key, 64 bytes), in one transaction."""
    with vault.db.transaction():
        key = vault.ring.wrap_new(KEY_KIND, keys)
        closed = attachment.state == "closed"
        values = (attachment.cells, attachment.commit, attachment.root) if closed else (None, None, None)
        vault.db.execute(
            f"INSERT INTO attachment ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                attachment.sid,
                draft,
                attachment.state,
                attachment.spool,
                key,
                _sealed_details(attachment, keys),
                *values,
            ),
        )
    files.checkpoint("media: row")


def close(vault: Vault, attachment: Attachment, keys: Secret) -> None:
    """Turns the row of a recording into that of a complete attachment."""
    vault.db.execute(
        'UPDATE attachment SET state = ?, details = ?, cells = ?, "commit" = ?, root = ? WHERE sid = ?',
        (
            "closed",
            _sealed_details(attachment, keys),
            attachment.cells,
            attachment.commit,
            attachment.root,
            attachment.sid,
        ),
    )
    files.checkpoint("media: row closed")


def _sealed_details(attachment: Attachment, keys: Secret) -> bytes:
    details = _Details(
        len_=attachment.length,
        name=attachment.name,
        mime=attachment.mime,
        sha256=attachment.sha256,
        question=attachment.question,
        cap_t=attachment.captured,
        continues=attachment.continues,
    )
    nonce = crypto.random_bytes(_NONCE)
    return nonce + crypto.xaead_seal(keys[32:], nonce, structure.encode(details), attachment.sid)


def _attachment(vault: Vault, row: Row) -> Attachment:
    sid, _draft, state, spool, key, sealed, cells, commit, root = row
    with vault.ring.open(key) as keys:
        plain = crypto.xaead_open(keys[32:], sealed[:_NONCE], sealed[_NONCE:], bytes(sid))
    if plain is None:
        raise Problem("E_KEY_LOST")
    details = structure.decode(_Details, plain)
    return Attachment(
        sid=bytes(sid),
        length=details.len_,
        cells=cells or 0,
        commit=bytes(commit or b""),
        root=bytes(root or b""),
        sha256=details.sha256,
        name=details.name,
        mime=details.mime,
        question=details.question,
        spool=spool,
        state=state,
        captured=details.cap_t,
        continues=details.continues,
    )


def listed(vault: Vault, draft: int) -> list[Attachment]:
    """The attachments of a draft, oldest first. Raises E_RING_LOST, E_KEY_LOST."""
    rows = vault.db.query(f"SELECT {_COLUMNS} FROM attachment WHERE draft = ? ORDER BY rowid", (draft,))
    return [_attachment(vault, row) for row in rows]


def find(vault: Vault, sid: bytes) -> Attachment:
    """One attachment of a draft. Raises E_ATTACH_UNKNOWN (sealed ones, too: their details are forgotten)."""
    row = vault.db.one(f"SELECT {_COLUMNS} FROM attachment WHERE sid = ? AND key IS NOT NULL", (sid,))
    if row is None:
        raise Problem("E_ATTACH_UNKNOWN")
    return _attachment(vault, row)


def both_keys(vault: Vault, sid: bytes) -> Secret:
    """The 64 bytes of stream key and details key. Raises E_ATTACH_UNKNOWN, E_KEY_LOST."""
    row = vault.db.one("SELECT key FROM attachment WHERE sid = ? AND key IS NOT NULL", (sid,))
    if row is None:
        raise Problem("E_ATTACH_UNKNOWN")
    return vault.ring.open(row[0])


def stream_key(vault: Vault, sid: bytes) -> Secret:
    """The 32-byte secret of an attachment's stream. Raises E_ATTACH_UNKNOWN, E_KEY_LOST."""
    with both_keys(vault, sid) as keys:
        return Secret(keys[:32])


def spool_path(vault: Vault, sid: bytes) -> Path:
    """Where the cells of an attachment lie, of a draft or of a sealed entry. Raises E_ATTACH_UNKNOWN."""
    row = vault.db.one("SELECT spool FROM attachment WHERE sid = ?", (sid,))
    if row is None:
        raise Problem("E_ATTACH_UNKNOWN")
    return vault.path("spool", row[0])


def cells_whole(vault: Vault, attachment: Attachment) -> bool:
    """Whether the file with the cells of a closed attachment is there in its full length. Raises E_MEDIA_IO."""
    path = vault.path("spool", attachment.spool)
    with files.mapped_os_errors():
        return path.is_file() and path.stat().st_size == attachment.cells * CELL


# ---- handing over and forgetting ----


def adopt(db: Database, rewrap: Rewrap, draft: int, eid: bytes) -> None:
    """Hands all attachments of a draft to the sealed entry: the cells stay, keys and details are forgotten here."""
    keys = [row[0] for row in db.query("SELECT key FROM attachment WHERE draft = ? AND state = 'closed'", (draft,))]
    db.execute(
        "UPDATE attachment SET state = 'adopted', draft = NULL, entry = ?, key = NULL, details = NULL"
        " WHERE draft = ? AND state = 'closed'",
        (eid, draft),
    )
    for key in keys:
        rewrap.drop(key)


def forget(rewrap: Rewrap, db: Database, sids: Iterable[bytes]) -> list[str]:
    """Removes attachments of drafts within a rotation; gives the names for `erase_spooled`, to be called after it."""
    spooled: list[str] = []
    for sid in sids:
        row = db.one("SELECT spool, key FROM attachment WHERE sid = ? AND key IS NOT NULL", (sid,))
        if row is None:
            raise Problem("E_ATTACH_UNKNOWN")
        db.execute("DELETE FROM attachment WHERE sid = ?", (sid,))
        rewrap.drop(row[1])
        spooled.append(str(row[0]))
    return spooled


def drop_draft(rewrap: Rewrap, db: Database, draft: int) -> list[str]:
    """`forget` for all attachments of a draft."""
    return forget(
        rewrap, db, [bytes(row[0]) for row in db.query("SELECT sid FROM attachment WHERE draft = ?", (draft,))]
    )


def erase_spooled(vault: Vault, spooled: Iterable[str]) -> None:
    """Removes files whose keys are forgotten. What cannot be removed now is removed by the next `sweep`."""
    for name in spooled:
        with contextlib.suppress(Problem):
            files.remove(vault.path("spool", name))
            files.checkpoint("media: file removed")


def drop(vault: Vault, sid: bytes) -> None:
    """Forgets one attachment of a draft for good: key, row, file. Raises E_ATTACH_UNKNOWN, and as `Ring.rotate`."""
    spooled: list[str] = []
    vault.ring.rotate(vault.db, lambda rewrap: spooled.extend(forget(rewrap, vault.db, [sid])))
    erase_spooled(vault, spooled)


def remove_adopted(vault: Vault, eid: bytes) -> None:
    """Removes the attachments of a sealed entry, after the office has confirmed it."""
    with vault.db.transaction():
        spooled = [str(row[0]) for row in vault.db.query("SELECT spool FROM attachment WHERE entry = ?", (eid,))]
        vault.db.execute("DELETE FROM attachment WHERE entry = ?", (eid,))
    files.checkpoint("media: rows removed")
    erase_spooled(vault, spooled)
