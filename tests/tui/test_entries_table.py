"""Entries of a repeat as a table: the same question stands under the same question."""

from __future__ import annotations

from rich.cells import cell_len

from schemas import references
from schemas.session import Session
from schemas.xform import parse_form
from tests.helpers.entries import EVENTS, PEOPLE, entries_form
from tests.helpers.xforms import noon, session_of
from tui.screens.interview.table import Table
from tui.screens.interview.view import InterviewView


def people(*said: tuple[str, str]) -> tuple[Session, list[tuple[object, ...]]]:
    """A session with persons of whom name and kind are said."""
    session, paths = Session(parse_form(entries_form()), clock=noon), []
    for name, kind in said:
        entry, _ = session.add(PEOPLE)
        session.set((*entry, "full"), name)
        session.set((*entry, "kind"), kind)
        paths.append(entry)
    return session, paths


def test_the_same_question_stands_under_the_same() -> None:
    session, paths = people(("Ivan Invented", "man"), ("", "unit"), ("Oleh", "man"))
    table = Table(InterviewView(session), paths[0], 60)
    rows = [table.said(path) for path in paths]
    assert rows == ["Ivan Invented  Man", "               Unit", "Oleh           Man"]
    assert [table.name(path) for path in paths] == ["P1", "P2", "P3"]


def test_a_file_is_told_by_its_name() -> None:
    rows = """
    | survey |              |       |        |
    |        | type         | name  | label  |
    |        | begin_repeat | items | Items  |
    |        | text         | what  | What   |
    |        | image        | file  | File   |
    |        | end_repeat   |       |        |
    """
    session = session_of(rows)
    entry, _ = session.add(("items",))
    session.set((*entry, "what"), "a letter")
    session.set((*entry, "file"), bytes(16))
    view = InterviewView(session, {bytes(16): "letter.png"}.get)
    assert view.summary(entry) == "a letter · letter.png"
    assert Table(view, entry, 60).said(entry) == "a letter  letter.png"
    assert Table(InterviewView(session), entry, 60).said(entry) == "a letter  a file"


def test_names_are_as_wide_as_the_longest() -> None:
    session, paths = people(*[("x", "man")] * 10)
    table = Table(InterviewView(session), paths[0], 60)
    assert {len(table.name(path)) for path in paths} == {3}


def test_it_keeps_to_its_width() -> None:
    session, paths = people(("Їжак " * 20, "man"), ("東京" * 30, "unit"))
    for width in (20, 40, 80):
        table = Table(InterviewView(session), paths[0], width)
        assert all(cell_len(table.said(path)) + 4 <= width for path in paths)
        assert table.said(paths[0]).endswith("Man")


def test_of_which_nothing_was_said() -> None:
    session, paths = people(("", "man"))
    session.clear((*paths[0], "kind"))
    assert Table(InterviewView(session), paths[0], 40).said(paths[0]) == ""


def test_entries_inside_are_not_in_the_row_of_the_outer() -> None:
    session, paths = people(("Ivan", "man"))
    inner, _ = session.add((*paths[0], "inner"))
    session.set((*inner, "detail"), "a scar")
    assert Table(InterviewView(session), paths[0], 60).said(paths[0]) == "Ivan  Man"
    assert Table(InterviewView(session), inner, 60).said(inner) == "a scar"


def test_codes_are_offered_in_any_form_that_gives_them() -> None:
    session, paths = people(("Ivan", "man"), ("Oleh", "man"))
    event, _ = session.add(EVENTS)
    refs, plain = (*event, "ev_refs"), (*event, "told")
    assert [(each.code, each.path) for each in references.offered(session, refs)] == [
        ("P1", paths[0]),
        ("P2", paths[1]),
    ]
    assert references.offered(session, plain) == []
    assert references.summary(session, paths[0]) == "Ivan · Man"
    session.remove(paths[0])
    assert [each.code for each in references.offered(session, refs)] == ["P2"]
    session.add(PEOPLE)
    assert [each.code for each in references.offered(session, refs)] == ["P2", "P3"]


def test_a_code_goes_into_an_answer_and_out_of_it() -> None:
    assert references.with_code("", "P1") == "P1"
    assert references.with_code("P1; P2", "P3") == "P1, P2, P3"
    assert references.with_code("P1, P12", "P1") == "P12"
    assert references.with_code("P12", "P1") == "P12, P1"
