"""The encrypted database: opened with a raw key, closed to every way out, silent about its content.

The only import of sqlcipher3. A connection never attaches a second file, never exports, never loads code, never changes
its key: an authorizer refuses that, whoever asks (docs/spec/protocol.md §4.4). Tables come from numbered migrations,
each run once and whole. Errors of SQLite leave this module as coded problems; so does a trigger that freezes a table
(by `RAISE(ABORT, 'frozen: table')`).
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from sqlcipher3 import dbapi2 as sqlcipher

from collector import files
from schemas.problems import Problem

Scalar: TypeAlias = bytes | bytearray | str | int | None
Args: TypeAlias = Sequence[Scalar]
Row: TypeAlias = tuple[Any, ...]

KEY_LENGTH: Final = 48
_BUSY_MS: Final = 5000
_OWN_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS migration(name TEXT PRIMARY KEY NOT NULL) STRICT",
)
_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",  # so that INSERT OR REPLACE meets the triggers that freeze a table
    "trusted_schema=OFF",
    "cell_size_check=ON",
    "secure_delete=ON",
    "temp_store=MEMORY",
)
_CHECKS: Final = ("cipher_integrity_check", "integrity_check", "quick_check", "foreign_key_check", "foreign_key_list")
_SHAPES: Final = ("table_info", "table_list", "table_xinfo", "index_info", "index_list", "index_xinfo")
_UPKEEP: Final = ("wal_checkpoint", "optimize", "incremental_vacuum", "defer_foreign_keys")
_PRAGMA_WITH_VALUE: Final = frozenset((*_CHECKS, *_SHAPES, *_UPKEEP))
_CIPHER_STATE: Final = ("cipher_version", "cipher_log_level", "cipher_memory_security", "cipher_page_size")
_FILE_STATE: Final = ("data_version", "freelist_count", "journal_mode", "page_count", "page_size", "compile_options")
_PRAGMA_TO_READ: Final = frozenset((*_CIPHER_STATE, *_FILE_STATE, *(item.partition("=")[0] for item in _PRAGMAS)))
_FUNCTIONS_REFUSED: Final = frozenset(("load_extension", "sqlcipher_export", "fts3_tokenizer", "readfile", "writefile"))
_SHAPE_ACTIONS: Final = frozenset(
    (
        sqlcipher.SQLITE_DROP_TABLE,
        sqlcipher.SQLITE_DROP_TRIGGER,
        sqlcipher.SQLITE_DROP_INDEX,
        sqlcipher.SQLITE_DROP_VIEW,
        sqlcipher.SQLITE_DROP_VTABLE,
        sqlcipher.SQLITE_ALTER_TABLE,
    )
)
_CODES: Final = {
    sqlcipher.SQLITE_NOTADB: "E_DB_CORRUPT",
    sqlcipher.SQLITE_CORRUPT: "E_DB_CORRUPT",
    sqlcipher.SQLITE_FULL: "E_DISK_FULL",
    sqlcipher.SQLITE_IOERR: "E_MEDIA_IO",
    sqlcipher.SQLITE_READONLY: "E_READ_ONLY",
    sqlcipher.SQLITE_CANTOPEN: "E_NO_ACCESS",
    sqlcipher.SQLITE_PERM: "E_NO_ACCESS",
    sqlcipher.SQLITE_BUSY: "E_DB_BUSY",
    sqlcipher.SQLITE_LOCKED: "E_DB_BUSY",
    sqlcipher.SQLITE_AUTH: "E_DB_DENIED",
}


_LOG_INDEX: Final = 32_768
"""Bytes that SQLite needs beside the file to open it: the index of the write-ahead log."""


class _Cursor(Protocol):
    lastrowid: int | None
    rowcount: int

    def fetchall(self) -> list[Row]: ...
    def fetchone(self) -> Row | None: ...
    def close(self) -> None: ...


class _Connection(Protocol):
    """What is used of a connection of sqlcipher3, which has no types of its own."""

    in_transaction: bool

    def execute(self, sql: str, args: Args = ...) -> _Cursor: ...
    def executemany(self, sql: str, rows: Iterable[Args]) -> _Cursor: ...
    def set_key(self, key: str) -> None: ...
    def set_busy_timeout(self, milliseconds: int) -> None: ...
    def set_authorizer(self, authorizer: Callable[..., int]) -> None: ...
    def close(self) -> None: ...


def guard_memory() -> None:
    """From now on everything that SQLite allocates in this process is locked in memory, and overwritten when freed.

    It holds for every database of the process, cannot be undone, and makes a search six times slower. Keys are guarded
    without it.
    """
    with _mapped_errors(), contextlib.closing(sqlcipher.connect(":memory:")) as connection:
        connection.execute("PRAGMA cipher_memory_security=ON")


class Database:
    """One open SQLCipher file. Usable from several threads: a lock lets one statement or transaction run at a time."""

    def __init__(self, connection: _Connection, *, read_only: bool) -> None:
        self._connection: _Connection | None = connection
        self._lock = threading.RLock()
        self._depth = 0
        self._shaping = False
        self._maintaining = False
        self.read_only = read_only

    @classmethod
    def open(
        cls,
        path: Path,
        key: bytes | bytearray,
        migrations: Traversable | Sequence[Traversable],
        *,
        page_size: int = 4096,
        cache_mib: int = 2,
        create: bool = False,
        read_only: bool = False,
    ) -> Database:
        """Opens the database and brings its tables up to date.

        `key` is 48 bytes: 32 of key, 16 of salt; `page_size` must be the one that the file was made with; `cache_mib`
        is how much of it may stay in memory, opened. Raises
        E_DB_CORRUPT (damaged, or not of this key), E_DB_NEWER, E_NO_ACCESS, E_DISK_FULL, E_MEDIA_IO.
        """
        if len(key) != KEY_LENGTH:
            raise ValueError("a database key has 48 bytes")
        with files.mapped_os_errors():
            if create:
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            elif not path.is_file() or path.stat().st_size == 0:  # SQLite takes an empty file for a new database
                raise Problem("E_DB_CORRUPT")
        with _mapped_errors():
            connection = sqlcipher.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        database = cls(connection, read_only=read_only)
        try:
            database._prepare(key, page_size, cache_mib)
            if not read_only:
                database._migrate(migrations)
        except BaseException as error:
            database.close()
            # SQLite calls it a fault of the disk when the index of its log finds no room.
            if isinstance(error, Problem) and error.code == "E_MEDIA_IO" and files.free_bytes(path.parent) < _LOG_INDEX:
                raise Problem("E_DISK_FULL", error="ENOSPC") from None
            raise
        return database

    def _prepare(self, key: bytes | bytearray, page_size: int, cache_mib: int) -> None:
        """Key, settings, authorizer; after this the connection only does what the authorizer permits."""
        with _mapped_errors():
            connection = self._open()
            connection.set_key(f"x'{key.hex()}'")
            connection.execute("PRAGMA cipher_log_level=NONE")
            connection.execute(f"PRAGMA cipher_page_size={int(page_size)}")
            connection.execute(f"PRAGMA cache_size=-{int(cache_mib) * 1024}")
            connection.set_busy_timeout(_BUSY_MS)
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}").fetchall()
            if self.read_only:
                connection.execute("PRAGMA query_only=ON")
            connection.set_authorizer(self._authorize)

    def _authorize(self, action: int, first: str | None, second: str | None, *_: object) -> int:
        """SQLite asks here, while it prepares a statement, whether each thing in it is permitted."""
        permitted = True
        if action in (sqlcipher.SQLITE_ATTACH, sqlcipher.SQLITE_DETACH):
            permitted = self._maintaining
        elif action == sqlcipher.SQLITE_FUNCTION:
            permitted = (second or "").lower() not in _FUNCTIONS_REFUSED
        elif action == sqlcipher.SQLITE_PRAGMA:
            name = (first or "").lower()
            permitted = name in _PRAGMA_WITH_VALUE or (name in _PRAGMA_TO_READ and second is None)
        elif action in _SHAPE_ACTIONS:
            permitted = self._shaping
        return int(sqlcipher.SQLITE_OK if permitted else sqlcipher.SQLITE_DENY)

    # ---- statements ----

    def execute(self, sql: str, args: Args = ()) -> int:
        """Runs one statement and returns the id of the row that it inserted (as SQLite counts)."""
        with self._lock, _mapped_errors():
            return int(self._open().execute(sql, args).lastrowid or 0)

    def changes(self, sql: str, args: Args = ()) -> int:
        """Runs one statement and returns how many rows it changed."""
        with self._lock, _mapped_errors():
            return int(self._open().execute(sql, args).rowcount)

    def execute_many(self, sql: str, rows: Iterable[Args]) -> None:
        """Runs one statement for every row."""
        with self._lock, _mapped_errors():
            self._open().executemany(sql, rows)

    def query(self, sql: str, args: Args = ()) -> list[Row]:
        """All rows of a question."""
        with self._lock, _mapped_errors():
            return self._open().execute(sql, args).fetchall()

    def one(self, sql: str, args: Args = ()) -> Row | None:
        """The first row of a question, or None."""
        with self._lock, _mapped_errors():
            cursor = self._open().execute(sql, args)
            row = cursor.fetchone()
            cursor.close()
            return row

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keeps other threads out of the database for several steps that are not one transaction."""
        with self._lock:
            yield

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open; certain only while the database is held."""
        return self._depth > 0

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: commits at the end, undoes everything when an exception leaves the block. Blocks nest."""
        with self._lock:
            point = f"level{self._depth}"
            begin = "BEGIN" if self.read_only else "BEGIN IMMEDIATE"
            self._command(begin if self._depth == 0 else f"SAVEPOINT {point}")
            self._depth += 1
            try:
                yield
                files.checkpoint("before commit")
                self._command("COMMIT" if self._depth == 1 else f"RELEASE {point}")
            except BaseException:
                self._undo(point)
                raise
            finally:
                self._depth -= 1
            files.checkpoint("after commit")

    def _undo(self, point: str) -> None:
        # A full disk makes SQLite undo everything by itself; then there is nothing left to undo.
        if not self._open().in_transaction:
            return
        self._command("ROLLBACK" if self._depth == 1 else f"ROLLBACK TO {point}")
        if self._depth > 1:
            self._command(f"RELEASE {point}")

    def _command(self, sql: str) -> None:
        with _mapped_errors():
            self._open().execute(sql)

    def _open(self) -> _Connection:
        if self._connection is None:
            raise Problem("E_VAULT_CLOSED")
        return self._connection

    # ---- small values ----

    def meta(self, name: str) -> bytes | None:
        """The bytes kept under `name`, or None."""
        row = self.one("SELECT value FROM meta WHERE name = ?", (name,))
        return None if row is None else bytes(row[0])

    def set_meta(self, name: str, value: bytes | None) -> None:
        """Keeps `value` under `name`; None removes it."""
        if value is None:
            self.execute("DELETE FROM meta WHERE name = ?", (name,))
        else:
            self.execute(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
            )

    # ---- upkeep ----

    def check(self) -> None:
        """Checks the authentication of every page and the order inside. Raises E_DB_CORRUPT.

        A page that was put back to an older state of itself passes: that is found by the custody log (§11.3).
        """
        self.checkpoint()  # the cipher looks at the file alone, which may lag behind the log
        faults = self.query("PRAGMA cipher_integrity_check") + self.query("PRAGMA foreign_key_check")
        if faults or self.query("PRAGMA quick_check") != [("ok",)]:
            raise Problem("E_DB_CORRUPT")

    def checkpoint(self) -> None:
        """Moves the write-ahead log into the database file and empties it, as far as no reader holds it."""
        if not self.read_only:
            self.query("PRAGMA wal_checkpoint(TRUNCATE)")

    def vacuum(self) -> None:
        """Writes the file anew without free pages. Only here may SQLite attach a file (its own, unnamed one)."""
        with self._lock:
            self._maintaining = True
            try:
                self._command("VACUUM")
            finally:
                self._maintaining = False
            self.checkpoint()

    def close(self) -> None:
        """Closes the file; harmless when repeated."""
        with self._lock, _mapped_errors():
            if self._connection is not None:
                connection, self._connection = self._connection, None
                connection.close()

    # ---- migrations ----

    def _migrate(self, folders: Traversable | Sequence[Traversable]) -> None:
        for statement in _OWN_TABLES:
            self._command(statement)
        wanted = list(_scripts(folders if isinstance(folders, Sequence) else (folders,)))
        done = {str(row[0]) for row in self.query("SELECT name FROM migration")}
        unknown = sorted(done - {name for name, _ in wanted})
        if unknown:
            raise Problem("E_DB_NEWER", name=unknown[-1])
        for name, script in wanted:
            if name not in done:
                self._run(name, script.read_text(encoding="utf-8"))

    def _run(self, name: str, script: str) -> None:
        with self.transaction():
            self._shaping = True
            try:
                for statement in _statements(script):
                    self._command(statement)
                self.execute("INSERT INTO migration VALUES (?)", (name,))
            finally:
                self._shaping = False


