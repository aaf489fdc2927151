"""What must hold together in the index over PostgreSQL: each function here is the body of one transaction.

Rule: rows are locked in one order (token, bundle, upload, order of arrival), constraints decide what locks cannot see,
and whatever is repeated after it had gone through gives the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from schemas.problems import Problem
from sync.receiver.cloud_pool import Connection, one, rows, run
from sync.receiver.cloud_rows import UPLOAD_COLUMNS, upload_of
from sync.receiver.ports import KEEP, UNCLAIMED, Claim, Office, Place, Upload

_UPLOAD: Final = f"SELECT {UPLOAD_COLUMNS} FROM svidok.uploads"


def possible(upload_id: str) -> bool:
    """Whether PostgreSQL can hold such a text at all."""
    return "\0" not in upload_id


async def find(connection: Connection, upload_id: str) -> Upload | None:
    """The upload with this id, or None."""
    if not possible(upload_id):
        return None
    row = await one(connection, f"{_UPLOAD} WHERE id = %s", upload_id)
    return None if row is None else upload_of(row)


async def uploads(connection: Connection, condition: str, *args: object) -> list[Upload]:
    """Uploads for which a condition holds."""
    return [upload_of(row) for row in await rows(connection, f"{_UPLOAD} WHERE {condition}", *args)]


# ---- offices and tokens ----


async def accept(
    connection: Connection, office: Office, tokens: Sequence[bytes], quota: int, expires: int, issued: int
) -> tuple[int, int]:
    """See `ports.Index.accept`. Raises E_TOKEN_LIST when the bearer is another office's."""
    # One list at a time: two lists of two offices may name the same hash.
    await connection.execute("LOCK TABLE svidok.offices IN SHARE ROW EXCLUSIVE MODE")
    standing = await one(connection, "SELECT issued FROM svidok.offices WHERE root = %s", office.root)
    if standing is not None and standing[0] > issued:
        return 0, 0
    if await one(connection, "SELECT 1 FROM svidok.offices WHERE desk = %s AND root <> %s", office.desk, office.root):
        raise Problem("E_TOKEN_LIST", why="its bearer belongs to another office")
    await run(
        connection,
        "INSERT INTO svidok.offices (root, desk, issued) VALUES (%s, %s, %s)"
        " ON CONFLICT (root) DO UPDATE SET desk = excluded.desk, issued = excluded.issued",
        office.root, office.desk, issued,
    )  # fmt: skip
    listed = sorted(set(tokens))
    cancelled = await run(
        connection,
        "UPDATE svidok.tokens AS t SET cancelled = true WHERE office = %s AND NOT cancelled"
        " AND NOT EXISTS (SELECT 1 FROM unnest(%s::bytea[]) AS l (hash) WHERE l.hash = t.hash)",
        office.root, listed,
    )  # fmt: skip
    valid = await one(
        connection,
        "SELECT count(*) FROM svidok.tokens JOIN unnest(%s::bytea[]) AS l (hash) USING (hash)"
        " WHERE office = %s AND NOT cancelled",
        listed, office.root,
    )  # fmt: skip
    # A hash that stands in another office's list stays with that office.
    listed_here = await run(
        connection,
        "INSERT INTO svidok.tokens AS t (hash, office, quota, expires) SELECT hash, %s, %s, %s"
        " FROM unnest(%s::bytea[]) AS l (hash) ORDER BY hash ON CONFLICT (hash) DO UPDATE"
        " SET cancelled = false, quota = excluded.quota, expires = excluded.expires WHERE t.office = excluded.office",
        office.root, quota, expires, listed,
    )  # fmt: skip
    await run(
        connection,
        "DELETE FROM svidok.tokens AS t WHERE office = %s AND cancelled AND bid IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM svidok.uploads AS u WHERE u.token = t.hash)",
        office.root,
    )
    return listed_here - (valid[0] if valid else 0), cancelled


async def _token(connection: Connection, token: bytes, now: int, lock: str = "") -> tuple[bytes, bytes | None]:
    """Office and bundle of a token that is in force. Raises E_TOKEN_UNKNOWN, E_TOKEN_EXPIRED."""
    wanted = f"SELECT office, bid, expires FROM svidok.tokens WHERE hash = %s AND NOT cancelled {lock}"
    found = await one(connection, wanted, token)
    if found is None:
        raise Problem("E_TOKEN_UNKNOWN")
    if found[2] <= now:
        raise Problem("E_TOKEN_EXPIRED")
    return found[0], found[1]


async def _locked_token(connection: Connection, token: bytes, now: int) -> tuple[bytes, bytes | None]:
    return await _token(connection, token, now, "FOR NO KEY UPDATE")


async def _bind(connection: Connection, token: bytes, bid: bytes, now: int) -> bytes:
    """Binds a token to a bundle, or finds it bound; gives its office. Raises also E_TOKEN_USED."""
    office, bound = await _locked_token(connection, token, now)
    if bound is None:
        await run(connection, "UPDATE svidok.tokens SET bid = %s WHERE hash = %s", bid, token)
    elif bound != bid:
        raise Problem("E_TOKEN_USED")
    return office


