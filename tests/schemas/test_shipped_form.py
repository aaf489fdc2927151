"""The shipped form says exactly what its tables say, in every language, and its three shapes are one form."""

from __future__ import annotations

import io
import itertools
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

import openpyxl
import pytest

from schemas.forms import build, load, rules, shipped_forms, translations
from schemas.xlsform import to_xform
from tests.conftest import shared_path

RESERVED = {"unknown", "declined", "not_asked"}
TABLED = ("English (en)", "Ukrainian (uk)")
LANGUAGES = (*TABLED, "Russian (ru)")
WORDS = "_as_told"
ADDED = {
    "depth_reason", "corrects_record", "depth_override_reason", "depth_override_code", "risk_supervisor_code",
    "gate_depth", "gate_stop", "consent_publish_named_again",
}  # fmt: skip
"""Questions that the tables ask for in words alone: reasons and codes of the gates, and what the program works out."""
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


def tabled() -> list[dict[str, str]]:
    """The questions of the tables, without those that the form adds to keep their rules."""
    return [row for row in questions() if row["name"] not in ADDED and not row["name"].endswith(WORDS)]


def built() -> dict[str, dict[str, str]]:
    """The rows of the sheet as they are built, by name, groups too."""
    header, *rows = build.sheets()["survey"]
    named = [dict(zip(header, row, strict=True)) for row in rows]
    return {row["name"]: row for row in named if not row["type"].startswith("end_")}


def lists() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in sheet("choices"):
        found.setdefault(row["list_name"], []).append(row)
    return found


def list_of(row: dict[str, str]) -> str:
    return row["type"].partition(" ")[2]


def as_asked(row: dict[str, str], section: str) -> Asked:
    marks = [row[f"bind::svidok:{mark}"] for mark in ("required", "compartment", "mode", "tier", "elem")]
    labels = [row[f"label::{language}"] for language in TABLED]
    return Asked(section, row["name"], row["type"], *labels, list_of(row), row["relevant"], *marks)


def test_has_144_questions_79_lists_and_21_sections():
    groups = [row for row in sheet("survey") if row["type"] == "begin_group"]
    assert (len(tabled()), len(lists()), len(groups)) == (144, 79, 21)
    assert {row["name"] for row in questions()} >= ADDED
    assert len(questions()) == 144 + len(ADDED) + 9


def test_counts_by_tier_compartment_mode_and_strictness():
    def counts(mark: str) -> Counter[str]:
        return Counter(row[f"bind::svidok:{mark}"] for row in tabled())

    assert counts("tier") == {"C": 111, "X": 33}
    assert counts("compartment") == {"narrative": 81, "process": 51, "identity": 12}
    assert counts("mode") == {"code": 50, "ask": 45, "staff": 31, "read": 17, "auto": 1}
    assert counts("required") == {"answer": 76, "no": 54, "block": 13, "auto": 1}


def test_every_question_stands_as_in_the_tables_in_the_same_order():
    section, found = "", []
    for row in sheet("survey"):
        if row["type"] == "begin_group":
            section = row["name"][0].upper()
        elif row in tabled():
            found.append(as_asked(row, section))
    told = told_questions()
    assert len(told) == 144
    assert found == told


def test_every_list_has_the_choices_of_the_tables_in_the_same_order():
    told = told_lists()
    found = {
        name: [(row["name"], *(row[f"label::{language}"] for language in TABLED)) for row in rows]
        for name, rows in lists().items()
    }
    assert len(told) == 79
    assert found == {name: choices for name, (_, choices) in told.items()}


def test_a_list_is_closed_exactly_where_the_tables_close_it():
    closed = {name for name, (kind, _) in told_lists().items() if kind == "closed"}
    for row in tabled():
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
            labels = [row[f"label::{language}"] for language in TABLED]
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
            found[group["name"][0].upper()] = tuple(first[f"label::{language}"] for language in TABLED)
    assert len(told) == 14
    assert found == told


def test_every_note_says_whether_it_is_spoken():
    """Open prompts are said aloud; whatever else stands between the questions is for the documenter alone."""
    notes = {row["name"]: row["bind::svidok:mode"] for row in sheet("survey") if row["type"] == "note"}
    spoken = {name for name, mode in notes.items() if mode == "read"}
    assert spoken == {name for name in notes if name.endswith("_prompt")}
    assert {notes[name] for name in notes.keys() - spoken} == {"staff"}


def test_reserved_answers_are_no_choices():
    """They are states of an answer. The one namesake is a fact about the reading back, in a closed list."""
    namesakes = {(row["list_name"], row["name"]) for row in sheet("choices") if row["name"] in RESERVED}
    assert namesakes == {("readback", "declined")}
    readback = next(row for row in questions() if row["name"] == "readback")
    assert readback["bind::svidok:reserved"] == "no"


