"""From sealed interviews to sticks: what travels, what stays, and what an interruption leaves."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import attachments
from collector.cells import CELL
from collector.field import Field
from schemas.problems import Problem
from schemas.records.mission import Policy
from sync import outbox, payload
from tests.helpers.expect import refused
from tests.helpers.faults import failing, in_child
from tests.helpers.interviews import sealed_entry, some_file
from tests.helpers.mission import Office, SetClock, enrolled_field, new_field, reopened
from tests.sync.sticks import decode, folders, volume_files


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def field(tmp_path: Path, office: Office) -> Iterator[Field]:
    opened = enrolled_field(tmp_path / "home", office)
    yield opened
    opened.close()


def states(field: Field) -> list[str]:
    return sorted(str(row[0]) for row in field.vault.db.query("SELECT state FROM entry"))


def bundles(field: Field) -> list[str]:
    return [str(row[0]) for row in field.vault.db.query("SELECT state FROM bundle ORDER BY rowid")]


def sealed_files(field: Field) -> dict[bytes, bytes]:
    """Every sealed entry and stream of the machine, by name."""
    found = {}
    for eid, name in field.vault.db.query("SELECT eid, file_name FROM entry"):
        found[bytes(eid)] = field.vault.path("outbox", str(name)).read_bytes()
    for (sid,) in field.vault.db.query("SELECT sid FROM entry_stream WHERE kind = 'att'"):
        found[bytes(sid)] = attachments.spool_path(field.vault, bytes(sid)).read_bytes()
    return found


def test_interviews_with_attachments_arrive_at_the_sticks(tmp_path: Path, field: Field) -> None:
    for number in range(3):
        sealed_entry(field, photo=some_file(tmp_path, f"{number}.jpg"))
    to = folders(tmp_path, 3)
    steps: list[tuple[str, int, int]] = []
    report = outbox.export(field, to, progress=lambda *step: steps.append(step))
    assert report.ok
    assert len(report.exported) == 3
    assert all(stick.ok for stick in report.sticks)
    assert sum(stick.whole for stick in report.sticks) == report.bundles[0].whole == 5
    assert states(field) == ["exported"] * 3
    assert bundles(field) == ["done"]
    assert decode(to[1:], tmp_path / "out").files == sealed_files(field)
    for folder in to:
        assert {path.name for path in folder.iterdir() if path.suffix != ".vol"} == {"SHA256SUMS", "READ-ME.txt"}
    assert {step[0] for step in steps} == {"write", "check"}
    assert all(done <= total for _, done, total in steps)
    assert json.loads(json.dumps(report.as_dict()))["ok"] is True
    event = list(field.vault.log.events())[-1]
    assert (event.act, event.obj.hex()) == ("export", report.bundles[0].bid)


def test_shape_is_the_missions_unless_asked_otherwise(tmp_path: Path, office: Office) -> None:
    with new_field(tmp_path / "home") as field:
        request, _ = field.request()
        field.accept_pack(office.pack_for(request, policy=Policy(stick=(2, 3))), office.fingerprint)
        sealed_entry(field)
        first = outbox.export(field, folders(tmp_path, 1)).bundles[0]
        assert (first.k, first.n) == (2, 3)
        second = outbox.export(field, folders(tmp_path, 1), k=1, n=4).bundles[0]
        assert (second.k, second.n) == (1, 4)
        with refused("E_EXPORT_SHAPE"):
            outbox.export(field, folders(tmp_path, 1), k=4, n=3)


def test_what_has_no_receipt_travels_again_as_a_new_bundle(tmp_path: Path, field: Field) -> None:
    sealed_entry(field)
    to = folders(tmp_path, 2)
    first, second = outbox.export(field, to), outbox.export(field, to)
    assert first.exported == second.exported
    assert first.bundles[0].bid != second.bundles[0].bid
    assert outbox.export(field, to, only_new=True).bundles == []
    sealed_entry(field)
    assert len(outbox.export(field, to, only_new=True).exported) == 1


def test_without_a_mission_nothing_can_be_exported(tmp_path: Path) -> None:
    with new_field(tmp_path / "home") as field, refused("E_NOT_ENROLLED"):
        outbox.export(field, folders(tmp_path, 1))


def test_nothing_to_export(tmp_path: Path, field: Field) -> None:
    report = outbox.export(field, folders(tmp_path, 2))
    assert report.ok
    assert report.bundles == []
    assert volume_files(folders(tmp_path, 2)) == []


def test_a_stick_that_is_not_there_stops_before_anything(tmp_path: Path, field: Field) -> None:
    sealed_entry(field)
    to = [*folders(tmp_path, 1), tmp_path / "unplugged"]
    with refused("E_STICK_FOLDER"):
        outbox.export(field, to)
    assert list(to[0].iterdir()) == []
    assert states(field) == ["sealed"]


def test_a_lost_file_keeps_its_interview_and_only_that(tmp_path: Path, field: Field) -> None:
    for number in range(3):
        sealed_entry(field, photo=some_file(tmp_path, f"{number}.jpg"))
    rows = field.vault.db.query("SELECT code, file_name, eid FROM entry ORDER BY seq")
    field.vault.path("outbox", str(rows[0][1])).unlink()
    sid = field.vault.db.one("SELECT sid FROM entry_stream WHERE eid = ? AND kind = 'att'", (rows[1][2],))
    assert sid is not None
    os.truncate(attachments.spool_path(field.vault, bytes(sid[0])), CELL)
    report = outbox.export(field, folders(tmp_path, 1), k=1, n=1)
    assert not report.ok
    assert [(code, problem.code) for code, problem in report.left] == [
        (str(rows[0][0]), "E_OUTBOX_LOST"),
        (str(rows[1][0]), "E_OUTBOX_LOST"),
    ]
    assert report.exported == [str(rows[2][0])]
    assert states(field) == ["exported", "sealed", "sealed"]


def test_a_changed_file_is_not_sent(tmp_path: Path, field: Field) -> None:
    sealed_entry(field)
    row = field.vault.db.one("SELECT file_name FROM entry")
    assert row is not None
    path = field.vault.path("outbox", str(row[0]))
    data = bytearray(path.read_bytes())
    data[70_000] ^= 1
    path.write_bytes(data)
    assert [problem.code for _, problem in outbox.export(field, folders(tmp_path, 1)).left] == ["E_OUTBOX_LOST"]


def test_what_does_not_fit_goes_into_several_bundles(
    tmp_path: Path, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        sealed_entry(field)
    monkeypatch.setattr(payload, "MAX_ENTRIES", 2)
    to = folders(tmp_path, 1)
    report = outbox.export(field, to, k=1, n=1)
    assert [len(bundle.codes) for bundle in report.bundles] == [2, 2, 1]
    assert len(report.exported) == 5
    assert report.sticks[0].whole == 3


def test_an_interview_larger_than_any_bundle_is_named(
    tmp_path: Path, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed_entry(field, photo=some_file(tmp_path, "big.jpg", 2_000_000))
    sealed_entry(field)
    monkeypatch.setattr(payload, "MAX_STRIPES", 1)
    report = outbox.export(field, folders(tmp_path, 1), k=1, n=1)
    assert [problem.code for _, problem in report.left] == ["E_BUNDLE_SIZE"]
    assert len(report.exported) == 1


def test_small_interviews_go_where_the_large_one_does_not_fit(
    tmp_path: Path, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sticks, one nearly full: what fits goes to both, the rest to the other alone, and the small one is named."""
    sealed_entry(field, photo=some_file(tmp_path, "big.jpg", 5_000_000))
    sealed_entry(field)
    to = folders(tmp_path, 2)
    real = outbox.lacking_room

    def small_second(sticks: list[outbox.Stick], needed: list[int], each: int) -> list[tuple[outbox.Stick, int, int]]:
        lacks = real(sticks, needed, each)
        return lacks + [
            (stick, length, 3 << 20)
            for stick, length in zip(sticks, needed, strict=True)
            if stick.folder == to[1] and length > 3 << 20
        ]

    monkeypatch.setattr(outbox, "lacking_room", small_second)
    report = outbox.export(field, to, k=1, n=2)
    assert report.ok
    assert [len(bundle.codes) for bundle in report.bundles] == [1, 1]
    assert report.sticks[0].problem is None
    assert report.sticks[1].problem is not None
    assert report.sticks[1].problem.code == "E_STICK_SPACE"
    assert states(field) == ["exported", "exported"]
    assert len(volume_files(to[:1])) > len(volume_files(to[1:])) > 0


