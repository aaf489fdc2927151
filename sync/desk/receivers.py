"""Receivers that the packs of a mission name (docs/spec/protocol.md §8.3, §10.1).

Rule: a receiver is known by the key that signs its R1. A card with the same key and other certificates or another
address takes the older card's place, so that a receiver that changed its certificate does not appear twice. One that a
mission names no more stays known until somebody says that nothing lies there: devices learn of it only by a new pack.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.mission import PackBody, ReceiverCard
from schemas.structure import decode
from sync import cards
from sync.desk import arrivals

if TYPE_CHECKING:
    from sync.desk.mission import Mission

MOST: Final = 8
"""Receivers of one mission, as a pack can name them."""
MOST_OF_DESK: Final = 64
"""Receivers of all missions, as a list of tokens can name them."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver as the desk keeps it: its card, and the fingerprint that `svidok receiver init` showed.

    `missions` name it in their packs; `left` did, and what lies there for them is still fetched.
    """

    card: ReceiverCard
    fingerprint: str
    missions: tuple[str, ...]
    replaced: bool = False
    left: tuple[str, ...] = ()

    @property
    def key(self) -> bytes:
        """What it is known by."""
        return self.card.r1_key

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "url": self.card.url,
            "onion": self.card.onion,
            "fingerprint": self.fingerprint,
            "certificates": len(self.card.certs),
            "missions": list(self.missions),
            "left": list(self.left),
        }


def add(vault: Vault, mission: Mission, data: bytes, *, clock: Callable[[], float]) -> Receiver:
    """Let a mission's packs name the receiver of this card. Devices learn of it by their next pack.

    Raises E_RECEIVER_CARD, E_RECEIVER_TWICE (the very same card), E_RECEIVERS_MANY, E_RECEIVERS_FULL.
    """
    card = cards.read_card(data)
    with vault.db.transaction():
        rows = vault.db.query(
            "SELECT r1_key, card, place, removed FROM mission_receiver WHERE mission = ?", (mission.id,)
        )
        known = {bytes(key): bytes(kept) for key, kept, _, removed in rows if removed is None}
        if known.get(card.r1_key) == data:
            raise Problem("E_RECEIVER_TWICE")
        if card.r1_key not in known and len(known) >= MOST:
            raise Problem("E_RECEIVERS_MANY", limit=MOST)
        elsewhere = vault.db.one(
            "SELECT count(DISTINCT r1_key) FROM mission_receiver WHERE r1_key != ?", (card.r1_key,)
        )
        if elsewhere is not None and int(elsewhere[0]) >= MOST_OF_DESK:
            raise Problem("E_RECEIVERS_FULL", limit=MOST_OF_DESK)
        place = max((int(row[2]) for row in rows), default=-1) + 1
        vault.db.execute(
            "INSERT INTO mission_receiver (mission, r1_key, place, card, added) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (mission, r1_key) DO UPDATE SET card = excluded.card, added = excluded.added,"
            " place = CASE WHEN removed IS NULL THEN place ELSE excluded.place END, removed = NULL",
            (mission.id, card.r1_key, place, data, int(clock())),
        )
        vault.log.append("receiver", card.r1_key, {"replaced": int(card.r1_key in known)})
    return Receiver(card, cards.fingerprint(data), (mission.name,), card.r1_key in known)


def remove(vault: Vault, mission: Mission, which: str, *, clock: Callable[[], float]) -> Receiver:
    """Let a mission's packs name this receiver no more; devices learn of it by their next pack.

    Until it is forgotten the desk goes on fetching what lies there, and puts receipts there: devices send to it and ask
    it as long as they have the packs that name it. Raises E_RECEIVER_WHICH, E_RECEIVERS_NONE.
    """
    with vault.db.transaction():
        named = [receiver for receiver in everywhere(vault, mission.name) if mission.name in receiver.missions]
        (found,) = _fitting(named, which)
        vault.db.execute(
            "UPDATE mission_receiver SET removed = ? WHERE mission = ? AND r1_key = ?",
            (int(clock()), mission.id, found.key),
        )
        vault.log.append("receiver", found.key, {"removed": 1})
    return found


def forget(vault: Vault, mission: Mission, which: str, *, force: bool = False) -> Receiver:
    """Nothing that lies at a receiver for this mission is wanted any more. It must have been removed before.

    When no other mission needs it, the next list of tokens leaves it out. Raises E_RECEIVER_HOLDS while something may
    still lie there (not with `force`), E_RECEIVER_WHICH, E_RECEIVERS_NONE.
    """
    with vault.db.transaction():
        left = [receiver for receiver in everywhere(vault, mission.name) if mission.name in receiver.left]
        (found,) = _fitting(left, which)
        problem = holding(vault, mission, found)
        if problem is not None and not force:
            raise problem
        vault.db.execute("DELETE FROM mission_receiver WHERE mission = ? AND r1_key = ?", (mission.id, found.key))
        if vault.db.one("SELECT 1 FROM mission_receiver WHERE r1_key = ?", (found.key,)) is None:
            arrivals.forget(vault, found.key)
        vault.log.append("receiver", found.key, {"forgotten": 1})
    return found


def holding(vault: Vault, mission: Mission, receiver: Receiver) -> Problem | None:
    """E_RECEIVER_HOLDS, with what may still lie at a receiver that a mission names no more; None when nothing can."""
    devices = _devices(vault, mission, receiver.key)
    lying, boxes = (0, 0), 0
    if {*receiver.missions, *receiver.left} == {mission.name}:  # else it is asked for the others all the same
        lying, boxes = arrivals.lying(vault, receiver.key), len(arrivals.lacking(vault, receiver.key))
    if not (devices or boxes or any(lying)):
        return None
    return Problem(
        "E_RECEIVER_HOLDS", url=receiver.card.url, volumes=lying[0], imported=lying[1], boxes=boxes, devices=devices
    )


def _devices(vault: Vault, mission: Mission, key: bytes) -> int:
    """Devices of a mission whose newest pack names this receiver: they go on sending there."""
    rows = vault.db.query(
        "SELECT body, max(ver) FROM pack JOIN device USING (serial)"
        " WHERE device.mission = ? AND device.last_ok IS NULL GROUP BY serial",
        (mission.id,),
    )
    return sum(any(card.r1_key == key for card in decode(PackBody, row[0]).receivers) for row in rows)


def of(vault: Vault, mission: bytes) -> tuple[ReceiverCard, ...]:
    """The cards that a mission's packs name, in the order in which they were added."""
    rows = vault.db.query(
        "SELECT card FROM mission_receiver WHERE mission = ? AND removed IS NULL ORDER BY place", (mission,)
    )
    return tuple(cards.read_card(bytes(row[0])) for row in rows)


