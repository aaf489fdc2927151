"""search() in the appearance of a question: choices that are looked up in a CSV file."""

from __future__ import annotations

from textwrap import dedent

import pytest

from schemas.instance import load_submission, write_submission
from schemas.problems import Problem
from schemas.session import Session
from schemas.xform import Examined, examine
from schemas.xlsform import to_xform
from tests.helpers.xforms import noon, refused

PLACES = """code,name_en,name_uk,region,sortby
k,Kyiv,Київ,north,2
o,Odesa,Одеса,south,10
m,Mykolaiv,Миколаїв,south,1
k,Kyiv again,Ще Київ,north,3
,Nowhere,Ніде,south,4
""".encode()


def examined(appearance: str, table: bytes | None = PLACES, kind: str = "select_one") -> Examined:
    sheet = f"""
        | survey | | | | | |
        | | type | name | label::English (en) | label::Ukrainian (uk) | appearance |
        | | text | q | Q | Q | |
        | | {kind} towns | t | Town | Місто | {appearance} |
        | choices | | | |
        | | list_name | name | label::English (en) | label::Ukrainian (uk) |
        | | towns | code | name_en | name_uk, region |
        | | towns | 99 | Another | Інше |
        | settings | | |
        | | form_id | default_language |
        | | f | English (en) |
    """
    files = {} if table is None else {"places.csv": table}
    return examine(to_xform(dedent(sheet).encode(), ".md").xml, files)


def session(appearance: str, table: bytes | None = PLACES, kind: str = "select_one") -> Session:
    form = examined(appearance, table, kind).form
    assert form is not None
    return Session(form, clock=noon)


def offered(on: Session, text: str | None = None) -> list[str]:
    if text is not None:
        on.set(("q",), text)
    return [each.value for each in on.node(("t",)).choices]


def test_without_a_question_all_rows_are_offered_once_and_in_their_order():
    on = session("minimal search('places')")
    assert offered(on) == ["m", "k", "o", "99"]
    assert [each.label for each in on.node(("t",)).choices] == ["Mykolaiv", "Kyiv", "Odesa", "Another"]
    assert on.form.tables == ("places.csv",)
    on.language = "uk"
    assert [each.label for each in on.node(("t",)).choices] == [
        "Миколаїв (region: south)", "Київ (region: north)", "Одеса (region: south)", "Інше",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "text", "wanted"),
    [
        ("search('places', 'contains', 'name_en', ${q})", "I", ["m", "k", "99"]),
        ("search('places.csv', 'contains', 'name_en, name_uk', ${q})", "одес", ["o", "99"]),
        ("search('places', 'matches', 'name_en', ${q})", "kyiv", ["k", "99"]),
        ("search('places', 'matches', 'name_en', ${q})", "kyi", ["99"]),
        ("search('places', 'startsWith', 'name_en name_uk', ${q})", "м", ["m", "99"]),
        ("search('places', 'endswith', 'NAME_EN', ${q})", "A", ["o", "99"]),
        ("search('places', 'contains', 'name_en', ${q}, 'region', 'south')", "y", ["m", "99"]),
        ("search('places', 'contains', '', '', 'region', ${q})", "north", ["k", "99"]),
        ("search('places', 'contains', 'name_en', ${q})", "100%", ["99"]),
        ("search('places', 'contains', ${q}, 'x')", "nothing of this name", ["99"]),
    ],
)
def test_rows_are_looked_up(call, text, wanted):
    assert offered(session(call), text) == wanted


def test_the_answer_to_another_question_changes_what_is_offered_and_throws_nothing_away():
    on = session("search('places', 'contains', 'name_en', ${q})", kind="select_multiple")
    assert ("t",) in on.set(("q",), "ode")
    on.set(("t",), ("o", "99"))
    assert on.validity() == []
    on.set(("q",), "kyiv")
    assert [each.code for each in on.validity()] == ["choice"]
    assert on.value(("t",)) == ("o", "99")
    assert refused(on.set, ("t",), ("zz",)) == "E_ANSWER_CHOICE"
    again = Session(on.form, clock=noon)
    load_submission(again, write_submission(on))
    assert write_submission(again) == write_submission(on)


def test_in_a_repeat_every_entry_looks_up_its_own():
    sheet = """
        | survey | | | | |
        | | type | name | label | appearance |
        | | begin_repeat | r | R | |
        | | text | q | Q | |
        | | select_one towns | t | T | search('places', 'matches', 'code', ${q}) |
        | | end_repeat | | | |
        | choices | | | |
        | | list_name | name | label |
        | | towns | code | name_en |
    """
    form = examine(to_xform(dedent(sheet).encode(), ".md").xml, {"places.csv": PLACES}).form
    assert form is not None
    on = Session(form, clock=noon)
    on.add(("r",))
    on.set((("r", 1), "q"), "o")
    on.set((("r", 2), "q"), "m")
    assert [[each.value for each in on.node((("r", entry), "t")).choices] for entry in (1, 2)] == [["o"], ["m"]]


def test_a_table_that_is_not_there_is_named_and_what_stands_in_the_form_is_offered():
    found = examined("search('places')", None)
    assert any("places.csv" in str(each) for each in found.notices)
    assert offered(session("search('places')", None)) == ["99"]


def test_a_call_that_does_not_close_is_told():
    found = examined("search('places'")
    assert ["t" for each in found.notices if "search()" in str(each)] == [each.question for each in found.notices]


@pytest.mark.parametrize(
    ("call", "table", "code"),
    [
        ("search('places', 'contains')", PLACES, "E_FORM_EXPRESSION"),
        ("search()", PLACES, "E_FORM_EXPRESSION"),
        ("search(${q})", PLACES, "E_FORM_EXPRESSION"),
        ("search('places', 'contains', 'name_de', ${q})", PLACES, "E_FORM_FILE"),
        ("search('places', 'contains', 'name_en', ${q}, 'land', 'x')", PLACES, "E_FORM_FILE"),
        ("search('places')", b"name_en,region\na,b\n", "E_FORM_FILE"),
        ("search('places')", b"\xff\xfe", "E_FORM_FILE"),
        ("search('places', nofunction(), 'name_en', ${q})", PLACES, "E_FORM_FUNCTION"),
    ],
)
def test_what_is_no_search_is_a_mistake_of_the_form(call, table, code):
    found = examined(call, table)
    assert [each.code for each in found.problems] == [code]
    assert all(isinstance(each, Problem) for each in found.problems)


def test_hidden_characters_are_found_in_codes_and_taken_out_of_labels():
    table = "code,name_en,name_uk,region\nk,Ky\u202eiv\u0085,К,n\n".encode()
    assert [each.label for each in session("search('places')", table).node(("t",)).choices] == ["Kyiv", "Another"]
    found = examined("search('places')", table.replace(b"\nk,", "\nk\u2067y,".encode()))
    assert [(each.code, each.facts["value"]) for each in found.problems] == [("E_FORM_CHOICE", "k?y")]
