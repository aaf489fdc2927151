"""The process keeps its memory to itself: no core dump, no debugger, and a word when the disk may get to see it.

`harden` is called once, when the program starts. It never stops the program: what the machine refuses comes back as
problems to show (docs/spec/protocol.md §3.6).
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Final

from schemas.problems import Problem

if sys.platform != "win32":
    import resource

_PR_SET_DUMPABLE: Final = 4
_ENCRYPTED: Final = "CRYPT-"
_SWAP_FILE: Final = "file"
_SWAPS: Final = "swaps"


def harden() -> tuple[Problem, ...]:
    """Switches off core dumps and debuggers; returns E_HARDEN for what was refused and E_SWAP for what may leak."""
    return (*_no_core_dump(), *_not_dumpable(), *swap_warnings())


def _no_core_dump() -> tuple[Problem, ...]:
    if sys.platform == "win32":
        return ()
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):
        return (Problem("E_HARDEN", step="RLIMIT_CORE"),)
    return ()


def _not_dumpable() -> tuple[Problem, ...]:
    if sys.platform != "linux":
        return ()
    try:
        refused = ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (OSError, AttributeError):
        refused = -1
    return (Problem("E_HARDEN", step="PR_SET_DUMPABLE"),) if refused else ()


def swap_warnings(proc: Path = Path("/proc"), system: Path = Path("/sys")) -> tuple[Problem, ...]:
    """E_SWAP for each way in which Linux may write memory to a disk that is not encrypted.

    `proc` and `system` are /proc and /sys. Swap in compressed memory (zram) and on dm-crypt is safe; a swap file counts
    as unsafe, since what lies beneath its file system cannot be told.
    """
    found = [Problem("E_SWAP", where=f"swap: {name}") for name in _unsafe_swaps(proc, system)]
    if _hibernates(system):
        found.append(Problem("E_SWAP", where="hibernation"))
    return tuple(found)


def _unsafe_swaps(proc: Path, system: Path) -> list[str]:
    unsafe = []
    for line in _text(proc / _SWAPS).splitlines()[1:]:
        place, kind = (*line.split(), "", "")[:2]
        name = Path(place).name
        if kind == _SWAP_FILE:
            unsafe.append(_SWAP_FILE)
        elif not name.startswith("zram") and not _is_encrypted(system / "class" / "block" / name):
            unsafe.append(name)
    return unsafe


def _hibernates(system: Path) -> bool:
    """Whether the machine would write its memory to a disk without encryption when it hibernates."""
    device = _text(system / "power" / "resume").strip()
    if device in ("", "0:0") or "disk" not in _text(system / "power" / "state").split():
        return False
    return not _is_encrypted(system / "dev" / "block" / device)


def _is_encrypted(block: Path) -> bool:
    return _text(block / "dm" / "uuid").startswith(_ENCRYPTED)


def _text(path: Path) -> str:
    """The file's text; what cannot be read says nothing."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
