"""The conditions of the gates G1 to G20, one small pure function each, over the answers of an interview.

A function yields a hit for every case of its gate that holds. `waiting` marks a hit that is there only because a
question is still open: the form keeps the way closed, and nobody has given an answer that asks for anything. What the
gates are for, where they come from and what they say stands in `schemas.gates` and `schemas.gates_texts`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from schemas import edtf
from schemas.gates_consent import reopened_since
from schemas.gates_facts import Fact, Facts
from schemas.gates_names import Mention, mentions
from schemas.session_types import Path

__all__ = ["CAMPAIGNS", "REFERENCES", "RULES", "Hit", "Rule"]

OFFICIALS = ("ua_police", "ua_sbu", "ua_prosecutor", "icc", "foreign_authority")
"""Answers of `prior_account` that say investigators have the account already (G5)."""
NATIONAL = ("consent_share_ua", "consent_share_foreign")
"""Consents to hand the account to national authorities (G12)."""
REFERENCES = ("ev_perp_refs", "ab_perp_refs")
"""Questions that refer to persons by their codes."""
_CODE = re.compile(r"[PW][1-9][0-9]*")
_YES = "yes"


@dataclass(frozen=True, slots=True)
class Hit:
    """A case of a gate that holds: the questions that make it hold, and what fills the places of its text."""

    case: str
    paths: tuple[Path, ...]
    waiting: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    mentions: tuple[Mention, ...] = field(default=(), repr=False)


Rule = Callable[[Facts], Iterator[Hit]]


def _not(facts: Facts, name: str, wanted: str, case: str) -> Iterator[Hit]:
    """A hit when the question exists and its answer is another; waiting while there is none."""
    if facts.knows(name) and not facts.has(name, wanted):
        yield Hit(case, facts.paths(name), waiting=not facts.answered(name))


def privacy(facts: Facts) -> Iterator[Hit]:
    """G1: `privacy_ok` is not yes, or an official is present."""
    yield from _not(facts, "privacy_ok", _YES, "overheard")
    if facts.has("persons_present", "official"):
        yield Hit("official", facts.paths("persons_present"))


def adult(facts: Facts) -> Iterator[Hit]:
    """G2: `age_gate` is not adult."""
    yield from _not(facts, "age_gate", "adult", "minor")


def able(facts: Facts) -> Iterator[Hit]:
    """G3: the person cannot decide freely today, or is in acute distress."""
    if facts.has("capacity_ok", "no"):
        yield Hit("capacity", facts.paths("capacity_ok"))
    if facts.has("vulnerability_flags", "acute_distress"):
        yield Hit("distress", facts.paths("vulnerability_flags"))


def custody(facts: Facts) -> Iterator[Hit]:
    """G4: the person is in custody."""
    if facts.has("vulnerability_flags", "in_custody"):
        yield Hit("custody", facts.paths("vulnerability_flags"))


def investigated(facts: Facts) -> Iterator[Hit]:
    """G5: investigators have the account or wait for it, more than a screening is wanted, and nobody has overridden."""
    officials = facts.has("prior_account", *OFFICIALS) or facts.has("authority_pending", _YES)
    code = facts.one("depth_override_code")
    overridden = bool(facts.one("depth_override_reason") and code) and code != facts.one("documenter_code")
    if officials and not overridden and not facts.has("account_depth", "screening"):
        because = [
            name
            for name, codes in (("prior_account", OFFICIALS), ("authority_pending", (_YES,)))
            if facts.has(name, *codes)
        ]
        yield Hit("investigators", facts.paths(*because))


def risk(facts: Facts) -> Iterator[Hit]:
    """G6: a high risk without a supervisor's code; an unacceptable one."""
    code = facts.one("risk_supervisor_code")
    if facts.has("risk_level", "high") and (not code or code == facts.one("documenter_code")):
        yield Hit("high", facts.paths("risk_level", "risk_supervisor_code"))
    if facts.has("risk_level", "unacceptable"):
        yield Hit("unacceptable", facts.paths("risk_level"))


