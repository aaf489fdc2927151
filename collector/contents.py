"""What an interview will be sealed into: how much of which kind in each compartment, and whose keys open it.

Rule: counts and kinds only, never a word of what was said. It is counted from the very material that sealing takes, so
that what is shown is what will be there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from collector import compose, crypto, mission
from schemas.records.common import COMPARTMENTS
from schemas.records.mission import PackRecipient

if TYPE_CHECKING:
    from collector.field import Field
    from collector.interview import Interview

FileKind: TypeAlias = Literal["image", "audio", "video", "other"]
_KINDS: tuple[FileKind, ...] = ("image", "audio", "video")
_UNSAID = ("not_applicable",)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose key it is: what the office calls its holder (empty where it says nothing), and its first digits."""

    label: str
    digits: str


@dataclass(frozen=True, slots=True)
class Part:
    """One compartment: answers that a person gave, reserved answers, files by kind; `consents` are events of the
    ledger. `keys` are those who open it: each tuple stands for itself, and all keys in one are needed together.
    """

    compartment: str
    answers: int
    reserved: int
    files: Mapping[FileKind, int]
    consents: int
    keys: tuple[tuple[Holder, ...], ...]


def parts(field: Field, interview: Interview) -> list[Part]:
    """The compartments that sealing would use now, in the order of their numbers; without a mission nobody's key."""
    pack, now = field.pack(), interview.now
    groups = {} if pack is None else mission.recipients(pack.body, max(mission.time_floor(field.vault.db), now)).groups
    material = compose.gather(
        interview.form,
        interview.session,
        interview.all_given(),
        interview.files(),
        now=now,
        interrupted=False,
        consents=interview.ledger.records(),
    )
    found = []
    for comp in material.compartments:
        said = [answer for answer in material.answers.get(comp, ()) if answer[4] != "program"]
        found.append(
            Part(
                COMPARTMENTS[comp],
                sum(answer[2] is None for answer in said),
                sum(answer[2] is not None and answer[2] not in _UNSAID for answer in said),
                Counter(_kind(item.mime) for item in material.attachments.get(comp, ())),
                len(material.consents) if comp == 0 else 0,
                tuple(tuple(_key(member) for member in group) for group in groups.get(comp, ())),
            )
        )
    return found


def _kind(mime: str) -> FileKind:
    return next((kind for kind in _KINDS if mime.startswith(kind + "/")), "other")


def _key(recipient: PackRecipient) -> Holder:
    digits = crypto.fingerprint(recipient.pkN + recipient.pkX).split()
    return Holder(recipient.label or "", " ".join(digits[:2]) + " …")
