"""No expression of a form raises anything but a coded problem: when the form loads, and whatever is answered then."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas.problems import Problem
from schemas.session import Session
from schemas.xform import Form, examine
from schemas.xform_model import Repeat
from schemas.xpath.functions import FUNCTIONS
from tests.helpers.xforms import noon, xform

LIST = """<instance id="l"><root><item><name>x</name><label>X</label><f>1</f></item>
<item><name>y</name><label/><f>2026-01-01</f></item></root></instance>"""
PLACES = (
    "relevant",
    "required",
    "readonly",
    "constraint",
    "calculate",
    "count",
    "output",
    "filter",
    "default",
    "trigger",
)

VALUES = [
    "''", "'x'", "0", "-1.5", "1 div 0", "-1 div 0", "0 div 0", "'2026-02-30'", "'2026-02-28T25:00:00'", "true()",
    "'9999-12-31'", "1000000000000", "'50.1 30.2;1'", "'%'", "'%Q%'", "' '", "'a b'", "-0", "'0001-01-01'", "/data/a",
    "/data/i", "/data/d", "/data/r/n", "../a", ".", "..", "/data/r", "/data/r[1]/n", "instance('l')/root/item",
    "instance('l')/root/item[name = current()/../a]/label", "current()/../i", "/data/r[n > 1]/n", "'/data/s'", "'l'",
    "/data", "position(..)", "today()", "now()", "'\u202e'", "'99999999999999999999999'", "'12:30'", "9" * 400,
]  # fmt: skip
ANSWERS = st.sampled_from(
    [
        "",
        "x",
        "-",
        "0",
        "2026-02-30",
        "0001-01-01",
        "9999-12-31T23:59:59+14:00",
        "99999",
        "1e5",
        "a b",
        "%",
        "(",
        "\u202e",
        "50 30",
    ]
)


@st.composite
def calls(draw: st.DrawFn, depth: int = 0) -> str:
    """A value, a call of a function that there is, an operation on two of them, or a path with a predicate."""
    kind = draw(st.integers(0, 7 if depth < 3 else 2))
    if kind < 3:
        return draw(st.sampled_from(VALUES))
    if kind < 6:
        name = draw(st.sampled_from(sorted(FUNCTIONS)))
        known = FUNCTIONS[name]
        count = draw(st.integers(known.least, min(known.most, known.least + 2)))
        return f"{name}({', '.join(draw(calls(depth + 1)) for _ in range(count))})"
    if kind == 6:
        operator = draw(st.sampled_from(["+", "-", "*", "div", "mod", "=", "!=", "<", ">=", "and", "or", "|"]))
        return f"{draw(calls(depth + 1))} {operator} {draw(calls(depth + 1))}"
    axis = draw(st.sampled_from(["", "ancestor::", "preceding-sibling::", "descendant::", "self::", "@", "//"]))
    return f"/data/r[{draw(calls(depth + 1))}]/{axis.strip('/')}{draw(st.sampled_from(['n', '*', 'q', 'node()']))}"


def form_with(place: str, expression: str) -> bytes:
    """A form with questions of several types, a repeat and a table, and the expression in one place of it."""
    source = expression.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    at = dict.fromkeys(PLACES, "") | {place: source}
    bind = "".join(f' {name}="{at[name]}"' for name in PLACES[:5] if at[name])
    output = f'<output value="{at["output"]}"/>' if at["output"] else ""
    count = f' jr:count="{at["count"]}"' if at["count"] else ""
    default = (
        f'<setvalue event="odk-instance-first-load" ref="/data/q" value="{at["default"]}"/>' if at["default"] else ""
    )
    trigger = f'<setvalue event="xforms-value-changed" ref="/data/q" value="{at["trigger"]}"/>' if at["trigger"] else ""
    rule = f"[{at['filter']}]" if at["filter"] else ""
    return xform(
        "<a/><i/><d/><s/><r><n/><q/></r><q/>",
        f"""<bind nodeset="/data/i" type="int"/><bind nodeset="/data/d" type="date"/>
        <bind nodeset="/data/r/n" type="int"/>
        <bind nodeset="/data/q"{bind}/><bind nodeset="/data/r/q"{bind}/>{default}""",
        f"""<input ref="/data/a"><label>A {output}</label>{trigger}</input><input ref="/data/i"/><input ref="/data/d"/>
        <select ref="/data/s"><itemset nodeset="instance('l')/root/item{rule}"><value ref="name"/><label ref="label"/>
        </itemset></select>
        <group ref="/data/r"><label>R {output}</label><repeat nodeset="/data/r"{count}><input ref="/data/r/n"/>
        <input ref="/data/r/q"><label>{output}</label></input></repeat></group><input ref="/data/q"/>""",
        model=LIST,
    )


def answered(form: Form, answers: list[str]) -> None:
    """Gives answers, entries and languages; a coded problem refuses what it refuses and nothing more."""
    session = Session(form, clock=noon)
    for answer in answers:
        for path in (("a",), ("q",), ("d",), ("s",), (("r", 1), "q")):
            with suppress(Problem):
                session.set(path, answer)
    for number in (3, -7):
        with suppress(Problem):
            session.set(("i",), number)
        with suppress(Problem):
            session.set((("r", 1), "n"), number)
    with suppress(Problem):
        session.set(("s",), ("x", "y"))
    repeat = form.nodes["/data/r"]
    if isinstance(repeat, Repeat):
        with suppress(Problem):
            session.add(("r",))
        with suppress(Problem):
            session.remove((("r", 1),))
    with suppress(Problem):
        session.finish()
    with suppress(Problem):
        session.walk()
    session.validity()
    session.to_nested()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calls(), st.sampled_from(PLACES), st.lists(ANSWERS, max_size=3))
@example("once('')", "count", [])
@example("../a", "filter", [])
def test_no_expression_raises_anything_but_a_coded_problem(expression, place, answers):
    found = examine(form_with(place, expression))
    assert (found.form is None) == bool(found.problems)
    assert all(each.code.startswith("E_FORM_") and each.what for each in found.problems)
    if found.form is not None:
        with suppress(Problem):
            answered(found.form, answers)
