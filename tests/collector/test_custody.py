"""The custody log: ordered, frozen, provable from any size."""

from __future__ import annotations

import os
import random
from importlib.resources.abc import Traversable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import merkle
from collector.custody import Log, _completed
from collector.database import Database
from collector.vault import common_migrations
from schemas import structure
from schemas.problems import Problem
from schemas.records.custody import Event

KEY = bytes(range(48))


def open_log(path: Path, migrations: Traversable | Path | None = None, *, create: bool = True) -> tuple[Database, Log]:
    db = Database.open(path, KEY, migrations or common_migrations(), create=create)
    return db, Log(db, clock=lambda: 1_700_000_000.9)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return open_log(tmp_path / "a.db")[1]


@pytest.fixture
def without_triggers(tmp_path: Path) -> Path:
    """The log's tables for somebody who has the key and leaves the triggers out."""
    folder = tmp_path / "common"
    folder.mkdir()
    script = (common_migrations() / "0001_vault.sql").read_text()
    (folder / "0001_vault.sql").write_text(script[: script.index("CREATE TRIGGER")])
    return folder


def test_events_form_a_chain_with_the_claimed_time(log: Log) -> None:
    first = log.append("create-vault", b"id", {"profile": "field"})
    second = log.append("seal", bytes(16), {"n": 7, "hash": b"x"})
    assert (first.n, first.prev, first.t) == (0, bytes(32), 1_700_000_000)
    assert (second.n, second.prev) == (1, merkle.leaf(structure.encode(first)))
    assert list(log.events()) == [first, second]
    assert list(log.events(1)) == [second]
    assert log.verify_all() == log.head() == (2, merkle.root([log.leaf(0), log.leaf(1)]))


def test_an_empty_log_has_the_empty_root(log: Log) -> None:
    assert log.head() == log.verify_all() == (0, merkle.EMPTY)
    assert log.proof(0) == []


@given(size=st.integers(1, 70))
@settings(max_examples=15, deadline=None)
def test_heads_and_proofs_agree_with_the_plain_tree(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    _, log = open_log(tmp_path_factory.mktemp("log") / "a.db")
    for i in range(size):
        log.append("view", bytes([i]))
    leaves = [merkle.leaf(data) for _, data in log.stored()]
    for m in range(size + 1):
        assert log.root_at(m) == merkle.root(leaves[:m])
        assert log.proof(m) == merkle.consistency_proof(m, leaves)
        merkle.check_consistency(m, size, log.root_at(m), log.head()[1], log.proof(m))
    for i in range(size):
        assert log.inclusion(i) == merkle.inclusion_path(i, leaves)


def grow(log: Log, db: Database, size: int) -> None:
    """A long log in bulk; what `append` does, without its checks for each event."""
    nodes: list[tuple[int, int, bytes]] = []
    peaks: dict[int, bytes] = {}
    before, events = bytes(32), []
    for n in range(size):
        data = structure.encode(Event(n=n, prev=before, t=0, act="view", obj=b"", det={}))
        before = merkle.leaf(data)
        nodes += _completed(n, before, lambda level, _: peaks[level])
        peaks[nodes[-1][0]] = nodes[-1][2]
        events.append((n, data))
    with db.transaction():
        db.execute_many("INSERT INTO custody VALUES (?, ?)", events)
        db.execute_many("INSERT INTO custody_node VALUES (?, ?, ?)", nodes)


def test_a_proof_of_a_long_log_takes_few_look_ups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db, log = open_log(tmp_path / "a.db")
    grow(log, db, 5_000)
    asked = 0
    real = Database.one

    def counted(self: Database, sql: str, args: tuple[int, ...] = ()) -> object:
        nonlocal asked
        asked += 1
        return real(self, sql, args)

    monkeypatch.setattr(Database, "one", counted)
    size, root = log.head()
    for m in (1, 2, 2047, 2048, 2049, 4095, 4999, *random.Random(1).sample(range(size), 20)):
        before = asked
        proof = log.proof(m)
        assert asked - before < 200
        merkle.check_consistency(m, size, log.root_at(m), root, proof)
    assert log.verify_all() == (size, root)


def test_a_size_that_the_log_never_had_is_a_fork(log: Log) -> None:
    log.append("view")
    for act in (lambda: log.proof(2), lambda: log.root_at(-1), lambda: log.inclusion(1)):
        with pytest.raises(Problem) as caught:
            act()
        assert caught.value.code == "E_LOG_FORK"
    with pytest.raises(Problem):
        log.verify_extends(1, bytes(32))
    log.verify_extends(1, log.leaf(0))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE custody SET event = x'00'",
        "DELETE FROM custody WHERE n = 1",
        "INSERT OR REPLACE INTO custody VALUES (1, x'00')",
        "INSERT INTO custody VALUES (7, x'00')",
        "UPDATE custody_node SET hash = zeroblob(32)",
        "DELETE FROM custody_node",
        "INSERT OR REPLACE INTO custody_node VALUES (0, 1, zeroblob(32))",
    ],
)
def test_the_tables_are_frozen(tmp_path: Path, sql: str) -> None:
    db, log = open_log(tmp_path / "a.db")
    for _ in range(3):
        log.append("view")
    with pytest.raises(Problem) as caught:
        db.execute(sql)
    assert caught.value.code == "E_FROZEN"
    assert log.verify_all()[0] == 3


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE custody SET event = (SELECT event FROM custody WHERE n = 2) WHERE n = 3",
        "UPDATE custody SET event = x'80' WHERE n = 3",
        "DELETE FROM custody WHERE n = 3",
        "DELETE FROM custody WHERE n = 5",
        "UPDATE custody SET n = 9 WHERE n = 5",
        "UPDATE custody_node SET hash = zeroblob(32) WHERE level = 1 AND place = 1",
        "UPDATE custody_node SET hash = zeroblob(32) WHERE level = 0 AND place = 5",
        "DELETE FROM custody_node WHERE level = 2",
        "INSERT INTO custody_node VALUES (3, 0, zeroblob(32))",
        "INSERT INTO custody_node VALUES (20, 7, zeroblob(32))",
    ],
)
def test_a_change_behind_the_triggers_is_found(tmp_path: Path, without_triggers: Path, sql: str) -> None:
    db, log = open_log(tmp_path / "a.db", without_triggers)
    for i in range(6):
        log.append("view", bytes([i]))
    assert log.verify_all()[0] == 6
    db.execute(sql)
    with pytest.raises(Problem) as caught:
        log.verify_all()
    assert caught.value.code == "E_LOG_FORK"


