"""Commands on what stands against a seal: review, placeholders for names, erasing what may not be kept.

The rule: what a gate says and does is the same here as on the screens. No command prints a word of an answer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.commands import common

if TYPE_CHECKING:
    from collector.interview import Interview
    from collector.review import Review
    from schemas.gates import OpenGate
    from schemas.gates_names import Mention
    from schemas.session_types import Issue

Listed = list[dict[str, object]]


@click.command()
@common.vault_options
@click.argument("code")
def review(home: Path | None, passphrase_file: Path | None, as_json: bool, code: str) -> None:
    """Show what stands between the interview CODE and its seal."""
    from collector import placeholders
    from tui.commands.field import opened

    with opened(home, passphrase_file) as field:
        taken = field.open_interview(code)
        try:
            plain = _review_dict(taken.review(), taken.session.language)
            plain["mentions"] = _mentions(placeholders.found(taken))
        finally:
            taken.close()
    common.emit({"code": code, **plain}, _review_lines(plain), as_json=as_json)


@click.command()
@common.vault_options
@click.argument("code")
def replace(home: Path | None, passphrase_file: Path | None, as_json: bool, code: str) -> None:
    """Write placeholders (P1, W1, V1) for the names in the answers of CODE. In the identity section they stay."""
    from collector import placeholders
    from tui.commands.field import opened

    with opened(home, passphrase_file) as field:
        taken = field.open_interview(code)
        try:
            mentions = _mentions(placeholders.found(taken))
            placeholders.replace(taken)
        finally:
            taken.close()
    lines = [f"{each['question']}: {each['placeholder']}" for each in mentions]
    common.emit({"code": code, "replaced": mentions}, lines or ["No name stands in an answer."], as_json=as_json)


@click.command()
@common.vault_options
@click.argument("code")
@click.option("--yes", is_flag=True, help="Do not ask.")
def withdraw(home: Path | None, passphrase_file: Path | None, as_json: bool, code: str, yes: bool) -> None:
    """Erase the draft CODE for good, because consent was refused or taken back, or it was begun by mistake."""
    from schemas.problems import Problem
    from tui.commands.field import opened

    with opened(home, passphrase_file) as field:
        if not yes:
            if as_json or not sys.stdin.isatty():
                raise Problem("E_WITHDRAW_UNSURE", code=code)
            if not click.confirm(f"Erase {code} for good?", err=True):
                raise Problem("E_WITHDRAW_UNSURE", code=code)
        field.withdraw(code)
    common.emit({"code": code, "withdrawn": True}, [f"{code} is erased."], as_json=as_json)


def gates_of(interview: Interview) -> Listed:
    """The open gates of an interview as `--json` prints them, in the language of the form."""
    return _gates(interview.open_gates(), interview.session.language)


def gate_lines(gates: Iterable[dict[str, object]]) -> Iterator[str]:
    """The open gates in words: what, why, what to offer now, what is kept."""
    for gate in gates:
        yield f"{gate['gate']} ({gate['effect']}): {gate['text']}"
        yield f"    Why: {gate['why']}"
        yield f"    Offer now: {gate['offer']}"
        yield f"    Kept: {gate['kept']}"


def _gates(gates: Sequence[OpenGate], language: str) -> Listed:
    return [gate.as_dict(language) for gate in gates]


def _mentions(found: Iterable[Mention]) -> Listed:
    """Where words of identity stand and what to write instead, without the words themselves."""
    from collector.drafts import path_text

    return [
        {
            "question": path_text(each.path),
            "start": each.start,
            "end": each.end,
            "of": path_text(each.source),
            "placeholder": each.placeholder,
        }
        for each in found
    ]


def _review_dict(found: Review, language: str) -> dict[str, Any]:
    from collector.drafts import path_text

    def listed(issues: Iterable[Issue]) -> list[dict[str, str]]:
        return [{"question": path_text(issue.path), "rule": issue.code, "message": issue.message} for issue in issues]

    return {
        "ready": found.ready,
        "nothing_kept": bool(found.wiping),
        "blocking": listed(found.blocking),
        "missing": listed(found.missing),
        "invalid": listed(found.invalid),
        "gates": _gates(found.gates, language),
        "hidden_files": [attachment.name for attachment in found.hidden_files],
        "counts": dict(found.counts),
    }


def _review_lines(plain: dict[str, Any]) -> Iterator[str]:
    yield from gate_lines(plain["gates"])
    for each in plain["mentions"]:
        yield f"  {each['question']}: a word of {each['of']}; {each['placeholder']} could stand there"
    if plain["mentions"]:
        yield "  svidok field placeholders CODE writes them."
    for title, key in (
        ("Must be answered before sealing", "blocking"),
        ("Not answered yet", "missing"),
        ("Needs a look", "invalid"),
    ):
        items = plain[key]
        if items:
            yield f"{title}:"
            yield from (f"  {item['question']}: {item['message']}" for item in items)
    if plain["nothing_kept"]:
        yield "Nothing of this interview may be kept: svidok field withdraw CODE erases it."
    if plain["ready"]:
        yield "Ready to be sealed."
