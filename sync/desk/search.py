"""Search over what this desk may open: newest first, every word by prefix, ranking on request.

The same numbers in every compartment make the newest record the one with the highest number, so that a search reads
no more than it shows. Compartments are searched one by one, as they are kept: a record is found when one of them has
every word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from collector.vault import Vault
from schemas.records.common import COMPARTMENTS, NARRATIVE
from sync.desk import text
from sync.desk.archive import Archive

RANKED_AT_MOST = 1000
LIMIT = 10_000
_PAGE = 500
"""Matches that are looked up at once."""


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
    """The newest `limit` records (numbers below `before`) of which one compartment has every word.

    `ranked`: the best of the newest 1,000 instead, those of the narrative first.
    """
    expression = text.query(words)
    limit = min(limit, LIMIT)
    if expression is None or limit <= 0:
        return []
    order = sorted(archives, key=lambda comp: comp != NARRATIVE)
    found = _best(archives, order, expression, limit) if ranked else _newest(archives, order, expression, limit, before)
    excerpt, hits = text.excerpts(words), list[Hit]()
    while len(hits) < limit and (page := list(islice(found, min(limit - len(hits), _PAGE)))):
        hits += _hits(vault, archives, page, excerpt)
    return hits


def _hits(
    vault: Vault, archives: Mapping[int, Archive], page: list[tuple[int, int]], excerpt: Callable[[str], str]
) -> Iterator[Hit]:
    """What is shown of some matches, in their order; those that are imported no longer are left out."""
    marks = ", ".join("?" * len(page))
    rows = vault.db.query(
        f"SELECT number, record, at FROM item WHERE state = 'imported' AND number IN ({marks})",
        [number for number, _ in page],
    )
    items = {int(row[0]): (str(row[1]), int(row[2])) for row in rows}
    texts = {
        comp: archives[comp].texts([number for number, place in page if place == comp])
        for comp in {place for _, place in page}
    }
    for number, comp in page:
        if number in items and number in texts[comp]:
            yield Hit(number, *items[number], COMPARTMENTS[comp], excerpt(texts[comp][number]))


def _newest(
    archives: Mapping[int, Archive], order: list[int], expression: str, limit: int, before: int | None
) -> Iterator[tuple[int, int]]:
    """Number and compartment of every match, newest first, page by page as they are asked for."""
    while True:
        page: dict[int, int] = {}
        least = 0
        for comp in order:
            numbers = archives[comp].index.newest(expression, limit, before, least)
            # What is older than a full page is of no use to this one, whatever compartment it is in.
            least = numbers[-1] if len(numbers) == limit else least
            for number in numbers:
                page.setdefault(number, comp)
        yield from ((number, page[number]) for number in sorted(page, reverse=True) if number >= least)
        if not least:
            return
        before = least


def _best(archives: Mapping[int, Archive], order: list[int], expression: str, limit: int) -> Iterator[tuple[int, int]]:
    """Number and compartment of the best of the newest matches, each record once."""
    newest: dict[int, list[int]] = {}
    least = 0
    for comp in order:
        newest[comp] = archives[comp].index.newest(expression, RANKED_AT_MOST, None, least)
        least = newest[comp][-1] if len(newest[comp]) == RANKED_AT_MOST else least
    seen: set[int] = set()
    for comp in order:
        # More than are shown are put in order only when some of these are imported no longer.
        for size in (limit, RANKED_AT_MOST) if newest[comp] else ():
            best = archives[comp].index.best(expression, size, max(least, newest[comp][-1]))
            for number in (number for _, number in best if number not in seen):
                seen.add(number)
                yield number, comp
            if len(best) < size:
                break
