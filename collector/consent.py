"""Consent as a section of its own: its questions one after the other, the uses that were given, how each came about.

Rule: nothing here changes an answer or guesses one. What is asked, and in which words, the form says; what a person
answered and when, the ledger says. A form without the section has none of this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from schemas.gates_consent import ConsentEvent
from schemas.session import Session
from schemas.session_types import Node, Path, Value
from schemas.xform_model import Question

SECTION: Path = ("c_consent",)
RECONFIRM = "consent_reconfirm"
_NO_USE = ("consent_interview",)
"""Agreement to the talk itself, which is over when uses are confirmed again."""
_REFUSING = ("no", "later", "nobody")
_UNASKED = ("calculate", "note")


@dataclass(frozen=True, slots=True)
class Reached:
    """Where one stands in the section: the place (from 1) of this question among those that are asked now.

    `all` is None as long as nobody has agreed or refused to talk: how much is asked, that answer decides.
    """

    place: int
    all: int | None


def questions(session: Session) -> list[Node]:
    """The questions of the section that a person is asked now, in the order of the form; none without the section."""
    return [
        node
        for node in session.walk()
        if node.path[:1] == SECTION
        and node.kind == "question"
        and node.relevant
        and not node.readonly
        and isinstance(node.definition, Question)
        and node.definition.mode != "auto"
        and node.definition.type not in _UNASKED
    ]


def reached(asked: Sequence[Node], path: Path) -> Reached | None:
    """How far the section is at this question; None for one that is not asked."""
    paths = [node.path for node in asked]
    if path not in paths:
        return None
    undecided = any(node.name in _NO_USE and node.value is None and node.missing is None for node in asked)
    return Reached(paths.index(path) + 1, None if undecided else len(paths))


def is_use(node: Node) -> bool:
    """Whether a question asks for a permission: one choice, read aloud word for word; an explanation is none."""
    return (
        isinstance(node.definition, Question)
        and node.definition.type == "select_one"
        and node.definition.mode == "read"
        and node.name not in _NO_USE
        and not node.name.endswith("_explained")
    )


def given(session: Session) -> list[Node]:
    """The uses that a person has permitted, in the order of the form: they are confirmed one by one at the end."""
    return [
        node for node in questions(session) if is_use(node) and node.value is not None and node.value not in _REFUSING
    ]


def events_of(ledger: Iterable[ConsentEvent], path: Path) -> list[ConsentEvent]:
    """Everything that was answered to one question, the first first."""
    return [event for event in ledger if event.path == path]


def direction(node: Node, value: Value) -> Literal["narrowed", "widened"]:
    """Whether another answer to a use permits less or more than the one that stands."""
    if value in _REFUSING:
        return "narrowed"
    order = [choice.value for choice in node.choices]
    if node.value is None or node.value in _REFUSING or str(value) not in order or str(node.value) not in order:
        return "widened"
    return "narrowed" if order.index(str(value)) < order.index(str(node.value)) else "widened"


def reconfirm_path(session: Session) -> Path | None:
    """The closing question that asks whether the permissions stay; None in a form without it."""
    return next((node.path for node in session.walk() if node.name == RECONFIRM and node.kind == "question"), None)
