"""The intake: what it decodes and refuses, what strangers can make it do, what it leaves when it is cut off."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest

from collector.cells import CELL
from collector.crypto import Secret
from collector.slots import RecipientKeys
from sync.desk import intake
from sync.desk.intake import DecodedBundle, RefusedItem
from sync.desk.intake_wire import Reply, Request, receive_reply, receive_request, send
from sync.volume import file_length, lead_length
from tests.conftest import REPO
from tests.helpers.expect import refused
from tests.sync.sticks import RETN, entry, folders, spoil, volume_files, write_bundle
from tests.sync.volumes import INTAKE_SEED, make_bundle

LEAD = lead_length(16)
PLENTY = 1 << 40


def seeds() -> list[Secret]:
    return [Secret(INTAKE_SEED)]


def read(to: Sequence[Path], work: Path, quota: int = PLENTY) -> tuple[list[DecodedBundle], list[RefusedItem]]:
    """Runs the intake and takes every payload, as an importer would."""
    bundles: list[DecodedBundle] = []
    others: list[RefusedItem] = []
    for found in intake.run(to, seeds(), work, quota=quota):
        if isinstance(found, DecodedBundle):
            os.rename(found.payload, work.parent / found.bid.hex())
            bundles.append(found)
        else:
            others.append(found)
    return bundles, others


def codes(items: Sequence[RefusedItem]) -> list[str]:
    return [item.problem.code for item in items]


def test_bundles_come_out_as_they_went_in(tmp_path: Path) -> None:
    to = folders(tmp_path, 3)
    groups = [entry(tmp_path / "source", 1, streams=[20]), entry(tmp_path / "source", 2)]
    export = write_bundle(groups, to)
    steps: list[tuple[int, int]] = []
    found = list(intake.run(to, seeds(), tmp_path / "work", quota=PLENTY, progress=lambda *step: steps.append(step)))
    (bundle,) = found
    assert isinstance(bundle, DecodedBundle)
    assert bundle.bid == export.written.bid
    assert bundle.broot == export.written.bundle_root
    assert bundle.retn == RETN
    assert len(bundle.label.split()) == 4
    assert (bundle.volumes, bundle.volumes_lost, bundle.volumes_damaged) == (5, 0, 0)
    assert steps


def test_the_payload_is_the_importers_to_take(tmp_path: Path) -> None:
    to = folders(tmp_path, 1)
    groups = [entry(tmp_path / "source", 1, streams=[20]), entry(tmp_path / "source", 2)]
    write_bundle(groups, to)
    items = {item.name: item for group in groups for item in group}
    seen = 0
    for bundle in intake.run(to, seeds(), tmp_path / "work", quota=PLENTY):
        assert isinstance(bundle, DecodedBundle)
        data = bundle.payload.read_bytes()
        for file in bundle.files:
            assert data[file.offset : file.offset + file.size] == items[file.name].path.read_bytes()
            assert (file.kind, file.hash) == (items[file.name].kind, items[file.name].digest)
            seen += 1
    assert seen == len(items)
    assert list((tmp_path / "work").iterdir()) == []


def test_loss_and_damage_are_counted(tmp_path: Path) -> None:
    to = folders(tmp_path, 5)
    write_bundle([entry(tmp_path / "source", 1, streams=[90])], to)
    for path in volume_files([to[0]]):
        path.unlink()
    lost = len(volume_files([to[1]]))
    spoil(volume_files([to[1]])[0], LEAD + 3 * CELL)
    spoil(volume_files([to[4]])[0], 100)
    bundles, others = read(to, tmp_path / "work")
    assert others == []
    assert (bundles[0].volumes_lost, bundles[0].volumes_damaged) == (lost, 2)


def test_one_bad_bundle_does_not_stop_the_others(tmp_path: Path) -> None:
    to = folders(tmp_path, 1)
    exports = [write_bundle([entry(tmp_path / "source", number)], to, 2, 2) for number in (1, 2, 3)]
    victim = next(path for path in volume_files(to) if path.name == exports[1].sticks[0].whole[0, 1].name)
    victim.unlink()
    bundles, others = read(to, tmp_path / "work")
    assert {bundle.bid for bundle in bundles} == {exports[0].written.bid, exports[2].written.bid}
    assert codes(others) == ["E_VOL_MISSING"]
    assert "0-1" in others[0].problem.what


def test_foreign_bundles_are_not_decoded(tmp_path: Path) -> None:
    stranger = RecipientKeys.from_seed(Secret(b"S" * 32)).public
    made = make_bundle(b"x", 1, 1, intake=stranger)
    (tmp_path / f"{'a' * 16}-0-0.vol").write_bytes(made.files[0, 0])
    bundles, others = read([tmp_path], tmp_path / "work")
    assert bundles == []
    assert codes(others) == ["E_NOT_FOR_US"]


def test_attack_23_hostile_names_and_kinds(tmp_path: Path) -> None:
    stick = folders(tmp_path, 1)[0]
    write_bundle([entry(tmp_path / "source", 1)], [stick], 1, 1)
    name = "a" * 16
    (stick / f"{name}-0-0.vol").symlink_to("/dev/zero")
    os.mkfifo(stick / f"{name}-0-1.vol")
    (stick / f"{name}-0-2.vol").mkdir()
    (stick / "\u202egnp.vol").write_bytes(bytes(10))
    bundles, others = read([stick], tmp_path / "work")
    assert len(bundles) == 1
    assert codes(others) == ["E_MEDIA"] * 4
    assert all("\u202e" not in item.item for item in others)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with refused("E_STICK_FOLDER"):
        read([tmp_path / "nothing"], tmp_path / "work")


def test_attack_63_claims_are_weighed_before_anything_is_written(tmp_path: Path) -> None:
    """A bundle of 1 MiB that claims 2 GiB, and one that is complete but larger than the quota."""
    import dataclasses

    from collector import merkle
    from tests.sync.volumes import assemble

    made = make_bundle(b"x", 1, 1)
    data = made.files[0, 0]
    cells = [data[LEAD + row * CELL : LEAD + (row + 1) * CELL] for row in range(16)]
    claim = dataclasses.replace(made.headers[0, 0], k=8, n=8, stripes=256)
    bomb = assemble(claim, made.secret, [merkle.leaf(cell) for cell in cells], cells)
    (tmp_path / f"{'a' * 16}-0-0.vol").write_bytes(bomb)
    bundles, others = read([tmp_path], tmp_path / "work")
    assert (bundles, codes(others)) == ([], ["E_VOL_MISSING"])
    (tmp_path / f"{'a' * 16}-0-0.vol").write_bytes(data)
    bundles, others = read([tmp_path], tmp_path / "work", quota=16 * 65_520 - 1)
    assert (bundles, codes(others)) == ([], ["E_QUOTA"])
    assert list((tmp_path / "work").iterdir()) == []


def test_attack_63_a_stick_of_strangers_bundles(tmp_path: Path) -> None:
    """Many well-formed bundles to other keys, their cells holes: only headers are read, and the report stays short."""
    stick = folders(tmp_path, 1)[0]
    honest = write_bundle([entry(tmp_path / "source", 1)], [stick], 1, 1)
    stranger = RecipientKeys.from_seed(Secret(b"S" * 32)).public
    for number in range(150):
        data = make_strangers_volume(stranger)
        path = stick / f"{'b' * 13}{_base32(number)}-0-0.vol"
        with path.open("wb") as file:
            file.write(data)
            file.truncate(file_length(16) - LEAD)
            file.seek(file_length(16) - LEAD)
            file.write(data)
    bundles, others = read([stick], tmp_path / "work")
    assert [bundle.bid for bundle in bundles] == [honest.written.bid]
    assert set(codes(others)) == {"E_NOT_FOR_US"}
    assert len(others) == 101
    assert others[-1].item == "50 more"


def _base32(number: int) -> str:
    return "".join("abcdefghijklmnopqrstuvwxyz234567"[number >> shift & 31] for shift in (10, 5, 0))


def make_strangers_volume(intake_key: object) -> bytes:
    """The lead of a bundle of one volume whose cells were never written."""
    from collector import crypto, merkle
    from collector import slots as slots_
    from sync.volume import Header, write_header, write_lead

    public, secret = crypto.sign_keypair(Secret.random())
    leaves = [merkle.leaf(bytes(CELL))] * 16
    root = merkle.root(leaves)
    table = tuple(slots_.dummy_slot() for _ in range(4))
    header = Header(public, 1, 1, 0, 0, 1, 16, root, merkle.root([root]), bytes(32), table)
    return write_lead(write_header(header, secret), leaves)


def test_attack_64_contradicting_volumes_are_refused(tmp_path: Path) -> None:
    import dataclasses

    from collector import merkle
    from tests.sync.volumes import assemble

    made = make_bundle(b"x", 2, 3)
    for place, header in made.headers.items():
        data = made.files[place]
        cells = [data[LEAD + row * CELL : LEAD + (row + 1) * CELL] for row in range(16)]
        signed = dataclasses.replace(header, bundle_root=b"\x02" * 32)
        hostile = assemble(signed, made.secret, [merkle.leaf(cell) for cell in cells], cells)
        (tmp_path / f"{'a' * 16}-0-{place[1]}.vol").write_bytes(hostile)
    bundles, others = read([tmp_path], tmp_path / "work")
    assert (bundles, codes(others)) == ([], ["E_VOL_ROOT"])


def test_attack_22_a_payload_without_an_index(tmp_path: Path) -> None:
    (tmp_path / f"{'a' * 16}-0-0.vol").write_bytes(make_bundle(b"no index", 1, 1).files[0, 0])
    bundles, others = read([tmp_path], tmp_path / "work")
    assert (bundles, codes(others)) == ([], ["E_INDEX"])


def test_attack_36_the_same_bundle_twice_is_one_bundle(tmp_path: Path) -> None:
    to = folders(tmp_path, 2)
    write_bundle([entry(tmp_path / "source", 1)], to[:1], 1, 2)
    for path in volume_files(to[:1]):
        (to[1] / path.name).write_bytes(path.read_bytes())
        (to[1] / f"{path.name[:-4]}.bak").write_bytes(path.read_bytes())
    bundles, others = read([*to, to[0]], tmp_path / "work")
    assert len(bundles) == 1
    assert others == []
    assert bundles[0].volumes_lost == 0


def test_what_an_interrupted_run_left_is_swept(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "abc.payload").write_bytes(b"decoded and forgotten")
    (work / "folder").mkdir()
    (work / "folder" / "file").write_text("x")
    (work / "link").symlink_to("/etc/passwd")
    to = folders(tmp_path, 1)
    bundles, _ = read(to, work)
    assert bundles == []
    assert list(work.iterdir()) == []


def test_an_importer_that_stops_early_ends_the_intake(tmp_path: Path) -> None:
    to = folders(tmp_path, 1)
    for number in range(4):
        write_bundle([entry(tmp_path / "source", number)], to, 1, 1)
    running = intake.run(to, seeds(), tmp_path / "work", quota=PLENTY)
    assert isinstance(next(running), DecodedBundle)
    running.close()
    assert list((tmp_path / "work").iterdir()) == []


def test_an_intake_that_dies_of_a_bundle_is_started_again_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = folders(tmp_path, 1)
    exports = [write_bundle([entry(tmp_path / "source", number)], to, 1, 1) for number in range(3)]
    victim = sorted(export.written.bid for export in exports)[0]
    real = intake._start

    def fragile() -> subprocess.Popen[bytes]:
        code = (
            "import os, signal, sync.desk.intake_process as p\n"
            "real = p.Intake._opened\n"
            "def opened(self, bundle, files):\n"
            f"    if bundle.bid == bytes.fromhex('{victim.hex()}'):\n"
            "        os.kill(os.getpid(), signal.SIGSEGV)\n"
            "    return real(self, bundle, files)\n"
            "p.Intake._opened = opened\n"
            "p.main()\n"
        )
        return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPO)

    monkeypatch.setattr(intake, "_start", fragile)
    bundles, others = read(to, tmp_path / "work")
    monkeypatch.setattr(intake, "_start", real)
    assert {bundle.bid for bundle in bundles} == {export.written.bid for export in exports} - {victim}
    assert codes(others) == ["E_INTAKE"]
    assert "SIGSEGV" in others[0].problem.what


def test_the_intake_is_confined_and_holds_no_archive(tmp_path: Path) -> None:
    """In the process itself: bounds on memory, files and core dumps, and no module that could open an archive."""
    code = (
        "import sys, resource as r, sync.desk.intake_process as p; p.confinement.bound(1 << 24);"
        "bad = [m for m in sys.modules if m.startswith(('collector.vault', 'collector.database', 'sqlcipher3',"
        " 'sync.desk.archive', 'sync.desk.keys', 'schemas.xform', 'socket', 'subprocess'))];"
        "limits = [r.getrlimit(k)[0] for k in (r.RLIMIT_CORE, r.RLIMIT_FSIZE, r.RLIMIT_AS)];"
        "sys.exit(0 if not bad and limits == [0, 1 << 24, 1 << 30] else str((bad, limits)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPO, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in ("x86_64", "aarch64"),
    reason="the kernel's filter is written for Linux on x86-64 and 64-bit ARM",
)
def test_a_confined_process_opens_no_connection_and_starts_no_program() -> None:
    code = """
