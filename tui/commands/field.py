"""Commands of the field machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.commands import common, reports
from tui.commands.gates import gate_lines, gates_of

if TYPE_CHECKING:
    from collector.field import Field
    from collector.sources import Source

_PATH = click.Path(path_type=Path)


@contextmanager
def opened(home: Path | None, passphrase_file: Path | None, words: str = "Passphrase") -> Iterator[Field]:
    """The field machine of a home, open for one command."""
    from collector import hygiene
    from collector.field import Field

    common.warn(hygiene.harden())
    field = Field.open(common.home_of(home), common.read_passphrase(passphrase_file, words))
    try:
        common.warn(field.notices)
        yield field
    finally:
        field.close()


@click.command()
@common.vault_options
@click.option("--generate", is_flag=True, help="Let the program make the passphrase and show it once.")
def init(home: Path | None, passphrase_file: Path | None, as_json: bool, generate: bool) -> None:
    """Make the vault of a field machine."""
    from collector import hygiene
    from collector.field import Field

    common.warn(hygiene.harden())
    place = common.home_of(home)
    field = Field.create(place, common.new_passphrase(passphrase_file, generate=generate))
    field.close()
    common.emit(
        {"home": str(place)},
        [
            f"A new field machine stands in {place}.",
            "Next: svidok field request --out REQUEST, and take the file to the office.",
        ],
        as_json=as_json,
    )


@click.command()
@common.vault_options
@click.option("--out", required=True, type=_PATH, help="Where to write the request.")
def request(home: Path | None, passphrase_file: Path | None, as_json: bool, out: Path) -> None:
    """Write the enrolment request for the office."""
    from collector import files

    common.place_for(out)
    with opened(home, passphrase_file) as field:
        data, fingerprint = field.request()
        files.write_durably(out, data)
    lines = [
        f"The request is {out}.",
        "Read these digits aloud to the office, and let them compare:",
        "",
        f"    {fingerprint}",
        "",
    ]
    common.emit({"request": str(out), "fingerprint": fingerprint}, lines, as_json=as_json)


@click.command()
@common.vault_options
@click.argument("pack", type=_PATH)
@click.option("--fingerprint", help="The office's root fingerprint, as you heard it from the office.")
def enrol(home: Path | None, passphrase_file: Path | None, as_json: bool, pack: Path, fingerprint: str | None) -> None:
    """Accept the mission PACK from the office."""
    from collector import files
    from schemas.problems import Problem

    data = files.read_limited(common.existing(pack), 128 << 20)
    with opened(home, passphrase_file) as field:
        if fingerprint is None and field.pack() is None:
            if as_json or not sys.stdin.isatty():
                raise Problem("E_FINGERPRINT_NONE")
            fingerprint = str(click.prompt("Root fingerprint, as the office reads it to you", err=True))
        summary = field.accept_pack(data, fingerprint)
    lines = [
        f"Mission {summary.mission} of {summary.org}, pack version {summary.version}.",
        *(f"Form {form}, version {version}" for form, version in summary.forms),
        *(
            f"Sealed to: {r.compartment}, {r.label and r.label + ', '}{r.fingerprint}{' (new)' if r.new else ''}"
            for r in summary.recipients
        ),
    ]
    common.emit(summary.as_dict(), lines, as_json=as_json)


@click.command()
@common.vault_options
@click.option("--form", "form_id", help="Which form of the mission; without it the first.")
@click.option("--answers", required=True, type=_PATH, help="A JSON file with the answers.")
def new(home: Path | None, passphrase_file: Path | None, as_json: bool, form_id: str | None, answers: Path) -> None:
    """Begin an interview from a file of answers and print its record code."""
    from collector import filling

    data = common.read_json_object(answers)
    with opened(home, passphrase_file) as field:
        code = filling.begin_filled(field, data, form_id=form_id, folder=answers.absolute().parent)
        gates = gates_of(field.open_interview(code))
    for line in gate_lines(gates):
        click.echo(line, err=True)
    common.emit({"code": code, "gates": gates}, [code], as_json=as_json)


@click.command()
@common.home_option
@common.passphrase_option
@click.option("--plain", is_flag=True, help="Line by line, for screen readers and terminals that carry no screens.")
@click.option("--language", type=click.Choice(["en", "uk", "ru"]), help="With --plain: the language that is spoken.")
@click.argument("code", required=False)
def interview(
    home: Path | None, passphrase_file: Path | None, plain: bool, language: str | None, code: str | None
) -> None:
    """Take an interview on the screen, or with --plain line by line: a new one, or the draft CODE."""
    if not plain:
        if code or language or passphrase_file:
            raise click.UsageError("CODE, --language and --passphrase-file go with --plain.")
        from tui.commands.screens import open_screens

        open_screens(common.home_of(home), "field")
        return
    from tui.locale import _
    from tui.plain.beginning import run

    common.use_language_of_system()
    click.get_current_context().exit(run(lambda: opened(home, passphrase_file, _("Passphrase")), code, language))


@click.command()
@common.vault_options
@click.argument("code")
@click.argument("paths", nargs=-1, required=True, type=_PATH)
@click.option(
    "--question", help="The question that takes the file; without it the file belongs to the whole interview."
)
@click.option(
    "--then",
    type=click.Choice(["leave", "erase"]),
    default="leave",
    show_default=True,
    help="What becomes of each source file when all are in. Erasing does not reach copies, nor all of flash memory.",
)
def attach(
    home: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
    code: str,
    paths: tuple[Path, ...],
    question: str | None,
    then: str,
) -> None:
    """Add files to the interview CODE: all of them or none. They are encrypted while they are read."""
    from collector import files, filling
    from collector.sources import Source

    with opened(home, passphrase_file) as field:
        taken = field.open_interview(code)
        sources = [Source.of(common.existing(path)) for path in paths]
        with filling.all_or_none(taken) as add:
            for path in map(common.existing, paths):
                with common.progress(files.shown_name(path.name), as_json=as_json) as step:
                    add(path, question, step)
            found = add.attached
    attached: list[dict[str, Any]] = [
        {
            "name": files.shown_name(each.name),
            "bytes": each.length,
            "sha256": each.sha256.hex(),
            "sid": each.sid.hex(),
        }
        for each in found
    ]
    lines = [f"{each['name']}: {common.size_text(each['bytes'])}, SHA-256 {each['sha256']}" for each in attached]
    kept = _erased(sources, attached, lines) if then == "erase" else False
    common.emit({"code": code, "attached": attached}, lines, as_json=as_json)
    if kept:
        click.get_current_context().exit(1)


def _erased(sources: list[Source], attached: list[dict[str, Any]], lines: list[str]) -> bool:
    """Erase the source files and say so; whether one of them could not be."""
    from schemas.problems import Problem

    kept = False
    for source, each in zip(sources, attached, strict=True):
        try:
            source.erase()
        except Problem as problem:
            each["source"], kept = {"problem": problem.as_dict()}, True
            lines.append(f"{each['name']} is still there: {problem.what} [{problem.code}]")
        else:
            each["source"] = "erased"
            lines.append(f"{each['name']} was overwritten and deleted where it was.")
    return kept


@click.command()
@common.vault_options
@click.argument("code")
@click.argument("name")
def detach(home: Path | None, passphrase_file: Path | None, as_json: bool, code: str, name: str) -> None:
    """Take the file NAME (or its stream id) out of the interview CODE and forget its key."""
    from collector import files, filling

    with opened(home, passphrase_file) as field:
        taken = field.open_interview(code)
        gone = filling.named_file(taken, name)
        taken.detach(gone.sid)
    shown = files.shown_name(gone.name)
    result = {"code": code, "detached": {"name": shown, "sid": gone.sid.hex()}}
    common.emit(result, [f"{shown} is gone."], as_json=as_json)


@click.command()
@common.vault_options
@click.argument("code", required=False)
@click.option("--all", "every", is_flag=True, help="Seal every draft that is ready.")
@click.option("--incomplete", metavar="REASON", help="Seal an interrupted interview, with the reason.")
def seal(
    home: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
    code: str | None,
    every: bool,
    incomplete: str | None,
) -> None:
    """Seal the interview CODE to the office. Afterwards this machine cannot open it any more."""
    from schemas.problems import Problem

    if (code is None) == (not every):
        raise click.UsageError("Name one interview, or give --all.")
    sealed: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    with opened(home, passphrase_file) as field:
        codes = [row.code for row in field.interviews() if row.state in ("open", "frozen")] if every else [str(code)]
        for each in codes:
            try:
                entry = field.seal(each, incomplete)
            except Problem as problem:
                if not every:
                    raise
                problems.append({"code": each, "problem": problem.as_dict()})
                continue
            sealed.append({"code": each, "eid": entry.eid.hex(), "sequence": entry.seq, "bytes": entry.bytes_})
    lines = [f"{item['code']} is sealed." for item in sealed]
    lines += [
        f"{item['code']} stays a draft: {item['problem']['what']} [{item['problem']['code']}]" for item in problems
    ]
    common.emit({"sealed": sealed, "problems": problems}, lines or ["No draft to seal."], as_json=as_json)
    if problems:
        click.get_current_context().exit(1)


@click.command()
@common.vault_options
def status(home: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Show what is here and what still has to leave."""
    with opened(home, passphrase_file) as field:
        result = field.status()
        rows = field.interviews(looking_in=True)
    common.emit(result, reports.status_lines(result, rows), as_json=as_json)


@click.command()
@common.vault_options
@click.argument("folders", nargs=-1, required=True, type=_PATH)
@click.option(
    "-k", "k", default=None, type=click.IntRange(1, 8), help="Volumes of a set that suffice.  [the mission's]"
)
@click.option(
    "-n", "n", default=None, type=click.IntRange(1, 8), help="Volumes of a set that are written.  [the mission's]"
)
def export(
    home: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
    folders: tuple[Path, ...],
    k: int | None,
    n: int | None,
) -> None:
    """Write sealed interviews as volumes to FOLDERS (one for each stick), and read them back."""
    from sync import outbox

    with opened(home, passphrase_file) as field, common.progress("Writing", as_json=as_json) as step:
        report = outbox.export(field, list(folders), k=k, n=n, progress=reports.named(step))
    common.emit(report.as_dict(), reports.export_lines(report), as_json=as_json)
    if not report.ok:
        click.get_current_context().exit(1)


@click.command()
@common.vault_options
def purge(home: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Remove sealed interviews for which the office's receipt is here."""
    from sync import receipts as returned

    with opened(home, passphrase_file) as field:
        report = returned.purge(field)
    common.emit(report.as_dict(), reports.purge_lines(report), as_json=as_json)
