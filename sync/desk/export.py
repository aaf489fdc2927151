"""Exports that leave the desk's protection: CSV tables, one for each compartment and repeat.

The files are plain text: whoever has them can read them. That a record is exported is noted in the custody log before
a line of it is written. A cell that a spreadsheet program would take for a formula gets an apostrophe in front. Records
are read again for the columns and for the rows, so that memory does not grow with what they hold. What the person did
not consent to is in no table (`sync.desk.export_consent`), and that it was left out is told.
"""

from __future__ import annotations

import contextlib
import csv
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from collector import files
from collector.vault import Vault
from schemas.gates_export import OFFICE
from schemas.problems import Problem
from schemas.records.common import COMPARTMENTS
from schemas.records.document import Answer, Document
from sync.desk import logbook
from sync.desk.archive import Archive
from sync.desk.export_consent import Permits, Withheld, permits

__all__ = ["OFFICE", "CsvFile", "Written", "write_csv"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_CODE, _ENTRY = "record_code", "entry"
Row = dict[str, str]
Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CsvFile:
    """One table that was written."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class Written:
    """What was written for a recipient, and what stayed out of it."""

    recipient: str
    files: list[CsvFile]
    withheld: list[Withheld]

    def as_dict(self) -> dict[str, object]:
        """The object that `--json` prints."""
        return {
            "recipient": self.recipient,
            "files": [{"name": each.name, "rows": each.rows} for each in self.files],
            "withheld": [each.as_dict() for each in self.withheld],
        }


@dataclass(slots=True)
class _Table:
    """A table on its way: which question stands in which column; then its file and the rows written."""

    name: str
    columns: dict[str, Names] = field(default_factory=dict)
    by_path: dict[Names, str] = field(default_factory=dict)
    missing: set[Names] = field(default_factory=set)
    rows: int = 0

    def column(self, path: Names) -> str:
        """The column of a question: its name, or its whole path when another question has that name already."""
        known = self.by_path.get(path)
        if known is None:
            taken = path[-1] in self.columns or path[-1] in (_CODE, _ENTRY) or path[-1].endswith("_missing")
            known = self.by_path[path] = ".".join(path) if taken else path[-1]
            self.columns[known] = path
        return known

    def header(self, *, repeat: bool) -> list[str]:
        """All columns, reasons for missing answers beside their questions."""
        found = [_CODE, *([_ENTRY] if repeat else [])]
        for name, path in self.columns.items():
            found += [name, *([f"{name}_missing"] if path in self.missing else [])]
        return found


def write_csv(vault: Vault, archives: Mapping[int, Archive], folder: Path, recipient: str = OFFICE) -> Written:
    """Write what `recipient` may have of every imported record to `folder`.

    Raises E_EXPORT_RECIPIENT, E_DISK_FULL, E_NO_ACCESS; then no new table is there.
    """
    items = vault.db.query("SELECT number, eid, record FROM item WHERE state = 'imported' ORDER BY number")
    may = permits(archives, [(int(number), str(record)) for number, _eid, record in items], recipient)
    with files.mapped_os_errors():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with vault.db.transaction():
        for number, eid, _record in items:
            if may.goes(int(number)):
                logbook.note(vault, "export", bytes(eid), {"kind": "csv", "to": recipient})
    numbers = [(int(number), str(record)) for number, _eid, record in items if may.goes(int(number))]
    written: list[CsvFile] = []
    for comp, archive in sorted(archives.items()):
        written += _write_compartment(archive, comp, numbers, may, folder)
    return Written(recipient, written, may.withheld)


def _write_compartment(
    archive: Archive, comp: int, numbers: list[tuple[int, str]], may: Permits, folder: Path
) -> list[CsvFile]:
    base = COMPARTMENTS[comp]
    tables = {base: _Table(base)}
    for _record, document in may.documents(archive, comp, numbers):
        for answer in document.answers:
            if answer[2] != "not_applicable":
                table = tables.setdefault(_table_name(base, answer), _Table(_table_name(base, answer)))
                table.column(_names(answer))
                table.missing.update([_names(answer)] if answer[2] is not None else [])
    places = {name: folder / f".{files.random_name()}.part" for name in tables}
    try:
        with files.mapped_os_errors(), contextlib.ExitStack() as stack:
            writers = {name: _open(stack, places[name], tables[name], repeat=name != base) for name in tables}
            for record, document in may.documents(archive, comp, numbers):
                for name, row in _rows(base, record, document, tables):
                    writers[name].writerow(row)
                    tables[name].rows += 1
    except BaseException:
        for place in places.values():
            with contextlib.suppress(Problem):
                files.remove(place)
        raise
    for name, place in places.items():
        files.rename(place, folder / f"{name}.csv")
    return [CsvFile(f"{name}.csv", tables[name].rows) for name in sorted(tables)]


def _open(stack: contextlib.ExitStack, place: Path, table: _Table, *, repeat: bool) -> csv.DictWriter[str]:
    """A writer whose file is durable when the stack ends."""
    fd = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    file = stack.enter_context(os.fdopen(fd, "w", encoding="utf-8", newline=""))
    stack.callback(_sync, file)
    writer = csv.DictWriter(file, table.header(repeat=repeat), restval="")
    writer.writeheader()
    return writer


def _sync(file: TextIO) -> None:
    file.flush()
    files.sync(file.fileno())


def _names(answer: Answer) -> Names:
    return tuple(step if isinstance(step, str) else step[0] for step in answer[0])


def _table_name(base: str, answer: Answer) -> str:
    """The compartment's own table, or that of the innermost repeat by its path."""
    path, names = answer[0], _names(answer)
    inner = max((place for place, step in enumerate(path) if isinstance(step, tuple)), default=-1)
    return ".".join((base, *names[: inner + 1]))


def _rows(base: str, record: str, document: Document, tables: Mapping[str, _Table]) -> Iterator[tuple[str, Row]]:
    """The rows of one record: its main one, then one for each entry of a repeat, in the order of the answers."""
    rows: dict[tuple[object, ...], tuple[str, Row]] = {(): (base, {_CODE: record})}
    attachments = {key.sid: key.name for key in document.atts}
    for answer in document.answers:
        path, value, missing = answer[0], answer[1], answer[2]
        if missing == "not_applicable":
            continue
        ids = [str(step[1]) for step in path if isinstance(step, tuple)]
        inner = max((place for place, step in enumerate(path) if isinstance(step, tuple)), default=-1)
        name = _table_name(base, answer)
        _, row = rows.setdefault(path[: inner + 1], (name, {_CODE: record, _ENTRY: ".".join(ids)}))
        column = tables[name].column(_names(answer))
        row[column] = "" if value is None else _cell(value, attachments)
        if missing is not None:
            row[f"{column}_missing"] = missing
    yield from rows.values()


def _cell(value: object, names: Mapping[bytes, str]) -> str:
    if isinstance(value, bytes):
        return _safe(files.shown_name(names.get(value, value.hex())))
    if isinstance(value, tuple):
        return _safe(" ".join(str(item) for item in value))
    return _safe(value) if isinstance(value, str) else str(value)


def _safe(text: str) -> str:
    """A cell that no spreadsheet program runs; a plain number stays one."""
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
