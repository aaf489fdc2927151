"""What a sealed entry says of its device and its time, and that the device cannot say it twice."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest

from collector import crypto, merkle, packs
from collector.field import Field
from collector.signer import SignerState
from schemas import structure
from schemas.problems import Problem
from schemas.records.common import SignedObject
from schemas.records.mission import Certificate, EnrolmentBody, EnrolmentRequest
from tests.helpers.forms import CONSENT, STORY
from tests.helpers.interviews import (
    STORY_TEXT,
    filled,
    sealed_entry,
)
from tests.helpers.mission import DAY, NOW, Epoch, Office, SetClock, enrolled_field, reopened
from tests.helpers.opening import open_sealed, outbox_file

EVERYBODY = list(Office().recipient_keys().values())


# ---- the manifest ----


def test_manifest_says_what_the_protocol_asks(field: Field, office: Office, clock: SetClock) -> None:
    interview = filled(field)
    clock.now += 77
    sealed = field.seal(interview.code)
    pack = field.pack()
    assert pack is not None
    opened = open_sealed(field, sealed.eid, EVERYBODY)
    core = opened.core
    assert (core.kind, core.mission, core.pack, core.epoch) == ("testimony", office.mission, (1, pack.hash), 1)
    assert (core.seq, sealed.seq, core.prev) == (1, 1, bytes(32))
    assert core.form == ("small", "1", office.forms[0].entry().hash)
    assert (core.t.dev, core.t.floor) == (NOW + 77, pack.body.issued)
    assert core.t.anchors == (pack.body.checkpoint, pack.hash)
    assert core.incomplete is None
    assert core.extra == {}
    certificate = structure.decode(Certificate, structure.decode(SignedObject, core.cert).body)
    assert (certificate.mission, certificate.role) == (office.mission, "documenter")
    row = field.vault.db.one("SELECT core_hash, file_hash, file_bytes, comps FROM entry")
    data = outbox_file(field, sealed.eid).read_bytes()
    assert row == (crypto.sha256(opened.manifest.core), crypto.sha256(data), len(data), 0b111)


def test_entries_of_one_device_are_chained(field: Field) -> None:
    opened = [open_sealed(field, sealed_entry(field), EVERYBODY) for _ in range(4)]
    assert [item.core.seq for item in opened] == [1, 2, 3, 4]
    for before, after in itertools.pairwise(opened):
        assert after.core.prev == crypto.sha256(before.manifest.core)
        size, root, _ = before.core.log
        later, later_root, proof = after.core.log
        assert later > size
        merkle.check_consistency(size, later, root, later_root, proof)


def test_custody_log_tells_the_story(field: Field) -> None:
    interview = filled(field)
    eid = field.seal(interview.code).eid
    events = list(field.vault.log.events())
    assert [event.act for event in events][-3:] == ["draft-open", "freeze", "seal"]
    assert events[-1].obj == eid
    field.vault.log.verify_all()


# ---- keys of the device ----


def test_attack_35_a_used_leaf_signs_no_more(field: Field) -> None:
    sealed_entry(field)
    row = field.vault.db.one("SELECT leaves, next_leaf, state FROM signer")
    assert row is not None
    assert row[1] == 2
    from collector.signer import SignerTree

    tree = SignerTree(row[0])
    with field.vault.ring.open(row[2]) as state:
        for index in (0, 1):
            with pytest.raises(Problem, match="E_SIG_LEAF"):
                tree.sign(SignerState(index, state), "manifest", b"back-dated")
        tree.sign(SignerState(2, state), "manifest", b"the next one")
    with pytest.raises(Problem, match="E_FROZEN"):
        field.vault.db.execute("UPDATE signer SET next_leaf = 1")


def test_spent_tree_is_followed_by_a_new_one(tmp_path: Path, office: Office) -> None:
    with enrolled_field(tmp_path / "home", office, leaves=4) as field:
        first = field.request()[0]
        for expected in (1, 2, 3):
            assert open_sealed(field, sealed_entry(field), EVERYBODY).core.seq == expected
        assert field.vault.db.one("SELECT state FROM signer") == (None,)
        sealed = field.seal(filled(field).code)
        assert sealed.seq == 1
        request = field.request()[0]
        assert request != first
        assert "E_UNCERTIFIED" in [warning.code for warning in field.warnings()]
        rows = field.vault.db.query("SELECT signer, seq FROM entry ORDER BY rowid")
        assert rows == [(1, 1), (1, 2), (1, 3), (2, 1)]
        body = structure.decode(EnrolmentBody, structure.decode(EnrolmentRequest, request).body)
        assert body.fs_n == 4096
        field.accept_pack(office.pack_for(request))
        assert field.status()["certified"] is True
        certified = open_sealed(field, sealed_entry(field), EVERYBODY)
        assert certified.core.seq == 2
        with pytest.raises(Problem, match="E_PACK_ROLLBACK"):
            field.accept_pack(office.pack_for(first))


def test_warning_before_the_leaves_are_used_up(tmp_path: Path, office: Office) -> None:
    with enrolled_field(tmp_path / "home", office, leaves=4) as field:
        sealed_entry(field)
        assert "E_LEAVES_LOW" not in [warning.code for warning in field.warnings()]
        sealed_entry(field)
        assert "E_LEAVES_LOW" in [warning.code for warning in field.warnings()]
        assert field.status()["signatures_left"] == 1


def test_attack_34_cloned_vault_signs_the_same_number_twice(field: Field, tmp_path: Path) -> None:
    home = field.vault.home
    field.close()
    shutil.copytree(home, tmp_path / "clone")
    cores = []
    for place in (home, tmp_path / "clone"):
        with Field.open(place, "six words that are long enough", clock=SetClock()) as each:
            cores.append(open_sealed(each, sealed_entry(each), EVERYBODY).core)
    assert cores[0].cert == cores[1].cert
    assert cores[0].seq == cores[1].seq
    assert cores[0].eid != cores[1].eid


def test_attack_34_restored_backup_begins_a_new_tree(field: Field, tmp_path: Path) -> None:
    interview = filled(field)
    folder, code = field.vault.folder, interview.code
    clock = SetClock()
    field = reopened(field, clock=clock)
    field.vault.db.checkpoint()
    kept = {name: (folder / name).read_bytes() for name in ("vault.db", "ring-0", "ring-1")}
    field.seal(code)
    field.close()
    for name, data in kept.items():
        (folder / name).write_bytes(data)
    for name in ("vault.db-wal", "vault.db-shm"):
        (folder / name).unlink(missing_ok=True)
    with Field.open(folder.parent, "six words that are long enough", clock=clock) as restored:
        assert "E_LOG_FORK" in [warning.code for warning in restored.warnings()]
        assert "restore" in [event.act for event in restored.vault.log.events()]
        request = restored.request()[0]
        restored.seal(code)
        rows = restored.vault.db.query("SELECT signer, seq FROM entry")
        assert rows == [(2, 1)]
        asked = packs.read_request(request)
        assert asked.fs_root == restored.vault.db.query("SELECT fs_root FROM signer WHERE id = 2")[0][0]


# ---- time ----


@pytest.mark.parametrize("moment", [0, -5, 1, NOW - 20 * DAY, 4_102_444_800, 2**39])
def test_attack_44_any_clock_seals_with_the_signed_floor(field: Field, clock: SetClock, moment: int) -> None:
    interview = filled(field)
    clock.now = moment
    opened = open_sealed(field, field.seal(interview.code).eid, EVERYBODY)
    assert opened.core.t.dev == max(0, moment)
    pack = field.pack()
    assert pack is not None
    assert opened.core.t.floor == pack.body.issued
    assert opened.core.t.mono > 0


def test_attack_44_clock_that_jumps_back_in_the_middle(field: Field, clock: SetClock) -> None:
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    clock.now = NOW - 1000 * DAY
    interview.answer(STORY, STORY_TEXT)
    opened = open_sealed(field, field.seal(interview.code, "clock").eid, EVERYBODY)
    times = {item[0]: item[3] for comp in opened.documents for item in opened.documents[comp].answers}
    assert times[CONSENT] == NOW
    assert times[STORY] == NOW - 1000 * DAY


def test_future_epoch_is_reached_by_the_floor_not_by_a_slow_clock(
    field: Field, office: Office, clock: SetClock
) -> None:
    office.epochs.append(Epoch(2, NOW + DAY, {**office.epochs[0].groups}))
    request = field.request()[0]
    field.accept_pack(office.pack_for(request))
    assert open_sealed(field, sealed_entry(field), EVERYBODY).core.epoch == 1
    clock.now = 0
    field.accept_pack(office.pack_for(request, issued=NOW + 2 * DAY))
    assert open_sealed(field, sealed_entry(field), EVERYBODY).core.epoch == 2


def test_attack_30_expired_pack_still_seals_and_says_so(field: Field, clock: SetClock) -> None:
    interview = filled(field)
    clock.now = NOW + 400 * DAY
    sealed = field.seal(interview.code)
    assert sealed.stale
    assert open_sealed(field, sealed.eid, EVERYBODY).core.extra == {"x-stale": True}
    assert [row.stale for row in field.interviews()] == [True]
