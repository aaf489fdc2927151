"""Breaking one paragraph into rows, and mending the rows after an edit without looking at the whole paragraph.

The rule: rows are a list of the indexes at which they start, `[0, …]`, a function of (text, width) alone: `rewrap`
gives exactly what `wrap` would. A row breaks after a space; a word longer than a row is cut between clusters; one
space may hang in the column after the last, which the editor keeps free for the cursor.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from tui.widgets.cells import clusters, is_plain


def _next_start(text: str, start: int, width: int) -> int | None:
    """The start of the row after the one at `start`, or None if the rest of the text fits."""
    piece = text[start : start + width + 1]
    if not is_plain(piece):
        return _next_start_by_clusters(text, start, width)
    if len(piece) <= width:
        return None
    if piece[width] == " ":
        return start + width + 1
    space = piece.rfind(" ", 0, width)
    return start + (width if space < 0 else space + 1)


def _next_start_by_clusters(text: str, start: int, width: int) -> int | None:
    column, after_space = 0, start
    for first, stop, cells in clusters(text, start, len(text)):
        if column + cells > width:
            if text[first:stop] == " ":
                return stop
            if after_space > start:
                return after_space
            return first if first > start else stop
        column += cells
        if text[first] == " ":
            after_space = stop
    return None


def wrap(text: str, width: int) -> list[int]:
    """The row starts of `text` at `width` cells (at least 1)."""
    starts = [0]
    while (following := _next_start(text, starts[-1], width)) is not None:
        starts.append(following)
    return starts


def rewrap(text: str, width: int, old: list[int], at: int, removed: int, inserted: int) -> list[int]:
    """The row starts of `text`, which came from a text with starts `old` by an edit at index `at`.

    `removed` characters went and `inserted` came. Only rows from the one before the edit up to the first row that
    starts where an old one did are computed; the others are shifted.
    """
    keep = max(bisect_right(old, at) - 2, 0)
    starts = old[: keep + 1]
    shift = inserted - removed
    while (following := _next_start(text, starts[-1], width)) is not None:
        if following >= at + inserted:
            same = bisect_left(old, following - shift)
            if same < len(old) and old[same] == following - shift >= at + removed:
                starts.extend([start + shift for start in old[same:]] if shift else old[same:])
                return starts
        starts.append(following)
    return starts
