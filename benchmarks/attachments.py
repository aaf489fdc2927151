"""A large file into the vault of a field machine, and out again at the desk, beside `age` on the same disk.

Ours is `Field` → `media.take` (sealed, hashed, durable, its row in the encrypted database) and `Desk.attachment`
(every cell, root and hash verified, durable); beside it `age -r` and `age -d`, each followed by fsync of the output.
Source and cells lie in the page cache for both. Run alone: `python -m benchmarks.attachments take|out MEBIBYTES`
prints the peak memory of one such call.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import world
from benchmarks.machine import sha256_rate
from benchmarks.measure import in_turns, median, peak_mebibytes, ratio_of, say
from benchmarks.table import Row, bounded, missing
from collector import crypto, media
from collector.cellstream import seal_file
from collector.crypto import Secret
from collector.field import Field
from schemas.canonical import DOCUMENT
from schemas.records.common import NARRATIVE
from schemas.records.document import AttachmentKey, Document
from schemas.structure import encode
from sync.desk.archive import FOLDER, Filed, KeptAttachment
from sync.desk.desk import Desk

MIB = 1 << 20
CODE = "BENCHMARK234"
NAME = "recording.wav"
MEMORY_GOAL = 150.0
NO_AGE = "`age` is not on this machine (Debian: apt-get install age); without it there is nothing to compare with"


def rows(*, quick: bool = False, full: bool = False) -> list[Row]:
    """In, out, and the peak memory of each; 5 GiB too when `full`."""
    size, repeats = (64, 3) if quick else (1024, 5)
    found: list[Row] = []
    if shutil.which("age") is None:
        print(f"!! {NO_AGE}", file=sys.stderr)
        found += [missing(f"{_named(size)} {way}", "≤ 1", NO_AGE) for way in ("into the vault", "out at the desk")]
    else:
        with world.temporary("attachments") as folder:
            source = _written(folder / "source", size)
            world.found(folder)
            found += [_into_vault(folder, source, size, repeats), _out_of_desk(folder, source, size, repeats)]
    for mebibytes in [size, *([5 * 1024] if full else [])]:
        for call, words in (("take", "into the vault"), ("out", "out at the desk")):
            say(f"peak memory, {_named(mebibytes)} {words}")
            peak = _peak_of(call, mebibytes)
            found.append(bounded(f"peak memory, {_named(mebibytes)} {words}", peak, MEMORY_GOAL, "MiB"))
    return found


def _named(mebibytes: int) -> str:
    return f"{mebibytes // 1024} GiB" if mebibytes % 1024 == 0 else f"{mebibytes} MiB"


def _written(path: Path, mebibytes: int) -> Path:
    """A file of random bytes."""
    with path.open("wb") as file:
        for _ in range(mebibytes):
            file.write(os.urandom(MIB))
    return path


def _synced(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def _age(folder: Path) -> tuple[str, Path]:
    """A recipient and the file with its identity."""
    identity = folder / "age.key"
    if not identity.exists():
        subprocess.run(["age-keygen", "-o", str(identity)], check=True, capture_output=True)
    made = subprocess.run(["age-keygen", "-y", str(identity)], check=True, capture_output=True, text=True)
    return made.stdout.strip(), identity


# ---- in ----


def _into_vault(folder: Path, source: Path, size: int, repeats: int) -> Row:
    say(f"{_named(size)} into the vault, beside age: {repeats} times each")
    recipient, _ = _age(folder)
    output = folder / "source.age"

    def theirs() -> None:
        subprocess.run(["age", "-r", recipient, "-o", str(output), str(source)], check=True)
        _synced(output)

    with Field.open(folder / "field-0", world.PASSPHRASE) as field:
        draft = field.new_interview().draft.number

        def ours() -> None:
            media.take(field.vault, draft, source)

        def after() -> None:
            for attachment in media.listed(field.vault, draft):
                media.drop(field.vault, attachment.sid)
            output.unlink(missing_ok=True)

        mine, age = in_turns([ours, theirs], repeats, after=after)
    return _row(f"{_named(size)} into the vault, durable", mine, age, "age -r, fsync", size)


def _row(work: str, ours: list[float], theirs: list[float], against: str, size: int) -> Row:
    ratio = ratio_of(ours, theirs)
    bound = size / sha256_rate() / median(theirs)
    note = (
        f"SHA-256 over the whole content in one thread, which age does not do, takes {bound:.2f} times age's time here"
        " by itself: no program that gives this hash gets below that on this processor."
    )
    return Row(
        work, f"{median(ours):.2f} s", f"{median(theirs):.2f} s ({against})", f"{ratio:.2f}", "≤ 1", ratio <= 1, note
    )


# ---- out ----


def _out_of_desk(folder: Path, source: Path, size: int, repeats: int) -> Row:
    say(f"{_named(size)} out at the desk, beside age: {repeats} times each")
    recipient, identity = _age(folder)
    sealed, theirs_out, ours_out = folder / "source.age", folder / "age.out", folder / "desk.out"
    subprocess.run(["age", "-r", recipient, "-o", str(sealed), str(source)], check=True)

    def theirs() -> None:
        subprocess.run(["age", "-d", "-i", str(identity), "-o", str(theirs_out), str(sealed)], check=True)
        _synced(theirs_out)

    def after() -> None:
        theirs_out.unlink(missing_ok=True)
        ours_out.unlink(missing_ok=True)

    with Desk.open(folder / "desk", world.PASSPHRASE) as desk:
        file_attachment(desk, source)
        mine, age = in_turns([lambda: desk.attachment(CODE, NAME, ours_out), theirs], repeats, after=after)
    return _row(f"{_named(size)} out at the desk, verified and durable", mine, age, "age -d, fsync", size)


def file_attachment(desk: Desk, source: Path) -> None:
    """A record with this file as its attachment, as an import leaves it: cells in the store, rows beside them."""
    eid, sid, sk, store = (crypto.random_bytes(n) for n in (16, 16, 32, 8))
    path = desk.vault.home / FOLDER / "store" / store.hex()
    with source.open("rb") as plain, path.open("w+b") as cells:
        sealed = seal_file(sk, sid, plain.fileno(), cells.fileno())
        os.fsync(cells.fileno())
    key = AttachmentKey(
        sid=sid, sk=sk, len_=sealed.info.length, name=NAME, mime="audio/wav", sha256=sealed.sha256, cap_t=0
    )
    document = Document(eid=eid, comp=NARRATIVE, answers=(), atts=(key,))
    kept = KeptAttachment(
        1, NARRATIVE, sealed.info, NAME, "audio/wav", "audio/wav", sealed.sha256, 0, store.hex(), 0
    )  # fmt: skip
    archive = desk.archives[NARRATIVE]
    with archive.db.transaction(), Secret.random() as content_key:
        content = encode(document, DOCUMENT)
        archive.file(Filed(1, eid, CODE, content, document, content_key, [kept], {sid: sk}))
    db = desk.vault.db
    with db.transaction():
        db.execute("INSERT INTO bundle VALUES (?, x'', 'benchmark', 0, 0, 0)", (eid,))
        row = db.execute(
            "INSERT INTO store (name, area, bytes, at) VALUES (?, 'store', ?, 0)", (store.hex(), path.stat().st_size)
        )
        db.execute(
            "INSERT INTO item (number, eid, core, state, serial, record, opened, bid, store, start, bytes, at)"
            " VALUES (1, ?, ?, 'imported', ?, ?, x'02', ?, ?, 0, 0, 0)",
            (eid, hashlib.sha256(eid).digest(), eid, CODE, eid, row),
        )


# ---- memory ----


@dataclass(frozen=True, slots=True)
class _Calls:
    """What the child process can be asked to do with a file."""

    folder: Path
    source: Path

    def take(self) -> None:
        """Into the vault."""
        with Field.open(self.folder / "field-0", world.PASSPHRASE) as field:
            media.take(field.vault, field.new_interview().draft.number, self.source)

    def out(self) -> None:
        """Out at the desk."""
        with Desk.open(self.folder / "desk", world.PASSPHRASE) as desk:
            file_attachment(desk, self.source)
            self.source.unlink()
            desk.attachment(CODE, NAME, self.folder / "out")


def _peak_of(call: str, mebibytes: int) -> float:
    command = [sys.executable, "-m", "benchmarks.attachments", call, str(mebibytes)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _main(call: str, mebibytes: int) -> None:
    with world.temporary("memory") as folder:
        source = folder / "source"
        source.touch()
        os.truncate(source, mebibytes * MIB)  # what it holds does not matter for the memory: a hole is quickly made
        world.found(folder)
        calls = _Calls(folder, source)
        work: Callable[[], None] = calls.take if call == "take" else calls.out
        work()
        print(f"{peak_mebibytes():.1f}")


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
