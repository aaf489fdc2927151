"""The index of a receiver over PostgreSQL, for any number of workers and hosts.

Rule: what a method changes is changed as a whole, durable when it returns (`cloud_facts`), and may be repeated; who may
write is decided by `cloud_leases`. With the other modules named `cloud…` the only import of psycopg and obstore.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from schemas.problems import Problem
from schemas.records.network import ListedVolume, StoredVolume
from sync.receiver import cloud_boxes as boxes
from sync.receiver import cloud_facts as facts
from sync.receiver.boxes import BOX_ROOM, BoxRoom, require_room
from sync.receiver.cloud_leases import CloudLease, Leases
from sync.receiver.cloud_moving import CloudMoving
from sync.receiver.cloud_pool import Connection, Connections, Row, rows, run
from sync.receiver.cloud_rows import COUNTS, EVERY, LISTED, listed_of
from sync.receiver.ports import Claim, Counts, Lease, Office, Place, Upload

_ALL_BEFORE: Final = "bool_and(a.acknowledged IS NOT NULL) AND max(a.acknowledged) < %s"


class CloudIndex:
    """`ports.Index` over PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._leases = Leases(connections)

    @classmethod
    async def open(cls, url: str, connections: int = 8) -> CloudIndex:
        """Connects to `postgresql://…` and makes or migrates the tables there. Raises E_RECEIVER_BACKEND."""
        pool = Connections(url, connections)
        await pool.open()
        return cls(pool)

    async def close(self) -> None:
        """Lets go of connections."""
        await self._leases.close()
        await self._connections.close()

    async def _rows(self, statement: str, *args: object) -> list[Row]:
        return await self._connections.single(lambda connection: rows(connection, statement, *args))

    async def _run(self, statement: str, *args: object) -> int:
        return await self._connections.single(lambda connection: run(connection, statement, *args))

    # ---- offices and tokens ----

    async def accept(
        self, office: Office, tokens: Sequence[bytes], quota: int, expires: int, issued: int
    ) -> tuple[int, int]:
        """See `ports.Index`. Raises E_TOKEN_LIST when the bearer is another office's."""
        return await self._connections.transaction(
            lambda connection: facts.accept(connection, office, tokens, quota, expires, issued)
        )

    async def offices(self) -> list[Office]:
        """See `ports.Index`."""
        return [Office(*row) for row in await self._rows("SELECT root, desk FROM svidok.offices ORDER BY root")]

    async def desk(self, bearer_hash: bytes) -> bytes | None:
        """See `ports.Index`."""
        found = await self._rows("SELECT root FROM svidok.offices WHERE desk = %s", bearer_hash)
        return found[0][0] if found else None

    # ---- uploads ----

    async def create(self, upload_id: str, token: bytes, length: int, claim: Claim | None, now: int) -> Upload:
        """See `ports.Index`."""
        return await self._connections.transaction(
            lambda connection: facts.create(connection, upload_id, token, length, claim, now)
        )

    async def identify(self, upload_id: str, claim: Claim, now: int) -> Upload:
        """See `ports.Index`."""
        found = await self._connections.transaction(
            lambda connection: facts.identify(connection, upload_id, claim, now)
        )
        lease = self._leases.holder(found.id)
        if lease is not None:
            lease.upload = found
        return found

    async def find(self, upload_id: str) -> Upload | None:
        """See `ports.Index`."""
        return await self._connections.single(lambda connection: facts.find(connection, upload_id))

    async def authorised(self, token: bytes, upload: Upload, now: int) -> None:
        """See `ports.Index`."""
        await self._connections.single(lambda connection: facts.authorised(connection, token, upload, now))

    def writing(self, upload_id: str, patience: float = 10.0) -> AbstractAsyncContextManager[Lease]:
        """See `ports.Index`."""
        return self._leases.writing(upload_id, patience)

    async def advance(self, lease: Lease, offset: int, now: int) -> Upload:
        """See `ports.Index`. Raises E_UPLOAD_BUSY when somebody else has taken the turn."""
        held = _in_force(lease)

        async def work(connection: Connection) -> Upload:
            return await facts.advance(connection, held.upload.id, held.upload.turn, offset, now)

        held.upload = await self._connections.single(work)
        return held.upload

    async def complete(self, lease: Lease, r1: bytes, now: int) -> Upload:
        """See `ports.Index`. Raises E_UPLOAD_BUSY when somebody else has taken the turn."""
        held = _in_force(lease)

        async def work(connection: Connection) -> Upload:
            return await facts.complete(connection, held.upload.id, held.upload.turn, r1, now)

        held.upload = await self._connections.transaction(work)
        return held.upload

    async def remove(self, upload_id: str) -> None:
        """See `ports.Index`."""
        await self._connections.transaction(lambda connection: facts.remove(connection, upload_id))

    async def expired(self, now: int) -> list[Upload]:
        """See `ports.Index`."""
        return await self._uploads("r1 IS NULL AND expires <= %s ORDER BY id", now)

    async def unfinished(self) -> list[Upload]:
        """See `ports.Index`."""
        return await self._uploads("r1 IS NULL ORDER BY id")

    async def _uploads(self, condition: str, *args: object) -> list[Upload]:
        return await self._connections.single(lambda connection: facts.uploads(connection, condition, *args))

    # ---- volumes ----

    async def bundle(self, bid: bytes) -> list[StoredVolume]:
        """See `ports.Index`."""
        found = await self._rows(
            "SELECT stripe, idx, r1 FROM svidok.uploads WHERE bid = %s AND r1 IS NOT NULL ORDER BY stripe, idx", bid
        )
        return [StoredVolume(s=stripe, i=index, r1=r1) for stripe, index, r1 in found]

    async def bound(self, token: bytes, bid: bytes) -> bool:
        """See `ports.Index`."""
        wanted = "SELECT 1 FROM svidok.tokens WHERE hash = %s AND bid = %s AND NOT cancelled"
        return bool(await self._rows(wanted, token, bid))

    async def volumes(self, office: bytes, after: int, limit: int) -> list[ListedVolume]:
        """See `ports.Index`."""
        wanted = f"{LISTED} WHERE a.office = %s AND a.at > %s ORDER BY a.at LIMIT %s"
        return [listed_of(row) for row in await self._rows(wanted, office, after, limit)]

    async def volume(self, place: Place, office: bytes) -> ListedVolume | None:
        """See `ports.Index`."""
        wanted = f"{LISTED} WHERE u.bid = %s AND u.stripe = %s AND u.idx = %s AND a.office = %s"
        found = await self._rows(wanted, place.bid, place.stripe, place.index, office)
        return listed_of(found[0]) if found else None

    async def every_volume(self) -> list[ListedVolume]:
        """See `ports.Index`."""
        return [listed_of(row) for row in await self._rows(f"{EVERY} ORDER BY 1")]

    async def acknowledge(self, place: Place, office: bytes, now: int) -> bool:
        """See `ports.Index`; a second time keeps the first moment."""
        changed = await self._run(
            "UPDATE svidok.arrivals SET acknowledged = coalesce(acknowledged, %s) WHERE office = %s AND upload IN"
            " (SELECT id FROM svidok.uploads WHERE bid = %s AND stripe = %s AND idx = %s)",
            now, office, place.bid, place.stripe, place.index,
        )  # fmt: skip
        return changed > 0

    async def droppable(self, before: int) -> list[ListedVolume]:
        """See `ports.Index`; a volume of several offices waits for all of them."""
        return [listed_of(row) for row in await self._rows(f"{EVERY} HAVING {_ALL_BEFORE} ORDER BY 1", before)]

    async def release(self, place: Place, before: int, now: int) -> bool:
        """See `ports.Index`."""
        return await self._connections.transaction(lambda connection: facts.release(connection, place, before, now))

    async def drop(self, place: Place) -> None:
        """See `ports.Index`."""
        await self._connections.transaction(lambda connection: facts.drop(connection, place))

    # ---- return boxes ----

    async def put_return(self, retn: bytes, data: bytes, office: bytes, now: int, room: BoxRoom = BOX_ROOM) -> None:
        """See `ports.Index`."""
        await self._connections.transaction(lambda connection: boxes.put(connection, retn, data, office, now, room))

    async def require_return(self, retn: bytes, length: int, office: bytes, room: BoxRoom = BOX_ROOM) -> None:
        """See `ports.Index`."""
        held = await self._connections.single(lambda connection: boxes.held(connection, retn, office))
        require_room(held, office, length, room)

    async def expire_returns(self, before: int) -> int:
        """See `ports.Index`."""
        return await self._connections.transaction(lambda connection: boxes.expire(connection, before))

    async def get_return(self, retn: bytes) -> bytes | None:
        """See `ports.Index`."""
        found = await self._rows("SELECT data FROM svidok.returns WHERE retn = %s", retn)
        return found[0][0] if found else None

    # ---- both ----

    async def counts(self) -> Counts:
        """See `ports.Index`."""
        return Counts(*(await self._rows(COUNTS))[0])

    def moving(self) -> CloudMoving:
        """See `ports.Index`."""
        return CloudMoving(self._connections)


def _in_force(lease: Lease) -> CloudLease:
    """The lease, when it still gives the right to write. Raises E_UPLOAD_BUSY."""
    if not isinstance(lease, CloudLease) or not lease.live:
        raise Problem("E_UPLOAD_BUSY")
    return lease
