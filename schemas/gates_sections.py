"""Which sections a gate closes, read from the conditions of the form itself.

Rule: a section is closed by a gate when its condition rests, directly or by calculations, on an answer because of which
an open gate stops, limits or hides; a section that is closed for any other reason just does not apply.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from schemas.gates import Effect, OpenGate
from schemas.session_types import Path
from schemas.xform_graph import Kind
from schemas.xform_model import Definition, Form, Group

CLOSING: frozenset[Effect] = frozenset({"stop", "limit_depth", "hide", "postpone", "wipe"})
"""Effects that may stand in the condition of a section."""


class Closing:
    """What the sections of one form rest on; read once, asked after every answer."""

    def __init__(self, form: Form) -> None:
        self._rests: dict[Path, frozenset[str]] = {}
        self._homes: dict[Path, frozenset[Path]] = {}
        for section in form.root.children:
            if isinstance(section, Group) and section.relevant is not None:
                found: set[Definition] = set()
                _follow(form, section, Kind.RELEVANT, found)
                self._rests[(section.name,)] = frozenset(each.name for each in found)
                self._homes[(section.name,)] = frozenset((each.path[0],) for each in found)

    def closed(self, gates: Sequence[OpenGate], shut: Collection[Path]) -> frozenset[Path]:
        """Those of the sections in `shut` (which the form does not show now) that these gates close: by an answer of
        theirs, or because what they rest on stands in a section that is closed so.
        """
        names = {_name(path) for gate in gates if gate.effect in CLOSING for path in gate.paths}
        closed: set[Path] = set()
        while fresh := {
            path
            for path in shut
            if path not in closed and path in self._rests
            if self._rests[path] & names or self._homes[path] & closed
        }:
            closed |= fresh
        return frozenset(closed)


def _follow(form: Form, definition: Definition, kind: Kind, found: set[Definition]) -> None:
    """Everything that a cell of a node looks at, through calculations."""
    cell = form.program.by_node.get(definition, {}).get(kind)
    for expression in cell.expressions if cell is not None else ():
        for reference in expression.references:
            if reference.definition not in found:
                found.add(reference.definition)
                _follow(form, reference.definition, Kind.VALUE, found)


def _name(path: Path) -> str:
    step = path[-1]
    return step if isinstance(step, str) else step[0]
