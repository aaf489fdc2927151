"""Words of the review, for the screens and for the plain prompts alike: the consent, and what is sealed for whom.

The rule: the consent speaks the words and the language of the form, so that it can be read out as it stands. The
contents are counted; nothing of what was said is in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collector import consent
from collector.contents import FileKind, Holder, Part
from collector.interview import Interview
from schemas.session_types import Node
from tui.locale import N_, _, ngettext
from tui.screens.interview.consent import answer_words, history
from tui.screens.texts import time_text

COMPARTMENTS = {
    "process": N_("Process: consent, safety, how it was taken"),
    "identity": N_("Identity: names, contacts, voices, faces"),
    "narrative": N_("Narrative: what happened"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A question of consent, its answer, and each time after the first that it was answered."""

    question: str
    answer: str
    later: tuple[str, ...]


def consent_said(interview: Interview) -> list[Said]:
    """Every question of consent that was answered, the closing question last."""
    asked = consent.questions(interview.session)
    closing = consent.reconfirm_path(interview.session)
    nodes = [*asked, *([interview.session.node(closing)] if closing is not None else [])]
    return [
        Said(node.label, _spoken(node), tuple(history(node, consent.events_of(interview.ledger.events, node.path))[1:]))
        for node in nodes
        if node.relevant and (node.value is not None or node.missing is not None)
    ]


def _spoken(node: Node) -> str:
    words = answer_words(node, node.value, node.missing)
    return words if node.choices or node.value is None else f"«{str(node.value).strip()}»"


def part_name(part: Part) -> str:
    """What a compartment is for."""
    return _(COMPARTMENTS[part.compartment])


def part_counted(part: Part) -> list[str]:
    """How much of which kind a compartment will hold; at least one line."""
    counted = [
        (part.answers, ngettext("{count} answer", "{count} answers", part.answers)),
        (part.reserved, ngettext("{count} reserved answer", "{count} reserved answers", part.reserved)),
        (part.consents, ngettext("{count} line of the ledger", "{count} lines of the ledger", part.consents)),
        *((number, _files(kind, number)) for kind, number in part.files.items()),
    ]
    return [text for number, text in counted if number] or [_("nothing yet")]


def _files(kind: FileKind, number: int) -> str:
    if kind == "image":
        return ngettext("{count} picture", "{count} pictures", number)
    if kind == "audio":
        return ngettext("{count} sound recording", "{count} sound recordings", number)
    if kind == "video":
        return ngettext("{count} film", "{count} films", number)
    return ngettext("{count} other file", "{count} other files", number)


def part_openers(part: Part, org: str) -> list[str]:
    """Whose keys open a compartment."""
    if not part.keys:
        return ["! " + _("No key of the office opens this. It cannot be sealed.")]
    lines = []
    for keys in part.keys:
        named = ", ".join(_holder(each) for each in keys)
        if len(keys) > 1:
            lines.append(_("Opened by {org} only with all these keys together: {keys}", org=org, keys=named))
        elif keys[0].label:
            lines.append(_("Opened by {org}: {keys}", org=org, keys=named))
        else:
            lines.append(_("Opened by {org} with the key {keys}", org=org, keys=named))
    return lines


def _holder(holder: Holder) -> str:
    """Who holds a key, as the office says it; the digits tell two apart that are called alike."""
    if not holder.label:
        return holder.digits
    return _("{label} (key {digits})", label=holder.label, digits=holder.digits)


def readings(read: Sequence[tuple[str, int]]) -> Iterator[str]:
    """When the account was read back, and when it was changed after that."""
    for what, at in read:
        yield _("Read back {time}", time=time_text(at)) if what == "read" else _("Changed {time}", time=time_text(at))
