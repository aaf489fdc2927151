"""A live interview: answers, what follows from them, reserved answers, what is refused, and what is said to have changed."""

# ruff: noqa: E501  # sheets are wider than code
from __future__ import annotations

import pytest

from schemas.problems import Problem
from schemas.session import Session
from schemas.session_types import Choice
from tests.helpers.xforms import from_markdown, issues, noon, refused

CASE = """
| survey |
| | type | name | label::English (en) | label::Ukrainian (uk) | required | required_message::English (en) | required_message::Ukrainian (uk) | relevant | constraint | constraint_message::English (en) | constraint_message::Ukrainian (uk) | calculation | default | appearance | read_only | bind::svidok:required | bind::svidok:reserved | bind::svidok:alone | choice_filter |
| | begin_group | c | Consent | Згода | | | | | | | | | | | | | | | |
| | select_one yn | agree | Agree? | Згодні? | yes | | | | | | | | | | | block | no | | |
| | select_one yn | tape | Tape? | Запис? | | | | ${agree} = 'yes' | | | | | | | | | | | |
| | end_group | | | | | | | | | | | | | | | | | | |
| | begin_group | s | Story | Розповідь | | | | ${agree} = 'yes' | | | | | | | | | | | |
| | text | words | Words | Слова | yes | Please ask | Запитайте | | | | | | | | | | | | |
| | integer | age | Age of ${words} | Вік: ${words} | | | | | . >= 18 | ${words} is too young | ${words}: замало | | | | | | | | |
| | text | when | When? | Коли? | | | | | | | | | | edtf | | | | | |
| | select_multiple who | present | Who? | Хто? | | | | | | | | | | | | | | nobody | |
| | note | seen | Count: ${n} | Разом: ${n} | | | | ${n} > 0 | | | | | | | | | | | |
| | end_group | | | | | | | | | | | | | | | | | | |
| | select_one oblast | oblast | Region | Область | | | | | | | | | | | | | | | |
| | select_one raion | raion | District | Район | | | | | | | | | | | | | | | o = ${oblast} |
| | text | fixed | Fixed | Стале | | | | | | | | | start | | yes | | | | |
| | calculate | n | | | | | | | | | | count-selected(${present}) | | | | | | | |
| | calculate | code | | | | | | | | | | once(uuid()) | | | | | | | |
| choices |
| | list_name | name | label::English (en) | label::Ukrainian (uk) | o |
| | yn | yes | Yes | Так | |
| | yn | no | No | | |
| | who | nobody | Nobody | Ніхто | |
| | who | child | Child | Дитина | |
| | who | lawyer | Lawyer | Адвокат | |
| | oblast | UA14 | Donetsk | Донецька | |
| | oblast | UA44 | Luhansk | Луганська | |
| | raion | r1 | Bakhmut | Бахмутський | UA14 |
| | raion | r2 | Mariupol | Маріупольський | UA14 |
| | raion | r3 | Alchevsk | Алчевський | UA44 |
| settings |
| | form_title | form_id | default_language | namespaces |
| | Case | case | Ukrainian (uk) | svidok="urn:svidok:form:1" |
"""
AGREE, TAPE, WORDS, AGE = ("c", "agree"), ("c", "tape"), ("s", "words"), ("s", "age")
WHEN, PRESENT, SEEN = ("s", "when"), ("s", "present"), ("s", "seen")


@pytest.fixture(scope="module")
def form():
    return from_markdown(CASE)


@pytest.fixture
def session(form) -> Session:
    return Session(form, clock=noon, language="en", preset={"code": "K7Q2"})


@pytest.fixture
def agreed(session) -> Session:
    session.set(AGREE, "yes")
    return session


def test_an_answer_opens_what_depends_on_it_and_says_so(session):
    assert not session.node(WORDS).relevant
    assert session.node(WORDS).missing == "not_applicable"
    changes = session.set(AGREE, "yes")
    assert changes == {AGREE, TAPE, ("s",), WORDS, AGE, WHEN, PRESENT}
    assert session.node(WORDS).relevant
    assert session.node(WORDS).missing is None
    assert not session.node(SEEN).relevant


def test_the_same_answer_again_changes_nothing(agreed):
    assert agreed.set(AGREE, "yes") == frozenset()


def test_hidden_answers_are_kept_but_not_reported(agreed):
    agreed.set(WORDS, "It began in spring.")
    agreed.set(AGREE, "no")
    assert agreed.node(WORDS).value is None
    assert agreed.value(WORDS) == "It began in spring."
    assert WORDS in [path for path, _, _ in agreed.kept()]
    assert WORDS not in [path for path, _, _ in agreed.answers()]
    assert agreed.to_nested() == {"c": {"agree": "no"}, "fixed": "start", "n": "0", "code": "K7Q2"}
    agreed.set(AGREE, "yes")
    assert agreed.node(WORDS).value == "It began in spring."


