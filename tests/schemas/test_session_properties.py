"""What must hold for every form: a part recalculated is as good as the whole, and `Changes` is exact."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.session import Session
from schemas.xform import parse_form
from schemas.xlsform import to_xform
from tests.conftest import shared_path
from tests.helpers.xforms import noon, xform


@dataclass
class Grown:
    """A random form as it grows: what can be looked at so far (name, path), and the binds made."""

    binds: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    count: int = 0


REPEATS = ("/data/rep", "/data/rep/sub")


def inside(ref: str) -> list[str]:
    """The repeats that a node stands in, from the outside in."""
    return [each for each in REPEATS if ref.startswith(each + "/")]


def relative(place: str, target: str) -> str:
    """The path from one node to another, which means the own entry of every repeat that both stand in."""
    here, there = place.split("/"), target.split("/")
    shared = next((i for i, (x, y) in enumerate(zip(here, there, strict=False)) if x != y), min(len(here), len(there)))
    return "/".join([".."] * (len(here) - shared) + there[shared:])


def reference(draw, grown: Grown, place: str) -> str:
    """A look at an earlier question: of the own entry, of the form, of another entry, or of all entries."""
    target = draw(st.sampled_from(grown.names))
    name = target.rpartition("/")[2]
    ways = ["relative", "absolute"]
    if inside(target):
        ways += ["sum", "join", "count", "first", "where", "least", "greatest", "filled", "some", "outside", "texts"]
    if inside(target) and inside(place):
        ways += ["indexed", "position", "others"]
    way = draw(st.sampled_from(ways))
    repeat = inside(target)[-1] if inside(target) else ""
    entry = target.replace(repeat, repeat + "[{}]", 1) if repeat else target
    return {
        "relative": relative(place, target),
        "absolute": target,
        "sum": f"sum({target})",
        "join": f"join(',', {relative(place, target)})",
        "count": f"count({repeat})",
        "first": entry.format("1"),
        "where": f"count({repeat}[{relative(repeat, target)} = 'x'])",
        "least": f"min({target})",
        "greatest": f"max({relative(place, target)})",
        "filled": f"count-non-empty({target})",
        "some": f"sum({entry.format(f'{relative(repeat, target)} != 2')})",
        "outside": f"max({entry.format(f'{grown.names[0]} != {relative(repeat, target)}')})",
        "texts": f"join(' ', {entry.format(f'not(selected({relative(repeat, target)}, 1))')})",
        "indexed": f"indexed-repeat({target}, /data/rep, position({relative(place, '/data/rep')}) - 1"
        + (", /data/rep/sub, 1)" if len(inside(target)) == 2 else ")"),
        "position": entry.format(f"position() = position(current()/{relative(place, inside(place)[-1])})")
        if inside(place)
        else "",
        "others": f"sum({relative(place, '/data')}/{target.removeprefix('/data/')})",
    }[way] or name


def expression(draw, grown: Grown, place: str, depth: int = 0) -> str:
    if not grown.names or draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(("'x'", "1", "''", "true()")))
    if depth > 1 or draw(st.booleans()):
        return reference(draw, grown, place)
    left, right = (expression(draw, grown, place, depth + 1) for _ in range(2))
    shape = draw(st.sampled_from((
        "{} = {}", "{} != {}", "string-length({}) > {}", "string-length({}) + {}", "concat({}, {})",
        "if({} = 'x', {}, 'y')", "coalesce({}, {})",
        "({} = 'x' or {} = 1)", "(string-length({}) > 0 and {} != 'y')",
    )))  # fmt: skip
    return shape.format(left, right)


def attributes(draw, grown: Grown, place: str, names: tuple[str, ...]) -> str:
    found = ""
    for name in names:
        if grown.names and draw(st.integers(0, 3)) == 0:
            found += f' {name}="{expression(draw, grown, place)}"'.replace(">", "&gt;")
    return found


def question(draw, grown: Grown, parent: str) -> tuple[str, str]:
    grown.count += 1
    name = f"q{grown.count}"
    ref = f"{parent}/{name}"
    found = attributes(draw, grown, ref, ("relevant", "required", "readonly", "constraint"))
    calculated = bool(grown.names) and draw(st.integers(0, 2)) == 0
    if calculated:
        found += f' calculate="{expression(draw, grown, ref)}"'.replace(">", "&gt;")
    grown.binds.append(f'<bind nodeset="{ref}" type="{draw(st.sampled_from(("string", "string", "int")))}"{found}/>')
    output = reference(draw, grown, ref) if grown.names and draw(st.integers(0, 3)) == 0 else "1"
    grown.names.append(ref)
    entries = [each for each in grown.names if inside(each)]
    if not calculated and entries and draw(st.integers(0, 4)) == 0:
        return f"<{name}/>", choice(draw, grown, ref, draw(st.sampled_from(entries)))
    control = f'<input ref="{ref}"><label>About <output value="{output}"/></label></input>'
    return f"<{name}/>", "" if calculated and draw(st.booleans()) else control


def choice(draw, grown: Grown, ref: str, value: str) -> str:
    """A question whose choices are the entries of a repeat, all of them or those that a rule keeps."""
    repeat = inside(value)[-1]
    label = draw(st.sampled_from([each for each in grown.names if inside(each) == inside(value)]))
    rule = f"[{relative(repeat, value)} != {draw(st.sampled_from(('1', grown.names[0], 'position()')))}]"
    return (
        f'<select1 ref="{ref}"><label>Choose</label><itemset nodeset="{repeat}{draw(st.sampled_from(("", rule)))}">'
        f'<value ref="{relative(repeat, value)}"/><label ref="{relative(repeat, label)}"/></itemset></select1>'
    )


def many(draw, grown: Grown, parent: str, most: int) -> tuple[str, str]:
    parts = [question(draw, grown, parent) for _ in range(draw(st.integers(1, most)))]
    inner, body = zip(*parts, strict=True)
    return "".join(inner), "".join(body)


def group(draw, grown: Grown, parent: str) -> tuple[str, str]:
    grown.count += 1
    ref = f"{parent}/g{grown.count}"
    name = ref.rpartition("/")[2]
    grown.binds.append(f'<bind nodeset="{ref}"{attributes(draw, grown, ref, ("relevant", "readonly"))}/>')
    inner, body = many(draw, grown, ref, 3)
    return f"<{name}>{inner}</{name}>", f'<group ref="{ref}"><label>G</label>{body}</group>'


def repeat(draw, grown: Grown, ref: str) -> tuple[str, str]:
    name = ref.rpartition("/")[2]
    grown.binds.append(
        f'<bind nodeset="{ref}" svidok:start="1"{attributes(draw, grown, ref, ("relevant", "readonly"))}/>'
    )
    inner, body = many(draw, grown, ref, 3)
    for make in draw(st.lists(st.sampled_from((group, question)), max_size=2)):
        made = make(draw, grown, ref)
        inner, body = inner + made[0], body + made[1]
    if ref == REPEATS[0] and draw(st.booleans()):
        made = repeat(draw, grown, REPEATS[1])
        inner, body = inner + made[0], body + made[1]
    label = f'<label>Of <output value="{relative(ref, draw(st.sampled_from(grown.names)))}"/></label>'
    return f"<{name}>{inner}</{name}>", f'<group ref="{ref}">{label}<repeat nodeset="{ref}">{body}</repeat></group>'


@st.composite
def forms(draw) -> bytes:
    grown = Grown()
    instance = body = ""
    for place in range(draw(st.integers(2, 5))):
        made = (question if draw(st.booleans()) else group)(draw, grown, "/data")
        instance, body = instance + made[0], body + made[1]
        if place == 1:
            made = repeat(draw, grown, REPEATS[0])
            instance, body = instance + made[0], body + made[1]
    return xform(instance, "".join(grown.binds), body)


def picture(session: Session) -> dict[object, object]:
    """All that can be seen of a session, by path."""
    issues = {issue.path: issue for issue in session.validity()}
    seen: dict[object, object] = {node.path: (node, issues.get(node.path)) for node in session.walk()}
    for live in session._engine.root.walk():  # what is kept of hidden nodes, and calculations
        state = (live.raw, live.missing, live.relevant, live.readonly, live.required, live.issue, live.shown)
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
    if node.definition.itemset is not None:
        return session.set(node.path, data.draw(st.sampled_from(("", *(each.value for each in node.choices)))))
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
        engine.context.gathered.clear()
        engine.mark_scope(engine.root)
        engine.run()
        engine.before.clear()
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


@pytest.mark.parametrize("name", ["whova_form.xlsx", "all-question-types.xlsx"])
def test_public_forms_run_and_recalculate_as_the_whole(name):
    """Every choice question of a large real form answered in turn; the whole is calculated anew every 50 answers."""
    session = Session(parse_form(to_xform(shared_path("forms", name)).xml), clock=noon)
    engine = session._engine
    asked = [node for node in session.walk() if node.choices and not node.readonly]
    for number, node in enumerate(asked):
        code = node.choices[number % len(node.choices)].value
        several = node.definition.type in ("select_multiple", "rank")
        assert node.path in session.set(node.path, (code,) if several else code)
        if number % 50 == 0:
            before = picture(session)
            engine.mark_scope(engine.root)
            engine.run()
            assert engine.take_changes() == []
            assert picture(session) == before
    again = Session(session.form, clock=noon)
    again.restore(session.entries(), session.kept())
    assert again.walk() == session.walk()
