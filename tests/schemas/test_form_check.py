"""Checking a form: every mistake and warning with sheet, row and question; what is in the form."""

from __future__ import annotations

from textwrap import dedent

from schemas.form_check import check_file, check_form
from tests.conftest import shared_path
from tests.helpers.xforms import refused, xform


def check(table: str):
    return check_form(dedent(table).encode(), ".md").as_dict()


def test_mistakes_are_told_with_sheet_row_and_question():
    found = check("""
        | survey | | | | | |
        | | type | name | label | relevant | calculation |
        | | text | a | A | | |
        | | begin group | g | A | | |
        | | integer | b | B | ${a} = foo() | |
        | | calculate | c | | | ${b} + 'x' |
        | | end group | | | | |
    """)
    assert found["ok"] is False
    assert [(each["code"], each["sheet"], each["row"], each["question"]) for each in found["problems"]] == [
        ("E_FORM_FUNCTION", "survey", 4, "b"), ("E_FORM_TYPE", "survey", 5, "c"),
    ]  # fmt: skip
    assert "statistics" not in found


def test_a_circle_is_told_with_its_row():
    (found,) = check("""
        | survey | | | | |
        | | type | name | label | calculation |
        | | text | a | A | |
        | | calculate | d | | ${e} + 1 |
        | | calculate | e | | ${d} + 1 |
    """)["problems"]
    assert (found["code"], found["row"]) == ("E_FORM_CYCLE", 3)
    assert "d → e → d" in found["message"] or "e → d → e" in found["message"]


def test_what_the_converter_finds_is_told_with_its_row():
    (found,) = check("""
        | survey | | | |
        | | type | name | label |
        | | text | a b | A |
    """)["problems"]
    assert (found["code"], found["sheet"], found["row"]) == ("E_FORM_XLSFORM", "survey", 2)


def test_a_form_that_works_tells_what_is_in_it():
    found = check("""
        | survey | | | | | | |
        | | type | name | label::English (en) | label::Ukrainian (uk) | required | bind::svidok:compartment |
        | | text | a | A | Я | yes | identity |
        | | deviceid | dev | | | | |
        | | begin repeat | r | R | | | |
        | | image | b | B | | | |
        | | integer | c | C | | | |
        | | end repeat | | | | | |
        | settings | | |
        | | namespaces | version |
        | | svidok="urn:svidok:form:1" | 3 |
    """)
    assert found["ok"] is True
    assert found["compartments"] == {
        "identity": ["/a", "/r/b"], "narrative": ["/dev", "/r/c", "/meta/instanceID"], "process": [],
    }  # fmt: skip
    assert found["statistics"]["questions"] == 3
    assert (found["statistics"]["repeats"], found["statistics"]["required"]) == (1, 1)
    warned = {(each["question"], each["row"]) for each in found["warnings"]}
    assert ("dev", 3) in warned
    assert any("3 labels are missing in Ukrainian (uk)" in each["message"] for each in found["warnings"])


def test_an_xform_is_checked_too_and_files_are_named():
    found = check_form(xform("<a/>", '<bind nodeset="/data/a" relevant="foo()"/>'), ".xml").as_dict()
    assert [(each["code"], each["row"]) for each in found["problems"]] == [("E_FORM_FUNCTION", None)]
    assert refused(check_file, shared_path("forms", "README.md").with_name("none.xlsx")) == "E_FORM_XLSFORM"


def test_public_forms_have_warnings_only():
    report = check_file(shared_path("forms", "whova_form.xlsx"))
    assert report.problems == ()
    assert report.form is not None
    assert ("Id10310", 402) in {(each.question, each.row) for each in report.warnings}
