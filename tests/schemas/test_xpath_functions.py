"""Every function of the ODK XForms specification: usual arguments, empty ones, ones of the wrong kind, and dates."""

from __future__ import annotations

import base64

import pytest

from schemas.xform import parse_form
from schemas.xpath.functions import FUNCTIONS
from tests.helpers.xforms import by_hand, calculating, refused, xform
from tests.schemas.test_xpath_expressions import ANSWERS

SPECIFIED = [
    "string", "concat", "join", "substr", "substring-before", "substring-after", "translate", "string-length",
    "normalize-space", "contains", "starts-with", "ends-with", "uuid", "digest", "pulldata", "base64-decode",
    "extract-signed", "if", "coalesce", "once", "true", "false", "boolean", "boolean-from-string", "not", "regex",
    "checklist", "weighted-checklist", "number", "random", "int", "sum", "max", "min", "round", "pow", "log", "log10",
    "abs", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sqrt", "exp", "exp10", "pi", "count",
    "count-non-empty", "position", "instance", "current", "randomize", "today", "now", "format-date",
    "format-date-time", "date", "decimal-date-time", "decimal-time", "selected", "selected-at", "count-selected",
    "jr:choice-name", "jr:itext", "indexed-repeat", "area", "distance", "geofence", "intersects", "last", "name",
    "local-name", "is-selected", "date-time", "floor", "ceiling", "substring", "enclosed-area",
]  # fmt: skip

TRACE = "'50.45 30.52 0 0;49.84 24.03 0 0;46.48 30.73 0 0'"
SQUARE = "'0 0 0 0;0 1 0 0;1 1 0 0;1 0 0 0;0 0 0 0'"
BOW = "'0 0;1 1;0 1;1 0'"

