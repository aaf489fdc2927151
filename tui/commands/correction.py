"""The command that begins the correction of a sealed interview."""

from __future__ import annotations

from pathlib import Path

import click

from tui.commands import common
from tui.commands.field import opened
from tui.commands.gates import gate_lines, gates_of


@click.command()
@common.vault_options
@click.argument("code")
@click.option("--adds", is_flag=True, help="What is said now is added to it; without this it counts in its place.")
@click.option("--answers", type=click.Path(path_type=Path), help="A JSON file with the answers.")
def correct(
    home: Path | None, passphrase_file: Path | None, as_json: bool, code: str, adds: bool, answers: Path | None
) -> None:
    """Begin a correction of the sealed interview CODE and print the record code of the new one.

    This machine cannot open CODE any more, so the new interview begins empty. When it is sealed it names CODE, and the
    office sees both together.
    """
    from collector import correction, filling

    data = None if answers is None else common.read_json_object(answers)
    way: correction.Way = "continues" if adds else "supersedes"
    with opened(home, passphrase_file) as field:
        if data is None or answers is None:
            begun = correction.begin(field, code, way).code
        else:
            folder = answers.absolute().parent
            begun = filling.begin_filled(field, data, folder=folder, begin=lambda: correction.begin(field, code, way))
        interview = field.open_interview(begun)
        gates, link = gates_of(interview), correction.link_of(interview)
    for line in gate_lines(gates):
        click.echo(line, err=True)
    corrects = None if link is None else {"type": link.way, "code": link.code, "eid": link.eid.hex()}
    common.emit({"code": begun, "corrects": corrects, "gates": gates}, [begun], as_json=as_json)
