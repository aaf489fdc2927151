"""Between the typed line and the answer: what the line means, how an answer stands in it, how it reads in plain words.

The rule: the plain reading follows every keystroke, so that a slip is seen before anybody goes on; a line that means
nothing yet has no reading and is no answer.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial
from math import isfinite

from schemas import edtf, humane
from schemas.edtf import Interval, PartialDate
from schemas.session_types import Node, Value
from schemas.session_values import in_range
from schemas.xform_model import Question
from schemas.xpath.values import number_of
from tui.locale import N_, _
from tui.screens.interview.places import place_shown, region_words, regions_meant
from tui.screens.interview.view import question_of
from tui.screens.interview.words import sure_words

_IN = (
    N_("some time in January {year}"), N_("some time in February {year}"), N_("some time in March {year}"),
    N_("some time in April {year}"), N_("some time in May {year}"), N_("some time in June {year}"),
    N_("some time in July {year}"), N_("some time in August {year}"), N_("some time in September {year}"),
    N_("some time in October {year}"), N_("some time in November {year}"), N_("some time in December {year}"),
)  # fmt: skip
_ON = (
    N_("{day} January {year}"), N_("{day} February {year}"), N_("{day} March {year}"), N_("{day} April {year}"),
    N_("{day} May {year}"), N_("{day} June {year}"), N_("{day} July {year}"), N_("{day} August {year}"),
    N_("{day} September {year}"), N_("{day} October {year}"), N_("{day} November {year}"), N_("{day} December {year}"),
)  # fmt: skip
_POINTS = {
    (False, False): N_("{north}° north, {east}° east"),
    (False, True): N_("{north}° north, {east}° west"),
    (True, False): N_("{north}° south, {east}° east"),
    (True, True): N_("{north}° south, {east}° west"),
}
_READERS: dict[str, Callable[[str], str | None]] = {
    "time": humane.time_text,
    "dateTime": humane.moment_text,
    "geopoint": humane.point_text,
    "geotrace": humane.line_text,
    "geoshape": partial(humane.line_text, closed=True),
}
SCALE = 20
"""Cells of the bar of a range."""


def is_range(question: Question) -> bool:
    """Whether a number is chosen on a scale with two ends."""
    return all(isfinite(number_of(question.parameters.get(name, ""))) for name in ("start", "end"))


# the line


def read_line(node: Node, text: str) -> Value:
    """What the typed line means for this question: a number where one is asked, else the text; None when empty.

    What means nothing stays as it was typed, and the session refuses it.
    """
    text = text.strip()
    question = question_of(node)
    if not text:
        return None
    if question.type == "integer":
        plain = text.replace(" ", "").replace("\u00a0", "")
        return int(plain) if plain.lstrip("+-").isdecimal() and len(plain) < 12 else text
    if question.type == "decimal":
        return _decimal(text)
    if question.type == "date" or question.edtf:
        return humane.date_text(text)
    reader = _READERS.get(question.type)
    found = text if reader is None else reader(text)
    return text if found is None else found


def _decimal(text: str) -> str:
    """A number with its decimal sign as a dot; trailing zeros go, as in what the session keeps."""
    plain = text.replace(" ", "").replace("\u00a0", "").replace(",", ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return text
    if not number.is_finite() or len(plain) > 40:
        return text
    written = format(number, "f")
    return (written.rstrip("0").rstrip(".") if "." in written else written) or "0"


def shown_line(node: Node) -> str:
    """The answer as it stands in the line."""
    value = node.value
    if not isinstance(value, str):
        return "" if value is None else str(value)
    kind = question_of(node).type
    if kind == "dateTime":
        return humane.moment_shown(value)
    return place_shown(value) if kind in ("geopoint", "geotrace", "geoshape") else value


def turned(node: Node, text: str, steps: int) -> str:
    """The number of a range so many steps further, never over its ends; the beginning where none was typed."""
    question = question_of(node)
    low, high = (Decimal(question.parameters[name]) for name in ("start", "end"))
    step = abs(Decimal(question.parameters.get("step", "1"))) * (1 if high >= low else -1)
    if not in_range(question.parameters, _decimal(text)):
        return format(low, "f")
    found = Decimal(_decimal(text)) + step * steps
    beyond = found < min(low, high) or found > max(low, high)
    last = low + (high - low) // step * step if step else high
    return format((last if steps > 0 else low) if beyond else found, "f")


# the reading


def reading(node: Node, text: str | None = None) -> str:
    """What is understood, in plain words; empty where the words typed say it themselves. `text` is what is typed."""
    if node.kind != "question":
        return ""
    question = question_of(node)
    value = node.value if text is None else read_line(node, text)
    if isinstance(value, (str, int)) and is_range(question):
        return _scale(question, str(value))
    if not isinstance(value, str):
        return ""
    if question.edtf or question.type == "date":
        sure = sure_words(node, value)
        return " · ".join(part for part in (date_words(value), sure) if part)
    if question.type == "dateTime" and humane.moment_text(value) is not None:
        return f"{date_words(value[:10])}, {humane.moment_shown(value)[11:]}"
    if question.type in ("geopoint", "geotrace", "geoshape") and humane.point_text(value.split(";")[0]) is not None:
        return "; ".join(_point_words(part) for part in value.split(";")[:3]) + ("; …" if value.count(";") > 2 else "")
    return regions_meant(value) if question.type == "geopoint" else ""


def date_words(text: str) -> str:
    """A date or span in plain words: some time in October 2023, uncertain. Empty when the text is none."""
    found = edtf.parse(text)
    if isinstance(found, PartialDate):
        return _date_words(found)
    if not isinstance(found, Interval):
        return ""
    start = _("beginning open") if found.start == ".." else _("beginning not known")
    end = _("end open") if found.end == ".." else _("end not known")
    if isinstance(found.start, PartialDate):
        start = _date_words(found.start)
    if isinstance(found.end, PartialDate):
        end = _date_words(found.end)
    return f"{start} – {end}"


def _date_words(found: PartialDate) -> str:
    if found.month is None and found.day is None:
        words = _("some time in {year}", year=found.year)
    elif found.month is None:
        words = _("on day {day} of some month in {year}", day=found.day, year=found.year)
    elif found.day is None:
        words = _(_IN[found.month - 1], year=found.year)
    else:
        words = _(_ON[found.month - 1], day=found.day, year=found.year)
    if found.approximate and found.uncertain:
        return _("{date}, approximate and uncertain", date=words)
    if found.approximate:
        return _("{date}, approximate", date=words)
    return _("{date}, uncertain", date=words) if found.uncertain else words


def _point_words(value: str) -> str:
    if named := region_words(value):
        return named
    north, east = value.split(" ")[:2]
    words = _POINTS[north.startswith("-"), east.startswith("-")]
    return _(words, north=north.lstrip("-"), east=east.lstrip("-"))


def _scale(question: Question, text: str) -> str:
    """The place on the scale, drawn: 0 ├────●──┤ 10. Empty for what does not lie on it."""
    if not in_range(question.parameters, text):
        return ""
    low, high = (Decimal(question.parameters[name]) for name in ("start", "end"))
    at = round((Decimal(text) - low) / (high - low) * (SCALE - 1)) if high != low else 0
    bar = "─" * at + "●" + "─" * (SCALE - 1 - at)
    return f"{low:f} ├{bar}┤ {high:f}"
