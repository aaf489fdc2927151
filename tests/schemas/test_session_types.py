"""Types of answers, read-only questions, defaults, triggers and names of choices."""

from __future__ import annotations

import pytest

from schemas.session import Session
from tests.helpers.xforms import by_hand, issues, refused, session_of


def typed(kind: str, control: str = "input", extra: str = "") -> Session:
    return by_hand("<q/>", f'<bind nodeset="/data/q" type="{kind}"/>', f'<{control} ref="/data/q" {extra}/>')


TWO = "1 1 0 0;1 2 0 0"


@pytest.mark.parametrize(
    ("kind", "control", "good", "stored", "bad"),
    [
        ("decimal", "input", "1.50", "1.5", ("1,5", "x", "1e999", 1.5, True, "NaN", "1" * 41)),
        ("decimal", "input", 3, "3", (10**15,)),
        ("decimal", "input", "-0.0", "0", ()),
        ("decimal", "input", "1e3", "1000", ()),
        ("date", "input", "2026-02-28", "2026-02-28", ("2026-02-30", "28.02.2026", "2026-2-1", 5)),
        ("time", "input", "14:30", "14:30", ("25:00", "2 pm", "14:60")),
        (
            "dateTime",
            "input",
            "2026-02-28T14:30:00+02:00",
            "2026-02-28T14:30:00+02:00",
            ("2026-02-28", "2026-02-28 14:30"),
        ),
        ("boolean", "input", True, True, ("true", 1)),
        ("string", "trigger", True, True, ("OK",)),
        ("binary", "upload", b"0123456789abcdef", b"0123456789abcdef", (b"short", "photo.jpg")),
        ("geopoint", "input", "50.45 30.52 0 0", "50.45 30.52 0 0", (5, "near the mill", "95 30 0 0")),
        ("geotrace", "input", TWO, TWO, ("1 1 0 0", "along the road")),
        ("geoshape", "input", f"{TWO};2 2 0 0;1 1 0 0", f"{TWO};2 2 0 0;1 1 0 0", (TWO,)),
        ("barcode", "input", "4820000", "4820000", (5,)),
    ],
)
def test_types(kind, control, good, stored, bad):
    session = typed(kind, control, 'mediatype="image/*"')
    session.set(("q",), good)
    assert session.node(("q",)).value == stored
    for value in bad:
        assert refused(session.set, ("q",), value) == "E_ANSWER_TYPE"
    assert session.node(("q",)).value == stored
    session.set(("q",), None)
    assert session.node(("q",)).value is None


def test_a_draft_with_a_place_in_words_from_before_still_opens():
    session = typed("geopoint")
    session.restore([], [(("q",), "near the mill", None)])
    assert session.node(("q",)).value == "near the mill"


@pytest.mark.parametrize("blank", ["", " ", "\n", "\n \t\u00a0\n"])
def test_blanks_and_line_ends_alone_are_no_answer(blank):
    session = typed("string")
    session.set(("q",), "Вони прийшли ввечері.\n")
    assert session.value(("q",)) == "Вони прийшли ввечері.\n", "an answer stays as it was typed"
    session.set(("q",), blank)
    assert session.value(("q",)) is None


def test_false_is_an_answer_and_an_acknowledgement_can_be_taken_back():
    session = typed("boolean")
    session.set(("q",), False)
    assert session.node(("q",)).value is False
    session = typed("string", "trigger")
    session.set(("q",), True)
    session.set(("q",), False)
    assert session.node(("q",)).value is None


def test_readonly_is_inherited_and_may_change():
    session = by_hand(
        "<lock/><g><q/></g>",
        '<bind nodeset="/data/g" readonly="/data/lock = \'yes\'"/>',
        '<input ref="/data/lock"/><group ref="/data/g"><input ref="/data/g/q"/></group>',
    )
    session.set(("g", "q"), "before")
    assert session.set(("lock",), "yes") == {("lock",), ("g",), ("g", "q")}
    assert session.node(("g", "q")).readonly
    assert refused(session.set, ("g", "q"), "after") == "E_ANSWER_READONLY"
    assert refused(session.clear, ("g", "q")) == "E_ANSWER_READONLY"
    session.set(("lock",), "no")
    session.set(("g", "q"), "after")
    assert session.value(("g", "q")) == "after"


def test_a_calculated_question_is_readonly():
    session = session_of("""
        | survey |
        | | type    | name | label | calculation |
        | | integer | a    | A     |             |
        | | integer | b    | B     | ${a} * 2    |
    """)
    assert session.set(("a",), 4) == {("a",), ("b",)}
    assert session.node(("b",)).value == 8
    assert session.node(("b",)).readonly
    assert refused(session.set, ("b",), 9) == "E_ANSWER_READONLY"


