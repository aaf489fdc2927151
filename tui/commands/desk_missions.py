"""Commands of the desk that change a mission: its forms, and the tokens in its packs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands import common
from tui.commands.desk import opened

if TYPE_CHECKING:
    from sync.desk.mission_forms import MissionForm

_PATH = click.Path(path_type=Path)
_NEXT = "Next: enrol the devices again (svidok desk enrol), for their new packs."
_mission = click.option("--mission", "mission_name", help="Which mission, when there are several.")


def _plain(forms: Iterable[MissionForm]) -> list[dict[str, object]]:
    return [form.as_dict() for form in forms]


@click.command("add")
@common.vault_options
@click.argument("form", type=_PATH)
@_mission
def form_add(
    home: Path | None, passphrase_file: Path | None, as_json: bool, form: Path, mission_name: str | None
) -> None:
    """Let the packs of a mission name FORM (XLSForm or XForm); it takes the place of other versions of the same form.

    Interviews that were taken with an earlier version are imported all the same.
    """
    from sync.desk import mission

    read = mission.read_form(common.existing(form))
    with opened(home, passphrase_file) as desk:
        replaced = desk.form_add(read.source, mission_name)
    added = f"Form {read.source.id}, version {read.source.version}"
    others = ", ".join(form.version for form in replaced)
    lines = [f"{added}, stands in new packs{f' in place of version {others}' if others else ''}."]
    lines += [f"! {warning}" for warning in read.warnings]
    common.emit(
        {
            "id": read.source.id,
            "version": read.source.version,
            "replaced": _plain(replaced),
            "warnings": list(read.warnings),
        },
        [*lines, _NEXT],
        as_json=as_json,
    )


@click.command("remove")
@common.vault_options
@click.argument("form_id", metavar="ID")
@click.option("--version", help="Only this version of it.")
@_mission
def form_remove(
    home: Path | None, passphrase_file: Path | None, as_json: bool, form_id: str, version: str | None,
    mission_name: str | None,
) -> None:  # fmt: skip
    """Take the form with this ID out of a mission's packs. What was taken with it is imported all the same."""
    with opened(home, passphrase_file) as desk:
        removed = desk.form_remove(form_id, version, mission_name)
    lines = [f"Form {form.id}, version {form.version}, stands in no new pack." for form in removed]
    common.emit({"removed": _plain(removed)}, [*lines, _NEXT], as_json=as_json)


@click.command("list")
@common.vault_options
@_mission
def form_list(home: Path | None, passphrase_file: Path | None, as_json: bool, mission_name: str | None) -> None:
    """Name the forms of a mission, also those that its packs name no more."""
    with opened(home, passphrase_file) as desk:
        forms = desk.mission_forms(mission_name)
    lines = [f"{form.id}, version {form.version}{'' if form.named else ' (in no new pack)'}" for form in forms]
    common.emit({"forms": _plain(forms)}, lines, as_json=as_json)


@click.command()
@common.vault_options
@click.option("--tokens", type=int, required=True, help="How many bundles a device can send by one pack.")
@_mission
def change(
    home: Path | None, passphrase_file: Path | None, as_json: bool, tokens: int, mission_name: str | None
) -> None:
    """Change how many tokens the packs of a mission bring."""
    with opened(home, passphrase_file) as desk:
        changed = desk.mission_tokens(tokens, mission_name)
    lines = [f"New packs of {changed.name} bring {common.counted(changed.tokens, 'token')} each.", _NEXT]
    common.emit({"name": changed.name, "tokens": changed.tokens}, lines, as_json=as_json)
