"""Lines for people: every finding of `fsck` has its words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sync.receiver import fsck
from tui.commands.receiver_reports import fsck_lines

KINDS = sorted(set(re.findall(r'"((?:upload|volume)-[a-z]+)"', Path(fsck.__file__).read_text("utf-8"))))


@pytest.mark.parametrize("kind", KINDS)
def test_every_finding_has_its_words(kind: str) -> None:
    assert f"    {kind} " in (fsck.__doc__ or ""), "the table of the module names it"
    finding = fsck.Finding(kind, "name", False, "why")
    assert fsck_lines(fsck.FsckReport(1, 1, False, (finding,)))[1].startswith("NOT MENDED: ")
