"""From the command line to the screens."""

from __future__ import annotations

import sys
from pathlib import Path

from schemas.problems import Problem


def open_screens(home: Path, profile: str | None = None) -> None:
    """Open the screens of a home; a receiver has none and shows its state. What a practice left that was killed is
    removed first. A field machine without a home is asked on its screen for the passphrase of a new one.

    Raises E_HOME_MISSING, E_HOME_PROFILE, E_NO_TERMINAL.
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
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Problem("E_NO_TERMINAL")
    hygiene.harden()
    from tui.app import run

    run(home, found)


def _show_receiver(home: Path) -> None:
    import click

    from tui.commands import receiver

    receiver.show_status(receiver.opened(home), None, None, as_json=False)
    click.echo("It takes volumes in while `svidok receiver serve` runs.")
