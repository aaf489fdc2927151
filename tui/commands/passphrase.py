"""Changing the passphrase of a home."""

from __future__ import annotations

from pathlib import Path

import click

from tui.commands import common


@click.command()
@common.vault_options
@click.option("--new-passphrase-file", type=click.Path(path_type=Path), help="Read the new passphrase from this file.")
@click.option("--generate", is_flag=True, help="Let the program make the new passphrase and show it once.")
def passphrase(
    home: Path | None, passphrase_file: Path | None, as_json: bool, new_passphrase_file: Path | None, generate: bool
) -> None:
    """Change the passphrase of a home. The old one opens nothing afterwards."""
    from collector import hygiene
    from collector.home import profile_of

    common.warn(hygiene.harden())
    place = common.home_of(home)
    profile = profile_of(place)
    old = common.read_passphrase(passphrase_file)
    if profile == "desk":
        from sync.desk.desk import Desk

        with Desk.open(place, old) as desk:
            desk.vault.change_passphrase(common.new_passphrase(new_passphrase_file, generate=generate))
    else:
        from collector.field import Field

        field = Field.open(place, old)
        try:
            field.vault.change_passphrase(common.new_passphrase(new_passphrase_file, generate=generate))
        finally:
            field.close()
    common.emit({"home": str(place), "changed": True}, ["The passphrase is changed."], as_json=as_json)
