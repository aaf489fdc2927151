"""Facets beside a search: right counts over what was found, and nothing shown that is not wanted."""

from __future__ import annotations

import random

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from schemas.records.common import NARRATIVE, PROCESS
from schemas.records.document import Answer, Document
from sync.desk import facets, finding
from sync.desk.desk import Desk
from sync.desk.facets import Counted, Wanted
from tests.helpers.expect import refused
from tests.sync.desk.conftest import Home
from tests.sync.desk.devices import Device, Sealed, answers, attach, given
from tests.sync.desk.travel import Bundle, consistent, take


def told(device: Device, story: str, **more: object) -> Sealed:
    content = answers("KKKKKKKKKKKK", story=story)
    return device.entry(content, **more)  # type: ignore[arg-type]


def values(counted: Counted, name: str) -> dict[str, int]:
    return dict(counted.facets.get(name, ()))


def document(comp: int, *items: Answer) -> Document:
    return Document(eid=bytes(16), comp=comp, answers=items, atts=())


def test_counts_stand_beside_what_is_found(desk: Desk, one: Device, two: Device) -> None:
    entries = [
        told(one, "red bridge", attached=[attach(b"picture")]),
        told(one, "red house"),
        told(two, "blue house"),
    ]
    take(desk, Bundle(entries))
    every = desk.finder.counted("", Wanted())
    assert (every.records, every.estimated, every.waiting) == (3, False, 0)
    assert values(every, "mission") == {"Dobra": 3}
    assert values(every, "form") == {"small 1": 3}
    assert values(every, "attachments") == {"with": 1}
    red = desk.finder.counted("red", Wanted())
    assert (red.records, values(red, "attachments")) == (2, {"with": 1})
    wanted = Wanted.parsed(["attachments=with"])
    assert [hit.record for hit in desk.finder.search("red", wanted)] == [entries[0].code]
    assert [hit.record for hit in desk.finder.search("", wanted)] == [entries[0].code]
    assert desk.finder.search("blue", wanted) == []
    assert len(desk.finder.search("house", Wanted())) == 2


def test_a_form_without_words_for_a_value_leaves_it_as_it_is(desk: Desk, one: Device) -> None:
    take(desk, Bundle([told(one, "red bridge")]))
    words = desk.facet_words("uk")
    assert words["form", "small 1"]
    assert ("region", "UA14") not in words


def test_a_corrected_record_and_one_that_left_the_archive_are_counted_as_such(desk: Desk, one: Device) -> None:
    first = told(one, "first")
    take(desk, Bundle([first, told(one, "second")]))
    assert values(desk.finder.counted("", Wanted()), "state") == {}
    take(desk, Bundle([told(one, "third", core={"kind": "correction", "rel": (("supersedes", first.eid),)})]))
    counted = desk.finder.counted("", Wanted())
    assert values(counted, "state") == {"corrected": 1}
    (hit,) = desk.finder.search("", Wanted.parsed(["state=corrected"]))
    assert (hit.record, hit.corrected) == (first.code, True)
    take(desk, Bundle([told(one, "another one of the same name", eid=first.eid)]))
    assert desk.finder.search("", Wanted.parsed(["state=corrected"])) == []
    assert desk.finder.counted("first", Wanted()).records == 0


def test_a_withdrawn_record_is_counted_as_such_and_not_as_corrected(desk: Desk, one: Device) -> None:
    kept, taken_back = told(one, "kept"), told(one, "taken back")
    take(desk, Bundle([kept, taken_back]))
    assert values(desk.finder.counted("", Wanted()), "state") == {}
    core = {"kind": "withdrawal", "rel": (("relates", taken_back.eid),)}
    take(desk, Bundle([told(one, "said in a letter", core=core)]))
    assert values(desk.finder.counted("", Wanted()), "state") == {"withdrawn": 1}
    found = desk.finder.search("", Wanted.parsed(["state=withdrawn"]))
    assert [(hit.record, hit.corrected) for hit in found] == [(taken_back.code, False)]
    assert [hit.record for hit in desk.finder.search("taken", Wanted.parsed(["state=withdrawn"]))] == [taken_back.code]
    assert desk.finder.search("kept", Wanted.parsed(["state=withdrawn"])) == []


def test_a_record_is_found_by_its_code_however_it_is_typed(desk: Desk, one: Device) -> None:
    content = answers("B0K1CDEFGHSM", story="the word b0k1cdefghsm is a code")
    sought, other = one.entry(content, code="B0K1CDEFGHSM"), told(one, "another", attached=[attach(b"picture")])
    take(desk, Bundle([sought, other]))
    keys = str.maketrans("bkcdefghsm", "илсвуапріь")
    typed = [
        "B0K1-CDEF-GHSM",
        "bok1 cdef ghsm",
        "b0kl-c",
        "B0K1-CDEF-",
        "b0k1-cdef-ghsm".translate(keys),
        "b0k1cdefghsm",
    ]
    for words in typed:
        assert [hit.record for hit in desk.search(words)] == ["B0K1CDEFGHSM"], words
        assert desk.finder.counted(words, Wanted()).records == 1, words
        assert desk.finder.search(words, Wanted.parsed(["attachments=with"])) == []
        assert [hit.record for hit in desk.finder.search(words, Wanted.parsed(["mission=Dobra"]))] == ["B0K1CDEFGHSM"]
        assert desk.search(words, before=1) == []
    for words in ("B0K1-CDEF-GHSN", "b0k1-d", "another-one"):
        assert desk.search(words) == [], words


