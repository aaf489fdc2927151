"""From XLSForm to form definition: what is read, how it is marked, and what is refused by name."""

# ruff: noqa: E501  # sheets are wider than code
from __future__ import annotations

from pathlib import Path

import pytest

from schemas.problems import Problem
from schemas.xform import parse_form
from schemas.xform_model import Group, Question, Repeat
from schemas.xlsform import to_xform
from tests.conftest import shared_path
from tests.helpers.xforms import from_markdown, xform

SETTINGS = """
| settings |
| | form_title | form_id | version | default_language  | namespaces                    |
| | Case       | case    | 7       | Ukrainian (uk)    | svidok="urn:svidok:form:1"    |
"""

MARKED = (
    """
| survey |
| | type | name | label::English (en) | label::Ukrainian (uk) | hint::English (en) | hint::Ukrainian (uk) | required | appearance | bind::svidok:compartment | bind::svidok:mode | bind::svidok:tier | bind::svidok:required | bind::svidok:reserved | bind::svidok:alone | bind::svidok:code | bind::svidok:start |
| | begin_group | b_safe | Safety | Безпека | Are we alone? | Ми самі? | | | process | staff | | | | | | |
| | select_one yn | private | Private? | Наодинці? | | | | | | read | | block | no | | | |
| | select_multiple who | present | Who? | Хто? | | | yes | | | | X | | | nobody | | |
| | note | info | Read this | Читайте | | | | | | | | | | | | |
| | end_group | | | | | | | | | | | | | | | |
| | begin_repeat | pp | People | Люди | Who were they? | Хто це? | | | | | | | | | P | 0 |
| | text | pp_name | Name | Ім’я | | | | | identity | | | answer | | | | |
| | text | pp_when | When | Коли | | | | edtf | | | | | | | | |
| | file | pp_photo | Photo | Фото | | | | | | | | | | | | |
| | end_repeat | | | | | | | | | | | | | | | |
| | image | picture | Picture | Світлина | | | | | | | | | | | | |
| | text | auto_text | Auto | Авто | | | yes | | narrative | | | no | | | | |
| choices |
| | list_name | name | label::English (en) | label::Ukrainian (uk) |
| | yn | yes | Yes | Так |
| | yn | no | No | Ні |
| | who | nobody | Nobody | Ніхто |
| | who | child | Child | Дитина |
"""
    + SETTINGS
)


@pytest.fixture(scope="module")
def marked():
    return from_markdown(MARKED)


def question(form, name) -> Question:
    found = form.by_name(name)
    assert isinstance(found, Question)
    return found


def test_the_head_of_the_form(marked):
    assert (marked.id, marked.version, marked.title) == ("case", "7", "Case")
    assert marked.languages == ("English (en)", "Ukrainian (uk)")
    assert marked.default_language == "Ukrainian (uk)"
    assert [section.name for section in marked.sections] == ["b_safe", "pp"]
    assert marked.warnings == ()


def test_compartment_mode_and_tier_are_inherited(marked):
    private, present = question(marked, "private"), question(marked, "present")
    assert (private.compartment, private.mode, private.tier) == ("process", "read", "C")
    assert (present.compartment, present.mode, present.tier) == ("process", "staff", "X")
    assert marked.compartment_of((("pp", 3), "pp_name")) == "identity"
    assert marked.compartment_of((("pp", 3), "pp_when")) == "narrative"


def test_files_without_mark_are_identity(marked):
    assert question(marked, "picture").type == "file"
    assert question(marked, "picture").compartment == "identity"
    assert question(marked, "pp_photo").compartment == "identity"


def test_strictness(marked):
    found = {name: (question(marked, name).strictness, question(marked, name).required is not None) for name in
             ("private", "present", "pp_name", "pp_when", "auto_text")}  # fmt: skip
    assert found == {
        "private": ("block", True), "present": ("answer", True), "pp_name": ("answer", True),
        "pp_when": ("no", False), "auto_text": ("no", False),
    }  # fmt: skip


def test_closed_questions_partial_dates_and_codes_that_stand_alone(marked):
    assert question(marked, "private").closed
    assert not question(marked, "present").closed
    assert question(marked, "present").alone == {"nobody"}
    assert question(marked, "pp_when").edtf
    assert not question(marked, "pp_name").edtf
    assert question(marked, "info").type == "note"
    assert question(marked, "info").closed


