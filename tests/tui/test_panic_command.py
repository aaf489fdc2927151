"""`svidok field panic` from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.helpers.forms import CONSENT, STORY
from tests.helpers.interviews import filled
from tests.helpers.mission import PASSPHRASE, Office, enrolled_field, reopened


def test_every_draft_is_sealed_by_one_command(tmp_path: Path) -> None:
    field = enrolled_field(tmp_path / "home", Office())
    whole, begun, refused = filled(field).code, field.new_interview(), filled(field)
    begun.answer(CONSENT, "yes")
    begun.answer(STORY, "told")
    refused.answer(CONSENT, "no")
    codes = [whole, begun.code]
    field.close()
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    command = [sys.executable, "-c", "from tui.cli import main; main()", "field", "panic", "--json"]
    run = subprocess.run(
        [*command, "--home", str(tmp_path / "home"), "--passphrase-file", str(secret)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == {"sealed": codes, "erased": [refused.code], "left": []}
    again = reopened(field)
    assert {(row.code, row.state, row.incomplete) for row in again.interviews()} == {
        (code, "sealed", "panic") for code in codes
    }
    again.close()
