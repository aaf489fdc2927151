"""Finding records by words and facets together.

Rule: what is shown is exact; what is counted may be an estimate and says so. Counting looks at no more than the newest
20,000 matches of the words in each compartment, so that a common word costs no more than a rare one by much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from collector.vault import Vault
from schemas.records.common import PROCESS
from sync.desk import facets, search
from sync.desk.archive import Archive
from sync.desk.facets import Bits, Counted, Table, Wanted
from sync.desk.search import Hit

COUNTED = 20_000
AT_ONCE = 500
"""Records from before there were facets that one question sorts in."""


class Finder:
    """Searches over one open desk; remembers what the vault says of every item until an import changes it."""

    def __init__(self, vault: Vault, archives: Mapping[int, Archive]) -> None:
        self.vault = vault
        self.archives = archives
        self._seen: tuple[object, ...] = ()
        self._items: tuple[Bits, Table] = (0, {})

    def search(
        self, words: str, wanted: Wanted, *, limit: int = 50, before: int | None = None, ranked: bool = False
    ) -> list[Hit]:
        """The newest records that have every word and what is wanted. See `search.search`."""
        imported, table, _ = self._tables()
        within = wanted.narrow(imported, table)
        if words.strip():
            packed = within.to_bytes(within.bit_length() // 8 + 1, "little")
            return search.search(
                self.vault, self.archives, words, limit=limit, before=before, ranked=ranked, within=packed
            )
        if before is not None:
            within &= (1 << before) - 1
        return search.of_numbers(self.vault, list(islice(facets.numbers_of(within), min(limit, search.LIMIT))))

    def counted(self, words: str, wanted: Wanted) -> Counted:
        """The facets of what is found by the words, each with its counts."""
        imported, table, waiting = self._tables()
        if not words.strip():
            return facets.counted(imported, table, wanted, estimated=False, waiting=waiting)
        numbers, more = search.matching(self.vault, self.archives, words, COUNTED)
        found = facets.bits_of(numbers) & imported
        return facets.counted(found, table, wanted, estimated=more, waiting=waiting)

    def sort_in(self, at_most: int = AT_ONCE) -> int:
        """Give facets to records that were filed before there were any; returns how many are left."""
        left = 0
        for archive in self.archives.values():
            numbers, lacking = facets.not_indexed(archive.db, at_most)
            with archive.db.transaction():
                for number in numbers:
                    self._sort_in(archive, number)
            left = max(left, lacking - len(numbers))
        return left

    def _sort_in(self, archive: Archive, number: int) -> None:
        document = archive.document(number)
        found = set() if document is None else facets.of_document(document)
        if archive.comp == PROCESS:
            opened = {comp: each for comp, other in self.archives.items() if (each := other.document(number))}
            found |= facets.of_gates(opened)
        facets.add(archive.db, number, found)

    def _tables(self) -> tuple[Bits, Table, int]:
        waiting = self.sort_in()
        seen = self._state()
        if seen != self._seen:
            self._items, self._seen = facets.of_items(self.vault), seen
        imported, table = self._items
        return imported, facets.merged([table, *(facets.read(each.db) for each in self.archives.values())]), waiting

    def _state(self) -> tuple[object, ...]:
        """Changes whenever an import, or a decision, changed what the vault says of an item."""
        parts: Sequence[str] = (
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'item'",
            "SELECT count(*) FROM item WHERE state = 'quarantined'",
            "SELECT count(*) FROM relation",
        )
        return tuple(self.vault.db.one(part) for part in parts)