def test_repeats_have_a_code_and_a_start(marked):
    people = marked.by_name("pp")
    assert isinstance(people, Repeat)
    assert (people.code, people.start) == ("P", 0)


def test_the_hint_of_a_group_is_its_prompt(marked):
    group, people = marked.by_name("b_safe"), marked.by_name("pp")
    assert isinstance(group, Group)
    assert group.prompt.by_language == {"English (en)": ("Are we alone?",), "Ukrainian (uk)": ("Ми самі?",)}
    assert group.hint is None
    assert people.prompt.by_language["English (en)"] == ("Who were they?",)


def test_a_first_note_may_be_the_prompt():
    form = from_markdown("""
        | survey |
        | | type        | name      | label       |
        | | begin_group | g         | Group       |
        | | note        | g_prompt  | Please tell |
        | | text        | q         | Q           |
        | | end_group   |           |             |
    """)
    group = form.by_name("g")
    assert group.prompt.by_language == {"": ("Please tell",)}
    assert form.by_name("g_prompt").hidden


def test_a_repeat_without_mark_starts_as_in_odk():
    form = from_markdown("""
        | survey |
        | | type         | name | label |
        | | begin_repeat | r    | R     |
        | | text         | q    | Q     |
        | | end_repeat   |      |       |
    """)
    assert form.by_name("r").start == 1


def test_names_are_found_or_refused(marked):
    with pytest.raises(Problem, match="E_ANSWER_PATH"):
        marked.by_name("nothing")
    with pytest.raises(Problem, match="E_ANSWER_PATH"):
        marked.compartment_of(("b_safe", "nothing"))


