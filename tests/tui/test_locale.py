"""Catalogues: strict, complete, and used at run time."""

from __future__ import annotations

import gettext
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

import hatch_build
from schemas.problems import Problem
from schemas.problems.reasons import REASONS
from tests.tui import words
from tui import locale

HEADER = 'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=3; plural={rule};\\n"\n\n'.replace(
    "{rule}", Catalog(locale="uk").plural_expr
)
SPOKEN = [code for code in locale.languages() if code != locale.SOURCE]


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    locale.set_language(locale.SOURCE)


def parsed(text: str) -> Catalog:
    return hatch_build.read(HEADER + text, "uk", "uk/some.po")


def translated(language: str) -> tuple[set[str], set[tuple[str, ...]]]:
    """Sentences, and pairs of singular and plural, of the catalogue's files."""
    entries = [message for message in hatch_build.merged(language) if message.id]
    pairs = {hatch_build.forms(message.id) for message in entries if message.pluralizable}
    return {str(message.id) for message in entries if not message.pluralizable}, pairs


@pytest.mark.parametrize("language", SPOKEN)
def test_every_sentence_of_the_screens_has_a_translation(language: str) -> None:
    known, known_pairs = translated(language)
    single, plural = words.in_sources()
    assert sorted(single - known) == []
    assert sorted(plural - known_pairs) == []


@pytest.mark.parametrize("language", SPOKEN)
def test_every_problem_has_a_translation(language: str) -> None:
    assert sorted(words.in_problems() - translated(language)[0]) == []


@pytest.mark.parametrize("language", SPOKEN)
def test_a_catalogue_has_no_sentence_that_nobody_shows(language: str) -> None:
    known, known_pairs = translated(language)
    single, plural = words.in_sources()
    assert sorted(known - single - words.in_problems()) == []
    assert sorted(known_pairs - plural) == []


@pytest.mark.parametrize("language", SPOKEN)
def test_what_is_compiled_is_what_the_files_say(language: str) -> None:
    compiled = locale.catalogue(language)
    for message in hatch_build.merged(language):
        if message.id and not message.pluralizable:
            assert compiled.gettext(str(message.id)) == message.string


DRAFTS = next(
    hatch_build.forms(message.string)
    for message in hatch_build.merged("uk")
    if hatch_build.forms(message.id)[0] == "{count} draft"
)


def test_ukrainian_and_russian_are_spoken() -> None:
    assert {"uk", "ru"} <= set(SPOKEN)


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
    assert locale.catalogue("uk").ngettext("{count} draft", "{count} drafts", count) == DRAFTS[form]


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


def test_reasons_are_words_of_the_list() -> None:
    """No English sentence as a fact where it is said why: a screen in another language would show it."""
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
        "listing",
        "medium",
        "courier",
        "desk/intake",
    ):
        text = (words.TUI.parent / "sync" / f"{name}.py").read_text(encoding="utf-8")
        found = {one or other for one, other in given.findall(text)}
        assert found <= REASONS.keys(), name


@pytest.mark.parametrize(
    "text",
    [
        'msgid "a"\nmsgstr ""',
        'msgid "a"',
        'msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "b"',
        'msgid "{n} a"\nmsgstr "b"',
        'msgid "a"\nmsgstr "{n}"',
        'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[1] "d"',
        'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[1] "d"\nmsgstr[2] ""',
        'msgctxt "x"\nmsgid "a"\nmsgstr "b"',
        '#, fuzzy\nmsgid "a"\nmsgstr "b"',
        "msgid a",
    ],
)
def test_a_catalogue_that_is_not_strict_is_refused(text: str) -> None:
    with pytest.raises(hatch_build.CatalogueError):
        parsed(text)


def test_the_header_names_the_plural_forms() -> None:
    english = 'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n!=1);\\n"\n\n'
    for text in (english + 'msgid "a"\nmsgstr "b"', 'msgid "a"\nmsgstr "b"'):
        with pytest.raises(hatch_build.CatalogueError):
            hatch_build.read(text, "uk", "uk/some.po")


def test_an_empty_sentence_is_empty_in_every_language() -> None:
    for language in locale.languages():
        locale.set_language(language)
        assert locale._("") == ""


def written(folder: Path, *texts: str) -> Path:
    (folder / "uk").mkdir()
    for number, text in enumerate(texts):
        (folder / "uk" / f"{number}.po").write_text(HEADER + text, "utf-8")
    return folder


def test_files_of_a_language_are_compiled_into_one(tmp_path: Path) -> None:
    folder = written(tmp_path, 'msgid "a"\nmsgstr "б"', 'msgid "c"\nmsgstr "в"\n\nmsgid "a"\nmsgstr "б"')
    assert hatch_build.stale(folder)
    (compiled,) = hatch_build.compile_all(folder)
    assert not hatch_build.stale(folder)
    with compiled.open("rb") as file:
        read = gettext.GNUTranslations(file)
    assert (read.gettext("a"), read.gettext("c"), read.gettext("d")) == ("б", "в", "d")
    os.utime(folder / "uk" / "0.po", ns=(compiled.stat().st_mtime_ns + 1,) * 2)
    assert hatch_build.stale(folder)


def test_two_files_may_not_translate_one_sentence_differently(tmp_path: Path) -> None:
    folder = written(tmp_path, 'msgid "a"\nmsgstr "b"', 'msgid "a"\nmsgstr "c"')
    with pytest.raises(hatch_build.CatalogueError, match=r"uk/1\.po.*'a'"):
        hatch_build.compile_all(folder)
    assert not (folder / "uk.mo").exists()
