"""A sealed interview is corrected on its way: by commands, over a stick, and both ends show the link."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from collector.field import Field
from collector.keyslots import KdfParams
from sync.desk.desk import Desk
from tests.test_end_to_end import PASSPHRASE, Shell
from tui.demo_interviews import interviews

SMALL = KdfParams(65536, 1)


def answers(folder: Path, name: str, account: str) -> Path:
    interview = next(iter(interviews(1)))
    told: dict[str, Any] = interview.answers_in(folder)
    for attachment in interview.attachments:
        attachment.write(folder)
    told["d_account"]["narrative_text"] = account
    path = folder / name
    path.write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    return path


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    made = Shell(tmp_path)
    Desk.create(tmp_path / "desk", PASSPHRASE, params=SMALL).close()
    Field.create(tmp_path / "field", PASSPHRASE, params=SMALL).close()
    root = made.vault("desk", "status", home="desk")["fingerprint"]
    made.vault("desk", "mission", "new", "--name", "Dobra", home="desk")
    asked = made.vault("field", "request", "--out", "request", home="field")
    made.vault("desk", "enrol", "request", "--fingerprint", asked["fingerprint"], "--out", "pack", home="desk")
    made.vault("field", "enrol", "pack", "--fingerprint", root, home="field")
    return made


def test_a_correction_comes_on_a_later_stick_and_finds_what_it_corrects(shell: Shell) -> None:
    code = shell.vault(
        "field", "new", "--answers", answers(shell.folder, "a.json", "Слюсар прийшов у вівторок."), home="field"
    )["code"]
    assert shell.vault("field", "correct", code, home="field", fails=True)["problem"]["code"] == "E_CORRECT_DRAFT"
    shell.vault("field", "seal", code, home="field")
    one, two = shell.folder / "one", shell.folder / "two"
    for stick in (one, two):
        stick.mkdir()
    shell.vault("field", "export", one, "-k", "1", "-n", "1", home="field")

    told = answers(shell.folder, "b.json", "Слюсар прийшов у середу.")
    begun = shell.vault("field", "correct", code, "--answers", told, home="field")
    assert (begun["corrects"]["type"], begun["corrects"]["code"]) == ("supersedes", code)
    shell.vault("field", "seal", begun["code"], home="field")
    shell.vault("field", "export", two, "-k", "1", "-n", "1", home="field")

    for stick in (one, two):
        assert shell.vault("desk", "import", stick, home="desk")["imported"] == 1
    record = shell.vault("desk", "show", code, home="desk")
    assert [link["code"] for link in record["corrected_by"]] == [begun["code"]]
    correction = shell.vault("desk", "show", begun["code"], home="desk")
    assert (correction["kind"], [link["code"] for link in correction["corrects"]]) == ("correction", [code])
    hits = shell.vault("desk", "search", "Слюсар", home="desk")["hits"]
    assert {hit["record"]: hit["corrected"] for hit in hits} == {code: True, begun["code"]: False}
    assert f"Corrected by (supersedes): {begun['code']}" in shell.run(
        "desk", "show", code, "--home", shell.folder / "desk", "--passphrase-file", shell.passphrase
    )
