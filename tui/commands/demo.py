"""`svidok demo`: the whole way, shown as a table."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands import common

if TYPE_CHECKING:
    from tui.demo import Result


@click.command()
@click.option("--interviews", "count", default=8, show_default=True, type=click.IntRange(1, 100_000))
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Leave the homes and sticks in this (new or empty) folder."
)
@common.json_option
def demo(count: int, keep: Path | None, as_json: bool) -> None:
    """The whole way on this machine with invented testimony: field, receiver, sticks, desk, receipts."""
    from collector import hygiene
    from schemas.problems import Problem
    from tui.demo import Demo

    hygiene.harden()
    say = (lambda _: None) if as_json else click.echo
    if keep is not None:
        if keep.exists() and any(keep.iterdir()):
            raise Problem("E_HOME_EXISTS")
        result = Demo(keep.absolute(), say).run(count)
        result.folder = str(keep.absolute())
        common.emit(result.as_dict(), _lines(result, keep.absolute()), as_json=as_json)
        return
    with tempfile.TemporaryDirectory(prefix="svidok-demo-") as folder:
        result = Demo(Path(folder) / "demo", say).run(count)
    common.emit(result.as_dict(), _lines(result, None), as_json=as_json)


def _lines(result: Result, folder: Path | None) -> Iterator[str]:
    volumes = common.counted(result.volumes, "volume")
    rows = [
        ("interviews filled in", str(result.interviews)),
        ("sealed", str(result.sealed)),
        ("attachments, born sealed", common.size_text(result.attachments_bytes)),
        (
            "sent by network",
            f"{result.sent_network}, {common.size_text(result.network_bytes)}; cuts of the line: {result.cuts}",
        ),
        (
            "sent by stick",
            f"{result.sent_stick}, as {volumes}, {common.size_text(result.volumes_bytes)}",
        ),
        ("volumes lost, damaged", f"{result.volumes_lost}, {result.volumes_damaged}"),
        ("imported at the desk", str(result.imported)),
        ("in quarantine", str(result.quarantined)),
        ("records with the phrase", str(result.found)),
        ("receipts that came back", str(result.receipts)),
        ("purged in the field", str(result.purged)),
        ("seconds", f"{result.seconds:.1f}"),
    ]
    yield ""
    width = max(len(name) for name, _ in rows)
    yield from (f"  {name:<{width}}  {value}" for name, value in rows)
    if folder is None:
        return
    yield ""
    yield "Look at what it made (the passphrase of both homes is in passphrase.txt there):"
    program = shlex.quote(sys.argv[0])
    yield f"  as documenter:  {program} --home {shlex.quote(str(folder / 'field'))}"
    yield f"  as desk:        {program} --home {shlex.quote(str(folder / 'desk'))}"
    home = shlex.quote(str(folder / "receiver"))
    yield f"  as receiver:    {program} receiver serve --home {home} --listen {result.receiver}"
