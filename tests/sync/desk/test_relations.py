"""An entry that corrects another is found from both ends, whichever arrives first."""

from __future__ import annotations

from typing import Any

import pytest

from sync.desk.desk import Desk
from tests.sync.desk.devices import STORY_TEXT, Device, Sealed
from tests.sync.desk.travel import Bundle, codes_of, consistent, take


def correcting(device: Device, first: Sealed, way: str = "supersedes") -> Sealed:
    return device.entry(core={"kind": "correction", "rel": ((way, first.eid),)})


def links(desk: Desk, sealed: Sealed) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the record says it corrects, and by what it is corrected."""
    found: Any = desk.record(sealed.eid.hex())
    return found["corrects"], found["corrected_by"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "correction first"])
def test_the_link_is_seen_from_both_ends_in_any_order_of_arrival(
    desk: Desk, one: Device, order: tuple[int, int]
) -> None:
    first = one.entry()
    second = correcting(one, first)
    sealed = (first, second)
    assert take(desk, Bundle([sealed[order[0]]])).imported == 1
    if order[0]:
        ((unknown,), ()) = links(desk, second)
        assert (unknown["eid"], unknown["code"], unknown["same_device"]) == (first.eid.hex(), None, None)
    else:
        assert links(desk, first) == ([], [])
    assert take(desk, Bundle([sealed[order[1]]])).imported == 1
    assert links(desk, first)[0] == []
    (later,) = links(desk, first)[1]
    assert (later["type"], later["eid"], later["code"]) == ("supersedes", second.eid.hex(), second.code)
    ((earlier,), back) = links(desk, second)
    assert (earlier["code"], earlier["same_device"], back) == (first.code, True, [])
    assert desk.record(second.code)["kind"] == "correction"
    assert desk.record(first.code)["kind"] == "testimony"
    consistent(desk)


def test_a_search_and_the_list_mark_the_record_that_was_corrected_and_no_other(desk: Desk, one: Device) -> None:
    first, other = one.entry(), one.entry()
    second = correcting(one, first, "continues")
    take(desk, Bundle([first, other, second]))
    expected = {first.code: True, other.code: False, second.code: False}
    assert {hit.record: hit.corrected for hit in desk.search(STORY_TEXT.split()[0])} == expected
    assert {hit.record: hit.corrected for hit in desk.recent()} == expected


def test_a_correction_of_a_correction_is_a_chain(desk: Desk, one: Device) -> None:
    first = one.entry()
    second = correcting(one, first)
    third = correcting(one, second)
    take(desk, Bundle([third, first, second]))
    corrects, corrected_by = links(desk, second)
    assert ([each["code"] for each in corrects], [each["code"] for each in corrected_by]) == (
        [first.code],
        [third.code],
    )


def test_another_device_may_correct_and_the_link_says_that_it_is_another(desk: Desk, one: Device, two: Device) -> None:
    first = one.entry()
    second = correcting(two, first)
    take(desk, Bundle([first, second]))
    assert [each["same_device"] for each in links(desk, first)[1]] == [False]


def test_a_correction_in_quarantine_corrects_nothing(desk: Desk, one: Device) -> None:
    first = one.entry()
    second, twin = (one.entry(leaf=9, core={"kind": "correction", "rel": (("supersedes", first.eid),)}) for _ in "ab")
    take(desk, Bundle([first, second]))
    assert links(desk, first)[1]
    assert codes_of(take(desk, Bundle([twin]))) == ["E_EQUIVOCATION"]
    assert links(desk, first)[1] == []
    assert [hit.corrected for hit in desk.recent()] == [False]


def test_a_link_that_cannot_be_meant_is_refused(desk: Desk, one: Device) -> None:
    own = bytes(range(16))
    wrong: list[dict[str, Any]] = [
        {"kind": "correction", "rel": ()},
        {"kind": "correction", "rel": (("relates", bytes(16)),)},
        {"rel": (("relates", own),)},
        {"rel": (("continues", bytes(16)), ("continues", bytes(16)))},
    ]
    for core in wrong:
        bundle = Bundle([one.entry(core=core, eid=own if core["rel"][:1] == (("relates", own),) else None)])
        assert codes_of(take(desk, bundle)) == ["E_SCHEMA"], core
    assert desk.count()["imported"] == 0


def test_an_entry_that_goes_on_from_another_is_no_correction(desk: Desk, one: Device) -> None:
    first = one.entry()
    second = one.entry(core={"rel": (("relates", first.eid),)})
    take(desk, Bundle([first, second]))
    assert links(desk, first) == ([], [])
    assert desk.record(second.code)["kind"] == "testimony"
