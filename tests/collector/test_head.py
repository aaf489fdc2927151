"""The head of an entry and its documents: layout, bindings, and that every change fails closed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import crypto, head, slots
from collector.cellstream import CHUNK, StreamInfo
from collector.crypto import Secret
from collector.head import HEAD_SIZE, MANIFEST_LIMIT, PUB_SIZE, Head
from collector.slots import KIND_ENTRY, RecipientKeys
from schemas.problems import Problem
from tests.helpers.expect import flipped, patched, refused

EID = b"\xc1" * 16
SID = b"\x51" * 16
MANIFEST = b"manifest in canonical msgpack"


@pytest.fixture(scope="module")
def desk() -> RecipientKeys:
    return RecipientKeys.from_seed(Secret(b"A" * 32))


@pytest.fixture(scope="module")
def cks() -> dict[int, Secret]:
    return {comp: Secret(bytes([0x20 + comp]) * 32) for comp in (0, 2)}


def public(cks: dict[int, Secret], *recipients: RecipientKeys, eid: bytes = EID) -> bytes:
    table = [
        slots.seal_slot(who.public, oid=eid, comp=comp, kc=slots.commitment(ck, eid, comp), share=ck, kind=KIND_ENTRY)
        for who in recipients
        for comp, ck in cks.items()
    ]
    return head.public_part(eid, cks, slots.arranged(table, head.SLOTS))


@pytest.fixture(scope="module")
def pub(cks: dict[int, Secret], desk: RecipientKeys) -> bytes:
    return public(cks, desk)


@pytest.fixture(scope="module")
def sealed(cks: dict[int, Secret], pub: bytes) -> bytes:
    return head.build_head(pub, cks[0], MANIFEST)


def keys_of(found: Head, *keys: RecipientKeys) -> dict[int, Secret]:
    shares = slots.open_slots(found.slots, keys, oid=found.eid, kcs=found.kcs, kind=KIND_ENTRY)
    return slots.combine(shares, found.kcs, found.eid)


def test_layout(sealed: bytes, pub: bytes, cks: dict[int, Secret]) -> None:
    assert (len(pub), len(sealed), PUB_SIZE, MANIFEST_LIMIT) == (20_752, 65_536, 20_752, 44_764)
    found = Head.parse(sealed)
    assert found.eid == EID
    assert len(found.kcs) == 8
    assert found.kcs[2] == slots.commitment(cks[2], EID, 2)
    assert [len(slot) for slot in found.slots] == [1280] * 16
    assert b"".join((found.eid, *found.kcs, *found.slots, found.region)) == sealed
    assert found.pub_hash == crypto.sha256(pub)


def test_opens_by_its_slots(sealed: bytes, desk: RecipientKeys, cks: dict[int, Secret]) -> None:
    found = Head.parse(sealed)
    keys = keys_of(found, desk)
    assert {comp: bytes(key) for comp, key in keys.items()} == {comp: bytes(key) for comp, key in cks.items()}
    assert head.open_manifest(found, keys[0]) == MANIFEST
    with refused("E_MANIFEST_AUTH"):
        head.open_manifest(found, keys[2])


def test_unused_commitments_are_random(cks: dict[int, Secret]) -> None:
    first, second = (Head.parse(head.build_head(public(cks), cks[0], b"")) for _ in range(2))
    assert first.kcs[0] == second.kcs[0]
    assert not {first.kcs[comp] for comp in (1, 3, 4, 5, 6, 7)} & {second.kcs[comp] for comp in (1, 3, 4, 5, 6, 7)}


def test_heads_have_one_size_and_no_marks(desk: RecipientKeys) -> None:
    """One recipient or eight, a short manifest or a full one: outside nothing tells."""
    sealed = []
    for number, size in ((0, 0), (8, MANIFEST_LIMIT)):
        fresh = head.content_keys([2])
        sealed.append(
            head.build_head(public(fresh, *[desk] * number, eid=crypto.random_bytes(16)), fresh[0], bytes(size))
        )
    assert [len(one) for one in sealed] == [HEAD_SIZE] * 2
    shared = [at for at in range(0, HEAD_SIZE, 8) if sealed[0][at : at + 8] == sealed[1][at : at + 8]]
    assert shared == []


def test_sizes(cks: dict[int, Secret], pub: bytes, sealed: bytes) -> None:
    full = head.build_head(pub, cks[0], bytes(MANIFEST_LIMIT))
    assert head.open_manifest(Head.parse(full), cks[0]) == bytes(MANIFEST_LIMIT)
    with refused("E_MANIFEST_SIZE"):
        head.build_head(pub, cks[0], bytes(MANIFEST_LIMIT + 1))
    for bad in (b"", sealed[:-1], sealed + b"\0"):
        with refused("E_FORMAT"):
            Head.parse(bad)
    with refused("E_FORMAT"):
        head.build_head(pub[:-1], cks[0], b"")
    for eid, table in ((EID[:15], [bytes(1280)] * 16), (EID, [bytes(1280)] * 15), (EID, [bytes(1279)] * 16)):
        with refused("E_FORMAT"):
            head.public_part(eid, cks, table)


def test_content_keys_are_fresh_and_cover_the_manifest() -> None:
    first, second = head.content_keys([2]), head.content_keys([2, 0])
    assert sorted(first) == sorted(second) == [0, 2]
    assert not crypto.same(first[0], second[0])


# ---- attacks


def test_attack_03_rewrapped_for_a_third_party(sealed: bytes, cks: dict[int, Secret], desk: RecipientKeys) -> None:
    """An insider with the keys makes slots for somebody else: seal and signature stay with the old head."""
    third = RecipientKeys.from_seed(Secret(b"T" * 32))
    forwarded = public(keys_of(Head.parse(sealed), desk), third)
    moved = Head.parse(forwarded + sealed[PUB_SIZE:])
    keys = keys_of(moved, third)
    assert sorted(keys) == [0, 2]
    with refused("E_MANIFEST_AUTH"):
        head.open_manifest(moved, keys[0])
    # Sealed anew it opens, and then names a head hash that is not its own: E_BINDING for whoever reads the manifest.
    resealed = Head.parse(head.build_head(forwarded, cks[0], MANIFEST))
    assert head.open_manifest(resealed, cks[0]) == MANIFEST
    assert resealed.pub_hash != Head.parse(sealed).pub_hash


@pytest.mark.parametrize("at", [16 + 32, 16 + 32 * 7, 272 + 700, PUB_SIZE - 1])
def test_attack_12_flip_that_our_slots_do_not_notice(
    at: int, sealed: bytes, desk: RecipientKeys, cks: dict[int, Secret]
) -> None:
    """An unused commitment, a slot of another recipient: manifest and documents are bound to them."""
    found = Head.parse(flipped(sealed, at, 3))
    with refused("E_MANIFEST_AUTH"):
        head.open_manifest(found, cks[0])
    cells, info = head.document_cells(cks[2], b"document", Head.parse(sealed).pub_hash, SID)
    with refused("E_KEY_COMMIT"):
        head.open_document(cks[2], cells, info, found.pub_hash)


@pytest.mark.parametrize("at", [0, 15, 16, 47, 16 + 64])
def test_attack_12_flip_of_id_or_commitment(at: int, sealed: bytes, desk: RecipientKeys) -> None:
    with refused("E_SLOT_CONTEXT"):
        keys_of(Head.parse(flipped(sealed, at, 3)), desk)


@pytest.mark.parametrize("at", [PUB_SIZE, PUB_SIZE + 4, PUB_SIZE + 30_000, HEAD_SIZE - 1])
def test_attack_12_flip_of_the_manifest(at: int, sealed: bytes, cks: dict[int, Secret]) -> None:
    with refused("E_MANIFEST_AUTH"):
        head.open_manifest(Head.parse(flipped(sealed, at, 3)), cks[0])


@given(at=st.integers(0, HEAD_SIZE - 1), bit=st.integers(0, 7))
@settings(max_examples=60)
def test_attack_12_any_flip_fails_closed(at: int, bit: int, sealed: bytes, desk: RecipientKeys) -> None:
    with refused("E_MANIFEST_AUTH", "E_SLOT_CONTEXT", "E_NOT_FOR_US"):
        found = Head.parse(flipped(sealed, at, bit))
        keys = keys_of(found, desk)
        if 0 not in keys:
            # Our slot for compartment 0 was hit: it is nobody's now.
            raise Problem("E_NOT_FOR_US")
        head.open_manifest(found, keys[0])


def test_attack_05_head_of_another_protocol_version(
    pub: bytes, cks: dict[int, Secret], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        later.setattr(crypto, "P", b"svidok/2/")
        sealed = head.build_head(pub, cks[0], MANIFEST)
        cells, info = head.document_cells(cks[2], b"document", crypto.sha256(pub), SID)
    with refused("E_MANIFEST_AUTH"):
        head.open_manifest(Head.parse(sealed), cks[0])
    with refused("E_KEY_COMMIT"):
        head.open_document(cks[2], cells, info, crypto.sha256(pub))


def test_manifest_padding(pub: bytes, cks: dict[int, Secret]) -> None:
    for plain in (b"\0\0\0\1ab", b"\0\0\xae\xdd", b"\xff\xff\xff\xff"):
        with crypto.expand(cks[0], "manifest") as key:
            region = crypto.aead_seal(key, bytes(12), plain.ljust(44_768, b"\0"), crypto.sha256(pub))
        with refused("E_PAD"):
            head.open_manifest(Head.parse(pub + region), cks[0])


# ---- documents


@pytest.mark.parametrize(
    ("length", "cells"),
    [(0, 1), (1, 1), (CHUNK - 4, 1), (CHUNK - 3, 2), (8 * CHUNK, 10), (16 * CHUNK, 18), (4 << 20, 72)],
)
def test_documents_take_padded_numbers_of_cells(length: int, cells: int, cks: dict[int, Secret]) -> None:
    document = b"d" * length
    sealed, info = head.document_cells(cks[2], document, b"\x77" * 32, SID)
    assert (info.cells, info.length, info.sid) == (cells, cells * CHUNK, SID)
    assert head.open_document(cks[2], sealed, info, b"\x77" * 32) == document
    assert head.document_cells(cks[2], document, b"\x77" * 32)[1].sid != SID


def test_attack_17_document_of_another_compartment_or_entry(cks: dict[int, Secret]) -> None:
    sealed, info = head.document_cells(cks[2], b"narrative", b"\x77" * 32, SID)
    for ck, head_hash in ((cks[0], b"\x77" * 32), (cks[2], b"\x78" * 32)):
        with refused("E_KEY_COMMIT"):
            head.open_document(ck, sealed, info, head_hash)
    with refused("E_KEY_COMMIT"):
        head.open_document(cks[2], sealed, replace(info, sid=b"\x52" * 16), b"\x77" * 32)


def test_attack_62_document_padded_otherwise(cks: dict[int, Secret]) -> None:
    """A document in more cells than Padmé gives it, with something behind it, or longer than its cells."""
    from collector.cellstream import seal_bytes

    for framed in (
        (b"\0\0\0\1a").ljust(2 * CHUNK, b"\0"),
        (b"\0\0\0\1ab").ljust(CHUNK, b"\0"),
        (b"\0\0\xff\xed").ljust(CHUNK, b"\0"),
    ):
        with crypto.expand(cks[2], "doc") as sk:
            cells, info = seal_bytes(sk, SID, framed, b"\x77" * 32)
        with refused("E_PAD"):
            head.open_document(cks[2], cells, info, b"\x77" * 32)


def test_attack_16_document_with_fewer_cells(cks: dict[int, Secret]) -> None:
    sealed, info = head.document_cells(cks[2], b"d" * 2 * CHUNK, b"\x77" * 32, SID)
    with refused("E_STREAM_LEN"):
        head.open_document(cks[2], sealed[:-65_536], info, b"\x77" * 32)
    cut = StreamInfo(SID, 2 * CHUNK, 2, info.commit, None)
    with refused("E_CELL_AUTH"):
        head.open_document(cks[2], sealed[: 2 * 65_536], cut, b"\x77" * 32)
    with refused("E_STREAM_ROOT"):
        head.open_document(cks[2], sealed, replace(info, root=patched(bytes(32), 0, b"\1")), b"\x77" * 32)
