"""`svidok form eval` and `export`, large and hostile files, and what needs a terminal."""

# ruff: noqa: E501  # lines of sheets and scripts
from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from textwrap import dedent

import pytest

from tests.receiver_kit import svidok
from tests.tui.form_kit import ANSWERS, CASE, given, refusal, written
from tui.commands.form_files import new_session


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """The small form as a file."""
    return written(tmp_path / "case.md", CASE)


# ---- eval ----

INSTANCE = "<data id='t'><a>2</a><a>3</a><b>x</b><g><c/></g></data>"


def test_each_expression_gives_one_object_in_order(tmp_path):
    instance = written(tmp_path / "i.xml", INSTANCE)
    found = given(
        0, "form", "eval", "--instance", instance,
        "sum(/data/a)", "nonsense(", "/data/a", "-1 + 2", "/data/b", "1 div 0", "-1 div 0", "'x' + 1", "true()", "concat('a', 'b')",
    )  # fmt: skip
    assert [each["expr"] for each in found][1:4] == ["nonsense(", "/data/a", "-1 + 2"]
    kept = [(each.get("type"), each.get("value")) for each in found]
    assert kept == [
        ("number", 5), (None, None), ("nodeset", ["2", "3"]), ("number", 1), ("nodeset", ["x"]),
        ("number", "Infinity"), ("number", "-Infinity"), ("number", "NaN"), ("boolean", True), ("string", "ab"),
    ]  # fmt: skip
    assert found[1]["problem"] == "E_FORM_EXPRESSION"


def test_expressions_come_from_a_file_too_one_on_each_line(tmp_path):
    instance = written(tmp_path / "i.xml", INSTANCE)
    listed = tmp_path / "e.txt"
    listed.write_bytes("\ufeff1 + 1\r\n\n'a\u2028b'\n-(3)\n".encode())
    found = given(0, "form", "eval", "--instance", instance, "'first'", "--file", listed)
    assert [each["value"] for each in found] == ["first", 2, "a\u2028b", -3]


def test_relative_paths_start_at_the_context(tmp_path):
    instance = written(tmp_path / "i.xml", INSTANCE)
    found = given(0, "form", "eval", "--instance", instance, "name(.)", "count(../a)", "--context", "/data/g")
    assert found[1]["value"] == 2
    assert refusal("form", "eval", "--instance", instance, "1", "--context=/data/z") == "E_FORM_REFERENCE"


def test_an_expression_that_looks_like_an_option_is_one_only_if_it_begins_with_two_dashes_and_a_letter(tmp_path):
    instance = written(tmp_path / "i.xml", INSTANCE)
    found = given(0, "form", "eval", "--instance", instance, "-2", "- 2", "--2")
    assert [each["value"] for each in found] == [-2, -2, 2]
    assert svidok("form", "eval", "--instance", instance, "--jason", "1", check=False).returncode == 2
    assert svidok("form", "eval", "--instance", instance, check=False).returncode == 2
    dashes = svidok("form", "eval", "--instance", instance, "--json", "--", "--b", check=False)
    assert json.loads(dashes.stdout)[0]["value"] == "NaN"


def test_people_see_expression_and_value(tmp_path):
    shown = svidok("form", "eval", "--instance", written(tmp_path / "i.xml", INSTANCE), "/data/a", "1 = 1", "b(").stdout
    assert shown.splitlines()[:4] == ["/data/a", "    2 nodes", "      1. 2", "      2. 3"]
    assert "    boolean true" in shown
    assert "[E_FORM_EXPRESSION]" in shown


def test_an_instance_that_cannot_be_read_is_refused(tmp_path):
    bomb = written(tmp_path / "bomb.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")
    assert refusal("form", "eval", "--instance", bomb, "1") == "E_FORM_XML"
    huge = tmp_path / "huge.xml"
    with huge.open("wb") as file:
        file.truncate(1 << 34)
    assert refusal("form", "eval", "--instance", huge, "1") == "E_FORM_XML"


# ---- export ----


def test_a_submission_is_written_and_reads_back(case, tmp_path):
    from schemas.instance import load_submission

    (tmp_path / "p.jpg").write_bytes(b"picture")
    answers = written(tmp_path / "a.json", ANSWERS | {"photo": {"file": "p.jpg"}})
    out = tmp_path / "out.xml"
    found = given(0, "form", "export", case, "--answers", answers, "--odk", out)
    assert found["valid"] is True
    assert found["files"] == {"p.jpg": str(tmp_path / "p.jpg")}
    assert found["bytes"] == out.stat().st_size
    xml = out.read_bytes()
    assert b"<photo>p.jpg</photo>" in xml
    assert b"<instanceID>uuid:" in xml
    session = new_session(case)
    load_submission(session, xml, lambda name, path: b"0" * 16)
    assert session.to_nested()["kids"] == [{"kid": "Ada"}, {"kid": "Ivo"}]


def test_nothing_is_written_when_an_answer_is_refused(case, tmp_path):
    out = tmp_path / "out.xml"
    answers = written(tmp_path / "a.json", {"paid": "perhaps"})
    assert refusal("form", "export", case, "--answers", answers, "--odk", out) == "E_ANSWER_CHOICE"
    good = written(tmp_path / "b.json", ANSWERS)
    assert (
        refusal("form", "export", case, "--answers", good, "--odk", tmp_path / "no" / "out.xml") == "E_FOLDER_MISSING"
    )
    assert not out.exists()


# ---- large and hostile ----


def test_a_workbook_of_five_thousand_questions_is_checked(tmp_path):
    rows = "\n".join(f"integer,q{number},Question {number},${{q{number - 1}}} > 0" for number in range(1, 5000))
    sheet = tmp_path / "large.csv"
    text = f"survey,,,,\n,type,name,label,relevant\n,integer,q0,Question 0,\n,{rows}\n".replace(
        "\ninteger", "\n,integer"
    )
    sheet.write_text(text)
    assert given(0, "form", "check", sheet)["statistics"]["questions"] == 5000


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(tmp_path):
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml"):
            archive.writestr(name, "<x/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(512):
                sheet.write(b"\0" * (1 << 20))
    assert [each["code"] for each in given(1, "form", "check", bomb)["problems"]] == ["E_FORM_XLSFORM"]


# ---- without a terminal ----


def test_help_loads_no_command_and_no_engine():
    program = """
        import sys
        from click.testing import CliRunner
        from tui.cli import main_group
        for words in (["--help"], ["form", "--help"]):
            assert CliRunner().invoke(main_group, words).exit_code == 0
        print([name for name in sys.modules if name.startswith(("schemas", "tui.commands", "textual", "pyxform"))])
    """
    done = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_preview_needs_a_terminal_and_a_form_that_works(case, tmp_path):
    done = svidok("form", "preview", case, check=False)
    assert done.returncode == 1
    assert "[E_NO_TERMINAL]" in done.stderr
    done = svidok("form", "preview", tmp_path / "none.md", check=False)
    assert "[E_FILE_MISSING]" in done.stderr
