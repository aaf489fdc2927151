"""Opening a sealed entry: the only place where one is opened (docs/spec/protocol.md §6, §12 steps 6 to 8 and 10).

The steps stand in the order in which they must be done, with the protocol's numbers; each stops with its own code,
and nothing is believed before the step that proves it. What comes out is an `OpenedEntry`, never a yes or no.

There are two halves. `read_signed` ends where it is proved that an enrolled device signed exactly this head: from there
on the device answers for what is wrong, before that nobody does. `open_signed` does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from collector import codes, crypto, merkle, packs, signed, slots
from collector.cellstream import CELL, CHUNK, StreamInfo
from collector.crypto import Secret
from collector.head import HEAD_SIZE, Head, open_document, open_manifest
from collector.padme import padme
from collector.signer import verify_leaf
from schemas import canonical
from schemas.canonical import DOCUMENT
from schemas.problems import Problem
from schemas.records.common import PROCESS
from schemas.records.document import AttachmentKey, Document
from schemas.records.manifest import Core, Manifest, StreamRef
from schemas.records.mission import Certificate
from schemas.structure import decode
from sync.desk import relations

ReadAt = Callable[[int, int], bytes]
"""Reads `size` bytes from `offset` of the sealed entry (head, then document cells)."""

MAX_DOCUMENT_CELLS = padme(-(-(DOCUMENT.size + 4) // CHUNK))
"""The longest document that canonical msgpack permits, in cells; a longer one is refused before it is read."""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Trust:
    """What the desk holds as true: one mission, its signers, its revocations, the packs and certificates it issued.

    `certificates` are found by the root of a device's signature tree: an entry that was sealed before its tree was
    certified carries the request in the certificate's place (docs/spec/protocol.md §7). `accepted`: hashes of the cores
    above a revocation's last good number that a person accepted (§8.5).
    """

    mission: bytes
    signers: Mapping[bytes, bytes]
    threshold: int
    revoked: Mapping[bytes, int]
    packs: Mapping[tuple[bytes, int], bytes]
    certificates: Mapping[bytes, bytes] = field(default_factory=dict)
    accepted: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class SignedEntry:
    """A head that a certified device of the mission signed. `seq` is the leaf that did, `early`: the tree was
    certified later. Nothing else of it has been checked.
    """

    head: Head
    core: Core
    core_hash: bytes
    seq: int
    certificate: Certificate
    early: bool
    shares: tuple[slots.OpenedShare, ...]
    keys: dict[int, Secret]

    def wipe(self) -> None:
        """Forget the content keys."""
        _wipe(self.shares, self.keys)


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
        _wipe((), self.keys)


def open_entry(read: ReadAt, size: int, keys: Sequence[slots.RecipientKeys], trust: Trust) -> OpenedEntry:
    """Open and verify one sealed entry of `size` bytes with every recipient key at hand.

    Raises what `read_signed` and `open_signed` raise.
    """
    entry = read_signed(read, size, keys, trust)
    try:
        return open_signed(entry, read, size, keys, trust)
    except BaseException:
        entry.wipe()
        raise


def read_signed(read: ReadAt, size: int, keys: Sequence[slots.RecipientKeys], trust: Trust) -> SignedEntry:
    """Step 6 and the signatures of step 7: whose entry this is.

    Raises E_FORMAT, E_NOT_FOR_US, E_SLOT_*, E_KEY_COMMIT, E_MANIFEST_AUTH, E_PAD, E_CMP_*, E_SCHEMA, E_ENTRY_NEWER,
    E_CERT, E_MISSION, E_SEQ, E_SIG_LEAF, E_SIG, E_BINDING.
    """
    if size < HEAD_SIZE or size % CELL:
        raise Problem("E_FORMAT", where="entry")
    head = Head.parse(read(0, HEAD_SIZE))
    # 6. Slots, key commitments, manifest.
    shares = slots.open_slots(head.slots, keys, oid=head.eid, kcs=head.kcs, kind=slots.KIND_ENTRY)
    content_keys: dict[int, Secret] = {}
    try:
        content_keys = slots.combine(shares, head.kcs, head.eid)
        if PROCESS not in content_keys:
            raise Problem("E_NOT_FOR_US")
        manifest = decode(Manifest, open_manifest(head, content_keys[PROCESS]))
        core = _core(manifest.core)
        # 7. Certificate, signature, and that this head is the one that was signed.
        certificate, early = _certificate(core, trust)
        verify_leaf(certificate.fs_root, certificate.fs_n, "manifest", manifest.core, manifest.sig, first=1)
        if core.eid != head.eid or core.hdr != head.pub_hash:
            raise Problem("E_BINDING")
    except BaseException:
        _wipe(shares, content_keys)
        raise
    digest = crypto.sha256(manifest.core)
    return SignedEntry(head, core, digest, manifest.sig.i, certificate, early, tuple(shares), content_keys)


def open_signed(
    entry: SignedEntry, read: ReadAt, size: int, keys: Sequence[slots.RecipientKeys], trust: Trust
) -> OpenedEntry:
    """The rest of step 7, steps 8 and 10.

    Raises E_DEVICE_REVOKED, E_SEQ, E_MISSION, E_PACK_UNKNOWN, E_FORWARDED, E_SCHEMA, E_STREAM_LEN, E_STREAM_ROOT,
    E_TRAILING, E_KEY_COMMIT, E_CELL_AUTH, E_PAD, E_CMP_*, E_BINDING.
    """
    core = entry.core
    _check_rights(entry, trust)
    _check_recipients(core, entry.shares, keys)
    # 8. Roots over all document cells, exact end, one document for each compartment.
    _check_streams(core, entry.keys)
    cells = _document_cells(read, size, core)
    # 10. Documents of the compartments that we hold.
    documents, contents, pairs = _documents(entry.head, core, entry.keys, cells)
    return OpenedEntry(
        core=core,
        core_hash=entry.core_hash,
        certificate=entry.certificate,
        keys=entry.keys,
        documents=documents,
        contents=contents,
        attachments=pairs,
        sealed=tuple(sorted({stream.comp for stream in core.streams if stream.kind == "doc"} - documents.keys())),
    )


def _core(data: bytes) -> Core:
    """The signed core. One of a later version is told apart from one that is wrong. Raises E_ENTRY_NEWER, E_SCHEMA."""
    try:
        core = decode(Core, data)
    except Problem:
        plain = canonical.load(data)
        version = plain.get("v") if type(plain) is dict else None
        if type(version) is int and version > _VERSION:
            raise Problem("E_ENTRY_NEWER", version=version) from None
        raise
    if not codes.is_code(core.code):
        raise Problem("E_SCHEMA", where="Core.code")
    relations.check(core)
    return core


def _certificate(core: Core, trust: Trust) -> tuple[Certificate, bool]:
    """The device's certificate, signed for this mission and in force at the entry's signed floor; and whether the
    entry was sealed before it was issued. Raises E_CERT, E_MISSION.
    """
    early = trust.certificates.get(_requested(core.cert))
    try:
        body = signed.open_object("cert", early or core.cert, trust.signers, trust.threshold, code="E_CERT")
    except Problem as problem:
        if problem.code != "E_CERT" and not problem.code.startswith("E_CMP") and problem.code != "E_SCHEMA":
            raise
        raise Problem("E_CERT", why="not-issued-here") from None
    certificate = decode(Certificate, body)
    if certificate.mission != trust.mission:
        raise Problem("E_MISSION")
    # The floor is signed by the device itself: this finds mistakes. Against a hostile device there is revocation.
    if core.t.floor > certificate.na or (early is None and core.t.floor < certificate.nb):
        raise Problem("E_CERT", why="not-in-force")
    return certificate, early is not None


def _requested(cert: bytes) -> bytes:
    """The root of the tree whose request stands in the certificate's place; nothing when it is no request."""
    try:
        return packs.read_request(cert).fs_root
    except Problem:
        return b""


