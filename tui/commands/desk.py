"""Commands of the desk that found, enrol and import."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands import common

if TYPE_CHECKING:
    from sync.desk.desk import Desk
    from sync.desk.importer import ImportReport

_PATH = click.Path(path_type=Path)


@contextmanager
def opened(home: Path | None, passphrase_file: Path | None) -> Iterator[Desk]:
    """The desk of a home, open for one command."""
    from collector import hygiene
    from sync.desk.desk import Desk

    common.warn(hygiene.harden())
    with Desk.open(common.home_of(home), common.read_passphrase(passphrase_file)) as desk:
        common.warn(desk.vault.warnings)
        yield desk


@click.command()
@common.vault_options
@click.option("--organisation", default="Office", show_default=True, help="How the office is named in packs.")
@click.option("--generate", is_flag=True, help="Let the program make the passphrase and show it once.")
def init(home: Path | None, passphrase_file: Path | None, as_json: bool, organisation: str, generate: bool) -> None:
    """Found a desk: its vault, its signing keys and its empty archives."""
    from collector import hygiene
    from sync.desk.desk import Desk

    common.warn(hygiene.harden())
    place = common.home_of(home)
    passphrase = common.new_passphrase(passphrase_file, generate=generate)
    with Desk.create(place, passphrase, organisation=organisation) as desk:
        result = {"home": str(place), "organisation": organisation, "fingerprint": desk.fingerprint}
    common.emit(
        result,
        [
            f"A new desk stands in {place}.",
            f"Root fingerprint: {result['fingerprint']}",
            "Root, mission and receipt keys lie in this vault alone: one person can act for the office.",
        ],
        as_json=as_json,
    )


@click.command("new")
@common.vault_options
@click.option("--name", required=True, help="The mission's name.")
@click.option("--form", "forms", multiple=True, type=_PATH, help="An XLSForm or XForm; without it the shipped form.")
@click.option("--receiver", "cards", multiple=True, type=_PATH, help="The card of a receiver for the mission's packs.")
@click.option(
    "--tokens", type=int, default=64, show_default=True, help="How many bundles a device can send by one pack."
)
@click.option(
    "--opened-by", "holders", multiple=True, metavar="PART=WORDS",
    help="Who will open a part (process, identity, narrative), in a few words that documenters read.",
)  # fmt: skip
def mission_new(
    home: Path | None, passphrase_file: Path | None, as_json: bool, name: str, forms: tuple[Path, ...],
    cards: tuple[Path, ...], tokens: int, holders: tuple[str, ...],
) -> None:  # fmt: skip
    """Found a mission with its forms and its own keys."""
    from schemas.forms import shipped_forms
    from sync.desk import mission
    from tui.commands.desk_network import read_cards, receiver_lines

    labels = _labels(holders)
    named = read_cards(cards)
    read = [mission.read_form(common.existing(path)) for path in forms] or [
        mission.ReadForm(mission.checked(form.xform)) for form in shipped_forms()
    ]
    with opened(home, passphrase_file) as desk:
        founded = desk.mission_new(name, [form.source for form in read], cards=named, tokens_each=tokens, labels=labels)
    result = {
        "mission": founded.mission.id.hex(),
        "name": name,
        "fingerprint": founded.fingerprint,
        "forms": [
            {"id": form.source.id, "version": form.source.version, "warnings": list(form.warnings)} for form in read
        ],
        "receivers": [receiver.as_dict() for receiver in founded.receivers],
        "tokens": founded.mission.tokens,
    }
    lines = [f"Mission {name} is founded.", f"Root fingerprint: {founded.fingerprint}"]
    lines += [f"Form {form.source.id}, version {form.source.version}" for form in read]
    lines += [f"! {warning}" for form in read for warning in form.warnings]
    lines += receiver_lines(founded.receivers)
    common.emit(result, lines, as_json=as_json)


def _labels(holders: tuple[str, ...]) -> dict[int, str]:
    """Words about the holder of each part's key, by the part's number."""
    from schemas.records.common import COMPARTMENTS

    numbers = {name: number for number, name in COMPARTMENTS.items()}
    labels: dict[int, str] = {}
    for each in holders:
        part, sign, words = each.partition("=")
        if not sign or part not in numbers or numbers[part] in labels:
            raise click.UsageError(f"--opened-by takes each of {', '.join(numbers)} once, as PART=WORDS.")
        labels[numbers[part]] = words
    return labels


@click.command("list")
@common.vault_options
def mission_list(home: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Name the missions of this desk."""
    with opened(home, passphrase_file) as desk:
        found, fingerprint = desk.missions(), desk.fingerprint
    common.emit(
        {
            "fingerprint": fingerprint,
            "missions": [{"mission": m.id.hex(), "name": m.name, "tokens": m.tokens} for m in found],
        },
        [f"{m.name}  ({m.id.hex()[:8]})" for m in found] or ["No mission yet."],
        as_json=as_json,
    )


