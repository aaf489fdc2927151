"""Repeats: entries with ids given once, nesting, what looks at other entries, and hundreds of them."""

# ruff: noqa: E501  # sheets are wider than code
from __future__ import annotations

import pytest

from schemas.problems import Problem
from schemas.session import Session
from schemas.session_types import EntryState
from tests.helpers.xforms import by_hand, from_markdown, noon, session_of

PEOPLE = """
| survey |
| | type                  | name       | hint::English (en) | label::English (en)  | relevant         | calculation                                                                 | constraint | bind::svidok:code | bind::svidok:start |
| | select_one yn         | more       |                    | More?                |                  |                                                                             |            |                   |                    |
| | begin_repeat          | pp         | Who?               | Person ${pp_name}    | ${more} = 'yes'  |                                                                             |            | P                 | 0                  |
| | text                  | pp_name    |                    | Name                 |                  |                                                                             |            |                   |                    |
| | integer               | pp_age     |                    | Age                  | ${pp_name} != '' |                                                                             | . < 120    |                   |                    |
| | calculate             | pp_number  |                    |                      |                  | position(..)                                                                |            |                   |                    |
| | begin_repeat          | tel        |                    | Telephone            |                  |                                                                             |            |                   | 0                  |
| | text                  | number     |                    | Number of ${pp_name} |                  |                                                                             |            |                   |                    |
| | calculate             | whole      |                    |                      |                  | concat(${pp_name}, ':', ${number}, ':', position(..), ':', position(../..)) |            |                   |                    |
| | end_repeat            |            |                    |                      |                  |                                                                             |            |                   |                    |
| | calculate             | tels       |                    |                      |                  | count(${tel})                                                               |            |                   |                    |
| | end_repeat            |            |                    |                      |                  |                                                                             |            |                   |                    |
| | calculate             | people     |                    |                      |                  | count(${pp})                                                                |            |                   |                    |
| | calculate             | ages       |                    |                      |                  | sum(${pp_age})                                                              |            |                   |                    |
| | calculate             | second     |                    |                      |                  | indexed-repeat(${pp_name}, ${pp}, 2)                                        |            |                   |                    |
| | calculate             | telephones |                    |                      |                  | count(${tel})                                                               |            |                   |                    |
| | select_one ${pp_name} | chief      |                    | Chief                |                  |                                                                             |            |                   |                    |
| choices |
| | list_name | name | label::English (en) |
| | yn        | yes  | Yes                 |
| | yn        | no   | No                  |
| settings |
| | form_id | namespaces                 |
| | people  | svidok="urn:svidok:form:1" |
"""


@pytest.fixture(scope="module")
def form():
    return from_markdown(PEOPLE)


@pytest.fixture
def session(form) -> Session:
    session = Session(form, clock=noon)
    session.set(("more",), "yes")
    return session


def add(session, name, age=None):
    path, _ = session.add(("pp",))
    session.set((*path, "pp_name"), name)
    if age is not None:
        session.set((*path, "pp_age"), age)
    return path


def value(session, *path):
    return session.value(path)


def test_entries_start_at_none_and_get_an_id_and_a_code(session):
    assert session.node(("pp",)).count == 0
    one, changes = session.add(("pp",))
    assert one == (("pp", 1),)
    assert {("pp",), one, (*one, "pp_name"), (*one, "tel"), ("people",)} <= changes
    two, _ = session.add(("pp",))
    assert (session.node(two).code, session.node(two).count, session.node(("pp",)).count) == ("P2", 2, 2)
    assert session.codes() == {"P1": one, "P2": two}
    assert session.node(("pp",)).prompt == "Who?"


def test_ids_are_never_given_again(session):
    paths = [add(session, name) for name in ("A", "B", "C")]
    changes = session.remove(paths[1])
    assert {("pp",), paths[2], (*paths[2], "pp_number"), ("people",), ("second",)} <= changes
    assert paths[1] not in changes
    with pytest.raises(Problem, match="E_ANSWER_PATH"):
        session.node(paths[1])
    assert session.add(("pp",))[0] == (("pp", 4),)
    session.remove((("pp", 4),))
    assert session.add(("pp",))[0] == (("pp", 5),)
    assert list(session.codes()) == ["P1", "P3", "P5"]


