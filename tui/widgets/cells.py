"""How many terminal cells text takes, and where one visible character ends and the next begins.

The rule: a character and the marks that sit on it (accents, joiners, variation selectors) are one *cluster*; the
cursor, the wrapping and the mouse never stand inside a cluster. Widths are those of rich, which also lays out the
screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len, get_character_cell_size

_JOINER = "\u200d"
# One cell each and no cluster of more than one character: Latin, Greek, Cyrillic, common punctuation and signs.
_PLAIN = re.compile("[\u0020-\u007e\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f‐-’“”„†•…‹›€№−]*")


def is_plain(text: str) -> bool:
    """True if each character is one cluster of one cell, so that counting characters counts cells."""
    return _PLAIN.fullmatch(text) is not None


def _joins(char: str) -> bool:
    return char == _JOINER or get_character_cell_size(char) == 0


def cluster_end(text: str, start: int) -> int:
    """The index after the cluster that begins at `start` (which must be less than the length)."""
    end = start + 1
    while end < len(text) and (_joins(text[end]) or text[end - 1] == _JOINER):
        end += 1
    return end


def cluster_start(text: str, end: int) -> int:
    """The index where the cluster that ends at `end` (greater than 0) begins."""
    start = end - 1
    while start > 0 and (_joins(text[start]) or text[start - 1] == _JOINER):
        start -= 1
    return start


def clusters(text: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(start, end, cells) of every cluster in text[start:end]."""
    at = start
    while at < end:
        stop = min(cluster_end(text, at), end)
        yield at, stop, cell_len(text[at:stop])
        at = stop


def cells_between(text: str, start: int, end: int) -> int:
    """Cells of text[start:end]."""
    piece = text[start:end]
    return len(piece) if is_plain(piece) else sum(cells for _start, _end, cells in clusters(text, start, end))


def index_at(text: str, start: int, end: int, column: int) -> int:
    """The index in text[start:end] of the cluster that covers the cell `column`; `end` if the text is shorter."""
    if is_plain(text[start:end]):
        return min(start + max(column, 0), end)
    at = 0
    for first, _stop, cells in clusters(text, start, end):
        if column < at + cells:
            return first
        at += cells
    return end
