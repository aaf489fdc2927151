"""What undo and redo say they did, in plain words.

The rule: the sentence names the question or the entry as the form does, never the answer itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from schemas.session_types import Node
from schemas.xform_model import Path
from tui.locale import N_, _
from tui.screens.interview.words import entry_mark

if TYPE_CHECKING:
    from collector.journal import Deed
    from collector.undoing import Travelled

_CHARACTERS = 48
_UNDONE: Mapping[Deed, str] = {
    "answer": N_("Undone: the answer to “{name}”. ^Y brings it back."),
    "missing": N_("Undone: the reserved answer to “{name}”."),
    "clear": N_("The answer to “{name}” is back."),
    "file": N_("Undone: the file at “{name}”. ^Y brings it back, but not after the next answer: then it is erased."),
    "add": N_("Undone: the new entry in “{name}”."),
    "remove": N_("Entry {name} is back with all its answers."),
    "copy": N_("Undone: the copy of entry {name}."),
    "names": N_("Undone: placeholders in place of names."),
    "many": N_("Undone: answers that were filled in together. ^Y brings them back."),
}
_REDONE: Mapping[Deed, str] = {
    "answer": N_("Done again: the answer to “{name}”."),
    "missing": N_("Done again: the reserved answer to “{name}”."),
    "clear": N_("The answer to “{name}” is taken back again."),
    "file": N_("The file at “{name}” is back."),
    "add": N_("The entry in “{name}” is back."),
    "remove": N_("Entry {name} is removed again."),
    "copy": N_("The copy of entry {name} is back."),
    "names": N_("Placeholders stand in place of names again."),
    "many": N_("Answers that were filled in together are back."),
}


class Naming:
    """The names of the nodes as they were at one moment."""

    def __init__(self, nodes: Mapping[Path, Node]) -> None:
        self._nodes = dict(nodes)

    def of(self, path: Path) -> str:
        """What a question, repeat or entry is called; empty where there is none."""
        node = self._nodes.get(path)
        if node is None:
            return ""
        name = " ".join((entry_mark(node) if node.kind == "entry" else node.label or node.name).split())
        return name if len(name) <= _CHARACTERS else f"{name[: _CHARACTERS - 1].rstrip()}…"


def undone_words(gone: Travelled, before: Naming, after: Naming, *, back: bool) -> str:
    """One line on what was taken back, or done again."""
    words = (_UNDONE if back else _REDONE).get(gone.deed, _UNDONE["many"])
    return _(words, name=after.of(gone.place) or before.of(gone.place) or "…")
