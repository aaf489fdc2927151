"""The custody log: what was done, in order, provably without a gap.

Events are chained by hash and stand under a Merkle tree (docs/spec/protocol.md §11.3). Rows are only ever added;
triggers in the database refuse everything else. The hash of every complete subtree is kept, so that the head and any
proof of consistency take O(log² n) look-ups, however long the log is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from collector import merkle
from collector.database import Database
from schemas import structure
from schemas.problems import Problem
from schemas.records.custody import Event

Detail = str | int | bytes
Clock = Callable[[], float]
Node = tuple[int, int, bytes]
_START = bytes(32)
_PAGE = 4096


class Log:
    """The custody log of one database; `clock` gives seconds since 1970 as this machine claims them."""

    def __init__(self, db: Database, *, clock: Clock = time.time) -> None:
        self._db = db
        self._clock = clock

    def append(self, act: str, obj: bytes = b"", det: Mapping[str, Detail] | None = None) -> Event:
        """Adds one event, inside the caller's transaction when there is one. Details must name nobody.

        Raises E_SCHEMA for an act, object or detail that an event cannot hold, and what the database raises.
        """
        with self._db.transaction():
            size = self.size()
            event = Event(
                n=size,
                prev=self.leaf(size - 1) if size else _START,
                t=max(0, int(self._clock())),
                act=act,
                obj=bytes(obj),
                det=dict(det or {}),
            )
            encoded = structure.encode(event)
            self._db.execute("INSERT INTO custody VALUES (?, ?)", (size, encoded))
            self._db.execute_many(
                "INSERT INTO custody_node VALUES (?, ?, ?)", _completed(size, merkle.leaf(encoded), self._node)
            )
        return event

    def size(self) -> int:
        """Number of events."""
        row = self._db.one("SELECT coalesce(max(n) + 1, 0) FROM custody")
        return int(row[0]) if row else 0

    def head(self) -> tuple[int, bytes]:
        """Number of events and Merkle root over them."""
        size = self.size()
        return size, self.root_at(size)

    def root_at(self, size: int) -> bytes:
        """The root when the log had `size` events. Raises E_LOG_FORK when it has fewer now."""
        if not 0 <= size <= self.size():
            raise Problem("E_LOG_FORK", where=f"size {size}")
        return self._over(0, size) if size else merkle.EMPTY

    def leaf(self, n: int) -> bytes:
        """Hash of event `n`."""
        return self._node(0, n)

    def proof(self, from_size: int) -> list[bytes]:
        """Consistency proof from the log of `from_size` events to the log of now (RFC 9162 §2.1.4.1)."""
        size = self.size()
        if not 0 <= from_size <= size:
            raise Problem("E_LOG_FORK", where=f"size {from_size}")
        if from_size in (0, size):
            return []
        return self._subproof(from_size, 0, size, whole=True)

    def _subproof(self, m: int, low: int, high: int, *, whole: bool) -> list[bytes]:
        if m == high - low:
            return [] if whole else [self._over(low, high)]
        half = _split(high - low)
        if m <= half:
            return [*self._subproof(m, low, low + half, whole=whole), self._over(low + half, high)]
        return [*self._subproof(m - half, low + half, high, whole=False), self._over(low, low + half)]

    def inclusion(self, n: int) -> list[bytes]:
        """Audit path of event `n` under the head of now, nearest the leaf first (RFC 9162 §2.1.3.1)."""
        low, high = 0, self.size()
        if not 0 <= n < high:
            raise Problem("E_LOG_FORK", where=f"event {n}")
        path: list[bytes] = []
        while high - low > 1:
            middle = low + _split(high - low)
            if n < middle:
                path.append(self._over(middle, high))
                high = middle
            else:
                path.append(self._over(low, middle))
                low = middle
        return path[::-1]

    def _over(self, low: int, high: int) -> bytes:
        """The root over events low…high−1; a complete subtree is looked up, any other is put together."""
        width = high - low
        if width & (width - 1) == 0:
            level = width.bit_length() - 1
            return self._node(level, low >> level)
        middle = low + _split(width)
        return merkle.node(self._over(low, middle), self._over(middle, high))

    def _node(self, level: int, place: int) -> bytes:
        row = self._db.one("SELECT hash FROM custody_node WHERE level = ? AND place = ?", (level, place))
        if row is None:
            raise Problem("E_LOG_FORK", where=f"node {level}/{place}")
        return bytes(row[0])

    def stored(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Number and bytes of each event from `start` on, in order."""
        while rows := self._page(start):
            yield from rows
            start = rows[-1][0] + 1

    def events(self, start: int = 0) -> Iterator[Event]:
        """Each event from `start` on, in order. Raises E_LOG_FORK for one that cannot be read."""
        return (_decoded(n, data) for n, data in self.stored(start))

    def verify_extends(self, size: int, root: bytes) -> None:
        """Raises E_LOG_FORK unless this log once had exactly `size` events under `root`."""
        if self.root_at(size) != root:
            raise Problem("E_LOG_FORK", where=f"size {size}")

    def verify_all(self) -> tuple[int, bytes]:
        """Recomputes every hash and returns the head. Raises E_LOG_FORK with the first place that does not fit.

        1. numbers without a gap, 2. each event a valid record that names its number and the hash of the one before,
        3. every stored node equals the recomputed one, 4. no node too many.
        """
        peaks: dict[int, bytes] = {}
        before, start = _START, 0
        while rows := self._page(start):
            nodes: list[Node] = []
            for expected, (n, data) in enumerate(rows, start):
                if n != expected:
                    raise Problem("E_LOG_FORK", where=f"event {expected}")
                event, before_this, before = _decoded(n, data), before, merkle.leaf(data)
                if event.n != n or event.prev != before_this:
                    raise Problem("E_LOG_FORK", where=f"event {n}")
                nodes += _completed(n, before, lambda level, _: peaks[level])
                peaks[nodes[-1][0]] = nodes[-1][2]
            if sorted(nodes) != self._stored_nodes(start, start + len(rows)):
                raise Problem("E_LOG_FORK", where=f"nodes {start}")
            start += len(rows)
        count = self._db.one("SELECT count(*) FROM custody_node")
        if count is None or count[0] != 2 * start - start.bit_count():
            raise Problem("E_LOG_FORK", where="nodes")
        return self.head()

    def _page(self, start: int) -> list[tuple[int, bytes]]:
        rows = self._db.query("SELECT n, event FROM custody WHERE n >= ? ORDER BY n LIMIT ?", (start, _PAGE))
        return [(int(n), bytes(event)) for n, event in rows]

    def _stored_nodes(self, start: int, end: int) -> list[Node]:
        """The stored nodes that the events start…end−1 completed, sorted."""
        found: list[Node] = []
        completed = (
            "SELECT level, place, hash FROM custody_node WHERE level = ? AND place >= ? AND place < ? ORDER BY place"
        )
        for level in range(end.bit_length()):
            rows = self._db.query(completed, (level, start >> level, end >> level))
            found += [(int(row[0]), int(row[1]), bytes(row[2])) for row in rows]
        return found


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << (width - 1).bit_length() - 1


def _completed(place: int, leaf: bytes, left: Callable[[int, int], bytes]) -> list[Node]:
    """The nodes (level, place, hash) that event `place` completes, leaf first; `left` gives those on its left."""
    level, value = 0, leaf
    nodes = [(level, place, value)]
    while place & 1:
        value = merkle.node(left(level, place - 1), value)
        level, place = level + 1, place >> 1
        nodes.append((level, place, value))
    return nodes


def _decoded(n: int, data: bytes) -> Event:
    try:
        return structure.decode(Event, data)
    except Problem:
        raise Problem("E_LOG_FORK", where=f"event {n}") from None