def test_every_text_stands_in_every_language_with_the_same_outputs_and_marks():
    """References, numbers, codes of persons and example dates are no words: they stand in every language alike."""
    for name in ("survey", "choices"):
        for row in sheet(name):
            for text in ("label", "hint", "constraint_message"):
                texts = [row.get(f"{text}::{language}", "") for language in LANGUAGES]
                assert len({bool(each) for each in texts}) == 1, row
                for mark in (r"\$\{\w+\}", r"\*+", r"<[^>]*>", r"\d+", r"\b[PWV]\d\b", r"…|·"):
                    assert len({tuple(re.findall(mark, each)) for each in texts}) == 1, (mark, texts)
            if not row.get("type", "").startswith("end_"):
                assert row["label::English (en)"], row


def test_russian_is_written_in_russian_and_not_copied():
    """Words of another language show by their letters, and labels that say different things differ."""
    for name in ("survey", "choices"):
        for row in sheet(name):
            english, ukrainian, russian = (row[f"label::{language}"] for language in LANGUAGES)
            assert not re.search("[іїєґ’]", russian, re.IGNORECASE), russian
            assert not re.search("[ыэъё]", ukrainian, re.IGNORECASE), ukrainian
            assert not re.search("[а-яі]", english, re.IGNORECASE), english
    for rows in lists().values():
        for language in LANGUAGES:
            labels = [row[f"label::{language}"] for row in rows]
            assert len(labels) == len(set(labels)), labels


def test_one_table_says_which_translations_wait_for_a_reviewer():
    assert [each.language for each in translations()] == list(LANGUAGES)
    assert {each.language for each in translations() if each.awaiting} == {"Ukrainian (uk)", "Russian (ru)"}


def test_names_are_unique_and_every_expression_names_a_question():
    names = [row["name"] for row in sheet("survey") if not row["type"].startswith("end_")]
    assert len(names) == len(set(names))
    for row in sheet("survey"):
        for column in ("relevant", "constraint", "calculation", "choice_filter"):
            assert set(re.findall(r"\$\{(\w+)\}", row[column])) <= set(names), row["name"]


def test_every_code_that_a_condition_compares_with_is_a_choice_of_its_question():
    offered = {row["name"]: {choice["name"] for choice in lists().get(list_of(row), ())} for row in questions()}
    offered["gate_depth"] = offered["account_depth"]
    compared = [
        (name, code)
        for row in built().values()
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


def test_depth_and_gates_are_in_the_conditions_of_the_form_that_is_built():
    rows, source = built(), {row["name"]: row for row in sheet("survey")}
    groups = [name for name, row in rows.items() if row["type"] == "begin_group"]
    for row in questions():
        deep = "${gate_depth} = 'full_account'" in rows[row["name"]]["relevant"]
        assert deep == (row["bind::svidok:tier"] == "X"), row["name"]
    opened_by_screening = [name for name in groups if "gate_depth" not in rows[name]["relevant"]]
    assert [name[0].upper() for name in opened_by_screening] == list("ABCDPTU")
    assert [name for name in groups if "${gate_stop} = ''" in rows[name]["relevant"]] == list(rules.GUARDED)
    waiting_for_the_account = [name for name in groups if "${narrative_text}" in rows[name]["relevant"]]
    assert [name[0].upper() for name in waiting_for_the_account] == list("EFGHIJKLMNOPQ")
    for name, row in source.items():
        if not row["type"].startswith("end_"):
            assert row["relevant"] in rows[name]["relevant"]


def test_every_event_date_has_a_place_for_the_words_of_the_person():
    dates = [row for row in questions() if row["appearance"] == "edtf" and row["name"] != "id_birth_date"]
    named = {row["name"]: row for row in questions()}
    assert len(dates) == 9
    for row in dates:
        words = named[row["name"] + WORDS]
        for mark in ("compartment", "tier"):
            assert words[f"bind::svidok:{mark}"] == row[f"bind::svidok:{mark}"]
        assert row["relevant"] in words["relevant"]
        assert f"${{{row['name']}}}" in words["relevant"]


def test_every_region_of_ukraine_has_its_katottg_code_and_none_is_derived_from_the_iso_code():
    told = {code: (katottg, iso) for code, katottg, iso, *_ in table_rows(chapter("10. "), 5) if code.startswith("UA")}
    found = {row["name"]: (row["katottg"], row["iso3166_2"]) for row in lists()["oblast"] if row["katottg"]}
    assert len(told) == 27
    assert found == told
    assert all(katottg[:4] == code for code, (katottg, _) in found.items())
    assert {code for code, (_, iso) in found.items() if code[2:] != iso[3:]} == {"UA01", "UA44", "UA73", "UA80", "UA85"}


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
    assert found == [list(row) for row in build.sheets()[name]]


def test_the_xform_in_the_package_is_the_conversion_of_the_workbook():
    (form,) = shipped_forms()
    converted = to_xform(form.workbook.read_bytes(), ".xlsx")
    assert converted.warnings == ()
    assert converted.xml == form.xform == load("testimony_conscription")


def test_a_form_that_does_not_ship_is_not_loaded():
    with pytest.raises(KeyError):
        load("../forced-conscription")
