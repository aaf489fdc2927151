"""Questions that name persons by the codes of their entries (P1, W2), and the codes there are.

Rule: a code comes from the id of an entry, which is given once: it never comes to mean another person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.gates_rules import REFERENCES
from schemas.problems import Problem
from schemas.session import Session
from schemas.session_types import Path
from schemas.xform_model import Question, Repeat

_REFERS = re.compile(r"_refs?\Z")
_CODE = re.compile(r"[A-Z]{1,4}[1-9][0-9]{0,3}")


@dataclass(frozen=True, slots=True)
class Person:
    """A code in use and the entry that bears it."""

    code: str
    path: Path


def is_reference(session: Session, path: Path) -> bool:
    """Whether the question at this path is answered with codes of entries: a text named as such (`…_ref`, `…_refs`),
    in a form in which entries have codes.
    """
    definition = session.form.definition(path)
    if not isinstance(definition, Question) or definition.type != "text":
        return False
    named = definition.name in REFERENCES or _REFERS.search(definition.name) is not None
    return named and bool(_letters(session, definition))


def offered(session: Session, path: Path) -> list[Person]:
    """The codes that may be the answer, in the order in which they were given; none for any other question."""
    if not is_reference(session, path):
        return []
    definition = session.form.definition(path)
    letters = _letters(session, definition)
    found = [Person(code, place) for code, place in session.codes().items() if code.rstrip("0123456789") in letters]
    return sorted(found, key=lambda each: (letters.index(each.code.rstrip("0123456789")), _number(each.code)))


def with_code(text: str, code: str) -> str:
    """The answer with a code added, or taken out when it stands there already."""
    codes = _CODE.findall(text)
    kept = [each for each in codes if each != code] if code in codes else [*codes, code]
    return ", ".join(dict.fromkeys(kept))


def summary(session: Session, entry: Path, words: int = 2) -> str:
    """A few answers that tell an entry from others, in the words of the form."""
    found: list[str] = []
    try:
        nodes = session.below(entry)
    except Problem:
        return ""
    for node in nodes:
        if node.kind == "question" and node.relevant and isinstance(node.value, str) and node.value:
            labels = {choice.value: choice.label for choice in node.choices}
            found.append(labels.get(node.value, node.value))
            if len(found) == words:
                break
    return " · ".join(found)


def _letters(session: Session, definition: object) -> tuple[str, ...]:
    """The letters of the codes that a question asks for: those that its name of old means, else all of the form."""
    every = tuple(
        dict.fromkeys(each.code for each in session.form.nodes.values() if isinstance(each, Repeat) and each.code)
    )
    return tuple(each for each in every if each == "P") if getattr(definition, "name", "") in REFERENCES else every


def _number(code: str) -> int:
    return int(code.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or 0)