def test_positions_move_up_and_ids_stay(session):
    paths = [add(session, name) for name in ("A", "B", "C")]
    assert [value(session, *path, "pp_number") for path in paths] == ["1", "2", "3"]
    session.remove(paths[0])
    assert [value(session, *path, "pp_number") for path in paths[1:]] == ["1", "2"]
    assert value(session, "second") == "C"


def test_expressions_outside_see_all_entries(session):
    add(session, "A", 20)
    two = add(session, "B", 30)
    assert [value(session, name) for name in ("people", "ages", "second")] == ["2", "50", "B"]
    session.set((*two, "pp_age"), 31)
    assert value(session, "ages") == "51"
    session.set((*two, "pp_name"), "")
    assert value(session, "ages") == "20"


def test_expressions_inside_see_their_own_entry(session):
    one, two = add(session, "A", 20), add(session, "B")
    assert session.node((*one, "pp_age")).relevant
    changes = session.set((*one, "pp_name"), "")
    assert (*one, "pp_age") in changes
    assert (*two, "pp_age") not in changes
    assert session.node((*two, "pp_age")).relevant
    session.set((*two, "pp_age"), 130)
    assert [issue.path for issue in session.validity()] == [(*two, "pp_age")]


def test_labels_of_entries_show_their_own_answers(session):
    one, two = add(session, "A"), add(session, "B")
    assert [session.node(path).label for path in (one, two)] == ["Person A", "Person B"]
    assert one in session.set((*one, "pp_name"), "Z")
    assert session.node(one).label == "Person Z"
    assert session.node(("pp",)).label == "Person"


def test_nested_repeats(session):
    one, two = add(session, "A"), add(session, "B")
    session.add((*one, "tel"))
    phone, changes = session.add((*two, "tel"))
    assert phone == (("pp", 2), ("tel", 1))
    assert (*two, "tels") in changes
    assert (*one, "tels") not in changes
    assert ("telephones",) in changes
    session.set((*phone, "number"), "112")
    assert value(session, *phone, "whole") == "B:112:1:2"
    assert session.node((*phone, "number")).label == "Number of B"
    session.set((*two, "pp_name"), "Bo")
    assert value(session, *phone, "whole") == "Bo:112:1:2"
    session.remove(one)
    assert value(session, *phone, "whole") == "Bo:112:1:1"
    assert value(session, "telephones") == "1"
    nested = session.to_nested()
    assert nested["pp"] == [
        {
            "_code": "P2",
            "pp_name": "Bo",
            "pp_number": "1",
            "tel": [{"number": "112", "whole": "Bo:112:1:1"}],
            "tels": "1",
        }
    ]


def test_choices_may_be_the_entries_of_a_repeat(session):
    one = add(session, "A")
    two = add(session, "B")
    assert [choice.value for choice in session.node(("chief",)).choices] == ["A", "B"]
    session.set(("chief",), "B")
    assert ("chief",) in session.set((*one, "pp_name"), "Aa")
    assert [choice.label for choice in session.node(("chief",)).choices] == ["Aa", "B"]
    session.remove(two)
    assert [issue.code for issue in session.validity()] == ["choice"]


def test_a_hidden_repeat_keeps_its_entries_and_counts_none(session):
    one = add(session, "A", 20)
    changes = session.set(("more",), "no")
    assert {("pp",), one, (*one, "pp_name"), ("people",), ("ages",)} <= changes
    assert [value(session, name) for name in ("people", "ages")] == ["0", "0"]
    assert not session.node(one).relevant
    assert "pp" not in session.to_nested()
    assert [path for path, _, _ in session.kept() if path[:1] == one] != []
    session.set(("more",), "yes")
    assert [value(session, name) for name in ("people", "ages")] == ["1", "20"]


