"""What must hold for every form: a part recalculated is as good as the whole, and `Changes` is exact."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.session import Session
from schemas.xform import parse_form
from tests.helpers.xforms import noon, xform


@dataclass
class Grown:
    """A random form as it grows: what can be looked at so far, and the XML made."""

    binds: list[str] = field(default_factory=list)
    names: list[tuple[str, str, bool]] = field(default_factory=list)  # name, ref, stands in the repeat
    count: int = 0


def reference(draw, grown: Grown, inside: bool) -> str:
    """A path to an earlier question: of the same entry, of the form, or over all entries."""
    name, ref, repeated = draw(st.sampled_from(grown.names))
    if repeated and inside:
        way = draw(st.sampled_from(("own", "absolute", "sum", "indexed", "filtered")))
        if way == "own":
            return f"../{name}"
        if way == "indexed":
            return f"indexed-repeat({ref}, /data/rep, position(..) - 1)"
        if way == "filtered":
            return f"/data/rep[position() = 1]/{name}"
        return f"sum(../../rep/{name})" if way == "sum" else ref
    if repeated:
        way = draw(st.sampled_from(("first", "count", "joined", "where")))
        if way == "count":
            return "count(/data/rep)"
        if way == "joined":
            return f"join(',', {ref})"
        return f"count(/data/rep[{name} = 'x'])" if way == "where" else ref
    return ref


def expression(draw, grown: Grown, inside: bool, depth: int = 0) -> str:
    if not grown.names or draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(("'x'", "1", "''", "true()")))
    if depth > 1 or draw(st.booleans()):
        return reference(draw, grown, inside)
    left, right = (expression(draw, grown, inside, depth + 1) for _ in range(2))
    shape = draw(st.sampled_from((
        "{} = {}", "{} != {}", "{} > {}", "{} + {}", "concat({}, {})", "if({} = 'x', {}, 'y')", "coalesce({}, {})",
        "({} = 'x' or {} = 1)", "(string-length({}) > 0 and {} != 'y')",
    )))  # fmt: skip
    return shape.format(left, right)


def attributes(draw, grown: Grown, inside: bool) -> str:
    found = ""
    for name in ("relevant", "required", "readonly", "constraint"):
        if grown.names and draw(st.integers(0, 3)) == 0:
            found += f' {name}="{expression(draw, grown, inside)}"'.replace(">", "&gt;")
    return found


def question(draw, grown: Grown, ref: str, inside: bool) -> tuple[str, str]:
    grown.count += 1
    name = f"q{grown.count}"
    kind = draw(st.sampled_from(("string", "string", "int")))
    found = attributes(draw, grown, inside)
    calculated = bool(grown.names) and draw(st.integers(0, 2)) == 0
    if calculated:
        found += f' calculate="{expression(draw, grown, inside)}"'.replace(">", "&gt;")
    grown.binds.append(f'<bind nodeset="{ref}/{name}" type="{kind}"{found}/>')
    output = reference(draw, grown, inside) if grown.names and draw(st.integers(0, 3)) == 0 else ""
    label = f'<label>About <output value="{output}"/></label>'.replace(">1", "&gt;1") if output else "<label>Q</label>"
    grown.names.append((name, f"{ref}/{name}", inside))
    return f"<{name}/>", "" if calculated and draw(st.booleans()) else f'<input ref="{ref}/{name}">{label}</input>'


def group(draw, grown: Grown, ref: str, inside: bool) -> tuple[str, str]:
    grown.count += 1
    name = f"g{grown.count}"
    grown.binds.append(
        f'<bind nodeset="{ref}/{name}"{attributes(draw, grown, False)}/>'.replace("constraint", "ignored")
    )
    parts = [question(draw, grown, f"{ref}/{name}", inside) for _ in range(draw(st.integers(1, 3)))]
    inner, body = ("".join(each) for each in zip(*parts, strict=True))
    return f"<{name}>{inner}</{name}>", f'<group ref="{ref}/{name}"><label>G</label>{body}</group>'


@st.composite
def forms(draw) -> bytes:
    grown = Grown()
    instance = body = ""
    for place in range(draw(st.integers(2, 5))):
        made = (question if draw(st.booleans()) else group)(draw, grown, "/data", False)
        instance, body = instance + made[0], body + made[1]
        if place == 1:
            grown.binds.append(f'<bind nodeset="/data/rep" svidok:start="1"{attributes(draw, grown, False)}/>')
            parts = [question(draw, grown, "/data/rep", True) for _ in range(draw(st.integers(1, 4)))]
            inner, controls = ("".join(each) for each in zip(*parts, strict=True))
            instance += f"<rep>{inner}</rep>"
            body += f'<group ref="/data/rep"><label>R</label><repeat nodeset="/data/rep">{controls}</repeat></group>'
    return xform(instance, "".join(grown.binds), body)


def picture(session: Session) -> dict[object, object]:
    """All that can be seen of a session, by path."""
    issues = {issue.path: issue for issue in session.validity()}
    seen: dict[object, object] = {node.path: (node, issues.get(node.path)) for node in session.walk()}
    for live in session._engine.root.walk():  # what is kept of hidden nodes, and calculations
        state = (live.raw, live.missing, live.relevant, live.readonly, live.required, live.issue)
        seen[live.path] = (seen.get(live.path), state)
    return seen


def act(data, session: Session) -> frozenset[object]:
    """One random change."""
    nodes = [each for each in session.walk() if each.kind in ("question", "repeat", "entry") and not each.readonly]
    if not nodes:
        return frozenset()
    node = data.draw(st.sampled_from(nodes))
    if node.kind == "repeat":
        return session.add(node.path)[1]
    if node.kind == "entry":
        return session.remove(node.path)
    if node.definition.type == "integer":
        return session.set(node.path, data.draw(st.sampled_from((None, 0, 1, 2))))
    if data.draw(st.integers(0, 4)) == 0 and not node.definition.closed:
        return session.set_missing(node.path, "declined")
    return session.set(node.path, data.draw(st.sampled_from(("", "x", "y", "1"))))


@settings(max_examples=150, deadline=None)
@given(forms(), st.data())
def test_a_part_recalculated_is_as_good_as_the_whole_and_changes_are_exact(xml, data):
    session = Session(parse_form(xml), clock=noon)
    engine = session._engine
    for _ in range(data.draw(st.integers(1, 8))):
        before = picture(session)
        changes = act(data, session)
        after = picture(session)
        engine.mark_scope(engine.root)
        engine.run()
        engine.changed.clear()
        assert picture(session) == after
        different = {path for path in after if after[path] != before.get(path)}
        assert {path for path in changes if path in after} == different


@settings(max_examples=50, deadline=None)
@given(forms(), st.data())
def test_a_draft_comes_back_as_it_was(xml, data):
    form = parse_form(xml)
    session = Session(form, clock=noon)
    for _ in range(data.draw(st.integers(1, 6))):
        act(data, session)
    again = Session(form, clock=noon)
    again.restore(session.entries(), session.kept())
    assert picture(again) == picture(session)
    assert again.entries() == session.entries()
    assert again.to_nested() == session.to_nested()
