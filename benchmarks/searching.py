"""Search in 100,000 imported records: newest first and ranked, with words as people type them.

The records are 10,000 variations of the invented interviews, ten times each, filed through `Archive.file` with the
rows that an import leaves, in transactions of one shard. What stands for the sealed document beside the texts is that
of the interview they are varied from: a search never reads it, but it takes its place in the file. Queries are one to
three words of one record, half of them cut to their beginnings, and some rare and absent words.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path

from benchmarks import world
from benchmarks.measure import median, percentile95, say
from benchmarks.table import Row
from collector.crypto import Secret
from schemas.canonical import DOCUMENT
from schemas.forms import shipped_forms
from schemas.records.common import COMPARTMENTS, NARRATIVE
from schemas.records.document import Answer, Document
from schemas.structure import encode
from schemas.xform import parse_form
from sync.desk.archive import FOLDER, Archive, Filed
from sync.desk.desk import Desk
from sync.desk.facets import Wanted
from tui.demo_interviews import BASE_COUNT, SEARCH_PHRASE, interviews

GOAL_MS = 50.0
SAME = 10
"""Records that have the same texts; to tell 100,000 different ones would take longer than to file them."""
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_WORD = re.compile(r"[^\W\d_]{3,}")
Texts = dict[int, list[tuple[str, str]]]
"""Compartment → name of the question and its text."""


def rows(*, quick: bool = False, full: bool = False) -> list[Row]:
    """Newest first and ranked, on an open desk; newest first as the first search after opening from the disk."""
    del full
    count = 4000 if quick else 100_000
    with world.temporary("search") as folder:
        world.found(folder, fields=0)
        dice = random.Random("svidok benchmark search")
        begun = time.perf_counter()
        with Desk.open(folder / "desk", world.PASSPHRASE) as desk:
            queries = _queries(_filled(desk, count, dice), dice)
        say(f"{count} records filed in {time.perf_counter() - begun:.0f} s; {len(queries)} queries")
        with Desk.open(folder / "desk", world.PASSPHRASE) as desk:
            for query in queries[:20]:
                desk.search(query)
            newest = [_milliseconds(desk, query, ranked=False) for query in queries]
            ranked = [_milliseconds(desk, query, ranked=True) for query in queries]
            narrowed, values = _narrowed(desk, queries[:100])
        cold = [_cold(folder / "desk", query) for query in queries[: 8 if quick else 40]]
    work = f"search in {count} records"
    return [
        _row(f"{work}, newest first, p95", newest),
        _row(f"{work}, ranked over at most 1000 hits, p95", ranked),
        _without_goal(_row(f"{work}, narrowed by a facet, all facets counted, p95", narrowed), f"; {values} values"),
        _without_goal(_row(f"{work}, first search from a cold disk, p95", cold)),
    ]


def _row(work: str, taken: list[float]) -> Row:
    p95 = percentile95(taken)
    note = f"median {median(taken):.1f} ms, longest {max(taken):.0f} ms of {len(taken)} queries"
    return Row(work, f"{p95:.1f} ms", "–", f"{p95 / GOAL_MS:.2f}", f"≤ {GOAL_MS:.0f} ms", p95 <= GOAL_MS, note)


def _without_goal(row: Row, words: str = "") -> Row:
    return replace(row, ratio="–", goal="–", reached=None, note=row.note + words)


def _narrowed(desk: Desk, queries: list[str]) -> tuple[list[float], int]:
    """Milliseconds of searches that one value of a facet narrows, counts of all facets included; how many values."""
    finder = desk.finder
    every = finder.counted("", Wanted()).facets
    wanted = [Wanted(((name, values[0][0]),)) for name, values in every.items()]
    taken = []
    for place, query in enumerate(queries):
        begun = time.perf_counter()
        finder.search(query, wanted[place % len(wanted)])
        finder.counted(query, wanted[place % len(wanted)])
        taken.append((time.perf_counter() - begun) * 1000)
    return taken, sum(map(len, every.values()))


def _milliseconds(desk: Desk, query: str, *, ranked: bool) -> float:
    begun = time.perf_counter()
    desk.search(query, ranked=ranked)
    return (time.perf_counter() - begun) * 1000


def _cold(home: Path, query: str) -> float:
    """A search on a desk that was just opened, with nothing of its archives in the system's page cache."""
    os.sync()
    if hasattr(os, "posix_fadvise"):
        for path in (home / FOLDER).glob("*.db*"):
            fd = os.open(path, os.O_RDONLY)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)
    with Desk.open(home, world.PASSPHRASE) as desk:
        return _milliseconds(desk, query, ranked=False)


