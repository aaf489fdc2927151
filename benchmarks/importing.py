"""Import of 2,000 text entries, beside the sum of those of its parts that cannot be left out.

The entries are filled in through the form engine, sealed and exported by two enrolled field machines: two bundles on
three sticks. The parts are done in one thread over the same entries, and only they are timed: every slot tried with
every recipient key, the device's signature, the cells of the documents, and the rows with their index of words, durable
in archives of the same kind, in transactions of a batch. Each import is that of a new copy of the desk.

Alone, `python -m benchmarks.importing HOME FIRST COUNT` makes the entries of one field machine.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path

from benchmarks import world
from benchmarks.measure import median, ratio_of, say, seconds
from benchmarks.table import Row
from collector import slots
from collector.cellstream import CELL, CHUNK, StreamInfo
from collector.crypto import Secret
from collector.database import Database
from collector.head import HEAD_SIZE, Head, open_document, open_manifest
from collector.signer import verify_leaf
from collector.slots import RecipientKeys
from schemas.canonical import DOCUMENT
from schemas.records.common import COMPARTMENTS, PROCESS, SignedObject
from schemas.records.document import Document
from schemas.records.manifest import Core, Manifest
from schemas.records.mission import Certificate
from schemas.structure import decode
from sync.desk import keys, mission
from sync.desk.archive import FOLDER, PAGE_SIZE, Archive, Filed
from sync.desk.desk import Desk
from sync.desk.importer import BATCH

GOAL = 2.5
STICKS = 3


def rows(*, quick: bool = False, full: bool = False) -> list[Row]:
    """The import beside its parts."""
    del full
    count, turns = (100, 2) if quick else (2000, 2)
    with world.temporary("import") as folder:
        sticks = world.apart(_made, folder, count)
        say(f"import, beside its parts: {turns} times each")
        entries = _Entries(folder, sticks, count)
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(turns):
            ours.append(_imported(folder, sticks, count))
            theirs.append(entries.parts())
    each = 1000 / count
    ratio = ratio_of(ours, theirs)
    parts = ", ".join(f"{name} {taken * each:.1f} ms" for name, taken in entries.taken.items())
    note = f"for one entry {median(ours) * each:.1f} ms; the parts of the last run: {parts}"
    work, shown = f"import of {count} text entries", f"{median(theirs):.1f} s (its unavoidable parts)"
    return [Row(work, f"{median(ours):.1f} s", shown, f"{ratio:.2f}", f"≤ {GOAL}", ratio <= GOAL, note)]


def _made(folder: Path, count: int) -> list[Path]:
    """The sticks with the bundles of two field machines."""
    homes = world.found(folder, fields=2)
    sticks = [folder / f"stick-{place}" for place in range(STICKS)]
    for stick in sticks:
        stick.mkdir()
    half = count // 2
    begun = time.perf_counter()
    say(f"{count} interviews filled in, sealed and exported by two field machines")
    world.in_processes(
        "benchmarks.importing",
        [[str(home), str(place * half), str(half)] for place, home in enumerate(homes)],
    )
    for home in homes:
        world.exported(home, sticks)
    say(f"made in {time.perf_counter() - begun:.0f} s")
    return sticks


@contextmanager
def _new_desk(folder: Path) -> Iterator[Desk]:
    """A copy of the desk that imported nothing yet."""
    home = folder / "desk-at-work"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(folder / "desk", home)
    with Desk.open(home, world.PASSPHRASE) as desk:
        os.sync()
        yield desk


def _imported(folder: Path, sticks: Sequence[Path], count: int) -> float:
    """Seconds that an import takes."""
    with _new_desk(folder) as desk:
        return seconds(lambda: _import(desk, sticks, count))


def _import(desk: Desk, sticks: Sequence[Path], count: int) -> None:
    """Raises RuntimeError when not everything was imported."""
    report = desk.import_folders(sticks)
    if report.imported != count:
        raise RuntimeError(f"{report.imported} of {count} entries were imported")


@dataclass(frozen=True, slots=True)
class _Known:
    """What of an entry has to be known before its cells are opened."""

    head: Head
    cks: dict[int, Secret]
    manifest: Manifest
    core: Core
    certificate: Certificate


class _Entries:
    """The sealed entries as an import left them in the store, and the desk's keys for them."""

    def __init__(self, folder: Path, sticks: Sequence[Path], count: int) -> None:
        self._folder = folder
        self._store = folder / "store"
        self.taken: dict[str, float] = {}
        with _new_desk(folder) as desk:
            _import(desk, sticks, count)
            self._places = desk.vault.db.query(
                "SELECT name, start, item.bytes FROM item JOIN store ON store.id = item.store ORDER BY number"
            )
            (only,) = mission.missions(desk.vault)
            self._keys: list[RecipientKeys] = keys.recipient_keys(desk.vault, only.id, "entry")
            shutil.copytree(desk.vault.home / FOLDER / "store", self._store)

    def parts(self) -> float:
        """Seconds of slots, signatures, cells and rows over all entries; nothing else is counted."""
        self.taken = {"slots": 0.0, "signature": 0.0, "cells": 0.0, "rows and index": 0.0}
        batch: list[dict[int, Filed]] = []
        with self._archives() as archives:
            for number in range(1, len(self._places) + 1):
                batch.append(self._opened(number))
                if len(batch) == BATCH or number == len(self._places):
                    with self._timed("rows and index"):
                        _file(archives, batch)
                    batch.clear()
        return sum(self.taken.values())

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.taken[part] += time.perf_counter() - begun

    def _opened(self, number: int) -> dict[int, Filed]:
        name, start, size = self._places[number - 1]
        with (self._store / str(name)).open("rb") as file:
            file.seek(start)
            data = file.read(size)
        known = self._known(data)
        with self._timed("signature"):
            root, leaves = known.certificate.fs_root, known.certificate.fs_n
            verify_leaf(root, leaves, "manifest", known.manifest.core, known.manifest.sig, first=1)
        with self._timed("cells"):
            contents = _contents(data, known)
        eid, code = known.core.eid, known.core.code
        documents = {comp: decode(Document, content, DOCUMENT) for comp, content in contents.items()}
        return {
            comp: Filed(number, eid, code, contents[comp], document, known.cks[comp], (), {})
            for comp, document in documents.items()
        }

    def _known(self, data: bytes) -> _Known:
        head = Head.parse(data[:HEAD_SIZE])
        with self._timed("slots"):
            opened = slots.open_slots(head.slots, self._keys, oid=head.eid, kcs=head.kcs, kind=slots.KIND_ENTRY)
            cks = slots.combine(opened, head.kcs, head.eid)
        manifest = decode(Manifest, open_manifest(head, cks[PROCESS]))
        core = decode(Core, manifest.core)
        return _Known(head, cks, manifest, core, decode(Certificate, decode(SignedObject, core.cert).body))

    @contextmanager
    def _archives(self) -> Iterator[dict[int, Archive]]:
        """Empty archive files as those of a desk."""
        folder = self._folder / "parts"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        migrations = resources("sync.desk.migrations.archive")
        archives = {}
        for comp, name in COMPARTMENTS.items():
            with Secret.random(48) as key, Secret.random() as vmk:
                db = Database.open(folder / f"{name}.db", key, migrations, page_size=PAGE_SIZE, create=True)
                archives[comp] = Archive(comp, db, vmk)
        os.sync()
        yield archives
        for each in archives.values():
            each.close()


def _contents(data: bytes, known: _Known) -> dict[int, bytes]:
    """The documents' bytes; their cells lie behind the head in the order of the core."""
    found, at = {}, HEAD_SIZE
    for stream in known.core.streams:
        if stream.kind == "doc":
            info = StreamInfo(stream.sid, stream.cells * CHUNK, stream.cells, stream.commit, None)
            cells = data[at : at + stream.cells * CELL]
            found[stream.comp] = open_document(known.cks[stream.comp], cells, info, known.head.pub_hash)
            at += len(cells)
    return found


def _file(archives: dict[int, Archive], batch: Sequence[dict[int, Filed]]) -> None:
    for comp, kept in archives.items():
        with kept.db.transaction():
            for documents in batch:
                if comp in documents:
                    kept.file(documents[comp])


if __name__ == "__main__":
    world.text_entries(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
