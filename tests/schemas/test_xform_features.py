"""What forms can say beside questions: actions, preloads, repeats that begin with entries, media, tables, entities."""

from __future__ import annotations

from schemas.session import Session
from schemas.xform import examine, parse_form
from tests.helpers.xforms import by_hand, noon, refused, session_of, xform

REPEAT = '<group ref="/data/r"><repeat nodeset="/data/r"{}>{}<input ref="/data/r/q"/></repeat></group>'


# --- actions


def test_a_value_is_set_at_the_first_load_and_not_for_a_draft():
    parts = ("<a/><b>old</b>", "", '<input ref="/data/a"/><input ref="/data/b"/>')
    model = """<setvalue event="odk-instance-first-load" ref="/data/a" value="concat('x', /data/b)"/>
        <setvalue event="xforms-ready" bind="bee">it's "new"</setvalue><bind id="bee" nodeset="/data/b"/>"""
    session = by_hand(*parts, model=model)
    assert session.value(("a",)) == "xold"
    assert session.value(("b",)) == 'it\'s "new"'
    session.set(("a",), "mine")
    again = Session(session.form, clock=noon)
    again.restore(session.entries(), session.kept())
    assert again.value(("a",)) == "mine"


def test_an_answer_sets_others_and_they_set_more():
    session = by_hand(
        "<a/><b/><c/>",
        "",
        """<input ref="/data/a"><setvalue event="xforms-value-changed" ref="../b" value="/data/a + 1"/></input>
        <input ref="/data/b"><setvalue event="xforms-value-changed" ref="/data/c" value="/data/b * 2"/></input>
        <input ref="/data/c"/>""",
    )
    changes = session.set(("a",), "3")
    assert (session.value(("b",)), session.value(("c",))) == ("4", "8")
    assert changes == {("a",), ("b",), ("c",)}
    session.set(("b",), "0")
    assert session.value(("c",)) == "0"
    session.set(("a",), "3")
    assert session.value(("b",)) == "0", "an answer that is the same is no change"


def test_the_trigger_column_of_an_xlsform():
    session = session_of("""
        | survey | | | | | |
        | | type | name | label | calculation | trigger |
        | | text | a | A | | |
        | | dateTime | when | When | now() | ${a} |
        | | calculate | seen | | concat(${a}, '!') | ${a} |
    """)
    assert session.value(("when",)) is None
    session.set(("a",), "x")
    assert str(session.value(("when",))).startswith("2026-03-01T12:00:00")
    assert session.value(("seen",)) == "x!"


def test_entries_of_the_form_hear_of_the_first_load_and_later_ones_of_their_making():
    actions = """<setvalue event="odk-instance-first-load" ref="/data/r/q" value="'first'"/>
        <setvalue event="odk-new-repeat" ref="/data/r/n" value="concat('new ', position(..))"/>"""
    session = by_hand("<r><q/><n/></r>", "", REPEAT.format("", actions) + "<input ref='/data/r/n'/>")
    path, _ = session.add(("r",))
    assert [session.value((("r", 1), name)) for name in ("q", "n")] == ["first", None]
    assert [session.value((*path, name)) for name in ("q", "n")] == [None, "new 2"]


def test_entries_that_a_count_makes_are_new_ones():
    actions = '<setvalue event="odk-new-repeat odk-instance-first-load" ref="/data/r/q" value="position(..) * 10"/>'
    session = by_hand(
        "<n>2</n><r><q/></r>", "", '<input ref="/data/n"/>' + REPEAT.format(' jr:count="/data/n"', actions)
    )
    assert [session.value((("r", entry), "q")) for entry in (1, 2)] == ["10", "20"]
    session.set(("n",), "3")
    assert session.value((("r", 3), "q")) == "30"


def test_nothing_tells_where_the_device_is():
    found = examine(xform(
        "<where/><dev/><user/><uid/>",
        '<bind nodeset="/data/dev" jr:preload="property" jr:preloadParams="deviceid"/>'
        '<bind nodeset="/data/user" jr:preload="property" jr:preloadParams="username"/>'
        '<bind nodeset="/data/uid" jr:preload="uid"/>',
        '<input ref="/data/where"/>',
        model='<odk:setgeopoint event="odk-instance-first-load" ref="/data/where"/>',
    ))  # fmt: skip
    assert {each.question for each in found.notices} == {"where", "dev", "user"}
    session = Session(found.form, clock=noon)
    assert session.answers() == []


