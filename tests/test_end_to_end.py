"""The whole way through the installed command: what a script of an organisation would do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from collector.field import Field
from collector.keyslots import KdfParams
from sync.desk.desk import Desk
from tui.demo_interviews import SEARCH_PHRASE, interviews

# The tests use one field machine and one desk, in order.
pytestmark = pytest.mark.xdist_group("end-to-end")

SVIDOK = str(Path(sys.executable).parent / "svidok")
PASSPHRASE = "wogi dapu ferin kolza timube rasov"
SMALL = KdfParams(65536, 1)
MARKER = "Вигадана-Свідкова"


class Shell:
    """Runs the command in a folder of its own, with an environment that holds no home and no language."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text(PASSPHRASE + "\n")
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        self.said: list[str] = []

    def run(self, *words: object, fails: bool = False, env: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            [SVIDOK, *map(str, words)], cwd=self.folder, env={**self.env, **(env or {})}, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=300, check=False,
        )  # fmt: skip
        self.said += [done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")]
        assert (done.returncode == 1) if fails else (done.returncode == 0), self.said[-2:]
        assert "Traceback" not in self.said[-1]
        return self.said[-2]

    def json(self, *words: object, fails: bool = False) -> dict[str, Any]:
        found = json.loads(self.run(*words, "--json", fails=fails))
        assert isinstance(found, dict)
        return found

    def vault(self, *words: object, home: str, fails: bool = False) -> dict[str, Any]:
        return self.json(*words, "--home", self.folder / home, "--passphrase-file", self.passphrase, fails=fails)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A folder with both homes; made by the library, because there a passphrase may be cheap to try."""
    made = Shell(tmp_path_factory.mktemp("way"))
    Desk.create(made.folder / "desk", PASSPHRASE, params=SMALL).close()
    Field.create(made.folder / "field", PASSPHRASE, params=SMALL).close()
    return made


def told(folder: Path) -> Path:
    """The first invented interview as a file of answers, with a marker among the identity answers."""
    interview = next(iter(interviews(1)))
    answers = interview.answers_in(folder)
    for attachment in interview.attachments:
        attachment.write(folder)
    answers["t_identity"]["id_full_name"] = MARKER
    answers["t_identity"]["id_mode"] = "full"
    path = folder / "answers.json"
    path.write_text(json.dumps(answers, ensure_ascii=False), encoding="utf-8")
    return path


def test_the_whole_way_by_courier(shell: Shell) -> None:
    root = shell.vault("desk", "status", home="desk")["fingerprint"]
    mission = shell.vault("desk", "mission", "new", "--name", "Dobra", home="desk")
    assert mission["fingerprint"] == root
    request = shell.vault("field", "request", "--out", "request", home="field")
    enrolled = shell.vault(
        "desk", "enrol", "request", "--fingerprint", request["fingerprint"], "--out", "pack", home="desk"
    )
    assert enrolled["fingerprint"] == root
    assert enrolled["compared"] is True
    shell.vault("field", "enrol", "pack", "--fingerprint", root, home="field")

    code = shell.vault("field", "new", "--answers", told(shell.folder), home="field")["code"]
    photo = shell.folder / "photo of a summons.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(200_000))
    attached = shell.vault("field", "attach", code, photo, home="field")["attached"][0]
    assert shell.vault("field", "review", code, home="field")["ready"] is True
    sealed = shell.vault("field", "seal", code, home="field")
    assert sealed["sealed"][0]["code"] == code

    sticks = [shell.folder / f"stick{place}" for place in (1, 2, 3)]
    for stick in sticks:
        stick.mkdir()
    shell.vault("field", "export", *sticks, "-k", "2", "-n", "3", home="field")
    assert all(list(stick.glob("*.vol")) for stick in sticks)
    for volume in sticks[0].glob("*.vol"):
        volume.unlink()
    assert shell.json("courier", "check", *sticks)["complete"] is True
    report = shell.vault("desk", "import", *sticks, home="desk")
    assert (report["imported"], report["quarantined"]) == (1, 0)
    assert report["volumes_lost"] > 0
    again = shell.vault("desk", "import", *sticks, home="desk")
    assert (again["imported"], again["duplicates"]) == (0, 1)

    hits = shell.vault("desk", "search", SEARCH_PHRASE, home="desk")["hits"]
    assert [hit["record"] for hit in hits] == [code]
    record = shell.vault("desk", "show", code, home="desk")
    assert record["answers"]["t_identity"]["id_full_name"] == MARKER
    assert record["consent"]["consent_interview"] == "yes"
    assert record["unopened"] == []
    assert {"import", "view"} <= {event["act"] for event in record["custody"]}
    assert attached["sha256"] in {item["sha256"] for item in record["attachments"]}
    out = shell.folder / "copy.png"
    shell.vault("desk", "attachment", code, photo.name, "--out", out, home="desk")
    assert out.read_bytes() == photo.read_bytes()
    tables = shell.vault("desk", "export", "--csv", shell.folder / "csv", home="desk")["files"]
    assert "narrative.csv" in {table["name"] for table in tables}
    assert SEARCH_PHRASE in (shell.folder / "csv" / "narrative.csv").read_text(encoding="utf-8")
    assert MARKER not in (shell.folder / "csv" / "narrative.csv").read_text(encoding="utf-8")

    kept = shell.vault("field", "purge", home="field")
    assert kept["purged"] == []
    shell.vault("desk", "receipts", "--out", shell.folder / "returns", home="desk")
    shell.vault("field", "receipts", shell.folder / "returns", home="field")
    assert shell.vault("field", "purge", home="field")["purged"] == [code]
    assert shell.vault("field", "status", home="field")["interviews"] == {"purged": 1}


def test_homes_are_made_by_commands_and_never_over_something(shell: Shell) -> None:
    desk = shell.vault("desk", "init", home="new-desk")
    assert len(desk["fingerprint"].split()) == 8
    shell.vault("field", "init", home="new-field")
    assert shell.vault("field", "status", home="new-field")["enrolled"] is False
    assert shell.vault("field", "init", home="new-desk", fails=True)["problem"]["code"] == "E_HOME_EXISTS"
    weak = shell.folder / "weak"
    weak.write_text("aaaaaaaaaaaaaaaa")
    for file, code in ((weak, "E_PASSPHRASE_WEAK"), (shell.folder / "none", "E_FILE_MISSING")):
        words = ("field", "init", "--home", shell.folder / "weak-home", "--passphrase-file", file)
        assert shell.json(*words, fails=True)["problem"]["code"] == code
    assert not (shell.folder / "weak-home").exists()


def test_an_interview_without_its_consent_is_not_sealed_and_the_command_says_what_lacks(shell: Shell) -> None:
    answers = json.loads((shell.folder / "answers.json").read_text(encoding="utf-8"))
    del answers["c_consent"]["consent_interview"]
    (shell.folder / "open.json").write_text(json.dumps(answers), encoding="utf-8")
    code = shell.vault("field", "new", "--answers", "open.json", home="field")["code"]
    assert shell.vault("field", "seal", code, home="field", fails=True)["problem"]["code"] == "E_SEAL_BLOCKED"
    blocking = shell.vault("field", "review", code, home="field")["blocking"]
    assert "c_consent/consent_interview" in {item["question"] for item in blocking}
    assert shell.vault("field", "seal", code, "--incomplete", "the bus left", home="field", fails=True)["problem"]


def test_an_interrupted_interview_is_sealed_with_its_reason_and_says_what_was_not_reached(shell: Shell) -> None:
    answers = json.loads((shell.folder / "answers.json").read_text(encoding="utf-8"))
    for section in ("u_closing", "q_perp", "h_event"):
        answers.pop(section, None)
    (shell.folder / "cut.json").write_text(json.dumps(answers), encoding="utf-8")
    code = shell.vault("field", "new", "--answers", "cut.json", home="field")["code"]
    assert shell.vault("field", "seal", code, home="field", fails=True)["problem"]["code"].startswith("E_SEAL_")
    shell.vault("field", "seal", code, "--incomplete", "the bus left", home="field")
    stick = shell.folder / "one stick"
    stick.mkdir()
    shell.vault("field", "export", stick, "-k", "1", "-n", "1", home="field")
    assert shell.vault("desk", "import", stick, home="desk")["imported"] == 1
    record = shell.vault("desk", "show", code, home="desk")
    assert record["incomplete"] == "the bus left"
    assert record["answers"]["u_closing"]["consent_reconfirm"] == {"missing": "not_asked"}


def test_a_file_can_be_taken_out_again_and_a_bad_one_takes_the_others_with_it(shell: Shell) -> None:
    (shell.folder / "empty").touch()
    code = shell.vault("field", "new", "--answers", "open.json", home="field")["code"]
    words = ("field", "attach", code, shell.folder / "copy.png")
    assert shell.vault(*words, shell.folder / "empty", home="field", fails=True)["problem"]["code"] == "E_ATTACH_EMPTY"
    before = shell.vault("field", "review", code, home="field")["counts"]["attachments"]
    shell.vault(*words, home="field")
    assert shell.vault("field", "detach", code, "copy.png", home="field")["detached"]["name"] == "copy.png"
    assert shell.vault("field", "review", code, home="field")["counts"]["attachments"] == before


def test_what_is_not_there_is_called_by_its_name(shell: Shell) -> None:
    passphrase = ("--passphrase-file", shell.passphrase)
    words = (
        "field",
        "request",
        "--home",
        shell.folder / "field",
        *passphrase,
        "--out",
        shell.folder / "no" / "request",
    )
    assert shell.json(*words, fails=True)["problem"]["code"] == "E_FOLDER_MISSING"
    words = ("field", "enrol", "--home", shell.folder / "new-field", *passphrase, "pack")
    assert shell.json(*words, fails=True)["problem"]["code"] == "E_FINGERPRINT_NONE"


def test_a_wrong_passphrase_is_a_coded_problem_for_people_and_for_scripts(shell: Shell) -> None:
    wrong = shell.folder / "wrong"
    wrong.write_text("not this one at all")
    found = shell.json("desk", "status", "--home", shell.folder / "desk", "--passphrase-file", wrong, fails=True)
    assert found["problem"]["code"] == "E_UNLOCK"
    assert all(found["problem"][part] for part in ("what", "safe", "do"))
    assert "[E_UNLOCK]" in shell.said[-1]


def test_the_passphrase_can_be_changed_and_the_old_one_opens_nothing(shell: Shell) -> None:
    new = shell.folder / "new"
    new.write_text("another passphrase of nine plain words in all")
    shell.vault("passphrase", "--new-passphrase-file", new, home="field")
    assert shell.vault("field", "status", home="field", fails=True)["problem"]["code"] == "E_UNLOCK"
    found = shell.json("field", "status", "--home", shell.folder / "field", "--passphrase-file", new)
    assert found["enrolled"] is True


def test_a_terminal_that_speaks_another_encoding_gets_an_answer(shell: Shell) -> None:
    words = ("desk", "search", "автобус", "--home", shell.folder / "desk", "--passphrase-file", shell.passphrase)
    for locale in ("POSIX", "C", "uk_UA.KOI8-U"):
        shell.run(
            *words, env={"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONIOENCODING": "koi8-u", "PYTHONCOERCECLOCALE": "0"}
        )


def test_a_field_machine_is_no_desk(shell: Shell) -> None:
    assert shell.vault("desk", "status", home="field", fails=True)["problem"]["code"] == "E_HOME_PROFILE"
    assert shell.vault("field", "status", home="nowhere", fails=True)["problem"]["code"] == "E_HOME_MISSING"


def test_no_answer_of_identity_and_no_passphrase_was_said_on_standard_error(shell: Shell) -> None:
    errors = shell.said[1::2]
    assert not any(MARKER in text or PASSPHRASE in text or SEARCH_PHRASE in text for text in errors)
