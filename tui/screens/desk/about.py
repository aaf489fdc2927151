"""The parts of a record that are not answers: what it is, its attachments, its consent, its custody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.problems import CATALOGUE, Problem
from sync.desk import heeded
from tui.locale import _, problem_sentences
from tui.screens.desk.beside import attachment_list, beside
from tui.screens.desk.pages import Block
from tui.screens.desk.reading import (
    NAMES,
    OpenedRecord,
    Part,
    Words,
    by_number,
    consent_blocks,
    parts_of,
    question_words,
)
from tui.screens.desk.taken import time_parts
from tui.screens.desk.words import ACTS
from tui.screens.interview.words import reserved_words
from tui.screens.texts import time_text
from tui.state_words import code_text
from tui.widgets.progress import size_text

Facts = Mapping[str, object]


def all_parts(record: OpenedRecord, language: str) -> list[Part]:
    """Every part of a record in the order in which it is read."""
    return [
        Part("about", "", _("This record"), tuple(about(record))),
        Part("consent", "", _("Consent"), tuple(_consent(record, language))),
        *_heed(record, language),
        Part("custody", "", _("Custody"), tuple(custody(record))),
        *_by_compartment([*parts_of(record, language), *time_parts(record, language), *beside(record, language)]),
        *attachment_list(record),
        *attachments(record, language),
    ]


def _by_compartment(parts: Sequence[Part]) -> list[Part]:
    """The parts of one compartment together, in the order in which its first stands."""
    headings = list(dict.fromkeys(part.heading for part in parts))
    return sorted(parts, key=lambda part: headings.index(part.heading))


def _items(facts: Facts, key: str) -> Sequence[Facts]:
    found = facts[key]
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def _strings(facts: Facts, key: str) -> Sequence[str]:
    found = facts[key]
    return [str(item) for item in found] if isinstance(found, list) else []


def _time(value: object) -> str:
    return time_text(value) if isinstance(value, int) else "–"


def _answer(label: str, text: str) -> Block:
    return Block("answer", text, label)


def about(record: OpenedRecord) -> list[Block]:
    """Codes, times, form, what stays sealed, and what a reviewer should look at."""
    facts, form = record.facts, record.form
    blocks = [
        _answer(_("Imported"), _time(facts["imported_at"])),
        _answer(_("Interviewed, by the computer's clock"), _time(facts["claimed_time"])),
        _answer(_("Proved not to be before"), _time(facts["signed_floor"])),
        _answer(_("Computer and sequence"), f"{str(facts['device'])[:8]} · {facts['sequence']}"),
        _answer(_("Form"), f"{form.title} · {form.version}" if form is not None else "–"),
        _answer(_("Entry id"), str(facts["eid"])),
    ]
    opened = [_(NAMES[name]) for name in NAMES if name in record.documents]
    sealed = [_(NAMES[name]) for name in _strings(facts, "unopened") if name in NAMES]
    blocks.append(_answer(_("Opened here"), " · ".join(opened)))
    blocks.append(_answer(_("Stays sealed here"), " · ".join(sealed) if sealed else _("nothing")))
    blocks += _links(facts)
    if facts.get("incomplete"):
        blocks.append(Block("warning", _("The interview was broken off: {reason}", reason=facts["incomplete"])))
    for code in _strings(facts, "flags"):
        if code in CATALOGUE:
            what, safe, remedy = problem_sentences(Problem(code))
            blocks += [Block("head", code), Block("warning", what), Block("note", safe), Block("note", remedy)]
    return blocks


def _links(facts: Facts) -> list[Block]:
    """What this record corrects, and by what it is corrected."""
    labels = {
        "corrects": (_("Counts in place of"), _("Adds to")),
        "corrected_by": (_("What counts now is in"), _("Something was added in")),
    }
    blocks = []
    for key, (instead, more) in labels.items():
        for item in _items(facts, key):
            if item["code"] is None:
                told = _("{entry}, which has not arrived yet", entry=str(item["eid"])[:8])
            elif item["same_device"]:
                told = code_text(str(item["code"]))
            else:
                told = _("{code}, from another computer", code=code_text(str(item["code"])))
            blocks.append(_answer(instead if item["type"] == "supersedes" else more, told))
    return [Block("head", _("Corrections")), *blocks] if blocks else []


def attachments(record: OpenedRecord, language: str) -> list[Part]:
    """A part for each attachment."""
    question = question_words(record, language)
    parts = []
    for item in _items(record.facts, "attachments"):
        name, sid, size = str(item["name"]), str(item["sid"]), item["bytes"]
        claimed, seeming = str(item["claimed_type"]) or "–", str(item["looks_like"]) or "–"
        blocks = [
            _answer(_("Size"), size_text(size) if isinstance(size, int) else "–"),
            _answer(_("Said to be"), claimed),
            _answer(_("Looks like"), seeming),
            _answer("SHA-256", str(item["sha256"])),
            _answer(_("Taken in"), _time(item["captured_at"])),
            _answer(_("Answers"), question(str(item["question"])) if item["question"] else "–"),
            _answer(_("Compartment"), _(NAMES[str(item["compartment"])])),
        ]
        if claimed != seeming:
            blocks.append(Block("warning", _("It does not look like what it is said to be. Open a copy with care.")))
        blocks += [
            Block("note", ""),
            Block("note", _("F5 writes a copy to a file. F6 checks every byte and says what it is.")),
        ]
        parts.append(Part(f"attachment:{sid}", _("Attachments"), name, tuple(blocks), sid))
    return parts


def _consent(record: OpenedRecord, language: str) -> list[Block]:
    blocks = consent_blocks(record, language)
    if not blocks:
        return [Block("note", _("The consent answers are not in what could be opened here."))]
    return [*blocks, *_ledger(record, language)]


def _ledger(record: OpenedRecord, language: str) -> list[Block]:
    """How the consent came about: every answer with its time and the wording that was heard."""
    events, words = _items(record.facts, "consent_events"), Words(record, language)
    blocks = [Block("head", _("How it came about"))] if events else []
    for event, heard in zip(events, heeded.ledger(by_number(record)), strict=True):
        if heard.value is None:
            told = reserved_words(heard.missing) or _("taken back")
        else:
            told = words.value((heard.path, heard.value, None, heard.t, "witness"))
        label = f"{_time(heard.t)} · {words.title(heard.path)}"
        wording = _(
            "Wording: version {version}, {language}, {digest}",
            version=heard.wording.version,
            language=heard.wording.language,
            digest=str(event["wording"]),
        )
        blocks += [_answer(label, told), Block("note", wording, depth=1)]
    return blocks


def _heed(record: OpenedRecord, language: str) -> list[Part]:
    """What a reviewer should heed; no part when there is nothing."""
    blocks: list[Block] = []
    for gate in heeded.gates(by_number(record), record.form):
        advice = gate.advice
        blocks += [
            Block("head", gate.id if gate.id.startswith("G") else _("Codes")),
            Block("warning", gate.text(language)),
            Block("note", advice.why.say(language)),
        ]
    return [Part("heed", "", _("To heed"), tuple(blocks))] if blocks else []


def custody(record: OpenedRecord) -> list[Block]:
    """What happened to the record at this desk, oldest first."""
    blocks = []
    for event in _items(record.facts, "custody"):
        act = str(event["act"])
        more = [f"{key} {str(value)[:16]}" for key, value in event.items() if key not in ("n", "at", "act", "number")]
        blocks.append(_answer(f"{event['n']} · {_time(event['at'])}", " · ".join([_(ACTS.get(act, act)), *more])))
    return blocks
