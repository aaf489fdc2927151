"""A command that spoke to an object store ends with its own exit code, whatever waits in the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import REPO

ABORTS_AT_THE_END = """
import atexit, os, sys, types
sys.modules["obstore"] = types.ModuleType("obstore")
atexit.register(os.abort)
sys.argv = ["svidok", *sys.argv[1:]]
from tui.cli import main
main()
"""


def ended(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ABORTS_AT_THE_END, *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=REPO)


def test_what_was_said_is_out_and_the_end_is_no_signal() -> None:
    done = ended("receiver", "--help")
    assert done.returncode == 0
    assert "fsck" in done.stdout


def test_a_problem_keeps_its_exit_code(tmp_path: Path) -> None:
    done = ended("receiver", "status", "--home", str(tmp_path / "none"))
    assert done.returncode == 1
    assert "[E_HOME_MISSING]" in done.stderr
