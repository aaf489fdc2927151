"""The index of a receiver on one host: `local_facts` in a thread of its own, with leases inside this process.

Rule: one thread, one connection; a second process (`accept`, `status`) opens its own, and SQLite keeps them apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from schemas.problems import Problem
from schemas.records.network import ListedVolume, StoredVolume
from sync.receiver.boxes import BOX_ROOM, BoxRoom
from sync.receiver.leases import HeldLease, Leases
from sync.receiver.local_boxes import LocalBoxes
from sync.receiver.local_facts import Facts, Row
from sync.receiver.local_moving import LocalMoving
from sync.receiver.ports import Claim, Counts, Lease, Office, Place, Upload

A = ParamSpec("A")
R = TypeVar("R")

_LISTED: Final = (
    "SELECT a.at, u.bid, u.stripe, u.idx, u.length, u.shard FROM arrivals AS a JOIN uploads AS u ON u.id = a.upload"
)
_EVERY: Final = (
    "SELECT min(a.at), u.bid, u.stripe, u.idx, u.length, u.shard FROM arrivals AS a JOIN uploads AS u"
    " ON u.id = a.upload GROUP BY u.id"
)


class LocalIndex:
    """`ports.Index` over SQLite."""

    def __init__(self, facts: Facts, thread: ThreadPoolExecutor) -> None:
        self._facts, self._thread = facts, thread
        self._leases = Leases(self.find)
        self._boxes = LocalBoxes(facts, self._run)

    @classmethod
    async def open(cls, path: Path) -> LocalIndex:
        """Opens the index, or makes it. Raises E_RECEIVER_INDEX, E_RECEIVER_FULL."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="index")
        try:
            facts = await asyncio.get_running_loop().run_in_executor(thread, Facts, path)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(facts, thread)

    async def _run(self, work: Callable[A, R], *args: A.args, **named: A.kwargs) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*args, **named))

    async def close(self) -> None:
        """Closes the connection and ends the thread."""
        await self._run(self._facts.close)
        self._thread.shutdown()

    # ---- offices and tokens ----

    async def accept(
        self, office: Office, tokens: Sequence[bytes], quota: int, expires: int, issued: int
    ) -> tuple[int, int]:
        """See `ports.Index`."""
        return await self._run(self._facts.accept, office, tokens, quota, expires, issued)

    async def offices(self) -> list[Office]:
        """See `ports.Index`."""
        return [Office(*row) for row in await self._rows("SELECT root, desk FROM offices ORDER BY root")]

    async def desk(self, bearer_hash: bytes) -> bytes | None:
        """See `ports.Index`."""
        found = await self._rows("SELECT root FROM offices WHERE desk = ?", bearer_hash)
        return found[0][0] if found else None

    async def _rows(self, statement: str, *args: object) -> list[Row]:
        return await self._run(self._facts.rows, statement, *args)

    # ---- uploads ----

    async def create(self, upload_id: str, token: bytes, length: int, claim: Claim | None, now: int) -> Upload:
        """See `ports.Index`."""
        return await self._run(self._facts.create, upload_id, token, length, claim, now)

    async def identify(self, upload_id: str, claim: Claim, now: int) -> Upload:
        """See `ports.Index`."""
        found = await self._run(self._facts.identify, upload_id, claim, now)
        lease = self._leases.holder(found.id)
        if lease is not None:
            lease.upload = found
        return found

    async def find(self, upload_id: str) -> Upload | None:
        """See `ports.Index`."""
        return await self._run(self._facts.find, upload_id)

    async def authorised(self, token: bytes, upload: Upload, now: int) -> None:
        """See `ports.Index`."""
        await self._run(self._facts.authorised, token, upload, now)

    def writing(self, upload_id: str, patience: float = 10.0) -> AbstractAsyncContextManager[Lease]:
        """See `ports.Index`."""
        return self._leases.writing(upload_id, patience)

    async def advance(self, lease: Lease, offset: int, now: int) -> Upload:
        """See `ports.Index`."""
        held = _in_force(lease)
        held.upload = await self._run(self._facts.advance, held.upload.id, offset, now)
        return held.upload

    async def complete(self, lease: Lease, r1: bytes, now: int) -> Upload:
        """See `ports.Index`."""
        held = _in_force(lease)
        held.upload = await self._run(self._facts.complete, held.upload.id, r1, now)
        return held.upload

    async def remove(self, upload_id: str) -> None:
        """See `ports.Index`."""
        await self._run(self._facts.remove, upload_id)

    async def expired(self, now: int) -> list[Upload]:
        """See `ports.Index`."""
        return await self._run(self._facts.uploads, "r1 IS NULL AND expires <= ? ORDER BY id", now)

    async def unfinished(self) -> list[Upload]:
        """See `ports.Index`."""
        return await self._run(self._facts.uploads, "r1 IS NULL ORDER BY id")

    # ---- volumes ----

    async def bundle(self, bid: bytes) -> list[StoredVolume]:
        """See `ports.Index`."""
        rows = await self._rows(
            "SELECT stripe, idx, r1 FROM uploads WHERE bid = ? AND r1 IS NOT NULL ORDER BY stripe, idx", bid
        )
        return [StoredVolume(s=stripe, i=index, r1=r1) for stripe, index, r1 in rows]

    async def bound(self, token: bytes, bid: bytes) -> bool:
        """See `ports.Index`."""
        return bool(await self._rows("SELECT 1 FROM tokens WHERE hash = ? AND bid = ? AND NOT cancelled", token, bid))

    async def volumes(self, office: bytes, after: int, limit: int) -> list[ListedVolume]:
        """See `ports.Index`."""
        wanted = f"{_LISTED} WHERE a.office = ? AND a.at > ? ORDER BY a.at LIMIT ?"
        return [_listed(row) for row in await self._rows(wanted, office, after, limit)]

    async def volume(self, place: Place, office: bytes) -> ListedVolume | None:
        """See `ports.Index`."""
        wanted = f"{_LISTED} WHERE u.bid = ? AND u.stripe = ? AND u.idx = ? AND a.office = ?"
        rows = await self._rows(wanted, place.bid, place.stripe, place.index, office)
        return _listed(rows[0]) if rows else None

    async def every_volume(self) -> list[ListedVolume]:
        """See `ports.Index`."""
        return [_listed(row) for row in await self._rows(f"{_EVERY} ORDER BY 1")]

    async def acknowledge(self, place: Place, office: bytes, now: int) -> bool:
        """See `ports.Index`; a second time keeps the first moment."""
        return await self._run(self._acknowledge, place, office, now)

    def _acknowledge(self, place: Place, office: bytes, now: int) -> bool:
        with self._facts.transaction():
            changed = self._facts.run(
                "UPDATE arrivals SET acknowledged = coalesce(acknowledged, ?) WHERE office = ? AND upload IN"
                " (SELECT id FROM uploads WHERE bid = ? AND stripe = ? AND idx = ?)",
                now, office, place.bid, place.stripe, place.index,
            )  # fmt: skip
        return changed > 0

    async def droppable(self, before: int) -> list[ListedVolume]:
        """See `ports.Index`; a volume of several offices waits for all of them."""
        return [_listed(row) for row in await self._rows(f"{_EVERY} HAVING {_ALL_BEFORE} ORDER BY 1", before)]

    async def release(self, place: Place, before: int, now: int) -> bool:
        """See `ports.Index`."""
        return await self._run(self._facts.release, place, before, now)

    async def drop(self, place: Place) -> None:
        """See `ports.Index`."""
        await self._run(self._facts.drop, place)

    # ---- return boxes ----

    async def put_return(self, retn: bytes, data: bytes, office: bytes, now: int, room: BoxRoom = BOX_ROOM) -> None:
        """See `ports.Index`."""
        await self._boxes.put(retn, data, office, now, room)

    async def require_return(self, retn: bytes, length: int, office: bytes, room: BoxRoom = BOX_ROOM) -> None:
        """See `ports.Index`."""
        await self._boxes.require(retn, length, office, room)

    async def expire_returns(self, before: int) -> int:
        """See `ports.Index`."""
        return await self._boxes.expire(before)

    async def get_return(self, retn: bytes) -> bytes | None:
        """See `ports.Index`."""
        return await self._boxes.get(retn)

    # ---- both ----

    async def counts(self) -> Counts:
        """See `ports.Index`."""
        return Counts(*(await self._rows(_COUNTS))[0])

    def moving(self) -> LocalMoving:
        """See `ports.Index`."""
        return LocalMoving(self._facts, self._run)


_ALL_BEFORE: Final = "sum(a.acknowledged IS NULL) = 0 AND max(a.acknowledged) < ?"
_COUNTS: Final = """
SELECT (SELECT count(*) FROM uploads WHERE r1 IS NOT NULL),
       (SELECT coalesce(sum(length), 0) FROM uploads WHERE r1 IS NOT NULL),
       (SELECT count(*) FROM uploads WHERE r1 IS NULL),
       (SELECT coalesce(sum(durable), 0) FROM uploads WHERE r1 IS NULL),
       (SELECT min(came) FROM arrivals WHERE acknowledged IS NULL),
       (SELECT count(*) FROM returns),
       (SELECT count(*) FROM tokens WHERE bid IS NULL AND NOT cancelled)
"""


def _in_force(lease: Lease) -> HeldLease:
    """The lease, when it still gives the right to write. Raises E_UPLOAD_BUSY."""
    if not isinstance(lease, HeldLease) or not lease.live:
        raise Problem("E_UPLOAD_BUSY")
    return lease


def _listed(row: Row) -> ListedVolume:
    at, bid, stripe, index, length, shard = row
    return ListedVolume(at=at, bid=bid, s=stripe, i=index, bytes_=length, shard=shard)
