"""What the desk knows of volumes at its receivers, and which of them lie in its own folder (docs/spec/protocol.md
§10.5).

Rule: rows say what was listed and what became of it; the folder `fetched/` of the home holds a volume under its name
only after it was verified whole. What a receiver lists is a claim: names of files come from the desk alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collector import files
from collector.vault import Vault
from schemas.records.network import ListedVolume
from sync.volume import volume_name

FOLDER: Final = "fetched"
PART: Final = ".part"
MOST: Final = 32_768
"""Volumes that lie here at a time, and lines of one receiver that wait: an import takes twice as many files."""
GIVEN_UP: Final = 5
"""Runs after which a volume that the receiver lists and never gives is forgotten."""
_WHOLE: Final = (
    "SELECT bid FROM bundle_filed WHERE entries ="
    " (SELECT count(*) FROM receipt WHERE receipt.bid = bundle_filed.bid AND status = 'imported')"
)
"""Bundles of which every entry is imported and has its receipt."""
_IS_WHOLE: Final = f"EXISTS ({_WHOLE} AND bundle_filed.bid = fetched.bid)"
"""The same for the bundle of a row, where few rows are asked about."""
_LACKING: Final = (
    "SELECT retn, max(changed) AS newest FROM return_box AS box WHERE retn IN ("
    "SELECT retn FROM return_box JOIN mission_receiver USING (mission) WHERE r1_key = ?1"
    " UNION SELECT retn FROM fetched JOIN bundle USING (bid) WHERE receiver = ?1 AND state = 'done')"
    " GROUP BY retn HAVING newest >"
    " coalesce((SELECT changed FROM return_put WHERE receiver = ?1 AND return_put.retn = box.retn), 0)"
)
"""Boxes that a receiver lacks, or that have other receipts than it was given: those of its missions and of the volumes
that it listed.
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One volume that a receiver lists: bundle id, stripe, index, bytes, shard root."""

    bid: bytes
    stripe: int
    index: int
    length: int
    shard: bytes

    @property
    def name(self) -> str:
        """The name of its file."""
        return volume_name(self.bid, self.stripe, self.index)


def folder(vault: Vault) -> Path:
    """Where fetched volumes lie; made when it is not there."""
    path = vault.home / FOLDER
    if not path.is_dir():
        files.make_private_dir(path)
    return path


# ---- the list ----


def place(vault: Vault, receiver: bytes) -> int:
    """Up to where the list of a receiver was read; 0 in the beginning."""
    row = vault.db.one("SELECT after FROM fetch_place WHERE receiver = ?", (receiver,))
    return 0 if row is None else int(row[0])


def note(vault: Vault, receiver: bytes, volumes: Iterable[ListedVolume], after: int) -> int:
    """One page of the list and where it ends, in one transaction; returns how many volumes in it are new."""
    new = 0
    with vault.db.transaction():
        for item in volumes:
            new += vault.db.changes(
                "INSERT INTO fetched (receiver, bid, s, i, at, bytes, shard, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 'listed')"
                " ON CONFLICT (receiver, bid, s, i) DO UPDATE SET at = excluded.at, bytes = excluded.bytes,"
                " shard = excluded.shard WHERE state = 'listed'"
                " AND (at, bytes, shard) <> (excluded.at, excluded.bytes, excluded.shard)",
                (receiver, item.bid, item.s, item.i, item.at, item.bytes_, item.shard),
            )
        vault.db.execute(
            "INSERT INTO fetch_place VALUES (?, ?) ON CONFLICT (receiver) DO UPDATE SET after = excluded.after",
            (receiver, after),
        )
    return new


def begin_again(vault: Vault, receiver: bytes) -> None:
    """Forget what a receiver listed, so that its list is read from the start; files that lie here stay."""
    with vault.db.transaction():
        vault.db.execute("DELETE FROM fetched WHERE receiver = ? AND state <> 'here'", (receiver,))
        vault.db.execute("DELETE FROM fetch_place WHERE receiver = ?", (receiver,))


def room(vault: Vault, receiver: bytes) -> int:
    """How many lines more of a receiver's list may wait: each receiver has room of its own."""
    row = vault.db.one("SELECT count(*) FROM fetched WHERE receiver = ? AND state = 'listed'", (receiver,))
    return MOST - (int(row[0]) if row else 0)


def full(vault: Vault) -> bool:
    """Whether as many volumes lie here as an import can take together with sticks."""
    return len(_places(vault, "here")) >= MOST


