"""Interviews from files: answers of a script, and where a file belongs that comes with no question.

Rule: a file of answers is taken whole or not at all; an interview that was begun for it and cannot be filled is erased.
"""

from __future__ import annotations

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


def place_for_file(interview: Interview, question: str | None = None) -> Path:
    """Where a file goes:

    the named question, or a new entry of the form's list of attachments, or its one file question.

    Raises E_ANSWER_PATH for a name that is not one file question, E_ATTACH_QUESTION when the form has no place for
    files.
    """
    wanted = [
        each for each in interview.form.questions.values() if each.type == "file" and question in (None, each.name)
    ]
    listed = [each for each in wanted if isinstance(each.scope, Repeat)]
    chosen = (listed or wanted)[:1] if question is None else wanted
    if len(chosen) != 1:
        raise Problem("E_ANSWER_PATH", question=question) if question else Problem("E_ATTACH_QUESTION", question="")
    return _path_to(interview, chosen[0])


def _path_to(interview: Interview, question: Question) -> Path:
    """The path of a question; each repeat around it gets a new entry."""
    path: Path = ()
    for definition in list(question.lineage())[::-1][1:]:
        path = (*path, definition.name)
        if isinstance(definition, Repeat):
            path, _ = interview.add_entry(path)
    return path
