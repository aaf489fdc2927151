"""What a session hands out: snapshots of nodes, choices, issues and changes. They hold no live state and never
change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from schemas.xform_model import Definition, Path, Step

Value: TypeAlias = "str | int | bool | tuple[str, ...] | bytes | None"
"""An answer: text, date, time, decimal, select_one as str; integer as int; boolean as bool; select_multiple and rank as
a tuple of codes; a file as its 16-byte stream id; None when there is no answer."""

Missing: TypeAlias = Literal["unknown", "declined", "not_asked"]
MISSING: tuple[Missing, ...] = ("unknown", "declined", "not_asked")
Kind: TypeAlias = Literal["group", "repeat", "entry", "question", "note"]
IssueKind: TypeAlias = Literal["block", "answer", "constraint", "type"]
IssueCode: TypeAlias = Literal["required", "constraint", "alone", "edtf", "choice", "type"]

Changes: TypeAlias = frozenset[Path]
"""Paths of nodes whose value, relevance, required, readonly, texts, choices or validity changed."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice as it is shown now: the code that is stored, the label in the session's language, files beside it."""

    value: str
    label: str
    media: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that stands against sealing or deserves a look.

    `kind`: `block` (must be answered), `answer` (an answer or a reserved answer is due), `constraint`, `type`.
    `code` names the rule (required, constraint, alone, edtf, choice, type), so that a screen may say it in its own
    words. `message` is the form's own sentence in the session's language, or an English one of the engine where the
    form has none.
    """

    path: Path
    kind: IssueKind
    message: str
    code: IssueCode


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the interview as it is at this moment.

    `prompt` is the open prompt of a section; `missing` is `unknown`, `declined`, `not_asked`, or `not_applicable` when
    the form hides the question; `problem` is the sentence of what is wrong with the answer, None when nothing is.
    `count` is the number of entries of a repeat, and the position (from 1) of an entry. `code` is an entry's code, such
    as P3: it comes from the id given once, never from the position. `choices` are those offered now. `media` maps
    image, big-image, audio and video to the URI in the form.
    """

    path: Path
    kind: Kind
    name: str
    definition: Definition
    label: str = field(repr=False)
    hint: str = field(repr=False)
    guidance: str
    prompt: str
    relevant: bool
    readonly: bool
    required: bool
    value: Value = field(repr=False)
    missing: str | None
    problem: str | None
    choices: tuple[Choice, ...]
    count: int
    code: str
    media: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EntryState:
    """One entry of a repeat as a draft keeps it. `path` is the path of the entry: its last step is `(name, id)`.

    `removed` entries are named too, so that their ids are never given again; they come back as ids only.
    """

    path: Path
    removed: bool = False


__all__ = ["MISSING", "Changes", "Choice", "EntryState", "Issue", "Missing", "Node", "Path", "Step", "Value"]
