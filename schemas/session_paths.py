"""Paths of a session and what stands there: names, and for entries of repeats their ids, which never change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.problems import Problem
from schemas.session_live import Live, LiveRepeat, Scope
from schemas.session_types import EntryState
from schemas.xform_model import Path, Question


def find(root: Scope, path: Path) -> Live | Scope:
    """The live node at a path; a scope for an entry. Raises E_ANSWER_PATH."""
    scope = root
    place: Any = root.definition
    live: Live | Scope = scope
    for step in path:
        name = step if isinstance(step, str) else step[0]
        place = next((each for each in getattr(place, "children", ()) if each.name == name), None)
        if place is None or isinstance(live, LiveRepeat):
            raise no_place(path)
        live = scope.nodes[place.slot]
        if not isinstance(step, str):
            scope = live = _entry(live, step[1], path)
    if live is root:
        raise no_place(path)
    return live


def question_at(root: Scope, path: Path) -> tuple[Live, Question]:
    """The live question at a path, and its definition. Raises E_ANSWER_PATH."""
    live = find(root, path)
    if isinstance(live, Scope) or not isinstance(live.definition, Question):
        raise no_place(path)
    return live, live.definition


def no_place(path: Path) -> Problem:
    """The problem of a path that leads nowhere."""
    written = "/".join(step if isinstance(step, str) else f"{step[0]}[{step[1]}]" for step in path)
    return Problem("E_ANSWER_PATH", question=written[:200])


def entry_states(scope: Scope) -> Iterator[EntryState]:
    """Every entry that was ever made in a scope, removed ones too."""
    for live in scope.nodes:
        if isinstance(live, LiveRepeat):
            for identity in live.removed:
                yield EntryState((*live.path[:-1], (live.repeat.name, identity)), removed=True)
            for entry in live.entries:
                yield EntryState(entry.path)
                yield from entry_states(entry)


def _entry(live: Live | Scope, identity: int, path: Path) -> Scope:
    entry = live.by_id.get(identity) if isinstance(live, LiveRepeat) else None
    if entry is None:
        raise no_place(path)
    return entry
