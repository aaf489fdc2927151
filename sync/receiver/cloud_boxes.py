"""Return boxes in PostgreSQL. Rule: see `boxes`; what an office holds is counted by triggers, and whoever fills a box
has the office's count locked first.
"""

from __future__ import annotations

from sync.receiver.boxes import BoxRoom, Held, require_room
from sync.receiver.cloud_pool import Connection, one, run


async def put(connection: Connection, retn: bytes, data: bytes, office: bytes, now: int, room: BoxRoom) -> None:
    """See `ports.Index.put_return`; one transaction."""
    await run(
        connection,
        "INSERT INTO svidok.box_totals AS t (office, boxes, bytes) VALUES (%s, 0, 0)"
        " ON CONFLICT (office) DO UPDATE SET boxes = t.boxes",
        office,
    )
    require_room(await held(connection, retn, office), office, len(data), room)
    put = await run(
        connection,
        "INSERT INTO svidok.returns AS r (retn, office, put, data) VALUES (%s, %s, %s, %s) ON CONFLICT (retn)"
        " DO UPDATE SET put = excluded.put, data = excluded.data WHERE r.office = excluded.office",
        retn, office, now, data,
    )  # fmt: skip
    if not put:  # another office was faster
        require_room(await held(connection, retn, office), office, len(data), room)


async def held(connection: Connection, retn: bytes, office: bytes) -> Held:
    """What the office has, and what is in this box."""
    totals = await one(connection, "SELECT boxes, bytes FROM svidok.box_totals WHERE office = %s", office) or (0, 0)
    wanted = "SELECT office, octet_length(data) FROM svidok.returns WHERE retn = %s"
    there = await one(connection, wanted, retn) or (None, 0)
    return Held(*totals, *there)


async def expire(connection: Connection, before: int) -> int:
    """See `ports.Index.expire_returns`; one transaction, which locks counts in the order in which they are filled."""
    await connection.execute("SELECT 1 FROM svidok.box_totals ORDER BY office FOR UPDATE")
    return await run(connection, "DELETE FROM svidok.returns WHERE put < %s", before)
