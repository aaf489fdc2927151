"""Interviews from files: answers of a script, and where a file belongs that comes with no question.

Rule: a file of answers is taken whole or not at all; an interview that was begun for it and cannot be filled is erased.
What a full disk or a pulled plug can leave of it is an interview without these answers, in the list of drafts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Any

from collector import files
from collector.attachments import Attachment
from collector.field import Field
from collector.interview import Interview
from schemas import answers
from schemas.problems import Problem
from schemas.session import Session
from schemas.xform_model import Path, Question, Repeat

Progress = Callable[[int, int], None]


def begin_filled(
    field: Field,
    data: Mapping[str, Any],
    *,
    form_id: str | None = None,
    folder: FilePath,
    begin: Callable[[], Interview] | None = None,
) -> str:
    """A new interview with these answers, begun by `begin` where it is no plain one; the record code. Paths of files
    are taken from `folder` on.

    Raises E_NOT_ENROLLED, E_FORM_UNKNOWN, E_ANSWER_*, E_ATTACH_*, and E_GATE_WIPE when the answers say that nothing
    is kept; then no interview was begun.
    """
    interview = field.new_interview(form_id) if begin is None else begin()
    try:
        fill(interview, data, folder)
        wiping = interview.review().wiping
        if wiping:
            raise Problem("E_GATE_WIPE", gates=", ".join(dict.fromkeys(gate.id for gate in wiping)))
    except BaseException:
        # A disk so full that even the erasure fails leaves an empty interview in the list; the first cause counts.
        with contextlib.suppress(Problem):
            field.withdraw(interview.code)
        raise
    return interview.code


def fill(interview: Interview, data: Mapping[str, Any], folder: FilePath) -> None:
    """Answers from a map (see `schemas.answers`), all or none. Raises E_ANSWER_*, E_ATTACH_*."""

    def attach(name: str, path: Path) -> bytes:
        return interview.attach(path, folder / name).sid

    def act(session: Session) -> None:
        answers.fill(session, data, attach)

    interview.answer_all(act)


def place_for_file(interview: Interview, question: str) -> Path:
    """Where a file for the named question goes; a question inside a repeat gets a new entry for it.

    Raises E_ANSWER_PATH for a name that is not one file question.
    """
    found = [each for each in interview.form.questions.values() if each.type == "file" and each.name == question]
    if len(found) != 1:
        raise Problem("E_ANSWER_PATH", question=question[:200])
    return _path_to(interview, found[0])


def named_file(interview: Interview, name: str) -> Attachment:
    """The attachment of that name, or of that stream id in hexadecimal. Raises E_ATTACH_UNKNOWN."""
    found = [each for each in interview.files() if each.sid.hex() == name.lower()]
    found = found or [each for each in interview.files() if files.shown_name(each.name) == files.shown_name(name)]
    if len(found) != 1:
        raise Problem("E_ATTACH_UNKNOWN")
    return found[0]


class Adding:
    """Files that are added together: `undo` takes them out again, with the entries that were made for them."""

    def __init__(self, interview: Interview) -> None:
        self._interview = interview
        self._entries: list[Path] = []
        self.attached: list[Attachment] = []

    def __call__(self, source: FilePath, question: str | None, progress: Progress | None = None) -> None:
        """Add one file, to a question or to the whole interview. Raises E_ANSWER_PATH, E_ATTACH_*."""
        place = place_for_file(self._interview, question) if question else None
        within = place or ()
        self._entries += [within[: at + 1] for at, step in enumerate(within) if isinstance(step, tuple)][:1]
        self.attached.append(self._interview.attach(place, source, progress=progress))

    def undo(self) -> None:
        """Take out what was added."""
        for attachment in self.attached:
            self._interview.detach(attachment.sid)
        for entry in self._entries:
            self._interview.remove_entry(entry)


@contextmanager
def all_or_none(interview: Interview) -> Iterator[Adding]:
    """Adds files; when one is refused, those before it are taken out again."""
    adding = Adding(interview)
    try:
        yield adding
    except BaseException:
        adding.undo()
        raise


def _path_to(interview: Interview, question: Question) -> Path:
    """The path of a question; each repeat around it gets a new entry."""
    path: Path = ()
    for definition in list(question.lineage())[::-1][1:]:
        path = (*path, definition.name)
        if isinstance(definition, Repeat):
            path, _ = interview.add_entry(path)
    return path
