"""Both ways against an independent reading of the protocol: ours opens theirs, theirs opens ours, layer by layer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from collector import cells, cellstream, crypto, head, keyslots, merkle, signer, slots
from collector.cellstream import CHUNK, StreamInfo
from collector.crypto import Secret
from collector.head import Head
from collector.keyslots import KdfParams
from collector.slots import KIND_ENTRY, RecipientKeys
from schemas import canonical
from schemas.records.common import LeafSignature
from schemas.structure import from_plain, to_plain
from tests.conftest import shared_path
from tests.helpers.expect import refused

SK, SID, EID = bytes(range(32)), bytes(range(16)), b"\xc1" * 16


@pytest.fixture(scope="module")
def theirs() -> Iterator[ModuleType]:
    folder = str(shared_path("design", "reference", "sealed.py").parent)
    sys.path.insert(0, folder)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        import sealed  # type: ignore[import-not-found]

        yield sealed
    finally:
        sys.dont_write_bytecode = written
        sys.path.remove(folder)
        sys.modules.pop("sealed", None)


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(shared_path("design", "vectors", "vectors.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def sample() -> bytes:
    return shared_path("design", "vectors", "sample.entry").read_bytes()


def recipient(letter: bytes) -> RecipientKeys:
    return RecipientKeys.from_seed(Secret(letter * 32))


# ---- published vectors


def test_vectors_of_the_cell_stream(vectors: dict[str, Any]) -> None:
    want = vectors["cellstream"]
    key, commit = cells.stream_keys(SK, SID)
    assert (key.hex(), commit.hex()) == (want["key"], want["commit"])
    assert cells.nonce(0, 0).hex() == want["nonce0"]
    assert cells.nonce(1, 1).hex() == want["nonce1"]
    sealed, info = cellstream.seal_bytes(SK, SID, bytes(i & 255 for i in range(want["len"])))
    assert info.cells == want["cells"]
    assert info.root is not None
    assert info.root.hex() == want["root"]
    for i in range(2):
        assert crypto.sha256(sealed[65_536 * i :][:65_536]).hex() == want[f"cell{i}_sha256"]
    assert merkle.leaf(sealed[:65_536]).hex() == want["leaf0"]
    empty = cellstream.seal_bytes(SK, SID, b"")[1]
    assert (empty.cells, empty.root) == (1, bytes.fromhex(vectors["cellstream_empty"]["root"]))


def test_vectors_of_tree_commitment_and_slot(vectors: dict[str, Any]) -> None:
    leaves = [merkle.leaf(bytes([i])) for i in range(7)]
    assert merkle.root(leaves).hex() == vectors["merkle"]["root"]
    assert [part.hex() for part in merkle.inclusion_path(3, leaves)] == vectors["merkle"]["path_3"]
    want, ck = vectors["kc"], b"\x22" * 32
    kc = slots.commitment(ck, EID, 2)
    assert kc.hex() == want["kc"]
    assert crypto.expand(ck, "doc").hex() == want["doc_sk"]
    assert crypto.expand(ck, "manifest").hex() == want["manifest_key"]
    assert slots.slot_info(bytes([2, 0, 0, 1, 0, 0]), EID, kc).hex() == vectors["slot_info"]["info"]
    who, alice = vectors["recipient"], recipient(b"A")
    assert alice.public.pk_n.hex() == who["pkN"]
    assert crypto.sha256(alice.public.pk_x).hex() == who["pkX_sha256"]
    assert alice.rid.hex() == who["rid"]


def test_vectors_of_signatures(vectors: dict[str, Any]) -> None:
    want = vectors["signer"]
    tree, state = signer.SignerTree.create(Secret(b"\x07" * 32), 8)
    assert tree.root.hex() == want["root"]
    assert (tree.leaves[:32].hex(), tree.leaves[-32:].hex()) == (want["leaf0"], want["leaf7"])
    mark, following = tree.sign(state, "enrol", b"")
    assert mark.pk.hex() == want["pk0"]
    assert following.state.hex() == want["state1"]
    message = vectors["sigmsg"]
    assert crypto.signed_message("manifest", b"hi").hex() == message["msg"]
    public, secret = crypto.sign_keypair(bytes.fromhex(message["ed25519_seed"]))
    assert crypto.sign(secret, "manifest", b"hi").hex() == message["sig"]
    crypto.verify(public, "manifest", b"hi", bytes.fromhex(message["sig"]))


def test_vector_of_the_keyslot(vectors: dict[str, Any]) -> None:
    want = vectors["keyslot"]
    prefix = bytes.fromhex(want["prefix"])
    word = crypto.argon2id(want["passphrase"], prefix[24:40], want["m_kib"], want["t"])
    assert word.hex() == want["argon2id"]
    header = (prefix + bytes(12) + bytes.fromhex(want["slot"])).ljust(4096, b"\x5a")
    opened = keyslots.unlock(header, want["passphrase"])
    assert (opened.vmk.hex(), opened.slot, opened.kind) == (want["vmk"], 0, keyslots.PASSPHRASE)


# ---- their code opens what ours made, and the reverse


@pytest.mark.parametrize("length", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_streams(theirs: ModuleType, length: int) -> None:
    data, ctx = bytes(i % 251 for i in range(length)), b"head hash"
    sealed, info = cellstream.seal_bytes(SK, SID, data, ctx)
    split = [sealed[at : at + 65_536] for at in range(0, len(sealed), 65_536)]
    assert theirs.cs_open(SK, SID, split, length, info.commit, ctx) == data
    other, commit, root = theirs.cs_seal(SK, SID, data, ctx)
    assert cellstream.open_bytes(SK, b"".join(other), StreamInfo(SID, length, len(other), commit, root), ctx) == data


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 13])
def test_trees(theirs: ModuleType, n: int) -> None:
    leaves = [merkle.leaf(bytes([i])) for i in range(n)]
    root = merkle.root(leaves)
    assert root == theirs.mth(leaves)
    for i in range(n):
        assert theirs.verify_path(i, n, leaves[i], merkle.inclusion_path(i, leaves), root)
        merkle.check_inclusion(i, n, leaves[i], theirs.path(i, leaves), root)


@pytest.mark.parametrize("kind", [slots.KIND_ENTRY, slots.KIND_BUNDLE, slots.KIND_PACK])
def test_slots(theirs: ModuleType, kind: int) -> None:
    ours, other = recipient(b"A"), theirs.Recipient(b"A" * 32)
    assert (other.pkN, other.pkX, other.rid) == (ours.public.pk_n, ours.public.pk_x, ours.rid)
    comp = 2 if kind == KIND_ENTRY else 0
    ck = b"\x22" * 32
    kcs = [slots.commitment(ck, EID, comp)] * 8
    mine = slots.seal_slot(ours.public, oid=EID, comp=comp, kc=kcs[0], share=ck, kind=kind, grp=1, idx=1, tot=2)
    assert theirs.slot_open(mine, other, EID, kcs, kind) == (comp, 1, 1, 2, ck)
    made = theirs.slot_seal(other.pkN, other.pkX, EID, comp, kcs[0], ck, 1, 1, 2, kind)
    (opened,) = slots.open_slots([made], [ours], oid=EID, kcs=kcs, kind=kind)
    assert (opened.comp, opened.grp, opened.idx, opened.tot, bytes(opened.share)) == (comp, 1, 1, 2, ck)
    assert theirs.slot_open(slots.dummy_slot(), other, EID, kcs, kind) is None


def test_leaf_signatures(theirs: ModuleType) -> None:
    tree, state = signer.SignerTree.create(Secret(b"\x07" * 32), 8)
    other = theirs.Signer(b"\x07" * 32, 8)
    for kind, body in (("enrol", b"request"), ("manifest", b"first"), ("manifest", b"second")):
        mark, state = tree.sign(state, kind, body)
        made = other.sign(kind.encode(), body)
        assert to_plain(mark) == made
        theirs.sig_verify(tree.root, 8, kind.encode(), body, to_plain(mark), first=0)
        signer.verify_leaf(other.root, 8, kind, body, from_plain(LeafSignature, made), first=0)


def test_vault_heads(theirs: ModuleType) -> None:
    vmk, keyfile = b"\x33" * 32, b"key file"
    header = keyslots.new_header("пароль", Secret(vmk), KdfParams(65_536, 1), keyfile)
    assert theirs.vault_unlock(header, "пароль", keyfile) == (vmk, keyslots.PASSPHRASE, 0)
    with pytest.raises(theirs.Reject):
        theirs.vault_unlock(header, "пароль")
    prefix = theirs.vault_prefix(b"\x10" * 16, b"\x20" * 16, 65_536, 1)
    made = theirs.keyslot_make(prefix, 3, theirs._pw(prefix, "слово"), None, vmk, 1)
    table = b"".join(made if i == 3 else crypto.random_bytes(256) for i in range(8))
    opened = keyslots.unlock((prefix + bytes(12) + table).ljust(4096, b"\x01"), "слово")
    assert (bytes(opened.vmk), opened.slot) == (vmk, 3)


def test_an_entry_of_ours(theirs: ModuleType) -> None:
    """Head, manifest, signature and documents as we make them, through the whole of their reader."""
    officers = [recipient(b"A"), recipient(b"B")]
    cks = head.content_keys([1, 2])
    table, recips = [], []
    for comp, groups in ((0, [[0], [1]]), (1, [[0, 1]]), (2, [[0], [1]])):
        for grp, members in enumerate(groups):
            shares = slots.split(cks[comp], len(members))
            for idx, (who, share) in enumerate(zip(members, shares, strict=True)):
                place = {"comp": comp, "grp": grp, "idx": idx, "tot": len(members)}
                kc = slots.commitment(cks[comp], EID, comp)
                table.append(
                    slots.seal_slot(officers[who].public, oid=EID, kc=kc, share=share, kind=KIND_ENTRY, **place)
                )
                recips.append([comp, grp, idx, len(members), officers[who].rid])
    pub = head.public_part(EID, cks, slots.arranged(table, head.SLOTS))
    hdr = crypto.sha256(pub)
    documents = {1: b"identity", 2: b"narrative" * 20_000}
    body, streams = [], []
    for comp, document in documents.items():
        sealed, info = head.document_cells(cks[comp], document, hdr)
        body += [sealed[at : at + 65_536] for at in range(0, len(sealed), 65_536)]
        streams.append(
            {
                "sid": info.sid,
                "comp": comp,
                "cells": info.cells,
                "root": info.root,
                "commit": info.commit,
                "kind": "doc",
            }
        )
    tree, state = signer.SignerTree.create(Secret(b"\x07" * 32), 8)
    _, state = tree.sign(state, "enrol", b"")
    core = canonical.dump(
        {"v": 1, "eid": EID, "hdr": hdr, "recips": sorted(recips), "streams": streams, "seq": 1, "mission": b"m" * 16}
    )
    mark, _ = tree.sign(state, "manifest", core)
    sealed = head.build_head(pub, cks[0], canonical.dump({"core": core, "sig": to_plain(mark)}))
    keys = [theirs.Recipient(b"A" * 32), theirs.Recipient(b"B" * 32)]
    _, opened = theirs.entry_open(sealed, body, keys, tree.root, 8, {"mission": b"m" * 16})
    assert opened == documents
    _, opened = theirs.entry_open(sealed, body, keys[:1], tree.root, 8, {"mission": b"m" * 16})
    assert opened == {2: documents[2]}


def open_sample(entry: bytes, *keys: RecipientKeys) -> dict[int, bytes]:
    found = Head.parse(entry[: head.HEAD_SIZE])
    shares = slots.open_slots(found.slots, keys, oid=found.eid, kcs=found.kcs, kind=KIND_ENTRY)
    cks = slots.combine(shares, found.kcs, found.eid)
    manifest = canonical.load(head.open_manifest(found, cks[0]))
    tree, _ = signer.SignerTree.create(Secret(b"\x07" * 32), 8)
    signer.verify_leaf(tree.root, 8, "manifest", manifest["core"], from_plain(LeafSignature, manifest["sig"]))
    core = canonical.load(manifest["core"])
    assert (core["eid"], core["hdr"], core["mission"], core["seq"]) == (found.eid, found.pub_hash, b"m" * 16, 1)
    documents, at = {}, head.HEAD_SIZE
    for stream in core["streams"]:
        info = StreamInfo(stream["sid"], stream["cells"] * CHUNK, stream["cells"], stream["commit"], stream["root"])
        sealed = entry[at : at + info.cells * 65_536]
        assert cellstream.root_of_cells(sealed) == info.root
        if stream["comp"] in cks:
            documents[stream["comp"]] = head.open_document(cks[stream["comp"]], sealed, info, found.pub_hash)
        at += len(sealed)
    assert at == len(entry)
    return documents


def test_their_sample_entry(sample: bytes) -> None:
    alice, bob = recipient(b"A"), recipient(b"B")
    assert open_sample(sample, alice, bob) == {1: b"identity doc", 2: b"narrative doc"}
    assert open_sample(sample, bob) == {2: b"narrative doc"}
    found = Head.parse(sample[: head.HEAD_SIZE])
    stranger = slots.open_slots(found.slots, [recipient(b"C")], oid=found.eid, kcs=found.kcs, kind=KIND_ENTRY)
    assert stranger == []


def test_attack_16_sample_entry_cut_anywhere(sample: bytes) -> None:
    alice, bob = recipient(b"A"), recipient(b"B")
    for cut in (0, 65_535):
        with refused("E_FORMAT"):
            open_sample(sample[:cut], alice, bob)
    with refused("E_STREAM_LEN", "E_STREAM_ROOT"):
        open_sample(sample[:-1], alice, bob)
