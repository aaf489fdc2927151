"""A record as people read it: parts by compartment, each with the form's own questions and the labels of its choices.

The rule: the answers are those that were sealed, word for word; the form only lends its words to them. Where it
cannot, because its rules have changed or it is not known here, the bare names and codes are shown instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from collector.files import shown_name
from schemas.edtf import precision_words
from schemas.problems import Problem
from schemas.records import notes
from schemas.records.common import COMPARTMENTS
from schemas.records.document import Answer, Document
from schemas.session import EntryState, Session
from schemas.session_types import Node
from schemas.xform_model import Form, Path
from tui.locale import N_, _
from tui.screens.desk.pages import Block, harmless
from tui.screens.interview.words import REMARK_SIGN, is_date, reserved_words

if TYPE_CHECKING:
    from sync.desk.desk import Desk

LONG = 600
"""Characters from which on an answer gets a part of its own."""
ORDER = ("narrative", "identity", "process")
NAMES = {"narrative": N_("Narrative"), "identity": N_("Identity"), "process": N_("Process")}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a record: its title, the heading above it in the list, and its page. `sid` is an attachment's."""

    key: str
    heading: str
    title: str
    blocks: tuple[Block, ...]
    sid: str = ""


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """What the desk gives for one record: its facts (`Desk.record`), its documents, its form if it is known."""

    facts: Mapping[str, object]
    documents: Mapping[str, Document]
    form: Form | None


def open_record(desk: Desk, code: str) -> OpenedRecord:
    """Open a record, which the custody log notes. Raises E_RECORD_UNKNOWN."""
    facts = desk.record(code)
    number = facts["number"]
    if not isinstance(number, int):
        raise Problem("E_RECORD_UNKNOWN", code=code)
    documents = {
        COMPARTMENTS[comp]: found
        for comp, archive in desk.archives.items()
        if (found := archive.document(number)) is not None
    }
    return OpenedRecord(facts, documents, desk.form_of(number))


def by_number(record: OpenedRecord) -> dict[int, Document]:
    """The opened documents by the numbers of their compartments."""
    return {comp: record.documents[name] for comp, name in COMPARTMENTS.items() if name in record.documents}


class Words:
    """The form's words for the answers of one record, in one language."""

    def __init__(self, record: OpenedRecord, language: str) -> None:
        self.form, self.language = record.form, language
        self.order = {ref: place for place, ref in enumerate(record.form.nodes)} if record.form else {}
        self.files = {key.sid: shown_name(key.name) for each in record.documents.values() for key in each.atts}
        answers = [answer for each in record.documents.values() for answer in each.answers]
        self.session = _session(record.form, answers, language) if record.form else None
        process = record.documents.get("process")
        self.notes = {path: text for path, text, _at in notes.of(process.extra)} if process else {}

    def node(self, path: Path) -> Node | None:
        """The node of the form at a path; None when the form cannot tell."""
        try:
            return self.session.node(path) if self.session is not None else None
        except Problem:
            return None

    def title(self, path: Path) -> str:
        """What a question, group or entry is called."""
        node = self.node(path)
        step = path[-1]
        name = step if isinstance(step, str) else step[0]
        return (node.label if node is not None else "") or name

    def entry(self, path: Path) -> str:
        """What an entry of a repeat is called: its code, else its number."""
        node, step = self.node(path), path[-1]
        number = step[1] if isinstance(step, tuple) else 0
        return (node.code if node is not None else "") or _("Entry {number}", number=number)

    def place(self, path: Path) -> list[tuple[int, int]]:
        """Sorts paths in the order of the form, entries by their ids."""
        ref, found = self.form.root.ref if self.form else "", []
        for step in path:
            name, number = (step, 0) if isinstance(step, str) else step
            ref = f"{ref}/{name}"
            found.append((self.order.get(ref, len(self.order)), number))
        return found

    def value(self, answer: Answer) -> str:
        """What was answered, in words."""
        path, value = answer[0], answer[1]
        if isinstance(value, bytes):
            return self.files.get(value, value.hex()[:8])
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        node = self.node(path)
        labels = {choice.value: choice.label for choice in node.choices} if node is not None else {}
        if isinstance(value, tuple):
            return "\n".join(labels.get(code, code) for code in value)
        sure = precision_words(str(value), self.language) if is_date(node) else ""
        if sure:
            return f"{value} · {sure}"
        return labels.get(str(value), str(value))

    def note(self, path: Path, depth: int = 0) -> tuple[Block, ...]:
        """What the documenter noted to this answer: a line below it, or nothing."""
        text = self.notes.get(path)
        told = "" if text is None else _("{sign} Note of the documenter: {text}", sign=REMARK_SIGN, text=text)
        return (Block("note", told, depth=depth),) if told else ()

    def block(self, answer: Answer, depth: int) -> Block:
        """The line of one answer."""
        label = self.title(answer[0])
        if answer[2] is not None:
            return Block("reserved", reserved_words(answer[2]) or answer[2], label, depth)
        return Block("answer", self.value(answer), label, depth)


