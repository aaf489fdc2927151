"""What an opened entry is compared with: the mission's signers, packs and revocations, and the form that was used."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from collector.forms import open_form
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.common import COMPARTMENTS
from schemas.records.document import Answer, Document
from schemas.xform_model import Form, Question, Repeat
from sync.desk import form_tables, keys
from sync.desk.mission import Mission
from sync.desk.opening import OpenedEntry, Trust

_TYPES: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "boolean": (bool,),
    "acknowledge": (str, bool),
    "select_multiple": (tuple,),
    "rank": (tuple,),
    "file": (bytes,),
    "range": (str, int),
}


@dataclass(frozen=True, slots=True)
class _Expected:
    """What a form says of the answers to one question: compartment, types, which steps of the path are repeats."""

    compartment: str
    types: tuple[type, ...]
    repeats: tuple[bool, ...]


def trust_of(vault: Vault, mission: Mission) -> Trust:
    """What this desk holds as true for a mission."""
    signers, threshold = keys.office(vault).holders(keys.MISSION)
    packs = vault.db.query(
        "SELECT pack.serial, pack.ver, pack.hash FROM pack JOIN device USING (serial) WHERE device.mission = ?",
        (mission.id,),
    )
    devices = vault.db.query(
        "SELECT serial, fs_root, certificate, last_ok FROM device WHERE mission = ?", (mission.id,)
    )
    return Trust(
        mission=mission.id,
        signers=signers,
        threshold=threshold,
        revoked={bytes(serial): last_ok for serial, _, _, last_ok in devices if last_ok is not None},
        packs={(bytes(serial), version): bytes(digest) for serial, version, digest in packs},
        accepted=frozenset(
            bytes(row[0])
            for row in vault.db.query("SELECT core FROM decision WHERE what = 'accepted' AND code = 'E_DEVICE_REVOKED'")
        ),
        certificates={bytes(fs_root): bytes(certificate) for _, fs_root, certificate, _ in devices},
    )


class FormChecks:
    """Step 10's comparison with the form; each form is read once. Usable from several threads."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._forms: dict[tuple[bytes, tuple[str, str, bytes]], dict[tuple[str, ...], _Expected]] = {}
        self._lock = threading.Lock()

    def check(self, entry: OpenedEntry) -> None:
        """Every answer must belong to a question of the form, in that question's compartment, with its type.

        Raises E_FORM_NOT_ISSUED (this desk never issued the form for the entry's mission) and E_SCHEMA, whose facts
        never hold anything that was answered.
        """
        questions = self._questions(entry.core.mission, entry.core.form)
        for document in entry.documents.values():
            _check_document(document, questions)

    def _questions(self, mission: bytes, form: tuple[str, str, bytes]) -> Mapping[tuple[str, ...], _Expected]:
        with self._lock:
            known = self._forms.get((mission, form))
            if known is None:
                row = self._vault.db.one(
                    "SELECT 1 FROM mission_form WHERE mission = ? AND id = ? AND version = ? AND hash = ?",
                    (mission, *form),
                )
                if row is None:
                    raise Problem("E_FORM_NOT_ISSUED", hash=form[2].hex()[:16])
                known = self._forms[mission, form] = _by_path(stored_form(self._vault, form[2]))
            return known


def stored_form(vault: Vault, digest: bytes) -> Form:
    """The form with this hash that the desk issued. Raises E_FORM_NOT_ISSUED."""
    row = vault.db.one("SELECT xform FROM mission_form WHERE hash = ?", (digest,))
    if row is None:
        raise Problem("E_FORM_NOT_ISSUED", hash=digest.hex()[:16])
    return open_form(vault.db, bytes(row[0]), form_tables.anywhere(vault, digest))


def _by_path(form: Form) -> dict[tuple[str, ...], _Expected]:
    return {question.path: _expected(question) for question in form.questions.values()}


def _expected(question: Question) -> _Expected:
    lineage = list(question.lineage())[::-1][1:]
    return _Expected(
        question.compartment,
        _TYPES.get(question.type, (str,)),
        tuple(isinstance(node, Repeat) for node in lineage),
    )


def _check_document(document: Document, questions: Mapping[tuple[str, ...], _Expected]) -> None:
    attachments = {attachment.sid for attachment in document.atts}
    compartment = COMPARTMENTS[document.comp]
    seen: set[object] = set()
    for answer in document.answers:
        path, value = answer[0], answer[1]
        expected = questions.get(tuple(step if type(step) is str else step[0] for step in path))
        if expected is None or path in seen:
            raise Problem("E_SCHEMA", where="answer of no question, or twice")
        seen.add(path)
        if expected.compartment != compartment:
            raise Problem("E_SCHEMA", where="answer in another compartment")
        if not _well_typed(expected, answer):
            raise Problem("E_SCHEMA", where="type of an answer")
        if type(value) is bytes and value not in attachments:
            raise Problem("E_SCHEMA", where="file without its attachment")


def _well_typed(expected: _Expected, answer: Answer) -> bool:
    """A value of the question's type or a reason for none; exactly the repeats of the path carry entry ids."""
    path, value, missing = answer[0], answer[1], answer[2]
    return (
        (value is None) != (missing is None)
        and (value is None or type(value) in expected.types)
        and tuple(type(step) is tuple for step in path) == expected.repeats
    )
