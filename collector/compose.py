"""What goes into an entry: documents by compartment, head, manifest (docs/spec/protocol.md §6.1 to §6.4).

Rule: only answers that the form shows go in; what it hides is marked not applicable and its value stays behind. Content
keys are drawn here, used once and wiped before the function returns. Nothing here touches the database or a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from collector import crypto, head, slots
from collector.cells import StreamInfo
from collector.crypto import Secret
from collector.drafts import Given, plain_path
from collector.media import Attachment
from collector.mission import Recipients
from collector.review import hidden_files
from collector.slots import RecipientPublic
from schemas import canonical, structure
from schemas.problems import Problem
from schemas.records.common import COMPARTMENTS, IDENTITY, PROCESS, LeafSignature
from schemas.records.document import Answer, AttachmentKey, Consent, Document, Missing
from schemas.records.manifest import Core, Manifest, RecipientRef, StreamRef
from schemas.records.mission import PackRecipient
from schemas.records.notes import Note
from schemas.records.notes import as_extra as notes_as_extra
from schemas.records.readback import Event
from schemas.records.readback import as_extra as readback_as_extra
from schemas.records.times import Times, as_extra
from schemas.session import Session
from schemas.session_types import Path, Value
from schemas.xform_model import Form, Question

NUMBERS = {name: number for number, name in COMPARTMENTS.items()}
TYPED = "x-typed"
"""The key of a document under which `Material.typed` stands: [[path, text], …]."""
Sign = Callable[[bytes], LeafSignature]


@dataclass(slots=True)
class Material:
    """What will be sealed: answers and attachments of each compartment, and the attachments that stay behind.

    `typed`: words that stood at a question and that it cannot take as an answer, by compartment. `times`: when and how
    long it was taken, None where nobody sat at it. `notes`: what the documenter noted to single answers.
    `readback`: when the account was read back, and changed after that.
    """

    answers: dict[int, list[Answer]] = field(default_factory=dict)
    attachments: dict[int, list[Attachment]] = field(default_factory=dict)
    left_behind: list[Attachment] = field(default_factory=list)
    consents: tuple[Consent, ...] = ()
    typed: dict[int, list[tuple[Path, str]]] = field(default_factory=dict)
    times: Times | None = None
    notes: tuple[Note, ...] = ()
    readback: tuple[Event, ...] = ()

    @property
    def compartments(self) -> list[int]:
        """The compartments in use; the first always is: the manifest stands under its key."""
        return sorted({PROCESS, *self.answers, *self.attachments, *self.typed})


def gather(
    form: Form,
    session: Session,
    given: Mapping[Path, Given],
    attachments: Sequence[Attachment],
    *,
    now: int,
    interrupted: bool,
    consents: tuple[Consent, ...] = (),
) -> Material:
    """The material of an interview. In an interrupted one, shown questions without an answer are marked not asked."""
    material = Material(consents=consents)
    answered: dict[Path, Value] = {}
    for path, value, missing in session.answers():
        answered[path] = value
        item = given.get(path)
        t, by = (item.t, item.by) if item is not None else (now, "program")
        _add(material, form, path, (path, value, cast(Missing, missing), t, by))
    for node in session.walk():
        if node.kind != "question" or node.path in answered:
            continue
        if not node.relevant:
            _add(material, form, node.path, (node.path, None, "not_applicable", now, "program"))
        elif interrupted and isinstance(node.definition, Question) and node.definition.mode != "auto":
            _add(material, form, node.path, (node.path, None, "not_asked", now, "program"))
    hidden = hidden_files(session)
    for attachment in attachments:
        if attachment.sid in hidden:
            material.left_behind.append(attachment)
        else:
            material.attachments.setdefault(_place_of(form, attachment, answered), []).append(attachment)
    return material


def _add(material: Material, form: Form, path: Path, answer: Answer) -> None:
    material.answers.setdefault(NUMBERS[form.compartment_of(path)], []).append(answer)


def _place_of(form: Form, attachment: Attachment, answered: Mapping[Path, Value]) -> int:
    """The compartment of an attachment: that of the question which it answers, else identity."""
    for path, value in answered.items():
        if value == attachment.sid:
            return NUMBERS[form.compartment_of(path)]
    return IDENTITY


# ---- the sealed bytes ----


@dataclass(frozen=True, slots=True)
class Fields:
    """What the core says beside the things that are computed here; `core` is called with those."""

    eid: bytes
    recipients: Recipients
    core: Callable[[bytes, tuple[RecipientRef, ...], tuple[StreamRef, ...]], Core]
    sign: Sign


@dataclass(frozen=True, slots=True)
class Entry:
    """A sealed entry: head and document cells, the core's bytes, the streams in the manifest's order."""

    eid: bytes
    data: bytes
    core: bytes
    streams: tuple[StreamRef, ...]
    compartments: tuple[int, ...]


def seal(material: Material, stream_key: Callable[[bytes], Secret], fields: Fields) -> Entry:
    """Seals the material. `stream_key` gives the key of an attachment by its sid.

    Raises E_NO_RECIPIENT, E_TOO_MANY_SLOTS, E_RECIPIENT_KEY, E_DOCUMENT_SIZE, E_MANIFEST_SIZE; the signer's problems.
    """
    comps = material.compartments
    groups = {comp: fields.recipients.of(comp) for comp in comps}
    documents = {comp: _document(fields.eid, comp, material, stream_key) for comp in comps}
    cks = head.content_keys(comps)
    try:
        sealed_slots, refs = _slots(fields.eid, cks, groups)
        pub = head.public_part(fields.eid, cks, slots.arranged(sealed_slots, head.SLOTS))
        hdr = crypto.sha256(pub)
        cells, streams = [], []
        for comp in comps:
            data, info = head.document_cells(cks[comp], documents[comp], hdr)
            cells.append(data)
            streams.append(_stream_ref(info, comp, "doc"))
        streams += _attachment_refs(material)
        core = structure.encode(fields.core(hdr, refs, tuple(streams)))
        manifest = structure.encode(Manifest(core=core, sig=fields.sign(core)))
        data = b"".join((head.build_head(pub, cks[PROCESS], manifest), *cells))
    finally:
        for ck in cks.values():
            ck.wipe()
    return Entry(fields.eid, data, core, tuple(streams), tuple(comps))


def _document(eid: bytes, comp: int, material: Material, stream_key: Callable[[bytes], Secret]) -> bytes:
    """The document of one compartment in canonical msgpack. Raises E_DOCUMENT_SIZE."""
    keys = [_attachment_key(item, stream_key) for item in material.attachments.get(comp, ())]
    ledger = material.consents if comp == PROCESS and material.consents else None
    answers = tuple(material.answers.get(comp, ()))
    typed = [[plain_path(path), words] for path, words in material.typed.get(comp, ())]
    extra: dict[str, object] = {TYPED: typed} if typed else {}
    if comp == PROCESS:
        extra |= as_extra(material.times) | notes_as_extra(material.notes) | readback_as_extra(material.readback)
    document = Document(eid=eid, comp=comp, answers=answers, atts=tuple(keys), consents=ledger, extra=extra)
    try:
        return structure.encode(document, canonical.DOCUMENT)
    except Problem as problem:
        if problem.code in ("E_CMP_SIZE", "E_CMP_ITEMS"):
            raise Problem("E_DOCUMENT_SIZE", compartment=COMPARTMENTS[comp]) from None
        raise


def _attachment_key(item: Attachment, stream_key: Callable[[bytes], Secret]) -> AttachmentKey:
    with stream_key(item.sid) as sk:
        return AttachmentKey(
            sid=item.sid,
            sk=bytes(sk),
            len_=item.length,
            name=item.name,
            mime=item.mime,
            sha256=item.sha256,
            cap_t=item.captured,
            continues=item.continues,
        )


def _stream_ref(info: StreamInfo, comp: int, kind: Literal["doc", "att"]) -> StreamRef:
    if info.root is None or info.commit is None:
        raise ValueError("a stream that is signed for has a root and a commitment")
    return StreamRef(sid=info.sid, comp=comp, kind=kind, cells=info.cells, root=info.root, commit=info.commit)


def _attachment_refs(material: Material) -> list[StreamRef]:
    return [
        _stream_ref(item.info, comp, "att")
        for comp in sorted(material.attachments)
        for item in material.attachments[comp]
    ]


def _slots(
    eid: bytes, cks: Mapping[int, Secret], groups: Mapping[int, Iterable[Sequence[PackRecipient]]]
) -> tuple[list[bytes], tuple[RecipientRef, ...]]:
    """One slot for each recipient: the whole key, or one share of it in an all-of group."""
    made: list[bytes] = []
    refs: list[RecipientRef] = []
    for comp, alternatives in groups.items():
        kc = slots.commitment(cks[comp], eid, comp)
        for members in alternatives:
            shares = slots.split(cks[comp], len(members))
            for member, share in zip(members, shares, strict=True):
                with share:
                    made.append(_slot(member, eid, kc, share))
                refs.append((comp, member.grp, member.idx, member.tot, member.rid))
    return made, tuple(sorted(refs))


def _slot(member: PackRecipient, eid: bytes, kc: bytes, share: Secret) -> bytes:
    return slots.seal_slot(
        RecipientPublic(member.pkN, member.pkX),
        oid=eid,
        comp=member.comp,
        kc=kc,
        share=share,
        kind=slots.KIND_ENTRY,
        grp=member.grp,
        idx=member.idx,
        tot=member.tot,
    )