def refused(data: bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        parse_form(data)
    return caught.value


def one_question(**bind: str) -> bytes:
    attributes = "".join(f' {name.replace("__", ":")}="{value}"' for name, value in bind.items())
    return xform(
        "<a/><q/><r><x/></r>",
        f'<bind nodeset="/data/q" type="string"{attributes}/>',
        '<input ref="/data/a"/><input ref="/data/q"/><group ref="/data/r"><repeat nodeset="/data/r"><input ref="/data/r/x"/>'
        "</repeat></group>",
    )


@pytest.mark.parametrize(
    ("expression", "code", "facts"),
    [
        ("pulldata('x', 'y', 'z', 'w')", "E_FORM_REFERENCE", {"question": "q", "name": "instance('x')"}),
        ("system-property('x')", "E_FORM_FUNCTION", {"question": "q", "function": "system-property"}),
        ("doc('file:///etc/passwd')", "E_FORM_FUNCTION", {"question": "q", "function": "doc"}),
        ("jr:itext('x')", "E_FORM_REFERENCE", {"question": "q", "name": "jr:itext('x')"}),
        ("jr:itext(/data/a)", "E_FORM_EXPRESSION", {"question": "q"}),
        ("/data/nothing = 1", "E_FORM_REFERENCE", {"question": "q", "name": "nothing"}),
        ("/form/a", "E_FORM_REFERENCE", {"question": "q", "name": "/form"}),
        ("nothing = 'x'", "E_FORM_REFERENCE", {"question": "q", "name": "nothing"}),
        ("../../../a", "E_FORM_REFERENCE", {"question": "q"}),
        ("instance('nothing')/root/item", "E_FORM_REFERENCE", {"question": "q", "name": "instance('nothing')"}),
        ("instance(/data/a)/root", "E_FORM_EXPRESSION", {"question": "q"}),
        ("1 +", "E_FORM_EXPRESSION", {"question": "q", "expression": "1 +"}),
        ("if(1, 2)", "E_FORM_EXPRESSION", {"question": "q"}),
        ("true(1)", "E_FORM_EXPRESSION", {"question": "q"}),
        ("regex(., '(')", "E_FORM_EXPRESSION", {"question": "q"}),
        ("digest(., 'CRC')", "E_FORM_EXPRESSION", {"question": "q"}),
        ("preceding::a", "E_FORM_EXPRESSION", {"question": "q"}),
        ("/data/r[preceding-sibling::r]/x", "E_FORM_EXPRESSION", {"question": "q"}),
        ("count(1)", "E_FORM_EXPRESSION", {"question": "q"}),
        ("position(..)", "E_FORM_EXPRESSION", {"question": "q"}),
        ("jr:choice-name('x', /data/a)", "E_FORM_EXPRESSION", {"question": "q"}),
        ("jr:choice-name('x', '/data/nothing')", "E_FORM_REFERENCE", {"question": "q"}),
        ("indexed-repeat(/data/a, /data/r, 1)", "E_FORM_EXPRESSION", {"question": "q"}),
        ("indexed-repeat(/data/r/x, /data/a, 1)", "E_FORM_EXPRESSION", {"question": "q"}),
        ("indexed-repeat(/data/r/x, /data/r, 1, 2)", "E_FORM_EXPRESSION", {"question": "q"}),
        ("concat('a')/b", "E_FORM_EXPRESSION", {"question": "q"}),
        ("weighted-checklist(1, 2, true(), 1, true())", "E_FORM_EXPRESSION", {"question": "q"}),
    ],
)
def test_expressions_that_cannot_run_are_refused_by_name(expression, code, facts):
    problem = refused(one_question(relevant=expression.replace("<", "&lt;")))
    assert problem.code == code
    assert facts.items() <= problem.facts.items()
    assert problem.facts["expression"] == expression


@pytest.mark.parametrize("attribute", ["relevant", "required", "readonly", "constraint", "calculate"])
def test_every_kind_of_expression_is_checked(attribute):
    assert refused(one_question(**{attribute: "nothing()"})).code == "E_FORM_FUNCTION"


def test_outputs_choices_counts_and_actions_are_checked():
    control = '<input ref="/data/q"><label>x <output value="/data/no"/></label></input>'
    assert refused(xform("<q/>", "", control)).code == "E_FORM_REFERENCE"
    items = (
        '<select1 ref="/data/q"><itemset nodeset="instance(\'no\')/root/item"><value ref="name"/></itemset></select1>'
    )
    assert refused(xform("<q/>", "", items)).code == "E_FORM_REFERENCE"
    text = '<select1 ref="/data/q"><itemset nodeset="concat(1)"><value ref="name"/></itemset></select1>'
    assert refused(xform("<q/>", "", text)).code == "E_FORM_EXPRESSION"
    count = (
        '<group ref="/data/r"><repeat nodeset="/data/r" jr:count="/data/no"><input ref="/data/r/x"/></repeat></group>'
    )
    assert refused(xform("<r><x/></r>", "", count)).code == "E_FORM_REFERENCE"
    action = '<setvalue ref="/data/no" event="odk-instance-first-load" value="1"/>'
    assert refused(xform("<q/>", "", "", model=action)).code == "E_FORM_REFERENCE"
    assert refused(xform("<q/>", '<bind nodeset="/data/no"/>')).code == "E_FORM_REFERENCE"
    assert refused(xform("<q/>", "", '<input ref="/data/no"/>')).code == "E_FORM_REFERENCE"


def bind(name: str, **expressions: str) -> str:
    attributes = "".join(f' {key}="{value}"' for key, value in expressions.items())
    return f'<bind nodeset="/data/{name}"{attributes}/>'


@pytest.mark.parametrize(
    ("binds", "names"),
    [
        (bind("a", calculate="/data/a + 1"), {"a"}),
        (bind("a", calculate="/data/b") + bind("b", calculate="/data/a"), {"a", "b"}),
        (bind("a", relevant="/data/b") + bind("b", relevant="/data/a"), {"a", "b"}),
        (bind("a", relevant="/data/a = 1"), {"a"}),
        (bind("g", relevant="/data/g/x"), {"g"}),
        (bind("g", relevant="/data/b") + bind("b", calculate="/data/g/x"), {"g", "b"}),
        (
            bind("a", calculate="/data/b") + bind("b", calculate="/data/g/x") + bind("g/x", calculate="/data/a"),
            {"a", "b", "x"},
        ),
        (bind("r/x", calculate="../y") + bind("r/y", calculate="../x"), {"x", "y"}),
        (bind("r/x", calculate="../x + 1"), {"x"}),
        (bind("r", relevant="count(/data/r) &gt; 0"), {"r"}),
        (bind("a", calculate="sum(/data/r/x)") + bind("r/x", calculate="/data/a"), {"a", "x"}),
    ],
)
def test_circles_are_refused_with_the_names_in_them(binds, names):
    body = '<group ref="/data/r"><repeat nodeset="/data/r"><input ref="/data/r/x"/></repeat></group>'
    problem = refused(xform("<a/><b/><g><x/></g><r><x/><y/></r>", binds, body))
    assert problem.code == "E_FORM_CYCLE"
    assert set(str(problem.facts["questions"]).split(" → ")) == names


def test_a_constraint_may_look_at_its_own_question():
    form = parse_form(one_question(constraint=". = /data/q and /data/q != 'x'"))
    assert form.questions["/data/q"].constraint is not None


@pytest.mark.parametrize(
    ("mark", "value"),
    [("compartment", "secret"), ("mode", "loud"), ("tier", "Z"), ("required", "maybe"), ("reserved", "perhaps")],
)
def test_marks_that_nobody_knows_are_refused(mark, value):
    problem = refused(one_question(**{f"svidok__{mark}": value}))
    assert problem.code == "E_FORM_MARK"
    assert (problem.facts["question"], problem.facts["mark"], problem.facts["value"]) == ("q", mark, value)


def test_a_start_that_is_no_number_is_refused():
    data = xform(
        "<r><x/></r>",
        '<bind nodeset="/data/r" svidok:start="-1"/>',
        '<group ref="/data/r"><repeat nodeset="/data/r"><input ref="/data/r/x"/></repeat></group>',
    )
    assert refused(data).code == "E_FORM_MARK"


def test_attack_document_types_and_entities_are_refused():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + xform("<q>&b;</q>")
    outside = b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + xform("<q/>")
    assert refused(bomb).code == "E_FORM_XML"
    assert refused(outside).code == "E_FORM_XML"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"no xml", b"<a>", b"\xff\xfe<\x00a\x00/\x00>\x00", xform("<q/>")[:-20],
        b"<a>" * 150 + b"</a>" * 150, b" " * (16 * 1024 * 1024 + 1),
    ],
    ids=["empty", "text", "open", "utf-16", "cut", "deep", "large"],
)  # fmt: skip
def test_what_is_no_safe_xml_is_refused(data):
    assert refused(data).code == "E_FORM_XML"


