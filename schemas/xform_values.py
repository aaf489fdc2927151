"""Values that stand in a form: defaults of questions and codes of choices, checked when the form is loaded.

A default that is no value of its type, and a code that nobody could read, are mistakes; a default that is not offered,
a code that is offered twice and hidden characters in labels are warnings.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

from schemas.problems import Problem
from schemas.session_values import coerce
from schemas.xform_body import Parts
from schemas.xform_model import Definition, Itemset, Question, Repeat, Start
from schemas.xpath.mismatch import codes_of

_WANTED = {
    "int": "a whole number", "decimal": "a number", "date": "a date", "dateTime": "a date and time",
    "boolean": "true or false",
}  # fmt: skip
_RANGE = ("start", "end", "step")


def check_values(parts: Parts, nodes: Mapping[str, Definition]) -> None:
    """Puts what is wrong with defaults, ranges and codes among the problems and notices of the form."""
    for each in nodes.values():
        if isinstance(each, Question):
            _default(parts, each, each.default)
            _range(parts, each)
            if each.itemset is not None:
                _codes(parts, each, each.itemset)
        elif isinstance(each, Repeat):
            for start in each.starts:
                if start is not None:
                    _starts(parts, each, start)


def _starts(parts: Parts, repeat: Repeat, start: Start) -> None:
    for slot, value in start.values.items():
        definition = repeat.layout[slot]
        if isinstance(definition, Question):
            _default(parts, definition, value)


def _default(parts: Parts, question: Question, default: str) -> None:
    wanted = _WANTED.get(question.data_type)
    if default and wanted is not None and not coerce(question.data_type, default):
        parts.problems.append(
            Problem(
                "E_FORM_TYPE", question=question.name, detail=f"the default is not {wanted}",
                expression=default[:300], ref=question.ref,
            )
        )  # fmt: skip


def _range(parts: Parts, question: Question) -> None:
    given = {name: question.parameters[name] for name in _RANGE if name in question.parameters}
    for name, value in given.items():
        try:
            wrong = not -1e15 < float(value) < 1e15 or (name == "step" and float(value) == 0)
        except ValueError:
            wrong = True
        if wrong:
            parts.problems.append(
                Problem(
                    "E_FORM_TYPE", question=question.name, detail=f"{name} of the range is no number",
                    expression=value[:300], ref=question.ref,
                )
            )  # fmt: skip


def _codes(parts: Parts, question: Question, itemset: Itemset) -> None:
    codes = codes_of(itemset)
    if hidden := next((code for code in codes if has_hidden(code)), None):
        shown = "".join(each if not has_hidden(each) else "?" for each in hidden)
        parts.problems.append(Problem("E_FORM_CHOICE", question=question.name, value=shown, ref=question.ref))
    for code in sorted(code for code, count in Counter(codes).items() if count > 1 and not itemset.filtered):
        parts.note(question.name, f"offers the choice {code} twice")


def has_hidden(text: str) -> bool:
    """Whether a text holds control characters or marks that turn the direction of writing around."""
    return not (text.isascii() and text.isprintable()) and any(_hidden(each) for each in text)


def cleaned(text: str) -> str:
    """A text as it may be shown: without control characters (line breaks and tabs stay) and direction marks."""
    return text if text.isascii() and text.isprintable() else "".join(_shown(text))


def _shown(text: str) -> Iterable[str]:
    return (each for each in text if each in "\n\t" or not _hidden(each))


def _hidden(character: str) -> bool:
    return unicodedata.category(character) == "Cc" or unicodedata.bidirectional(character) in _TURNING


_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
