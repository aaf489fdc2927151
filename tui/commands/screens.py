"""From the command line to the screens."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from schemas.problems import Problem


def open_screens(home: Path, profile: str | None = None) -> None:
    """Open the screens of a home; a receiver has none and shows its state. What a practice left that was killed is
    removed first. A field machine without a home is asked on its screen for the passphrase of a new one.

    Raises E_HOME_MISSING, E_HOME_PROFILE, E_NO_TERMINAL, E_TERMINAL_PLAIN.
    """
    from collector import hygiene
    from collector.home import profile_of, require_profile
    from tui.practice_home import sweep
    from tui.screens.profiles import home_exists

    sweep()
    if profile == "field" and not home_exists(home):
        found = profile
    else:
        found = profile_of(home)
        if profile is not None:
            require_profile(home, profile)
    if found == "receiver":
        _show_receiver(home)
        return
    require_terminal()
    hygiene.harden()
    from tui.app import run
    from tui.commands.common import use_language_of_system

    use_language_of_system()  # what was chosen in this home is spoken instead
    click.get_current_context().exit(run(home, found))


def require_terminal() -> None:
    """Whether screens can be shown here. Raises E_NO_TERMINAL, E_TERMINAL_PLAIN."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        raise Problem("E_NO_TERMINAL")
    if sys.platform != "win32" and os.environ.get("TERM", "dumb") == "dumb":
        raise Problem("E_TERMINAL_PLAIN")


def _show_receiver(home: Path) -> None:
    from tui.commands import receiver

    receiver.show_status(receiver.opened(home), None, None, as_json=False)
    click.echo("It takes volumes in while `svidok receiver serve` runs.")
