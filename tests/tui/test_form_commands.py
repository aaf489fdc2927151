"""`svidok form check` and `run` as people who make forms use them: no home, no passphrase, no terminal."""

# lines of sheets and scripts
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.receiver_kit import svidok
from tests.tui.form_kit import ANSWERS, CASE, given, refusal, written
from tui.commands.form_files import Beside


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """The small form as a file."""
    return written(tmp_path / "case.md", CASE)


def test_checking_counts_and_lists_what_each_compartment_receives(case):
    found = given(0, "form", "check", case)
    assert found["ok"] is True
    assert found["problems"] == []
    assert found["statistics"]["id"] == "case"
    assert found["statistics"]["questions"] == 5
    assert found["statistics"]["repeats"] == 1
    assert found["compartments"]["identity"] == ["/name", "/kids/kid"]
    assert found["compartments"]["process"] == ["/work/paid", "/work/photo"]
    assert "/age" in found["compartments"]["narrative"]


def test_a_mistake_is_named_with_sheet_row_and_question_and_the_exit_code_is_1(tmp_path):
    wrong = CASE.replace("${age} > 17", "${agee} > 17")
    found = given(1, "form", "check", written(tmp_path / "wrong.md", wrong))
    assert found["ok"] is False
    (problem,) = found["problems"]
    assert "agee" in problem["message"]
    assert problem["code"].startswith("E_FORM_")


def test_every_mistake_is_named_at_once_with_its_row(tmp_path):
    wrong = CASE.replace(". < 120", ". < nonsense(1)").replace("count(${kids})", "count(${kids}) + bogus(2)")
    found = given(1, "form", "check", written(tmp_path / "wrong.md", wrong))
    placed = {(each["sheet"], each["row"], each["question"], each["code"]) for each in found["problems"]}
    assert placed == {("survey", 3, "age", "E_FORM_FUNCTION"), ("survey", 11, "many", "E_FORM_FUNCTION")}
    shown = svidok("form", "check", tmp_path / "wrong.md", check=False)
    assert shown.returncode == 1
    assert "sheet survey, row 3, age" in shown.stdout
    assert "2 mistakes: the form is refused." in shown.stdout


def test_people_read_warnings_before_what_is_in_the_form(tmp_path):
    half = written(tmp_path / "half.md", CASE.replace("Скільки вам років?", "                  "))
    shown = svidok("form", "check", half).stdout
    assert "labels are missing in Ukrainian (uk)" in shown
    assert shown.index("warning") < shown.index("A case (case, version 7)") < shown.index("identity receives 2")
    assert "\x1b" not in shown


def test_an_xform_is_checked_like_the_sheet_that_it_was_made_of(case, tmp_path):
    from schemas.xlsform import to_xform

    xform = tmp_path / "case.xml"
    xform.write_bytes(to_xform(case).xml)
    assert given(0, "form", "check", xform)["statistics"] == given(0, "form", "check", case)["statistics"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("form.pdf", b"%PDF-1.7", "E_FORM_XLSFORM"),
        ("form.xlsx", b"PK\x03\x04 no workbook", "E_FORM_XLSFORM"),
        ("form.xlsx", b"", "E_FORM_XLSFORM"),
        ("form.md", b"\xff\xfe\x00", "E_FORM_XLSFORM"),
        ("form.xml", b"<html", "E_FORM_XML"),
        ("form.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "E_FORM_XML"),
        ("form.xml", b"<data/>", "E_FORM_STRUCTURE"),
        ("form.xml", None, "E_FORM_XML"),
        ("form.xlsx", None, "E_FORM_XLSFORM"),
    ],
    ids=["pdf", "no workbook", "empty", "no text", "half XML", "entities", "no XForm", "huge XML", "huge workbook"],
)
def test_a_file_that_is_no_form_is_a_coded_mistake(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(b" " * ((16 << 20) + 1) if content is None else content)
    assert [each["code"] for each in given(1, "form", "check", path)["problems"]] == [code]
    assert refusal("form", "run", path, "--answers", written(tmp_path / "a.json", {})) == code


def test_what_is_no_file_is_refused(tmp_path):
    assert refusal("form", "check", tmp_path / "none.xlsx") == "E_FILE_MISSING"
    assert refusal("form", "check", tmp_path) == "E_FORMAT"
    (tmp_path / "gone.xlsx").symlink_to(tmp_path / "nowhere.xlsx")
    assert refusal("form", "check", tmp_path / "gone.xlsx") == "E_FORMAT"


def test_no_command_makes_a_home(case, tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("SVIDOK_HOME", str(home))
    before = sorted(tmp_path.iterdir())
    svidok("form", "check", case)
    svidok("form", "eval", "--instance", written(tmp_path / "i.xml", "<a/>"), "1")
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "i.xml"])


