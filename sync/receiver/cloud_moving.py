"""The index over PostgreSQL as `copy` sees it. Rule: see `moving`; every method is one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from schemas.problems import Problem
from sync.receiver import cloud_facts as facts
from sync.receiver.cloud_pool import Connection, Connections, Row, one, rows, run
from sync.receiver.moving import Arrival, KeptBox, KeptOffice, KeptToken, KeptVolume
from sync.receiver.ports import Claim, Place

_VOLUMES: Final = """
SELECT u.id, u.token, u.length, u.expires, u.bid, u.stripe, u.idx, u.shard, u.shared, u.broot, u.r1
FROM svidok.uploads AS u JOIN svidok.arrivals AS a ON a.upload = u.id
GROUP BY u.id HAVING min(a.at) > %s ORDER BY min(a.at) LIMIT %s
"""


class CloudMoving:
    """`moving.Moving` over PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def _rows(self, statement: str, *args: object) -> list[Row]:
        return await self._connections.single(lambda connection: rows(connection, statement, *args))

    async def offices(self) -> list[KeptOffice]:
        """See `moving.Moving`."""
        return [KeptOffice(*row) for row in await self._rows("SELECT root, desk, issued FROM svidok.offices")]

    async def tokens(self, after: bytes, limit: int) -> list[KeptToken]:
        """See `moving.Moving`."""
        wanted = (
            "SELECT hash, office, quota, expires, cancelled, bid FROM svidok.tokens"
            " WHERE hash > %s ORDER BY hash LIMIT %s"
        )
        return [KeptToken(*row) for row in await self._rows(wanted, after, limit)]

    async def volumes(self, after: int, limit: int) -> list[KeptVolume]:
        """See `moving.Moving`."""

        async def work(connection: Connection) -> list[KeptVolume]:
            found = []
            for row in await rows(connection, _VOLUMES, after, limit):
                upload_id, token, length, expires, bid, stripe, index, shard, shared, broot, r1 = row
                lines = await rows(
                    connection,
                    "SELECT at, office, came, acknowledged FROM svidok.arrivals WHERE upload = %s ORDER BY at",
                    upload_id,
                )
                claim = Claim(Place(bid, stripe, index), shard, shared, broot)
                arrivals = tuple(Arrival(*line) for line in lines)
                found.append(KeptVolume(upload_id, token, length, expires, claim, r1, arrivals))
            return found

        return await self._connections.transaction(work)

    async def boxes(self, after: bytes, limit: int) -> list[KeptBox]:
        """See `moving.Moving`."""
        wanted = "SELECT retn, office, put, data FROM svidok.returns WHERE retn > %s ORDER BY retn LIMIT %s"
        return [KeptBox(*row) for row in await self._rows(wanted, after, limit)]

    async def take_offices(self, offices: Sequence[KeptOffice]) -> None:
        """See `moving.Moving`."""

        async def work(connection: Connection) -> None:
            for office in offices:
                other = "SELECT 1 FROM svidok.offices WHERE desk = %s AND root <> %s"
                if await one(connection, other, office.desk, office.root):
                    raise Problem("E_TOKEN_LIST", why="its bearer belongs to another office")
                await run(
                    connection,
                    "INSERT INTO svidok.offices AS o (root, desk, issued) VALUES (%s, %s, %s) ON CONFLICT (root)"
                    " DO UPDATE SET desk = excluded.desk, issued = excluded.issued WHERE o.issued < excluded.issued",
                    office.root, office.desk, office.issued,
                )  # fmt: skip

        await self._connections.transaction(work)

    async def take_tokens(self, tokens: Sequence[KeptToken]) -> None:
        """See `moving.Moving`."""

        async def work(connection: Connection) -> None:
            for token in tokens:
                await run(
                    connection,
                    "INSERT INTO svidok.tokens AS t (hash, office, quota, expires, cancelled, bid)"
                    " VALUES (%s, %s, %s, %s, %s, %s)"
                    " ON CONFLICT (hash) DO UPDATE SET bid = coalesce(t.bid, excluded.bid)",
                    token.hash, token.office, token.quota, token.expires, token.cancelled, token.bid,
                )  # fmt: skip

        await self._connections.transaction(work)

    async def take_volume(self, volume: KeptVolume, *, keep_order: bool = True) -> None:
        """See `moving.Moving`."""
        await self._connections.transaction(lambda connection: _take_volume(connection, volume, keep_order))

    async def take_boxes(self, boxes: Sequence[KeptBox]) -> None:
        """See `moving.Moving`."""

        async def work(connection: Connection) -> None:
            for box in boxes:
                await run(
                    connection,
                    "INSERT INTO svidok.returns AS r (retn, office, put, data) VALUES (%s, %s, %s, %s)"
                    " ON CONFLICT (retn) DO UPDATE SET put = excluded.put, data = excluded.data"
                    " WHERE r.office = excluded.office AND r.put < excluded.put",
                    box.retn, box.office, box.put, box.data,
                )  # fmt: skip

        await self._connections.transaction(work)


async def _take_volume(connection: Connection, volume: KeptVolume, keep_order: bool) -> None:
    if await one(connection, "SELECT 1 FROM svidok.tokens WHERE hash = %s FOR NO KEY UPDATE", volume.token) is None:
        raise Problem("E_TOKEN_UNKNOWN")
    known = await facts.same_volume(connection, volume.claim)
    if known is not None and not known.complete:
        await facts.forget(connection, known)
        known = None
        await facts.same_volume(connection, volume.claim)
    if known is None:
        await run(
            connection,
            "INSERT INTO svidok.uploads (id, token, length, expires) VALUES (%s, %s, %s, %s)",
            volume.id, volume.token, volume.length, volume.expires,
        )  # fmt: skip
        await facts.set_claim(connection, volume.id, volume.claim)
        await run(connection, "UPDATE svidok.uploads SET durable = length, r1 = %s WHERE id = %s", volume.r1, volume.id)
        await run(connection, "UPDATE svidok.tokens SET used = used + %s WHERE hash = %s", volume.length, volume.token)
    await _take_arrivals(connection, known.id if known is not None else volume.id, volume.arrivals, keep_order)


async def _take_arrivals(connection: Connection, upload_id: str, arrivals: Sequence[Arrival], keep_order: bool) -> None:
    for line in arrivals:
        changed = await run(
            connection,
            "UPDATE svidok.arrivals SET acknowledged = coalesce(acknowledged, %s) WHERE upload = %s AND office = %s",
            line.acknowledged, upload_id, line.office,
        )  # fmt: skip
        if changed:
            continue
        last = await one(connection, "SELECT at FROM svidok.arrival FOR UPDATE")
        taken = await one(connection, "SELECT 1 FROM svidok.arrivals WHERE at = %s", line.at)
        at = line.at if keep_order and taken is None else (last[0] if last else 0) + 1
        await run(
            connection,
            "INSERT INTO svidok.arrivals (at, upload, office, came, acknowledged) VALUES (%s, %s, %s, %s, %s)",
            at, upload_id, line.office, line.came, line.acknowledged,
        )  # fmt: skip
        await run(connection, "UPDATE svidok.arrival SET at = greatest(at, %s)", at)
