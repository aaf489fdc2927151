"""The sentences of the interview screen: modes, reserved answers, what kind of answer is expected."""

from __future__ import annotations

from schemas.edtf import precision_words
from schemas.session_types import Node
from tui.locale import N_, _, current_language
from tui.screens.interview.view import question_of

MODES = {
    "read": N_("Read aloud, word for word"),
    "ask": N_("Ask, unless it was told already"),
    "code": N_("Code it yourself: do not read the options out"),
    "staff": N_("For you: not put to the person"),
}
RESERVED_WORDS = {
    "unknown": N_("Does not know / does not remember"),
    "declined": N_("Prefers not to answer"),
    "not_asked": N_("Not asked (documenter's decision)"),
}
REMARK_SIGN = "¶"
"""Stands where the documenter has noted something to an answer."""
_EXPECTED = {
    "integer": N_("A whole number"),
    "decimal": N_("A number"),
    "date": N_("A date: 2023-10-05 or 5.10.2023"),
    "time": N_("A time: 14:30"),
    "dateTime": N_("Date and time: 2023-10-05 14:30"),
    "barcode": N_("The letters and digits of the code"),
    "geopoint": N_("A place: 48.5, 35.1, or letters of a region"),
    "geotrace": N_("Two places or more, divided by semicolons: 48.5, 35.1; 48.6, 35.2"),
    "geoshape": N_("Three places or more, divided by semicolons: 48.5, 35.1; 48.6, 35.2; 48.5, 35.2"),
}


def mode_words(node: Node) -> str:
    """How the question is put."""
    return _(MODES.get(node.definition.mode, MODES["ask"]))


def entry_name(node: Node) -> str:
    """What an entry is called: its code if its repeat gives codes, else its place."""
    return node.code or _("Entry {number}", number=node.count)


def entry_mark(node: Node) -> str:
    """What stands after the word "entry" in a sentence: its code if its repeat gives codes, else its number."""
    return node.code or str(node.count)


def reserved_words(reason: str | None) -> str:
    """A reserved answer, in words; empty if it is none."""
    return _(RESERVED_WORDS[reason]) if reason in RESERVED_WORDS else ""


def expected_words(node: Node) -> str:
    """What may be typed, for questions that are typed; empty for plain text."""
    question = question_of(node)
    if question.edtf:
        return _("Full or partial date: 2023-10-05 · 2023-10 · 2023-XX-15 · 2023~ · 2022-03/2022-05")
    if "start" in question.parameters and "end" in question.parameters:
        return _(
            "A number from {start} to {end}; the arrows change it",
            start=question.parameters["start"],
            end=question.parameters["end"],
        )
    words = _EXPECTED.get(question.type)
    return _(words) if words else ""


def is_date(node: Node | None) -> bool:
    """Whether a node is a question for a date that may be partial."""
    return node is not None and node.kind == "question" and question_of(node).edtf


def sure_words(node: Node, text: str | None = None) -> str:
    """How sure a date is, derived from it (or from `text`, while it is typed); empty for anything that is no date."""
    if not is_date(node):
        return ""
    told = node.value if text is None else text.strip()
    return precision_words(told, current_language()) if isinstance(told, str) else ""


def answer_problem(code: str) -> str:
    """Why the session did not take what was typed."""
    return {
        "E_ANSWER_TYPE": _("This is not an answer of the expected kind. It is kept here, not saved as an answer."),
        "E_ANSWER_CHOICE": _("This choice is not offered any more."),
        "E_ANSWER_RESERVED": _("This question takes no reserved answer."),
        "E_ANSWER_READONLY": _("This answer is filled in by the form."),
    }.get(code, code)
