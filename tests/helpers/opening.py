"""Opens sealed entries the short way, for tests of what a field machine writes; the desk's own opener is stricter."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from collector import cellstream, crypto, head, merkle, slots
from collector.cells import CELL, CHUNK, StreamInfo
from collector.crypto import Secret
from collector.field import Field
from collector.head import Head
from collector.media import spool_path
from collector.signer import verify_leaf
from collector.slots import RecipientKeys
from schemas import canonical, structure
from schemas.problems import Problem
from schemas.records.common import SignedObject
from schemas.records.document import Document
from schemas.records.manifest import Core, Manifest
from schemas.records.mission import Certificate
from schemas.session_types import Path as QuestionPath


@dataclass
class Opened:
    """An entry as its recipients see it: core, documents by compartment, content keys, who opened which slot."""

    core: Core
    manifest: Manifest
    documents: dict[int, Document]
    cks: dict[int, Secret]
    shares: list[slots.OpenedShare]

    def answer(self, comp: int, path: QuestionPath) -> tuple[object, str | None, str]:
        """Value, missing reason and speaker of a question in a compartment. Raises KeyError."""
        return {item[0]: (item[1], item[2], item[4]) for item in self.documents[comp].answers}[path]

    def paths(self, comp: int) -> set[QuestionPath]:
        """The questions of a compartment's document."""
        return {item[0] for item in self.documents[comp].answers}


def outbox_file(field: Field, eid: bytes) -> Path:
    """The file of a sealed entry."""
    row = field.vault.db.one("SELECT file_name FROM entry WHERE eid = ?", (eid,))
    assert row is not None
    return field.vault.path("outbox", row[0])


def open_entry(data: bytes, keys: list[RecipientKeys]) -> Opened:
    """Head, manifest, signature under the certificate that it carries, roots, documents."""
    parsed = Head.parse(data[: head.HEAD_SIZE])
    shares = slots.open_slots(parsed.slots, keys, oid=parsed.eid, kcs=parsed.kcs, kind=slots.KIND_ENTRY)
    cks = slots.combine(shares, parsed.kcs, parsed.eid)
    if 0 not in cks:
        raise Problem("E_NOT_FOR_US")
    manifest = structure.decode(Manifest, head.open_manifest(parsed, cks[0]))
    core = structure.decode(Core, manifest.core)
    certificate = structure.decode(Certificate, structure.decode(SignedObject, core.cert).body)
    verify_leaf(certificate.fs_root, certificate.fs_n, "manifest", manifest.core, manifest.sig)
    assert (core.eid, core.hdr, core.seq) == (parsed.eid, parsed.pub_hash, manifest.sig.i)
    documents, at = {}, head.HEAD_SIZE
    for stream in core.streams:
        if stream.kind == "att":
            continue
        cells = data[at : at + stream.cells * CELL]
        at += stream.cells * CELL
        assert merkle.root([merkle.leaf(cells[i : i + CELL]) for i in range(0, len(cells), CELL)]) == stream.root
        if stream.comp in cks:
            info = StreamInfo(stream.sid, stream.cells * CHUNK, stream.cells, stream.commit, stream.root)
            plain = head.open_document(cks[stream.comp], cells, info, parsed.pub_hash)
            documents[stream.comp] = structure.decode(Document, plain, canonical.DOCUMENT)
    assert at == len(data)
    return Opened(core, manifest, documents, cks, shares)


def open_sealed(field: Field, eid: bytes, keys: list[RecipientKeys]) -> Opened:
    """The entry in the outbox of a field machine."""
    return open_entry(outbox_file(field, eid).read_bytes(), keys)


def open_attachment(field: Field, opened: Opened, sid: bytes, target: Path) -> bytes:
    """Writes the content of an attachment to `target`; gives its SHA-256 after every check of the stream."""
    key = next(key for document in opened.documents.values() for key in document.atts if key.sid == sid)
    stream = next(stream for stream in opened.core.streams if stream.sid == sid)
    info = StreamInfo(sid, key.len_, stream.cells, stream.commit, stream.root)
    source = os.open(spool_path(field.vault, sid), os.O_RDONLY)
    try:
        out = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            found = cellstream.open_file(key.sk, info, source, out)
        finally:
            os.close(out)
    finally:
        os.close(source)
    assert found == key.sha256 == crypto.sha256(target.read_bytes())
    return found
