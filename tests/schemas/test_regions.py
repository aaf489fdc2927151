"""Regions as places: each is found by what people call it, and lies where it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas import humane, regions
from schemas.regions import REGIONS


def test_every_region_is_found_by_its_names_and_by_its_code() -> None:
    for region in REGIONS:
        for words in (region.code, *region.names, *(name.upper() for name in region.names)):
            assert regions.found(words) == (region,), words
        assert regions.of_point(region.point) == region


def test_every_middle_lies_in_ukraine_and_is_a_place_of_odk() -> None:
    assert len({region.code for region in REGIONS}) == len({region.point for region in REGIONS}) == 27
    for region in REGIONS:
        assert 44.3 < float(region.north) < 52.4
        assert 22.1 < float(region.east) < 40.3
        assert 20 <= region.reach <= 250
        assert humane.point_text(region.point) == region.point


@given(st.text(max_size=20))
def test_what_is_no_beginning_of_a_name_is_no_region(typed: str) -> None:
    for region in regions.found(typed):
        plain = " ".join(typed.casefold().replace("\u2019", "'").split())
        assert any(name.casefold().startswith(plain) for name in (region.code, *region.names))
