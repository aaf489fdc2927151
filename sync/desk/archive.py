"""The archive: one encrypted file for each compartment, opened by keys of the desk's vault (docs/spec/protocol.md §12).

A record has one number, the same in every compartment; nothing else joins them but the entry id. What was sealed is
kept as it came: the original cells lie in the store, and the documents and content keys that opened them lie here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path

from collector import crypto, files, keyslots
from collector.cellstream import StreamInfo
from collector.crypto import Secret
from collector.database import Database
from collector.vault import Vault
from schemas.canonical import DOCUMENT
from schemas.problems import Problem
from schemas.records.common import COMPARTMENTS
from schemas.records.document import Document
from schemas.structure import decode
from sync.desk import facets, keys
from sync.desk.text import normal, texts_of
from sync.desk.words import WordIndex

PAGE_SIZE = 16_384
CACHE = 64
"""MiB of each archive that stay opened in memory: a search looks into the same inner pages again and again."""
FOLDER = "archive"
AREAS = ("store", "quarantine", "strangers")
_SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class KeptAttachment:
    """An attachment in the archive: what it is, what opens it, where its cells lie."""

    number: int
    comp: int
    info: StreamInfo
    name: str
    mime: str
    sniffed: str
    sha256: bytes
    captured: int
    store: str
    start: int


@dataclass(frozen=True, slots=True)
class Filed:
    """One document on its way into the archive of its compartment; `facets` beside those that it has by itself."""

    number: int
    eid: bytes
    record: str
    content: bytes
    document: Document
    key: Secret
    attachments: Sequence[KeptAttachment]
    secrets: Mapping[bytes, bytes]
    facets: Set[tuple[str, str]] = frozenset()


class Archive:
    """The archive of one compartment."""

    def __init__(self, comp: int, db: Database, vmk: Secret) -> None:
        self.comp = comp
        self.db = db
        self.index = WordIndex(db)
        self._wrap = crypto.expand(vmk, "archive/ck")

    def file(self, filed: Filed) -> None:
        """Add one document, its attachments and its words; what a broken-off import left under its id is replaced."""
        old = self.db.one("SELECT number FROM document WHERE eid = ?", (filed.eid,))
        if old is not None:
            self.forget(int(old[0]))
        self._file_document(filed)
        for kept in filed.attachments:
            self._file_attachment(kept, filed.secrets[kept.info.sid])

    def _file_document(self, filed: Filed) -> None:
        texts = texts_of(filed.document)
        nonce = crypto.random_bytes(24)
        wrapped = nonce + crypto.xaead_seal(self._wrap, nonce, filed.key, filed.eid)
        self.db.execute(
            "INSERT INTO document (number, eid, record, content, texts, ck) VALUES (?, ?, ?, ?, ?, ?)",
            (filed.number, filed.eid, filed.record, filed.content, texts, wrapped),
        )
        self.index.add(filed.number, normal(f"{filed.record}\n{texts}"))
        facets.add(self.db, filed.number, facets.of_document(filed.document) | filed.facets)

    def _file_attachment(self, kept: KeptAttachment, key: bytes) -> None:
        info = kept.info
        self.db.execute(
            "INSERT INTO attachment (number, sid, sk, root, commit_, cells, length, name, mime, sniffed, sha256,"
            " captured, store, start) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (kept.number, info.sid, key, info.root, info.commit, info.cells, info.length, kept.name, kept.mime,
             kept.sniffed, kept.sha256, kept.captured, kept.store, kept.start),
        )  # fmt: skip

    def forget(self, number: int) -> None:
        """Remove a document that no committed import stands behind."""
        self.index.remove(number)
        facets.remove(self.db, number)
        self.db.execute("DELETE FROM attachment WHERE number = ?", (number,))
        self.db.execute("DELETE FROM document WHERE number = ?", (number,))

    def numbers(self, above: int = 0) -> list[int]:
        """The numbers of the documents above a number, in order."""
        rows = self.db.query("SELECT number FROM document WHERE number > ? ORDER BY number", (above,))
        return [int(row[0]) for row in rows]

    def highest(self) -> int:
        """The highest number of a document, 0 when there is none."""
        row = self.db.one("SELECT coalesce(max(number), 0) FROM document")
        return 0 if row is None else int(row[0])

    def holds(self, number: int, eid: bytes) -> bool:
        """Whether the document of this entry lies here under this number."""
        return self.db.one("SELECT 1 FROM document WHERE number = ? AND eid = ?", (number, eid)) is not None

    @property
    def settled(self) -> int:
        """The last number of the desk's vault that this archive has seen committed."""
        return int.from_bytes(self.db.meta(_SETTLED) or b"", "big")

    def settle(self, number: int) -> None:
        """Note that the vault has committed everything up to `number`."""
        if number != self.settled:
            self.db.set_meta(_SETTLED, number.to_bytes(8, "big"))

    def document(self, number: int) -> Document | None:
        """The document of a record, or None when this compartment has none for it."""
        row = self.db.one("SELECT content FROM document WHERE number = ?", (number,))
        return None if row is None else decode(Document, row[0], DOCUMENT)

    def texts(self, numbers: Sequence[int]) -> dict[int, str]:
        """The texts alone of those of some records (at most 500) that have a document in this compartment."""
        marks = ", ".join("?" * len(numbers))
        rows = self.db.query(f"SELECT number, texts FROM document WHERE number IN ({marks})", numbers)
        return {int(row[0]): str(row[1]) for row in rows}

    def content_key(self, number: int) -> Secret:
        """The content key that opened a document. Raises E_DB_CORRUPT when it does not unwrap."""
        row = self.db.one("SELECT eid, ck FROM document WHERE number = ?", (number,))
        plain = None if row is None else crypto.xaead_open(self._wrap, row[1][:24], row[1][24:], row[0])
        if plain is None:
            raise Problem("E_DB_CORRUPT")
        return Secret(plain)

    def attachments(self, number: int) -> list[KeptAttachment]:
        """The attachments of a record in this compartment, in order of capture."""
        rows = self.db.query(
            "SELECT sid, length, cells, commit_, root, name, mime, sniffed, sha256, captured, store, start"
            " FROM attachment WHERE number = ? ORDER BY captured, name, sid",
            (number,),
        )
        return [KeptAttachment(number, self.comp, StreamInfo(*row[:5]), *row[5:]) for row in rows]

    def attachment_key(self, number: int, sid: bytes) -> Secret:
        """The stream key of an attachment. Raises E_ATTACHMENT_UNKNOWN."""
        row = self.db.one("SELECT sk FROM attachment WHERE number = ? AND sid = ?", (number, sid))
        if row is None:
            raise Problem("E_ATTACHMENT_UNKNOWN", name=sid.hex())
        return Secret(row[0])

    def close(self) -> None:
        """Close the file and forget its key."""
        self.db.close()
        self._wrap.wipe()


