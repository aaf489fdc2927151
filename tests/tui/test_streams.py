"""Commands whose input or output is closed or full: a problem in words, and no file takes the place of a stream."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.mission import PASSPHRASE

SVIDOK = Path(sys.executable).with_name("svidok")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")


def told(home: Path, words: str) -> tuple[int, str]:
    """Exit code and what stands on standard error."""
    (home.parent / "passphrase").write_text(PASSPHRASE)
    line = f"{SVIDOK} {words.format(home=home, file=home.parent / 'passphrase')}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-"])
def test_closed_streams(home: Path, closed: str) -> None:
    code, words = told(home, "--home {home} " + closed)
    assert (code, "E_NO_TERMINAL" in words) == (1, True)
    _code, words = told(home, "field interview --plain --home {home} --passphrase-file {file} " + closed)
    assert "E_INTERNAL" not in words
    code, words = told(home, "field status --home {home} --passphrase-file {file} " + closed)
    assert (code, "[" in words) == (0, False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_an_output_that_is_full(home: Path) -> None:
    code, words = told(home, "field status --home {home} --passphrase-file {file} >/dev/full")
    assert (code, "E_DISK_FULL" in words) == (1, True)
