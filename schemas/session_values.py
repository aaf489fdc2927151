"""Between typed answers and the text of XForms: `encode` checks an answer, `decode` gives it back, `coerce` stores
results.

| type                        | answer                         | text            |
|-----------------------------|--------------------------------|-----------------|
| text, barcode, geo…         | str                            | itself          |
| integer                     | int, within ±10^15             | digits          |
| decimal                     | str or int, ≤ 40 characters    | plain decimal   |
| boolean, acknowledge        | bool                           | true/false, OK  |
| date, time, dateTime        | ISO 8601 str                   | itself          |
| select_one                  | str                            | the code        |
| select_multiple, rank       | tuple or list of str           | codes, spaced   |
| file                        | 16 bytes                       | hexadecimal     |
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from schemas import humane
from schemas.problems import Problem
from schemas.session_types import Value
from schemas.xform_model import Question
from schemas.xpath.dates import to_date, to_moment
from schemas.xpath.values import Scalar, number_of, number_text, parse_date, parse_time, to_boolean, to_number, to_text

_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII)
_LARGEST = 10**15
SID = 16


def encode(question: Question, value: Value) -> str:
    """The XForms text of an answer; empty text, an empty tuple and None are no answer. Raises E_ANSWER_TYPE.

    Whether a choice is offered is not looked at here.
    """
    if value is None:
        return ""
    encoder, wanted = _ENCODERS.get(question.type, (_text, "text"))
    text = encoder(value)
    if text is None:
        raise Problem("E_ANSWER_TYPE", question=question.name, wanted=wanted)
    return text


def checked(question: Question, value: Value) -> str:
    """As `encode` for what a person answers now, not for what a draft has: blanks and line ends alone are no answer,
    and places must be on the earth. Raises E_ANSWER_TYPE.
    """
    text = encode(question, value)
    if not text.strip():
        return ""
    reader, wanted = _PLACES.get(question.type, (None, ""))
    if text and reader is not None and reader(text) is None:
        raise Problem("E_ANSWER_TYPE", question=question.name, wanted=wanted)
    return text


def _text(value: Value) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return None if "\0" in value else value


def _integer(value: Value) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _LARGEST:
        return None
    return str(value)


def _decimal(value: Value) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < _LARGEST else None
    if not isinstance(value, str) or len(value) > 40 or not (value == "" or _DECIMAL.fullmatch(value)):
        return None
    if value == "":
        return ""
    try:
        text = format(Decimal(value), "f")
    except InvalidOperation:
        return None
    text = text.lstrip("+")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _boolean(value: Value) -> str | None:
    return to_text(value) if isinstance(value, bool) else None


def _acknowledge(value: Value) -> str | None:
    return ("OK" if value else "") if isinstance(value, bool) else None


def _date(value: Value) -> str | None:
    if value == "":
        return ""
    return value if isinstance(value, str) and len(value) == 10 and parse_date(value) is not None else None


def _time(value: Value) -> str | None:
    if value == "":
        return ""
    return value if isinstance(value, str) and len(value) <= 32 and parse_time(value) is not None else None


def _moment(value: Value) -> str | None:
    if value == "":
        return ""
    if not isinstance(value, str) or len(value) > 42 or value[10:11] != "T":
        return None
    return value if parse_date(value) is not None and parse_time(value[11:]) is not None else None


def _code(value: Value) -> str | None:
    return value if isinstance(value, str) and not any(character.isspace() for character in value) else None


def _codes(value: Value) -> str | None:
    if not isinstance(value, (tuple, list)) or not all(isinstance(each, str) and _code(each) for each in value):
        return None
    return " ".join(dict.fromkeys(value))


def _file(value: Value) -> str | None:
    return value.hex() if isinstance(value, bytes) and len(value) == SID else None


_ENCODERS: dict[str, tuple[Callable[[Value], str | None], str]] = {
    "integer": (_integer, "a whole number"),
    "decimal": (_decimal, "a number"),
    "boolean": (_boolean, "yes or no"),
    "acknowledge": (_acknowledge, "yes or no"),
    "date": (_date, "a date such as 2023-10-05"),
    "time": (_time, "a time such as 14:30"),
    "dateTime": (_moment, "a date and time such as 2023-10-05T14:30:00+03:00"),
    "select_one": (_code, "one of its choices"),
    "select_multiple": (_codes, "some of its choices"),
    "rank": (_codes, "its choices in an order"),
    "file": (_file, "a file"),
}
_PLACES: dict[str, tuple[Callable[[str], str | None], str]] = {
    "geopoint": (humane.point_text, "a place such as 48.5 35.1 0 0"),
    "geotrace": (humane.line_text, "places such as 48.5 35.1 0 0;48.6 35.2 0 0"),
    "geoshape": (lambda text: humane.line_text(text, closed=True), "three places or more, the first again at the end"),
}


def in_range(parameters: Mapping[str, str], text: str) -> bool:
    """Whether a number lies on the scale of a range question, from `start` by `step` to `end`."""
    low, high = number_of(parameters.get("start", "")), number_of(parameters.get("end", ""))
    step, value = abs(number_of(parameters.get("step", "1"))), number_of(text)
    if value != value or value < min(low, high) or value > max(low, high):
        return False
    steps = (value - low) / step if step else 0.0
    return abs(steps - round(steps)) < 1e-9 if math.isfinite(steps) else True


def decode(question: Question, text: str) -> Value:
    """The answer that XForms text stands for; None for empty text. Text that is no answer of the type stays text."""
    if not text:
        return None
    kind = question.type
    if kind in ("select_multiple", "rank"):
        return tuple(text.split())
    try:
        if kind == "integer":
            return int(text)
        if kind == "file":
            return bytes.fromhex(text)
    except ValueError:
        return text
    if kind == "boolean":
        return text in ("true", "1")
    if kind == "acknowledge":
        return text == "OK"
    return text


def coerce(data_type: str, value: Scalar) -> str:
    """The text in which a bind of this type keeps the result of an expression; empty when it is no such value."""
    if data_type == "int":
        number = to_number(value)
        return str(math.trunc(number)) if math.isfinite(number) else ""
    if data_type == "decimal":
        number = to_number(value)
        return number_text(number) if math.isfinite(number) else ""
    if data_type == "boolean":
        return "" if value == "" else to_text(value in ("true", "1") if isinstance(value, str) else to_boolean(value))
    if data_type == "date":
        return to_date(value) if value != "" else ""
    if data_type == "dateTime":
        return to_moment(value) if value != "" else ""
    return to_text(value)
