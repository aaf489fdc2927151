"""The card of a receiver, as a person sees it before it goes into packs: where it is, and the digits to compare."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from schemas.problems import Problem
from tui.locale import _
from tui.widgets.paths import is_file


@dataclass(frozen=True, slots=True)
class Card:
    """A card file that was read."""

    data: bytes
    url: str
    fingerprint: str


def read_card(path: Path) -> Card | None:
    """The card in a file; None when there is no such file. Raises E_RECEIVER_CARD and what reading a file raises."""
    from collector import files
    from sync import cards

    if not is_file(path):
        return None
    try:
        data = files.read_limited(path, cards.MAX_FILE)
    except Problem as problem:
        raise Problem("E_RECEIVER_CARD") if problem.code == "E_FORMAT" else problem from None
    return Card(data, cards.read_card(data).url, cards.fingerprint(data))


def compare_text(card: Card) -> str:
    """Where it is, its digits, and what to do with them."""
    return "\n".join(
        (
            card.url,
            card.fingerprint,
            "",
            _(
                "Whoever set the receiver up saw these digits there. Compare them over another way than the one by "
                "which the card came: with a wrong card, interviews would go to somebody else's computer. Nobody can "
                "open them there, but they would not arrive."
            ),
        )
    )
