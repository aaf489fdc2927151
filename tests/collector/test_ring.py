"""The key ring: what was dropped never opens again, whatever was cut off where."""

from __future__ import annotations

import errno
import itertools
import shutil
from pathlib import Path

import pytest

from collector.crypto import Secret
from collector.database import Database
from collector.ring import LENGTH, Rewrap, Ring
from collector.vault import common_migrations
from schemas.problems import Problem
from tests.helpers import faults

DB_KEY, FILE_KEY = bytes(range(48)), bytes(range(32))


def made(folder: Path) -> tuple[Database, Ring]:
    db = Database.open(folder / "a.db", DB_KEY, common_migrations(), create=True)
    return db, Ring.made(folder, Secret(FILE_KEY), db)


def opened(folder: Path, *, read_only: bool = False) -> tuple[Database, Ring]:
    db = Database.open(folder / "a.db", DB_KEY, common_migrations(), read_only=read_only)
    return db, Ring.loaded(folder, Secret(FILE_KEY), db)


def opening_files(folder: Path, generations: range) -> list[int]:
    """The generations whose key a ring file still holds."""
    db = Database.open(folder / "a.db", DB_KEY, common_migrations(), read_only=True)
    ring = Ring(folder, Secret(FILE_KEY), db)
    found = [generation for generation in generations if ring._opened(generation) is not None]
    db.close()
    return found


def old_blob(db: Database, ident: int) -> bytes:
    row = db.one("SELECT blob FROM wrapped WHERE id = ?", (ident,))
    assert row is not None
    return bytes(row[0])


def test_keys_survive_rotations_and_opening_again(tmp_path: Path) -> None:
    db, ring = made(tmp_path)
    first, second = ring.wrap_new("draft", b"1" * 32), ring.wrap_new("state", b"22")
    for _ in range(3):
        ring.rotate(db)
    db.close()
    _, again = opened(tmp_path)
    assert (bytes(again.open(first)), bytes(again.open(second))) == (b"1" * 32, b"22")
    assert again.generation == 4
    assert again.warnings == []
    assert {(tmp_path / f"ring-{i}").stat().st_size for i in (0, 1)} == {LENGTH}


def test_a_rotation_can_add_replace_read_and_drop(tmp_path: Path) -> None:
    db, ring = made(tmp_path)
    kept, changed, dropped = (ring.wrap_new("k", bytes([i]) * 32) for i in range(3))
    added: list[int] = []

    def extra(rewrap: Rewrap) -> None:
        assert bytes(rewrap.open(changed)) == bytes([1]) * 32
        rewrap.replace(changed, b"new")
        assert bytes(rewrap.open(changed)) == b"new"
        rewrap.drop(dropped)
        added.append(rewrap.wrap_new("k", b"added"))

    ring.rotate(db, extra)
    assert [bytes(ring.open(ident)) for ident in (kept, changed, *added)] == [bytes(32), b"new", b"added"]
    with pytest.raises(Problem) as caught:
        ring.open(dropped)
    assert caught.value.code == "E_KEY_LOST"


def test_after_a_rotation_old_copies_of_the_database_open_nothing(tmp_path: Path) -> None:
    """Both halves: a copy of the database alone is dead, one of the whole folder (as the manual says) is not."""
    db, ring = made(tmp_path)
    draft = ring.wrap_new("draft", b"d" * 32)
    blob = old_blob(db, draft)
    db.checkpoint()
    whole, alone = tmp_path / "whole copy", tmp_path / "database copy"
    for copy in (whole, alone):
        copy.mkdir()
        shutil.copy(tmp_path / "a.db", copy / "a.db")
    for name in ("ring-0", "ring-1"):
        shutil.copy(tmp_path / name, whole / name)
    ring.rotate(db, lambda rewrap: rewrap.drop(draft))
    for name in ("ring-0", "ring-1"):
        shutil.copy(tmp_path / name, alone / name)

    _, dead = opened(alone)
    assert [problem.code for problem in dead.warnings] == ["E_RING_LOST"]
    with pytest.raises(Problem) as caught:
        dead.open(draft)
    assert caught.value.code == "E_RING_LOST"
    # The old blob put back into the new database, as an old page would: the new key does not open it.
    db.execute("INSERT INTO wrapped VALUES (?, 'draft', ?)", (draft, blob))
    with pytest.raises(Problem) as caught:
        ring.open(draft)
    assert caught.value.code == "E_KEY_LOST"
    assert opening_files(tmp_path, range(0, 10)) == [2]

    _, alive = opened(whole)
    assert bytes(alive.open(draft)) == b"d" * 32


def test_a_blob_does_not_open_in_another_row_or_as_another_kind(tmp_path: Path) -> None:
    db, ring = made(tmp_path)
    one, two = ring.wrap_new("a", b"1"), ring.wrap_new("a", b"2")
    db.execute("UPDATE wrapped SET blob = (SELECT blob FROM wrapped WHERE id = ?) WHERE id = ?", (one, two))
    db.execute("UPDATE wrapped SET kind = 'b' WHERE id = ?", (one,))
    for ident in (one, two):
        with pytest.raises(Problem) as caught:
            ring.open(ident)
        assert caught.value.code == "E_KEY_LOST"
    ring.rotate(db)  # what is lost does not hold up the others


