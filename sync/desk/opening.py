"""Opening a sealed entry: the only place where one is opened (docs/spec/protocol.md §6, §12 steps 6 to 8 and 10).

The steps stand in the order in which they must be done, with the protocol's numbers; each stops with its own code,
and nothing is believed before the step that proves it. What comes out is an `OpenedEntry`, never a yes or no.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from collector import crypto, merkle, signed, slots
from collector.cellstream import CELL, CHUNK, StreamInfo
from collector.crypto import Secret
from collector.head import HEAD_SIZE, Head, open_document, open_manifest
from collector.padme import padme
from collector.signer import verify_leaf
from schemas.canonical import DOCUMENT
from schemas.problems import Problem
from schemas.records.common import PROCESS
from schemas.records.document import AttachmentKey, Document
from schemas.records.manifest import Core, Manifest, StreamRef
from schemas.records.mission import Certificate
from schemas.structure import decode

ReadAt = Callable[[int, int], bytes]
"""Reads `size` bytes from `offset` of the sealed entry (head, then document cells)."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the desk holds as true: one mission, its signers, its revocations, and the packs that it issued."""

    mission: bytes
    signers: Mapping[bytes, bytes]
    threshold: int
    revoked: Mapping[bytes, int]
    packs: Mapping[tuple[bytes, int], bytes]


@dataclass(frozen=True, slots=True)
class OpenedEntry:
    """An entry whose signature, bindings and document cells have been verified.

    `documents` and `keys` hold the compartments that were opened, `sealed` those that stay sealed. `attachments`
    pairs the signed stream with its key for every opened compartment; their cells are checked by the importer.
    """

    core: Core
    core_hash: bytes
    certificate: Certificate
    keys: dict[int, Secret]
    documents: dict[int, Document]
    contents: dict[int, bytes]
    attachments: tuple[tuple[StreamRef, AttachmentKey], ...]
    sealed: tuple[int, ...]

    def wipe(self) -> None:
        """Forget the content keys."""
        for key in self.keys.values():
            key.wipe()


def open_entry(read: ReadAt, size: int, keys: Sequence[slots.RecipientKeys], trust: Trust) -> OpenedEntry:
    """Open and verify one sealed entry of `size` bytes with every recipient key at hand.

    Raises E_FORMAT, E_NOT_FOR_US, E_SLOT_*, E_KEY_COMMIT, E_MANIFEST_AUTH, E_CMP_*, E_SCHEMA, E_CERT,
    E_DEVICE_REVOKED, E_SIG_LEAF, E_SIG, E_BINDING, E_SEQ, E_MISSION, E_FORWARDED, E_PACK_UNKNOWN, E_STREAM_ROOT,
    E_TRAILING, E_CELL_AUTH, E_PAD.
    """
    if size < HEAD_SIZE or size % CELL:
        raise Problem("E_FORMAT", where="entry")
    head = Head.parse(read(0, HEAD_SIZE))
    # 6. Slots, key commitments, manifest.
    opened = slots.open_slots(head.slots, keys, oid=head.eid, kcs=head.kcs, kind=slots.KIND_ENTRY)
    content_keys = slots.combine(opened, head.kcs, head.eid)
    if PROCESS not in content_keys:
        raise Problem("E_NOT_FOR_US")
    manifest = decode(Manifest, open_manifest(head, content_keys[PROCESS]))
    core = decode(Core, manifest.core)
    # 7. Certificate, signature, bindings, recipients.
    certificate = _certificate(core, trust)
    verify_leaf(certificate.fs_root, certificate.fs_n, "manifest", manifest.core, manifest.sig, first=1)
    _check_bindings(head, core, manifest, certificate, trust)
    _check_recipients(core, opened, keys)
    # 8. Roots over all document cells, exact end, one document for each compartment.
    _check_streams(core)
    cells = _document_cells(read, size, core)
    # 10. Documents of the compartments that we hold.
    documents, contents, pairs = _documents(head, core, content_keys, cells)
    return OpenedEntry(
        core=core,
        core_hash=crypto.sha256(manifest.core),
        certificate=certificate,
        keys=content_keys,
        documents=documents,
        contents=contents,
        attachments=pairs,
        sealed=tuple(sorted({stream.comp for stream in core.streams if stream.kind == "doc"} - documents.keys())),
    )


def _certificate(core: Core, trust: Trust) -> Certificate:
    """The device's certificate, signed for this mission and in force at the entry's signed floor."""
    try:
        body = signed.open_object("cert", core.cert, trust.signers, trust.threshold, code="E_CERT")
    except Problem as problem:
        if problem.code != "E_CERT" and not problem.code.startswith("E_CMP") and problem.code != "E_SCHEMA":
            raise
        raise Problem("E_CERT") from None
    certificate = decode(Certificate, body)
    if certificate.mission != trust.mission:
        raise Problem("E_MISSION")
    if not certificate.nb <= core.t.floor <= certificate.na:
        raise Problem("E_CERT")
    return certificate


