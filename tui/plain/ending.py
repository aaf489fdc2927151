"""Sealing from the plain prompts, and what a panic did in lines.

The rule: a seal that fails leaves the draft open, on the question where one was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Never

from collector import panic
from collector.field import Field
from collector.timekeeping import Timekeeper
from schemas.problems import Problem
from tui.locale import _
from tui.plain.talk import Ended, Over, Talk
from tui.screens.interview.file_words import file_names
from tui.screens.interview.view import InterviewView
from tui.screens.seal_card import card_words
from tui.state_words import code_text

if TYPE_CHECKING:
    from tui.plain.taking import Taking


def panic_lines(
    sealed: Sequence[str], erased: Sequence[tuple[str, str | None]], left: Sequence[tuple[str, str]]
) -> Iterator[str]:
    """What a panic did with each draft, what is still readable here first; why it was erased, where that is known."""
    for code, problem in left:
        yield f"{_('Still a draft, and it can be read here: {code}', code=code_text(code))} [{problem}]"
    for code, why in erased:
        if why == "refused":
            yield _("Erased, because the person had said no: {code}", code=code_text(code))
        elif why == "untold":
            yield _("Erased, because nothing had been told yet: {code}", code=code_text(code))
        else:
            yield _("Erased: {code}", code=code_text(code))
    for code in sealed:
        yield _("Sealed: {code}", code=code_text(code))


def panic_now(talk: Talk, field: Field) -> Never:
    """Seal all drafts as they are, close the vault, and say what was done. Raises Over; Ended where a draft is left."""
    done = panic.seal_and_lock(field)
    for line in panic_lines(done.sealed, [(code, None) for code in done.erased], done.left):
        talk.say(line)
    if done.left:
        raise Ended(1)
    raise Over


def seal(taking: Taking, reason: str | None) -> None:
    """Seal the interview and print its record code. Raises Over when it is sealed."""
    code = taking.interview.code
    taking.interview.close()
    try:
        taking.field.seal(code, reason)
    except Problem as problem:
        taking.interview = taking.field.open_interview(code)
        taking.view = InterviewView(taking.interview.session, file_names(taking.interview))
        taking.times = Timekeeper(taking.interview)
        taking.refused(problem)
        return
    taking.talk.say(_("It is sealed. Write this record code on the card:"))
    taking.talk.say(code_text(code))
    taking.talk.say(_("Sign by sign: {signs}", signs=", ".join(code)))
    for head, text in card_words():
        taking.talk.say(f"{head}: {text}")
    taking.talk.say(_("Let the person read the code back to you before you put this computer away."))
    raise Over
