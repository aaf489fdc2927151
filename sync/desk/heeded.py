"""What a reviewer of a record should heed: its consent ledger, and the gates that its answers hold open.

The rule: the same gates as in the interview, over what can be opened here; notes for people, never a judgement, and
no word of an answer in them.
"""

from __future__ import annotations

from collections.abc import Mapping

from collector.drafts import path_text
from schemas.gates import OpenGate, gates_of
from schemas.gates_consent import ConsentEvent, of_records
from schemas.gates_facts import Fact, Facts
from schemas.problems import Problem
from schemas.records.common import COMPARTMENTS, PROCESS
from schemas.records.document import Document
from schemas.session_types import Path
from schemas.xform_model import Form, Repeat

__all__ = ["consent_events", "facts_of", "gates", "ledger"]

Documents = Mapping[int, Document]
_OF_THE_INTERVIEW = frozenset({"G13", "G19"})
"""Gates that speak to the documenter alone."""


def ledger(documents: Documents) -> tuple[ConsentEvent, ...]:
    """Every consent event of a record, the first first; empty where the process compartment stays sealed."""
    process = documents.get(PROCESS)
    return of_records(process.consents or ()) if process is not None else ()


def consent_events(documents: Documents) -> list[dict[str, object]]:
    """The ledger as `desk show --json` prints it: question, answer or reason, when, and which words were heard."""
    return [
        {
            "question": path_text(event.path),
            "answer": list(event.value) if isinstance(event.value, tuple) else event.value,
            "missing": event.missing,
            "taken_away": event.value is None and event.missing is None,
            "at": event.t,
            "form_version": event.wording.version,
            "language": event.wording.language,
            "wording": event.wording.digest.hex(),
        }
        for event in ledger(documents)
    ]


def facts_of(documents: Documents, form: Form | None = None) -> Facts:
    """The answers of a record as gates ask for them; what the form hid is no answer."""
    given = [
        Fact(path, value, missing, COMPARTMENTS[comp])
        for comp, document in documents.items()
        for path, value, missing, *_ in document.answers
        if missing != "not_applicable"
    ]
    codes = frozenset(code for fact in given for code in _entry_codes(fact.path, form))
    return Facts(given, {each.name: each.path for each in given}, codes, ledger(documents), locked=True)


def gates(documents: Documents, form: Form | None) -> list[OpenGate]:
    """The gates that stand open in a record. References to persons are looked after only where the form is known."""
    found = gates_of(facts_of(documents, form))
    return [
        gate
        for gate in found
        if not gate.waiting and gate.id not in _OF_THE_INTERVIEW and (gate.id != "codes" or form is not None)
    ]


def _entry_codes(path: Path, form: Form | None) -> list[str]:
    """P3 for an answer inside the third person's entry."""
    found = []
    for place, step in enumerate(path):
        if form is not None and isinstance(step, tuple):
            try:
                definition = form.definition(path[: place + 1])
            except Problem:
                continue
            if isinstance(definition, Repeat) and definition.code:
                found.append(f"{definition.code}{step[1]}")
    return found
