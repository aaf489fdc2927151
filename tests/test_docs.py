"""The documents against reality: commands, links, clauses, records and attacks that they name exist."""

from __future__ import annotations

import dataclasses
import importlib
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from tests.conftest import REPO
from tests.test_project import named, sources, tracked

SPEC = REPO / "docs/spec/protocol.md"
DOCUMENTS = tracked(".md")
TESTS = REPO / "tests"


def code_of(text: str) -> Iterator[str]:
    """Lines of a Markdown text's code blocks, and its inline code."""
    blocks = re.compile(r"^```[a-z]*\n(.*?)^```|((?:^    .*\n)+)", re.MULTILINE | re.DOTALL)
    for fenced, indented in blocks.findall(text):
        yield from (line.strip() for line in (fenced or indented).splitlines())
    yield from (" ".join(piece.split()) for piece in re.findall(r"`([^`]+)`", blocks.sub("", text)))


def commands_shown() -> list[tuple[str, str]]:
    """(document, command line) for every `svidok …` that a document shows."""
    return sorted(
        {
            (named(document), line.removeprefix("$ ").partition("  ")[0])
            for document in DOCUMENTS
            for line in code_of(document.read_text("utf-8"))
            if re.match(r"(\$ )?svidok [a-z-]", line)
        }
    )


@cache
def root() -> click.Group:
    group = importlib.import_module("tui.cli").main_group
    assert isinstance(group, click.Group)
    return group


def complaint(line: str) -> str | None:
    """What is wrong with a command line that a document shows: an unknown command or an unknown option."""
    words = [word for word in shlex.split(line, comments=True)[1:] if word not in ("|", "…", "...")]
    command: click.Command = root()
    options = {option for parameter in command.params for option in parameter.opts}
    for word in words:
        context = click.Context(command)
        if word.startswith("--"):
            if word.partition("=")[0] not in options | {"--help", "--version"}:
                return f"{word} is no option of {command.name}"
        elif isinstance(command, click.Group):
            found = command.get_command(context, word)
            if found is None:
                return f"{command.name} has no command {word}"
            command = found
            options |= {option for parameter in command.params for option in parameter.opts}
    return None


@pytest.mark.parametrize(("document", "line"), commands_shown())
def test_every_command_that_a_document_shows_exists(document, line):
    assert complaint(line) is None, document


def test_a_command_that_does_not_exist_is_noticed():
    assert complaint("svidok sing --loudly")
    assert complaint("svidok demo --loudly")


def test_every_make_target_that_a_document_names_exists():
    targets = set(re.search(r"^\.PHONY: (.*)$", (REPO / "Makefile").read_text("utf-8"), re.MULTILINE)[1].split())
    for document in DOCUMENTS:
        shown = {match[1] for line in code_of(document.read_text("utf-8")) if (match := re.match(r"make (\w+)$", line))}
        assert shown <= targets, named(document)


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8")):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        goal = (document.parent / path).resolve() if path else document
        assert goal.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", goal.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}, target


def test_every_document_that_the_source_cites_exists():
    cited = {
        (named(path), match)
        for path in [*sources(), *tracked(".sql", ".toml")]
        for match in re.findall(r"\bdocs/[\w./-]+\.md", path.read_text("utf-8"))
    }
    assert [pair for pair in sorted(cited) if not (REPO / pair[1]).is_file()] == []


def test_every_clause_that_source_and_tests_cite_exists():
    clauses = set(re.findall(r"^#+ (\d+(?:\.\d+)?)\.? ", SPEC.read_text("utf-8"), re.MULTILINE))
    missing = {
        f"{named(path)}: §{clause}"
        for path in tracked(".py", ".sql")
        for part in re.findall(r"protocol\.md ((?:§[\d.]+(?:, | and | to |–)?)+)", path.read_text("utf-8"))
        for clause in re.findall(r"§(\d+(?:\.\d+)?)", part)
        if clause not in clauses
    }
    assert missing == set()


def record_tables() -> list[tuple[str, set[str]]]:
    """(module.Class, keys) of every table in the protocol that describes a record."""
    text = SPEC.read_text("utf-8")
    tables = re.findall(r"<!-- record: ([\w.]+) -->\n\n((?:\|.*\n)+)", text)
    return [
        (name, {key for row in rows.splitlines()[2:] for key in re.findall(r"`(\w+)`", row.split("|")[1])})
        for name, rows in tables
    ]


@pytest.mark.parametrize(("name", "keys"), record_tables())
def test_the_protocol_names_the_keys_that_a_record_has(name, keys):
    module, _, kind = name.rpartition(".")
    record = getattr(importlib.import_module(f"schemas.records.{module}"), kind)
    assert keys == {field.name.removesuffix("_") for field in dataclasses.fields(record)} - {"extra"}


def attacks() -> dict[int, bool]:
    """Number of each attack in the protocol, and whether it has its test."""
    listing = SPEC.read_text("utf-8").partition("\n## 18.")[2]
    items = re.findall(r"^(\d+)\. (.*(?:\n    .*)*)", listing, re.MULTILINE)
    return {int(number): "(planned" not in text for number, text in items}


def attack_tests() -> set[int]:
    pattern = re.compile(r"def test_attack_(\d\d)_")
    return {int(number) for path in tracked(".py") for number in pattern.findall(path.read_text("utf-8"))}


def test_every_attack_has_a_test_or_is_marked_as_planned():
    assert list(attacks()) == list(range(1, 69))
    assert {number for number, built in attacks().items() if built} == attack_tests()


def test_the_changelog_has_a_place_for_what_is_not_released():
    assert "\n## [Unreleased]\n" in (REPO / "CHANGELOG.md").read_text("utf-8")


def test_every_decision_is_in_the_list():
    folder = REPO / "docs/adr"
    pages = {path.name for path in folder.glob("[0-9]*.md")}
    assert pages == set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text("utf-8")))


def test_pictures_that_documents_show_lie_in_the_tree():
    for document in DOCUMENTS:
        for target in re.findall(r'<img [^>]*src="([^"]+)"', document.read_text("utf-8")):
            assert Path(document.parent, target).is_file(), f"{named(document)}: {target}"
