"""Forms made to do harm: they are refused with a coded problem, or they run within bounds."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import session_engine
from schemas.problems import Problem
from schemas.session import Session
from schemas.xform import examine, parse_form
from tests.helpers.xforms import by_hand, noon, refused, xform

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><h:html xmlns:h="http://www.w3.org/1999/xhtml">&c;</h:html>"""
OUTSIDE = b"""<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><html>&e;</html>"""


@pytest.mark.parametrize(
    "data",
    [LAUGHS, OUTSIDE, LAUGHS.decode().encode("utf-16"), b"<!ENTITY x 'y'>", b"<a>&undefined;</a>", b"", b"\x00" * 50],
)
def test_entities_and_broken_bytes_are_refused(data):
    assert refused(parse_form, data) == "E_FORM_XML"


def test_a_form_that_is_too_large_is_refused():
    assert refused(parse_form, b"<a>" + b" " * (17 * 1024 * 1024) + b"</a>") == "E_FORM_XML"


def nested(depth: int) -> bytes:
    instance = "".join(f"<g{i}>" for i in range(depth)) + "<q/>" + "".join(f"</g{i}>" for i in reversed(range(depth)))
    refs = ["/data" + "".join(f"/g{j}" for j in range(i + 1)) for i in range(depth)]
    body = "".join(f'<group ref="{ref}">' for ref in refs) + f'<input ref="{refs[-1]}/q"/>' + "</group>" * depth
    binds = "".join(f'<bind nodeset="{ref}" relevant="true()"/>' for ref in refs)
    return xform(instance, binds, body)


def test_groups_may_be_nested_deep_and_not_without_end():
    session = Session(parse_form(nested(60)), clock=noon)
    path = (*(f"g{i}" for i in range(60)), "q")
    session.set(path, "x")
    assert session.value(path) == "x"
    assert len(session.walk()) == 61
    for depth in (200, 3_000):
        assert refused(parse_form, nested(depth)) == "E_FORM_XML"


def test_ten_thousand_questions_run():
    count = 10_000
    form = parse_form(
        xform(
            "".join(f"<q{i}/>" for i in range(count)),
            "".join(f"<bind nodeset='/data/q{i}' relevant='/data/q{i - 1} != \"no\"'/>" for i in range(1, count)),
            "".join(f'<input ref="/data/q{i}"/>' for i in range(count)),
        )
    )
    session = Session(form, clock=noon)
    assert len(session.walk()) == count
    assert session.set(("q9998",), "no") == {("q9998",), ("q9999",)}
    assert not session.node(("q9999",)).relevant


def test_a_chain_of_ten_thousand_calculations_runs():
    count = 10_000
    binds = "".join(f'<bind nodeset="/data/q{i}" calculate="/data/q{i - 1} + 1"/>' for i in range(1, count))
    session = by_hand("".join(f"<q{i}/>" for i in range(count)), binds, '<input ref="/data/q0"/>')
    session.set(("q0",), "1")
    assert session.value((f"q{count - 1}",)) == str(count)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*)*b", "(a|a)*c", "a{1,3000}a{1,3000}"])
def test_no_pattern_takes_longer_than_the_text(pattern):
    made = xform("<a/>", f"<bind nodeset='/data/a' constraint=\"regex(., '{pattern}')\"/>", '<input ref="/data/a"/>')
    found = examine(made)
    if found.form is None:
        assert [each.code for each in found.problems] == ["E_FORM_EXPRESSION"]
        return
    session = Session(found.form, clock=noon)
    session.set(("a",), "a" * 3_000 + "!")
    assert session.node(("a",)).problem


def test_a_pattern_that_an_answer_makes_is_matched_in_the_same_way():
    session = by_hand(
        "<a/><b/>", '<bind nodeset="/data/b" calculate="regex(/data/a, /data/a)"/>', '<input ref="/data/a"/>'
    )
    for text, wanted in (("(a+)+$" + "a" * 400, "false"), ("(", "false"), ("abc", "true"), ("a" * 2_000, "false")):
        session.set(("a",), text)
        assert session.value(("b",)) == wanted


def test_texts_that_double_do_not_fill_the_memory():
    count = 40
    binds = "".join(
        f'<bind nodeset="/data/q{i}" calculate="concat(/data/q{i - 1}, /data/q{i - 1})"/>' for i in range(1, count)
    )
    session = by_hand("".join(f"<q{i}/>" for i in range(count)), binds, '<input ref="/data/q0"/>')
    session.set(("q0",), "x" * 1_000)
    assert max(len(str(value)) for _, value, _ in session.answers()) <= 1_000_000


def test_labels_that_show_each_other_without_end_are_a_problem():
    body = """<select1 ref="/data/a"><item><label>X <output value="jr:choice-name('x', '/data/a')"/></label>
        <value>x</value></item></select1>"""
    session = by_hand("<a/>", "", body)
    assert refused(session.node, ("a",)) == "E_FORM_LIMIT"
    loop = """<itext><translation lang="en"><text id="t"><value>T <output value="jr:itext('t')"/></value></text>
        </translation></itext>"""
    made = xform("<a/>", "", """<input ref="/data/a"><label ref="jr:itext('t')"/></input>""", itext=loop)
    assert refused(parse_form, made) == "E_FORM_EXPRESSION"


