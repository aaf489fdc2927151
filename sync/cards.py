"""The card of a receiver: what an office puts into mission packs so that devices find it and know it (§10.1, §8.3).

    SVIDCAR1 ‖ signed object (type "card", by r1_key) of ReceiverCard {url, onion?, certs: [current, next], r1_key}

Rule: its signature shows that whoever made it holds the key by which the receiver is known, and nothing else; an office
takes a card when two people have compared its fingerprint. No server is loaded here.
"""

from __future__ import annotations

from typing import Final

from collector import crypto, signed
from schemas import structure
from schemas.problems import Problem
from schemas.records.common import SignedObject
from schemas.records.mission import ReceiverCard
from sync.address import Address

MAGIC: Final = b"SVIDCAR1"
MAX_FILE: Final = 32_768


def write_card(card: ReceiverCard, key: signed.StaticKey) -> bytes:
    """The bytes of a card's file, signed with its own key (64 bytes). Raises E_RECEIVER_URL, E_SCHEMA."""
    _check(card)
    return MAGIC + signed.sign_object("card", structure.encode(card), [key])


def read_card(data: bytes) -> ReceiverCard:
    """The card in a file. Raises E_RECEIVER_CARD."""
    if data[: len(MAGIC)] != MAGIC:
        raise Problem("E_RECEIVER_CARD")
    try:
        card = _signed_card(data[len(MAGIC) :])
        _check(card)
    except Problem:
        raise Problem("E_RECEIVER_CARD") from None
    return card


def _signed_card(data: bytes) -> ReceiverCard:
    """The card, signed by the key that it names, in one spelling only."""
    item = structure.decode(SignedObject, data)
    card = structure.decode(ReceiverCard, item.body)
    if len(item.sigs) != 1:
        raise Problem("E_RECEIVER_CARD")
    signed.open_object("card", data, {crypto.kid(card.r1_key): card.r1_key}, 1, "E_RECEIVER_CARD")
    return card


def fingerprint(data: bytes) -> str:
    """What the people at the receiver and at the desk compare: the fingerprint of the card file's bytes."""
    return crypto.fingerprint(data)


def _check(card: ReceiverCard) -> None:
    """Its addresses are some. Raises E_RECEIVER_URL."""
    Address.parse(card.url)
    if card.onion is not None:
        Address.onion(card.onion)
