"""How ODK reads values: the coercions between text, number and boolean, and dates as numbers.

A value in an expression is a str, float or bool. Dates and times are ISO 8601 text and count as days since 1970-01-01
on the clock of this machine wherever a number is wanted, so that dates compare and subtract. Text that is no number
is NaN, the empty text too; a comparison with NaN is false (XPath 1.0 §3.4, §4.4; ODK XForms specification,
"Functions").
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation
from decimal import Context as Precision
from typing import TypeAlias

Scalar: TypeAlias = str | float | bool

NAN = math.nan
_ROOMY = Precision(prec=400)
_EPOCH = date(1970, 1, 1).toordinal()
_NUMBER = re.compile(r"\s*-?(?:\d+(?:\.\d*)?|\.\d+)\s*", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(.+))?", re.ASCII)
_TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?(Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
_SECONDS = 86_400


def number_of(text: str) -> float:
    """The number that text stands for: a decimal number, or days since 1970-01-01 for a date or dateTime; else NaN."""
    try:
        return float(text) if _NUMBER.fullmatch(text) else days_of(text)
    except ValueError:
        return NAN


def to_number(value: Scalar) -> float:
    """A value as a number: true is 1, text as in `number_of`."""
    return number_of(value) if isinstance(value, str) else float(value)


def to_text(value: Scalar) -> str:
    """A value as text: true and false, whole numbers without a point, others without an exponent, NaN."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value)


def number_text(value: float) -> str:
    """A number as XPath writes it: `3`, `0.5`, `NaN`, `Infinity`; never an exponent."""
    if value != value:
        return "NaN"
    if value in (math.inf, -math.inf):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value) and abs(value) < 1e16:
        return str(int(value))
    text = repr(value)
    return format(Decimal(text), "f") if "e" in text else text


def to_boolean(value: Scalar) -> bool:
    """A value as a condition: non-empty text, a number that is neither 0 nor NaN."""
    if isinstance(value, float):
        return value == value and value != 0
    return bool(value)


def equal(left: Scalar, right: Scalar) -> bool:
    """`=` on two values: as booleans if one is, as numbers if one is, else as text; a dateTime equals its date's
    text only exactly.
    """
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    if isinstance(left, bool) or isinstance(right, bool):
        return to_boolean(left) == to_boolean(right)
    return same_number(to_number(left), to_number(right))


def same_number(left: float, right: float) -> bool:
    """Whether two numbers are equal but for the last digits of binary fractions: 0.1 + 0.2 = 0.3 (JavaRosa)."""
    return left == right or abs(left - right) < 1e-12


def parse_date(text: str) -> date | None:
    """The day of a date or dateTime text; None if it is none."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def parse_time(text: str) -> tuple[time, timedelta | None] | None:
    """Clock time and offset from UTC (None without one) of `hh:mm[:ss[.fff]][Z|±hh[:mm]]`; None if it is none."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    try:
        clock = time(int(match[1]), int(match[2]), int(match[3] or 0), int((match[4] or "0").ljust(6, "0")))
    except ValueError:
        return None
    offset: timedelta | None = None
    zone = match[5]
    if zone == "Z":
        offset = timedelta(0)
    elif zone:
        minutes = int(zone[1:3]) * 60 + int(zone[3:].lstrip(":") or 0)
        if minutes > 14 * 60:
            return None
        offset = timedelta(minutes=minutes if zone[0] == "+" else -minutes)
    return clock, offset


def parse_moment(text: str) -> datetime | None:
    """A date or dateTime text as local clock time without zone; an offset in the text is converted; None if it is
    neither.
    """
    day = parse_date(text)
    if day is None:
        return None
    clock = text[11:]
    if not clock:
        return datetime.combine(day, time())
    parsed = parse_time(clock)
    if parsed is None:
        return None
    moment = datetime.combine(day, parsed[0])
    if parsed[1] is None:
        return moment
    try:
        return moment.replace(tzinfo=timezone(parsed[1])).astimezone().replace(tzinfo=None)
    except (OverflowError, OSError, ValueError):
        return None


def days_of(text: str) -> float:
    """Days since 1970-01-01, local clock time, of a date, dateTime; NaN if the text is neither."""
    if len(text) < 10 or text[4] != "-":
        return NAN
    moment = parse_moment(text)
    if moment is None:
        return NAN
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6
    return moment.toordinal() - _EPOCH + seconds / _SECONDS


def date_from_days(days: float) -> str:
    """The date so many days after 1970-01-01, as text; empty when there is no such date."""
    if days != days or abs(days) > 4_000_000:
        return ""
    try:
        return date.fromordinal(_EPOCH + math.floor(days)).isoformat()
    except (ValueError, OverflowError):
        return ""


def moment_from_days(days: float) -> str:
    """The dateTime so many days after 1970-01-01 local clock time, with this machine's offset; empty when there is
    none.
    """
    if days != days or abs(days) > 4_000_000:
        return ""
    try:
        moment = datetime(1970, 1, 1) + timedelta(days=days)
        return moment_text(moment.astimezone())
    except (ValueError, OverflowError, OSError):
        return ""


def moment_text(moment: datetime) -> str:
    """A moment as OpenRosa writes it: `2026-03-01T10:20:30.000+02:00`."""
    return moment.isoformat(timespec="milliseconds")


def rounded(amount: float, places: float = 0) -> float:
    """Half rounds up, as written in decimal digits; a second argument counts decimal places, NaN beyond 30."""
    if amount != amount or math.isinf(amount):
        return amount
    if not abs(places) <= 30:
        return NAN
    way = ROUND_HALF_UP if amount >= 0 else ROUND_HALF_DOWN
    try:
        return float(Decimal(repr(amount)).quantize(Decimal(1).scaleb(-int(places)), way, _ROOMY))
    except InvalidOperation:
        return NAN
