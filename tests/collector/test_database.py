"""The encrypted database: closed to every way out, silent about its content."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.database import Database
from schemas.problems import Problem
from tests.conftest import REPO
from tests.helpers import faults

KEY = bytes(range(48))
MARKER = "МАРКЕР-marker-7319"


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "0001_first.sql").write_text(
        "-- a comment; with a semicolon\n"
        "CREATE TABLE note(id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;\n"
        "CREATE TABLE log(n INTEGER PRIMARY KEY) STRICT; CREATE TRIGGER log_kept BEFORE DELETE ON log\n"
        "BEGIN SELECT RAISE(ABORT, 'frozen: log'); END;\n"
        "CREATE VIRTUAL TABLE words USING fts5(text)",
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def db(tmp_path: Path, tables: Path) -> Database:
    return Database.open(tmp_path / "a.db", KEY, tables, create=True)


def code_of(db: Database, sql: str) -> str:
    with pytest.raises(Problem) as caught:
        db.query(sql)
    return caught.value.code


def test_only_a_process_that_asks_for_it_overwrites_everything_that_sqlite_frees(tmp_path: Path, tables: Path) -> None:
    program = f"""
from pathlib import Path
from collector.database import Database
from collector.field import Field
from collector.keyslots import KdfParams
db = Database.open(Path({str(tmp_path)!r}) / "a.db", bytes(48), Path({str(tables)!r}), create=True)
print(*db.one("PRAGMA cipher_memory_security"))
Field.create(Path({str(tmp_path)!r}) / "field", "long enough for a vault", params=KdfParams(65536, 1)).close()
print(*db.one("PRAGMA cipher_memory_security"))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPO)
    assert done.stdout.split() == ["0", "1"]


def test_what_was_stored_is_there_after_opening_again(tmp_path: Path, tables: Path, db: Database) -> None:
    db.execute("INSERT INTO note (text) VALUES (?)", (MARKER,))
    db.set_meta("a", b"1")
    db.set_meta("a", b"2")
    db.set_meta("b", b"3")
    db.set_meta("b", None)
    db.close()
    db.close()
    with pytest.raises(Problem) as caught:
        db.query("SELECT 1")
    assert caught.value.code == "E_VAULT_CLOSED"
    again = Database.open(tmp_path / "a.db", KEY, tables)
    assert again.query("SELECT text FROM note") == [(MARKER,)]
    assert (again.meta("a"), again.meta("b")) == (b"2", None)
    again.check()


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH DATABASE 'plain.db' AS plain KEY ''",
        "DETACH DATABASE main",
        "PRAGMA key = 'x'",
        "PRAGMA rekey = 'x'",
        "PRAGMA hexrekey = '00'",
        "PRAGMA cipher_log = 'out.txt'",
        "PRAGMA cipher_log_level = TRACE",
        "PRAGMA cipher_profile = 'out.txt'",
        "PRAGMA cipher_memory_security = OFF",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA synchronous = OFF",
        "PRAGMA secure_delete = OFF",
        "PRAGMA recursive_triggers = OFF",
        "PRAGMA trusted_schema = ON",
        "PRAGMA writable_schema = ON",
        "PRAGMA temp_store_directory = '/tmp'",
        "VACUUM",
        "VACUUM INTO 'plain.db'",
        "DROP TRIGGER log_kept",
        "DROP TABLE log",
        "ALTER TABLE log RENAME TO gone",
    ],
)
def test_attack_48_no_statement_takes_data_out_or_weakens_the_database(db: Database, tmp_path: Path, sql: str) -> None:
    before = sorted(tmp_path.iterdir())
    assert code_of(db, sql) == "E_DB_DENIED"
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("sql", ["SELECT load_extension('x')", "SELECT sqlcipher_export('main')", "no SQL at all"])
def test_attack_48_functions_that_lead_out_do_not_run(db: Database, sql: str) -> None:
    assert code_of(db, sql) in ("E_DB_RULE", "E_DB_DENIED")


def test_full_text_search_works_under_the_authorizer(db: Database) -> None:
    db.execute("INSERT INTO words VALUES ('a house burned')")
    for upkeep in ("optimize", "rebuild", "integrity-check"):
        db.execute("INSERT INTO words(words) VALUES (?)", (upkeep,))
    assert db.query("SELECT text FROM words WHERE words MATCH 'house'") == [("a house burned",)]


def test_frozen_rows_stay_even_against_a_replacing_insert(db: Database) -> None:
    db.execute("INSERT INTO log VALUES (1)")
    for sql in ("DELETE FROM log", "INSERT OR REPLACE INTO log VALUES (1)"):
        with pytest.raises(Problem) as caught:
            db.execute(sql)
        assert (caught.value.code, caught.value.facts["where"]) == ("E_FROZEN", "log")
    assert code_of(db, "INSERT INTO log VALUES (1)") == "E_DB_RULE"