def _check_rights(entry: SignedEntry, trust: Trust) -> None:
    """What the device may sign, for whom, under which pack."""
    core, serial = entry.core, entry.certificate.serial
    last_ok = trust.revoked.get(serial)
    if last_ok is not None and entry.seq > last_ok and entry.core_hash not in trust.accepted:
        raise Problem("E_DEVICE_REVOKED", serial=serial.hex()[:8], seq=entry.seq, last=last_ok)
    if core.seq != entry.seq:
        raise Problem("E_SEQ")
    if core.mission != trust.mission:
        raise Problem("E_MISSION")
    version, pack_hash = core.pack
    if entry.early:
        # The pack in force was made for an earlier tree of the same device, which this desk cannot tell from others.
        known = any(each == version and digest == pack_hash for (_, each), digest in trust.packs.items())
    else:
        known = trust.packs.get((serial, version)) == pack_hash
    if not known:
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


def _check_streams(core: Core, content_keys: Mapping[int, Secret]) -> None:
    """Stream ids differ, and each compartment in use has one document: the first compartment always is in use."""
    sids = [stream.sid for stream in core.streams]
    doc_comps = [stream.comp for stream in core.streams if stream.kind == "doc"]
    if len(set(sids)) != len(sids) or len(set(doc_comps)) != len(doc_comps):
        raise Problem("E_SCHEMA", where="Core.streams")
    used = {stream.comp for stream in core.streams} | {ref[0] for ref in core.recips} | content_keys.keys()
    if not used | {PROCESS} <= set(doc_comps):
        raise Problem("E_SCHEMA", where="Core.streams")


def _document_cells(read: ReadAt, size: int, core: Core) -> dict[int, bytes]:
    """The cells of each document, their Merkle root checked; the entry ends exactly after the last."""
    offset, cells = HEAD_SIZE, {}
    for stream in core.streams:
        if stream.kind != "doc":
            continue
        length = stream.cells * CELL
        if stream.cells != padme(stream.cells) or stream.cells > MAX_DOCUMENT_CELLS:
            raise Problem("E_STREAM_LEN", where="document")
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


def _wipe(shares: Sequence[slots.OpenedShare], keys: Mapping[int, Secret]) -> None:
    for share in shares:
        share.share.wipe()
    for key in keys.values():
        key.wipe()
