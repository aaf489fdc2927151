"""What people type for dates, times and places becomes what a form keeps, or is refused; never something else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import humane
from schemas.xpath.values import parse_date, parse_time

DATES = {
    "5.10.2023": "2023-10-05",
    "05.10.2023~": "2023-10-05~",
    "10.2023": "2023-10",
    "2023-XX-15": "2023-XX-15",
    "03.2022/05.2022": "2022-03/2022-05",
    " 2023-10 ": "2023-10",
    "32.10.2023": "2023-10-32",
}
TIMES = {
    "14:30": "14:30",
    "14.30": "14:30",
    "1430": "14:30",
    "9:05": "09:05",
    "14": "14:00",
    "2:30 pm": "14:30",
    "12 am": "00:00",
    "14:30:15": "14:30:15",
    "14:30+03:00": "14:30+03:00",
    "25:00": None,
    "14:75": None,
    "13 pm": None,
    "soon": None,
    "": None,
}
MOMENTS = {
    "2023-10-05 14:30": "2023-10-05T14:30:00",
    "5.10.2023 14.30": "2023-10-05T14:30:00",
    "5.10.2023, 9:05": "2023-10-05T09:05:00",
    "2023-10-05T14:30:00.000+03:00": "2023-10-05T14:30:00.000+03:00",
    "2023-02-30 14:30": None,
    "2023-10 14:30": None,
    "2023-10-05": None,
    "14:30": None,
}
POINTS = {
    "48.5, 35.1": "48.5 35.1 0 0",
    "48.5,35.1": "48.5 35.1 0 0",
    "48.5 35.1": "48.5 35.1 0 0",
    "48,5 35,1": "48.5 35.1 0 0",
    "48,5, 35,1": "48.5 35.1 0 0",
    "48, 35": "48 35 0 0",
    "48,35": "48 35 0 0",
    "48.5 N 35.1 E": "48.5 35.1 0 0",
    "35.1 E 48.5 N": "48.5 35.1 0 0",
    "48.5n, 35.1w": "48.5 -35.1 0 0",
    "N48.5 E35.1": "48.5 35.1 0 0",
    "48°30'N 35°06'E": "48.5 35.1 0 0",
    "48°30′36″N, 35°6′E": "48.51 35.1 0 0",
    "48.5 пн. ш. 35.1 сх. д.": "48.5 35.1 0 0",
    "48.5 с.ш., 35.1 в.д.": "48.5 35.1 0 0",
    "-33.9 18.4": "-33.9 18.4 0 0",
    "50.45 30.52 120 5": "50.45 30.52 120 5",
    "91 35": None,
    "48.5 181": None,
    "48.5 N 35.1 N": None,
    "48.5 N 35.1": None,
    "-48.5 S 35.1 E": None,
    "48.5": None,
    "48.5 35.1 7 8 9": None,
    "Kherson region": "46.6 33.6 0 140000",
    "херсонська": "46.6 33.6 0 140000",
    "Херсонская область": "46.6 33.6 0 140000",
    "UA-65": "46.6 33.6 0 140000",
    "Kyiv": "50.4 30.5 0 30000",
    "Kyiv region": "50.3 31 0 130000",
    "Чер": None,
    "За": None,
    "near the mill": None,
    "": None,
}


@pytest.mark.parametrize(("typed", "kept"), DATES.items())
def test_dates(typed: str, kept: str) -> None:
    assert humane.date_text(typed) == kept


@pytest.mark.parametrize(("typed", "kept"), TIMES.items())
def test_times(typed: str, kept: str | None) -> None:
    assert humane.time_text(typed) == kept


@pytest.mark.parametrize(("typed", "kept"), MOMENTS.items())
def test_moments(typed: str, kept: str | None) -> None:
    assert humane.moment_text(typed) == kept


@pytest.mark.parametrize(("typed", "kept"), POINTS.items())
def test_points(typed: str, kept: str | None) -> None:
    assert humane.point_text(typed) == kept


def test_lines_and_areas() -> None:
    assert humane.line_text("48.5, 35.1; 48.6 N 35.2 E") == "48.5 35.1 0 0;48.6 35.2 0 0"
    assert humane.line_text("48.5, 35.1") is None
    assert humane.line_text("48.5, 35.1; nowhere") is None
    area = humane.line_text("1 1; 1 2; 2 2", closed=True)
    assert area == "1 1 0 0;1 2 0 0;2 2 0 0;1 1 0 0"
    assert humane.line_text(area, closed=True) == area
    assert humane.line_shown(area) == "1, 1; 1, 2; 2, 2; 1, 1"
    assert humane.line_text("1 1; 1 2; 1 1", closed=True) is None


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    humane.date_text(text)
    clock, moment, point = humane.time_text(text), humane.moment_text(text), humane.point_text(text)
    humane.line_text(text)
    assert clock is None or parse_time(clock) is not None
    assert moment is None or (parse_date(moment) is not None and humane.moment_text(moment) == moment)
    assert point is None or humane.point_text(point) == point


@given(st.from_regex(r"[-0-9.,NSEWnsew°′″'\" ;]{0,40}", fullmatch=True))
def test_what_looks_like_a_place_is_on_the_earth_or_refused(text: str) -> None:
    point = humane.point_text(text)
    if point is not None:
        north, east, *_ = map(Decimal, point.split())
        assert abs(north) <= 90
        assert abs(east) <= 180
        assert humane.point_text(humane.point_shown(point)) == point


coordinate = st.decimals(-90, 90, places=5).map(lambda each: each.normalize() + 0)


@given(coordinate, coordinate)
def test_every_way_of_writing_a_place_says_the_same(north: Decimal, east: Decimal) -> None:
    plain = humane.point_text(f"{north:f} {east:f}")
    assert plain is not None
    assert humane.point_text(f"{north:f}, {east:f}") == plain
    letters = f"{abs(north):f} {'S' if north < 0 else 'N'} {abs(east):f} {'W' if east < 0 else 'E'}"
    assert humane.point_text(letters) == plain


@given(st.datetimes())
def test_a_moment_comes_back_from_how_it_is_shown(moment: object) -> None:
    text = humane.moment_text(str(moment)[:19])
    if text is not None:
        assert humane.moment_text(humane.moment_shown(text)) == text
