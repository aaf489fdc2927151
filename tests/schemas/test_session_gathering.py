"""What expressions gather from all entries of a repeat follows an answer without a look at the other entries."""

from __future__ import annotations

from schemas.session import Session
from schemas.xpath.gathered import Gathering
from tests.helpers.xforms import by_hand, session_of


def value(session: Session, *path: object):
    return session.value(path)


def test_an_answer_is_gathered_without_a_look_at_the_other_entries(monkeypatch):
    session = session_of("""
        | survey |
        | | type               | name   | label | calculation                                | choice_filter |
        | | begin_repeat       | r      | R     |                                            |               |
        | | text               | name   | Name  |                                            |               |
        | | integer            | n      | N     |                                            |               |
        | | end_repeat         |        |       |                                            |               |
        | | integer            | least  | Least |                                            |               |
        | | calculate          | low    |       | min(${n})                                  |               |
        | | calculate          | high   |       | max(${n})                                  |               |
        | | calculate          | some   |       | count(${r}[n > /data/least])               |               |
        | | calculate          | filled |       | count-non-empty(${name})                   |               |
        | | calculate          | names  |       | join('-', ${name})                         |               |
        | | select_one ${name} | who    | Who   |                                            | ${n} > 2      |
    """)
    for number in range(1, 301):
        entry = (("r", 1),) if number == 1 else session.add(("r",))[0]
        session.set((*entry, "n"), number)
        session.set((*entry, "name"), f"p{number}")
    session.set(("least",), 5)
    session.set(("who",), "p4")
    looked: list[object] = []
    given = Gathering.given
    monkeypatch.setattr(Gathering, "given", lambda self, c, scope: looked.append(scope) or given(self, c, scope))
    assert session.set((("r", 7), "n"), 500) == {(("r", 7), "n"), ("high",)}
    session.set((("r", 1), "n"), 0)
    session.set((("r", 9), "name"), "other")
    session.set(("who",), "p300")
    assert len(looked) < 20
    assert [value(session, each) for each in ("low", "high", "some", "filled")] == ["0", "500", "295", "300"]
    assert value(session, "names").startswith("p1-p2-p3-p4-p5-p6-p7-p8-other-p10")
    assert [each.value for each in session.node(("who",)).choices][:2] == ["p3", "p4"]
    session.set(("least",), 400)
    assert value(session, "some") == "1"
    session.remove((("r", 7),))
    assert [value(session, each) for each in ("high", "some", "filled")] == ["300", "0", "299"]


def test_choices_from_the_entries_around_follow_the_answers_in_all_of_them():
    session = by_hand(
        "<r><name/><s><who/></s></r>",
        '<bind nodeset="/data/r" svidok:start="2"/><bind nodeset="/data/r/s" svidok:start="1"/>',
        """<group ref="/data/r"><repeat nodeset="/data/r"><input ref="/data/r/name"/><group ref="/data/r/s">
        <repeat nodeset="/data/r/s"><select1 ref="/data/r/s/who"><itemset nodeset="/data/r"><value ref="name"/>
        <label ref="name"/></itemset></select1></repeat></group></repeat></group>""",
    )
    paths = [(("r", number), ("s", 1), "who") for number in (1, 2)]
    assert session.set((("r", 1), "name"), "a") == {(("r", 1), "name"), *paths}
    assert [[each.value for each in session.node(path).choices] for path in paths] == [["a"], ["a"]]