async def authorised(connection: Connection, token: bytes, upload: Upload, now: int) -> None:
    """See `ports.Index.authorised`."""
    _, bound = await _token(connection, token, now)
    if token != upload.token and (upload.claim is None or bound != upload.claim.place.bid):
        raise Problem("E_TOKEN_UNKNOWN")


# ---- uploads ----


async def create(
    connection: Connection, upload_id: str, token: bytes, length: int, claim: Claim | None, now: int
) -> Upload:
    """See `ports.Index.create`."""
    if claim is None:
        await _locked_token(connection, token, now)
        made = await find(connection, upload_id)
        if made is not None and made.token == token:
            return made
        waiting = await one(connection, "SELECT count(*) FROM svidok.uploads WHERE token = %s AND bid IS NULL", token)
        if waiting is not None and waiting[0] >= UNCLAIMED:
            raise Problem("E_TOKEN_QUOTA")
    else:
        office = await _bind(connection, token, claim.place.bid, now)
        known = await same_volume(connection, claim)
        if known is not None:
            await _arrived(connection, known, [office], now)
            return known
    taken = "UPDATE svidok.tokens SET used = used + %s WHERE hash = %s AND used + %s <= quota"
    if not await run(connection, taken, length, token, length):
        raise Problem("E_TOKEN_QUOTA")
    await run(
        connection,
        "INSERT INTO svidok.uploads (id, token, length, expires) VALUES (%s, %s, %s, %s)",
        upload_id, token, length, now + KEEP,
    )  # fmt: skip
    if claim is not None:
        await set_claim(connection, upload_id, claim)
    return await _existing(connection, upload_id)


async def identify(connection: Connection, upload_id: str, claim: Claim, now: int) -> Upload:
    """See `ports.Index.identify`."""
    upload = await _existing(connection, upload_id)
    office = await _bind(connection, upload.token, claim.place.bid, now)
    known = await same_volume(connection, claim)
    upload = await _existing(connection, upload_id, "FOR UPDATE")
    if upload.claim is not None:
        if upload.claim != claim:
            raise Problem("E_VOL_MIX")
        return upload
    if known is not None and known.complete:
        await _arrived(connection, known, [office], now)
        await forget(connection, upload)
        return known
    if known is not None:
        await forget(connection, known)
        await same_volume(connection, claim)  # its bundle may have gone with it
    await set_claim(connection, upload_id, claim)
    return await _existing(connection, upload_id)


async def _existing(connection: Connection, upload_id: str, lock: str = "") -> Upload:
    row = await one(connection, f"{_UPLOAD} WHERE id = %s {lock}", upload_id) if possible(upload_id) else None
    if row is None:
        raise Problem("E_UPLOAD_UNKNOWN")
    return upload_of(row)


async def same_volume(connection: Connection, claim: Claim) -> Upload | None:
    """The upload of this very volume, or None; its bundle is locked from here on.

    Raises E_VOL_MIX for another volume in its place or bundle.
    """
    place = claim.place
    agreed = await one(
        connection,
        "INSERT INTO svidok.bundles AS b (bid, shared, broot) VALUES (%s, %s, %s)"
        " ON CONFLICT (bid) DO UPDATE SET shared = b.shared RETURNING shared, broot",
        place.bid, claim.shared, claim.broot,
    )  # fmt: skip
    if agreed != (claim.shared, claim.broot):
        raise Problem("E_VOL_MIX")
    found = await uploads(
        connection, "bid = %s AND stripe = %s AND idx = %s FOR UPDATE", place.bid, place.stripe, place.index
    )
    if found and found[0].claim != claim:
        raise Problem("E_VOL_MIX")
    return found[0] if found else None


async def set_claim(connection: Connection, upload_id: str, claim: Claim) -> None:
    """An upload without a claim gets one."""
    place = claim.place
    await run(
        connection,
        "UPDATE svidok.uploads SET bid = %s, stripe = %s, idx = %s, shard = %s, shared = %s, broot = %s WHERE id = %s",
        place.bid, place.stripe, place.index, claim.shard, claim.shared, claim.broot, upload_id,
    )  # fmt: skip


async def forget(connection: Connection, upload: Upload) -> None:
    """Removes an upload, gives its bytes back, and forgets a bundle of which nothing is left."""
    if not await run(connection, "DELETE FROM svidok.uploads WHERE id = %s", upload.id):
        return
    given_back = "UPDATE svidok.tokens SET used = greatest(0, used - %s) WHERE hash = %s"
    await run(connection, given_back, upload.length, upload.token)
    if upload.claim is not None:
        await run(
            connection,
            "DELETE FROM svidok.bundles AS b WHERE bid = %s"
            " AND NOT EXISTS (SELECT 1 FROM svidok.uploads AS u WHERE u.bid = b.bid)",
            upload.claim.place.bid,
        )


