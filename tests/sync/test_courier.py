"""The courier's three commands on sticks that strangers have filled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from collector import envelope
from collector.cells import CELL
from collector.crypto import Secret
from collector.slots import RecipientKeys
from schemas.problems import CATALOGUE
from sync import courier
from sync.volume import file_length, lead_length
from tests.conftest import REPO
from tests.helpers.expect import refused
from tests.sync.sticks import decode, entry, folders, spoil, volume_files, write_bundle

LEAD = lead_length(16)


@pytest.fixture
def sticks(tmp_path: Path) -> list[Path]:
    to = folders(tmp_path, 3)
    write_bundle([entry(tmp_path / "source", 1, streams=[30])], to)
    return to


def return_file(folder: Path, name: str = "b" * 26) -> Path:
    device = RecipientKeys.from_seed(Secret.random()).public
    path = folder / f"{name}.ret"
    path.write_bytes(envelope.seal(envelope.RETURN_MAGIC, b"\x80", [device]))
    return path


# ---- check ----


def test_everything_whole(sticks: list[Path]) -> None:
    steps: list[tuple[str, int, int]] = []
    report = courier.check(sticks, lambda *step: steps.append(step))
    assert report.ok
    assert len(report.files) == 5
    (bundle,) = report.bundles
    assert (bundle.whole, bundle.damaged, bundle.lost, bundle.complete) == (5, 0, 0, True)
    assert (bundle.k, bundle.n, bundle.stripes, bundle.cells) == (3, 5, 1, 16)
    assert steps[-1] == ("check", 5 * file_length(16), 5 * file_length(16))
    assert json.loads(json.dumps(report.as_dict()))["ok"] is True


def test_damage_that_the_others_make_good(sticks: list[Path]) -> None:
    spoil(volume_files(sticks)[0], LEAD + 5, LEAD + 3 * CELL)
    spoil(volume_files(sticks)[1], 9)
    report = courier.check(sticks)
    assert not report.ok
    assert report.complete
    damaged = [file for file in report.files if file.state == "damaged"]
    assert [(file.bad, file.repairable) for file in damaged] == [(2, 2), (0, 0)]
    assert (report.bundles[0].whole, report.bundles[0].damaged) == (3, 2)


def test_a_missing_stick_and_what_it_takes(sticks: list[Path]) -> None:
    report = courier.check([sticks[0]])
    assert not report.complete
    problem = report.bundles[0].problem
    assert problem is not None
    assert problem.code == "E_VOL_MISSING"
    assert "Still needed: 1 × 0-1, 0-2, 0-4" in problem.what
    assert report.bundles[0].lost == 3
    assert all(file.state == "good" for file in report.files)


def test_damage_beyond_repair_is_named(sticks: list[Path]) -> None:
    for path in volume_files(sticks)[:3]:
        spoil(path, LEAD + 7 * CELL)
    spoil(volume_files(sticks)[0], LEAD)
    report = courier.check(sticks)
    assert not report.complete
    assert [(file.bad, file.repairable) for file in report.files if file.bad] == [(2, 1), (1, 0), (1, 0)]
    assert report.bundles[0].problem is not None
    assert "1 × 0-* (7)" in report.bundles[0].problem.what


def test_two_bundles_on_one_stick_are_judged_apart(tmp_path: Path, sticks: list[Path]) -> None:
    write_bundle([entry(tmp_path / "source", 2)], sticks[:1], 1, 2)
    report = courier.check([sticks[0]])
    assert sorted(bundle.complete for bundle in report.bundles) == [False, True]


def test_attack_19_a_volume_that_contradicts_its_bundle(tmp_path: Path) -> None:
    import dataclasses

    from tests.sync.volumes import assemble, make_bundle

    made = make_bundle(b"x", 2, 3)
    data = made.files[0, 1]
    cells = [data[LEAD + row * CELL : LEAD + (row + 1) * CELL] for row in range(16)]
    header = dataclasses.replace(made.headers[0, 1], kc=bytes(32))
    from collector import merkle

    files = {0: made.files[0, 0], 1: assemble(header, made.secret, [merkle.leaf(c) for c in cells], cells)}
    for index, content in files.items():
        (tmp_path / f"{'a' * 16}-0-{index}.vol").write_bytes(content)
    report = courier.check([tmp_path])
    problems = [file.problem.code for file in report.files if file.problem]
    assert problems == ["E_VOL_MIX"]


def hostile(folder: Path, whole: Path) -> None:
    """A stick with everything that a name can be."""
    name = "a" * 16
    (folder / f"{name}-0-0.vol").symlink_to(whole)
    (folder / f"{name}-0-1.vol").symlink_to("/dev/zero")
    os.mkfifo(folder / f"{name}-0-2.vol")
    (folder / f"{name}-0-3.vol").mkdir()
    (folder / f"{name}-0-4.vol").write_bytes(b"short")
    (folder / f"{name}-0-5.vol").write_bytes(bytes(file_length(16)))
    (folder / f"{'c' * 26}.ret").symlink_to("/etc/passwd")
    (folder / f"{'d' * 26}.ret").write_bytes(bytes(5 << 20))
    for odd in (
        "CON.vol",
        "a:b.vol",
        "\u202elov.exe.vol",
        "x" * 200 + ".vol",
        "\u0430" * 16 + "-0-0.vol",
        "A\x07B\x1b[31m.vol",
        "no\nline.vol",
        "..vol",
        f"{name}-0001-0.vol",
    ):
        (folder / odd).write_bytes(b"x")
    os.close(os.open(os.fsencode(folder) + b"/\xff\xfe.vol", os.O_CREAT | os.O_WRONLY))
    (folder / "notes.txt").write_text("mine")


def test_attack_23_hostile_names_and_kinds(tmp_path: Path, sticks: list[Path]) -> None:
    stick = folders(tmp_path / "evil", 1)[0]
    hostile(stick, volume_files(sticks)[0])
    before = sorted(os.listdir(os.fsencode(stick)))
    report = courier.check([stick])
    assert not report.bundles
    assert not report.complete
    assert all(file.state == "unusable" for file in report.files)
    assert {file.problem.code for file in report.files if file.problem} == {"E_MEDIA", "E_VOL_SIZE", "E_VOL_MAGIC"}
    shown = json.dumps(report.as_dict(), ensure_ascii=False)
    assert not any(sign in shown for sign in ("\u202e", "\x07", "\x1b", "\\u001b", "\\n"))
    assert len(shown.encode()) > 100
    assert sorted(os.listdir(os.fsencode(stick))) == before
    carried = courier.take([stick], folders(tmp_path / "to", 1)[0])
    assert carried.copied == []
    assert not carried.ok


def test_attack_23_too_many_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sync import listing

    monkeypatch.setattr(listing, "MAX_NAMES", 50)
    for number in range(51):
        (tmp_path / f"{number}.txt").touch()
    with refused("E_MEDIA"):
        courier.check([tmp_path])


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with refused("E_STICK_FOLDER"):
        courier.check([tmp_path / "no"])


def test_attack_51_no_keys_read_only_medium(tmp_path: Path, sticks: list[Path]) -> None:
    """A machine without any home, a medium that cannot be written: the check works and leaves nothing behind."""
    for folder in sticks:
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)
    code = (
        "import sys; from pathlib import Path; from sync import courier;"
        "report = courier.check([Path(p) for p in sys.argv[1:]]);"
        "loaded = [m for m in sys.modules if m.startswith(('collector.vault', 'collector.database', 'sync.desk',"
        " 'schemas.xform', 'textual', 'sqlcipher3'))];"
        "sys.exit(0 if report.ok and not loaded else 1)"
    )
    before = [(path, path.read_bytes()) for path in volume_files(sticks)]
    environment = {"PATH": "", "HOME": str(tmp_path / "nowhere"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", code, *map(str, sticks)], cwd=REPO, env=environment, check=False)
    assert done.returncode == 0
    assert [(path, path.read_bytes()) for path in volume_files(sticks)] == before
    for folder in sticks:
        folder.chmod(0o755)


# ---- take and deliver ----


def test_take_and_deliver(tmp_path: Path, sticks: list[Path]) -> None:
    answer = return_file(sticks[0])
    bag, office = folders(tmp_path / "bag", 1)[0], folders(tmp_path / "office", 1)[0]
    taken = courier.take(sticks, bag)
    assert taken.ok
    assert len(taken.copied) == 6
    delivered = courier.deliver([bag], office)
    assert delivered.ok
    assert sorted(delivered.copied) == sorted(taken.copied)
    assert (office / answer.name).read_bytes() == answer.read_bytes()
    assert courier.check([office]).ok
    assert "svidok courier check" in (office / "READ-ME.txt").read_text()
    done = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=office, check=False)
    assert done.returncode == 0


def test_delivering_again_changes_nothing(tmp_path: Path, sticks: list[Path]) -> None:
    office = folders(tmp_path / "office", 1)[0]
    courier.deliver(sticks, office)
    before = {path.name: (path.stat().st_ino, path.read_bytes()) for path in office.glob("*.vol")}
    again = courier.deliver(sticks, office)
    assert again.ok
    assert again.copied == []
    assert len(again.present) == 5
    assert {path.name: (path.stat().st_ino, path.read_bytes()) for path in office.glob("*.vol")} == before


def test_a_damaged_copy_is_replaced_by_a_whole_one_and_never_the_other_way(tmp_path: Path, sticks: list[Path]) -> None:
    office = folders(tmp_path / "office", 1)[0]
    courier.deliver(sticks, office)
    whole = {path.name: path.read_bytes() for path in office.glob("*.vol")}
    victim = volume_files([office])[0]
    spoil(victim, LEAD + 5)
    assert courier.deliver(sticks, office).copied == [victim.name]
    assert {path.name: path.read_bytes() for path in office.glob("*.vol")} == whole
    source = next(path for path in volume_files(sticks) if path.name == victim.name)
    spoil(source, LEAD + 5)
    report = courier.deliver(sticks, office)
    assert report.copied == []
    assert report.damaged == [victim.name]
    assert victim.read_bytes() == whole[victim.name]


def test_damaged_volumes_are_carried_as_they_are(tmp_path: Path, sticks: list[Path]) -> None:
    for number, path in enumerate(volume_files(sticks)):
        spoil(path, LEAD + number * CELL)
    bag = folders(tmp_path / "bag", 1)[0]
    report = courier.take(sticks, bag)
    assert len(report.copied) == len(report.damaged) == 5
    assert decode([bag], tmp_path / "out").files


def test_a_copy_on_the_same_folder_is_nothing(sticks: list[Path]) -> None:
    report = courier.take([sticks[0]], sticks[0])
    assert report.ok
    assert report.copied == []


def test_a_full_stick_is_said_first(tmp_path: Path, sticks: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from sync import medium

    class Usage:
        free = 1000

    monkeypatch.setattr(medium.shutil, "disk_usage", lambda _path: Usage)
    bag = folders(tmp_path / "bag", 1)[0]
    report = courier.take(sticks, bag)
    assert report.problem is not None
    assert report.problem.code == "E_STICK_SPACE"
    assert list(bag.iterdir()) == []


def test_attack_24_a_volume_that_grows_or_shrinks_while_it_is_copied(
    tmp_path: Path, sticks: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = volume_files(sticks)[0]
    real = courier.check_volume

    def shrinking(file: courier.OpenFile) -> object:
        verdict = real(file)
        if victim.stat().st_size == file.length:
            os.truncate(victim, file.length - 2 * CELL)
        return verdict

    monkeypatch.setattr(courier, "check_volume", shrinking)
    bag = folders(tmp_path / "bag", 1)[0]
    report = courier.take([victim.parent], bag)
    assert [(name, problem.code) for name, problem in report.failed] == [(victim.name, "E_MEDIA")]
    assert not (bag / victim.name).exists()
    assert not [path for path in bag.iterdir() if path.name.startswith(".part-")]


def test_every_problem_of_sticks_has_its_sentences() -> None:
    for code in ("E_MEDIA", "E_STICK_FULL", "E_STICK_GONE", "E_STICK_SPACE", "E_VOL_MISSING"):
        assert CATALOGUE[code].remedy