def test_the_end_of_an_interview_gets_a_time_and_an_id_that_stay():
    session = by_hand(
        "<start/><end/><today/><meta><instanceID/></meta>",
        '<bind nodeset="/data/start" jr:preload="timestamp" jr:preloadParams="start" type="dateTime"/>'
        '<bind nodeset="/data/end" jr:preload="timestamp" jr:preloadParams="end" type="dateTime"/>'
        '<bind nodeset="/data/today" jr:preload="date" jr:preloadParams="today" type="date"/>'
        '<bind nodeset="/data/meta/instanceID" jr:preload="uid"/>',
    )
    assert session.value(("today",)) == "2026-03-01"
    assert session.value(("end",)) is None
    session.finish()
    identity = str(session.value(("meta", "instanceID")))
    assert session.value(("end",)) == session.value(("start",))
    assert identity.startswith("uuid:")
    assert len(identity) == 41
    session.finish()
    assert session.value(("meta", "instanceID")) == identity


def test_actions_on_nothing_are_refused_and_unknown_events_are_noted():
    wrong = xform(
        "<a/>", "", '<input ref="/data/a"/>', model='<setvalue event="xforms-ready" ref="/data/b" value="1"/>'
    )
    assert refused(parse_form, wrong) == "E_FORM_REFERENCE"
    odd = examine(xform("<a/>", model='<setvalue event="xforms-submit" ref="/data/a" value="1"/>'))
    assert "xforms-submit" in str(odd.notices[0])


# --- repeats


def test_entries_begin_with_what_the_form_says_of_each():
    instance = """<p jr:template=""><name/><role>spouse</role></p><p><name>John</name><role>father</role></p>
        <p><name>Kofi</name><role>brother</role></p>"""
    body = """<group ref="/data/p"><repeat nodeset="/data/p"><input ref="/data/p/name"/><input ref="/data/p/role"/>
        </repeat></group>"""
    session = by_hand(instance, "", body)
    session.add(("p",))
    found = [tuple(session.value((("p", entry), name)) for name in ("name", "role")) for entry in (1, 2, 3)]
    assert found == [("John", "father"), ("Kofi", "brother"), (None, "spouse")]


def test_entries_inside_entries_begin_as_the_form_says():
    instance = "<p><q>1</q><i><x>a</x></i><i><x>b</x></i></p><p><q>2</q></p>"
    body = """<group ref="/data/p"><repeat nodeset="/data/p"><input ref="/data/p/q"/><group ref="/data/p/i">
        <repeat nodeset="/data/p/i"><input ref="/data/p/i/x"/></repeat></group></repeat></group>"""
    session = by_hand(instance, "", body)
    assert session.to_nested() == {"p": [{"q": "1", "i": [{"x": "a"}, {"x": "b"}]}, {"q": "2"}]}


def test_a_repeat_may_be_fixed():
    session = by_hand("<r><q/></r>", "", REPEAT.format(' jr:noAddRemove="true()"', ""))
    assert refused(session.add, ("r",)) == "E_ANSWER_READONLY"
    assert refused(session.remove, (("r", 1),)) == "E_ANSWER_READONLY"


def test_a_repeat_that_is_hidden_keeps_its_entries():
    session = by_hand(
        "<a/><r><q/></r><n/>",
        """<bind nodeset="/data/r" relevant="/data/a = 'y'"/><bind nodeset="/data/n" calculate="count(/data/r)"/>""",
        '<input ref="/data/a"/>' + REPEAT.format("", ""),
    )
    assert session.value(("n",)) == "0"
    session.set(("a",), "y")
    session.set((("r", 1), "q"), "kept")
    session.set(("a",), "")
    assert session.to_nested() == {"n": "0"}
    session.set(("a",), "y")
    assert session.to_nested()["r"] == [{"q": "kept"}]


# --- choices, texts, media


def test_or_other_asks_what_else():
    session = session_of("""
        | survey | | | | |
        | | type | name | label |
        | | select_one l or_other | s | S |
        | choices | | | |
        | | list_name | name | label |
        | | l | x | X |
    """)
    assert [each.value for each in session.node(("s",)).choices] == ["x", "other"]
    assert not session.node(("s_other",)).relevant
    session.set(("s",), "other")
    assert session.node(("s_other",)).relevant