@click.command()
@common.vault_options
@click.argument("request", type=_PATH)
@click.option("--fingerprint", help="The request's fingerprint, as the documenter read it aloud.")
@click.option("--mission", "mission_name", help="Which mission, when there are several.")
@click.option("--out", required=True, type=_PATH, help="Where to write the mission pack.")
@click.option("--new-tokens", is_flag=True, help="A new pack with new tokens for sending, also when nothing changed.")
def enrol(
    home: Path | None, passphrase_file: Path | None, as_json: bool, request: Path, fingerprint: str | None,
    mission_name: str | None, out: Path, new_tokens: bool,
) -> None:  # fmt: skip
    """Certify the device that wrote REQUEST and make its mission pack; again, when the mission has changed."""
    from collector import files
    from sync.desk import mission

    data = files.read_limited(common.existing(request), 65_536)
    common.place_for(out)
    shown = mission.request_fingerprint(data)
    if fingerprint is None and sys.stdin.isatty() and not as_json:
        click.echo(f"Fingerprint of the request:\n\n    {shown}\n")
        if not click.confirm("Did the documenter read exactly these digits to you?", default=False):
            raise click.Abort
        fingerprint = shown
    with opened(home, passphrase_file) as desk:
        enrolled = desk.enrol(data, fingerprint, mission_name, new_tokens=new_tokens)
        files.write_durably(out, enrolled.pack)
        list_needed = desk.list_needed
    note = (
        None
        if enrolled.compared
        else "Nobody compared the request's fingerprint: anybody could have written this request."
    )
    result = {
        "device": enrolled.serial.hex(),
        "pack": str(out),
        "fingerprint": enrolled.root_fingerprint,
        "request_fingerprint": enrolled.request_fingerprint,
        "compared": enrolled.compared,
        "again": enrolled.again,
        "version": enrolled.version,
        "receivers": enrolled.receivers,
        "tokens": enrolled.tokens,
        "list_needed": list_needed,
        "note": note,
    }
    lines = [
        f"Device {enrolled.serial.hex()[:8]} is enrolled; its pack, version {enrolled.version}, is {out}.",
        f"Root fingerprint, to read aloud to the documenter: {enrolled.root_fingerprint}",
    ]
    if list_needed:
        lines.append("! Receivers need the newest list of tokens: svidok desk mission tokens --out T")
    common.emit(result, [*lines, *([f"! {note}"] if note else [])], as_json=as_json)


@click.command("import")
@common.vault_options
@click.argument("folders", nargs=-1, type=_PATH)
def import_(home: Path | None, passphrase_file: Path | None, as_json: bool, folders: tuple[Path, ...]) -> None:
    """Import what was fetched from receivers, and every volume that lies in FOLDERS."""
    with opened(home, passphrase_file) as desk, common.progress("Importing", as_json=as_json) as step:
        report = desk.import_arrived(folders, step)
    common.emit(asdict(report), _report_lines(report), as_json=as_json)


def _report_lines(report: ImportReport) -> Iterator[str]:
    yield f"Bundles read: {report.bundles}, from {common.counted(report.volumes, 'volume')}."
    if report.volumes_lost or report.volumes_damaged:
        yield f"Volumes lost: {report.volumes_lost}, damaged: {report.volumes_damaged}; what they held was rebuilt."
    if report.removed:
        yield f"Fetched volumes that are done with: {report.removed}; they were removed."
    yield f"Imported: {report.imported}. Known already: {report.duplicates}. In quarantine: {report.quarantined}."
    for item in report.items:
        if item["state"] == "quarantined":
            yield f"  {item['eid']}  {item['what']} {item['do']} [{item['code']}]"
    for refused in report.refused:
        yield f"  {refused['item']}  {refused['what']} {refused['do']} [{refused['code']}]"


@click.command()
@common.vault_options
def status(home: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Count records, quarantine and missions; what waits for receivers and from them."""
    from tui.commands.desk_network import network_lines

    with opened(home, passphrase_file) as desk:
        result = {**desk.count(), "missions": [m.name for m in desk.missions()], "fingerprint": desk.fingerprint}
        network = desk.network()
    lines = [
        f"Records: {result['imported']}. In quarantine: {result['quarantined']}.",
        f"Root fingerprint: {result['fingerprint']}",
        *network_lines(network),
    ]
    result["network"] = network
    common.emit(result, lines, as_json=as_json)
