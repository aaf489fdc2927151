"""The part of a record that tells when and how long the interview was taken, by the clock of its computer."""

from __future__ import annotations

from schemas.records import times
from tui.locale import _, ngettext
from tui.screens.desk.pages import Block
from tui.screens.desk.reading import NAMES, OpenedRecord, Part, Words
from tui.screens.texts import moment_text, time_text


def length_text(seconds: int) -> str:
    """A length of time in words: seconds up to a minute, then whole minutes."""
    if seconds < 60:
        return ngettext("{count} second", "{count} seconds", seconds)
    minutes = round(seconds / 60)
    return ngettext("{count} minute", "{count} minutes", minutes)


def time_parts(record: OpenedRecord, language: str) -> list[Part]:
    """One part of the process compartment; none where it does not say."""
    document = record.documents.get("process")
    found = None if document is None else times.of(document.extra)
    if found is None:
        return []
    words = Words(record, language)
    blocks = [
        Block("answer", time_text(found.start), _("Begun")),
        Block("answer", time_text(found.end), _("Last at the questions")),
    ]
    for begun, ended in found.breaks:
        told = _("not ended on that computer") if ended is None else length_text(ended - begun)
        blocks.append(Block("answer", told, _("Break at {time}", time=f"{time_text(begun)[:10]} {moment_text(begun)}")))
    blocks.append(Block("head", _("At the questions of each section")))
    blocks += [Block("answer", length_text(seconds), words.title((name,))) for name, seconds in found.sections]
    blocks.append(Block("note", _("By the clock of that computer, without breaks and without the time it was locked.")))
    return [Part("times", _(NAMES["process"]), _("Time"), tuple(blocks))]
