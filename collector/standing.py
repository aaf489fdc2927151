"""What the list of interviews tells of one beside its state: that it corrects another, that it may not be kept.

Rule: a list of many drafts is drawn often, so only the rows that tell it are read, each by its place, and no form.
Which record is corrected, and that consent is missing, are all that comes out; no word of what was said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from collector import correction, ledger
from collector.drafts import Draft, DraftRows
from collector.vault import Vault
from schemas.gates_consent import RECONFIRM
from schemas.problems import Problem

Refusal: TypeAlias = Literal["refused", "withdrawn"]
_WITHOUT = ("consent_interview", "consent_store")
"""Without a yes to these nothing is kept: the gates G8 and G9; what is withdrawn at the end: G16 (`schemas.gates`)."""
_YES, _WITHDRAWN, _UNSAID = ("yes", None), ("withdrawn", None), (None, None)


@dataclass(frozen=True, slots=True)
class Standing:
    """`corrects`: the sealed entry that a draft names. `refusal`: because of which answer it may not be kept."""

    corrects: correction.Link | None = None
    refusal: Refusal | None = None


def of_draft(vault: Vault, draft: Draft) -> Standing:
    """How a draft stands; nothing is told of one that cannot be read, which opening it says."""
    try:
        with vault.ring.open(draft.key) as key:
            rows = DraftRows(vault.db, draft.number, key)
        try:
            return Standing(_link(rows), _refusal(rows))
        finally:
            rows.wipe()
    except Problem:
        return Standing()


def _link(rows: DraftRows) -> correction.Link | None:
    row = rows.one(correction.KIND, ())
    return None if row is None else correction.Link(*row.values)


def _refusal(rows: DraftRows) -> Refusal | None:
    last = dict(_answers(rows))
    if last.get(RECONFIRM) == _WITHDRAWN:
        return "withdrawn"
    return "refused" if any(last.get(name, _UNSAID) not in (_UNSAID, _YES) for name in _WITHOUT) else None


def _answers(rows: DraftRows) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Every answer about consent by its question's name, the first first: its value and missing reason."""
    number = 1
    while (row := rows.one(ledger.KIND, ledger.place(number))) is not None:
        path, value, missing, *_heard = row.values
        yield str(path[-1]), (value, missing)
        number += 1
