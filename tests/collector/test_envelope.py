"""The envelope of packs and return files: order of trust, shape, and forms that fit exactly."""

from __future__ import annotations

import struct

import pytest

from collector import crypto, envelope, slots
from collector.crypto import Secret
from collector.envelope import PACK_MAGIC, RETURN_MAGIC
from collector.slots import RecipientKeys
from tests.helpers.expect import flipped, patched, refused

CONTENT = b"canonical content"
FORMS = [b"<h:html/>", b"", b"x" * 65_520, b"y" * 70_000]
SIZES = [len(form) for form in FORMS]
TABLE, SEALED = 60, 60 + 4 * 1280


@pytest.fixture(scope="module")
def device() -> RecipientKeys:
    return RecipientKeys.from_seed(Secret(b"D" * 32))


@pytest.fixture(scope="module")
def pack(device: RecipientKeys) -> bytes:
    return envelope.seal(PACK_MAGIC, CONTENT, [device.public], FORMS)


def test_layout_and_content(device: RecipientKeys, pack: bytes) -> None:
    assert pack[:8] == b"SVIDPAK1"
    assert struct.unpack_from(">I", pack, 56) == (65_536,)
    assert len(pack) == SEALED + 65_536 * (1 + 1 + 1 + 1 + 2)
    opened = envelope.open(PACK_MAGIC, pack, [device])
    assert (opened.pack_id, opened.content) == (pack[8:24], CONTENT)
    assert opened.forms(SIZES) == FORMS
    assert CONTENT.decode() not in repr(opened).split("content=")[0]
    opened.wipe()
    with pytest.raises(ValueError, match="at least 32 bytes"):
        opened.forms(SIZES)


def test_two_packs_of_one_content_share_nothing(device: RecipientKeys, pack: bytes) -> None:
    again = envelope.seal(PACK_MAGIC, CONTENT, [device.public], FORMS)
    assert not any(again[at : at + 16] == pack[at : at + 16] for at in range(64, len(pack), 16))


@pytest.mark.parametrize("size", [0, 65_516, 65_517, envelope.LIMITS.size])
def test_content_of_any_permitted_size(size: int, device: RecipientKeys) -> None:
    data = envelope.seal(RETURN_MAGIC, b"c" * size, [device.public])
    assert (len(data) - SEALED) % 65_536 == 0
    opened = envelope.open(RETURN_MAGIC, data, [device])
    assert opened.content == b"c" * size
    assert opened.forms([]) == []


def test_limits(device: RecipientKeys) -> None:
    with refused("E_CMP_SIZE"):
        envelope.seal(PACK_MAGIC, bytes(envelope.LIMITS.size + 1), [device.public])
    with refused("E_CMP_SIZE"):
        envelope.seal(PACK_MAGIC, b"", [device.public], [b""] * 257)
    with refused("E_TOO_MANY_SLOTS"):
        envelope.seal(PACK_MAGIC, b"", [device.public] * 5)


def test_several_recipients(device: RecipientKeys) -> None:
    other = RecipientKeys.from_seed(Secret(b"E" * 32))
    data = envelope.seal(RETURN_MAGIC, CONTENT, [device.public, other.public])
    for key in (device, other):
        assert envelope.open(RETURN_MAGIC, data, [key]).content == CONTENT


# ---- refusals, in the order of the checks


def test_form_comes_first(device: RecipientKeys, pack: bytes) -> None:
    for bad in (
        b"",
        pack[: SEALED - 1],
        pack[: SEALED + 65_535],
        patched(pack, 0, RETURN_MAGIC),
        patched(pack, 56, struct.pack(">I", 0)),
        patched(pack, 56, struct.pack(">I", 65_535)),
        patched(pack, 56, struct.pack(">I", (2 << 20) + 65_536)),
    ):
        with refused("E_FORMAT"):
            envelope.open(PACK_MAGIC, bad, [device])


def test_attack_32_pack_for_another_device(pack: bytes) -> None:
    stranger = RecipientKeys.from_seed(Secret(b"S" * 32))
    with refused("E_NOT_FOR_US"):
        envelope.open(PACK_MAGIC, pack, [stranger])
    with refused("E_NOT_FOR_US"):
        envelope.open(PACK_MAGIC, pack, [])


