"""Snapshots of the live tree: nodes for screens, issues for the review, nested maps for records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.session_engine import Engine
from schemas.session_live import Live, LiveRepeat, Scope
from schemas.session_types import Issue, IssueCode, IssueKind, Kind, Node
from schemas.session_values import decode
from schemas.xform_model import Group, Question, Repeat

SENTENCES: dict[IssueCode, str] = {
    "required": "This question needs an answer.",
    "constraint": "This answer does not fit what the form expects.",
    "alone": "One of the chosen answers must stand alone.",
    "edtf": "This is no date that can be written down, such as 2023-10-05, 2023-10, 2023-XX-15 or 2023~.",
    "choice": "This answer is no longer offered, because another answer changed.",
    "type": "This answer is not of the kind that the question takes.",
}
"""What is said of an issue where the form says nothing of its own."""


class View:
    """Makes snapshots of an engine's live tree."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def node(self, live: Live | Scope) -> Node:
        """The snapshot of a node or entry."""
        if isinstance(live, Scope):
            return self._entry(live)
        definition = live.definition
        label, hint, guidance, prompt, *_ = self._shown(live)
        question = definition if isinstance(definition, Question) else None
        relevant = live.relevant
        return Node(
            path=live.path,
            kind=_kind(live),
            name=definition.name,
            definition=definition,
            label=label,
            hint=hint,
            guidance=guidance,
            prompt=prompt,
            relevant=relevant,
            readonly=live.readonly or live.pinned or (question is not None and not question.fillable),
            required=live.required,
            value=decode(question, live.raw) if question is not None and relevant else None,
            missing=live.missing if relevant else "not_applicable",
            problem=self.issue(live).message if live.issue not in (None, "required") else None,
            choices=self.engine.words.choices(live) if question is not None else (),
            count=len(live.entries) if isinstance(live, LiveRepeat) else 0,
            code="",
            media=self.engine.words.media(definition.media, live.scope),
        )

    def _entry(self, scope: Scope) -> Node:
        definition = scope.definition
        label, hint, guidance, prompt, *_ = self._shown(scope)
        code = f"{definition.code}{scope.id}" if isinstance(definition, Repeat) and definition.code else ""
        return Node(
            path=scope.path,
            kind="entry",
            name=definition.name,
            definition=definition,
            label=label,
            hint=hint,
            guidance=guidance,
            prompt=prompt,
            relevant=scope.relevant,
            readonly=scope.container is not None and scope.container.readonly,
            required=False,
            value=None,
            missing=None if scope.relevant else "not_applicable",
            problem=None,
            choices=(),
            count=scope.place,
            code=code,
        )

    def _shown(self, live: Live | Scope) -> tuple[str, ...]:
        return live.shown if live.shown is not None else self.engine.words.shown(live)

    def issue(self, live: Live) -> Issue:
        """What is wrong with a node that has an issue, in the form's words where it has some."""
        code = live.issue or "type"
        message = ""
        if code in ("constraint", "required"):
            *_, constraint, required = self._shown(live)
            message = constraint if code == "constraint" else required
        return Issue(live.path, _issue_kind(live, code), message or SENTENCES[code], code)

    def below(self, group: Group, scope: Scope) -> Iterator[Node]:
        """What lies in a group of a scope, in document order."""
        for child in group.children:
            if child.hidden or (isinstance(child, Question) and child.type == "calculate"):
                continue
            if isinstance(child, Group) and not child.shown:
                continue
            live = scope.nodes[child.slot]
            yield self.node(live)
            yield from self.inside(live)

    def inside(self, live: Live | Scope) -> Iterator[Node]:
        """What lies inside a node or entry, in document order."""
        if isinstance(live, Scope):
            yield from self.below(live.definition, live)
        elif isinstance(live, LiveRepeat):
            for entry in live.entries:
                yield self.node(entry)
                yield from self.inside(entry)
        elif isinstance(live.definition, Group):
            yield from self.below(live.definition, live.scope)

    def nested(self, group: Group, scope: Scope) -> dict[str, Any]:
        """The relevant answers of a group of a scope."""
        found: dict[str, Any] = {}
        for child in group.children:
            live = scope.nodes[child.slot]
            if not live.relevant:
                continue
            if isinstance(live, LiveRepeat):
                if live.entries:
                    found[child.name] = [self._nested_entry(entry) for entry in live.entries]
            elif isinstance(child, Group):
                inner = self.nested(child, scope)
                if inner:
                    found[child.name] = inner
            elif isinstance(child, Question) and child.type != "note" and (live.raw or live.missing):
                found[child.name] = _plain(child, live)
        return found

    def _nested_entry(self, entry: Scope) -> dict[str, Any]:
        found = self.nested(entry.definition, entry)
        if isinstance(entry.definition, Repeat) and entry.definition.code:
            return {"_code": f"{entry.definition.code}{entry.id}", **found}
        return found


def _plain(question: Question, live: Live) -> object:
    if live.missing is not None:
        return {"missing": live.missing}
    value = decode(question, live.raw)
    if isinstance(value, bytes):
        return {"attachment": value.hex()}
    return list(value) if isinstance(value, tuple) else value


def _kind(live: Live) -> Kind:
    if isinstance(live, LiveRepeat):
        return "repeat"
    if isinstance(live.definition, Question):
        return "note" if live.definition.type == "note" else "question"
    return "group"


def _issue_kind(live: Live, code: IssueCode) -> IssueKind:
    if code == "required":
        question = live.definition
        return "block" if isinstance(question, Question) and question.strictness == "block" else "answer"
    return "type" if code in ("type", "edtf") else "constraint"