def test_attack_47_a_page_put_back_passes_the_cipher_and_not_the_log(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    db, log = open_log(path)
    for i in range(30):
        log.append("view", os.urandom(60), {"i": i})
    db.close()
    old = path.read_bytes()
    db, log = open_log(path, create=False)
    for i in range(30):
        log.append("view", os.urandom(60), {"i": i})
    db.close()
    new, found = path.read_bytes(), 0
    changed = [at for at in range(4096, len(old), 4096) if old[at : at + 4096] != new[at : at + 4096]]
    assert changed
    for at in changed:
        path.write_bytes(new[:at] + old[at : at + 4096] + new[at + 4096 :])
        db, log = open_log(path, create=False)
        assert db.query("PRAGMA cipher_integrity_check") == []
        with pytest.raises(Problem) as caught:
            log.verify_all()
        found += caught.value.code in ("E_LOG_FORK", "E_DB_CORRUPT")
        db.close()
    assert found == len(changed)


def test_attack_44_a_clock_before_1970_does_not_stop_the_log(tmp_path: Path) -> None:
    db = Database.open(tmp_path / "a.db", KEY, common_migrations(), create=True)
    assert Log(db, clock=lambda: -86_400.5).append("view").t == 0
    assert Log(db, clock=lambda: 4_102_444_800.0).append("view").t == 4_102_444_800


def test_an_event_that_cannot_be_kept_is_refused_and_leaves_nothing(log: Log) -> None:
    for act, obj, det in (("", b"", {}), ("x" * 41, b"", {}), ("a", bytes(65), {}), ("a", b"", {"n": None})):
        with pytest.raises(Problem) as caught:
            log.append(act, obj, det)  # type: ignore[arg-type]
        assert caught.value.code == "E_SCHEMA"
    assert log.head()[0] == 0


def test_an_event_belongs_to_the_transaction_around_it(tmp_path: Path) -> None:
    db, log = open_log(tmp_path / "a.db")

    def cancelled() -> None:
        with db.transaction():
            log.append("seal")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        cancelled()
    assert log.head()[0] == 0
