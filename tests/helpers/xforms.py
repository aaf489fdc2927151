"""XForms for tests of the form engine: from a markdown table by way of pyxform, or put together by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from textwrap import dedent

import pytest

from schemas.problems import Problem
from schemas.session import Session
from schemas.xform import Form, parse_form
from schemas.xlsform import to_xform

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def noon() -> datetime:
    """A clock that stands still."""
    return NOON


def from_markdown(table: str) -> Form:
    """The form that a markdown XLSForm describes."""
    return parse_form(to_xform(dedent(table).encode(), ".md").xml)


def session_of(table: str, **options: object) -> Session:
    """A session on the form that a markdown XLSForm describes."""
    return Session(from_markdown(table), clock=noon, **options)  # type: ignore[arg-type]  # options of Session


def xform(instance: str, binds: str = "", body: str = "", *, model: str = "", itext: str = "") -> bytes:
    """An XForm around a primary instance (`<data>…</data>` with its content given)."""
    return f"""<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa" xmlns:odk="http://www.opendatakit.org/xforms"
 xmlns:svidok="urn:svidok:form:1"><h:head><h:title>Test</h:title><model>{itext}
<instance><data id="test" version="1">{instance}</data></instance>{model}{binds}</model></h:head>
<h:body>{body}</h:body></h:html>""".encode()


def by_hand(instance: str, binds: str = "", body: str = "", **parts: str) -> Session:
    """A session on an XForm put together by hand."""
    return Session(parse_form(xform(instance, binds, body, **parts)), clock=noon)


def calculating(expression: str, answers: Mapping[str, object] | None = None, kind: str = "string") -> object:
    """What an expression gives.

    It stands beside the text questions a, b, c, the integers i, j, the decimal d, the date t, the
    dateTime m, the select_multiple s (codes x y z) and the repeat r with text q, integer n (three entries: 1, 2, 3)."""
    escaped = expression.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    session = by_hand(
        "<a/><b/><c/><i/><j/><d/><t/><m/><s/><r><q/><n/></r><result/>",
        f"""<bind nodeset="/data/i" type="int"/><bind nodeset="/data/j" type="int"/>
        <bind nodeset="/data/d" type="decimal"/>
        <bind nodeset="/data/t" type="date"/><bind nodeset="/data/m" type="dateTime"/>
        <bind nodeset="/data/r/n" type="int"/><bind nodeset="/data/r" svidok:start="0"/>
        <bind nodeset="/data/result" type="{kind}" calculate="{escaped}"/>""",
        """<input ref="/data/a"/><input ref="/data/b"/><input ref="/data/c"/><input ref="/data/i"/>
        <input ref="/data/j"/>
        <input ref="/data/d"/><input ref="/data/t"/><input ref="/data/m"/>
        <select ref="/data/s"><item><label>X-ray</label><value>x</value></item>
        <item><label>Y</label><value>y</value></item>
        <item><label>Z</label><value>z</value></item></select>
        <group ref="/data/r"><repeat nodeset="/data/r"><input ref="/data/r/q"/><input ref="/data/r/n"/></repeat>
        </group>""",
    )
    for number in (1, 2, 3):
        path, _ = session.add(("r",))
        session.set((*path, "n"), number)
    for name, value in (answers or {}).items():
        session.set((name,), value)  # type: ignore[arg-type]  # values of the test
    return session.value(("result",)) or ""


def issues(session: Session) -> list[tuple[object, str, str]]:
    """What stands against the answers: name of the question, kind, code."""
    return [(issue.path[-1], issue.kind, issue.code) for issue in session.validity()]


def refused(action: Callable[..., object], *arguments: object) -> str:
    """The code of the problem that an action raises."""
    with pytest.raises(Problem) as caught:
        action(*arguments)
    return caught.value.code