# ---- run ----


def test_running_fills_in_and_tells_everything(case, tmp_path):
    found = given(0, "form", "run", case, "--answers", written(tmp_path / "a.json", ANSWERS))
    assert found["ok"] is True
    assert found["valid"] is True
    assert found["instance"]["kids"] == [{"kid": "Ada"}, {"kid": "Ivo"}]
    assert found["nodes"]["/work/paid"]["relevant"] is True
    assert found["nodes"]["/work/paid"]["value"] == "yes"
    assert found["nodes"]["/kids[2]/kid"]["label"] == "A child of Olena"
    assert found["calculated"]["/many"] == "2"
    assert found["gates"] == []
    assert found["problems"] == []


def test_the_entry_with_which_a_repeat_begins_counts_as_the_first_of_the_answers(tmp_path):
    usual = written(tmp_path / "usual.md", CASE.replace("| 0 |\n", "| |\n"))
    found = given(0, "form", "run", usual, "--answers", written(tmp_path / "a.json", ANSWERS))
    assert found["instance"]["kids"] == [{"kid": "Ada"}, {"kid": "Ivo"}]
    assert found["nodes"]["/kids"]["count"] == 2


def test_an_answer_that_is_refused_stops_no_other(case, tmp_path):
    answers = {"work": {"paid": "perhaps"}, "nobody": 1, "age": "old", "name": "Olena", "kids": 3}
    found = given(1, "form", "run", case, "--answers", written(tmp_path / "a.json", answers))
    assert [each["code"] for each in found["problems"]] == [
        "E_ANSWER_CHOICE", "E_ANSWER_PATH", "E_ANSWER_TYPE", "E_ANSWER_TYPE",
    ]  # fmt: skip
    assert found["instance"]["name"] == "Olena"


def test_a_broken_constraint_is_told_and_is_no_failure(case, tmp_path):
    answers = written(tmp_path / "a.json", {"name": "O", "age": 130})
    found = given(0, "form", "run", case, "--answers", answers)
    assert found["valid"] is False
    assert [(each["path"], each["code"], each["message"]) for each in found["issues"]] == [
        ("/age", "constraint", "Too old.")
    ]
    shown = svidok("form", "run", case, "--answers", answers).stdout
    assert "/age: Too old." in shown


def test_files_are_taken_from_the_folder_of_the_answers(case, tmp_path):
    folder = tmp_path / "answers"
    folder.mkdir()
    (folder / "p.jpg").write_bytes(b"picture")
    answers = written(folder / "a.json", {"age": 20, "photo": {"file": "p.jpg"}})
    found = given(0, "form", "run", case, "--answers", answers)
    assert list(found["files"].values()) == ["p.jpg"]
    assert found["nodes"]["/work/photo"]["value"] == {"attachment": next(iter(found["files"]))}
    missing = written(folder / "b.json", {"age": 20, "photo": {"file": "q.jpg"}})
    assert [each["code"] for each in given(1, "form", "run", case, "--answers", missing)["problems"]] == [
        "E_FILE_MISSING"
    ]


def test_a_table_is_found_beside_the_form_and_in_its_media_folder(tmp_path):
    sheet = """
    | survey |
    | | type                          | name | label |
    | | select_one_from_file t.csv    | city | Where? |
    """
    form = written(tmp_path / "places.md", sheet)
    answers = written(tmp_path / "a.json", {"city": "kyiv"})
    assert given(1, "form", "run", form, "--answers", answers)["problems"][0]["code"] == "E_ANSWER_CHOICE"
    written(tmp_path / "t.csv", "name,label\nlviv,Lviv\nkyiv,Kyiv\n")
    assert given(0, "form", "run", form, "--answers", answers)["instance"] == {"city": "kyiv"}
    (tmp_path / "places-media").mkdir()
    written(tmp_path / "places-media" / "t.csv", "name,label\nodesa,Odesa\n")
    assert given(1, "form", "run", form, "--answers", answers)["problems"][0]["code"] == "E_ANSWER_CHOICE"


