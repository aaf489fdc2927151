"""`svidok field attach --then`: the source file stays unless it is to be erased, and then only what was taken."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from collector.field import Field
from tests.helpers.mission import PASSPHRASE
from tests.receiver_kit import svidok
from tests.tui.kinds import enrolled_with_kinds


def test_the_source_is_left_or_erased(tmp_path: Path) -> None:
    home = enrolled_with_kinds(tmp_path / "home")
    with Field.open(home, PASSPHRASE) as field:
        code = field.new_interview().code
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(PASSPHRASE)
    one, two, linked = (tmp_path / name for name in ("one.txt", "two.txt", "linked.txt"))
    for path in (one, two, linked):
        path.write_text(f"words of {path.name}")
    os.link(linked, tmp_path / "other name")

    def attach(*arguments: object, code_wanted: int = 0) -> Any:
        given = ("--home", home, "--passphrase-file", passphrase, "--json")
        done = svidok("field", "attach", code, *arguments, *given, check=False)
        assert done.returncode == code_wanted, done.stderr
        return json.loads(done.stdout)["attached"]

    assert "source" not in attach(one)[0]
    assert one.exists()
    found = attach(two, linked, "--then", "erase", code_wanted=1)
    assert found[0]["source"] == "erased"
    assert not two.exists()
    assert found[1]["source"]["problem"]["code"] == "E_SOURCE_LINK"
    assert linked.read_text() == "words of linked.txt"
    with Field.open(home, PASSPHRASE) as field:
        assert len(field.open_interview(code).files()) == 3