def test_a_draft_comes_back_with_its_ids(form, session):
    add(session, "A", 20)
    two = add(session, "B")
    phone, _ = session.add((*two, "tel"))
    session.set((*phone, "number"), "112")
    session.remove((("pp", 1),))
    assert session.entries() == [
        EntryState((("pp", 1),), removed=True), EntryState(two), EntryState(phone)
    ]  # fmt: skip
    again = Session(form, clock=noon)
    again.restore(session.entries(), session.kept())
    assert again.walk() == session.walk()
    assert again.codes() == {"P2": two}
    assert again.add(("pp",))[0] == (("pp", 3),)


def test_drafts_with_impossible_entries_are_refused(session):
    for path in ((), ("pp",), (("nothing", 1),), (("pp", 0),), (("more", 1),)):
        with pytest.raises(Problem, match="E_ANSWER_PATH"):
            session.restore([EntryState(path)], [])


@pytest.mark.parametrize("path", [(), ("more",), (("pp", 1),), ("nothing",), ("pp", "tel")])
def test_entries_are_added_to_repeats_alone(session, path):
    with pytest.raises(Problem, match="E_ANSWER_PATH"):
        session.add(path)


@pytest.mark.parametrize("path", [(), ("pp",), (("pp", 9),), ("more",)])
def test_entries_alone_are_removed(session, path):
    with pytest.raises(Problem, match="E_ANSWER_PATH"):
        session.remove(path)


def test_an_id_can_be_asked_for_once(session):
    assert session.add(("pp",), 7)[0] == (("pp", 7),)
    assert session.add(("pp",))[0] == (("pp", 8),)
    with pytest.raises(Problem, match="E_ANSWER_PATH"):
        session.add(("pp",), 7)


def counted(count: str, extra: str = "") -> Session:
    return by_hand(
        f"<n/><r><q/><w/></r><all/>{extra}",
        """<bind nodeset="/data/n" type="int"/><bind nodeset="/data/all" calculate="join(',', /data/r/q)"/>
        <bind nodeset="/data/r/w" calculate="concat(../q, position(..))"/>""",
        f'<input ref="/data/n"/><group ref="/data/r"><repeat nodeset="/data/r" jr:count="{count}"><input ref="/data/r/q"/>'
        "</repeat></group>",
    )


def test_the_form_may_count_the_entries():
    session = counted("/data/n")
    assert session.node(("r",)).count == 0
    changes = session.set(("n",), 2)
    assert {("n",), ("r",), (("r", 1),), (("r", 2),), (("r", 1), "q")} <= changes
    session.set((("r", 2), "q"), "kept")
    session.set(("n",), 1)
    assert session.node(("r",)).count == 1
    assert value(session, "all") is None
    session.set(("n",), 2)
    assert value(session, ("r", 2), "q") == "kept"
    assert value(session, "all") == ",kept"
    assert value(session, ("r", 2), "w") == "kept2"
    for action in (session.add, session.remove):
        with pytest.raises(Problem, match="E_ANSWER_READONLY"):
            action(("r",) if action == session.add else (("r", 1),))


def test_a_count_has_bounds():
    assert counted("-5").node(("r",)).count == 0
    assert counted("'many'").node(("r",)).count == 0
    assert counted("100000").node(("r",)).count == 1000


def test_running_totals_look_at_the_entry_before():
    session = session_of("""
        | survey |
        | | type         | name  | label | calculation                                                                   |
        | | begin_repeat | r     | R     |                                                                               |
        | | integer      | n     | N     |                                                                               |
        | | calculate    | total |       | coalesce(indexed-repeat(${total}, ${r}, position(..) - 1), 0) + ${n}          |
        | | end_repeat   |       |       |                                                                               |
        | | calculate    | last  |       | indexed-repeat(${total}, ${r}, count(${r}))                                   |
    """)
    paths = [(("r", 1),), *(session.add(("r",))[0] for _ in range(3))]
    for number, path in enumerate(paths, start=1):
        session.set((*path, "n"), number)
    assert [value(session, *path, "total") for path in paths] == ["1", "3", "6", "10"]
    assert value(session, "last") == "10"
    changes = session.set((*paths[1], "n"), 20)
    assert changes == {(*paths[1], "n"), ("last",), *((*path, "total") for path in paths[1:])}
    assert value(session, "last") == "28"
    session.remove(paths[0])
    assert value(session, "last") == "27"