def everywhere(vault: Vault, mission: str | None = None) -> list[Receiver]:
    """The receivers of all missions, or of one, each once; with several cards of one key the newest counts.

    With them those that were removed and not forgotten.
    """
    rows = vault.db.query(
        "SELECT r1_key, mission.name, removed FROM mission_receiver JOIN mission ON mission.id = mission"
        " ORDER BY mission.created, mission.name, place"
    )
    newest = {
        bytes(key): bytes(card)
        for key, card in vault.db.query("SELECT r1_key, card FROM mission_receiver ORDER BY added, rowid")
    }
    missions: dict[bytes, tuple[list[str], list[str]]] = {}
    for key, name, removed in rows:
        named, left = missions.setdefault(bytes(key), ([], []))
        (named if removed is None else left).append(str(name))
    return [
        Receiver(cards.read_card(newest[key]), cards.fingerprint(newest[key]), tuple(named), left=tuple(left))
        for key, (named, left) in missions.items()
        if mission is None or mission in (*named, *left)
    ]


def chosen(vault: Vault, only: str | None = None) -> list[Receiver]:
    """All receivers, or the one whose fingerprint begins with these digits or whose address is this.

    Raises E_RECEIVERS_NONE, E_RECEIVER_WHICH.
    """
    found = everywhere(vault)
    if found and only is None:
        return found
    return _fitting(found, only or "")


def _fitting(found: list[Receiver], only: str) -> list[Receiver]:
    """The one that is meant. Raises E_RECEIVERS_NONE, E_RECEIVER_WHICH."""
    if not found:
        raise Problem("E_RECEIVERS_NONE")
    digits = only.replace(" ", "").replace("-", "")
    fitting = [r for r in found if r.card.url == only or (digits and r.fingerprint.replace(" ", "").startswith(digits))]
    if len(fitting) != 1:
        raise Problem("E_RECEIVER_WHICH", names=named(found))
    return fitting


def named(found: Sequence[Receiver]) -> str:
    """Receivers for a sentence: address and first digits of each."""
    return ", ".join(f"{receiver.card.url} ({receiver.fingerprint[:11]})" for receiver in found)


def chosen_one(vault: Vault, only: str | None, url: str | None) -> list[Receiver]:
    """As `chosen`; an address that is given belongs to one receiver. Raises also E_RECEIVER_WHICH."""
    found = chosen(vault, only)
    if url is not None and len(found) > 1:
        raise Problem("E_RECEIVER_WHICH", names=named(found))
    return found
