"""Packs are trusted in the order of the protocol, stored whole or not at all, and never un-trusted by time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import crypto, envelope, mission, packs, signed
from collector.crypto import Secret
from collector.field import Field
from collector.packs import FormSource
from collector.slots import RecipientKeys, RecipientPublic
from schemas import structure
from schemas.problems import Problem
from schemas.records.common import NARRATIVE, SignedObject, StaticSignature
from schemas.records.mission import Certificate, EnrolmentRequest, PackContent
from tests.helpers.forms import small_form
from tests.helpers.mission import DAY, NOW, Epoch, Office, SetClock, enrolled_field, new_field, reopened


@pytest.fixture
def field(tmp_path: Path) -> Iterator[Field]:
    with new_field(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def enrolled(tmp_path: Path, office: Office) -> Iterator[Field]:
    with enrolled_field(tmp_path / "home", office) as opened:
        yield opened


def refused(field: Field, data: bytes, fingerprint: str | None = None) -> str:
    """The code with which a pack is refused; nothing of the pack in force changed."""
    before = field.pack(), field.vault.db.query("SELECT ver, state FROM pack"), mission.time_floor(field.vault.db)
    with pytest.raises(Problem) as caught:
        field.accept_pack(data, fingerprint)
    after = field.pack(), field.vault.db.query("SELECT ver, state FROM pack"), mission.time_floor(field.vault.db)
    assert before == after
    return caught.value.code


def acts(field: Field) -> list[str]:
    return [event.act for event in field.vault.log.events()]


# ---- enrolment ----


def test_request_is_the_same_until_it_is_answered(field: Field, office: Office) -> None:
    first, fingerprint = field.request()
    assert field.request() == (first, fingerprint)
    body = packs.read_request(first)
    assert body.fs_n == 16
    field = reopened(field)
    assert field.request()[0] == first
    field.accept_pack(office.pack_for(first), office.fingerprint)
    assert field.request()[0] == first
    field.close()


def test_request_proves_possession_of_the_tree(field: Field) -> None:
    request = structure.decode(EnrolmentRequest, field.request()[0])
    other = structure.encode(
        EnrolmentRequest(body=request.body.replace(b"svidok", b"svidoc") + b"", sig=request.sig)
        if b"svidok" in request.body
        else EnrolmentRequest(body=request.body[:-1] + bytes([request.body[-1] ^ 1]), sig=request.sig)
    )
    with pytest.raises(Problem):
        packs.read_request(other)


def test_first_pack_is_taken_in(field: Field, office: Office) -> None:
    data = office.pack_for(field.request()[0])
    shown = field.preview_pack(data, office.fingerprint)
    assert field.pack() is None
    assert shown.first
    assert all(recipient.new for recipient in shown.recipients)
    assert {recipient.compartment for recipient in shown.recipients} == {"process", "identity", "narrative"}
    assert shown.root_fingerprint == office.fingerprint

    summary = field.accept_pack(data, office.fingerprint)
    assert (summary.version, summary.mission, summary.forms) == (1, "Test mission", (("small", "1"),))
    assert field.status()["certified"] is True
    assert acts(field)[-2:] == ["enrol", "pack"]
    assert mission.time_floor(field.vault.db) == summary.issued
    assert [row[0] for row in field.vault.db.query("SELECT token FROM token ORDER BY id")] != []


def test_recipients_are_new_once(enrolled: Field, office: Office) -> None:
    request = enrolled.request()[0]
    again = enrolled.accept_pack(office.pack_for(request))
    assert not any(recipient.new for recipient in again.recipients)
    office.epochs[0].groups = {**office.epochs[0].groups, NARRATIVE: [[office.ANALYST], [office.OFFICER]]}
    third = enrolled.accept_pack(office.pack_for(request))
    assert [(r.compartment, r.new) for r in third.recipients if r.new] == [("narrative", True)]


@pytest.mark.parametrize("spoil", [lambda s: s.replace(" ", ""), lambda s: s.replace(" ", " - "), lambda s: f"\t{s}\n"])
def test_fingerprint_as_people_type_it(field: Field, office: Office, spoil: Any) -> None:
    field.accept_pack(office.pack_for(field.request()[0]), spoil(office.fingerprint))


@pytest.mark.parametrize(
    "typed",
    ["", "12345", None, "00000 " * 8, "x" * 47, "٠" * 40],
    ids=["empty", "short", "none", "zeros", "text", "arabic"],
)
def test_wrong_fingerprint(field: Field, office: Office, typed: str | None) -> None:
    assert refused(field, office.pack_for(field.request()[0]), typed) == "E_FINGERPRINT"
    assert field.vault.db.one("SELECT count(*) FROM root") == (0,)


def test_fingerprint_is_compared_when_it_is_typed_again(enrolled: Field, office: Office) -> None:
    assert refused(enrolled, office.pack_for(enrolled.request()[0]), "1" * 40) == "E_FINGERPRINT"


# ---- versions ----


def test_attack_30_rollback_fork_equivocation_and_freeze(enrolled: Field, office: Office) -> None:
    request = enrolled.request()[0]
    first = enrolled.pack()
    assert first is not None
    second = office.pack_for(request)
    enrolled.accept_pack(second)

    assert refused(enrolled, office.pack_for(request, ver=1, prev=bytes(32))) == "E_PACK_ROLLBACK"
    assert refused(enrolled, office.pack_for(request, ver=2, prev=first.hash, issued=NOW)) == "E_PACK_EQUIVOCATION"
    assert refused(enrolled, office.pack_for(request, ver=3, prev=bytes(32))) == "E_PACK_FORK"
    kept = enrolled.vault.db.query("SELECT code, ver FROM pack_refused ORDER BY id")
    assert kept == [("E_PACK_ROLLBACK", 1), ("E_PACK_EQUIVOCATION", 2), ("E_PACK_FORK", 3)]

    clock = SetClock(NOW + 400 * DAY)
    frozen = reopened(enrolled, clock=clock)
    assert frozen.status()["pack"]["expired"] is True
    assert "E_PACK_EXPIRED" in [warning.code for warning in frozen.warnings()]
    frozen.close()


def test_refused_pack_is_kept_once_as_evidence(enrolled: Field, office: Office) -> None:
    request = enrolled.request()[0]
    data = office.pack_for(request, ver=1, prev=bytes(32), issued=NOW)
    for _ in range(3):
        assert refused(enrolled, data) == "E_PACK_EQUIVOCATION"
    rows = enrolled.vault.db.query("SELECT signed FROM pack_refused")
    assert len(rows) == 1
    role = office.root.roles.mission
    body = signed.open_object("pack", rows[0][0], packs.trusted(office.root, role), role.threshold)
    assert b"Test mission" in body
    assert acts(enrolled).count("pack") == 2


def test_same_pack_again_changes_nothing(tmp_path: Path, office: Office) -> None:
    field = new_field(tmp_path / "home")
    data = office.pack_for(field.request()[0])
    field.accept_pack(data, office.fingerprint)
    before = acts(field)
    assert field.accept_pack(data).unchanged
    assert acts(field) == before
    field.close()


def test_attack_67_gap_of_versions_is_accepted_and_noted(enrolled: Field, office: Office) -> None:
    request = enrolled.request()[0]
    assert enrolled.accept_pack(office.pack_for(request, ver=5, prev=bytes(32))).gap == 3
    assert enrolled.status()["pack"]["gap"] == 3
    assert refused(enrolled, office.pack_for(request, ver=5, prev=bytes(32), issued=NOW)) == "E_PACK_EQUIVOCATION"


# ---- who signed, for whom ----


def test_attack_31_attackers_recipients(tmp_path: Path) -> None:
    office = Office(mission_keys=3, threshold=2)
    field = new_field(tmp_path / "home")
    request = field.request()[0]
    attacker = Office()
    recips = Epoch(1, NOW, {0: [[b"x" * 32]], 1: [[b"x" * 32]], 2: [[b"x" * 32]]}).recipients()
    one_below = office.pack_for(request, keys=office.mission_keys[:1], recips=recips)
    assert refused(field, one_below, office.fingerprint) == "E_PACK_SIG"
    assert refused(field, office.pack_for(request, keys=[office.mission_keys[0], *attacker.mission_keys])
                   , office.fingerprint) == "E_PACK_SIG"  # fmt: skip
    assert refused(field, office.pack_for(request, keys=office.receipt_keys), office.fingerprint) == "E_PACK_SIG"
    assert refused(field, attacker.pack_for(request), office.fingerprint) == "E_FINGERPRINT"
    field.accept_pack(office.pack_for(request, keys=office.mission_keys[:2]), office.fingerprint)
    assert refused(field, attacker.pack_for(request)) == "E_ROOT_OTHER"
    field.close()


def test_root_of_the_right_fingerprint_signed_by_nobody(field: Field, office: Office) -> None:
    request = field.request()[0]
    unsigned = structure.encode(SignedObject(body=structure.encode(office.root), sigs=()))
    assert refused(field, office.pack_for(request, root=unsigned), office.fingerprint) == "E_PACK_SIG"


def test_attack_32_pack_for_another_device(tmp_path: Path, office: Office) -> None:
    mine, other = new_field(tmp_path / "a"), new_field(tmp_path / "b")
    request, others = mine.request()[0], other.request()[0]
    assert refused(mine, office.pack_for(others), office.fingerprint) == "E_NOT_FOR_US"
    asked = packs.read_request(request)
    to_me = RecipientPublic(asked.pkN, asked.pkX)
    assert refused(mine, office.pack_for(others, device=to_me), office.fingerprint) == "E_CERT_NOT_MINE"
    for changes in ({"fs_root": bytes(32)}, {"fs_n": 32}, {"pkN": packs.read_request(others).pkN}):
        cert = packs.sign_certificate(office.certificate(request, **changes), office.mission_keys)
        assert refused(mine, office.pack_for(request, cert=cert), office.fingerprint) == "E_CERT_NOT_MINE"
    mine.close()
    other.close()


def test_certificate_must_be_signed_and_of_this_mission(field: Field, office: Office) -> None:
    request = field.request()[0]
    stranger = packs.sign_certificate(office.certificate(request), office.receipt_keys)
    assert refused(field, office.pack_for(request, cert=stranger), office.fingerprint) == "E_CERT"
    elsewhere = packs.sign_certificate(office.certificate(request, mission=bytes(16)), office.mission_keys)
    assert refused(field, office.pack_for(request, cert=elsewhere), office.fingerprint) == "E_CERT"


def test_attack_66_one_key_counts_once_and_strangers_count_nothing(field: Field) -> None:
    office = Office(mission_keys=2, threshold=2)
    request = field.request()[0]
    body = structure.encode(office.body_for(request))
    key = office.mission_keys[0]
    twice = StaticSignature(kid=crypto.kid(key[32:]), s=crypto.sign(key, "pack", body))
    for sigs in [(twice, twice), (twice, _strangers_signature(body))]:
        content = PackContent(root=office.signed_root, pack=structure.encode(SignedObject(body=body, sigs=sigs)))
        assert refused(field, _sealed_to(request, content, office), office.fingerprint) == "E_PACK_SIG"


def _strangers_signature(body: bytes) -> StaticSignature:
    public, secret = crypto.sign_keypair(bytes(32))
    return StaticSignature(kid=crypto.kid(public), s=crypto.sign(secret, "pack", body))


def _sealed_to(request: bytes, content: PackContent, office: Office) -> bytes:
    asked = packs.read_request(request)
    streams = [stream for form in office.forms for stream in form.streams()]
    return envelope.seal(
        envelope.PACK_MAGIC, structure.encode(content), [RecipientPublic(asked.pkN, asked.pkX)], streams
    )


def test_root_that_contradicts_itself(field: Field) -> None:
    office = Office()
    keys = office.root.keys
    for broken in (
        {"keys": (*keys, keys[0])},
        {"keys": ((bytes(16), keys[0][1]), *keys[1:])},
        {"keys": keys[:2]},
    ):
        root = type(office.root)(**{**{"org": "Test Office", "keys": keys, "roles": office.root.roles}, **broken})
        data = packs.sign_root(root, office.root_keys)
        pack = office.pack_for(field.request()[0], root=data)
        assert refused(field, pack, crypto.fingerprint(structure.encode(root))) == "E_SCHEMA"


def test_other_mission_or_organisation(enrolled: Field, office: Office) -> None:
    request = enrolled.request()[0]
    cert = packs.sign_certificate(office.certificate(request, mission=bytes(16)), office.mission_keys)
    assert refused(enrolled, office.pack_for(request, mission=bytes(16), cert=cert)) == "E_MISSION"
    assert refused(enrolled, office.pack_for(request, org="Other")) == "E_MISSION"


# ---- recipients and forms ----


def test_attack_33_recipients_and_forms_that_do_not_belong(enrolled: Field, office: Office) -> None:
    request = enrolled.request()[0]
    good = office.epochs[0].recipients()
    renamed = (type(good[0])(**{**_fields(good[0]), "rid": bytes(16)}), *good[1:])
    assert refused(enrolled, office.pack_for(request, recips=renamed)) == "E_PACK_RECIPIENTS"
    other = FormSource("small", "1", small_form("2"))
    with pytest.raises(Problem, match="E_PACK_FORM"):
        office.pack_for(request, forms=(other.entry(),))
    mine, office.forms = office.forms, [FormSource("small", "2", small_form("1"))]
    assert refused(enrolled, office.pack_for(request)) == "E_PACK_FORM"
    office.forms = mine
    body = structure.encode(office.body_for(request))
    content = PackContent(root=office.signed_root, pack=signed.sign_object("pack", body, office.mission_keys))
    office.forms = [FormSource("small", "1", small_form("1") + b" ")]
    assert refused(enrolled, _sealed_to(request, content, office)) in ("E_PACK_FORM", "E_PAD")


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


def test_attack_09_low_order_and_malformed_recipient_keys(enrolled: Field, office: Office) -> None:
    request = enrolled.request()[0]
    good = office.epochs[0].recipients()
    for pk_n, pk_x in ((bytes(32), good[0].pkX), (good[0].pkN, b"\xff" * 1216), (good[0].pkN, bytes(1184) + bytes(32))):
        rid = RecipientPublic(pk_n, pk_x).rid
        bad = type(good[0])(**{**_fields(good[0]), "pkN": pk_n, "pkX": pk_x, "rid": rid})
        assert refused(enrolled, office.pack_for(request, recips=(bad, *good[1:]))) == "E_RECIPIENT_KEY"


def test_groups_must_be_whole(enrolled: Field) -> None:
    office = Office(two_person_identity=True)
    field_recips = office.epochs[0].recipients()
    for recips in (
        tuple(r for r in field_recips if not (r.tot == 2 and r.idx == 1)),
        (*field_recips, field_recips[-1]),
    ):
        with pytest.raises(Problem, match="E_PACK_RECIPIENTS"):
            packs.check_recipients(office.body_for(enrolled.request()[0], recips=recips))


def test_forms_that_cannot_run_are_refused_after_the_signatures(enrolled: Field, office: Office) -> None:
    request = enrolled.request()[0]
    office.forms = [FormSource("small", "1", b"<!DOCTYPE x [<!ENTITY e 'x'>]><x>&e;</x>")]
    assert refused(enrolled, office.pack_for(request)) == "E_FORM_XML"
    stranger = Office(forms=office.forms)
    assert refused(enrolled, stranger.pack_for(request)) == "E_ROOT_OTHER"


def test_form_files_come_with_the_pack(tmp_path: Path) -> None:
    office = Office(forms=[FormSource("small", "1", small_form(), (("places.csv", b"name,label\na,A\n"),))])
    with enrolled_field(tmp_path / "home", office) as field:
        stored = mission.form_to_use(field.vault.db)
        assert stored.files == {"places.csv": b"name,label\na,A\n"}
        with pytest.raises(Problem, match="E_FORM_UNKNOWN"):
            mission.form_to_use(field.vault.db, "other")


# ---- epochs ----


@pytest.mark.parametrize(("moment", "epoch"), [(0, 1), (NOW - DAY, 1), (NOW + DAY - 1, 1), (NOW + DAY, 2), (2**40, 2)])
def test_newest_epoch_that_has_begun(enrolled: Field, office: Office, moment: int, epoch: int) -> None:
    office.epochs.append(Epoch(2, NOW + DAY, {0: [[b"e" * 32]], 2: [[b"e" * 32]]}))
    body = office.body_for(enrolled.request()[0])
    found = mission.recipients(body, moment)
    assert found.epoch == epoch
    if epoch == 2:
        assert len(found.of(0)) == 1
        with pytest.raises(Problem) as caught:
            found.of(1)
        assert (caught.value.code, caught.value.facts["compartment"]) == ("E_NO_RECIPIENT", "identity")
    else:
        assert [len(group) for group in found.of(0)] == [1, 1]


# ---- damage ----


def test_damaged_pack_files(field: Field, office: Office) -> None:
    data = office.pack_for(field.request()[0])
    for bad in (b"", data[:100], b"SVIDRET1" + data[8:], data + b"x", data[:-1]):
        assert refused(field, bad, office.fingerprint) in ("E_FORMAT", "E_TRAILING", "E_STREAM_LEN", "E_NOT_FOR_US")
    for place in (9, 30, 60, 200, 5000, 6000, 66000, len(data) - 5):
        flipped = bytearray(data)
        flipped[place] ^= 1
        assert refused(field, bytes(flipped), office.fingerprint)


def test_return_keys_open_what_the_office_seals(enrolled: Field, office: Office) -> None:
    from collector import identity

    asked = packs.read_request(enrolled.request()[0])
    data = envelope.seal(envelope.RETURN_MAGIC, b"\x80", [RecipientPublic(asked.pkN, asked.pkX)])
    keys = identity.return_keys(enrolled.vault)
    assert envelope.open(envelope.RETURN_MAGIC, data, keys).content == b"\x80"
    for key in keys:
        key.wipe()
    stranger = RecipientKeys.from_seed(Secret(b"s" * 32))
    with pytest.raises(Problem, match="E_NOT_FOR_US"):
        envelope.open(envelope.RETURN_MAGIC, data, [stranger])


def test_certificate_names_no_person(enrolled: Field) -> None:
    row = enrolled.vault.db.one("SELECT cert, serial FROM signer")
    assert row is not None
    certificate = structure.decode(Certificate, structure.decode(SignedObject, row[0]).body)
    assert certificate.serial == row[1]
    assert set(certificate.__slots__) == {
        "v", "org", "mission", "serial", "fs_root", "fs_n", "pkN", "pkX", "nb", "na", "role", "extra",
    }  # fmt: skip
