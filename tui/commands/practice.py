"""`svidok field practice`: the lesson with an invented witness."""

from __future__ import annotations

import sys

import click


@click.command()
def practice() -> None:
    """Learn the keys in ten minutes with an invented witness; nothing of it is kept."""
    from collector import hygiene
    from schemas.problems import Problem
    from tui import appearance, locale
    from tui.app import run_practice
    from tui.commands import common
    from tui.practice_home import sweep

    sweep()
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Problem("E_NO_TERMINAL")
    hygiene.harden()
    common.use_language_of_system()
    chosen = appearance.load(common.home_of(None)).language
    if chosen in locale.languages():
        locale.set_language(chosen)
    run_practice()
