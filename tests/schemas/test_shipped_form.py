"""The shipped form says exactly what its tables say, in both languages, and its three shapes are one form."""

from __future__ import annotations

import io
import itertools
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

import openpyxl
import pytest

from schemas.forms import build, load, shipped_forms
from schemas.xlsform import to_xform
from tests.conftest import shared_path

RESERVED = {"unknown", "declined", "not_asked"}
LANGUAGES = ("English (en)", "Ukrainian (uk)")
CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Asked:
    """A row of the tables of questions, in their columns."""

    section: str
    name: str
    type: str
    en: str
    uk: str
    list_name: str
    relevant: str
    strictness: str
    compartment: str
    mode: str
    tier: str
    elem: str


def table_rows(text: str, columns: int) -> list[list[str]]:
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in CELL.split(line)[1:-1]]
        if len(cells) == columns and not set(cells[0]) <= {"-"}:
            rows.append([cell.strip("`") if cell != "–" else "" for cell in cells])
    return rows


@cache
def chapter(title: str) -> str:
    text = shared_path("domain", "testimony.md").read_text("utf-8")
    start = text.index(f"\n## {title}")
    return text[start : text.find("\n## ", start + 1)]


def told_questions() -> list[Asked]:
    return [Asked(*cells) for cells in table_rows(chapter("5. "), 12) if cells[0] != "section"]


def told_lists() -> dict[str, tuple[str, list[tuple[str, str, str]]]]:
    lists = {}
    for part in re.split(r"\n(?=\*\*\w+\*\* \()", chapter("6. "))[1:]:
        name, kind = re.match(r"\*\*(\w+)\*\* \((open|closed)\)", part).groups()
        lists[name] = (kind, [tuple(row) for row in table_rows(part, 3) if row[0] != "code"])
    return lists


def sheet(name: str) -> list[dict[str, str]]:
    header, *rows = build.read_source()[name]
    return [dict(zip(header, row, strict=True)) for row in rows]


def questions() -> list[dict[str, str]]:
    return [row for row in sheet("survey") if not row["type"].startswith(("begin_", "end_", "note"))]


def lists() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in sheet("choices"):
        found.setdefault(row["list_name"], []).append(row)
    return found


def list_of(row: dict[str, str]) -> str:
    return row["type"].partition(" ")[2]


def as_asked(row: dict[str, str], section: str) -> Asked:
    marks = [row[f"bind::svidok:{mark}"] for mark in ("required", "compartment", "mode", "tier", "elem")]
    labels = [row[f"label::{language}"] for language in LANGUAGES]
    return Asked(section, row["name"], row["type"], *labels, list_of(row), row["relevant"], *marks)


def test_has_144_questions_79_lists_and_21_sections():
    groups = [row for row in sheet("survey") if row["type"] == "begin_group"]
    assert (len(questions()), len(lists()), len(groups)) == (144, 79, 21)


def test_counts_by_tier_compartment_mode_and_strictness():
    def counts(mark: str) -> Counter[str]:
        return Counter(row[f"bind::svidok:{mark}"] for row in questions())

    assert counts("tier") == {"C": 111, "X": 33}
    assert counts("compartment") == {"narrative": 81, "process": 51, "identity": 12}
    assert counts("mode") == {"code": 50, "ask": 45, "staff": 31, "read": 17, "auto": 1}
    assert counts("required") == {"answer": 76, "no": 54, "block": 13, "auto": 1}


def test_every_question_stands_as_in_the_tables_in_the_same_order():
    section, found = "", []
    for row in sheet("survey"):
        if row["type"] == "begin_group":
            section = row["name"][0].upper()
        elif not row["type"].startswith(("begin_", "end_", "note")):
            found.append(as_asked(row, section))
    told = told_questions()
    assert len(told) == 144
    assert found == told


def test_every_list_has_the_choices_of_the_tables_in_the_same_order():
    told = told_lists()
    found = {
        name: [(row["name"], *(row[f"label::{language}"] for language in LANGUAGES)) for row in rows]
        for name, rows in lists().items()
    }
    assert len(told) == 79
    assert found == {name: choices for name, (_, choices) in told.items()}


def test_a_list_is_closed_exactly_where_the_tables_close_it():
    closed = {name for name, (kind, _) in told_lists().items() if kind == "closed"}
    for row in questions():
        assert (row["bind::svidok:reserved"] == "no") == (list_of(row) in closed), row["name"]


def test_sections_carry_the_titles_conditions_and_repeats_of_the_tables():
    told = re.findall(
        r"### ([A-Z])\. (.+?) — (.+)\n\n"
        r"section `(\w+)`(?: · \*\*repeat group\*\* `(\w+)`)?(?: · section condition: `(.+)`)?\n",
        chapter("5. "),
    )
    rows = sheet("survey")
    found = []
    for here, row in enumerate(rows):
        if row["type"] == "begin_group":
            inner = [each["name"] for each in rows[here + 1 : here + 3] if each["type"] == "begin_repeat"]
            labels = [row[f"label::{language}"] for language in LANGUAGES]
            found.append((row["name"][0].upper(), *labels, row["name"], *(inner or [""]), row["relevant"]))
    assert len(told) == 21
    assert found == told


def test_open_prompts_stand_first_in_their_sections():
    told = {section: (en, uk) for section, en, uk in table_rows(chapter("4. "), 3) if section != "section"}
    rows = sheet("survey")
    found = {}
    for group, first in itertools.pairwise(rows):
        if group["type"] == "begin_group" and first["type"] == "note":
            assert first["name"] == group["name"] + "_prompt"
            found[group["name"][0].upper()] = tuple(first[f"label::{language}"] for language in LANGUAGES)
    assert len(told) == 14
    assert found == told


