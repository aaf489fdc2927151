"""Search over what this desk may open: newest first, every word by prefix, ranking on request.

The same numbers in every compartment make the newest record the one with the highest number, so that a search reads
no more than it shows. Compartments are searched one by one, as they are kept: a record is found when one of them has
every word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from collector import codes
from collector.vault import Vault
from schemas.records.common import COMPARTMENTS, NARRATIVE
from sync.desk import relations, text
from sync.desk.archive import Archive

RANKED_AT_MOST = 1000
LIMIT = 10_000
_PAGE = 500
"""Matches that are looked up at once."""
_NARROWED = 2000
"""Matches that are read at once when most of them may be left out."""
_GROUPS = re.compile(r"\w{4}-\w{1,4}(-\w{0,4})?")
"""A record code of which a part is typed, in groups as it stands on screens and cards."""
_LAST = "~"


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that holds the words: its number, code, when it was imported, where the words stand, and whether a later
    entry corrects it.
    """

    number: int
    record: str
    at: int
    compartment: str
    excerpt: str
    corrected: bool = False


def search(
    vault: Vault,
    archives: Mapping[int, Archive],
    words: str,
    *,
    limit: int = 50,
    before: int | None = None,
    ranked: bool = False,
    within: bytes | None = None,
) -> list[Hit]:
    """The newest `limit` records (numbers below `before`) of which one compartment has every word.

    `ranked`: the best of the newest 1,000 instead, those of the narrative first. `within`: only those of this set, a
    bit for each number, the lowest first.
    """
    expression = text.query(words)
    limit = min(limit, LIMIT)
    if expression is None or limit <= 0:
        return []
    named = coded(vault, words)
    if named:
        return of_numbers(vault, [n for n in named if (before is None or n < before) and _in(n, within)][:limit])
    order = sorted(archives, key=lambda comp: comp != NARRATIVE)
    page_size = limit if within is None else max(limit, _NARROWED)
    found = (
        _best(archives, order, expression, limit if within is None else RANKED_AT_MOST)
        if ranked
        else _newest(archives, order, expression, page_size, before)
    )
    if within is not None:
        found = _narrowed(found, within)
    excerpt, hits = text.excerpts(words), list[Hit]()
    while len(hits) < limit and (page := list(islice(found, min(limit - len(hits), _PAGE)))):
        hits += _hits(vault, archives, page, excerpt)
    return hits


def coded(vault: Vault, words: str) -> list[int]:
    """The numbers of imported records whose code is all that was asked for, the newest first.

    The code counts as `collector.codes.normal` reads it, whole or, in groups with dashes, its beginning. Nothing when
    it names no record: then what was typed are words.
    """
    typed = codes.normal(words.strip())
    part = _GROUPS.fullmatch(words.strip()) is not None and set(typed) <= set(codes.ALPHABET)
    if not (part or codes.is_code(typed)):
        return []
    rows = vault.db.query(
        "SELECT number FROM item WHERE record >= ? AND record < ? AND state = 'imported' ORDER BY number DESC LIMIT ?",
        (typed, typed + _LAST, LIMIT),
    )
    return [int(number) for (number,) in rows]


def matching(vault: Vault, archives: Mapping[int, Archive], words: str, at_most: int) -> tuple[list[int], bool]:
    """The numbers of the newest records that hold the words, or have the code, and whether there are more than were
    looked at.
    """
    named = coded(vault, words)
    if named:
        return sorted(named), False
    expression = text.query(words)
    found = [] if expression is None else [each.index.newest(expression, at_most) for each in archives.values()]
    cut = [numbers[-1] for numbers in found if len(numbers) == at_most]
    least = max(cut, default=0)
    return sorted({number for numbers in found for number in numbers if number >= least}), bool(cut)


def of_numbers(vault: Vault, numbers: Sequence[int]) -> list[Hit]:
    """What is shown of the records with these numbers (at most 10,000), in their order."""
    found: dict[int, Hit] = {}
    later = relations.corrected(vault, numbers)
    for start in range(0, len(numbers), _PAGE):
        page = list(numbers[start : start + _PAGE])
        marks = ", ".join("?" * len(page))
        rows = vault.db.query(
            f"SELECT number, record, at FROM item WHERE state = 'imported' AND number IN ({marks})", page
        )
        found |= {number: Hit(number, code, at, "", "", number in later) for number, code, at in rows}
    return [found[number] for number in numbers if number in found]


def _narrowed(found: Iterator[tuple[int, int]], within: bytes) -> Iterator[tuple[int, int]]:
    """Those of a set; it ends where nothing of the set can come any more."""
    ends = len(within) * 8
    for number, comp in found:
        if number < ends and within[number >> 3] >> (number & 7) & 1:
            yield number, comp


def _in(number: int, within: bytes | None) -> bool:
    return within is None or (number < len(within) * 8 and bool(within[number >> 3] >> (number & 7) & 1))


def recent(vault: Vault, limit: int = 50, before: int | None = None) -> list[Hit]:
    """The newest records, as a search without words."""
    rows = vault.db.query(
        "SELECT number, record, at FROM item WHERE state = 'imported' AND number < ? ORDER BY number DESC LIMIT ?",
        (2**62 if before is None else before, limit),
    )
    later = relations.corrected(vault, [row[0] for row in rows])
    return [Hit(number, code, at, "", "", number in later) for number, code, at in rows]


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
    later = relations.corrected(vault, [*items])
    for number, comp in page:
        if number in items and number in texts[comp]:
            yield Hit(number, *items[number], COMPARTMENTS[comp], excerpt(texts[comp][number]), number in later)


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
