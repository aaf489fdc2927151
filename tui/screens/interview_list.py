"""Which interviews the list shows, and in which order.

The rule: what waits for a hand stands above what only travels, and that above what has arrived. Whatever hides a line
is written above the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from collector import codes
from tui.locale import N_, _
from tui.state_words import code_text

if TYPE_CHECKING:
    from collector.field import InterviewRow

ORDER: Final = ("frozen", "open", "needs-human", "sealed", "exported", "stored", "imported", "purged")
KINDS: Final[tuple[tuple[str, str, frozenset[str]], ...]] = (
    ("drafts", N_("drafts"), frozenset(("open", "frozen"))),
    ("sealed", N_("sealed, still here"), frozenset(("sealed",))),
    ("way", N_("on their way"), frozenset(("exported", "stored"))),
    ("talk", N_("those that need a talk"), frozenset(("needs-human",))),
    ("arrived", N_("those that arrived"), frozenset(("imported", "purged"))),
)


@dataclass(frozen=True, slots=True)
class Filter:
    """What is shown: a kind of `KINDS` (None: all), and a part of the record code in its one spelling."""

    kind: str | None = None
    part: str = ""

    @property
    def active(self) -> bool:
        """Whether anything may be hidden."""
        return self.kind is not None or bool(self.part)

    def typed(self, character: str) -> Filter:
        """With one more character of a code; the same when no code holds it."""
        one = codes.normal(character)
        if len(one) != 1 or one not in codes.ALPHABET or len(self.part) == codes.LENGTH:
            return self
        return replace(self, part=self.part + one)

    def back(self) -> Filter:
        """Without the character typed last."""
        return replace(self, part=self.part[:-1])

    def turned(self, step: int, rows: Iterable[InterviewRow]) -> Filter:
        """The next kind of which there is any; after the last one all."""
        states = {row.state for row in rows}
        names = [None, *(name for name, _words, kinds in KINDS if kinds & states)]
        place = names.index(self.kind) if self.kind in names else 0
        return replace(self, kind=names[(place + step) % len(names)])

    def shown(self, rows: Sequence[InterviewRow]) -> list[InterviewRow]:
        """The interviews that are shown, what waits for a hand first, then the newest first."""
        states = next((kinds for name, _words, kinds in KINDS if name == self.kind), None)
        found = [row for row in rows if (states is None or row.state in states) and self.part in row.code]
        return sorted(found, key=lambda row: (ORDER.index(row.state), -row.opened_at, row.code))

    def words(self, shown: int, rows: int) -> str:
        """What hides lines, and how many there are; empty when everything is shown."""
        if not self.active:
            return ""
        parts = [_(words) for name, words, _kinds in KINDS if name == self.kind]
        if self.part:
            parts.append(_("code with {part}", part=code_text(self.part)))
        return _("Shown: {what} ({shown} of {rows}). Esc shows all.", what=", ".join(parts), shown=shown, rows=rows)
