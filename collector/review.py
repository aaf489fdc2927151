"""Looking an interview over before it is sealed: what blocks, what is due, what is wrong, what would be lost.

Nothing here changes anything; how strict sealing is stands in `collector.sealing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.marks import Mark
from collector.media import Attachment
from schemas.gates import ENDING, OpenGate, open_gates
from schemas.session import Session
from schemas.session_types import Issue, Node
from schemas.xform_model import Question


@dataclass(frozen=True, slots=True)
class Review:
    """What stands between this interview and its seal.

    `blocking` may stop the interview, `missing` are due answers, `invalid` break a rule of the form; `hidden_files` are
    attachments of questions that the form hides now: they are erased at sealing. `counts` has numbers for a screen,
    `gates` what stops, limits, hides, withholds or warns (`schemas.gates`), `marks` what was to be asked later: nothing
    that would stop it.
    """

    blocking: tuple[Issue, ...]
    missing: tuple[Issue, ...]
    invalid: tuple[Issue, ...]
    hidden_files: tuple[Attachment, ...]
    counts: Mapping[str, int]
    gates: tuple[OpenGate, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def ending(self) -> tuple[OpenGate, ...]:
        """The gates under which nothing is sealed."""
        return tuple(gate for gate in self.gates if gate.effect in ENDING)

    @property
    def wiping(self) -> tuple[OpenGate, ...]:
        """The gates under which nothing is kept."""
        return tuple(gate for gate in self.gates if gate.wipes)

    @property
    def ready(self) -> bool:
        """Whether the interview can be sealed as it is."""
        return not (self.blocking or self.missing or self.invalid or self.ending)


def look_over(session: Session, attachments: Sequence[Attachment], gates: Sequence[OpenGate] | None = None) -> Review:
    """The review of an interview with these attachments; without `gates`, those that its answers open."""
    issues = session.validity()
    questions = [node for node in session.walk() if node.kind == "question"]
    relevant = [node for node in questions if node.relevant]
    hidden = hidden_files(session)
    return Review(
        blocking=tuple(issue for issue in issues if issue.kind == "block"),
        missing=tuple(issue for issue in issues if issue.kind == "answer"),
        invalid=tuple(issue for issue in issues if issue.kind in ("constraint", "type")),
        hidden_files=tuple(attachment for attachment in attachments if attachment.sid in hidden),
        counts={
            "questions": len(relevant),
            "answered": sum(node.value is not None for node in relevant),
            "reserved": sum(node.value is None and node.missing is not None for node in relevant),
            "open": sum(node.value is None and node.missing is None for node in relevant),
            "hidden": len(questions) - len(relevant),
            "attachments": len(attachments),
        },
        gates=tuple(open_gates(session) if gates is None else gates),
    )


def hidden_files(session: Session) -> set[bytes]:
    """The sids of attachments whose question the form hides now."""
    kept = {value for _, value, _ in session.kept() if isinstance(value, bytes)}
    return kept - {value for _, value, _ in session.answers() if isinstance(value, bytes)}


def unanswered_consent(session: Session) -> list[Node]:
    """Questions of consent without whose answer nothing may be kept, not even an interrupted interview.

    They are the blocking questions named `consent_…` that stand in one group with the first of them. The first must be
    answered in any case, the others when the form shows them. A form without any asks for no consent of its own.
    """
    blocking = [
        node
        for node in session.walk()
        if node.name.startswith("consent_")
        and isinstance(node.definition, Question)
        and node.definition.strictness == "block"
    ]
    together = [node for node in blocking if node.path[:-1] == blocking[0].path[:-1]]
    due = [node for node in together if node.relevant or node is blocking[0]]
    return [node for node in due if node.value is None and node.missing in (None, "not_applicable")]