def test_attack_25_a_stick_pulled_out_is_never_a_success(tmp_path: Path, field: Field) -> None:
    sealed_entry(field)
    to = folders(tmp_path, 1)
    with failing(6, errno.ENODEV, stays=False) as faults:
        try:
            report = outbox.export(field, to)
        except Problem:
            report = None
    assert faults.failed
    if report is not None:
        assert not report.ok
        assert report.exported == []
    assert states(field) == ["sealed"]
    assert volume_files(to) == []
    report = outbox.export(field, to)
    assert report.ok
    assert states(field) == ["exported"]
    assert bundles(field)[-1] == "done"
    assert "building" not in bundles(field)


@pytest.mark.parametrize("what_is_left", ["nothing", "another disk"])
def test_attack_25_a_stick_pulled_out_between_two_bundles(
    tmp_path: Path, field: Field, monkeypatch: pytest.MonkeyPatch, what_is_left: str
) -> None:
    """The first bundle counts, the other stick goes on, and the empty place of the stick gets nothing."""
    for _ in range(4):
        sealed_entry(field)
    monkeypatch.setattr(payload, "MAX_ENTRIES", 2)
    to = folders(tmp_path, 2)
    real = outbox.Stick.__init__
    looked: list[Path] = []

    def pulled(self: outbox.Stick, folder: Path) -> None:
        looked.append(folder)
        if folder == to[1] and looked.count(folder) > 2:
            if what_is_left == "nothing":
                raise Problem("E_STICK_FOLDER", folder=folder.name)
            real(self, folder)
            self.device += 1
            return
        real(self, folder)

    monkeypatch.setattr(outbox.Stick, "__init__", pulled)
    report = outbox.export(field, to, k=1, n=2)
    assert [len(bundle.codes) for bundle in report.bundles] == [2, 2]
    assert states(field) == ["exported"] * 4
    gone = report.sticks[1].problem
    assert gone is not None
    assert gone.code == "E_STICK_GONE"
    assert (len(volume_files(to[:1])), len(volume_files(to[1:]))) == (3, 1)


