"""Documents that do not have the shape of the form, or of anything; the honest entry beside them is imported."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from schemas import canonical, structure
from schemas.records.common import IDENTITY, NARRATIVE
from schemas.records.document import Document
from sync.desk.desk import Desk
from tests.helpers.forms import AGE, EVENT, NAME, STORY
from tests.sync.desk.bent import Bent, quarantined
from tests.sync.desk.devices import Device, answers, given
from tests.sync.desk.travel import Bundle, take


def document(**changes: Any) -> Callable[[dict[int, Document]], dict[int, Document | bytes]]:
    def bend(found: dict[int, Document]) -> dict[int, Document | bytes]:
        return {**found, NARRATIVE: dataclasses.replace(found[NARRATIVE], **changes)}

    return bend


def raw(**changes: Any) -> Callable[[dict[int, Document]], dict[int, Document | bytes]]:
    """A narrative document whose map is changed without asking the schema."""

    def bend(found: dict[int, Document]) -> dict[int, Document | bytes]:
        plain = {**structure.to_plain(found[NARRATIVE]), **changes}
        plain = {key: item for key, item in plain.items() if item != "gone"}
        return {**found, NARRATIVE: canonical.dump(plain, canonical.DOCUMENT)}

    return bend


def with_answers(comp: int, *items: Any) -> Bent:
    return lambda device: device.entry({**answers("0" * 12), comp: list(items)}, code="0" * 12)


EVENT_WHAT = (EVENT[0], ("event", 1), "what")
BAD_DOCUMENTS: dict[str, Bent] = {
    "field missing": lambda d: d.entry(documents=raw(answers="gone")),
    "unknown field": lambda d: d.entry(documents=raw(more=1)),
    "wrong type": lambda d: d.entry(documents=raw(answers="no list")),
    "huge integer": lambda d: d.entry(documents=raw(v=2**63)),
    "other compartment": lambda d: d.entry(documents=document(comp=IDENTITY)),
    "other entry": lambda d: d.entry(documents=document(eid=bytes(16))),
    "not canonical": lambda d: d.entry(documents=lambda found: {**found, NARRATIVE: b"\xdf\0\0\0\0"}),
    "nothing": lambda d: d.entry(documents=lambda found: {**found, NARRATIVE: b""}),
    "no question": with_answers(NARRATIVE, given(("account", "nobody"), "x")),
    "question of another compartment": with_answers(NARRATIVE, given(NAME, "x")),
    "twice": with_answers(NARRATIVE, given(STORY, "x"), given(STORY, "y")),
    "integer for text": with_answers(NARRATIVE, given(STORY, 5)),
    "text for integer": with_answers(NARRATIVE, given(AGE, "5")),
    "true for integer": with_answers(NARRATIVE, given(AGE, True)),
    "value and reason": with_answers(NARRATIVE, given(STORY, "x", "unknown")),
    "neither value nor reason": with_answers(NARRATIVE, given(STORY, None)),
    "unknown reason": lambda d: d.entry(documents=raw(answers=[[["account", "story"], None, "tired", 0, "witness"]])),
    "repeat without an entry id": with_answers(NARRATIVE, given((*EVENT, "what"), "x")),
    "entry id without a repeat": with_answers(NARRATIVE, given((("account", 1), "story"), "x")),
    "entry id zero": lambda d: d.entry(
        documents=raw(answers=[[["account", ["event", 0], "what"], "x", None, 0, "witness"]])
    ),
    "empty path": lambda d: d.entry(documents=raw(answers=[[[], "x", None, 0, "witness"]])),
    "file without its attachment": with_answers(IDENTITY, given(("account", "audio"), b"s" * 16)),
}


@pytest.mark.parametrize("name", BAD_DOCUMENTS)
def test_attack_28_documents_of_another_shape(desk: Desk, one: Device, name: str) -> None:
    quarantined(
        desk, one, BAD_DOCUMENTS[name](one), "E_SCHEMA", "E_BINDING", "E_CMP_NONCANON", "E_CMP_TRUNC", signed=True
    )
    (item,) = desk.quarantine()
    assert "nobody" not in str(item)
    assert "MARKER" not in str(item)


def test_a_repeat_with_its_entry_id_is_accepted(desk: Desk, one: Device) -> None:
    entry = with_answers(NARRATIVE, given(EVENT_WHAT, "x"), given(STORY, "y"))(one)
    assert take(desk, Bundle([entry])).imported == 1
    account = desk.record("0" * 12)["answers"]["account"]  # type: ignore[index]
    assert account == {"story": "y", "event": [{"what": "x"}]}
