"""From sealed entries to a desk: straight into the importer as intake would decode them, or all the way on volumes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from collector import crypto, files
from collector.cells import CHUNK
from collector.padme import padme
from collector.slots import RecipientPublic
from schemas.records.bundle import ENTRY_FILE, STREAM_FILE, BundleIndex
from schemas.structure import encode
from sync.desk.archive import FOLDER
from sync.desk.desk import Desk
from sync.desk.importer import Importer
from sync.desk.intake import DecodedBundle, DecodedFile
from sync.desk.report import ImportReport
from sync.volume import volume_name
from tests.sync.desk.devices import Attached, Sealed
from tests.sync.volumes import CELLS, make_bundle

Item = Sealed | bytes


class Bundle:
    """Entries (or bytes that pretend to be one) and their streams on the way, under one bundle id."""

    def __init__(
        self,
        items: Sequence[Item],
        *,
        retn: bytes | None = None,
        extra: Sequence[Attached] = (),
        drop_streams: bool = False,
    ) -> None:
        self.retn = retn or crypto.random_bytes(16)
        self.bid = crypto.random_bytes(16)
        streams = [a for item in items if isinstance(item, Sealed) and not drop_streams for a in item.streams]
        self.entries = [
            (item.eid, item.data) if isinstance(item, Sealed) else (crypto.random_bytes(16), item) for item in items
        ]
        self.streams = [(a.key.sid, a.cells, a.ref.root) for a in [*streams, *extra]]

    def payload(self) -> tuple[bytes, tuple[DecodedFile, ...]]:
        """As it lies in the work folder after decoding, and the places in it."""
        listed = [(ENTRY_FILE, name, data, crypto.sha256(data)) for name, data in self.entries]
        listed += [(STREAM_FILE, name, data, root) for name, data, root in self.streams]
        index = BundleIndex(files=tuple((k, n, len(d), h) for k, n, d, h in listed), retn=self.retn)
        body = encode(index)
        block = (len(body).to_bytes(4, "big") + body).ljust(-(-(len(body) + 4) // 4096) * 4096, b"\0")
        placed, parts, at = [], [block], len(block)
        for kind, name, data, digest in listed:
            placed.append(DecodedFile(kind, name, len(data), digest, at))
            parts.append(data)
            at += len(data)
        return b"".join(parts), tuple(placed)

    def decoded(self, work: Path) -> DecodedBundle:
        """The bundle as intake hands it on."""
        data, placed = self.payload()
        path = work / f"{files.random_name()}.payload"
        path.write_bytes(data)
        return DecodedBundle(self.bid, bytes(32), self.retn, "00000 00000", path, placed, 1, 0, 0)

    def write(self, folder: Path, intake: RecipientPublic) -> Path:
        """As one volume in a folder."""
        data, _ = self.payload()
        stripes = padme(-(-len(data) // (CELLS * CHUNK)))
        made = make_bundle(data, 1, 1, intake=intake, stripes=stripes)
        folder.mkdir(parents=True, exist_ok=True)
        for (stripe, index), volume in made.files.items():
            (folder / volume_name(made.bid, stripe, index)).write_bytes(volume)
        self.bid = made.bid
        return folder


def take(desk: Desk, *bundles: Bundle) -> ImportReport:
    """Steps 6 to 12 for the bundles."""
    work = desk.vault.home / FOLDER / "work"
    return take_decoded(desk, (bundle.decoded(work) for bundle in bundles))


def take_decoded(desk: Desk, arriving: Iterable[DecodedBundle]) -> ImportReport:
    """The same for bundles that lie in the work folder already."""
    report = ImportReport()
    Importer(desk.vault, desk.archives, clock=desk.clock).take(arriving, report)
    return report


def codes_of(report: ImportReport) -> list[object]:
    """What became of each item: the code of its problem, or its state."""
    return [item.get("code", item["state"]) for item in report.items]


def receipts_of(desk: Desk, bid: bytes) -> dict[bytes, tuple[str, str]]:
    """Status and code of the receipts for a bundle, by entry id."""
    rows = desk.vault.db.query("SELECT eid, status, code FROM receipt WHERE bid = ?", (bid,))
    return {bytes(eid): (status, code) for eid, status, code in rows}


def stored(desk: Desk) -> dict[str, list[str]]:
    """Names of the files below each area of the archive."""
    folder = desk.vault.home / FOLDER
    return {
        area: sorted(p.name for p in (folder / area).iterdir()) for area in ("store", "quarantine", "strangers", "work")
    }


def consistent(desk: Desk) -> None:
    """Vault, archives and store agree: nothing half-made is there."""
    known = {(area, name) for area, name in desk.vault.db.query("SELECT area, name FROM store")}
    found = stored(desk)
    assert found.pop("work") == []
    assert {(area, name) for area, names in found.items() for name in names} == known
    rows = desk.vault.db.query("SELECT number, eid, opened FROM item WHERE state = 'imported'")
    for number, eid, opened in rows:
        for comp in bytes(opened):
            assert desk.archives[comp].holds(number, bytes(eid))
    last = desk.vault.db.one("SELECT coalesce(max(number), 0) FROM item")
    assert last is not None
    for archive in desk.archives.values():
        assert archive.numbers(above=last[0]) == []
        archive.db.check()
    desk.vault.db.check()
    desk.vault.log.verify_all()
