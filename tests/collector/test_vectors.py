"""The frozen vectors of the sealed layers: what was written once opens for ever and is written the same again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collector import cellstream, crypto, envelope, head, keyslots, slots
from collector.cellstream import CHUNK, StreamInfo
from collector.crypto import Secret
from collector.head import Head
from collector.slots import RecipientKeys
from schemas import canonical
from tests.vectors import write_layers as made


@pytest.fixture(scope="module")
def layers() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((made.HERE / "layers.json").read_text())
    return loaded


def test_what_is_fixed_is_made_the_same(layers: dict[str, Any]) -> None:
    assert made.fixed() == layers["fixed"]


def test_frozen_slots_open(layers: dict[str, Any]) -> None:
    desk = RecipientKeys.from_seed(Secret(made.DESK_SEEDS[0]))
    kcs = [slots.commitment(b"\x22" * 32, made.EID, 0)]
    assert sorted(layers["samples"]["slots"]) == ["0", "1", "2"]
    for kind, slot in layers["samples"]["slots"].items():
        (share,) = slots.open_slots([bytes.fromhex(slot)], [desk], oid=made.EID, kcs=kcs, kind=int(kind))
        assert bytes(slots.combine([share], kcs, made.EID)[0]) == b"\x22" * 32


def test_frozen_vault_head_opens(layers: dict[str, Any]) -> None:
    header = bytes.fromhex(layers["samples"]["vault_head"])
    by_word = keyslots.unlock(header, made.PASSPHRASE, made.KEYFILE)
    by_secret = keyslots.unlock_raw(header, Secret(b"\x44" * 32))
    assert (bytes(by_word.vmk), by_word.slot, by_word.gen) == (b"\x33" * 32, 0, 5)
    assert (bytes(by_secret.vmk), by_secret.slot, by_secret.gen) == (b"\x33" * 32, 7, 6)


@pytest.mark.parametrize(("present", "documents"), [((0,), (2,)), ((1,), (2,)), ((0, 1), (1, 2))])
def test_frozen_entry_opens(present: tuple[int, ...], documents: tuple[int, ...]) -> None:
    data = (made.HERE / "entry.sealed").read_bytes()
    keys = [RecipientKeys.from_seed(Secret(made.DESK_SEEDS[who])) for who in present]
    found = Head.parse(data[: head.HEAD_SIZE])
    shares = slots.open_slots(found.slots, keys, oid=found.eid, kcs=found.kcs, kind=slots.KIND_ENTRY)
    cks = slots.combine(shares, found.kcs, found.eid)
    manifest = canonical.load(head.open_manifest(found, cks[0]))
    assert manifest["hdr"] == found.pub_hash
    opened, at = {}, head.HEAD_SIZE
    for comp, sid, count, commit, root in manifest["streams"]:
        sealed = data[at : at + count * 65_536]
        at += len(sealed)
        if comp in cks:
            info = StreamInfo(sid, count * CHUNK, count, commit, root)
            opened[comp] = head.open_document(cks[comp], sealed, info, found.pub_hash)
    assert at == len(data)
    assert opened == {comp: made.DOCUMENTS[comp] for comp in documents}


def test_frozen_pack_opens() -> None:
    device = RecipientKeys.from_seed(Secret(made.RETURN_SEED))
    opened = envelope.open(envelope.PACK_MAGIC, (made.HERE / "pack.sealed").read_bytes(), [device])
    assert opened.content == b"content of a pack"
    assert opened.forms([len(form) for form in made.FORMS]) == made.FORMS


def test_frozen_streams_open(layers: dict[str, Any]) -> None:
    for length, want in layers["fixed"]["streams"].items():
        data, ctx = made.content(int(length)), bytes.fromhex(want["ctx"])
        sealed, info = cellstream.seal_bytes(made.SK, made.SID, data, ctx)
        assert crypto.sha256(sealed).hex() == want["sha256"]
        stored = StreamInfo(
            made.SID, int(length), want["cells"], bytes.fromhex(want["commit"]), bytes.fromhex(want["root"])
        )
        assert stored == info
        assert cellstream.open_bytes(made.SK, sealed, stored, ctx) == data
