"""Who may write an upload, among any number of workers and hosts: rows in PostgreSQL, ended by its clock.

Rule: giving the right to write counts up the upload's turn in the same statement, and every change of the upload names
its turn; so a worker that was frozen, cut off or presumed dead changes nothing once somebody else has the turn. A
holder is asked first and lets go; one that does not renew is gone after eight seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID, uuid4

from schemas.problems import Problem
from sync.receiver.cloud_facts import possible
from sync.receiver.cloud_pool import Connection, Connections, one, rows, run
from sync.receiver.cloud_rows import UPLOAD_COLUMNS, upload_of
from sync.receiver.leases import HeldLease
from sync.receiver.ports import Upload

ENDS_AFTER_S: Final = 8
_RENEW_S: Final = 2.0
_LOOK_S: Final = 0.25

_TAKE: Final = f"""
WITH given AS (
    INSERT INTO svidok.leases AS l (upload, holder, worker, ends)
    SELECT id, %s, %s, clock_timestamp() + make_interval(secs => {ENDS_AFTER_S}) FROM svidok.uploads WHERE id = %s
    ON CONFLICT (upload) DO UPDATE
        SET holder = excluded.holder, worker = excluded.worker, ends = excluded.ends, wanted = false
        WHERE l.ends <= clock_timestamp() OR l.holder = excluded.holder
    RETURNING upload)
UPDATE svidok.uploads SET turn = turn + 1 FROM given WHERE id = given.upload RETURNING {UPLOAD_COLUMNS}
"""
_WANT: Final = "UPDATE svidok.leases SET wanted = true WHERE upload = %s AND NOT wanted"
_RENEW: Final = (
    f"UPDATE svidok.leases SET ends = clock_timestamp() + make_interval(secs => {ENDS_AFTER_S})"
    " WHERE worker = %s RETURNING holder"
)
_ASKED: Final = "SELECT holder FROM svidok.leases WHERE worker = %s AND wanted"


class CloudLease(HeldLease):
    """A lease that counts only while nobody else has taken the turn; it is also lost when the right has ended."""

    def __init__(self, upload: Upload, holder: UUID) -> None:
        super().__init__(upload)
        self.holder = holder


class Leases:
    """The leases that one worker holds, kept alive by one task."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._worker = uuid4()
        self._held: dict[UUID, CloudLease] = {}
        self._keeper: asyncio.Task[None] | None = None

    def holder(self, upload_id: str) -> CloudLease | None:
        """The lease that this worker has for an upload, or None."""
        return next((lease for lease in self._held.values() if lease.upload.id == upload_id), None)

    async def close(self) -> None:
        """Ends the task; leases that are still held end by themselves."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])

    @asynccontextmanager
    async def writing(self, upload_id: str, patience: float) -> AsyncIterator[CloudLease]:
        """See `ports.Index.writing`. Raises E_UPLOAD_BUSY, E_UPLOAD_UNKNOWN, E_RECEIVER_BACKEND."""
        if not possible(upload_id):
            raise Problem("E_UPLOAD_UNKNOWN")
        holder = uuid4()
        try:
            lease = CloudLease(await self._take(upload_id, holder, patience), holder)
            self._held[holder] = lease
            if self._keeper is None or self._keeper.done():
                self._keeper = asyncio.get_running_loop().create_task(self._keep())
            try:
                yield lease
            finally:
                lease.live = False
                self._held.pop(holder, None)
        finally:
            with contextlib.suppress(Problem):  # what cannot be given back ends by itself
                await self._give_back(holder, upload_id)

    async def _give_back(self, holder: UUID, upload_id: str) -> None:
        async def work(connection: Connection) -> None:
            await run(connection, "DELETE FROM svidok.leases WHERE upload = %s AND holder = %s", upload_id, holder)

        await self._connections.single(work)

    async def _take(self, upload_id: str, holder: UUID, patience: float) -> Upload:
        async def work(connection: Connection) -> Upload | None:
            taken = await one(connection, _TAKE, holder, self._worker, upload_id)
            if taken is not None:
                return upload_of(taken)
            if await one(connection, "SELECT 1 FROM svidok.uploads WHERE id = %s", upload_id) is None:
                raise Problem("E_UPLOAD_UNKNOWN")
            await run(connection, _WANT, upload_id)
            return None

        clock = asyncio.get_running_loop().time
        until, pause = clock() + patience, 0.02
        while True:
            upload = await self._connections.single(work)
            if upload is not None:
                return upload
            here = self.holder(upload_id)
            if here is not None:
                here.ask()
            if clock() >= until:
                raise Problem("E_UPLOAD_BUSY")
            await asyncio.sleep(min(pause, max(0.0, until - clock())))
            pause = min(1.5 * pause, _LOOK_S)

    async def _keep(self) -> None:
        """Renews what is held, and hears who is waiting."""
        clock = asyncio.get_running_loop().time
        renewed = clock()
        while self._held:
            await asyncio.sleep(_LOOK_S)
            # A database that is away for a moment loses nobody the turn: only somebody else's claim does.
            with contextlib.suppress(Problem):
                await self._hear()
                if clock() - renewed >= _RENEW_S:
                    await self._renew()
                    renewed = clock()

    async def _hear(self) -> None:
        for (holder,) in await self._connections.single(lambda found: rows(found, _ASKED, self._worker)):
            if holder in self._held:
                self._held[holder].ask()

    async def _renew(self) -> None:
        held = list(self._held.values())
        renewed = await self._connections.single(lambda found: rows(found, _RENEW, self._worker))
        standing = {holder for (holder,) in renewed}
        for lease in held:
            if lease.holder not in standing:
                lease.ask()
