"""What the desk compares an opened entry with:

the mission's signers, packs and revocations, and the form that was used.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.common import COMPARTMENTS
from schemas.records.document import Answer, Document
from schemas.xform import parse_form
from schemas.xform_model import Form, Question, Repeat
from sync.desk import keys
from sync.desk.mission import Mission
from sync.desk.opening import OpenedEntry, Trust

_MAX_PATH = 32
_TYPES: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "boolean": (bool,),
    "acknowledge": (str, bool),
    "select_multiple": (tuple,),
    "rank": (tuple,),
    "file": (bytes,),
    "range": (str, int),
}


def trust_of(vault: Vault, mission: Mission) -> Trust:
    """What this desk holds as true for a mission."""
    signers, threshold = keys.office(vault).holders(keys.MISSION)
    packs = vault.db.query(
        "SELECT pack.serial, pack.ver, pack.hash FROM pack JOIN device USING (serial) WHERE device.mission = ?",
        (mission.id,),
    )
    revoked = vault.db.query(
        "SELECT serial, last_ok FROM device WHERE mission = ? AND last_ok IS NOT NULL", (mission.id,)
    )
    return Trust(
        mission=mission.id,
        signers=signers,
        threshold=threshold,
        revoked={bytes(serial): last_ok for serial, last_ok in revoked},
        packs={(bytes(serial), version): bytes(digest) for serial, version, digest in packs},
    )


class FormChecks:
    """Step 10's comparison with the form; each form is read once. Usable from several threads."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._forms: dict[bytes, dict[tuple[str, ...], Question]] = {}
        self._lock = threading.Lock()

    def check(self, entry: OpenedEntry) -> None:
        """Every answer must belong to a question of the form, in that question's compartment, with its type.

        Raises E_FORM_NOT_ISSUED (the desk never issued this form) and E_SCHEMA.
        """
        questions = self._questions(entry.core.form[2])
        for document in entry.documents.values():
            _check_document(document, questions)

    def _questions(self, digest: bytes) -> dict[tuple[str, ...], Question]:
        with self._lock:
            known = self._forms.get(digest)
            if known is None:
                known = self._forms[digest] = _by_path(stored_form(self._vault, digest))
            return known


def stored_form(vault: Vault, digest: bytes) -> Form:
    """The form with this hash that the desk issued. Raises E_FORM_NOT_ISSUED."""
    row = vault.db.one("SELECT xform FROM mission_form WHERE hash = ?", (digest,))
    if row is None:
        raise Problem("E_FORM_NOT_ISSUED", hash=digest.hex()[:16])
    return parse_form(bytes(row[0]))


def _by_path(form: Form) -> dict[tuple[str, ...], Question]:
    return {question.path: question for question in form.questions.values()}


def _check_document(document: Document, questions: Mapping[tuple[str, ...], Question]) -> None:
    attachments = {attachment.sid for attachment in document.atts}
    seen: set[object] = set()
    for answer in document.answers:
        path, value, missing = answer[0], answer[1], answer[2]
        question = questions.get(tuple(step if type(step) is str else step[0] for step in path))
        if question is None or path in seen or len(path) > _MAX_PATH:
            raise Problem("E_SCHEMA", where="answer of no question")
        seen.add(path)
        if question.compartment != COMPARTMENTS[document.comp]:
            raise Problem("E_SCHEMA", where="answer in another compartment")
        if (
            (value is None) == (missing is None)
            or not _well_typed(question, answer)
            or not _entries_fit(question, path)
        ):
            raise Problem("E_SCHEMA", where="type of an answer")
        if type(value) is bytes and value not in attachments:
            raise Problem("E_SCHEMA", where="file without its attachment")


def _well_typed(question: Question, answer: Answer) -> bool:
    value = answer[1]
    return value is None or type(value) in _TYPES.get(question.type, (str,))


def _entries_fit(question: Question, path: tuple[object, ...]) -> bool:
    """Exactly the repeats carry entry ids."""
    lineage = list(question.lineage())[::-1][1:]
    return len(lineage) == len(path) and all(
        isinstance(node, Repeat) == (type(step) is tuple) for node, step in zip(lineage, path, strict=True)
    )