EXPRESSIONS = {
    # strings: usual, empty, wrong kind, date
    "concat(/data/t, '/', /data/d)": "2026-02-01/2.5",
    "join(' ', '')": "",
    "join('-', /data/c, /data/a)": "-Hello World",
    "substr('', 0, 3)": "",
    "substr('abc', 'x')": "",
    "substr(/data/t, 0, 4)": "2026",
    "substring-before(/data/t, '-')": "2026",
    "substring-before('', '')": "",
    "substring-after('hello', '')": "hello",
    "substring-after(12.5, '.')": "5",
    "translate(/data/t, '-', '/')": "2026/02/01",
    "translate('', 'a', 'b')": "",
    "string-length('')": "0",
    "string-length(/data/t)": "10",
    "string-length(0.5)": "3",
    "normalize-space('')": "",
    "contains('', '')": "true",
    "contains(/data/t, '02')": "true",
    "contains(1 = 1, 'ru')": "true",
    "starts-with('', 'a')": "false",
    "ends-with(/data/t, '01')": "true",
    # digests, Base64
    "digest('some text', 'MD5', 'base64')": "VS4hzUzZkYZ448Gg30kbww==",
    "digest('some text', 'SHA-1', 'base64')": "N6pjx3OY2VRHMmLhoAV8HmMu2nc=",
    "digest('some text', 'SHA-256')": "uU9vElx546X/qoJvWEwQ1SraZp5nYgUbgmtVd20FrtI=",
    "digest('some text', 'SHA-384', 'hex')": "cc94ec3e9873c0b9a72486442958f671067cdf77b9427416"
    "d031440cc62041e2ee1344498447ec0ced9f7043461bd1f3",
    "digest('', 'md5', 'hex')": "d41d8cd98f00b204e9800998ecf8427e",
    "digest(/data/c, /data/b)": "",
    "digest(/data/t, 'SHA-1', 'hex')": "6eb6a33c86c68ba5d833df62a3aac77eebf348b0",
    "base64-decode('0KHQstGW0LTQvtC6')": "Свідок",
    "base64-decode('SGVsbG8')": "Hello",
    "base64-decode('')": "",
    "base64-decode('!!')": "",
    "base64-decode('/w==')": "",
    "extract-signed(/data/c, /data/c)": "",
    "extract-signed('AAAA', 'AAAA')": "",
    # conditions
    "if('', 1, 2)": "2",
    "if(/data/t, 'dated', 'not')": "dated",
    "coalesce(/data/c, /data/t)": "2026-02-01",
    "coalesce(/data/c, '')": "",
    "boolean(/data/t)": "true",
    "boolean('false')": "true",
    "boolean(0 div 0)": "false",
    "boolean(/data/r/n)": "true",
    "boolean(/data/r[n > 7])": "false",
    "boolean-from-string('')": "false",
    "boolean-from-string(1.0)": "true",
    "not('')": "true",
    "regex(/data/t, '[0-9]{4}-[0-9]{2}-[0-9]{2}')": "true",
    "regex('', '')": "true",
    "regex('', 'a+')": "false",
    "regex(12, '[0-9]+')": "true",
    "regex('Hello World', /data/a)": "true",
    "regex('x', concat('(', ''))": "false",
    "checklist(0, 0)": "true",
    "checklist(/data/c, 2, true())": "false",
    "weighted-checklist(1, 6, /data/r/n, /data/r/n)": "true",
    "weighted-checklist(7, 9, /data/r/n, /data/r/n)": "false",
    # numbers
    "number(/data/t)": "20485",
    "number('2026-02-01T12:00:00')": "20485.5",
    "number(true())": "1",
    "int('')": "NaN",
    "int(/data/t)": "20485",
    "sum('')": "0",
    "sum(/data/r[n > 7]/n)": "0",
    "max('', 'x')": "NaN",
    "min(/data/t, 30000)": "20485",
    "round('')": "NaN",
    "round('14.29123456789', 4)": "14.2912",
    "round('12345.12345', -2)": "12300",
    "pow(4, 0.5)": "2",
    "pow('', 2)": "NaN",
    "log(1)": "0",
    "log(0)": "-Infinity",
    "log(-1)": "NaN",
    "log10(0)": "-Infinity",
    "log10('')": "NaN",
    "abs('')": "NaN",
    "sin(0)": "0",
    "cos(0)": "1",
    "tan('x')": "NaN",
    "asin(2)": "NaN",
    "acos(1)": "0",
    "atan(0)": "0",
    "atan2(0, 1)": "0",
    "sqrt('')": "NaN",
    "exp(0)": "1",
    "exp(10000)": "Infinity",
    "exp(-10000)": "0",
    "exp10(400)": "Infinity",
    "exp10(2)": "100",
    "0.1 + 0.2 = 0.3": "true",
    "6.1 - 7.8 = -1.7": "true",
    # nodes
    "count(/data/r[n > 7])": "0",
    "count-non-empty(/data/r[n > 1]/n)": "2",
    "join(' ', randomize(/data/r/n, 42))": "1 2 3",
    "join(' ', randomize(/data/r/n, ''))": "3 2 1",
    "count(randomize(/data/r))": "3",
    "(/data/r/n)[2]": "2",
    "(/data/r/n | /data/i)[last()]": "5",
    "name(/data/r/n)": "n",
    "local-name(/data/r[n > 7])": "",
    "/data/r[n > 7]/n = ''": "true",
    "/data/@version": "1",
    "/data/@nothing": "",
    "/data/a/text()": "Hello World",
    "count(/data/descendant-or-self::r)": "3",
    # dates
    "date('')": "",
    "date(/data/m)": "2026-02-01",
    "date(6.5)": "1970-01-07",
    "date(true())": "1970-01-02",
    "format-date('', '%Y')": "",
    "format-date('soon', '%Y')": "",
    "format-date(0, '%Y-%m-%d')": "1970-01-01",
    "format-date-time('14:05:09.250+02:00', '%H:%M:%S.%3')": "14:05:09.250",
    "format-date(/data/t, '')": "",
    "decimal-date-time('')": "NaN",
    "decimal-date-time('1970-01-02T00:00:00Z')": "1",
    "decimal-date-time('2018-04-24T15:30:00.000+06:00')": "17645.395833333332",
    "decimal-date-time(2.5)": "2.5",
    "decimal-time('')": "NaN",
    "decimal-time(1.25)": "0.25",
    "decimal-time('06:00:00.000Z')": "0.25",
    # choices
    "selected('', '')": "true",
    "selected(/data/c, '')": "true",
    "selected(/data/s, '')": "false",
    "selected(12, '12')": "true",
    "selected-at('', 0)": "",
    "selected-at(/data/s, 'x')": "",
    "count-selected('')": "0",
    "jr:choice-name('', '/data/s')": "",
    "jr:choice-name(/data/c, '/data/s')": "",
    # entries
    "indexed-repeat(/data/r/n, /data/r, 'x')": "1",
    # places
    f"round(distance({TRACE}) div 1000)": "1090",
    f"area({SQUARE}) > 12000000000": "true",
    f"area({SQUARE}) = enclosed-area({SQUARE})": "true",
    "area('')": "NaN",
    "area('1 1')": "NaN",
    "area('1 1;2 2')": "0",
    "distance('')": "NaN",
    "distance('91 0;0 0')": "NaN",
    "distance('0 0', '0 1') = distance('0 0;0 1')": "true",
    "distance(/data/t)": "NaN",
    f"geofence('0.5 0.5 0 0', {SQUARE})": "true",
    f"geofence('0.5 1', {SQUARE})": "true",
    f"geofence('0.5 1.01', {SQUARE})": "false",
    f"geofence('', {SQUARE})": "false",
    "geofence('0 0', '')": "false",
    f"intersects({BOW})": "true",
    f"intersects({SQUARE})": "false",
    "intersects('')": "false",
}