def test_attack_04_slots_of_another_pack_and_another_kind(device: RecipientKeys, pack: bytes) -> None:
    other = envelope.seal(PACK_MAGIC, CONTENT, [device.public], FORMS)
    with refused("E_SLOT_CONTEXT"):
        envelope.open(PACK_MAGIC, patched(pack, TABLE, other[TABLE:SEALED]), [device])
    kc = pack[24:56]
    for kind in (slots.KIND_ENTRY, slots.KIND_BUNDLE):
        slot = slots.seal_slot(device.public, oid=pack[8:24], comp=0, kc=kc, share=bytes(32), kind=kind)
        with refused("E_SLOT_FORMAT"):
            envelope.open(PACK_MAGIC, patched(pack, TABLE, slot * 4), [device])


def test_attack_01_pack_with_a_second_key(device: RecipientKeys, pack: bytes) -> None:
    slot = slots.seal_slot(
        device.public, oid=pack[8:24], comp=0, kc=pack[24:56], share=b"\x99" * 32, kind=slots.KIND_PACK
    )
    with refused("E_KEY_COMMIT"):
        envelope.open(PACK_MAGIC, patched(pack, TABLE, slot + slots.dummy_slot() * 3), [device])


def test_attack_12_any_changed_bit(device: RecipientKeys, pack: bytes) -> None:
    for at in (8, 24, 55):
        with refused("E_SLOT_CONTEXT"):
            envelope.open(PACK_MAGIC, flipped(pack, at), [device])
    for at in (SEALED, SEALED + 30_000, SEALED + 65_535):
        with refused("E_PACK_AUTH"):
            envelope.open(PACK_MAGIC, flipped(pack, at), [device])
    # A slot that is not ours is covered by the seal too.
    for slot in range(4):
        with refused("E_PACK_AUTH", "E_NOT_FOR_US"):
            envelope.open(PACK_MAGIC, flipped(pack, TABLE + 1280 * slot + 600), [device])


def test_padding_of_the_content(device: RecipientKeys) -> None:
    """Sealed by somebody who holds the key: a length beyond the block, or something behind the content."""
    pack_id, key = b"\x01" * 16, Secret(b"\x02" * 32)
    kc = slots.commitment(key, pack_id, 0)
    slot = slots.seal_slot(device.public, oid=pack_id, comp=0, kc=kc, share=key, kind=slots.KIND_PACK)
    start = struct.pack(">8s16s32sI", PACK_MAGIC, pack_id, kc, 65_536) + b"".join(slots.arranged([slot], 4))
    for plain in (
        struct.pack(">I", 3) + b"abcd",
        struct.pack(">I", 65_517),
        struct.pack(">I", 2**32 - 1),
    ):
        with crypto.expand(key, "pack") as content_key:
            sealed = crypto.aead_seal(content_key, bytes(12), plain.ljust(65_520, b"\0"), crypto.sha256(start))
        with refused("E_PAD"):
            envelope.open(PACK_MAGIC, start + sealed, [device])


@pytest.mark.parametrize(
    ("sizes", "codes"),
    [
        (SIZES[:-1], ("E_TRAILING",)),
        ([*SIZES, 0], ("E_STREAM_LEN",)),
        ([SIZES[0] - 1, *SIZES[1:]], ("E_PAD",)),
        ([*SIZES[:3], SIZES[3] + 65_520], ("E_STREAM_LEN",)),
        ([*SIZES[:3], 65_520], ("E_CELL_AUTH",)),
        ([-1, *SIZES[1:]], ("E_STREAM_LEN",)),
        ([1 << 43], ("E_STREAM_LEN",)),
        ([0] * 257, ("E_STREAM_LEN",)),
    ],
)
def test_forms_of_other_sizes(sizes: list[int], codes: tuple[str, ...], device: RecipientKeys, pack: bytes) -> None:
    with refused(*codes):
        envelope.open(PACK_MAGIC, pack, [device]).forms(sizes)


def test_attack_17_forms_in_another_order_and_damaged(device: RecipientKeys, pack: bytes) -> None:
    first = SEALED + 65_536
    swapped = (
        pack[:first] + pack[first + 65_536 : first + 131_072] + pack[first : first + 65_536] + pack[first + 131_072 :]
    )
    with refused("E_CELL_AUTH"):
        envelope.open(PACK_MAGIC, swapped, [device]).forms(SIZES)
    with refused("E_CELL_AUTH"):
        envelope.open(PACK_MAGIC, flipped(pack, len(pack) - 1), [device]).forms(SIZES)
    with refused("E_STREAM_LEN"):
        envelope.open(PACK_MAGIC, pack[:-65_536], [device]).forms(SIZES)
