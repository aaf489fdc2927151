"""The entrance to the screens.

The rule: nothing that Textual can be told by environment variables (logs of every key, developer tools, screenshots,
scripted keys) has any effect here, because each of them would carry testimony out of the vault.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.session import Session

_SIZE = ("COLUMNS", "LINES")


def _forget_textual_switches() -> None:
    """Take Textual's switches out of the environment; it reads them when it is first imported. With them goes a size
    that somebody exported once: the terminal itself knows its own, also after it was changed.
    """
    for name in [name for name in os.environ if name in _SIZE or name == "TEXTUAL" or name.startswith("TEXTUAL_")]:
        del os.environ[name]


def spare_imports() -> None:
    """Take what importing made out of the rounds of the garbage collector: looking through all of it, a full round
    would hold up a key for a tenth of a second. Called before anything secret is in memory.
    """
    gc.freeze()


def run(home: Path, profile: str) -> int:
    """Show the screens of the profile `field`, `desk` or `courier` in `home` until the person leaves. Returns the
    exit code.
    """
    if "textual" not in sys.modules:
        _forget_textual_switches()
    from tui.screens.shell import Shell

    spare_imports()
    while True:
        shell = Shell(home, profile)
        shell.run()
        if not shell.practice_wanted:
            return shell.return_code or 0
        run_practice()


def run_practice() -> int:
    """Show the lesson with an invented witness until the person leaves. Nothing of it is left. Returns the code."""
    if "textual" not in sys.modules:
        _forget_textual_switches()
    from tui.practice_home import PracticeHome
    from tui.screens.practice import PracticeShell

    with PracticeHome() as practice:
        shell = PracticeShell(practice)
        shell.run()
        return shell.return_code or 0


def run_preview(session: Session) -> int:
    """Show the interview screen on a session in memory until the person leaves. Returns the exit code."""
    if "textual" not in sys.modules:
        _forget_textual_switches()
    from tui.screens.preview import PreviewShell

    shell = PreviewShell(session)
    shell.run()
    return shell.return_code or 0
