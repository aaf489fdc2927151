"""Reading an account back to the person who gave it: its passages, and the memory that it was read and changed after.

Rule: only that and when it was read to its end, and whether it was changed afterwards, is kept and sealed. The words
that stood there before are not: what a person takes back in a correction is taken back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collector import crypto
from collector.drafts import plain_path, wire_path
from schemas.records.readback import Event
from schemas.session import Session
from schemas.session_types import Node, Path
from schemas.xform_model import Question

if TYPE_CHECKING:
    from collector.interview import Interview

KIND = "readback"
QUESTION = "readback"
"""The name of the form's question whether the account was read back, and of its list of answers."""
_SENTENCE = re.compile(r"(?<=[.!?…])[\"»”’)\]]*\s+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence of the account: where it begins and ends in the text, and whether it begins a paragraph."""

    start: int
    end: int
    opens: bool


def passages(text: str) -> list[Passage]:
    """The sentences of a text, each at most one paragraph long; blanks around them belong to none."""
    return [
        Passage(start, end, place == 0)
        for line in re.finditer(r"[^\n]+", text)
        for place, (start, end) in enumerate(_sentences(text, line.start(), line.end()))
    ]


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    cuts = [match.end() for match in _SENTENCE.finditer(text, start, end)]
    for begin, stop in zip([start, *cuts], [*cuts, end], strict=True):
        inner = text[begin:stop]
        if inner.strip():
            lead = len(inner) - len(inner.lstrip())
            yield begin + lead, begin + len(inner.rstrip())


def account_of(session: Session) -> Path | None:
    """The question with the free account: the long text that opens a section which begins with an open prompt, else the
    first long text of the narrative, else its first text at all. None while nothing was told.
    """
    texts = [node for node in session.walk() if _is_told(node)]
    long = [node for node in texts if "multiline" in getattr(node.definition, "appearance", "")]
    opening = {node.path for node in session.walk() if node.kind == "group" and node.prompt and len(node.path) == 1}
    first = [node for node in long if node.path[:1] in opening]
    return next((node.path for node in (*first, *long, *texts)), None)


def _is_told(node: Node) -> bool:
    question = node.definition
    return (
        node.kind == "question"
        and node.relevant
        and all(isinstance(step, str) for step in node.path)
        and isinstance(question, Question)
        and question.type == "text"
        and question.compartment == "narrative"
        and bool(str(node.value or "").strip())
    )


def question_of(session: Session) -> Node | None:
    """The form's question whether the account was read back, while it is asked."""
    found = (node for node in session.walk() if node.name == QUESTION and node.kind == "question")
    return next((node for node in found if node.relevant and not node.readonly and node.choices), None)


# ---- what is kept ----


@dataclass(frozen=True, slots=True)
class _Read:
    """One time that the account was read to its end; `changed`: when it had been changed since the time before."""

    path: Path
    t: int
    digest: bytes
    changed: int | None


def note_read(interview: Interview, path: Path) -> None:
    """The account was read back to its end as it stands; durable when this returns."""
    before = [read for read in _reads(interview) if read.path == path]
    changed = _changed(interview, before[-1]) if before else None
    number = len(interview.asides(KIND)) + 1
    values = [plain_path(path), interview.now, _digest(interview, path), changed]
    interview.put_aside(KIND, (("read", number),), values)


def events(interview: Interview) -> tuple[Event, ...]:
    """What is sealed: each reading to the end, each change after one, with its time."""
    found: list[Event] = []
    reads = _reads(interview)
    for read in reads:
        if read.changed is not None:
            found.append((read.path, "changed", read.changed))
        found.append((read.path, "read", read.t))
    for read in {read.path: read for read in reads}.values():
        changed = _changed(interview, read)
        if changed is not None:
            found.append((read.path, "changed", changed))
    return tuple(sorted(found, key=lambda event: event[2]))


def changed_since(interview: Interview, path: Path) -> bool | None:
    """Whether the account is another now than when it was read back last; None when it was not read back yet."""
    told = [what for where, what, _ in events(interview) if where == path]
    return told[-1] == "changed" if told else None


def _reads(interview: Interview) -> list[_Read]:
    rows = sorted(interview.asides(KIND).items(), key=lambda row: _number(row[0]))
    return [_Read(wire_path(path), t, bytes(digest), changed) for _, (path, t, digest, changed) in rows]


def _number(path: Path) -> int:
    step = path[0]
    return 0 if isinstance(step, str) else step[1]


def _changed(interview: Interview, read: _Read) -> int | None:
    """When the account was changed after this reading; None when it is the same."""
    if _digest(interview, read.path) == read.digest:
        return None
    given = interview.given(read.path)
    return max(read.t, interview.now if given is None else given.t)


def _digest(interview: Interview, path: Path) -> bytes:
    given = interview.given(path)
    return crypto.sha256(str((given and given.value) or "").encode("utf-8", "surrogatepass"))