def adopt(vault: Vault, receiver: bytes, *, even_if_imported: bool = False) -> int:
    """What needs no fetching: it lies here from another receiver, or its bundle is imported; returns how many.

    `even_if_imported`: such a bundle is fetched all the same. What a receiver lists although its bundle is imported may
    be one that lost its index, and its return boxes with it: they are put there again.
    """
    with vault.db.transaction():
        vault.db.execute(
            "DELETE FROM return_put WHERE receiver = ?1 AND retn IN (SELECT retn FROM bundle JOIN fetched USING (bid)"
            f" WHERE receiver = ?1 AND state = 'listed' AND bid IN ({_WHOLE}))",
            (receiver,),
        )
        here = vault.db.changes(
            "UPDATE fetched SET state = 'here' WHERE receiver = ? AND state = 'listed' AND EXISTS"
            " (SELECT 1 FROM fetched AS other WHERE other.bid = fetched.bid AND other.s = fetched.s"
            " AND other.i = fetched.i AND other.shard = fetched.shard AND other.state = 'here')",
            (receiver,),
        )
        if even_if_imported:
            return here
        done = vault.db.changes(
            f"UPDATE fetched SET state = 'done' WHERE receiver = ? AND state = 'listed' AND bid IN ({_WHOLE})",
            (receiver,),
        )
    return here + done


def wanted(vault: Vault, receiver: bytes) -> list[Wanted]:
    """What is listed and not here yet: first what never failed, in order of arrival."""
    rows = vault.db.query(
        "SELECT bid, s, i, bytes, shard FROM fetched WHERE receiver = ? AND state = 'listed' ORDER BY tries, at",
        (receiver,),
    )
    return [Wanted(bytes(bid), int(s), int(i), int(length), bytes(shard)) for bid, s, i, length, shard in rows]


def arrived(vault: Vault, receiver: bytes, item: Wanted) -> None:
    """It lies in the folder, verified and durable."""
    _set(vault, receiver, item, "state = 'here', tries = 0")


def failed(vault: Vault, receiver: bytes, item: Wanted, code: str) -> None:
    """It did not come in this run. One that is not for this desk is not asked for again, and one that is gone
    (E_FETCH_GONE) is forgotten in the end.
    """
    _set(vault, receiver, item, "state = 'foreign'" if code == "E_NOT_FOR_US" else "tries = tries + 1")
    if code == "E_FETCH_GONE":
        vault.db.execute(
            "DELETE FROM fetched WHERE receiver = ? AND bid = ? AND s = ? AND i = ? AND tries >= ?",
            (receiver, item.bid, item.stripe, item.index, GIVEN_UP),
        )


def _set(vault: Vault, receiver: bytes, item: Wanted, change: str) -> None:
    vault.db.execute(
        f"UPDATE fetched SET {change} WHERE receiver = ? AND bid = ? AND s = ? AND i = ?",
        (receiver, item.bid, item.stripe, item.index),
    )


def sweep(vault: Vault) -> None:
    """Remove parts of volumes that nothing waits for any more; what lost its file is listed again."""
    here = folder(vault)
    names = {Wanted(bytes(bid), s, i, 0, b"").name for bid, s, i in _places(vault, "listed")}
    with files.mapped_os_errors():
        found = {path.name for path in here.iterdir()}
    for name in found:
        if name.endswith(PART) and name.removesuffix(PART) not in names:
            files.remove(here / name)
    for bid, s, i in _places(vault, "here"):
        if volume_name(bid, s, i) not in found:
            vault.db.execute(
                "UPDATE fetched SET state = 'listed' WHERE bid = ? AND s = ? AND i = ? AND state = 'here'", (bid, s, i)
            )


def _places(vault: Vault, state: str) -> list[tuple[bytes, int, int]]:
    rows = vault.db.query("SELECT DISTINCT bid, s, i FROM fetched WHERE state = ?", (state,))
    return [(bytes(bid), int(s), int(i)) for bid, s, i in rows]


# ---- after an import ----


def settle(vault: Vault) -> int:
    """Remove the volumes of bundles that are imported whole; returns how many.

    Volumes of bundles that are incomplete, or of which something stands in quarantine, stay for the next import.
    """
    whole = {bytes(row[0]) for row in vault.db.query(_WHOLE)}
    places = [place for place in _places(vault, "here") if place[0] in whole]
    for bid, s, i in places:
        files.remove(vault.home / FOLDER / volume_name(bid, s, i))
    vault.db.execute(f"UPDATE fetched SET state = 'done' WHERE state IN ('listed', 'here') AND bid IN ({_WHOLE})")
    vault.db.execute(
        "DELETE FROM fetched WHERE state = 'done' AND receiver NOT IN (SELECT r1_key FROM mission_receiver)"
    )
    return len(places)


