"""The document of one compartment: its answers and the keys of its attachments (docs/spec/protocol.md §6.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from schemas.records.common import Compartment, Count, Hash32, Id16, Name, Seconds
from schemas.structure import Between, Size

Step = Annotated[str, Size(1, 255)] | tuple[Annotated[str, Size(1, 255)], Annotated[int, Between(1, 2**31)]]
"""A name, or a repeat's name with the id that its entry was given once."""
WirePath = Annotated[tuple[Step, ...], Size(1, 32)]
Value = (
    Annotated[str, Size(0, 4 << 20)]
    | Annotated[int, Between(-(2**63), 2**63 - 1)]
    | Id16
    | bool
    | tuple[Annotated[str, Size(1, 1024)], ...]
    | None
)
Missing = Literal["unknown", "declined", "not_asked", "not_applicable"] | None
By = Literal["witness", "staff", "program"]
Answer = tuple[WirePath, Value, Missing, Seconds, By]
"""Path, value (None with a reason), the reason, when it was given, who gave it. A file's value is its sid."""

Reason = Literal["unknown", "declined", "not_asked"] | None
Consent = tuple[WirePath, Value, Reason, Seconds, Name, Name, Annotated[bytes, Size(8)]]
"""One event of the consent ledger: path, value, reason, when; version of the form, language and digest of the wording.
Value and reason are both None when an answer was taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentKey:
    """What opens an attachment, and what it is: length in bytes, the name as data, SHA-256 of the content."""

    sid: Id16
    sk: Hash32
    len_: Count
    name: Name
    mime: Annotated[str, Size(0, 127)]
    sha256: Hash32
    cap_t: Seconds
    continues: Id16 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Answers and attachment keys of one compartment of one entry; that of the process has the consent ledger."""

    v: Literal[1] = 1
    eid: Id16
    comp: Compartment
    answers: tuple[Answer, ...]
    atts: Annotated[tuple[AttachmentKey, ...], Size(0, 256)]
    consents: tuple[Consent, ...] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