import errno, os, socket, sys, threading
from concurrent.futures import ThreadPoolExecutor
from sync.desk import confinement
assert confinement.cut_off()
refused = []
for attempt in (
    lambda: socket.socket(),
    lambda: socket.socket(socket.AF_UNIX),
    lambda: os.execv("/bin/true", ["true"]),
    lambda: os.posix_spawn("/bin/true", ["true"], {}),
):
    try:
        attempt()
    except OSError as error:
        refused.append(error.errno)
assert refused == [errno.EPERM] * 4, refused
with ThreadPoolExecutor(2) as pool:
    assert list(pool.map(abs, [-1, -2])) == [1, 2]
with open(os.devnull, "rb") as file:
    assert file.read() == b""
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=REPO, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def lies(tmp_path: Path) -> list[Reply]:
    """Answers that a captured intake might give."""
    payload = "a" * 26 + ".payload"
    (tmp_path / payload).write_bytes(bytes(4 * CELL))
    (tmp_path / ("b" * 26 + ".payload")).symlink_to("/etc/passwd")
    fields = {
        "kind": "bundle",
        "bid": b"B" * 16,
        "payload": payload,
        "length": 4 * CELL,
        "broot": bytes(32),
        "retn": bytes(16),
        "files": ((0, b"e" * 16, CELL, bytes(32), 0),),
        "counts": (1, 0, 0),
    }
    changes = [
        {"payload": "../../etc/passwd"},
        {"payload": "b" * 26 + ".payload"},
        {"payload": "/etc/passwd"},
        {"payload": "c" * 26 + ".payload"},
        {"length": 5 * CELL},
        {"files": ((0, b"e" * 16, 5 * CELL, bytes(32), 0),)},
        {"files": ((0, b"e" * 16, CELL, bytes(32), 1 << 49),)},
        {"files": ((0, b"e" * 16, CELL, bytes(32), 0), (1, b"f" * 16, CELL, bytes(32), 10))},
        {"files": ((0, b"e" * 16, 77, bytes(32), 0),)},
        {"bid": b"C" * 16},
        {"retn": None},
        {"counts": None},
    ]
    return [Reply(**{**fields, **change}) for change in changes]  # type: ignore[arg-type]


