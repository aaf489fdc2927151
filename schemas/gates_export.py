"""What a recipient may have of a record: one consent for each, never more than was said (G11, G12, G15, G16, G20).

Pure functions over the answers of a record that was read back. A consent that is put off, missing or taken back counts
as No. Nothing here exports anything; whoever does asks `allowed` for every record and leaves out what it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from schemas.gates_consent import reopened_since
from schemas.gates_facts import Facts
from schemas.session_types import Path

__all__ = ["OFFICE", "RECIPIENTS", "Allowed", "Recipient", "allowed"]

Kind: TypeAlias = Literal["office", "judicial", "un", "organisation", "public", "statistics"]
_COVERED: Mapping[str, frozenset[Kind]] = {
    "judicial": frozenset({"judicial"}),
    "judicial_un": frozenset({"judicial", "un"}),
}
"""Whom the answers of `consent_identity_scope` let know a name; the others let nobody know without being asked."""


OFFICE = "office"
"""The office that took the account: its own working copy needs the consent to talk and to keep, and no other."""
_FREE_TEXT: tuple[Path, ...] = (("d_account", "narrative_text"), ("u_closing", "corrections"))
"""Accounts in words: nobody who only counts needs them."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to whom records may go: the consent that decides, and what they are."""

    consent: str
    kind: Kind
    national: bool = False


RECIPIENTS: Mapping[str, Recipient] = {
    OFFICE: Recipient("consent_store", "office"),
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
    again; `process`: how the record was made, too. `without` are sections and entries of items that stay out in any
    case; `gates` says why something stays out.
    """

    record: bool
    identity: bool
    ask_first: bool
    without: tuple[Path, ...]
    gates: tuple[str, ...]
    process: bool = True

    def has(self, compartment: str) -> bool:
        """Whether anything of this compartment may go."""
        return self.record and (
            compartment == "narrative" or (self.process if compartment == "process" else self.identity)
        )

    def leaves_out(self, path: Path) -> bool:
        """Whether the answer at a path stays out in any case."""
        return any(path[: len(outer)] == outer for outer in self.without)


def allowed(facts: Facts, recipient: str) -> Allowed:
    """What `recipient` (a key of RECIPIENTS) may have of the record with these answers. Raises KeyError.

    Permissions that were said to be narrowed and not changed since are known to be too wide: nothing is handed on then.
    The office's own copy asks for those consents alone that the form asked for.
    """
    who = RECIPIENTS[recipient]
    if facts.has("consent_reconfirm", "withdrawn"):
        return _refused("G16")
    own = who.kind == "office"
    for name, gate in (("consent_interview", "G8"), ("consent_store", "G9")):
        if (facts.knows(name) or not own) and not facts.has(name, "yes"):
            return _refused(gate)
    if not own and not facts.has(who.consent, "yes"):
        return _refused("G11" if facts.has(who.consent, "later") else "G12")
    if not own and facts.has("consent_reconfirm", "narrowed") and not reopened_since(facts.ledger):
        return _refused("G16")
    if recipient == "public_named" and not _named_twice(facts):
        return _refused("G20")
    without, gates = _kept_back(facts, who)
    scope = facts.one("consent_identity_scope") or ""
    identity = own or recipient == "public_named" or who.kind in _COVERED.get(scope, ())
    return Allowed(
        record=True,
        identity=identity,
        ask_first=not identity and scope == "ask_each_time" and who.kind not in ("public", "statistics"),
        without=without,
        gates=gates if identity else tuple(dict.fromkeys((*gates, "G12"))),
        process=who.kind not in ("public", "statistics"),
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
    if who.kind == "statistics":
        without += _FREE_TEXT
    return tuple(without), tuple(dict.fromkeys(gates))
