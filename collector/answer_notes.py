"""Notes of the documenter to single answers: how something was said, what is to be understood by it, what was seen.

Rule: a note lies in the draft as an answer does, encrypted under the draft's own key, and is sealed in the process
document under `x-notes` (docs/spec/protocol.md §6.4, docs/adr/0033). A note to a question that the form hides, or that
went with its entry, stays behind as that answer does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from schemas.problems import Problem
from schemas.records.notes import LONGEST, Note
from schemas.session_types import Path

if TYPE_CHECKING:
    from collector.interview import Interview

KIND = "note"


def listed(interview: Interview) -> Mapping[Path, str]:
    """Every note that the draft keeps, of hidden questions too, by the path of its question."""
    return {path: str(values[0]) for path, values in interview.asides(KIND).items()}


def write(interview: Interview, path: Path, text: str) -> None:
    """Keeps a note to the question at `path`; durable when this returns. An empty one takes the note away.

    Raises E_ANSWER_PATH where there is no question, E_NOTE_LONG.
    """
    text = text.strip()
    if interview.session.node(path).kind != "question":
        raise Problem("E_ANSWER_PATH", question=str(path[-1])[:80])
    if len(text) > LONGEST:
        raise Problem("E_NOTE_LONG", count=len(text), limit=LONGEST)
    old = interview.asides(KIND).get(path)
    if text and (old is None or old[0] != text):
        interview.put_aside(KIND, path, [text, interview.now])
    elif not text and old is not None:
        interview.put_aside(KIND, path, None)


def sealed(interview: Interview) -> tuple[Note, ...]:
    """The notes that go into the process document: those to questions that are shown, in the order of the form."""
    kept = interview.asides(KIND)
    if not kept:
        return ()
    shown = (node.path for node in interview.session.walk() if node.kind == "question" and node.relevant)
    return tuple((path, kept[path][0], kept[path][1]) for path in shown if path in kept)
