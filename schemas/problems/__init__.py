"""The catalogue of coded problems.

Every problem that a person can meet has a stable code and three sentences: what happened, what is safe, and what to do
now. The same three sentences stand in the command line, on the screen and in `--json`. They never hold testimony, keys
or passphrases: the facts put into them are names of steps, counts, sizes and identifiers.
"""

from __future__ import annotations

from schemas.problems import desk, entry, form, interview, network, pack, system, vault, volume, wire
from schemas.problems.catalogue import Entry
from schemas.problems.reasons import filled

__all__ = ["CATALOGUE", "Entry", "Problem"]

_AREAS = (wire, vault, entry, pack, volume, network, form, interview, desk, system)
CATALOGUE: dict[str, Entry] = {item.code: item for area in _AREAS for item in area.ENTRIES}


class Problem(Exception):
    """A coded problem. `facts` fill the sentences of its catalogue entry.

    Raises KeyError for a code that the catalogue does not have.
    """

    def __init__(self, code: str, /, **facts: str | int) -> None:
        self.entry = CATALOGUE[code]
        self.code = code
        self.facts = facts
        super().__init__(code)

    def __str__(self) -> str:
        return f"{self.code}: {self.what}"

    def _filled(self, sentence: str) -> str:
        return filled(sentence, self.facts)

    @property
    def what(self) -> str:
        """What happened."""
        return self._filled(self.entry.what)

    @property
    def safe(self) -> str:
        """What is safe."""
        return self._filled(self.entry.safe)

    @property
    def remedy(self) -> str:
        """What to do now."""
        return self._filled(self.entry.remedy)

    def as_dict(self) -> dict[str, object]:
        """The object that `--json` prints: code, what, safe, do, facts."""
        return {"code": self.code, "what": self.what, "safe": self.safe, "do": self.remedy, "facts": dict(self.facts)}