def test_media_stand_beside_labels_and_name_a_label_that_is_only_a_picture():
    session = session_of("""
        | survey | | | | | |
        | | type | name | label | image | audio | hint | guidance_hint |
        | | text | a | A | map.png | a.mp3 | H | More |
        | | text | b | | only.png | | | |
        | | select_one l | s | S | | | | |
        | choices | | | |
        | | list_name | name | label | image |
        | | l | x | X | x.png |
        | | l | y | | y.png |
    """)
    node = session.node(("a",))
    assert node.media == {"image": "jr://images/map.png", "audio": "jr://audio/a.mp3"}
    assert (node.label, node.hint, node.guidance) == ("A", "H", "More")
    assert session.node(("b",)).label == "only.png"
    assert [(each.label, each.media) for each in session.node(("s",)).choices] == [
        ("X", {"image": "jr://images/x.png"}), ("y.png", {"image": "jr://images/y.png"}),
    ]  # fmt: skip


def test_texts_of_the_form_in_calculations():
    session = by_hand(
        "<a/>", """<bind nodeset="/data/a" calculate="jr:itext('hello')"/>""",
        itext="""<itext><translation lang="English (en)" default="true()"><text id="hello"><value>Hello</value></text>
        </translation><translation lang="Ukrainian (uk)"><text id="hello"><value>Вітаю</value></text>
        </translation></itext>""",
    )  # fmt: skip
    assert session.value(("a",)) == "Hello"
    session.language = "uk"
    assert session.value(("a",)) == "Вітаю"


def test_names_of_months_are_those_of_the_language():
    session = session_of("""
        | survey | | | | |
        | | type | name | label::English (en) | label::Ukrainian (uk) | calculation |
        | | calculate | c | | | format-date('2026-03-01', '%a %e %b %Y') |
        | | note | n | N ${c} | Н ${c} | |
    """)
    assert session.node(("n",)).label == "N Sun 1 Mar 2026"
    session.language = "uk"
    assert session.node(("n",)).label == "Н нд 1 бер. 2026"


def test_labels_never_turn_the_writing_around():
    session = by_hand("<a/>", "", '<input ref="/data/a"><label>pay \u202e001\u202c\u0085 now</label></input>')
    assert session.node(("a",)).label == "pay 001 now"
    evil = '<select1 ref="/data/a"><item><label>L</label><value>a\u202eb</value></item></select1>'
    assert refused(parse_form, xform("<a/>", "", evil)) == "E_FORM_CHOICE"


def test_a_range_has_numbers():
    made = '<range ref="/data/a" start="1" end="5" step="{}"/>'
    form = parse_form(xform("<a/>", '<bind nodeset="/data/a" type="int"/>', made.format(1)))
    assert form.questions["/data/a"].parameters == {"start": "1", "end": "5", "step": "1"}
    for step in ("0", "x"):
        assert (
            refused(parse_form, xform("<a/>", '<bind nodeset="/data/a" type="int"/>', made.format(step)))
            == "E_FORM_TYPE"
        )


# --- mistakes, all of them


def test_every_mistake_is_told_at_once_and_named():
    found = examine(
        xform(
            "<a/><b/><c>x</c><d/><d/>",
            """<bind nodeset="/data/a" relevant="foo()" calculate="/data/none"/>
            <bind nodeset="/data/b" constraint="1 +"/>
            <bind nodeset="/data/c" type="int"/><bind nodeset="/data/b" constraint="/data/c &gt; 'old'"/>
            <bind nodeset="/data/zzz"/>""",
        )
    )
    assert found.form is None
    assert [(each.code, each.facts["question"]) for each in found.problems] == [
        ("E_FORM_DUPLICATE", "b"), ("E_FORM_DUPLICATE", "d"), ("E_FORM_REFERENCE", "zzz"), ("E_FORM_FUNCTION", "a"),
        ("E_FORM_REFERENCE", "a"), ("E_FORM_TYPE", "b"), ("E_FORM_TYPE", "c"),
    ]  # fmt: skip


def test_a_comparison_that_can_never_hold_is_a_warning():
    form = parse_form(xform(
        "<a/><b/><c/>",
        """<bind nodeset="/data/a" type="int"/>
        <bind nodeset="/data/c" relevant="/data/a = 'NaN' and /data/b = 'z'"/>""",
        '<input ref="/data/a"/><select1 ref="/data/b"><item><label>X</label><value>x</value></item></select1>',
    ))  # fmt: skip
    assert [each.question for each in form.notices] == ["c", "c"]