def insert_and_fail(db: Database, n: int, error: type[BaseException]) -> None:
    with db.transaction():
        db.execute("INSERT INTO log VALUES (?)", (n,))
        raise error


def insert_much(db: Database) -> None:
    with db.transaction():
        for _ in range(3000):
            db.execute("INSERT INTO note (text) VALUES (?)", ("x" * 4000,))


def test_transactions_are_all_or_nothing_and_nest(db: Database) -> None:
    with db.transaction():
        db.execute("INSERT INTO log VALUES (1)")
        with pytest.raises(RuntimeError):
            insert_and_fail(db, 2, RuntimeError)
        with db.transaction():
            db.execute("INSERT INTO log VALUES (3)")
    with pytest.raises(KeyboardInterrupt):
        insert_and_fail(db, 4, KeyboardInterrupt)
    assert db.query("SELECT n FROM log") == [(1,), (3,)]
    assert not db.in_transaction


def test_threads_take_turns(db: Database) -> None:
    def add() -> None:
        for _ in range(20):
            with db.transaction():
                row = db.one("SELECT coalesce(max(n), 0) FROM log")
                assert row is not None
                db.execute("INSERT INTO log VALUES (?)", (row[0] + 1,))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.one("SELECT count(*), max(n) FROM log") == (80, 80)


def test_migrations_run_once_in_order_and_whole(tmp_path: Path, tables: Path, db: Database) -> None:
    db.close()
    (tables / "0002_second.sql").write_text("INSERT INTO note (text) VALUES ('two');\nINSERT INTO nowhere VALUES (1);")
    with pytest.raises(Problem):
        Database.open(tmp_path / "a.db", KEY, tables)
    (tables / "0002_second.sql").write_text("INSERT INTO note (text) VALUES ('two');")
    for _ in range(2):
        again = Database.open(tmp_path / "a.db", KEY, tables)
        assert again.query("SELECT text FROM note") == [("two",)]
        again.close()


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path, tables: Path, db: Database) -> None:
    db.close()
    (tables / "0001_first.sql").rename(tables / "0001_other.sql")
    with pytest.raises(Problem) as caught:
        Database.open(tmp_path / "a.db", KEY, tables)
    assert caught.value.code == "E_DB_NEWER"


def test_folders_of_migrations_are_put_together(tmp_path: Path, tables: Path) -> None:
    more = tmp_path / "more"
    more.mkdir()
    (more / "0001_first.sql").write_text("CREATE TABLE extra(a) ; INSERT INTO note (text) VALUES ('more');")
    db = Database.open(tmp_path / "b.db", KEY, (tables, more), create=True, page_size=16384)
    assert db.query("SELECT text FROM note") == [("more",)]
    db.close()
    again = Database.open(tmp_path / "b.db", KEY, (tables, more), page_size=16384)
    assert again.query("SELECT text FROM note") == [("more",)]
    with pytest.raises(Problem) as caught:
        Database.open(tmp_path / "b.db", KEY, (tables, more))
    assert caught.value.code == "E_DB_CORRUPT"


