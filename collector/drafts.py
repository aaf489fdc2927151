"""The rows of a draft: everything that a person said, each piece encrypted under the draft's own key.

Rule: neither an answer nor the question that it answers stands in the database outside the ciphertext, so erasing one
key erases the draft from every old page (docs/spec/protocol.md §4.5). A row is named by a keyed hash of its kind and
path, and bound to that name and to its draft: it cannot be moved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector import codes, crypto, files, media
from collector.crypto import P, Secret
from collector.database import Database
from collector.vault import Vault
from schemas import canonical
from schemas.problems import Problem
from schemas.records.document import By
from schemas.session_types import EntryState, Path, Value

ANSWER_BYTES = 1 << 20
_PLACE = 16
_NONCE = 24
_STEP = re.compile(r"(?P<name>[^/\[\]]+)(?:\[(?P<entry>[1-9][0-9]{0,9})\])?\Z")


@dataclass(frozen=True, slots=True)
class Draft:
    """One row of the table of drafts; `key` names the wrapped draft key."""

    number: int
    code: str
    state: str
    form: bytes
    key: int
    opened_at: int
    touched_at: int


@dataclass(frozen=True, slots=True)
class Given:
    """One answer as the draft keeps it: value or missing reason, when it was given (seconds since 1970), by whom."""

    value: Value
    missing: str | None
    t: int
    by: By


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the person is: the question, the text not yet confirmed, the language of the screen.

    `at` is the place of the cursor in the text as a count of characters (None: its end), `top` the first row that was
    seen of it.
    """

    path: Path
    pending: str
    language: str
    at: int | None = None
    top: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was written: what kind, which path, and the values that belong to it."""

    kind: str
    path: Path
    values: tuple[Any, ...]


class DraftRows:
    """Writes and reads the rows of one draft. Call inside the caller's transaction."""

    def __init__(self, db: Database, draft: int, key: Secret) -> None:
        self._db = db
        self._draft = draft
        self._key = crypto.expand(key, "draft/row")
        self._place_key = crypto.expand(key, "draft/place")

    def put(self, kind: str, path: Path, values: Sequence[object]) -> None:
        """Keeps `values` (canonical types) for `path`, in the place of what was there. Raises E_CMP_*."""
        place = self._place(kind, path)
        data = canonical.dump([kind, plain_path(path), *values], canonical.DOCUMENT)
        nonce = crypto.random_bytes(_NONCE)
        blob = nonce + crypto.xaead_seal(self._key, nonce, data, self._aad(place))
        self._db.execute(
            "INSERT INTO draft_row VALUES (?, ?, ?) ON CONFLICT (draft, place) DO UPDATE SET blob = excluded.blob",
            (self._draft, place, blob),
        )

    def drop(self, kind: str, path: Path) -> None:
        """Removes what was kept for `path`."""
        self._db.execute("DELETE FROM draft_row WHERE draft = ? AND place = ?", (self._draft, self._place(kind, path)))

    def load(self) -> Iterator[Row]:
        """Every row of the draft. Raises E_DB_CORRUPT for one that does not open under the draft's key and place."""
        for place, blob in self._db.query("SELECT place, blob FROM draft_row WHERE draft = ?", (self._draft,)):
            yield self._row(place, blob)

    def one(self, kind: str, path: Path) -> Row | None:
        """What is kept for `path`; None where nothing is. Raises E_DB_CORRUPT as `load` does."""
        place = self._place(kind, path)
        found = self._db.one("SELECT blob FROM draft_row WHERE draft = ? AND place = ?", (self._draft, place))
        return None if found is None else self._row(place, found[0])

    def wipe(self) -> None:
        """Forget the keys; harmless when repeated."""
        self._key.wipe()
        self._place_key.wipe()

    def _row(self, place: bytes, blob: bytes) -> Row:
        data = crypto.xaead_open(self._key, blob[:_NONCE], blob[_NONCE:], self._aad(place))
        if data is None:
            raise Problem("E_DB_CORRUPT")
        kind, path, *values = canonical.load(data, canonical.DOCUMENT)
        return Row(kind, wire_path(path), tuple(values))

    def _place(self, kind: str, path: Path) -> bytes:
        name = canonical.dump([kind, plain_path(path)])
        return bytes(crypto.extract(self._place_key, name)[:_PLACE])

    def _aad(self, place: bytes) -> bytes:
        return P + b"draft-row\0" + self._draft.to_bytes(8, "big") + place


