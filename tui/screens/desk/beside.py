"""What stands in a record beside its answers: words that were being typed when it was sealed in haste, notes, whether
the account was read back, compartments that stay sealed here, and whatever else a later program put there.

The rule: nothing that was sealed is left out because this program does not know it; what it does not know is shown as
bare data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from schemas.records import notes, readback, times
from schemas.xform_model import Path
from tui.locale import _
from tui.screens.desk.pages import Block
from tui.screens.desk.reading import NAMES, ORDER, OpenedRecord, Part, Words
from tui.screens.texts import time_text

TYPED = "x-typed"
_LONGEST, _DEEPEST = 2000, 6


def typed_of(extra: Mapping[str, object]) -> list[tuple[Path, str]]:
    """The words that stood at questions when a panic sealed them; what is not as it should be is left to `extra`."""
    found: list[tuple[Path, str]] = []
    stored = extra.get(TYPED)
    for item in stored if isinstance(stored, Sequence) and not isinstance(stored, str | bytes) else ():
        if not isinstance(item, Sequence) or len(item) != 2 or not isinstance(item[1], str):
            return []
        path = _path(item[0])
        if not path:
            return []
        found.append((path, item[1]))
    return found


def _path(stored: object) -> Path:
    if not isinstance(stored, Sequence) or isinstance(stored, str | bytes):
        return ()
    steps: list[str | tuple[str, int]] = []
    for step in stored:
        if isinstance(step, str):
            steps.append(step)
        elif isinstance(step, Sequence) and len(step) == 2 and isinstance(step[0], str) and isinstance(step[1], int):
            steps.append((step[0], step[1]))
        else:
            return ()
    return tuple(steps)


def beside(record: OpenedRecord, language: str) -> list[Part]:
    """The parts beside the answers, compartment by compartment; sealed compartments last."""
    words = Words(record, language)
    parts: list[Part] = []
    for name in ORDER:
        document = record.documents.get(name)
        if document is None:
            continue
        heading = _(NAMES[name])
        typed = typed_of(document.extra)
        if typed:
            blocks = [block for path, said in typed for block in _typed(words, path, said)]
            parts.append(Part(f"typed:{name}", heading, _("Typed in haste"), tuple(blocks)))
        noted = notes.of(document.extra)
        if noted:
            blocks = [Block("answer", f"{said}\n{time_text(at)}", words.title(path)) for path, said, at in noted]
            parts.append(Part(f"notes:{name}", heading, _("Notes"), tuple(blocks)))
        events = readback.of(document.extra)
        if events:
            parts.append(Part(f"readback:{name}", heading, _("Read back"), tuple(_readback(words, events))))
        known = {key for key, found in ((TYPED, typed), (notes.KEY, noted), (readback.KEY, events)) if found}
        if times.of(document.extra) is not None:
            known.add(times.KEY)
        rest = {key: value for key, value in document.extra.items() if key not in known}
        if rest:
            note = Block("note", _("This program does not know these; they were sealed with the record."))
            blocks = [note, *(block for key in sorted(rest) for block in _plain(key, rest[key], 0))]
            parts.append(Part(f"extra:{name}", heading, _("Further data"), tuple(blocks)))
    return [*parts, *_sealed(record)]


def _typed(words: Words, path: Path, said: str) -> list[Block]:
    return [
        Block("head", words.title(path)),
        Block("warning", _("Was being typed when the interview was sealed in haste; nobody looked it over.")),
        Block("text", said),
    ]


def _readback(words: Words, events: Sequence[readback.Event]) -> Iterator[Block]:
    for path, what, at in events:
        told = _("read to its end") if what == "read" else _("changed after it was read")
        yield Block("answer", told, f"{time_text(at)} · {words.title(path)}")


def _plain(key: str, value: object, depth: int) -> Iterator[Block]:
    """Data as it stands, one line for each name."""
    if isinstance(value, Mapping) and depth < _DEEPEST:
        yield Block("entry", key, depth=depth)
        for name in sorted(value, key=str):
            yield from _plain(str(name), value[name], depth + 1)
    else:
        text = value.hex() if isinstance(value, bytes) else str(value)
        yield Block("answer", text if len(text) <= _LONGEST else text[:_LONGEST] + "…", key, depth)


def _sealed(record: OpenedRecord) -> list[Part]:
    """A part for each compartment that this desk cannot open, so that it is not taken for empty."""
    stored = record.facts.get("unopened")
    unopened = [str(name) for name in stored] if isinstance(stored, list) else []
    told = _("This desk has no key for this part of the record. It is kept here sealed, and its receipt says so.")
    return [
        Part(f"sealed:{name}", _(NAMES[name]), _("Stays sealed here"), (Block("warning", told),))
        for name in ORDER
        if name in unopened
    ]


def attachment_list(record: OpenedRecord) -> list[Part]:
    """One page that names all attachments; none where there are none."""
    stored = record.facts.get("attachments")
    items = [item for item in stored if isinstance(item, Mapping)] if isinstance(stored, list) else []
    if not items:
        return []
    blocks: list[Block] = []
    for item in items:
        blocks += [
            Block("entry", str(item["name"])),
            Block("answer", f"{item['looks_like'] or '–'} · {item['bytes']}", _("Looks like, bytes")),
            Block("answer", str(item["sha256"]), "SHA-256"),
            Block("answer", str(item["question"] or "–"), _("Answers")),
        ]
    blocks += [Block("note", ""), Block("note", _("F6 on one of them checks every byte of it and says what it is."))]
    return [Part("attachments", _("Attachments"), _("All attachments"), tuple(blocks))]
