"""Facets: by what a search can be narrowed, and how many of what was found each value holds.

Rules: what a facet says is taken from the documents of one compartment and lies in that compartment's archive; who
cannot open it does not learn it. What the desk's vault knows of every item (mission, form, state, time) is no facet of
a compartment and is read from there. A set of records is one whole number, a bit for each record.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.database import Database
from collector.files import shown_name
from collector.vault import Vault
from schemas.gates_export import OFFICE, RECIPIENTS, allowed
from schemas.problems import Problem
from schemas.records.common import PROCESS
from schemas.records.document import Document
from sync.desk import heeded
from sync.desk.words import SHARD

NAMES = ("mission", "form", "state", "interviewed", "events", "language", "region", "attachments", "uses", "gates")
"""In the order in which they are shown. Values of `interviewed` and `events` are months; a year finds all of them."""
PERIODS = frozenset({"interviewed", "events"})
WITH = "with"
_INDEXED = "-"
_LANGUAGES = frozenset({"interview_languages", "interview_language", "narrative_language", "language"})
_MONTH = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2]))?")
_LONGEST, _MOST = 64, 24
Bits = int
Table = dict[str, dict[str, Bits]]


def of_document(document: Document) -> set[tuple[str, str]]:
    """Name and value of what one document says by itself: months of events, languages, regions, attachments, uses."""
    found: set[tuple[str, str]] = {("attachments", WITH)} if document.atts else set()
    for path, value, missing, *_ in document.answers:
        last = path[-1] if isinstance(path[-1], str) else path[-1][0]
        name = facet_of(last, path)
        if name is None or missing is not None:
            continue
        for each in value if isinstance(value, tuple) else (value,):
            told = _month(str(each)) if name in PERIODS else str(each)
            if told and len(told) <= _LONGEST and len(found) < 4 * _MOST:
                found.add((name, shown_name(told)))
    if document.comp == PROCESS:
        facts = heeded.facts_of({PROCESS: document})
        found |= {("uses", who) for who in RECIPIENTS if who != OFFICE and allowed(facts, who).record}
    return found


def of_gates(documents: Mapping[int, Document]) -> set[tuple[str, str]]:
    """The gates that stand open over everything that was opened; they lie with the process compartment."""
    return {("gates", gate.id) for gate in heeded.gates(documents, None)}


def facet_of(last: str, path: Sequence[object]) -> str | None:
    """The facet that answers to a question belong to: its name, and the path that it ends."""
    if last in _LANGUAGES:
        return "language"
    if last in ("region", "oblast") or last.endswith(("_oblast", "_region")):
        return "region"
    in_repeat = any(isinstance(step, tuple) for step in path)
    return "events" if last == "event_date" or (in_repeat and last.endswith("_date")) else None


def _month(value: str) -> str:
    """The month, or year, that a date in EDTF begins with; nothing when it names none."""
    found = _MONTH.match(value)
    return found.group() if found else ""


# ---- in the archive of a compartment ----


def add(db: Database, number: int, facets: set[tuple[str, str]]) -> None:
    """Set the bit of a record for each facet, inside the caller's transaction."""
    shard, place = divmod(number, SHARD)
    for name, value in (*sorted(facets), (_INDEXED, "")):
        row = db.one("SELECT bits FROM facet WHERE name = ? AND value = ? AND shard = ?", (name, value, shard))
        bits = int.from_bytes(row[0], "little") | 1 << place if row else 1 << place
        db.execute(
            "INSERT INTO facet VALUES (?, ?, ?, ?) ON CONFLICT (name, value, shard) DO UPDATE SET bits = excluded.bits",
            (name, value, shard, _packed(bits)),
        )


def remove(db: Database, number: int) -> None:
    """Clear the bits of a record, inside the caller's transaction."""
    shard, place = divmod(number, SHARD)
    for name, value, bits in db.query("SELECT name, value, bits FROM facet WHERE shard = ?", (shard,)):
        known = int.from_bytes(bits, "little")
        if known >> place & 1:
            db.execute(
                "UPDATE facet SET bits = ? WHERE name = ? AND value = ? AND shard = ?",
                (_packed(known & ~(1 << place)), name, value, shard),
            )


def _packed(bits: Bits) -> bytes:
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def read(db: Database) -> Table:
    """The records of every value of every facet of one archive."""
    found: defaultdict[str, defaultdict[str, Bits]] = defaultdict(lambda: defaultdict(int))
    for name, value, shard, bits in db.query("SELECT name, value, shard, bits FROM facet"):
        found[name][value] |= int.from_bytes(bits, "little") << shard * SHARD
    return {name: dict(values) for name, values in found.items()}


