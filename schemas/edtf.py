"""Dates as people remember them: the part of EDTF (ISO 8601-2:2019) that testimony uses, strictly.

    date     = year | year "-" month | year "-" month "-" day     each with an optional qualifier at its end
    year     = 4 digits, not 0000; month = 01-12 or XX; day = 01-31 or XX
    qualifier = "~" approximate | "?" uncertain | "%" both
    interval = end "/" end ;  end = date | ".." | "" (unknown), not both open or unknown

Unspecified digits are whole: `2023-XX-15`, `2023-10-XX`, `2023-XX-XX`, never `202X`. A date must exist: no
2023-02-30, and `2023-XX-31` is one because some month has it. An interval may not end before it can begin.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

Precision: TypeAlias = Literal["exact", "estimate", "no day", "no day and month"]
"""The HURIDOCS value: an exact date, an estimate, day unknown, day and month unknown (micro-thesaurus 48)."""

PRECISIONS: Mapping[Precision, tuple[str, Mapping[str, str]]] = {
    "exact": ("", {"en": "exact date", "uk": "точна дата", "ru": "точная дата"}),
    "estimate": ("estimate", {"en": "estimated date", "uk": "приблизна дата", "ru": "приблизительная дата"}),
    "no day": ("day unknown", {"en": "day unknown", "uk": "день невідомий", "ru": "день неизвестен"}),
    "no day and month": (
        "day and month unknown",
        {"en": "day and month unknown", "uk": "день і місяць невідомі", "ru": "день и месяц неизвестны"},
    ),
}
"""For each precision the value of micro-thesaurus 48 (none for an exact date), and its words by language code."""

_DATE = re.compile(r"(\d{4})(?:-(\d\d|XX)(?:-(\d\d|XX))?)?([~?%])?", re.ASCII)
MAX_LENGTH = 32


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date of which parts may be unknown (None). `earliest` and `latest` are the days between which it lies."""

    year: int
    month: int | None
    day: int | None
    approximate: bool
    uncertain: bool

    @property
    def precision(self) -> Precision:
        """What is known of it; an approximate or uncertain date is an estimate, whatever its parts."""
        if self.approximate or self.uncertain:
            return "estimate"
        if self.month is None:
            return "no day and month"
        return "no day" if self.day is None else "exact"

    @property
    def earliest(self) -> date:
        """The first day that it can be."""
        month = self.month or self._months()[0]
        return date(self.year, month, self.day or 1)

    @property
    def latest(self) -> date:
        """The last day that it can be."""
        month = self.month or self._months()[-1]
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    def _months(self) -> list[int]:
        return [month for month in range(1, 13) if (self.day or 1) <= monthrange(self.year, month)[1]]


@dataclass(frozen=True, slots=True)
class Interval:
    """A span. An end is a date, `..` when it is open, or None when it is not known."""

    start: PartialDate | Literal[".."] | None
    end: PartialDate | Literal[".."] | None

    @property
    def precision(self) -> Precision:
        """The less precise of its ends; a span with an open or unknown end is an estimate."""
        found: list[Precision] = [each.precision for each in (self.start, self.end) if isinstance(each, PartialDate)]
        if len(found) < 2 or "estimate" in found:
            return "estimate"
        return "no day and month" if "no day and month" in found else "no day" if "no day" in found else "exact"

    @property
    def earliest(self) -> date | None:
        """The first day that it can touch; None when the beginning is open or unknown."""
        return self.start.earliest if isinstance(self.start, PartialDate) else None

    @property
    def latest(self) -> date | None:
        """The last day that it can touch; None when the end is open or unknown."""
        return self.end.latest if isinstance(self.end, PartialDate) else None


def parse(text: str) -> PartialDate | Interval | None:
    """The date or interval that text writes; None when it writes none. Surrounding spaces are not allowed."""
    if len(text) > MAX_LENGTH:
        return None
    if "/" not in text:
        return _date(text)
    first, _, last = text.partition("/")
    if first in ("", "..") and last in ("", ".."):
        return None
    start, end = _end(first), _end(last)
    if start is False or end is False:
        return None
    if isinstance(start, PartialDate) and isinstance(end, PartialDate) and end.latest < start.earliest:
        return None
    return Interval(start, end)


def precision(text: str) -> Precision | None:
    """The HURIDOCS value of a date text; None when it is no date."""
    found = parse(text)
    return None if found is None else found.precision


def precision_words(text: str, language: str) -> str:
    """How sure a date is, to be shown beside it as derived, in a language by code ("ru") or full name; English for any
    other, empty when the text is no date."""
    found = precision(text)
    if found is None:
        return ""
    _, words = PRECISIONS[found]
    code = language.rpartition("(")[2].rstrip(")").strip().lower()
    return words.get(code, words["en"])


def _end(text: str) -> PartialDate | Literal["..", False] | None:
    if text == "":
        return None
    if text == "..":
        return ".."
    return _date(text) or False


def _date(text: str) -> PartialDate | None:
    match = _DATE.fullmatch(text)
    if match is None or match[1] == "0000":
        return None
    year = int(match[1])
    month = None if match[2] in (None, "XX") else int(match[2])
    day = None if match[3] in (None, "XX") else int(match[3])
    if month is not None and not 1 <= month <= 12:
        return None
    if day is not None and not 1 <= day <= (monthrange(year, month)[1] if month else 31):
        return None
    return PartialDate(year, month, day, approximate=match[4] in ("~", "%"), uncertain=match[4] in ("?", "%"))
