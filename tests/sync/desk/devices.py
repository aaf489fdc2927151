"""Devices that can sign anything: honest entries without a vault, and every kind of dishonest one.

A `Device` keeps all states of its signature tree, so that it signs any leaf, again and again. `entry` makes a sealed
entry as the protocol says; each of its keyword arguments bends one thing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector import cellstream, codes, crypto, envelope, head, packs, slots
from collector.cells import CELL, StreamInfo
from collector.crypto import Secret
from collector.signer import SignerState, SignerTree
from collector.slots import RecipientKeys, RecipientPublic
from schemas import canonical, structure
from schemas.records.common import IDENTITY, NARRATIVE, PROCESS, LeafSignature, SignedObject
from schemas.records.document import Answer, AttachmentKey, Document
from schemas.records.manifest import Core, Manifest, RecipientRef, StreamRef, Times
from schemas.records.mission import Certificate, PackBody, PackContent, PackRecipient
from sync.desk.desk import Desk
from tests.helpers.forms import CODE, CONSENT, NAME, PLACE, STORY

LEAVES = 16
STORY_TEXT = "MARKER-STORY They came at night."
NAME_TEXT = "MARKER-NAME Olena"
_ZERO = bytes(32)


@dataclass(frozen=True)
class Attached:
    """An attachment with its sealed cells."""

    key: AttachmentKey
    ref: StreamRef
    cells: bytes


@dataclass(frozen=True)
class Sealed:
    """A sealed entry: file bytes, the core that was signed, the streams that travel with it."""

    eid: bytes
    data: bytes
    core: bytes
    code: str
    streams: tuple[Attached, ...] = ()

    @property
    def core_hash(self) -> bytes:
        return crypto.sha256(self.core)


def attach(
    content: bytes, *, name: str = "photo.jpg", mime: str = "image/jpeg", comp: int = IDENTITY, **changes: Any
) -> Attached:
    """An attachment; `changes` bend its key record."""
    sid, sk = crypto.random_bytes(16), crypto.random_bytes(32)
    cells, info = cellstream.seal_bytes(sk, sid, content)
    fields = {"sid": sid, "sk": sk, "len_": len(content), "name": name, "mime": mime, "cap_t": 1_700_000_000}
    fields["sha256"] = crypto.sha256(content)
    return Attached(AttachmentKey(**{**fields, **changes}), stream_ref(info, comp, "att"), cells)


def stream_ref(info: StreamInfo, comp: int, kind: Any) -> StreamRef:
    assert info.root is not None
    assert info.commit is not None
    return StreamRef(sid=info.sid, comp=comp, kind=kind, cells=info.cells, root=info.root, commit=info.commit)


def given(path: Any, value: Any, missing: Any = None, at: int = 1_700_000_000, by: Any = "witness") -> Answer:
    return (path, value, missing, at, by)


def answers(code: str, *, story: str = STORY_TEXT, name: str = NAME_TEXT) -> dict[int, list[Answer]]:
    """Answers to the small form."""
    return {
        PROCESS: [given(CODE, code, by="program"), given(PLACE, "kitchen"), given(CONSENT, "yes")],
        IDENTITY: [given(NAME, name)],
        NARRATIVE: [given(STORY, story)],
    }


class Device:
    """A device without a vault; everything it ever knew stays known to it."""

    def __init__(self, leaves: int = LEAVES) -> None:
        self.tree, state = SignerTree.create(Secret.random(), leaves)
        self.states = [SignerState(0, Secret(state.state))]
        self.returns = RecipientKeys.from_seed(Secret.random())
        self.request, _ = packs.write_request(self.tree, self._state(0), self.returns.public, ("test", "0" * 64))
        self.seq = 0
        self.prev = _ZERO
        self.pack: PackBody | None = None
        self.pack_hash = _ZERO
        self.cert = self.request

    def _state(self, leaf: int) -> SignerState:
        while len(self.states) <= leaf:
            last = self.states[-1]
            copy = SignerState(last.index, Secret(last.state))
            _, following = self.tree.sign(copy, "manifest", b"")
            self.states.append(SignerState(following.index, Secret(following.state)))
        return SignerState(leaf, Secret(self.states[leaf].state))

    def sign(self, leaf: int, body: bytes, kind: str = "manifest") -> LeafSignature:
        return self.tree.sign(self._state(leaf), kind, body)[0]

    def enrol(self, desk: Desk, mission: str | None = None) -> Device:
        """Through the office's own door; keeps the pack."""
        return self.accept(desk.enrol(self.request, mission_name=mission).pack)

    def accept(self, pack: bytes) -> Device:
        content = structure.decode(PackContent, envelope.open(envelope.PACK_MAGIC, pack, [self.returns]).content)
        body = structure.decode(SignedObject, content.pack).body
        self.pack, self.pack_hash = structure.decode(PackBody, body), crypto.sha256(body)
        self.cert = self.pack.cert
        return self

    @property
    def certificate(self) -> Certificate:
        return structure.decode(Certificate, structure.decode(SignedObject, self.cert).body)

    @property
    def body(self) -> PackBody:
        assert self.pack is not None
        return self.pack

    def intake(self) -> list[RecipientPublic]:
        return [RecipientPublic(item.pkN, item.pkX) for item in self.body.intake]

    def entry(
        self,
        content: Mapping[int, Sequence[Answer]] | None = None,
        *,
        attached: Sequence[Attached] = (),
        eid: bytes | None = None,
        code: str | None = None,
        leaf: int | None = None,
        form: bytes | None = None,
        core: Mapping[str, Any] | None = None,
        documents: Callable[[dict[int, Document]], Mapping[int, Document | bytes]] = lambda found: found,
        recipients: Callable[[list[PackRecipient]], list[PackRecipient]] = lambda found: found,
        refs: Callable[[list[RecipientRef]], list[RecipientRef]] = lambda found: found,
        table: Callable[[list[bytes]], list[bytes]] = lambda found: found,
        streams: Callable[[list[StreamRef]], list[StreamRef]] = lambda found: found,
        sealed_core: Callable[[bytes], bytes] = lambda found: found,
    ) -> Sealed:
        """A sealed entry. Without arguments an honest one; `core` changes fields of the core before it is signed."""
        eid = eid or crypto.random_bytes(16)
        code = code or codes.draw()
        told = dict(answers(code) if content is None else content)
        made = {
            comp: Document(
                eid=eid, comp=comp, answers=tuple(items), atts=tuple(a.key for a in attached if a.ref.comp == comp)
            )
            for comp, items in told.items()
        }
        plain = {
            comp: item if isinstance(item, bytes) else structure.encode(item, canonical.DOCUMENT)
            for comp, item in documents(made).items()
        }
        cks = head.content_keys([*plain])
        sealed_slots, named = self._slots(eid, cks, recipients)
        pub = head.public_part(eid, cks, slots.arranged(table(sealed_slots), head.SLOTS))
        cells, found = [], []
        for comp, document in sorted(plain.items()):
            data, info = head.document_cells(cks[comp], document, crypto.sha256(pub))
            cells.append(data)
            found.append(stream_ref(info, comp, "doc"))
        found += [a.ref for a in sorted(attached, key=lambda a: a.ref.comp)]
        leaf = self._next() if leaf is None else leaf
        fields = self._core(eid, code, crypto.sha256(pub), leaf, form)
        fields |= {"recips": tuple(sorted(refs(named))), "streams": tuple(streams(found)), **(core or {})}
        signed_core = sealed_core(structure.encode(Core(**fields)))
        manifest = structure.encode(Manifest(core=signed_core, sig=self.sign(leaf, signed_core)))
        self.prev = crypto.sha256(signed_core)
        data = head.build_head(pub, cks[PROCESS], manifest) + b"".join(cells)
        return Sealed(eid, data, signed_core, code, tuple(attached))

    def _next(self) -> int:
        self.seq += 1
        return self.seq

    def _core(self, eid: bytes, code: str, hdr: bytes, leaf: int, form: bytes | None) -> dict[str, Any]:
        now = self.body.issued + 60
        used = next(item for item in self.body.forms if form in (None, item.hash))
        return {
            "eid": eid,
            "hdr": hdr,
            "kind": "testimony",
            "code": code,
            "mission": self.body.mission,
            "pack": (self.body.ver, self.pack_hash),
            "epoch": 1,
            "cert": self.cert,
            "seq": leaf,
            "prev": self.prev,
            "log": (0, crypto.sha256(b""), ()),
            "t": Times(dev=now, floor=self.body.issued, mono=5, anchors=(self.pack_hash,)),
            "form": (used.id, used.ver, used.hash),
            "app": ("test", "0" * 64),
        }

    def _slots(
        self, eid: bytes, cks: Mapping[int, Secret], recipients: Callable[[list[PackRecipient]], list[PackRecipient]]
    ) -> tuple[list[bytes], list[RecipientRef]]:
        made, refs = [], []
        for comp, ck in cks.items():
            kc = slots.commitment(ck, eid, comp)
            for to in recipients([item for item in self.body.recips if item.comp == comp]):
                public = RecipientPublic(to.pkN, to.pkX)
                made.append(
                    slots.seal_slot(
                        public,
                        oid=eid,
                        comp=comp,
                        kc=kc,
                        share=ck,
                        kind=slots.KIND_ENTRY,
                        grp=to.grp,
                        idx=to.idx,
                        tot=to.tot,
                    )
                )
                refs.append((comp, to.grp, to.idx, to.tot, to.rid))
        return made, refs


def with_times(device: Device, **changes: int) -> dict[str, Any]:
    """Changed times for `entry(core=…)`."""
    now = device.body.issued
    times = Times(dev=now, floor=now, mono=1, anchors=())
    return {"t": dataclasses.replace(times, **changes)}


def flip_cell(attached: Attached, cell: int) -> Attached:
    """The same attachment with one bit of a cell changed on the way."""
    data = bytearray(attached.cells)
    data[cell * CELL + 100] ^= 1
    return dataclasses.replace(attached, cells=bytes(data))
