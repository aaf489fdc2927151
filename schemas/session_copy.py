"""A new entry that begins with the answers of another.

Rule: what can belong to one entry only is not copied: files, what the form fills in, and codes of persons. A code once
given stands for the person to whom it was given, so who did what is asked again.
"""

from __future__ import annotations

import contextlib

from schemas.problems import Problem
from schemas.references import is_reference
from schemas.session import Session
from schemas.session_types import Changes, Path
from schemas.xform_model import Question


def copy_entry(session: Session, source: Path) -> tuple[Path, Changes]:
    """Adds an entry beside the one at `source`, with its answers and, in the repeats inside, its entries.

    Gives the path of the new entry. Raises E_ANSWER_PATH for what is no entry, E_ANSWER_READONLY where the form counts
    the entries itself, E_FORM_LIMIT; the caller goes back to what was kept then.
    """
    step = source[-1] if source else ""
    if isinstance(step, str):
        raise Problem("E_ANSWER_PATH", question=step)
    session.node(source)
    entry, changed = session.add((*source[:-1], step[0]))
    changes = set(changed)
    places = {source: entry}
    for state in session.entries():
        if len(state.path) > len(source) and state.path[: len(source)] == source and not state.removed:
            places[state.path], more = _inner(session, places, state.path)
            changes |= more
    for path, value, missing in [each for each in session.answers() if each[0][: len(source)] == source]:
        definition = session.form.definition(path)
        if isinstance(value, bytes) or not isinstance(definition, Question) or definition.mode == "auto":
            continue
        if is_reference(session, path):
            continue
        with contextlib.suppress(Problem):
            there = _moved(places, path)
            changes |= session.set(there, value) if missing is None else session.set_missing(there, missing)
    return entry, frozenset(changes)


def _inner(session: Session, places: dict[Path, Path], path: Path) -> tuple[Path, Changes]:
    """The entry in the copy for an entry inside the original; where the form makes the entries itself, one of those."""
    name = _name(path)
    outer = _moved(places, path[:-1])
    taken = set(places.values())
    free = [
        each.path
        for each in session.entries()
        if not each.removed and (*each.path[:-1], name) == (*outer, _name(each.path)) and each.path not in taken
    ]
    return (free[0], frozenset()) if free else session.add((*outer, name))


def _name(path: Path) -> str:
    step = path[-1]
    return step if isinstance(step, str) else step[0]


def _moved(places: dict[Path, Path], path: Path) -> Path:
    """A path inside the original as a path inside the copy."""
    for size in range(len(path), 0, -1):
        if path[:size] in places:
            return (*places[path[:size]], *path[size:])
    return path
