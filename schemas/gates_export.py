"""What a recipient may have of a record: one consent for each, never more than was said (G11, G12, G15, G16, G20).

Pure functions over the answers of a record that was read back. A consent that is put off, missing or taken back counts
as No. Nothing here exports anything; whoever does asks `allowed` for every record and leaves out what it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from schemas.gates_facts import Facts
from schemas.session_types import Path

__all__ = ["RECIPIENTS", "Allowed", "Recipient", "allowed"]

Kind: TypeAlias = Literal["judicial", "un", "organisation", "public", "statistics"]
_COVERED: Mapping[str, frozenset[Kind]] = {
    "judicial": frozenset({"judicial"}),
    "judicial_un": frozenset({"judicial", "un"}),
}
"""Whom the answers of `consent_identity_scope` let know a name; the others let nobody know without being asked."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to whom records may go: the consent that decides, and what they are."""

    consent: str
    kind: Kind
    national: bool = False


RECIPIENTS: Mapping[str, Recipient] = {
    "ua": Recipient("consent_share_ua", "judicial", national=True),
    "icc": Recipient("consent_share_icc", "judicial"),
    "foreign": Recipient("consent_share_foreign", "judicial", national=True),
    "un": Recipient("consent_share_un", "un"),
    "ngo": Recipient("consent_share_ngo", "organisation"),
    "stats": Recipient("consent_stats", "statistics"),
    "public": Recipient("consent_publish_anon", "public"),
    "public_named": Recipient("consent_publish_named", "public"),
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one recipient may have of one record.

    `record`: anything at all; `identity`: the identity compartment too, `ask_first` when only after asking the person
    again. `without` are sections and entries of items that stay out in any case; `gates` says why something stays out.
    """

    record: bool
    identity: bool
    ask_first: bool
    without: tuple[Path, ...]
    gates: tuple[str, ...]


def allowed(facts: Facts, recipient: str) -> Allowed:
    """What `recipient` (a key of RECIPIENTS) may have of the record with these answers. Raises KeyError."""
    who = RECIPIENTS[recipient]
    if facts.has("consent_reconfirm", "withdrawn"):
        return _refused("G16")
    for name, gate in (("consent_interview", "G8"), ("consent_store", "G9")):
        if not facts.has(name, "yes"):
            return _refused(gate)
    if not facts.has(who.consent, "yes"):
        return _refused("G11" if facts.has(who.consent, "later") else "G12")
    if recipient == "public_named" and not _named_twice(facts):
        return _refused("G20")
    without, gates = _kept_back(facts, who)
    scope = facts.one("consent_identity_scope") or ""
    identity = recipient == "public_named" or who.kind in _COVERED.get(scope, ())
    return Allowed(
        record=True,
        identity=identity,
        ask_first=not identity and scope == "ask_each_time" and who.kind not in ("public", "statistics"),
        without=without,
        gates=gates if identity else (*gates, "G12"),
    )


def _refused(gate: str) -> Allowed:
    return Allowed(record=False, identity=False, ask_first=False, without=(), gates=(gate,))


def _named_twice(facts: Facts) -> bool:
    """A name goes out with a Yes to publication as such and a second Yes at the closing (G20)."""
    return facts.has("consent_publish_anon", "yes") and facts.has("consent_publish_named_again", "yes")


def _kept_back(facts: Facts, who: Recipient) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Sections and items that stay out, and the gates that keep them."""
    without: list[Path] = []
    gates: list[str] = []
    deployed = any(fact.path[0] == "l_deploy" for fact in facts.given)
    if deployed and who.national and not facts.has("consent_share_deployment", "yes"):
        without.append(("l_deploy",))
        gates.append("G12")
    reviewed = {
        fact.path[:-1] for fact in facts.each("at_identifies") if fact.codes and "not_reviewed" not in fact.codes
    }
    items = dict.fromkeys(fact.path[:2] for fact in facts.given if fact.path[0] == "r_items" and len(fact.path) > 2)
    unseen = [item for item in items if item not in reviewed]
    if unseen:
        without += unseen
        gates.append("G15")
    return tuple(without), tuple(dict.fromkeys(gates))
