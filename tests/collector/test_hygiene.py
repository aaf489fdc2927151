"""The process keeps its memory to itself."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from collector import hygiene
from tests.conftest import REPO
from tests.helpers import faults


def test_attack_48_no_core_dump_and_no_debugger_after_hardening() -> None:
    def run() -> None:
        codes = {problem.code for problem in hygiene.harden()}
        assert codes <= {"E_SWAP"}
        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
        if sys.platform == "linux":
            import ctypes

            assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0  # PR_GET_DUMPABLE

    assert faults.in_child(run) == 0


def test_attack_48_a_crash_leaves_no_core_file(tmp_path: Path) -> None:
    script = "import os\nfrom collector.hygiene import harden\nharden()\nos.abort()\n"
    environment = {**os.environ, "PYTHONPATH": str(REPO)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode < 0
    assert list(tmp_path.iterdir()) == []


HEADER = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"


def machine(folder: Path, swaps: str, *, resume: str = "0:0", states: str = "freeze mem disk", **uuids: str) -> Path:
    for name, text in {"proc/swaps": HEADER + swaps, "sys/power/resume": resume, "sys/power/state": states}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for place, uuid in uuids.items():
        path = folder / "sys" / place.replace("__", "/").replace("_c_", ":") / "dm" / "uuid"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(uuid)
    return folder


def warnings(folder: Path) -> list[object]:
    found = hygiene.swap_warnings(folder / "proc", folder / "sys")
    assert {problem.code for problem in found} <= {"E_SWAP"}
    return [problem.facts["where"] for problem in found]


@pytest.mark.parametrize(
    ("swaps", "expected"),
    [
        ("", []),
        ("/dev/zram0 partition 1 0 100\n", []),
        ("/dev/sda2 partition 1 0 -2\n", ["swap: sda2"]),
        ("/swapfile file 1 0 -2\n", ["swap: file"]),
        ("/dev/dm-1 partition 1 0 -2\n/dev/dm-2 partition 1 0 -2\n", ["swap: dm-2"]),
        ("broken\n", ["swap: broken"]),
    ],
)
def test_swap_without_encryption_is_told(tmp_path: Path, swaps: str, expected: list[str]) -> None:
    folder = machine(tmp_path, swaps, **{"class__block__dm-1": "CRYPT-LUKS2-abc-swap", "class__block__dm-2": "LVM-abc"})
    assert warnings(folder) == expected


@pytest.mark.parametrize(
    ("resume", "states", "expected"),
    [
        ("0:0", "mem disk", []),
        ("8:2", "mem disk", ["hibernation"]),
        ("8:2", "freeze mem", []),
        ("254:1", "mem disk", []),
    ],
)
def test_hibernation_without_encryption_is_told(tmp_path: Path, resume: str, states: str, expected: list[str]) -> None:
    folder = machine(tmp_path, "", resume=resume, states=states, **{"dev__block__254_c_1": "CRYPT-PLAIN-swap"})
    assert warnings(folder) == expected


def test_a_machine_that_tells_nothing_gives_no_warning(tmp_path: Path) -> None:
    assert warnings(tmp_path) == []
