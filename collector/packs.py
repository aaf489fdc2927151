"""Enrolment requests and mission packs: how they are written, and in which order they are trusted.

Pure: bytes in, records out (docs/spec/protocol.md §8). A device and an office share this module, so that what one
writes is what the other checks.
Nothing of a pack's body is read before enough signatures hold, and forms are only bytes here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from collector import crypto, envelope, signed, signer, slots
from collector.cells import cells_for
from collector.roots import check_root as check_root
from collector.roots import same_fingerprint as same_fingerprint
from collector.roots import trusted as trusted
from collector.signer import SignerState, SignerTree
from collector.slots import RecipientKeys, RecipientPublic
from schemas import structure
from schemas.problems import Problem
from schemas.records.common import LeafSignature
from schemas.records.mission import (
    Certificate,
    EnrolmentBody,
    EnrolmentRequest,
    FormFile,
    Intake,
    PackBody,
    PackContent,
    PackForm,
    PackRecipient,
    Root,
)

MAX_SLOTS = 16
MAX_FORMS_BYTES = 64 << 20


# ---- what the office writes ----


@dataclass(frozen=True, slots=True)
class FormSource:
    """A form for packs: its id and version, the XForm's bytes, and the files that belong to it (name, bytes)."""

    id: str
    version: str
    xml: bytes
    files: tuple[tuple[str, bytes], ...] = ()

    def entry(self) -> PackForm:
        """How the pack's body names this form."""
        files = tuple(
            FormFile(name=name, hash=crypto.sha256(data), bytes_=len(data), cells=cells_for(len(data)))
            for name, data in self.files
        )
        return PackForm(
            id=self.id,
            ver=self.version,
            hash=crypto.sha256(self.xml),
            bytes_=len(self.xml),
            cells=cells_for(len(self.xml)),
            files=files,
        )

    def streams(self) -> list[bytes]:
        """The bytes in the order in which the envelope carries them: the XForm, then its files."""
        return [self.xml, *(data for _, data in self.files)]


def sign_root(root: Root, keys: Sequence[signed.StaticKey]) -> bytes:
    """The signed root document."""
    return signed.sign_object("root", structure.encode(root), keys)


def sign_certificate(certificate: Certificate, keys: Sequence[signed.StaticKey]) -> bytes:
    """A device certificate signed by mission keys."""
    return signed.sign_object("cert", structure.encode(certificate), keys)


def write_pack(
    body: PackBody,
    *,
    root: bytes,
    keys: Sequence[signed.StaticKey],
    device: RecipientPublic,
    forms: Sequence[FormSource],
) -> tuple[bytes, bytes]:
    """The pack file for one device, and the pack's hash H(body): what the next pack names as `prev`.

    `root` is the signed root; `body.forms` must be the entries of `forms`, in order. Raises E_PACK_FORM when not.
    """
    if body.forms != tuple(form.entry() for form in forms):
        raise Problem("E_PACK_FORM", form="")
    data = structure.encode(body)
    content = PackContent(root=root, pack=signed.sign_object("pack", data, keys))
    streams = [stream for form in forms for stream in form.streams()]
    return envelope.seal(envelope.PACK_MAGIC, structure.encode(content), [device], streams), crypto.sha256(data)


# ---- enrolment requests ----


def write_request(
    tree: SignerTree, state: SignerState, keys: RecipientPublic, app: tuple[str, str]
) -> tuple[bytes, SignerState]:
    """The enrolment request of a new tree, signed by its leaf 0, and the state that comes after."""
    body = structure.encode(
        EnrolmentBody(
            fs_root=tree.root,
            fs_n=tree.n,
            pkN=keys.pk_n,
            pkX=keys.pk_x,
            app=app,
            nonce=crypto.random_bytes(32),
        )
    )
    signature, following = tree.sign(state, "enrol", body)
    return structure.encode(EnrolmentRequest(body=body, sig=signature)), following


def read_request(data: bytes) -> EnrolmentBody:
    """The body of a request whose device proved that it holds the tree (for the office; step 2 of §8.2).

    Raises E_CMP_*, E_SCHEMA, E_SEQ (signed by another leaf than 0), E_SIG_LEAF, E_SIG, E_RECIPIENT_KEY.
    """
    request = structure.decode(EnrolmentRequest, data)
    body = structure.decode(EnrolmentBody, request.body)
    _check_enrolment_signature(body, request.body, request.sig)
    slots.check_recipient(RecipientPublic(body.pkN, body.pkX))
    return body


