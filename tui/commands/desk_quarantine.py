"""Commands of the desk about quarantine: what stands there, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from tui.commands import common
from tui.commands.desk import opened

_PATH = click.Path(path_type=Path)
_REASON = click.option("--reason", required=True, help="Why, in a sentence without names; it is kept with the item.")


def _lines(item: dict[str, Any]) -> Iterator[str]:
    yield f"{item['number']}  {item['eid']}  bundle {item['bundle']}"
    yield f"  {item['what']} {item['safe']} {item['do']} [{item['code']}]"
    if item["decision"]:
        yield f"  Decided: {item['decision']['what']}, {item['decision']['reason']}"
    yield f"  Possible: {', '.join(item['can'])}"


def _outcome(result: dict[str, Any]) -> list[str]:
    if result["state"] == "quarantined" and "code" in result:
        return [f"It stays in quarantine: {result['what']} {result['do']} [{result['code']}]"]
    if result["state"] == "quarantined":
        return ["It stays in quarantine."]
    return ["It is imported.", "Its receipt is ready: svidok desk receipts."]


@click.command("list")
@common.vault_options
def list_(home: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Show what was not imported, why, and what can be done."""
    with opened(home, passphrase_file) as desk:
        items = desk.quarantine()
    lines = [line for item in items for line in _lines(item)]
    common.emit({"items": items}, lines or ["Nothing stands in quarantine."], as_json=as_json)


@click.command()
@common.vault_options
@click.argument("item")
def show(home: Path | None, passphrase_file: Path | None, as_json: bool, item: str) -> None:
    """Show ITEM (its number, or its entry id) with what the custody log says of it."""
    with opened(home, passphrase_file) as desk:
        found: dict[str, Any] = desk.decisions.show(item)
    lines = [*_lines(found), *(f"  Custody {event['n']}: {event['act']}" for event in found["custody"])]
    common.emit(found, lines, as_json=as_json)


@click.command()
@common.vault_options
@click.argument("item")
def retry(home: Path | None, passphrase_file: Path | None, as_json: bool, item: str) -> None:
    """Import ITEM once more, after a device was enrolled or a form was added. Takes a rejection back."""
    with opened(home, passphrase_file) as desk:
        result = desk.decisions.retry(item)
    common.emit(result, _outcome(result), as_json=as_json)


@click.command()
@common.vault_options
@click.argument("item")
@_REASON
def release(home: Path | None, passphrase_file: Path | None, as_json: bool, item: str, reason: str) -> None:
    """Accept ITEM, where the rules leave it to a person: entries that a device signed after it was withdrawn."""
    with opened(home, passphrase_file) as desk:
        result = desk.decisions.release(item, reason)
    common.emit(result, _outcome(result), as_json=as_json)


@click.command()
@common.vault_options
@click.argument("item")
@_REASON
def reject(home: Path | None, passphrase_file: Path | None, as_json: bool, item: str, reason: str) -> None:
    """Put ITEM aside: it stays sealed as it came, and no import takes it in."""
    with opened(home, passphrase_file) as desk:
        result = desk.decisions.reject(item, reason)
    common.emit(result, ["It is put aside. Its sealed content is kept."], as_json=as_json)


@click.command()
@common.vault_options
@click.argument("item")
@click.option("--out", required=True, type=_PATH, help="A new folder for the sealed entry and what is known of it.")
def export(home: Path | None, passphrase_file: Path | None, as_json: bool, item: str, out: Path) -> None:
    """Write ITEM, sealed as it came, for another desk or an expert."""
    common.place_for(out)
    with opened(home, passphrase_file) as desk:
        result = desk.decisions.export(item, out)
    common.emit(result, [f"Wrote {out}. SHA-256 of the entry: {result['sha256']}"], as_json=as_json)