def _check_bindings(head: Head, core: Core, manifest: Manifest, certificate: Certificate, trust: Trust) -> None:
    last_ok = trust.revoked.get(certificate.serial)
    if last_ok is not None and manifest.sig.i > last_ok:
        raise Problem("E_DEVICE_REVOKED", seq=manifest.sig.i, last=last_ok)
    if core.eid != head.eid or core.hdr != head.pub_hash:
        raise Problem("E_BINDING")
    if core.seq != manifest.sig.i:
        raise Problem("E_SEQ")
    if core.mission != trust.mission:
        raise Problem("E_MISSION")
    version, pack_hash = core.pack
    if trust.packs.get((certificate.serial, version)) != pack_hash:
        raise Problem("E_PACK_UNKNOWN", version=version)


def _check_recipients(core: Core, opened: Sequence[slots.OpenedShare], keys: Sequence[slots.RecipientKeys]) -> None:
    """Every slot that opened is named with the same place, and every place named for us has a slot that opened."""
    ours = {key.public.rid for key in keys}
    named = {ref for ref in core.recips if ref[4] in ours}
    held = {(share.comp, share.grp, share.idx, share.tot, share.rid) for share in opened}
    if tuple(sorted(core.recips)) != core.recips or len(set(core.recips)) != len(core.recips):
        raise Problem("E_SCHEMA", where="Core.recips")
    if named != held:
        raise Problem("E_FORWARDED")


def _check_streams(core: Core) -> None:
    sids = [stream.sid for stream in core.streams]
    doc_comps = [stream.comp for stream in core.streams if stream.kind == "doc"]
    if len(set(sids)) != len(sids) or len(set(doc_comps)) != len(doc_comps):
        raise Problem("E_SCHEMA", where="Core.streams")
    if not {stream.comp for stream in core.streams} <= set(doc_comps):
        raise Problem("E_SCHEMA", where="Core.streams")


def _document_cells(read: ReadAt, size: int, core: Core) -> dict[int, bytes]:
    """The cells of each document, their Merkle root checked; the entry ends exactly after the last."""
    offset, cells = HEAD_SIZE, {}
    for stream in core.streams:
        if stream.kind != "doc":
            continue
        length = stream.cells * CELL
        if stream.cells != padme(stream.cells):
            raise Problem("E_STREAM_LEN")
        if offset + length > size:
            raise Problem("E_STREAM_ROOT")
        data = read(offset, length)
        if len(data) != length or _root(data) != stream.root:
            raise Problem("E_STREAM_ROOT")
        cells[stream.comp] = data
        offset += length
    if offset != size:
        raise Problem("E_TRAILING")
    return cells


def _root(cells: bytes) -> bytes:
    view = memoryview(cells)
    return merkle.root([merkle.leaf(view[at : at + CELL]) for at in range(0, len(cells), CELL)])


def _documents(
    head: Head, core: Core, content_keys: Mapping[int, Secret], cells: Mapping[int, bytes]
) -> tuple[dict[int, Document], dict[int, bytes], tuple[tuple[StreamRef, AttachmentKey], ...]]:
    documents: dict[int, Document] = {}
    contents: dict[int, bytes] = {}
    pairs: list[tuple[StreamRef, AttachmentKey]] = []
    streams = {stream.sid: stream for stream in core.streams if stream.kind == "att"}
    for stream in core.streams:
        if stream.kind != "doc" or stream.comp not in content_keys:
            continue
        info = StreamInfo(stream.sid, stream.cells * CHUNK, stream.cells, stream.commit, stream.root)
        content = open_document(content_keys[stream.comp], cells[stream.comp], info, head.pub_hash)
        document = decode(Document, content, DOCUMENT)
        if document.eid != core.eid or document.comp != stream.comp:
            raise Problem("E_BINDING")
        pairs += _attachments(document, {sid: ref for sid, ref in streams.items() if ref.comp == stream.comp})
        documents[stream.comp], contents[stream.comp] = document, content
    return documents, contents, tuple(pairs)


def _attachments(document: Document, streams: Mapping[bytes, StreamRef]) -> list[tuple[StreamRef, AttachmentKey]]:
    """Attachments and attachment streams of one compartment, one to one (§6.4)."""
    sids = [attachment.sid for attachment in document.atts]
    if len(set(sids)) != len(sids) or set(sids) != streams.keys():
        raise Problem("E_SCHEMA", where="Document.atts")
    return [(streams[attachment.sid], attachment) for attachment in document.atts]
