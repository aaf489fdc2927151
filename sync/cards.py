"""The card of a receiver: what an office puts into mission packs so that devices find it and know it (§10.1, §8.3).

    SVIDCAR1 ‖ CMP ReceiverCard {url, onion?, certs: [current, next] as DER, r1_key}

Rule: a card is not signed; an office takes it when two people have compared its fingerprint. No server is loaded here.
"""

from __future__ import annotations

from typing import Final

from collector import crypto
from schemas import structure
from schemas.problems import Problem
from schemas.records.mission import ReceiverCard
from sync.address import Address

MAGIC: Final = b"SVIDCAR1"
MAX_FILE: Final = 32_768


def write_card(card: ReceiverCard) -> bytes:
    """The bytes of a card's file. Raises E_RECEIVER_URL, E_SCHEMA."""
    _check(card)
    return MAGIC + structure.encode(card)


def read_card(data: bytes) -> ReceiverCard:
    """The card in a file. Raises E_RECEIVER_CARD."""
    if data[: len(MAGIC)] != MAGIC:
        raise Problem("E_RECEIVER_CARD")
    try:
        card = structure.decode(ReceiverCard, data[len(MAGIC) :])
        _check(card)
    except Problem:
        raise Problem("E_RECEIVER_CARD") from None
    return card


def fingerprint(data: bytes) -> str:
    """What the people at the receiver and at the desk compare: the fingerprint of the card file's bytes."""
    return crypto.fingerprint(data)


def _check(card: ReceiverCard) -> None:
    """Its addresses are some. Raises E_RECEIVER_URL."""
    Address.parse(card.url)
    if card.onion is not None:
        Address.onion(card.onion)
