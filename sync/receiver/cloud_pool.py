"""Connections to PostgreSQL, and transactions that outlive a restart of it.

Rule: what runs here is one transaction, or statements of which each may stand alone. It is on the server's medium when
it returns, and repeating what had gone through changes nothing; so a connection that breaks at any moment costs a
repetition, bounded in time. Foreign errors and what they say (hosts, users) end here: a problem names only their kind.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any, Final, TypeAlias, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolClosed

from collector import files
from schemas.problems import Problem

R = TypeVar("R")
Row: TypeAlias = tuple[Any, ...]
Connection: TypeAlias = psycopg.AsyncConnection[Row]

_PATIENCE_S: Final = 30.0
_CONNECT_S: Final = 5.0
_RECONNECT_S: Final = 4.0
"""The pool makes longer and longer pauses between its tries; after so long it begins anew, with whoever asks next."""
_MIGRATION_LOCK: Final = 0x5356_4944_4F4B
_SESSION: Final = (
    "SET synchronous_commit = on",
    "SET statement_timeout = '20s'",
    "SET idle_in_transaction_session_timeout = '20s'",
)
# What they log about lost connections names hosts and users; what matters of it becomes a problem.
for _name in ("psycopg", "psycopg.pool"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


async def one(connection: Connection, statement: str, *args: object) -> Row | None:
    """The first row that a statement gives, or None."""
    return await (await connection.execute(statement, args)).fetchone()


async def rows(connection: Connection, statement: str, *args: object) -> list[Row]:
    """All rows that a statement gives."""
    return await (await connection.execute(statement, args)).fetchall()


async def run(connection: Connection, statement: str, *args: object) -> int:
    """One statement; gives how many rows it changed."""
    return (await connection.execute(statement, args)).rowcount


class Connections:
    """A pool of connections of one worker."""

    def __init__(self, url: str, most: int = 8) -> None:
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=most,
            open=False,
            timeout=_CONNECT_S,
            reconnect_timeout=_RECONNECT_S,
            configure=_configure,
            kwargs={"connect_timeout": 5, "application_name": "svidok receiver", "autocommit": True},
        )

    async def open(self) -> None:
        """Connects, and brings the tables to this version. Raises E_RECEIVER_BACKEND."""
        try:
            await self._pool.open(wait=True, timeout=_CONNECT_S)
            await self.transaction(_migrate)
        except psycopg.Error as error:
            await self.close()
            raise _problem(error) from None
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Closes the connections; harmless when there are none."""
        await self._pool.close()

    async def transaction(self, work: Callable[[Connection], Awaitable[R]]) -> R:
        """Runs `work` as one transaction, again when the connection broke or somebody else was faster.

        Raises E_RECEIVER_BACKEND after 30 s, E_RECEIVER_FULL; and what `work` raises.
        """

        async def whole(connection: Connection) -> R:
            async with connection.transaction():
                return await work(connection)

        return await self.single(whole)

    async def single(self, work: Callable[[Connection], Awaitable[R]]) -> R:
        """As `transaction`, for work whose every statement may stand alone: it saves two journeys to the server."""
        clock = asyncio.get_running_loop().time
        until, pause = clock() + _PATIENCE_S, 0.05
        while True:
            try:
                async with self._pool.connection() as connection:
                    files.checkpoint("index: before")
                    done = await work(connection)
                files.checkpoint("index: after")
            except psycopg.Error as error:
                if not _passing(error) or clock() + pause > until:
                    raise _problem(error) from None
            else:
                return done
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, 2.0)


def _passing(error: psycopg.Error) -> bool:
    """Whether the same again may go well: a lost connection, a deadlock, somebody else's row in between."""
    if isinstance(error, psycopg.errors.DiskFull | psycopg.errors.QueryCanceled | PoolClosed):
        return False
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | psycopg.IntegrityError)


def _problem(error: psycopg.Error) -> Problem:
    if isinstance(error, psycopg.errors.DiskFull):
        return Problem("E_RECEIVER_FULL")
    return Problem("E_RECEIVER_BACKEND", where=f"index, {type(error).__name__}")


async def _configure(connection: Connection) -> None:
    for statement in _SESSION:
        await connection.execute(statement)


async def _migrate(connection: Connection) -> None:
    """Runs the numbered migrations that are missing; workers that start together wait for each other."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
    await connection.execute("CREATE SCHEMA IF NOT EXISTS svidok")
    await connection.execute("CREATE TABLE IF NOT EXISTS svidok.version (number integer PRIMARY KEY)")
    found = await one(connection, "SELECT coalesce(max(number), 0) FROM svidok.version")
    standing = found[0] if found else 0
    folder = resources.files("sync.receiver").joinpath("migrations", "cloud")
    scripts = {int(item.name[:4]): item for item in folder.iterdir() if item.name.endswith(".sql")}
    if standing > max(scripts):
        raise Problem("E_RECEIVER_BACKEND", where=f"index, version {standing}")
    for number in sorted(scripts):
        if number > standing:
            await connection.execute(scripts[number].read_bytes())
            await connection.execute("INSERT INTO svidok.version (number) VALUES (%s)", (number,))