def plain_path(path: Path) -> list[Any]:
    """A path as arrays and text, for canonical msgpack."""
    return [step if isinstance(step, str) else [step[0], step[1]] for step in path]


def wire_path(path: Sequence[Any]) -> Path:
    """The path that `plain_path` wrote."""
    return tuple(step if isinstance(step, str) else (step[0], step[1]) for step in path)


def entry_states(entries: Mapping[Path, bool]) -> list[EntryState]:
    """Entries of repeats (path to whether it was removed) as a session takes them: outer ones first, in their order.

    Those inside of removed ones are left out.
    """
    order = sorted(entries, key=lambda path: (len(path), [step[1] for step in path if not isinstance(step, str)]))
    return [
        EntryState(path, entries[path])
        for path in order
        if not any(entries.get(path[:size], False) for size in range(1, len(path)))
    ]


def path_text(path: Path) -> str:
    """A path as one line, for example `h_event/ev[3]/ev_type`."""
    return "/".join(step if isinstance(step, str) else f"{step[0]}[{step[1]}]" for step in path)


def path_of(text: str) -> Path:
    """The path that `path_text` wrote. Raises E_ANSWER_PATH."""
    steps: list[str | tuple[str, int]] = []
    for part in text.split("/"):
        match = _STEP.match(part)
        if match is None:
            raise Problem("E_ANSWER_PATH", question=text[:80])
        entry = match["entry"]
        steps.append(match["name"] if entry is None else (match["name"], int(entry)))
    return tuple(steps)


def require_short(value: Value) -> None:
    """Raises E_ANSWER_LONG for a text of more than `ANSWER_BYTES` in UTF-8."""
    if isinstance(value, str) and len(value) > ANSWER_BYTES // 4:
        length = len(value.encode("utf-8", "surrogatepass"))
        if length > ANSWER_BYTES:
            raise Problem("E_ANSWER_LONG", bytes=length, limit=ANSWER_BYTES)


def listed(db: Database) -> list[Draft]:
    """Every draft, the oldest first."""
    rows = db.query("SELECT id, code, state, form, key, opened_at, touched_at FROM draft ORDER BY id")
    return [Draft(*row) for row in rows]


def find(db: Database, code: str) -> Draft:
    """The draft with this record code. Raises E_INTERVIEW_SEALED, E_INTERVIEW_UNKNOWN."""
    for draft in listed(db):
        if draft.code == code:
            return draft
    if codes.is_code(code) and db.one("SELECT 1 FROM entry WHERE code = ?", (code,)) is not None:
        raise Problem("E_INTERVIEW_SEALED", code=code)
    raise Problem("E_INTERVIEW_UNKNOWN", code=files.shown_name(code))


def unused_code(db: Database) -> str:
    """A record code that no draft and no entry of this device has."""
    while True:
        code = codes.draw()
        if db.one("SELECT 1 FROM draft WHERE code = ? UNION SELECT 1 FROM entry WHERE code = ?", (code, code)) is None:
            return code


def delete(db: Database, draft: Draft) -> None:
    """Takes the rows of a draft away, inside the caller's transaction. Its key is the caller's to drop."""
    db.execute("DELETE FROM draft_row WHERE draft = ?", (draft.number,))
    db.execute("DELETE FROM draft WHERE id = ?", (draft.number,))


def withdraw(vault: Vault, draft: Draft) -> None:
    """Erases a draft for good: its keys leave the ring, its rows and files go (docs/spec/protocol.md §4.5, §13)."""
    spooled: list[str] = []

    def erase(rewrap: media.Rewrap) -> None:
        spooled.extend(media.drop_draft(rewrap, vault.db, draft.number))
        delete(vault.db, draft)
        rewrap.drop(draft.key)
        vault.log.append("draft-delete", draft.code.encode())

    vault.ring.rotate(vault.db, erase)
    media.erase_spooled(vault, spooled)
