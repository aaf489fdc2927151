"""Expressions over an instance that no form describes: XPath 1.0 with every axis, ODK's functions and coercions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.problems import CATALOGUE
from schemas.xpath.evaluate import evaluate
from tests.helpers.xforms import noon, refused, xform

INSTANCE = b"""<data id="household" version="3" xmlns:orx="http://openrosa.org/xforms">
<age>42</age><income>1500.5</income><zero>0</zero><name>Maria da Silva</name><blank/><date>2026-08-07</date>
<house><resident sex="f"><name>Ana</name><age>34</age></resident><resident><name>Bia</name><age>7</age></resident>
<resident sex="m"><name>Caio</name><age>19</age></resident></house>
<orx:meta><orx:instanceID>uuid:1</orx:instanceID></orx:meta>
</data>"""
HERE = "/data/house/resident[2]/name"

VALUES = {
    "/data/age": ["42"],
    "/data/missing": [],
    "/data/house/resident/name": ["Ana", "Bia", "Caio"],
    "/data/house/resident[2]/name": ["Bia"],
    "/data/house/resident[last()]/name": ["Caio"],
    "/data/house/resident[position() = 2]/age": ["7"],
    "/data/house/resident[position() mod 2 = 1]/age": ["34", "19"],
    "/data/house/resident[age > 10]/name": ["Ana", "Caio"],
    "/data/house/resident[age > 10][2]/name": ["Caio"],
    "/data/house/resident[@sex]/@sex": ["f", "m"],
    "//@sex": ["f", "m"],
    "/data/@id": ["household"],
    "/data/@*": ["household", "3"],
    "//resident/name": ["Ana", "Bia", "Caio"],
    "//name": ["Maria da Silva", "Ana", "Bia", "Caio"],
    "//name[1]": ["Maria da Silva", "Ana", "Bia", "Caio"],
    "(//name)[1]": ["Maria da Silva"],
    "/data/meta/instanceID": ["uuid:1"],
    "/data/orx:meta/orx:instanceID": ["uuid:1"],
    "/data/age | /data/zero": ["42", "0"],
    "/data/zero | /data/age": ["42", "0"],
    "/data/house/*[1]/*": ["Ana", "34"],
    "/data/age/text()": ["42"],
    "//resident[name = 'Bia']/following-sibling::resident/name": ["Caio"],
    "//resident[name = 'Caio']/preceding-sibling::*[1]/name": ["Bia"],
    "//resident[2]/ancestor::data/age": ["42"],
    "//resident[3]/preceding::age": ["42", "34", "7"],
    "//income/following::age[1]": ["34"],
    "/data/house/descendant::age": ["34", "7", "19"],
    "//resident/name/..": ["Ana34", "Bia7", "Caio19"],
    "//resident/self::resident/age[. = 7]": ["7"],
    "randomize(//resident, 1)[1]/name": ["Bia"],
    "instance('none')": "E_FORM_REFERENCE",
    "1 + 1": 2,
    "1 div 0": "Infinity",
    "-1 div 0": "-Infinity",
    "0 div 0": "NaN",
    "5 mod -3": 2,
    "-5 mod 3": -2,
    "/data/income * 2": 3001,
    "/data/date + 1": 20673,
    "/data/blank + 1": "NaN",
    "count(//age)": 4,
    "sum(//resident/age)": 60,
    "position(/data/house/resident[3])": 3,
    "string-length(/data/name)": 14,
    "number('1e3')": "NaN",
    "- - 3": 3,
    "string(/data/missing)": "",
    "concat(//resident/name, '!')": "AnaBiaCaio!",
    "today()": "2026-03-01",
    "name(/data/*[1])": "age",
    "indexed-repeat(/data/house/resident/name, /data/house/resident, 3)": ["Caio"],
    "indexed-repeat(/data/house/resident/name, /data/house/resident, 0)": ["Ana"],
    "indexed-repeat(/data/house/resident/name, /data/house/resident, 9)": [],
    "jr:choice-name('x', '/data/name')": "x",
    "boolean(/data/blank)": False,
    "boolean(/data/missing)": False,
    "boolean(/data/zero)": True,
    "/data/missing = ''": True,
    "/data/age = '42.0'": False,
    "/data/age = 42": True,
    "//age = 7": True,
    "//age > 41": True,
    "/data/date > '2026-08-06'": True,
    "3 < 4 < 5": True,
    "true() > 0.9999": True,
    "false() and nothing-is-here": False,
    "'a' or 1 div 0": True,
    "foo()": "E_FORM_FUNCTION",
    "count(1)": "E_FORM_EXPRESSION",
    "/data/age[": "E_FORM_EXPRESSION",
    "jr:itext('x')": "E_FORM_REFERENCE",
    "$variable": "E_FORM_EXPRESSION",
    "": "E_FORM_EXPRESSION",
}
KINDS = {list: "nodeset", bool: "boolean", int: "number", float: "number", str: "string"}


@pytest.mark.parametrize(("expression", "wanted"), VALUES.items())
def test_expression(expression, wanted):
    (found,) = evaluate(INSTANCE, [expression], clock=noon)
    assert found["expr"] == expression
    if str(wanted).startswith("E_"):
        assert found["problem"] == wanted
        assert found["what"]
    else:
        assert found["value"] == wanted
        number = wanted in ("NaN", "Infinity", "-Infinity")
        assert found["type"] == ("number" if number else KINDS[type(wanted)])


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        (".", ["Bia"]),
        ("../age", ["7"]),
        ("position(..)", 2),
        ("/data/house/resident/age", ["7"]),
        ("count(/data/house/resident)", 3),
        ("/data/house/resident[1]/age", ["34"]),
        ("//resident[age > current()/../age]/name", ["Ana", "Caio"]),
        ("once('other')", "Bia"),
        ("string-length()", 3),
    ],
)
def test_paths_start_from_the_context_and_absolute_ones_mean_the_own_entry(expression, wanted):
    (found,) = evaluate(INSTANCE, [expression], clock=noon, context=HERE)
    assert found["value"] == wanted


def test_one_wrong_expression_stops_no_other():
    found = evaluate(INSTANCE, ["1", "(", "2"], clock=noon)
    assert [each.get("value", each.get("problem")) for each in found] == [1, "E_FORM_EXPRESSION", 2]


def test_the_tables_of_an_xform_can_be_looked_into():
    made = xform(
        "<a>2</a>",
        model="<instance id='t'><root><item><name>1</name><label>One</label></item><item><name>2</name>"
        "<label>Two</label>"
        "</item></root></instance>",
    )
    found = evaluate(
        made, ["instance('t')/root/item[name = /data/a]/label", "pulldata('t', 'label', 'name', '1')"], clock=noon
    )
    assert [each["value"] for each in found] == [["Two"], "One"]


def test_a_context_that_leads_nowhere_and_an_instance_that_is_none_are_refused():
    assert refused(lambda: evaluate(INSTANCE, ["1"], clock=noon, context="/data/nowhere")) == "E_FORM_REFERENCE"
    assert refused(lambda: evaluate(INSTANCE, ["1"], clock=noon, context="(")) == "E_FORM_EXPRESSION"
    assert refused(lambda: evaluate(b"<data", ["1"], clock=noon)) == "E_FORM_XML"


@pytest.mark.parametrize(
    "expression",
    [
        "count(//*[count(//*[count(//*[count(//*) > 0]) > 0]) > 0])",
        "//n[. = //n[. = //n[. = //n[. = //n]]]]",
    ],
)
def test_an_expression_that_would_never_end_is_a_problem(expression):
    rows = b"<d>" + b"<n>1</n>" * 400 + b"</d>"
    (found,) = evaluate(rows, [expression], clock=noon)
    assert found["problem"] == "E_FORM_LIMIT"


words = st.sampled_from((
    "/data/age", "//name", ".", "..", "@x", "'a'", "''", "1", "0", "-", "+", "*", "div", "mod", "=", "!=", "<", ">",
    "|", "and", "or", "(", ")", "[", "]", ",", "//", "/", "::", "position()", "last()", "count(", "sum(", "date(",
    "concat(", "format-date(", "format-date(", "regex(", "'('", "round(", "selected-at(", "digest(", "area(",
    "'2026-01-01'", "not(", "if(", "ancestor::*", "substr(", "join(", "randomize(", "pow(", "current()", "uuid(",
    "checklist(", "indexed-repeat(", "999999999999999999999999", "'\u202e'", "translate(", "base64-decode(",
    "decimal-time(", "self::node()", "text()",
))  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(words, min_size=1, max_size=14))
def test_no_expression_raises_anything_but_a_coded_problem(parts):
    (found,) = evaluate(INSTANCE, [" ".join(parts)], clock=lambda: datetime(2026, 3, 1, tzinfo=UTC), context=HERE)
    assert ("value" in found) != ("problem" in found)
    assert found.get("problem") in (None, *CATALOGUE)


values = st.sampled_from((
    "''", "'x'", "0", "-1.5", "1 div 0", "0 div 0", "'2026-02-30'", "'2026-02-28T25:00:00'", "true()", "//age",
    "'9999-12-31'", "1000000000000", "'50.1 30.2;1'", "'%'", "'%Q%'", "/data/date", "' '", "'a b'", "-0",
    "'0001-01-01'", "/data/none",
))  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_function_raises_anything_but_a_coded_problem(data):
    from schemas.xpath.functions import FUNCTIONS

    name = data.draw(st.sampled_from(sorted(FUNCTIONS)))
    known = FUNCTIONS[name]
    count = data.draw(st.integers(known.least, min(known.most, known.least + 3)))
    arguments = ", ".join(data.draw(values) for _ in range(count))
    (found,) = evaluate(INSTANCE, [f"{name}({arguments})"], clock=noon, context=HERE)
    assert ("value" in found) != ("problem" in found)
