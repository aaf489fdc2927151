"""What is said of the file from which an attachment was taken, before a person decides what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.problems import Problem
from tui.locale import _, problem_sentences

if TYPE_CHECKING:
    from collector.sources import Source


def fate(source: Source) -> tuple[str, bool]:
    """What deleting it can do and cannot, and True; or why deleting is not offered, and False."""
    try:
        source.check()
    except Problem as problem:
        what, _safe, remedy = problem_sentences(problem)
        return f"{what} {remedy}", False
    told = _(
        "The file itself is still where it was, readable for whoever finds it. It can be overwritten and deleted. "
        "On sticks, cards and solid-state disks old blocks may survive that, and copies elsewhere stay: on the "
        "phone, in a cloud, in a list of pictures."
    )
    return told, True
