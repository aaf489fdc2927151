"""When a question of the shipped form is asked: its own condition, and what depth and gates add to it.

Rule: the text source keeps the conditions that belong to the questions alone, one for one as they were designed; what
holds for whole sections and for every extended question is said here once and put into the form when it is built, so
that the form keeps these rules in any tool. docs/form.md says which rule is kept where; `schemas.gates` reports them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["CODED", "DEEPER", "with_rules"]

Row = Mapping[str, str]

CODED = (
    "e_person", "f_status", "g_passport", "h_event", "i_medical", "j_transfer", "k_contract", "l_deploy", "m_abuse",
    "n_refusal", "o_family", "p_exit", "q_perp",
)  # fmt: skip
"""Coded sections: closed until there is a free account (G13)."""

DEEPER = (*(name for name in CODED if name != "p_exit"), "r_items")
"""Sections that a screening does not open: it has A, B, C, the gist in D, P, T and U (G5 too)."""

GUARDED = ("c_consent", "u_closing")
"""Sections that stay closed while a gate says stop (G1 to G4, G6, G7); those between need the consent of the first."""

FULL = ("s_witness",)
"""Sections of which every question is extended."""

_ACCOUNT = "${narrative_text} != ''"
_NOT_SCREENING = "(${gate_depth} = 'first_account' or ${gate_depth} = 'full_account')"
_FULL_ACCOUNT = "${gate_depth} = 'full_account'"
_NO_STOP = "${gate_stop} = ''"


def with_rules(rows: Sequence[Row]) -> list[dict[str, str]]:
    """The rows of the sheet `survey` with their whole conditions in `relevant`."""
    return [dict(row, relevant=_joined(row["relevant"], _added(row))) for row in rows]


def _added(row: Row) -> list[str]:
    if row["type"] == "begin_group":
        name = row["name"]
        sections = ((GUARDED, _NO_STOP), (CODED, _ACCOUNT), (DEEPER, _NOT_SCREENING), (FULL, _FULL_ACCOUNT))
        return [condition for names, condition in sections if name in names]
    extended = row["bind::svidok:tier"] == "X"
    return [_FULL_ACCOUNT] if extended else []


def _joined(own: str, added: Sequence[str]) -> str:
    if not added:
        return own
    return " and ".join([f"({own})"] * bool(own) + list(added))
