"""Marks in a draft: "ask later", with the few words at which it was thought of.

Rule: a mark lies in the draft as an answer does, encrypted under the draft's own key, and goes with it: it is the
documenter's slip of paper and no part of what is sealed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collector.drafts import plain_path, wire_path
from schemas.session_types import Path

if TYPE_CHECKING:
    from collector.interview import Interview

KIND = "mark"
BEFORE, AFTER = 48, 24
"""Characters of the text before and after the cursor that a mark remembers."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: the question, the place in its text as a count of characters, the text before and after it, the
    second in which it was made. `before` and `after` are empty where there was no text.
    """

    number: int
    path: Path
    at: int
    before: str
    after: str
    t: int


def listed(interview: Interview) -> list[Mark]:
    """The marks of the questions that there are, in the order in which they were made."""
    found = []
    for path, values in interview.asides(KIND).items():
        question, at, before, after, t = values
        found.append(Mark(_number(path), wire_path(question), at, before, after, t))
    nodes = {node.path for node in interview.session.walk()} if found else set()
    return sorted((mark for mark in found if mark.path in nodes), key=lambda mark: mark.number)


def make(interview: Interview, path: Path, text: str = "", at: int = 0) -> Mark:
    """Marks a place in the text of a question; durable when this returns. The same place is marked once."""
    before, after = text[max(0, at - BEFORE) : at], text[at : at + AFTER]
    for mark in listed(interview):
        if (mark.path, mark.before, mark.after) == (path, before, after) and place(text, mark) == at:
            return mark
    number = max((_number(each) for each in interview.asides(KIND)), default=0) + 1
    mark = Mark(number, path, at, before, after, interview.now)
    interview.put_aside(KIND, _path(number), [plain_path(path), at, before, after, mark.t])
    return mark


def resolve(interview: Interview, number: int) -> None:
    """Takes a mark away: it was asked, or is not asked any more."""
    interview.put_aside(KIND, _path(number), None)


def place(text: str, mark: Mark) -> int:
    """Where the mark stands in the text as it is now: at the words beside which it was made, however far they moved."""
    for words, offset in ((mark.before, len(mark.before)), (mark.after, 0)):
        for part, off in _parts(words, offset):
            found = _nearest(text, part, mark.at - off)
            if found is not None:
                return found + off
    return min(mark.at, len(text))


def _parts(words: str, offset: int) -> Iterator[tuple[str, int]]:
    """The words, then the half of them that is nearer to the mark: an edit at the far end does not lose it."""
    if words.strip():
        yield words, offset
        half = words[len(words) // 2 :] if offset else words[: len(words) // 2 + 1]
        if len(half.strip()) > 5:
            yield half, len(half) if offset else 0


def _nearest(text: str, words: str, wanted: int) -> int | None:
    """Where the words stand in the text, nearest to the wanted place."""
    below = text.rfind(words, 0, max(wanted, 0) + len(words))
    above = text.find(words, max(wanted, 0))
    found = [at for at in (below, above) if at >= 0]
    return min(found, key=lambda at: abs(at - wanted)) if found else None


def _path(number: int) -> Path:
    return (("mark", number),)


def _number(path: Path) -> int:
    step = path[0]
    return 0 if isinstance(step, str) else step[1]
