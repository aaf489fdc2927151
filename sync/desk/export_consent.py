"""What of every record may leave the desk: the consent of the person decides, and what it keeps back is named.

The rule: `schemas.gates_export.allowed` decides for one recipient, over what can be read here; consent that cannot be
read counts as No for everybody but the office itself. What stays out becomes a coded notice, never a silent gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from collector.drafts import path_text
from schemas.gates_export import OFFICE, RECIPIENTS, Allowed, allowed
from schemas.problems import Problem
from schemas.records.common import COMPARTMENTS, PROCESS
from schemas.records.document import Document
from sync.desk.archive import Archive
from sync.desk.heeded import facts_of

__all__ = ["Permits", "Withheld", "permits"]

Numbers = list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Withheld:
    """What stays out of an export: a record, or parts of it; why, as gates and as a coded notice."""

    record: str
    whole: bool
    parts: tuple[str, ...]
    gates: tuple[str, ...]
    notice: Problem

    def as_dict(self) -> dict[str, object]:
        """The object that `--json` prints."""
        return {
            "record": self.record,
            "whole": self.whole,
            "left_out": list(self.parts),
            "gates": list(self.gates),
            "notice": self.notice.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Permits:
    """What a recipient may have of the records with these numbers."""

    recipient: str
    by_number: Mapping[int, Allowed]
    withheld: list[Withheld] = field(default_factory=list)

    def goes(self, number: int) -> bool:
        """Whether anything of a record goes."""
        return self.by_number[number].record

    def documents(self, archive: Archive, comp: int, numbers: Numbers) -> Iterator[tuple[str, Document]]:
        """The documents of one compartment, without what stays out."""
        for number, record in numbers:
            permit = self.by_number[number]
            document = archive.document(number) if permit.has(COMPARTMENTS[comp]) else None
            if document is not None:
                kept = tuple(answer for answer in document.answers if not permit.leaves_out(answer[0]))
                yield record, document if len(kept) == len(document.answers) else replace(document, answers=kept)


def permits(archives: Mapping[int, Archive], numbers: Numbers, recipient: str) -> Permits:
    """What `recipient` may have of every record. Raises E_EXPORT_RECIPIENT."""
    if recipient not in RECIPIENTS:
        raise Problem("E_EXPORT_RECIPIENT", known=", ".join(RECIPIENTS))
    by_number: dict[int, Allowed] = {}
    withheld: list[Withheld] = []
    seen: dict[Allowed, Allowed] = {}
    for number, record in numbers:
        documents = {comp: found for comp, each in archives.items() if (found := each.document(number)) is not None}
        permit = allowed(facts_of(documents), recipient)
        by_number[number] = seen.setdefault(permit, permit)
        told = _withheld(record, permit, recipient, readable=PROCESS in documents)
        withheld += [] if told is None else [told]
    return Permits(recipient, by_number, withheld)


def _withheld(record: str, permit: Allowed, recipient: str, *, readable: bool) -> Withheld | None:
    """The notice about what stays out of one record; None when all of it goes."""
    gates = ", ".join(permit.gates)
    if not permit.record:
        if not readable and recipient != OFFICE:
            return Withheld(record, True, (), permit.gates, Problem("E_EXPORT_UNREAD", code=record))
        notice = Problem("E_EXPORT_REFUSED", code=record, recipient=recipient, gates=gates)
        return Withheld(record, True, (), permit.gates, notice)
    parts = tuple(path_text(path) for path in permit.without)
    parts += tuple(name for name in ("identity", "process") if not permit.has(name))
    if not parts:
        return None
    code = "E_EXPORT_ASK" if permit.ask_first else "E_EXPORT_PARTLY"
    notice = Problem(code, code=record, recipient=recipient, parts=", ".join(parts), gates=gates or "–")
    return Withheld(record, False, parts, permit.gates, notice)