def test_what_the_questions_of_a_form_say(desk: Desk) -> None:
    ev = (("h_event"), ("ev", 1))
    narrative = document(
        NARRATIVE,
        given((*ev, "ev_oblast"), "UA-14"),
        given((*ev, "ev_date"), "2023-10-~12"),
        given(("h_event", ("ev", 2), "ev_date"), "2023?"),
        given(("h_event", ("ev", 3), "ev_date"), None, "unknown"),
        given(("d_account", "narrative_language"), "uk"),
        given(("x", "region"), "x" * 65),
    )
    assert facets.of_document(narrative) == {
        ("region", "UA-14"), ("events", "2023-10"), ("events", "2023"), ("language", "uk"),
    }  # fmt: skip
    process = document(
        PROCESS,
        given(("a", "interview_languages"), ("uk", "ru")),
        given(("c", "consent_interview"), "yes"),
        given(("c", "consent_store"), "yes"),
        given(("c", "consent_share_icc"), "yes"),
        given(("c", "consent_share_ua"), "later"),
    )
    assert facets.of_document(process) == {("language", "uk"), ("language", "ru"), ("uses", "icc")}


def test_a_use_that_was_taken_back_is_none(desk: Desk) -> None:
    yes = [given(("c", f"consent_{name}"), "yes") for name in ("interview", "store", "share_icc")]
    assert ("uses", "icc") in facets.of_document(document(PROCESS, *yes))
    taken_back = given(("u", "consent_reconfirm"), "withdrawn")
    assert facets.of_document(document(PROCESS, *yes, taken_back)) == set()


def test_the_values_of_one_facet_stand_beside_each_other_and_facets_together() -> None:
    table = {"region": {"A": 0b0011, "B": 0b0100}, "events": {"2022-02": 0b0101, "2022-03": 0b0010, "2023-01": 0b1000}}
    wanted = Wanted.parsed(["region=A", "region=B", "events=2022"])
    assert wanted.narrow(0b1111, table) == 0b0111
    counted = facets.counted(0b1111, table, wanted, estimated=False, waiting=0)
    assert counted.records == 3
    assert values(counted, "region") == {"A": 2, "B": 1}
    assert counted.facets["events"] == (("2022-02", 2), ("2022-03", 1))
    assert wanted.toggled("region", "B").toggled("events", "2022") == Wanted((("region", "A"),))
    assert Wanted.parsed(["region=C"]).narrow(0b1111, table) == 0


@pytest.mark.parametrize("wrong", ["", "region", "region=", "=A", "colour=red"])
def test_what_is_no_facet_is_refused(wrong: str) -> None:
    with refused("E_FACET"):
        Wanted.parsed([wrong])


def test_records_from_before_there_were_facets_are_sorted_in_bit_by_bit(home: Home, one: Device) -> None:
    entries = [told(one, f"story {n}", attached=[attach(b"picture")]) for n in range(4)]
    take(home.desk, Bundle(entries))
    before = home.desk.finder.counted("", Wanted())
    for archive in home.desk.archives.values():
        archive.db.execute("DELETE FROM facet")
    desk = home.reopened()
    assert desk.finder.sort_in(3) == 1
    assert desk.finder.sort_in(3) == 0
    assert desk.finder.counted("", Wanted()) == before
    consistent(desk)


def test_what_is_forgotten_has_no_facet_any_more(desk: Desk, one: Device) -> None:
    take(desk, Bundle([told(one, "one", attached=[attach(b"a")]), told(one, "two", attached=[attach(b"b")])]))
    for archive in desk.archives.values():
        with archive.db.transaction():
            archive.forget(1)
    merged = facets.merged([facets.read(archive.db) for archive in desk.archives.values()])
    assert merged["attachments"] == {"with": 0b100}


def test_counts_of_very_common_words_are_said_to_be_estimates(
    desk: Desk, one: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(desk, Bundle([told(one, "common") for _ in range(5)]))
    monkeypatch.setattr(finding, "COUNTED", 3)
    counted = desk.finder.counted("common", Wanted())
    assert (counted.records, counted.estimated) == (3, True)
    assert len(desk.finder.search("common", Wanted())) == 5


@for_all(st.sets(st.integers(0, 20_000), max_size=60))
def test_a_set_of_records_is_what_was_put_into_it(numbers: set[int]) -> None:
    shuffled = random.Random(1).sample(sorted(numbers), len(numbers))
    bits = facets.bits_of(shuffled)
    assert bits.bit_count() == len(numbers)
    assert list(facets.numbers_of(bits)) == sorted(numbers, reverse=True)
