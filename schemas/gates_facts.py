"""What gates look at: the answers of one interview by the names of their questions, and nothing else.

A gate asks for questions by name. A form that does not have them has no such gate; a question that nobody has answered
yet is told apart from one whose answer opens a gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from schemas.session_types import Path, Value

if TYPE_CHECKING:
    from schemas.gates_consent import ConsentEvent
    from schemas.xform_model import Form

__all__ = ["Fact", "Facts", "Interviewed"]


class Interviewed(Protocol):
    """What is needed of a session."""

    form: Form

    def answers(self) -> list[tuple[Path, Value, str | None]]:
        """Relevant leaves with a value or a missing reason."""
        ...

    def codes(self) -> dict[str, Path]:
        """Entry codes in use."""
        ...


@dataclass(frozen=True, slots=True)
class Fact:
    """One answer: its question, its value or why there is none. `compartment` is empty where it is not known."""

    path: Path
    value: Value
    missing: str | None
    compartment: str = ""

    @property
    def name(self) -> str:
        """The question's name."""
        step = self.path[-1]
        return step if isinstance(step, str) else step[0]

    @property
    def codes(self) -> tuple[str, ...]:
        """The chosen codes of a select, or the text as one."""
        if isinstance(self.value, tuple):
            return self.value
        return (self.value,) if isinstance(self.value, str) and self.value else ()


@dataclass(frozen=True, slots=True)
class Facts:
    """The answers of an interview. `asked` names the questions of its form, `entry_codes` the persons (P1) in use.

    `ledger` holds its consent events, `locked` says that it is sealed already.
    """

    given: Sequence[Fact]
    asked: Mapping[str, Path]
    entry_codes: frozenset[str] = frozenset()
    ledger: Sequence[ConsentEvent] = ()
    locked: bool = False
    _by_name: dict[str, list[Fact]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for each in self.given:
            self._by_name.setdefault(each.name, []).append(each)

    @classmethod
    def of_session(cls, session: Interviewed, *, ledger: Sequence[ConsentEvent] = (), locked: bool = False) -> Facts:
        """The relevant answers of a session."""
        form = session.form
        given = [Fact(path, value, why, form.compartment_of(path)) for path, value, why in session.answers()]
        asked = {each.name: each.path for each in form.questions.values()}
        return cls(given, asked, frozenset(session.codes()), ledger, locked)

    @classmethod
    def of_answers(
        cls,
        answers: Iterable[tuple[Path, Value, str | None]],
        *,
        ledger: Sequence[ConsentEvent] = (),
        locked: bool = True,
    ) -> Facts:
        """The answers of a record that was read back; every question in it counts as one of its form."""
        given = [Fact(path, value, None if why == "not_applicable" else why) for path, value, why in answers]
        return cls(given, {each.name: each.path for each in given}, ledger=ledger, locked=locked)

    def each(self, name: str) -> list[Fact]:
        """Every answer to the question: one, or one for each entry that has it."""
        return self._by_name.get(name, [])

    def one(self, name: str) -> str | None:
        """The single answer as text, None when there is none."""
        for fact in self.each(name):
            return fact.codes[0] if fact.codes else None
        return None

    def has(self, name: str, *codes: str) -> bool:
        """Whether one of these codes is chosen."""
        return any(code in fact.codes for fact in self.each(name) for code in codes)

    def answered(self, name: str) -> bool:
        """Whether there is a value or a reason why there is none."""
        return bool(self.each(name))

    def knows(self, name: str) -> bool:
        """Whether the form asks this question."""
        return name in self.asked

    def paths(self, *names: str) -> tuple[Path, ...]:
        """Where these questions stand, as far as the form has them."""
        return tuple(self.asked[name] for name in names if name in self.asked)

    def texts(self, *, identity: bool) -> Iterator[Fact]:
        """Answers in words, those of the identity compartment or those of the others."""
        for fact in self.given:
            if isinstance(fact.value, str) and fact.value and (fact.compartment == "identity") is identity:
                yield fact
