"""Entries that are wrong in one way each, every one beside an honest entry that must be imported all the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from collector import crypto, head, packs, slots
from collector.cells import CELL, CHUNK
from collector.crypto import Secret
from collector.slots import RecipientKeys, RecipientPublic
from schemas import canonical
from schemas.records.common import IDENTITY, NARRATIVE, PROCESS
from schemas.records.mission import PackRecipient
from sync.desk import keys
from sync.desk.desk import Desk
from tests.helpers.expect import flipped
from tests.sync.desk.bent import Bent, data, quarantined
from tests.sync.desk.conftest import Office
from tests.sync.desk.devices import Device, Sealed, answers, attach
from tests.sync.desk.travel import Bundle, codes_of, consistent, receipts_of, take

# ---- slots, head, recipients ----


def forwarded(desk: Desk, one: Device) -> Sealed:
    """An insider seals the content keys of an entry that he can open to somebody else: another head, the same core."""
    entry = one.entry()
    mission = desk.missions()[0].id
    ours = keys.recipient_keys(desk.vault, mission, "entry")
    parsed = head.Head.parse(entry.data[: head.HEAD_SIZE])
    shares = slots.open_slots(parsed.slots, ours, oid=parsed.eid, kcs=parsed.kcs, kind=slots.KIND_ENTRY)
    cks = slots.combine(shares, parsed.kcs, parsed.eid)
    manifest = head.open_manifest(parsed, cks[PROCESS])
    made = [
        slots.seal_slot(key.public, oid=parsed.eid, comp=PROCESS, kc=parsed.kcs[0], share=cks[0], kind=slots.KIND_ENTRY)
        for key in ours[:1]
    ]
    pub = head.public_part(parsed.eid, cks, slots.arranged(made, head.SLOTS))
    return data(entry, head.build_head(pub, cks[PROCESS], manifest) + entry.data[head.HEAD_SIZE :])


def test_attack_03_an_entry_forwarded_by_an_insider_does_not_count_as_signed(desk: Desk, one: Device) -> None:
    quarantined(desk, one, forwarded(desk, one), "E_BINDING", signed=False)


def named_and_absent(found: list[PackRecipient]) -> list[PackRecipient]:
    return [item for item in found if item.comp != NARRATIVE]


def without_narrative_slot(device: Device) -> Sealed:
    refs = [(r.comp, r.grp, r.idx, r.tot, r.rid) for r in device.body.recips if r.comp == NARRATIVE]
    return device.entry(recipients=named_and_absent, refs=lambda found: [*found, *refs])


def named_otherwise(device: Device) -> Sealed:
    return device.entry(refs=lambda found: [(c, g, i, t, b"x" * 16 if c == IDENTITY else r) for c, g, i, t, r in found])


def other_group(device: Device) -> Sealed:
    return device.entry(refs=lambda found: [(c, 3 if c == IDENTITY else g, i, t, r) for c, g, i, t, r in found])


@pytest.mark.parametrize("bent", [named_otherwise, other_group])
def test_attack_03_a_recipient_list_that_does_not_fit_the_slots(desk: Desk, one: Device, bent: Bent) -> None:
    quarantined(desk, one, bent(one), "E_FORWARDED", signed=True)


def test_attack_61_named_as_recipient_without_a_slot(desk: Desk, one: Device) -> None:
    quarantined(desk, one, without_narrative_slot(one), "E_FORWARDED", signed=True)


def moved_slot(kind: int, comp: int, oid: bytes | None) -> Bent:
    def bent(device: Device) -> Sealed:
        eid = crypto.random_bytes(16)
        to = next(item for item in device.body.recips if item.comp == IDENTITY)
        slot = slots.seal_slot(
            RecipientPublic(to.pkN, to.pkX), oid=oid or eid, comp=comp, kc=bytes(32), share=bytes(32), kind=kind
        )
        return device.entry(eid=eid, table=lambda found: [*found, slot])

    return bent


@pytest.mark.parametrize(
    ("bent", "code"),
    [
        (moved_slot(slots.KIND_ENTRY, NARRATIVE, b"o" * 16), "E_SLOT_CONTEXT"),
        (moved_slot(slots.KIND_ENTRY, NARRATIVE, None), "E_SLOT_CONTEXT"),
        (moved_slot(slots.KIND_BUNDLE, PROCESS, None), "E_SLOT_FORMAT"),
        (moved_slot(slots.KIND_PACK, PROCESS, None), "E_SLOT_FORMAT"),
    ],
    ids=["other entry", "other compartment", "bundle", "pack"],
)
def test_attack_04_slots_carried_over(desk: Desk, one: Device, bent: Bent, code: str) -> None:
    quarantined(desk, one, bent(one), code, signed=False)


@pytest.mark.parametrize(
    ("at", "codes"),
    [
        (3, ("E_SLOT_CONTEXT", "E_KEY_COMMIT")),
        (16 + 5, ("E_SLOT_CONTEXT", "E_KEY_COMMIT")),
        (16 + 32 + 5, ("E_SLOT_CONTEXT", "E_KEY_COMMIT")),
        (16 + 7 * 32 + 5, ("E_MANIFEST_AUTH",)),
        (head.PUB_SIZE + 100, ("E_MANIFEST_AUTH",)),
        (head.HEAD_SIZE - 1, ("E_MANIFEST_AUTH",)),
    ],
    ids=["entry id", "commitment", "commitment of another compartment", "unused commitment", "manifest", "its tag"],
)
def test_attack_12_one_bit_of_the_head(desk: Desk, one: Device, at: int, codes: Sequence[str]) -> None:
    entry = one.entry()
    quarantined(desk, one, data(entry, flipped(entry.data, at)), *codes, signed=False)


def test_attack_12_one_bit_of_somebody_elses_slot(desk: Desk, one: Device) -> None:
    stranger = RecipientKeys.from_seed(Secret.random())
    place = {}

    def with_stranger(found: list[bytes]) -> list[bytes]:
        slot = slots.seal_slot(
            stranger.public, oid=bytes(16), comp=0, kc=bytes(32), share=bytes(32), kind=slots.KIND_ENTRY
        )
        place["slot"] = slot
        return [*found, slot]

    entry = one.entry(table=with_stranger)
    at = entry.data.index(place["slot"]) + 500
    quarantined(desk, one, data(entry, flipped(entry.data, at)), "E_MANIFEST_AUTH", signed=False)


# ---- document cells ----


def test_attack_16_truncated_and_lengthened(desk: Desk, one: Device) -> None:
    cut, inside, longer = one.entry(), one.entry(), one.entry()
    items = [
        data(cut, cut.data[:-CELL]),
        data(inside, inside.data[:-1]),
        data(longer, longer.data + longer.data[-CELL:]),
        data(cut, cut.data[: head.HEAD_SIZE - CELL // 2]),
    ]
    report = take(desk, Bundle([*items, one.entry(leaf=9)]))
    assert sorted(map(str, codes_of(report))) == ["E_FORMAT", "E_FORMAT", "E_STREAM_ROOT", "E_TRAILING", "imported"]
    consistent(desk)


def test_attack_17_document_cells_in_another_order_and_of_another_entry(desk: Desk, one: Device) -> None:
    first, second = one.entry(), one.entry()
    at = head.HEAD_SIZE
    swapped = (
        first.data[:at]
        + first.data[at + CELL : at + 2 * CELL]
        + first.data[at : at + CELL]
        + first.data[at + 2 * CELL :]
    )
    foreign = second.data[:at] + first.data[at:]
    report = take(desk, Bundle([data(first, swapped), data(second, foreign), one.entry(leaf=9)]))
    assert sorted(map(str, codes_of(report))) == ["E_STREAM_ROOT", "E_STREAM_ROOT", "imported"]


def test_attack_18_a_length_that_lies(desk: Desk, one: Device) -> None:
    for length, code in (
        (1, "E_STREAM_LEN"),
        (400_000, "E_STREAM_LEN"),
        (199_999, "E_PAD"),
        (200_001, "E_ATTACHMENT_HASH"),
    ):
        lying = attach(bytes([7]) * 200_000, len_=length)
        report = take(desk, Bundle([one.entry(attached=[lying])]))
        assert codes_of(report) == [code]
        assert desk.count()["imported"] == 0


# ---- the manifest's streams ----


def two_documents(device: Device) -> Sealed:
    return device.entry(streams=lambda found: [found[0], dataclasses.replace(found[1], comp=0), *found[2:]])


def same_sid(device: Device) -> Sealed:
    return device.entry(
        streams=lambda found: [found[0], *(dataclasses.replace(s, sid=found[0].sid) for s in found[1:])]
    )


def no_process_document(device: Device) -> Sealed:
    return device.entry(streams=lambda found: found[1:])


def attachment_without_document(device: Device) -> Sealed:
    lone = attach(b"x" * 10, comp=IDENTITY)
    told = {comp: items for comp, items in answers("0" * 12).items() if comp != IDENTITY}
    return device.entry(told, code="0" * 12, streams=lambda found: [*found, lone.ref])


def unlisted_attachment(device: Device) -> Sealed:
    lone = attach(b"x" * 10, comp=IDENTITY)
    entry = device.entry(streams=lambda found: [*found, lone.ref])
    return dataclasses.replace(entry, streams=(lone,))


@pytest.mark.parametrize(
    "bent", [two_documents, same_sid, no_process_document, attachment_without_document, unlisted_attachment]
)
def test_attack_62_streams_that_contradict_themselves(desk: Desk, one: Device, bent: Bent) -> None:
    quarantined(desk, one, bent(one), "E_SCHEMA", signed=True)


def test_attack_62_a_document_padded_beyond_its_canonical_length(
    desk: Desk, one: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def padded(cells: int) -> Any:
        def sealed(ck: Any, document: bytes, hdr: bytes, sid: Any = None) -> Any:
            framed = len(document).to_bytes(4, "big") + document
            with crypto.expand(ck, "doc") as sk:
                return head.seal_bytes(sk, crypto.random_bytes(16), framed.ljust(cells * CHUNK, b"\0"), hdr)

        return sealed

    for cells, code in ((2, "E_PAD"), (9, "E_STREAM_LEN"), (80, "E_STREAM_LEN")):
        with monkeypatch.context() as patch:
            patch.setattr(head, "document_cells", padded(cells))
            entry = one.entry()
        assert codes_of(take(desk, Bundle([entry]))) == [code]


# ---- device, certificate, mission, pack, form ----


def test_attack_33_another_mission(home: Any, one: Device) -> None:
    desk = home.desk
    second = desk.mission_new("Second", [form_source(one)])
    other = Device().enrol(desk, "Second")
    mixed = one.entry(recipients=lambda found: [r for r in other.body.recips if r.comp == found[0].comp])
    stray = other.entry(recipients=lambda found: [r for r in one.body.recips if r.comp == found[0].comp])
    claimed = one.entry(core={"mission": second.mission.id})
    report = take(desk, Bundle([mixed, stray, claimed, other.entry(), one.entry(leaf=9)]))
    assert codes_of(report).count("imported") == 2
    assert codes_of(report).count("E_MISSION") == 3


def form_source(device: Device) -> packs.FormSource:
    from tests.helpers.forms import small_form

    return packs.FormSource("small", "9", small_form("9"))


def test_attack_33_a_form_of_another_mission(home: Any, one: Device) -> None:
    desk = home.desk
    desk.mission_new("Second", [form_source(one)])
    digest = crypto.sha256(form_source(one).xml)
    quarantined(desk, one, one.entry(core={"form": ("small", "9", digest)}), "E_FORM_NOT_ISSUED", signed=True)


def test_a_form_that_was_never_issued_or_goes_by_another_name(desk: Desk, one: Device) -> None:
    known = one.body.forms[0]
    unknown = one.entry(core={"form": ("small", "1", bytes(32))})
    renamed = one.entry(core={"form": ("other", known.ver, known.hash)})
    assert codes_of(take(desk, Bundle([unknown, renamed]))) == ["E_FORM_NOT_ISSUED"] * 2


def test_a_pack_that_this_desk_did_not_issue(desk: Desk, one: Device, two: Device) -> None:
    items = [
        one.entry(core={"pack": (2, one.pack_hash)}),
        one.entry(core={"pack": (1, bytes(32))}),
        one.entry(core={"pack": (1, two.pack_hash)}),
    ]
    assert codes_of(take(desk, Bundle(items))) == ["E_PACK_UNKNOWN"] * 3
    assert receipts_of(desk, bytes(16)) == {}


def test_a_certificate_that_another_key_signed(desk: Desk, one: Device) -> None:
    forged = packs.sign_certificate(one.certificate, [crypto.sign_keypair(Secret.random())[1]])
    quarantined(desk, one, one.entry(core={"cert": forged}), "E_CERT", signed=False)


def test_somebody_elses_certificate(desk: Desk, one: Device, two: Device) -> None:
    quarantined(desk, one, one.entry(core={"cert": two.cert}), "E_SIG_LEAF", signed=False)


def test_a_device_of_another_office(desk: Desk, one: Device, office: Office) -> None:
    to_us = office.stranger.entry(recipients=lambda found: [r for r in one.body.recips if r.comp == found[0].comp])
    quarantined(desk, one, to_us, "E_CERT", signed=False)
    assert codes_of(take(desk, Bundle([office.stranger.entry()]))) == ["E_NOT_FOR_US"]


def test_a_number_that_is_not_the_leaf(desk: Desk, one: Device) -> None:
    quarantined(desk, one, one.entry(leaf=4, core={"seq": 5}), "E_SEQ", signed=True)


def test_attack_56_the_leaf_of_the_enrolment_signs_no_entry(desk: Desk, one: Device) -> None:
    quarantined(desk, one, one.entry(leaf=0), "E_SEQ", signed=False)


def test_attack_06_a_signature_for_something_else(desk: Desk, one: Device) -> None:
    changed = one.entry(sealed_core=lambda body: body)
    moved = one.entry(leaf=3, core={"seq": 4})
    report = take(desk, Bundle([moved, changed]))
    assert sorted(map(str, codes_of(report))) == ["E_SEQ", "imported"]


def test_a_record_code_that_is_none(desk: Desk, one: Device) -> None:
    for code in ("abcdefghijkl", "0000000000 1", "OOOOOOOOOOOO", "000000-00000"):
        hostile = one.entry(answers(code), code=code)
        assert codes_of(take(desk, Bundle([hostile]))) == ["E_SCHEMA"]


def test_attack_55_an_entry_of_a_newer_version_is_told_apart(desk: Desk, one: Device) -> None:
    def newer(core: bytes) -> bytes:
        return canonical.dump({**canonical.load(core), "v": 2, "new field": 1})

    hostile = one.entry(sealed_core=newer)
    quarantined(desk, one, hostile, "E_ENTRY_NEWER", signed=False)
    (item,) = desk.quarantine()
    assert item["facts"] == {"version": 2}


def test_bytes_of_nothing(desk: Desk, one: Device) -> None:
    quarantined(desk, one, crypto.random_bytes(3 * CELL), "E_NOT_FOR_US", signed=False)
