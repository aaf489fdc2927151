"""Commands of the desk that read what was imported."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.commands import common
from tui.commands.desk import opened

if TYPE_CHECKING:
    from sync.desk.facet_words import Words
    from sync.desk.facets import Counted

_PATH = click.Path(path_type=Path)


def _day(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d")


@click.command()
@common.vault_options
@click.argument("words", nargs=-1)
@click.option("--facet", "narrow", multiple=True, help="Only records with NAME=VALUE, such as uses=icc or events=2023.")
@click.option("--facets", "count", is_flag=True, help="Count what was found by mission, form, month, region and so on.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="At most so many records.")
@click.option("--before", type=int, help="Only records with a number below this one (for the next page).")
@click.option("--ranked", is_flag=True, help="Best matches first, among the newest 1,000.")
def search(
    home: Path | None, passphrase_file: Path | None, as_json: bool, words: tuple[str, ...], limit: int,
    before: int | None, ranked: bool, narrow: tuple[str, ...], count: bool,
) -> None:  # fmt: skip
    """Find records in which all WORDS occur, newest first; without words, the newest ones.

    Words match by their beginning; "quoted words" stand together. Values of one facet stand beside each other, facets
    together: mission, form, state, interviewed, events, language, region, attachments, uses, gates.
    """
    from sync.desk.facets import Wanted

    wanted, asked = Wanted.parsed(narrow), " ".join(words)
    if not (words or narrow or count):
        raise click.UsageError("Give words, or --facet NAME=VALUE, or --facets.")
    with opened(home, passphrase_file) as desk:
        hits = desk.finder.search(asked, wanted, limit=limit, before=before, ranked=ranked)
        counted = desk.finder.counted(asked, wanted) if count else None
        forms = desk.facet_words("en") if count else {}
    lines = [
        f"{hit.record}  {_day(hit.at)}  {hit.compartment}{'  corrected later' if hit.corrected else ''}"
        f"\n    {hit.excerpt}"
        for hit in hits
    ]
    result: dict[str, object] = {"hits": [asdict(hit) for hit in hits]}
    if counted is not None:
        result |= counted.as_dict()
        lines += _facet_lines(counted, forms)
    common.emit(result, lines or ["Nothing found."], as_json=as_json)


def _facet_lines(counted: Counted, forms: Words) -> Iterator[str]:
    about = "about " if counted.estimated else ""
    yield f"Found: {about}{common.counted(counted.records, 'record')}."
    for name, values in counted.facets.items():
        told = ((f"{value} ({forms[name, value]})" if (name, value) in forms else value, n) for value, n in values)
        yield f"{name}: " + ", ".join(f"{value} {about}{number}" for value, number in told)
    if counted.waiting:
        yield f"! {common.counted(counted.waiting, 'older record')} not sorted in yet; ask again to go on."


@click.command()
@common.vault_options
@click.argument("code")
def show(home: Path | None, passphrase_file: Path | None, as_json: bool, code: str) -> None:
    """Read the record CODE. That it was read is noted in the custody log."""
    with opened(home, passphrase_file) as desk:
        record = desk.record(code)
    common.emit(record, _lines(record), as_json=as_json)


def _lines(record: dict[str, Any]) -> Iterator[str]:
    yield f"Record {record['code']}, number {record['number']}, imported {_day(record['imported_at'])}"
    yield f"Claimed time {_day(record['claimed_time'])}; flags: {' '.join(record['flags']) or 'none'}"
    for key, words in (("corrects", "Corrects"), ("corrected_by", "Corrected by")):
        for link in record[key]:
            yield f"{words} ({link['type']}): {link['code'] or link['eid'] + ', which has not arrived yet'}"
    if record["unopened"]:
        yield f"Stays sealed: {', '.join(record['unopened'])}"
    yield from _tree(record["answers"], 0)
    for item in record["attachments"]:
        yield f"Attachment {item['name']} ({item['looks_like']}, {common.size_text(item['bytes'])}) {item['sha256']}"
    for event in record["consent_events"]:
        answer = "taken away" if event["taken_away"] else event["missing"] or event["answer"]
        wording = f"wording {event['form_version']}, {event['language']}, {event['wording']}"
        yield f"Consent {_day(event['at'])} {event['question']}: {answer} ({wording})"
    for gate in record["gates"]:
        yield f"{gate['gate']} ({gate['effect']}): {gate['text']}"
    for event in record["custody"]:
        yield f"Custody {event['n']}: {event['act']} {_day(event['at'])}"


def _tree(value: Any, depth: int) -> Iterator[str]:  # noqa: ANN401  # any JSON value
    for name, item in value.items():
        if isinstance(item, dict) and set(item) == {"missing"}:
            yield f"{'  ' * depth}{name}: — ({item['missing']})"
        elif isinstance(item, dict):
            yield f"{'  ' * depth}{name}:"
            yield from _tree(item, depth + 1)
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            for place, entry in enumerate(item, 1):
                yield f"{'  ' * depth}{name} {place}:"
                yield from _tree(entry, depth + 1)
        else:
            yield f"{'  ' * depth}{name}: {', '.join(item) if isinstance(item, list) else item}"


@click.command()
@common.vault_options
@click.argument("code")
@click.argument("name")
@click.option("--out", type=_PATH, help="The file to write; it must not exist.")
@click.option("--check", is_flag=True, help="Write nothing: verify every byte, and say what it is.")
def attachment(
    home: Path | None, passphrase_file: Path | None, as_json: bool, code: str, name: str, out: Path | None, check: bool,
) -> None:  # fmt: skip
    """Write the attachment NAME of the record CODE to a file, verified. The file is plain: keep it safe."""
    if (out is None) == (not check):
        raise click.UsageError("Give --out FILE or --check.")
    if out is None:
        with opened(home, passphrase_file) as desk:
            seen = asdict(desk.attachment_check(code, name))
        told = " ".join(str(seen[key]) for key in ("kind", "format") if seen[key])
        common.emit({"whole": True, **seen}, [f"Every byte is whole. It is: {told}."], as_json=as_json)
        return
    common.place_for(out)
    with opened(home, passphrase_file) as desk:
        result = desk.attachment(code, name, out)
    size = "1 byte" if result["bytes"] == 1 else f"{result['bytes']} bytes"
    common.emit(result, [f"Wrote {size} to {out}. SHA-256 {result['sha256']}"], as_json=as_json)


@click.command()
@common.vault_options
@click.option("--csv", "folder", required=True, type=_PATH, help="The folder for the CSV tables.")
@click.option("--for", "recipient", default="office", show_default=True, help="Who gets it; consent decides what.")
def export(home: Path | None, passphrase_file: Path | None, as_json: bool, folder: Path, recipient: str) -> None:
    """Write records as CSV tables in plain text, one for each compartment and repeat.

    What a person did not consent to is left out and named. Recipients: office (the working copy of this desk), ua, icc,
    foreign, un, ngo, stats, public, public_named.
    """
    with opened(home, passphrase_file) as desk:
        written = desk.export_csv(folder, recipient)
    lines = [f"{item.name}: {item.rows} rows" for item in written.files]
    lines += [f"! {item.notice.what} [{item.notice.code}]" for item in written.withheld]
    lines.append("These files are not encrypted: whoever has them can read them.")
    common.emit(written.as_dict(), lines, as_json=as_json)
