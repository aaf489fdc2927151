"""What people type for dates, times and places, as the text that a form keeps.

    date      5.10.2023 · 10.2023 · 2023-10-05 · any EDTF             -> 2023-10-05 · 2023-10 · …
    time      14:30 · 14.30 · 1430 · 9:05 · 2:30 pm                   -> 14:30
    dateTime  2023-10-05 14:30 · 5.10.2023 14:30                      -> 2023-10-05T14:30:00
    geopoint  48.5, 35.1 · 48,5 35,1 · 48.5 N 35.1 E · 48°30′N 35°6′E -> 48.5 35.1 0 0
              Kherson region · Херсонська                       -> 46.6 33.6 0 140000

The rule: nothing is guessed. Days stand before months where dots are, as wherever dots are written; a time without
a zone gets none; altitude and accuracy of a place that was typed are 0, as ODK has it for places that no device
measured; a region is its middle, and the accuracy says how far the region reaches. What cannot be read with certainty
is None.
"""

from __future__ import annotations

import re
from decimal import Decimal

from schemas import regions
from schemas.xpath.values import parse_date, parse_time

_DOTTED = re.compile(r"(?:(\d{1,2})\.)?(\d{1,2})\.(\d{4})([~?%]?)", re.ASCII)
_TIME = re.compile(
    r"(\d{1,2})(?:[:.]?(\d\d)(?:[:.](\d\d(?:\.\d{1,6})?))?)?\s*([ap])?\.?(?:m\.?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_MOMENT = re.compile(r"(\S+?)(?:\s*,\s*|T|\s+)(\d.*)", re.ASCII)
_ZONE = re.compile(r"(?:Z|[+-]\d\d(?::?\d\d)?)\Z")
_LONGEST = 64
_LONGEST_TRACE = 20_000
_NUMBER = r"(?:\d{1,3}(?:\.\d{1,12})?)"
_ANGLE = (
    rf"(?P<before#>[NSEW])?\s*(?P<sign#>[+-])?(?P<degrees#>{_NUMBER})\s*"
    rf"(?:[°º]\s*(?:(?P<minutes#>{_NUMBER})\s*['′’]\s*)?(?:(?P<seconds#>{_NUMBER})\s*(?:\"|″|”|'')\s*)?)?"
    r"(?P<after#>[NSEW])?"
)
_POINT = re.compile(_ANGLE.replace("#", "1") + r"[\s;]+" + _ANGLE.replace("#", "2"), re.IGNORECASE)
_ODK = re.compile(r"(-?\d{1,2}(?:\.\d{1,12})?) (-?\d{1,3}(?:\.\d{1,12})?)(?: (-?[\d.]{1,12}))?(?: ([\d.]{1,12}))?")
_WORDS = (
    (re.compile(r"(?:пн|с)\.?\s*ш\.?", re.IGNORECASE), "N"),
    (re.compile(r"(?:пд|ю)\.?\s*ш\.?", re.IGNORECASE), "S"),
    (re.compile(r"(?:сх|в)\.?\s*д\.?", re.IGNORECASE), "E"),
    (re.compile(r"(?:зх|з)\.?\s*д\.?", re.IGNORECASE), "W"),
)
_DIGITS = Decimal("0.0000001")


def date_text(text: str) -> str:
    """A date as EDTF: dotted dates are turned around, on both sides of a span; all else stays as it is."""
    text = text.strip()
    if len(text) > _LONGEST or "." not in text:
        return text
    return "/".join(_turned(part) for part in text.split("/"))


def _turned(text: str) -> str:
    match = _DOTTED.fullmatch(text.strip())
    if match is None:
        return text
    day, month, year, sure = match.groups()
    return f"{year}-{int(month):02}{f'-{int(day):02}' if day else ''}{sure}"


def time_text(text: str) -> str | None:
    """A time of day as ISO 8601; None when it is none."""
    match = _TIME.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        return None
    hour, minute, second, half, zone = match.groups()
    at = int(hour)
    if half:
        if not 1 <= at <= 12:
            return None
        at = at % 12 + (12 if half in "pP" else 0)
    found = f"{at:02}:{minute or '00'}{':' + second if second else ''}{(zone or '').upper()}"
    return found if parse_time(found) is not None else None


def moment_text(text: str) -> str | None:
    """A date with a time as ISO 8601, with seconds; None when it is none."""
    match = _MOMENT.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        return None
    day, clock = date_text(match[1]), time_text(match[2])
    if clock is None or len(day) != 10 or parse_date(day) is None:
        return None
    zone = _ZONE.search(clock)
    bare, offset = (clock[: zone.start()], zone[0]) if zone else (clock, "")
    return f"{day}T{bare if len(bare) > 5 else bare + ':00'}{offset}"


def moment_shown(value: str) -> str:
    """A date with a time as people write it: 2023-10-05 14:30; what is none stays as it is."""
    day, found, clock = value.partition("T")
    if not found or moment_text(value) is None:
        return value
    return f"{day} {clock[:5]}{clock[8:] if clock[5:8] == ':00' else clock[5:]}"


def point_text(text: str) -> str | None:
    """A place as ODK keeps it: latitude, longitude, altitude, accuracy; None when it is none or not on the earth."""
    asked = text = text.strip()
    if len(text) > _LONGEST * 2:
        return None
    odk = _ODK.fullmatch(text)
    if odk is not None:
        rest = [_plain(part) for part in (odk[3] or "0", odk[4] or "0")]
        return None if None in rest else _point(Decimal(odk[1]), Decimal(odk[2]), *map(str, rest))
    for words, letter in _WORDS:
        text = words.sub(letter, text)
    match = _POINT.fullmatch(_separated(text))
    if match is None:
        meant = regions.found(asked)
        return meant[0].point if len(meant) == 1 else None
    first, second = _angle(match, 1), _angle(match, 2)
    if first is None or second is None:
        return None
    letters = first[1] + second[1]
    if letters and (len(letters) != 2 or (letters[0] in "NS") == (letters[1] in "NS")):
        return None
    north, east = (second, first) if letters and letters[0] in "EW" else (first, second)
    return _point(north[0], east[0])


def _separated(text: str) -> str:
    """Commas between numbers as blanks, commas inside them as dots."""
    text = re.sub(r",\s+|\s+,", " ", text)
    inside = "." not in text and " " in text.strip() and re.search(r"\d,\d", text) is not None
    return text.replace(",", "." if inside else " ")


def _angle(match: re.Match[str], which: int) -> tuple[Decimal, str] | None:
    """Degrees with their sign, and the letter of the hemisphere if there is one; None when they contradict."""
    part = {name: match[f"{name}{which}"] for name in ("before", "sign", "degrees", "minutes", "seconds", "after")}
    letter = (part["before"] or part["after"] or "").upper()
    if (part["before"] and part["after"]) or (letter and part["sign"]):
        return None
    minutes, seconds = Decimal(part["minutes"] or 0), Decimal(part["seconds"] or 0)
    whole = "." not in part["degrees"]
    if minutes >= 60 or seconds >= 60 or ((part["minutes"] or part["seconds"]) and not whole):
        return None
    degrees = Decimal(part["degrees"]) + minutes / 60 + seconds / 3600
    return -degrees if letter in ("S", "W") or part["sign"] == "-" else degrees, letter


def _plain(number: str) -> str | None:
    try:
        return _short(Decimal(number))
    except ArithmeticError:
        return None


def _short(number: Decimal) -> str:
    text = format(number.quantize(_DIGITS), "f").rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _point(north: Decimal, east: Decimal, altitude: str = "0", accuracy: str = "0") -> str | None:
    if abs(north) > 90 or abs(east) > 180:
        return None
    return f"{_short(north)} {_short(east)} {altitude} {accuracy}"


def point_shown(value: str) -> str:
    """A place as people write it: 48.5, 35.1; one with altitude or accuracy, and what is none, stays as it is."""
    parts = value.split(" ")
    return f"{parts[0]}, {parts[1]}" if len(parts) == 4 and parts[2:] == ["0", "0"] else value


def line_text(text: str, *, closed: bool = False) -> str | None:
    """Several places, divided by semicolons, as ODK keeps them; `closed` gives an area, whose first place ends it too.

    None with fewer than two places (three for an area), or when one is none.
    """
    parts = [part for part in text.split(";") if part.strip()]
    if len(text) > _LONGEST_TRACE or len(parts) < (3 if closed else 2):
        return None
    points = [point for part in parts if (point := point_text(part)) is not None]
    if len(points) != len(parts):
        return None
    if closed and points[0] != points[-1]:
        points.append(points[0])
    return None if closed and len(points) < 4 else ";".join(points)


def line_shown(value: str) -> str:
    """Several places as people write them."""
    return "; ".join(point_shown(part) for part in value.split(";"))
