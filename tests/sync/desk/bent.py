"""One wrong entry beside an honest one: what tests of hostile entries share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from sync.desk.desk import Desk
from tests.sync.desk.devices import Device, Sealed
from tests.sync.desk.travel import Bundle, Item, consistent, receipts_of, take

Bent = Callable[[Device], Sealed]


def quarantined(desk: Desk, one: Device, hostile: Item, *codes: str, signed: bool) -> None:
    """The hostile item stands in quarantine with its code, the honest one beside it is imported."""
    honest = one.entry(leaf=9)
    bundle = Bundle([hostile, honest])
    report = take(desk, bundle)
    assert (report.imported, report.quarantined) == (1, 1)
    (found,) = [item for item in report.items if item["state"] == "quarantined"]
    assert found["code"] in codes
    answered = receipts_of(desk, bundle.bid)
    assert answered.pop(honest.eid) == ("imported", "")
    expected = {("quarantined", found["code"])} if signed else set()
    assert set(answered.values()) == expected
    (listed,) = desk.quarantine()
    assert listed["code"] == found["code"]
    assert listed["kept"]
    consistent(desk)


def data(entry: Sealed, new: bytes) -> Sealed:
    return dataclasses.replace(entry, data=new)