def test_an_expression_that_takes_too_long_changes_nothing():
    session = by_hand(
        "<a/><r><n/></r><q/>",
        """<bind nodeset="/data/r" svidok:start="0"/><bind nodeset="/data/q"
        calculate="if(/data/a = 'x',
        count(/data/r[count(/data/r[count(/data/r[position() &gt; 0]) &gt; 0]) &gt; 0]), 0)"/>""",
        """<input ref="/data/a"/><group ref="/data/r"><repeat nodeset="/data/r"><input ref="/data/r/n"/></repeat>
        </group>""",
    )
    for _ in range(150):
        session.set((*session.add(("r",))[0], "n"), "1")
    before = session.answers()
    assert refused(session.set, ("a",), "x") == "E_FORM_LIMIT"
    assert session.answers() == before
    session.set(("a",), "y")
    assert session.value(("a",)) == "y"


def test_an_answer_costs_the_same_beside_ten_entries_and_beside_five_hundred():
    """Counted in cells that are calculated, which no other program on the machine can change."""
    session = session_of("""
        | survey | | | | | | |
        | | type | name | label | relevant | calculation | choice_filter |
        | | begin_repeat | r | R | | | |
        | | integer | n | N | | | |
        | | select_one a | a | A ${n} | | | |
        | | select_one b | b | N | ${n} > 1 | | f = ${a} |
        | | calculate | c | | | ${n} * 2 + position(..) | |
        | | end_repeat | | | | | |
        | | calculate | total | | | sum(${n}) + sum(${c}) | |
        | choices | | | | |
        | | list_name | name | label | f |
        | | a | x | X | |
        | | b | x1 | X | x |
    """)
    engine, costs = session._engine, {}
    for size in (10, 100, 500):
        while session.node(("r",)).count < size:
            session.add(("r",))
        session.set((("r", 1), "n"), size)
        session.set((("r", 3), "n"), 1)
        session.set((("r", 3), "a"), "x")
        engine.calculated = 0
        session.set((("r", 3), "n"), size)
        session.set((("r", 3), "a"), None)
        session.set((("r", 3), "a"), "x")
        costs[size] = (engine.calculated, engine.context.steps)
    assert costs[10] == costs[100] == costs[500]
    answered = sum(2 * 500 + entry for entry in (1, 3))
    assert session.value(("total",)) == str(2 * 500 + answered)


def test_an_entry_that_would_take_too_long_to_count_is_not_made():
    session = by_hand(
        "<r><n/></r><q/>",
        """<bind nodeset="/data/r" svidok:start="0"/><bind nodeset="/data/q" calculate="if(count(/data/r) &gt; 130,
        count(/data/r[count(/data/r[count(/data/r[position() &gt; 0]) &gt; 0]) &gt; 0]), 0)"/>""",
        """<group ref="/data/r"><repeat nodeset="/data/r"><input ref="/data/r/n"/></repeat></group>""",
    )
    for _ in range(130):
        session.add(("r",))
    before = session.entries()
    assert refused(session.add, ("r",)) == "E_FORM_LIMIT"
    assert session.entries() == before
    session.remove((("r", 4),))
    assert session.add(("r",))[0] == (("r", 131),)


def test_a_range_is_kept_to_its_scale():
    session = by_hand(
        "<a/>", '<bind nodeset="/data/a" type="int"/>', '<range ref="/data/a" start="1" end="9" step="2"/>'
    )
    for value, fits in ((1, True), (9, True), (3, True), (4, False), (0, False), (11, False)):
        session.set(("a",), value)
        assert (session.node(("a",)).problem is None) is fits


def test_hidden_characters_in_tables_are_found_and_taken_out_of_labels():
    body = """<select1 ref="/data/a"><itemset nodeset="instance('t')/root/item"><value ref="name"/><label ref="label"/>
        </itemset></select1>"""
    model = "<instance id='t'><root><item><name>{}</name><label>L\u202eX</label></item></root></instance>"
    session = by_hand("<a/>", "", body, model=model.format("x"))
    assert session.node(("a",)).choices[0].label == "LX"
    assert refused(parse_form, xform("<a/>", "", body, model=model.format("x\u2067y"))) == "E_FORM_CHOICE"
