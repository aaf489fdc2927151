"""The lesson of the practice: what the strip says, and when a step is done.

The rule: the lesson looks and never touches. A step is done when what it asks for can be seen (a screen that is
shown, an answer that is there), in whatever way the person got there; steps that were done before their turn are passed
over. Anywhere else than where a step plays, the strip says how to come back, and nothing is forbidden.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from schemas.session_types import Node
from tui.locale import N_, _

if TYPE_CHECKING:
    from collector.interview import Interview


@dataclass(frozen=True, slots=True)
class Moment:
    """What can be seen now: the full screen that is shown and the dialog above it by their class names, the open
    interview, the place of the cursor, what was ever shown, whether an interview is sealed.
    """

    screen: str
    interview: Interview | None
    section: str = ""
    seen: frozenset[str] = frozenset()
    sealed: bool = False

    def node(self, name: str) -> Node | None:
        """The first question of that name in the open interview."""
        if self.interview is None or self.interview.closed:
            return None
        walked = self.interview.session.walk()
        return next((node for node in walked if node.path[-1] == name and node.kind == "question"), None)

    def answered(self, name: str) -> bool:
        """Whether the question has an answer, a reserved one too."""
        node = self.node(name)
        return node is not None and (
            node.value not in (None, "") or node.missing in ("unknown", "declined", "not_asked")
        )


Seen = Callable[[Moment], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next, and how one sees that it is done. `where` is the screen on which it plays.

    A step without `done` is only to be read: the key of the lesson goes on.
    """

    words: str
    where: str
    done: Seen | None = None


LIST, INTERVIEW, REVIEW, LOCKED = "InterviewsScreen", "InterviewScreen", "ReviewScreen", "UnlockScreen"
HELP, HIDDEN, CARD = "HelpDialog", "HideScreen", "SealCard"


def _answer(name: str) -> Seen:
    return lambda moment: moment.answered(name)


def _said(name: str, value: str) -> Seen:
    """What the invented witness answers; another answer leads elsewhere, and the step stays."""

    def done(moment: Moment) -> bool:
        node = moment.node(name)
        return node is not None and node.value == value

    return done


def _in_section(section: str, name: str) -> Seen:
    return lambda moment: moment.section == section or moment.answered(name)


STEPS: tuple[Step, ...] = (
    Step(
        N_("This list is empty. Before you sits Oksana, whom we have invented. F3 begins an interview with her."),
        LIST,
        lambda moment: moment.interview is not None,
    ),
    Step(
        N_("The question is for you alone. Nobody hears you: ↓ and ↑ lead to “Yes”, Enter takes it and goes on."),
        INTERVIEW,
        _said("privacy_ok", "yes"),
    ),
    Step(
        N_(
            "What stands in « » is read aloud, word for word. Oksana says: “Yes.” 1 answers Yes; so does ↓ with Enter. "
            "Nothing is chosen beforehand."
        ),
        INTERVIEW,
        _said("consent_interview", "yes"),
    ),
    Step(
        N_("Each use is asked for on its own. Oksana says: “Yes, keep it.”"),
        INTERVIEW,
        _said("consent_store", "yes"),
    ),
    Step(
        N_(
            "Now look at her and type what she says: “They came on Monday evening. They took my brother away.” "
            "It is saved when you pause; there is no key for saving."
        ),
        INTERVIEW,
        lambda moment: len(str(getattr(moment.node("narrative_text"), "value", None) or "")) >= 12,
    ),
    Step(
        N_("Enter makes a new line here. Tab goes on to the next question, Shift and Tab go back."),
        INTERVIEW,
        _in_section("h_event", "ev_type"),
    ),
    Step(
        N_("She told of one event. Enter adds an entry for it; inside this section F9 does the same."),
        INTERVIEW,
        lambda moment: moment.node("ev_type") is not None,
    ),
    Step(
        N_("Do not read these options out: you choose from what she told. The first letter finds “Taken away”. Enter."),
        INTERVIEW,
        _answer("ev_type"),
    ),
    Step(
        N_("“In October 2023, the day I do not know.” Type 2023-10, look below how it is understood, press Enter."),
        INTERVIEW,
        _answer("ev_date"),
    ),
    Step(
        N_("F3 lists the sections. Choose “Identity” with ↓ or by its first letters, and press Enter."),
        INTERVIEW,
        _in_section("t_identity", "id_full_name"),
    ),
    Step(
        N_("Her name is sealed apart from her account. Type an invented one and press Enter."),
        INTERVIEW,
        _answer("id_full_name"),
    ),
    Step(
        N_(
            "“My telephone number? Rather not.” F7 writes that down. It is always a good answer; F6 is “does not know”."
        ),
        INTERVIEW,
        _answer("id_phone"),
    ),
    Step(
        N_("What was a key again? F1 names all that work here. Escape closes it."),
        INTERVIEW,
        lambda moment: HELP in moment.seen,
    ),
    Step(
        N_("Somebody knocks. F4 closes everything at once; what you were typing is kept."),
        INTERVIEW,
        lambda moment: LOCKED in moment.seen,
    ),
    Step(
        N_(
            "Somebody only looks in? F10 shows a clock and nothing else, and so does ^L. To come back type "
            "{passphrase} and Enter; what you type does not show."
        ),
        INTERVIEW,
        lambda moment: HIDDEN in moment.seen,
    ),
    Step(
        N_("The same interview, the same place. F5 shows what is still missing before the seal."),
        INTERVIEW,
        lambda moment: REVIEW in moment.seen,
    ),
    Step(
        N_(
            "Enter leads to what is missing. When nothing is, F5 seals: choose “Seal it” with → and press Enter. "
            "After that nobody can open it on this computer."
        ),
        REVIEW,
        lambda moment: moment.sealed,
    ),
    Step(
        N_("Sealed. This code belongs on Oksana's card, not her name. Write it down now. ^N ends the lesson."),
        CARD,
    ),
)
LAST = N_("The lesson is over. Try what you like. ^Q leaves and erases everything that was written here.")
ASIDE = {
    LIST: N_("This is the list. Enter opens the interview again; F3 begins another."),
    INTERVIEW: N_("This is the interview. Escape leads back to the list, F5 to the review."),
    REVIEW: N_("This is the review. Escape leads back to the interview."),
    CARD: N_("This is the code for the card. Enter leads to the list."),
}
AWAY = N_("Escape leads back.")


@dataclass(slots=True)
class Lesson:
    """Where the person is in the lesson. `look` is told what can be seen, `words` says what comes next."""

    at: int = 0
    _moment: Moment = field(default_factory=lambda: Moment(LIST, None))

    @property
    def over(self) -> bool:
        """Whether every step is done."""
        return self.at >= len(STEPS)

    def look(self, moment: Moment) -> None:
        """Pass over every step that is done."""
        self._moment = moment
        while not self.over and (done := STEPS[self.at].done) is not None and done(moment):
            self.at += 1

    def skip(self) -> None:
        """Go on without doing it."""
        self.at = min(self.at + 1, len(STEPS))

    def words(self, passphrase: str) -> str:
        """What the strip says now."""
        screen = self._moment.screen
        if screen == LOCKED:
            return _("Locked. The passphrase of this practice is: {passphrase}", passphrase=passphrase)
        if self.over:
            return _(LAST)
        if screen == STEPS[self.at].where:
            words = STEPS[self.at].words
            return _(words, passphrase=passphrase) if "{passphrase}" in words else _(words)
        return _(ASIDE.get(screen, AWAY))

    @property
    def count(self) -> str:
        """`3/17`, empty at the end."""
        return "" if self.over else f"{self.at + 1}/{len(STEPS)}"
