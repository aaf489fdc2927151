"""Catalogues: strict, complete, and used at run time."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from schemas.problems import Problem
from schemas.problems.reasons import REASONS
from tests.tui import words
from tui import locale
from tui.locale import po

HEADER = 'msgid ""\nmsgstr ""\n"Plural-Forms: {rule}\\n"\n\n'.replace("{rule}", po.RULES["uk"].header)
SPOKEN = [code for code in locale.languages() if code != locale.SOURCE]


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    locale.set_language(locale.SOURCE)


def parsed(text: str) -> po.Catalogue:
    return po.parse(HEADER + text, "uk")


@pytest.mark.parametrize("language", SPOKEN)
def test_every_sentence_of_the_screens_has_a_translation(language: str) -> None:
    known = locale.catalogue(language)
    single, plural = words.in_sources()
    assert sorted(single - known.single.keys()) == []
    assert sorted(plural - known.plural.keys()) == []


@pytest.mark.parametrize("language", SPOKEN)
def test_every_problem_has_a_translation(language: str) -> None:
    assert sorted(words.in_problems() - locale.catalogue(language).single.keys()) == []


@pytest.mark.parametrize("language", SPOKEN)
def test_a_catalogue_has_no_sentence_that_nobody_shows(language: str) -> None:
    known = locale.catalogue(language)
    single, plural = words.in_sources()
    assert sorted(known.single.keys() - single - words.in_problems()) == []
    assert sorted(known.plural.keys() - plural) == []


def test_ukrainian_is_spoken() -> None:
    assert "uk" in SPOKEN


def test_the_language_changes_at_run_time() -> None:
    assert locale._("Lock") == "Lock"
    locale.set_language("uk")
    assert locale._("Lock") != "Lock"
    locale.set_language("en")
    assert locale._("Lock") == "Lock"


def test_an_unknown_language_and_an_unknown_sentence_show_english() -> None:
    locale.set_language("xx")
    assert locale.current_language() == "en"
    locale.set_language("uk")
    assert locale._("No such sentence {x}", x=1) == "No such sentence 1"


@pytest.mark.parametrize(
    ("count", "form"),
    [(0, 2), (1, 0), (2, 1), (4, 1), (5, 2), (11, 2), (12, 2), (14, 2), (21, 0), (22, 1), (111, 2), (112, 2)],
)
def test_ukrainian_counts_in_three_forms(count: int, form: int) -> None:
    assert po.RULES["uk"].form(count) == form


def test_plural_forms_are_filled() -> None:
    locale.set_language("uk")
    texts = {locale.ngettext("{count} draft", "{count} drafts", count) for count in (1, 2, 5)}
    assert len(texts) == 3
    assert any(text.startswith("5 ") for text in texts)


def test_facts_of_a_problem_stand_in_its_translated_sentences() -> None:
    problem = Problem("E_DISK_SPACE", needed=7, free=3)
    locale.set_language("uk")
    what, safe, remedy = locale.problem_sentences(problem)
    assert "7" in what
    assert "3" in what
    assert what != problem.what
    assert safe != problem.safe
    assert remedy != problem.remedy


def test_a_fact_that_is_missing_or_looks_like_a_place_harms_nothing() -> None:
    what, _safe, _remedy = locale.problem_sentences(Problem("E_DISK_SPACE", needed="{free}"))
    assert "{free}" in what
    assert "?" in what


@pytest.mark.parametrize("why", REASONS)
def test_a_reason_speaks_the_language_of_its_sentence(why: str) -> None:
    facts = {"subject": "{why}", "issuer": "CA", "sha256": "12"}
    problem = Problem("E_NET_UNREACHABLE", why=why, **facts)
    english = REASONS[why].format_map(facts)
    assert problem.what == f"The receiver cannot be reached ({english})."
    assert locale.problem_sentences(problem)[0] == problem.what
    locale.set_language("uk")
    what = locale.problem_sentences(problem)[0]
    assert english not in what
    assert not re.search("[A-Za-z]", re.sub("HTTP|TLS|SHA|CA|why", "", what))
    assert problem.as_dict()["facts"]["why"] == why  # type: ignore[index]


def test_what_is_no_reason_is_shown_as_it_is() -> None:
    locale.set_language("uk")
    assert "(503)" in locale.problem_sentences(Problem("E_NET_ANSWER", status=503))[0]
    assert "(hung up)" in locale.problem_sentences(Problem("E_NET_CUT", why="hung up"))[0]
    assert "stopped" in locale.problem_sentences(Problem("E_MEDIA", item="stopped", why="x"))[0]


def test_reasons_of_the_client_are_words_of_the_list() -> None:
    """No English sentence as a fact where the client says why: a screen in another language would show it."""
    given = re.compile(r'(?:\b(?:why|status|where)=|_false\()"([^"]*)"|: "([a-z0-9-]+)",?\n')
    for name in (
        "link",
        "line",
        "refusal",
        "upload",
        "address",
        "course",
        "sending",
        "fetching",
        "desk/fetch",
        "desk/download",
    ):
        text = (words.TUI.parent / "sync" / f"{name}.py").read_text(encoding="utf-8")
        found = {one or other for one, other in given.findall(text)}
        assert found <= REASONS.keys(), name


@pytest.mark.parametrize(
    "text",
    [
        'msgid "a"\nmsgstr ""',
        'msgid "a"',
        'msgstr "a"',
        'msgid "a"\nmsgstr "b"\nmsgstr "c"',
        'msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "b"',
        'msgid "{n} a"\nmsgstr "b"',
        'msgid "a"\nmsgstr "{n}"',
        'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[1] "d"',
        'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[1] "d"\nmsgstr[2] ""',
        'msgctxt "x"\nmsgid "a"\nmsgstr "b"',
        'msgid "a\\t"\nmsgstr "b"',
        'msgid "a" "b"\nmsgstr "b"',
        "msgid 'a'\nmsgstr 'b'",
        '"a"',
    ],
)
def test_a_catalogue_that_is_not_strict_is_refused(text: str) -> None:
    with pytest.raises(po.CatalogueError):
        parsed(text)


def test_the_header_names_the_plural_forms() -> None:
    with pytest.raises(po.CatalogueError):
        po.parse('msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n!=1);\\n"', "uk")
    with pytest.raises(po.CatalogueError):
        po.parse('msgid "a"\nmsgstr "b"', "uk")


def test_strings_may_stand_in_several_lines_and_hold_escapes() -> None:
    assert parsed('# note\nmsgid ""\n"a\\n"\n"b \\"c\\""\nmsgstr "д\\\\"').single == {'a\nb "c"': "д\\"}


def test_two_files_may_not_translate_one_sentence_differently() -> None:
    first = parsed('msgid "a"\nmsgstr "b"')
    first.take_over(parsed('msgid "a"\nmsgstr "b"'), "same")
    with pytest.raises(po.CatalogueError):
        first.take_over(parsed('msgid "a"\nmsgstr "c"'), "other")
