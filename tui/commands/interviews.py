"""The command that lists the interviews of a field machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.commands import common, reports
from tui.commands.field import opened

if TYPE_CHECKING:
    from collector.field import InterviewRow


@click.command("list")
@common.vault_options
def list_(home: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """List every draft and every sealed interview, the newest first.

    Each with its state, whether it corrects a sealed one, and whether consent to it was refused or withdrawn.
    """
    with opened(home, passphrase_file) as field:
        rows = field.interviews(looking_in=True)
    lines = list(reports.interview_lines(rows)) or ["No interviews yet."]
    common.emit({"interviews": [as_dict(row) for row in rows]}, lines, as_json=as_json)


def as_dict(row: InterviewRow) -> dict[str, Any]:
    """One interview for scripts; times are seconds since 1970."""
    link = row.corrects
    return {
        "code": row.code,
        "state": row.state,
        "form": row.form,
        "opened_at": row.opened_at,
        "changed_at": row.changed_at,
        "attachments": row.attachments,
        "eid": row.entry,
        "kind": row.kind,
        "corrects": None if link is None else {"type": link.way, "code": link.code, "eid": link.eid.hex()},
        "consent": row.refusal,
    }
