"""Interviews from files: answers of a script, and where a file belongs that comes with no question.

Rule: a file of answers is taken whole or not at all; an interview that was begun for it and cannot be filled is erased.
What a full disk or a pulled plug can leave of it is an interview without these answers, in the list of drafts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from collector.field import Field
from collector.interview import Interview
from schemas import answers
from schemas.problems import Problem
from schemas.session import Session
from schemas.xform_model import Path, Question, Repeat


def begin_filled(field: Field, data: Mapping[str, Any], *, form_id: str | None = None, folder: FilePath) -> str:
    """A new interview with these answers; the record code. Paths of files are taken from `folder` on.

    Raises E_NOT_ENROLLED, E_FORM_UNKNOWN, E_ANSWER_*, E_ATTACH_*; then no interview was begun.
    """
    interview = field.new_interview(form_id)
    try:
        fill(interview, data, folder)
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


def _path_to(interview: Interview, question: Question) -> Path:
    """The path of a question; each repeat around it gets a new entry."""
    path: Path = ()
    for definition in list(question.lineage())[::-1][1:]:
        path = (*path, definition.name)
        if isinstance(definition, Repeat):
            path, _ = interview.add_entry(path)
    return path
