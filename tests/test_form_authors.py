"""The guide for people who make forms against reality: its files are written out, its commands run in its order."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from tests.conftest import REPO
from tests.receiver_kit import svidok

TEXT = (REPO / "docs/form-authors.md").read_text("utf-8")
FILES = dict(re.findall(r"^<!-- file: (\S+) -->\n```[a-z]*\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL))
COMMANDS = [
    line for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL) for line in block.splitlines()
]


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """The guide's files in one folder."""
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_of_the_guide_runs_in_its_order(beside):
    assert len(COMMANDS) == 10
    for line in COMMANDS:
        done = svidok(*shlex.split(line)[1:])
        if "--json" in line:
            json.loads(done.stdout)


def test_the_form_of_the_guide_has_no_warnings(beside):
    found = json.loads(svidok("form", "check", "clinic.md", "--json").stdout)
    assert (found["problems"], found["warnings"]) == ([], [])


def test_the_guide_names_every_key_of_a_run(beside):
    found = json.loads(svidok("form", "run", "clinic.md", "--script", "clinic.test.json", "--json").stdout)
    table = TEXT.partition("| key |")[2].partition("\n\n")[0]
    named = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == set(found)


def test_a_script_notices_when_the_form_breaks(beside):
    form = beside / "clinic.md"
    form.write_text(form.read_text("utf-8").replace("${age} > 17", "${age} > 18"), "utf-8")
    done = svidok("form", "run", "clinic.md", "--script", "clinic.test.json", check=False)
    assert done.returncode == 1
    assert "step 6, adult/works: relevant should be true, and is false" in done.stdout