def found(vault: Vault) -> None:
    """Make the archive files of a new desk; the secret that opens each is kept in the vault."""
    folder = vault.home / FOLDER
    files.make_private_dir(folder)
    for name in COMPARTMENTS.values():
        with Secret.random() as vmk, Secret.random() as secret:
            keys.keep(vault, f"archive-{name}", secret)
            files.write_durably(folder / f"{name}.hdr", keyslots.new_raw_header(vmk, secret))
            _open(folder, name, vmk, create=True).close()
    for area in (*AREAS, "work"):
        files.make_private_dir(folder / area)


def open_all(vault: Vault) -> dict[int, Archive]:
    """The archives of every compartment whose secret this vault holds."""
    opened: dict[int, Archive] = {}
    try:
        for comp, name in COMPARTMENTS.items():
            with keys.secret(vault, f"archive-{name}") as secret:
                header = files.read_limited(vault.home / FOLDER / f"{name}.hdr", 4096)
                vmk = keyslots.unlock_raw(header, secret).vmk
            with vmk:
                opened[comp] = Archive(comp, _open(vault.home / FOLDER, name, vmk), vmk)
    except BaseException:
        for archive in opened.values():
            archive.close()
        raise
    return opened


def _open(folder: Path, name: str, vmk: Secret, *, create: bool = False) -> Database:
    with crypto.expand(vmk, "db-key") as key, crypto.expand(vmk, "db-salt", 16) as salt:
        raw = Secret(bytes(key) + bytes(salt))
    migrations = resources("sync.desk.migrations.archive")
    with raw:
        return Database.open(
            folder / f"{name}.db", raw, migrations, page_size=PAGE_SIZE, cache_mib=CACHE, create=create
        )