def test_the_desk_believes_no_answer_unchecked(tmp_path: Path) -> None:
    for reply in lies(tmp_path):
        with refused("E_INTAKE", "E_MEDIA_IO"):
            intake._bundle(reply, b"B" * 16, tmp_path)


def test_frames_are_strict() -> None:
    stream = BytesIO()
    request = Request(folders=(b"/media/x",), seeds=(b"s" * 32,), work=b"/w", quota=5)
    send(stream, request)
    send(stream, Reply(kind="end"))
    stream.seek(0)
    assert receive_request(stream) == request
    assert receive_reply(stream.read) == Reply(kind="end")
    for data in (b"", b"\0\0", b"\xff\xff\xff\xff", b"\0\0\0\5abc", b"\0\0\0\1\x80"):
        with refused("E_FORMAT", "E_SCHEMA"):
            receive_reply(BytesIO(data).read)


def test_an_unknown_code_is_not_repeated() -> None:
    problem = intake._problem(Reply(kind="refused", code="E_MADE_UP", facts={"a b": "x"}))
    assert problem.code == "E_INTAKE"
    shown = intake._problem(
        Reply(kind="refused", code="E_MEDIA", facts={"item": "\x1b[2Jx", "why": "\u202e", "a-b": 1})
    )
    assert "\x1b" not in shown.what
    assert "\u202e" not in shown.what