# ---- records ----


def _filled(desk: Desk, count: int, dice: random.Random) -> list[str]:
    """File `count` records; returns the texts of some of them, from all over the archive."""
    told = _told(count)
    sample: list[str] = []
    number = 0
    with ThreadPoolExecutor(len(desk.archives)) as pool:
        while batch := list(islice(told, 4096)):
            numbered = [(number + place, record) for place, record in enumerate(batch, 1)]
            filed = [pool.submit(_file_all, archive, numbered) for archive in desk.archives.values()]
            _rows_of_items(desk, numbered)
            for done in filed:
                done.result()
            sample += ["\n".join(text for _, text in dice.choice(batch)[2]) for _ in range(20)]
            number += len(batch)
    return sample


def _told(count: int) -> Iterator[Texts]:
    """The texts of `count` records by compartment: every variation stands for ten records."""
    form = parse_form(next(iter(shipped_forms())).xform)
    numbers = {name: number for number, name in COMPARTMENTS.items()}
    places = {question.name: numbers[question.compartment] for question in form.questions.values()}
    for told in islice(interviews(count // SAME + BASE_COUNT), BASE_COUNT, None):
        texts: Texts = {comp: [] for comp in COMPARTMENTS}
        _sort(told.answers, "", places, texts)
        yield from (texts for _ in range(SAME))


def _sort(value: object, name: str, places: dict[str, int], texts: Texts) -> None:
    """Put the texts of nested answers where the form has their questions."""
    if isinstance(value, str):
        texts[places.get(name, NARRATIVE)].append((name, value))
    elif isinstance(value, dict):
        for key, inner in value.items():
            _sort(inner, key, places, texts)
    elif isinstance(value, list):
        for inner in value:
            _sort(inner, name, places, texts)


def _eid(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(8, "big")).digest()[:16]


def _code(number: int) -> str:
    digits = int.from_bytes(_eid(number)[:8], "big")
    return "".join(ALPHABET[digits >> 5 * place & 31] for place in range(12))


_CONTENTS: dict[tuple[int, int], bytes] = {}


def _file_all(archive: Archive, numbered: list[tuple[int, Texts]]) -> None:
    with archive.db.transaction(), Secret(bytes(32)) as key:
        for number, texts in numbered:
            answers: list[Answer] = [((name,), text, None, 0, "witness") for name, text in texts[archive.comp]]
            document = Document(eid=_eid(number), comp=archive.comp, answers=tuple(answers), atts=())
            kind = (archive.comp, number % BASE_COUNT)
            if kind not in _CONTENTS:
                _CONTENTS[kind] = encode(document, DOCUMENT)
            archive.file(Filed(number, _eid(number), _code(number), _CONTENTS[kind], document, key, (), {}))


def _rows_of_items(desk: Desk, numbered: list[tuple[int, Texts]]) -> None:
    bid = bytes(16)
    with desk.vault.db.transaction():
        desk.vault.db.execute("INSERT OR IGNORE INTO bundle VALUES (?, x'', 'benchmark', 0, 0, 0)", (bid,))
        desk.vault.db.execute_many(
            "INSERT INTO item (number, eid, core, state, record, opened, bid, start, bytes, at)"
            " VALUES (?, ?, ?, 'imported', ?, x'000102', ?, 0, 0, 0)",
            [
                (number, _eid(number), hashlib.sha256(_eid(number)).digest(), _code(number), bid)
                for number, _ in numbered
            ],
        )


# ---- queries ----


def _queries(texts: list[str], dice: random.Random) -> list[str]:
    """Up to 500: words of a record, whole and cut, and every tenth one rare, absent or a phrase."""
    queries: list[str] = []
    for place, text in enumerate(texts):
        words = dice.sample(sorted(set(_WORD.findall(text))), dice.randint(1, 3))
        if place % 2:
            words = [word[: max(2, dice.randint(2, len(word)))] for word in words]
        queries.append(" ".join(words))
        if place % 10 == 0:
            queries.append(dice.choice((f'"{SEARCH_PHRASE}"', "неіснуюче", "qqzzx", f"{words[0]} qqzzx", words[0][:2])))
    dice.shuffle(queries)
    return queries
