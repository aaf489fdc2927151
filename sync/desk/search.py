"""Search over what this desk may open:

newest first, every word by prefix, ranking on request (docs/spec/protocol.md §12).

The same numbers in every compartment make the newest record the one with the highest number, so that a search reads
no more than it shows.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from collector.vault import Vault
from schemas.records.common import COMPARTMENTS, NARRATIVE
from sync.desk import text
from sync.desk.archive import Archive

RANKED_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that holds the words: its number, code, when it was imported, where the words stand."""

    number: int
    record: str
    at: int
    compartment: str
    excerpt: str


def search(
    vault: Vault,
    archives: Mapping[int, Archive],
    words: str,
    *,
    limit: int = 50,
    before: int | None = None,
    ranked: bool = False,
) -> list[Hit]:
    """The newest `limit` records (numbers below `before`) in which every word occurs; `ranked`:

    the best of the newest 1,000.
    """
    expression = text.query(words)
    if expression is None:
        return []
    found: dict[int, int] = {}
    for comp in sorted(archives, key=lambda comp: comp != NARRATIVE):
        for number in _numbers(archives[comp], expression, limit, before, ranked=ranked):
            found.setdefault(number, comp)
    numbers = list(found) if ranked else heapq.nlargest(limit, found)
    hits: list[Hit] = []
    for number in numbers:
        row = vault.db.one("SELECT record, at FROM item WHERE number = ? AND state = 'imported'", (number,))
        texts = archives[found[number]].texts(number)
        if row is not None and texts is not None:
            hits.append(Hit(number, row[0], row[1], COMPARTMENTS[found[number]], text.excerpt(texts, words)))
        if len(hits) == limit:
            break
    return hits


def _numbers(archive: Archive, expression: str, limit: int, before: int | None, *, ranked: bool) -> list[int]:
    if not ranked:
        return archive.index.newest(expression, limit, before)
    newest = archive.index.newest(expression, RANKED_AT_MOST)
    return [number for _, number in archive.index.best(expression, limit, newest[-1])] if newest else []
