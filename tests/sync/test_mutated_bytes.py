"""Every reader of bytes that strangers can hand over: random and mutated ones end in a coded refusal, or are read."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import crypto, envelope, head, keyslots, packs, signed, slots
from collector.cells import CELL
from collector.crypto import Secret
from collector.keyslots import KdfParams
from collector.signer import SignerTree
from collector.slots import RecipientKeys
from schemas import canonical, structure
from schemas.problems import Problem
from schemas.records.bundle import ENTRY_FILE, BundleIndex
from schemas.records.common import SignedObject
from schemas.records.custody import Event
from schemas.records.document import Document
from schemas.records.manifest import Core, Manifest
from schemas.records.mission import Certificate, EnrolmentBody, EnrolmentRequest, PackBody, PackContent, Root
from schemas.records.receipt import DeskReceipt, ReturnContent
from sync.payload import read_index
from sync.volume import InMemory, check, read_lead
from tests.sync.volumes import CELLS, make_bundle

RECORDS = (
    BundleIndex, SignedObject, Event, Document, Core, Manifest, Certificate, EnrolmentBody, EnrolmentRequest, PackBody,
    PackContent, Root, DeskReceipt, ReturnContent,
)  # fmt: skip


@cache
def device() -> RecipientKeys:
    return RecipientKeys.from_seed(Secret(b"D" * 32))


@cache
def signing() -> tuple[bytes, Secret]:
    return crypto.sign_keypair(b"S" * 32)


@cache
def sample(kind: str) -> bytes:
    """A good file of each kind."""
    if kind == "request":
        tree, state = SignerTree.create(Secret(b"T" * 32), 16)
        return packs.write_request(tree, state, device().public, ("1", "test"))[0]
    if kind == "envelope":
        return envelope.seal(envelope.PACK_MAGIC, b"content", [device().public], [b"form"])
    if kind == "volume":
        return make_bundle(b"payload", 1, 1).files[0, 0]
    if kind == "header":
        return keyslots.new_header("words", Secret(b"V" * 32), KdfParams(65_536, 1))
    if kind == "head":
        cks = {0: Secret(b"C" * 32)}
        pub = head.public_part(bytes(16), cks, slots.arranged([], head.SLOTS))
        return head.build_head(pub, cks[0], b"manifest")
    if kind == "payload":
        body = structure.encode(
            BundleIndex(files=((ENTRY_FILE, b"e" * 16, CELL, crypto.sha256(bytes(CELL))),), retn=b"R" * 16)
        )
        return (len(body).to_bytes(4, "big") + body).ljust(4096, b"\0") + bytes(CELL)
    return signed.sign_object("r2", b"body", [signing()[1]])


def _index(data: bytes) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        read_index(file.fileno(), len(data))


def _records(data: bytes) -> None:
    for record in RECORDS:
        for limits in (canonical.WIRE, canonical.DOCUMENT):
            with contextlib.suppress(Problem):
                assert structure.encode(structure.decode(record, data, limits), limits) == data


def _manifest(data: bytes) -> None:
    head.open_manifest(head.Head.parse(data), b"C" * 32)


def _signed(data: bytes) -> None:
    public, _ = signing()
    signed.open_object("r2", data, {crypto.kid(public): public}, 1)


READERS: dict[str, Callable[[bytes], object]] = {
    "request": packs.read_request,
    "envelope": lambda data: envelope.open(envelope.PACK_MAGIC, data, [device()]).forms([4]),
    "volume": lambda data: read_lead(InMemory(data)),
    "header": keyslots.params_of,
    "head": _manifest,
    "payload": _index,
    "signed": _signed,
}


def reads_or_refuses(reader: Callable[[bytes], object], data: bytes) -> None:
    """Anything but a Problem that leaves the reader fails the test."""
    with contextlib.suppress(Problem):
        reader(data)


@pytest.mark.parametrize("kind", READERS)
def test_a_good_file_of_each_kind_is_read(kind: str) -> None:
    READERS[kind](sample(kind))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("kind", READERS)
def test_attack_29_mutated_files_of_each_kind(kind: str, data: st.DataObject) -> None:
    good = bytearray(sample(kind))
    near = st.integers(0, min(len(good), 6000) - 1)
    for at in data.draw(st.lists(near | st.integers(0, len(good) - 1), max_size=4)):
        good[at] = data.draw(st.sampled_from((0, 1, 0x7F, 0x80, 0xC1, 0xDF, 0xFF)) | st.integers(0, 255))
    end = data.draw(st.just(len(good)) | near | st.integers(0, len(good)))
    reads_or_refuses(READERS[kind], bytes(good[:end]) + data.draw(st.binary(max_size=8)))


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=600))
@pytest.mark.parametrize("kind", READERS)
def test_attack_29_random_bytes_for_each_reader(kind: str, data: bytes) -> None:
    whole = sample(kind)
    for attempt in (data, whole[:8] + data, (whole[:8] + data).ljust(len(whole), b"\0"), data.ljust(len(whole), b"\0")):
        reads_or_refuses(READERS[kind], attempt)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=9) | st.binary(max_size=40),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(("v", "eid", "core", "sig", "body", "files", "t", "x-")), inner, max_size=4
            )
        ),
        max_leaves=12,
    ).map(canonical.dump)
)
def test_attack_29_no_record_takes_what_is_not_its_own_shape(data: bytes) -> None:
    _records(data)


def test_attack_29_a_volume_of_random_cells() -> None:
    """Between two good leads nothing but noise: the check names every row and raises nothing."""
    good = sample("volume")
    size = (len(good) - CELLS * CELL) // 2
    noise = good[:size] + os.urandom(CELLS * CELL) + good[-size:]
    assert check(InMemory(noise)).bad_rows == tuple(range(CELLS))
