"""Rows of the index in PostgreSQL, and what they are here. Rule: columns and records are named together, once."""

from __future__ import annotations

from typing import Final

from schemas.records.network import ListedVolume
from sync.receiver.cloud_pool import Row
from sync.receiver.ports import Claim, Place, Upload

UPLOAD_COLUMNS: Final = "id, length, durable, bid, stripe, idx, shard, shared, broot, token, expires, r1, turn"
LISTED: Final = (
    "SELECT a.at, u.bid, u.stripe, u.idx, u.length, u.shard"
    " FROM svidok.arrivals AS a JOIN svidok.uploads AS u ON u.id = a.upload"
)
EVERY: Final = (
    "SELECT min(a.at), u.bid, u.stripe, u.idx, u.length, u.shard"
    " FROM svidok.arrivals AS a JOIN svidok.uploads AS u ON u.id = a.upload GROUP BY u.id"
)
COUNTS: Final = """
SELECT (SELECT count(*) FROM svidok.uploads WHERE r1 IS NOT NULL),
       (SELECT coalesce(sum(length), 0)::bigint FROM svidok.uploads WHERE r1 IS NOT NULL),
       (SELECT count(*) FROM svidok.uploads WHERE r1 IS NULL),
       (SELECT coalesce(sum(durable), 0)::bigint FROM svidok.uploads WHERE r1 IS NULL),
       (SELECT min(came) FROM svidok.arrivals WHERE acknowledged IS NULL),
       (SELECT count(*) FROM svidok.returns),
       (SELECT count(*) FROM svidok.tokens WHERE bid IS NULL AND NOT cancelled)
"""


def upload_of(row: Row) -> Upload:
    """The upload of a row of `UPLOAD_COLUMNS`."""
    upload_id, length, durable, bid, stripe, index, shard, shared, broot, token, expires, r1, turn = row
    claim = None if bid is None else Claim(Place(bid, stripe, index), shard, shared, broot)
    return Upload(upload_id, length, durable, claim, token, expires, r1, turn)


def listed_of(row: Row) -> ListedVolume:
    """The line of a row of `LISTED` or `EVERY`."""
    at, bid, stripe, index, length, shard = row
    return ListedVolume(at=at, bid=bid, s=stripe, i=index, bytes_=length, shard=shard)
