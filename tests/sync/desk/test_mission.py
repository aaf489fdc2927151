"""Missions, enrolment, and what a request cannot do."""

from __future__ import annotations

import pytest

from collector import crypto, packs
from collector.cells import CELL
from collector.crypto import Secret
from collector.packs import FormSource
from collector.slots import RecipientKeys
from schemas import canonical, structure
from schemas.problems import Problem
from schemas.records.common import IDENTITY, NARRATIVE, PROCESS
from schemas.records.mission import EnrolmentBody, EnrolmentRequest
from sync.desk.desk import Desk
from tests.helpers.expect import flipped, refused
from tests.helpers.forms import small_form
from tests.sync.desk.conftest import Home
from tests.sync.desk.devices import Device

SMALL_FORM = FormSource("small", "1", small_form())


def test_the_same_request_again_gives_the_same_certificate_and_pack(home: Home) -> None:
    device = Device()
    first = home.desk.enrol(device.request)
    home.clock.now += 1000
    second = home.reopened().enrol(device.request)
    assert (first.serial, first.again, second.again) == (second.serial, False, True)
    assert first.pack != second.pack
    one = device.accept(first.pack)
    body, digest = one.body, one.pack_hash
    two = device.accept(second.pack)
    assert (two.body, two.pack_hash) == (body, digest)


def test_a_fingerprint_is_compared_as_it_was_read(desk: Desk) -> None:
    device = Device()
    fingerprint = crypto.fingerprint(device.request)
    wrong = fingerprint[:-1] + ("1" if fingerprint[-1] != "1" else "2")
    for typed in (wrong, "", fingerprint[:-1], crypto.fingerprint(Device().request)):
        with refused("E_REQUEST_FINGERPRINT"):
            desk.enrol(device.request, typed)
    assert desk.vault.db.query("SELECT count(*) FROM device") == [(2,)]
    assert desk.enrol(device.request).compared is False
    assert desk.enrol(device.request, fingerprint.replace(" ", "-")).compared is True
    assert desk.vault.db.query("SELECT compared FROM device WHERE fs_root = ?", (device.tree.root,)) == [(1,)]
    desk.enrol(device.request)
    assert desk.vault.db.query("SELECT compared FROM device WHERE fs_root = ?", (device.tree.root,)) == [(1,)]


@pytest.mark.parametrize("step", range(0, 1700, 97))
def test_one_bit_of_a_request(desk: Desk, step: int) -> None:
    request = Device().request
    with pytest.raises(Problem) as caught:
        desk.enrol(flipped(request, step * len(request) // 1700, step % 8))
    assert caught.value.code.split("_")[1] in ("CMP", "SCHEMA", "SEQ", "SIG", "RECIPIENT")


def test_requests_that_prove_nothing(desk: Desk) -> None:
    device = Device()
    body = structure.decode(EnrolmentRequest, device.request).body
    later = structure.encode(EnrolmentRequest(body=body, sig=device.sign(1, body, "enrol")))
    other = structure.encode(EnrolmentRequest(body=body, sig=device.sign(0, body, "manifest")))
    foreign = structure.encode(EnrolmentRequest(body=body, sig=Device().sign(0, body, "enrol")))
    for data, code in ((later, "E_SEQ"), (other, "E_SIG"), (foreign, "E_SIG_LEAF"), (b"", "E_CMP_TRUNC")):
        with refused(code):
            desk.enrol(data)
    with refused("E_CMP_TRUNC", "E_CMP_TYPE", "E_SCHEMA", "E_CMP_TRAILING"):
        desk.enrol(bytes(CELL))


def test_a_second_request_of_one_tree_with_other_return_keys(desk: Desk) -> None:
    device = Device()
    desk.enrol(device.request)
    body = structure.decode(EnrolmentBody, structure.decode(EnrolmentRequest, device.request).body)
    returns = RecipientKeys.from_seed(Secret.random()).public
    plain = structure.to_plain(body) | {"pkN": returns.pk_n, "pkX": returns.pk_x}
    changed = canonical.dump(plain)
    with refused("E_REQUEST_OTHER"):
        desk.enrol(structure.encode(EnrolmentRequest(body=changed, sig=device.sign(0, changed, "enrol"))))


def test_a_device_of_one_mission_is_not_enrolled_in_another(desk: Desk) -> None:
    device = Device().enrol(desk)
    desk.mission_new("Second", [SMALL_FORM])
    with refused("E_MISSION_WHICH"):
        desk.enrol(device.request)
    with refused("E_DEVICE_ENROLLED"):
        desk.enrol(device.request, mission_name="Second")
    with refused("E_NO_MISSION"):
        desk.enrol(device.request, mission_name="Third")


def test_missions_have_keys_and_names_of_their_own(desk: Desk, one: Device) -> None:
    desk.mission_new("Друга", [SMALL_FORM])
    other = Device().enrol(desk, "Друга")
    assert not {item.rid for item in one.body.recips} & {item.rid for item in other.body.recips}
    assert not {item.rid for item in one.body.intake} & {item.rid for item in other.body.intake}
    with refused("E_MISSION_EXISTS"):
        desk.mission_new("Друга", [SMALL_FORM])
    with refused("E_FORM_TWICE"):
        desk.mission_new("Third", [SMALL_FORM, SMALL_FORM])
    for name in ("", " ", "x" * 201, "a\nb", "\u202ex", "\ud800"):
        with refused("E_MISSION_NAME"):
            desk.mission_new(name, [SMALL_FORM])
    assert [mission.name for mission in desk.missions()] == ["Dobra", "Друга"]


def test_a_pack_says_who_holds_which_key_where_the_office_says_it(desk: Desk, one: Device) -> None:
    assert {item.label for item in one.body.recips} == {None}
    desk.mission_new("Labelled", [SMALL_FORM], labels={IDENTITY: " фахівець із захисту ", PROCESS: "archive"})
    said = {item.comp: item.label for item in Device().enrol(desk, "Labelled").body.recips}
    assert said == {PROCESS: "archive", IDENTITY: "фахівець із захисту", NARRATIVE: None}
    for label in ("", " ", "x" * 81, "a\nb", "\u202ex", "\ud800", "я" * 41):
        with refused("E_MISSION_LABEL"):
            desk.mission_new("Refused", [SMALL_FORM], labels={IDENTITY: label})
    assert [mission.name for mission in desk.missions()] == ["Dobra", "Labelled"]


def test_a_pack_of_this_office_is_what_a_device_verifies(desk: Desk) -> None:
    device = Device()
    enrolled = desk.enrol(device.request)
    tree = packs.Tree(1, device.tree.root, device.tree.n, device.returns.public)
    verified = packs.verify(enrolled.pack, [device.returns], packs.Expected((tree,), fingerprint=desk.fingerprint))
    assert [form.entry.ver for form in verified.forms] == ["1", "2"]
    assert verified.certificate.serial == enrolled.serial
    with refused("E_FINGERPRINT"):
        packs.verify(enrolled.pack, [device.returns], packs.Expected((tree,), fingerprint=crypto.fingerprint(b"")))
    with refused("E_NOT_FOR_US"):
        packs.verify(enrolled.pack, [Device().returns], packs.Expected((tree,), fingerprint=desk.fingerprint))
