"""Slots: who can open them, what binds them, and that they tell nothing from outside."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import pytest

from collector import crypto, slots
from collector.cells import SLOT
from collector.crypto import Secret
from collector.slots import KIND_BUNDLE, KIND_ENTRY, KIND_PACK, OpenedShare, RecipientKeys, RecipientPublic
from schemas.problems import Problem
from tests.helpers.expect import flipped, patched, refused

EID = b"\xc1" * 16
CK = {comp: bytes([0x20 + comp]) * 32 for comp in range(3)}
KCS = [slots.commitment(CK[comp], EID, comp) if comp in CK else bytes([comp]) * 32 for comp in range(8)]


@pytest.fixture(scope="module")
def alice() -> RecipientKeys:
    return RecipientKeys.from_seed(Secret(b"A" * 32))


@pytest.fixture(scope="module")
def bob() -> RecipientKeys:
    return RecipientKeys.from_seed(Secret(b"B" * 32))


def sealed(to: RecipientKeys, comp: int = 2, *, share: bytes | Secret | None = None, **place: int) -> bytes:
    key = CK[comp] if share is None else share
    return slots.seal_slot(to.public, oid=EID, comp=comp, kc=KCS[comp], share=key, kind=KIND_ENTRY, **place)


def opened(table: list[bytes], *keys: RecipientKeys) -> list[OpenedShare]:
    return slots.open_slots(table, keys, oid=EID, kcs=KCS, kind=KIND_ENTRY)


def test_slots_open_for_their_recipient_only(alice: RecipientKeys, bob: RecipientKeys) -> None:
    table = slots.arranged([sealed(alice, comp) for comp in range(3)], 16)
    assert [len(slot) for slot in table] == [SLOT] * 16
    found = opened(table, bob, alice)
    assert sorted((item.comp, item.grp, item.idx, item.tot, item.rid) for item in found) == [
        (comp, 0, 0, 1, alice.rid) for comp in range(3)
    ]
    keys = slots.combine(found, KCS, EID)
    assert {comp: bytes(key) for comp, key in keys.items()} == CK
    assert opened(table, bob) == []
    assert slots.combine([], KCS, EID) == {}


def test_recipient_is_its_seed(alice: RecipientKeys) -> None:
    again = RecipientKeys.from_seed(Secret(b"A" * 32))
    assert again.public == alice.public
    assert alice.rid == crypto.sha256(b"svidok/1/rid\0", alice.public.pk_n, alice.public.pk_x)[:16]
    assert "A" * 8 not in repr(alice)
    slot = sealed(alice)
    again.wipe()
    assert opened([slot], again) == []
    assert len(opened([slot], alice)) == 1


def test_every_seat_of_the_table_is_used() -> None:
    """Sixteen seats, one real slot: over 400 tables each seat gets its share (chi-square, 15 degrees of freedom)."""
    marker = b"\xff" * SLOT
    seats: Counter[int] = Counter()
    dummies = [slots.dummy_slot() for _ in range(15)]
    for _ in range(400):
        seats[slots.arranged([marker, *dummies], 16).index(marker)] += 1
    assert sum((seats[seat] - 25) ** 2 / 25 for seat in range(16)) < 60


def test_dummies_and_slots_begin_with_a_point_and_look_alike(alice: RecipientKeys) -> None:
    for slot in [*(slots.dummy_slot() for _ in range(8)), *(sealed(alice) for _ in range(8))]:
        assert len(slot) == SLOT
        # The top bit of an encoded point is never set; of random bytes it would be in every second.
        assert slot[31] < 0x80
    together = b"".join(sealed(alice)[32:] for _ in range(40))
    expected = len(together) / 256
    assert sum((count - expected) ** 2 / expected for count in Counter(together).values()) < 400


def test_too_many_slots() -> None:
    with refused("E_TOO_MANY_SLOTS"):
        slots.arranged([bytes(SLOT)] * 17, 16)


def test_sealing_refuses_what_version_1_does_not_have(alice: RecipientKeys) -> None:
    good = {"oid": EID, "comp": 0, "kc": KCS[0], "share": CK[0], "kind": KIND_ENTRY}
    bad: list[dict[str, object]] = [
        {"comp": 3},
        {"comp": -1},
        {"comp": 1, "kind": KIND_BUNDLE},
        {"comp": 1, "kind": KIND_PACK},
        {"kind": 3},
        {"tot": 0},
        {"tot": 9},
        {"idx": 1},
        {"grp": 256},
        {"oid": bytes(15)},
        {"kc": bytes(31)},
        {"share": bytes(31)},
    ]
    for change in bad:
        with refused("E_SLOT_FORMAT"):
            slots.seal_slot(alice.public, **{**good, **change})  # type: ignore[arg-type]


# ---- attacks


def test_attack_01_one_compartment_two_keys(alice: RecipientKeys, bob: RecipientKeys) -> None:
    """An entry that would show Alice's desk one text and Bob's another: the commitment fits one key only."""
    other = b"\x99" * 32
    table = [sealed(alice), sealed(bob, share=other)]
    assert bytes(slots.combine(opened(table, alice), KCS, EID)[2]) == CK[2]
    with refused("E_KEY_COMMIT"):
        slots.combine(opened(table, bob), KCS, EID)
    with refused("E_KEY_COMMIT"):
        slots.combine(opened(table, alice, bob), KCS, EID)


def test_attack_04_slot_moved_to_another_entry(alice: RecipientKeys) -> None:
    with refused("E_SLOT_CONTEXT"):
        slots.open_slots([sealed(alice)], [alice], oid=b"\xc2" * 16, kcs=KCS, kind=KIND_ENTRY)


def test_attack_04_slot_moved_to_another_compartment(alice: RecipientKeys) -> None:
    """The outer box is opened and sealed again with another header: what is inside knows better."""
    slot = sealed(alice, 2)
    inner = alice.open_outer(slot)
    assert inner is not None
    for at, value in ((0, 1), (1, 1), (2, 1), (3, 2)):
        header = bytearray(inner)
        header[at] = value
        if at == 2:
            header[3] = 2
        with refused("E_SLOT_CONTEXT"):
            opened([crypto.box_seal(bytes(header), alice.public.pk_n)], alice)


def test_attack_04_slot_of_another_kind(alice: RecipientKeys) -> None:
    table = {
        kind: slots.seal_slot(alice.public, oid=EID, comp=0, kc=KCS[0], share=CK[0], kind=kind)
        for kind in (KIND_ENTRY, KIND_BUNDLE, KIND_PACK)
    }
    for made, wanted in permutations(table, 2):
        with refused("E_SLOT_FORMAT"):
            slots.open_slots([table[made]], [alice], oid=EID, kcs=KCS, kind=wanted)
    inner = alice.open_outer(table[KIND_BUNDLE])
    assert inner is not None
    relabelled = crypto.box_seal(patched(inner, 4, bytes([KIND_ENTRY])), alice.public.pk_n)
    with refused("E_SLOT_CONTEXT"):
        opened([relabelled], alice)


def test_attack_05_slot_of_another_protocol_version(alice: RecipientKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as later:
        later.setattr(slots, "P", b"svidok/2/")
        slot = sealed(alice)
    with refused("E_SLOT_CONTEXT"):
        opened([slot], alice)


@pytest.mark.parametrize(("at", "value"), [(0, 3), (0, 8), (0, 255), (2, 1), (3, 0), (3, 9), (4, 3), (5, 1)])
def test_slot_for_us_with_places_out_of_range(alice: RecipientKeys, at: int, value: int) -> None:
    inner = alice.open_outer(sealed(alice))
    assert inner is not None
    with refused("E_SLOT_FORMAT"):
        opened([crypto.box_seal(patched(inner, at, bytes([value])), alice.public.pk_n)], alice)


def test_slot_for_us_with_padding_or_another_length(alice: RecipientKeys) -> None:
    inner = alice.open_outer(sealed(alice))
    assert inner is not None
    for at in (6 + 1168, len(inner) - 1):
        with refused("E_PAD"):
            opened([crypto.box_seal(patched(inner, at, b"\1"), alice.public.pk_n)], alice)
    for body in (inner[:-1], inner + b"\0", b""):
        with refused("E_SLOT_FORMAT"):
            opened([crypto.box_seal(body, alice.public.pk_n)], alice)


@pytest.mark.parametrize("at", [0, 31, 32, 47, 48, 700, SLOT - 1])
def test_slot_with_a_flipped_bit_is_nobodys(alice: RecipientKeys, at: int) -> None:
    assert opened([flipped(sealed(alice), at, 2)], alice) == []


def test_slot_with_a_flipped_bit_inside_is_refused(alice: RecipientKeys) -> None:
    inner = alice.open_outer(sealed(alice))
    assert inner is not None
    for at in (6, 600, 6 + 1119, 6 + 1120, 6 + 1167):
        with refused("E_SLOT_CONTEXT"):
            opened([crypto.box_seal(flipped(inner, at), alice.public.pk_n)], alice)


def test_attack_09_and_10_recipients_that_cannot_be_sealed_to(alice: RecipientKeys) -> None:
    public = alice.public
    slots.check_recipient(public)
    for bad in (
        RecipientPublic(bytes(32), public.pk_x),
        RecipientPublic(b"\1" + bytes(31), public.pk_x),
        RecipientPublic(public.pk_n, public.pk_x[:1184] + bytes(32)),
        RecipientPublic(public.pk_n, b"\xff" * 1184 + public.pk_x[1184:]),
    ):
        with refused("E_RECIPIENT_KEY"):
            slots.check_recipient(bad)
    for pk_n, pk_x in ((public.pk_n[:31], public.pk_x), (public.pk_n, public.pk_x + b"\0")):
        with refused("E_RECIPIENT_KEY"):
            RecipientPublic(pk_n, pk_x)


def test_attack_09_slot_with_a_low_order_point(alice: RecipientKeys) -> None:
    for point in (bytes(32), b"\1" + bytes(31)):
        assert opened([patched(sealed(alice), 0, point)], alice) == []


@pytest.mark.parametrize("tot", [2, 3, 8])
def test_group_opens_when_all_are_there(tot: int) -> None:
    officers = [RecipientKeys.from_seed(Secret(bytes([0x60 + i]) * 32)) for i in range(tot)]
    shares = slots.split(CK[1], tot)
    table = [
        sealed(who, 1, share=share, idx=i, tot=tot) for i, (who, share) in enumerate(zip(officers, shares, strict=True))
    ]
    assert bytes(slots.combine(opened(table, *officers), KCS, EID)[1]) == CK[1]
    for missing in range(tot):
        present = officers[:missing] + officers[missing + 1 :]
        assert slots.combine(opened(table, *present), KCS, EID) == {}


def test_attack_15_shares_of_two_groups_do_not_mix(alice: RecipientKeys, bob: RecipientKeys) -> None:
    first, second = slots.split(CK[1], 2), slots.split(CK[1], 2)
    table = [
        sealed(alice, 1, share=first[0], grp=0, idx=0, tot=2),
        sealed(bob, 1, share=second[1], grp=1, idx=1, tot=2),
    ]
    assert slots.combine(opened(table, alice, bob), KCS, EID) == {}
    # Named as one group although they are not: they make a key that nobody committed to.
    table[1] = sealed(bob, 1, share=second[1], grp=0, idx=1, tot=2)
    with refused("E_KEY_COMMIT"):
        slots.combine(opened(table, alice, bob), KCS, EID)
    # A group of two and a group of three are two groups, whatever they are called.
    table[1] = sealed(bob, 1, share=first[1], grp=0, idx=1, tot=3)
    assert slots.combine(opened(table, alice, bob), KCS, EID) == {}


def test_alternative_groups_open_alone_and_together(alice: RecipientKeys, bob: RecipientKeys) -> None:
    table = [sealed(alice, 1, grp=0), sealed(bob, 1, grp=1)]
    for keys in ([alice], [bob], [alice, bob]):
        assert bytes(slots.combine(opened(table, *keys), KCS, EID)[1]) == CK[1]


def test_one_seat_of_a_group_with_two_shares(alice: RecipientKeys) -> None:
    table = [sealed(alice, 1), sealed(alice, 1, share=b"\x99" * 32)]
    with refused("E_KEY_COMMIT"):
        slots.combine(opened(table, alice), KCS, EID)
    assert bytes(slots.combine(opened([table[0], sealed(alice, 1)], alice), KCS, EID)[1]) == CK[1]


def test_shares_are_not_shown(alice: RecipientKeys) -> None:
    shown = repr(opened([sealed(alice)], alice))
    assert "share" not in shown
    assert CK[2].hex() not in shown


def test_wrong_answers_are_problems_and_nothing_else(alice: RecipientKeys) -> None:
    """Random and shortened slots: not ours, or refused with a code."""
    for size in (0, 1, 31, 32, 48, 80, 1279, 1281):
        try:
            assert opened([crypto.random_bytes(size)], alice) == []
        except Problem as problem:  # only a code may come out
            pytest.fail(problem.code)