def test_a_form_reads_no_file_of_another_folder(tmp_path):
    written(tmp_path / "secret.csv", "name,label\na,A\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "link.csv").symlink_to(tmp_path / "secret.csv")
    beside = Beside(inner / "form.xlsx")
    for name in ("../secret.csv", str(tmp_path / "secret.csv"), "link.csv", "..", "", "a\0b", ".hidden"):
        assert name not in beside
        with pytest.raises(KeyError):
            beside[name]
    assert dict(beside) == {}


def test_answers_or_a_script_are_needed(case):
    done = svidok("form", "run", case, check=False)
    assert done.returncode == 2
    assert "--answers or --script" in done.stderr


def test_answers_that_are_no_json_object_are_refused(case, tmp_path):
    assert refusal("form", "run", case, "--answers", written(tmp_path / "a.json", [1])) == "E_ANSWERS_FILE"
    assert refusal("form", "run", case, "--answers", written(tmp_path / "b.json", "{")) == "E_ANSWERS_FILE"
    assert refusal("form", "run", case, "--answers", tmp_path / "c.json") == "E_FILE_MISSING"


# ---- scripts ----

STEPS: list[dict[str, Any]] = [
    {"expect": "work", "relevant": False},
    {"set": "age", "value": 18},
    {"expect": "work/paid", "relevant": True, "choices": ["yes", "no"], "required": False, "readonly": False},
    {"set": "work/paid", "value": "perhaps", "problem": "E_ANSWER_CHOICE"},
    {"set": "name", "value": "Ada"},
    {"add": "kids"},
    {"add": "kids"},
    {"expect": "many", "value": 2},
    {"expect": "kids[2]/kid", "label": "A child of Ada"},
    {"remove": "kids", "at": 1},
    {"expect": "many", "value": 1},
    {"language": "uk"},
    {"expect": "age", "label": "Скільки вам років?"},
    {"set": "age", "value": 121},
    {"expect": "age", "valid": False},
]


def test_a_script_that_goes_as_written(case, tmp_path):
    found = given(0, "form", "run", case, "--script", written(tmp_path / "s.json", STEPS))
    assert (found["ok"], found["steps"], found["failures"]) == (True, len(STEPS), [])
    assert found["language"] == "Ukrainian (uk)"
    shown = svidok("form", "run", case, "--script", tmp_path / "s.json").stdout
    assert shown.splitlines()[-1] == f"{len(STEPS)} steps, all as written."


def test_an_expectation_that_fails_is_named_and_the_exit_code_is_1(case, tmp_path):
    steps = [{"set": "age", "value": 9}, {"expect": "work", "relevant": True}, {"expect": "age", "value": 9}]
    found = given(1, "form", "run", case, "--script", written(tmp_path / "s.json", steps))
    assert found["failures"] == [{"step": 2, "path": "work", "what": "relevant", "wanted": True, "found": False}]
    done = svidok("form", "run", case, "--script", tmp_path / "s.json", check=False)
    assert done.returncode == 1
    assert "step 2, work: relevant should be true, and is false" in done.stdout


@pytest.mark.parametrize(
    "script", [{"set": "age"}, "[", [1], [{"sing": 1}], [{"set": "age"}], [{"remove": "kids"}], [{"expect": "age"}]]
)
def test_a_script_that_is_none_is_refused(case, tmp_path, script):
    assert refusal("form", "run", case, "--script", written(tmp_path / "s.json", script)) == "E_INSTANCE_STEP"


def test_a_script_goes_on_from_the_answers(case, tmp_path):
    answers = written(tmp_path / "a.json", ANSWERS)
    script = written(tmp_path / "s.json", [{"expect": "many", "value": 2}])
    assert given(0, "form", "run", case, "--answers", answers, "--script", script)["ok"] is True


def test_open_gates_stand_beside_validity(tmp_path):
    from importlib import resources

    shipped = tmp_path / "shipped.xml"
    shipped.write_bytes(resources.files("schemas.forms").joinpath("forced-conscription.xml").read_bytes())
    found = given(0, "form", "run", shipped, "--answers", written(tmp_path / "a.json", {"age_gate": "minor"}))
    assert [(gate["gate"], gate["effect"]) for gate in found["gates"]] == [("G2", "stop")]