# ---- acknowledging ----


def to_acknowledge(vault: Vault, receiver: bytes) -> list[tuple[bytes, int, int]]:
    """Volumes at a receiver whose bundle is imported whole, and whose box it has: bundle id, stripe, index."""
    rows = vault.db.query(
        "SELECT bid, s, i FROM fetched JOIN bundle USING (bid)"
        f" WHERE receiver = ?1 AND state = 'done' AND {_IS_WHOLE}"
        f" AND retn NOT IN (SELECT retn FROM ({_LACKING})) ORDER BY at",
        (receiver,),
    )
    return [(bytes(bid), int(s), int(i)) for bid, s, i in rows]


def acknowledged(vault: Vault, receiver: bytes, place: tuple[bytes, int, int]) -> None:
    """The receiver was told; nothing has to be remembered of that volume."""
    vault.db.execute("DELETE FROM fetched WHERE receiver = ? AND bid = ? AND s = ? AND i = ?", (receiver, *place))


# ---- return boxes ----


def boxes(vault: Vault, receiver: bytes) -> int:
    """How many boxes with receipts a receiver is to have: those of its missions and of the volumes that it listed."""
    row = vault.db.one(
        "SELECT count(*) FROM (SELECT retn FROM return_box JOIN mission_receiver USING (mission) WHERE r1_key = ?1"
        " UNION SELECT retn FROM return_box JOIN bundle USING (retn) JOIN fetched USING (bid)"
        " WHERE receiver = ?1 AND state = 'done')",
        (receiver,),
    )
    return int(row[0]) if row else 0


def lacking(vault: Vault, receiver: bytes) -> dict[bytes, int]:
    """The boxes that a receiver lacks or has with older receipts, those that changed first before the others: retn, and
    which change is the last one.
    """
    rows = vault.db.query(f"{_LACKING} ORDER BY newest", (receiver,))
    return {bytes(retn): int(changed) for retn, changed in rows}


def box_put(vault: Vault, receiver: bytes, retn: bytes, changed: int, now: int) -> None:
    """A receiver took a box with every receipt up to this change."""
    vault.db.execute(
        "INSERT INTO return_put VALUES (?, ?, ?, ?) ON CONFLICT (receiver, retn) DO UPDATE SET"
        " changed = excluded.changed, at = excluded.at",
        (receiver, retn, changed, now),
    )


# ---- what may still lie there ----


def lying(vault: Vault, receiver: bytes) -> tuple[int, int]:
    """Volumes that a receiver lists and that are not here; volumes of it that are here and not acknowledged."""
    row = vault.db.one(
        "SELECT coalesce(sum(state = 'listed'), 0), coalesce(sum(state IN ('here', 'done')), 0) FROM fetched"
        " WHERE receiver = ?",
        (receiver,),
    )
    return (int(row[0]), int(row[1])) if row else (0, 0)


def forget(vault: Vault, receiver: bytes) -> None:
    """Of a receiver that is asked no more, keep only which volumes lie here, inside the caller's transaction."""
    vault.db.execute("DELETE FROM fetched WHERE receiver = ? AND state <> 'here'", (receiver,))
    vault.db.execute("DELETE FROM fetch_place WHERE receiver = ?", (receiver,))
    vault.db.execute("DELETE FROM return_put WHERE receiver = ?", (receiver,))


def counts(vault: Vault) -> dict[str, int]:
    """For `status`: volumes that lie here with their bytes, that are listed and not here, that can be acknowledged."""
    here = vault.db.one(
        "SELECT count(*), coalesce(sum(bytes), 0) FROM"
        " (SELECT DISTINCT bid, s, i, bytes FROM fetched WHERE state = 'here')"
    )
    listed = vault.db.one("SELECT count(*) FROM fetched WHERE state = 'listed'")
    waiting = vault.db.one(f"SELECT count(*) FROM fetched WHERE state = 'done' AND {_IS_WHOLE}")
    return {
        "here": int(here[0]) if here else 0,
        "here_bytes": int(here[1]) if here else 0,
        "listed": int(listed[0]) if listed else 0,
        "to_acknowledge": int(waiting[0]) if waiting else 0,
    }
