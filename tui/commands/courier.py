"""Commands of the courier: no home, no passphrase, no secret."""

from __future__ import annotations

from pathlib import Path

import click

from tui.commands import common, reports

_PATH = click.Path(path_type=Path)


@click.command()
@common.json_option
@click.argument("folders", nargs=-1, required=True, type=_PATH)
def check(as_json: bool, folders: tuple[Path, ...]) -> None:
    """Check every volume in FOLDERS, and whether each bundle can be put together from what is there."""
    from sync import courier

    with common.progress("Checking", as_json=as_json) as step:
        report = courier.check(folders, reports.named(step))
    common.emit(report.as_dict(), reports.check_lines(report), as_json=as_json)
    if not report.complete:
        click.get_current_context().exit(1)


@click.command()
@common.json_option
@click.argument("folders", nargs=-1, required=True, type=_PATH)
@click.option("--to", "stick", required=True, type=_PATH, help="The stick (folder) to carry.")
def take(as_json: bool, folders: tuple[Path, ...], stick: Path) -> None:
    """Copy the volumes and return files of FOLDERS to a stick, and read every copy back."""
    from sync import courier

    with common.progress("Copying", as_json=as_json) as step:
        report = courier.take(folders, stick, reports.named(step))
    common.emit(report.as_dict(), reports.carry_lines(report), as_json=as_json)
    if not report.ok:
        click.get_current_context().exit(1)


@click.command()
@common.json_option
@click.argument("folders", nargs=-1, required=True, type=_PATH)
@click.option("--to", "destination", required=True, type=_PATH, help="The folder to deliver to.")
def deliver(as_json: bool, folders: tuple[Path, ...], destination: Path) -> None:
    """Copy what lies on the sticks (FOLDERS) to its destination, and read every copy back."""
    from sync import courier

    with common.progress("Copying", as_json=as_json) as step:
        report = courier.deliver(folders, destination, reports.named(step))
    common.emit(report.as_dict(), reports.carry_lines(report), as_json=as_json)
    if not report.ok:
        click.get_current_context().exit(1)