def _session(form: Form, answers: Sequence[Answer], language: str) -> Session | None:
    entries: dict[Path, None] = {}
    for answer in answers:
        for place, step in enumerate(answer[0]):
            if isinstance(step, tuple):
                entries.setdefault(answer[0][: place + 1])
    session = Session(form, clock=datetime.now, language=language)
    try:
        session.restore(
            [EntryState(path) for path in sorted(entries, key=lambda path: (len(path), str(path[:-1]), path[-1][1]))],
            [(path, value, missing) for path, value, missing, *_ in answers if missing != "not_applicable"],
        )
    except Problem:
        return None
    return session


def parts_of(record: OpenedRecord, language: str) -> list[Part]:
    """The answers of every compartment that could be opened, in the order of the form."""
    words = Words(record, language)
    parts: list[Part] = []
    for name in ORDER:
        document = record.documents.get(name)
        if document is not None:
            given = [answer for answer in document.answers if answer[2] != "not_applicable"]
            parts += _compartment(name, sorted(given, key=lambda answer: words.place(answer[0])), words)
    return parts


def consent_blocks(record: OpenedRecord, language: str) -> list[Block]:
    """The consent answers, which say what may be done with the record."""
    words = Words(record, language)
    document = record.documents.get("process")
    given = [
        answer
        for answer in (document.answers if document else ())
        if str(answer[0][-1]).startswith("consent_") and answer[2] != "not_applicable"
    ]
    return [words.block(answer, 0) for answer in sorted(given, key=lambda answer: words.place(answer[0]))]


def question_words(record: OpenedRecord, language: str) -> Callable[[str], str]:
    """A function from the dotted path of a question, as reports name it, to its label."""
    words = Words(record, language)
    known = {
        ".".join(step if isinstance(step, str) else f"{step[0]}[{step[1]}]" for step in answer[0]): answer[0]
        for document in record.documents.values()
        for answer in document.answers
    }
    return lambda dotted: words.title(known[dotted]) if dotted in known else dotted


def _compartment(name: str, answers: Sequence[Answer], words: Words) -> list[Part]:
    heading = _(NAMES[name])
    long = [answer for answer in answers if isinstance(answer[1], str) and len(answer[1]) > LONG]
    parts = [
        Part(
            f"{name}:{place}", heading, words.title(answer[0]), (Block("text", str(answer[1])), *words.note(answer[0]))
        )
        for place, answer in enumerate(long)
    ]
    sections: dict[str, list[Answer]] = {}
    for answer in answers:
        if answer not in long:
            step = answer[0][0]
            sections.setdefault(step if isinstance(step, str) else step[0], []).append(answer)
    parts += [
        Part(f"{name}/{section}", heading, words.title((section,)), tuple(_section(found, words)))
        for section, found in sections.items()
    ]
    return [part for part in parts if any(harmless(block.text) for block in part.blocks)]


def _section(answers: Sequence[Answer], words: Words) -> list[Block]:
    """The answers of one section; an entry of a repeat has its name above it."""
    blocks: list[Block] = []
    shown: Path = ()
    for answer in answers:
        entry: Path = ()
        for place, step in enumerate(answer[0]):
            if isinstance(step, tuple):
                entry = answer[0][: place + 1]
                depth = sum(isinstance(each, tuple) for each in entry) - 1
                if shown[: place + 1] != entry:
                    blocks.append(Block("entry", words.entry(entry), depth=depth))
        shown = entry if len(entry) >= len(shown) or shown[: len(entry)] != entry else shown
        depth = sum(isinstance(each, tuple) for each in entry)
        blocks += (words.block(answer, depth), *words.note(answer[0], depth))
    return blocks