def own_service(facts: Facts) -> Iterator[Hit]:
    """G7: the legal risk of speaking about one's own service is not explained, or the person draws a consequence."""
    place = facts.paths("selfincrim_status")
    if facts.knows("selfincrim_status") and not facts.answered("selfincrim_status"):
        yield Hit("not_explained", place, waiting=True)
    for code in ("not_explained", "explained_lawyer", "explained_skip"):
        if facts.has("selfincrim_status", code):
            yield Hit(code, place)


def agreed(facts: Facts) -> Iterator[Hit]:
    """G8: `consent_interview` is not yes."""
    yield from _not(facts, "consent_interview", _YES, "refused")


def may_store(facts: Facts) -> Iterator[Hit]:
    """G9: the person talks, and `consent_store` is not yes."""
    if facts.has("consent_interview", _YES):
        yield from _not(facts, "consent_store", _YES, "refused")


def withdrawal_explained(facts: Facts) -> Iterator[Hit]:
    """G10: the person talks, and `consent_withdrawal_explained` is not yes."""
    if facts.has("consent_interview", _YES):
        yield from _not(facts, "consent_withdrawal_explained", _YES, "unexplained")


def decided_later(facts: Facts) -> Iterator[Hit]:
    """G11: a consent is put off: it acts as No for its recipient."""
    later = [fact.path for fact in facts.given if fact.name.startswith("consent_") and "later" in fact.codes]
    later = [path for path in later if path[-1] not in ("consent_interview", "consent_store")]
    if later:
        yield Hit("later", tuple(later))


def deployment(facts: Facts) -> Iterator[Hit]:
    """G12: national authorities may have the account, and it has a section on deployment that they may not have."""
    recipients = [name for name in NATIONAL if facts.has(name, _YES)]
    told = [fact.path for fact in facts.given if fact.path[0] == "l_deploy"]
    if recipients and told and not facts.has("consent_share_deployment", _YES):
        yield Hit("deployment", (*facts.paths(*recipients), told[0]))


def free_account(facts: Facts) -> Iterator[Hit]:
    """G13: there is no free account yet, or there will be none: what was declined is not asked for again."""
    opened = facts.has("consent_interview", _YES) and facts.has("consent_withdrawal_explained", _YES)
    if facts.knows("narrative_text") and opened and not facts.one("narrative_text"):
        answered = facts.answered("narrative_text")
        yield Hit("reserved" if answered else "no_account", facts.paths("narrative_text"), waiting=not answered)


def sexual_violence(facts: Facts) -> Iterator[Hit]:
    """G14: sexual violence was mentioned; a specialist must be offered. Who declines is not asked a second time."""
    flagged = tuple(fact.path for fact in facts.each("ab_act") if "sexual_flag" in fact.codes)
    if flagged:
        yield Hit("mentioned", flagged)
        declined = any(fact.missing == "declined" for fact in facts.each("referral_needed"))
        if not declined and not facts.has("referral_needed", "sv_specialist"):
            yield Hit("offer", facts.paths("referral_needed") or flagged)


def unreviewed_items(facts: Facts) -> Iterator[Hit]:
    """G15: items of which nobody has looked whom they could identify."""
    found = tuple(fact.path for fact in facts.each("at_identifies") if "not_reviewed" in fact.codes)
    if found:
        yield Hit("not_reviewed", found, words={"count": str(len(found))})


def reconfirmed(facts: Facts) -> Iterator[Hit]:
    """G16: after the account the permissions are withdrawn; or narrowed or widened, and no answer was changed yet."""
    place = facts.paths("consent_reconfirm")
    if facts.has("consent_reconfirm", "withdrawn"):
        yield Hit("withdrawn", place)
    elif facts.has("consent_reconfirm", "narrowed", "widened") and not reopened_since(facts.ledger):
        yield Hit("changed", place)