def test_an_absolute_path_means_the_own_entry_and_a_predicate_another():
    session = by_hand(
        "<r><q/><own/><first/><every/></r>",
        """<bind nodeset="/data/r/own" calculate="/data/r/q"/><bind nodeset="/data/r/first" calculate="/data/r[1]/q"/>
        <bind nodeset="/data/r/every" calculate="join('', ../../r/q)"/>""",
        '<group ref="/data/r"><repeat nodeset="/data/r"><input ref="/data/r/q"/></repeat></group>',
    )
    session.add(("r",))
    session.set((("r", 1), "q"), "a")
    session.set((("r", 2), "q"), "b")
    assert [value(session, ("r", 2), name) for name in ("own", "first", "every")] == ["b", "a", "ab"]
    assert session.set((("r", 2), "q"), "c") == {
        (("r", 2), "q"), (("r", 2), "own"), (("r", 1), "every"), (("r", 2), "every")
    }  # fmt: skip


def test_a_filter_in_a_repeat_compares_with_the_entry_that_asks():
    session = session_of("""
        | survey |
        | | type         | name | label | choice_filter | calculation                                        |
        | | begin_repeat | r    | R     |               |                                                    |
        | | text         | f    | F     |               |                                                    |
        | | select_one l | s    | S     | f = ${f}      |                                                    |
        | | calculate    | same |       |               | count(../../r[f = current()/../f])                 |
        | | end_repeat   |      |       |               |                                                    |
        | choices |
        | | list_name | name | label | f |
        | | l         | a    | A     | x |
        | | l         | b    | B     | y |
    """)
    two, _ = session.add(("r",))
    session.set((("r", 1), "f"), "x")
    session.set((*two, "f"), "y")
    assert [choice.value for choice in session.node((("r", 1), "s")).choices] == ["a"]
    assert [choice.value for choice in session.node((*two, "s")).choices] == ["b"]
    assert value(session, *two, "same") == "1"
    session.set((*two, "f"), "x")
    assert [value(session, ("r", 1), "same"), value(session, *two, "same")] == ["2", "2"]


def test_dynamic_defaults_are_given_to_every_new_entry():
    session = session_of("""
        | survey |
        | | type         | name | label | default            |
        | | text         | a    | A     |                    |
        | | begin_repeat | r    | R     |                    |
        | | text         | q    | Q     | ${a}               |
        | | text         | k    | K     | fixed              |
        | | end_repeat   |      |       |                    |
    """)
    session.set(("a",), "now")
    two, _ = session.add(("r",))
    assert [value(session, ("r", 1), "q"), value(session, *two, "q"), value(session, *two, "k")] == [
        None,
        "now",
        "fixed",
    ]


def test_hundreds_of_entries_recalculate_only_what_depends_on_an_answer():
    session = session_of("""
        | survey |
        | | type         | name | label | calculation |
        | | begin_repeat | r    | R     |             |
        | | integer      | n    | N     |             |
        | | calculate    | two  |       | ${n} * 2    |
        | | end_repeat   |      |       |             |
        | | calculate    | sum  |       | sum(${two}) |
    """)
    for _ in range(399):
        session.add(("r",))
    for number in range(1, 401):
        session.set((("r", number), "n"), number)
    assert value(session, "sum") == str(400 * 401)
    assert session.set((("r", 200), "n"), 0) == {(("r", 200), "n"), (("r", 200), "two"), ("sum",)}
    assert value(session, "sum") == str(400 * 401 - 400)
