"""One record as people and scripts read it: answers, attachments, consent, custody, and what stays sealed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from collector import codes, files
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records import notes, readback, times
from schemas.records.common import COMPARTMENTS, PROCESS
from schemas.records.document import Answer, Document
from schemas.xform_model import Form, Path
from sync.desk import heeded, logbook, relations
from sync.desk.archive import Archive, KeptAttachment

_EID = re.compile(r"[0-9a-f]{32}")


def find(vault: Vault, code: str) -> int:
    """The number of the imported record with this record code, or this entry id in 32 hexadecimal digits.

    A code belongs to the device that used it first; of that device's records the newest counts. Raises
    E_RECORD_UNKNOWN.
    """
    row = vault.db.one(
        "SELECT number FROM item WHERE record = ?1 AND state = 'imported' AND serial = (SELECT serial FROM item"
        "  WHERE record = ?1 AND state = 'imported' ORDER BY number LIMIT 1) ORDER BY number DESC",
        (normal_code(code),),
    )
    if row is None and _EID.fullmatch(code.strip().lower()):
        eid = bytes.fromhex(code.strip())
        row = vault.db.one("SELECT number FROM item WHERE eid = ? AND state = 'imported'", (eid,))
    if row is None:
        raise Problem("E_RECORD_UNKNOWN", code=files.shown_name(normal_code(code)))
    return int(row[0])


def normal_code(code: str) -> str:
    """A record code as it is kept: capitals, without spaces and dashes, I and L as 1, O as 0."""
    return codes.normal(code.strip())[:32]


def others(vault: Vault, number: int) -> list[dict[str, object]]:
    """Other imported records with the same record code: entry id and device."""
    rows = vault.db.query(
        "SELECT other.eid, other.serial FROM item JOIN item AS other USING (record)"
        " WHERE item.number = ? AND other.number <> item.number AND other.state = 'imported' ORDER BY other.number",
        (number,),
    )
    return [{"eid": bytes(eid).hex(), "device": bytes(serial).hex()} for eid, serial in rows]


def form_hash(vault: Vault, number: int) -> bytes | None:
    """The hash of the form that a record was made with."""
    row = vault.db.one("SELECT form FROM item WHERE number = ?", (number,))
    return None if row is None or row[0] is None else bytes(row[0])


def describe(vault: Vault, archives: Mapping[int, Archive], number: int, form: Form | None) -> dict[str, object]:
    """The record as `desk show --json` prints it: answers in the order of the form. Raises E_RECORD_UNKNOWN."""
    row = vault.db.one(
        "SELECT eid, record, state, serial, seq, claimed, floor, at, opened, sealed, flags, incomplete FROM item"
        " WHERE number = ?",
        (number,),
    )
    if row is None:
        raise Problem("E_RECORD_UNKNOWN", code=str(number))
    documents = {comp: found for comp, archive in archives.items() if (found := archive.document(number)) is not None}
    kept = [item for archive in archives.values() for item in archive.attachments(number)]
    names = {item.info.sid: files.shown_name(item.name) for item in kept}
    answers = _in_order([answer for document in documents.values() for answer in document.answers], form)
    questions = {answer[1]: _dotted(answer) for answer in reversed(answers) if isinstance(answer[1], bytes)}
    sealed = sorted({*bytes(row[9]), *(set(bytes(row[8])) - documents.keys())})
    return {
        "code": row[1],
        "number": number,
        "eid": bytes(row[0]).hex(),
        "state": row[2],
        "device": bytes(row[3]).hex(),
        "sequence": row[4],
        "claimed_time": row[5],
        "signed_floor": row[6],
        "imported_at": row[7],
        "flags": row[10].split(),
        "incomplete": row[11] or None,
        "form": None if form is None else {"id": form.id, "version": form.version},
        "answers": nested(answers, names),
        "not_applicable": [_dotted(answer) for answer in answers if answer[2] == "not_applicable"],
        "compartments": {COMPARTMENTS[comp]: _given(document) for comp, document in sorted(documents.items())},
        "attachments": [_attachment(item, questions.get(item.info.sid)) for item in kept],
        "consent": consent(documents),
        "consent_events": heeded.consent_events(documents),
        "times": _times(documents),
        "notes": _notes(documents),
        "readback": _readback(documents),
        "gates": [gate.as_dict("en") for gate in heeded.gates(documents, form)],
        "custody": custody(vault, bytes(row[0])),
        "unopened": [COMPARTMENTS[comp] for comp in sealed],
        "same_code": others(vault, number),
        **relations.of(vault, number),
    }  # fmt: skip


def _in_order(answers: Sequence[Answer], form: Form | None) -> list[Answer]:
    """Answers of all compartments in the order of the form's questions; entries of a repeat by their ids."""
    if form is None:
        return list(answers)
    order = {question.path: place for place, question in enumerate(form.questions.values())}

    def place(answer: Answer) -> tuple[int, list[int]]:
        names = tuple(step if isinstance(step, str) else step[0] for step in answer[0])
        return order.get(names, len(order)), [step[1] for step in answer[0] if isinstance(step, tuple)]

    return sorted(answers, key=place)


