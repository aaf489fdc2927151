"""The project's own rules, checked against the tree: files, words, codes, lock, wheel, make targets."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

from schemas.problems import CATALOGUE
from tests.conftest import REPO

PACKAGES = ("schemas", "collector", "sync", "tui")
PLANNED_CODES = {"E_TSA"}
TEXT = {".py", ".md", ".toml", ".lock", ".sql", ".po", ".tcss", ".sh", ".txt", ""}
# Put together from halves, so that this file does not find itself.
FORBIDDEN = [
    re.compile(pattern)
    for pattern in (
        r"\bTO" + r"DO\b",
        r"\bFIX" + r"ME\b",
        r"\bXX" + r"X\b",
        r"raise NotImplemented" + r"Error",
        r"pragma: no" + r" cover",
        r"pypi" + r"\.org|python" + r"hosted|/opt/" + r"wheels|extra-index" + r"-url",
        r"/work/" + r"(main|shared|contract)|/root" + r"/\.|\.pye" + r"nv",
        r"time\.sleep" + r"\(",
        r"\bas an A" + r"I\b|language mod" + r"el\b",
    )
]


def tracked(*suffixes: str) -> list[Path]:
    """Files that belong to the project: what git knows and what it would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=REPO, capture_output=True, check=True)
    names = [REPO / name for name in done.stdout.decode().split("\0") if name]
    return sorted(path for path in names if path.is_file() and (not suffixes or path.suffix in suffixes))


def sources() -> list[Path]:
    """The Python files of the four packages."""
    return [path for path in tracked(".py") if path.relative_to(REPO).parts[0] in PACKAGES]


def named(path: Path) -> str:
    return str(path.relative_to(REPO))


@cache
def lock_tool() -> ModuleType:
    """tools/lock.py as a module."""
    spec = importlib.util.spec_from_file_location("lock_tool", REPO / "tools" / "lock.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_python_files_are_shorter_than_400_lines():
    long = {
        named(path): count for path in tracked(".py") if (count := len(path.read_text("utf-8").splitlines())) >= 400
    }
    assert not long


def test_functions_are_shorter_than_50_lines():
    long = [
        f"{named(path)}:{node.lineno} {node.name}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= 50
    ]
    assert not long


def test_every_module_says_which_rule_it_keeps():
    empty = [path for path in sources() if path.stat().st_size == 0]
    silent = [
        path for path in sources() if path not in empty and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not [named(path) for path in silent]


@pytest.mark.parametrize("pattern", FORBIDDEN, ids=lambda pattern: pattern.pattern[:12])
def test_forbidden_words_stand_nowhere(pattern):
    found = [
        f"{named(path)}:{number}"
        for path in tracked()
        if path.suffix in TEXT
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found


def test_every_code_in_the_source_is_in_the_catalogue_and_the_other_way_round():
    area = REPO / "schemas" / "problems"
    used = {
        node.value
        for path in sources()
        if area not in path.parents
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"E_[A-Z0-9_]+", node.value)
    }
    areas = {code for code in used if any(known.startswith(f"{code.rstrip('_')}_") for known in CATALOGUE)}
    assert sorted(used - areas - CATALOGUE.keys()) == [], "raised, but not in the catalogue"
    assert sorted(CATALOGUE.keys() - used) == [], "in the catalogue, but never raised"


def test_every_code_of_the_protocol_is_in_the_catalogue_or_planned():
    text = (REPO / "docs/spec/protocol.md").read_text("utf-8")
    named_there = set(re.findall(r"\bE_[A-Z0-9_]+\b", text))
    assert named_there - CATALOGUE.keys() <= PLANNED_CODES
    assert not PLANNED_CODES & CATALOGUE.keys(), "built now: say so in the protocol"


def test_the_lock_is_fresh_and_names_no_host_and_no_path():
    assert lock_tool().faults((REPO / "requirements.lock").read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--find-links /somewhere", "neither a package nor a hash"),
        ("pynacl @ file:///somewhere", "neither a package nor a hash"),
        ("pynacl==1.0.0", "without a hash"),
    ],
)
def test_a_lock_with_a_fault_is_refused(line, said):
    text = (REPO / "requirements.lock").read_text("utf-8")
    assert any(said in fault for fault in lock_tool().faults(f"{text}{line}\n"))


def test_a_lock_older_than_pyproject_is_refused():
    first, _, rest = (REPO / "requirements.lock").read_text("utf-8").partition("\n")
    assert lock_tool().faults(f"{first[:-1]}{'0' if first[-1] != '0' else '1'}\n{rest}")
    assert lock_tool().faults(rest)


def closure(names: set[str]) -> set[str]:
    """The installed packages that `names` need, themselves included."""
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = {(name, frozenset[str]()) for name in names}
    while waiting:
        name, extras = waiting.pop()
        found.add((name, extras))
        for requirement in map(Requirement, importlib.metadata.requires(name) or []):
            contexts = [{"extra": extra} for extra in extras | {""}]
            if not requirement.marker or any(requirement.marker.evaluate(context) for context in contexts):
                waiting |= {(requirement.name.lower(), frozenset(requirement.extras))} - found
    return {name for name, _ in found}


def test_the_architecture_counts_the_packages_of_the_field_profile_right():
    asked = {Requirement(item).name for item in importlib.metadata.requires("svidok") or [] if "extra ==" not in item}
    said = re.search(r"field profile consists of (\d+) packages", (REPO / "docs/architecture.md").read_text("utf-8"))
    assert said
    assert int(said[1]) == len(closure(asked))


def test_the_wheel_holds_everything_that_lies_in_the_packages(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    expected = {named(path) for path in tracked() if path.relative_to(REPO).parts[0] in PACKAGES}
    assert expected | {"tui/locale/uk.mo", "tui/locale/ru.mo"} <= packed


def test_make_help_names_every_target():
    makefile = (REPO / "Makefile").read_text("utf-8")
    targets = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    shown = subprocess.run(
        ["make", "--no-print-directory"], cwd=REPO, capture_output=True, text=True, check=True
    ).stdout
    assert targets == set(re.findall(r"^  make (\w+) ", shown, re.MULTILINE))


def test_continuous_integration_runs_the_commands_of_the_readme():
    run = (REPO / ".ci/run").read_text("utf-8")
    readme = (REPO / "README.md").read_text("utf-8")
    for target in ("make check", "make test"):
        assert re.search(rf"^{target}$", run, re.MULTILINE)
        assert target in readme
