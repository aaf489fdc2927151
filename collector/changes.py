"""What one act changed, small enough to be kept: for each answer what stood before and after.

Rule: of a text that was edited only the part that differs is kept, so that a journal of a long account is no second
account. What is left out is taken from the answer that stands, which is why changes are gone back over one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from collector.drafts import Given
from schemas.problems import Problem
from schemas.session_types import Path

_T = TypeVar("_T")
_GIVEN = 64


@dataclass(frozen=True, slots=True)
class Change:
    """One answer before and after; None where there was none. `start` and `end` count the characters that both texts
    begin and end with: of these `old` and `new` hold nothing.
    """

    old: Given | None
    new: Given | None
    start: int = 0
    end: int = 0

    def before(self, now: Given | None) -> Given | None:
        """What stood before, where `now` is what stands after. Raises E_DB_CORRUPT."""
        return self._whole(self.old, now)

    def after(self, now: Given | None) -> Given | None:
        """What stood after, where `now` is what stands before. Raises E_DB_CORRUPT."""
        return self._whole(self.new, now)

    def _whole(self, side: Given | None, now: Given | None) -> Given | None:
        if side is None or not (self.start or self.end):
            return side
        if now is None or not isinstance(now.value, str) or len(now.value) < self.start + self.end:
            raise Problem("E_DB_CORRUPT")
        text, middle = now.value, side.value if isinstance(side.value, str) else ""
        return replace(side, value=text[: self.start] + middle + text[len(text) - self.end :])

    @property
    def files(self) -> Iterable[bytes]:
        """The files that it names."""
        return (each.value for each in (self.old, self.new) if each is not None and isinstance(each.value, bytes))

    @property
    def same(self) -> bool:
        """Whether both sides say the same; when and by whom is another matter."""
        old, new = ((each.value, each.missing) if each is not None else None for each in (self.old, self.new))
        return old == new

    @property
    def weight(self) -> int:
        """About how many characters it takes to keep."""
        return _GIVEN + sum(
            len(each.value) for each in (self.old, self.new) if each is not None and isinstance(each.value, str)
        )

    def without(self, sid: bytes) -> Change:
        """The same without a file that is gone."""
        old, new = (None if each is not None and each.value == sid else each for each in (self.old, self.new))
        return Change(old, new, self.start, self.end)


def between(old: Given | None, new: Given | None) -> Change:
    """The change from one answer to another."""
    if old is None or new is None or not isinstance(old.value, str) or not isinstance(new.value, str):
        return Change(old, new)
    one, other = old.value, new.value
    start = _same(one, other)
    end = _same(one[start:][::-1], other[start:][::-1])
    return Change(
        replace(old, value=one[start : len(one) - end]), replace(new, value=other[start : len(other) - end]), start, end
    )


def joined(first: Change, second: Change, middle: Given | None) -> Change:
    """Two changes of one answer as one; `middle` is what stood between them."""
    return between(first.before(middle), second.after(middle))


def differences(old: Mapping[Path, _T], new: Mapping[Path, _T]) -> dict[Path, tuple[_T | None, _T | None]]:
    """What is not the same in both."""
    return {
        path: (old.get(path), new.get(path))
        for path in (*old, *(path for path in new if path not in old))
        if old.get(path) != new.get(path)
    }


def _same(one: str, other: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def plain_given(item: Given | None) -> list[Any] | None:
    """An answer for canonical msgpack."""
    return None if item is None else [item.value, item.missing, item.t, item.by]


def wire_given(values: list[Any] | None) -> Given | None:
    """The answer that `plain_given` wrote."""
    if values is None:
        return None
    value, missing, t, by = values
    return Given(tuple(value) if isinstance(value, list) else value, missing, t, by)
