"""Pages of the review: the consent to be read aloud, and what will be sealed for whom.

The rule: the page of the consent speaks the words and the language of the form alone, so that it can be read out as it
stands. The page of the contents counts; it shows nothing of what was said.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from collector.contents import Part
from collector.interview import Interview
from tui import review_lines
from tui.locale import N_, _

NAMES = (N_("What is open"), N_("Consent"), N_("What is sealed, for whom"))
Piece = Content | tuple[str, str] | str


def page_names(names: Sequence[str], at: int) -> Content:
    """The names of the pages, that which is shown in brackets."""
    parts: list[Piece] = []
    for place, name in enumerate(names):
        shown = (f"[{_(name)}]", "$primary bold") if place == at else (f" {_(name)} ", "$muted")
        parts += [shown, "  "]
    return Content.assemble(*parts)


def consent_page(interview: Interview) -> Content:
    """Every question of consent with its answer, large; below, when it was changed or confirmed."""
    said = review_lines.consent_said(interview)
    if not said:
        return Content.assemble((_("Nothing was answered about consent yet."), "$muted"))
    parts: list[Piece] = []
    for each in said:
        parts += [each.question, "\n", ("    " + each.answer, "bold"), "\n"]
        for line in each.later:
            parts += [("    " + line, "$muted"), "\n"]
        parts.append("\n")
    return Content.assemble(*parts)


def contents_page(parts: Sequence[Part], org: str, read: Sequence[tuple[str, int]]) -> Content:
    """What each compartment holds, and who opens it; then when the account was read back."""
    words: list[Piece] = []
    for part in parts:
        words += [(review_lines.part_name(part), "$primary bold"), "\n"]
        words += ["    ", " · ".join(review_lines.part_counted(part)), "\n"]
        openers = review_lines.part_openers(part, org)
        words += [Content("\n").join(Content("    " + line) for line in openers), "\n\n"]
    for line in review_lines.readings(read):
        words += [(line, "$muted"), "\n"]
    return Content.assemble(*words)
