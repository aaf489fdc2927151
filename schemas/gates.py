"""The gates of an interview: conditions under which it stops, goes less deep, hides, waits, warns or is wiped.

The rule: a gate is data (where it comes from, what it does, what it says) and one pure function over the answers
(`schemas.gates_rules`); screens, commands and sealing ask here and so show and do the same. What a gate closes in the
interview stands in the conditions of the form itself (`schemas.forms.rules`), so that it is closed in any tool; a gate
never draws a legal conclusion and never counts `declined` against a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from schemas.gates_advice import ADVICE
from schemas.gates_consent import ConsentEvent
from schemas.gates_facts import Facts, Interviewed
from schemas.gates_names import Mention
from schemas.gates_rules import RULES
from schemas.gates_texts import KEPT, TEXTS, Advice, Words
from schemas.session_types import Path

__all__ = ["ENDING", "GATES", "Effect", "Gate", "OpenGate", "gates_of", "open_gates"]

Effect: TypeAlias = Literal["stop", "limit_depth", "hide", "postpone", "warn", "wipe", "withhold"]
"""`stop` and `postpone`: the interview does not go on, now or today; `limit_depth`: a screening only; `hide`: questions
are closed and logged as not applicable; `warn`: a note; `wipe`: nothing is kept; `withhold`: left out of exports."""
ENDING: frozenset[Effect] = frozenset({"stop", "postpone", "wipe"})
"""Effects under which nothing is sealed."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate. `cases` gives the effect of each way in which its condition can hold.

    `source` names the standard; `read` says how it was read: V in a copy, S in a summary, G general knowledge that is
    not re-checked, - a rule of this project alone.
    """

    id: str
    cases: Mapping[str, Effect]
    source: str
    read: Literal["V", "S", "G", "-"]

    def text(self, case: str) -> Words:
        """What it says, in three languages."""
        return TEXTS[self.id, case]

    def advice(self, case: str) -> Advice:
        """Why it is there, what to offer now, what is kept."""
        return ADVICE[self.id, case]


@dataclass(frozen=True, slots=True)
class OpenGate:
    """A gate whose condition holds now: in which case, with what effect, because of which answers.

    `waiting`: only because a question has no answer yet. `mentions` are the places of G17.
    """

    gate: Gate
    case: str
    effect: Effect
    paths: tuple[Path, ...]
    waiting: bool
    words: Mapping[str, str]
    mentions: tuple[Mention, ...] = ()

    @property
    def id(self) -> str:
        """G1 to G20, or `codes`."""
        return self.gate.id

    def text(self, language: str) -> str:
        """What it says, in a language by its code or full name."""
        return self.gate.text(self.case).say(language, self.words)

    @property
    def advice(self) -> Advice:
        """Why it is there, what to offer now, what is kept."""
        return self.gate.advice(self.case)

    @property
    def wipes(self) -> bool:
        """Whether the rule says that nothing is kept."""
        return self.effect == "wipe"

    def kept(self, language: str) -> str:
        """What is kept, in a language."""
        return KEPT[self.advice.kept].say(language)

    def as_dict(self, language: str) -> dict[str, object]:
        """The object that `--json` prints. It holds no answer."""
        return {
            "gate": self.id,
            "case": self.case,
            "effect": self.effect,
            "waiting": self.waiting,
            "text": self.text(language),
            "why": self.advice.why.say(language),
            "offer": self.advice.offer.say(language),
            "kept": self.kept(language),
            "source": self.gate.source,
            "questions": ["/".join(_step(step) for step in path) for path in self.paths],
        }


GATES: Mapping[str, Gate] = {
    gate.id: gate
    for gate in (
        Gate(
            "G1", {"overheard": "stop", "official": "stop"}, "UN Training Manual on Monitoring, ch. VIII: privacy", "V"
        ),
        Gate("G2", {"minor": "stop"}, "Eurojust / ICC-OTP guidelines: children only with specialists", "G"),
        Gate("G3", {"capacity": "postpone", "distress": "postpone"}, "Istanbul Protocol §§ 266 ff.; Murad Code", "V"),
        Gate("G4", {"custody": "stop"}, "Eurojust / ICC-OTP guidelines: person in custody", "G"),
        Gate(
            "G5",
            {"investigators": "limit_depth"},
            "Eurojust briefing of 7 October 2022; IIMM: one account, no duplicates",
            "S",
        ),
        Gate(
            "G6",
            {"high": "postpone", "unacceptable": "wipe"},
            "OHCHR Manual ch. 2: do no harm; PILPG meeting: risk plan",
            "V",
        ),
        Gate(
            "G7",
            {"not_explained": "stop", "explained_lawyer": "postpone", "explained_skip": "hide"},
            "Prosecutions of forcibly mobilised persons: ZMINA; IWPR via CHRG",
            "V",
        ),
        Gate("G8", {"refused": "wipe"}, "Istanbul Protocol: right to refuse; OHCHR Manual ch. 2 and 14", "V"),
        Gate("G9", {"refused": "wipe"}, "OHCHR Manual ch. 14: consent for each use", "G"),
        Gate("G10", {"unexplained": "hide"}, "Istanbul Protocol: benefits and risks explained", "V"),
        Gate("G11", {"later": "withhold"}, "OHCHR Manual: consent asked for each use", "G"),
        Gate(
            "G12", {"deployment": "withhold"}, "IIMM: shared only with informed consent; exposure to prosecution", "V"
        ),
        Gate(
            "G13",
            {"no_account": "hide", "reserved": "hide"},
            "UN Training Manual ch. VIII: narrative first, then questions",
            "V",
        ),
        Gate(
            "G14", {"mentioned": "hide", "offer": "warn"}, "Murad Code; Eurojust / ICC-OTP guidelines: specialists", "S"
        ),
        Gate("G15", {"not_reviewed": "withhold"}, "OHCHR Manual ch. 14: protection of persons in material", "G"),
        Gate(
            "G16",
            {"changed": "warn", "withdrawn": "wipe"},
            "Murad Code: consent goes on; Istanbul Protocol: right to stop",
            "V",
        ),
        Gate("G17", {"named": "warn"}, "Eurojust / ICC-OTP guidelines: identity kept apart", "G"),
        Gate("G18", {"outside": "warn"}, "Official statements on campaigns contradict one another", "V"),
        Gate("G19", {"locked": "stop"}, "Leiden Guidelines F4; originals unaltered", "V"),
        Gate("G20", {"alone": "withhold", "again": "withhold"}, "OHCHR Manual: levels of use, named use apart", "G"),
        Gate("codes", {"dangling": "warn"}, "References to persons by code", "-"),
    )
}
"""G1 to G20 in their order, and `codes`: references to persons that are not there."""


def open_gates(
    session: Interviewed,
    *,
    waiting: bool = False,
    ledger: Sequence[ConsentEvent] = (),
    locked: bool = False,
) -> list[OpenGate]:
    """The gates whose conditions hold in a session, in the order of the gates.

    With `waiting`, also those that are closed only because a question has no answer yet. `ledger` holds the consent
    events of the interview, `locked` says that it is sealed.
    """
    found = gates_of(Facts.of_session(session, ledger=ledger, locked=locked))
    return [each for each in found if waiting or not each.waiting]


def gates_of(facts: Facts) -> list[OpenGate]:
    """Every gate whose condition holds in these answers, waiting ones too."""
    return [
        OpenGate(gate, hit.case, gate.cases[hit.case], hit.paths, hit.waiting, hit.words, hit.mentions)
        for gate in GATES.values()
        for hit in RULES[gate.id](facts)
    ]


def _step(step: str | tuple[str, int]) -> str:
    return step if isinstance(step, str) else f"{step[0]}[{step[1]}]"