def nested(answers: Iterable[Answer], names: Mapping[bytes, str]) -> dict[str, Any]:
    """Answers as maps, repeats as lists of objects in the order of their ids.

    A missing answer is `{"missing": reason}`, a file `{"attachment": name, "sid": …}`; what the form hid is left out.
    """
    root: dict[str, Any] = {}
    for path, value, missing, _at, _by in answers:
        if missing == "not_applicable":
            continue
        place = root
        for step in path[:-1]:
            if isinstance(step, tuple):
                place = place.setdefault(step[0], _Entries()).setdefault(step[1], {})
            else:
                place = place.setdefault(step, {})
        place[str(path[-1])] = {"missing": missing} if missing is not None else _plain(value, names)
    return {name: _listed(item) for name, item in root.items()}


class _Entries(dict[int, dict[str, Any]]):
    """The entries of a repeat by their ids, until all are known."""


def _listed(value: object) -> object:
    """The same with every repeat as a list."""
    if isinstance(value, _Entries):
        return [_listed(value[ident]) for ident in sorted(value)]
    return {name: _listed(item) for name, item in value.items()} if isinstance(value, dict) else value


def _plain(value: object, names: Mapping[bytes, str]) -> object:
    if isinstance(value, bytes):
        return {"attachment": names.get(value, ""), "sid": value.hex()}
    return list(value) if isinstance(value, tuple) else value


def _dotted(answer: Answer) -> str:
    return _dotted_path(answer[0])


def _dotted_path(path: Path) -> str:
    return ".".join(step if type(step) is str else f"{step[0]}[{step[1]}]" for step in path)


def _given(document: Document) -> list[str]:
    """The paths of the answers that were given or declined in one compartment."""
    return [_dotted(answer) for answer in document.answers if answer[2] != "not_applicable"]


def _attachment(item: KeptAttachment, question: str | None) -> dict[str, object]:
    return {
        "name": files.shown_name(item.name),
        "sid": item.info.sid.hex(),
        "question": question,
        "compartment": COMPARTMENTS[item.comp],
        "bytes": item.info.length,
        "sha256": item.sha256.hex(),
        "claimed_type": item.mime,
        "looks_like": item.sniffed,
        "captured_at": item.captured,
    }


def consent(documents: Mapping[int, Document]) -> dict[str, object]:
    """The consent answers of the record: name of the question → answer, or its reason for being missing."""
    document = documents.get(PROCESS)
    found: dict[str, object] = {}
    for path, value, missing, _at, _by in document.answers if document else ():
        name = str(path[-1])
        if name.startswith("consent_") and missing != "not_applicable":
            found[name] = {"missing": missing} if missing is not None else _plain(value, {})
    return found


def _notes(documents: Mapping[int, Document]) -> dict[str, str]:
    """The documenter's notes to single answers, by the path of the question."""
    found = notes.of(documents[PROCESS].extra) if PROCESS in documents else ()
    return {_dotted_path(path): text for path, text, _at in found}


def _times(documents: Mapping[int, Document]) -> dict[str, object] | None:
    """When and how long the interview was taken; None where the process compartment does not say."""
    found = times.of(documents[PROCESS].extra) if PROCESS in documents else None
    return None if found is None else found.as_dict()


def _readback(documents: Mapping[int, Document]) -> list[dict[str, object]]:
    """When the account was read back to the person, and changed after that."""
    found = readback.of(documents[PROCESS].extra) if PROCESS in documents else ()
    return [{"question": ".".join(map(str, path)), "what": what, "at": at} for path, what, at in found]


def custody(vault: Vault, eid: bytes) -> list[dict[str, object]]:
    """What the desk's custody log says of an entry, oldest first."""
    return [
        {"n": event.n, "at": event.t, "act": event.act, **{key: _text(item) for key, item in event.det.items()}}
        for event in logbook.of(vault, eid)
    ]


def _text(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def attachment_named(kept: Sequence[KeptAttachment], name: str) -> KeptAttachment:
    """The attachment of that name or stream id (or its beginning, 8 digits at least).

    Raises E_ATTACHMENT_UNKNOWN, E_ATTACHMENT_WHICH.
    """
    shown = files.shown_name(name)
    found = [item for item in kept if files.shown_name(item.name) == shown]
    if not found and len(name) >= 8:
        found = [item for item in kept if item.info.sid.hex().startswith(name.lower())]
    if not found:
        raise Problem("E_ATTACHMENT_UNKNOWN", name=shown)
    if len(found) > 1:
        raise Problem("E_ATTACHMENT_WHICH", name=shown, ids=", ".join(item.info.sid.hex() for item in found))
    return found[0]
