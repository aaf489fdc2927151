"""The index of words of one compartment: full-text tables in shards by record number.

Rule: a shard holds the 4,096 numbers from `k * 4096` on, whether or not they were filed in order. A search begins
at the newest shard and stops when it has enough, so that what is shown first costs least; a rare word costs one
look into every shard.
"""

from __future__ import annotations

from collections.abc import Iterator

from collector.database import Database

SHARD = 4096
_MAKE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS {name} USING fts5 (text, content = '', contentless_delete = 1,"
    " prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 0')"
)


class WordIndex:
    """The shards of one archive file."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._shards: list[int] = []
        self.reload()

    def reload(self) -> None:
        """Read anew which shards there are: after a transaction that was undone, a shard may be gone again."""
        rows = self._db.query(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%'"
        )
        self._shards = sorted(int(str(row[0]).removeprefix("words_")) for row in rows)

    def add(self, number: int, text: str) -> None:
        """Index the words of a record, inside the caller's transaction."""
        shard = number // SHARD
        if shard not in self._shards:
            self._db.execute(_MAKE.format(name=_name(shard)))
            self._shards = sorted({*self._shards, shard})
        self._db.execute(f"INSERT INTO {_name(shard)} (rowid, text) VALUES (?, ?)", (number, text))

    def remove(self, number: int) -> None:
        """Take a record out of the index."""
        if number // SHARD in self._shards:
            self._db.execute(f"DELETE FROM {_name(number // SHARD)} WHERE rowid = ?", (number,))

    def newest(self, expression: str, limit: int, before: int | None = None, least: int = 0) -> list[int]:
        """The highest `limit` numbers (below `before`, from `least` on) whose words match an FTS5 expression."""
        found: list[int] = []
        for shard in self._from_newest(before, least):
            table = _name(shard)
            below = (shard + 1) * SHARD if before is None else before
            rows = self._db.query(
                f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid < ? AND rowid >= ?"
                " ORDER BY rowid DESC LIMIT ?",
                (expression, below, least, limit - len(found)),
            )
            found += [int(row[0]) for row in rows]
            if len(found) == limit:
                break
        return found

    def best(self, expression: str, limit: int, least: int) -> list[tuple[float, int]]:
        """Score (lower is better) and number of the best `limit` matches from number `least` on, best first.

        The score is BM25 with the word frequencies of the match's own shard.
        """
        found: list[tuple[float, int]] = []
        for shard in self._from_newest(None, least):
            table = _name(shard)
            rows = self._db.query(
                f"SELECT rank, rowid FROM {table} WHERE {table} MATCH ? AND rowid >= ? ORDER BY rank LIMIT ?",
                (expression, least, limit),
            )
            found += [(float(rank), int(number)) for rank, number in rows]
        return sorted(found)[:limit]

    def _from_newest(self, before: int | None, least: int) -> Iterator[int]:
        for shard in reversed(self._shards):
            if (shard + 1) * SHARD > least and (before is None or shard * SHARD < before):
                yield shard


def _name(shard: int) -> str:
    return f"words_{int(shard)}"
