"""The consent ledger: every answer about consent is an event with its time and the wording that was heard.

Rule: events are added and never changed or taken out. A reconfirmation, a narrowing or a widening after the account is
one more event; what holds now is the last event of each question, what held before stays readable. The wording names
the version of the form, the language, and a digest of the very words, so that years later it can be shown which
sentence the person answered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.session_types import Node, Path, Value

__all__ = ["ConsentEvent", "Wording", "is_consent", "last_events", "of_records", "reopened_since", "wording"]

DIGEST = 8
RECONFIRM = "consent_reconfirm"
_ALSO = ("followup_ok",)


class Asking(Protocol):
    """What is needed of a session to say which words a person heard."""

    @property
    def language(self) -> str:
        """The language of labels."""
        ...

    def node(self, path: Path) -> Node:
        """The node at a path."""
        ...


@dataclass(frozen=True, slots=True)
class Wording:
    """Which words were heard: version of the form, language (`Ukrainian (uk)`), 8 bytes of SHA-256 over the texts."""

    version: str
    language: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One answer about consent: the question's path, its value or missing reason, when (seconds since 1970), wording.

    Value and reason are both None when an answer was taken away.
    """

    path: Path
    value: Value
    missing: str | None
    t: int
    wording: Wording

    @property
    def name(self) -> str:
        """The question's name."""
        step = self.path[-1]
        return step if isinstance(step, str) else step[0]


def of_records(records: Iterable[tuple[Path, Value, str | None, int, str, str, bytes]]) -> tuple[ConsentEvent, ...]:
    """The ledger as a sealed document carries it (`schemas.records.document.Consent`)."""
    return tuple(
        ConsentEvent(path, value, missing, t, Wording(version, language, digest))
        for path, value, missing, t, version, language, digest in records
    )


def is_consent(path: Path) -> bool:
    """Whether the question at this path is one of consent: its name begins with `consent_`, or is `followup_ok`."""
    step = path[-1] if path else ""
    return isinstance(step, str) and (step.startswith("consent_") or step in _ALSO)


def wording(session: Asking, version: str, path: Path) -> Wording:
    """The words of a question and of its choices as the session shows them now."""
    node = session.node(path)
    texts = [node.label, node.hint, *(text for choice in node.choices for text in (choice.value, choice.label))]
    digest = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).digest()[:DIGEST]
    return Wording(version, session.language, digest)


def last_events(ledger: Iterable[ConsentEvent]) -> dict[str, ConsentEvent]:
    """What holds now: the last event of each question, by its name."""
    return {event.name: event for event in ledger}


def reopened_since(ledger: Sequence[ConsentEvent]) -> bool:
    """Whether an answer about consent was given after the last reconfirmation: then a change was really made (G16)."""
    places = [place for place, event in enumerate(ledger) if event.name == RECONFIRM]
    return bool(places) and any(event.name not in (RECONFIRM, *_ALSO) for event in ledger[places[-1] + 1 :])