def test_attack_59_a_kill_at_every_step_leaves_exactly_one_ring_that_opens(tmp_path: Path) -> None:
    outcomes = set()
    for place in itertools.count():
        folder = tmp_path / str(place)
        folder.mkdir()
        db, ring = made(folder)
        ring.rotate(db)
        kept, dropped = ring.wrap_new("state", b"k" * 32), ring.wrap_new("draft", b"d" * 32)
        db.close()

        def rotate(folder: Path = folder, dropped: int = dropped) -> None:
            db, ring = opened(folder)
            ring.rotate(db, lambda rewrap: rewrap.drop(dropped))

        killed = faults.killed_at(place, rotate)
        db, ring = opened(folder)
        assert ring.warnings == []
        assert bytes(ring.open(kept)) == b"k" * 32
        gone = db.one("SELECT 1 FROM wrapped WHERE id = ?", (dropped,)) is None
        assert gone == (ring.generation == 3)
        assert gone or bytes(ring.open(dropped)) == b"d" * 32
        assert opening_files(folder, range(0, 10)) == [ring.generation]
        ring.rotate(db)
        assert bytes(ring.open(kept)) == b"k" * 32
        outcomes.add(gone)
        db.close()
        if not killed:
            break
    assert place >= 6
    assert outcomes == {True, False}


def test_attack_59_creation_cut_off_leaves_no_half_ring(tmp_path: Path) -> None:
    passed = faults.checkpoints(lambda: made(tmp_path))
    assert {"ring: file of none", "ring: first file"} <= set(passed)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_attack_25_a_disk_that_fails_during_a_rotation_loses_no_key(tmp_path: Path, number: int) -> None:
    db, ring = made(tmp_path)
    kept = ring.wrap_new("state", b"k" * 32)
    with faults.failing(None) as whole:
        ring.rotate(db)
    for at in range(1, whole.calls + 1):
        before = ring.generation
        with faults.failing(at, number, stays=True):
            code = faults.outcome(lambda db=db, ring=ring: ring.rotate(db))  # type: ignore[misc]
        if code == "done":
            assert ring.generation == before + 1
            assert [item.code for item in ring.warnings] == ["E_RING_REMAINS"]
        else:
            assert code in ("E_MEDIA_IO", "E_DISK_FULL")
            assert ring.generation == before
        assert bytes(ring.open(kept)) == b"k" * 32
        ring.warnings.clear()
        db.close()
        db, ring = opened(tmp_path)
        assert ring.warnings == []
        assert bytes(ring.open(kept)) == b"k" * 32
        assert opening_files(tmp_path, range(0, 100)) == [ring.generation]


def test_what_fails_inside_the_transaction_changes_nothing(tmp_path: Path) -> None:
    db, ring = made(tmp_path)
    kept = ring.wrap_new("state", b"k" * 32)

    def extra(rewrap: Rewrap) -> None:
        rewrap.drop(kept)
        raise RuntimeError("the caller failed")

    for _ in range(2):
        with pytest.raises(RuntimeError):
            ring.rotate(db, extra)
        assert ring.generation == 1
        assert bytes(ring.open(kept)) == b"k" * 32
    ring.rotate(db)
    assert bytes(ring.open(kept)) == b"k" * 32


def test_a_rotation_inside_a_transaction_is_a_mistake_of_the_program(tmp_path: Path) -> None:
    db, ring = made(tmp_path)
    with pytest.raises(ValueError, match="own transaction"), db.transaction():
        ring.rotate(db)


@pytest.mark.parametrize("harm", ["cut", "flip", "remove", "swap"])
def test_a_damaged_ring_is_told_and_nothing_else_breaks(tmp_path: Path, harm: str) -> None:
    db, ring = made(tmp_path)
    kept = ring.wrap_new("state", b"k" * 32)
    db.close()
    path = tmp_path / "ring-1"
    data = path.read_bytes()
    if harm == "remove":
        path.unlink()
    elif harm == "swap":
        path.rename(tmp_path / "ring-0")
    else:
        path.write_bytes(data[:-1] if harm == "cut" else bytes([data[0]]) + data[1:-1] + bytes([data[-1] ^ 1]))
    db, ring = opened(tmp_path)
    assert [problem.code for problem in ring.warnings] == ["E_RING_LOST"]
    for act in (lambda: ring.open(kept), lambda: ring.wrap_new("a", b"x"), lambda: ring.rotate(db)):
        with pytest.raises(Problem) as caught:
            act()
        assert caught.value.code == "E_RING_LOST"
    if harm == "swap":
        (tmp_path / "ring-0").rename(path)  # nothing was overwritten: a mended folder opens again
        db.close()
        _, mended = opened(tmp_path)
        assert bytes(mended.open(kept)) == b"k" * 32


def test_a_reader_follows_the_writers_rotations(tmp_path: Path) -> None:
    db, ring = made(tmp_path)
    kept = ring.wrap_new("state", b"k" * 32)
    _, reader = opened(tmp_path, read_only=True)
    for _ in range(3):
        ring.rotate(db)
        assert bytes(reader.open(kept)) == b"k" * 32
    with pytest.raises(Problem) as caught:
        reader.wrap_new("a", b"x")
    assert caught.value.code == "E_READ_ONLY"


def test_a_closed_ring_opens_nothing(tmp_path: Path) -> None:
    _, ring = made(tmp_path)
    ident = ring.wrap_new("a", b"x")
    ring.close()
    with pytest.raises(Problem):
        ring.open(ident)