def test_attack_25_a_write_protected_stick_leaves_all_volumes_to_the_other(tmp_path: Path, field: Field) -> None:
    sealed_entry(field)
    to = folders(tmp_path, 2)
    with failing(1, errno.EROFS) as faults:  # the trial of the first stick
        report = outbox.export(field, to)
    assert faults.failed == ["unlink"]
    assert report.exported
    assert [stick.problem.code if stick.problem else None for stick in report.sticks] == ["E_STICK_NO_ACCESS", None]
    assert [stick.ok for stick in report.sticks] == [False, True]
    assert len(volume_files(to[1:])) == 5


def test_a_stick_that_was_to_get_nothing_has_no_fault(tmp_path: Path, field: Field) -> None:
    sealed_entry(field)
    report = outbox.export(field, folders(tmp_path, 2), k=1, n=1)
    assert [(stick.ok, stick.whole) for stick in report.sticks] == [(True, 1), (True, 0)]


def test_attack_25_too_few_sticks_left(tmp_path: Path, field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of three sticks fail: what the third holds cannot be read, so nothing counts and nothing stays there."""
    sealed_entry(field)
    to = folders(tmp_path, 3)
    real = outbox.Stick.append

    def failing_append(self: outbox.Stick, place: tuple[int, int], data: bytes) -> None:
        if self.folder in to[:2] and self.problem is None:
            self.problem = Problem("E_STICK_GONE", folder=self.folder.name, error="EIO")
            self.abandon()
        real(self, place, data)

    monkeypatch.setattr(outbox.Stick, "append", failing_append)
    report = outbox.export(field, to)
    assert not report.ok
    assert report.bundles[0].problem is not None
    assert report.bundles[0].problem.code == "E_STICK_INCOMPLETE"
    assert [stick.problem.code if stick.problem else None for stick in report.sticks] == [
        "E_STICK_GONE",
        "E_STICK_GONE",
        None,
    ]
    assert volume_files(to) == []
    assert states(field) == ["sealed"]
    assert bundles(field) == ["abandoned"]


def test_attack_25_killed_while_building(tmp_path: Path, office: Office) -> None:
    """The process dies in the middle: the next start abandons that bundle and makes a new one under a new key."""
    with enrolled_field(tmp_path / "home", office) as field:
        sealed_entry(field)
    to = folders(tmp_path, 1)

    def run() -> None:
        from tests.helpers.mission import PASSPHRASE

        opened = Field.open(tmp_path / "home", PASSPHRASE, clock=SetClock())
        real = outbox.Stick.complete

        def dying(self: outbox.Stick, place: tuple[int, int], header: bytes) -> None:
            if place[1] == 2:
                os._exit(9)
            real(self, place, header)

        outbox.Stick.complete = dying  # type: ignore[method-assign]
        outbox.export(opened, to)

    assert in_child(run) == 9
    assert [path for path in to[0].iterdir() if path.name.startswith(".part-")]
    from tests.helpers.mission import PASSPHRASE

    with Field.open(tmp_path / "home", PASSPHRASE, clock=SetClock()) as field:
        assert bundles(field) == ["building"]
        assert states(field) == ["sealed"]
        report = outbox.export(field, to)
        assert report.ok
        assert bundles(field) == ["abandoned", "done"]
        assert len(field.vault.db.query("SELECT DISTINCT bid FROM bundle")) == 2
    assert not [path for path in to[0].iterdir() if path.name.startswith(".part-")]


def test_staged_volumes_wait_under_names_that_tell_nothing(tmp_path: Path, field: Field) -> None:
    sealed_entry(field)
    report = outbox.stage(field)
    assert report.ok
    folder = field.vault.folder / "bundles"
    rows = field.vault.db.query("SELECT file_name, state, bytes, length(shard) FROM bundle_volume")
    assert [(state, size, shard) for _, state, size, shard in rows] == [("waiting", 1_073_152, 32)]
    assert sorted(path.name for path in folder.iterdir()) == sorted(str(row[0]) for row in rows)
    assert bundles(field) == ["ready"]
    assert states(field) == ["sealed"]


def test_a_reopened_home_exports_what_was_sealed_before(tmp_path: Path, field: Field) -> None:
    sealed_entry(field)
    with reopened(field) as again:
        assert outbox.export(again, folders(tmp_path, 1)).ok


def test_attack_46_nothing_on_a_stick_names_anybody(tmp_path: Path, office: Office, field: Field) -> None:
    """Every id, key and name of mission, device, recipients, record and attachment, searched in every byte and name."""
    eid = sealed_entry(field, photo=some_file(tmp_path))
    to = folders(tmp_path, 2)
    assert outbox.export(field, to, k=2, n=3).ok
    pack = field.pack()
    row = field.vault.db.one(
        "SELECT code, file_name, core_hash, file_hash, fs_root, serial FROM entry JOIN signer ON signer.id = signer"
    )
    assert pack is not None
    assert row is not None
    body = pack.body
    marks = [eid, body.mission, pack.hash, body.root_hash, *(bytes(value) for value in row[2:] if value is not None)]
    marks += [item.rid for item in (*body.recips, *body.intake)] + [item.pkN for item in (*body.recips, *body.intake)]
    marks += [bytes(item[0]) for item in field.vault.db.query("SELECT sid FROM entry_stream")]
    marks += [bytes(item[0]) for item in field.vault.db.query("SELECT retn FROM bundle")]
    marks += [str(text).encode() for text in (row[0], row[1], body.org, body.name, "MARKER", "small")]
    for folder in to:
        for path in folder.iterdir():
            data = path.name.encode() + path.read_bytes()
            assert not [mark for mark in marks if mark in data]
            assert path.stat().st_mtime == 315_532_800