def test_reserved_answers_are_states_and_read_as_empty(agreed):
    agreed.set(PRESENT, ("child",))
    assert agreed.node(SEEN).relevant
    changes = agreed.set_missing(PRESENT, "declined")
    assert changes == {PRESENT, SEEN, ("n",)}
    node = agreed.node(PRESENT)
    assert (node.value, node.missing) == (None, "declined")
    assert (PRESENT, None, "declined") in agreed.answers()
    assert agreed.to_nested()["s"]["present"] == {"missing": "declined"}
    assert agreed.set(PRESENT, ("lawyer",)) == {PRESENT, SEEN, ("n",)}
    assert agreed.node(PRESENT).missing is None


def test_a_reserved_answer_satisfies_what_must_be_answered_unless_it_blocks(agreed):
    assert issues(agreed) == [("words", "answer", "required")]
    agreed.set_missing(WORDS, "not_asked")
    assert issues(agreed) == []
    assert agreed.clear(WORDS) == {WORDS}
    assert issues(agreed) == [("words", "answer", "required")]


def test_questions_that_block(session):
    assert issues(session) == [("agree", "block", "required")]
    session.set(AGREE, "no")
    assert issues(session) == []


def test_a_required_question_without_answer_is_no_problem_of_an_answer(agreed):
    assert agreed.node(WORDS).required
    assert agreed.node(WORDS).problem is None
    assert [issue.message for issue in agreed.validity()] == ["Please ask"]
    agreed.language = "uk"
    assert [issue.message for issue in agreed.validity()] == ["Запитайте"]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (AGREE, "maybe", "E_ANSWER_CHOICE"),
        (AGREE, ("yes",), "E_ANSWER_TYPE"),
        (AGREE, "yes no", "E_ANSWER_TYPE"),
        (PRESENT, "child", "E_ANSWER_TYPE"),
        (PRESENT, ("child", "dog"), "E_ANSWER_CHOICE"),
        (PRESENT, ("child", 3), "E_ANSWER_TYPE"),
        (AGE, "12", "E_ANSWER_TYPE"),
        (AGE, True, "E_ANSWER_TYPE"),
        (AGE, 1.5, "E_ANSWER_TYPE"),
        (AGE, 10**15, "E_ANSWER_TYPE"),
        (WORDS, 5, "E_ANSWER_TYPE"),
        (WORDS, "nul\0", "E_ANSWER_TYPE"),
        (WORDS, "half \ud800", "E_ANSWER_TYPE"),
        (("raion",), "r9", "E_ANSWER_CHOICE"),
        (("fixed",), "x", "E_ANSWER_READONLY"),
        (("code",), "x", "E_ANSWER_READONLY"),
        (("n",), "x", "E_ANSWER_READONLY"),
        (SEEN, "x", "E_ANSWER_READONLY"),
        (("s",), "x", "E_ANSWER_PATH"),
        (("s", "nothing"), "x", "E_ANSWER_PATH"),
        ((), "x", "E_ANSWER_PATH"),
        ((("s", 1), "words"), "x", "E_ANSWER_PATH"),
        (("s", "words", "more"), "x", "E_ANSWER_PATH"),
    ],
)
def test_refused_answers_change_nothing(agreed, path, value, code):
    before = agreed.kept()
    assert refused(agreed.set, path, value) == code
    assert agreed.kept() == before


def test_closed_questions_take_no_reserved_answer(agreed):
    assert refused(agreed.set_missing, AGREE, "unknown") == "E_ANSWER_RESERVED"
    assert refused(agreed.set_missing, SEEN, "unknown") == "E_ANSWER_READONLY"
    assert refused(agreed.set_missing, WORDS, "not_applicable") == "E_ANSWER_TYPE"
    assert agreed.node(AGREE).value == "yes"


def test_problems_say_nothing_of_the_answer(agreed):
    with pytest.raises(Problem) as caught:
        agreed.set(PRESENT, ("Petro from the third floor",))
    assert "Petro" not in str(caught.value.as_dict())
    agreed.set(WORDS, "Petro")
    assert "Petro" not in repr(agreed.node(WORDS)) + repr(agreed.node(AGE)) + repr(agreed)


def test_a_broken_constraint_is_shown_and_does_not_refuse(agreed):
    agreed.set(WORDS, "Iryna")
    changes = agreed.set(AGE, 12)
    assert changes == {AGE}
    assert agreed.node(AGE).value == 12
    assert agreed.node(AGE).problem == "Iryna is too young"
    assert issues(agreed) == [("age", "constraint", "constraint")]
    agreed.set(AGE, 19)
    assert agreed.node(AGE).problem is None
    agreed.clear(AGE)
    assert issues(agreed) == []


def test_outputs_in_labels_and_messages_follow_the_answer(agreed):
    assert agreed.set(WORDS, "Iryna") == {WORDS, AGE}
    assert agreed.node(AGE).label == "Age of Iryna"
    agreed.language = "Ukrainian (uk)"
    assert agreed.node(AGE).label == "Вік: Iryna"


