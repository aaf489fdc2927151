"""Whatever an enrolled device signs and seals, only a coded problem leaves the opener."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from schemas import canonical, structure
from schemas.problems import Problem
from schemas.records.common import NARRATIVE, PROCESS
from schemas.records.document import Document
from sync.desk import keys
from sync.desk.checking import FormChecks, trust_of
from sync.desk.desk import Desk
from sync.desk.opening import open_entry
from tests.sync.desk.devices import Device, Sealed

Opener = Callable[[Sealed], str]
EDITS = st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=6), st.integers(0, 6)), min_size=1, max_size=4)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.text(max_size=8), st.binary(max_size=40)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


@pytest.fixture
def opened(desk: Desk) -> Opener:
    """The outcome of opening and checking one entry: "done" or the code of its problem."""
    (mission,) = desk.missions()
    held, trust = keys.recipient_keys(desk.vault, mission.id, "entry"), trust_of(desk.vault, mission)
    forms = FormChecks(desk.vault)

    def run(entry: Sealed) -> str:
        try:
            forms.check(open_entry(lambda at, n: entry.data[at : at + n], len(entry.data), held, trust))
        except Problem as problem:
            longest = max((len(str(fact)) for fact in problem.facts.values()), default=0)
            return problem.code if longest < 100 else ""
        return "done"

    return run


def edited(data: bytes, edits: list[tuple[int, bytes, int]]) -> bytes:
    """Pieces cut out and others put in their place."""
    for at, piece, gone in edits:
        at %= len(data) + 1
        data = data[:at] + piece + data[at + gone :]
    return data


fuzzed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@fuzzed
@for_all(EDITS, st.sampled_from([PROCESS, NARRATIVE]))
def test_attack_29_documents_edited_byte_by_byte(
    one: Device, opened: Opener, edits: list[tuple[int, bytes, int]], comp: int
) -> None:
    def bend(found: dict[int, Document]) -> dict[int, Document | bytes]:
        return {**found, comp: edited(structure.encode(found[comp], canonical.DOCUMENT), edits)}

    assert opened(one.entry(leaf=1, documents=bend))


@fuzzed
@for_all(
    st.dictionaries(st.sampled_from(["v", "eid", "comp", "answers", "atts", "x-more", "more"]), VALUES, max_size=4)
)
def test_attack_29_documents_of_any_values(one: Device, opened: Opener, values: dict[str, object]) -> None:
    def bend(found: dict[int, Document]) -> dict[int, Document | bytes]:
        return {
            **found,
            NARRATIVE: canonical.dump({**structure.to_plain(found[NARRATIVE]), **values}, canonical.DOCUMENT),
        }

    assert opened(one.entry(leaf=1, documents=bend))


@fuzzed
@for_all(EDITS)
def test_attack_29_cores_edited_byte_by_byte(one: Device, opened: Opener, edits: list[tuple[int, bytes, int]]) -> None:
    assert opened(one.entry(leaf=1, sealed_core=lambda core: edited(core, edits) or b"\xc0"))


CORE = (
    "v",
    "kind",
    "code",
    "mission",
    "pack",
    "epoch",
    "cert",
    "seq",
    "prev",
    "log",
    "t",
    "form",
    "recips",
    "streams",
    "rel",
    "app",
)


@fuzzed
@for_all(st.dictionaries(st.sampled_from([*CORE, "incomplete", "x-more"]), VALUES, min_size=1, max_size=3))
def test_attack_29_cores_of_any_values(one: Device, opened: Opener, values: dict[str, object]) -> None:
    assert opened(one.entry(leaf=1, sealed_core=lambda core: canonical.dump({**canonical.load(core), **values})))


@fuzzed
@for_all(st.integers(0, 4 * 65536 - 1), st.integers(1, 255))
def test_attack_29_one_byte_of_a_sealed_entry(one: Device, opened: Opener, at: int, change: int) -> None:
    entry = one.entry(leaf=1)
    data = bytearray(entry.data)
    data[at] ^= change
    assert opened(Sealed(entry.eid, bytes(data), entry.core, entry.code)) != "done"
