"""`svidok field panic`: everything sealed and locked, for a hand that has no screen open."""

from __future__ import annotations

from pathlib import Path

import click

from tui.commands import common


@click.command()
@common.vault_options
def panic(home: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Seal every draft as it is, without a question, and lock. It cannot be undone.

    Nothing is asked of the answers. Drafts whose consent was refused, or not asked before anything was told, are
    erased. On the screen it is F12, pressed twice.
    """
    from collector import hygiene
    from collector.field import Field
    from collector.panic import seal_and_lock

    hygiene.harden()
    done = seal_and_lock(Field.open(common.home_of(home), common.read_passphrase(passphrase_file)))
    lines = [f"{code} is sealed." for code in done.sealed] + [f"{code} is erased." for code in done.erased]
    lines += [f"{code} stays a draft [{problem}]." for code, problem in done.left]
    left = [{"code": code, "problem": problem} for code, problem in done.left]
    result = {"sealed": list(done.sealed), "erased": list(done.erased), "left": left}
    common.emit(result, lines or ["There was no draft."], as_json=as_json)
    if left:
        click.get_current_context().exit(1)