def _check_enrolment_signature(body: EnrolmentBody, data: bytes, signature: LeafSignature) -> None:
    if signature.i != signer.ENROL_LEAF:
        raise Problem("E_SEQ")
    signer.verify_leaf(body.fs_root, body.fs_n, "enrol", data, signature, first=signer.ENROL_LEAF)


# ---- what a device trusts ----


@dataclass(frozen=True, slots=True)
class Tree:
    """One signature tree of this device with its return keys, as a certificate must name them."""

    number: int
    root: bytes
    n: int
    keys: RecipientPublic


@dataclass(frozen=True, slots=True)
class Standing:
    """The pack in force: whose it is, for which tree, which version, which hash."""

    org: str
    mission: bytes
    tree: int
    ver: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Expected:
    """What a device knows before it reads a pack: pinned root or typed fingerprint, its trees, the pack in force."""

    trees: tuple[Tree, ...]
    pinned: bytes | None = None
    fingerprint: str | None = None
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class VerifiedForm:
    """A form whose hash was signed: still only bytes."""

    entry: PackForm
    xml: bytes
    files: tuple[tuple[FormFile, bytes], ...]


@dataclass(frozen=True, slots=True)
class VerifiedPack:
    """A pack that may be applied. `gap` counts versions that never arrived; `unchanged`: it is the one in force."""

    root: Root
    root_hash: bytes
    root_signed: bytes
    body: PackBody
    hash: bytes
    signed: bytes
    tree: int
    certificate: Certificate
    forms: tuple[VerifiedForm, ...]
    gap: int = 0
    unchanged: bool = False


class RefusedPack(Problem):
    """A pack whose signatures hold and which is refused all the same: worth keeping as evidence."""

    def __init__(self, code: str, ver: int, pack_hash: bytes, data: bytes) -> None:
        super().__init__(code, version=ver)
        self.ver = ver
        self.hash = pack_hash
        self.signed = data


def verify(data: bytes, keys: Sequence[RecipientKeys], expected: Expected) -> VerifiedPack:
    """The pack, when every step of §8.3 holds, in this order:

    1. a slot of ours (E_NOT_FOR_US), the committed key (E_KEY_COMMIT), the seal (E_PACK_AUTH);
    2. the root is the pinned one (E_ROOT_OTHER) or has the fingerprint that a person typed (E_FINGERPRINT), and its own
       threshold signed it (E_PACK_SIG);
    3. the mission's threshold signed the body (E_PACK_SIG), which names this root (E_ROOT_OTHER);
    4. organisation and mission are the ones in force (E_MISSION);
    5. the mission's threshold signed the certificate (E_CERT), and it is for a tree and keys of ours (E_CERT_NOT_MINE);
    6. version: the same again is `unchanged`; E_PACK_EQUIVOCATION, E_PACK_ROLLBACK, E_PACK_FORK as `RefusedPack`;
    7. every recipient has the id of its keys, keys that something can be sealed to, and a whole group
       (E_PACK_RECIPIENTS, E_RECIPIENT_KEY);
    8. every form has the hash that was signed (E_PACK_FORM).
    """
    opened = envelope.open(envelope.PACK_MAGIC, data, keys)
    try:
        return _verify_content(opened, expected)
    finally:
        opened.wipe()


def _verify_content(opened: envelope.Opened, expected: Expected) -> VerifiedPack:
    """Steps 2 to 8."""
    content = structure.decode(PackContent, opened.content)
    root, root_hash = check_root(content.root, pinned=expected.pinned, fingerprint=expected.fingerprint)
    body_bytes = signed.open_object(
        "pack", content.pack, trusted(root, root.roles.mission), root.roles.mission.threshold
    )
    body, pack_hash = structure.decode(PackBody, body_bytes), crypto.sha256(body_bytes)
    if body.root_hash != root_hash:
        raise Problem("E_ROOT_OTHER")
    _check_mission(root, body, expected.standing)
    certificate, tree = _check_certificate(root, body, expected.trees)
    gap = _check_version(body, pack_hash, content.pack, tree, expected.standing)
    check_recipients(body)
    forms = _read_forms(body, opened)
    return VerifiedPack(
        root=root,
        root_hash=root_hash,
        root_signed=content.root,
        body=body,
        hash=pack_hash,
        signed=content.pack,
        tree=tree,
        certificate=certificate,
        forms=forms,
        gap=max(gap, 0),
        unchanged=gap < 0,
    )


