"""The index over SQLite as `copy` sees it. Rule: see `moving`; every method is one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from schemas.problems import Problem
from sync.receiver.local_facts import Facts
from sync.receiver.moving import Arrival, KeptBox, KeptOffice, KeptToken, KeptVolume
from sync.receiver.ports import Claim, Place

_VOLUMES: Final = """
SELECT u.id, u.token, u.length, u.expires, u.bid, u.stripe, u.idx, u.shard, u.shared, u.broot, u.r1
FROM uploads AS u JOIN arrivals AS a ON a.upload = u.id
GROUP BY u.id HAVING min(a.at) > ? ORDER BY min(a.at) LIMIT ?
"""


class LocalMoving:
    """`moving.Moving` over SQLite; `run` does work in the index's own thread."""

    def __init__(self, facts: Facts, run: Callable[..., Awaitable[Any]]) -> None:
        self._facts, self._run = facts, run

    async def offices(self) -> list[KeptOffice]:
        """See `moving.Moving`."""
        found = await self._run(self._facts.rows, "SELECT root, desk, issued FROM offices ORDER BY root")
        return [KeptOffice(*row) for row in found]

    async def tokens(self, after: bytes, limit: int) -> list[KeptToken]:
        """See `moving.Moving`."""
        wanted = (
            "SELECT hash, office, quota, expires, cancelled <> 0, bid FROM tokens WHERE hash > ? ORDER BY hash LIMIT ?"
        )
        found = await self._run(self._facts.rows, wanted, after, limit)
        return [KeptToken(h, office, quota, expires, bool(gone), bid) for h, office, quota, expires, gone, bid in found]

    async def volumes(self, after: int, limit: int) -> list[KeptVolume]:
        """See `moving.Moving`."""
        found: list[KeptVolume] = await self._run(self._volumes, after, limit)
        return found

    def _volumes(self, after: int, limit: int) -> list[KeptVolume]:
        found = []
        for row in self._facts.rows(_VOLUMES, after, limit):
            upload_id, token, length, expires, bid, stripe, index, shard, shared, broot, r1 = row
            lines = self._facts.rows(
                "SELECT at, office, came, acknowledged FROM arrivals WHERE upload = ? ORDER BY at", upload_id
            )
            claim = Claim(Place(bid, stripe, index), shard, shared, broot)
            arrivals = tuple(Arrival(*line) for line in lines)
            found.append(KeptVolume(upload_id, token, length, expires, claim, r1, arrivals))
        return found

    async def boxes(self, after: bytes, limit: int) -> list[KeptBox]:
        """See `moving.Moving`."""
        wanted = "SELECT retn, office, put, data FROM returns WHERE retn > ? ORDER BY retn LIMIT ?"
        return [KeptBox(*row) for row in await self._run(self._facts.rows, wanted, after, limit)]

    async def take_offices(self, offices: Sequence[KeptOffice]) -> None:
        """See `moving.Moving`."""
        await self._run(self._take_offices, offices)

    def _take_offices(self, offices: Sequence[KeptOffice]) -> None:
        with self._facts.transaction():
            for office in offices:
                other = "SELECT 1 FROM offices WHERE desk = ? AND root <> ?"
                if self._facts.row(other, office.desk, office.root):
                    raise Problem("E_TOKEN_LIST", why="its bearer belongs to another office")
                self._facts.run(
                    "INSERT INTO offices (root, desk, issued) VALUES (?, ?, ?) ON CONFLICT (root)"
                    " DO UPDATE SET desk = excluded.desk, issued = excluded.issued WHERE issued < excluded.issued",
                    office.root, office.desk, office.issued,
                )  # fmt: skip

    async def take_tokens(self, tokens: Sequence[KeptToken]) -> None:
        """See `moving.Moving`."""
        await self._run(self._take_tokens, tokens)

    def _take_tokens(self, tokens: Sequence[KeptToken]) -> None:
        with self._facts.transaction():
            self._facts.run_many(
                "INSERT INTO tokens (hash, office, quota, expires, cancelled, bid) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (hash) DO UPDATE SET bid = coalesce(bid, excluded.bid)",
                [
                    (token.hash, token.office, token.quota, token.expires, int(token.cancelled), token.bid)
                    for token in tokens
                ],
            )

    async def take_volume(self, volume: KeptVolume, *, keep_order: bool = True) -> None:
        """See `moving.Moving`."""
        await self._run(self._take_volume, volume, keep_order)

    def _take_volume(self, volume: KeptVolume, keep_order: bool) -> None:
        facts = self._facts
        with facts.transaction():
            if facts.row("SELECT 1 FROM tokens WHERE hash = ?", volume.token) is None:
                raise Problem("E_TOKEN_UNKNOWN")
            known = facts.same_volume(volume.claim)
            if known is not None and not known.complete:
                facts.forget(known)
                known = None
            if known is None:
                facts.run(
                    "INSERT INTO uploads (id, token, length, expires) VALUES (?, ?, ?, ?)",
                    volume.id, volume.token, volume.length, volume.expires,
                )  # fmt: skip
                facts.set_claim(volume.id, volume.claim)
                facts.run("UPDATE uploads SET durable = length, r1 = ? WHERE id = ?", volume.r1, volume.id)
                facts.run("UPDATE tokens SET used = used + ? WHERE hash = ?", volume.length, volume.token)
            self._take_arrivals(known.id if known is not None else volume.id, volume.arrivals, keep_order)

    def _take_arrivals(self, upload_id: str, arrivals: Sequence[Arrival], keep_order: bool) -> None:
        for line in arrivals:
            changed = self._facts.run(
                "UPDATE arrivals SET acknowledged = coalesce(acknowledged, ?) WHERE upload = ? AND office = ?",
                line.acknowledged, upload_id, line.office,
            )  # fmt: skip
            if changed:
                continue
            taken = self._facts.row("SELECT 1 FROM arrivals WHERE at = ?", line.at)
            self._facts.run(
                "INSERT INTO arrivals (at, upload, office, came, acknowledged) VALUES (?, ?, ?, ?, ?)",
                line.at if keep_order and taken is None else None, upload_id, line.office, line.came, line.acknowledged,
            )  # fmt: skip

    async def take_boxes(self, boxes: Sequence[KeptBox]) -> None:
        """See `moving.Moving`."""
        await self._run(self._take_boxes, boxes)

    def _take_boxes(self, boxes: Sequence[KeptBox]) -> None:
        with self._facts.transaction():
            self._facts.run_many(
                "INSERT INTO returns (retn, office, put, data) VALUES (?, ?, ?, ?) ON CONFLICT (retn)"
                " DO UPDATE SET put = excluded.put, data = excluded.data"
                " WHERE office = excluded.office AND put < excluded.put",
                [(box.retn, box.office, box.put, box.data) for box in boxes],
            )