def test_the_list_of_functions_is_that_of_the_specification():
    assert [name for name in SPECIFIED if name not in FUNCTIONS] == []


@pytest.mark.parametrize(("expression", "wanted"), EXPRESSIONS.items())
def test_function(expression, wanted):
    assert calculating(expression, ANSWERS) == wanted


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_takes_empty_answers_and_the_wrong_number_of_arguments(name):
    """With answers that are not there a function gives something; with too many arguments the form is refused."""
    known = FUNCTIONS[name]
    if name not in ("instance", "jr:itext", "jr:choice-name", "pulldata", "indexed-repeat", "position", "current"):
        for count in range(max(known.least, min(known.most, 1)), min(known.most, known.least + 2) + 1):
            arguments = ", ".join(["/data/c"] * count)
            if not (name == "weighted-checklist" and count % 2):
                calculating(f"string({name}({arguments}))", {})
    too_many = ", ".join(["1"] * (known.most + 1))
    made = xform("<q/>", f'<bind nodeset="/data/q" calculate="{name}({too_many})"/>')
    assert refused(parse_form, made) in ("E_FORM_EXPRESSION", "E_FORM_REFERENCE")


def test_once_keeps_its_first_value():
    session = by_hand(
        "<a/><q/>", '<bind nodeset="/data/q" calculate="once(concat(../a, random()))"/>', '<input ref="/data/a"/>'
    )
    first = session.value(("q",))
    session.set(("a",), "x")
    assert session.value(("q",)) == first


def test_a_signed_text_is_taken_out_by_the_verifier_of_the_caller():
    from schemas.session import Session
    from tests.helpers.xforms import noon

    key, message = b"k" * 32, "Підписано".encode()
    signed = base64.b64encode(b"s" * 64 + message).decode()
    form = parse_form(
        xform(
            "<a/><q/>",
            '<bind nodeset="/data/q" calculate="extract-signed(/data/a, \'a2tra2s\')"/>',
            '<input ref="/data/a"/>',
        )
    )
    asked = []

    def verify(public: bytes, signature: bytes, text: bytes) -> bool:
        asked.append((public, signature))
        return text == message

    session = Session(form, clock=noon, verify=verify)
    session.set(("a",), signed)
    assert session.value(("q",)) == "Підписано"
    assert asked == [(b"kkkkk", b"s" * 64)]
    session.set(("a",), base64.b64encode(b"s" * 64 + b"other").decode())
    assert session.value(("q",)) is None
    nobody = Session(form, clock=noon)
    nobody.set(("a",), signed)
    assert nobody.value(("q",)) is None
    assert key not in {each for each, _ in asked}


def test_the_order_of_a_shuffle_is_that_of_the_specification():
    """The table of the reference implementation for six nodes."""
    from schemas.xpath.functions_nodes import shuffled

    wanted = {42: "AFCBDE", -42: "EDAFBC", 1: "BFEACD", 11111111: "ACDBFE", 1.1: "BFEACD", 0: "CBEAFD",
              float("nan"): "CBEAFD"}  # fmt: skip
    assert {seed: "".join(shuffled(list("ABCDEF"), seed)) for seed in wanted} == wanted


def test_sibling_entries_are_those_before_and_after_the_own_one():
    session = by_hand(
        "<r><n/><before/><after/><last/></r>",
        """<bind nodeset="/data/r" svidok:start="0"/><bind nodeset="/data/r/n" type="int"/>
        <bind nodeset="/data/r/before" calculate="join(',', ../preceding-sibling::r/n)"/>
        <bind nodeset="/data/r/after" calculate="join(',', ../following-sibling::r/n)"/>
        <bind nodeset="/data/r/last" calculate="../preceding-sibling::r[1]/n"/>""",
        '<group ref="/data/r"><repeat nodeset="/data/r"><input ref="/data/r/n"/></repeat></group>',
    )
    for number in (1, 2, 3):
        path, _ = session.add(("r",))
        session.set((*path, "n"), number)
    found = [tuple(session.value((("r", entry), name)) for name in ("before", "after", "last")) for entry in (1, 2, 3)]
    assert found == [(None, "2,3", None), ("1", "3", "1"), ("1,2", None, "2")]
    session.remove((("r", 2),))
    assert session.value((("r", 3), "before")) == "1"
