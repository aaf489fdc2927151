"""The throw-away home of the practice: made in memory where the system offers that, and gone at the end.

The rule: everything of a practice lies in one folder with a name of its own. At the end each file is overwritten and
the folder removed; a folder whose process was killed is removed when the program starts next. As long as a practice
runs, its folder is held by a lock that the kernel frees with the process, so that no other start takes it away.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from collector import files
from collector.home import Lock
from schemas.problems import Problem

if TYPE_CHECKING:
    from collector.field import Field

PREFIX = "svidok-practice-"
WORDS = 3
"""Words of the passphrase that the lesson shows: few enough to be typed in a lesson, drawn anew each time."""
COSTS = (65_536, 1)
"""Memory (KiB) and passes for a passphrase that guards nothing for longer than a lesson."""
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it, closed to others
_USER: int = os.getuid() if hasattr(os, "getuid") else 0
NEEDED_BYTES = 16 << 20


def places() -> list[Path]:
    """Folders in which a practice may lie, memory first: shared memory, the user's run-time folder, temporary files."""
    running = os.environ.get("XDG_RUNTIME_DIR")
    named = [SHARED_MEMORY, *([Path(running)] if running else []), Path(tempfile.gettempdir())]
    return [place for place in dict.fromkeys(named) if place.is_dir() and os.access(place, os.W_OK | os.X_OK)]


class PracticeHome:
    """A folder for one practice; `wipe`, or the end of the `with`, leaves nothing of it."""

    def __init__(self, place: Path | None = None) -> None:
        """Raises E_DISK_FULL, E_NO_ACCESS, E_MEDIA_IO."""
        from collector import passphrase

        self.folder = (place or _roomy()) / (PREFIX + files.random_name())
        files.make_private_dir(self.folder)
        self._lock: Lock | None = Lock(self.folder)
        self._field: Field | None = None
        self.passphrase = passphrase.generate(WORDS)
        self.home = self.folder / "field"

    def enrol(self) -> Field:
        """Make an office, a field machine that it has enrolled, and forget the office. Takes about a second; returns
        the open field machine.
        """
        from collector.field import Field
        from collector.keyslots import KdfParams
        from schemas.records.mission import Policy
        from sync.desk import mission
        from sync.desk.desk import Desk
        from tui.locale import _
        from tui.practice_form import xform

        costs = KdfParams(*COSTS)
        office = self.folder / "desk"
        policy = Policy(referral=_("Invented help line: 0 800 000 000"))
        with Desk.create(office, self.passphrase, organisation=_("Invented office"), params=costs) as desk:
            founded = desk.mission_new(_("Practice"), [mission.checked(xform())], policy)
            self._field = field = Field.create(self.home, self.passphrase, params=costs)
            request, spoken = field.request()
            field.accept_pack(desk.enrol(request, spoken).pack, founded.fingerprint)
        wipe_tree(office)
        return field

    def wipe(self) -> None:
        """Overwrite every file and remove the folder; harmless when repeated."""
        lock, self._lock = self._lock, None
        if lock is not None:
            if self._field is not None:
                self._field.close()
            wipe_tree(self.folder)
            lock.release()

    def __enter__(self) -> PracticeHome:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()


def _roomy() -> Path:
    found = places()
    for place in found:
        with contextlib.suppress(Problem):
            files.require_space(place, NEEDED_BYTES)
            return place
    return found[0] if found else Path(tempfile.gettempdir())


def wipe_tree(folder: Path) -> None:
    """Overwrite each file below a folder once, then remove all. Links are removed, not followed."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            files.overwrite_and_unlink(path)
    files.remove_tree(folder)


def sweep() -> int:
    """Remove what practices left that were killed; returns how many. What cannot be removed stays for later."""
    removed = 0
    for place in places():
        for folder in sorted(place.glob(f"{PREFIX}*")):
            with contextlib.suppress(Problem, OSError):
                removed += _sweep_one(folder)
    return removed


def _sweep_one(folder: Path) -> bool:
    """Whether it was a folder of this user whose process has ended; E_HOME_BUSY while it runs."""
    if folder.is_symlink() or not folder.is_dir() or folder.stat().st_uid != _USER:
        return False
    lock = Lock(folder)
    try:
        wipe_tree(folder)
    finally:
        lock.release()
    return True