def _scripts(folders: Sequence[Traversable]) -> Iterator[tuple[str, Traversable]]:
    """`folder/file` and the file itself for each migration: folders in the order given, files by name."""
    for folder in folders:
        for item in sorted(folder.iterdir(), key=lambda item: item.name):
            if item.name.endswith(".sql"):
                yield f"{folder.name}/{item.name}", item


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one; a trigger with its inner semicolons is one."""
    pending = ""
    for piece in script.split(";"):
        pending += piece + ";"
        if sqlcipher.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip("; \n"):
        yield pending


@contextlib.contextmanager
def _mapped_errors() -> Iterator[None]:
    """Turns errors of SQLite into coded problems; their text may hold data and is dropped."""
    try:
        yield
    except (sqlcipher.Error, sqlcipher.Warning) as error:
        raise _problem_of(error) from None


def _problem_of(error: Exception) -> Problem:
    code = int(getattr(error, "sqlite_errorcode", None) or 0)
    name = str(getattr(error, "sqlite_errorname", None) or type(error).__name__)
    kind, _, table = str(error).partition(": ")
    if code & 0xFF == sqlcipher.SQLITE_CONSTRAINT and kind == "frozen":
        return Problem("E_FROZEN", where=table)
    return Problem(_CODES.get(code & 0xFF, "E_DB_RULE"), error=name)
