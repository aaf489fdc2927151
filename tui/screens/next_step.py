"""What to do next, in one line, from how all interviews stand.

The rule: one line and one thing, the most urgent first: what could be lost or read here stands before what only waits.
Nothing of what anybody said is looked at; states and times are enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync import permits
from tui.locale import _, ngettext

if TYPE_CHECKING:
    from collector.field import InterviewRow

DAY = 86_400
DRAFT_DAYS = 3
"""A draft can be read by whoever has the passphrase: after so many days it is time to seal or delete it."""
WAIT_DAYS = 14
"""After so many days without a receipt a stick may be lost."""
RECEIPT_DAYS = 1
PACK_DAYS = 14
"""So long before its end the mission pack is spoken of."""


@dataclass(frozen=True, slots=True)
class Facts:
    """How things stand. `now`, `pack_expires`: seconds since 1970; `pack_expires` is None without a mission.

    `removable`: interviews that may be deleted here. `permits`: permissions for sending that are left, None where the
    mission has no receiver or the network is switched off.
    """

    rows: Sequence[InterviewRow]
    now: int
    pack_expires: int | None
    removable: int = 0
    permits: int | None = None


def next_step(facts: Facts) -> str:
    """The one thing to do next; empty when nothing waits for a hand."""
    if facts.pack_expires is None:
        return _("Next: F9 makes the request for a mission.") if facts.rows else ""
    for step in (_drafts, _talk, _pack_over, _leave, _way, _remove, _pack_ends, _permits):
        words = step(facts)
        if words:
            return words
    return ""


def _drafts(facts: Facts) -> str:
    cut = sum(row.state == "frozen" for row in facts.rows)
    if cut:
        return ngettext(
            "Next: open the draft whose sealing was interrupted, and seal it again.",
            "Next: open the {count} drafts whose sealing was interrupted, and seal them again.",
            cut,
        )
    old = sum(row.state == "open" and facts.now - row.opened_at >= DRAFT_DAYS * DAY for row in facts.rows)
    if not old:
        return ""
    return ngettext(
        "Next: {count} draft is open for {days} days or more: seal it, or F8.",
        "Next: {count} drafts are open for {days} days or more: seal them, or F8.",
        old,
        days=DRAFT_DAYS,
    )


def _talk(facts: Facts) -> str:
    refused = sum(row.state == "needs-human" for row in facts.rows)
    if not refused:
        return ""
    return ngettext(
        "Next: talk to the office, it could not take {count} interview.",
        "Next: talk to the office, it could not take {count} interviews.",
        refused,
    )


def _pack_over(facts: Facts) -> str:
    if facts.pack_expires is None or facts.now < facts.pack_expires:
        return ""
    return _("Next: the mission pack is out of date. Ask the office for a new one (F9).")


def _leave(facts: Facts) -> str:
    sealed = sum(row.state == "sealed" for row in facts.rows)
    if not sealed:
        return ""
    return ngettext(
        "Next: F6 brings {count} sealed interview on its way.",
        "Next: F6 brings {count} sealed interviews on their way.",
        sealed,
    )


def _way(facts: Facts) -> str:
    ages = [facts.now - row.changed_at for row in facts.rows if row.state in ("exported", "stored")]
    late = sum(age >= WAIT_DAYS * DAY for age in ages)
    if late:
        return ngettext(
            "Next: {count} without a receipt for {days} days: F7; if there is none, F6 again.",
            "Next: {count} without a receipt for {days} days: F7; if there is none, F6 again.",
            late,
            days=WAIT_DAYS,
        )
    due = sum(age >= RECEIPT_DAYS * DAY for age in ages)
    if not due:
        return ""
    return ngettext(
        "Next: F7 looks for the receipt of {count} interview.",
        "Next: F7 looks for the receipts of {count} interviews.",
        due,
    )


def _remove(facts: Facts) -> str:
    if not facts.removable:
        return ""
    return ngettext(
        "Next: {count} interview may be deleted here: F7, then F8.",
        "Next: {count} interviews may be deleted here: F7, then F8.",
        facts.removable,
    )


def _pack_ends(facts: Facts) -> str:
    left = 0 if facts.pack_expires is None else facts.pack_expires - facts.now
    if not 0 < left < PACK_DAYS * DAY:
        return ""
    days = -(-left // DAY)
    return ngettext(
        "Next: the mission pack ends in {count} day: ask for a new one (F9).",
        "Next: the mission pack ends in {count} days: ask for a new one (F9).",
        days,
    )


def _permits(facts: Facts) -> str:
    if facts.permits is None or facts.permits > permits.FEW:
        return ""
    return ngettext(
        "Next: {count} permission for sending is left: ask for a new pack (F9).",
        "Next: {count} permissions for sending are left: ask for a new pack (F9).",
        facts.permits,
    )