def _check_mission(root: Root, body: PackBody, standing: Standing | None) -> None:
    if body.org != root.org:
        raise Problem("E_MISSION")
    if standing is not None and (body.org, body.mission) != (standing.org, standing.mission):
        raise Problem("E_MISSION")


def _check_certificate(root: Root, body: PackBody, trees: Sequence[Tree]) -> tuple[Certificate, int]:
    """The certificate and the number of the tree that it certifies."""
    role = root.roles.mission
    certificate = structure.decode(
        Certificate, signed.open_object("cert", body.cert, trusted(root, role), role.threshold, code="E_CERT")
    )
    if (certificate.org, certificate.mission) != (body.org, body.mission):
        raise Problem("E_CERT", why="mission")
    named = (certificate.fs_root, certificate.fs_n, certificate.pkN, certificate.pkX)
    for tree in trees:
        if (tree.root, tree.n, tree.keys.pk_n, tree.keys.pk_x) == named:
            return certificate, tree.number
    raise Problem("E_CERT_NOT_MINE")


def _check_version(body: PackBody, pack_hash: bytes, data: bytes, tree: int, standing: Standing | None) -> int:
    """How many versions were skipped; −1 for the pack that is in force already. Versions count for each tree."""
    if standing is None or tree > standing.tree:
        return 0
    if tree < standing.tree or body.ver < standing.ver:
        raise RefusedPack("E_PACK_ROLLBACK", body.ver, pack_hash, data)
    if body.ver == standing.ver:
        if pack_hash == standing.hash:
            return -1
        raise RefusedPack("E_PACK_EQUIVOCATION", body.ver, pack_hash, data)
    if body.ver == standing.ver + 1 and body.prev != standing.hash:
        raise RefusedPack("E_PACK_FORK", body.ver, pack_hash, data)
    return body.ver - standing.ver - 1


def check_recipients(body: PackBody) -> None:
    """Raises E_PACK_RECIPIENTS or E_RECIPIENT_KEY for a list that could not be sealed to. The office checks it too."""
    groups: dict[tuple[int, int, int], list[PackRecipient]] = {}
    for recipient in body.recips:
        groups.setdefault((recipient.epoch, recipient.comp, recipient.grp), []).append(recipient)
    for (epoch, comp, grp), members in groups.items():
        size = members[0].tot
        if sorted(member.idx for member in members) != list(range(size)) or any(m.tot != size for m in members):
            raise Problem("E_PACK_RECIPIENTS", where=f"epoch {epoch}, compartment {comp}, group {grp}")
    for epoch in {recipient.epoch for recipient in body.recips}:
        inside = [recipient for recipient in body.recips if recipient.epoch == epoch]
        if len(inside) > MAX_SLOTS or len({recipient.start for recipient in inside}) != 1:
            raise Problem("E_PACK_RECIPIENTS", where=f"epoch {epoch}")
    everybody: list[PackRecipient | Intake] = [*body.recips, *body.intake]
    for named in everybody:
        public = RecipientPublic(named.pkN, named.pkX)
        if public.rid != named.rid:
            raise Problem("E_PACK_RECIPIENTS", where="id")
        slots.check_recipient(public)


def _read_forms(body: PackBody, opened: envelope.Opened) -> tuple[VerifiedForm, ...]:
    """The bytes of every form, in the order of the body, each with the hash that was signed."""
    entries: list[PackForm | FormFile] = []
    for form in body.forms:
        entries += [form, *form.files]
    if sum(entry.bytes_ for entry in entries) > MAX_FORMS_BYTES:
        raise Problem("E_PACK_FORM", form="")
    streams = opened.forms([entry.bytes_ for entry in entries])
    for entry, data in zip(entries, streams, strict=True):
        if entry.cells != cells_for(entry.bytes_) or crypto.sha256(data) != entry.hash:
            raise Problem("E_PACK_FORM", form=entry.id if isinstance(entry, PackForm) else entry.name)
    rest = iter(streams)
    return tuple(
        VerifiedForm(form, next(rest), tuple((file, next(rest)) for file in form.files)) for form in body.forms
    )
