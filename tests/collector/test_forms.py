"""A form is opened with what was parsed before: the same form, and nothing of an interview is kept with it."""

from __future__ import annotations

import pytest

from collector import about, crypto, forms
from collector.forms import open_form
from collector.packs import FormSource
from schemas.form_cache import read_cache, write_cache
from schemas.problems import Problem
from schemas.xform import parse_form
from schemas.xlsform import to_xform
from schemas.xpath import parser
from tests.helpers import mission
from tests.helpers.mission import Office

SHEET = """
| survey |
| | type      | name  | label | calculation  | relevant       |
| | text      | name  | Name? |              |                |
| | integer   | age   | Age?  |              | ${name} != ''  |
| | calculate | twice |       | ${age} * %s  |                |
| settings |
| | form_id | version |
| | plain   | 1       |
"""
XML = to_xform((SHEET % 2).encode(), ".md").xml
OTHER = to_xform((SHEET % 3).encode(), ".md").xml
KEY = forms._NAME + crypto.sha256(XML).hex()
SECRET = "Olena of the third house"


@pytest.fixture
def field(tmp_path):
    form = parse_form(XML)
    office = Office(forms=[FormSource(form.id, form.version, XML)], seed=b"forms")
    opened = mission.new_field(tmp_path / "home")
    opened.accept_pack(office.pack_for(opened.request()[0]), office.fingerprint)
    yield opened
    opened.close()


@pytest.fixture
def unparsed(monkeypatch):
    """What is parsed from now on."""
    seen: list[str] = []
    parse = parser.parse

    def counted(source):
        seen.append(source)
        return parse(source)

    monkeypatch.setattr(parser, "parse", counted)
    return seen


def twice(form) -> str:
    """What tells the two forms apart."""
    return (
        form.questions["/plain/twice"].calculate.source
        if "/plain/twice" in form.questions
        else next(each.calculate.source for each in form.questions.values() if each.name == "twice")
    )


def test_the_second_opening_parses_nothing_and_gives_the_same_form(field, unparsed):
    db = field.vault.db
    first = open_form(db, XML, {})
    assert unparsed
    unparsed.clear()
    second = open_form(db, XML, {})
    assert not unparsed
    assert twice(first) == twice(second)
    assert list(first.nodes) == list(second.nodes)


def test_an_interview_opens_its_form_through_the_vault_and_leaves_no_answer_there(field):
    interview = field.new_interview("plain")
    interview.answer(("name",), SECRET)
    interview.close()
    kept = field.vault.db.meta(KEY)
    assert read_cache(XML, kept, about.version())
    assert SECRET.encode() not in kept
    assert open_form(field.vault.db, XML, {}).questions


@pytest.mark.parametrize(
    "wrong",
    [
        lambda trees: write_cache(OTHER, trees, about.version()),
        lambda trees: write_cache(XML, trees, "0.0.1"),
        lambda trees: write_cache(XML, trees, about.version())[:-7],
        lambda trees: b"",
    ],
    ids=["another form", "another version", "cut off", "empty"],
)
def test_attack_a_cache_of_something_else_changes_no_form(field, unparsed, wrong):
    db = field.vault.db
    trees = {}
    parse_form(OTHER, trees=trees)
    db.set_meta(KEY, wrong(trees))
    unparsed.clear()
    assert " * 2" in twice(open_form(db, XML, {}))
    assert unparsed
    assert read_cache(XML, db.meta(KEY), about.version())


def test_a_disk_without_room_opens_the_form_all_the_same(field, monkeypatch):
    def full(name, value):
        raise Problem("E_DISK_FULL")

    monkeypatch.setattr(field.vault.db, "set_meta", full)
    assert open_form(field.vault.db, XML, {}).questions
    assert field.vault.db.meta(KEY) is None
