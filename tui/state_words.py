"""What the state of an interview is called, on screens and in the lines of commands."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from tui.locale import N_, _

if TYPE_CHECKING:
    from collector.field import InterviewRow

STATE_WORDS: Final = {
    "open": N_("draft"),
    "frozen": N_("draft · its sealing was interrupted"),
    "sealed": N_("sealed · has to leave"),
    "exported": N_("on its way · no receipt yet"),
    "stored": N_("with a receiver · no receipt yet"),
    "imported": N_("the office has it"),
    "needs-human": N_("the office could not take it: ask them"),
    "purged": N_("the office has it · removed here"),
}


def row_words(row: InterviewRow, *, removable: bool = False) -> str:
    """How an interview stands, with the day since when it travels, and whether it may be deleted here."""
    day = datetime.fromtimestamp(row.changed_at).astimezone().strftime("%Y-%m-%d")
    if row.state == "exported":
        return _("on a stick since {day}", day=day)
    if row.state == "stored":
        return _("at the receiver since {day}", day=day)
    if row.state == "imported" and removable:
        return _("the office has it · may be deleted here")
    return _(STATE_WORDS[row.state])


REFUSAL_WORDS: Final = {
    "refused": N_("consent was refused: nothing of it may be kept"),
    "withdrawn": N_("consent was withdrawn: nothing of it may be kept"),
}


def correction_mark(row: InterviewRow) -> str:
    """What an interview has to do with an earlier one; empty for one of its own."""
    if row.corrects is None:
        return _("corrects an earlier interview") if row.kind == "correction" else ""
    code = code_text(row.corrects.code)
    if row.corrects.way == "supersedes":
        return _("corrects the sealed interview {code}", code=code)
    return _("adds to the sealed interview {code}", code=code)


def refusal_mark(row: InterviewRow) -> str:
    """That an interview may not be kept, and why; empty for any other."""
    return "" if row.refusal is None else _(REFUSAL_WORDS[row.refusal])


def row_line(row: InterviewRow, *, removable: bool = False) -> str:
    """How an interview stands with all its marks, on one line."""
    marks = (refusal_mark(row), correction_mark(row))
    return " · ".join(filter(None, (row_words(row, removable=removable), *marks)))


def code_text(code: str) -> str:
    """A record code in groups of four."""
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))
