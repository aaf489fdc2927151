"""Partial dates: what is a date, what is none, and how precise it is."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import edtf

PRECISION = {
    "2023": "no day and month",
    "2023-10": "no day",
    "2023-10-05": "exact",
    "2023-XX-15": "no day and month",
    "2023-10-XX": "no day",
    "2023-XX-XX": "no day and month",
    "2024-02-29": "exact",
    "2023-XX-31": "no day and month",
    "2023~": "estimate",
    "2022?": "estimate",
    "2022%": "estimate",
    "2023-10-05~": "estimate",
    "2022-03/2022-05": "no day",
    "2022-03-01/2022-05-02": "exact",
    "2022/2022-05-02": "no day and month",
    "2022-03-01/2022-05?": "estimate",
    "2022-03/..": "estimate",
    "../2022-03": "estimate",
    "2022-03/": "estimate",
    "/2022-03-01": "estimate",
}

REFUSED = [
    "", " ", "2023 ", " 2023", "23", "20233", "0000", "202X", "XXXX", "2023-1", "2023-13", "2023-00", "2023-10-00",
    "2023-10-32", "2023-02-29", "2023-02-30", "2023-04-31", "2023-X1", "2023-10-1X", "2023-10-", "2023--05", "2023~~",
    "~2023", "2023-10?-05", "2023/10/05", "../..", "/", "..", "../", "/..", "2022/2021", "2022-05/2022-04-30",
    "2022-05-01T10:00", "-2022", "٢٠٢٣", "2023-10-05/2023-10-06/2023-10-07", "2" * 40,
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), PRECISION.items())
def test_precision_follows_huridocs(text, wanted):
    assert edtf.precision(text) == wanted


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_date_is_refused(text):
    assert edtf.parse(text) is None
    assert edtf.precision(text) is None


def test_bounds_of_partial_dates():
    found = edtf.parse("2024-02")
    assert isinstance(found, edtf.PartialDate)
    assert (found.earliest, found.latest) == (date(2024, 2, 1), date(2024, 2, 29))
    found = edtf.parse("2023-XX-31")
    assert isinstance(found, edtf.PartialDate)
    assert (found.earliest, found.latest) == (date(2023, 1, 31), date(2023, 12, 31))
    found = edtf.parse("2023")
    assert isinstance(found, edtf.PartialDate)
    assert (found.earliest, found.latest) == (date(2023, 1, 1), date(2023, 12, 31))


def test_bounds_of_intervals():
    found = edtf.parse("2022-03/..")
    assert isinstance(found, edtf.Interval)
    assert (found.earliest, found.latest, found.end) == (date(2022, 3, 1), None, "..")
    found = edtf.parse("/2022-05-02")
    assert isinstance(found, edtf.Interval)
    assert (found.start, found.earliest, found.latest) == (None, None, date(2022, 5, 2))


def test_qualifiers_are_kept_apart():
    kinds = {sign: edtf.parse(f"2022{sign}") for sign in ("~", "?", "%", "")}
    assert {sign: (each.approximate, each.uncertain) for sign, each in kinds.items()} == {
        "~": (True, False), "?": (False, True), "%": (True, True), "": (False, False),
    }  # fmt: skip


@given(st.dates(date(1, 1, 1), date(9999, 12, 31)))
def test_every_calendar_date_is_exact(day):
    found = edtf.parse(day.isoformat())
    assert isinstance(found, edtf.PartialDate)
    assert found.precision == "exact"
    assert found.earliest == found.latest == day


@given(st.text("0123456789-X~?%/.", max_size=24))
def test_any_text_is_parsed_or_refused(text):
    found = edtf.parse(text)
    if isinstance(found, edtf.PartialDate):
        assert found.earliest <= found.latest
    if isinstance(found, edtf.Interval) and found.earliest and found.latest:
        assert found.earliest <= found.latest


@pytest.mark.parametrize(
    ("text", "thesaurus", "english", "russian"),
    [
        ("2023-10-05", "", "exact date", "точная дата"),
        ("2023-10", "day unknown", "day unknown", "день неизвестен"),
        ("2023-XX-15", "day and month unknown", "day and month unknown", "день и месяц неизвестны"),
        ("2023~", "estimate", "estimated date", "приблизительная дата"),
        ("2022-03/2022", "day and month unknown", "day and month unknown", "день и месяц неизвестны"),
    ],
)
def test_how_sure_a_date_is_has_its_huridocs_value_and_words_in_every_language(text, thesaurus, english, russian):
    assert edtf.PRECISIONS[edtf.precision(text)][0] == thesaurus
    assert edtf.precision_words(text, "en") == edtf.precision_words(text, "English (en)") == english
    assert edtf.precision_words(text, "Russian (ru)") == russian
    assert len({edtf.precision_words(text, code) for code in ("en", "uk", "ru")}) == 3


def test_what_is_no_date_has_no_precision_in_words():
    assert edtf.precision_words("last autumn", "uk") == ""