async def _arrived(connection: Connection, upload: Upload, offices: Sequence[bytes], now: int) -> None:
    """A complete volume stands in an office's list once, at its end when it came."""
    for office in sorted(offices) if upload.complete else ():
        known = "SELECT 1 FROM svidok.arrivals WHERE upload = %s AND office = %s"
        if await one(connection, known, upload.id, office) is None:
            await run(
                connection,
                "WITH next AS (UPDATE svidok.arrival SET at = at + 1 RETURNING at)"
                " INSERT INTO svidok.arrivals (at, upload, office, came) SELECT at, %s, %s, %s FROM next",
                upload.id, office, now,
            )  # fmt: skip


async def advance(connection: Connection, upload_id: str, turn: int, offset: int, now: int) -> Upload:
    """See `ports.Index.advance`. Raises E_UPLOAD_BUSY (another has the turn), E_UPLOAD_UNKNOWN, E_UPLOAD_LENGTH."""
    row = await one(
        connection,
        "UPDATE svidok.uploads SET durable = %s, expires = %s WHERE id = %s AND turn = %s AND r1 IS NULL"
        f" AND %s BETWEEN 0 AND length RETURNING {UPLOAD_COLUMNS}",
        offset, now + KEEP, upload_id, turn, offset,
    )  # fmt: skip
    if row is not None:
        return upload_of(row)
    upload = await _existing(connection, upload_id)
    if upload.complete:
        raise Problem("E_UPLOAD_UNKNOWN")
    raise Problem("E_UPLOAD_LENGTH" if upload.turn == turn else "E_UPLOAD_BUSY")


async def complete(connection: Connection, upload_id: str, turn: int, r1: bytes, now: int) -> Upload:
    """See `ports.Index.complete`; repeating it changes nothing. Raises E_UPLOAD_BUSY, E_UPLOAD_UNKNOWN."""
    upload = await _existing(connection, upload_id)
    if upload.claim is None:
        raise Problem("E_UPLOAD_UNKNOWN")
    # A token that is being bound to this bundle waits here, so that its office's list is not passed over.
    await one(connection, "SELECT 1 FROM svidok.bundles WHERE bid = %s FOR NO KEY UPDATE", upload.claim.place.bid)
    upload = await _existing(connection, upload_id, "FOR UPDATE")
    if upload.complete or upload.claim is None:
        return upload
    if upload.turn != turn:
        raise Problem("E_UPLOAD_BUSY")
    await run(connection, "UPDATE svidok.uploads SET durable = length, r1 = %s WHERE id = %s", r1, upload_id)
    done = await _existing(connection, upload_id)
    found = await rows(
        connection,
        "SELECT office FROM svidok.tokens WHERE bid = %s UNION SELECT office FROM svidok.tokens WHERE hash = %s",
        upload.claim.place.bid, upload.token,
    )  # fmt: skip
    await _arrived(connection, done, [office for (office,) in found], now)
    return done


async def remove(connection: Connection, upload_id: str) -> None:
    """See `ports.Index.remove`."""
    upload = await find(connection, upload_id)
    if upload is None or upload.complete:
        return
    await one(connection, "SELECT 1 FROM svidok.tokens WHERE hash = %s FOR NO KEY UPDATE", upload.token)
    for held in await uploads(connection, "id = %s AND r1 IS NULL FOR UPDATE", upload_id):
        await forget(connection, held)


async def release(connection: Connection, place: Place, before: int, now: int) -> bool:
    """See `ports.Index.release`. A writer from before it was complete finds its turn gone."""
    await one(connection, "SELECT 1 FROM svidok.bundles WHERE bid = %s FOR NO KEY UPDATE", place.bid)
    held = "bid = %s AND stripe = %s AND idx = %s AND r1 IS NOT NULL FOR UPDATE"
    found = await uploads(connection, held, place.bid, place.stripe, place.index)
    if not found:
        return False
    name = found[0].id
    wanted = "SELECT bool_and(acknowledged < %s) FROM svidok.arrivals WHERE upload = %s"
    wanted += " HAVING count(*) = count(acknowledged)"
    if await one(connection, wanted, before, name) != (True,):
        return False
    await run(connection, "DELETE FROM svidok.arrivals WHERE upload = %s", name)
    await run(
        connection,
        "UPDATE svidok.uploads SET r1 = NULL, durable = 0, expires = %s, turn = turn + 1 WHERE id = %s",
        now, name,
    )  # fmt: skip
    return True


async def drop(connection: Connection, place: Place) -> None:
    """See `ports.Index.drop`."""
    held = "bid = %s AND stripe = %s AND idx = %s AND r1 IS NOT NULL FOR UPDATE"
    for upload in await uploads(connection, held, place.bid, place.stripe, place.index):
        await forget(connection, upload)