def not_indexed(db: Database, limit: int) -> tuple[list[int], int]:
    """The newest numbers of documents filed before there were facets, at most `limit`, and how many there are."""
    known = db.query("SELECT shard, bits FROM facet WHERE name = ?", (_INDEXED,))
    done = sum(int.from_bytes(bits, "little").bit_count() for _, bits in known)
    row = db.one("SELECT count(*) FROM document")
    lacking = (0 if row is None else int(row[0])) - done
    if lacking <= 0:
        return [], 0
    sets = {shard: int.from_bytes(bits, "little") for shard, bits in known}
    rows = db.query("SELECT number FROM document ORDER BY number DESC")
    numbers = [int(n) for (n,) in rows if not sets.get(n // SHARD, 0) >> n % SHARD & 1]
    return numbers[:limit], lacking


# ---- what the vault knows ----


def bits_of(numbers: Sequence[int]) -> Bits:
    """The set of these numbers."""
    if not numbers:
        return 0
    found = bytearray(max(numbers) // 8 + 1)
    for number in numbers:
        found[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(found, "little")


def numbers_of(bits: Bits) -> Iterator[int]:
    """The numbers of a set, the highest first."""
    packed = _packed(bits)
    for place in range(len(packed) - 1, -1, -1):
        byte = packed[place]
        while byte:
            top = byte.bit_length() - 1
            yield place * 8 + top
            byte ^= 1 << top


def of_items(vault: Vault) -> tuple[Bits, Table]:
    """Every imported record, and the facets that the vault knows of: mission, form, state, month of the interview."""
    rows = vault.db.query(
        "SELECT number, mission.name, item.form, claimed, flags, incomplete FROM item LEFT JOIN device USING (serial)"
        " LEFT JOIN mission ON mission.id = device.mission WHERE state = 'imported'"
    )
    forms = {
        bytes(each[0]): f"{each[1]} {each[2]}" for each in vault.db.query("SELECT hash, id, version FROM mission_form")
    }
    found: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    months: dict[int, str] = {}
    for number, mission, form, claimed, flags, incomplete in rows:
        if mission is not None:
            found["mission"][mission].append(number)
        if form is not None:
            found["form"][forms.get(bytes(form), bytes(form).hex()[:8])].append(number)
        if claimed is not None:
            day = claimed // 86_400
            if day not in months:
                months[day] = time.strftime("%Y-%m", time.gmtime(day * 86_400))
            found["interviewed"][months[day]].append(number)
        for flag in flags.split():
            found["state"][flag].append(number)
        if incomplete:
            found["state"]["incomplete"].append(number)
    corrected = vault.db.query(
        "SELECT own.number, other.kind FROM relation AS other JOIN item AS own ON own.eid = other.target"
        " JOIN item AS later ON later.eid = other.eid AND later.core = other.core AND later.state = 'imported'"
        " WHERE own.state = 'imported' AND (other.kind = 'withdrawal' OR other.type IN ('supersedes', 'continues'))"
    )
    for number, kind in corrected:
        found["state"]["withdrawn" if kind == "withdrawal" else "corrected"].append(number)
    table = {name: {value: bits_of(each) for value, each in values.items()} for name, values in found.items()}
    return bits_of([row[0] for row in rows]), table


# ---- choosing ----


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search is narrowed to: values by facet. Those of one facet stand beside each other, facets together."""

    values: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parsed(cls, given: Sequence[str]) -> Wanted:
        """From NAME=VALUE as it is typed. Raises E_FACET."""
        pairs = []
        for each in given:
            name, sign, value = each.partition("=")
            if name not in NAMES or not sign or not value:
                raise Problem("E_FACET", given=shown_name(each), names=", ".join(NAMES))
            pairs.append((name, value))
        return cls(tuple(pairs))

    def without(self, name: str) -> Wanted:
        """The same without one facet."""
        return Wanted(tuple(pair for pair in self.values if pair[0] != name))

    def toggled(self, name: str, value: str) -> Wanted:
        """The same with a value more, or without it."""
        pair = (name, value)
        return Wanted(
            tuple(each for each in self.values if each != pair) if pair in self.values else (*self.values, pair)
        )

    def narrow(self, bits: Bits, table: Table) -> Bits:
        """Those of a set of records that have what is wanted."""
        by_name: defaultdict[str, Bits] = defaultdict(int)
        for name, value in self.values:
            by_name[name] |= _having(table.get(name, {}), name, value)
        for having in by_name.values():
            bits &= having
        return bits


def _having(values: Mapping[str, Bits], name: str, value: str) -> Bits:
    if name not in PERIODS:
        return values.get(value, 0)
    found = 0
    for month, bits in values.items():
        found |= bits if month.startswith(value) else 0
    return found


@dataclass(frozen=True, slots=True)
class Counted:
    """Facets beside what was found: for each, values with their counts, the most first (months in their order).

    `records` were found in all; `estimated`: only the newest matches of the words were counted. `waiting`: records
    that were filed before there were facets and are not sorted in yet.
    """

    records: int
    estimated: bool
    waiting: int
    facets: Mapping[str, tuple[tuple[str, int], ...]]

    def as_dict(self) -> dict[str, object]:
        """The object that `--json` prints."""
        told = {name: [{"value": value, "count": count} for value, count in each] for name, each in self.facets.items()}
        return {"records": self.records, "estimated": self.estimated, "waiting": self.waiting, "facets": told}


def counted(matching: Bits, table: Table, wanted: Wanted, *, estimated: bool, waiting: int) -> Counted:
    """Counts over a set of records. Those of a facet of which a value is wanted are counted without it, so that the
    values beside it can be seen.
    """
    found: dict[str, tuple[tuple[str, int], ...]] = {}
    for name in NAMES:
        within = wanted.without(name).narrow(matching, table)
        chosen = {value for each, value in wanted.values if each == name}
        counts = [(value, (bits & within).bit_count()) for value, bits in table.get(name, {}).items()]
        kept = [(value, count) for value, count in counts if count or value in chosen]
        kept.sort(key=lambda pair: pair[0] if name in PERIODS else (-pair[1], pair[0]))
        if kept:
            found[name] = tuple(kept)
    return Counted(wanted.narrow(matching, table).bit_count(), estimated, waiting, found)


def merged(tables: Sequence[Table]) -> Table:
    """The facets of several archives as one: a record has a value when it has it in any of them."""
    found: dict[str, dict[str, Bits]] = {}
    for table in tables:
        for name, values in table.items():
            into = found.setdefault(name, {})
            for value, bits in values.items():
                into[value] = into.get(value, 0) | bits
    return found
