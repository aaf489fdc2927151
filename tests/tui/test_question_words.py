"""A problem that names a question: the person reads the question as it is asked, a program its path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.field import Field
from collector.interview import Interview
from schemas.problems import Problem
from tests.tui.conftest import begin, reopened, seen, shell_of, until
from tests.tui.plain_inside import spoken
from tui.locale import problem_sentences, set_language
from tui.question_words import LONGEST, in_words
from tui.screens.problem import ProblemDialog, show_problem

DEPTH = ("a_setting", "account_depth")
ENTRIES = ("h_event", "ev")


@pytest.fixture
def field(home: Path) -> Iterator[Field]:
    with reopened(home) as opened:
        yield opened


@pytest.fixture
def taken(field: Field) -> Interview:
    return field.new_interview()


def label(interview: Interview, path: tuple[str, ...]) -> str:
    return interview.session.node(path).label


def shown(problem: Problem, interview: Interview) -> str:
    return " ".join(problem_sentences(in_words(problem, interview.session)))


def test_a_file_for_a_question_that_takes_none(field: Field, taken: Interview, tmp_path: Path) -> None:
    source = tmp_path / "note.txt"
    source.write_text("An invented note.")
    words = label(taken, DEPTH)
    said, _code = spoken(field, taken, f"/attach {source}", "/quit", at=DEPTH)
    assert "[E_ATTACH_QUESTION]" in said
    assert f"The question “{words}” does not take a file now." in said
    assert "a_setting/account_depth" not in said


def test_the_facts_for_programs_keep_the_path(taken: Interview, tmp_path: Path) -> None:
    source = tmp_path / "note.txt"
    source.write_text("An invented note.")
    with pytest.raises(Problem) as caught:
        taken.attach(DEPTH, source)
    in_words(caught.value, taken.session)
    assert caught.value.as_dict()["facts"] == {"question": "a_setting/account_depth"}


def test_a_bare_name_and_a_list_of_paths_become_words_too(taken: Interview) -> None:
    words = label(taken, DEPTH)
    assert f"“{words}”" in shown(Problem("E_ANSWER_RESERVED", question="account_depth"), taken)
    many = Problem("E_SEAL_BLOCKED", questions="a_setting/account_depth, b_safety/privacy_ok … (+3)", missing="–")
    privacy = label(taken, ("b_safety", "privacy_ok"))
    assert f"“{words}”, “{privacy}” … (+3). Also open: –." in shown(many, taken)


def test_a_question_of_an_entry_is_told_with_its_entry(taken: Interview) -> None:
    first, _changes = taken.add_entry(ENTRIES)
    second, _changes = taken.add_entry(ENTRIES)
    told = [shown(Problem("E_ATTACH_PRESENT", question=f"h_event/ev[{entry[-1][1]}]/ev_type"), taken)
            for entry in (first, second)]  # fmt: skip
    assert told[0] != told[1]
    assert all(" · " in each and "ev_type" not in each for each in told)


def test_what_the_form_does_not_have_keeps_its_path_and_other_facts_stay(taken: Interview) -> None:
    assert "no/such" in shown(Problem("E_ANSWER_PATH", question="no/such"), taken)
    problem = Problem("E_ATTACH_MANY", limit=7)
    assert in_words(problem, taken.session) is problem


def test_long_words_are_shortened(taken: Interview) -> None:
    longest = max((node for node in taken.session.walk() if node.kind == "question"), key=lambda node: len(node.label))
    assert len(longest.label) > LONGEST
    told = in_words(Problem("E_ATTACH_PRESENT", question="/".join(map(str, longest.path))), taken.session)
    assert len(str(told.facts["question"])) <= LONGEST
    assert str(told.facts["question"]).endswith("…")


async def test_the_window_of_a_problem_says_the_words(home: Path) -> None:
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        show_problem(shell, Problem("E_ATTACH_QUESTION", question="a_setting/account_depth"))
        await until(pilot, lambda: isinstance(shell.screen, ProblemDialog))
        text = " ".join(seen(shell).replace("│", " ").split())
        assert "account_depth" not in text
        assert screen.interview.session.node(DEPTH).label.split()[0] in text


@pytest.mark.parametrize(("language", "quote"), [("uk", "«"), ("ru", "«")])
def test_words_are_quoted_as_the_language_does(taken: Interview, language: str, quote: str) -> None:
    set_language(language)
    assert quote in shown(Problem("E_ANSWER_RESERVED", question="account_depth"), taken)