def test_notes_show_calculations(agreed):
    changes = agreed.set(PRESENT, ("child", "lawyer"))
    assert changes == {PRESENT, SEEN, ("n",)}
    node = agreed.node(SEEN)
    assert (node.kind, node.relevant, node.readonly, node.label) == ("note", True, True, "Count: 2")


def test_codes_that_stand_alone(agreed):
    agreed.set(PRESENT, ("nobody",))
    assert issues(agreed) == [("words", "answer", "required")]
    agreed.set(PRESENT, ("nobody", "child"))
    assert issues(agreed)[-1] == ("present", "constraint", "alone")
    assert agreed.node(PRESENT).problem


def test_codes_are_kept_once_and_in_their_order(agreed):
    agreed.set(PRESENT, ("lawyer", "child", "lawyer"))
    assert agreed.node(PRESENT).value == ("lawyer", "child")
    assert agreed.set(PRESENT, ()) >= {PRESENT}
    assert agreed.node(PRESENT).value is None


def test_partial_dates(agreed):
    agreed.set(WHEN, "2023-XX-15")
    assert agreed.node(WHEN).problem is None
    agreed.set(WHEN, "after the Epiphany")
    assert agreed.node(WHEN).value == "after the Epiphany"
    assert issues(agreed)[-1] == ("when", "type", "edtf")


def test_a_cascade_offers_what_fits_and_throws_nothing_away(session):
    assert session.node(("raion",)).choices == ()
    assert session.set(("oblast",), "UA14") == {("oblast",), ("raion",)}
    assert session.node(("raion",)).choices == (Choice("r1", "Bakhmut"), Choice("r2", "Mariupol"))
    session.set(("raion",), "r2")
    assert session.set(("oblast",), "UA44") == {("oblast",), ("raion",)}
    assert session.node(("raion",)).choices == (Choice("r3", "Alchevsk"),)
    assert session.node(("raion",)).value == "r2"
    assert issues(session)[-1] == ("raion", "constraint", "choice")


def test_choices_of_another_answer_may_be_given_first(session):
    session.set(("raion",), "r3")
    assert issues(session)[-1] == ("raion", "constraint", "choice")
    session.set(("oblast",), "UA44")
    assert issues(session) == [("agree", "block", "required")]


def test_languages_change_at_run_time_and_stand_in_for_each_other(session):
    assert session.language == "English (en)"
    assert session.node(AGREE).choices == (Choice("yes", "Yes"), Choice("no", "No"))
    session.language = "uk"
    assert session.language == "Ukrainian (uk)"
    assert session.node(AGREE).label == "Згодні?"
    assert session.node(AGREE).choices == (Choice("yes", "Так"), Choice("no", "No"))
    session.language = "klingon"
    assert session.language == "Ukrainian (uk)"


def test_presets_win_over_calculations(form):
    assert Session(form, clock=noon, preset={"code": "K7Q2"}).value(("code",)) == "K7Q2"
    drawn = Session(form, clock=noon).value(("code",))
    assert isinstance(drawn, str)
    assert len(drawn) == 36
    with pytest.raises(Problem, match="E_ANSWER_PATH"):
        Session(form, clock=noon, preset={"nothing": "x"})


def test_sections_and_walk_are_in_document_order(agreed):
    assert [node.name for node in agreed.sections()] == ["c", "s"]
    walked = [(node.kind, node.name) for node in agreed.walk()]
    assert walked == [
        ("group", "c"), ("question", "agree"), ("question", "tape"),
        ("group", "s"), ("question", "words"), ("question", "age"), ("question", "when"), ("question", "present"), ("note", "seen"),
        ("question", "oblast"), ("question", "raion"), ("question", "fixed"),
    ]  # fmt: skip
    assert [node.name for node in agreed.below(("c",))] == ["agree", "tape"]
    assert agreed.below(AGREE) == []


def test_restore_brings_a_draft_back(form, agreed):
    agreed.set(WORDS, "It began.")
    agreed.set(AGE, 7)
    agreed.set_missing(PRESENT, "unknown")
    agreed.set(AGREE, "no")
    again = Session(form, clock=noon, language="en", preset={"code": "other"})
    again.restore(agreed.entries(), agreed.kept())
    assert again.value(("code",)) == "other"
    again.set(AGREE, "yes")
    agreed.set(AGREE, "yes")
    assert [node for node in again.walk() if node.name != "code"] == agreed.walk()


def test_restore_keeps_what_was_drawn_by_chance(form):
    first = Session(form, clock=noon)
    again = Session(form, clock=noon)
    assert first.value(("code",)) != again.value(("code",))
    again.restore(first.entries(), first.kept())
    assert again.value(("code",)) == first.value(("code",))


def test_restore_refuses_the_draft_of_another_form(session):
    with pytest.raises(Problem, match="E_ANSWER_PATH"):
        session.restore([], [(("other", "q"), "x", None)])
    with pytest.raises(Problem, match="E_ANSWER_TYPE"):
        session.restore([], [(AGE, "old", None)])
