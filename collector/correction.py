"""Correcting what is sealed: a new entry that names the one it corrects (docs/spec/protocol.md §6.4, §6.5).

Rule: this device holds no key of a sealed entry, so a correction begins without a word of it. What it carries over is
no testimony: the form, the id and the code of the entry. It works in every state of that entry, also after its files
were removed, because the id stays in the list. The link lies in the draft as an answer does and is signed with the
manifest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from collector import codes, files
from schemas.problems import Problem

if TYPE_CHECKING:
    from collector.field import Field
    from collector.interview import Interview

KIND = "corrects"
"""The kind of the draft's row that keeps the link."""
QUESTION = "corrects_record"
"""The form's question for the code of the record that is corrected: what the device knows, nobody types again."""
Way: TypeAlias = Literal["supersedes", "continues"]
WAYS: tuple[Way, ...] = ("supersedes", "continues")


@dataclass(frozen=True, slots=True)
class Link:
    """What a draft corrects: `supersedes` (what is said now counts in place of what was said) or `continues` (it is
    added to it); the entry's id (16 bytes) and record code.
    """

    way: Way
    eid: bytes
    code: str


def target(field: Field, code: str) -> tuple[bytes, str]:
    """The id of the sealed entry with this record code, and the id of its form.

    Raises E_CORRECT_DRAFT for an interview that can still be changed, E_INTERVIEW_UNKNOWN.
    """
    code = codes.normal(code)
    row = field.vault.db.one(
        "SELECT eid, form_id FROM entry JOIN form ON form.hash = entry.form WHERE code = ? ORDER BY sealed_at DESC",
        (code,),
    )
    if row is not None:
        return bytes(row[0]), str(row[1])
    if field.vault.db.one("SELECT 1 FROM draft WHERE code = ?", (code,)) is not None:
        raise Problem("E_CORRECT_DRAFT", code=code)
    raise Problem("E_INTERVIEW_UNKNOWN", code=files.shown_name(code))


def begin(field: Field, code: str, way: Way = "supersedes") -> Interview:
    """A new interview that corrects the sealed one with this record code; draft and link are durable together.

    It asks the form of that entry in the version that is in force, or the mission's first form when there is none any
    more. Raises E_CORRECT_DRAFT, E_INTERVIEW_UNKNOWN, E_NOT_ENROLLED.
    """
    eid, form_id = target(field, code)
    known = any(form.id == form_id for form in field.forms())
    with field.vault.db.transaction():
        interview = field.new_interview(form_id if known else None)
        interview.put_aside(KIND, (), [way, eid, codes.normal(code)])
        asked = next((node for node in interview.session.walk() if node.name == QUESTION and node.relevant), None)
        if asked is not None and getattr(asked.definition, "type", "") == "text":
            interview.answer(asked.path, codes.normal(code))
    return interview


def link_of(interview: Interview) -> Link | None:
    """What this draft corrects; None for an interview of its own."""
    row = interview.asides(KIND).get(())
    return None if row is None else Link(*row)
