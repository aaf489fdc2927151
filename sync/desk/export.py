"""Exports that leave the desk's protection: CSV tables, one for each compartment and repeat.

The files are plain text: whoever has them can read them. Every record written is noted in the custody log. A cell
that a spreadsheet program would take for a formula is written with an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from collector import files
from collector.vault import Vault
from schemas.records.common import COMPARTMENTS
from schemas.records.document import Document
from sync.desk import logbook
from sync.desk.archive import Archive

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class CsvFile:
    """One table that was written."""

    name: str
    rows: int


def write_csv(vault: Vault, archives: Mapping[int, Archive], folder: Path) -> list[CsvFile]:
    """Write every imported record to `folder`. Raises E_DISK_FULL, E_NO_ACCESS."""
    with files.mapped_os_errors():
        folder.mkdir(parents=True, exist_ok=True)
    items = vault.db.query("SELECT number, eid, record FROM item WHERE state = 'imported' ORDER BY number")
    written: list[CsvFile] = []
    for comp, archive in sorted(archives.items()):
        tables: dict[str, list[Row]] = {COMPARTMENTS[comp]: []}
        for number, _eid, record in items:
            document = archive.document(number)
            if document is not None:
                _add(tables, COMPARTMENTS[comp], str(record), document, {a.sid: a.name for a in document.atts})
        written += [_write(folder, name, rows) for name, rows in sorted(tables.items())]
    with vault.db.transaction():
        for _number, eid, _record in items:
            logbook.note(vault, "export", bytes(eid), {"kind": "csv"})
    return written


def _add(tables: dict[str, list[Row]], base: str, record: str, document: Document, names: Mapping[bytes, str]) -> None:
    main: Row = {"record_code": record}
    entries: dict[tuple[object, ...], Row] = {}
    tables[base].append(main)
    for path, value, missing, _at, _by in document.answers:
        if missing == "not_applicable":
            continue
        repeats = [(place, step) for place, step in enumerate(path[:-1]) if type(step) is tuple]
        column = str(path[-1])
        if not repeats:
            row = main
        else:
            place, step = repeats[-1]
            key = path[: place + 1]
            if key not in entries:
                entries[key] = {"record_code": record, "entry": ".".join(str(item[1][1]) for item in repeats)}
                tables.setdefault(f"{base}.{step[0]}", []).append(entries[key])
            row = entries[key]
        row[column] = "" if value is None else _cell(value, names)
        if missing is not None:
            row[f"{column}_missing"] = missing


def _cell(value: object, names: Mapping[bytes, str]) -> str:
    if isinstance(value, bytes):
        return _safe(files.shown_name(names.get(value, value.hex())))
    if isinstance(value, tuple):
        return " ".join(str(item) for item in value)
    return _safe(str(value)) if isinstance(value, str) else str(value)


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _write(folder: Path, name: str, rows: list[Row]) -> CsvFile:
    columns = list(dict.fromkeys(column for row in rows for column in row)) or ["record_code"]
    files.write_durably(folder / f"{name}.csv", _lines(columns, rows))
    return CsvFile(f"{name}.csv", len(rows))


def _lines(columns: list[str], rows: list[Row]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow(row)
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()