def test_reserved_answers_are_no_choices():
    """They are states of an answer. The one namesake is a fact about the reading back, in a closed list."""
    namesakes = {(row["list_name"], row["name"]) for row in sheet("choices") if row["name"] in RESERVED}
    assert namesakes == {("readback", "declined")}
    readback = next(row for row in questions() if row["name"] == "readback")
    assert readback["bind::svidok:reserved"] == "no"


def test_every_text_stands_in_both_languages():
    for name in ("survey", "choices"):
        for row in sheet(name):
            for text in ("label", "hint", "constraint_message"):
                en, uk = (row.get(f"{text}::{language}", "") for language in LANGUAGES)
                assert bool(en) == bool(uk), row
            if not row.get("type", "").startswith("end_"):
                assert row["label::English (en)"], row


def test_names_are_unique_and_every_expression_names_a_question():
    names = [row["name"] for row in sheet("survey") if not row["type"].startswith("end_")]
    assert len(names) == len(set(names))
    for row in sheet("survey"):
        for column in ("relevant", "constraint", "calculation", "choice_filter"):
            assert set(re.findall(r"\$\{(\w+)\}", row[column])) <= set(names), row["name"]


def test_every_code_that_a_condition_compares_with_is_a_choice_of_its_question():
    offered = {row["name"]: {choice["name"] for choice in lists().get(list_of(row), ())} for row in questions()}
    compared = [
        (name, code)
        for row in sheet("survey")
        for pattern in (r"\$\{(\w+)\} !?= '(\w+)'", r"selected\(\$\{(\w+)\}, '(\w+)'\)")
        for name, code in re.findall(pattern, row["relevant"])
    ]
    assert len(compared) > 100
    for name, code in compared:
        assert code in offered[name], (name, code)


def test_all_lists_are_used_and_no_code_stands_twice():
    used = {list_of(row) for row in questions()} - {""}
    assert used == set(lists())
    for name, rows in lists().items():
        codes = [row["name"] for row in rows]
        assert len(codes) == len(set(codes)), name


def test_none_and_nobody_stand_alone_wherever_they_can_be_chosen():
    for row in questions():
        if row["type"].startswith("select_multiple"):
            lonely = {choice["name"] for choice in lists()[list_of(row)]} & {"none", "nobody"}
            assert set(row["bind::svidok:alone"].split()) == lonely, row["name"]
        else:
            assert not row["bind::svidok:alone"]


def test_raions_follow_the_first_four_characters_of_their_code():
    oblasts = {row["name"] for row in lists()["oblast"]}
    for row in lists()["raion"]:
        assert row["oblast"] == row["name"][:4]
        assert row["oblast"] in oblasts
    asked = {row["name"]: row for row in questions()}
    assert asked["res_raion"]["choice_filter"] == "oblast = ${res_oblast}"
    shown_for = set(re.findall(r"'(UA\d\d)'", asked["res_raion"]["relevant"]))
    assert shown_for == {row["oblast"] for row in lists()["raion"]}


def test_the_marks_of_repeats_dates_and_required():
    rows = {row["name"]: row for row in sheet("survey") if not row["type"].startswith("end_")}
    repeats = {name: row for name, row in rows.items() if row["type"] == "begin_repeat"}
    assert {name: row["bind::svidok:code"] for name, row in repeats.items()} == {
        "ev": "", "ab": "", "pp": "P", "at": "", "ow": "W",
    }  # fmt: skip
    assert {row["bind::svidok:start"] for row in repeats.values()} == {"0"}
    partial = {
        row["name"] for row in questions() if row["type"] == "text" and "partial date" in row["label::English (en)"]
    }
    assert {row["name"] for row in questions() if row["appearance"] == "edtf"} == partial | {"id_birth_date"}
    for row in questions():
        assert (row["required"] == "yes") == (row["bind::svidok:required"] in ("block", "answer")), row["name"]


def test_the_program_alone_gives_the_record_code():
    code = next(row for row in questions() if row["name"] == "record_code")
    assert (code["type"], code["calculation"]) == ("calculate", "once('')")
    assert not any("uuid(" in row["calculation"] for row in questions())


def test_names_of_anyone_files_and_exact_places_are_sealed_to_identity():
    identity = {row["name"] for row in questions() if row["bind::svidok:compartment"] == "identity"}
    assert {row["name"] for row in questions() if row["type"] == "file"} <= identity
    assert {"pp_name", "ow_contact", "id_full_name", "res_settlement", "interview_place_exact"} <= identity


def test_building_twice_gives_the_same_bytes():
    assert build.workbook_bytes() == build.workbook_bytes()


@pytest.mark.parametrize("name", build.SHEETS)
def test_the_workbook_in_the_package_says_what_the_source_says(name):
    (form,) = shipped_forms()
    book = openpyxl.load_workbook(io.BytesIO(form.workbook.read_bytes()))
    found = [[cell or "" for cell in row] for row in book[name].iter_rows(values_only=True)]
    assert found == [list(row) for row in build.read_source()[name]]


def test_the_xform_in_the_package_is_the_conversion_of_the_workbook():
    (form,) = shipped_forms()
    converted = to_xform(form.workbook.read_bytes(), ".xlsx")
    assert converted.warnings == ()
    assert converted.xml == form.xform == load("testimony_conscription")


def test_a_form_that_does_not_ship_is_not_loaded():
    with pytest.raises(KeyError):
        load("../forced-conscription")
