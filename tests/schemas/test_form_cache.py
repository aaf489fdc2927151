"""A cache of a compiled form gives the same form, and nothing in it can do harm."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.canonical import dump
from schemas.form_cache import load_form, read_cache, save_form
from schemas.problems import Problem
from schemas.session import Session
from tests.helpers.xforms import noon, xform
from tests.schemas.test_session_properties import act, forms, picture

XML = xform(
    "<a/><b/><c/><r><n/></r>",
    """<bind nodeset="/data/b"
    calculate="if(count(/data/r[n &gt; -1][1]) + 0.5 = 1.5 or /data/a != 'ü|', 1, (//n)[2])"/>
    <bind nodeset="/data/r" svidok:start="0" relevant="not((/data/a | /data/c)[1] = 'x')"/>""",
    '<input ref="/data/a"/><group ref="/data/r"><repeat nodeset="/data/r"><input ref="/data/r/n"/></repeat></group>',
)


def test_a_cached_form_needs_no_parser_and_is_the_same():
    cache = save_form(XML)
    assert cache == save_form(XML)
    assert read_cache(XML, cache)
    code = (
        "import sys\nfrom schemas.form_cache import load_form\n"
        f"form = load_form({XML!r}, {cache!r})\n"
        "assert len(form.questions) == 4\nassert 'elementpath' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)


@settings(max_examples=40, deadline=None)
@given(forms(), st.data())
def test_sessions_on_a_cached_form_are_the_same(xml, data):
    cached, fresh = load_form(xml, save_form(xml)), load_form(xml, None)
    first, second = Session(cached, clock=noon), Session(fresh, clock=noon)
    for _ in range(3):
        act(data, first)
    second.restore(first.entries(), first.kept())
    plain = {path: state[1] for path, state in picture(first).items()}
    assert plain == {path: state[1] for path, state in picture(second).items()}


def test_a_cache_of_another_form_or_version_is_none():
    cache = save_form(XML)
    other = XML.replace(b"Test", b"Rest")
    assert read_cache(other, cache) == {}
    assert load_form(other, cache).title == "Rest"
    assert read_cache(XML, dump({"v": 3, "by": "", "form": b"", "trees": {}})) == {}


@pytest.mark.parametrize("cache", [b"", b"\x80", b"\xc1" * 50, dump([1]), dump({"v": 1}), dump({"v": 1, "trees": 5})])
def test_what_is_no_cache_is_passed_over(cache):
    assert read_cache(XML, cache) == {}
    assert load_form(XML, cache).id == "test"


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_cache_gives_a_form_or_a_problem(data):
    cache = bytearray(save_form(XML))
    for _ in range(data.draw(st.integers(1, 4))):
        cache[data.draw(st.integers(0, len(cache) - 1))] = data.draw(st.integers(0, 255))
    code = ""
    try:
        Session(load_form(XML, bytes(cache)), clock=noon)
    except Problem as problem:
        code = problem.code
    assert not code or code.startswith("E_FORM_")


def test_a_chain_of_operators_that_do_not_belong_together_is_no_cache():
    written = save_form(XML)
    plus = written.count(b"c\x1f+")
    assert plus
    for operator in (b"#", b"!", b"<"):
        broken = written.replace(b"c\x1f+", b"c\x1f" + operator)
        assert (read_cache(XML, broken) == {}) == (operator != b"<")
        Session(load_form(XML, broken), clock=noon)
