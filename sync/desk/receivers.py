"""Receivers that the packs of a mission name (docs/spec/protocol.md §8.3, §10.1).

Rule: a receiver is known by the key that signs its R1. A card with the same key and other certificates or another
address takes the older card's place, so that a receiver that changed its certificate does not appear twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.mission import ReceiverCard
from sync import cards

if TYPE_CHECKING:
    from sync.desk.mission import Mission

MOST: Final = 8
"""Receivers of one mission, as a pack can name them."""
MOST_OF_DESK: Final = 64
"""Receivers of all missions, as a list of tokens can name them."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver as the desk keeps it: its card, and the fingerprint that `svidok receiver init` showed."""

    card: ReceiverCard
    fingerprint: str
    missions: tuple[str, ...]
    replaced: bool = False

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
        }


def add(vault: Vault, mission: Mission, data: bytes, *, clock: Callable[[], float]) -> Receiver:
    """Let a mission's packs name the receiver of this card. Devices learn of it by their next pack.

    Raises E_RECEIVER_CARD, E_RECEIVER_TWICE (the very same card), E_RECEIVERS_MANY, E_RECEIVERS_FULL.
    """
    card = cards.read_card(data)
    with vault.db.transaction():
        rows = vault.db.query(
            "SELECT r1_key, card, place FROM mission_receiver WHERE mission = ? ORDER BY place", (mission.id,)
        )
        known = {bytes(key): bytes(kept) for key, kept, _ in rows}
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
            " ON CONFLICT (mission, r1_key) DO UPDATE SET card = excluded.card, added = excluded.added",
            (mission.id, card.r1_key, place, data, int(clock())),
        )
        vault.log.append("receiver", card.r1_key, {"replaced": int(card.r1_key in known)})
    return Receiver(card, cards.fingerprint(data), (mission.name,), card.r1_key in known)


def remove(vault: Vault, mission: Mission, which: str) -> Receiver:
    """Let a mission's packs name this receiver no more; devices learn of it by their next pack. What lies there can
    still be fetched while another mission names it.

    Raises E_RECEIVER_WHICH, E_RECEIVERS_NONE.
    """
    with vault.db.transaction():
        (found,) = _fitting(everywhere(vault, mission.name), which)
        vault.db.execute("DELETE FROM mission_receiver WHERE mission = ? AND r1_key = ?", (mission.id, found.key))
        vault.log.append("receiver", found.key, {"removed": 1})
    return found


def of(vault: Vault, mission: bytes) -> tuple[ReceiverCard, ...]:
    """The cards of a mission, in the order in which they were added."""
    rows = vault.db.query("SELECT card FROM mission_receiver WHERE mission = ? ORDER BY place", (mission,))
    return tuple(cards.read_card(bytes(row[0])) for row in rows)


def everywhere(vault: Vault, mission: str | None = None) -> list[Receiver]:
    """The receivers of all missions, or of one, each once; with several cards of one key the newest counts."""
    rows = vault.db.query(
        "SELECT r1_key, card, mission.name FROM mission_receiver JOIN mission ON mission.id = mission"
        " ORDER BY mission.created, mission.name, place"
    )
    newest = {
        bytes(key): bytes(card)
        for key, card in vault.db.query("SELECT r1_key, card FROM mission_receiver ORDER BY added, rowid")
    }
    missions: dict[bytes, list[str]] = {}
    for key, _, name in rows:
        missions.setdefault(bytes(key), []).append(str(name))
    return [
        Receiver(cards.read_card(newest[key]), cards.fingerprint(newest[key]), tuple(names))
        for key, names in missions.items()
        if mission is None or mission in names
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
