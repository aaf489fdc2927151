"""Problems that name a question: the person reads the question's words, programs read its path.

Rule: the facts of a problem hold a path or a name, never words, since words of a form can hold an answer. What is shown
is made here, in the moment in which it is shown, from the interview that is open.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from schemas.problems import Problem
from tui.locale import _
from tui.screens.interview.words import entry_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.session import Session
    from schemas.session_types import Node, Path

FACTS: Final = ("question", "questions", "missing")
LONGEST: Final = 90
_NAMED = re.compile(r"[^\s,]+")
_BLANKS = re.compile(r"\s+")


def in_words(problem: Problem, session: Session) -> Problem:
    """The problem as it is shown: questions by their words, and what this form does not have by its path."""
    found = {name: str(problem.facts[name]) for name in FACTS if name in problem.facts}
    if not found:
        return problem
    words = _words(session)
    facts: dict[str, str | int] = dict(problem.facts)
    for name, told in found.items():
        quoted = f"“{{{name}}}”" in problem.entry.what
        parts = [_shown(each, words, bare=quoted) for each in _NAMED.findall(told)]
        facts[name] = "".join(map("".join, zip_longest(_NAMED.split(told), parts, fillvalue="")))
    return Problem(problem.code, **facts)


def _shown(name: str, words: Mapping[str, str], *, bare: bool) -> str:
    label = words.get(name)
    if label is None:
        return name
    return label if bare else _("“{words}”", words=label)


def _words(session: Session) -> dict[str, str]:
    """Words of every question and list, by path and by name; of a name that stands in several entries its first."""
    found: dict[str, str] = {}
    entries: dict[Path, Node] = {}
    for node in session.walk():
        if node.kind == "entry":
            entries[node.path] = node
        label = _BLANKS.sub(" ", node.label).strip()
        if not label:
            continue
        short = label if len(label) <= LONGEST else label[: LONGEST - 1].rstrip() + "…"
        found.setdefault(node.name, short)
        around = next((entries[node.path[:size]] for size in range(len(node.path) - 1, 0, -1)
                       if node.path[:size] in entries), None)  # fmt: skip
        found[_path_text(node.path)] = short if around is None else f"{entry_name(around)} · {short}"
    return found


def _path_text(path: Path) -> str:
    from collector.drafts import path_text  # not with this module: screens without a vault show problems too

    return path_text(path)