def test_defaults_static_and_dynamic():
    session = session_of("""
        | survey |
        | | type       | name | label | default     |
        | | text       | a    | A     | hello       |
        | | date       | b    | B     | today()     |
        | | text       | c    | C     | ${a}        |
        | | integer    | d    | D     | 3           |
    """)
    assert [session.value((name,)) for name in "abcd"] == ["hello", "2026-03-01", "hello", 3]
    session.set(("a",), "other")
    assert session.value(("c",)) == "hello"


def test_the_machine_fills_in_times_and_never_names():
    session = session_of("""
        | survey |
        | | type       | name   | label |
        | | start      | began  |       |
        | | today      | day    |       |
        | | deviceid   | device |       |
        | | username   | who    |       |
        | | text       | q      | Q     |
    """)
    assert session.value(("began",)) == "2026-03-01T12:00:00.000+00:00"
    assert session.value(("day",)) == "2026-03-01"
    assert [session.value((name,)) for name in ("device", "who")] == [None, None]
    assert set(session.to_nested()) == {"began", "day"}


def test_a_form_cannot_fill_the_memory():
    names = [f"t{number}" for number in range(40)]
    binds = "".join(
        f'<bind nodeset="/data/{name}" calculate="concat(/data/{before}, /data/{before})"/>'
        for before, name in zip(["q", *names], names, strict=False)
    )
    session = by_hand("<q/>" + "".join(f"<{name}/>" for name in names), binds, '<input ref="/data/q"/>')
    session.set(("q",), "x" * 1000)
    assert max(len(str(value)) for _, value, _ in session.answers()) <= 1_000_000


def test_triggers_set_values_when_an_answer_changes():
    session = session_of("""
        | survey |
        | | type       | name | label | trigger | calculation     |
        | | text       | a    | A     |         |                 |
        | | text       | b    | B     | ${a}    | concat(${a}, 1) |
        | | text       | c    | C     | ${b}    | concat(${b}, 2) |
        | | dateTime   | at   | At    | ${a}    | now()           |
    """)
    assert session.set(("a",), "x") == {("a",), ("b",), ("c",), ("at",)}
    assert [session.value((name,)) for name in ("b", "c", "at")] == ["x1", "x12", "2026-03-01T12:00:00.000+00:00"]
    session.set(("b",), "own")
    assert session.value(("b",)) == "own"
    assert session.value(("c",)) == "own2"


def test_a_reserved_answer_gives_way_to_a_trigger():
    session = session_of("""
        | survey |
        | | type | name | label | trigger | calculation |
        | | text | a    | A     |         |             |
        | | text | b    | B     | ${a}    | ${a}        |
    """)
    session.set_missing(("b",), "unknown")
    session.set(("a",), "x")
    assert (session.node(("b",)).value, session.node(("b",)).missing) == ("x", None)


def test_jr_choice_name_follows_answer_and_language():
    session = session_of(
        """
        | survey |
        | | type          | name | label::English (en) | label::Ukrainian (uk) | calculation                        |
        | | select_one yn | a    | A                   | А                     |                                    |
        | | calculate     | b    |                     |                       | jr:choice-name(${a}, '${a}')       |
        | | note          | c    | You said ${b}       | Ви сказали ${b}       |                                    |
        | choices |
        | | list_name | name | label::English (en) | label::Ukrainian (uk) |
        | | yn        | y    | Yes                 | Так                   |
    """,
        language="en",
    )
    session.set(("a",), "y")
    assert session.node(("c",)).label == "You said Yes"
    session.language = "uk"
    assert session.node(("c",)).label == "Ви сказали Так"


def test_choices_in_another_order_stay_in_it():
    session = session_of("""
        | survey |
        | | type         | name | label | parameters                |
        | | select_one l | a    | A     | randomize=true            |
        | | select_one l | b    | B     | randomize=true, seed=1234 |
        | choices |
        | | list_name | name | label |
        | | l         | a    | A     |
        | | l         | b    | B     |
        | | l         | c    | C     |
        | | l         | d    | D     |
        | | l         | e    | E     |
    """)
    first = session.node(("a",)).choices
    assert {choice.value for choice in first} == set("abcde")
    assert session.node(("a",)).choices == first
    session.set(("a",), "e")
    assert issues(session) == []
    assert [choice.value for choice in session.node(("b",)).choices] != sorted("abcde")
