"""Beginning a correction from the list of interviews.

The rule: what is sealed stays sealed. The person is told before anything is begun that the new interview starts empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from collector import correction
from tui.locale import _
from tui.state_words import code_text

if TYPE_CHECKING:
    from collector.interview import Interview
    from tui.screens.interviews import InterviewsScreen

DRAFTS = ("open", "frozen")


def can_correct(state: str) -> bool:
    """Whether an interview in this state is corrected by a new entry; a draft is simply changed."""
    return state not in DRAFTS


def offer(screen: InterviewsScreen, code: str) -> None:
    """Ask how the new interview stands to the sealed one, begin it and open it."""
    from tui.screens.dialogs import Choose

    def chosen(answer: str | None) -> None:
        for way in correction.WAYS:
            if way == answer:
                begun = correction.begin(screen.field, code, way)
                screen.restored()
                screen.open_code(begun.code)

    screen.app.push_screen(
        Choose(
            _("Correct the sealed interview {code}?", code=code_text(code))
            + "\n\n"
            + _("This computer cannot open it any more: a new interview begins, empty, and names the sealed one."),
            [
                ("supersedes", _("What is said now counts in its place")),
                ("continues", _("What is said now is added to it")),
            ],
        ),
        chosen,
    )


class CorrectionLine(Static):
    """Above the questions of a correction: which interview it corrects; not there in any other."""

    def __init__(self, interview: Interview) -> None:
        link = correction.link_of(interview)
        words = "" if link is None else correction_words(link)
        super().__init__(Content.assemble(("← ", "$accent"), (words, "$muted")), id="correction-line", markup=False)
        self.display = link is not None


def correction_words(link: correction.Link) -> str:
    """What this interview corrects."""
    if link.way == "supersedes":
        return _("Corrects {code}: what is said here counts in its place.", code=code_text(link.code))
    return _("Adds to {code}: what is said here is added to it.", code=code_text(link.code))
