"""`svidok field practice`: the lesson with an invented witness."""

from __future__ import annotations

import click


@click.command()
def practice() -> None:
    """Learn the keys in ten minutes with an invented witness; nothing of it is kept."""
    from collector import hygiene
    from tui import appearance, locale
    from tui.app import run_practice
    from tui.commands import common, screens
    from tui.practice_home import sweep

    sweep()
    screens.require_terminal()
    hygiene.harden()
    common.use_language_of_system()
    chosen = appearance.load(common.home_of(None)).language
    if chosen in locale.languages():
        locale.set_language(chosen)
    run_practice()
