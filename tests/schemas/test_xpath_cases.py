"""Every function with a number, nothing, a word and a date: none of them fails, and each gives what ODK gives."""

from __future__ import annotations

import pytest

from schemas.xpath.evaluate import evaluate
from schemas.xpath.functions import FUNCTIONS
from tests.helpers.xforms import noon

INSTANCE = b"<data><number>3</number><nothing/><word>word</word><date>2026-02-01</date></data>"
ARGUMENTS = ("/data/number", "/data/nothing", "/data/word", "/data/date")
CASES = {
    "abs({})": (3, "NaN", "NaN", 20485),
    "int({})": (3, "NaN", "NaN", 20485),
    "floor({} + 0.5)": (3, "NaN", "NaN", 20485),
    "ceiling({} - 0.5)": (3, "NaN", "NaN", 20485),
    "round({} * 1.5)": (5, "NaN", "NaN", 30728),
    "number({})": (3, "NaN", "NaN", 20485),
    "sqrt({} + 1)": (2, "NaN", "NaN", 143.12931216211445),
    "pow({}, 2)": (9, "NaN", "NaN", 419635225),
    "exp({} - 3)": (1, "NaN", "NaN", "Infinity"),
    "exp10({} - 2)": (10, "NaN", "NaN", "Infinity"),
    "log({} - 2)": (0, "NaN", "NaN", 9.927350552800656),
    "log10({} - 2)": (0, "NaN", "NaN", 4.311393565000522),
    "sin({} - 3)": (0, "NaN", "NaN", -0.9261605585478784),
    "cos({} - 3)": (1, "NaN", "NaN", 0.3771294469943734),
    "tan({} - 3)": (0, "NaN", "NaN", -2.4558160756979985),
    "asin({} - 3)": (0, "NaN", "NaN", "NaN"),
    "acos({} - 2)": (0, "NaN", "NaN", "NaN"),
    "atan({} - 3)": (0, "NaN", "NaN", 1.5707475034378413),
    "atan2({} - 3, 1)": (0, "NaN", "NaN", 1.5707475034378413),
    "sum({})": (3, 0, 0, 20485),
    "min({}, 5)": (3, 5, 5, 5),
    "max({}, 2)": (3, 2, 2, 20485),
    "string({})": ("3", "", "word", "2026-02-01"),
    "concat({}, '!')": ("3!", "!", "word!", "2026-02-01!"),
    "join('-', {}, 'z')": ("3-z", "-z", "word-z", "2026-02-01-z"),
    "substr({}, 0, 2)": ("3", "", "wo", "20"),
    "substring({}, 2)": ("", "", "ord", "026-02-01"),
    "substring-before({}, 'd')": ("", "", "wor", ""),
    "substring-after({}, '-')": ("", "", "", "02-01"),
    "translate({}, 'o3-', '0x')": ("x", "", "w0rd", "20260201"),
    "string-length({})": (1, 0, 4, 10),
    "normalize-space(concat(' ', {}, ' '))": ("3", "", "word", "2026-02-01"),
    "contains({}, 'or')": (False, False, True, False),
    "starts-with({}, '2')": (False, False, False, True),
    "ends-with({}, '1')": (False, False, False, True),
    "coalesce({}, 'none')": ("3", "none", "word", "2026-02-01"),
    "digest({}, 'MD5', 'hex')": (
        "eccbc87e4b5ce2fe28308fd9f2a7baf3",
        "d41d8cd98f00b204e9800998ecf8427e",
        "c47d187067c6cf953245f128b5fde62a",
        "1b17b86a851e28de6b5055986e958758",
    ),
    "base64-decode({})": ("", "", "", ""),
    "extract-signed({}, 'AAAA')": ("", "", "", ""),
    "boolean({})": (True, False, True, True),
    "not({})": (False, True, False, False),
    "boolean-from-string({})": (False, False, False, False),
    "if({}, 'yes', 'no')": ("yes", "no", "yes", "yes"),
    "regex({}, '[0-9]+')": (True, False, False, False),
    "checklist(1, 1, {})": (True, False, True, True),
    "weighted-checklist(3, 3, {}, 3)": (True, False, True, True),
    "selected({}, 'word')": (False, False, True, False),
    "is-selected({}, '3')": (True, False, False, False),
    "selected-at({}, 0)": ("3", "", "word", "2026-02-01"),
    "count-selected({})": (1, 0, 1, 1),
    "jr:choice-name({}, '/data/w')": ("3", "", "word", "2026-02-01"),
    "date({})": ("1970-01-04", "", "", "2026-02-01"),
    "substr(date-time({}), 0, 19)": ("1970-01-04T00:00:00", "", "", "2026-02-01T00:00:00"),
    "format-date({}, '%d.%m.%y')": ("04.01.70", "", "", "01.02.26"),
    "format-date-time({}, '%H:%M')": ("00:00", "", "", "00:00"),
    "decimal-date-time({})": (3, "NaN", "NaN", 20485),
    "decimal-time({})": ("NaN", "NaN", "NaN", 0),
    "count({})": (1, 1, 1, 1),
    "count-non-empty({})": (1, 0, 1, 1),
    "name({})": ("number", "nothing", "word", "date"),
    "local-name({})": ("number", "nothing", "word", "date"),
    "position({})": (1, 1, 1, 1),
    "count(randomize({}, {}))": (1, 1, 1, 1),
    "count(indexed-repeat({}, /data, 1))": (1, 1, 1, 1),
    "string-length(once({})) > 0": (True, True, True, True),
    "area({})": ("NaN", "NaN", "NaN", "NaN"),
    "enclosed-area({})": ("NaN", "NaN", "NaN", "NaN"),
    "distance({})": ("NaN", "NaN", "NaN", "NaN"),
    "geofence({}, '0 0;0 9;9 9')": (False, False, False, False),
    "intersects({})": (False, False, False, False),
}
WITHOUT_ARGUMENT = {"current", "false", "last", "now", "pi", "random", "today", "true", "uuid"}
IN_QUOTES = {"instance", "jr:itext", "pulldata"}
"""Functions whose arguments name a table or a text of the form: what is none is refused."""


def values(expressions: list[str]) -> list[object]:
    found = evaluate(INSTANCE, expressions, clock=noon)
    return [each.get("value", each.get("problem")) for each in found]


@pytest.mark.parametrize(("template", "wanted"), CASES.items(), ids=CASES)
def test_function(template, wanted):
    found = values([template.replace("{}", argument) for argument in ARGUMENTS])
    assert found == [pytest.approx(each) if isinstance(each, float) else each for each in wanted]


def test_no_function_is_forgotten():
    called = {name for name in FUNCTIONS if any(f"{name}(" in template for template in CASES)}
    assert called | WITHOUT_ARGUMENT | IN_QUOTES == set(FUNCTIONS)
    for name in IN_QUOTES:
        count = FUNCTIONS[name].least
        assert (
            values([f"{name}({', '.join([argument] * count)})" for argument in ARGUMENTS]) == ["E_FORM_EXPRESSION"] * 4
        )


def test_functions_without_argument():
    found = dict(zip(sorted(WITHOUT_ARGUMENT), values([f"{name}()" for name in sorted(WITHOUT_ARGUMENT)]), strict=True))
    assert (found["true"], found["false"], found["last"]) == (True, False, 1)
    assert (found["today"], str(found["now"])[:16]) == ("2026-03-01", "2026-03-01T12:00")
    assert found["pi"] == pytest.approx(3.14159265)
    assert isinstance(found["random"], float)
    assert 0 <= found["random"] < 1
    assert len(str(found["uuid"])) == 36