def test_deep_expressions_run_or_are_refused():
    for depth in (20, 90, 100, 101, 5_000):
        for shape in ("not({})", "({})", "if({}, 1, 0)", "1 + ({})", "concat({}, 'x')", "-{}"):
            source = "1"
            for _ in range(depth):
                source = shape.format(source)
                if len(source) > 40_000:
                    break
            found = examine(xform("<a/>", f'<bind nodeset="/data/a" calculate="{source}"/>'))
            if found.form is None:
                assert {each.code for each in found.problems} == {"E_FORM_EXPRESSION"}
            else:
                Session(found.form, clock=noon)


def test_a_circle_of_actions_ends():
    session = by_hand(
        "<a/><b/>",
        "",
        """<input ref="/data/a"><setvalue event="xforms-value-changed" ref="/data/b" value="/data/a + 1"/></input>
        <input ref="/data/b"><setvalue event="xforms-value-changed" ref="/data/a" value="/data/b + 1"/></input>""",
    )
    session.set(("a",), "1")
    assert int(str(session.value(("a",)))) < 200


def test_a_count_of_entries_has_a_bound():
    body = '<group ref="/data/r"><repeat nodeset="/data/r" jr:count="/data/n"><input ref="/data/r/q"/></repeat></group>'
    session = by_hand("<n/><r><q/></r>", '<bind nodeset="/data/n" type="int"/>', '<input ref="/data/n"/>' + body)
    session.set(("n",), 999_999_999)
    assert session.node(("r",)).count == 1_000


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="<>/=\"' abcdq[]()&;:*|!?-\n", max_size=200), st.integers(0, 3))
def test_any_bytes_and_any_part_of_a_form_give_a_problem_or_a_form(text, place):
    parts = ["<a/>", '<bind nodeset="/data/a"/>', '<input ref="/data/a"/>', ""]
    parts[place] += text
    found = examine(xform(parts[0], parts[1], parts[2], model=parts[3]))
    assert (found.form is None) == bool(found.problems)
    assert all(isinstance(each, Problem) and each.code.startswith("E_FORM_") for each in found.problems)


def heavy(count: int) -> Session:
    """Many calculations over 100 entries, each of them within its own bound, as soon as the answer `a` is x."""
    walk = "if(/data/a = 'x', count(/data/r[count(/data/r[n &gt; 0 and position() &gt; 0]) &gt; 0]), 0)"
    binds = "".join(f'<bind nodeset="/data/q{i}" calculate="{walk}"/>' for i in range(count))
    session = by_hand(
        "<a/><r><n/></r>" + "".join(f"<q{i}/>" for i in range(count)),
        '<bind nodeset="/data/r" svidok:start="0"/>' + binds,
        """<input ref="/data/a"/><group ref="/data/r"><repeat nodeset="/data/r"><input ref="/data/r/n"/></repeat>
        </group>""",
    )
    for _ in range(100):
        session.set((*session.add(("r",))[0], "n"), "1")
    return session


def test_all_that_one_answer_sets_off_has_a_bound_and_nothing_is_changed_by_what_exceeds_it(monkeypatch):
    session = heavy(40)
    before, shown = session.answers(), session.walk()
    monkeypatch.setattr(session_engine, "MAX_SECONDS", 0.02)
    for action in (lambda: session.set(("a",), "x"), lambda: session.set(("a",), "x")):
        assert refused(action) == "E_FORM_LIMIT"
        assert (session.answers(), session.walk()) == (before, shown)
    assert session.set(("a",), "y") == {("a",)}
    monkeypatch.undo()
    session.set(("a",), "x")
    assert session.value(("q39",)) == "100"


def test_a_draft_that_many_answers_wrote_opens_again(monkeypatch):
    """Opening has a bound of its own: what one answer may cost is nothing for what a hundred wrote."""
    session = heavy(40)
    session.set(("a",), "x")
    again = Session(session.form, clock=noon)
    monkeypatch.setattr(session_engine, "MAX_SECONDS", 0.02)
    again.restore(session.entries(), session.kept())
    assert again.answers() == session.answers()
    monkeypatch.setattr(session_engine, "MAX_SECONDS_WHOLE", 0.02)
    other = Session(session.form, clock=noon)
    with pytest.raises(Problem, match="E_FORM_LIMIT"):
        other.restore(session.entries(), session.kept())


def test_a_pattern_with_more_states_than_anyone_can_remember_stops():
    """Every place of such a text gives states that were never seen: what is remembered of the others does not help."""
    pattern = "(a|b)*a(a|b){300}"
    session = by_hand(
        "<a/><b/>", f'<bind nodeset="/data/b" calculate="regex(/data/a, \'{pattern}\')"/>', '<input ref="/data/a"/>'
    )
    session.set(("a",), "ba" * 400)
    assert session.value(("b",)) == "true"
    chance = random.Random(1)
    assert refused(session.set, ("a",), "".join(chance.choices("ab", k=50_000))) == "E_FORM_LIMIT"
    assert session.value(("a",)) == "ba" * 400