@pytest.mark.parametrize("data", [b"<a/>", b"<html><head/></html>", b"<html><head><model/></head></html>"])
def test_what_is_no_form_is_refused(data):
    assert refused(data).code == "E_FORM_STRUCTURE"


def test_a_sheet_with_a_mistake_is_refused_with_its_place():
    with pytest.raises(Problem) as caught:
        to_xform(b"| survey |\n| | type | name | label |\n| | text | a b | A |\n", ".md")
    assert caught.value.code == "E_FORM_XLSFORM"
    assert "row : 2" in caught.value.what


@pytest.mark.parametrize(
    ("data", "suffix"), [(b"PK\x03\x04broken", ".xlsx"), (b"\xd0\xcf\x11\xe0", ".xls"), (b"x", ".exe")]
)
def test_what_is_no_sheet_is_refused(data, suffix):
    with pytest.raises(Problem) as caught:
        to_xform(data, suffix)
    assert caught.value.code == "E_FORM_XLSFORM"


def test_a_missing_sheet_is_refused(tmp_path: Path):
    with pytest.raises(Problem, match="E_FORM_XLSFORM"):
        to_xform(tmp_path / "none.xlsx")


@pytest.mark.parametrize(("name", "questions"), [("whova_form.xlsx", 500), ("all-question-types.xlsx", 70)])
def test_public_forms_load(name, questions):
    form = parse_form(to_xform(shared_path("forms", name)).xml)
    assert len(form.questions) > questions


def test_every_type_of_question_is_known():
    form = parse_form(to_xform(shared_path("forms", "all-question-types.xlsx")).xml)
    found = {each.type for each in form.questions.values()}
    assert found == {
        "text", "integer", "decimal", "date", "time", "dateTime", "select_one", "select_multiple", "rank", "file", "note",
        "calculate", "geopoint", "geotrace", "geoshape", "barcode", "acknowledge",
    }  # fmt: skip
    ranged = question(form, "range_decimal")
    assert (ranged.type, dict(ranged.parameters)) == ("decimal", {"start": "1.5", "end": "5.5", "step": "0.5"})