def names(facts: Facts) -> Iterator[Hit]:
    """G17: words of identity stand in another answer."""
    found = mentions(facts)
    if found:
        stands = ", ".join(dict.fromkeys(each.placeholder for each in found))
        words = {"count": str(len(found)), "placeholders": stands}
        yield Hit("named", tuple(dict.fromkeys(each.path for each in found)), words=words, mentions=tuple(found))


CAMPAIGNS: Mapping[str, tuple[tuple[date, date | None], ...]] = {
    "year_round": ((date(2026, 1, 1), None),),
    "mob_dnr_lnr": ((date(2022, 2, 19), None),),
    "mob_2022": ((date(2022, 9, 21), date(2022, 12, 31)),),
}
"""Windows of the campaigns that happen once. Official statements contradict one another, so they are hints only."""
_YEARLY = {"spring": ((4, 1), (7, 15)), "autumn": ((10, 1), (12, 31))}
_SHIFTED = {("autumn", 2022): (date(2022, 11, 1), date(2022, 12, 31))}


def campaigns(facts: Facts) -> Iterator[Hit]:
    """G18: an event lies outside the campaign that the person connects it with."""
    dates = {fact.path[:-1]: fact for fact in facts.each("ev_date")}
    for fact in facts.each("ev_campaign"):
        told = dates.get(fact.path[:-1])
        if told is not None and fact.codes and isinstance(told.value, str) and _outside(told.value, fact.codes[0]):
            yield Hit("outside", (told.path, fact.path))


def _outside(text: str, campaign: str) -> bool:
    """Whether no day on which it can have been lies in the campaign. What is not sure lies in it."""
    told = edtf.parse(text)
    if told is None or told.precision == "estimate" or told.earliest is None or told.latest is None:
        return False
    windows = _windows(campaign, range(told.earliest.year, told.latest.year + 1))
    return bool(windows) and not any(
        told.latest >= begins and (ends is None or told.earliest <= ends) for begins, ends in windows
    )


def _windows(campaign: str, years: range) -> list[tuple[date, date | None]]:
    if campaign not in _YEARLY:
        return list(CAMPAIGNS.get(campaign, ()))
    first, last = _YEARLY[campaign]
    return [_SHIFTED.get((campaign, year), (date(year, *first), date(year, *last))) for year in years]


def locked(facts: Facts) -> Iterator[Hit]:
    """G19: the record is sealed."""
    if facts.locked:
        yield Hit("locked", ())


def with_name(facts: Facts) -> Iterator[Hit]:
    """G20: publication with the name, without publication as such or without the second Yes at the closing."""
    if not facts.has("consent_publish_named", _YES):
        return
    if not facts.has("consent_publish_anon", _YES):
        yield Hit("alone", facts.paths("consent_publish_named", "consent_publish_anon"))
    if facts.knows("consent_publish_named_again"):
        yield from _not(facts, "consent_publish_named_again", _YES, "again")


def references(facts: Facts) -> Iterator[Hit]:
    """A code of a person that no entry bears (any more)."""
    for name in REFERENCES:
        for fact in facts.each(name):
            lost = [code for code in _codes(fact) if code not in facts.entry_codes]
            if lost:
                yield Hit("dangling", (fact.path,), words={"codes": ", ".join(dict.fromkeys(lost))})


def _codes(fact: Fact) -> list[str]:
    return _CODE.findall(fact.value) if isinstance(fact.value, str) else []


RULES: Mapping[str, Rule] = {
    "G1": privacy, "G2": adult, "G3": able, "G4": custody, "G5": investigated, "G6": risk, "G7": own_service,
    "G8": agreed, "G9": may_store, "G10": withdrawal_explained, "G11": decided_later, "G12": deployment,
    "G13": free_account, "G14": sexual_violence, "G15": unreviewed_items, "G16": reconfirmed, "G17": names,
    "G18": campaigns, "G19": locked, "G20": with_name, "codes": references,
}  # fmt: skip
