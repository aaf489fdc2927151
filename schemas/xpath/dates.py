"""Dates and times as they become each other. Dates are ISO 8601 text; numbers are days since 1970-01-01, local clock
time.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from schemas.xpath.values import (
    NAN,
    Scalar,
    date_from_days,
    moment_from_days,
    moment_text,
    number_of,
    parse_moment,
    parse_time,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "": (
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    ),
    "uk": (
        ("січ.", "лют.", "бер.", "квіт.", "трав.", "черв.", "лип.", "серп.", "вер.", "жовт.", "лист.", "груд."),
        ("пн", "вт", "ср", "чт", "пт", "сб", "нд"),
    ),
    "ru": (
        ("янв.", "февр.", "мар.", "апр.", "мая", "июн.", "июл.", "авг.", "сент.", "окт.", "нояб.", "дек."),
        ("пн", "вт", "ср", "чт", "пт", "сб", "вс"),
    ),
}
"""Short names of months and days by code of language, as the Unicode CLDR has them."""


def to_date(value: Scalar) -> str:
    """The date of a date, a dateTime or a number of days; empty for anything else."""
    if not isinstance(value, str):
        return date_from_days(float(value))
    moment = parse_moment(value)
    if moment is not None:
        return moment.date().isoformat()
    return date_from_days(number_of(value))


def to_moment(value: Scalar) -> str:
    """The dateTime of a dateTime, a date (its midnight) or a number of days; empty for anything else."""
    if not isinstance(value, str):
        return moment_from_days(float(value))
    moment = parse_moment(value)
    if moment is None:
        return moment_from_days(number_of(value))
    if len(value) > 10 and (value[-1] == "Z" or "+" in value[16:] or "-" in value[16:]):
        return value
    try:
        return moment_text(moment.astimezone())
    except (OverflowError, OSError, ValueError):
        return ""


def decimal_time(value: Scalar) -> float:
    """The part of the day that a time (or a dateTime here, or a number of days) has reached, in [0, 1); else NaN."""
    if not isinstance(value, str):
        return float(value) % 1 if math.isfinite(float(value)) else NAN
    moment = parse_moment(value)
    parsed = (moment.time(), None) if moment is not None else parse_time(value)
    if parsed is None:
        return NAN
    clock = parsed[0]
    return (clock.hour * 3600 + clock.minute * 60 + clock.second + clock.microsecond / 1e6) / 86_400


def decimal_moment(value: Scalar) -> float:
    """Days since 1970-01-01 in UTC of a dateTime, or of a date's midnight here; a number is itself; else NaN."""
    if not isinstance(value, str):
        return float(value)
    moment = parse_moment(value)
    if moment is None:
        return number_of(value)
    try:
        passed = moment.astimezone(UTC) - _EPOCH
    except (OverflowError, OSError, ValueError):
        return NAN
    return passed // timedelta(milliseconds=1) / 86_400_000


def format_date(value: Scalar, pattern: str, language: str = "") -> str:
    """A date as `pattern` says: %Y %y %m %n %b %d %e %H %h %M %S %3 %a %W; empty when there is no date.

    The names of months (%b) and days (%a) are those of the language, as far as they are known here, else English.
    """
    months, days = _NAMES.get(language, _NAMES[""])
    moment = _formatted_moment(value)
    if moment is None:
        return ""
    parts = {
        "Y": f"{moment.year:04}", "y": f"{moment.year % 100:02}", "m": f"{moment.month:02}", "n": str(moment.month),
        "b": months[moment.month - 1], "d": f"{moment.day:02}", "e": str(moment.day), "H": f"{moment.hour:02}",
        "h": str(moment.hour), "M": f"{moment.minute:02}", "S": f"{moment.second:02}",
        "3": f"{moment.microsecond // 1000:03}", "a": days[moment.weekday()], "W": str(moment.isocalendar().week),
        "%": "%",
    }  # fmt: skip
    written, place = [], 0
    while place < len(pattern):
        if pattern[place] == "%" and place + 1 < len(pattern):
            written.append(parts.get(pattern[place + 1], ""))
            place += 2
        else:
            written.append(pattern[place])
            place += 1
    return "".join(written)


def _formatted_moment(value: Scalar) -> datetime | None:
    """The moment of a date, dateTime or number of days, or of a time alone, whose day does not matter."""
    moment = parse_moment(to_moment(value))
    if moment is None and isinstance(value, str):
        parsed = parse_time(value)
        return None if parsed is None else datetime.combine(_EPOCH.date(), parsed[0])
    return moment


def code_of(language: str) -> str:
    """The code in the name of a form's language: `uk` of `Ukrainian (uk)`."""
    return language.rpartition("(")[2].rstrip(")").strip().lower()