def test_attack_47_a_wrong_key_opens_nothing_and_prints_nothing(
    tmp_path: Path, tables: Path, db: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    db.close()
    for wrong in (bytes(48), KEY[:-1] + b"\0"):
        with pytest.raises(Problem) as caught:
            Database.open(tmp_path / "a.db", wrong, tables)
        assert caught.value.code == "E_DB_CORRUPT"
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(tmp_path / "a.db").execute("SELECT * FROM sqlite_schema")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("place", [30, 500, 5000, -20])
def test_attack_47_a_flipped_page_is_found(tmp_path: Path, tables: Path, db: Database, place: int) -> None:
    with db.transaction():
        for _ in range(100):
            db.execute("INSERT INTO note (text) VALUES (?)", ("x" * 500,))
    db.close()
    data = bytearray((tmp_path / "a.db").read_bytes())
    data[place] ^= 1
    (tmp_path / "a.db").write_bytes(data)
    with pytest.raises(Problem) as caught:
        Database.open(tmp_path / "a.db", KEY, tables).check()
    assert caught.value.code == "E_DB_CORRUPT"


@pytest.mark.parametrize("length", [0, 100, 4096, 5000, 8192])
def test_attack_47_a_truncated_file_is_found(tmp_path: Path, tables: Path, db: Database, length: int) -> None:
    db.close()
    os.truncate(tmp_path / "a.db", length)
    assert faults.outcome(lambda: Database.open(tmp_path / "a.db", KEY, tables).check()) == "E_DB_CORRUPT"


def test_a_missing_file_is_not_made_by_opening(tmp_path: Path, tables: Path) -> None:
    with pytest.raises(Problem) as caught:
        Database.open(tmp_path / "none.db", KEY, tables)
    assert caught.value.code == "E_DB_CORRUPT"
    assert not (tmp_path / "none.db").exists()


def test_attack_48_nothing_readable_is_on_the_disk(tmp_path: Path, db: Database) -> None:
    with db.transaction():
        for _ in range(50):
            db.execute("INSERT INTO note (text) VALUES (?)", (MARKER * 100,))
    db.execute("INSERT INTO words VALUES (?)", (MARKER,))
    seen = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert (tmp_path / "a.db-wal").stat().st_size > 0
    for form in (MARKER.encode(), MARKER.encode("utf-16-le"), b"CREATE TABLE", b"SQLite format"):
        assert form not in seen


@contextlib.contextmanager
def no_room(kind: str, folder: Path, tables: Path) -> Iterator[Database]:
    """A database that can grow by a MiB or two."""
    if kind == "tmpfs":
        with faults.small_disk(folder / "disk", 2) as disk:
            yield Database.open(disk / "a.db", KEY, tables, create=True)
    else:
        db = Database.open(folder / "b.db", KEY, tables, create=True)
        connection = db._open()
        connection.set_authorizer(None)  # type: ignore[arg-type]  # a statement that the product does not permit
        connection.execute("PRAGMA max_page_count = 300")
        connection.set_authorizer(db._authorize)
        yield db


@pytest.mark.parametrize("kind", ["page limit", *faults.SMALL_DISKS])
def test_attack_25_a_full_disk_undoes_the_transaction_and_the_database_goes_on(
    tmp_path: Path, tables: Path, kind: str
) -> None:
    with no_room(kind, tmp_path, tables) as db:
        db.execute("INSERT INTO note (text) VALUES ('kept')")
        db.checkpoint()
        assert faults.outcome(lambda: insert_much(db)) == "E_DISK_FULL"
        assert not db.in_transaction
        assert db.query("SELECT text FROM note") == [("kept",)]
        db.checkpoint()
        db.execute("INSERT INTO note (text) VALUES ('after')")
        db.check()
        db.close()


@pytest.mark.parametrize("kind", faults.SMALL_DISKS)
def test_attack_25_a_disk_without_room_for_the_index_of_the_log_is_told_as_full(
    tmp_path: Path, tables: Path, kind: str
) -> None:
    with faults.small_disk(tmp_path / "disk", 2) as disk:
        Database.open(disk / "a.db", KEY, tables, create=True).close()
        with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while filler.write(bytes(4096)):
                pass
        assert faults.outcome(lambda: Database.open(disk / "a.db", KEY, tables)) == "E_DISK_FULL"
        (disk / "filler").unlink()
        Database.open(disk / "a.db", KEY, tables).close()


def test_attack_25_a_file_limit_in_mid_write_leaves_the_old_state(tmp_path: Path, tables: Path, db: Database) -> None:
    db.execute("INSERT INTO note (text) VALUES ('kept')")
    db.close()

    def run() -> None:
        limited = Database.open(tmp_path / "a.db", KEY, tables)
        assert faults.outcome(lambda: insert_much(limited)) in ("E_DISK_FULL", "E_MEDIA_IO")
        os._exit(0)

    assert faults.in_child(faults.with_file_limit(300_000, run)) == 0
    again = Database.open(tmp_path / "a.db", KEY, tables)
    assert again.query("SELECT text FROM note") == [("kept",)]
    again.check()


def test_read_only_reads_beside_the_writer_and_writes_nothing(tmp_path: Path, tables: Path, db: Database) -> None:
    reader = Database.open(tmp_path / "a.db", KEY, tables, read_only=True)
    db.execute("INSERT INTO note (text) VALUES ('new')")
    assert reader.query("SELECT text FROM note") == [("new",)]
    with pytest.raises(Problem) as caught:
        reader.execute("INSERT INTO note (text) VALUES ('x')")
    assert caught.value.code == "E_READ_ONLY"
    reader.close()


def test_vacuum_removes_free_pages(tmp_path: Path, db: Database) -> None:
    with db.transaction():
        for _ in range(200):
            db.execute("INSERT INTO note (text) VALUES (?)", ("x" * 4000,))
    db.checkpoint()
    before = (tmp_path / "a.db").stat().st_size
    assert db.changes("DELETE FROM note") == 200
    db.vacuum()
    assert (tmp_path / "a.db").stat().st_size < before / 4
    assert code_of(db, "ATTACH 'x' AS y") == "E_DB_DENIED"


def test_only_the_owner_may_read_the_file(tmp_path: Path, db: Database) -> None:
    db.execute("INSERT INTO note (text) VALUES ('x')")
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir() if path.is_file()} == {0}


def test_a_key_of_another_length_is_a_mistake_of_the_program(tmp_path: Path, tables: Path) -> None:
    with pytest.raises(ValueError, match="48"):
        Database.open(tmp_path / "c.db", bytes(32), tables, create=True)
