"""Records refuse a wrong type instead of converting it (attack 28)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import canonical
from schemas.problems import Problem
from schemas.records.bundle import BundleIndex
from schemas.records.common import LeafSignature, SignedObject, StaticSignature
from schemas.records.custody import Event
from schemas.records.document import AttachmentKey, Document
from schemas.records.mission import Policy
from schemas.records.receipt import DeskReceipt
from schemas.structure import Between, Size, decode, encode, from_plain, to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    kind: Literal["a", "b"]
    size: Annotated[int, Between(0, 10)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    id: Annotated[bytes, Size(4)]
    name: Annotated[str, Size(0, 8)]
    flag: bool
    pair: tuple[int, str]
    inner: tuple[Inner, ...]
    note: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def plain() -> dict[str, Any]:
    return {"id": b"abcd", "name": "x", "flag": True, "pair": [1, "y"], "inner": [{"kind": "a", "size": 3}]}


def attempt(kind: type, data: bytes) -> tuple[str, object]:
    try:
        return "", decode(kind, data, canonical.DOCUMENT)
    except Problem as problem:
        return problem.code, None


def refused(**changes: object) -> str:
    value = {**plain(), **changes}
    with pytest.raises(Problem) as caught:
        from_plain(Sample, {key: item for key, item in value.items() if item is not ...})
    assert caught.value.code == "E_SCHEMA"
    return str(caught.value.facts["where"])


def test_a_record_goes_to_bytes_and_back() -> None:
    record = from_plain(Sample, plain())
    assert decode(Sample, encode(record)) == record
    assert "note" not in to_plain(record)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", b"abc"),
        ("id", "abcd"),
        ("id", bytearray(b"abcd")),
        ("name", 5),
        ("name", "123456789"),
        ("name", "яяяяя"),
        ("flag", 1),
        ("flag", "true"),
        ("pair", [1]),
        ("pair", ["1", "y"]),
        ("pair", [True, "y"]),
        ("inner", [{"kind": "c", "size": 3}]),
        ("inner", [{"kind": "a", "size": 11}]),
        ("inner", [{"kind": "a", "size": True}]),
        ("inner", [{"kind": "a"}]),
        ("inner", {}),
        ("note", None),
        ("note", 1),
        ("id", ...),
        ("unknown", 1),
    ],
)
def test_attack_28_wrong_missing_and_extra_fields_are_refused(name: str, value: object) -> None:
    assert refused(**{name: value}).startswith("Sample")


def test_attack_28_the_place_is_named_and_nothing_of_the_content() -> None:
    assert refused(inner=[{"kind": "a", "size": 3}, {"kind": "secret word", "size": 3}]) == "Sample.inner[1].kind"


def test_fields_for_later_are_kept_and_written_again() -> None:
    record = from_plain(Sample, {**plain(), "x-later": [1, 2]})
    assert record.extra == {"x-later": [1, 2]}
    assert to_plain(record)["x-later"] == [1, 2]
    with pytest.raises(Problem, match="E_SCHEMA"):
        from_plain(Inner, {"kind": "a", "size": 1, "x-later": 1})


def test_a_record_that_breaks_its_own_schema_is_not_written() -> None:
    with pytest.raises(Problem, match="E_SCHEMA"):
        encode(Sample(id=b"too long", name="", flag=True, pair=(1, ""), inner=()))


ID16, HASH = st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32)
NAME = st.text(max_size=60).filter(lambda text: len(text.encode()) <= 255)
PATHS = st.lists(
    st.one_of(st.text("abc", min_size=1, max_size=9), st.tuples(st.text("abc", min_size=1), st.integers(1, 2**31))),
    min_size=1,
    max_size=5,
).map(tuple)
ANSWERS = st.one_of(
    st.tuples(
        PATHS,
        st.text(max_size=50) | st.integers(-5, 5) | ID16 | st.booleans(),
        st.none(),
        st.integers(0, 2**40),
        st.just("witness"),
    ),
    st.tuples(
        PATHS, st.none(), st.sampled_from(["unknown", "declined", "not_asked"]), st.integers(0, 9), st.just("staff")
    ),
)
ATTACHMENTS = st.builds(
    AttachmentKey,
    sid=ID16,
    sk=HASH,
    len_=st.integers(0, 2**42),
    name=NAME,
    mime=st.just("audio/wav"),
    sha256=HASH,
    cap_t=st.integers(0, 2**40),
    continues=st.none() | ID16,
)
RECORDS = st.one_of(
    st.builds(
        Document,
        eid=ID16,
        comp=st.integers(0, 2),
        answers=st.lists(ANSWERS, max_size=9).map(tuple),
        atts=st.lists(ATTACHMENTS, max_size=3).map(tuple),
    ),
    st.builds(
        LeafSignature, i=st.integers(-9, 9), pk=st.binary(max_size=40), path=st.just(()), s=st.binary(max_size=70)
    ),
    st.builds(
        SignedObject,
        body=st.binary(max_size=90),
        sigs=st.lists(st.builds(StaticSignature, kid=ID16, s=st.binary(max_size=64)), max_size=3).map(tuple),
    ),
    st.builds(
        DeskReceipt,
        eid=ID16,
        core=HASH,
        status=st.sampled_from(["imported", "quarantined", "refused"]),
        opened=st.just((0, 2)),
        code=st.just(""),
        at=st.integers(0, 9),
        log=st.tuples(st.integers(0, 9), HASH),
    ),
    st.builds(
        Event,
        n=st.integers(0, 9),
        prev=HASH,
        t=st.integers(0, 9),
        act=st.just("seal"),
        obj=st.binary(max_size=16),
        det=st.dictionaries(
            st.text(max_size=5), st.integers(0, 9) | st.text(max_size=5) | st.binary(max_size=5), max_size=3
        ),
    ),
    st.builds(
        BundleIndex,
        files=st.lists(st.tuples(st.integers(0, 1), ID16, st.integers(0, 9), HASH), min_size=1, max_size=4).map(tuple),
        retn=ID16,
    ),
    st.builds(Policy),
)


@given(RECORDS)
def test_every_record_has_one_spelling(record: Any) -> None:
    data = encode(record, canonical.DOCUMENT)
    again = decode(type(record), data, canonical.DOCUMENT)
    assert again == record
    assert encode(again, canonical.DOCUMENT) == data


@given(RECORDS, st.integers(0, 10_000), st.integers(0, 255))
def test_attack_28_a_changed_byte_is_refused_or_another_record(record: Any, place: int, byte: int) -> None:
    data = bytearray(encode(record, canonical.DOCUMENT))
    data[place % len(data)] = byte
    code, again = attempt(type(record), bytes(data))
    assert code.startswith(("E_CMP_", "E_SCHEMA")) or encode(again, canonical.DOCUMENT) == bytes(data)
